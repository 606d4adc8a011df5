"""The bytes of a record: what goes in comes out, and the body is the tail of what a device receives."""

from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from domain.records import Alternative, Purged, Record, Stamp
from sync.bodies import Body, decoded, encoded, packed, packed_purge, rendered, row_of, unpacked, unpacked_purge
from sync.ports import Row
from sync.wire import RecordView

ANA = PersonId(UUID(int=1))
JSON = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=9)
FIELDS = st.dictionaries(st.sampled_from(["text", "title", "needs", "done"]), JSON | st.lists(JSON, max_size=3))
ALTERNATIVES = st.dictionaries(
    st.sampled_from(["text", "title"]),
    st.lists(st.builds(Alternative, by=st.uuids().map(PersonId), text=st.text(max_size=9)), max_size=2).map(tuple),
)
STAMPS = st.dictionaries(
    st.text(max_size=12),
    st.builds(
        Stamp,
        version=st.integers(0, 2**53),
        device=st.none() | st.uuids().map(DeviceId),
        others=st.integers(0, 2**53),
        made_ms=st.none() | st.integers(0, 2**53),
        person=st.none() | st.uuids().map(PersonId),
    ),
)


def record(**rest: Any) -> Record:
    return Record(
        space=SpaceId(UUID(int=2)), kind="step", id=RecordId(UUID(int=3)), version=7, created=5, author=ANA, **rest
    )


def row(body: bytes | None, *, removed: bool = False) -> Row:
    return Row(
        space=SpaceId(UUID(int=2)),
        kind="step",
        id=RecordId(UUID(int=3)),
        version=7,
        author=ANA,
        removed=removed,
        gone=False,
        body=body,
    )


def test_a_row_says_of_a_record_how_it_stands_at_the_version_at_which_its_reader_has_it() -> None:
    assert row_of(record(), b"{}", 7) == row(b"{}")
    assert row_of(record(removed=True), b"{}", 7) == row(b"{}", removed=True)
    assert row_of(record(gone=True), None, 7) == replace(row(None), gone=True)
    assert row_of(record(schema=2), b"{}", 3) == replace(row(b"{}"), version=3, schema=2)
    assert row_of(record(purged=Purged(4, frozenset())), b"{}", 7) == replace(row(b"{}"), purged=True)


@given(FIELDS, ALTERNATIVES, st.lists(st.text(max_size=5), max_size=2).map(tuple))
def test_a_body_says_what_was_written(
    fields: dict[str, Any], alternatives: dict[str, tuple[Alternative, ...]], merged: tuple[str, ...]
) -> None:
    body = encoded(record(fields=fields, alternatives=alternatives, merged=merged))
    assert decoded(body) == Body(fields, alternatives, merged)


def test_a_tombstone_has_no_body() -> None:
    assert encoded(record(gone=True)) is None
    assert decoded(None) == Body()


@given(st.booleans(), FIELDS, ALTERNATIVES)
def test_what_a_device_receives_is_the_record_with_its_body_passed_through(
    removed: bool, fields: dict[str, Any], alternatives: dict[str, tuple[Alternative, ...]]
) -> None:
    body = encoded(record(fields=fields, alternatives=alternatives))
    view = msgspec.json.decode(rendered(row(body, removed=removed)), type=RecordView)
    assert (view.space, view.kind, view.id, view.version) == (UUID(int=2), "step", UUID(int=3), 7)
    assert (view.author, view.removed, view.fields, view.merged) == (ANA, removed, fields, [])
    assert {name: [(each.by, each.text) for each in texts] for name, texts in view.alternatives.items()} == {
        name: [(each.by, each.text) for each in texts] for name, texts in alternatives.items()
    }


def test_an_empty_body_is_still_a_record() -> None:
    for body in (None, encoded(record())):
        assert msgspec.json.decode(rendered(row(body)), type=RecordView).fields == {}


@given(STAMPS)
def test_stamps_come_back(stamps: dict[str, Stamp]) -> None:
    assert unpacked(packed(stamps)) == stamps


def test_fields_that_were_written_together_share_one_stamp() -> None:
    stamp = Stamp(7, DeviceId(UUID(int=9)), 0, 1_700_000_000_000, ANA)
    alone = len(packed({"text": stamp}))
    assert len(packed(dict.fromkeys(["text", "topic", "needs", "valence"], stamp))) < alone + 30


@given(st.none() | st.builds(Purged, st.integers(0, 2**53), st.frozensets(st.binary(min_size=12, max_size=12))))
def test_a_purge_mark_comes_back(purged: Purged | None) -> None:
    assert unpacked_purge(packed_purge(purged)) == purged
