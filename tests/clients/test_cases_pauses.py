"""Pauses through the client libraries: begun, made longer, and come back from, by two who do not hear of each other."""

from typing import Any
from uuid import UUID

import pytest

from domain.ids import PersonId, RecordId
from domain.pauses import Pause, Together, current
from domain.times import read
from tests.clients.devices import Device, Document, House, agree

pytestmark = pytest.mark.libraries("RxDB", "LokiJS")
IN_ALL = pytest.mark.libraries(
    "RxDB", "LokiJS", *(pytest.param(each, marks=pytest.mark.long) for each in ("RxDB in one", "SQLite"))
)
BEGUN = {"minutes": 30, "resumed_by": [], "set_aside": False}

Two = tuple[House, Device, Device]


@pytest.fixture
async def two(house: House) -> Two:
    """The house, Ana's phone and Ben's, in sync."""
    a1, b1 = await house.in_sync("ana", "ben", **house.app_for("pause"))
    return house, a1, b1


async def begun(house: House, by: Device, **fields: Any) -> str:
    return await by.insert("pause", couple=house.couple, **BEGUN | fields)


async def together(house: House, device: Device) -> Together:
    """How the pause of the two stands at its beginning, by what this device holds: a device derives it."""
    pauses = [_pause(each) for each in await device.documents("pause")]
    members = frozenset(PersonId(each.id) for each in (house.home.ana, house.home.ben))
    found = current(pauses, members, min(each.started_at for each in pauses))
    assert found is not None
    return found


def _pause(document: Document) -> Pause:
    return Pause(
        id=RecordId(UUID(document["id"])),
        author=PersonId(UUID(document["author"])),
        started_at=read(document["started_at"]),
        return_at=read(document["return_at"]),
        resumed_by=frozenset(PersonId(UUID(each)) for each in document["resumed_by"]),
        set_aside=document["set_aside"],
    )


def minutes_of(document: Document) -> int:
    """How long a pause is by its two instants."""
    return int((read(document["return_at"]) - read(document["started_at"])).total_seconds()) // 60


@IN_ALL
async def test_a_pause_that_was_begun_offline_is_made_longer_by_both_and_neither_makes_it_shorter(two: Two) -> None:
    house, a1, b1 = two
    pause = await begun(house, a1)
    assert (await a1.document("pause", pause)).get("return_at") is None, "when it returns is the server's to say"
    await agree(a1, b1)
    assert minutes_of(await b1.document("pause", pause)) == 30
    started = (await a1.document("pause", pause))["started_at"]
    await a1.patch("pause", pause, minutes=60)
    await b1.patch("pause", pause, minutes=120)

    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        stands = await device.document("pause", pause)
        assert (stands["minutes"], minutes_of(stands), stands["started_at"]) == (120, 120, started)
        assert await device.is_clean()
        assert await device.notices() == []
    await a1.patch("pause", pause, minutes=45)
    await b1.patch("pause", pause, minutes=20)
    await agree(b1, a1)
    for device in (a1, b1):
        assert (await device.document("pause", pause))["minutes"] == 120, "it comes back as it is stored"
        assert await device.documents("unplaced") == [], "there are no words to keep"
        assert await device.is_clean()
    await house.equal_everywhere()


@IN_ALL
async def test_both_come_back_each_for_themselves_and_nobody_for_the_other(two: Two) -> None:
    house, a1, b1 = two
    pause = await begun(house, b1)
    await agree(b1, a1)
    await a1.patch("pause", pause, resumed_by=[a1.person])
    await b1.patch("pause", pause, resumed_by=[a1.person])
    await b1.sync()
    assert (await b1.document("pause", pause))["resumed_by"] == [], "he cannot say that she is back"
    assert (await together(house, b1)).state == "active"
    await b1.patch("pause", pause, resumed_by=[b1.person])

    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        assert (await device.document("pause", pause))["resumed_by"] == sorted([a1.person, b1.person])
        assert (await together(house, device)).state == "resumed"
        assert await device.is_clean()
    await a1.patch("pause", pause, resumed_by=[a1.person])
    await agree(a1, b1)
    assert len((await b1.document("pause", pause))["resumed_by"]) == 2, "nor that he is not"
    await house.equal_everywhere()


@pytest.mark.parametrize("first", ["longer", "back"])
async def test_the_other_s_coming_back_stands_beside_a_longer_pause(two: Two, first: str) -> None:
    house, a1, b1 = two
    pause = await begun(house, a1)
    await agree(a1, b1)
    await a1.patch("pause", pause, resumed_by=[a1.person])
    await b1.patch("pause", pause, minutes=90)

    await agree(*((b1, a1) if first == "longer" else (a1, b1)))

    await house.equal_everywhere()
    for device in (a1, b1):
        stands = await device.document("pause", pause)
        assert (stands["minutes"], stands["resumed_by"]) == (90, [a1.person])
        assert await device.is_clean()


async def test_who_makes_a_pause_longer_on_one_phone_is_not_back_by_the_word_of_the_other(house: House) -> None:
    a1, a2, b1 = await house.in_sync("ana", "ana", "ben", **house.app_for("pause"))
    pause = await begun(house, a1)
    await agree(a1, a2, b1)
    await a1.patch("pause", pause, minutes=90)
    await a2.patch("pause", pause, resumed_by=[a2.person])

    await agree(a1, a2, b1)

    await house.equal_everywhere()
    for device in (a1, a2, b1):
        stands = await device.document("pause", pause)
        assert (stands["minutes"], stands["resumed_by"]) == (90, [])
        assert await device.is_clean()


async def test_pauses_that_both_began_without_hearing_of_each_other_are_one_until_one_is_set_aside(two: Two) -> None:
    house, a1, b1 = two
    anas, bens = await begun(house, a1), await begun(house, b1, minutes=60)
    await agree(a1, b1)
    await house.equal_everywhere()
    for device in (a1, b1):
        stands = await together(house, device)
        assert {str(each) for each in stands.pauses} == {anas, bens}
        assert {str(each) for each in stands.started_by} == {a1.person, b1.person}
        assert stands.return_at == read((await device.document("pause", bens))["return_at"])

    for pause in (anas, bens):
        await a1.remove("pause", pause)
        await b1.patch("pause", pause, set_aside=True)
    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        assert {each["id"] for each in await device.documents("pause")} == {anas, bens}, "nobody removes a pause"
        assert (await together(house, device)).state == "set_aside"
        assert await device.is_clean()


async def test_a_pause_whose_answer_was_lost_is_one_pause(two: Two) -> None:
    house, a1, b1 = two
    pause = await begun(house, a1)
    await a1.send_unheard()
    await a1.patch("pause", pause, minutes=60)
    await b1.sync()
    await b1.patch("pause", pause, resumed_by=[b1.person])

    await agree(b1, a1)

    await house.equal_everywhere()
    for device in (a1, b1):
        [stands] = await device.documents("pause")
        assert (stands["id"], minutes_of(stands), stands["resumed_by"]) == (pause, 60, [b1.person])
        assert await device.is_clean()
