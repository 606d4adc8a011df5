"""Look back over one's own records, on one's own device alone: how days felt, one's own words, the letters one kept.

Nothing of it travels, so that nobody can tell that somebody looked. It adds nothing up, averages nothing, compares
nothing and judges nothing. `felt_*` is no part of it: a line of those over time would be a verdict on the partner.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from math import inf
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from domain.check_ins import CHECK_IN, CHECK_INS_A_DAY_MAX
from domain.ids import PersonId, RecordId, made_ms
from domain.kind import Ownership
from domain.kinds import KINDS
from domain.records import Record
from domain.shapes import UNFIT

DAYS_MAX: Final = 366
A_DAY_MAX: Final = CHECK_INS_A_DAY_MAX
WORDS_MAX: Final = 50
DAYS_A_WORD_MAX: Final = 10
BESIDE_MAX: Final = 10
FOUND_MAX: Final = 200
LETTERS_MAX: Final = 200

Scale = Literal["valence", "arousal"]
OwnWords = Literal["own_tags", "feelings"]
BESIDE: Final[dict[OwnWords, OwnWords]] = {"own_tags": "feelings", "feelings": "own_tags"}
LETTERS: Final = frozenset(name for name, kind in KINDS.items() if kind.ownership is Ownership.LETTER)


# How days felt -------------------------------------------------------------------------------------------------------


class Entry(Struct, frozen=True, kw_only=True):
    """A check-in, the `nth` of `of` that are shown of its day, from 0; a mood that was not noted is null."""

    id: RecordId
    on: date
    nth: int
    of: int
    valence: int | None
    arousal: int | None


class Moods(Struct, frozen=True, kw_only=True):
    """One's own check-ins from `first` to `last`, the oldest first. `more`: a day had more of them than are shown."""

    first: date
    last: date
    entries: tuple[Entry, ...]
    more: bool

    def lines(self, scale: Scale) -> tuple[tuple[Entry, ...], ...]:
        """Return the entries that one unbroken line joins, line by line: a day without a value ends a line."""
        found: list[list[Entry]] = []
        for entry in self.entries:
            if getattr(entry, scale) is None:
                continue
            if found and entry.on - found[-1][-1].on <= timedelta(days=1):
                found[-1].append(entry)
            else:
                found.append([entry])
        return tuple(map(tuple, found))


def moods(records: Iterable[Record], mine: PersonId, first: date, last: date) -> Moods:
    """Return how one's days felt, entry by entry; of a longer time its last 366 days."""
    first = max(first, last - timedelta(days=DAYS_MAX - 1))
    days: dict[date, list[Record]] = {}
    for record in _own(records, "check_in", mine):
        on = _fitting(record, "local_date")
        if on is not None and first <= date.fromisoformat(on) <= last:
            days.setdefault(date.fromisoformat(on), []).append(record)
    return Moods(
        first=first,
        last=last,
        entries=tuple(entry for on in sorted(days) for entry in _of_a_day(on, days[on][-A_DAY_MAX:])),
        more=any(len(entries) > A_DAY_MAX for entries in days.values()),
    )


def _of_a_day(on: date, records: Sequence[Record]) -> Iterable[Entry]:
    for nth, record in enumerate(records):
        valence, arousal = _fitting(record, "valence"), _fitting(record, "arousal")
        yield Entry(id=record.id, on=on, nth=nth, of=len(records), valence=valence, arousal=arousal)


def _fitting(record: Record, field: str) -> Any:
    """Return a value of a check-in; null where it is none that the field holds, as in an edit that will be refused."""
    value = CHECK_IN.fields[field].shape.judged(record.fields.get(field))
    return None if value is UNFIT else value


# One's own words -----------------------------------------------------------------------------------------------------


class Word(Struct, frozen=True, kw_only=True):
    """A tag or a feeling as it was last written, the days of its reflections, and the other sort of words beside it.

    All the newest first, each once. A reflection whose id tells no time has no day.
    """

    word: str
    on: tuple[date, ...]
    beside: tuple[str, ...]


class Words(Struct, frozen=True, kw_only=True):
    """One's own tags or feelings, the last used first. `sealed`: how many reflections were not looked into."""

    words: tuple[Word, ...]
    sealed: int
    more: bool


class _Use(Struct, frozen=True):
    """A word in one reflection: how it is written there, the day, and the other sort of words."""

    word: str
    on: date | None
    others: list[str]


def own_words(records: Iterable[Record], mine: PersonId, field: OwnWords, zone: ZoneInfo) -> Words:
    """Return the tags or the feelings of one's own reflections; the days are those of `zone`."""
    plain, sealed = _reflections(records, mine)
    uses: dict[str, list[_Use]] = {}
    for record in plain:
        on, others = made_on(record.id, zone), _texts(record, BESIDE[field])
        for word in _texts(record, field):
            uses.setdefault(alike(word), []).append(_Use(word, on, others))
    return Words(
        words=tuple(map(_word, list(uses.values())[:WORDS_MAX])),
        sealed=sealed,
        more=len(uses) > WORDS_MAX,
    )


def _word(uses: Sequence[_Use]) -> Word:
    beside: dict[str, str] = {}
    for use in uses:
        for other in use.others:
            beside.setdefault(alike(other), other)
    days = dict.fromkeys(use.on for use in uses if use.on is not None)
    return Word(word=uses[0].word, on=tuple(days)[:DAYS_A_WORD_MAX], beside=tuple(beside.values())[:BESIDE_MAX])


class Tagged(Struct, frozen=True, kw_only=True):
    """The reflections with one tag, the newest first. `sealed`: how many others were not looked into."""

    found: tuple[RecordId, ...]
    sealed: int
    more: bool


def tagged(records: Iterable[Record], mine: PersonId, tag: str) -> Tagged:
    """Return one's own reflections that carry this tag, in capital letters or small ones."""
    plain, sealed = _reflections(records, mine)
    found = tuple(each.id for each in plain if alike(tag) in map(alike, _texts(each, "own_tags")))
    return Tagged(found=found[:FOUND_MAX], sealed=sealed, more=len(found) > FOUND_MAX)


def alike(word: str) -> str:
    """Return what two ways to write one tag or feeling have in common."""
    return unicodedata.normalize("NFC", word.lower())


def made_on(identity: RecordId, zone: ZoneInfo) -> date | None:
    """Return the day on which something private was begun, by its phone's clock; None where its id tells none."""
    at = made_ms(identity)
    if at is None or not _FIRST_MS <= at < _END_MS:
        return None
    return datetime.fromtimestamp(at / 1000, zone).date()


_FIRST_MS: Final = datetime(2000, 1, 1, tzinfo=UTC).timestamp() * 1000
_END_MS: Final = datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000


def _reflections(records: Iterable[Record], mine: PersonId) -> tuple[list[Record], int]:
    """Return those that can be read, the newest first, and how many are sealed. What is sealed is not opened (I33)."""
    found = _own(records, "reflection", mine)[::-1]
    plain = [each for each in found if each.fields.get("sealed") is None]
    return plain, len(found) - len(plain)


def _texts(record: Record, field: str) -> list[str]:
    value = record.fields.get(field)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


# Letters that one kept -----------------------------------------------------------------------------------------------


class Shelf(Struct, frozen=True, kw_only=True):
    """The letters that one kept, the last kept first. `missing`: how many are not on this device, or no longer."""

    letters: tuple[RecordId, ...]
    missing: int
    more: bool


def shelf(records: Iterable[Record], mine: PersonId) -> Shelf:
    """Return the letters that one kept and did not put out of sight, with nothing of what they were to one."""
    held = list(records)
    letters = {str(each.id): each.id for each in held if each.kind in LETTERS and each.live}
    others = {str(each.id) for each in held if each.kind not in LETTERS and each.live}
    kept = [
        about
        for about, record in sorted(on_shelf(held, mine).items(), key=lambda each: _place(each[1]), reverse=True)
        if record.fields.get("kept") is True and record.fields.get("hidden") is not True and about not in others
    ]
    found = tuple(letters[about] for about in kept if about in letters)
    return Shelf(letters=found[:LETTERS_MAX], missing=len(kept) - len(found), more=len(found) > LETTERS_MAX)


def on_shelf(records: Iterable[Record], mine: PersonId) -> dict[str, Record]:
    """Return by letter what one said of keeping it.

    Of two records about one letter the newer version counts, and one that was not sent yet is newer than any.
    """
    found = sorted(_own(records, "shelf", mine), key=lambda each: (each.version or inf, each.id))
    return {str(record.fields.get("about")): record for record in found}


# Below ---------------------------------------------------------------------------------------------------------------


def _own(records: Iterable[Record], kind: str, mine: PersonId) -> list[Record]:
    """Return one's own records of a kind that stand, the oldest first."""
    found = [each for each in records if each.kind == kind and each.author == mine and each.live]
    return sorted(found, key=_place)


def _place(record: Record) -> tuple[float, float, RecordId]:
    """Return where something private stands among the rest: by the time in its id, where that tells one.

    What tells none stands before, by its version; what was not sent yet is the newest of its time.
    """
    at = made_ms(record.id)
    return (-1 if at is None else at, record.version or inf, record.id)
