"""Whatever is sent to `/v1/sync`: an envelope that is wrong is a 400 with a place and a rule, a content that is
wrong is refused inside the 200 with its words kept, and nothing is ever half done."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from tests.people import Person, another_device, couple, me, ok, person, signed_in

CANARY = "zirbelkiefer"


@pytest.fixture
async def ana(client: httpx.AsyncClient) -> Person:
    return await person(client, "Ana")


def change(kind: str = "check_in", **parts: Any) -> dict[str, Any]:
    values = {"local_date": "2026-11-20", "text": "a plain day"} if kind == "check_in" else {}
    return {"key": str(uuid4()), "kind": kind, "id": str(uuid4()), "set": values} | parts


async def push(client: httpx.AsyncClient, someone: Person, *changes: Any, **envelope: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await ok(
        client.post("/v1/sync", headers=someone.headers, json={"schema": 1, "changes": list(changes)} | envelope)
    )
    return answer


async def post(client: httpx.AsyncClient, someone: Person, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return await client.post(
        "/v1/sync", headers=someone.headers | {"Content-Type": "application/json"} | headers, content=content
    )


def is_problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"].endswith((".", "?"))
    assert CANARY not in answer.text


WRONG_ENVELOPES: list[tuple[str, Any]] = [
    ("no schema", {"changes": []}),
    ("schema of zero", {"schema": 0}),
    ("a list", []),
    ("limit 0", {"schema": 1, "limit": 0}),
    ("limit -1", {"schema": 1, "limit": -1}),
    ("limit 1001", {"schema": 1, "limit": 1001}),
    ("limit as text", {"schema": 1, "limit": CANARY}),
    ("limit true", {"schema": 1, "limit": True}),
    ("501 changes", {"schema": 1, "changes": [change() for _ in range(501)]}),
    ("changes as object", {"schema": 1, "changes": {}}),
    ("a change as text", {"schema": 1, "changes": [CANARY]}),
    ("key missing", {"schema": 1, "changes": [{"kind": "step", "id": str(uuid4())}]}),
    ("nil key", {"schema": 1, "changes": [change(key=str(UUID(int=0)))]}),
    ("nil id", {"schema": 1, "changes": [change(id=str(UUID(int=0)))]}),
    ("16-character id", {"schema": 1, "changes": [change(id="abcdefghij012345")]}),
    ("id with words", {"schema": 1, "changes": [change(id=CANARY)]}),
    ("kind with a blank", {"schema": 1, "changes": [change(kind="check in")]}),
    ("kind with a NUL", {"schema": 1, "changes": [change(kind="check\x00in")]}),
    ("kind of 41 letters", {"schema": 1, "changes": [change(kind="a" * 41)]}),
    ("negative base", {"schema": 1, "changes": [change(base=-1)]}),
    ("base of 2^53", {"schema": 1, "changes": [change(base=2**53)]}),
    ("base of 5,000 digits", b'{"schema":1,"changes":[{"key":"%s","kind":"a","id":"%s","base":%s}]}'),
    ("negative age", {"schema": 1, "changes": [change(age_ms=-1)]}),
    ("age of 2^53", {"schema": 1, "changes": [change(age_ms=2**53)]}),
    ("set as list", {"schema": 1, "changes": [change(set=[])]}),
    ("200,000 names in set", {"schema": 1, "changes": [change(set={f"f{n}": 1 for n in range(65)})]}),
    ("remove as text", {"schema": 1, "changes": [change(remove="yes")]}),
    ("cursor of another", {"schema": 1, "cursor": CANARY}),
    ("cursor of 5,000 characters", {"schema": 1, "cursor": "k" * 5000}),
    ("cursor of no one", {"schema": 1, "cursor": "gA"}),
    ("deep nesting", b'{"schema":1,"changes":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    ("deep nesting in an unknown name", b'{"schema":1,"x":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}"),
    ("bad UTF-8", b'{"schema":1,"cursor":"\xff\xfe"}'),
    ("a byte order mark", b'\xef\xbb\xbf{"schema":1}'),
    ("UTF-16", '{"schema":1}'.encode("utf-16")),
    ("nothing", b""),
    ("cut", b'{"schema":1'),
    ("trailing", b'{"schema":1}{}'),
]


@pytest.mark.parametrize(("name", "body"), WRONG_ENVELOPES, ids=[name for name, _ in WRONG_ENVELOPES])
async def test_a_wrong_envelope_is_a_400_that_repeats_none_of_it(
    client: httpx.AsyncClient, ana: Person, name: str, body: Any
) -> None:
    if name == "base of 5,000 digits":
        body = body % (str(uuid4()).encode(), str(uuid4()).encode(), b"9" * 5000)
    good = change()
    changes = body.get("changes") if isinstance(body, dict) else None
    if isinstance(changes, list) and len(changes) == 1:
        body = body | {"changes": [good, *body["changes"]]}

    answer = await post(client, ana, body)

    is_problem(answer, 400)
    records = (await push(client, ana))["records"]
    assert [record["kind"] for record in records] == ["settings"], "nothing of the batch was stored"


@pytest.mark.parametrize("content_type", ["text/plain", "application/msgpack", "multipart/form-data", ""])
async def test_x8_another_content_type_is_a_415(client: httpx.AsyncClient, ana: Person, content_type: str) -> None:
    is_problem(await post(client, ana, {"schema": 1}, **{"Content-Type": content_type}), 415)


async def test_x8_another_charset_is_a_415_and_an_odd_accept_is_answered_in_json(
    client: httpx.AsyncClient, ana: Person
) -> None:
    wrong = {"Content-Type": "application/json; charset=utf-16"}
    is_problem(await post(client, ana, {"schema": 1}, **wrong), 415)
    answer = await post(client, ana, {"schema": 1}, Accept="text/html")
    assert answer.headers["content-type"] == "application/json"


async def test_x1_a_body_over_one_mebibyte_is_a_413(client: httpx.AsyncClient, ana: Person) -> None:
    is_problem(await post(client, ana, b'{"schema":1,"x":"' + b"a" * 1_048_576 + b'"}'), 413)


async def test_a_newer_app_may_send_more_than_this_server_knows(client: httpx.AsyncClient, ana: Person) -> None:
    answer = await post(client, ana, {"schema": 7, "mood_of_the_app": "fine"})
    assert answer.status_code == 200


async def test_what_is_malformed_is_told_before_what_is_not_consented(client: httpx.AsyncClient) -> None:
    somebody = await signed_in(client, f"somebody-{uuid4()}")
    body = {"schema": 1, "changes": [change(id=str(UUID(int=0)))]}
    answer = await client.post("/v1/sync", json=body, headers=somebody.headers)
    assert (answer.status_code, answer.json()["where"]) == (400, "$.changes[0].id")


async def test_a17_without_consent_nothing_is_stored_but_reading_works(client: httpx.AsyncClient) -> None:
    someone = await signed_in(client, f"new-{uuid4()}")

    is_problem(await post(client, someone, {"schema": 1, "changes": [change()]}), 403)

    assert [record["kind"] for record in (await push(client, someone))["records"]] == ["settings"]


async def test_without_a_token_nothing_is_answered(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/sync", json={"schema": 1})
    is_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


WRONG_CONTENTS: list[tuple[str, str, dict[str, Any], str, list[str]]] = [
    ("an unknown kind", "poem", {"text": CANARY}, "invalid", ["text"]),
    ("an unknown field", "check_in", {"local_date": "2026-11-20", "verse": CANARY}, "invalid", ["verse"]),
    ("a NUL in a text", "check_in", {"local_date": "2026-11-20", "text": CANARY + "\x00"}, "invalid", ["text"]),
    ("a tab in a text", "check_in", {"local_date": "2026-11-20", "text": CANARY + "\t"}, "invalid", ["text"]),
    ("a text that is too long", "check_in", {"local_date": "2026-11-20", "text": "a" * 2001}, "invalid", ["text"]),
    ("a number for a text", "check_in", {"local_date": "2026-11-20", "text": 7}, "invalid", []),
    ("1.0 for a number", "check_in", {"local_date": "2026-11-20", "valence": 1.0}, "invalid", []),
    ("true for a number", "check_in", {"local_date": "2026-11-20", "valence": True}, "invalid", []),
    ("2^63 for a number", "check_in", {"local_date": "2026-11-20", "valence": 2**63}, "invalid", []),
    ("a number beyond its bound", "check_in", {"local_date": "2026-11-20", "valence": 5}, "invalid", []),
    ("a day that is none", "check_in", {"local_date": "2026-02-30"}, "invalid", []),
    ("a day in year 9999", "check_in", {"local_date": "9999-12-31"}, "invalid", []),
    ("no day", "check_in", {"text": CANARY}, "invalid", ["text"]),
    ("too many needs", "check_in", {"local_date": "2026-11-20", "needs": ["a", "b", "c", "d"]}, "invalid", []),
    ("an author", "check_in", {"local_date": "2026-11-20", "author": str(uuid4())}, "server_owned", []),
    ("a version", "check_in", {"local_date": "2026-11-20", "version": 3}, "server_owned", []),
    ("a settings record", "settings", {"zone": "Europe/Berlin"}, "server_owned", []),
    ("a notice", "notice", {"code": "hello"}, "server_owned", []),
    ("a shown copy", "shown_check_in", {"text": CANARY}, "closed", []),
    ("a step without a couple", "step", {"goal": str(uuid4()), "title": CANARY}, "closed", ["title"]),
]


@pytest.mark.parametrize(
    ("kind", "values", "code", "kept"),
    [case[1:] for case in WRONG_CONTENTS],
    ids=[case[0] for case in WRONG_CONTENTS],
)
async def test_wrong_content_is_refused_inside_the_200_and_its_words_are_kept(
    client: httpx.AsyncClient, ana: Person, kind: str, values: dict[str, Any], code: str, kept: list[str]
) -> None:
    answer = await push(client, ana, change(), change(kind, set=values), change())

    statuses = [outcome["status"] for outcome in answer["outcomes"]]
    assert statuses == ["applied", "refused", "applied"]
    assert answer["outcomes"][1]["code"] == code
    boxes = [record for record in answer["records"] if record["kind"] == "unplaced"]
    assert [sorted(box["fields"]["words"]) for box in boxes] == ([kept] if kept else [])
    for box in boxes:
        assert box["id"] == answer["outcomes"][1]["unplaced"]
        assert box["fields"]["meant"] == kind
        assert {name: values[name] for name in kept} == box["fields"]["words"]


@pytest.mark.parametrize("zone", ["../x", "Nope/X", "America", "Europe/Berlin\x00", "", 7])
async def test_x9_a_zone_that_is_none_is_refused(client: httpx.AsyncClient, ana: Person, zone: Any) -> None:
    settings = (await push(client, ana))["records"][0]
    wrong = {"key": str(uuid4()), "kind": "settings", "id": settings["id"], "base": 1, "set": {"zone": zone}}
    assert (await push(client, ana, wrong))["outcomes"][0]["code"] == "invalid"


async def test_x5_half_an_emoji_does_not_block_the_queue(client: httpx.AsyncClient, ana: Person) -> None:
    body = msgspec.json.encode({"schema": 1, "changes": [change(set={"local_date": "2026-11-20", "text": "HALF"})]})

    answer = (await post(client, ana, body.replace(b"HALF", b"a \\ud83d b"))).json()

    assert answer["outcomes"][0]["status"] == "applied"
    assert [r["fields"]["text"] for r in answer["records"] if r["kind"] == "check_in"] == ["a \ufffd b"]


async def test_x10_ids_are_one_whatever_their_spelling(client: httpx.AsyncClient, ana: Person) -> None:
    first = change()
    key, identity = UUID(first["key"]), UUID(first["id"])
    await push(client, ana, first)

    again = await push(client, ana, first | {"key": str(key).upper(), "id": identity.hex})

    assert again["outcomes"][0]["status"] == "duplicate"
    assert again["outcomes"][0]["key"] == str(key)


async def test_x11_metacharacters_are_stored_as_they_are(client: httpx.AsyncClient, ana: Person) -> None:
    text = '\'; DROP TABLE record; -- {"a":1} <script>alert(1)</script> %0d%0a \\u0000 ${jndi} \u202e x'
    answer = await push(client, ana, change(set={"local_date": "2026-11-20", "text": text}))
    assert [r["fields"]["text"] for r in answer["records"] if r["kind"] == "check_in"] == [text]


async def test_r2_the_same_key_is_decided_once_a_device(client: httpx.AsyncClient, ana: Person) -> None:
    second = await another_device(client, ana)
    first = change()
    await push(client, ana, first)

    other_words = first | {"set": {"local_date": "2026-11-21", "text": "other words"}}
    again = await push(client, ana, other_words)
    elsewhere = await push(client, second, other_words | {"id": str(uuid4())})

    assert [each["outcomes"][0]["status"] for each in (again, elsewhere)] == ["duplicate", "applied"]
    texts = {r["fields"]["text"] for r in elsewhere["records"] if r["kind"] == "check_in"}
    assert texts == {"a plain day", "other words"}


async def test_x20_the_largest_legal_check_in_fits_the_caps_alone(client: httpx.AsyncClient, ana: Person) -> None:
    widest = "\U0001f9e1" * 2000
    largest = change(set={"local_date": "2026-11-20", "text": widest}, was={"text": widest})
    answer = await push(client, ana, largest)
    assert answer["outcomes"][0]["status"] == "applied"


async def test_x13_a_cursor_of_the_partner_is_no_cursor(client: httpx.AsyncClient) -> None:
    ana, ben = await couple(client)
    await push(client, ana, change(set={"local_date": "2026-11-20", "text": CANARY}))
    cursor = (await push(client, ana))["cursor"]

    answer = await post(client, ben, {"schema": 1, "cursor": cursor})

    is_problem(answer, 400)
    assert CANARY not in answer.text
    assert (await me(client, ana))["personal_space"] not in answer.text
