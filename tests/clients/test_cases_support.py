"""Asking for support and answering, first steps after a quarrel and their answers, through the client libraries.

Offline until `sync`, like all devices here. An app of these kinds has a collection for each of them in RxDB, or one for
all kinds, as its page says.
"""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from api.wiring import Parts
from domain.ids import RecordId
from domain.kinds import KINDS
from domain.responses import RESPONSES_A_PARENT_MAX
from domain.support import LAPSES_AFTER
from domain.times import read
from tests.clients.conftest import OpenHouse
from tests.clients.devices import Device, House, agree
from tests.clocks import StillClock

pytestmark = pytest.mark.libraries("RxDB", "LokiJS")
IN_ALL = pytest.mark.libraries(
    "RxDB", "LokiJS", *(pytest.param(each, marks=pytest.mark.long) for each in ("RxDB in one", "SQLite"))
)
KINDS_USED = ("support_request", "response", "repair")
TOGETHER = "Could we sit together tonight?"


Two = tuple[House, Device, Device]
Three = tuple[House, Device, Device, Device]


@pytest.fixture
async def two(house: House) -> Two:
    """The house, Ana's phone and Ben's phone, in sync."""
    a1, b1 = await house.in_sync("ana", "ben", **house.app_for(*KINDS_USED))
    return house, a1, b1


@pytest.fixture
async def three(two: Two) -> Three:
    """The same with Ana's tablet between the two phones."""
    house, a1, b1 = two
    [a2] = await house.in_sync("ana", **house.app_for(*KINDS_USED))
    return house, a1, a2, b1


async def ask(house: House, by: Device, text: str = TOGETHER, **fields: Any) -> str:
    asked = {"form": "company", "when": "today"} | fields
    return await by.insert("support_request", couple=house.couple, text=text, **asked)


async def answer(house: House, by: Device, to: str, form: str, text: str) -> str:
    return await by.insert("response", couple=house.couple, to=to, form=form, text=text)


async def words_without_a_place(device: Device) -> list[tuple[str, Any]]:
    """What came back to this person, and why."""
    return [(each["code"], each["words"]) for each in await device.documents("unplaced")]


# Asked and answered ------------------------------------------------------------------------------------------------


@IN_ALL
async def test_a_request_that_was_made_offline_is_answered_and_both_see_that_it_was(three: Three) -> None:
    house, a1, a2, b1 = three
    asked = await ask(house, a1)
    assert (await a1.document("support_request", asked))["text"] == TOGETHER, "shown at once, before any network"
    await agree(a1, b1)
    seen = await b1.document("support_request", asked)
    assert (seen["text"], seen["when"], seen["state"], seen["author"]) == (TOGETHER, "today", "open", a1.person)
    given = await b1.insert(
        "response", couple=house.couple, to=asked, form="yes_at", on="2026-11-24", at="20:00", text="Gladly."
    )

    await agree(b1, a1, a2)

    await house.equal_everywhere()
    for device in (a1, a2, b1):
        assert (await device.document("support_request", asked))["state"] == "answered"
        got = await device.document("response", given)
        assert (got["form"], got["on"], got["at"], got["text"]) == ("yes_at", "2026-11-24", "20:00", "Gladly.")
        assert await device.is_clean()
        assert await device.notices() == await device.documents("unplaced") == []


async def test_both_ask_while_neither_knows_of_the_other_s_and_both_are_answered(two: Two) -> None:
    house, a1, b1 = two
    asked = {await ask(house, a1, "Listen to me."): b1, await ask(house, b1, "Cheer me up."): a1}
    await agree(a1, b1)
    for request, by in asked.items():
        await answer(house, by, request, "heard_you", "Yes.")

    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        states = {each["id"]: each["state"] for each in await device.documents("support_request")}
        assert states == dict.fromkeys(asked, "answered")
        assert await device.is_clean()


async def test_who_has_two_phones_writes_one_request_on_both(three: Three) -> None:
    house, a1, a2, b1 = three
    asked = await ask(house, a1, "Sit with me. Please.")
    await agree(a1, a2, b1)
    await a1.patch("support_request", asked, text="Sit with me tonight. Please.")
    await a2.patch("support_request", asked, text="Sit with me. Please, do.", form="listen")

    await agree(a1, a2, b1)

    await house.equal_everywhere()
    for device in (a1, a2, b1):
        shown = await device.document("support_request", asked)
        assert (shown["text"], shown["form"]) == ("Sit with me tonight. Please, do.", "listen")
        assert shown["alternatives"] == {}


async def test_what_stands_beside_a_request_is_shown_to_its_author_and_to_nobody_else(three: Three) -> None:
    """Both phones of hers changed one sentence. One text stands; that the other one was written is hers to know."""
    house, a1, a2, b1 = three
    asked = await ask(house, a1, "Sit with me.")
    await agree(a1, a2, b1)
    await a1.patch("support_request", asked, text="Sit with me tonight.")
    await a2.patch("support_request", asked, text="Sit with me in the garden.")

    await agree(a1, a2)
    stands = await a1.document("support_request", asked)
    [beside] = stands["alternatives"]["text"]
    await agree(b1)

    shown = await b1.document("support_request", asked)
    assert (shown["text"], shown["alternatives"]) == (stands["text"], {})
    assert not await b1.heard(beside["text"])
    assert not await b1.keeps(beside["text"])


async def test_that_a_request_has_lapsed_is_derived_and_never_arrives(open_house: OpenHouse, parts: Parts) -> None:
    """Nobody is told, nothing moves, nothing is sent; and a late answer still answers it."""
    clock = StillClock()
    async with open_house(msgspec.structs.replace(parts, clock=clock)) as house:
        a1, b1 = await house.in_sync("ana", "ben", **house.app_for(*KINDS_USED))
        asked = await ask(house, a1)
        await agree(a1, b1)
        held = [await device.documents("support_request") for device in (a1, b1)]
        heads = await house.home.heads()
        passing = KINDS["support_request"].passing
        assert passing is not None
        clock.move(minutes=int(LAPSES_AFTER.total_seconds()) // 60)

        for device in (a1, b1):
            assert await device.sync() == 0

        for [shown] in held:
            assert read(shown["lapses_at"]) <= clock()
            assert passing.shown(shown, clock())["state"] == "lapsed"
        assert [await device.documents("support_request") for device in (a1, b1)] == held
        assert {each["state"] for documents in held for each in documents} == {"open"}
        assert await house.home.heads() == heads
        await answer(house, b1, asked, "here_with_you", "I only see this now.")
        await agree(b1, a1)
        for device in (a1, b1):
            assert (await device.document("support_request", asked))["state"] == "answered"
            assert not await device.heard("lapsed")
            assert not await device.keeps("lapsed")
            assert await device.notices() == []
        await house.equal_everywhere()


async def test_until_when_a_request_waits_is_not_for_an_app_to_say(open_house: OpenHouse, parts: Parts) -> None:
    """What its author's own app says of it is passed over, and the device shows what is stored.

    So late that what it has pushed is not repeated to it any more: what brings it back is the answer alone.
    """
    clock = StillClock()
    async with open_house(msgspec.structs.replace(parts, clock=clock)) as house:
        a1, b1 = await house.in_sync("ana", "ben", **house.app_for(*KINDS_USED))
        asked = await ask(house, a1)
        await agree(a1, b1)
        stored = await a1.document("support_request", asked)
        clock.move(minutes=10)
        await agree(a1, b1)
        await a1.patch("support_request", asked, lapses_at="2036-01-01T00:00:00Z", state="answered")

        await agree(a1, b1)

        for device in (a1, b1):
            shown = await device.document("support_request", asked)
            assert (shown["lapses_at"], shown["state"]) == (stored["lapses_at"], "open")
        await house.equal_everywhere()
        assert await a1.is_clean()


# Withdrawn ---------------------------------------------------------------------------------------------------------


async def bring_back(house: House, device: Device, request: str, text: str) -> None:
    """Ask again, as an app does it: a document of the same id in RxDB, which knows none that is deleted, or the row."""
    if house.keeps_what_is_removed:
        await device.patch("support_request", request, removed_at=None, text=text)
    else:
        await device.insert(
            "support_request", UUID(request), couple=house.couple, form="company", when="today", text=text
        )


@IN_ALL
async def test_a_withdrawn_request_is_gone_for_the_partner_and_stays_with_its_author(three: Three) -> None:
    house, a1, a2, b1 = three
    asked = await ask(house, a1)
    kept = await ask(house, a1, "This one stands.")
    await agree(a1, a2, b1)
    assert await b1.keeps(TOGETHER)
    await a1.patch("support_request", asked, text="Written and withdrawn at once.")
    await a1.remove("support_request", asked)

    await agree(a1, a2, b1)

    for device in (a1, a2, b1):
        assert [each["id"] for each in await device.documents("support_request")] == [kept]
        assert await device.is_clean()
    assert [each["id"] for each in await b1.rows_kept("support_request")] == [kept], "not even a row that is removed"
    for words in (TOGETHER, "Written and withdrawn at once."):
        assert not await b1.keeps(words)
    assert not await b1.heard("Written and withdrawn at once.")
    assert await b1.notices() == await b1.documents("unplaced") == []
    await house.home.a1.sync()
    [hers] = house.home.a1.device.replica.view("support_request", removed=True)
    assert (str(hers.id), hers.fields["text"]) == (asked, "Written and withdrawn at once.")
    if house.keeps_what_is_removed:
        for device in (a1, a2):
            assert await device.keeps("Written and withdrawn at once.")
    [newcomer] = await house.in_sync("ben", **house.app_for(*KINDS_USED))
    assert not await newcomer.heard(TOGETHER)
    await agree(b1)
    await house.equal_everywhere()

    await bring_back(house, a1, asked, "Asked once more.")
    await agree(a1, a2, b1, newcomer)
    for device in (b1, newcomer):
        assert (await device.document("support_request", asked))["text"] == "Asked once more."
    await house.equal_everywhere()


@pytest.mark.parametrize("first", ["withdrawn", "written"])
async def test_a_request_stays_withdrawn_whatever_another_phone_of_its_author_writes(three: Three, first: str) -> None:
    house, a1, a2, b1 = three
    asked = await ask(house, a1)
    await agree(a1, a2, b1)
    await a1.remove("support_request", asked)
    await a2.patch("support_request", asked, text="Or in the garden, unseen.")
    order = (a1, a2) if first == "withdrawn" else (a2, a1)
    await order[0].sync()
    await order[1].sync()

    await agree(b1, a1, a2)

    assert await b1.documents("support_request") == []
    assert not await b1.keeps(TOGETHER)
    assert not await b1.heard("in the garden, unseen")
    assert "in the garden, unseen" in await house.home.everything_said(), "no word of hers is lost"
    assert await b1.notices() == []
    await house.equal_everywhere()


async def test_an_edit_of_a_request_that_is_withdrawn_brings_the_partner_none_of_its_words(two: Two) -> None:
    """Ben's app lets him write into Ana's request, which only she may; meanwhile she writes on, and withdraws it."""
    house, a1, b1 = two
    asked = await ask(house, a1)
    await agree(a1, b1)
    await b1.patch("support_request", asked, text="Of Ben's hand.")
    await a1.patch("support_request", asked, text="Not for Ben any more.")
    await a1.remove("support_request", asked)
    await a1.sync()

    await agree(b1, a1)

    assert await b1.rows_kept("support_request") == []
    assert not await b1.heard("Not for Ben any more")
    for words in (TOGETHER, "Not for Ben any more", "Of Ben's hand"):
        assert not await b1.keeps(words)
    assert await words_without_a_place(b1) == await words_without_a_place(a1) == [], "he may not write there"
    assert await b1.is_clean()
    await house.equal_everywhere()


@pytest.mark.libraries("RxDB", "RxDB in one")
async def test_of_rxdb_the_answer_to_a_push_takes_a_withdrawn_request_away(two: Two) -> None:
    """Without any pull: the answer says that the document is deleted, and nothing of what it held."""
    house, a1, b1 = two
    asked = await ask(house, a1)
    await agree(a1, b1)
    await b1.patch("support_request", asked, form="listen")
    await a1.patch("support_request", asked, text="Not for Ben any more.")
    await a1.remove("support_request", asked)
    await a1.sync()

    await b1.send()

    assert await b1.documents("support_request") == []
    assert not await b1.heard("Not for Ben any more")
    assert not await b1.keeps(TOGETHER)


@IN_ALL
async def test_an_answer_to_what_was_withdrawn_comes_back_to_who_wrote_it(two: Two) -> None:
    house, a1, b1 = two
    asked = await ask(house, a1)
    await agree(a1, b1)
    before = await answer(house, b1, asked, "heard_you", "I am coming.")
    await agree(b1, a1)
    late = await answer(house, b1, asked, "yes_at", "With a blanket.")
    await a1.remove("support_request", asked)
    await a1.sync()

    await agree(b1, a1)

    await house.equal_everywhere()
    for device in (a1, b1):
        assert [each["id"] for each in await device.documents("response")] == [before], "what was given stays"
    assert late not in {each["id"] for each in await b1.rows_kept("response")}, "it leaves the device"
    assert await words_without_a_place(b1) == [("parent_gone", {"text": "With a blanket."})]
    assert await words_without_a_place(a1) == []
    assert not await a1.heard("With a blanket")
    assert await b1.is_clean()


# Given words -------------------------------------------------------------------------------------------------------


@IN_ALL
async def test_a_first_step_that_was_made_offline_is_accepted_and_nobody_changes_it_any_more(three: Three) -> None:
    house, a1, a2, b1 = three
    step = await a1.insert(
        "repair",
        couple=house.couple,
        form="sorry_for_my_part",
        i_feel="sad",
        about="how loud I was",
        i_need="a hug",
        text="Sorry.",
    )
    await agree(a1, b1)
    seen = await b1.document("repair", step)
    assert [seen[name] for name in ("i_feel", "about", "i_need", "text")] == [
        "sad",
        "how loud I was",
        "a hug",
        "Sorry.",
    ]
    accepted = await answer(house, b1, step, "accepted", "Come here.")
    await agree(b1, a1, a2)
    await a1.patch("repair", step, text="Sorry, but you began.")
    await b1.patch("response", accepted, text="Or rather not.")

    await agree(a1, b1, a2)

    await house.equal_everywhere()
    for device in (a1, a2, b1):
        assert (await device.document("repair", step))["text"] == "Sorry.", "it comes back as stored"
        assert (await device.document("response", accepted))["text"] == "Come here."
        assert await device.is_clean()
    assert await words_without_a_place(a1) == [("immutable", {"text": "Sorry, but you began."})]
    assert await words_without_a_place(b1) == [("immutable", {"text": "Or rather not."})]
    assert not await a1.heard("Or rather not")
    assert not await b1.heard("but you began")


async def test_what_was_given_is_not_taken_back_by_removing_it(two: Two) -> None:
    house, a1, b1 = two
    step = await a1.insert("repair", couple=house.couple, form="lightness", text="Ducks!")
    await agree(a1, b1)
    for device in (a1, b1):
        await device.remove("repair", step)

    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        assert [each["text"] for each in await device.documents("repair")] == ["Ducks!"]
        assert await device.is_clean()


async def test_of_four_answers_written_on_two_phones_the_last_has_no_place(two: Two) -> None:
    """Ben's phones know nothing of each other; what is one too many leaves the device, and its words come back."""
    house, a1, b1 = two
    [b2] = await house.in_sync("ben", **house.app_for(*KINDS_USED))
    asked = await ask(house, a1)
    await agree(a1, b1, b2)
    on_b1 = [await answer(house, b1, asked, "heard_you", f"{nth}.") for nth in range(RESPONSES_A_PARENT_MAX - 1)]
    await b1.sync()
    on_b2 = [await answer(house, b2, asked, "heard_you", f"{nth} on the tablet.") for nth in range(2)]

    await agree(b2, b1, a1)

    await house.equal_everywhere()
    for device in (a1, b1, b2):
        given = {each["id"] for each in await device.documents("response")}
        assert given > set(on_b1)
        assert len(given) == RESPONSES_A_PARENT_MAX
    [(code, words)] = await words_without_a_place(b1)
    assert code == "too_many"
    [refused] = set(on_b2) - given
    assert words["text"] == f"{on_b2.index(refused)} on the tablet."
    assert refused not in {each["id"] for each in await b2.rows_kept("response")}
    assert not await a1.heard(words["text"])


async def test_nobody_answers_their_own_request_or_with_what_answers_something_else(two: Two) -> None:
    house, a1, b1 = two
    asked = await ask(house, a1)
    await agree(a1, b1)
    await answer(house, a1, asked, "heard_you", "I hear myself.")
    await answer(house, b1, asked, "cheering_you_on", "Meant for a goal.")

    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        assert await device.documents("response") == []
        assert (await device.document("support_request", asked))["state"] == "open"
        assert await device.is_clean()
    assert await words_without_a_place(a1) == [("unknown_parent", {"text": "I hear myself."})]
    assert await words_without_a_place(b1) == [("invalid", {"text": "Meant for a goal."})]


async def test_an_answer_that_was_sent_but_not_heard_of_is_given_once(two: Two) -> None:
    house, a1, b1 = two
    asked = await ask(house, a1)
    await agree(a1, b1)
    given = await answer(house, b1, asked, "here_with_you", "Here.")
    await b1.send_unheard()
    await a1.remove("support_request", asked)
    await a1.sync()

    await agree(b1, a1)

    await house.equal_everywhere()
    for device in (a1, b1):
        assert [each["id"] for each in await device.documents("response")] == [given]
    assert await words_without_a_place(b1) == []
    assert await house.home.revisions_of(RecordId(UUID(given))) == 0
