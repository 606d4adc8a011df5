"""Write what a phone shows as lines for the person who holds it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from api import device_words as words
from api.device_people import People
from domain.ids import CoupleId, PersonId, RecordId
from domain.kinds import KINDS
from domain.lookback import made_on
from domain.shapes import ONLY_ME, as_uuid
from sync.replica import Replica
from sync.showing import Shown

SHORT_CHARS: Final = 6
"""How much of the end of an id is shown; its beginning may tell only the time."""

QUIET_FIELDS: Final = frozenset(
    {"order", "local_date", "done", "taken_by", "title", "goal", "send", "edited", "found", "proof", "lapses_at"}
)
"""Fields that a listing tells in its own way or not at all."""


def short(identity: UUID) -> str:
    """Return the part of an id that a person types."""
    return str(identity)[-SHORT_CHARS:]


class Listing:
    """What one phone shows, with the people of each record named as its own couple knew them."""

    def __init__(self, replica: Replica, people: People, zone: ZoneInfo, now: datetime) -> None:
        self.replica = replica
        self.people = people
        self.zone = zone
        self.now = now

    def opening(self) -> str:
        """Return a line about the phone itself."""
        waiting = len(self.replica.waiting())
        couple = self.replica.couple
        together = f", together with {self.people.partner(couple)}" if couple is not None else ""
        waits = f" {waiting} edit{'s wait' if waiting != 1 else ' waits'} to be sent." if waiting else ""
        return f"{self.people.name}'s phone{together}.{waits}"

    def lines(self, shown: Shown) -> list[str]:
        """Return the lines of one record, its steps and what stands beside it."""
        title, told = TITLES.get(shown.kind, _other)(self, shown)
        parted = self.is_keepsake(shown)
        keepsake = f" (a keepsake of your time with {self.partner(shown)})" if parted else ""
        lines = [f"  [{short(shown.id)}] {title}{keepsake}{'  (not sent yet)' if shown.pending else ''}"]
        passing = KINDS[shown.kind].passing
        fields = shown.fields if passing is None else passing.shown(shown.fields, self.now, parted=parted)
        for name, value in fields.items():
            known = name in KINDS[shown.kind].fields and name not in told | QUIET_FIELDS
            # Zero is a value: a mood may be in the middle.
            if known and value is not False and value not in (None, "", []):
                lines.append(f"      {words.plain(name)}: {words.value(value)}")
        lines += self.beside(shown)
        device = as_uuid(shown.fields.get("about")) if shown.fields.get("code") == "new_device" else None
        if device not in (None, self.replica.device):
            lines.append(f"      see your phones with: devices   shut that one out with: revoke {short(device)} --yes")
        return lines + self._of_goal(shown) if shown.kind == "goal" else lines

    def who(self, person: PersonId, shown: Shown) -> str:
        """Return a person whom a record names, as this one would say it."""
        return self.people.who(person, self.couple_of(shown))

    def partner(self, shown: Shown) -> str:
        """Return the other person of the couple that a record belongs to."""
        return self.people.partner(self.couple_of(shown))

    def couple_of(self, shown: Shown) -> CoupleId | None:
        """Return the couple that a record belongs to; None for what lives in a person's own space."""
        space = None if shown.space is None else self.replica.spaces.get(shown.space)
        if space is not None:
            return None if space.couple is None else CoupleId(space.couple)
        return self.replica.couple if KINDS[shown.kind].home == "couple" else None

    def is_keepsake(self, shown: Shown) -> bool:
        """Whether a record is of a couple that has ended: it can be read and takes no changes."""
        space = None if shown.space is None else self.replica.spaces.get(shown.space)
        return space is not None and space.home == "couple" and space.state == "closed"

    def terms(self, goal: Shown) -> Shown | None:
        """Return the terms that a goal is called by: those in force, else the newest open ones, else any."""
        named = goal.fields.get("terms_in_force") or next(iter(reversed(goal.fields.get("open_terms") or [])), None)
        if named is not None:
            return self.replica.shown(RecordId(UUID(named)))
        known = [each for each in self.replica.view("goal_terms") if each.fields["goal"] == str(goal.id)]
        return known[-1] if known else None

    def beside(self, shown: Shown) -> list[str]:
        """Return what stands beside a record's texts, and what to type about it."""
        lines = []
        for field, texts in shown.alternatives.items():
            for number, each in enumerate(texts, 1):
                lines.append(f"      beside {words.plain(field)}, by {self.who(each.by, shown)}: {each.text}")
                lines.append(f"        keep it with: pick {short(shown.id)} {field} {number}   (0 keeps the other)")
        return lines + [
            f"      {words.plain(field)} was joined from two; if it reads well: right {short(shown.id)} {field}"
            for field in shown.merged
        ]

    def step(self, shown: Shown) -> str:
        """Return a step as a line of a list."""
        taken = [self.who(PersonId(UUID(each)), shown) for each in shown.fields.get("taken_by", ())]
        by = f" ({' and '.join(taken)})" if taken else ""
        return f"{'[x]' if shown.fields.get('done') else '[ ]'} {words.title(shown)}{by}"

    def _of_goal(self, goal: Shown) -> list[str]:
        named = self.terms(goal)
        told = {} if named is None else {name: named.fields.get(name) for name in ("why", "done_when")}
        lines = [f"      {words.plain(name)}: {text}" for name, text in told.items() if text]
        for named in goal.fields.get("open_terms") or ():
            terms = self.replica.shown(RecordId(UUID(named)))
            if terms is not None and goal.fields.get("terms_in_force"):
                by = self.who(terms.author, terms)
                lines.append(f"      [{short(terms.id)}] {by} would change it to: {words.title(terms)}")
        for step in self.replica.view("step"):
            if step.fields["goal"] == str(goal.id):
                lines.append(f"      [{short(step.id)}] {self.step(step)}")
                lines += ["    " + each for each in self.beside(step)]
        return lines


Title = tuple[str, frozenset[str]]
"""The first line of a record, and the fields that it has told."""


def _notice(_: Listing, shown: Shown) -> Title:
    return words.notice(shown), frozenset(shown.fields)


def _unplaced(_: Listing, shown: Shown) -> Title:
    texts = "; ".join(f"{words.plain(name)}: {text}" for name, text in shown.fields["words"].items())
    return f"{words.unplaced(shown)} {texts}", frozenset(shown.fields)


def _goal(listing: Listing, shown: Shown) -> Title:
    terms = listing.terms(shown)
    title = words.title(terms) if terms is not None else "A goal"
    state = words.goal_state(shown, terms, str(listing.people.mine), listing.partner(shown))
    return f"{title}: {state}", frozenset({"state", "form", "terms_in_force", "open_terms", "done_by", "resting_by"})


def _goal_terms(listing: Listing, shown: Shown) -> Title:
    return f"{words.title(shown)}, proposed by {listing.who(shown.author, shown)}", frozenset({"based_on"})


def _goal_act(listing: Listing, shown: Shown) -> Title:
    return f"{listing.who(shown.author, shown)}: {words.value(shown.fields.get('act'))}", frozenset({"act", "terms"})


def _step(listing: Listing, shown: Shown) -> Title:
    return listing.step(shown), frozenset()


def _window(listing: Listing, shown: Shown) -> Title:
    """Say of something private what of it the partner sees."""
    window = KINDS[shown.kind].window
    assert window is not None, "only windows come here"
    parts = sorted(window.chosen(shown.fields.get(window.chosen_by)))
    audience, seen = shown.fields.get("audience", ONLY_ME), "only you see it"
    if audience != ONLY_ME and parts:
        couple = _couple(audience)
        partner = listing.people.partner(couple)
        present = couple == listing.replica.couple
        # Parting has closed the window, though the record still says for whom it was open.
        seen = f"{partner} sees {words.value(parts)}" if present else f"{seen} now; you had shown it to {partner}"
    named = {"check_in": "local_date", "boundary": "form", "own_goal": "title"}[shown.kind]
    title = f"{words.value(shown.fields.get(named))}, {seen}"
    return title, frozenset({named, "audience", window.chosen_by, "let_them_know"})


def _shown(listing: Listing, shown: Shown) -> Title:
    partner = listing.partner(shown)
    by = f"you show {partner}" if shown.author == listing.people.mine else f"{partner} shows you"
    on = shown.fields.get("shown_on")
    return f"{by}, {on}" if on else by, frozenset({"shown_on", "let_them_know"})


def _letter(listing: Listing, shown: Shown) -> Title:
    partner = listing.partner(shown)
    by = f"from you to {partner}" if shown.author == listing.people.mine else f"from {partner}"
    given = shown.fields.get("given_on")
    return f"{by}, {given}" if given else by, frozenset({"given_on", "to"})


def _note_draft(listing: Listing, shown: Shown) -> Title:
    couple = _couple(shown.fields.get("for_couple"))
    title = "a note, for nobody yet" if couple is None else f"a note for {listing.people.partner(couple)}"
    if couple is not None and couple != listing.replica.couple:
        title += ", from when you were together; it was not given"
    elif shown.fields.get("send"):
        title += ", on its way"
    return title, frozenset({"for_couple", "delivery", "state"})


def _reflection(listing: Listing, shown: Shown) -> Title:
    on = made_on(shown.id, listing.zone)
    sealed = ", sealed: this phone does not look into it" if shown.fields.get("sealed") else ""
    return f"{'a reflection' if on is None else words.day(on)}{sealed}", frozenset({"sealed"})


def _pause(listing: Listing, shown: Shown) -> Title:
    """Say when the two come back, and who has: a pause always shows its return (F18)."""
    title = f"begun by {listing.who(shown.author, shown)}, {shown.fields['minutes']} minutes"
    back = shown.fields.get("return_at")
    if back is not None:
        title += f", until {words.clock(back, listing.zone)}"
    for person in map(as_uuid, shown.fields["resumed_by"]):
        who = "" if person is None else listing.who(PersonId(person), shown)
        title += ", you are back" if who == "you" else f", {who} is back"
    title += ", set aside" if shown.fields.get("set_aside") else ""
    return title, frozenset({"minutes", "started_at", "return_at", "resumed_by", "set_aside"})


def _shelf(listing: Listing, shown: Shown) -> Title:
    """Name the letter that a record of the shelf is about, as far as this phone has it."""
    about = as_uuid(shown.fields.get("about"))
    letter = None if about is None else listing.replica.shown(RecordId(about))
    named = "something that is not here" if letter is None else f"the {words.plain(letter.kind)} [{short(letter.id)}]"
    kept = "kept" if shown.fields.get("kept") else "not kept"
    out = ", out of sight" if shown.fields.get("hidden") else ""
    return f"{named}, {kept}{out}", frozenset({"about", "kept", "hidden"})


def _couple(named: Any) -> CoupleId | None:
    couple = as_uuid(named)
    return None if couple is None else CoupleId(couple)


def _other(_: Listing, shown: Shown) -> Title:
    return words.plain(shown.kind), frozenset()


TITLES: Final[Mapping[str, Callable[[Listing, Shown], Title]]] = {
    "notice": _notice,
    "unplaced": _unplaced,
    "goal": _goal,
    "goal_terms": _goal_terms,
    "goal_act": _goal_act,
    "step": _step,
    "check_in": _window,
    "boundary": _window,
    "own_goal": _window,
    "shown_check_in": _shown,
    "shown_boundary": _shown,
    "shown_goal": _shown,
    "note": _letter,
    "response": _letter,
    "support_request": _letter,
    "support_offer": _letter,
    "repair": _letter,
    "note_draft": _note_draft,
    "reflection": _reflection,
    "pause": _pause,
    "shelf": _shelf,
}
"""By kind. Another kind is listed by its name and its fields."""


def as_json(shown: Shown, *, keepsake: bool) -> dict[str, Any]:
    """Return a record as `--json` prints it."""
    return {
        "id": str(shown.id),
        "kind": shown.kind,
        "author": str(shown.author),
        "version": shown.version,
        "pending": shown.pending,
        "removed": shown.removed,
        "keepsake": keepsake,
        "fields": shown.fields,
        "alternatives": {
            field: [{"by": str(each.by), "text": each.text} for each in texts]
            for field, texts in shown.alternatives.items()
        },
        "merged": list(shown.merged),
    }
