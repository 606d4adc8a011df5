"""What a field may hold: each shape judges a JSON value and answers with its canonical form, or that it does not fit.

Shapes know nothing of who writes or how values merge. A value that does not fit is refused as content, never
as a malformed request. Every shape is bounded.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, time
from math import inf
from typing import Any, Final, Protocol
from uuid import UUID
from zoneinfo import available_timezones

from msgspec import Struct


class _Unfit:
    """The type of `UNFIT`."""

    def __repr__(self) -> str:
        return "UNFIT"


UNFIT: Final = _Unfit()
"""The answer of a shape to a value that it cannot hold."""

ZONES: Final = frozenset(available_timezones() - {"localtime", "Factory", "posixrules"})
"""Of the tz database. Names that a host has beside it mean nothing on a phone."""

MARKS_MAX: Final = 30
"""Marks in a row that belong to one letter (UAX 15, stream-safe text). Bringing longer ones into order takes time that
grows with their square, and no writing has them."""
"""Read once: `ZoneInfo(user input)` raises three sorts of errors and touches files."""

TOKEN: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
LOCALE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
COUNTRY: Final = re.compile(r"[A-Z]{2}")
AMOUNT: Final = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,2})?")
BASE64: Final = re.compile(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
SHA256: Final = re.compile(r"[0-9a-f]{64}")
_FORMS: Final = {"locale": LOCALE, "country": COUNTRY}
"""Registers whose names are known by their form."""
_HOURS: Final = "([01][0-9]|2[0-3])"
QUARTERS_A_WEEK: Final = 7 * 24 * 4
QUARTERS_A_DAY: Final = 24 * 4
WINDOWS_MAX: Final = 14


class Shape(Protocol):
    """Judges one field's value."""

    @property
    def empty(self) -> Any:
        """The value of a field that was never set; UNFIT where one must be given."""

    def judged(self, value: Any) -> Any:
        """Return the value in canonical form, or UNFIT."""

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the canonical form."""


def nullable(schema: dict[str, Any], *, optional: bool) -> dict[str, Any]:
    """Return the JSON Schema of a value that may be absent, where it may."""
    return {"anyOf": [schema, {"type": "null"}]} if optional else schema


class Text(Struct, frozen=True):
    """A text of 1 to `most` code points in NFC, without control characters but newline. Empty means absent."""

    most: int
    optional: bool = False
    one_line: bool = False

    @property
    def empty(self) -> Any:
        """Null where the text is optional."""
        return None if self.optional else UNFIT

    def judged(self, value: Any) -> Any:
        """Return the text in NFC, null for an absent optional one, or UNFIT."""
        if value is None or value == "":
            return self.empty
        # Normalising never shortens a text below a quarter: refuse the absurd before paying for it.
        if not isinstance(value, str) or len(value) > 4 * self.most or _piles_marks(value):
            return UNFIT
        text = unicodedata.normalize("NFC", value)
        if len(text) > self.most or not _printable(text, newline=not self.one_line):
            return UNFIT
        return text

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema; `maxLength` counts code points."""
        return nullable({"type": "string", "maxLength": self.most}, optional=self.optional)


def _piles_marks(text: str) -> bool:
    """Return whether more marks stand in a row than any letter has, however the text is composed."""
    if text.isascii():
        return False
    run = 0
    for character in text:
        for part in unicodedata.normalize("NFD", character):
            run = run + 1 if unicodedata.combining(part) else 0
            if run > MARKS_MAX:
                return True
    return False


def _printable(text: str, *, newline: bool) -> bool:
    if text.isprintable():
        return True
    return not any(
        (unicodedata.category(character) in ("Cc", "Cs")) and not (newline and character == "\n")
        for character in text
        if not character.isprintable()
    )


class Whole(Struct, frozen=True):
    """A whole number from `least` to `most`. `1.0` and `true` are not whole numbers.

    Where numbers protect, the smaller one protects more, or the larger (`more_protects`); an absent one never does.
    """

    least: int
    most: int
    optional: bool = False
    default: int | None = None
    more_protects: bool = False

    @property
    def empty(self) -> Any:
        """The default, or null where the number is optional."""
        if self.default is not None:
            return self.default
        return None if self.optional else UNFIT

    def judged(self, value: Any) -> Any:
        """Return the number, null for an absent optional one, or UNFIT."""
        if value is None and self.optional:
            return None
        return value if type(value) is int and self.least <= value <= self.most else UNFIT

    def protection(self, value: int | None) -> float:
        """Return how much a limit protects, as far as two can be compared."""
        if value is None:
            return -inf
        return value if self.more_protects else -value

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema with both bounds."""
        return nullable({"type": "integer", "minimum": self.least, "maximum": self.most}, optional=self.optional)


class Flag(Struct, frozen=True):
    """Yes or no."""

    default: bool = False

    @property
    def empty(self) -> Any:
        """The default."""
        return self.default

    def judged(self, value: Any) -> Any:
        """Return the flag or UNFIT."""
        return value if isinstance(value, bool) else UNFIT

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "boolean"}


class OneOf(Struct, frozen=True):
    """One of the named values, in order. `open_ended`: a value from a newer app is kept and shown as "other"."""

    values: tuple[str, ...]
    optional: bool = False
    default: str | None = None
    open_ended: bool = True

    @property
    def empty(self) -> Any:
        """The default, or null where the choice is optional."""
        if self.default is not None:
            return self.default
        return None if self.optional else UNFIT

    def judged(self, value: Any) -> Any:
        """Return the value, null for an absent optional one, or UNFIT."""
        if value is None and self.optional:
            return None
        if not isinstance(value, str):
            return UNFIT
        if value in self.values or (self.open_ended and TOKEN.fullmatch(value)):
            return value
        return UNFIT

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema; an open list names its values as examples."""
        if self.open_ended:
            schema: dict[str, Any] = {
                "type": "string",
                "maxLength": 40,
                "pattern": f"^{TOKEN.pattern}$",
                "examples": list(self.values),
            }
        else:
            schema = {"type": "string", "enum": list(self.values)}
        return nullable(schema, optional=self.optional)


class Identity(Struct, frozen=True):
    """The id of something: a canonical lower-case UUID, never nil."""

    optional: bool = False

    @property
    def empty(self) -> Any:
        """Null where the id is optional."""
        return None if self.optional else UNFIT

    def judged(self, value: Any) -> Any:
        """Return the canonical id, null for an absent optional one, or UNFIT."""
        if value is None and self.optional:
            return None
        identity = as_uuid(value)
        return UNFIT if identity is None else str(identity)

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return nullable({"type": "string", "format": "uuid"}, optional=self.optional)


class SetOf(Struct, frozen=True):
    """At most `most` different elements, kept sorted so that equal sets are equal bytes."""

    element: Shape
    most: int

    @property
    def empty(self) -> Any:
        """No element."""
        return []

    def judged(self, value: Any) -> Any:
        """Return the elements sorted, each once, or UNFIT."""
        if not isinstance(value, list) or len(value) > self.most:
            return UNFIT
        elements = [self.element.judged(each) for each in value]
        if any(each is UNFIT or each is None for each in elements):
            return UNFIT
        return sorted(set(elements))

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "array", "items": self.element.json_schema(), "maxItems": self.most}


def as_uuid(value: Any) -> UUID | None:
    """Return the UUID that a canonical or dash-less text names; None for nil and for anything else."""
    if not isinstance(value, str) or len(value) not in (32, 36):
        return None
    try:
        identity = UUID(value)
    except ValueError:
        return None
    return identity if identity.int else None


ONLY_ME: Final = "only_me"


class Audience(Struct, frozen=True):
    """Who may see something private: `only_me`, or one couple by its id."""

    @property
    def empty(self) -> Any:
        """Nobody else."""
        return ONLY_ME

    def judged(self, value: Any) -> Any:
        """Return `only_me` or the couple's canonical id, or UNFIT."""
        if value == ONLY_ME:
            return ONLY_ME
        couple = as_uuid(value)
        return UNFIT if couple is None else str(couple)

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"anyOf": [{"const": ONLY_ME}, {"type": "string", "format": "uuid"}]}


class Day(Struct, frozen=True):
    """A calendar day of 2000 to 2099, local to whoever wrote it."""

    optional: bool = False

    @property
    def empty(self) -> Any:
        """Null where the day is optional."""
        return None if self.optional else UNFIT

    def judged(self, value: Any) -> Any:
        """Return the day as `yyyy-mm-dd`, null for an absent optional one, or UNFIT."""
        if value is None and self.optional:
            return None
        if not isinstance(value, str) or len(value) != len("2000-01-01"):
            return UNFIT
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return UNFIT
        return value if 2000 <= day.year < 2100 and day.isoformat() == value else UNFIT

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return nullable({"type": "string", "format": "date", "pattern": "^20"}, optional=self.optional)


class WallTime(Struct, frozen=True):
    """A time on a wall clock, `hh:mm`."""

    optional: bool = False
    default: str | None = None

    @property
    def empty(self) -> Any:
        """The default, or null where the time is optional."""
        if self.default is not None:
            return self.default
        return None if self.optional else UNFIT

    def judged(self, value: Any) -> Any:
        """Return the time as `hh:mm`, null for an absent optional one, or UNFIT."""
        if value is None and self.optional:
            return None
        if not isinstance(value, str) or len(value) != len("00:00"):
            return UNFIT
        try:
            return value if time.fromisoformat(value).strftime("%H:%M") == value else UNFIT
        except ValueError:
            return UNFIT

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return nullable({"type": "string", "pattern": f"^{_HOURS}:[0-5][0-9]$"}, optional=self.optional)


class Named(Struct, frozen=True):
    """A name from a public register: an IANA zone, a locale, a country."""

    register: str
    default: str | None = None
    needed: bool = False

    @property
    def empty(self) -> Any:
        """The default; null where there is none, unless a name is needed."""
        return UNFIT if self.needed else self.default

    def judged(self, value: Any) -> Any:
        """Return the name, null where there may be none, or UNFIT."""
        if value is None:
            return UNFIT if self.needed or self.default is not None else None
        if not isinstance(value, str):
            return UNFIT
        form = _FORMS.get(self.register)
        return value if (value in ZONES if form is None else form.fullmatch(value)) else UNFIT

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        form = _FORMS.get(self.register)
        pattern = {} if form is None else {"pattern": f"^{form.pattern}$"}
        optional = self.default is None and not self.needed
        return nullable({"type": "string", "maxLength": 64, **pattern}, optional=optional)


class Windows(Struct, frozen=True):
    """Weekly windows on a grid of quarter-hours: `{"weekday": 0..6, "from": "21:30", "to": "08:00"}`.

    A window whose end is not after its start runs into the next day; `to` equal to `from` is a whole day. The
    canonical form is the sorted list of the longest windows that cover the same quarter-hours, so that equal
    protection is equal bytes. Monday is 0.
    """

    default: tuple[tuple[int, str, str], ...] = ()

    @property
    def empty(self) -> Any:
        """The default windows in canonical form."""
        return self.judged([{"weekday": day, "from": start, "to": end} for day, start, end in self.default])

    def judged(self, value: Any) -> Any:
        """Return the windows in canonical form, or UNFIT."""
        if not isinstance(value, list) or len(value) > WINDOWS_MAX:
            return UNFIT
        covered: set[int] = set()
        for each in value:
            quarters = _quarters(each)
            if quarters is None:
                return UNFIT
            covered |= quarters
        return windows_of(covered)

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        clock = {"type": "string", "pattern": f"^{_HOURS}:(00|15|30|45)$"}
        window = {
            "type": "object",
            "properties": {
                "weekday": {"type": "integer", "minimum": 0, "maximum": 6},
                "from": clock,
                "to": clock,
            },
            "required": ["weekday", "from", "to"],
            "additionalProperties": False,
        }
        return {"type": "array", "items": window, "maxItems": WINDOWS_MAX}


def covered_quarters(windows: Sequence[dict[str, Any]]) -> set[int]:
    """Return the quarter-hours of the week, 0 to 671 from Monday 00:00, that canonical windows cover."""
    covered: set[int] = set()
    for window in windows:
        covered |= _quarters(window) or set()
    return covered


def windows_of(covered: set[int]) -> list[dict[str, Any]]:
    """Return the canonical windows that cover exactly these quarter-hours of the week.

    A stretch longer than a day is cut at 24 hours, so that each window keeps within a day of its start.
    """
    if len(covered) == QUARTERS_A_WEEK:
        return [{"weekday": day, "from": "00:00", "to": "00:00"} for day in range(7)]
    starts = sorted(quarter for quarter in covered if (quarter - 1) % QUARTERS_A_WEEK not in covered)
    windows: list[dict[str, Any]] = []
    for start in starts:
        length = 1
        while (start + length) % QUARTERS_A_WEEK in covered:
            length += 1
        for offset in range(0, length, QUARTERS_A_DAY):
            first = (start + offset) % QUARTERS_A_WEEK
            end = (start + min(offset + QUARTERS_A_DAY, length)) % QUARTERS_A_WEEK
            windows.append(
                {"weekday": first // QUARTERS_A_DAY, "from": _clock(first), "to": _clock(end)},
            )
    return sorted(windows, key=lambda window: (window["weekday"], window["from"]))


def _clock(quarter: int) -> str:
    minutes = (quarter % QUARTERS_A_DAY) * 15
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _quarters(window: Any) -> set[int] | None:
    if not isinstance(window, dict) or window.keys() != {"weekday", "from", "to"}:
        return None
    day, start, end = window["weekday"], _quarter(window["from"]), _quarter(window["to"])
    if type(day) is not int or not 0 <= day <= 6 or start is None or end is None:
        return None
    length = (end - start) % QUARTERS_A_DAY or QUARTERS_A_DAY
    first = day * QUARTERS_A_DAY + start
    return {(first + step) % QUARTERS_A_WEEK for step in range(length)}


def _quarter(clock: Any) -> int | None:
    if WallTime().judged(clock) is UNFIT:
        return None
    hours, minutes = int(clock[:2]), int(clock[3:])
    return None if minutes % 15 else hours * 4 + minutes // 15


class Amount(Struct, frozen=True):
    """A decimal number of at most nine digits before the point and two behind it, as text: no phone rounds it."""

    optional: bool = False

    @property
    def empty(self) -> Any:
        """Null where the amount is optional."""
        return None if self.optional else UNFIT

    def judged(self, value: Any) -> Any:
        """Return the amount without needless zeros, null for an absent optional one, or UNFIT."""
        if value is None and self.optional:
            return None
        if not isinstance(value, str) or not AMOUNT.fullmatch(value):
            return UNFIT
        whole, _, part = value.removeprefix("-").partition(".")
        shortest = f"{whole.lstrip('0') or '0'}.{part.rstrip('0')}".rstrip(".")
        return f"-{shortest}" if value.startswith("-") and shortest != "0" else shortest

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return nullable({"type": "string", "maxLength": 13, "pattern": f"^{AMOUNT.pattern}$"}, optional=self.optional)


class Sealed(Struct, frozen=True):
    """At most `most` bytes that a device has sealed itself, as Base64 (RFC 4648 section 4); never decoded here."""

    most: int

    @property
    def empty(self) -> Any:
        """Nothing sealed."""
        return None

    def judged(self, value: Any) -> Any:
        """Return the text as it came, null for none, or UNFIT."""
        if value is None or value == "":
            return None
        fits = isinstance(value, str) and len(value) <= self._chars and BASE64.fullmatch(value)
        return value if fits and len(value) // 4 * 3 - value.count("=") <= self.most else UNFIT

    @property
    def _chars(self) -> int:
        return -(-self.most // 3) * 4

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema; `maxLength` counts what Base64 makes of the bytes."""
        form = {"type": "string", "contentEncoding": "base64", "minLength": 4, "maxLength": self._chars}
        return nullable(form | {"pattern": f"^{BASE64.pattern}$"}, optional=True)


class Approval(Struct, frozen=True):
    """A person's yes to exactly these bytes: `person:sha256`, in lower case."""

    @property
    def empty(self) -> Any:
        """There is none."""
        return UNFIT

    def judged(self, value: Any) -> Any:
        """Return the approval in canonical form, or UNFIT."""
        if not isinstance(value, str):
            return UNFIT
        person, _, digest = value.partition(":")
        identity = as_uuid(person)
        return UNFIT if identity is None or not SHA256.fullmatch(digest) else f"{identity}:{digest}"

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string", "maxLength": 101, "pattern": f"^[0-9a-f-]{{36}}:{SHA256.pattern}$"}


class Anything(Struct, frozen=True):
    """A value that only the server writes; it was judged where it was made."""

    schema: dict[str, Any] = {}
    default: Any = None

    @property
    def empty(self) -> Any:
        """The default."""
        return self.default

    def judged(self, value: Any) -> Any:
        """Return the value as it is."""
        return value

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema given for it."""
        return self.schema
