"""What follows from a change that was stored: a shown copy, a letter given, a goal moved."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from domain.counsel import COUNSEL_SUMMARY
from domain.ids import PersonId, RecordId, SpaceId
from domain.kind import Around, Kind, Letter, Situation
from domain.kinds import KINDS, has_ended, takes_room
from domain.policies import Policy
from domain.records import Record
from domain.shapes import as_uuid
from domain.times import comes_first, written
from domain.windows import project
from sync.board import Board, given_on, letter_id
from sync.merge import Word
from sync.ports import RecordKey, Revision, Value


def show(board: Board, kind: Kind, master: Record) -> None:
    """Write the shown copy of a private record, wipe it, or leave it exactly as it is (PJ1 to PJ6).

    It follows at the end of a batch: what was opened and closed again while nobody could see it leaves no trace.
    """
    assert kind.window is not None
    couple = board.couple
    shown = None
    if couple is not None and master.shown_id is not None:
        shown = board.records.get((couple.id, master.shown_id))
    fields = None if couple is None or not master.live else project(kind.window, master.fields, couple.couple)
    if fields is None:
        if shown is not None and not shown.gone:
            board.put(wiped(shown))
        return
    assert couple is not None
    before = {} if shown is None or shown.gone else shown.fields
    texts = [name for name in kind.window.texts if name in fields and name in before]
    told = {
        "shown_on": before.get("shown_on") or board.today.isoformat(),
        "edited": bool(before.get("edited")) or any(fields[name] != before[name] for name in texts),
    }
    fields |= {name: value for name, value in told.items() if name in KINDS[kind.window.shows].fields}
    if fields == before:
        return
    identity = shown.id if shown is not None else board.made_id(couple.id, kind.window.shows, master.author, master.id)
    board.put(
        Record(
            space=couple.id,
            kind=kind.window.shows,
            id=identity,
            version=0,
            created=0 if shown is None else shown.created,
            author=master.author,
            fields=fields,
        ),
    )
    if master.shown_id != identity:
        board.amend(master, shown_id=identity)


def wiped(record: Record) -> Record:
    """Return what is left of a record of which nothing is shown any more: that there was one."""
    return Record(
        space=record.space,
        kind=record.kind,
        id=record.id,
        version=0,
        created=record.created,
        author=record.author,
        gone=True,
    )


AN_HOUR: Final = timedelta(hours=1)


def give(board: Board, kind: Kind, draft: Record, situation: Situation) -> None:
    """Give a letter that is due: its words go to the couple's space, and the draft is gone.

    The draft keeps the version of the change that gave it; its words live on in the letter alone. After as many
    letters as a day holds, it waits for the writer's next day.
    """
    letter = kind.letter
    assert letter is not None
    if not draft.live:
        board.amend(draft, due_at=None)
        return
    if letter.asks_zone(draft.fields):
        board.ask_for_their_zone()
    # Words that were destroyed and had to be there are not given as nothing.
    whole = all(draft.fields[name] != "" for name in kind.needed)
    at = letter.when(draft.fields, situation) if whole else None
    full = KINDS[letter.gives].a_day
    waits = full is not None and situation.given_today >= full
    if at is None or at > board.now or waits:
        # Of a couple that is none any more nobody is waited for.
        here = situation.couple is not None and draft.fields[letter.to] == str(situation.couple)
        state = "queued" if whole and here and draft.fields["send"] else "draft"
        board.amend(draft, fields=draft.fields | {"state": state}, due_at=_look_again_at(board, letter, draft, at))
        return
    assert board.couple is not None
    space = board.couple.id
    identity = letter_id(board.id_keys[space], letter.gives, draft.author, draft.id)
    words = letter.words(draft.fields, situation)
    there = board.records.get((space, identity))
    texts = kind.of_policy(Policy.WORDS)
    if there is None or there.gone or any(there.fields.get(name) != words[name] for name in texts):
        if there is not None:
            # A letter is its receiver's, whatever has become of the draft since: these words are another one (I20).
            identity = board.made_id(space, letter.gives, draft.author, draft.id, str(draft.version))
        family = given_on(board.id_keys[space], draft.author, board.today)
        board.put(
            Record(
                space=space,
                kind=letter.gives,
                id=identity,
                version=0,
                created=0,
                author=draft.author,
                fields=words,
                family=family,
            ),
        )
    # What stood beside the draft is in no letter: it stays behind with its author.
    beside = tuple(Value(name, each.text, each.by) for name, texts in draft.alternatives.items() for each in texts)
    if beside:
        board.behind(Revision(space=draft.space, record=draft.id, version=draft.version, values=beside))
    board.amend(draft, gone=True, fields={}, alternatives={}, merged=(), stamps={}, shown_id=identity, due_at=None)


def _look_again_at(board: Board, letter: Letter, draft: Record, at: datetime | None) -> datetime | None:
    """Return when the worker looks at a letter again that is not given yet.

    What is due waits for its writer's next day. What waits for a time of its receiver's is looked at once an hour from
    when that time comes anywhere on earth: they may have travelled by then.
    """
    if at is None:
        return None
    if at <= board.now:
        return board.next_day()
    if not letter.asks_zone(draft.fields):
        return at
    first = comes_first(date.fromisoformat(draft.fields["on"]), time.fromisoformat(draft.fields["at"]))
    return max(first, min(at, board.now + AN_HOUR))


def give_due(board: Board, identity: RecordId) -> None:
    """Give a letter of the caller's that the worker found due, unless what has changed since says otherwise."""
    found = (board.records.get((space, identity)) for space in board.spaces)
    draft = next((each for each in found if each is not None), None)
    if draft is None or draft.due_at is None or draft.due_at > board.now or KINDS[draft.kind].letter is None:
        return
    situation = Situation(
        actor=board.caller.person,
        couple=None if board.couple is None else board.couple.couple,
        now=board.now,
        today=board.today,
        given_today=board.given_today(),
        their_zone=board.their_zone(),
    )
    give(board, KINDS[draft.kind], board.put(draft), situation)


def derive_parent_of(board: Board, identity: RecordId) -> None:
    """Derive anew what the caller's record moves: words in it were destroyed."""
    children = (board.records.get((space, identity)) for space in board.spaces)
    child = next((each for each in children if each is not None), None)
    if child is None or board.spaces[child.space].state != "active":
        return
    kind = KINDS[child.kind]
    if kind.parent is None:
        return
    named = as_uuid(child.fields.get(kind.parent.field))
    parent = None if named is None else board.records.get((child.space, RecordId(named)))
    if parent is not None and parent.kind in kind.parent.kinds:
        _derive(board, parent)


def open_link(board: Board, identity: RecordId, until: datetime | None) -> bool:
    """Say in a summary until when a link shows it, or that none does any more; return whether there is such a summary.

    Only of the couple of today. What somebody has removed no link begins to show; what did ends there too.
    """
    summary = None if board.couple is None else board.records.get((board.couple.id, identity))
    if summary is None or summary.kind != COUNSEL_SUMMARY.name:
        return False
    if until is None:
        if not summary.gone and summary.fields["link_until"] is not None:
            close_link(board, summary)
        return True
    if summary.live:
        _derive(board, board.put(summary.with_fields(summary.fields | {"link_until": written(until)})))
    return summary.live


def close_link(board: Board, summary: Record) -> None:
    """Say in a summary that no link shows it any more, also where somebody has removed it and may bring it back."""
    _derive(board, board.put(summary.with_fields(summary.fields | {"link_until": None})))


def move(board: Board, changed: Sequence[Record]) -> frozenset[tuple[UUID, str]]:
    """Derive anew every parent that this batch has made or whose children it has added to or changed, once each.

    It follows at the end of a batch: five hundred acts about one goal are one walk, not five hundred. Return the
    families that must be loaded first, with their parents: whoever makes a parent need not have said that it is new,
    and whoever edits a child need not have said whose it is.
    """
    parents: dict[RecordKey, frozenset[tuple[UUID, str]]] = {}
    for record in changed:
        kind, key = KINDS[record.kind], (record.space, record.id)
        if kind.derive is not None:
            # What was there and stays is moved by its children alone; what is new, or comes back, may find them there.
            moving = kind.moved_by if board.is_there_anew(key) else ()
            parents[key] = parents.get(key, frozenset()) | {(record.id, each) for each in moving}
        elif kind.parent is not None and kind.parent.moves:
            named = as_uuid(record.fields.get(kind.parent.field))
            key = (record.space, RecordId(named or record.id))
            parent = board.records.get(key)
            kinds = kind.parent.kinds if parent is None else (parent.kind,)
            moving = tuple(each for name in kinds if name in kind.parent.kinds for each in KINDS[name].moved_by)
            if named is not None and moving:
                parents[key] = parents.get(key, frozenset()) | {(named, each) for each in moving}
    missing: set[tuple[UUID, str]] = set()
    for key, needed in parents.items():
        parent = board.records.get(key)
        if not needed <= board.families:
            missing |= needed
        elif parent is not None and {(parent.id, each) for each in KINDS[parent.kind].moved_by} <= board.families:
            _derive(board, parent)
    return frozenset(missing)


class Ended:
    """Counts what this batch has ended, which follows at its end only.

    Nothing is gone through twice: not the batch while nothing is put, nor a parent while no child comes to it.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._counted: dict[tuple[str, SpaceId], tuple[int, int]] = {}
        self._looked_at: dict[RecordKey, tuple[int, bool]] = {}

    def count(self, kind: Kind, space: SpaceId) -> int:
        """Return how many records of a kind take room now and will have ended."""
        head = self._board.heads[space]
        at, count = self._counted.get((kind.name, space), (-1, 0))
        if at != head:
            count = sum(self._has_ended(kind, each) for each in self._moved(kind, space))
            self._counted[kind.name, space] = (head, count)
        return count

    def _moved(self, kind: Kind, space: SpaceId) -> Iterator[Record]:
        named = {
            as_uuid(child.fields.get(of.field))
            for child in self._board.changed()
            if child.space == space
            and (of := KINDS[child.kind].parent) is not None
            and of.moves
            and kind.name in of.kinds
        }
        parents = (self._board.records.get((space, RecordId(each))) for each in named if each is not None)
        return (each for each in parents if each is not None and each.kind == kind.name and takes_room(each))

    def _has_ended(self, kind: Kind, parent: Record) -> bool:
        assert kind.derive is not None
        key, size = (parent.space, parent.id), self._board.family_size(parent.space, parent.id)
        known, ended = self._looked_at.get(key, (-1, False))
        if known != size:
            fields = kind.derive(parent, _moving(self._board, parent), _around(self._board, parent)).fields
            ended = has_ended(parent.with_fields(parent.fields | fields))
            self._looked_at[key] = (size, ended)
        return ended


def _derive(board: Board, parent: Record) -> None:
    kind, key = KINDS[parent.kind], (parent.space, parent.id)
    if kind.derive is None or not parent.live:
        return
    children, around = _moving(board, parent), _around(board, parent)
    derived = kind.derive(parent, children, around)
    known: frozenset[tuple[PersonId, RecordId]] = frozenset()
    if not board.is_new(key):
        before = [each for each in children if not board.is_new((each.space, each.id))]
        known = kind.derive(parent, before, around).look_again
    fields = parent.fields | derived.fields
    if fields != parent.fields:
        if board.has_put(key):
            board.amend(parent, fields=fields)
        else:
            board.put(parent.with_fields(fields))
    for person, about in sorted(derived.look_again - known):
        board.tell(
            Word(person, "look_again"), board.records[parent.space, about], board.records[parent.space, about].created
        )


def _moving(board: Board, parent: Record) -> list[Record]:
    moved_by = KINDS[parent.kind].moved_by
    return [each for each in board.family(parent.space, parent.id) if each.kind in moved_by]


def _around(board: Board, parent: Record) -> Around:
    members = frozenset(member.person for member in board.spaces[parent.space].members)
    return Around(members=members, today=board.today)
