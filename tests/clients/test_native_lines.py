"""The native adapter on bad lines: slow ones, ones that fall silent, and networks that answer in Haven's place."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from domain.ids import RecordId
from tests.clients.places import (
    SYNC,
    Act,
    Place,
    begun,
    left,
    met,
    problem,
    problem_of,
    step,
    unpackable,
)
from tests.clients.proxy import Fault, Once, proxied
from tests.clients.readers import ReaderPhone
from tests.streams import until

LINE_BYTES_MAX = 1_500
OURS_IT_SAYS = b'{"type": "urn:haven:problem:malformed", "where": "$.changes[0]"}'
PORTAL = b"<html>Please sign in to our hotel's network.</html>"


def days(phone: ReaderPhone, count: int, *, month: int = 11) -> list[RecordId]:
    """So many edits, whose words hardly can be packed."""
    return [
        phone.edit("check_in", local_date=f"2026-{month:02}-{day:02}", text=unpackable(day, 500))
        for day in range(1, count + 1)
    ]


def sizes(phone: ReaderPhone) -> list[int]:
    """How many changes it sent each time."""
    return [each["changes"] for each in met(phone)["sent"] if each["changes"]]


def limits(phone: ReaderPhone) -> list[int]:
    return [each["limit"] for each in met(phone)["sent"]]


# Slow lines


async def test_what_does_not_arrive_in_time_goes_in_smaller_pieces_and_in_larger_ones_again(place: Place) -> None:
    phone = await place.phone(tries=20)
    made = days(phone, 20)
    place.gate.judge = lambda _, length: problem(408, "too_slow") if length > LINE_BYTES_MAX else None
    await phone.sync()

    assert phone.pending() == 0
    assert all(phone.record(each).version for each in made)
    assert sizes(phone)[:4] == [20, 10, 5, 2]
    assert not phone.tell("aside")
    place.gate.judge = lambda *_: None
    before = len(sizes(phone))
    days(phone, 28, month=10)
    await phone.sync()
    grown = sizes(phone)[before:]
    assert grown[:-1] == sorted(grown[:-1]), "each as many as before, or more"
    assert max(grown) >= 8


async def test_with_less_to_send_it_asks_for_less_as_well_down_to_one(place: Place) -> None:
    phone = await place.phone(tries=20, limit=8)
    step(phone, place, "Book the ferry")
    place.gate.judge = lambda said, _: problem(408, "too_slow") if said["limit"] > 1 else None
    await phone.sync()
    assert limits(phone)[1:5] == [8, 4, 2, 1]
    assert await place.titles() == ["Book the ferry"]
    place.gate.judge = lambda *_: None
    for title in ("A boat", "A tent", "A stove"):
        step(phone, place, title)
        await phone.sync()
    assert limits(phone)[-1] == 8


async def test_a_request_that_nobody_answers_is_left_and_sends_less_the_next_time(place: Place) -> None:
    phone = await place.phone(patience={"answerMs": 700})
    days(phone, 4)
    place.gate.judge = lambda said, _: unanswered if len(said.get("changes", ())) > 1 else None
    await phone.sync()
    assert sizes(phone)[:3] == [4, 2, 1]
    assert phone.pending() == 0


async def test_a_line_that_breaks_after_a_while_is_a_slow_one(place: Place) -> None:
    """The server leaves a request that does not come on before the device has given it up."""
    phone = await place.phone(patience={"answerMs": 1_200})
    days(phone, 4)

    async def breaks(_: Any, __: Any, send: Any) -> None:
        await begun(send, content_length="100")
        await asyncio.sleep(0.3)  # more than a sixth of the time
        await send({"type": "http.response.body", "body": b"{"})

    place.gate.does(SYNC, breaks)
    await phone.sync()
    assert sizes(phone)[:2] == [4, 2]


async def test_a_line_that_is_not_there_at_all_makes_nothing_smaller(place: Place) -> None:
    async with proxied(place.address) as proxy:
        phone = await place.phone(address=proxy.address)
        days(phone, 4)
        proxy.weather = Once(Fault.UNANSWERED, "POST", SYNC)
        await phone.sync()
    assert sizes(phone) == [4, 4]


async def test_an_answer_may_take_long_while_something_of_it_comes(place: Place) -> None:
    phone = await place.phone(patience={"answerMs": 1_200})
    step(phone, place, "Book the ferry")
    place.gate.does(SYNC, trickling(place, pause_s=0.2, pieces=10))
    await phone.sync()
    assert [each["answered"] for each in met(phone)["sent"][1:]] == [True], "it was not asked for twice"
    assert await place.titles() == ["Book the ferry"]


async def test_an_answer_that_falls_silent_is_asked_for_again(place: Place) -> None:
    phone = await place.phone(patience={"answerMs": 700})
    step(phone, place, "Book the ferry")

    async def stops(_: Any, receive: Any, send: Any) -> None:
        await begun(send, content_type="application/json")
        await send({"type": "http.response.body", "body": b'{"cursor": "', "more_body": True})
        await left(receive)

    place.gate.does(SYNC, stops)
    await phone.sync()
    assert limits(phone)[1:3] == [500, 250]
    assert await place.titles() == ["Book the ferry"]


async def test_an_answer_that_never_ends_is_left_in_the_end(place: Place) -> None:
    phone = await place.phone(patience={"wholeMs": 500})
    step(phone, place, "Book the ferry")

    async def never_ends(_: Any, receive: Any, send: Any) -> None:
        await begun(send, content_type="application/json")
        gone = asyncio.ensure_future(left(receive))
        while not gone.done():
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.wait([gone], timeout=0.05)

    place.gate.does(SYNC, never_ends)
    await phone.sync()
    assert await place.titles() == ["Book the ferry"]


async def unanswered(_: Any, receive: Any, __: Any) -> None:
    await left(receive)


def trickling(place: Place, *, pause_s: float, pieces: int) -> Act:
    """The server's own answer, piece by piece."""

    async def act(scope: Any, receive: Any, send: Any) -> None:
        messages: list[Any] = []

        async def noted(message: Any) -> None:
            messages.append(message)

        await place.gate.server(scope, receive, noted)
        body = b"".join(each.get("body", b"") for each in messages)
        await send(messages[0])
        size = -(-len(body) // pieces)
        for at in range(0, len(body), size):
            await send({"type": "http.response.body", "body": body[at : at + size], "more_body": True})
            await asyncio.sleep(pause_s)
        await send({"type": "http.response.body", "body": b""})

    return act


async def test_no_request_is_larger_than_half_a_megabyte(place: Place) -> None:
    phone = await place.phone()
    for day in range(1, 29):
        for month in range(1, 12):
            phone.edit("check_in", local_date=f"2026-{month:02}-{day:02}", text=unpackable(day, 1_900))
    await phone.sync()
    sent = [each for each in met(phone)["sent"] if each["changes"]]
    assert len(sent) == 2
    assert all(each["bytes"] <= 512 * 1024 for each in sent)
    assert sent[0]["bytes"] > 400_000
    assert phone.pending() == 0


# A change that cannot be read


async def test_of_a_fault_without_a_place_the_change_is_found_that_has_it(place: Place) -> None:
    phone = await place.phone()
    titles = [f"Step {nth}." for nth in range(7)]
    made = [step(phone, place, title) for title in titles]
    where: str | None = None

    def refuses(said: dict[str, Any], _: int) -> Act | None:
        faulty = any(each["id"] == str(made[4]) for each in said.get("changes", ()))
        return problem(400, "malformed", where) if faulty else None

    place.gate.judge = refuses
    await phone.sync()
    assert await place.titles() == [*titles[:4], *titles[5:]]
    [aside] = phone.tell("aside")
    assert aside["change"]["id"] == str(made[4])
    assert not met(phone)["paused"], "no waiting mends it"

    place.gate.judge = lambda *_: None
    phone.tell("call", method="tryAgain", args=[aside["change"]["key"]])
    assert phone.tell("aside") == []
    phone.begin_again()
    assert phone.fields(made[4])["title"] == titles[4]
    await phone.sync()
    assert await place.titles() == titles


async def test_what_is_wrong_with_the_rest_of_a_request_puts_nothing_aside(place: Place) -> None:
    phone = await place.phone()
    step(phone, place, "Book the ferry")
    for where in ("$.limit", "$.schema"):
        place.gate.does(SYNC, problem(400, "malformed", where))
        assert await problem_of(phone) == (400, "malformed")
    assert (phone.pending(), phone.tell("aside")) == (1, [])


async def test_a_value_that_the_server_finds_too_deep_is_put_aside_and_the_rest_goes(place: Place) -> None:
    phone = await place.phone()
    deep: Any = "x"
    for _ in range(16):
        deep = [deep]
    step(phone, place, "Before.")
    key, identity = "9c1e0000-0000-4000-8000-000000000001", "9c1e0000-0000-4000-8000-000000000002"
    change = {"key": key, "kind": "step", "id": identity, "set": {"title": deep}}
    phone.tell("keep", change=change, made_ms=0)
    step(phone, place, "After.")
    await phone.sync()
    assert await place.titles() == ["After.", "Before."]
    [aside] = phone.tell("aside")
    assert (aside["change"]["key"], len(statuses_of(phone, 400))) == (key, 1), "the server has named it"


def statuses_of(phone: ReaderPhone, status: int) -> list[Any]:
    return [each for each in met(phone)["sent"] if each["status"] == status]


# A server that does not know this device, or says nothing of what was sent


async def test_with_a_cursor_that_is_not_known_any_more_it_begins_anew_and_keeps_what_waits(place: Place) -> None:
    phone, home = await place.phone(), place.home
    home.b1.edit("goal", home.goal, notes="Written meanwhile.")
    await home.b1.sync()
    step(phone, place, "Book the ferry")
    place.gate.does(SYNC, problem(400, "malformed", "$.cursor"))
    await phone.sync()

    assert [each["cursor"] is None for each in met(phone)["sent"][1:4]] == [False, True, False]
    assert await place.titles() == ["Book the ferry"]
    assert phone.fields(home.goal)["notes"] == "Written meanwhile."
    assert phone.pending() == 0
    assert phone.holds() == await home.holds(home.ana)


async def test_where_beginning_anew_does_not_help_it_says_so(place: Place) -> None:
    phone = await place.phone()
    step(phone, place, "Book the ferry")
    before = place.gate.asked[SYNC]
    place.gate.judge = lambda *_: problem(400, "malformed", "$.cursor")
    assert await problem_of(phone) == (400, "malformed")
    assert place.gate.asked[SYNC] - before == 2
    assert phone.pending() == 1


async def test_an_answer_that_says_nothing_of_what_was_sent_is_not_asked_for_over_and_over(place: Place) -> None:
    """As with ids in capitals, which come back in small letters."""
    phone = await place.phone()
    change = {
        "key": "9C1E0000-0000-4000-8000-00000000000A",
        "kind": "check_in",
        "id": "0199B2C0-5D3E-7A10-9C42-3B1F6E8D7A0B",
        "set": {"local_date": "2026-11-20", "text": "Swift."},
    }
    phone.tell("keep", change=change, made_ms=0)
    before = place.gate.asked[SYNC]
    told = await phone.does("sync")
    assert told["problem"]["message"] == "Haven has not said what became of what was written here."
    assert place.gate.asked[SYNC] - before == 5
    assert len(met(phone)["paused"]) == 4
    assert [each.fields["text"] for each in phone.all("check_in") if each.version] == ["Swift."], "what came is taken"


# Somebody else who answers


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 426])
async def test_a_stranger_s_word_is_not_believed(place: Place, status: int) -> None:
    phone = await place.phone()
    step(phone, place, "Ten small words.")
    place.gate.says(SYNC, status, PORTAL, content_type="text/html")
    place.gate.says(
        SYNC, status, b'{"type": "about:blank", "where": "$.changes[0]"}', content_type="application/problem+json"
    )
    place.gate.says(SYNC, status, OURS_IT_SAYS, content_type="application/json")
    await phone.sync()
    assert len(met(phone)["paused"]) == 3
    assert phone.tell("aside") == []
    assert await place.titles() == ["Ten small words."]


@pytest.mark.parametrize("status", [401, 403, 426])
async def test_a_stranger_s_word_ends_no_listening(place: Place, status: int) -> None:
    phone = await place.phone(tries=1)
    for _ in range(2):
        place.gate.says(SYNC, status, PORTAL, content_type="text/html")
        place.gate.says("/v1/live", status, PORTAL, content_type="text/html")
    phone.tell("listen")
    await until(lambda: not any(place.gate.next.values()))
    step(phone, place, "Back at home")
    await until(lambda: phone.pending() == 0)
    assert {each["status"] for each in met(phone)["problems"]} == {0}
    await phone.does("stop")
    assert await place.titles() == ["Back at home"]


async def test_nothing_follows_a_stranger_to_another_address(place: Place) -> None:
    phone = await place.phone()
    step(phone, place, "A private thought.")
    for status in (307, 308):
        place.gate.says(SYNC, status, b"", location="/portal")
    await phone.sync()
    assert len(met(phone)["paused"]) == 2
    assert place.gate.asked["/portal"] == 0
    assert await place.titles() == ["A private thought."]


@pytest.mark.parametrize(("told", "waits_s"), [("3600", 3600), ("86400", 3600), ("1800", 1800)])
async def test_it_comes_back_when_it_was_told_to_within_an_hour(place: Place, told: str, waits_s: int) -> None:
    phone = await place.phone()
    step(phone, place, "Book the ferry")
    place.gate.answers(SYNC, 503, "busy", retry_after=told)
    phone.tell("listen")
    await until(lambda: any(each > 100_000 for each in met(phone)["paused"]))
    [waits] = [each for each in met(phone)["paused"] if each > 100_000]
    assert waits_s * 1_000 <= waits <= waits_s * 1_250
    await phone.does("stop")
    assert phone.pending() == 1


async def test_under_another_person_s_sign_in_nothing_is_sent(place: Place) -> None:
    """What Ana wrote must not come to Ben's account, whoever mixed their tokens up."""
    phone, home = await place.phone(), place.home
    before = place.gate.asked.total()
    for token in (home.ben.token, "h1.x.secret", "none", f"h2.{home.ana.id}.secret"):
        with pytest.raises(AssertionError, match="This sign-in belongs to another person"):
            phone.tell("begin", **phone.how | {"token": token}, person=home.ana.id)
    assert place.gate.asked.total() == before
    loud = str(home.ana.id).upper()
    phone.tell("begin", **phone.how, person=loud)
    assert UUID(loud) in {each.author for each in phone.all("goal")}
