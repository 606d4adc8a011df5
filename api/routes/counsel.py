"""Routes of a summary's link: the two make and revoke it; whoever was given it reads, without an account."""

from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

import msgspec
from litestar import MediaType, Response, delete, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from api import counsel, counsel_page
from api.auth import IDENTITY_TOKEN_CHARS_MAX
from api.counsel import CounselLink
from api.errors import Problem
from api.routes.requests import PROVING, Requested, address_of, authenticate, decoded, id_in_path, parts_of
from domain.counsel import LINK_DAYS_MAX
from domain.ids import CoupleId, RecordId

TAGS: Final = ["counsel"]
FORM_BYTES_MAX: Final = 200


class Linking(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fresh identity token, and for how many days the link is to work."""

    identity_token: Annotated[str, Meta(min_length=1, max_length=IDENTITY_TOKEN_CHARS_MAX)]
    days: Annotated[int, Meta(ge=1, le=LINK_DAYS_MAX)] = LINK_DAYS_MAX


LINKING: Final = msgspec.json.Decoder(Linking)


@post(
    "/v1/couples/{couple:str}/summaries/{summary:str}/link",
    status_code=200,
    summary="Make a link to a summary",
    tags=TAGS,
    opt={
        "body": Linking,
        "secret": True,
        "problems": (*PROVING, "consent_needed"),
    },
)
async def make_link(request: Requested, couple: FromPath[str], summary: FromPath[str]) -> CounselLink:
    """Make a link and a passcode by which a counsellor reads the parts that count; the link before is dead."""
    parts = parts_of(request)
    caller = await authenticate(request)
    of_couple, of_summary = CoupleId(id_in_path(couple)), RecordId(id_in_path(summary))
    wanted = await decoded(request, LINKING)
    link, moved = await counsel.make_link(
        parts,
        caller,
        of_couple,
        of_summary,
        identity_token=wanted.identity_token,
        days=wanted.days,
        address=address_of(request),
        now=parts.clock(),
    )
    parts.hints.publish(moved)
    return link


@delete(
    "/v1/couples/{couple:str}/summaries/{summary:str}/link",
    status_code=204,
    summary="Revoke a summary's link",
    tags=TAGS,
)
async def revoke_link(request: Requested, couple: FromPath[str], summary: FromPath[str]) -> None:
    """Let the link be dead at once, whichever of the two has made it."""
    parts = parts_of(request)
    caller = await authenticate(request)
    moved = await counsel.revoke_link(
        parts, caller, CoupleId(id_in_path(couple)), RecordId(id_in_path(summary)), parts.clock()
    )
    parts.hints.publish(moved)


@get("/c/{link:str}", opt={"hidden": True})
async def ask_for_passcode(request: Requested, link: FromPath[str]) -> Response[str]:
    """Ask for the passcode."""
    parts = parts_of(request)
    alive = await counsel.is_open(parts, link, parts.clock())
    return _page(counsel_page.asking(wrong=False)) if alive else _page(counsel_page.nothing(), status=404)


@post("/c/{link:str}", status_code=200, opt={"hidden": True})
async def read_summary(request: Requested, link: FromPath[str]) -> Response[str]:
    """Show the summary to whoever has link and passcode."""
    parts = parts_of(request)
    try:
        shown = await counsel.read(parts, link, await _passcode(request), parts.clock())
    except Problem as refused:
        return _page(counsel_page.nothing(), status=refused.status)
    if shown is None:
        return _page(counsel_page.asking(wrong=True), status=403)
    return _page(counsel_page.reading(shown))


async def _passcode(request: Requested) -> str:
    """Return what was typed into the form; anything else is an empty passcode, which is wrong."""
    body = await request.body()
    if len(body) > FORM_BYTES_MAX:
        return ""
    try:
        return dict(parse_qsl(body.decode("ascii", "replace"), max_num_fields=4)).get("passcode", "")
    except ValueError:
        return ""


def _page(html: str, *, status: int = 200) -> Response[Any]:
    headers = {"Content-Security-Policy": counsel_page.POLICY, "X-Robots-Tag": "noindex"}
    return Response(html, media_type=MediaType.HTML, status_code=status, headers=headers)


ROUTES: Final = [make_link, revoke_link, ask_for_passcode, read_summary]
