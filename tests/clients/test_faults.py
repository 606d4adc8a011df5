"""One edit on a network that fails at a chosen point, with each kind of device: it is stored once, nobody is told."""

from pathlib import Path

import pytest

from tests.clients.hands import LIBRARIES, LibraryHand, MixedHouse
from tests.clients.proxy import Fault, Once

PUSHES = {
    "RxDB": "/v1/rxdb/records/push",
    "WatermelonDB": "/v1/watermelon/sync",
    "native": "/v1/sync",
    "native adapter": "/v1/sync",
}
FAULTS = [each for each in Fault if each is not Fault.NONE]
AGAIN = 3


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("device", LIBRARIES)
async def test_an_edit_is_stored_once_wherever_the_network_fails(
    mixed_house: MixedHouse, device: str, fault: Fault, tmp_path: Path
) -> None:
    home = mixed_house.rxdb.home
    await home.write_notes("A boat.")
    hand, partner = await mixed_house.hand("ana", device, tmp_path), await mixed_house.hand("ben", device, tmp_path)
    before = await home.revisions_of(home.goal)
    await hand.patch("goal", str(home.goal), notes="A boat. A tent.")

    weather = mixed_house.proxy.weather = Once(fault, "POST", PUSHES[device])
    for _ in range(AGAIN):
        await hand.sync()

    assert weather.happened
    assert await partner.sync()
    for each in (hand, partner):
        (goal,) = await each.documents("goal")
        assert (goal["notes"], goal["alternatives"]) == ("A boat. A tent.", {})
        assert [one["code"] for one in await each.documents("notice") if one["code"] != "new_device"] == []
    assert await home.revisions_of(home.goal) == before + 1
    await mixed_house.equal_everywhere(hand, partner)


@pytest.mark.parametrize("device", ["RxDB", "WatermelonDB"])
async def test_a_live_stream_that_is_cut_without_a_word_is_found_again(
    mixed_house: MixedHouse, device: str, tmp_path: Path
) -> None:
    home = mixed_house.rxdb.home
    hand = await mixed_house.hand("ben", device, tmp_path)
    assert isinstance(hand, LibraryHand)
    await hand.device.online()
    for text in ("A boat.", "A boat. A tent.", "A boat. A tent. A stove."):
        home.a1.edit("goal", home.goal, notes=text)
        await home.a1.sync()
        await hand.device.shows("goal", home.goal, notes=text)
        mixed_house.proxy.cut_streams()
    await hand.device.offline()
