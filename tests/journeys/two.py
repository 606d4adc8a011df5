"""Ana and Ben of the stories: a couple with a phone each, on the real server, whose clock stands until it is moved.

Because the clock stands, what a person can read is the same to the byte for as long as nothing has changed for them.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import msgspec
from msgspec import UNSET, Struct

from api.giving import give
from api.wiring import Parts
from domain.kinds import KINDS
from sync.wire import Outcome
from tests import people
from tests.clocks import StillClock
from tests.journeys.phones import Home, Phone

ROUNDS_MAX = 50
"""Rounds of the worker after which it is thought to go in circles."""


class Answer(Struct, frozen=True):
    """All of an answer that travels."""

    asked: str
    status: int
    headers: list[tuple[str, str]]
    content: bytes


class Two:
    """A couple. `home` looks into what the server holds of it."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        parts: Parts,
        clock: StillClock,
        persons: tuple[people.Person, people.Person],
        couple: str,
    ) -> None:
        self.client, self.parts, self.clock, self.couple = client, parts, clock, couple
        self.home = Home(client, parts, Phone, *persons)
        self.ana, self.ben = self.home.a1, self.home.b1
        self._phones = [self.ana, self.ben]

    async def another_phone(self, of: Phone) -> Phone:
        """A second phone of the same person."""
        someone = await people.another_device(self.client, of.someone)
        phone = self.home.phone(self.client, someone, limit=500)
        self._phones.append(phone)
        return phone

    async def meet(self) -> None:
        """Let every phone bring what it has and learn what the others brought."""
        for _ in range(2):
            for phone in self._phones:
                await phone.sync()

    async def pass_time(self, *, days: int = 0, minutes: int = 0) -> None:
        """Let time pass for everyone, and the worker do what is due then."""
        self.clock.move(days=days, minutes=minutes)
        for phone in self._phones:
            phone.later(timedelta(days=days, minutes=minutes))
        for _ in range(ROUNDS_MAX):
            if not await give(self.parts, self.clock()):
                return
        raise AssertionError("the worker does not come to rest")

    def today(self, zone: str = "UTC", *, in_days: int = 0) -> str:
        return (self.now(zone) + timedelta(days=in_days)).date().isoformat()

    def now(self, zone: str = "UTC") -> datetime:
        return self.clock().astimezone(ZoneInfo(zone))

    # What a person can read ------------------------------------------------------------------------------------

    async def bytes_for(self, phone: Phone, *, kinds: bool = False) -> list[Answer]:
        """Every answer that this person can get without changing anything, by the byte, its headers too.

        The beginning and what is new of each protocol, their account and devices, and what stands behind each record
        that the phone holds. `kinds`: RxDB's collections one by one as well.
        """
        collections = ("records", *(KINDS if kinds else ()))
        paths = [
            "/v1/me",
            "/v1/devices",
            "/v1/prompts",
            "/v1/prompts/preview",
            "/v1/watermelon/sync?schema=1",
            *(f"/v1/rxdb/{each}/pull" for each in collections),
            *(f"/v1/records/{row.kind}/{row.id}/revisions" for row in phone.device.replica.rows()),
        ]
        answers = [await self._answer(phone, "GET", path) for path in paths]
        pulls = [{"schema": 1, "cursor": cursor} for cursor in (None, phone.device.replica.cursor)]
        return [*answers, *[await self._answer(phone, "POST", "/v1/sync", pull) for pull in pulls]]

    async def _answer(self, phone: Phone, method: str, path: str, body: Any = None) -> Answer:
        answer = await self.client.request(method, path, headers=phone.someone.headers, json=body)
        return Answer(f"{method} {path}", answer.status_code, list(answer.headers.multi_items()), answer.content)

    async def export_for(self, phone: Phone) -> dict[str, Any]:
        """What this person takes along, on this phone, after a fresh sign-in: `export.json`."""
        token = await people.identity_token(self.client, phone.someone.subject)
        asked = self.client.post("/v1/exports", headers=phone.someone.headers, json={"identity_token": token})
        export = (await people.ok(asked))["export"]
        fetched: dict[str, Any] = await people.ok(
            self.client.get(f"/v1/exports/{export}/json", headers=phone.someone.headers)
        )
        return fetched

    async def heads_for(self, phone: Phone) -> dict[str, int]:
        """How far each space of this person has counted, which is all that a hint says."""
        answer = await self._answer(phone, "POST", "/v1/sync", {"schema": 1})
        return {each["id"]: each["head"] for each in msgspec.json.decode(answer.content)["spaces"]}


def only(phone: Phone, kind: str) -> Any:
    """The one record of a kind that a phone shows."""
    (one,) = phone.all(kind)
    return one


def said(phone: Phone, kind: str) -> list[dict[str, Any]]:
    """The fields of every record of a kind that a phone shows, but the proof."""
    return [{name: value for name, value in each.fields.items() if name != "proof"} for each in phone.all(kind)]


async def told(
    phone: Phone, kind: str, identity: UUID | None = None, *, remove: bool | None = None, **values: Any
) -> Outcome:
    """What the server says to a change that no phone of ours would make."""
    row = next((row for row in phone.device.replica.rows() if row.id == identity), None)
    phone.device.force(
        kind,
        identity,
        couple=phone.device.replica.couple,
        base=0 if row is None else row.version,
        set={name: str(value) if isinstance(value, UUID) else value for name, value in values.items()},
        remove=UNSET if remove is None else remove,
    )
    await phone.sync()
    return phone.outcome()


def holds(phone: Phone, words: str) -> bool:
    """Whether these words have ever come to a phone, or lie on it."""
    return words.encode() in phone.bytes_received() + phone.database_bytes()


@asynccontextmanager
async def two_on(client: httpx.AsyncClient, parts: Parts, clock: StillClock) -> AsyncIterator[Two]:
    """A new couple."""
    persons = await people.couple(client)
    couple = (await people.me(client, persons[0]))["couple"]["id"]
    two = Two(client, parts, clock, persons, couple)
    await two.meet()
    yield two
