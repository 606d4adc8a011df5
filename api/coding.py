"""Take bodies out of gzip or br, within a bound, and put answers into one of them (RFC 9110, 8.4 and 12.5.3)."""

import re
import zlib
from collections.abc import Iterable
from typing import Final

import brotli

from api.errors import malformed, too_large, unsupported_media_type

CODINGS: Final = ("br", "gzip")
"""What is understood and given; the first that is accepted as much as the other is given."""

WORTH_BYTES: Final = 1024
"""A smaller answer fits into one packet anyway."""

BR_QUALITY: Final = 1
"""Measured on a page of 100 records: 4 takes five times as long and leaves 93 bytes of 100."""
GZIP_LEVEL: Final = 3

_GZIP: Final = 31
"""zlib's word for: with gzip's header, and nothing else."""
_STEP_BYTES: Final = 64 * 1024
"""How much is taken out of br at a time: it may give twice what it was allowed."""


def inflated(body: bytes, codings: Iterable[str], bytes_max: int) -> bytes:
    """Return a body without its coding, as the `Content-Encoding` headers name it.

    Raise Problem: 415 for another coding or a second one, 413 for what would come to more than `bytes_max`, of which
    hardly more than that is ever held, 400 for what is cut short, damaged, or goes on behind its end.
    """
    named = ",".join(codings).strip().lower()
    if named in ("", "identity"):
        return body
    if named not in CODINGS:
        raise unsupported_media_type()
    try:
        plain = _out_of_gzip(body, bytes_max) if named == "gzip" else _out_of_br(body, bytes_max)
    except (zlib.error, brotli.error):
        plain = None
    if plain is None:
        raise malformed("The compressed body is damaged, cut short, or goes on behind its end.")
    return plain


def _out_of_gzip(body: bytes, bytes_max: int) -> bytes | None:
    inflating = zlib.decompressobj(wbits=_GZIP)
    plain = inflating.decompress(body, bytes_max + 1)
    if len(plain) > bytes_max:
        raise too_large()
    return plain if inflating.eof and not inflating.unused_data else None


def _out_of_br(body: bytes, bytes_max: int) -> bytes | None:
    inflating = brotli.Decompressor()
    piece, plain = inflating.process(body, output_buffer_limit=_STEP_BYTES), bytearray()
    # That all input was taken does not mean that all output has come: only a piece of nothing does.
    while piece:
        plain += piece
        if len(plain) > bytes_max:
            raise too_large()
        piece = inflating.process(b"", output_buffer_limit=_STEP_BYTES)
    return bytes(plain) if inflating.is_finished() else None


def accepted(wishes: Iterable[str]) -> str | None:
    """Return the coding that a sender of these `Accept-Encoding` headers likes best; None for a plain answer."""
    weights = {}
    for wish in ",".join(wishes).split(","):
        name, _, weight = wish.partition(";")
        weights[name.strip().lower()] = _weighed(weight)
    others = weights.get("*", 0.0)
    best = max(CODINGS, key=lambda coding: weights.get(coding, others))
    return best if weights.get(best, others) > 0 else None


def _weighed(weight: str) -> float:
    found = _WEIGHT.fullmatch(weight)
    if found is None:
        # What cannot be read asks for nothing.
        return 0.0
    return float(found[1] or 1)


_WEIGHT: Final = re.compile(r"[ \t]*(?:[qQ]=([01](?:\.[0-9]{0,3})?)[ \t]*)?")


def coded(body: bytes, coding: str) -> bytes:
    """Return a body in this coding."""
    if coding == "br":
        packed: bytes = brotli.compress(body, quality=BR_QUALITY)
        return packed
    packing = zlib.compressobj(GZIP_LEVEL, wbits=_GZIP)
    return packing.compress(body) + packing.flush()
