"""What is so about a person, from their records and the couple's: all that their prompts may depend on, and no more.

What is given here is chosen by whoever reads the store: the person's own records, and of the couple's space what both
see. Of the partner's personal space there is nothing to be given.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from msgspec import Struct

from domain.ids import CoupleId, PersonId, RecordId
from domain.pauses import Pause
from domain.prompt_kinds import INVITES, PROMPT_KINDS
from domain.prompts import LOW, Couple, Person, Step
from domain.quiet import Boundary, Clock
from domain.records import Record
from domain.settings import SETTINGS
from domain.shapes import as_uuid, covered_quarters
from domain.times import read
from notifications.ports import Facts, Standing, Told

HUSHED_FOR: Final = timedelta(hours=72)
"""So long nothing is said about a repair to which somebody was not ready yet."""
SPACE: Final = "space"
DEFAULTS: Final = {name: field.shape.empty for name, field in SETTINGS.fields.items()}


class Together(Struct, frozen=True, kw_only=True):
    """The couple of today, and since when."""

    id: CoupleId
    members: frozenset[PersonId]
    paired_at: datetime


class Known(Struct, frozen=True, kw_only=True):
    """What a store knows of a person at an instant."""

    person: PersonId
    seed: str = ""
    """What chance follows from for them; without one, who they are."""
    own: Sequence[Record]
    """Their settings, and what is live of their boundaries, dates of steps, check-ins and balance notes; of the last
    two the newest are enough, the newest first."""
    shared: Sequence[Record] = ()
    """Of the couple's space: pauses, shown boundaries, goals, steps that own dates name, and what was asked about with
    what answers it."""
    many_pauses: bool = False
    """Whether there are more pauses of these days than are given here."""
    couple: Together | None = None
    parted_at: datetime | None = None
    consents: bool
    reachable: bool
    reachable_unseen: bool = True
    """Whether they are where nothing may be shown: a browser shows something for every message."""
    changed: Mapping[str, datetime] = {}
    """By kind of record, when they last wrote one."""
    noted_at: Mapping[RecordId, datetime] = {}
    """When these records were last changed."""


def facts_of(known: Known, asked: Collection[Told]) -> Facts:
    """Return what is so; `asked` names what has arrived. Somebody without settings has the defaults."""
    own, acts = _by_kind(known.own), {**known.changed, **_steps_done(known)}
    # The worker gives dated letters; what their writer did is told by the drafts.
    acts.pop("note", None)
    # What was stored before there was a field lacks it.
    settings: Mapping[str, Any] = DEFAULTS | (own["settings"][0].fields if own.get("settings") else {})
    person = Person(
        id=known.person,
        seed=known.seed,
        clock=Clock(
            zone=settings["zone"],
            quiet=frozenset() if settings["quiet_off"] else frozenset(covered_quarters(settings["quiet"])),
            boundaries=tuple(_boundary(each) for each in own.get("boundary", ())),
        ),
        consents=known.consents,
        reachable=known.reachable and (known.reachable_unseen or settings["push_privacy"] != "hidden"),
        wanted={name: settings.get(f"prompt_{name}", kind.default) for name, kind in PROMPT_KINDS.items()},
        seldom={name: settings.get(f"seldom_{name}", 0) for name in INVITES},
        invite_at=time.fromisoformat(settings["invite_at"]),
        day_cap=settings["day_cap"],
        week_cap=settings["week_cap"],
        used_at=max(acts.values(), default=None),
        low_at=_low_at(own.get("check_in", ()), known.noted_at),
        checked_in_on=frozenset(date.fromisoformat(each.fields["local_date"]) for each in own.get("check_in", ())),
        gave_at=known.changed.get("note"),
        balanced_in=frozenset(each.fields["month"] for each in own.get("balance_note", ())),
        steps=tuple(_steps(own.get("step_date", ()), known)),
        couple=None if known.couple is None else _couple(known, known.couple),
        parted_at=known.parted_at,
    )
    return Facts(
        person=person,
        locale=settings["locale"],
        acted={
            name: max(times)
            for name, kind in PROMPT_KINDS.items()
            if (times := [acts[act] for act in kind.acts if act in acts])
        },
        privacy=settings["push_privacy"],
        wakes=settings["wake_ups"],
        arrived=_all_arrived(known, asked),
    )


def unreadable(known: Known) -> Facts:
    """Return what is gone by while something that protects this person cannot be read: they want nothing."""
    together = known.couple
    person = Person(
        id=known.person,
        clock=Clock(zone="UTC"),
        consents=known.consents,
        reachable=known.reachable,
        wanted=dict.fromkeys(PROMPT_KINDS, 0),
        invite_at=time(0),
        day_cap=0,
        week_cap=0,
        couple=None
        if together is None
        else Couple(id=together.id, members=together.members, paired_at=together.paired_at),
        parted_at=known.parted_at,
    )
    return Facts(person=person, readable=False, privacy="hidden")


def _by_kind(records: Iterable[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for each in records:
        if each.live:
            found.setdefault(each.kind, []).append(each)
    return found


def _boundary(record: Record) -> Boundary:
    fields = record.fields
    return Boundary(
        record=record.id,
        is_space=fields["form"] == SPACE,
        begins=_instant(fields["from"]),
        until=_instant(fields["until"]),
        covered=frozenset(covered_quarters(fields["windows"])),
        most_a_day=fields["max_prompts_a_day"],
    )


def _instant(value: str | None) -> datetime | None:
    return None if value is None else read(value)


def _low_at(check_ins: Sequence[Record], noted_at: Mapping[RecordId, datetime]) -> datetime | None:
    """Return when the newest mood was noted, where that is a low one."""
    newest = next((each for each in check_ins if each.fields.get("valence") is not None), None)
    return noted_at.get(newest.id) if newest is not None and newest.fields["valence"] <= LOW else None


def _steps(dates: Iterable[Record], known: Known) -> Iterable[Step]:
    steps = {each.id: each for each in known.shared if each.kind == "step"}
    for each in dates:
        named = as_uuid(each.fields["step"])
        step = None if named is None else steps.get(RecordId(named))
        yield Step(
            record=each.id,
            on=date.fromisoformat(each.fields["on"]),
            at=time.fromisoformat(each.fields["at"]),
            open=step is not None
            and step.live
            and step.fields["done"] is not True
            and str(known.person) in step.fields["taken_by"],
        )


def _steps_done(known: Known) -> dict[str, datetime]:
    """Return when the person last said of a step that it is done, as long as it is.

    Of one that somebody has edited since, it is when the phone that said so made that edit, as far as the server could
    tell then; where it could not, nobody knows any more, and it is no act.
    """
    done = [
        at
        for each in known.shared
        if each.kind == "step"
        and each.fields["done"] is True
        and each.stamp("done").person == known.person
        and (at := _said_at(each, known.noted_at.get(each.id))) is not None
    ]
    return {"step": max(done)} if done else {}


def _said_at(step: Record, changed_at: datetime | None) -> datetime | None:
    stamp = step.stamp("done")
    if changed_at is None or stamp.version == step.version:
        return changed_at
    made_at = None if stamp.made_ms is None else datetime.fromtimestamp(stamp.made_ms / 1000, UTC)
    return None if made_at is None else min(made_at, changed_at)


def _couple(known: Known, together: Together) -> Couple:
    shared = _by_kind(known.shared)
    return Couple(
        id=together.id,
        members=together.members,
        paired_at=together.paired_at,
        pauses=tuple(_pause(each) for each in shared.get("pause", ()) if each.fields["started_at"] is not None),
        many_pauses=known.many_pauses,
        partners_space=tuple(
            (_instant(each.fields["from"]), _instant(each.fields["until"]))
            for each in shared.get("shown_boundary", ())
            if each.author != known.person and each.fields["form"] == SPACE
        ),
        has_active_goal=any(each.fields["state"] == "active" for each in shared.get("goal", ())),
    )


def _pause(record: Record) -> Pause:
    return Pause(
        id=record.id,
        author=record.author,
        started_at=read(record.fields["started_at"]),
        return_at=read(record.fields["return_at"]),
        resumed_by=frozenset(PersonId(each) for each in map(as_uuid, record.fields["resumed_by"]) if each is not None),
        set_aside=record.fields["set_aside"] is True,
    )


def _all_arrived(known: Known, asked: Collection[Told]) -> dict[Told, Standing]:
    """Return how each of what was asked about stands; what is gone is left out. Each record is looked at once."""
    records: Records = {each.id: each for each in known.shared}
    hushed = _hushed(known)
    return {
        (kind, identity): Standing(
            stands=record.live and STANDS.get(kind, _always)(record, records),
            hushed_until=hushed.get(_repair_of(record)),
        )
        for kind, identity in asked
        if (record := records.get(identity)) is not None
    }


Records = Mapping[RecordId, Record]


def _always(_: Record, __: Records) -> bool:
    return True


def _is_open(request: Record, _: Records) -> bool:
    return bool(request.fields["state"] == "open")


def _is_proposed(terms: Record, records: Records) -> bool:
    named = as_uuid(terms.fields["goal"])
    goal = None if named is None else records.get(RecordId(named))
    return goal is not None and goal.kind == "goal" and goal.live and str(terms.id) in goal.fields["open_terms"]


def _lets_know(window: Record, _: Records) -> bool:
    return window.fields.get("let_them_know") is True


def _is_achieved(goal: Record, _: Records) -> bool:
    return bool(goal.fields["state"] == "achieved")


STANDS: Final[Mapping[str, Callable[[Record, Records], bool]]] = {
    "request_arrived": _is_open,
    "proposal_arrived": _is_proposed,
    "window_opened": _lets_know,
    "own_goal_cheer": _lets_know,
    "goal_achieved": _is_achieved,
}
"""What has to be so, beside that it is there, for something that has arrived to be told still."""


def _repair_of(record: Record) -> str | None:
    """Return the repair that a record is, or answers."""
    return record.fields.get("to") if record.kind == "response" else str(record.id)


def _hushed(known: Known) -> dict[str | None, datetime]:
    """Return until when nothing is said about repairs to which somebody was not ready, nor about answers to them."""
    until: dict[str | None, datetime] = {}
    for each in known.shared:
        if each.kind == "response" and each.fields["form"] == "not_ready_yet" and each.id in known.noted_at:
            repair = _repair_of(each)
            over = known.noted_at[each.id] + HUSHED_FOR
            until[repair] = max(over, until.get(repair, over))
    return until
