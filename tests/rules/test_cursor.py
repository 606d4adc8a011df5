"""The cursor: what it holds comes back, and whatever else comes is no cursor."""

from base64 import urlsafe_b64encode
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import SpaceId
from sync.cursor import PLACES_MAX, CursorUnreadableError, read, wire_epoch, written
from sync.ports import Place
from sync.wire import CURSOR_CHARS_MAX, VERSION_MAX

PLACES = st.dictionaries(
    st.uuids().map(SpaceId),
    st.builds(Place, epoch=st.uuids(), version=st.integers(0, VERSION_MAX)),
    max_size=5,
)


SOME = "5b0c1e52-93a4-4c0e-8f1d-6a2f00c0ffee"


def packed(*rows: object) -> str:
    return urlsafe_b64encode(msgspec.msgpack.encode(rows)).rstrip(b"=").decode()


@given(PLACES)
def test_a_cursor_says_what_was_written(places: dict[SpaceId, Place]) -> None:
    assert read(written(places)) == places


def test_the_first_sync_has_no_cursor() -> None:
    assert read(None) == {}


def test_the_longest_cursor_fits_a_request() -> None:
    places = {SpaceId(uuid4()): Place(uuid4(), VERSION_MAX) for _ in range(PLACES_MAX + 5)}
    cursor = written(places)
    assert len(cursor) <= CURSOR_CHARS_MAX
    assert len(read(cursor)) == PLACES_MAX


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "hello there",
        "é",
        "!!!!",
        packed("not a place"),
        packed([SOME, SOME, -1]),
        packed([SOME, SOME, VERSION_MAX + 1]),
        packed([SOME, SOME, 1.5]),
        packed([SOME, "no epoch", 1]),
        packed([SOME, SOME]),
        packed(*([SOME, SOME, 1] for _ in range(PLACES_MAX + 1))),
        urlsafe_b64encode(b"\x91" * 2000).decode(),
    ],
    # Workers must name the cases alike.
    ids=range(13),
)
def test_what_is_no_cursor_of_ours_is_said_to_be_none(cursor: str) -> None:
    with pytest.raises(CursorUnreadableError):
        read(cursor)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        places = read(text)
    except CursorUnreadableError:
        return
    assert all(0 <= place.version <= VERSION_MAX for place in places.values())


def test_the_epoch_on_the_wire_changes_with_either_life() -> None:
    store, space = UUID(int=1), UUID(int=2)
    epochs = {wire_epoch(store, space), wire_epoch(UUID(int=3), space), wire_epoch(store, UUID(int=3))}
    assert len(epochs) == 3
    assert wire_epoch(store, space) == wire_epoch(store, space)
    assert all(epoch.version == 8 for epoch in epochs)
