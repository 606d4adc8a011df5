"""Google on this machine, as far as it vouches for people: certificates, accounts, and whoever signs tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from firebase_admin import credentials
from google.oauth2.credentials import Credentials

from tests.security.answering import answering

PROJECT = "haven-test"
KID = "quitte-1"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Credential(credentials.Base):  # type: ignore[misc]
    """A credential that is there already."""

    def get_credential(self) -> Any:
        return Credentials(token="ya29.test")


class FakeGoogle:
    """Answers for certificates and accounts, and remembers by whom it was asked what."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.asked: list[str] = []
        self.certificates = {KID: certificate_of(KEY)}
        self.account: dict[str, Any] | None = {"localId": "subject", "validSince": "0", "disabled": False}
        self.broken = False

    def answer(self, path: str) -> tuple[int, Any]:
        self.asked.append(path)
        if self.broken:
            return 503, {"error": {"message": "UNAVAILABLE"}}
        if path == "/certificates":
            return 200, self.certificates
        return 200, {"users": [] if self.account is None else [self.account]}


def certificate_of(key: rsa.RSAPrivateKey) -> str:
    """A certificate as Google publishes them."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "securetoken.system.gserviceaccount.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=10))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def public_pem(key: rsa.RSAPrivateKey = KEY) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def claims(now: datetime, **differs: Any) -> dict[str, Any]:
    """What Firebase says of somebody who has just signed in with Apple."""
    at = int(now.timestamp())
    told = {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": "subject",
        "iat": at,
        "exp": at + 3600,
        "auth_time": at,
        "firebase": {"sign_in_provider": "apple.com", "identities": {}},
    } | differs
    return {name: value for name, value in told.items() if value is not None}


def signed(told: dict[str, Any], *, key: Any = KEY, algorithm: str = "RS256", **header: Any) -> str:
    return jwt.encode(told, key, algorithm=algorithm, headers={"kid": KID, **header})


@contextmanager
def google() -> Iterator[FakeGoogle]:
    """Serve until the end of the block."""
    fake = FakeGoogle("")
    with answering(fake.answer) as fake.base_url:
        yield fake
