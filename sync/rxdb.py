"""RxDB's replication protocol: pages of documents out, rows of documents in, and nothing decided here."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.ids import RecordId, SpaceId
from domain.kind import Kind
from domain.kinds import KINDS
from domain.records import Record
from sync import service
from sync.documents import DELETED, KEY, KIND, RECORDS, Document, deleted, document
from sync.facades import as_it_is, base_of, home_of, shadows_of, stored_of
from sync.gone_back import knows_what_was_lost, names_a_lost_life
from sync.paging import Asked, EpochChangedError, asked_by, cursor_at, read_page
from sync.ports import Caller, History, Keys, Loaded, Page, Row, Shadow, Space, Store, Wanted
from sync.reconcile import Decisions
from sync.sent_again import asks, changes_sent_again
from sync.service import id_keys_of
from sync.submitted import Submitted, change_of, latest, life_of, same, understood
from sync.wire import CHANGES_MAX, SCHEMA, Change

ROWS_MAX: Final = CHANGES_MAX
REPEATED_FOR: Final = timedelta(seconds=60)
"""A device is given once more what it has pushed so long before it was given its checkpoint, and since: while a push is
under way, RxDB passes over a pulled row and still goes on to the next checkpoint. Whoever puts the phone away just then
asks only tomorrow, by that checkpoint."""


class Checkpoint(Struct, frozen=True):
    """Where a client is: opaque to it."""

    c: str


class DocumentPage(Struct, frozen=True):
    """What RxDB's pull handler returns."""

    documents: list[Document]
    checkpoint: Checkpoint


class PushedRow(Struct, frozen=True, rename="camel"):
    """One document as a client would have it, and as it knew it before; without that it has made it itself."""

    new_document_state: Document
    assumed_master_state: Document | None = None


class PushedDocuments(Struct, frozen=True):
    """What came of a push: documents that are not stored as they were pushed, and the heads that have moved."""

    conflicts: list[Document]
    moved: dict[SpaceId, int]


class Collections(Struct, frozen=True):
    """The schemas of all collections, as an app of this schema knows them: by kind, what `addCollections` takes.

    `records` is that of one collection of all kinds, for an app that wants one instead of many.
    """

    schema: int
    collections: dict[str, Any]
    records: dict[str, Any]


async def pull(
    store: Store,
    keys: Keys,
    caller: Caller,
    kind: str,
    *,
    checkpoint: str | None,
    schema: int,
    limit: int,
    now: datetime,
    new_epoch: Callable[[], UUID],
) -> DocumentPage:
    """Return one page of the documents of a kind. One that an app of this schema does not know has none.

    A page that is not full also repeats what this device has pushed lately; its checkpoint goes no further for that.

    Raise `CursorUnreadableError` for a checkpoint that is not this person's, `EpochChangedError` for one of a life
    that is over.
    """
    own_key = (await id_keys_of(keys, caller))[caller.personal]
    asked = asked_by(caller, checkpoint, schema=schema, limit=limit, now=now, own_key=own_key)
    only = None if kind == RECORDS else kind
    lately = await store.submitted(caller, only, _given(asked) - REPEATED_FOR, limit=limit)
    page = await read_page(store, asked, new_epoch, kind=only, again=lately)
    if page.resets:
        raise EpochChangedError(page.resets[0])
    documents = list(_documents(page.rows, page.spaces, asked.schema, kind))
    # A full page ends no pull, so that what is repeated must never fill one.
    room = 0 if page.more else max(0, limit - 1 - len(documents))
    newest_first = sorted(page.besides, key=lambda row: lately.index(row.id))
    repeated = [*_documents(newest_first, page.spaces, asked.schema, kind)][:room]
    while page.more and len(documents) < limit:
        # One that is not full does, whatever the reason.
        asked = replace(asked, cursor=replace(asked.cursor, schema=asked.schema, places=page.reached))
        page = await read_page(store, replace(asked, limit=limit - len(documents)), new_epoch, kind=only)
        if page.resets:
            raise EpochChangedError(page.resets[0])
        documents += _documents(page.rows, page.spaces, asked.schema, kind)
    return DocumentPage(
        [*documents, *repeated], Checkpoint(cursor_at(asked, page.reached, given_s=int(now.timestamp())))
    )


def _documents(
    rows: Iterable[Row], spaces: Mapping[SpaceId, Space], schema: int, collection: str
) -> Iterator[Document]:
    """Return what of these rows belongs into a collection and is known to an app of this schema."""
    for row in rows:
        table = KINDS.get(row.kind)
        known = table is not None and table.schema <= schema and (row.gone or row.body is not None)
        if table is not None and known and collection in (RECORDS, row.kind):
            yield _in_collection(collection, row.kind, document(table, row, spaces[row.space], schema))


def _in_collection(collection: str, kind: str, made: Document) -> Document:
    return made | {KIND: kind} if collection == RECORDS else made


async def push(
    store: Store,
    keys: Keys,
    caller: Caller,
    kind: str,
    pushed: Sequence[PushedRow],
    *,
    schema: int,
    now: datetime,
    new_epoch: Callable[[], UUID],
) -> PushedDocuments:
    """Settle rows of one collection, and return what is stored wherever it is not what was pushed.

    A document that is merged in silence would stay stale on its client for good. Nothing is a fault of content: what
    cannot be stored comes back as deleted, and its words are kept as `unplaced`.
    """
    id_keys = await id_keys_of(keys, caller)
    own_key = id_keys[caller.personal]
    rows = [
        understood(_kind_of(kind, each.new_document_state), each.new_document_state, each.assumed_master_state)
        for each in pushed
    ]
    ids = [row.id for row in rows if row.id is not None]
    shadows = latest(await store.shadows(caller, ids))
    there = await store.load(caller, Wanted(ids=frozenset(ids)))
    spaces = there.spaces
    again = [row for row in rows if _is_sent_again(row, shadows, there)]
    stored_then, past = await _known_of(store, caller, again, spaces)
    edits: dict[UUID, tuple[Submitted, Change]] = {}
    for row in rows:
        record = None if row.id is None else stored_then.get(row.id)
        space = home_of(row, spaces) or (None if record is None else spaces[record.space])
        if row in again and space is not None:
            changes = changes_sent_again(
                row, space, record, past, person=caller.person, device=caller.device, own_key=own_key
            )
        else:
            shadow = None if row.id is None else shadows.get(row.id)
            change = change_of(row, shadow, base_of(row, spaces), device=caller.device, own_key=own_key)
            changes = [] if change is None else [change]
        edits |= {change.key: (row, change) for change in changes}
    moved: dict[SpaceId, int] = {}
    if edits:

        def submitted(loaded: Loaded, decisions: Decisions) -> tuple[Shadow, ...]:
            return tuple(shadows_of(edits, loaded, decisions, id_keys))

        every = [change for _, change in edits.values()]
        moved = (await service.push(store, keys, caller, every, now, {}, new_epoch, submitted)).moved
    after = await as_it_is(store, caller, again=ids)
    conflicts = [
        _conflict(row, _stored(row, kind, after), kind, after.spaces, min(schema, SCHEMA), entirely=row in again)
        for row in rows
    ]
    return PushedDocuments([each for each in conflicts if each is not None], moved)


def _stored(row: Submitted, collection: str, after: Page) -> Row | None:
    """Return what is stored of a document. Where a client holds all kinds by their ids, a wrong kind hides nothing."""
    there = [each for each in after.besides if each.id == row.id]
    own = [each for each in there if each.kind == row.kind]
    return next(iter(own or (there if collection == RECORDS else ())), None)


def _kind_of(collection: str, new: Document) -> str:
    """Return the kind of a pushed document: that of its collection, or what it says itself."""
    if collection != RECORDS:
        return collection
    said = new.get(KIND)
    return said if isinstance(said, str) else ""


def written_in(kind: str, caller: Caller) -> SpaceId:
    """Return the space in which pushes of a kind meet each other."""
    table = KINDS.get(kind)
    of_couple = (kind == RECORDS or (table is not None and table.home == "couple")) and len(caller.spaces) > 1
    return caller.spaces[1] if of_couple else caller.personal


def _given(asked: Asked) -> datetime:
    """Return when this device was given its checkpoint; one that has none takes everything now."""
    given_s = asked.cursor.given_s
    return datetime.fromtimestamp(min(given_s, asked.now.timestamp()), UTC) if given_s else asked.now


def _is_sent_again(row: Submitted, shadows: Mapping[RecordId, Shadow], there: Loaded) -> bool:
    """Return whether all of a document counts: a client was given it once, and says not what it knew, or that is lost.

    The difference to a state that the store has lost would leave out what only the client still holds.
    """
    epoch, _ = life_of(row.new)
    shadow = None if row.id is None else shadows.get(row.id)
    newer = shadow is not None and shadow.version > base_of(row, there.spaces)
    if row.id is None or epoch is None or newer:
        return False
    return row.assumed is None or names_a_lost_life(row, there.spaces) or knows_what_was_lost(row, there)


async def _known_of(
    store: Store, caller: Caller, rows: Sequence[Submitted], spaces: Mapping[SpaceId, Space]
) -> tuple[dict[RecordId, Record], History]:
    """Return what is stored of these rows' records, and what they once held."""
    if not rows:
        return {}, History(texts={})
    stored = await stored_of(store, caller, rows, spaces)
    asked = [(each.space, each.id) for each in asks(rows, spaces, stored)]
    return stored, await store.history(caller, asked, ()) if asked else History(texts={})


def _conflict(
    row: Submitted,
    there: Row | None,
    collection: str,
    spaces: Mapping[SpaceId, Space],
    schema: int,
    *,
    entirely: bool,
) -> Document | None:
    """Return what is stored where it is not what was pushed; what is not stored at all is deleted.

    What is sent again is compared `entirely`, what the server writes included: to a client that says not what it knew
    of a document, what it has pushed is news, so that it passes over the same document of a pull.
    """
    kind = KINDS.get(row.kind if there is None else there.kind)
    if kind is None or kind.schema > schema or there is None:
        gone: Document = {KEY: row.named, DELETED: True}
        if row.new.get(DELETED):
            return None
        return _in_collection(collection, row.kind, gone if kind is None else deleted(kind, row.named, schema))
    if there.body is None and not there.gone:
        # It does not open: nobody can say what it holds.
        return None
    made = _in_collection(collection, kind.name, document(kind, there, spaces[there.space], schema))
    known = kind.name == row.kind and same(kind, made, row.new) and not _meddles(kind, row, made)
    if known and (made == row.new or made[DELETED] or not entirely):
        return None
    return made


def _meddles(kind: Kind, row: Submitted, made: Document) -> bool:
    """Return whether an app has itself written what is the server's to write, and holds there what is not stored.

    That is passed over, but the app has to learn of it: nothing else brings it the same document again. What the
    server has written meanwhile is no such thing, and comes by a pull.
    """
    knew = row.assumed or {}
    of_the_server = [name for name in made if name in kind.fields and name not in kind.written]
    return not made[DELETED] and any(row.new.get(name) not in (knew.get(name), made[name]) for name in of_the_server)
