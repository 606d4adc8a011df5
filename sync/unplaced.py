"""Which words of a refused change are kept, with their author and nobody else."""

from collections.abc import Mapping

from domain.ids import RecordId
from domain.kind import Kind, Ownership, Who
from domain.kinds import ENVELOPE, holds_words
from domain.records import Record
from sync.board import Board
from sync.ports import History, RecordKey
from sync.purge import cleaned, kept_out
from sync.wire import Change
from sync.withheld import withheld_from


def own_words(
    board: Board, kind: Kind | None, change: Change, history: History | None
) -> tuple[dict[str, str], frozenset[RecordKey]]:
    """Return the texts of a refused change that its pusher may have written, and nothing else.

    Whatever the record holds or once held is left out, so that nobody's box fills with the other's words, and what
    the pusher has destroyed in a box about it. While `history` is None, also return the record of which both have to
    be known first.
    """
    # What stands beside a field may be the other's.
    said = {name: value for name, value in change.set.items() if name not in ENVELOPE and value != change.was.get(name)}
    texts = {
        name: text
        for name, value in said.items()
        if (kind is None or holds_words(kind, name)) and (text := _written(value))
    }
    if kind is not None and kind.creates is Who.SERVER and kind.edits is not Who.AUTHOR and not _is_said_again(change):
        return {}, frozenset()
    key, stored = _where(board, kind, RecordId(change.id))
    if stored is not None and kind is not None:
        others = stored.author != board.caller.person and kind.ownership is not Ownership.JOINT
        if others and not _is_said_again(change):
            return {}, frozenset()
        if withheld_from(stored, board.caller.person, closed=board.spaces[stored.space].state == "closed"):
            # Whether it holds or held these words is not this person's to know: they are kept as if nothing were there.
            key = (board.caller.personal, key[1])
        else:
            texts = _not_there(board, stored, texts, change.base)
    if history is None:
        return texts, frozenset({key}) if texts else frozenset()
    once = history.texts.get(key, frozenset())
    texts = {name: text for name, text in texts.items() if text not in once}
    return _not_destroyed(board, RecordId(change.id), texts, history), frozenset()


def _not_there(board: Board, stored: Record, texts: Mapping[str, str], base: int) -> dict[str, str]:
    """Return texts without what was purged in a record since `base`, and those alone that it does not hold."""
    id_key = board.id_keys[stored.space]
    left = kept_out(texts, stored.purged, base=base, id_key=id_key, record=stored.id)
    known = {value for value in stored.fields.values() if isinstance(value, str)}
    known |= {each.text for beside in stored.alternatives.values() for each in beside}
    known |= {value for each in _given(board, stored) for value in each.fields.values() if isinstance(value, str)}
    return {name: text for name, text in left.items() if text and text not in known}


def _not_destroyed(board: Board, about: RecordId, texts: Mapping[str, str], history: History) -> dict[str, str]:
    """Return texts without the sentences that were destroyed in boxes about the same record.

    A box counts in another space than the record, so no base tells whether a change was made after that: whoever
    destroys words that had no place, says them there again and is refused again, does not get them back.
    """
    id_key = board.id_keys[board.caller.personal]
    for box, purged in history.destroyed(about):
        texts = {name: cleaned(text, purged, id_key, box) for name, text in texts.items()}
    return {name: text for name, text in texts.items() if text}


def _is_said_again(change: Change) -> bool:
    """Return whether a device sends again what it says was somebody's own; whose, the caller has asked."""
    return change.origin is not None and change.origin.author is not None


def _where(board: Board, kind: Kind | None, identity: RecordId) -> tuple[RecordKey, Record | None]:
    """Find the record that a refused change meant, in any space of the caller's."""
    if kind is not None:
        for space in board.spaces.values():
            record = board.records.get((space.id, identity))
            if record is not None and record.kind == kind.name:
                return (space.id, identity), record
    return (board.caller.personal, identity), None


def _given(board: Board, stored: Record) -> list[Record]:
    """Return the letter that this draft has become: its words are kept there."""
    return [each for (_, identity), each in board.records.items() if stored.gone and identity == stored.shown_id]


def _written(value: object) -> str:
    """Return what somebody wrote in a value, line by line: an app that is ahead of the server may nest its texts."""
    texts: list[str] = []
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            texts.append(each)
        elif isinstance(each, list):
            left += reversed(each)
        elif isinstance(each, dict):
            left += reversed(each.values())
    return "\n".join(texts)
