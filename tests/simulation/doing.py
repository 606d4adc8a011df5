"""What edits are made of: a record that a phone shows, and a person who writes, strikes, empties or removes in it."""

from typing import Any, Final

from domain.ids import RecordId
from domain.kinds import KINDS
from domain.shapes import ONLY_ME, Text
from sync.showing import Shown
from tests.simulation.town import Phone, Town

SENTENCES_MAX: Final = 10
"""More than these and a text is only shortened, so that it stays within its bound."""


def one(town: Town, phone: Phone, kind: str, *, live: bool = True) -> Shown | None:
    """One record of a kind, as this phone shows it."""
    identity = town.some(phone, kind)
    shown = None if identity is None else phone.shown(identity)
    if shown is None or shown.kind != kind or shown.gone or (live and shown.removed):
        return None
    return shown


def reword(town: Town, phone: Phone, kind: str, field: str) -> None:
    """Add a sentence, strike one, or say one in other words."""
    found, chance = one(town, phone, kind), town.chance
    if found is None:
        return
    shape = KINDS[kind].fields[field].shape
    assert isinstance(shape, Text)
    written = (found.fields.get(field) or "").split()
    at = chance.randrange(len(written) + 1)
    does = chance.choice(["add", "add", "reword", "strike"]) if len(written) <= SENTENCES_MAX else "strike"
    if does == "add" or not written:
        written.insert(at, town.word(phone.owner))
    elif does == "strike":
        del written[min(at, len(written) - 1)]
    else:
        written[min(at, len(written) - 1)] = town.word(phone.owner)
    phone.write(found.id, **{field: " ".join(written) or (None if shape.optional else town.word(phone.owner))})


def empty(town: Town, phone: Phone, kind: str, field: str) -> None:
    found = one(town, phone, kind)
    if found is not None and found.fields.get(field):
        other_words = " ".join(town.word(phone.owner) for _ in found.fields[field].split())
        phone.write(found.id, **{field: None if town.focus is None else other_words})


def remove(town: Town, phone: Phone, kind: str) -> None:
    found = one(town, phone, kind, live=False)
    if found is not None:
        (phone.bring_back if found.removed and kind not in ("notice", "unplaced") else phone.remove)(found.id)


def force(
    town: Town, phone: Phone, kind: str, identity: RecordId, values: dict[str, Any], was: dict[str, Any] | None = None
) -> None:
    pairing, shown = town.pairing_of(phone.owner), phone.shown(identity)
    if pairing is not None:
        base = 0 if shown is None else shown.version
        phone.force(kind, identity, couple=pairing.couple.id, base=base, set=values, was=was or {})


def opening(town: Town, phone: Phone, kind: str) -> dict[str, Any]:
    """Open some of a window for the present couple."""
    couple, window, chance = phone.replica.couple, KINDS[kind].window, town.chance
    assert window is not None, "only windows are opened"
    parts = chance.sample(sorted(window.parts), chance.randint(1, min(3, len(window.parts))))
    return {"audience": ONLY_ME if couple is None else couple} | window.choosing(parts)


def closing(town: Town, kind: str) -> dict[str, Any]:
    """Close a window, by taking its audience or every part."""
    window = KINDS[kind].window
    assert window is not None, "only windows are closed"
    return {"audience": ONLY_ME} if town.chance.random() < 0.6 else window.choosing(())


def open_or_close_one(town: Town, phone: Phone, kind: str, text: str) -> None:
    """Open a window or close it, while another phone goes on writing behind it."""
    found, chance = one(town, phone, kind), town.chance
    if found is not None and town.focus is not None and chance.random() < 0.5:
        reword(town, phone, kind, text)
    elif found is not None:
        phone.write(found.id, **(opening(town, phone, kind) if chance.random() < 0.6 else closing(town, kind)))
