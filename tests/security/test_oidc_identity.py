"""A2 and A3 with any issuer of OpenID Connect: found by its discovery document, over TLS, and by no token's word."""

import ipaddress
import json
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from api.auth import Identity, IdentityRefused, IdentityUnavailable
from api.oidc_issuer import OidcIssuer
from tests.security.answering import Answer, answering

AUDIENCE = "haven-app"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
SECRET = "quince-marmalade-quince-marmalade-quince"


def published(key: Any, algorithm: str, kid: str) -> dict[str, Any]:
    sorts = {
        "RS256": jwt.algorithms.RSAAlgorithm,
        "ES256": jwt.algorithms.ECAlgorithm,
        "EdDSA": jwt.algorithms.OKPAlgorithm,
    }
    told: dict[str, Any] = json.loads(sorts[algorithm].to_jwk(key.public_key()))
    return told | {"kid": kid, "use": "sig", "alg": algorithm}


class FakeIssuer:
    """An issuer on this machine."""

    def __init__(self) -> None:
        self.base_url = ""
        self.asked: list[str] = []
        self.configuration: Callable[[], Answer] = lambda: (
            200,
            {"issuer": self.base_url, "jwks_uri": f"{self.base_url}/keys", "more": True},
        )
        self.keys: Answer = (
            200,
            {"keys": [published(RSA, "RS256", "r"), published(EC, "ES256", "e"), published(ED, "EdDSA", "o")]},
        )

    def answer(self, path: str) -> Answer:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return self.configuration()
        return self.keys if path == "/keys" else (404, {})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    written = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(written + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def fake(certificate: Path) -> Iterator[FakeIssuer]:
    fake = FakeIssuer()
    serves = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serves.load_cert_chain(certificate)
    with answering(fake.answer, serves) as fake.base_url:
        yield fake


@pytest.fixture
def trusts(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=certificate.read_text().partition("-----END PRIVATE KEY-----")[2].strip())


@pytest.fixture
def issuer(fake: FakeIssuer, trusts: ssl.SSLContext) -> OidcIssuer:
    return OidcIssuer(fake.base_url, AUDIENCE, tls=trusts)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def claims(fake: FakeIssuer, **differs: Any) -> dict[str, Any]:
    at = int(now().timestamp())
    told = {"iss": fake.base_url, "aud": AUDIENCE, "sub": "subject", "iat": at, "exp": at + 600, "auth_time": at - 7}
    return {name: value for name, value in (told | differs).items() if value is not None}


def signed(told: dict[str, Any], key: Any = RSA, algorithm: str = "RS256", kid: str | None = "r", **header: Any) -> str:
    return jwt.encode(told, key, algorithm=algorithm, headers={"kid": kid, **header} if kid else header)


@pytest.mark.parametrize(("key", "algorithm", "kid"), [(RSA, "RS256", "r"), (EC, "ES256", "e"), (ED, "EdDSA", "o")])
async def test_a_token_that_holds_names_its_person(
    issuer: OidcIssuer, fake: FakeIssuer, key: Any, algorithm: str, kid: str
) -> None:
    at = now()
    token = signed(claims(fake, auth_time=int(at.timestamp()) - 7), key, algorithm, kid)
    for _ in range(3):
        assert await issuer.verify(token, at) == Identity(fake.base_url, "subject", at - timedelta(seconds=7))
    assert fake.asked == ["/.well-known/openid-configuration", "/keys"], "each is asked for once"


@pytest.mark.parametrize(("later_s", "holds"), [(-11, False), (-10, True), (609, True), (610, False)])
async def test_the_callers_clock_decides(issuer: OidcIssuer, fake: FakeIssuer, later_s: int, *, holds: bool) -> None:
    """It was issued now and ends in ten minutes; ten seconds of skew are allowed."""
    told = claims(fake)
    at = datetime.fromtimestamp(told["iat"] + later_s, UTC)
    if holds:
        assert (await issuer.verify(signed(told), at)).subject == "subject"
    else:
        with pytest.raises(IdentityRefused):
            await issuer.verify(signed(told), at)


def a2(fake: FakeIssuer) -> dict[str, str]:
    told, other = claims(fake), rsa.generate_private_key(public_exponent=65537, key_size=2048)
    head, body, mark = signed(told).split(".")
    return {
        "unsigned": jwt.encode(told, None, algorithm="none", headers={"kid": "r"}),  # type: ignore[arg-type]
        "by a shared secret": signed(told, SECRET, "HS256"),
        "by another key": signed(told, other),
        "by a key of another sort": signed(told, EC, "ES256", "r"),
        "of no key": signed(told, kid=None),
        "of an unknown key": signed(told, kid="x"),
        "for another app": signed(told | {"aud": "another"}),
        "by another issuer": signed(told | {"iss": "https://id.example.org"}),
        "of nobody": signed(told | {"sub": ""}),
        "of a subject of 129 characters": signed(told | {"sub": "a" * 129}),
        "without the time of the proof": signed(claims(fake, auth_time=None)),
        "without an end": signed(claims(fake, exp=None)),
        "tampered with": f"{head}.{body[:-4]}AAAA.{mark}",
        "no token at all": "quince.marmalade.jelly",
        "empty": "",
        "of 10 kB": signed(told | {"more": "x" * 10_000}),
    }


A2 = (
    *("unsigned", "by a shared secret", "by another key", "by a key of another sort", "of no key", "of an unknown key"),
    *("for another app", "by another issuer", "of nobody", "of a subject of 129 characters"),
    *("without the time of the proof", "without an end", "tampered with", "no token at all", "empty", "of 10 kB"),
)


@pytest.mark.parametrize("what", A2)
async def test_a2_what_does_not_hold_is_refused(issuer: OidcIssuer, fake: FakeIssuer, what: str) -> None:
    with pytest.raises(IdentityRefused):
        await issuer.verify(a2(fake)[what], now())


@pytest.mark.parametrize("member", ["jku", "x5u"])
async def test_a3_a_key_is_looked_for_nowhere_else(issuer: OidcIssuer, fake: FakeIssuer, member: str) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(IdentityRefused):
        await issuer.verify(signed(claims(fake), other, kid="x", **{member: f"{fake.base_url}/listener"}), now())
    assert "/listener" not in fake.asked


async def test_a3_a_hundred_unknown_keys_ask_for_the_keys_once(issuer: OidcIssuer, fake: FakeIssuer) -> None:
    for nth in range(100):
        with pytest.raises(IdentityRefused):
            await issuer.verify(signed(claims(fake), kid=f"x{nth}"), now())
    assert fake.asked.count("/keys") == 1


def speaking(fake: FakeIssuer, **differs: Any) -> Answer:
    return 200, {"issuer": fake.base_url, "jwks_uri": f"{fake.base_url}/keys"} | differs


UNUSABLE: dict[str, Callable[[FakeIssuer], Answer]] = {
    "it does not answer": lambda _: (503, {}),
    "it speaks of another": lambda fake: speaking(fake, issuer="https://id.example.org"),
    "its keys are in clear": lambda fake: speaking(fake, jwks_uri="http://127.0.0.1:9/keys"),
    "it lacks its keys": lambda fake: (200, {"issuer": fake.base_url}),
    "it is huge": lambda fake: speaking(fake, more="x" * 300_000),
    "it leads elsewhere": lambda fake: (302, f"{fake.base_url}/elsewhere"),
}


@pytest.mark.parametrize("what", UNUSABLE)
async def test_an_issuer_that_cannot_be_found_vouches_for_nobody_and_is_asked_again(
    issuer: OidcIssuer, fake: FakeIssuer, what: str
) -> None:
    well, fake.configuration = fake.configuration, lambda: UNUSABLE[what](fake)
    with pytest.raises(IdentityUnavailable):
        await issuer.verify(signed(claims(fake)), now())
    assert "/elsewhere" not in fake.asked
    fake.configuration = well
    assert (await issuer.verify(signed(claims(fake)), now())).subject == "subject"


async def test_keys_that_cannot_be_had_refuse_nobody(issuer: OidcIssuer, fake: FakeIssuer) -> None:
    well, fake.keys = fake.keys, (503, {})
    with pytest.raises(IdentityUnavailable):
        await issuer.verify(signed(claims(fake)), now())
    fake.keys = well
    assert (await issuer.verify(signed(claims(fake)), now())).subject == "subject"


async def test_an_issuer_with_a_certificate_of_nobody_s_is_not_believed(fake: FakeIssuer) -> None:
    with pytest.raises(IdentityUnavailable):
        await OidcIssuer(fake.base_url, AUDIENCE).verify(signed(claims(fake)), now())
    assert fake.asked == []
