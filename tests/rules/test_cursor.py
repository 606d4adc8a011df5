"""The cursor: what it holds comes back, and whatever else comes is no cursor."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import SpaceId
from sync.cursor import LIVES_MAX, MARK_BYTES, PLACES_MAX, Cursor, CursorUnreadableError, read, written
from sync.lives import wire_epoch
from sync.ports import Life, Place
from sync.sealing import keyed_hash
from sync.wire import CURSOR_CHARS_MAX, SCHEMA, VERSION_MAX

PLACES = st.dictionaries(
    st.uuids().map(SpaceId),
    st.builds(
        Place,
        epoch=st.uuids(),
        version=st.integers(0, VERSION_MAX),
        horizon=st.integers(0, VERSION_MAX),
        lives=st.lists(st.builds(Life, st.uuids(), st.integers(0, VERSION_MAX)), max_size=LIVES_MAX).map(tuple),
        reach=st.integers(0, VERSION_MAX),
    ),
    max_size=5,
)


SOME = "5b0c1e52-93a4-4c0e-8f1d-6a2f00c0ffee"


KEY = bytes(range(32))


def marked(plain: bytes) -> str:
    """A cursor with a true mark: what is refused then is refused for what it says."""
    mark = keyed_hash(KEY, "cursor", plain)[:MARK_BYTES]
    return urlsafe_b64encode(mark + plain).rstrip(b"=").decode()


def packed(*rows: object) -> str:
    return marked(msgspec.msgpack.encode([1, rows]))


@given(PLACES, st.integers(0, VERSION_MAX))
def test_a_cursor_says_what_was_written(places: dict[SpaceId, Place], given_s: int) -> None:
    cursor = Cursor(7, places, given_s)
    assert read(written(cursor, KEY), KEY) == cursor


def test_a_cursor_of_any_length_and_ending_comes_back_and_needs_no_quoting() -> None:
    for version in (1, 200, 70_000):
        for given_s in range(128):
            cursor = Cursor(1, {SpaceId(UUID(SOME)): Place(UUID(SOME), version)}, given_s)
            said = written(cursor, KEY)
            assert "=" not in said
            assert read(said, KEY) == cursor


def test_the_first_sync_has_no_cursor() -> None:
    assert read(None, KEY) == Cursor(SCHEMA, {})


def test_the_longest_cursor_fits_a_request() -> None:
    lives = tuple(Life(uuid4(), VERSION_MAX) for _ in range(LIVES_MAX + 5))
    places = {
        SpaceId(uuid4()): Place(uuid4(), VERSION_MAX, horizon=VERSION_MAX, lives=lives) for _ in range(PLACES_MAX + 5)
    }
    cursor = written(Cursor(1, places), KEY)
    assert len(cursor) <= CURSOR_CHARS_MAX
    found = read(cursor, KEY).places
    assert len(found) == PLACES_MAX
    assert {each.lives for each in found.values()} == {()}, "what spares work gives way first"


def test_a_cursor_names_the_newest_earlier_lives() -> None:
    lives = tuple(Life(uuid4(), nth) for nth in range(LIVES_MAX + 2))
    space = SpaceId(uuid4())
    assert read(written(Cursor(1, {space: Place(uuid4(), 9, lives=lives)}), KEY), KEY).places[space].lives == lives[2:]


def test_a_cursor_that_an_earlier_server_gave_is_read() -> None:
    space, epoch = SpaceId(UUID(SOME)), UUID(int=7)
    assert read(packed([SOME, str(epoch), VERSION_MAX]), KEY) == Cursor(1, {space: Place(epoch, VERSION_MAX)})
    most = [[str(UUID(int=nth)), SOME, nth] for nth in range(PLACES_MAX)]
    assert len(read(packed(*most), KEY).places) == PLACES_MAX


@given(PLACES.filter(bool), st.data())
def test_a_cursor_that_was_altered_anywhere_is_no_cursor(places: dict[SpaceId, Place], data: st.DataObject) -> None:
    raw = bytearray(urlsafe_b64decode(written(Cursor(1, places), KEY) + "=="))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CursorUnreadableError):
        read(urlsafe_b64encode(raw).rstrip(b"=").decode(), KEY)


def test_another_person_s_cursor_is_no_cursor() -> None:
    with pytest.raises(CursorUnreadableError):
        read(written(Cursor(1, {SpaceId(uuid4()): Place(uuid4(), 9)}), bytes(32)), KEY)


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
        packed([SOME, SOME, 1, 0, [[SOME, -1]]]),
        packed([SOME, SOME, 1, -1]),
        packed([SOME, SOME, 1, 0, [], -1]),
        marked(msgspec.msgpack.encode([1, [], -1])),
        marked(msgspec.msgpack.encode([1, [], VERSION_MAX + 1])),
        marked(b"\x91" * 2000),
    ],
    # Workers must name the cases alike.
    ids=range(18),
)
def test_what_is_no_cursor_of_ours_is_said_to_be_none(cursor: str) -> None:
    with pytest.raises(CursorUnreadableError):
        read(cursor, KEY)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        places = read(text, KEY).places
    except CursorUnreadableError:
        return
    assert all(0 <= place.version <= VERSION_MAX for place in places.values())


def test_the_epoch_on_the_wire_changes_with_either_life() -> None:
    store, space = UUID(int=1), UUID(int=2)
    epochs = {wire_epoch(store, space), wire_epoch(UUID(int=3), space), wire_epoch(store, UUID(int=3))}
    assert len(epochs) == 3
    assert wire_epoch(store, space) == wire_epoch(store, space)
    assert all(epoch.version == 8 for epoch in epochs)
