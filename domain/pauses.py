"""Pauses in a conflict: begun by either, always with a return, ended early by both together (DOMAIN 4.2).

Nobody needs a yes to step back, and nobody is left without knowing when the other comes back.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct

from domain.ids import PersonId, RecordId
from domain.kind import PROOF, Around, Attempt, Derived, Field, Kind, Ownership, Situation, Who
from domain.policies import Policy
from domain.records import Record
from domain.refusals import Refusal
from domain.shapes import Flag, Identity, SetOf, Whole
from domain.times import Instant, read, written

MINUTES_MIN = 20
"""Bodies take about so long to become calm. Source: J. Gottman, What Predicts Divorce? (1994), on flooding."""
LONGEST = timedelta(hours=24)
SET_ASIDE_AFTER = timedelta(hours=24)

PauseState = Literal["active", "due", "resumed", "set_aside"]


class Pause(Struct, frozen=True, kw_only=True):
    """One pause as somebody began it; instants are aware, in UTC."""

    id: RecordId
    author: PersonId
    started_at: datetime
    return_at: datetime
    resumed_by: frozenset[PersonId] = frozenset()
    set_aside: bool = False


class Together(Struct, frozen=True, kw_only=True):
    """The pause of the two as it stands: pauses that overlap are one."""

    state: PauseState
    pauses: tuple[RecordId, ...]
    started_by: frozenset[PersonId]
    started_at: datetime
    return_at: datetime


def current(pauses: Iterable[Pause], members: frozenset[PersonId], now: datetime) -> Together | None:
    """Return the pause that holds, or the newest one; None where there never was one.

    Pauses that overlap and that nobody has ended are one: earliest start, latest return, at most 24 h from that start,
    all starters named. Whoever acts on it acts on each of `pauses`.
    """
    known = sorted(pauses, key=lambda each: (each.started_at, each.id))
    if not known:
        return None
    going_on = [each for each in known if not _ended(each, members)]
    newest = _overlapping(going_on)[-1] if going_on else known[-1:]
    back = _return(newest)
    return Together(
        state=_state(newest, members, now, back),
        pauses=tuple(each.id for each in newest),
        started_by=frozenset(each.author for each in newest),
        started_at=newest[0].started_at,
        return_at=back,
    )


def _overlapping(pauses: Sequence[Pause]) -> list[list[Pause]]:
    groups: list[list[Pause]] = []
    for pause in pauses:
        if groups and pause.started_at < _return(groups[-1]):
            groups[-1].append(pause)
        else:
            groups.append([pause])
    return groups


def _return(group: Sequence[Pause]) -> datetime:
    return min(max(each.return_at for each in group), group[0].started_at + LONGEST)


def _ended(pause: Pause, members: frozenset[PersonId]) -> bool:
    return pause.set_aside or pause.resumed_by >= members


def _state(group: Sequence[Pause], members: frozenset[PersonId], now: datetime, back: datetime) -> PauseState:
    if all(_ended(each, members) for each in group):
        return "set_aside" if any(each.set_aside for each in group) else "resumed"
    if now < back:
        return "active"
    return "due" if now < back + SET_ASIDE_AFTER else "set_aside"


def begin(now: datetime, made_at: datetime | None) -> dict[str, Any]:
    """Return when a pause began: when its phone says that it did, but neither later than now nor over 24 h ago."""
    at = now if made_at is None else max(min(made_at, now), now - LONGEST)
    return {"started_at": written(at)}


def back_at(pause: Record, _: Sequence[Record], __: Around) -> Derived:
    """Return when the two come back: its minutes after the pause began."""
    started_at = pause.fields.get("started_at")
    if started_at is None:
        return Derived({"return_at": None})
    return Derived({"return_at": written(read(started_at) + timedelta(minutes=pause.fields["minutes"]))})


def only_longer(attempt: Attempt, record: Record | None, _: Situation) -> Refusal | None:
    """Refuse to shorten a pause: it ends early when both come back to it.

    An edit that made it longer than its phone knew it to be is none that shortens it.
    """
    if record is None or "minutes" not in attempt.set:
        return None
    known = attempt.was.get("minutes", 0 if "minutes" in attempt.unseen else record.fields["minutes"])
    return Refusal.NEEDS_THEIR_YES if attempt.set["minutes"] < min(known, record.fields["minutes"]) else None


def not_back_yet(attempt: Attempt, record: Record, actor: PersonId) -> dict[str, Any]:
    """Whoever makes a pause longer has not come back to it, and nothing makes it shorter than it is.

    Longer is meant of what the phone knew, so that the other's unseen lengthening changes nothing about it. That they
    came back, said by a phone that did not know of their own lengthening, does not count either.
    """
    minutes, stored = attempt.set.get("minutes"), record.fields["minutes"]
    besides: dict[str, Any] = {} if minutes is None or minutes > stored else {"minutes": stored}
    back_unaware = str(actor) in attempt.set.get("resumed_by", ()) and "minutes" in attempt.own_unseen
    if minutes is not None and _longer(attempt, stored):
        besides["resumed_by"] = [each for each in record.fields["resumed_by"] if each != str(actor)]
    elif back_unaware:
        besides["resumed_by"] = list(record.fields["resumed_by"])
    return besides


def _longer(attempt: Attempt, stored: int) -> bool:
    known = attempt.was.get("minutes", None if "minutes" in attempt.unseen else stored)
    return known is None or attempt.set["minutes"] > known


PAUSE = Kind(
    name="pause",
    ownership=Ownership.JOINT,
    home="couple",
    creates=Who.EITHER,
    edits=Who.EITHER,
    removes=Who.NOBODY,
    fields={
        "minutes": Field(Whole(MINUTES_MIN, 24 * 60, more_protects=True), Policy.MOST_PROTECTIVE),
        "resumed_by": Field(SetOf(Identity(), 2), Policy.MEMBERS),
        "set_aside": Field(Flag(), Policy.MONOTONE),
        "started_at": Field(Instant(optional=True), Policy.SERVER),
        "return_at": Field(Instant(optional=True), Policy.SERVER),
        "proof": PROOF,
    },
    own_id_only=("resumed_by",),
    of_each=("minutes",),
    rules=(only_longer,),
    begin=begin,
    entails=not_back_yet,
    derive=back_at,
    lasting=("started_at",),
    steps_back={"set_aside": (True,)},
)
