"""Give a person all that is theirs, in one of three forms, piece by piece: the use-case of an export.

Nothing is made beforehand and nothing is kept. A first walk over the person's spaces remembers where each record stands
and none of its words; then records are read again, so many at a time, in the order in which they are told. What changes
meanwhile is told as it is when its turn comes; what arrives meanwhile is in the next export.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Final
from uuid import UUID

import msgspec

from domain.ids import RecordId, SpaceId
from sync import export_html, export_text, telling
from sync.board import settings_id
from sync.export import (
    Earlier,
    EarlierWords,
    Form,
    Kept,
    Owner,
    Place,
    json_beginning,
    json_earlier,
    json_record,
    kept,
    kinds_in_order,
    place,
)
from sync.outline import Outline, Part
from sync.passages import End, Heading, Lead, Passage
from sync.ports import Archive, Caller
from sync.telling import Teller
from sync.wire import VERSION_MAX

PAGE_ROWS: Final = 500
"""Records that the first walk has in memory at once."""
BATCH_ROWS: Final = 50
"""Records that are told from one reading; as many again of those within them."""
PIECE_BYTES: Final = 16 * 1024
"""What is gathered before it is sent."""

_GROUP_LEVEL: Final = 6


async def export(
    archive: Archive, caller: Caller, owner: Owner, id_keys: Mapping[SpaceId, bytes], form: Form
) -> AsyncIterator[bytes]:
    """Give an export in pieces. `id_keys` are those of the caller's spaces."""
    reader = _Reader(archive, caller, owner)
    outline = Outline(owner, [place(owner, each) async for each in reader.everything()], id_keys)
    pieces = _json(reader, outline) if form == "json" else _written(reader, outline, form)
    held = bytearray()
    async for piece in pieces:
        held += piece
        if len(held) >= PIECE_BYTES:
            yield bytes(held)
            held.clear()
    yield bytes(held)


async def zone_of(archive: Archive, caller: Caller, id_key: bytes) -> str:
    """Return the zone in which the caller says that they live, or UTC. `id_key` is that of their own space."""
    page = await archive.changed_since(caller, _at_the_end(caller), limit=0, again=[settings_id(id_key)])
    bodies = [msgspec.json.decode(row.body)["fields"] for row in page.besides if row.body is not None]
    return next((str(fields["zone"]) for fields in bodies if fields.get("zone")), "UTC")


def _at_the_end(caller: Caller) -> dict[SpaceId, int]:
    return dict.fromkeys(caller.spaces, VERSION_MAX)


class _Reader:
    """Reads what is the owner's, so many records at a time."""

    def __init__(self, archive: Archive, caller: Caller, owner: Owner) -> None:
        self.owner = owner
        self._archive, self._caller = archive, caller

    async def everything(self) -> AsyncIterator[Kept]:
        """Give every record; one that changes on the way comes once more."""
        after = dict.fromkeys(self._caller.spaces, 0)
        more = True
        while more:
            rows = (await self._archive.changed_since(self._caller, after, limit=PAGE_ROWS)).rows
            more = len(rows) > PAGE_ROWS
            for row in rows:
                after[row.space] = row.version
                record = kept(self.owner, row)
                if record is not None:
                    yield record

    async def records(self, places: Sequence[Place]) -> AsyncIterator[tuple[Place, Kept]]:
        """Give the records at these places as they are now; what is wiped meanwhile is left out."""
        for first in range(0, len(places), BATCH_ROWS):
            those = places[first : first + BATCH_ROWS]
            found = await self._read([each.id for each in those])
            for each in those:
                if (each.space, each.id) in found:
                    yield each, found[each.space, each.id]

    async def one(self, space: SpaceId, identity: UUID | None) -> Kept | None:
        """Return one record, if there is such a one."""
        return None if identity is None else (await self._read([RecordId(identity)])).get((space, RecordId(identity)))

    async def earlier(self) -> AsyncGenerator[Earlier, None]:
        """Give what the owner wrote before and what stands nowhere else, record by record."""
        for space in self._caller.spaces:
            after: tuple[RecordId, int] | None = None
            words: EarlierWords | None = None
            while pasts := await self._archive.pasts(self._caller, space, after, limit=BATCH_ROWS):
                present = await self._read(sorted({past.record for past in pasts}))
                for past in pasts:
                    if words is None or after is None or past.record != after[0]:
                        words = EarlierWords(self.owner, past.kind, past.author, present.get((space, past.record)))
                    after = (past.record, past.dated.revision.version)
                    for value in past.dated.revision.values:
                        if words.tells(value):
                            yield Earlier(
                                space=space,
                                kind=past.kind,
                                id=past.record,
                                field=value.field,
                                value=value.value,
                                on=past.dated.on,
                            )

    async def has_earlier(self) -> bool:
        """Return whether there is any of it."""
        async with aclosing(self.earlier()) as found:
            return await anext(found, None) is not None

    async def _read(self, ids: Sequence[RecordId]) -> dict[tuple[SpaceId, RecordId], Kept]:
        page = await self._archive.changed_since(self._caller, _at_the_end(self._caller), limit=0, again=ids)
        found = (kept(self.owner, row) for row in page.besides)
        return {(each.space, each.id): each for each in found if each is not None}


async def _json(reader: _Reader, outline: Outline) -> AsyncIterator[bytes]:
    by_kind = outline.of_kinds()
    yield json_beginning(reader.owner)
    for nth, kind in enumerate(kinds_in_order(by_kind)):
        yield (b"," if nth else b"") + msgspec.json.encode(kind) + b":["
        between = b""
        async for _, record in reader.records(by_kind[kind]):
            yield between + json_record(reader.owner, record)
            between = b","
        yield b"]"
    yield b'},"earlier":['
    between = b""
    async for each in reader.earlier():
        yield between + json_earlier(each)
        between = b","
    yield b"]}"


async def _written(reader: _Reader, outline: Outline, form: Form) -> AsyncIterator[bytes]:
    write = export_html.marked if form == "html" else export_text.written
    if form == "html":
        yield export_html.beginning(telling.cover(reader.owner).title).encode()
    async for passage in _passages(reader, outline):
        yield write(passage).encode()
    if form == "html":
        yield export_html.ENDING.encode()


async def _passages(reader: _Reader, outline: Outline) -> AsyncIterator[Passage]:
    owner, parts, teller = reader.owner, outline.parts(), Teller(reader.owner)
    earlier = await reader.has_earlier()
    yield telling.cover(owner)
    yield telling.contents(owner, parts, earlier=earlier)
    for nth, part in enumerate(parts):
        yield Heading(2, telling.part_title(part), telling.part_anchor(nth))
        if (said := telling.part_lead(part)) is not None:
            yield said
        async for passage in _chapters(reader, outline, teller, nth, part):
            yield passage
    if earlier:
        yield Heading(2, telling.EARLIER_TITLE, telling.EARLIER_ANCHOR)
        yield Lead(telling.EARLIER_LEAD)
        async for each in reader.earlier():
            for passage in teller.earlier(each, 3):
                yield passage


async def _chapters(reader: _Reader, outline: Outline, teller: Teller, nth: int, part: Part) -> AsyncIterator[Passage]:
    for place_in_part, (chapter, places) in enumerate(part.chapters):
        yield Heading(3, chapter.title, telling.chapter_anchor(nth, place_in_part))
        if chapter.lead:
            yield Lead(chapter.lead)
        if not chapter.by_month:
            async for passage in _entries(reader, outline, teller, places, 4):
                yield passage
            continue
        for month, those in telling.months(places):
            yield Heading(4, month)
            async for passage in _entries(reader, outline, teller, those, 5):
                yield passage


async def _entries(
    reader: _Reader, outline: Outline, teller: Teller, places: Sequence[Place], level: int, *, within: bool = False
) -> AsyncIterator[Passage]:
    """Tell records one after the other, each with all that belongs to it."""
    async for _, record in reader.records(places):
        if record.kind == "goal":
            terms = await reader.one(record.space, outline.newest_terms(record))
            begun = teller.begin_goal(record, terms, level)
        else:
            begun = teller.begin(record, level, within=within)
        for passage in begun:
            yield passage
        for title, those in outline.groups(record):
            if title:
                yield Heading(_GROUP_LEVEL, title)
            async for passage in _entries(reader, outline, teller, those, level + 1, within=True):
                yield passage
        yield End(within)
