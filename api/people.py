"""What is so about people, for their prompts: read from the store for many at once, and turned into facts."""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from api import people_store
from api.keys import StoredKeys
from api.people_store import Stands
from api.postgres import Pool
from api.push_targets import Wish, give_up, reaching
from domain.couples import REACHING, consents_now
from domain.ids import PersonId, RecordId, SpaceId
from domain.settings import SETTINGS
from domain.shapes import as_uuid
from notifications.facts import Known, Together, facts_of, unreadable
from notifications.ports import Facts, Told
from notifications.targets import USED_FOR, Reached
from sync import knowing_store
from sync.knowing_store import PAUSES_READ, Read, Whom
from sync.sealing import SpaceKeys, keyed_hash

_log = logging.getLogger("haven")

LONG_AGO: Final = datetime.fromisoformat("2000-01-01T00:00:00Z")
LOOKS_BACK: Final = "prompt_goal_lookback"
MAY_HOLD: Final = timedelta(hours=48)
"""A pause that was last changed longer ago has ended: with all that it overlaps it lasts for 24 hours at most."""


class StoredPeople:
    """`notifications.ports.People` and `notifications.courier.Devices` on PostgreSQL: few statements for many."""

    def __init__(self, pool: Pool, keys: StoredKeys) -> None:
        self._pool = pool
        self._keys = keys

    async def heads(self, people: Collection[PersonId]) -> Mapping[PersonId, int]:
        """Return how far these people's couples' spaces have come, as each is told."""
        return await people_store.told_heads(self._pool, people)

    async def facts(self, asked: Mapping[PersonId, Collection[Told]], now: datetime) -> Mapping[PersonId, Facts]:
        """Return what is so about these people; whoever has no account, or is leaving, is left out."""
        stands = await people_store.standing(self._pool, asked, (now - USED_FOR).date())
        consents = await people_store.said(self._pool, stands)
        whom = [_whom(each, asked[each.person]) for each in stands.values()]
        read, closed = await knowing_store.own_and_shared(self._pool, self._keys, whom)
        wrote = await knowing_store.last_wrote(self._pool, whom)
        look_back = [each for each in whom if _looks_back(read[each.person])]
        for more in (
            await knowing_store.named(self._pool, self._keys, _steps_of(whom, read)),
            await knowing_store.goals(self._pool, self._keys, look_back),
        ):
            for person, those in more.items():
                read[person] += those
        keys = await self._keys.of({each.personal for each in stands.values()})
        agrees = {person: consents_now(consents[person])[REACHING].given for person in stands}
        return {
            person: _facts(
                _known(
                    each,
                    read[person],
                    wrote[person],
                    consents=agrees[person],
                    seed=_seed(keys, each),
                    many_pauses=_many_pauses(read[person], now),
                ),
                asked[person],
                opens=person not in closed,
            )
            for person, each in stands.items()
        }

    async def reached(self, hidden: Mapping[PersonId, bool], now: datetime) -> Mapping[PersonId, Sequence[Reached]]:
        """Return where to reach each of these people, of whom it says whether they want nothing to be shown."""
        stands = await people_store.standing(self._pool, hidden, (now - USED_FOR).date())
        wishes = {each.person: Wish(each.personal, hidden[each.person]) for each in stands.values()}
        return await reaching(self._pool, self._keys, wishes, now.date())

    async def give_up(self, dead: Sequence[Reached]) -> None:
        """Forget what leads nowhere, unless it was registered anew since."""
        await give_up(self._pool, dead)


def _whom(stands: Stands, asked: Collection[Told]) -> Whom:
    return Whom(
        person=stands.person,
        personal=stands.personal,
        couple=stands.couple_space,
        asked=() if stands.couple_space is None else sorted({record for _, record in asked}),
    )


def _looks_back(read: Sequence[Read]) -> bool:
    return any(each.record.fields.get(LOOKS_BACK) for each in read if each.record.kind == SETTINGS.name)


def _steps_of(whom: Sequence[Whom], read: Mapping[PersonId, Sequence[Read]]) -> list[Whom]:
    """Return whose steps are to be read as well: those that their own dates name."""
    steps = {
        each.person: [
            RecordId(step)
            for found in read[each.person]
            if found.record.kind == "step_date" and (step := as_uuid(found.record.fields.get("step"))) is not None
        ]
        for each in whom
    }
    return [
        Whom(person=each.person, personal=each.personal, couple=each.couple, asked=steps[each.person])
        for each in whom
        if each.couple is not None
    ]


def _seed(keys: Mapping[SpaceId, SpaceKeys], stands: Stands) -> str:
    """Return what chance follows from for them: from it, unlike from who they are, nobody else can reckon a moment."""
    own = keys.get(stands.personal)
    return "" if own is None else keyed_hash(own.id_key, "prompts").hex()


def _many_pauses(read: Sequence[Read], now: datetime) -> bool:
    """Return whether some of the pauses that may hold were not read."""
    pauses = [each.changed_at for each in read if each.record.kind == "pause"]
    return len(pauses) >= PAUSES_READ and min(pauses) > now - MAY_HOLD


def _facts(known: Known, asked: Collection[Told], *, opens: bool) -> Facts:
    """Return what is so; whatever one person's records hold, it is no reason to fail for the others."""
    if opens:
        try:
            return facts_of(known, asked)
        except Exception as fault:  # noqa: BLE001
            _log.error("facts", extra={"event": "prompt_facts_failed", "code": type(fault).__name__})
    return unreadable(known)


def _known(
    stands: Stands,
    read: Sequence[Read],
    wrote: Mapping[str, datetime],
    *,
    consents: bool,
    seed: str,
    many_pauses: bool,
) -> Known:
    own = [each.record for each in read if each.record.space == stands.personal]
    # One record may have been found in more than one way.
    shared = list({each.record.id: each.record for each in read if each.record.space != stands.personal}.values())
    return Known(
        person=stands.person,
        own=sorted(own, key=lambda record: -record.version),
        shared=shared,
        couple=None
        if stands.couple is None
        else Together(id=stands.couple, members=frozenset(stands.members), paired_at=stands.paired_at or LONG_AGO),
        parted_at=stands.parted_at,
        seed=seed,
        many_pauses=many_pauses,
        consents=consents,
        reachable=stands.has_target,
        reachable_unseen=stands.has_phone,
        changed=wrote,
        noted_at={each.record.id: each.changed_at for each in read},
    )
