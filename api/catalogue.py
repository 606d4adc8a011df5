"""The file of professional help: read it, write it, and keep what is answered of it today."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from api.coding import CODINGS, coded
from domain.resources import Entry, Resources, in_order, served

FILE: Final = Path(__file__).resolve().parent.parent / "domain" / "resources.json"


class FileUnusable(Exception):  # noqa: N818 - a past-tense fact, read by a person
    """The file cannot be read or written, or does not say what it should; the text says where."""


class Edition(Struct, frozen=True):
    """One spelling of the answer, and the name by which a client asks whether it is still that."""

    body: bytes
    etag: str


class Catalogue:
    """What is answered, made once a day: the same bytes for everyone, in each coding.

    The first is made at once: what is wrong shows when a process starts, and not in a request, of which nothing is
    told.
    """

    def __init__(self, entries: Sequence[Entry], today: date) -> None:
        self._entries = entries
        self._made = today, editions(served(entries, today))

    def on(self, today: date) -> Mapping[str | None, Edition]:
        """Return the answer of a day by its coding; None is the plain one."""
        if self._made[0] != today:
            self._made = today, editions(served(self._entries, today))
        return self._made[1]


def editions(resources: Resources) -> Mapping[str | None, Edition]:
    """Return an answer in every coding. Two codings are different bytes, so each has a name of its own."""
    plain = msgspec.json.encode(resources)
    name = sha256(plain).hexdigest()[:32]
    made: dict[str | None, Edition] = {None: Edition(plain, f'"{name}"')}
    return made | {coding: Edition(coded(plain, coding), f'"{name}-{coding}"') for coding in CODINGS}


def read(file: Path = FILE) -> list[Entry]:
    """Return the entries; raise FileUnusable."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=list[Entry])
    except OSError as fault:
        raise FileUnusable(f"{file} cannot be read: {fault.strerror}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise FileUnusable(f"{file} does not hold entries as it should: {fault}.") from None


def write(entries: Iterable[Entry], file: Path = FILE) -> None:
    """Put the entries into the place of those in the file, whole or not at all; raise FileUnusable."""
    draft = file.with_suffix(".draft")
    try:
        draft.write_bytes(written(entries))
        draft.chmod(file.stat().st_mode)
        draft.replace(file)
    except OSError as fault:
        raise FileUnusable(f"{file} cannot be written: {fault.strerror}.") from None


def written(entries: Iterable[Entry]) -> bytes:
    """Return what the file holds: in order, one member a line, so that a change of one shows as that."""
    return msgspec.json.format(msgspec.json.encode(in_order(entries)), indent=2) + b"\n"
