"""The native adapter while it listens: what it hears, what it sends by itself, and what ends that."""

import asyncio
import json
from typing import Any, cast

import msgspec
import pytest

from api.wiring import Parts
from tests import people
from tests.clients.places import LIVE, Act, Place, answered, begun, left, met, shows, step
from tests.clients.proxy import proxied
from tests.streams import DEADLINE_S, until


async def test_it_asks_at_each_hint_of_a_stream_that_it_finds_again(place: Place) -> None:
    home = place.home
    async with proxied(place.address) as proxy:
        phone = await place.phone(address=proxy.address)
        phone.tell("listen")
        for text in ("A boat.", "A boat. A tent.", "A boat. A tent. A stove."):
            home.b1.edit("goal", home.goal, notes=text)
            await home.b1.sync()
            await shows(phone, home.goal, notes=text)
            proxy.cut_streams()
        phone.tell("stop")


async def test_while_it_listens_an_edit_is_sent_without_being_asked_for(place: Place) -> None:
    phone = await place.phone()
    phone.tell("listen")
    title = {"goal": str(place.home.goal), "title": "Book the ferry"}
    made = phone.tell("call", method="make", args=["step", title])
    phone.tell("call", method="write", args=[made, {"done": True}])
    await shows(phone, made, waits=False, done=True)
    phone.tell("stop")
    assert await place.titles() == ["Book the ferry"]


async def test_a_device_that_is_shut_out_while_it_listens_asks_no_more(place: Place) -> None:
    phone, home = await place.phone(), place.home
    phone.tell("listen")
    await until(lambda: len(answered(phone)) > 1)
    await people.ok(home.client.post("/v1/sign-out", headers=phone.someone.headers))
    home.b1.edit("goal", home.goal, notes="Not for this phone.")
    await home.b1.sync()
    phone.tell("call", method="remove", args=[str(step(phone, place, "Too late"))])

    await until(lambda: bool(met(phone)["problems"]))
    assert {(each["status"], each["code"]) for each in met(phone)["problems"]} == {(401, "unauthenticated")}
    asked = len(met(phone)["sent"])
    phone.tell("call", method="make", args=["step", {"goal": str(home.goal), "title": "Later still"}])
    for _ in range(5):
        await home.b1.sync()
    assert len(met(phone)["sent"]) == asked
    assert phone.pending() == 3, "all of it is kept"


async def test_a_stream_that_is_refused_for_their_number_is_not_sought_sooner_than_told(place: Place) -> None:
    phone = await place.phone()
    place.gate.answers(LIVE, 429, "too_many_tries", retry_after="45")
    phone.tell("listen")
    await until(lambda: any(each >= 45_000 for each in met(phone)["paused"] if each <= 100_000))
    home = place.home
    home.b1.edit("goal", home.goal, notes="Heard after all.")
    await home.b1.sync()
    await shows(phone, home.goal, notes="Heard after all.")
    phone.tell("stop")


async def test_after_a_restart_it_comes_back_when_it_was_told_to(place: Place) -> None:
    phone, home = await place.phone(), place.home
    place.gate.says(LIVE, 200, b'event: bye\nretry: 1234\ndata: {"why": "restart"}\n\n')
    phone.tell("listen")
    await until(lambda: place.gate.asked[LIVE] == 2)
    assert 1234 in met(phone)["paused"]
    home.b1.edit("goal", home.goal, notes="Heard again.")
    await home.b1.sync()
    await shows(phone, home.goal, notes="Heard again.")
    phone.tell("stop")


async def test_it_does_not_fight_for_a_stream_that_another_one_has_taken(place: Place) -> None:
    phone = await place.phone()
    place.gate.says(LIVE, 200, b'event: bye\nretry: 1234\ndata: {"why": "replaced"}\n\n')
    phone.tell("listen")
    await until(lambda: place.gate.asked[LIVE] == 1)
    made = phone.tell("call", method="make", args=["step", {"goal": str(place.home.goal), "title": "Book the ferry"}])
    await shows(phone, made, waits=False)
    assert place.gate.asked[LIVE] == 1
    phone.tell("stop")


async def test_while_it_listens_without_the_consent_it_asks_at_hints_alone(place: Place) -> None:
    phone, home = await place.phone(), place.home
    await people.consent(home.client, home.ana, "core_sensitive", given=False)
    kept = phone.edit("check_in", local_date="2026-11-20", text="A day of my own.")
    phone.tell("listen")
    for text in ("A boat.", "A boat. A tent."):
        home.b1.edit("goal", home.goal, notes=text)
        await home.b1.sync()
        await shows(phone, home.goal, notes=text)
    assert {each["code"] for each in met(phone)["problems"]} == {"consent_needed"}
    assert not [each for each in met(phone)["paused"] if each <= 60_000], "it rests, and tries nothing over and over"
    await people.consent(home.client, home.ana, "core_sensitive")
    await phone.sync()
    assert phone.record(kept).version > 0
    phone.tell("stop")


async def test_a_device_that_was_signed_out_does_not_seek_the_stream_again(place: Place) -> None:
    phone = await place.phone()
    place.gate.says(LIVE, 200, b'event: bye\nretry: 1234\ndata: {"why": "signed_out"}\n\n')
    phone.tell("listen")
    await until(lambda: place.gate.asked[LIVE] == 1)
    made = phone.tell("call", method="make", args=["step", {"goal": str(place.home.goal), "title": "Book the ferry"}])
    await shows(phone, made, waits=False)
    assert place.gate.asked[LIVE] == 1
    await phone.does("stop")


async def test_an_app_that_is_too_old_stops_listening(place: Place) -> None:
    phone, home, parts = await place.phone(), place.home, cast("Parts", place.app.state.parts)
    settings = msgspec.structs.replace(parts.settings, schema_min=2)
    place.app.state.parts = msgspec.structs.replace(parts, settings=settings)
    phone.tell("listen")
    await until(lambda: bool(met(phone)["problems"]))
    place.app.state.parts = parts
    asked, listened = len(met(phone)["sent"]), place.gate.asked[LIVE]
    made = phone.tell("call", method="make", args=["step", {"goal": str(home.goal), "title": "After the update"}])
    for _ in range(5):
        await home.b1.sync()
    assert {each["status"] for each in met(phone)["problems"]} == {426}
    assert len(met(phone)["sent"]) == asked
    assert place.gate.asked[LIVE] == listened <= 1
    phone.tell("listen")  # as the new app does
    await shows(phone, made, waits=False)
    await phone.does("stop")


@pytest.mark.parametrize("behind", [0, 1])
async def test_a_hint_of_a_server_that_has_gone_back_is_news_and_one_of_what_is_known_is_none(
    place: Place, behind: int
) -> None:
    phone, heard = await place.phone(), asyncio.Event()
    heads = {str(each.id): each.head - behind for each in phone.device.replica.spaces.values()}
    place.gate.does(LIVE, hinting(heads, heard))
    before = len(answered(phone))
    phone.tell("listen")
    await until(lambda: len(answered(phone)) == before + 1)
    heard.set()
    await until(lambda: place.gate.asked[LIVE] == 2)
    if behind:
        await until(lambda: len(answered(phone)) > before + 1)
    await phone.does("stop")
    assert behind or len(answered(phone)) == before + 1


def hinting(heads: dict[str, int], heard: asyncio.Event) -> Act:
    """A stream that says this once somebody lets it, and ends."""
    said = [f"event: hint\ndata: {json.dumps({'space': each, 'head': head})}\n\n" for each, head in heads.items()]

    async def act(_: Any, __: Any, send: Any) -> None:
        await begun(send, content_type="text/event-stream")
        await heard.wait()
        await send({"type": "http.response.body", "body": "".join(said).encode()})

    return act


@pytest.mark.parametrize("deaf", [False, True])
@pytest.mark.parametrize("beats", [0, 1])
async def test_a_stream_that_falls_silent_is_sought_again(place: Place, beats: int, *, deaf: bool) -> None:
    """Also where `fetch` does not hear that a request was ended, before its answer or in the middle of it."""
    phone = await place.phone(patience={"streamMs": 1_500}, deaf=deaf)
    place.gate.does(LIVE, beating(beats) if beats else silent)
    phone.tell("listen")
    await until(lambda: place.gate.asked[LIVE] > 1)
    await phone.does("stop")


async def test_a_stream_of_which_something_is_heard_goes_on(place: Place) -> None:
    phone, home = await place.phone(patience={"streamMs": 1_500}), place.home
    ended = asyncio.Event()
    place.gate.does(LIVE, beating(9, ended))
    phone.tell("listen")
    async with asyncio.timeout(DEADLINE_S):
        await ended.wait()
    assert place.gate.asked[LIVE] == 1
    home.b1.edit("goal", home.goal, notes="Heard after all.")
    await home.b1.sync()
    await shows(phone, home.goal, notes="Heard after all.")
    await phone.does("stop")


async def silent(_: Any, receive: Any, __: Any) -> None:
    """No answer at all."""
    await left(receive)


def beating(beats: int, ended: asyncio.Event | None = None) -> Act:
    """A stream with so many signs of life, a quarter of a second apart; then it says nothing, or ends."""

    async def act(_: Any, receive: Any, send: Any) -> None:
        await begun(send, content_type="text/event-stream")
        for _beat in range(beats):
            await send({"type": "http.response.body", "body": b": here\n\n", "more_body": True})
            await asyncio.sleep(0.25)
        if ended is None:
            await left(receive)
            return
        ended.set()
        await send({"type": "http.response.body", "body": b""})

    return act


async def test_a_line_without_an_end_is_left(place: Place) -> None:
    phone = await place.phone()
    gone = asyncio.Event()

    async def endless(_: Any, receive: Any, send: Any) -> None:
        await begun(send, content_type="text/event-stream")
        for _piece in range(20):
            await send({"type": "http.response.body", "body": b"x" * 8_192, "more_body": True})
        await left(receive)
        gone.set()

    place.gate.does(LIVE, endless)
    phone.tell("listen")
    async with asyncio.timeout(DEADLINE_S):
        await gone.wait()
    await until(lambda: place.gate.asked[LIVE] > 1)
    await phone.does("stop")
