"""A server that can turn phones away, and phones whose device is the native adapter, with its own loop."""

import gzip
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from litestar import Litestar

from api.app import create_app
from api.edge import Application
from api.wiring import Parts
from domain.ids import RecordId
from tests import people
from tests.clients.readers import Node, ReaderPhone, TurnedAwayError, address_of
from tests.journeys.phones import Home, Phone, home_of
from tests.streams import serving, until

LIVE = "/v1/live"
SYNC = "/v1/sync"
PROBLEM = "application/problem+json"


Act = Callable[[Any, Any, Any], Awaitable[None]]
"""What is done with a request instead of letting it through: an application of ASGI."""


@dataclass
class Gate:
    """Stands before the server, and answers some of the next requests in its place."""

    server: Application
    next: dict[str, list[Act]] = field(default_factory=dict)
    judge: Callable[[dict[str, Any], int], Act | None] = lambda *_: None
    """Of a sync: what is done with it, by what it says and how many bytes it has on the line."""
    asked: Counter[str] = field(default_factory=Counter)

    def answers(self, path: str, status: int, type_: str, **headers: str) -> None:
        self.does(path, problem(status, type_, **headers))

    def says(self, path: str, status: int, body: bytes, **headers: str) -> None:
        self.does(path, said(status, body, **headers))

    def does(self, path: str, act: Act) -> None:
        self.next.setdefault(path, []).append(act)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        self.asked[path] += 1
        act = self.next[path].pop(0) if self.next.get(path) else None
        if act is None and path == SYNC:
            body = await whole(receive)
            packed = (b"content-encoding", b"gzip") in scope["headers"]
            act = self.judge(msgspec.json.decode(gzip.decompress(body) if packed else body), len(body))
            receive = with_body(body, receive)
        await (act or self.server)(scope, receive, send)


async def whole(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def with_body(body: bytes, receive: Any) -> Any:
    """Let a request be received once more."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Any:
        return messages.pop() if messages else await receive()

    return received


def said(status: int, body: bytes, **headers: str) -> Act:
    async def act(_: Any, __: Any, send: Any) -> None:
        await begun(send, status, **headers)
        await send({"type": "http.response.body", "body": body})

    return act


def problem(status: int, type_: str, where: str | None = None, **headers: str) -> Act:
    told = {"type": f"urn:haven:problem:{type_}", "title": "Not now", "detail": "Please come again."}
    body = msgspec.json.encode(told | ({} if where is None else {"where": where}))
    return said(status, body, content_type=PROBLEM, **headers)


async def begun(send: Any, status: int = 200, **headers: str) -> None:
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": told})


async def left(receive: Any) -> None:
    """Return when whoever asked has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Place:
    """A couple whose phones may have the adapter, which is hurried here, and a server that can turn them away."""

    def __init__(self, home: Home, gate: Gate, app: Litestar, address: str, node: Node) -> None:
        self.home, self.gate, self.app, self.address, self.node = home, gate, app, address, node

    async def phone(self, whose: str = "ana", **how: Any) -> ReaderPhone:
        """One more phone, which has pulled all there is."""
        owner = self.home.ana if whose == "ana" else self.home.ben
        someone = await people.another_device(self.home.client, owner)
        how = {"address": self.address, "limit": 500, "hurried": True} | how
        phone = ReaderPhone(self.node, how.pop("address"), self.home.client, someone, **how)
        await phone.sync()
        return phone

    async def titles(self) -> list[str]:
        """The steps that are stored, as Ben's phone shows them."""
        await self.home.b1.sync()
        return sorted(each.fields["title"] for each in self.home.b1.all("step"))


@asynccontextmanager
async def place_of(client: httpx.AsyncClient, parts: Parts, node: Node, **how: Any) -> AsyncIterator[Place]:
    app = create_app(parts)
    gate = Gate(app)
    async with home_of(client, parts) as home, serving(gate, **how) as server:
        yield Place(home, gate, app, address_of(server), node)


def step(phone: Phone, place: Place, title: str) -> RecordId:
    return phone.edit("step", goal=place.home.goal, title=title)


def met(phone: ReaderPhone) -> dict[str, Any]:
    said: dict[str, Any] = phone.tell("met")
    return said


def answered(phone: ReaderPhone) -> list[dict[str, Any]]:
    """What it asked and has heard the whole answer to."""
    return [each for each in met(phone)["sent"] if each["answered"]]


def statuses(phone: ReaderPhone) -> list[int]:
    return [each["status"] for each in answered(phone)]


async def problem_of(phone: ReaderPhone) -> tuple[int, str]:
    """What a sync is turned away with."""
    with pytest.raises(TurnedAwayError) as turned:
        await phone.sync()
    return turned.value.problem["status"], turned.value.problem["code"]


def unpackable(nth: int, length: int) -> str:
    """Words in which nothing comes again."""
    return f"{nth:04}" + Random(nth).randbytes(length // 2).hex()


async def shows(phone: ReaderPhone, identity: UUID | str, *, waits: bool | None = None, **fields: Any) -> None:
    """Return once it shows this of a record, without being asked to sync."""

    def does() -> bool:
        found = phone.tell("look", id=str(identity))
        return bool(found) and fields.items() <= found["fields"].items() and waits in (None, found["waits"])

    await until(does)
