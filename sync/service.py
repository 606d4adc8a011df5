"""The use-cases of sync: push and pull in one round trip, purging one's own words, founding a personal space.

Each loads once, decides with pure functions, and stores once. A lost race loads again; nothing is ever half done.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import UNSET, Raw, Struct
from msgspec.structs import replace

from domain.counsel import COUNSEL_PART, COUNSEL_SUMMARY, counting, is_linked
from domain.ids import PersonId, RecordId, SpaceId
from domain.kind import Kind, Ownership
from domain.kinds import KINDS, may_look_behind, takes_back
from domain.records import Record
from domain.settings import SETTINGS
from domain.shapes import as_uuid
from sync import closing, follows, purging, space_store
from sync.board import Board, settings_id
from sync.bodies import rendered, row_of
from sync.lives import common
from sync.paging import Asked, asked_by, begun_anew, cursor_at, read_page, reset_of
from sync.ports import Caller, Dated, Keys, Loaded, Place, RecordKey, Row, Shadow, Space, Store, Wanted, Writes
from sync.reconcile import Decisions, reconcile
from sync.schemas import cut
from sync.sealing import SpaceKeys, keyed_id
from sync.wanted import given_lately, letters_of, wanted
from sync.wire import (
    REVISIONS_MAX,
    VERSION_MAX,
    Change,
    EarlierValue,
    Gone,
    Outcome,
    RawSyncResponse,
    Reset,
    Revisions,
    RevisionView,
    SpaceView,
    SyncRequest,
)
from sync.withheld import as_told, is_shut, version_for

CLOSED_AT_ONCE_MAX: Final = 100
"""Windows that one transaction closes when somebody withdraws their consent: each is opened and sealed anew."""

LOST_RACES_MAX = 5
"""Attempts at one push before the caller is asked to come back."""


class BusyError(Exception):
    """Other requests were faster five times; nothing was stored, and trying again will do."""


class UnknownRecordError(Exception):
    """There is no such record of this person's, or none that they may know of."""


class ConsentNeededError(Exception):
    """Nothing is kept for somebody who has not agreed to it, but what only takes back."""


class SpaceLockedError(Exception):
    """The keys of the caller's own space are not to be had: nothing can be read or stored now."""


class Answer(Struct, frozen=True):
    """What a device receives, and the heads that have moved for others to hear of."""

    response: RawSyncResponse
    moved: dict[SpaceId, int]


class Closed(Struct, frozen=True):
    """What has moved by closing some of a person's windows, and up to where it was looked: None once that was all."""

    moved: dict[SpaceId, int]
    upto: int | None


class Summary(Struct, frozen=True):
    """A summary for a counsellor, and its parts that count: each approved, byte by byte, by everybody whose it is."""

    record: Record
    parts: tuple[Record, ...]


NOTHING_DECIDED: Final = Decisions(outcomes=(), writes=Writes(spaces={}, heads={}))


class Pushed(Struct, frozen=True):
    """What was loaded for a push, what was decided, and the heads that have moved by it."""

    loaded: Loaded
    decisions: Decisions
    moved: dict[SpaceId, int]


async def sync(
    store: Store,
    keys: Keys,
    caller: Caller,
    request: SyncRequest,
    now: datetime,
    new_epoch: Callable[[], UUID],
) -> Answer:
    """Push a device's changes and return what is new for it.

    Raise `CursorUnreadableError` for a cursor that is not this person's, `BusyError` after five lost races,
    `ConsentNeededError` as `push` does.
    """
    own_key = (await id_keys_of(keys, caller))[caller.personal]
    asked = asked_by(caller, request.cursor, schema=request.schema, limit=request.limit, now=now, own_key=own_key)
    pushed = None
    if request.changes:
        pushed = await push(store, keys, caller, request.changes, now, asked.places, new_epoch)
        own = _own_news(asked, pushed)
        if own is not None:
            return Answer(own, pushed.moved)
    response = await _pull(store, asked, new_epoch, pushed)
    return Answer(response, {} if pushed is None else pushed.moved)


async def push(
    store: Store,
    keys: Keys,
    caller: Caller,
    changes: Sequence[Change],
    now: datetime,
    places: Mapping[SpaceId, Place],
    new_epoch: Callable[[], UUID],
    submitted: Callable[[Loaded, Decisions], tuple[Shadow, ...]] | None = None,
) -> Pushed:
    """Judge, merge and store a batch: one statement to load, one to save.

    `submitted` says what is to be kept of it for a device of a client library. `places` are those of the device's
    cursor: they tell whether its bases are of the present life. A device that knows more than the store is noticed
    before its push could hide it.

    Raise `ConsentNeededError` where the caller has not agreed, unless all of these changes only take back.
    """
    if not caller.may_keep and not all(_takes_back(change) for change in changes):
        raise ConsentNeededError
    id_keys = await id_keys_of(keys, caller)
    asked = wanted(changes, caller, id_keys, now)
    settings: frozenset[RecordKey] = frozenset()
    for _ in range(LOST_RACES_MAX):
        loaded = await _loaded(store, caller, asked, settings, now)
        if await begun_anew(store, caller, loaded.spaces, places, new_epoch):
            continue
        if any(reset_of(space, places.get(space.id), caller.person) for space in loaded.spaces.values()):
            # Its edits are of a copy that is not the store's. They wait, undecided, until they follow on a new one.
            return Pushed(loaded, NOTHING_DECIDED, {})
        inboxes = {member.personal for space in loaded.spaces.values() for member in space.members}
        id_keys |= _id_keys(await keys.of(inboxes - id_keys.keys()))
        base_max = {
            space.id: common(space, place)
            for space in loaded.spaces.values()
            if (place := places.get(space.id)) and place.epoch != space.epoch
        }
        decisions = reconcile(loaded, caller, changes, now, id_keys, None, base_max)
        if decisions.families or decisions.settings:
            # A family is called after its parent, which may be missing as well.
            parents = {RecordId(family) for family, _ in decisions.families}
            asked = replace(asked, ids={*asked.ids, *parents}, families={*asked.families, *decisions.families})
            settings |= decisions.settings
            continue
        if decisions.asks:
            history = await store.history(caller, decisions.asks, decisions.boxes)
            decisions = reconcile(loaded, caller, changes, now, id_keys, history, base_max)
        if not decisions.writes.spaces:
            return Pushed(loaded, decisions, {})
        writes = decisions.writes
        if submitted is not None and caller.may_keep:
            # A shadow holds all that a row held, also what is no part of the edit.
            writes = replace(writes, shadows=submitted(loaded, decisions))
        moved = await store.save(caller, writes, now)
        if moved is not None:
            news = {
                space: head
                for space, head in moved.items()
                if (space not in loaded.spaces or head != loaded.spaces[space].head) and space not in writes.hushed
            }
            return Pushed(loaded, decisions, news)
    raise BusyError


def _takes_back(change: Change) -> bool:
    kind = KINDS.get(change.kind)
    remove = None if change.remove is UNSET else change.remove
    return kind is not None and takes_back(kind, change.set, remove, change.was)


async def _loaded(store: Store, caller: Caller, asked: Wanted, settings: frozenset[RecordKey], now: datetime) -> Loaded:
    loaded = await store.load(caller, asked)
    if asked.words:
        # Looked for after the heads were read: whatever is stored in between moves one, and this push loses its race.
        since = min(now - rule.within for each in asked.words if (rule := KINDS[each.kind].repeats) is not None)
        loaded = replace(loaded, repeated=await store.repeated(caller, asked.words, since))
    if not settings:
        return loaded
    found = await store.settings_of(caller, settings)
    return replace(loaded, records=loaded.records | found, settings=settings)


async def id_keys_of(keys: Keys, caller: Caller) -> dict[SpaceId, bytes]:
    """Return the id keys of the caller's spaces; raise `SpaceLockedError` when the own one is not to be had."""
    id_keys = _id_keys(await keys.of(caller.spaces))
    if caller.personal not in id_keys:
        raise SpaceLockedError
    return id_keys


def _id_keys(keys: Mapping[SpaceId, SpaceKeys]) -> dict[SpaceId, bytes]:
    return {space: each.id_key for space, each in keys.items()}


def _own_news(asked: Asked, pushed: Pushed) -> RawSyncResponse | None:
    """Return the answer from what was just written, when nothing else can be new for this device.

    That is so when it was at the head of each of its spaces, in the same life, before this push.
    """
    spaces, decisions = pushed.loaded.spaces, pushed.decisions
    reader = asked.caller.person
    rows = [
        row_of(
            each.record, each.body, version_for(reader, each.record.author, each.record.version, each.record.shut_at)
        )
        for each in decisions.writes.records
    ]
    places, after = asked.places, asked.after
    rows = [as_told(row, reader, spaces) for row in rows if row.version > after.get(row.space, 0)]
    at_head = all(
        space.id in places and (places[space.id].epoch, after[space.id]) == (space.epoch, space.head)
        for space in spaces.values()
    )
    if not at_head or decisions.again or len(rows) > asked.limit:
        return None
    heads = decisions.writes.heads
    rows.sort(key=lambda row: (asked.caller.spaces.index(row.space), row.version))
    now_at = {
        space.id: Place(space.epoch, heads.get(space.id, space.head), places[space.id].horizon, space.lives)
        for space in spaces.values()
    }
    return _response(asked, spaces, now_at, rows, outcomes=decisions.outcomes, more=False, reset=[], heads=heads)


async def _pull(store: Store, asked: Asked, new_epoch: Callable[[], UUID], pushed: Pushed | None) -> RawSyncResponse:
    again = frozenset[RecordId]() if pushed is None else pushed.decisions.again
    page = await read_page(store, asked, new_epoch, again=again)
    return _response(
        asked,
        page.spaces,
        page.reached,
        [*page.rows, *page.besides],
        outcomes=() if pushed is None else pushed.decisions.outcomes,
        more=page.more,
        reset=page.resets,
    )


def _response(
    asked: Asked,
    spaces: Mapping[SpaceId, Space],
    reached: Mapping[SpaceId, Place],
    rows: Sequence[Row],
    *,
    outcomes: tuple[Outcome, ...],
    more: bool,
    reset: list[Reset],
    heads: Mapping[SpaceId, int] | None = None,
) -> RawSyncResponse:
    known = [each for row in rows if (each := cut(row, asked.schema)) is not None]
    return RawSyncResponse(
        cursor=cursor_at(asked, reached),
        more=more,
        now=asked.now,
        reset=reset,
        outcomes=list(outcomes),
        spaces=[
            SpaceView(
                id=space.id,
                home=space.home,
                couple=space.couple,
                state=space.state,
                epoch=space.epoch,
                head=(heads or {}).get(space.id, space.told_to(asked.caller.person)),
            )
            for space in spaces.values()
        ],
        records=[Raw(rendered(row)) for row in known if row.body is not None],
        gone=[Gone(space=row.space, kind=row.kind, id=row.id, version=row.version) for row in known if row.gone],
        let_go=list(asked.caller.let_go),
    )


PAGES_LOOKED_THROUGH_MAX: Final = 50
"""Of earlier values that are another's own so many pages are looked through for what may be seen."""


async def revisions(
    store: Store,
    caller: Caller,
    kind: str,
    identity: RecordId,
    *,
    before: int = VERSION_MAX,
    limit: int = REVISIONS_MAX,
) -> Revisions:
    """Return earlier values of a record, as far as the caller may see them, the newest first.

    Raise `UnknownRecordError` alike for a record that never was and for one that is not the caller's to know of.
    """
    views: list[RevisionView] = []
    for _ in range(PAGES_LOOKED_THROUGH_MAX):
        behind = await store.behind(caller, kind, identity, before=before, limit=limit + 1)
        table = KINDS.get(kind)
        own = behind is not None and behind.author == caller.person
        if behind is None or table is None or table.ownership is Ownership.PROJECTION:
            raise UnknownRecordError
        # What is wiped or shut is gone for the other; what its author had written before is still theirs.
        if not own and (behind.gone or is_shut(table, removed=behind.removed, closed=behind.closed)):
            raise UnknownRecordError
        seen = [_seen(each, table, own=own) for each in behind.revisions]
        # When and how often something was changed would be all that an empty one tells.
        views += [each for each in seen if each.values]
        if len(views) > limit or len(seen) <= limit:
            return Revisions(revisions=views[:limit], more=len(views) > limit)
        before = seen[-1].version
    return Revisions(revisions=views[:limit], more=False)


def _seen(each: Dated, table: Kind, *, own: bool) -> RevisionView:
    return RevisionView(
        version=each.revision.version,
        on=each.on,
        values=[
            EarlierValue(field=value.field, value=value.value, by=value.by)
            for value in each.revision.values
            if may_look_behind(table, value.field, own=own)
        ],
    )


async def purge(
    store: Store, keys: Keys, caller: Caller, kind: str, identity: RecordId, now: datetime
) -> dict[SpaceId, int]:
    """Destroy the caller's own words in a record, wherever they are, for good; return the heads that moved.

    Purging twice is purging once. Raise `UnknownRecordError` alike for a record that never was, is wiped, or is
    not the caller's to know of.
    """
    for _ in range(LOST_RACES_MAX):
        scope = await store.scope(caller, identity)
        id_keys = _id_keys(await keys.of({*scope.spaces, *scope.inboxes}))
        writes: Writes | None = purging.purge(scope, caller, kind, identity, id_keys)
        if writes is None:
            raise UnknownRecordError
        if not writes.spaces:
            return {}
        moved = await store.save(caller, writes, now)
        if moved is not None:
            told = {space: head for space, head in moved.items() if space not in writes.hushed}
            return told | await _parent_moved(store, keys, caller, kind, identity, now)
    raise BusyError


async def _parent_moved(
    store: Store, keys: Keys, caller: Caller, kind: str, identity: RecordId, now: datetime
) -> dict[SpaceId, int]:
    """Let the parent follow whose child lost words: a part of a summary that says nothing counts no more."""
    table = KINDS[kind]
    if table.parent is None or not table.parent.moves:
        return {}
    loaded = await store.load(caller, Wanted(ids={identity}))
    named = next((as_uuid(each.fields.get(table.parent.field)) for each in loaded.records.values()), None)
    if named is None:
        return {}
    id_keys = await id_keys_of(keys, caller)
    families = {(named, each) for name in table.parent.kinds for each in KINDS[name].moved_by}
    asked = Wanted(ids={identity, RecordId(named), settings_id(id_keys[caller.personal])}, families=families)
    for _ in range(LOST_RACES_MAX):
        loaded = await store.load(caller, asked)
        inboxes = {member.personal for space in loaded.spaces.values() for member in space.members}
        id_keys |= _id_keys(await keys.of(inboxes - id_keys.keys()))
        board = Board(loaded, caller, now, id_keys)
        follows.derive_parent_of(board, identity)
        writes = board.writes()
        moved = await store.save(caller, writes, now) if writes.spaces else {}
        if moved is not None:
            return moved
    # The words are gone; what counts follows with the next change.
    return {}


async def give_due(store: Store, keys: Keys, caller: Caller, identity: RecordId, now: datetime) -> dict[SpaceId, int]:
    """Give a letter that has waited for its time, as its author. Nothing else waits for an instant.

    Return the heads that moved. What has changed since it was planned wins: what is not due any more is left alone.
    """
    id_keys = await id_keys_of(keys, caller)
    families = given_lately(caller, id_keys, now)
    letters = {kind.letter.gives for kind in KINDS.values() if kind.letter is not None}
    ids = {identity, settings_id(id_keys[caller.personal])}
    ids |= {each for gives in letters for each in letters_of(gives, identity, caller, id_keys)}
    asked = Wanted(ids=ids, families=families)
    settings: frozenset[RecordKey] = frozenset()
    for _ in range(LOST_RACES_MAX):
        loaded = await _loaded(store, caller, asked, settings, now)
        inboxes = {member.personal for space in loaded.spaces.values() for member in space.members}
        id_keys |= _id_keys(await keys.of(inboxes - id_keys.keys()))
        board = Board(loaded, caller, now, id_keys)
        follows.give_due(board, identity)
        if board.missing:
            settings |= board.missing
            continue
        writes = board.writes()
        if not writes.spaces:
            return {}
        moved = await store.save(caller, writes, now)
        if moved is not None:
            return moved
    raise BusyError


async def close_some(store: Store, keys: Keys, caller: Caller, after: int, now: datetime) -> Closed:
    """Close the next of what the caller has open to their partner, at most `CLOSED_AT_ONCE_MAX`, as the caller.

    That is every window that the partner sees, and then every letter that waits for its time: it is held back.
    `after` is 0 at first, then what the last call returned as `upto`.
    """
    id_keys = await id_keys_of(keys, caller)
    own = settings_id(id_keys[caller.personal])
    for _ in range(LOST_RACES_MAX):
        found = await store.open_to_partner(caller, after, limit=CLOSED_AT_ONCE_MAX)
        letters = [] if found else await store.waiting_letters(caller, limit=CLOSED_AT_ONCE_MAX)
        if not found and not letters:
            return Closed({}, None)
        ids = {own, *letters, *(each.id for each in found)}
        board = Board(await store.load(caller, Wanted(ids=ids)), caller, now, id_keys)
        closing.close_all(board)
        writes = board.writes()
        moved = await store.save(caller, writes, now) if writes.spaces else {}
        if moved is not None:
            # Letters that do not open cannot be held back; they cannot be given either.
            return Closed(moved, found[-1].version if found else after if moved else None)
    raise BusyError


async def open_link(
    store: Store, keys: Keys, caller: Caller, summary: RecordId, until: datetime | None, now: datetime
) -> dict[SpaceId, int]:
    """Say in a summary of the caller's couple until when a link shows it, or that none does; return the moved heads.

    Raise `UnknownRecordError` where there is no such summary; for a link that opens, also where it was removed.
    """
    id_keys = await id_keys_of(keys, caller)
    asked = Wanted(ids={summary, settings_id(id_keys[caller.personal])}, families=_parts_of(summary))
    for _ in range(LOST_RACES_MAX):
        board = Board(await store.load(caller, asked), caller, now, id_keys)
        if not follows.open_link(board, summary, until):
            raise UnknownRecordError
        writes = board.writes()
        if not writes.spaces:
            return {}
        moved = await store.save(caller, writes, now)
        if moved is not None:
            return moved
    raise BusyError


async def close_links(
    store: Store, keys: Keys, caller: Caller, summaries: Collection[RecordId], now: datetime
) -> dict[SpaceId, int]:
    """Say in those of these summaries that a link shows that none does any more; return the moved heads.

    They are of the caller's couple. The links themselves are dropped by whoever asks for this.
    """
    id_keys = await id_keys_of(keys, caller)
    for _ in range(LOST_RACES_MAX):
        found = await store.load(caller, Wanted(ids=summaries))
        linked = {each.id for each in found.records.values() if is_linked(each, now)}
        if not linked:
            return {}
        families = {family for each in linked for family in _parts_of(each)}
        board = Board(await store.load(caller, Wanted(ids=linked, families=families)), caller, now, id_keys)
        for each in [record for record in board.records.values() if record.id in linked]:
            follows.close_link(board, each)
        moved = await store.save(caller, board.writes(), now)
        if moved is not None:
            return moved
    raise BusyError


async def summary_of(store: Store, caller: Caller, summary: RecordId) -> Summary:
    """Return a summary of the caller's couple with the parts that count now, for whoever holds a link to it.

    Raise `UnknownRecordError` where there is none that stands: the couple may have parted since.
    """
    loaded = await store.load(caller, Wanted(ids={summary}, families=_parts_of(summary)))
    for space in loaded.spaces.values():
        record = loaded.records.get((space.id, summary))
        if space.state == "active" and record is not None and record.kind == COUNSEL_SUMMARY.name and record.live:
            members = frozenset(member.person for member in space.members)
            here = [each for each in loaded.records.values() if each.space == space.id]
            parts = [each for each in here if each.kind == COUNSEL_PART.name]
            return Summary(record, tuple(counting(parts, members)))
    raise UnknownRecordError


def _parts_of(summary: RecordId) -> set[tuple[UUID, str]]:
    return {(summary, COUNSEL_PART.name)}


async def found_personal_space(
    connection: Any, keys: SpaceKeys, space: SpaceId, person: PersonId, now: datetime
) -> None:
    """Store a new person's space with its one member and the settings that it begins with.

    Runs within the transaction that makes the account; the keys were stored before.
    """
    await space_store.found_space(connection, space, "personal", None, keyed_id(keys.id_key, "epoch"))
    await space_store.add_member(connection, space, person, space, None)
    fields = {name: field.shape.empty for name, field in SETTINGS.fields.items()}
    await space_store.deposit(
        connection, keys, space, person, SETTINGS.name, fields, now, identity=settings_id(keys.id_key)
    )
