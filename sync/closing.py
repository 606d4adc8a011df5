"""Close what of a person's stands open to their partner, as they would themselves, having seen everything."""

from typing import Any

from domain.kind import Kind, Ownership, Situation
from domain.kinds import KINDS
from domain.records import Record
from domain.shapes import ONLY_ME
from sync.board import Board, since
from sync.follows import give, show, wiped
from sync.merge import Edit, merge
from sync.ports import Revision
from sync.withheld import stands_open


def close_all(board: Board) -> None:
    """Close every window of the caller's among what was loaded, and hold back their letters; the words stay theirs.

    It is merged like an edit that has seen all that stands: what another own phone has said before, or says later
    without having seen it, opens nothing again. A copy goes also where its master is not there or does not open.
    """
    person = board.caller.person
    own = [each for each in board.records.values() if each.author == person]
    for record in own:
        kind = KINDS[record.kind]
        if record.live and closing(kind):
            _close(board, kind, record)
    for copy in own:
        key = (copy.space, copy.id)
        if KINDS[copy.kind].ownership is Ownership.PROJECTION and not board.records[key].gone:
            board.put(wiped(copy))


def closing(kind: Kind) -> dict[str, Any]:
    """Return what an edit says by which a record of this kind is open to nobody: nothing where none ever is."""
    if kind.window is not None:
        return {"set": {"audience": ONLY_ME}}
    if kind.letter is not None:
        return {"set": {kind.letter.sends: False}}
    return {"set": {}, "remove": True} if stands_open(kind) else {}


def _close(board: Board, kind: Kind, record: Record) -> None:
    head = board.heads[record.space]
    edit = Edit(person=board.caller.person, device=board.caller.device, base=head, was={}, **closing(kind))
    merged = merge(record, edit, kind, version=head + 1, budget=board.budget)
    if not merged.changed:
        return
    closed = board.put(merged.record)
    if merged.behind:
        board.behind(
            Revision(
                space=closed.space,
                record=closed.id,
                version=closed.version,
                values=tuple(since(record, value) for value in merged.behind),
            )
        )
    if kind.window is not None:
        show(board, kind, closed)
    if kind.letter is not None:
        give(board, kind, closed, _held_back(board))


def _held_back(board: Board) -> Situation:
    couple = None if board.couple is None else board.couple.couple
    return Situation(actor=board.caller.person, couple=couple, now=board.now, today=board.today)
