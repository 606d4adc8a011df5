"""Which words of a refused change are kept, with their author and nobody else."""

from collections.abc import Mapping

from domain.ids import RecordId
from domain.kind import Kind, Ownership, Who
from domain.kinds import holds_words
from domain.records import Record
from sync.board import Board
from sync.ports import RecordKey
from sync.purge import kept_out
from sync.wire import Change


def own_words(
    board: Board, kind: Kind | None, change: Change, history: Mapping[RecordKey, frozenset[str]] | None
) -> tuple[dict[str, str], frozenset[RecordKey]]:
    """Return the texts of a refused change that its pusher may have written, and nothing else.

    Whatever the record holds or once held is left out, so that nobody's box fills with the other's words. While
    `history` is None, also return the record whose earlier texts have to be known first.
    """
    texts = {
        name: text
        for name, value in change.set.items()
        if (kind is None or holds_words(kind, name)) and (text := _written(value)) and value != change.was.get(name)
    }
    key, stored = _where(board, kind, RecordId(change.id))
    if kind is None or not texts:
        return texts, frozenset()
    if kind.creates is Who.SERVER and kind.edits is not Who.AUTHOR and not _is_said_again(change):
        return {}, frozenset()
    if stored is None:
        return texts, frozenset()
    if stored.author != board.caller.person and kind.ownership is not Ownership.JOINT:
        return {}, frozenset()
    id_key = board.id_keys[stored.space]
    cleaned = kept_out(texts, stored.purged, base=change.base, id_key=id_key, record=stored.id)
    known = {value for value in stored.fields.values() if isinstance(value, str)}
    known |= {each.text for beside in stored.alternatives.values() for each in beside}
    known |= {value for each in _given(board, stored) for value in each.fields.values() if isinstance(value, str)}
    texts = {name: text for name, text in cleaned.items() if text and text not in known}
    if history is None:
        return texts, frozenset({key}) if texts else frozenset()
    once = history.get(key, frozenset())
    return {name: text for name, text in texts.items() if text not in once}, frozenset()


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
    """Return what somebody wrote in a value: a text, or a list of texts line by line."""
    if isinstance(value, list):
        return "\n".join(each for each in value if isinstance(each, str))
    return value if isinstance(value, str) else ""
