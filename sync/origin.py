"""A change that a device sends again after its space went back: whether the server had it once, and whose words it has.

What it says was true on that phone, and may have been written elsewhere: by another phone of the same person, or by
the partner. So it counts as the word of a device of its own, which no edit that waits has seen; and where its record is
written by both, as words of either.
"""

from typing import Any
from uuid import UUID

from msgspec import Struct

from domain.ids import DeviceId, PersonId, RecordId
from domain.kind import Kind, Who
from domain.kinds import judged
from domain.records import EITHER, Record
from domain.refusals import Refusal
from domain.shapes import Text
from sync.board import Board
from sync.ports import Space
from sync.proof import lost
from sync.sealing import keyed_id
from sync.wire import Change


class Brought(Struct, frozen=True, kw_only=True):
    """The values of a change in canonical form, and who stands behind them."""

    set: dict[str, Any]
    device: DeviceId
    author: PersonId | None = None
    """Who made the record, where it is proven that the server had it once and lost it."""
    writer: PersonId | None = None


def brought_back(
    board: Board, kind: Kind, space: Space, change: Change, values: dict[str, Any], stored: Record | None
) -> Brought | Refusal:
    """Return what a change sets and who stands behind it, or why it cannot be a record's content.

    Of a change that is not sent again that is the caller, and what fits the kind.
    """
    if change.origin is None:
        fit = judged(kind, values)
        return fit if isinstance(fit, Refusal) else Brought(set=fit, device=board.caller.device)
    lasting = {name: values[name] for name in kind.lasting if name in values}
    emptied = {name: "" for name in kind.needed if values.get(name) == "" and isinstance(kind.fields[name].shape, Text)}
    fit = judged(kind, {name: value for name, value in values.items() if name not in lasting | emptied})
    if isinstance(fit, Refusal):
        return fit
    # A text that must not be empty is so where its author has destroyed the words, and only there.
    whole = fit | emptied
    author = None if stored is not None else _author(board, kind, space, change, whole | lasting)
    if stored is None and author is None:
        if of_another(change, board.caller.person) and kind.edits is not Who.EITHER:
            return Refusal.NOT_AUTHOR
        if emptied or kind.creates is Who.SERVER:
            # Its words are their author's, and there is no other way to bring them back.
            return Refusal.INVALID
    own = {
        name: [each for each in whole.get(name, ()) if each == str(board.caller.person)] for name in kind.own_id_only
    }
    return Brought(
        set=whole if author is None else whole | lasting | own,
        device=_device_before(board),
        author=author,
        writer=EITHER if kind.edits is Who.EITHER else author,
    )


def of_another(change: Change, person: PersonId) -> bool:
    """Return whether somebody else made the record that this change brings back."""
    return change.origin is not None and change.origin.author not in (None, person)


def _author(board: Board, kind: Kind, space: Space, change: Change, fields: dict[str, Any]) -> PersonId | None:
    """Return who made this record, if the server had it once and lost it."""
    origin = change.origin
    if origin is None or origin.author is None or origin.proof is None or not kind.proven:
        return None
    author = PersonId(origin.author)
    id_key = board.id_keys[space.id]
    found = lost(origin.proof, kind, space, id_key, identity=RecordId(change.id), author=author, fields=fields)
    return author if found else None


def _device_before(board: Board) -> DeviceId:
    """Return the id under which this device's words from before a restore are stamped.

    It is smaller than almost every other, so that where nobody knows what is newer, what was written since stands.
    """
    before = keyed_id(board.id_keys[board.caller.personal], "before", board.caller.device)
    return DeviceId(UUID(int=before.int >> 32))
