"""The examples of docs/protocol.md and the README are sent as they stand there, and answer what stands there."""

import asyncio
import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import people
from msgspec import Struct

from api.protocol_page import MARK, NAMED, VARIES, Example, examples, page
from api.wiring import Parts
from tests.streams import listening, served

PAGE = page()
SHELL = re.compile(r"^```sh\n(.+?)^```$", re.MULTILINE | re.DOTALL)
EVENT = re.compile(r"event: (\w+)\ndata: (.+)")
README = Path(__file__).resolve().parents[2] / "README.md"
CURL = Path(__file__).resolve().parents[1] / "curl.py"


class Known(Struct):
    """What the server gave so far, by the words that stand for it on the page."""

    values: dict[str, str] = {}

    def filled(self, text: str) -> str:
        return NAMED.sub(lambda found: self.values[found[0]], text)

    def compare(self, said: Any, answered: Any, where: str, *, in_full: bool) -> None:
        """Everything that the page says is in the answer; a name that is new on the page takes the answer's value."""
        match said:
            case dict():
                assert isinstance(answered, dict), where
                assert not in_full or not answered.keys() - said.keys(), (where, answered.keys() - said.keys())
                for name, value in said.items():
                    assert name in answered, f"{where}.{name}"
                    self.compare(value, answered[name], f"{where}.{name}", in_full=in_full)
            case list():
                assert isinstance(answered, list), where
                assert len(said) == len(answered), (where, answered)
                for nth, (value, other) in enumerate(zip(said, answered, strict=True)):
                    self.compare(value, other, f"{where}[{nth}]", in_full=in_full)
            case str() if said == VARIES:
                assert answered is not None, where
            case str() if NAMED.fullmatch(said):
                assert self.values.setdefault(said, answered) == answered, (where, said)
            case _:
                assert said == answered, (where, said, answered)

    def meet(self, name: str, who: people.Person) -> None:
        self.values |= {f"<{name}>": str(who.id), f"<{name}'s token>": who.token}


def test_every_marked_example_has_the_form_that_is_run() -> None:
    assert len(list(examples(PAGE))) == PAGE.count(MARK) > 25


async def test_the_examples_answer_what_stands_on_the_page(client: httpx.AsyncClient, parts: Parts) -> None:
    known = Known()
    known.meet("ben", await people.person(client, "Ben"))
    cleo = await people.person(client, "Cleo")
    known.meet("cleo", cleo)
    # Devices of one day are listed by id.
    tablet = await people.another_device(client, cleo, UUID(int=cleo.device.int + 1))
    known.values |= {
        "<cleo's phone>": str(cleo.device),
        "<cleo's tablet>": str(tablet.device),
        "<cleo's identity token>": await people.identity_token(client, cleo.subject),
    }
    dora, emil = await people.couple(client, ("Dora", "Emil"))
    known.meet("dora", dora)
    known.meet("emil", emil)
    known.values["<dora and emil>"] = (await people.me(client, dora))["couple"]["id"]
    fay = await people.person(client, "Fay")
    known.meet("fay", fay)
    known.values["<fay's identity token>"] = await people.identity_token(client, fay.subject)
    known.meet("gil", await who_asked_to_be_deleted(client, "Gil"))
    for example in examples(PAGE):
        if example.answer is not None and EVENT.match(example.answer):
            await hear(parts, known, example)
        else:
            await send(client, known, example)


async def who_asked_to_be_deleted(client: httpx.AsyncClient, name: str) -> people.Person:
    someone = await people.person(client, name)
    token = await people.identity_token(client, someone.subject)
    await people.ok(client.post("/v1/me/deletion", headers=someone.headers, json={"identity_token": token}))
    return await people.signed_in(client, someone.subject, device=someone.device)


def headers_of(known: Known, who: str) -> dict[str, str]:
    return {} if who == "anyone" else {"Authorization": "Bearer " + known.values[f"<{who}'s token>"]}


async def send(client: httpx.AsyncClient, known: Known, example: Example) -> None:
    answer = await client.request(
        example.method,
        known.filled(example.path),
        headers=headers_of(known, example.who),
        json=None if example.body is None else json.loads(known.filled(example.body)),
    )
    where = f"line {example.line}"
    assert answer.status_code == example.status, (where, answer.text)
    if example.answer is not None:
        known.compare(json.loads(example.answer), answer.json(), where, in_full=example.in_full)


async def hear(parts: Parts, known: Known, example: Example) -> None:
    assert example.answer is not None
    async with served(parts) as server, listening(server, headers=headers_of(known, example.who)) as heard:
        told = [(name, json.loads(known.filled(said))) for name, said in EVENT.findall(example.answer)]
        events = [await heard.event() for _ in told]
    # The spaces come in no particular order.
    for (name, said), event in zip(sorted(told, key=in_order), sorted(events, key=in_order), strict=True):
        assert event is not None
        assert event[0] == name
        known.compare(said, event[1], f"line {example.line}", in_full=True)


def in_order(event: Any) -> str:
    space: str = event[1]["space"]
    return space


async def test_the_lines_of_the_readme_do_what_it_says(parts: Parts) -> None:
    block = next(each for each in SHELL.findall(README.read_text(encoding="utf-8")) if each.startswith("send() {"))
    curl = shlex.join([sys.executable, str(CURL)])
    async with served(parts) as server:
        ana, ben = await people.couple(server)
        typed = block.replace("http://127.0.0.1:8000", str(server.base_url).rstrip("/")).replace("curl ", f"{curl} ")
        shell = await asyncio.create_subprocess_exec(
            "sh", "-ec", typed, env={"ANA": ana.token, "BEN": ben.token}, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await shell.communicate()
    assert shell.returncode == 0
    *written, fetched = map(json.loads, out.decode().splitlines())
    assert [answer["outcomes"][0]["status"] for answer in written] == ["applied", "duplicate"]
    assert [record["kind"] for record in fetched["records"]] == ["settings"]
    assert {space["home"]: space["head"] for space in fetched["spaces"]} == {"personal": 1, "couple": 0}
