"""Name every type of problem that Haven answers with: its status, its title, and what a client does about it.

Errors are made from this table, and so are the description of the API and section 14 of docs/protocol.md. By RFC 9457
a type has one title; what is particular stands in the `detail` of each answer.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from msgspec import Struct

URN: Final = "urn:haven:problem:"
"""What stands before a type on the wire."""


class ProblemType(Struct, frozen=True):
    """One row: the status it is answered with, a few words for people, and what it means to whoever writes a client."""

    status: HTTPStatus
    title: str
    means: str
    headers: tuple[str, ...] = ()
    """Headers that its answer always has."""
    also: Mapping[str, Any] = {}
    """Members that its answer always has beside those of every problem, by name, as JSON Schema."""


PROBLEM_TYPES: Final[Mapping[str, ProblemType]] = {
    "malformed": ProblemType(
        HTTPStatus.BAD_REQUEST,
        "The request is not well formed",
        "the form of the request; `where` is the place. A fault of the client: do not send it again as it is",
    ),
    "unauthenticated": ProblemType(
        HTTPStatus.UNAUTHORIZED,
        "Please sign in",
        "no token, or one that opens nothing: sign in again. Keep the base and the outbox",
        ("WWW-Authenticate",),
    ),
    "identity_refused": ProblemType(
        HTTPStatus.UNAUTHORIZED,
        "We could not confirm who you are",
        "nobody vouches for this identity token",
        ("WWW-Authenticate",),
    ),
    "provider_refused": ProblemType(
        HTTPStatus.FORBIDDEN,
        "This way of signing in is not taken here",
        "whoever signed this person in may not vouch for them here: offer another way",
    ),
    "fresh_sign_in_needed": ProblemType(
        HTTPStatus.UNAUTHORIZED,
        "Please confirm that it is you",
        "prove who you are again, within 5 minutes",
        ("WWW-Authenticate",),
    ),
    "device_revoked": ProblemType(
        HTTPStatus.FORBIDDEN,
        "This device was signed out for good",
        "this installation was shut out; a new one signs in as a new device",
    ),
    "consent_needed": ProblemType(
        HTTPStatus.FORBIDDEN, "Your consent is needed first", "ask for the consent, then send again"
    ),
    "account_closing": ProblemType(
        HTTPStatus.FORBIDDEN,
        "This account is about to be deleted",
        "deletion was asked for, and can be undone until `deleted_at`: `DELETE /v1/me/deletion`; see section 3",
        also={
            "deleted_at": {
                "description": "From then on the account is destroyed.",
                "type": "string",
                "format": "date-time",
            }
        },
    ),
    "not_found": ProblemType(
        HTTPStatus.NOT_FOUND, "Nothing is here", "nothing is here, or nothing that you may know of"
    ),
    "invitation_unknown": ProblemType(HTTPStatus.NOT_FOUND, "This code does not work", "this code begins nothing"),
    "method_not_allowed": ProblemType(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "This method does not fit",
        "the address exists, but not with this method",
        ("Allow",),
    ),
    "too_slow": ProblemType(
        HTTPStatus.REQUEST_TIMEOUT,
        "The request did not arrive in time",
        "the request did not arrive in time; send it again, over a new connection",
    ),
    "epoch_changed": ProblemType(
        HTTPStatus.CONFLICT,
        "Everything has to be synced anew",
        "a store that went back in time, or a device that was away for very long: begin a new replication, and send"
        " everything again. Nothing is lost, and nothing comes twice. Only routes of client libraries answer so",
        also={
            "reset": {
                "description": "The space that begins a new life, and up to which version both histories are one.",
                "type": "object",
                "properties": {
                    "space": {"type": "string", "format": "uuid"},
                    "epoch": {"type": "string", "format": "uuid"},
                    "head": {"type": "integer"},
                },
                "required": ["space", "epoch", "head"],
            }
        },
    ),
    "already_paired": ProblemType(
        HTTPStatus.CONFLICT, "You are already paired", "the caller is in a couple; see section 5"
    ),
    "name_needed": ProblemType(
        HTTPStatus.CONFLICT, "Please choose a name first", "pairing shows a chosen name and there is none yet"
    ),
    "pairing_void": ProblemType(
        HTTPStatus.CONFLICT,
        "This pairing is no longer open",
        "24 hours have passed, the code was cancelled, or one of the two is in a couple by now: begin again",
    ),
    "too_many_devices": ProblemType(
        HTTPStatus.CONFLICT, "Your list of devices is full", "the account lists 50 devices; see section 3"
    ),
    "too_large": ProblemType(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The request is too large",
        "as sent, or inflated: send the changes in several requests",
    ),
    "address_too_long": ProblemType(
        HTTPStatus.REQUEST_URI_TOO_LONG,
        "The address is too long",
        "a first line over 4 KiB: a fault of the client",
    ),
    "unsupported_media_type": ProblemType(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "This content type is not understood",
        "JSON in UTF-8, plain or in one coding, `gzip` or `br`",
        ("Accept-Encoding",),
    ),
    "schema_too_old": ProblemType(
        HTTPStatus.UPGRADE_REQUIRED,
        "This app is too old for this server",
        "the app needs an update; keep the outbox, it is sent afterwards",
    ),
    "too_many_tries": ProblemType(
        HTTPStatus.TOO_MANY_REQUESTS,
        "A little later, please",
        "sign-in, codes, deleting an account and live streams only; wait for `Retry-After` seconds",
        ("Retry-After",),
    ),
    "headers_too_large": ProblemType(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        "The headers are too large",
        "over 16 KiB or 64 fields: a fault of the client",
    ),
    "internal": ProblemType(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Something is wrong on our side",
        "a fault of ours; sending again is safe",
    ),
    "busy": ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Haven is busy",
        "wait for `Retry-After` seconds, then send the same request again",
        ("Retry-After",),
    ),
    "unavailable": ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Haven cannot answer right now",
        "wait for `Retry-After` seconds, then send the same request again",
        ("Retry-After",),
    ),
}
