"""Hand messages to Firebase Cloud Messaging: the only module that sends.

Google's library is imported when a sender is opened: it takes 0.9 s and 50 MB, and most processes never send.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final, Protocol

from notifications.answers import (
    RETRY_AFTER_S_MAX,
    SLOW_DOWN_S,
    Accepted,
    Answer,
    Hold,
    NotLetIn,
    OurFault,
    SlowDown,
    TargetGone,
    TryLater,
    Unknown,
    WrongSender,
)
from notifications.messages import COLLAPSE_KEY, DATA, FORMS, LOC_KEY, TTL_S, Form, Kind, Platform, Target, form_of
from notifications.sending import note

BATCH_MAX: Final = 500
"""Messages at once. The library takes no more in a call, and each has a connection's turn to wait for."""
AT_ONCE_MAX: Final = 50
"""Of a batch under way at once. With all 500, a client without connections yet spends 6 s of CPU instead of 1.5."""
PATIENCE_S: Final = 20.0
"""For a whole batch. The library itself would wait two minutes for one answer."""
SEND_S_MAX: Final = 2 * PATIENCE_S
"""For all batches of a call together: whoever sends holds prompts by a lease, which is longer than this."""
REFRESH_S: Final = 10.0
"""For one request for an access token."""
BODY_BYTES_MAX: Final = 64 * 1024
"""Of an answer that is looked into."""
SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
"""All that a credential is asked for."""
GOOGLE: Final = "https://fcm.googleapis.com"

_NOWHERE: Final = "haven-push-test"
"""A topic to which nobody subscribes; it is only ever named in a rehearsal, which delivers nothing."""
_names = count(1)


class SenderUnusable(Exception):  # noqa: N818 - says what is the matter
    """Nothing can be sent as things are set; the sentence says why to an operator and names no secret."""


class Credential(Protocol):
    """As much of google-auth's credentials as is needed here."""

    token: str | None

    @property
    def valid(self) -> bool:
        """Whether the token opens anything, and will for some minutes."""
        ...

    def refresh(self, request: Any) -> None:
        """Fetch a token; blocks."""
        ...


@asynccontextmanager
async def open_sender(
    *, project: str, key_file: Path | None = None, base_url: str | None = None, credential: Credential | None = None
) -> AsyncIterator["Sender"]:
    """Open this process's one way to FCM, for the running loop alone, and close it.

    The credential is `credential`, or that of `key_file` (a service account's JSON), or what the machine has by itself
    (application default credentials). `base_url` is where a fake FCM answers, without a path. Raises SenderUnusable.
    """
    access = _Access(await asyncio.to_thread(_credential, key_file) if credential is None else credential)
    app, service = await asyncio.to_thread(_opened, project, access, base_url)
    try:
        yield Sender(app, access)
    finally:
        # The library would close its connections on a loop of its own, where they are not.
        await service._async_client.aclose()  # noqa: SLF001 - pinned by a test
        await asyncio.to_thread(_forget, app)


class Sender:
    """Sends each target the one message of its form, and says of each what FCM made of it. It logs counts alone."""

    def __init__(self, app: Any, access: "_Access") -> None:
        self._app = app
        self._access = access
        self._loop = asyncio.get_running_loop()
        self.patience_s = PATIENCE_S
        self.moment_s = time.monotonic

    async def send(self, targets: Sequence[Target], now: datetime) -> list[Answer]:
        """Send to any number of targets, 500 at a time, and return an answer for each, in their order.

        Never raises for what FCM or the way to it does. A batch takes 20 s at most; what has not been answered by
        then is `Unknown`, what has not begun is for later, and the next batch goes on, unless it could end later than
        40 s after the first began: then it is for later, too. `now` dates what a message says of its own expiry.
        """
        assert asyncio.get_running_loop() is self._loop, "the library's connections belong to one loop"
        answers: list[Answer] = []
        last_s = self.moment_s() + SEND_S_MAX / PATIENCE_S * self.patience_s - self.patience_s
        for begin in range(0, len(targets), BATCH_MAX):
            if self.moment_s() > last_s:
                answers += [TryLater() for _ in targets[begin:]]
                break
            batch = targets[begin : begin + BATCH_MAX]
            sends = [partial(self._sent, target, now) for target in batch]
            answers += await self._within_patience(sends)
        note(answers)
        return answers

    async def rehearse(self, now: datetime, targets: Sequence[Target] = ()) -> tuple[dict[Form, Answer], list[Answer]]:
        """Ask FCM whether it would take each form of message, and what it says of each target; nothing is delivered."""
        of_forms = [partial(self._rehearsed, form, "topic", _NOWHERE, now) for form in FORMS]
        of_targets = [
            partial(self._rehearsed, form, target.kind, target.value, now)
            for target in targets
            if (form := form_of(target)) is not None
        ]
        assert len(of_forms) + len(of_targets) <= BATCH_MAX
        answers = await self._within_patience([*of_forms, *of_targets])
        return dict(zip(FORMS, answers, strict=False)), answers[len(FORMS) :]

    async def _within_patience(self, sends: Sequence[Callable[[], Any]]) -> list[Answer]:
        # What never began was surely not taken.
        answers: list[Answer] = [TryLater() for _ in sends]
        turns = asyncio.Semaphore(AT_ONCE_MAX)

        async def one(nth: int) -> None:
            async with turns:
                answers[nth] = Unknown("timeout")
                answers[nth] = await sends[nth]()

        try:
            async with asyncio.timeout(self.patience_s):
                if not await self._access.renewed():
                    return [Unknown("no_credential") for _ in sends]
                # Each is a call of its own: of one answer that it cannot read the library makes a fault of the whole
                # call, and does not say any more which of the others were taken.
                async with asyncio.TaskGroup() as group:
                    for nth in range(len(sends)):
                        group.create_task(one(nth))
        except TimeoutError:
            pass
        return answers

    async def _sent(self, target: Target, now: datetime) -> Answer:
        form = form_of(target)
        if form is None:
            return OurFault()
        return await self._asked(_message(form, target.kind, target.value, now), target.platform, now, dry_run=False)

    async def _rehearsed(self, form: Form, kind: Kind | str, value: str, now: datetime) -> Answer:
        return await self._asked(_message(form, kind, value, now), _PLATFORM[form], now, dry_run=True)

    async def _asked(self, message: Any, platform: Platform, now: datetime, *, dry_run: bool) -> Answer:
        from firebase_admin import exceptions, messaging  # noqa: PLC0415 - see the head of this file

        try:
            batch = await messaging.send_each_async([message], dry_run=dry_run, app=self._app)
        except exceptions.FirebaseError as fault:
            return answer_of(fault, platform, now)
        except ValueError:
            # The library refuses to write such a message at all.
            return OurFault()
        said = batch.responses[0]
        if said.success:
            return Accepted()
        return Unknown("no_answer") if said.exception is None else answer_of(said.exception, platform, now)


# What is sent


def _message(form: Form, kind: Kind | str, value: str, now: datetime) -> Any:
    """Return the one message of a form; `kind` is the target's field: `fid`, `token`, or `topic` in a rehearsal."""
    from firebase_admin import messaging  # noqa: PLC0415

    message = messaging.Message(data=dict(DATA))
    # Its constructor warns of `token`, which every installation still has that was registered before this year.
    setattr(message, kind, value)
    match form:
        case "android":
            message.android = messaging.AndroidConfig(collapse_key=COLLAPSE_KEY, priority="normal", ttl=TTL_S)
        case "ios":
            message.apns = messaging.APNSConfig(
                headers={
                    "apns-push-type": "alert",
                    "apns-priority": "5",
                    "apns-collapse-id": COLLAPSE_KEY,
                    "apns-expiration": str(int(now.timestamp()) + TTL_S),
                },
                payload=messaging.APNSPayload(
                    messaging.Aps(
                        alert=messaging.ApsAlert(loc_key=LOC_KEY), mutable_content=True, thread_id=COLLAPSE_KEY
                    )
                ),
            )
        case "ios_hidden":
            message.apns = messaging.APNSConfig(
                headers={"apns-push-type": "background", "apns-priority": "5", "apns-collapse-id": COLLAPSE_KEY},
                payload=messaging.APNSPayload(messaging.Aps(content_available=True)),
            )
        case "web":
            message.webpush = messaging.WebpushConfig(
                headers={"TTL": str(TTL_S), "Urgency": "normal", "Topic": COLLAPSE_KEY}
            )
    return message


_PLATFORM: Final[Mapping[Form, Platform]] = {"android": "android", "ios": "ios", "ios_hidden": "ios", "web": "web"}


# What is answered


def answer_of(fault: Exception, platform: Platform, now: datetime) -> Answer:
    """Say what a fault of the library means. Its own text may repeat what was sent, and is not looked at.

    A target is only given up where FCM says by its own code that it is the target.
    """
    # By name, narrowest first: these classes are the library's, which stays unloaded where nothing is sent.
    row = next(_ROWS[each.__name__] for each in type(fault).__mro__ if each.__name__ in _ROWS)
    return row(getattr(fault, "http_response", None), platform, now)


def _unregistered(_response: Any, _platform: Platform, _now: datetime) -> Answer:
    return TargetGone()


def _wrong_sender(_response: Any, _platform: Platform, _now: datetime) -> Answer:
    return WrongSender()


def _not_understood(response: Any, _platform: Platform, _now: datetime) -> Answer:
    return TargetGone() if _is_about_the_target(response) else OurFault()


def _too_much(response: Any, _platform: Platform, now: datetime) -> Answer:
    asked_s = _retry_after_s(response, now)
    return SlowDown(SLOW_DOWN_S if asked_s is None else asked_s)


def _not_well(response: Any, _platform: Platform, now: datetime) -> Answer:
    return TryLater(_retry_after_s(response, now))


def _third_party(_response: Any, platform: Platform, _now: datetime) -> Answer:
    return NotLetIn() if platform == "android" else Hold(platform)


def _not_let_in(_response: Any, _platform: Platform, _now: datetime) -> Answer:
    return NotLetIn()


def _too_late(_response: Any, _platform: Platform, _now: datetime) -> Answer:
    return Unknown("timeout")


def _nothing_readable(_response: Any, _platform: Platform, _now: datetime) -> Answer:
    return Unknown("no_answer")


_ROWS: Final[Mapping[str, Callable[[Any, Platform, datetime], Answer]]] = {
    "UnregisteredError": _unregistered,
    "SenderIdMismatchError": _wrong_sender,
    "ThirdPartyAuthError": _third_party,
    "InvalidArgumentError": _not_understood,
    "FailedPreconditionError": _not_understood,
    "OutOfRangeError": _not_understood,
    "ResourceExhaustedError": _too_much,
    "UnavailableError": _not_well,
    "InternalError": _not_well,
    "UnauthenticatedError": _not_let_in,
    "PermissionDeniedError": _not_let_in,
    "NotFoundError": _not_let_in,
    "DeadlineExceededError": _too_late,
    "Exception": _nothing_readable,
}


def _is_about_the_target(response: Any) -> bool:
    """Tell whether a 400 is about the target: every field that it complains of, or else FCM's own sentence for it."""
    try:
        error = json.loads(response.content[:BODY_BYTES_MAX])["error"]
        fields = [
            violation.get("field")
            for detail in error.get("details", ())
            for violation in detail.get("fieldViolations", ())
        ]
        if fields:
            return all(field in _TARGET_FIELDS for field in fields)
        return "registration token" in str(error.get("message")).lower()
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


_TARGET_FIELDS: Final = frozenset({"message.token", "message.fid"})


def _retry_after_s(response: Any, now: datetime) -> float | None:
    """Return how many seconds FCM asks to wait, said as such or as a date (RFC 9110, 10.2.3); at most a day."""
    written = "" if response is None else response.headers.get("Retry-After", "").strip()
    if written.isascii() and written.isdecimal():
        return min(float(written), RETRY_AFTER_S_MAX)
    try:
        at = parsedate_to_datetime(written)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), RETRY_AFTER_S_MAX)


# The library, and who we are to it


class _Access:
    """The access token as the library's client asks for it. It is fetched before a batch, and off the loop.

    Left to itself, the library fetches tokens in the middle of a request and stops the loop meanwhile: once an hour,
    and after a 401 twice for each message.
    """

    valid = True

    def __init__(self, credential: Credential) -> None:
        self._credential = credential
        self._doubted = False
        self._turn = asyncio.Lock()

    async def renewed(self) -> bool:
        """Fetch a token unless there is one that holds; return whether there is."""
        from google.auth.transport.requests import Request  # noqa: PLC0415

        async with self._turn:
            if self._credential.valid and not self._doubted:
                return True
            try:
                await asyncio.to_thread(self._credential.refresh, partial(Request(), timeout=REFRESH_S))
            except Exception:  # noqa: BLE001 - of an answer that is none it raises what it stumbles over
                return False
            self._doubted = False
            return True

    def before_request(self, _request: object, _method: str, _url: str, headers: Any) -> None:
        """Show the token; called by the library."""
        headers["authorization"] = f"Bearer {self._credential.token}"

    def refresh(self, _request: object) -> None:
        """Note that FCM did not take the token, so that the next batch fetches another; called by the library."""
        self._doubted = True


def _credential(key_file: Path | None) -> Credential:
    import google.auth  # noqa: PLC0415
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
    from google.oauth2 import service_account  # noqa: PLC0415

    try:
        if key_file is not None:
            info = json.loads(key_file.read_bytes())
            if isinstance(info, dict) and info.get("type") == "service_account":
                read: Any = service_account.Credentials.from_service_account_info  # it has no types
                found: Credential = read(info, scopes=[SCOPE])
                return found
        # Keys of other types it reads from the same variable.
        default: Credential = google.auth.default(scopes=[SCOPE])[0]
    except OSError:
        raise SenderUnusable("The file that GOOGLE_APPLICATION_CREDENTIALS names cannot be read.") from None
    except (GoogleAuthError, ValueError):
        raise SenderUnusable(
            "No credential for FCM was found. GOOGLE_APPLICATION_CREDENTIALS names the key file of a service account;"
            " without it, the account of this machine is asked for, where it has one."
        ) from None
    return default


def _opened(project: str, access: _Access, base_url: str | None) -> tuple[Any, Any]:
    import firebase_admin  # noqa: PLC0415
    from firebase_admin import credentials, messaging  # noqa: PLC0415

    class Given(credentials.Base):  # type: ignore[misc] # the library has no types
        def get_credential(self) -> _Access:
            return access

    app = firebase_admin.initialize_app(Given(), {"projectId": project}, name=f"haven-{next(_names)}")
    service = messaging._get_messaging_service(app)  # noqa: SLF001 - there is no setting for it; pinned by a test
    if base_url is not None:
        assert service._fcm_url.startswith(GOOGLE), "else a fake would be passed by"  # noqa: SLF001
        service._fcm_url = service._fcm_url.replace(GOOGLE, base_url.rstrip("/"), 1)  # noqa: SLF001
    return app, service


def _forget(app: Any) -> None:
    import firebase_admin  # noqa: PLC0415

    firebase_admin.delete_app(app)
