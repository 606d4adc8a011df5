"""Where every made word is in the store: in records, and behind them."""

import re
from collections import Counter
from collections.abc import Collection, Iterable

from domain.ids import SpaceId
from sync.ports import RecordKey, Writes
from tests.simulation.servers import Stock

_WORD = re.compile(r"[Ww]\d+x")
"""A made word: `W7x` in a text, as a sentence of its own; `w7x` where a field takes one of a few names or a new one."""


def words_in(value: object) -> frozenset[str]:
    """Return the made words in a value, in bytes of JSON, or in any collection of them."""
    text = value.decode() if isinstance(value, bytes) else value if isinstance(value, str) else repr(value)
    return frozenset(_WORD.findall(text))


def is_text(word: str) -> bool:
    """Whether it was written as a sentence, and not chosen among names."""
    return word[0] == "W"


class Ledger:
    """Counts in how many places each word is, and follows every save."""

    def __init__(self) -> None:
        self._in: dict[RecordKey, frozenset[str]] = {}
        self._behind: dict[RecordKey, frozenset[str]] = {}
        self._places: dict[str, Counter[SpaceId]] = {}
        """By word, in how many places of which space it is."""

    def __contains__(self, word: str) -> bool:
        return bool(self._places.get(word))

    def reaches(self, word: str, spaces: Collection[SpaceId]) -> bool:
        """Whether a word is somewhere in these spaces."""
        return any(space in spaces for space in self._places.get(word, ()))

    def follow(self, writes: Writes) -> frozenset[str]:
        """Take a save in, and return the words that are nowhere any more."""
        left: set[str] = set()
        for key in writes.forgotten:
            left |= self._put(self._behind, key, frozenset())
        for each in writes.records:
            key = (each.record.space, each.record.id)
            left |= self._put(self._in, key, words_in(each.body or b""))
        for revision in writes.revisions:
            key = (revision.space, revision.record)
            self._put(self._behind, key, self._behind.get(key, frozenset()) | words_in(revision.values))
        return frozenset(word for word in left if word not in self)

    def begin_anew(self, stock: Stock) -> None:
        """Count everything that is stored."""
        self._in = {key: words_in((record.fields, record.alternatives)) for key, record in stock.records.items()}
        self._behind = {key: words_in([each.values for each in behind]) for key, behind in stock.revisions.items()}
        self._places = {}
        for shelf in (self._in, self._behind):
            for (space, _), words in shelf.items():
                self._count(space, words, 1)

    def differs_from(self, stock: Stock) -> str | None:
        """Say how what was followed differs from what is stored, or None."""
        fresh = Ledger()
        fresh.begin_anew(stock)
        for mine, theirs in ((self._in, fresh._in), (self._behind, fresh._behind)):
            for key in mine.keys() | theirs.keys():
                if mine.get(key, frozenset()) != theirs.get(key, frozenset()):
                    return f"{sorted(mine.get(key, ()))} were saved, {sorted(theirs.get(key, ()))} are stored"
        return None

    def inside(self, spaces: Iterable[object]) -> frozenset[str]:
        """Return the words in and behind the records of these spaces."""
        wanted = set(spaces)
        found = [words for shelf in (self._in, self._behind) for key, words in shelf.items() if key[0] in wanted]
        return frozenset[str]().union(*found)

    def of_record(self, key: RecordKey) -> frozenset[str]:
        """Return the words in and behind one record."""
        return self._in.get(key, frozenset()) | self._behind.get(key, frozenset())

    def _put(self, shelf: dict[RecordKey, frozenset[str]], key: RecordKey, words: frozenset[str]) -> frozenset[str]:
        before = shelf.get(key, frozenset())
        shelf[key] = words
        self._count(key[0], words - before, 1)
        self._count(key[0], before - words, -1)
        return before - words

    def _count(self, space: SpaceId, words: frozenset[str], by: int) -> None:
        for word in words:
            places = self._places.setdefault(word, Counter())
            places[space] += by
            if not places[space]:
                del places[space]
