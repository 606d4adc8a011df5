"""What the words of a `haven-device` command line mean on this phone: a kind, a record, the value of a field."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from api import device_words as words
from api.client import Client
from api.device_listing import Listing
from api.device_people import people
from api.kinds_page import in_words
from domain.ids import CoupleId, RecordId
from domain.kind import Kind
from domain.kinds import KINDS
from domain.policies import Policy
from domain.shapes import ONLY_ME, UNFIT, Audience, Flag, Identity, SetOf, Shape, Whole, Windows
from sync.replica import Replica
from sync.showing import Shown


class MisunderstoodError(Exception):
    """The command line names something that is not there or does not fit; the text says what would."""


class UnfitError(Exception):
    """A value does not fit its field, so nothing was kept; the text names the field and what it takes."""


def replica_of(client: Client) -> Replica:
    """Return the phone of a command that began with somebody signed in."""
    replica = client.replica
    assert replica is not None, "the command began with one"
    return replica


def listing_of(client: Client) -> Listing:
    """Return what shows records with the names that this phone knows."""
    replica = replica_of(client)
    return Listing(replica, people(replica, client.store.account), zone_of(client), datetime.now(UTC))


def zone_of(client: Client) -> ZoneInfo:
    """Return the zone of the person's settings, in which their days begin."""
    settings = replica_of(client).view("settings")
    return ZoneInfo(str(settings[-1].fields.get("zone") or "UTC") if settings else "UTC")


def couple_to(replica: Replica, act: str) -> CoupleId:
    """Return the couple that `act` is done for; raise `MisunderstoodError` where there is none."""
    if replica.couple is None:
        raise MisunderstoodError(
            f"There is nobody to {act}: you are not with anyone here. If you have just paired: sync first."
        )
    return replica.couple


def kind_named(written: str) -> Kind:
    """Return a kind by its name; raise `MisunderstoodError` with all names where there is none."""
    kind = KINDS.get(written.replace("-", "_"))
    if kind is None:
        raise MisunderstoodError(f"There is no kind {written!r}. Kinds are: {', '.join(KINDS)}.")
    return kind


def named_among(written: str, names: Sequence[str], what: str) -> str:
    """Return the one of some names that is meant; raise `MisunderstoodError` with all of them where it is none."""
    name = written.replace("-", "_")
    if name not in names:
        raise MisunderstoodError(f"{what}: {', '.join(names)}. There is no {written!r}.")
    return name


def found(client: Client, written: str, kind: str | None = None) -> Shown:
    """Find the one record whose id begins or ends like this."""
    replica = replica_of(client)
    wanted = written.lower()
    known = {row.id for row in replica.rows() if not row.gone}
    known |= {RecordId(kept.change.id) for kept in replica.waiting()}
    alike = [each for each in known if str(each).startswith(wanted) or str(each).endswith(wanted)]
    found = [each for each in map(replica.shown, alike) if each is not None and each.kind in KINDS]
    if len(found) != 1:
        raise MisunderstoodError(
            f"{'More than one record is' if found else 'Nothing on this phone is'} called {written!r}; see `show`."
        )
    if kind is not None and found[0].kind != kind:
        raise MisunderstoodError(f"{written!r} is a {words.plain(found[0].kind)}, not a {words.plain(kind)}.")
    return found[0]


def values_of(client: Client, kind: Kind, written: Sequence[str]) -> dict[str, Any]:
    """Read `field=value` pairs; raise `MisunderstoodError` for a field that is not there, `UnfitError` for a value."""
    values: dict[str, Any] = {}
    for pair in written:
        name, equals, text = pair.partition("=")
        name = name.replace("-", "_")
        if not equals or name not in kind.written:
            names = ", ".join(kind.written)
            raise MisunderstoodError(f"Write field=value. A {words.plain(kind.name)} has: {names}.")
        values[name] = _value(client, kind.fields[name].shape, text)
    return fitting(kind, values)


def fitting(kind: Kind, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values; the edit itself would be refused without saying for which of them."""
    for name, value in values.items():
        field = kind.fields[name]
        if field.policy is not Policy.SERVER and field.shape.judged(value) is UNFIT:
            raise UnfitError(f"{name} does not take that; it holds {in_words(field.shape).replace('`', '')}.")
    return values


def _value(client: Client, shape: Shape, text: str) -> Any:
    """Read one value as its field wants it; what does not fit is left for the field's own judgement."""
    if isinstance(shape, SetOf):
        return [_value(client, shape.element, each.strip()) for each in text.split(",") if each.strip()]
    reader = READERS.get(type(shape))
    return (text or None) if reader is None else reader(client, text)


def _flag(_: Client, text: str) -> Any:
    return {"yes": True, "true": True, "no": False, "false": False}.get(text.lower(), text)


def _whole(_: Client, text: str) -> Any:
    return int(text) if text.lstrip("-").isdecimal() else (text or None)


def _audience(client: Client, text: str) -> str:
    couple = replica_of(client).couple
    return text if text == ONLY_ME or couple is None else str(couple)


def _json(_: Client, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _identity(client: Client, text: str) -> str | None:
    replica = replica_of(client)
    named = {"": None, "me": str(replica.person), "us": None if replica.couple is None else str(replica.couple)}
    if text in named:
        return named[text]
    try:
        return str(UUID(text))
    except ValueError:
        return str(found(client, text).id)


READERS: Final[Mapping[type, Callable[[Client, str], Any]]] = {
    Flag: _flag,
    Whole: _whole,
    Audience: _audience,
    Windows: _json,
    Identity: _identity,
}
