"""A change that a device sends again after its space went back: whether the server had it once, and whose words it has.

What it says was true on that phone, and may have been written elsewhere: by another phone of the same person, or by
the partner. So it counts as the word of a device of its own, which no edit that waits has seen; and where its record is
written by both, as words of either.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msgspec import Struct

from domain.ids import DeviceId, PersonId, RecordId
from domain.kind import Kind, Ownership, Who, own_of
from domain.kinds import KINDS, judged
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
    """Who made the record, where it is proven that the server had it once and lost it, and that it is not there."""
    writer: PersonId | None = None


def brought_back(
    board: Board,
    kind: Kind,
    space: Space,
    change: Change,
    values: dict[str, Any],
    stored: Record | None,
    *,
    earlier_life: bool,
) -> Brought | Refusal:
    """Return what a change sets and who stands behind it, or why it cannot be a record's content.

    Of a change that is not sent again that is the caller, and what fits the kind. One whose request knows the space by
    an `earlier_life` alone may have been under way for long: its device has not necessarily done it last.
    """
    if change.origin is None:
        fit = judged(kind, values)
        device = _device_before(board) if earlier_life else board.caller.device
        return fit if isinstance(fit, Refusal) else Brought(set=fit, device=device)
    lasting = {name: values[name] for name in kind.lasting if name in values}
    emptied = {name: "" for name in kind.needed if values.get(name) == "" and isinstance(kind.fields[name].shape, Text)}
    fit = judged(kind, {name: value for name, value in values.items() if name not in lasting | emptied})
    if isinstance(fit, Refusal):
        return fit
    # A text that must not be empty is so where its author has destroyed the words, and only there.
    whole = fit | emptied
    author = None
    if stored is None or _is_another(stored, kind, change.origin.author, whole | lasting):
        author = _author(board, kind, space, change, whole | lasting)
    no = _no(board, kind, change, whole, stored, author)
    if no is not None:
        return no
    if author is None and not space.lives:
        # As far as anybody remembers this space has never gone back: then nothing can be somebody else's word.
        return Refusal.INVALID if emptied else Brought(set=whole, device=board.caller.device)
    own = {name: sorted(own_of(board.caller.person, whole.get(name, ()))) for name in kind.own_id_only}
    return Brought(
        set=whole if author is None else whole | lasting | own,
        device=board.caller.device if change.origin.seen else _device_before(board),
        author=author,
        writer=EITHER if kind.edits is Who.EITHER else author,
    )


def _no(
    board: Board, kind: Kind, change: Change, whole: dict[str, Any], stored: Record | None, author: PersonId | None
) -> Refusal | None:
    """Return why this does not come back; of what is there already the rules for edits are asked later."""
    if author is not None:
        lacking = any(name not in whole for name in kind.needed)
        buried = change.remove is True and kind.removes is Who.NOBODY
        return Refusal.INVALID if lacking else Refusal.IMMUTABLE if buried else None
    if stored is not None:
        return None
    if of_another(change, board.caller.person) and kind.edits is not Who.EITHER:
        return Refusal.NOT_AUTHOR
    # Its words are their author's, and there is no other way to bring them back.
    emptied = any(whole.get(name) == "" for name in kind.needed)
    return Refusal.INVALID if emptied or kind.creates is Who.SERVER else None


def _is_another(stored: Record, kind: Kind, author: UUID | None, fields: dict[str, Any]) -> bool:
    """Return whether something else stands under the id of what is brought back.

    What its author has destroyed words of since is the same: it does not come back whole. What the server shows of
    something private keeps its id.
    """
    table = KINDS.get(stored.kind)
    if stored.gone or table is None or table.ownership is Ownership.PROJECTION:
        return False
    if (stored.kind, stored.author) != (kind.name, author):
        return True
    destroyed = stored.purged is not None
    compared = [name for name in kind.proven if not (destroyed and isinstance(kind.fields[name].shape, Text))]
    return any(stored.fields.get(name) != fields.get(name) for name in compared)


def says_no_more(kind: Kind, stored: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    """Return whether these fields of a kind with texts hold every text that is stored."""
    texts = [name for name in kind.proven if isinstance(kind.fields[name].shape, Text)]
    return bool(texts) and all(stored.get(name) in (None, "", fields.get(name)) for name in texts)


def of_another(change: Change, person: PersonId) -> bool:
    """Return whether somebody else made the record that this change brings back.

    None of its words go into the sender's own box then, unless the record is written by both.
    """
    return change.origin is not None and change.origin.author not in (None, person)


def _author(board: Board, kind: Kind, space: Space, change: Change, fields: dict[str, Any]) -> PersonId | None:
    """Return who made this record, if the server had it once and lost it."""
    origin = change.origin
    if origin is None or origin.author is None or origin.proof is None or not kind.has_proof:
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
