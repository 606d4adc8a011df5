"""The native adapter's own loop, against the real server: whatever goes wrong with a request."""

import asyncio
import re
import shutil
from pathlib import Path
from typing import cast

import httpx
import msgspec
import pytest

from api.edge import Bounds
from api.wiring import Parts
from tests import people
from tests.clients.compiling import NATIVE, native_adapter
from tests.clients.conftest import RUN, nothing_tested_with, what_sqlite_lacks
from tests.clients.installing import ADAPTERS
from tests.clients.places import Place, answered, met, place_of, problem_of, statuses, step, unpackable
from tests.clients.proxy import Fault, Once, proxied
from tests.clients.readers import Node
from tests.streams import DEADLINE_S, until

BODY_BYTES_MAX = 4_000


async def test_an_answer_that_is_lost_is_asked_for_again_by_the_loop_itself(place: Place) -> None:
    async with proxied(place.address) as proxy:
        phone = await place.phone(address=proxy.address)
        titled = step(phone, place, "Book the ferry")
        weather = proxy.weather = Once(Fault.UNANSWERED, "POST", "/v1/sync")
        await phone.sync()

        assert weather.happened
        assert (phone.pending(), phone.outcome().status) == (0, "duplicate")
        assert phone.record(titled).version > 0
        assert await place.titles() == ["Book the ferry"]


@pytest.mark.parametrize("keeper", ["file", "SQLite"])
async def test_an_app_that_is_killed_in_the_middle_of_a_push_goes_on_from_what_it_kept(
    place: Place, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str, keeper: str
) -> None:
    if keeper == "SQLite" and (missing := what_sqlite_lacks(RUN)):
        nothing_tested_with("the native adapter's keeper in SQLite", missing)
    compiled = native_adapter(tmp_path_factory, worker_id)
    place.node = Node(compiled, tmp_path)
    phone = await place.phone(keeper=keeper)
    titled = step(phone, place, "Book the ferry")
    phone.tell("hold")
    heads = await place.home.heads()
    sent = place.node.told("sync", device=phone.someone.device)
    async with asyncio.timeout(DEADLINE_S):
        while await place.home.heads() == heads:  # noqa: ASYNC110 - the server is waited for
            await asyncio.sleep(0.01)
    place.node.kill()
    assert isinstance(sent.exception(), AssertionError), "nobody was told what came of it"

    node = Node(compiled, tmp_path)
    phone.moved_to(node)
    assert phone.pending() == 1, "it was on the disk before it was sent"
    assert phone.fields(titled)["title"] == "Book the ferry"
    await phone.sync()
    assert (phone.pending(), phone.outcome().status) == (0, "duplicate")
    assert await place.titles() == ["Book the ferry"]
    node.end()


async def test_a_token_that_opens_nothing_leaves_base_and_outbox_as_they_are(place: Place) -> None:
    phone = await place.phone()
    step(phone, place, "Book the ferry")
    held, good = phone.holds(), phone.someone.token
    phone.tell("sign", token=f"{good[:-4]}none")
    phone.begin_again()

    assert await problem_of(phone) == (401, "unauthenticated")
    assert (phone.pending(), phone.holds()) == (1, held)
    assert statuses(phone)[-1] == 401, "once: no waiting mends it"
    phone.tell("sign", token=good)
    phone.begin_again()
    await phone.sync()
    assert await place.titles() == ["Book the ferry"]


async def test_without_the_consent_it_pulls_and_keeps_what_waits(place: Place) -> None:
    phone, home = await place.phone(), place.home
    kept = phone.edit("check_in", local_date="2026-11-20", text="A day of my own.")
    await people.consent(home.client, home.ana, "core_sensitive", given=False)
    home.b1.edit("goal", home.goal, notes="Ben's words.")
    await home.b1.sync()

    assert await problem_of(phone) == (403, "consent_needed")
    assert phone.fields(home.goal)["notes"] == "Ben's words."
    assert phone.pending() == 1
    await people.consent(home.client, home.ana, "core_sensitive")
    await phone.sync()
    assert phone.pending() == 0
    assert phone.record(kept).version > 0


async def test_a_request_that_is_too_large_goes_in_halves(client: httpx.AsyncClient, parts: Parts, node: Node) -> None:
    """So small is no server's bound; words that hardly can be packed fill it soon, and one edit does so alone."""
    async with place_of(client, parts, node, bounds=Bounds(body_bytes_max=BODY_BYTES_MAX)) as place:
        phone = await place.phone()
        days = [
            phone.edit("check_in", local_date=f"2026-11-{day:02}", text=unpackable(day, 500)) for day in range(1, 21)
        ]
        long = phone.edit("check_in", local_date="2026-11-21", text=unpackable(21, 4 * BODY_BYTES_MAX))
        await phone.sync()

        sent = met(phone)["sent"]
        assert 413 in statuses(phone)
        assert any(each["packed"] for each in sent)
        assert phone.pending() == 0
        assert all(phone.record(each).version > 0 for each in days)
        [aside] = phone.tell("aside")
        assert (aside["change"]["id"], aside["change"]["set"]["text"][:4]) == (str(long), "0021")
        assert aside["said"]


async def test_an_app_that_is_too_old_keeps_its_outbox(place: Place) -> None:
    phone, parts = await place.phone(), cast("Parts", place.app.state.parts)
    step(phone, place, "Book the ferry")
    settings = msgspec.structs.replace(parts.settings, schema_min=2)
    place.app.state.parts = msgspec.structs.replace(parts, settings=settings)

    assert await problem_of(phone) == (426, "schema_too_old")
    assert phone.pending() == 1
    place.app.state.parts = parts
    await phone.sync()
    assert await place.titles() == ["Book the ferry"]


async def test_it_waits_as_long_as_it_is_told(place: Place) -> None:
    phone = await place.phone()
    step(phone, place, "Book the ferry")
    place.gate.answers("/v1/sync", 429, "too_many_tries", retry_after="40")
    place.gate.answers("/v1/sync", 503, "busy", retry_after="80")
    await phone.sync()

    first, second = met(phone)["paused"]
    assert 40_000 <= first <= 50_000
    assert 80_000 <= second <= 100_000
    assert await place.titles() == ["Book the ferry"]


async def test_its_pauses_grow_to_a_minute_and_are_never_equal(place: Place) -> None:
    phone = await place.phone(tries=12)
    step(phone, place, "Book the ferry")
    for _ in range(11):
        place.gate.answers("/v1/sync", 500, "internal")
    await phone.sync()

    paused = met(phone)["paused"]
    assert len(set(paused)) == len(paused) == 11
    for nth, each in enumerate(paused):
        whole = min(1_000 * 2**nth, 60_000)
        assert whole / 2 <= each <= whole
    assert phone.pending() == 0
    for _ in range(20):
        place.gate.answers("/v1/sync", 500, "internal")
    assert await problem_of(phone) == (500, "internal"), "there is an end to each sync"
    assert len(place.gate.next["/v1/sync"]) == 20 - 12


async def test_a_change_that_no_server_reads_is_put_aside_with_a_word(place: Place) -> None:
    phone = await place.phone()
    step(phone, place, "Before.")
    words = {
        "key": "9c1e0000-0000-4000-8000-000000000001",
        "kind": "step",
        "id": "none",
        "set": {"title": "Malformed."},
    }
    phone.tell("keep", change=words, made_ms=0)
    step(phone, place, "After.")
    await phone.sync()

    assert await place.titles() == ["After.", "Before."]
    [aside] = phone.tell("aside")
    assert aside["change"]["set"] == {"title": "Malformed."}
    assert aside["said"].startswith("The request is not well formed. ")
    phone.begin_again()
    assert phone.tell("aside") == [aside], "until its person has read it"
    phone.tell("call", method="putAway", args=[aside["change"]["key"]])
    phone.begin_again()
    assert phone.tell("aside") == []


async def test_an_answer_that_was_overtaken_is_not_taken(place: Place) -> None:
    phone = await place.phone()
    home = place.home
    phone.tell("hold")
    step(phone, place, "Book the ferry")
    syncing = phone.node.told("sync", device=phone.someone.device)
    await until(lambda: len(answered(phone)) > 1)
    home.b1.edit("goal", home.goal, notes="Written meanwhile.")
    await home.b1.sync()
    await phone.page()
    cursor = phone.device.replica.cursor
    phone.tell("release")

    assert len((await phone.node.waited_for(syncing))["heard"]) == 2
    assert statuses(phone)[1:] == [200, 200], "it asked again"
    assert phone.device.replica.cursor == cursor
    assert phone.fields(home.goal)["notes"] == "Written meanwhile."
    assert phone.holds() == await home.holds(home.ana)


async def test_a_network_that_answers_in_haven_s_place_is_none(place: Place) -> None:
    phone = await place.phone()
    step(phone, place, "Book the ferry")
    place.gate.says("/v1/sync", 200, b"<html>Welcome to our hotel.</html>", content_type="text/html")
    place.gate.says("/v1/sync", 200, b'{"welcome": true}')
    await phone.sync()
    assert len(met(phone)["paused"]) == 2
    assert await place.titles() == ["Book the ferry"]


async def test_what_cannot_be_kept_was_not_edited(place: Place) -> None:
    phone = await place.phone()
    step(phone, place, "Kept.")
    phone.tell("block_disk")
    with pytest.raises(AssertionError, match="This could not be kept"):
        step(phone, place, "Not kept.")
    assert [each.fields["title"] for each in phone.all("step")] == ["Kept."]
    phone.tell("free_disk")
    step(phone, place, "Kept, too.")
    phone.begin_again()
    await phone.sync()
    assert await place.titles() == ["Kept, too.", "Kept."]


async def test_a_file_is_one_person_s(place: Place) -> None:
    phone, home = await place.phone(), place.home
    bens = await people.another_device(home.client, home.ben)
    with pytest.raises(AssertionError, match="belongs to another person"):
        phone.tell("begin", **phone.how | {"token": bens.token}, person=home.ben.id)


async def test_of_a_keepsake_that_was_let_go_nothing_stays(place: Place) -> None:
    phone, home = await place.phone(), place.home
    home.b1.edit("goal", home.goal, notes="Words of both.")
    await home.b1.sync()
    await phone.sync()
    await people.ok(people.part(home.client, home.ana, home.couple))
    await phone.sync()
    assert b"Words of both." in phone.database_bytes(), "it is kept until it is let go"
    path = f"/v1/couples/{home.couple}/keepsake"
    await people.ok(home.client.delete(path, headers=home.ana.headers))
    await phone.sync()

    assert b"Words of both." not in phone.database_bytes()
    assert {each.home for each in phone.device.replica.spaces.values()} == {"personal"}
    assert {space for space, _ in phone.holds()} == set(phone.device.replica.spaces)


# The page -----------------------------------------------------------------------------------------------------------

PAGE = (ADAPTERS / "native.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"## An adapter to paste.*?```js\n(.+?)```", re.DOTALL)


async def test_the_app_of_the_page_runs_as_it_stands_there(
    place: Place, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> None:
    found = EXAMPLE.search(PAGE)
    assert found is not None
    shutil.copytree(native_adapter(tmp_path_factory, worker_id), tmp_path / "native")
    shutil.copy(NATIVE / "kinds.json", tmp_path / "native")
    ana = await people.another_device(place.home.client, place.home.ana)
    given = {"server": place.address, "token": ana.token, "person": str(ana.id)}
    begins = [f"const {name} = {msgspec.json.encode(value).decode()};" for name, value in given.items()]
    app = tmp_path / "app.mjs"
    app.write_text("\n".join([*begins, found[1], "await device.sync();", "stop();"]), encoding="utf-8")
    pipe = asyncio.subprocess.PIPE
    async with asyncio.timeout(DEADLINE_S):
        node = await asyncio.create_subprocess_exec("node", str(app), cwd=tmp_path, stdout=pipe, stderr=pipe)
        said, complaints = await node.communicate()

    assert (node.returncode, complaints.decode()) == (0, "")
    assert said.decode() == "A long walk.\n"
    await place.home.a1.sync()
    [entry] = place.home.a1.all("check_in")
    assert (entry.fields["text"], entry.fields["valence"]) == ("A long walk.", 2)
