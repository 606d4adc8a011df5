"""Bodies out of a coding within a bound, answers into the one that is liked best."""

import gzip
import zlib

import brotli
import pytest

from api.coding import accepted, coded, inflated
from api.errors import Problem

BODY = b'{"schema": 1}' * 100


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_what_was_put_into_a_coding_comes_out_again(coding: str) -> None:
    assert len(coded(BODY, coding)) < len(BODY)
    for written in ([coding], [coding.upper()], [f" {coding} "]):
        assert inflated(coded(BODY, coding), written, len(BODY)) == BODY


def test_without_a_coding_a_body_stays_as_it_is() -> None:
    assert inflated(BODY, [], 1) == inflated(BODY, ["identity"], 1) == BODY


def refused(body: bytes, codings: list[str], bytes_max: int = len(BODY)) -> int:
    with pytest.raises(Problem) as found:
        inflated(body, codings, bytes_max)
    return found.value.status


@pytest.mark.parametrize("codings", [["gzip, br"], ["gzip", "gzip"], ["zstd"], ["deflate"], ["gzip, identity"], ["*"]])
def test_two_codings_or_an_unknown_one_are_a_415(codings: list[str]) -> None:
    assert refused(gzip.compress(BODY), codings) == 415


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_a_body_may_come_to_exactly_its_bound(coding: str) -> None:
    for size in (1, 65_535, 65_536, 65_537, 200_000):
        packed = coded(b"a" * size, coding)
        assert inflated(packed, [coding], size) == b"a" * size
        assert refused(packed, [coding], size - 1) == 413


@pytest.mark.parametrize("coding", ["gzip", "br"])
@pytest.mark.parametrize("size", [1, 200_000])
def test_a_body_that_is_cut_short_damaged_or_goes_on_is_a_400(coding: str, size: int) -> None:
    packed = coded(b"a" * size, coding)
    for wrong in (b"", packed[:-1], packed[:3], packed + b"x", packed + packed, b"plain", b"\xff" * 20):
        assert refused(wrong, [coding], 10**6) == 400


def test_zlib_without_the_header_of_gzip_is_not_gzip() -> None:
    assert refused(zlib.compress(BODY), ["gzip"]) == 400


@pytest.mark.parametrize(
    ("wishes", "given"),
    [
        ([], None),
        ([""], None),
        (["identity"], None),
        (["gzip"], "gzip"),
        (["gzip, deflate, br"], "br"),
        (["GZIP"], "gzip"),
        (["gzip", "br"], "br"),
        (["br;q=0.5, gzip"], "gzip"),
        (["br;q=0.5,gzip;q=0.5"], "br"),
        (["br ; q=0, gzip;q=0.001"], "gzip"),
        (["br;q=0"], None),
        (["*"], "br"),
        (["*;q=0.1, br;q=0"], "gzip"),
        (["*;q=0"], None),
        (["zstd, deflate"], None),
        (["gzip;q=often, br;level=9"], None),
        (["gzip;q=1.0;x=y"], None),
        ([","], None),
    ],
)
def test_the_coding_that_is_liked_best_is_given(wishes: list[str], given: str | None) -> None:
    assert accepted(wishes) == given


def test_the_longest_wish_is_read_in_one_go() -> None:
    # Headers hold 16 KiB. A pattern that begins anew at every letter would need a second for this.
    for longest in ("a" * 16_000, "gzip;q=" + "0" * 16_000, " " * 16_000, "a;" * 8_000, "a," * 8_000):
        assert accepted([longest]) is None


def test_brotli_is_the_version_whose_output_can_be_bounded() -> None:
    assert hasattr(brotli.Decompressor, "can_accept_more_data")
