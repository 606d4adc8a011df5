"""Two worlds that differ only in what is Ben's alone give Ana the same prompts at the same times, to the byte (P1, I2).

Both are copies of one database, so that all ids and keys are equal; the same deeds of Ana, and the same deeds of Ben
that Ana may see, are done in both over HTTP, the worker does its rounds, and a fake of FCM notes what it gets.
"""

import os
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from msgspec import Struct
from msgspec.structs import replace

from api.people import StoredPeople
from domain.ids import PersonId
from domain.prompts import Person
from notifications.fcm import Sender, open_sender
from notifications.ports import Facts, Told
from tests.conftest import copy_database, create_migrated_database, database_of, drop_database
from tests.fake_fcm import PROJECT, FakeFcm, StaticCredential, faking
from tests.worlds import acts, life
from tests.worlds.seen import Got, devices, difference, got, held
from tests.worlds.world import Couple, World, opened

BEGINS = datetime(2027, 3, 15, 7, 0, tzinfo=UTC)
COPIED = BEGINS + timedelta(days=4)
DAYS = 11
"""Of which the tenth is the one on which Ana's clock goes forward."""
DAYS_OF_A_LEAK = 6

PRIVATE_KINDS = (
    *("check_in", "reflection", "balance_note", "note_draft", "own_goal", "settings", "boundary", "shelf", "step_date"),
)


class Ground(Struct, frozen=True, kw_only=True):
    """Where worlds are made, and the one from which they are copied."""

    server_dsn: str
    keys_file: Path
    fake: FakeFcm
    sender: Sender
    base: str
    two: Couple


@pytest.fixture(scope="module")
async def ground(server_dsn: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    """A couple who have lived together for four days."""
    name = f"haven_test_{os.getpid()}_{worker_id}_base"
    keys_file = tmp_path_factory.mktemp("worlds") / "keys.json"
    await create_migrated_database(server_dsn, name)
    async with (
        faking() as fake,
        open_sender(project=PROJECT, base_url=fake.base_url, credential=StaticCredential()) as sender,
    ):
        async with opened(database_of(server_dsn, name), keys_file, BEGINS, fake, sender) as world:
            await acts.begin(world)
            story = [*life.seen("before", BEGINS, 4), *life.unseen("before", BEGINS, 4)]
            await world.live([deed for deed in story if deed.what != "mark_done"], COPIED)
            two = world.leave()
        yield Ground(server_dsn=server_dsn, keys_file=keys_file, fake=fake, sender=sender, base=name, two=two)
    await drop_database(server_dsn, name)


class Lived(Struct, frozen=True, kw_only=True):
    """A world as it was found when its days were over."""

    ana: Got
    ben: Got
    common: dict[str, list[str]]
    anas: dict[str, list[str]]
    bens: dict[str, list[str]]
    bens_devices: tuple[list[object], list[object]]


class Leaking(StoredPeople):
    """A mistake that could be made: something that is the partner's alone is let into what a prompt depends on."""

    leak: ClassVar[Callable[[Person, Person], Person]]

    async def facts(self, asked: Mapping[PersonId, Collection[Told]], now: datetime) -> Mapping[PersonId, Facts]:
        known = await super().facts(asked, now)
        found = {}
        for person, facts in known.items():
            assert facts.person.couple is not None
            [partner] = facts.person.couple.members - {person}
            theirs = (await super().facts({partner: ()}, now))[partner].person
            found[person] = replace(facts, person=type(self).leak(facts.person, theirs))
        return found


class ByTheirMood(Leaking):
    @staticmethod
    def leak(person: Person, partner: Person) -> Person:
        return replace(person, low_at=partner.low_at or person.low_at)


class ByTheirLastAct(Leaking):
    @staticmethod
    def leak(person: Person, partner: Person) -> Person:
        return replace(person, used_at=partner.used_at)


async def lived(ground: Ground, seed: str, own: str, days: int, leak: type[Leaking] | None) -> Lived:
    """Live on for so many days in a copy of the base: `own` is the seed of what Ben does for himself."""
    name = f"{ground.base}_copy"
    await copy_database(ground.server_dsn, ground.base, name)
    ground.fake.forget()
    dsn = database_of(ground.server_dsn, name)
    try:
        async with opened(dsn, ground.keys_file, COPIED, ground.fake, ground.sender, leak) as world:
            world.settle(ground.two)
            story = [*life.seen(seed, COPIED, days), *life.unseen(own, COPIED, days)]
            await world.live(story, COPIED + timedelta(days=days))
            return await _looked_at(world)
    finally:
        await drop_database(ground.server_dsn, name)


async def _looked_at(world: World) -> Lived:
    return Lived(
        ana=await got(world, "ana"),
        ben=await got(world, "ben"),
        common=await held(world, by="both"),
        anas=await held(world, by="ana"),
        bens=await held(world, by="ben"),
        bens_devices=await devices(world, "ben"),
    )


async def two_worlds(ground: Ground, seed: str, days: int, leak: type[Leaking] | None = None) -> tuple[Lived, Lived]:
    one, other = [await lived(ground, seed, f"{seed}/{own}", days, leak) for own in ("one", "other")]
    return one, other


def differ_in_what_is_bens_alone(one: Lived, other: Lived) -> None:
    """See to it that two worlds show anything at all."""
    assert (one.common, one.anas) == (other.common, other.anas), "both see the same"
    for kind in PRIVATE_KINDS:
        assert one.bens[kind] != other.bens[kind], f"and {kind} is different"
    assert one.bens_devices != other.bens_devices, "and on what devices he is reached"
    assert difference(one.ben, other.ben) != [], "which his own prompts show"


async def worlds_agree(ground: Ground, seed: str) -> None:
    one, other = await two_worlds(ground, seed, DAYS)
    differ_in_what_is_bens_alone(one, other)
    assert len(one.ana.kinds) >= 4, "it would be easy if nothing came"
    assert len(one.ana.calls) > len(one.ana.ledger), "each of her devices is told"
    assert {at for at, _ in one.ana.calls} - {line[2] for line in one.ana.ledger}, "and woken when nothing is told"
    assert any(reason for *_, reason in one.ana.plans), "and some was put off or dropped"
    assert difference(one.ana, other.ana) == []


@pytest.mark.parametrize("seed", ["first", pytest.param("second", marks=pytest.mark.long)])
async def test_p1_what_is_bens_alone_changes_nothing_that_comes_to_ana(ground: Ground, seed: str) -> None:
    await worlds_agree(ground, seed)


@pytest.mark.long
@pytest.mark.parametrize("number", range(20))
async def test_p1_with_more_stories(ground: Ground, number: int) -> None:
    await worlds_agree(ground, f"more {number}")


@pytest.mark.parametrize("leak", [ByTheirMood, ByTheirLastAct])
async def test_p1_a_leak_would_be_seen(ground: Ground, leak: type[Leaking]) -> None:
    one, other = await two_worlds(ground, "first", DAYS_OF_A_LEAK, leak)
    differ_in_what_is_bens_alone(one, other)
    assert difference(one.ana, other.ana) != []
