"""Reflections and notes on balance through the client libraries: of one person's own phones, and of nobody else."""

import base64

import pytest

from tests.clients.devices import Device, House, agree
from tests.clients.test_cases_support import words_without_a_place
from tests.clients.test_cases_windows import never_heard

pytestmark = pytest.mark.libraries("RxDB", "LokiJS")
IN_ALL = pytest.mark.libraries(
    "RxDB", "LokiJS", *(pytest.param(each, marks=pytest.mark.long) for each in ("RxDB in one", "SQLite"))
)
THOUGHT = {"trigger": "He came late.", "reaction": "I shouted. I left.", "feelings": ["afraid"], "intensity": 4}
SEALED = base64.b64encode(b"something that no server reads").decode()

Three = tuple[House, Device, Device, Device]


@pytest.fixture
async def three(house: House) -> Three:
    """The house, Ana's phone and tablet, and Ben's phone, all in sync."""
    a1, a2, b1 = await house.in_sync("ana", "ana", "ben", **house.app_for("reflection", "balance_note"))
    return house, a1, a2, b1


@IN_ALL
async def test_thoughts_come_to_one_s_other_phone_and_move_nothing_of_the_partner_s(three: Three) -> None:
    house, a1, a2, b1 = three
    cursors = await house.home.spaces(house.home.ben)
    heads = await house.home.heads()
    thought = await a1.insert("reflection", **THOUGHT)
    note = await a1.insert("balance_note", month="2026-11", lean_on=4, own_ground=2, line="I want to swim again.")
    await agree(a1, a2, b1)
    await a1.patch("reflection", thought, reaction="I shouted. I left the house.", feelings=["afraid", "small"])
    await a2.patch("reflection", thought, reaction="I shouted and cried. I left.", feelings=["afraid", "angry"])
    await a2.patch("balance_note", note, own_ground=3)
    await a1.patch("balance_note", note, lean_on=3)

    await agree(a1, a2, b1)

    await house.equal_everywhere()
    for device in (a1, a2):
        shown = await device.document("reflection", thought)
        assert shown["reaction"] == "I shouted and cried. I left the house."
        assert shown["feelings"] == ["afraid", "angry", "small"]
        month = await device.document("balance_note", note)
        assert (month["lean_on"], month["own_ground"], month["line"]) == (3, 3, "I want to swim again.")
        assert await device.is_clean()
    now = await house.home.heads()
    assert [space for space in cursors if now[space] != heads[space]] == []
    await never_heard(b1, "He came late", "I shouted", "swim again", "afraid")


async def test_texts_that_stand_beside_are_picked_from_on_any_own_phone(three: Three) -> None:
    house, a1, a2, b1 = three
    note = await a1.insert("balance_note", month="2026-11", line="I lean a lot.")
    await agree(a1, a2)
    await a1.patch("balance_note", note, line="I lean too much.")
    await a2.patch("balance_note", note, line="I lean, and he holds.")
    await agree(a1, a2)
    stands = await a1.document("balance_note", note)
    [beside] = stands["alternatives"]["line"]
    assert {stands["line"], beside["text"]} == {"I lean too much.", "I lean, and he holds."}

    await a2.pick("balance_note", note, "line", "I lean, and he holds.")
    await agree(a2, a1, b1)

    await house.equal_everywhere()
    for device in (a1, a2):
        shown = await device.document("balance_note", note)
        assert (shown["line"], shown["alternatives"]) == ("I lean, and he holds.", {})
        assert await device.is_clean()
    await never_heard(b1, "I lean")


@pytest.mark.parametrize("first", ["sealing", "writing"])
async def test_what_is_sealed_on_one_phone_stands_alone_whatever_another_one_wrote(three: Three, first: str) -> None:
    """No word of the other phone is lost: it stands in an earlier value, or came back to its author."""
    house, a1, a2, b1 = three
    thought = await a1.insert("reflection", **THOUGHT)
    await agree(a1, a2)
    emptied = {"trigger": None, "reaction": None, "feelings": [], "intensity": None}
    await a1.patch("reflection", thought, sealed=SEALED, **emptied)
    await a2.patch("reflection", thought, need="To be waited for.")

    await agree(*((a1, a2) if first == "sealing" else (a2, a1)), b1)

    await house.equal_everywhere()
    for device in (a1, a2):
        shown = await device.document("reflection", thought)
        assert (shown["sealed"], shown["trigger"], shown["need"], shown["feelings"]) == (SEALED, None, None, [])
        assert await device.is_clean()
    assert "To be waited for." in await house.home.everything_said()
    await never_heard(b1, "waited for", SEALED, "He came late")


async def test_what_is_refused_comes_back_as_it_is_stored_and_its_words_are_kept(three: Three) -> None:
    house, a1, a2, b1 = three
    note = await a1.insert("balance_note", month="2026-11", line="I want to swim again.")
    thought = await a1.insert("reflection", **THOUGHT)
    await agree(a1, a2)
    await a1.patch("balance_note", note, month="2026-12", line="Of another month.")
    await a2.patch("reflection", thought, intensity=9, need="To be waited for.")
    misfit = await a2.insert("balance_note", month="November", line="Of no month at all.")

    await agree(a1, a2, b1)

    await house.equal_everywhere()
    for device in (a1, a2):
        [month] = await device.documents("balance_note")
        assert (month["id"], month["month"], month["line"]) == (note, "2026-11", "I want to swim again.")
        shown = await device.document("reflection", thought)
        assert (shown["intensity"], shown["need"]) == (4, None)
        assert misfit not in {each["id"] for each in await device.rows_kept("balance_note")}
        assert sorted(code for code, _ in await words_without_a_place(device)) == ["immutable", "invalid", "invalid"]
        words = str([each for _, each in await words_without_a_place(device)])
        for each in ("Of another month.", "To be waited for.", "Of no month at all."):
            assert each in words
        assert await device.is_clean()
    assert await b1.documents("unplaced") == []
    await never_heard(b1, "another month", "waited for", "no month at all")


async def test_what_is_removed_on_one_phone_is_gone_on_the_other(three: Three) -> None:
    house, a1, a2, b1 = three
    note, thought = (
        await a1.insert("balance_note", month="2026-11", lean_on=2),
        await a1.insert("reflection", **THOUGHT),
    )
    await agree(a1, a2)
    await a1.remove("balance_note", note)
    await a2.remove("reflection", thought)

    await agree(a1, a2, b1)

    await house.equal_everywhere()
    for device in (a1, a2):
        assert await device.documents("balance_note") == await device.documents("reflection") == []
        assert await device.is_clean()
