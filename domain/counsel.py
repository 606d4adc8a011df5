"""A summary for a counsellor: each part counts only while everybody whose it is says yes to exactly these bytes."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from hashlib import sha256

from domain.ids import PersonId
from domain.kind import (
    PROOF,
    Around,
    Attempt,
    Derived,
    Field,
    Kind,
    Most,
    Ownership,
    Parent,
    Passing,
    Situation,
    Who,
    own_of,
)
from domain.policies import Policy
from domain.records import Record
from domain.refusals import Refusal
from domain.shapes import Anything, Approval, Day, Identity, OneOf, SetOf, Text
from domain.times import Instant, read

DAYS_MAX = 92
APPROVALS_MAX = 8
APPROVALS_A_PERSON_MAX = 4
SUMMARIES_MAX = 50
LINK_DAYS_MAX = 7
PARTS_A_SUMMARY_MAX = 50
SECTIONS = ("looking_back", "what_works", "what_is_hard", "hopes", "agreements")
OF_BOTH = frozenset({"agreements"})
"""Sections whose parts need the yes of both; every other part that of its author alone."""
STATES = ("draft", "ready", "shared")


def approval(person: PersonId, text: str) -> str:
    """Return a person's yes to exactly this text."""
    return f"{person}:{sha256(text.encode()).hexdigest()}"


def counts(part: Record, members: frozenset[PersonId]) -> bool:
    """Return whether a part stands and each person whose yes it needs has said yes to its text as it is now (I29)."""
    if not part.live:
        return False
    asked = members if part.fields["section"] in OF_BOTH else {part.author}
    text, said = part.fields["text"], part.fields["approvals"]
    return bool(asked) and bool(text) and all(approval(person, text) in said for person in asked)


def counting(parts: Iterable[Record], members: frozenset[PersonId]) -> list[Record]:
    """Return the parts that count, in the order of the sections and of their first storing."""
    found = [part for part in parts if counts(part, members)]
    place = {section: nth for nth, section in enumerate(SECTIONS)}
    return sorted(found, key=lambda part: (place.get(part.fields["section"], len(SECTIONS)), part.created, part.id))


def summary_state(summary: Record, parts: Sequence[Record], around: Around) -> Derived:
    """Return how a summary stands: a link that was made and not revoked says more than which parts count.

    That the link's days are over is never stored.
    """
    if summary.fields.get("link_until") is not None:
        return Derived({"state": "shared"})
    return Derived({"state": "ready" if counting(parts, around.members) else "draft"})


def is_linked(summary: Record, now: datetime) -> bool:
    """Return whether a summary says that a link shows it now."""
    until = summary.fields.get("link_until")
    return until is not None and read(until) > now


def not_too_long(attempt: Attempt, record: Record | None, _: Situation) -> Refusal | None:
    """Refuse a summary of more than 92 days, or of none, also where only one of its ends may come to stand."""
    if not {"from", "to"} & attempt.set.keys():
        return None
    known = {} if record is None or record.gone else record.fields
    said = {**known, **attempt.set}
    firsts, lasts = (
        {date.fromisoformat(each[name]) for each in ((said, known) if name in attempt.unseen else (said,))}
        for name in ("from", "to")
    )
    return None if all(0 <= (last - first).days < DAYS_MAX for first in firsts for last in lasts) else Refusal.INVALID


def room_for_both(attempt: Attempt, record: Record | None, situation: Situation) -> Refusal | None:
    """Refuse more approvals of one person than half of what there is room for: nobody keeps the other's yes out."""
    known, seen, said = (
        own_of(situation.actor, each)
        for each in (
            () if record is None or record.gone else record.fields["approvals"],
            attempt.was.get("approvals", ()),
            attempt.set.get("approvals", ()),
        )
    )
    own = (known - (seen - said)) | said
    return Refusal.TOO_MANY if "approvals" in attempt.set and len(own) > APPROVALS_A_PERSON_MAX else None


COUNSEL_SUMMARY = Kind(
    name="counsel_summary",
    ownership=Ownership.JOINT,
    home="couple",
    creates=Who.EITHER,
    edits=Who.EITHER,
    removes=Who.EITHER,
    fields={
        "from": Field(Day(), Policy.LATER),
        "to": Field(Day(), Policy.LATER),
        "for_whom": Field(Text(80, optional=True), Policy.SHARED_WORDS),
        "state": Field(Anything({"type": "string", "enum": list(STATES)}, default="draft"), Policy.SERVER),
        "link_until": Field(Instant(optional=True), Policy.SERVER),
        "proof": PROOF,
    },
    most=(Most(SUMMARIES_MAX, "space"),),
    rules=(not_too_long,),
    derive=summary_state,
    moved_by=("counsel_part",),
    passing=Passing("state", "shared", "expired", at="link_until", with_couple=True),
)

COUNSEL_PART = Kind(
    name="counsel_part",
    ownership=Ownership.JOINT,
    home="couple",
    creates=Who.EITHER,
    edits=Who.AUTHOR,
    removes=Who.AUTHOR,
    fields={
        "summary": Field(Identity(), Policy.ONCE),
        "section": Field(OneOf(SECTIONS), Policy.ONCE),
        "text": Field(Text(4000), Policy.WORDS),
        "approvals": Field(SetOf(Approval(), APPROVALS_MAX), Policy.MEMBERS),
        "proof": PROOF,
    },
    parent=Parent(field="summary", kinds=("counsel_summary",), moves=True),
    family="summary",
    most=(Most(PARTS_A_SUMMARY_MAX, "family"),),
    own_id_only=("approvals",),
    rules=(room_for_both,),
)
"""Written by its author alone; the yes to it, each for themselves, by either."""
