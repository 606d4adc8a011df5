"""People for tests: signed in, consented and paired through the real routes, as an app does it."""

from typing import Any
from uuid import UUID, uuid4

import httpx
from msgspec import Struct

from domain.ids import DeviceId, PersonId

CONSENTED = ("core_sensitive", "pairing", "push", "summary_share")


class Person(Struct, frozen=True, kw_only=True):
    """Somebody with an account, on one of their devices."""

    subject: str
    name: str
    id: PersonId
    device: DeviceId
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


async def person(client: httpx.AsyncClient, name: str) -> Person:
    """Somebody new who has attested and consented to everything, and chosen this name."""
    someone = await signed_in(client, f"{name}-{uuid4()}", name)
    await attest_and_consent(client, someone)
    await ok(client.patch("/v1/me", headers=someone.headers, json={"chosen_name": name}))
    return someone


async def couple(client: httpx.AsyncClient, names: tuple[str, str] = ("Ana", "Ben")) -> tuple[Person, Person]:
    """Two new persons who are paired; the first invited."""
    inviter, redeemer = await person(client, names[0]), await person(client, names[1])
    await pair(client, inviter, redeemer)
    return inviter, redeemer


async def another_device(client: httpx.AsyncClient, someone: Person, device: UUID | None = None) -> Person:
    """The same person on a second phone."""
    return await signed_in(client, someone.subject, someone.name, device)


async def signed_in(client: httpx.AsyncClient, subject: str, name: str = "Ana", device: UUID | None = None) -> Person:
    """Whoever this identity is, on a new device or this one; without consents if the account is new."""
    answer = await ok(sign_in(client, await identity_token(client, subject), device or uuid4()))
    return Person(
        subject=subject,
        name=name,
        id=PersonId(UUID(answer["person"])),
        device=DeviceId(UUID(answer["device"])),
        token=answer["token"],
    )


async def identity_token(client: httpx.AsyncClient, subject: str) -> str:
    """What a provider gives to an app."""
    answer = await ok(client.post("/v1/dev/identity", json={"subject": subject}))
    token: str = answer["identity_token"]
    return token


async def sign_in(client: httpx.AsyncClient, token: str, device: UUID, **other: Any) -> httpx.Response:
    """Exchange an identity token for a device token."""
    asked = {"identity_token": token, "device": str(device), "platform": "ios", "label": "a phone"}
    return await client.post("/v1/sign-in", json=asked | other)


async def attest_and_consent(client: httpx.AsyncClient, someone: Person) -> None:
    """Attest to be an adult and consent to every purpose."""
    await ok(client.post("/v1/me/adult", headers=someone.headers, json={"method": "own_word"}))
    for purpose in CONSENTED:
        await consent(client, someone, purpose)


async def consent(client: httpx.AsyncClient, someone: Person, purpose: str, *, given: bool = True) -> None:
    """Give or withdraw one consent."""
    said = {"purpose": purpose, "text_version": 1, "given": given}
    await ok(client.post("/v1/me/consents", headers=someone.headers, json=said))


async def invite(client: httpx.AsyncClient, someone: Person) -> str:
    """A new code of this person."""
    code: str = (await ok(client.post("/v1/invitations", headers=someone.headers)))["code"]
    return code


async def redeem(client: httpx.AsyncClient, someone: Person, code: str) -> httpx.Response:
    """Try a code."""
    return await client.post("/v1/invitations/redeem", headers=someone.headers, json={"code": code})


async def confirm(client: httpx.AsyncClient, someone: Person, pairing: str) -> httpx.Response:
    """Say yes to a pairing."""
    return await client.post(f"/v1/pairings/{pairing}/confirm", headers=someone.headers)


async def pair(client: httpx.AsyncClient, inviter: Person, redeemer: Person) -> UUID:
    """Make two persons a couple and return its id."""
    pairing = (await ok(redeem(client, redeemer, await invite(client, inviter))))["id"]
    await ok(confirm(client, redeemer, pairing))
    return UUID((await ok(confirm(client, inviter, pairing)))["couple"]["id"])


async def part(client: httpx.AsyncClient, someone: Person, couple_id: UUID | str) -> httpx.Response:
    """Leave a couple."""
    return await client.post(f"/v1/couples/{couple_id}/part", headers=someone.headers)


async def me(client: httpx.AsyncClient, someone: Person) -> dict[str, Any]:
    """What `/v1/me` says about this person."""
    said: dict[str, Any] = (await ok(client.get("/v1/me", headers=someone.headers)))["me"]
    return said


async def ok(asking: Any) -> Any:
    """The JSON of an answer that must have succeeded."""
    answer: httpx.Response = await asking
    assert answer.status_code in (200, 204), (answer.status_code, answer.text)
    return answer.json() if answer.content else None
