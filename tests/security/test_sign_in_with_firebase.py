"""Signing in over HTTP where Firebase vouches: what is looked at closely, what is refused, and by which words."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from msgspec.structs import replace

from api.app import create_app
from api.firebase_issuer import FirebaseIssuer
from api.issuers import open_issuer
from api.migrate import utc_now
from api.oidc_issuer import OidcIssuer
from api.settings import Settings, SettingsUnfit
from api.wiring import Parts
from tests.conftest import app_client
from tests.security.google import PROJECT, Credential, FakeGoogle, claims, google, signed


@pytest.fixture
def fake() -> Iterator[FakeGoogle]:
    with google() as fake:
        yield fake


@pytest.fixture
async def client(parts: Parts, fake: FakeGoogle) -> AsyncIterator[httpx.AsyncClient]:
    issuer = FirebaseIssuer(
        PROJECT,
        ("apple.com",),
        credential=Credential(),
        certificates_url=f"{fake.base_url}/certificates",
        accounts_url=f"{fake.base_url}/accounts",
    )
    by_firebase = replace(parts, accounts=replace(parts.accounts, issuer=issuer), clock=utc_now)
    async with app_client(create_app(by_firebase)) as client:
        yield client
    issuer.close()


def token_of(subject: str, *, ago_s: int = 0, **differs: Any) -> str:
    now = datetime.now(UTC)
    return signed(claims(now, sub=subject, auth_time=int(now.timestamp()) - ago_s, **differs))


async def sign_in(client: httpx.AsyncClient, token: str, device: str) -> httpx.Response:
    wanted = {"identity_token": token, "device": device, "platform": "ios", "label": "Phone"}
    return await client.post("/v1/sign-in", json=wanted)


def looked_at(fake: FakeGoogle) -> int:
    return sum(path.startswith("/accounts") for path in fake.asked)


async def test_only_a_device_that_is_new_is_looked_at_closely(client: httpx.AsyncClient, fake: FakeGoogle) -> None:
    subject, device = str(uuid4()), str(uuid4())
    first = await sign_in(client, token_of(subject), device)
    assert (first.status_code, looked_at(fake)) == (200, 1)
    again = await sign_in(client, token_of(subject, ago_s=30 * 86_400), device)
    assert (again.status_code, looked_at(fake)) == (200, 1), "a known device needs no fresh proof, and no look"
    assert again.json()["person"] == first.json()["person"]
    other = await sign_in(client, token_of(subject), str(uuid4()))
    assert (other.status_code, looked_at(fake)) == (200, 2)


async def test_a5_who_is_revoked_gets_no_new_device_and_keeps_what_they_have(
    client: httpx.AsyncClient, fake: FakeGoogle
) -> None:
    subject, device = str(uuid4()), str(uuid4())
    signed_in = (await sign_in(client, token_of(subject), device)).json()
    fake.account = {"localId": subject, "disabled": True}
    refused = await sign_in(client, token_of(subject), str(uuid4()))
    assert (refused.status_code, refused.json()["type"]) == (401, "urn:haven:problem:identity_refused")
    bearer = {"Authorization": f"Bearer {signed_in['token']}"}
    assert (await client.get("/v1/me", headers=bearer)).status_code == 200
    asked = await client.post("/v1/exports", headers=bearer, json={"identity_token": token_of(subject)})
    assert asked.json()["type"] == "urn:haven:problem:identity_refused", (
        "whoever carries things off is looked at closely"
    )
    assert (await client.post("/v1/sign-out", headers=bearer)).status_code == 204, "leaving is easy"


async def test_a5_another_provider_is_told_kindly(client: httpx.AsyncClient) -> None:
    token = token_of(str(uuid4()), firebase={"sign_in_provider": "password"})
    answer = await sign_in(client, token, str(uuid4()))
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:haven:problem:provider_refused")
    assert "another of the ways" in answer.json()["detail"]


async def test_while_google_does_not_answer_it_is_said_and_not_held_against_anybody(
    client: httpx.AsyncClient, fake: FakeGoogle
) -> None:
    fake.broken = True
    for _ in range(40):
        answer = await sign_in(client, token_of(str(uuid4())), str(uuid4()))
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:haven:problem:unavailable")
        assert answer.headers["Retry-After"] == "10"
    fake.broken = False
    assert (await sign_in(client, token_of(str(uuid4())), str(uuid4()))).status_code == 200


async def test_a7_nobody_is_vouched_for_by_name_and_the_page_asks_for_a_sign_in(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/dev/identity", json={"subject": "Ana"})).status_code == 404
    page = await client.get("/delete-account")
    assert page.status_code == 200
    assert 'name="subject"' not in page.text


async def test_who_vouches_is_chosen_by_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {"HAVEN_IDENTITY": "oidc", "HAVEN_OIDC_ISSUER": "https://id.example.org", "HAVEN_OIDC_AUDIENCE": "haven"}
    async with open_issuer(Settings.read(chosen)) as issuer:
        assert isinstance(issuer, OidcIssuer)
    firebase = Settings.read({"HAVEN_IDENTITY": "firebase", "HAVEN_FIREBASE_PROJECT": PROJECT})
    with pytest.raises(SettingsUnfit, match="FIREBASE_AUTH_EMULATOR_HOST"):
        async with open_issuer(firebase, {"FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9099"}):
            raise AssertionError("it is not opened")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/at/all.json")
    with pytest.raises(SettingsUnfit, match="GOOGLE_APPLICATION_CREDENTIALS"):
        async with open_issuer(replace(firebase, google_credentials="/nowhere/at/all.json"), {}):
            raise AssertionError("it is not opened")
