"""Professional help: whom the catalogue names, how long an entry may be shown, and what is served of it on a day.

An entry is served while somebody has checked it at the operator's own page within the last 180 days, or a public
document of the last 60 months supports it. Everything else stays in the file as a candidate (I28). Nothing in here
knows of a person, and nothing else in the domain knows of this (I27).
"""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from difflib import get_close_matches
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

VERIFIED_DAYS: Final = 180
"""So long a look at the operator's own page counts, the last day included."""
PUBLISHED_MONTHS: Final = 60
"""So long a public document counts, likewise."""
WARNED_DAYS: Final = 30
"""So long before an entry loses its state its maintainers are told."""

EVERYWHERE: Final = "all"
"""In the place of a country: for every one of them."""

FALLBACK: Final = (
    "We have no checked entry for this country. A doctor, the local emergency number or a directory below can say who"
    " is near you."
)
"""Shown for each country, served or not."""

HelpKind = Literal[
    "couples_counselling",
    "individual_therapy",
    "domestic_abuse",
    "crisis",
    "sexual_violence",
    "financial_abuse",
    "debt_advice",
    "men",
    "lgbtq",
    "directory",
]

Slug = Annotated[str, Meta(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Country = Annotated[str, Meta(pattern=f"^([A-Z]{{2}}|{EVERYWHERE})$")]
Number = Annotated[str, Meta(pattern="^[0-9]([0-9 -]*[0-9])?$", max_length=24)]
"""As the operator writes it, to be dialled within the country."""
Place = Annotated[str, Meta(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+(/[^\s]*)?$", max_length=200)]
"""A host on the web, and the path there if one was given; without a scheme."""
Words = Annotated[str, Meta(min_length=1, max_length=300)]
Dated = Annotated[str, Meta(pattern="^(19|20)[0-9]{2}(-[0-9]{2}(-[0-9]{2})?)?$")]
"""The date of a document, as exactly as that says it: a year, a month or a day."""


class State(StrEnum):
    """How far an entry can be relied on, on some day."""

    VERIFIED = "verified"
    """Somebody checked it at the operator's own page not long ago."""

    PUBLISHED = "published"
    """A public document said so then; nobody has checked since."""

    CANDIDATE = "candidate"
    """Neither; it is not served."""


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document that supports everything by which its entry says that somebody can be reached."""

    source_url: Annotated[str, Meta(pattern=r"^https?://[^\s/]+\.[^\s]+$", max_length=300)]
    dated: Dated | None = None
    """None where the document bears no date, which then supports nothing."""

    def __post_init__(self) -> None:
        if self.dated is not None:
            _first_day(self.dated)


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One place to find help, as the file keeps it."""

    id: Slug
    country: Country
    group: Slug
    """Entries of one country with the same group are shown together."""
    kinds: Annotated[tuple[HelpKind, ...], Meta(min_length=1)]
    name: Words
    regions: tuple[Words, ...] = ()
    """Parts of the country, where it is not for all of it."""
    phone: Number | None = None
    tty: Number | None = None
    text: Number | None = None
    text_word: Words | None = None
    """What to write to `text` at first."""
    whatsapp: Number | None = None
    chat: Place | None = None
    mail: Annotated[str, Meta(pattern=r"^[^\s@]+@[^\s@]+$", max_length=200)] | None = None
    site: Place | None = None
    languages: tuple[Annotated[str, Meta(pattern="^[a-z]{2,3}$")], ...] = ()
    """Those that a source names; there may be more."""
    hours: Words | None = None
    free: bool | None = None
    who: Words | None = None
    """For whom it is, where a source says so."""
    sources: tuple[Source, ...] = ()
    last_verified_on: date | None = None
    note: Words | None = None
    """For maintainers; it is not served."""

    @property
    def reachable(self) -> bool:
        """Tell whether it says how anybody gets there."""
        ways = (self.phone, self.tty, self.text, self.whatsapp, self.chat, self.mail, self.site)
        return any(way is not None for way in ways)


class Standing(Struct, frozen=True, kw_only=True):
    """What lets an entry be shown on some day."""

    state: Literal[State.VERIFIED, State.PUBLISHED]
    since: str
    """The day of the look, or the document's date as exactly as that says it."""
    source: Source
    until: date
    """The last day on which this holds."""


class HelpEntry(Struct, frozen=True, kw_only=True):
    """One entry, as it is shown. Members that nobody has a source for are null or empty."""

    id: str
    kinds: tuple[HelpKind, ...]
    name: str
    regions: tuple[str, ...]
    phone: str | None
    tty: str | None
    text: str | None
    text_word: str | None
    whatsapp: str | None
    chat: str | None
    mail: str | None
    site: str | None
    languages: tuple[str, ...]
    hours: str | None
    free: bool | None
    who: str | None
    state: Literal["verified", "published"]
    said: str
    """The sentence to show beside it: since when it is known."""
    source_url: str
    dated: str | None
    last_verified_on: date | None
    until: date


class HelpGroup(Struct, frozen=True):
    """Entries that are shown together."""

    group: str
    entries: tuple[HelpEntry, ...]


class CountryHelp(Struct, frozen=True):
    """What is known of one country; `groups` is empty where no entry may be shown."""

    country: str
    groups: tuple[HelpGroup, ...]
    fallback: str


class Resources(Struct, frozen=True):
    """Where professional help is found: the same for everyone, on one day."""

    countries: tuple[CountryHelp, ...]
    everywhere: tuple[HelpGroup, ...]
    fallback: str
    """For a country that is not in `countries`."""


class Lapse(Struct, frozen=True):
    """An entry that will not be what it is for long: its last day, and what it is after that."""

    entry: Entry
    state: State
    until: date
    then: State


class Fault(Struct, frozen=True):
    """What is wrong with an entry of the file."""

    id: str
    sentence: str


class NotVerified(Exception):  # noqa: N818 - a past-tense fact, read by a person
    """A check was not noted; the text says why."""


# What is served


def served(entries: Iterable[Entry], today: date) -> Resources:
    """Return what is shown on this day; nothing but the entries and the day decides."""
    rows: dict[str, list[tuple[str, HelpEntry]]] = {}
    for entry in in_order(entries):
        of_country = rows.setdefault(entry.country, [])
        stands = standing(entry, today)
        if stands is not None:
            of_country.append((entry.group, _shown(entry, stands)))
    everywhere = _groups(rows.pop(EVERYWHERE, []))
    countries = tuple(CountryHelp(country, _groups(shown), FALLBACK) for country, shown in rows.items())
    return Resources(countries, everywhere, FALLBACK)


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries as they stand in the file and are shown: by country, group and id; last what is for all."""
    return sorted(entries, key=lambda each: (each.country == EVERYWHERE, each.country, each.group, each.id))


def _groups(rows: Iterable[tuple[str, HelpEntry]]) -> tuple[HelpGroup, ...]:
    return tuple(
        HelpGroup(name, tuple(shown for _, shown in together))
        for name, together in groupby(rows, key=lambda row: row[0])
    )


def _shown(entry: Entry, stands: Standing) -> HelpEntry:
    published = stands.state is State.PUBLISHED
    return HelpEntry(
        id=entry.id,
        kinds=entry.kinds,
        name=entry.name,
        regions=entry.regions,
        phone=entry.phone,
        tty=entry.tty,
        text=entry.text,
        text_word=entry.text_word,
        whatsapp=entry.whatsapp,
        chat=entry.chat,
        mail=entry.mail,
        site=entry.site,
        languages=entry.languages,
        hours=entry.hours,
        free=entry.free,
        who=entry.who,
        state="published" if published else "verified",
        said=_said(stands),
        source_url=stands.source.source_url,
        dated=stands.since if published else None,
        last_verified_on=None if published else entry.last_verified_on,
        until=stands.until,
    )


def _said(stands: Standing) -> str:
    if stands.state is State.VERIFIED:
        return f"Checked at the operator's own page on {spoken(stands.since)}."
    return f"Published {'on' if _names_day(stands.since) else 'in'} {spoken(stands.since)}, not checked since."


# How an entry stands


def state_of(entry: Entry, today: date) -> State:
    """Return the state of an entry on this day."""
    stands = standing(entry, today)
    return State.CANDIDATE if stands is None else stands.state


def standing(entry: Entry, today: date) -> Standing | None:
    """Return what lets an entry be shown on this day; None for a candidate.

    Without a source, or a way to get there, nothing does.
    """
    if not entry.sources or not entry.reachable:
        return None
    newest, checked_on = _newest(entry, today), entry.last_verified_on
    if checked_on is not None and _NO_TIME <= today - checked_on <= _VERIFIED_FOR:
        return Standing(
            state=State.VERIFIED,
            since=checked_on.isoformat(),
            source=newest[1] if newest else entry.sources[0],
            until=checked_on + _VERIFIED_FOR,
        )
    if newest is None or today > _last_day(newest[0]):
        return None
    dated, source = newest
    return Standing(state=State.PUBLISHED, since=dated, source=source, until=_last_day(dated))


def why_candidate(entry: Entry, today: date) -> str:
    """Say what an entry lacks that is not shown on this day."""
    newest = _newest(entry, today)
    if not entry.sources:
        return "It names no source."
    if not entry.reachable:
        return "It names no way to get there."
    if newest is None:
        return "No document that supports it bears a date."
    told = f"The newest document that supports it is of {spoken(newest[0])}"
    return f"{told}, and one counts for {PUBLISHED_MONTHS} months."


def _newest(entry: Entry, today: date) -> tuple[str, Source] | None:
    """Return the newest of its documents with its date; one that claims to be of a day to come is none yet."""
    dated = [(source.dated, source) for source in entry.sources if source.dated is not None]
    past = [each for each in dated if _first_day(each[0]) <= today]
    return max(past, key=lambda each: _first_day(each[0])) if past else None


def _last_day(dated: str) -> date:
    """Return the last day on which a document counts."""
    first = _first_day(dated)
    year, month = divmod(first.year * 12 + first.month - 1 + PUBLISHED_MONTHS, 12)
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))


def _first_day(dated: str) -> date:
    """Return the earliest day that a document's date can mean."""
    year, month, day = (*map(int, dated.split("-")), 1, 1)[:3]
    return date(year, month, day)


_NO_TIME: Final = timedelta()
_VERIFIED_FOR: Final = timedelta(days=VERIFIED_DAYS)


# For maintainers


def lapsing(entries: Iterable[Entry], today: date, within_days: int = WARNED_DAYS) -> list[Lapse]:
    """Return whose state ends within so many days, soonest first."""
    lapses = []
    for entry in entries:
        stands = standing(entry, today)
        if stands is not None and (stands.until - today).days <= within_days:
            then = state_of(entry, stands.until + timedelta(days=1))
            lapses.append(Lapse(entry, stands.state, stands.until, then))
    return sorted(lapses, key=lambda lapse: (lapse.until, lapse.entry.id))


def faults(entries: Sequence[Entry], today: date) -> list[Fault]:
    """Return what is wrong with the file; an old entry is no fault, one that nobody can look up is."""
    found = [
        Fault(entry.id, sentence)
        for entry in entries
        for wrong, sentence in (
            (not entry.sources, "It names no source. Whoever reads it must be able to look where it comes from."),
            (
                entry.last_verified_on is not None and entry.last_verified_on > today,
                "It was verified on a day that has not come yet.",
            ),
            (
                any(source.dated is not None and _first_day(source.dated) > today for source in entry.sources),
                "One of its documents is of a day that has not come yet.",
            ),
            (entry.text_word is not None and entry.text is None, "It says what to write, and not to which number."),
        )
        if wrong
    ]
    ids = [entry.id for entry in entries]
    found += [
        Fault(twice, "Two entries have this id.") for twice in sorted({each for each in ids if ids.count(each) > 1})
    ]
    moved = next((one.id for one, other in pairwise(entries) if in_order([one, other])[0] is not one), None)
    if moved is not None:
        found.append(
            Fault(moved, "The file is not in order from here on: by country, group and id, what is for all last.")
        )
    return found


def verified(entries: Sequence[Entry], chosen: str, on: date, today: date) -> list[Entry]:
    """Return the entries, in order, with a note that somebody checked one of them on that day.

    Raise NotVerified with a sentence where that cannot be.
    """
    found = next((entry for entry in entries if entry.id == chosen), None)
    if found is None:
        near = get_close_matches(chosen, [entry.id for entry in entries])
        hint = f" Perhaps you mean {' or '.join(near)}." if near else ""
        raise NotVerified(f"There is no entry {chosen}.{hint} `haven resources list` shows all of them.")
    if on > today:
        raise NotVerified(
            f"{spoken(on.isoformat())} has not come yet in UTC, by which days are counted here."
            " Please give the day on which the page was read."
        )
    if today - on > _VERIFIED_FOR:
        raise NotVerified(
            f"{spoken(on.isoformat())} is more than {VERIFIED_DAYS} days ago, so it would change nothing that is shown."
            " Please look at the operator's page once more."
        )
    if found.last_verified_on is not None and on < found.last_verified_on:
        raise NotVerified(
            f"{chosen} was already checked later, on {spoken(found.last_verified_on.isoformat())}. That stays."
        )
    if not found.reachable or not found.sources:
        lacks = "way to get there" if found.sources else "source"
        raise NotVerified(
            f"{chosen} names no {lacks} yet. Please write what stands on the operator's page into the file first."
        )
    return in_order(replace(entry, last_verified_on=on) if entry is found else entry for entry in entries)


# Dates in words


def spoken(dated: str) -> str:
    """Write a date as people say it, as exactly as it is given: 20 January 2022, January 2022, 2022."""
    year, *rest = dated.split("-")
    day = [str(int(rest[1]))] if _names_day(dated) else []
    month = [_MONTHS[int(rest[0]) - 1]] if rest else []
    return " ".join([*day, *month, year])


def _names_day(dated: str) -> bool:
    return dated.count("-") == 2


_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
"""Not the machine's own names: everyone is shown the same."""
