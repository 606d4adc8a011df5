"""Say to the person who started Haven where it is and what to try: two people are signed in and paired for them."""

import json
import logging
import os
import socket
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
_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - what somebody may choose
_DEVICES: Final = UUID("6f1d1f0e-8f3c-4c39-9a52-5b0c7c0d3a11")
"""Names their two devices: the same at every start, so that their lists of devices stay short."""


class _Phone(Struct, frozen=True):
    """One of the two, as remembered from start to start."""

    name: str
    device: UUID
    token: str


async def greeting(parts: Parts, public: Address, admin: Address, remembered: Path | None, data: str) -> list[str]:
    """Return the lines to print once Haven listens.

    `remembered` is the file (0600) that keeps the two people's tokens between starts; without one they sign in
    anew. `data` says where everything is kept.
    """
    base = f"http://{_reachable(public)}"
    return [
        "",
        f"  Haven is listening on  {base}",
        *_for_phones(public),
        f"  API page               {base}/v1/docs",
        f"  Probes                 http://{_reachable(admin)}/readyz",
        f"  Data                   {data}",
        *await _to_try(parts, base, remembered),
        "",
        "  Ctrl-C stops it; the next start finds everything again.",
        "",
    ]


async def _to_try(parts: Parts, base: str, remembered: Path | None) -> list[str]:
    # What the two do here is nobody's request.
    logging.disable(logging.WARNING)
    try:
        transport = httpx.ASGITransport(app=create_app(parts))
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            ana, ben = [await _known(client, phone) for phone in _recalled(remembered)]
            if remembered is not None:
                _remember(remembered, [ana, ben])
            couple = await _paired(client, ana, ben)
    except (httpx.HTTPStatusError, OSError):
        # Somebody has played with these two, or signed them in often; the API page says how to make others.
        return ["", "  Ana and Ben could not be paired for you this time; POST /v1/dev/identity makes others."]
    finally:
        logging.disable(logging.NOTSET)
    note = {
        "key": str(uuid4()),
        "kind": "note_draft",
        "id": str(uuid4()),
        "set": {"for_couple": couple, "for_what": "the tea this morning", "send": True},
    }
    sending = json.dumps({"schema": 1, "changes": [note]}, separators=(",", ":"))
    post = f"curl -s {base}/v1/sync -H 'Content-Type: application/json'"
    return [
        "",
        "  Two people are signed in and paired. Paste these into another terminal:",
        "",
        f"ANA={ana.token}",
        f"BEN={ben.token}",
        "",
        "  Who Ana is; Ana gives Ben a note; what Ben's phone then fetches:",
        "",
        f'curl -s {base}/v1/me -H "Authorization: Bearer $ANA"; echo',
        f"{post} -H \"Authorization: Bearer $ANA\" -d '{sending}'; echo",
        f'{post} -H "Authorization: Bearer $BEN" -d \'{{"schema":1}}\'; echo',
    ]


async def _known(client: httpx.AsyncClient, phone: _Phone) -> _Phone:
    """Return the phone with a token that works, signing in anew when the remembered one does not."""
    if phone.token and (await client.get("/v1/me", headers=_bearer(phone))).status_code == httpx.codes.OK:
        return phone
    vouched = await _post(client, "/v1/dev/identity", {"subject": f"make-run-{phone.name.lower()}"})
    asked = {
        "identity_token": vouched["identity_token"],
        "device": str(phone.device),
        "platform": "other",
        "label": "curl",
    }
    signed_in = _Phone(phone.name, phone.device, (await _post(client, "/v1/sign-in", asked))["token"])
    await _post(client, "/v1/me/adult", {"method": "own_word"}, signed_in)
    for purpose, version in TEXT_VERSIONS.items():
        said = {"purpose": purpose, "text_version": version, "given": True}
        await _post(client, "/v1/me/consents", said, signed_in)
    named = await client.patch("/v1/me", json={"chosen_name": phone.name}, headers=_bearer(signed_in))
    named.raise_for_status()
    return signed_in


async def _paired(client: httpx.AsyncClient, ana: _Phone, ben: _Phone) -> str:
    """Return the id of their couple, made if need be."""
    answer = await client.get("/v1/me", headers=_bearer(ana))
    couple = answer.raise_for_status().json()["me"]["couple"]
    if couple is None:
        invited = await _post(client, "/v1/invitations", {}, ana)
        pairing = await _post(client, "/v1/invitations/redeem", {"code": invited["code"]}, ben)
        await _post(client, f"/v1/pairings/{pairing['id']}/confirm", {}, ben)
        couple = (await _post(client, f"/v1/pairings/{pairing['id']}/confirm", {}, ana))["couple"]
    return str(couple["id"])


async def _post(client: httpx.AsyncClient, path: str, body: dict[str, Any], phone: _Phone | None = None) -> Any:
    answer = await client.post(path, json=body, headers={} if phone is None else _bearer(phone))
    return answer.raise_for_status().json()


def _bearer(phone: _Phone) -> dict[str, str]:
    return {"Authorization": f"Bearer {phone.token}"}


def _recalled(remembered: Path | None) -> list[_Phone]:
    new = [_Phone(name, uuid5(_DEVICES, name), "") for name in NAMES]
    if remembered is None:
        return new
    try:
        return msgspec.json.decode(remembered.read_bytes(), type=list[_Phone])
    except (OSError, msgspec.DecodeError):
        return new


def _remember(remembered: Path, phones: list[_Phone]) -> None:
    draft = remembered.with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(phones))
    draft.replace(remembered)


def _for_phones(public: Address) -> list[str]:
    if public.host not in _EVERYWHERE:
        return []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking, suppress(OSError):
        # Nothing is sent: the system only says which of its addresses would be used (RFC 5737's documentation net).
        asking.connect(("192.0.2.1", 9))
        return [f"  For phones nearby      http://{Address(asking.getsockname()[0], public.port)}"]
    return []


def _reachable(address: Address) -> Address:
    return Address("127.0.0.1", address.port) if address.host in _EVERYWHERE else address
