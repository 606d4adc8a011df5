"""Read JSON that somebody sent: bounded in depth, with objections free of the sender's words."""

import re
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request

from api.errors import Problem, malformed, unsupported_media_type

T = TypeVar("T")

DEPTH_MAX: Final = 16
"""Objects and arrays inside one another; the deepest kind needs about half of that."""


def decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Return what `body` says; raise Problem 400."""
    _refuse_depth(body)
    try:
        return _decode(body, decoder)
    except msgspec.ValidationError as fault:
        raise _objection(str(fault)) from None
    except msgspec.DecodeError as fault:
        raise malformed(_not_json(str(fault))) from None
    except UnicodeDecodeError:
        raise malformed("The body is not valid UTF-8.") from None
    except (RecursionError, MemoryError):
        raise malformed("The body is nested too deeply or too large to be read.") from None


def _decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # An emoji that an app has cut in half would otherwise block a phone's queue for ever.
        whole = _with_whole_characters(body)
        if whole == body:
            raise
        return decoder.decode(whole)


def refuse_other_types(request: Request[Any, Any, Any]) -> None:
    """Raise Problem 415 unless the body is said to be JSON in UTF-8."""
    named, _, parameters = request.headers.get("content-type", "").partition(";")
    plain = named.strip().lower() == "application/json"
    charset = parameters.strip().lower().replace('"', "")
    if not plain or charset not in ("", "charset=utf-8"):
        raise unsupported_media_type()


_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a whole pair
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"  # half of one
    rb"|\\.",  # any other escape, so that the u of an escaped backslash is not taken for one
    re.DOTALL,
)
_PAIR_BYTES = 12
_HALF_BYTES = 6


def _with_whole_characters(body: bytes) -> bytes:
    r"""Replace each escaped half of a surrogate pair by \ufffd, the character for what cannot be shown."""
    return _ESCAPE.sub(lambda found: rb"\ufffd" if len(found[0]) == _HALF_BYTES else found[0], body)


_OPENING = (b"{", b"[")
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"')
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b'{}[]"')


def _refuse_depth(body: bytes) -> None:
    if _is_deeper(body, DEPTH_MAX):
        where = _deep_change(body)
        raise malformed(f"Objects and arrays may lie at most {DEPTH_MAX} deep inside one another.", where)


class _Changes(msgspec.Struct):
    changes: list[msgspec.Raw]


_ABOVE_A_CHANGE: Final = 2
"""The body, and the list of its changes."""


def _deep_change(body: bytes) -> str | None:
    """Name the first change of a sync that is too deep: a phone can then put that one aside and send the rest."""
    try:
        changes = msgspec.json.decode(body, type=_Changes).changes
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, MemoryError):
        return None
    deep = (nth for nth, change in enumerate(changes) if _is_deeper(bytes(change), DEPTH_MAX - _ABOVE_A_CHANGE))
    return next((f"$.changes[{nth}]" for nth in deep), None)


def _is_deeper(body: bytes, levels: int) -> bool:
    if sum(map(body.count, _OPENING)) <= levels:
        return False
    outline = body if b"\\" not in body else _ESCAPED.sub(b"", body)
    outline = _STRING.sub(b"", outline.translate(_BRACKETS, _NO_BRACKETS))
    for _ in range(levels):
        # Each round takes the innermost level away.
        outline = outline.replace(b"[]", b"")
    return b"[" in outline


def _not_json(complaint: str) -> str:
    place = re.search(r"\(byte (\d+)\)\Z", complaint)
    if place is not None:
        return f"The body is not JSON: it cannot be read at byte {place[1]}."
    return "The body is not JSON: it ends too early." if "truncated" in complaint else "The body is not JSON."


_PATH = re.compile(r" - at (`key` in )?`(\$[\w.\[\]]*)`\Z")
# Everything in these patterns comes from our own types; what stands for the sender's words is not repeated.
_RULES: Final = (
    (re.compile(r"Expected `([\w |-]+)`, got `([\w |-]+)`"), "must be {0}, not {1}"),
    (re.compile(r"Expected `(\w+)` of length (<=|>=|==) (\d+)"), "must be of type {0} with a length {1} {2}"),
    (re.compile(r"Expected `(\w+)` (<=|>=|<|>) (-?[\d.e+]+)"), "must be of type {0} and {1} {2}"),
    (re.compile(r"Expected `str` matching regex .*", re.DOTALL), "does not have the right form"),
    (re.compile(r"Object missing required field `(\w+)`"), "lacks the field {0}"),
    (re.compile(r"Object contains unknown field .*", re.DOTALL), "has a field that does not belong there"),
    (re.compile(r"Invalid enum value .*", re.DOTALL), "is not one of the known values"),
    (re.compile(r"Invalid UUID"), "is not a UUID"),
    (re.compile(r"Invalid RFC3339 encoded datetime"), "is not an instant such as 2030-01-31T12:00:00Z"),
    (re.compile(r"Invalid RFC3339 encoded date"), "is not a date such as 2030-01-31"),
    (re.compile(r"Invalid base64 encoded string"), "is not base64"),
    (re.compile(r"Integer value out of range"), "is a number out of range"),
)


def _objection(complaint: str) -> Problem:
    found = _PATH.search(complaint)
    rule, where = (complaint, "$") if found is None else (complaint[: found.start()], found[2])
    if rule.startswith("Object contains unknown field"):
        # The field's name is the sender's and may look like a path.
        where = "$"
    for pattern, sentence in _RULES:
        match = pattern.fullmatch(rule)
        if match is not None:
            said = sentence.format(*match.groups())
            break
    else:
        said = "does not have the right form"
    subject = "A name" if found is not None and found[1] else "What stands"
    return malformed(f"{subject} at {where} {said}.", where)
