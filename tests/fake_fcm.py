"""A fake of Firebase Cloud Messaging on this machine: its HTTP v1 API, its errors word for word, and its bad days.

It also gives out access tokens, as Google's token endpoint does to a service account. It records every request, in
order.
"""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from msgspec import Struct
from msgspec.structs import replace

PROJECT: Final = "haven-test"
FCM_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"


class Reply(Struct, frozen=True, kw_only=True):
    """What to answer a request with, and how well; without a status nothing is answered."""

    status: int | None = 200
    body: bytes = b""
    headers: dict[str, str] = {}
    slow_s: float = 0.0
    """Before the answer begins."""
    held: asyncio.Event | None = None
    """The answer begins when this is set."""
    cut: int | None = None
    """Close the connection after so many bytes of the answer."""


def error(status: int, name: str, message: str, *details: dict[str, Any], **headers: str) -> Reply:
    """An error as Google writes it."""
    said = {"error": {"code": status, "message": message, "status": name, "details": list(details)}}
    return Reply(status=status, body=json.dumps(said).encode(), headers=headers)


def fcm(code: str) -> dict[str, Any]:
    """The detail by which FCM says its own code."""
    return {"@type": FCM_ERROR, "errorCode": code}


def about(field: str) -> dict[str, Any]:
    """The detail that names a field."""
    return {"@type": BAD_REQUEST, "fieldViolations": [{"field": field, "description": "is not valid"}]}


# Each row of the table, as FCM says it

UNREGISTERED: Final = error(404, "NOT_FOUND", "Requested entity was not found.", fcm("UNREGISTERED"))
NO_TOKEN: Final = error(
    400,
    "INVALID_ARGUMENT",
    "The registration token is not a valid FCM registration token",
    fcm("INVALID_ARGUMENT"),
)
NO_TOKEN_BY_FIELD: Final = error(
    400, "INVALID_ARGUMENT", "Invalid argument.", fcm("INVALID_ARGUMENT"), about("message.token")
)
NO_FID: Final = error(400, "INVALID_ARGUMENT", "Invalid argument.", fcm("INVALID_ARGUMENT"), about("message.fid"))
BAD_TTL: Final = error(
    400,
    "INVALID_ARGUMENT",
    "Invalid value at 'message.android.ttl'",
    fcm("INVALID_ARGUMENT"),
    about("message.android.ttl"),
)
BAD_JSON: Final = error(400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name.")
WRONG_SENDER: Final = error(403, "PERMISSION_DENIED", "SenderId mismatch", fcm("SENDER_ID_MISMATCH"))
QUOTA: Final = error(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric.", fcm("QUOTA_EXCEEDED"))
UNAVAILABLE: Final = error(503, "UNAVAILABLE", "The service is currently unavailable.", fcm("UNAVAILABLE"))
INTERNAL: Final = error(500, "INTERNAL", "Internal error encountered.", fcm("INTERNAL"))
THIRD_PARTY: Final = error(
    401,
    "UNAUTHENTICATED",
    "Auth error from APNS or Web Push Service",
    fcm("THIRD_PARTY_AUTH_ERROR"),
    {
        "@type": "type.googleapis.com/google.firebase.fcm.v1.ApnsError",
        "statusCode": 403,
        "reason": "InvalidProviderToken",
    },
)
UNAUTHENTICATED: Final = error(
    401, "UNAUTHENTICATED", "Request had invalid authentication credentials. Expected OAuth 2 access token."
)
NOT_ALLOWED: Final = error(403, "PERMISSION_DENIED", "Permission 'cloudmessaging.messages.create' denied.")
TOO_LATE: Final = error(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete.")
NO_PROJECT: Final = error(404, "NOT_FOUND", "Requested entity was not found.")

HANG: Final = Reply(status=None)
CLOSED: Final = Reply(cut=0)
BROKEN_JSON: Final = Reply(body=b'{"name": "projects/')
CUT_SHORT: Final = Reply(body=b'{"name": "projects/haven-test/messages/1"}', cut=80)
NOT_JSON: Final = Reply(body=b"<html>welcome to the hotel</html>", headers={"Content-Type": "text/html"})
EMPTY: Final = Reply(body=b"{}")
A_LIST: Final = Reply(body=b"[]")
GATEWAY: Final = Reply(status=502, body=b"<html>Bad Gateway</html>", headers={"Content-Type": "text/html"})
ODD_ERROR: Final = Reply(status=400, body=b'{"error": "no"}')


def after(reply: Reply, wait: str) -> Reply:
    """The same, asking to wait."""
    return replace(reply, headers={**reply.headers, "Retry-After": wait})


class FakeFcm:
    """What was asked, and what will be answered: to a target its own replies first, then its last one for good."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.sent: list[dict[str, Any]] = []
        """The bodies of all requests to send, in order, the library's inner tries among them."""
        self.came: list[bytes] = []
        """The same requests byte by byte, heads and all."""
        self.paths: list[str] = []
        self.tokens_shown: list[str] = []
        self.tokens_given = 0
        self.token_reply: Reply | None = None
        """What the token endpoint says instead of a token."""
        self.anything: Reply | None = None
        """What is answered to all requests whose target has no replies of its own."""
        self._replies: defaultdict[str, deque[Reply]] = defaultdict(deque)

    def answers(self, target: str, *replies: Reply) -> None:
        """Let a target, by its value, be answered so; the last for good."""
        self._replies[target] = deque(replies)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What was sent, without whom to."""
        return [
            {name: part for name, part in body["message"].items() if name not in ("token", "fid", "topic")}
            for body in self.sent
        ]

    @property
    def targets(self) -> list[str]:
        """To whom was sent, in order."""
        return [target_of(body["message"]) for body in self.sent]

    def reply(self, method: str, path: str, headers: dict[str, str], body: bytes, head: bytes = b"") -> Reply:
        """Note a request and choose its answer."""
        if path == "/token":
            self.tokens_given += 1
            return self.token_reply or Reply(
                body=json.dumps(
                    {"access_token": f"ya29.fake-{self.tokens_given}", "expires_in": 3599, "token_type": "Bearer"}
                ).encode()
            )
        self.paths.append(f"{method} {path}")
        if path != f"/v1/projects/{PROJECT}/messages:send" or method != "POST":
            return NO_PROJECT
        self.tokens_shown.append(headers.get("authorization", ""))
        asked = json.loads(body)
        self.sent.append(asked)
        self.came.append(head + body)
        replies = self._replies.get(target_of(asked["message"]))
        if replies:
            return replies.popleft() if len(replies) > 1 else replies[0]
        if self.anything is not None:
            return self.anything
        name = f"projects/{PROJECT}/messages/{len(self.sent)}"
        return Reply(body=json.dumps({"name": name}).encode())


def target_of(message: dict[str, Any]) -> str:
    """The value of the one target that a message has."""
    (value,) = (message[name] for name in ("token", "fid", "topic") if name in message)
    return str(value)


Fake = TypeVar("Fake", bound=FakeFcm)


@asynccontextmanager
async def faking(make: type[Fake] = FakeFcm) -> AsyncIterator[Fake]:  # type: ignore[assignment] # as good as one
    """A fake on a free port, until the end of the test."""
    connections: set[asyncio.Task[None]] = set()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await _served(fake, reader, writer):
                    pass
        finally:
            writer.close()
            connections.discard(task)

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    fake = make(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield fake
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


async def _served(fake: FakeFcm, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Answer one request; False when the connection is over."""
    head = await reader.readline()
    line = head.decode().split()
    if not line:
        return False
    headers: dict[str, str] = {}
    while (field := await reader.readline()).rstrip(b"\r\n"):
        head += field
        name, _, value = field.decode().rstrip("\r\n").partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    reply = fake.reply(line[0], line[1], headers, body, head + field)
    if reply.status is None:
        await asyncio.Event().wait()
    if reply.held is not None:
        await reply.held.wait()
    await asyncio.sleep(reply.slow_s)
    fields = {"Content-Type": "application/json; charset=UTF-8", **reply.headers, "Content-Length": len(reply.body)}
    head = f"HTTP/1.1 {reply.status} Whatever\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    written = head.encode() + b"\r\n" + reply.body
    writer.write(written[: reply.cut])
    await writer.drain()
    return reply.cut is None


def key_file(folder: Path, base_url: str) -> Path:
    """The JSON of a service account whose tokens the fake gives out."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    file = folder / "service-account.json"
    account = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "1",
        "private_key": pem,
        "client_email": f"haven@{PROJECT}.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": f"{base_url}/token",
    }
    file.write_text(json.dumps(account))
    return file


class StaticCredential:
    """A token that holds for ever."""

    valid = True
    token: str | None = "ya29.static"

    def refresh(self, _request: Any) -> None:
        """Nothing better is to be had."""
