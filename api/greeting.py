"""Say to the person who started Haven where it is and what to try: two people are signed in and paired for them."""

import asyncio
import json
import logging
import os
import shlex
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

import httpx
import msgspec
from msgspec import Struct

from api.app import create_app
from api.settings import Address
from api.wiring import Parts
from domain.couples import TEXT_VERSIONS

NAMES: Final = ("Ana", "Ben")
REACH_S: Final = 2.0
"""How long an address of this machine may take to answer before it is not told to anybody."""
_DEVICES: Final = UUID("6f1d1f0e-8f3c-4c39-9a52-5b0c7c0d3a11")
"""Names their two devices: the same at every start, so that their lists of devices stay short."""
_HERE: Final = {"0.0.0.0": ("127.0.0.1",), "::": ("127.0.0.1", "::1")}  # noqa: S104 - what somebody may choose
"""Where one's own machine is reached when every address is listened on; "::" may be of both families or one."""
_FAR: Final = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses of documentation (RFC 5737, RFC 3849), by which the system says from which of its own it would send."""


class _Phone(Struct, frozen=True):
    """One of the two, as remembered from start to start."""

    name: str
    subject: str
    device: UUID
    token: str


async def greeting(parts: Parts, public: Address, admin: Address, remembered: Path, data: str) -> list[str]:
    """Return the lines to print once Haven listens.

    `remembered` is the file (0600) that keeps the two people's tokens between starts. `data` says where everything
    is kept.
    """
    base = f"http://{await _reachable(public)}"
    return [
        "",
        f"  Haven is listening on  {base}",
        *await _for_phones(public),
        f"  API page               {base}/v1/docs",
        f"  Probes                 http://{await _reachable(admin)}/readyz",
        f"  Data                   {data}",
        *await _to_try(parts, base, remembered),
        "",
        "  Ctrl-C stops it; the next start finds everything again.",
        "",
    ]


async def _to_try(parts: Parts, base: str, remembered: Path) -> list[str]:
    unread = _unread(remembered)
    # What the two do here is nobody's request.
    logging.disable(logging.WARNING)
    try:
        transport = httpx.ASGITransport(app=create_app(parts))
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            for pair in _castings(remembered):
                with suppress(httpx.HTTPStatusError):
                    ana, ben = [await _known(client, phone) for phone in pair]
                    couple = await _paired(client, ana, ben)
                    _remember(remembered, [ana, ben])
                    return unread + _lines(base, ana, ben, couple)
    finally:
        logging.disable(logging.NOTSET)
    return ["", "  Ana and Ben could not be paired for you this time; POST /v1/dev/identity makes others."]


def _castings(remembered: Path) -> Iterator[Sequence[_Phone]]:
    """Yield who the two may be, best first: the next ones are for when somebody has played with these."""
    known = _recalled(remembered)
    yield known
    # Their phones were shut out for good.
    yield [msgspec.structs.replace(phone, device=uuid4(), token="") for phone in known]
    # They parted, are with others, or have signed in too often.
    yield [_Phone(name, f"make-run-{name.lower()}-{uuid4()}", uuid4(), "") for name in NAMES]


def _lines(base: str, ana: _Phone, ben: _Phone, couple: str) -> list[str]:
    note = {
        "key": str(uuid4()),
        "kind": "note_draft",
        "id": str(uuid4()),
        "set": {"for_couple": couple, "for_what": "the tea this morning", "send": True},
    }
    sending = json.dumps({"schema": 1, "changes": [note]}, separators=(",", ":"))
    # A shell may take the brackets of an IPv6 address for a pattern.
    me, sync = shlex.quote(f"{base}/v1/me"), shlex.quote(f"{base}/v1/sync")
    post = f"curl -s {sync} -H 'Content-Type: application/json'"
    return [
        "",
        "  Two people are signed in and paired. Paste these into another terminal:",
        "",
        f"ANA={ana.token}",
        f"BEN={ben.token}",
        "",
        "  Who Ana is; Ana gives Ben a note; what Ben's phone then fetches:",
        "",
        f'curl -s {me} -H "Authorization: Bearer $ANA"; echo',
        f"{post} -H \"Authorization: Bearer $ANA\" -d '{sending}'; echo",
        f'{post} -H "Authorization: Bearer $BEN" -d \'{{"schema":1}}\'; echo',
    ]


async def _known(client: httpx.AsyncClient, phone: _Phone) -> _Phone:
    """Return the phone with a token that works, signing in anew when the remembered one does not."""
    if phone.token and (await client.get("/v1/me", headers=_bearer(phone))).status_code == httpx.codes.OK:
        return phone
    vouched = await _post(client, "/v1/dev/identity", {"subject": phone.subject})
    asked = {
        "identity_token": vouched["identity_token"],
        "device": str(phone.device),
        "platform": "other",
        "label": "curl",
    }
    signed_in = msgspec.structs.replace(phone, token=(await _post(client, "/v1/sign-in", asked))["token"])
    await _post(client, "/v1/me/adult", {"method": "own_word"}, signed_in)
    for purpose, version in TEXT_VERSIONS.items():
        said = {"purpose": purpose, "text_version": version, "given": True}
        await _post(client, "/v1/me/consents", said, signed_in)
    named = await client.patch("/v1/me", json={"chosen_name": phone.name}, headers=_bearer(signed_in))
    named.raise_for_status()
    return signed_in


async def _paired(client: httpx.AsyncClient, ana: _Phone, ben: _Phone) -> str:
    """Return the id of their couple, made if need be; raise HTTPStatusError when they are not free for each other."""
    couple = await _couple_of(client, ana)
    if couple is None or couple != await _couple_of(client, ben):
        invited = await _post(client, "/v1/invitations", {}, ana)
        pairing = await _post(client, "/v1/invitations/redeem", {"code": invited["code"]}, ben)
        await _post(client, f"/v1/pairings/{pairing['id']}/confirm", {}, ben)
        couple = (await _post(client, f"/v1/pairings/{pairing['id']}/confirm", {}, ana))["couple"]["id"]
    return str(couple)


async def _couple_of(client: httpx.AsyncClient, phone: _Phone) -> str | None:
    answer = await client.get("/v1/me", headers=_bearer(phone))
    couple = answer.raise_for_status().json()["me"]["couple"]
    return None if couple is None else str(couple["id"])


async def _post(client: httpx.AsyncClient, path: str, body: dict[str, Any], phone: _Phone | None = None) -> Any:
    answer = await client.post(path, json=body, headers={} if phone is None else _bearer(phone))
    return answer.raise_for_status().json()


def _bearer(phone: _Phone) -> dict[str, str]:
    return {"Authorization": f"Bearer {phone.token}"}


def _recalled(remembered: Path) -> Sequence[_Phone]:
    """Return the two as the file has them; anew where it has none."""
    return _kept(remembered) or [_Phone(name, f"make-run-{name.lower()}", uuid5(_DEVICES, name), "") for name in NAMES]


def _unread(remembered: Path) -> list[str]:
    """Say that there was a file and nobody in it: the two may not be those that somebody played with."""
    if _kept(remembered) or not remembered.exists():
        return []
    return [
        "",
        f"  {remembered} cannot be read by this account, or is spoilt.",
        "  The two below may be others than at the last start; the file is written anew.",
    ]


def _kept(remembered: Path) -> Sequence[_Phone]:
    """Return the two as the file has them; nobody where there is no file, or one that cannot be read."""
    with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
        found = msgspec.json.decode(remembered.read_bytes(), type=list[_Phone])
        if [phone.name for phone in found] == list(NAMES):
            return found
    return []


def _remember(remembered: Path, phones: Sequence[_Phone]) -> None:
    draft = remembered.with_suffix(".draft")
    # Without it the two sign in anew next time, which is no reason not to name them now.
    with suppress(OSError):
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(phones))
        draft.replace(remembered)


async def _for_phones(public: Address) -> list[str]:
    if public.host not in _HERE:
        return []
    for family, far in _FAR:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((far, 9))  # nothing is sent
            own = Address(asking.getsockname()[0], public.port)
            if await _answers(own):
                return [f"  For phones nearby      http://{own}"]
    return []


async def _reachable(address: Address) -> Address:
    """Return an address at which this machine reaches what listens on `address`."""
    for host in _HERE.get(address.host, ()):
        here = Address(host, address.port)
        if await _answers(here):
            return here
    return address


async def _answers(address: Address) -> bool:
    try:
        async with asyncio.timeout(REACH_S):
            _, writer = await asyncio.open_connection(address.host, address.port)
    except OSError:
        return False
    writer.close()
    return True
