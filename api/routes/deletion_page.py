"""The page on which somebody without the app has their account deleted, or keeps it: a few forms, no script.

Who signs in with OpenID Connect comes here by its form post, as `id_token`; in development the local issuer vouches for
a name. Nothing on the page tells whether there is an account.
"""

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import MediaType, Response, get, post
from litestar.exceptions import InternalServerException

from api import deleting, deletion_page
from api.accounts import identity_refused, vouched
from api.auth import IDENTITY_TOKEN_CHARS_MAX, LocalIssuer
from api.deletion_page import PATH
from api.errors import answer, malformed, problem_of, too_large, unsupported_media_type
from api.routes.deletion import tell
from api.routes.requests import Requested, address_of, parts_of

FORM: Final = "application/x-www-form-urlencoded"
FORM_BYTES_MAX: Final = 4 * IDENTITY_TOKEN_CHARS_MAX
FIELDS_MAX: Final = 8
SUBJECT_CHARS_MAX: Final = 128


def show_fault(request: Requested, fault: Exception) -> Response[str]:
    """Answer whatever went wrong as a page."""
    made = problem_of(fault)
    if made.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        answer(request, fault)
    if made.type in ("identity_refused", "fresh_sign_in_needed"):
        page = deletion_page.beginning(by_name=_by_name(request), said="Please sign in once more.")
    else:
        page = deletion_page.in_the_way(made.title, made.detail)
    return _html(page, made.status, made.headers)


@get(PATH, opt={"hidden": True}, exception_handlers={Exception: show_fault})
async def show(request: Requested) -> Response[str]:
    """Say what will happen, and ask who it is."""
    return _html(deletion_page.beginning(by_name=_by_name(request)))


@post(PATH, status_code=200, opt={"hidden": True, "secret": True}, exception_handlers={Exception: show_fault})
async def take(request: Requested) -> Response[str]:
    """Take one form after the other: who it is, then what they want."""
    parts = parts_of(request)
    form = await _form(request)
    token, act = form.get("id_token"), form.get("act")
    issuer, now = parts.accounts.issuer, parts.clock()
    if token is None and isinstance(issuer, LocalIssuer):
        token = issuer.vouch(_subject(form), now)
    if token is None:
        raise identity_refused()
    match act:
        case None:
            # That looks at the sign-in alone, and at no account.
            await vouched(parts.accounts, token, address_of(request), now)
            return _html(deletion_page.asking(token))
        case "delete":
            closed = await deleting.ask_by_identity(parts.accounts, token, address_of(request), now)
            tell(request, closed)
            return _html(deletion_page.deleted(closed.deletion.receipt))
        case "keep":
            await deleting.undo_by_identity(parts.accounts, token, address_of(request), now)
            return _html(deletion_page.kept())
    raise malformed("There is no such button on this page.")


async def _form(request: Requested) -> dict[str, str]:
    """Return the fields of a small form."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise unsupported_media_type()
    if request.headers.getall("content-encoding", []):
        raise unsupported_media_type()
    try:
        body = await request.body()
    except InternalServerException:
        raise malformed("The connection ended before the whole form had come.") from None
    if len(body) > FORM_BYTES_MAX:
        raise too_large()
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except ValueError:
        raise malformed("This is not a form of this page.") from None
    if len(dict(pairs)) != len(pairs):
        raise malformed("This is not a form of this page.")
    return dict(pairs)


def _subject(form: dict[str, str]) -> str:
    subject = form.get("subject", "").strip()
    if not 1 <= len(subject) <= SUBJECT_CHARS_MAX:
        raise identity_refused()
    return subject


def _by_name(request: Requested) -> bool:
    return isinstance(parts_of(request).accounts.issuer, LocalIssuer)


def _html(page: str, status: int = HTTPStatus.OK, headers: Any = None) -> Response[str]:
    policy = {"Content-Security-Policy": deletion_page.POLICY}
    return Response(page, status_code=status, media_type=MediaType.HTML, headers={**(headers or {}), **policy})


ROUTES: Final = [show, take]
