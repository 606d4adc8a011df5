"""Haven's own client: a device over HTTP, whose edits are on disk before anything is sent."""

import asyncio
import gzip
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Self, cast
from uuid import UUID

import httpx
import msgspec
from msgspec import Struct

from api.device_store import DeviceStore
from domain import ids
from domain.ids import CoupleId, DeviceId, PersonId, RecordId, SpaceId
from domain.kinds import KINDS
from sync.replica import Replica
from sync.shelves import Shelves
from sync.wire import LIMIT_DEFAULT, Change, Outcome, SyncResponse

TRIES_MAX: Final = 5
"""Attempts at one request before the network is said to be away."""
WAIT_FIRST_S: Final = 0.5
WAIT_MAX_S: Final = 60.0
ROUNDS_MAX: Final = 1000
"""Requests in one sync; at 500 edits and records each, more than a life has."""
RETURNS_MAX: Final = 10
"""Attempts at one live stream in a row that brought nothing."""
SILENCE_MAX_S: Final = 70.0
"""A live stream that is silent for longer is dead: a heartbeat comes every 20 seconds."""
ASK_S: Final = 30.0
PACKED_BYTES_MIN: Final = 1024
"""Smaller bodies are sent as they are: they fit into one packet."""
PACKED_LEVEL: Final = 6

_TRY_LATER: Final = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)
_RESPONSES: Final = msgspec.json.Decoder(SyncResponse)

Sleep = Callable[[float], Awaitable[object]]


class OfflineError(Exception):
    """The server could not be reached; everything is kept, and trying again later will do."""


class TurnedAwayError(Exception):
    """The server said no to a whole request. `type` is the problem's slug, the text its own words to a person.

    `where` is the place in the request that is at fault, if one is.
    """

    def __init__(self, status: int, type_: str, title: str, detail: str, where: str = "") -> None:
        super().__init__(f"{title}. {detail}".strip() if detail else title)
        self.status = status
        self.type = type_
        self.where = where


class AnotherPersonError(Exception):
    """This file belongs to somebody else's device."""

    def __init__(self) -> None:
        super().__init__("This file belongs to another person's device. Choose another file for this person.")


class Hint(Struct, frozen=True):
    """There is news in this space: its newest version."""

    space: SpaceId
    head: int


class Synced(Struct, frozen=True):
    """What a sync came to: what was decided about this device's edits, and how many records were new here."""

    outcomes: tuple[Outcome, ...]
    news: int


class Client:
    """One device of one person, in one file.

    Edits need no network: they are on disk when the call returns. `http` may be any client with a base address;
    without one, the server of the last sign-in is asked. `now_ms` is this phone's clock in milliseconds since
    1970, which may be wrong. Close it, or use it as a context manager.
    """

    def __init__(
        self,
        file: Path,
        *,
        server: str | None = None,
        http: httpx.AsyncClient | None = None,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        chance: Callable[[int], bytes] = os.urandom,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.store = DeviceStore(file)
        self._given = http
        self._own: httpx.AsyncClient | None = None
        self._server = server
        self._now_ms, self._chance, self._sleep = now_ms, chance, sleep
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the file and the connections."""
        if self._own is not None:
            await self._own.aclose()
        self.store.close()

    @property
    def http(self) -> httpx.AsyncClient:
        """The connections; made when first needed, since an edit needs none."""
        if self._given is not None:
            return self._given
        if self._own is None:
            server = self._server or self.store.account.get("server", "")
            # Certificates take longer to load than a request takes; without TLS there are none to look at.
            self._own = httpx.AsyncClient(base_url=server, timeout=ASK_S, verify=not server.startswith("http://"))
        return self._own

    @property
    def replica(self) -> Replica | None:
        """The device as it stands, to look at; None before the first sign-in."""
        return self.store.replica

    # Signing in ------------------------------------------------------------------------------------------------

    async def sign_in(self, identity_token: str, *, label: str = "haven-device", platform: str = "other") -> None:
        """Exchange an identity token for this device's own token, which is kept in the file.

        A lost answer is harmless: the same device signs in again. Raise `AnotherPersonError` when the file holds
        somebody else's device.
        """
        device = self.store.account.get("device") or str(self._new())
        self.store.note(device=device)
        asked = {"identity_token": identity_token, "device": device, "platform": platform, "label": label}
        answer = await self._ask("POST", "/v1/sign-in", asked, again=True)
        person = PersonId(UUID(answer["person"]))
        present = self.replica
        if present is not None and present.person != person:
            with suppress(OfflineError, TurnedAwayError):
                # Nobody holds the device that was just signed in for them.
                await self._send("POST", "/v1/sign-out", again=True, token=answer["token"])
            raise AnotherPersonError
        # Only now: a mistyped address must not replace the one that this device has.
        self.store.note(token=answer["token"], server=self._server or self.store.account.get("server"))
        if present is None:
            self.store.begin(Replica(Shelves(person, DeviceId(UUID(answer["device"])))))

    async def sign_in_for_development(self, subject: str) -> None:
        """Sign in as anyone, as only a development server allows.

        Raise `AnotherPersonError`, and ask nobody, when the file holds the device of another name.
        """
        if self.store.account.get("subject", subject) != subject:
            raise AnotherPersonError
        await self.sign_in(await self.vouched_for_development(subject))
        self.store.note(subject=subject)

    async def vouched_for_development(self, subject: str) -> str:
        """Return a fresh identity token of anyone, as only a development server gives it."""
        vouched = await self._ask("POST", "/v1/dev/identity", {"subject": subject}, again=True)
        return str(vouched["identity_token"])

    async def begin(self, chosen_name: str) -> dict[str, Any]:
        """Attest to be an adult, consent to what is asked, take a name; return what `me` returns."""
        said: dict[str, Any] = (await self._ask("POST", "/v1/me/adult", {"method": "own_word"}, again=True))["me"]
        for consent in said["consents"]:
            if not consent["given"]:
                given = {"purpose": consent["purpose"], "text_version": consent["text_version"], "given": True}
                await self._ask("POST", "/v1/me/consents", given, again=True)
        if said["chosen_name"] != chosen_name:
            await self._ask("PATCH", "/v1/me", {"chosen_name": chosen_name}, again=True)
        return await self.me()

    # Editing, all of it without a network ----------------------------------------------------------------------

    def edit(
        self,
        kind: str,
        identity: RecordId | None,
        values: Mapping[str, Any],
        *,
        remove: bool | None = None,
        couple: CoupleId | None = None,
    ) -> Change | None:
        """Keep an edit, or a new record where `identity` is None; it is on disk when this returns.

        Return None when it says what is shown already; raise `EditRefusedError` for what the device can see not
        to be allowed.
        """
        table = KINDS.get(kind)
        now_ms, chance = self._now_ms(), self._chance(ids.CHANCE_BYTES)
        # A time in an id would tell the partner when something was written.
        personal = table is not None and table.home == "personal"
        new_id = ids.uuid7(now_ms, chance) if personal else ids.uuid4(chance)
        return self.store.change(
            lambda replica: replica.edit(
                kind,
                identity,
                dict(values),
                remove=remove,
                couple=couple,
                key=self._new(),
                new_id=new_id,
                made_ms=now_ms,
            )
        )

    def pick(self, identity: RecordId, field: str, keep: str) -> Change:
        """Keep this text and put away those that stood beside it."""
        now_ms = self._now_ms()
        return self.store.change(lambda replica: replica.pick(identity, field, keep, key=self._new(), made_ms=now_ms))

    def confirm_text(self, identity: RecordId, field: str) -> Change:
        """Say that a text which was joined from two is right."""
        now_ms = self._now_ms()
        return self.store.change(lambda replica: replica.confirm(identity, field, key=self._new(), made_ms=now_ms))

    # Syncing ---------------------------------------------------------------------------------------------------

    async def sync(self, *, limit: int = LIMIT_DEFAULT) -> Synced:
        """Send what waits and take in what is new, until there is neither.

        Raise `OfflineError` when the server cannot be reached, `TurnedAwayError` when it wants something else first.
        Everything taken in until then stays taken in.
        """
        outcomes: list[Outcome] = []
        news = 0
        async with self._turn:
            anew = False
            for _ in range(ROUNDS_MAX):
                try:
                    response = await self._round(limit)
                except TurnedAwayError as problem:
                    if anew or problem.where != "$.cursor":
                        raise
                    # As the server says: leave it out to begin anew. What waits here stays.
                    anew = True
                    self.store.change(lambda present: present.begin_anew())
                    continue
                outcomes += response.outcomes
                news += len(response.records) + len(response.gone)
                replica = self.replica
                if not response.more and (replica is None or not replica.waiting()):
                    break
        return Synced(tuple(outcomes), news)

    async def _round(self, limit: int) -> SyncResponse:
        replica = self.replica
        assert replica is not None, "nobody has signed in on this device"
        request = replica.request(self._now_ms(), limit=limit)
        # The same bytes at every attempt, so the same keys: what was stored already is told once more.
        answer = await self._send("POST", "/v1/sync", msgspec.json.encode(request), again=True)
        response = _RESPONSES.decode(answer.content)
        self.store.change(lambda present: present.receive(request, response, self._new))
        return response

    async def listen(self) -> AsyncIterator[Hint]:
        """Sync whenever there is news, and give each hint after its sync; end when the server says goodbye for good.

        A broken stream is taken up again. Raise `OfflineError` after ten attempts in a row that brought nothing.
        """
        silent = 0
        while silent < RETURNS_MAX:
            wait_s = min(WAIT_FIRST_S * 2**silent, WAIT_MAX_S)
            silent += 1
            try:
                async for event in self._events():
                    silent = 0
                    if event.name == "bye":
                        if event.told.get("why") != "restart":
                            return
                        wait_s = event.retry_ms / 1000
                    elif event.name == "hint":
                        hint = msgspec.convert(event.told, Hint)
                        if self._is_news(hint):
                            await self.sync()
                            yield hint
            except (httpx.TransportError, OfflineError):
                pass
            await self._sleep(wait_s)
        raise OfflineError("Haven cannot be reached at the moment.")

    def _is_news(self, hint: Hint) -> bool:
        """Whether this device stands elsewhere; behind the server or ahead of it (it may have gone back in time)."""
        replica = self.replica
        known = None if replica is None else replica.spaces.get(hint.space)
        return known is None or known.head != hint.head

    async def _events(self) -> AsyncIterator["_Event"]:
        timeout = httpx.Timeout(ASK_S, read=SILENCE_MAX_S)
        async with self.http.stream("GET", "/v1/live", headers=self._headers(), timeout=timeout) as answer:
            if answer.status_code in _TRY_LATER:
                return
            if not answer.is_success:
                await answer.aread()
                raise _turned_away(answer)
            event = _Event()
            async for line in answer.aiter_lines():
                if not line:
                    if event.name:
                        yield event
                    event = _Event()
                else:
                    event = event.with_line(line)

    # Calls that need the server --------------------------------------------------------------------------------

    async def me(self) -> dict[str, Any]:
        """Return who this person is and whom they are with, as `GET /v1/me` says under `me`."""
        said: dict[str, Any] = (await self._ask("GET", "/v1/me", again=True))["me"]
        return said

    async def invite(self) -> dict[str, Any]:
        """Make a code to pair with somebody; it replaces the one before."""
        return cast("dict[str, Any]", await self._ask("POST", "/v1/invitations"))

    async def redeem(self, code: str) -> dict[str, Any]:
        """Use a code; nobody is paired until both confirm."""
        return cast("dict[str, Any]", await self._ask("POST", "/v1/invitations/redeem", {"code": code}))

    async def confirm(self, pairing: UUID) -> dict[str, Any]:
        """Say yes to a pairing; `couple` in the answer is there once both have."""
        return cast("dict[str, Any]", await self._ask("POST", f"/v1/pairings/{pairing}/confirm", again=True))

    async def part(self, couple: UUID) -> None:
        """Leave a couple, at once and alone."""
        await self._ask("POST", f"/v1/couples/{couple}/part", again=True)

    async def reach(self, value: str, *, kind: str = "token", platform: str = "android") -> None:
        """Let this device be reached by push under what FCM calls it; it needs the consent `push`."""
        target = {"kind": kind, "value": value, "platform": platform}
        await self._ask("PUT", "/v1/devices/current/push-target", target, again=True)

    async def prompts(self) -> list[dict[str, Any]]:
        """Return what was sent to this person in the last 31 days, with its words, the newest first."""
        answer: dict[str, Any] = await self._ask("GET", "/v1/prompts", again=True)
        prompts: list[dict[str, Any]] = answer["prompts"]
        return prompts

    async def prompts_ahead(self) -> dict[str, Any]:
        """Return what would be sent to this person within a week, and why no more."""
        answer: dict[str, Any] = await self._ask("GET", "/v1/prompts/preview", again=True)
        return answer

    async def devices(self) -> list[dict[str, Any]]:
        """Return the devices that are or were signed in as this person, the oldest first."""
        return cast("list[dict[str, Any]]", (await self._ask("GET", "/v1/devices", again=True))["devices"])

    async def revoke(self, device: UUID, identity_token: str | None = None) -> None:
        """Shut one of one's own devices out for good; any other than this one wants a fresh `identity_token`."""
        proof = {} if identity_token is None else {"identity_token": identity_token}
        await self._ask("POST", f"/v1/devices/{device}/revoke", proof, again=True)

    async def earlier(self, kind: str, identity: RecordId, before: int | None = None) -> dict[str, Any]:
        """Return what a record held before, the newest first; with `more`, ask again `before` the last version."""
        below = "" if before is None else f"?before={before}"
        path = f"/v1/records/{kind}/{identity}/revisions{below}"
        return cast("dict[str, Any]", await self._ask("GET", path, again=True))

    async def purge(self, kind: str, identity: RecordId) -> None:
        """Destroy one's own words in a record for good, on the server and among the edits that wait here."""
        replica = self.replica
        known = replica is not None and any(row.id == identity for row in replica.rows())
        if known:
            await self._send("DELETE", f"/v1/records/{kind}/{identity}/words", again=True)
        self.store.change(lambda present: present.forget(identity))
        if known:
            await self.sync()

    # Below -----------------------------------------------------------------------------------------------------

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, again: bool = False) -> Any:
        """Send JSON and return the JSON of the answer."""
        answer = await self._send(method, path, None if body is None else msgspec.json.encode(body), again=again)
        return answer.json() if answer.content else None

    async def _send(
        self, method: str, path: str, body: bytes | None = None, *, again: bool, token: str | None = None
    ) -> httpx.Response:
        """Return a good answer; try a busy server again, and a silent one where `again` says that it does no harm.

        It is asked with this device's token, or with another that is named.
        """
        body, coding = _packed(body)
        headers = self._headers(token) | coding
        for nth in range(TRIES_MAX):
            wait_s = min(WAIT_FIRST_S * 2**nth, WAIT_MAX_S)
            try:
                answer = await self.http.request(method, path, content=body, headers=headers)
            except httpx.UnsupportedProtocol:
                raise OfflineError("Where is Haven? Give its address like this: http://127.0.0.1:8000") from None
            except httpx.TransportError as fault:
                if not (again or isinstance(fault, httpx.ConnectError)):
                    raise OfflineError("Haven did not answer; it may have done what was asked.") from None
            else:
                if answer.status_code not in _TRY_LATER:
                    if not answer.is_success:
                        raise _turned_away(answer)
                    return answer
                if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS and not again:
                    raise _turned_away(answer)
                wait_s = max(wait_s, _retry_after_s(answer))
            if nth + 1 < TRIES_MAX:
                await self._sleep(min(wait_s, WAIT_MAX_S))
        raise OfflineError("Haven cannot be reached at the moment. Everything is kept here.")

    def _headers(self, token: str | None = None) -> dict[str, str]:
        token = token or self.store.account.get("token")
        headers = {"Content-Type": "application/json"}
        return headers | ({} if token is None else {"Authorization": f"Bearer {token}"})

    def _new(self) -> UUID:
        return ids.uuid4(self._chance(ids.CHANCE_BYTES))


class _Event(Struct, frozen=True):
    """One server-sent event."""

    name: str = ""
    told: dict[str, Any] = {}
    retry_ms: int = 1000

    def with_line(self, line: str) -> "_Event":
        name, _, value = line.partition(": ")
        if name == "event":
            return msgspec.structs.replace(self, name=value)
        if name == "data":
            return msgspec.structs.replace(self, told=msgspec.json.decode(value, type=dict[str, Any]))
        if name == "retry" and value.isdigit():
            return msgspec.structs.replace(self, retry_ms=int(value))
        return self


def _packed(body: bytes | None) -> tuple[bytes | None, dict[str, str]]:
    """Return a body as it travels, with the header that says how."""
    if body is None or len(body) < PACKED_BYTES_MIN:
        return body, {}
    return gzip.compress(body, PACKED_LEVEL, mtime=0), {"Content-Encoding": "gzip"}


def _retry_after_s(answer: httpx.Response) -> float:
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.isdigit() else 0.0


def _turned_away(answer: httpx.Response) -> TurnedAwayError:
    try:
        said = answer.json()
        slug = str(said.get("type", "")).removeprefix("urn:haven:problem:")
        title, detail, where = (str(said.get(name) or "") for name in ("title", "detail", "where"))
        return TurnedAwayError(answer.status_code, slug, title, detail, where)
    except (ValueError, AttributeError):
        return TurnedAwayError(answer.status_code, "", f"The server answered {answer.status_code}", "")
