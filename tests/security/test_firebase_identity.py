"""A2 to A5 with Google's own library: which ID tokens vouch for somebody, and which do not, whatever they say."""

import base64
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from api.auth import Identity, IdentityRefused, IdentityUnavailable, ProviderRefused
from api.firebase_issuer import FirebaseIssuer, IssuerUnusable
from tests.security.google import (
    KEY,
    KID,
    OTHER_KEY,
    PROJECT,
    Credential,
    FakeGoogle,
    certificate_of,
    claims,
    google,
    public_pem,
    signed,
)


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeGoogle]:
    with google() as fake:
        yield fake


@pytest.fixture
def issuer(fake: FakeGoogle) -> Iterator[FirebaseIssuer]:
    fake.asked.clear()
    fake.broken, fake.certificates = False, {KID: certificate_of(KEY)}
    fake.account = {"localId": "subject", "validSince": "0", "disabled": False}
    issuer = FirebaseIssuer(
        PROJECT,
        ("apple.com", "google.com"),
        credential=Credential(),
        certificates_url=f"{fake.base_url}/certificates",
        accounts_url=f"{fake.base_url}/accounts",
    )
    yield issuer
    issuer.close()


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


async def test_a_token_that_holds_names_its_person_and_when_they_proved_it(issuer: FirebaseIssuer) -> None:
    at = now()
    told = claims(at, auth_time=int(at.timestamp()) - 40)
    identity = await issuer.verify(signed(told), at)
    assert identity == Identity(f"https://securetoken.google.com/{PROJECT}", "subject", at - timedelta(seconds=40))


def unsigned(told: dict[str, Any]) -> str:
    parts = ({"alg": "none", "kid": KID, "typ": "JWT"}, told)
    return ".".join(base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in parts) + "."


def by_the_public_key(told: dict[str, Any]) -> str:
    """HS256 with what everybody knows as the secret; PyJWT itself would not sign so."""
    head = {"alg": "HS256", "kid": KID, "typ": "JWT"}
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in (head, told)]
    mark = hmac.new(public_pem(), b".".join(parts), "sha256").digest()
    return b".".join([*parts, base64.urlsafe_b64encode(mark).rstrip(b"=")]).decode()


def tampered(told: dict[str, Any]) -> str:
    head, body, signature = signed(told).split(".")
    other = json.loads(base64.urlsafe_b64decode(body + "==")) | {"sub": "somebody-else"}
    return f"{head}.{base64.urlsafe_b64encode(json.dumps(other).encode()).rstrip(b'=').decode()}.{signature}"


def seconds(offset: int) -> int:
    return int(now().timestamp()) + offset


A2 = {
    "unsigned": lambda: unsigned(claims(now())),
    "signed by the public key": lambda: by_the_public_key(claims(now())),
    "signed by another key": lambda: signed(claims(now()), key=OTHER_KEY),
    "for another app": lambda: signed(claims(now(), aud="another-project")),
    "by another issuer": lambda: signed(claims(now(), iss="https://securetoken.google.com/another-project")),
    "of nobody": lambda: signed(claims(now(), sub="")),
    "without a subject": lambda: signed(claims(now(), sub=None)),
    "of a subject of 129 characters": lambda: signed(claims(now(), sub="a" * 129)),
    "expired": lambda: signed(claims(now(), iat=seconds(-4000), exp=seconds(-11))),
    "from the future": lambda: signed(claims(now(), iat=seconds(20))),
    "proven in the future": lambda: signed(claims(now(), auth_time=seconds(20))),
    "without the time of the proof": lambda: signed(claims(now(), auth_time=None)),
    "with a time that is none": lambda: signed(claims(now(), auth_time="yesterday")),
    "without a provider": lambda: signed(claims(now(), firebase=None)),
    "tampered with": lambda: tampered(claims(now())),
    "no token at all": lambda: "quince.marmalade.jelly",
    "empty": lambda: "",
    "of 10 kB": lambda: signed(claims(now(), more="x" * 10_000)),
    "of another alphabet": lambda: "quitté.\udce9.x".encode("utf-8", "replace").decode(),
}


@pytest.mark.parametrize("what", A2)
async def test_a2_what_does_not_hold_is_refused(issuer: FirebaseIssuer, what: str) -> None:
    with pytest.raises(IdentityRefused):
        await issuer.verify(A2[what](), now())


async def test_a2_ten_seconds_of_skew_are_allowed(issuer: FirebaseIssuer) -> None:
    late = signed(claims(now(), iat=seconds(-3600), exp=seconds(-5), auth_time=seconds(-3600)))
    assert (await issuer.verify(late, now())).subject == "subject"
    early = signed(claims(now(), iat=seconds(5), auth_time=seconds(5)))
    assert (await issuer.verify(early, now())).subject == "subject"


@pytest.mark.parametrize("member", ["jku", "x5u"])
async def test_a3_a_key_is_looked_for_nowhere_but_at_google_s(
    issuer: FirebaseIssuer, fake: FakeGoogle, member: str
) -> None:
    told = signed(claims(now()), key=OTHER_KEY, **{"kid": "unknown", member: f"{fake.base_url}/listener"})
    with pytest.raises(IdentityRefused):
        await issuer.verify(told, now())
    assert "/listener" not in fake.asked


async def test_a3_a_key_that_a_token_brings_along_proves_nothing(issuer: FirebaseIssuer) -> None:
    brought = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(OTHER_KEY.public_key()))
    with pytest.raises(IdentityRefused):
        await issuer.verify(signed(claims(now()), key=OTHER_KEY, jwk=brought), now())


async def test_a4_a_token_of_another_sort_is_no_identity_token(issuer: FirebaseIssuer) -> None:
    custom = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit"
    cookie = f"https://session.firebase.google.com/{PROJECT}"
    device = f"h1.5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa001.{'A' * 43}"
    for told in (signed(claims(now(), aud=custom)), signed(claims(now(), iss=cookie)), device):
        with pytest.raises(IdentityRefused):
            await issuer.verify(told, now())


@pytest.mark.parametrize("provider", ["anonymous", "password", "custom"])
async def test_a5_only_those_vouch_who_may(issuer: FirebaseIssuer, provider: str) -> None:
    with pytest.raises(ProviderRefused):
        await issuer.verify(signed(claims(now(), firebase={"sign_in_provider": provider})), now())


@pytest.mark.usefixtures("issuer")
async def test_a5_anonymous_proves_nothing_whatever_an_operator_allows(fake: FakeGoogle) -> None:
    generous = FirebaseIssuer(
        PROJECT, ("anonymous",), credential=Credential(), certificates_url=f"{fake.base_url}/certificates"
    )
    try:
        with pytest.raises(ProviderRefused):
            await generous.verify(signed(claims(now(), firebase={"sign_in_provider": "anonymous"})), now())
    finally:
        generous.close()


@pytest.mark.parametrize(
    "account",
    [None, {"localId": "subject", "disabled": True}, {"localId": "subject", "validSince": "4000000000"}],
    ids=["gone", "switched off", "revoked"],
)
async def test_a5_who_is_switched_off_or_revoked_is_refused_where_it_is_looked_closely(
    issuer: FirebaseIssuer, fake: FakeGoogle, account: dict[str, Any] | None
) -> None:
    token = signed(claims(now()))
    fake.account = account
    assert (await issuer.verify(token, now())).subject == "subject", "nobody is asked about a device that is known"
    assert not any(path.startswith("/accounts") for path in fake.asked)
    with pytest.raises(IdentityRefused):
        await issuer.verify(token, now(), closely=True)
    assert any(path.startswith("/accounts") for path in fake.asked)


async def test_who_is_in_order_is_taken_where_it_is_looked_closely(issuer: FirebaseIssuer) -> None:
    assert (await issuer.verify(signed(claims(now())), now(), closely=True)).subject == "subject"


async def test_where_google_does_not_answer_nobody_is_refused_and_nobody_let_in(
    issuer: FirebaseIssuer, fake: FakeGoogle
) -> None:
    fake.broken = True
    with pytest.raises(IdentityUnavailable):
        await issuer.verify(signed(claims(now())), now())
    fake.broken = False
    assert (await issuer.verify(signed(claims(now())), now())).subject == "subject"
    fake.broken = True
    with pytest.raises(IdentityUnavailable):
        await issuer.verify(signed(claims(now())), now(), closely=True)


def test_a6_with_the_emulator_in_the_environment_firebase_vouches_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9099")
    with pytest.raises(IssuerUnusable, match="nobody has signed"):
        FirebaseIssuer(PROJECT, ("apple.com",), credential=Credential())


def test_a_machine_without_a_credential_says_so(tmp_path: Any) -> None:
    with pytest.raises(IssuerUnusable, match="GOOGLE_APPLICATION_CREDENTIALS"):
        FirebaseIssuer(PROJECT, ("apple.com",), key_file=tmp_path / "none.json")
