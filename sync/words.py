"""Merge two edits of one text by sentences and lines, within a bounded amount of work.

A text is taken apart into sentences and the white space behind each. Both sides are compared with the text
they started from; what only one side touched follows that side, and where both rewrote the same sentence the
two texts stay apart (`overlap`) instead of being guessed together.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct

CELLS_FIELD_MAX = 250_000
"""Cells that one field may ask for: a sentence compared with a sentence, or a character read, is a cell."""

CELLS_REQUEST_MAX = 2_000_000
"""Cells that all the fields of one request may ask for together."""

SPACED_ENDS = ".!?…‼⁇⁈⁉؟۔।॥։።"  # noqa: RUF001 (Arabic and Armenian full stops)
"""End a sentence when white space or the end of the text follows: `3.5` and `haven.example` stay whole."""

WIDE_ENDS = "。！？．｡"  # noqa: RUF001 (these are the full-width forms on purpose)
"""End a sentence wherever they stand: their scripts put no space behind them."""

CLOSERS = "\"'”’»›)]}」』）】〉》〕］｝"  # noqa: RUF001 (likewise)
"""Closing quotes and brackets that still belong to the sentence before them."""

ENDS = SPACED_ENDS + WIDE_ENDS
LIST_DIGITS_MAX = 3
"""`12.` at the start of a line numbers it and is no sentence of its own."""

# Every alternative is possessive, so no input makes it go back: one pass over the text.
_SEAM = re.compile(rf"[{re.escape(ENDS)}]++[{re.escape(CLOSERS)}]*+\s*+|\n\s*+")


class Words(Struct, frozen=True):
    """What became of two texts.

    `overlap`: they cannot be joined, `text` is the stored one and the caller keeps the other beside it.
    `joined`: `text` holds sentences of both sides, as neither of them wrote it.
    """

    text: str
    overlap: bool = False
    joined: bool = False


class Budget:
    """The cells that one request may still ask for; past them, texts are kept side by side."""

    __slots__ = ("cells_left", "field_cells_left")

    def __init__(self, cells: int = CELLS_REQUEST_MAX) -> None:
        self.cells_left = cells
        self.field_cells_left = 0

    def begin_field(self) -> None:
        """Give the next field its own share."""
        self.field_cells_left = CELLS_FIELD_MAX

    def spend(self, cells: int) -> bool:
        """Take these cells, or take nothing and say no."""
        if cells > min(self.cells_left, self.field_cells_left):
            return False
        self.cells_left -= cells
        self.field_cells_left -= cells
        return True


def merge_words(was: str | None, stored: str, incoming: str, budget: Budget, *, chars_max: int) -> Words:
    """Join two texts that both started from `was`; `None` means that nobody knows what they started from.

    Lengths are in code points. A sentence that only one side removed is gone; any other sentence of either
    side is in the result, or the result is an overlap. An overlap is also the answer when it is not sure that
    both edits are in the joined text (`_prove`), or when that would be longer than `chars_max`, would be empty
    though neither side emptied it, or would cost more than `budget` has left.

    The same edit once more changes nothing of the text: with `joined = merge_words(was, stored, incoming, …)`,
    `merge_words(was, joined.text, incoming, …).text` is `joined.text`, and likewise for `stored`.
    """
    if incoming in (stored, was):
        return Words(stored)
    if stored == was:
        return Words(incoming)
    apart = Words(stored, overlap=True)
    budget.begin_field()
    if was is None or not budget.spend(len(was) + len(stored) + len(incoming)):
        return apart
    base, here, there = _taken_apart(was), _taken_apart(stored), _taken_apart(incoming)
    try:
        ours = _compared(base, here, budget)
        theirs = _compared(base, there, budget)
        woven = _woven(base, ours, theirs, budget)
        turned = _woven(base, theirs, ours, budget)
        _prove(base, woven, ours, theirs, budget)
        if turned != woven:
            # What does not hold in both orders is kept apart in both: the answer must not depend on who came first.
            _prove(base, turned, ours, theirs, budget)
    except (_TooDifferentError, _UnprovenError, _TooCostlyError) as why:
        fuller = None if isinstance(why, _TooCostlyError) else _fuller(base, here, there)
        return Words(incoming if fuller is there else stored, overlap=fuller is None)
    joined = woven.cores not in (ours.parts.cores, theirs.parts.cores)
    if len(woven.text) > chars_max or (joined and not woven.cores):
        return apart
    return Words(woven.text, joined=joined)


def _fuller(base: "_Parts", stored: "_Parts", incoming: "_Parts") -> "_Parts | None":
    """Return the side that holds all of the other, where both only added: the same in another place is no news."""
    if not (_only_adds(base, stored) and _only_adds(base, incoming)):
        return None
    here, there = Counter(stored.cores), Counter(incoming.cores)
    return stored if there <= here else incoming if here <= there else None


def _only_adds(base: "_Parts", side: "_Parts") -> bool:
    """Return whether a side has every sentence of the base still, in the base's order."""
    left = iter(side.cores)
    return all(core in left for core in base.cores)


def sentences(text: str) -> list[str]:
    """Give the sentences and lines of a text in order, stripped of white space, none of them empty.

    A merged text has exactly the sentences that went into it, so a keyed hash of one finds it again.
    """
    return _taken_apart(text).cores


def without(text: str, banned: Callable[[str], bool]) -> str:
    """Take the banned sentences out of a text and leave every other character where it was."""
    parts = _taken_apart(text)
    kept: list[_Piece] = []
    for piece in parts.pieces():
        if not banned(piece.core):
            kept.append(piece)
        elif kept:
            kept[-1] = kept[-1]._replace(gap=max(kept[-1].gap, piece.gap, key=_breadth))
    if len(kept) == len(parts.cores):
        return text
    return _put_together(parts.lead, kept, parts.tail).text if kept else ""


class _TooDifferentError(Exception):
    """The two texts cannot be joined."""


class _UnprovenError(Exception):
    """The two texts can be joined, but not so that both edits are surely in the result."""


class _TooCostlyError(Exception):
    """Whether the two texts can be joined would cost more to find out than there is to spend."""


class _Piece(NamedTuple):
    """A sentence, the white space behind it, and the white space before it in the text that it came from."""

    core: str
    gap: str
    prior: str


class _Parts(NamedTuple):
    """A text taken apart: `lead`, then each core with the gap behind it, is the text again."""

    lead: str
    cores: list[str]
    gaps: list[str]

    @property
    def text(self) -> str:
        return self.lead + "".join(core + gap for core, gap in zip(self.cores, self.gaps, strict=True))

    @property
    def tail(self) -> str:
        return self.gaps[-1] if self.gaps else ""

    def piece(self, index: int) -> _Piece:
        return _Piece(self.cores[index], self.gaps[index], self.gaps[index - 1] if index else "")

    def pieces(self, start: int = 0, end: int | None = None) -> list[_Piece]:
        return [self.piece(index) for index in range(start, len(self.cores) if end is None else end)]


class _Hunk(NamedTuple):
    """A run of base sentences [start, end) that one side replaced by its own [side_start, side_end)."""

    start: int
    end: int
    side_start: int
    side_end: int

    @property
    def inserts_only(self) -> bool:
        return self.start == self.end

    @property
    def removes_only(self) -> bool:
        return self.side_start == self.side_end


class _Side(NamedTuple):
    """What became of the base on one side: `place` says where in `parts` each base sentence stands that it kept."""

    parts: _Parts
    place: dict[int, int]
    hunks: list[_Hunk]


def _taken_apart(text: str) -> _Parts:
    start = len(text) - len(text.lstrip())
    parts = _Parts(text[:start], [], [])
    for seam in _SEAM.finditer(text, start):
        if _is_end(text, start, seam):
            _add(parts, text[start : seam.end()])
            start = seam.end()
    if start < len(text):
        _add(parts, text[start:])
    return parts


def _is_end(text: str, start: int, seam: re.Match[str]) -> bool:
    found = seam[0]
    if "\n" in found or seam.end() == len(text):
        return True
    if found[-1].isspace():
        return not _is_number(text[start : seam.start()], found)
    return any(mark in WIDE_ENDS for mark in found)


def _is_number(before: str, mark: str) -> bool:
    return before.isdecimal() and len(before) <= LIST_DIGITS_MAX and mark.rstrip() == "."


def _add(parts: _Parts, token: str) -> None:
    core = token.rstrip()
    parts.cores.append(core)
    parts.gaps.append(token[len(core) :])


def _compared(base: _Parts, parts: _Parts, budget: Budget) -> _Side:
    place = dict(_matches(base.cores, parts.cores, budget))
    return _Side(parts, place, _hunks(place, base, parts))


def _prove(base: _Parts, woven: _Parts, ours: _Side, theirs: _Side, budget: Budget) -> None:
    """Let a joined text stand only if both edits are surely in it.

    Comparing can be mistaken where sentences repeat or were moved. Each side may have kept another copy of a
    sentence, so that one which both still have would go altogether. Or the result looks as if an edit were still
    to be done: when it came once more, an addition would stand twice, or what the other side wrote would go.
    """
    if not set(ours.parts.cores) & set(theirs.parts.cores) <= set(woven.cores):
        raise _UnprovenError
    settled = _compared(base, woven, budget)
    for side in (ours, theirs):
        with suppress(_TooDifferentError):
            # Kept beside the joined text, the edit changes nothing of it either.
            again = _woven(base, settled, side, budget)
            if again != woven:
                raise _UnprovenError


def _woven(base: _Parts, ours: _Side, theirs: _Side, budget: Budget) -> _Parts:
    """Join both sides: what stands before the sentences, the sentences in order, what stands behind them."""
    return _put_together(
        _three_way(base.lead, ours.parts.lead, theirs.parts.lead),
        list(_walked(base, ours, theirs, budget)),
        _three_way(base.tail, ours.parts.tail, theirs.parts.tail),
    )


def _walked(base: _Parts, ours: _Side, theirs: _Side, budget: Budget) -> Iterator[_Piece]:
    """Walk the base and give what stands in the joined text, in order."""

    def untouched(start: int, end: int) -> Iterator[_Piece]:
        for at in range(start, end):
            our_gap, their_gap = ours.parts.gaps[ours.place[at]], theirs.parts.gaps[theirs.place[at]]
            yield _Piece(base.cores[at], _three_way(base.gaps[at], our_gap, their_gap), base.gaps[at - 1] if at else "")

    done = 0
    for mine, other in _neighbourhoods(ours.hunks, theirs.hunks):
        low = min(hunk.start for hunk in mine + other)
        high = max(hunk.end for hunk in mine + other)
        yield from untouched(done, low)
        if not other:
            yield from ours.parts.pieces(mine[0].side_start, mine[0].side_end)
        elif not mine:
            yield from theirs.parts.pieces(other[0].side_start, other[0].side_end)
        elif any(_cross(hunk, another) for hunk in mine for another in other):
            in_ours, in_theirs = _here(ours.parts, mine, low, high), _here(theirs.parts, other, low, high)
            yield from _both_here(base.pieces(low, high), in_ours, in_theirs, budget)
        else:
            yield from _side_by_side(ours.parts, mine, theirs.parts, other)
        done = high
    yield from untouched(done, len(base.cores))


def _hunks(place: dict[int, int], base: _Parts, side: _Parts) -> list[_Hunk]:
    found = []
    start = side_start = 0
    for at, side_at in [*place.items(), (len(base.cores), len(side.cores))]:
        if at > start or side_at > side_start:
            found.append(_Hunk(start, at, side_start, side_at))
        start, side_start = at + 1, side_at + 1
    return found


def _neighbourhoods(mine: Sequence[_Hunk], other: Sequence[_Hunk]) -> Iterator[tuple[list[_Hunk], list[_Hunk]]]:
    """Gather hunks that share or touch base sentences; hunks of one side never touch each other."""
    gathered: tuple[list[_Hunk], list[_Hunk]] = ([], [])
    high = -1
    for hunk, which in sorted([(hunk, 0) for hunk in mine] + [(hunk, 1) for hunk in other]):
        if hunk.start > high >= 0:
            yield gathered
            gathered = ([], [])
        gathered[which].append(hunk)
        high = max(high, hunk.end)
    if high >= 0:
        yield gathered


def _cross(hunk: _Hunk, other: _Hunk) -> bool:
    """Tell whether two hunks want something of the same place; touching is not yet crossing."""
    if hunk.removes_only and other.removes_only:
        return False
    if hunk.inserts_only and other.inserts_only:
        return hunk.start == other.start
    if hunk.inserts_only or other.inserts_only:
        new, old = (hunk, other) if hunk.inserts_only else (other, hunk)
        return old.start < new.start < old.end and not old.removes_only
    return max(hunk.start, other.start) < min(hunk.end, other.end)


def _here(side: _Parts, hunks: Sequence[_Hunk], low: int, high: int) -> list[_Piece]:
    """Give what one side has in the place of the base sentences [low, high)."""
    first, last = hunks[0], hunks[-1]
    return side.pieces(first.side_start - (first.start - low), last.side_end + (high - last.end))


def _both_here(base: list[_Piece], mine: list[_Piece], other: list[_Piece], budget: Budget) -> list[_Piece]:
    """Join what both put in one place: equal sentences must answer for the base's, the rest is added."""
    if len(mine) == len(base) == len(other):
        return [_one_of(was, one, another) for was, one, another in zip(base, mine, other, strict=True)]
    before, after = _shared_ends([piece.core for piece in mine], [piece.core for piece in other])
    if before + after < len(base) and before < max(len(mine), len(other)):
        raise _TooDifferentError
    in_mine, in_other = mine[before : len(mine) - after], other[before : len(other) - after]
    old = {piece.core for piece in base}
    if any(piece.core in old for piece in in_mine + in_other):
        # One side kept what the other removed: adding it would bring it back.
        raise _TooDifferentError
    middle = _union(in_mine, in_other, budget)
    first = map(_of_both, mine[:before], other[:before])
    last = map(_of_both, mine[len(mine) - after :], other[len(other) - after :])
    return [*first, *middle, *last]


def _one_of(was: _Piece, mine: _Piece, other: _Piece) -> _Piece:
    """Follow the side that rewrote this sentence; two different rewritings cannot be joined."""
    if mine.core == other.core:
        return _of_both(mine, other)
    if other.core == was.core:
        return mine
    if mine.core == was.core:
        return other
    raise _TooDifferentError


def _of_both(mine: _Piece, other: _Piece) -> _Piece:
    """Give a sentence that both have once; of two white spaces the one that parts the lines further."""
    return _Piece(mine.core, max(mine.gap, other.gap, key=_breadth), max(mine.prior, other.prior, key=_breadth))


def _union(mine: list[_Piece], other: list[_Piece], budget: Budget) -> list[_Piece]:
    """Keep both additions, mine first, and what both added once, in its place between the others."""
    woven: list[_Piece] = []
    mine_at = other_at = 0
    spare = Counter(piece.core for piece in mine)
    matches = _matches([piece.core for piece in mine], [piece.core for piece in other], budget)
    spare.subtract(mine[at].core for at, _ in matches)
    for at, other_place in [*matches, (len(mine), len(other))]:
        woven += mine[mine_at:at]
        woven += _not_spare(other[other_at:other_place], spare)
        woven += map(_of_both, mine[at : at + 1], other[other_place : other_place + 1])
        mine_at, other_at = at + 1, other_place + 1
    return woven


def _side_by_side(ours: _Parts, mine: Sequence[_Hunk], theirs: _Parts, other: Sequence[_Hunk]) -> Iterator[_Piece]:
    """Give neighbouring changes in the order of the base; a sentence that both brought stands once."""
    spare = Counter(piece.core for hunk in mine for piece in ours.pieces(hunk.side_start, hunk.side_end))
    for hunk in sorted([*mine, *other]):
        if hunk in mine:
            yield from ours.pieces(hunk.side_start, hunk.side_end)
        else:
            yield from _not_spare(theirs.pieces(hunk.side_start, hunk.side_end), spare)


def _not_spare(pieces: Iterable[_Piece], spare: Counter[str]) -> Iterator[_Piece]:
    for piece in pieces:
        if spare[piece.core] > 0:
            spare[piece.core] -= 1
        else:
            yield piece


def _matches(a: Sequence[str], b: Sequence[str], budget: Budget) -> list[tuple[int, int]]:
    """Pair the sentences of a longest common subsequence, as ascending (place in a, place in b)."""
    before, after = _shared_ends(a, b)
    middle_a, middle_b = a[before : len(a) - after], b[before : len(b) - after]
    if not budget.spend(len(middle_a) * len(middle_b)):
        raise _TooCostlyError
    return [
        *((at, at) for at in range(before)),
        *((before + at, before + b_at) for at, b_at in _longest_common(middle_a, middle_b)),
        *((len(a) - at, len(b) - at) for at in range(after, 0, -1)),
    ]


def _shared_ends(a: Sequence[str], b: Sequence[str]) -> tuple[int, int]:
    """Count the equal sentences at the start and, among the rest, at the end."""
    shorter = min(len(a), len(b))
    before = 0
    while before < shorter and a[before] == b[before]:
        before += 1
    after = 0
    while after < shorter - before and a[-1 - after] == b[-1 - after]:
        after += 1
    return before, after


def _longest_common(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Fill the table a row at a time, a row being one integer.

    After H. Hyyrö, "Bit-parallel LCS-length computation revisited", 2004.
    Bit j of row i is 0 where b[j] lengthens what the first i sentences of a have in common with b.
    """
    places: dict[str, int] = {}
    for at, core in enumerate(b):
        places[core] = places.get(core, 0) | 1 << at
    full = (1 << len(b)) - 1
    rows = [full]
    for core in a:
        row = rows[-1]
        found = row & places.get(core, 0)
        rows.append(((row + found) | (row - found)) & full)
    pairs = []
    at, b_at = len(a), len(b)
    while at and b_at:
        bit = 1 << (b_at - 1)
        if rows[at] & bit:
            b_at -= 1
        elif not rows[at - 1] & bit:
            at -= 1
        else:
            at, b_at = at - 1, b_at - 1
            pairs.append((at, b_at))
    return pairs[::-1]


def _three_way(was: str, ours: str, theirs: str) -> str:
    """Follow the side that changed this white space; of two changes the one that parts the lines further."""
    if theirs == was:
        return ours
    if ours == was:
        return theirs
    return max(ours, theirs, key=_breadth)


def _breadth(gap: str) -> tuple[int, int, str]:
    return gap.count("\n"), len(gap), gap


def _put_together(lead: str, pieces: Sequence[_Piece], tail: str) -> _Parts:
    if not pieces:
        return _Parts(lead + tail, [], [])
    gaps = [_between(piece, follower) for piece, follower in pairwise(pieces)]
    return _Parts(lead, [piece.core for piece in pieces], [*gaps, tail])


def _between(piece: _Piece, follower: _Piece) -> str:
    """Give white space that keeps two sentences apart, also when they never stood side by side before."""
    gap = piece.gap or follower.prior
    closed = piece.core.rstrip(CLOSERS)
    marks = closed[len(closed.rstrip(ENDS)) :]
    if "\n" in gap:
        return gap
    if not marks or _is_number(piece.core[:-1], piece.core[-1]):
        return "\n"
    if gap or (any(mark in WIDE_ENDS for mark in marks) and follower.core[0] not in ENDS + CLOSERS):
        return gap
    return " "
