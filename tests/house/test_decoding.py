"""A body is read within bounds, and no objection repeats what was sent."""

from contextlib import suppress
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from api.decoding import DEPTH_MAX, decode
from api.errors import Problem

CANARY = "quittenmarmelade"


class Inner(Struct, forbid_unknown_fields=True):
    key: UUID
    kind: Annotated[str, Meta(max_length=20, pattern=r"\A[a-z_]+\Z")] = "goal"
    mood: Literal["calm", "tired"] = "calm"
    count: Annotated[int, Meta(ge=0, le=9)] = 0
    values: Annotated[dict[str, Any], Meta(max_length=2)] = {}


class Outer(Struct, forbid_unknown_fields=True):
    changes: Annotated[list[Inner], Meta(max_length=3)] = []
    words: str = ""
    anything: Any = None


DECODER = msgspec.json.Decoder(Outer)
KEY = "7d444840-9dc0-11d1-b245-5ffdce74fad2"


def objection(body: bytes) -> Problem:
    with pytest.raises(Problem) as found:
        decode(body, DECODER)
    assert found.value.status == 400
    assert CANARY not in found.value.detail + str(found.value.where)
    assert found.value.__cause__ is None
    return found.value


@pytest.mark.parametrize(
    ("change", "where", "said"),
    [
        ({"key": CANARY}, "$.changes[0].key", "is not a UUID"),
        ({"key": 7}, "$.changes[0].key", "must be uuid, not int"),
        ({}, "$.changes[0]", "lacks the field key"),
        ({"key": KEY, "mood": CANARY}, "$.changes[0].mood", "is not one of the known values"),
        ({"key": KEY, "kind": CANARY.upper()}, "$.changes[0].kind", "does not have the right form"),
        ({"key": KEY, "kind": CANARY * 2}, "$.changes[0].kind", "must be of type str with a length <= 20"),
        ({"key": KEY, "count": 10}, "$.changes[0].count", "must be of type int and <= 9"),
        ({"key": KEY, "count": True}, "$.changes[0].count", "must be int, not bool"),
        ({"key": KEY, CANARY: 1}, "$", "has a field that does not belong there"),
        ({"key": KEY, f"x - at `$.{CANARY}": 1}, "$", "has a field that does not belong there"),
        ({"key": KEY, "values": {"a": 1, "b": 2, "c": 3}}, "$.changes[0].values", "length <= 2"),
    ],
)
def test_an_objection_names_the_place_and_the_rule(change: dict[str, Any], where: str, said: str) -> None:
    problem = objection(msgspec.json.encode({"changes": [change]}))
    assert problem.where == where
    assert said in problem.detail
    assert where in problem.detail


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"words": "' + b"\xff" + b'"}',
        b'{"words": "' + "\ud800".encode("utf-8", "surrogatepass") + b'"}',
        "{}".encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b'{"anything": NaN}',
        b'{"words": "a"} and more',
        b'{"anything": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"anything": ' + b"[" * 100_000,
        b'{"anything": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
        b'{"anything": 1e400}',
        b'{"changes": [{"key": "' + KEY.encode() + b'", "count": 9999999999999999999999}]}',
        b'{"changes": [{"key": "' + KEY.encode() + b'", "count": ' + b"9" * 5000 + b"}]}",
    ],
)
def test_a_body_that_cannot_be_read_is_a_400(body: bytes) -> None:
    objection(body)


def nested(depth: int) -> bytes:
    return b'{"anything": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def test_the_depth_has_a_bound() -> None:
    decode(nested(DEPTH_MAX), DECODER)
    assert "deep" in objection(nested(DEPTH_MAX + 1)).detail


def test_of_a_sync_the_first_change_that_is_too_deep_is_named() -> None:
    """So its phone can put that one aside; one in the body beside the changes is the fault of none."""
    flat, deep = b'{"set": {}}', b'{"set": ' + nested(DEPTH_MAX - 2) + b"}"
    just = b'{"set": ' + nested(DEPTH_MAX - 3) + b"}"
    decode(b'{"changes": [' + just + b"]}", msgspec.json.Decoder(dict[str, Any]))
    body = b'{"schema": 1, "changes": [' + b", ".join([flat, just, deep, deep]) + b"]}"
    assert objection(body).where == "$.changes[2]"
    assert objection(b'{"changes": [], "cursor": ' + nested(DEPTH_MAX) + b"}").where is None
    assert objection(b'{"changes": ' + nested(DEPTH_MAX) + b"}").where is None
    assert objection(b"[" * 100_000).where is None


def test_brackets_in_words_are_not_depth() -> None:
    words = "[[{{" * 100 + '\\"[[[[[[[[[[[[[[[[[[[[[[[['
    assert decode(msgspec.json.encode({"words": words}), DECODER).words == words


def test_many_shallow_objects_are_not_depth() -> None:
    decode(b'{"anything": [' + b",".join([b'{"a": [1, {}]}'] * 1000) + b"]}", DECODER)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (rb"half an emoji \ud83d", "half an emoji \ufffd"),
        (rb"the other half \ude00!", "the other half \ufffd!"),
        (rb"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (rb"whole \ud83d\ude00 half \ud83d", "whole \U0001f600 half \ufffd"),
        (rb"not an escape: \\ud83d, but \ud83d", "not an escape: \\ud83d, but \ufffd"),
    ],
)
def test_half_an_emoji_becomes_the_character_for_what_cannot_be_shown(sent: bytes, read: str) -> None:
    assert decode(b'{"words": "' + sent + b'"}', DECODER).words == read


@given(st.text())
def test_any_text_comes_back_as_it_was_sent(words: str) -> None:
    assert decode(msgspec.json.encode({"words": words}), DECODER).words == words


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_problem(body: bytes) -> None:
    with suppress(Problem):
        assert isinstance(decode(body, DECODER), Outer)


@given(st.recursive(st.none() | st.text(max_size=4), lambda inner: st.lists(inner, max_size=4), max_leaves=40))
def test_depth_is_counted_as_it_is(value: Any) -> None:
    def depth(value: Any) -> int:
        return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0

    body = msgspec.json.encode({"anything": value})
    if 1 + depth(value) <= DEPTH_MAX:
        assert decode(body, DECODER).anything == value
    else:
        objection(body)
