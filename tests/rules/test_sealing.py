"""What is sealed opens only as what it was: in its space, as its kind, under its id, unaltered."""

import hmac
from hashlib import sha256
from uuid import RFC_4122, UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import SpaceId
from sync.sealing import SealBroken, SpaceKeys, keyed_hash, keyed_id

KEY, OTHER_KEY, ID_KEY = bytes(range(32)), bytes(range(1, 33)), bytes(range(2, 34))
SPACE = SpaceId(UUID("11111111-1111-4111-8111-111111111111"))
RECORD = UUID("22222222-2222-4222-8222-222222222222")


def keys(space: SpaceId = SPACE) -> SpaceKeys:
    return SpaceKeys(space, {3: KEY}, 3, ID_KEY)


@given(st.binary(max_size=300), st.text(min_size=1, max_size=40), st.uuids())
def test_what_was_sealed_opens(plain: bytes, kind: str, about: UUID) -> None:
    assert keys().open(kind, about, keys().seal(kind, about, plain)) == plain


def test_the_layout_is_one_key_number_nonce_ciphertext_and_tag() -> None:
    sealed = keys().seal("goal", RECORD, b"a walk every Sunday")
    assert sealed[:2] == bytes((1, 3))
    assert len(sealed) == 1 + 1 + 12 + len(b"a walk every Sunday") + 16
    bound = bytes((1, 3)) + SPACE.bytes + b"\x04goal" + RECORD.bytes
    assert AESGCM(KEY).decrypt(sealed[2:14], sealed[14:], bound) == b"a walk every Sunday"


def test_the_same_words_sealed_twice_look_different() -> None:
    assert keys().seal("note", RECORD, b"thank you") != keys().seal("note", RECORD, b"thank you")


@pytest.mark.parametrize(
    ("space", "kind", "about"),
    [
        (SpaceId(uuid4()), "note", RECORD),
        (SPACE, "note_draft", RECORD),
        (SPACE, "revision/note", RECORD),
        (SPACE, "note", uuid4()),
    ],
)
def test_another_space_kind_or_id_does_not_open_it(space: SpaceId, kind: str, about: UUID) -> None:
    sealed = keys().seal("note", RECORD, b"thank you")
    with pytest.raises(SealBroken):
        keys(space).open(kind, about, sealed)


def test_every_flipped_byte_breaks_the_seal() -> None:
    sealed = keys().seal("note", RECORD, b"thank you")
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(SealBroken):
            keys().open("note", RECORD, bytes(altered))


@given(st.binary(max_size=60))
def test_bytes_that_were_never_sealed_do_not_open(garbage: bytes) -> None:
    with pytest.raises(SealBroken):
        keys().open("note", RECORD, garbage)


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    before = SpaceKeys(SPACE, {1: OTHER_KEY}, 1, ID_KEY)
    after = SpaceKeys(SPACE, {1: OTHER_KEY, 2: KEY}, 2, ID_KEY)
    assert after.open("note", RECORD, before.seal("note", RECORD, b"old")) == b"old"
    assert after.seal("note", RECORD, b"new")[1] == 2
    with pytest.raises(SealBroken):
        before.open("note", RECORD, after.seal("note", RECORD, b"new"))


def test_a_space_needs_its_current_key() -> None:
    with pytest.raises(ValueError, match=r"^the current key is not among the keys"):
        SpaceKeys(SPACE, {1: KEY}, 2, ID_KEY)


def test_a_kind_too_long_to_be_bound_is_not_sealed() -> None:
    with pytest.raises(ValueError, match=r"^a kind's name is too long"):
        keys().seal("k" * 256, RECORD, b"")


def test_the_longest_name_of_a_kind_that_can_be_bound_takes_255_bytes() -> None:
    longest = "k" * 255
    assert keys().open(longest, RECORD, keys().seal(longest, RECORD, b"thank you")) == b"thank you"


@given(st.lists(st.text(max_size=8), max_size=4), st.lists(st.text(max_size=8), max_size=4))
def test_only_equal_parts_give_equal_hashes(some: list[str], others: list[str]) -> None:
    assert (keyed_hash(ID_KEY, *some) == keyed_hash(ID_KEY, *others)) == (some == others)


def test_where_one_part_ends_counts() -> None:
    assert keyed_hash(ID_KEY, "ab", "c") != keyed_hash(ID_KEY, "a", "bc")


def test_a_part_is_text_bytes_or_an_id() -> None:
    assert keyed_hash(ID_KEY, RECORD) == keyed_hash(ID_KEY, RECORD.bytes)
    assert keyed_hash(ID_KEY, "né") == keyed_hash(ID_KEY, "né".encode())
    assert keyed_hash(ID_KEY, "a") == hmac.digest(ID_KEY, b"\x00\x00\x00\x01a", sha256)


@given(st.text(max_size=40), st.uuids())
def test_a_server_made_id_is_a_version_8_uuid_and_comes_out_the_same_again(kind: str, about: UUID) -> None:
    made = keyed_id(ID_KEY, kind, about)
    assert (made.version, made.variant) == (8, RFC_4122)
    assert made == keyed_id(ID_KEY, kind, about)
    assert made != keyed_id(KEY, kind, about)
