"""Boundaries and own goals through the client libraries: drawn and wished for alone, shown in parts, and closed again.

What the partner's device was ever told is looked for in every answer that it got and in its whole database.
"""

from typing import Any

import pytest

from tests.clients.devices import Device, Document, House, agree
from tests.clients.test_cases_support import words_without_a_place

pytestmark = pytest.mark.libraries("RxDB", "LokiJS")
IN_ALL = pytest.mark.libraries(
    "RxDB", "LokiJS", *(pytest.param(each, marks=pytest.mark.long) for each in ("RxDB in one", "SQLite"))
)
KINDS_USED = ("boundary", "shown_boundary", "own_goal", "shown_goal", "response")
NIGHTS = [{"weekday": day, "from": "22:00", "to": "07:00"} for day in range(2)]

Three = tuple[House, Device, Device, Device]


@pytest.fixture
async def three(house: House) -> Three:
    """The house, Ana's phone and tablet, and Ben's phone, all in sync."""
    a1, a2, b1 = await house.in_sync("ana", "ana", "ben", **house.app_for(*KINDS_USED))
    return house, a1, a2, b1


async def drawn(by: Device, **fields: Any) -> str:
    born = {"form": "quiet_hours", "zone": "Europe/Berlin", "windows": NIGHTS, "audience": "only_me"}
    return await by.insert("boundary", **born | fields)


async def wished(by: Device, **fields: Any) -> str:
    return await by.insert("own_goal", **{"title": "Swim a mile", "audience": "only_me"} | fields)


async def shown_at(device: Device, kind: str, *names: str) -> list[Document]:
    """What of these fields the partner's device shows."""
    return [{name: each[name] for name in names} for each in await device.documents(kind)]


async def never_heard(device: Device, *private: str) -> None:
    """Neither an answer nor anything in the database holds these words."""
    for words in private:
        assert not await device.heard(words)
        assert not await device.keeps(words)


# Shown, and closed again -------------------------------------------------------------------------------------------


@IN_ALL
async def test_a_boundary_shows_what_its_author_chose_at_each_time_and_nothing_after(three: Three) -> None:
    house, a1, a2, b1 = three
    own, message = "Because of how Leo shouts.", "I am better company rested."
    boundary = await drawn(a1, note_private=own, message=message, max_prompts_a_day=1)
    heads = await house.home.heads()
    await agree(a1, a2, b1)
    assert (await a2.document("boundary", boundary))["windows"] == NIGHTS
    moved = [space for space, head in (await house.home.heads()).items() if head != heads[space]]
    assert moved, "it came to the server"
    assert set(moved).isdisjoint(await house.home.spaces(house.home.ben)), "and no space of Ben's has moved"
    await never_heard(b1, own, message)
    seen = []
    for opened in (
        {"audience": house.couple, "visibility": "effect"},
        {"visibility": "effect_and_message"},
        {"visibility": "effect"},
        {"visibility": "silent"},
        {"visibility": "effect_and_message"},
        {"audience": "only_me"},
    ):
        await a1.patch("boundary", boundary, **opened)
        await agree(a1, b1, a2)
        seen.append(await shown_at(b1, "shown_boundary", "form", "windows", "message"))
        assert await b1.keeps(message) is (opened.get("visibility") == "effect_and_message")
        await never_heard(b1, own, "max_prompts_a_day")
        assert await b1.documents("boundary") == []
        await house.equal_everywhere()

    effect, whole = [{"form": "quiet_hours", "windows": NIGHTS, "message": told} for told in (None, message)]
    assert seen == [[effect], [whole], [effect], [], [whole], []]
    assert await b1.rows_kept("shown_boundary") == []
    assert await b1.notices() == []
    for device in (a1, a2, b1):
        assert await device.is_clean()


@IN_ALL
async def test_an_own_goal_shows_what_its_author_chose_and_is_cheered_and_closed(three: Three) -> None:
    house, a1, a2, b1 = three
    own, chosen = "To be away from home.", "Half of it already."
    goal = await wished(a1, why=own, done_when="I am out of breath.", latest=chosen, topic="health")
    await agree(a1, a2, b1)
    assert await b1.documents("shown_goal") == []
    await never_heard(b1, own, chosen, "Swim a mile")
    parts = ["latest", "ending"]
    await a2.patch("own_goal", goal, audience=house.couple, shared_parts=parts, support_wanted="encouragement")
    await agree(a2, a1, b1)
    [copy] = await b1.documents("shown_goal")
    told = (copy["title"], copy["latest"], copy["why"], copy["done_when"], copy["support_wanted"], copy["ending"])
    assert told == ("Swim a mile", chosen, None, None, "encouragement", "none")
    cheer = await b1.insert(
        "response", couple=house.couple, to=copy["id"], form="cheering_you_on", text="Go on, you fish!"
    )
    await a1.patch("own_goal", goal, ending="achieved", why=f"{own} And from Ben.")
    await agree(b1, a1, a2)
    assert (await a1.document("response", cheer))["text"] == "Go on, you fish!"
    assert await shown_at(b1, "shown_goal", "ending", "why") == [{"ending": "achieved", "why": None}]
    await house.equal_everywhere()

    await a1.patch("own_goal", goal, audience="only_me", latest="The rest, too.")
    late = await b1.insert("response", couple=house.couple, to=copy["id"], form="here_with_you", text="Once more!")
    await agree(a1, b1, a2)

    await house.equal_everywhere()
    assert await b1.rows_kept("shown_goal") == []
    assert not await b1.keeps(chosen)
    await never_heard(b1, own, "out of breath", "And from Ben", "The rest, too")
    for device in (a1, a2, b1):
        assert [each["id"] for each in await device.documents("response")] == [cheer], "an answer that was given stays"
        assert await device.is_clean()
    assert await words_without_a_place(b1) == [("parent_gone", {"text": "Once more!"})]
    assert await words_without_a_place(a1) == []
    assert late not in {each["id"] for each in await b1.rows_kept("response")}


async def test_what_is_removed_while_it_is_shown_is_gone_for_the_partner(three: Three) -> None:
    house, a1, a2, b1 = three
    opened = {"audience": house.couple}
    boundary = await drawn(a1, message="Not after ten.", visibility="effect_and_message", **opened)
    goal = await wished(a1, why="To be strong.", shared_parts=["why"], **opened)
    await agree(a1, a2, b1)
    assert await b1.keeps("Not after ten")
    assert await b1.keeps("To be strong")
    await a2.remove("boundary", boundary)
    await a1.remove("own_goal", goal)

    await agree(a1, a2, b1)

    await house.equal_everywhere()
    for kind in ("boundary", "own_goal", "shown_boundary", "shown_goal"):
        for device in (a1, a2, b1):
            assert await device.documents(kind) == []
    for words in ("Not after ten", "To be strong", "Swim a mile"):
        assert not await b1.keeps(words)


# On two phones -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["opener", "writer"])
async def test_nothing_is_shown_that_was_written_on_a_phone_which_believed_it_private(three: Three, first: str) -> None:
    house, a1, a2, b1 = three
    boundary, goal = await drawn(a1, message="Please knock."), await wished(a1, why="To be strong.")
    await agree(a1, a2)
    await a1.patch("boundary", boundary, audience=house.couple, visibility="effect_and_message")
    await a1.patch("own_goal", goal, audience=house.couple, shared_parts=["why", "ending"])
    await a2.patch("boundary", boundary, message="Please knock. I am afraid of him.")
    await a2.patch("own_goal", goal, why="To be strong. I am saving money.")

    for device in (a1, a2) if first == "opener" else (a2, a1):
        await device.sync()
        await b1.sync()
    await agree(a1, a2, b1)

    await house.equal_everywhere()
    await never_heard(b1, "afraid of him", "saving money")
    assert await b1.documents("shown_boundary") == [], "of its levels none is half shown"
    assert await shown_at(b1, "shown_goal", "title", "why") == [{"title": "Swim a mile", "why": None}]
    for device in (a1, a2):
        drawn_ = await device.document("boundary", boundary)
        assert (drawn_["message"], drawn_["audience"]) == ("Please knock. I am afraid of him.", "only_me")
        wished_ = await device.document("own_goal", goal)
        assert (wished_["why"], wished_["shared_parts"]) == ("To be strong. I am saving money.", ["ending"])
        kept = sorted((each["code"], each["about"]) for each in await device.notices())
        assert kept == sorted([("kept_private", boundary), ("kept_private", goal)])
    assert await b1.notices() == []


async def test_of_a_boundary_on_two_phones_what_protects_more_stands(three: Three) -> None:
    house, a1, a2, b1 = three
    boundary = await drawn(
        a1, max_prompts_a_day=3, until="2026-12-01T00:00:00Z", audience=house.couple, visibility="effect"
    )
    await agree(a1, a2, b1)
    mornings = {"weekday": 6, "from": "07:00", "to": "11:00"}
    await a1.patch("boundary", boundary, windows=[*NIGHTS, mornings], max_prompts_a_day=2)
    await a2.patch("boundary", boundary, until="2026-12-24T00:00:00Z", max_prompts_a_day=0, visibility="silent")

    await agree(a1, a2, b1)

    await house.equal_everywhere()
    for device in (a1, a2):
        stands = await device.document("boundary", boundary)
        assert (stands["max_prompts_a_day"], stands["until"]) == (0, "2026-12-24T00:00:00Z")
        assert stands["windows"] == [*NIGHTS, mornings]
        assert stands["visibility"] == "silent"
    assert await b1.documents("shown_boundary") == []


async def test_texts_of_an_own_goal_that_stand_beside_are_its_author_s_alone(three: Three) -> None:
    house, a1, a2, b1 = three
    goal = await wished(a1, why="To be strong. To be calm.", audience=house.couple, shared_parts=["why"])
    await agree(a1, a2, b1)
    await a1.patch("own_goal", goal, title="Swim two miles", why="To be strong at last. To be calm.")
    await a2.patch("own_goal", goal, title="Swim to the island", why="To be strong. To be calm and slow.")

    await agree(a1, a2, b1)

    await house.equal_everywhere()
    for device in (a1, a2):
        stands = await device.document("own_goal", goal)
        assert stands["why"] == "To be strong at last. To be calm and slow."
        [beside] = stands["alternatives"]["title"]
        assert {stands["title"], beside["text"]} == {"Swim two miles", "Swim to the island"}
    await never_heard(b1, beside["text"])
    await a1.pick("own_goal", goal, "title", beside["text"])
    await agree(a1, a2, b1)
    assert [each["title"] for each in await b1.documents("shown_goal")] == [beside["text"]]
    for device in (a1, a2):
        assert (await device.document("own_goal", goal))["alternatives"] == {}
        assert await device.is_clean()
    await house.equal_everywhere()


# Refused -----------------------------------------------------------------------------------------------------------


@IN_ALL
async def test_what_the_partner_writes_into_what_they_are_shown_comes_back_as_it_is_stored(three: Three) -> None:
    """No words are kept of it: who sends again what they were shown would else keep what is withdrawn later."""
    house, a1, a2, b1 = three
    await drawn(a1, message="Please knock.", audience=house.couple, visibility="effect_and_message")
    await wished(a1, why="To be strong.", audience=house.couple, shared_parts=["why"])
    await agree(a1, a2, b1)
    [boundary], [goal] = await b1.documents("shown_boundary"), await b1.documents("shown_goal")
    heads = await house.home.heads()
    await b1.patch("shown_boundary", boundary["id"], message="Come in as you like.")
    await b1.patch("shown_goal", goal["id"], title="Run a mile")
    await b1.remove("shown_goal", goal["id"])

    await agree(b1, a1, a2)

    assert await b1.documents("shown_boundary") == [boundary]
    assert await b1.documents("shown_goal") == [goal]
    assert await words_without_a_place(b1) == []
    own = await house.home.spaces(house.home.ana)
    now = await house.home.heads()
    assert [space for space in own if now[space] != heads[space]] == [], "Ana's devices hear nothing of it"
    assert await b1.is_clean()
    await house.equal_everywhere()


async def test_of_what_is_refused_the_words_are_kept_and_the_rest_is_as_it_is_stored(three: Three) -> None:
    house, a1, a2, b1 = three
    boundary, goal = await drawn(a1, note_private="For the nights."), await wished(a1, why="To be strong.")
    await agree(a1, a2, b1)
    await a1.patch("boundary", boundary, form="space", note_private="For the days.")
    await a2.patch("own_goal", goal, title="far too long " * 10, why="To be very strong.")
    too_long = await wished(a1, title="also too long " * 10)

    await agree(a1, a2, b1)

    await house.equal_everywhere()
    for device in (a1, a2):
        drawn_ = await device.document("boundary", boundary)
        assert (drawn_["form"], drawn_["note_private"]) == ("quiet_hours", "For the nights.")
        [wished_] = await device.documents("own_goal")
        assert (wished_["id"], wished_["title"], wished_["why"]) == (goal, "Swim a mile", "To be strong.")
        assert sorted((code, sorted(words)) for code, words in await words_without_a_place(device)) == [
            ("immutable", ["note_private"]),
            ("invalid", ["title"]),
            ("invalid", ["title", "why"]),
        ]
        assert await device.is_clean()
        assert too_long not in {each["id"] for each in await device.rows_kept("own_goal")}
    await never_heard(b1, "For the", "too long", "very strong")
