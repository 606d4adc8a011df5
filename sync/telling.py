"""Tell a person's records to people: the frame around them, and each record with every word that is in it.

It reads the table of kinds and the table of words, and leaves nothing out: a kind, a field or a value that neither
knows is told under its own name. Nothing is counted or summed up (I7): an achieved goal and one that was let go are
told alike.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from domain.ids import PersonId
from domain.kinds import KINDS
from domain.refusals import SENTENCES
from domain.shapes import ONLY_ME, SetOf, Shape, Text, Whole, Windows, as_uuid
from sync.export import Earlier, Kept, Owner, Place, Together, made_on
from sync.export_words import SOMEBODY, field_words, plain, words_of
from sync.outline import Part
from sync.passages import (
    Begin,
    Contents,
    Cover,
    End,
    Fact,
    Lead,
    Line,
    Listed,
    Passage,
    Said,
    isolated,
)

# The frame


def cover(owner: Owner) -> Cover:
    """Return what stands in front: the names, and the day."""
    present = next((couple for couple in owner.couples if not couple.ended), None)
    other = owner.couples[0] if present is None and owner.couples else present
    names = [isolated(each) for each in (owner.name, None if other is None else other.name) if each]
    title = " & ".join(names) or "What you kept"
    return Cover(title, ("What was written, given and made together", day_told(owner.made_on)))


def contents(owner: Owner, parts: Sequence[Part], *, earlier: bool) -> Contents:
    """Return what this is, and the list of parts and chapters."""
    entries: list[tuple[str, str, bool]] = []
    for nth, part in enumerate(parts):
        entries.append((part_anchor(nth), part_title(part), False))
        entries += [
            (chapter_anchor(nth, place), chapter.title, True) for place, (chapter, _) in enumerate(part.chapters)
        ]
    if earlier:
        entries.append((EARLIER_ANCHOR, EARLIER_TITLE, False))
    return Contents("What is in here", about(owner), tuple(entries))


EARLIER_ANCHOR: Final = "earlier"
EARLIER_TITLE: Final = "Earlier words of yours"
EARLIER_LEAD: Final = "What you wrote before you changed it; it is kept for thirty days and then destroyed."


def part_anchor(nth: int) -> str:
    """Return the anchor of a part."""
    return f"part-{nth + 1}"


def chapter_anchor(part: int, nth: int) -> str:
    """Return the anchor of a chapter."""
    return f"{part_anchor(part)}-{nth + 1}"


def part_title(part: Part) -> str:
    """Return what stands over a part."""
    return "What you kept for yourself" if part.couple is None else f"With {_name(part.couple)}"


def part_lead(part: Part) -> Lead | None:
    """Return what is said below a part's title."""
    if part.couple is None or not part.couple.ended:
        return None
    return Lead("This time has ended. What was given and what was made together stays with you.")


def about(owner: Owner) -> tuple[str, ...]:
    """Return what this is and what it is not, for whoever opens it years later."""
    names = [_name(couple) for couple in owner.couples]
    others = " and ".join(dict.fromkeys(names)) or "anybody else"
    return (
        "These are your own words, the letters that you wrote and were given, and what you made together.",
        f"What {others} kept for themselves, or showed you for a while, is theirs and is not in here.",
    )


def months(places: Iterable[Place]) -> list[tuple[str, list[Place]]]:
    """Return places month by month; what has no date comes last."""
    found: dict[str, list[Place]] = {}
    for each in places:
        found.setdefault(month_told(each.when), []).append(each)
    dated = [(month, those) for month, those in found.items() if month != _UNDATED]
    return dated + [(month, those) for month, those in found.items() if month == _UNDATED]


def month_told(when: str) -> str:
    """Return the month of a day or month; of what has none, words for that."""
    found = _MONTH.match(when)
    return _UNDATED if found is None else f"{_MONTHS[int(found[2]) - 1]} {int(found[1])}"


def day_told(day: date) -> str:
    """Return a day as people write it."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


_UNDATED: Final = "Without a date"
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
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})(?:-|$)")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
_APPROVAL: Final = re.compile(r"(.{36}):[0-9a-f]{64}")


def _name(couple: Together) -> str:
    return isolated(couple.name) if couple.name else SOMEBODY.lower()


# Records


_WHY: Final = {code.value: sentence for code, sentence in SENTENCES.items()}
FORMS_OF_GOALS: Final = ("goal", "agreement")


class Teller:
    """Tells records of one owner. It remembers the titles of the proposals of the goal that is being told."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._names: dict[str, str] = {str(owner.person): "you"}
        for couple in reversed(owner.couples):
            if couple.partner is not None:
                self._names[str(couple.partner)] = _name(couple)
        self._titles: dict[str, str] = {}
        self._head: Kept | None = None

    def begin_goal(self, record: Kept, terms: Kept | None, level: int) -> Iterator[Passage]:
        """Tell a goal under the title of these terms, up to what belongs to it."""
        if terms is not None and terms.kind != "goal_terms":
            terms = None
        self._titles, self._head = {}, terms
        title = "" if terms is None else str(terms.fields.get("title") or "")
        kind = words_of(record.kind)
        if title:
            yield Begin(level, "", title)
        else:
            yield Begin(level, kind.one)
        # Its chapter says what it is; of a goal that was achieved both feel that it is done.
        told = {"state", "form"} if record.fields.get("form") in FORMS_OF_GOALS else {"state"}
        if record.fields.get("state") == "achieved" and record.fields.get("achieved_on"):
            told |= {"achieved_on", "done_by"}
            yield Line(f"Achieved on {self._told(record.fields['achieved_on'])}")
        else:
            yield from self._value(record.kind, "state", record.fields.get("state"), "")
        if terms is not None:
            yield from self._fields(terms, leave_out={"title"})
        yield from self._fields(record, leave_out=told)

    def begin(self, record: Kept, level: int, *, within: bool = False) -> Iterator[Passage]:
        """Tell a record, up to what belongs to it."""
        if record.kind == "goal_act" and within:
            yield Begin(level, self._deed(record), within=True)
            return
        if record.kind == "goal_terms":
            self._titles[str(record.id)] = str(record.fields.get("title") or "")
        kind = words_of(record.kind)
        headed_by = record.fields.get(kind.headed_by)
        own = str(headed_by) if headed_by and is_text(record.kind, kind.headed_by) else ""
        heading = "" if own or not headed_by else self._phrase(record.kind, kind.headed_by, headed_by)
        who = (kind.mine if record.author == self._owner.person else kind.theirs).replace(
            "{other}", self._other(record)
        )
        dated = next((name for name in record.fields if self._heads_with_day(record, name)), None)
        day = self._told(record.fields[dated]) if dated else ""
        if not (own or heading or who or day):
            made = made_on(self._owner, record)
            day = day_told(date.fromisoformat(made)) if made else ("" if within else kind.one)
        over = " \u00b7 ".join(each for each in (who, heading, day) if each)
        yield Begin(level, over, own, within=within)
        if record.removed:
            yield Line(f"{kind.one}, removed.")
        if within and self._head is not None and record.id == self._head.id and record.kind == self._head.kind:
            # All else about these terms stands above, with the goal.
            yield Said("", self._titles[str(record.id)])
            return
        yield from self._fields(record, leave_out={kind.headed_by, dated or ""})

    def earlier(self, each: Earlier, level: int) -> Iterator[Passage]:
        """Tell what the owner wrote in a field before."""
        label = field_words(each.kind, each.field).label
        where = words_of(each.kind).one + (f" \u00b7 {label}" if label else "")
        yield Begin(level, f"{where} \u00b7 until {day_told(each.on)}")
        yield from self._value(each.kind, each.field, each.value, "")
        yield End()

    def _heads_with_day(self, record: Kept, name: str) -> bool:
        words = words_of(record.kind).fields.get(name)
        value = record.fields[name]
        if words is None or words.label or not words.told or not isinstance(value, str):
            return False
        return not is_text(record.kind, name) and bool(_DAY.fullmatch(value) or _MONTH.fullmatch(value))

    def _deed(self, record: Kept) -> str:
        """Tell in one sentence what one of the two said about a proposal."""
        kind = words_of(record.kind)
        who = (kind.mine if record.author == self._owner.person else kind.theirs).replace(
            "{other}", self._other(record)
        )
        deed = self._phrase(record.kind, "act", record.fields.get("act"))
        title = self._titles.get(str(record.fields.get("terms")))
        return f"{who} {deed}" + (f": \u201c{isolated(title)}\u201d" if title else "")

    def _other(self, record: Kept) -> str:
        couple = self._owner.in_space(record.space)
        return SOMEBODY if couple is None or not couple.name else isolated(couple.name)

    def _fields(self, record: Kept, leave_out: AbstractSet[str] = frozenset()) -> Iterator[Passage]:
        order = {name: nth for nth, name in enumerate(words_of(record.kind).fields)}
        for name in sorted(record.fields, key=lambda name: (order.get(name, len(order)), name)):
            words = field_words(record.kind, name)
            if words.told and name not in leave_out:
                yield from self._value(record.kind, name, record.fields[name], words.label)
            for beside in record.alternatives.get(name, ()):
                whose = "you" if beside.by == self._owner.person else self._person(beside.by)
                yield Said(f"Beside it, by {whose}", beside.text)
        for name in sorted(record.alternatives.keys() - record.fields.keys()):
            for beside in record.alternatives[name]:
                yield Said(f"{field_words(record.kind, name).label}, by {self._person(beside.by)}", beside.text)

    def _value(self, kind: str, name: str, value: Any, label: str) -> Iterator[Passage]:
        if value is None or value is False or value in ("", [], {}):
            return
        words, shape = field_words(kind, name), _shape(kind, name)
        if words.instead:
            yield Line(words.instead)
        elif isinstance(value, dict):
            for inner, each in value.items():
                yield from self._value("", inner, each, plain(inner))
        elif isinstance(value, str) and is_text(kind, name):
            yield Said(label, value)
        elif isinstance(value, list) and isinstance(shape, SetOf) and isinstance(shape.element, Text):
            yield Listed(label or plain(name), tuple(map(str, value)))
        elif isinstance(shape, Windows):
            yield from (Fact(label, each) for each in _windows(value))
        else:
            phrase = self._phrase(kind, name, value)
            if phrase:
                yield Fact(label, phrase) if label else Line(phrase)

    def _phrase(self, kind: str, name: str, value: Any) -> str:
        """Return a value that is no text of a person's."""
        if isinstance(value, list):
            return ", ".join(filter(None, (self._phrase(kind, name, each) for each in value)))
        if isinstance(value, str):
            return self._choice(kind, name, value)
        if value is True:
            return "yes"
        shape = _shape(kind, name)
        if field_words(kind, name).scale and isinstance(shape, Whole):
            return f"{_number(value)} (from {_number(shape.least)} to {_number(shape.most)})"
        return _number(value)

    def _choice(self, kind: str, name: str, value: str) -> str:
        known = field_words(kind, name).values
        if value in known:
            return known[value]
        match (kind, name):
            case ("unplaced", "code"):
                return _WHY.get(value) or plain(value)
            case ("unplaced", "meant"):
                return words_of(value).one
            case ("notice", "field"):
                return plain(value)
        return self._told(value, choice=bool(known))

    def _told(self, value: str, *, choice: bool = False) -> str:
        """Return a day, an instant, a person or a couple as people say it; anything else as it is."""
        if _DAY.fullmatch(value):
            return day_told(date.fromisoformat(value))
        if _INSTANT.fullmatch(value):
            local = datetime.fromisoformat(value).astimezone(ZoneInfo(self._owner.zone))
            return f"{day_told(local.date())}, {local:%H:%M}"
        if _MONTH.fullmatch(value):
            return month_told(value)
        return self._named(value) or (plain(value).lower() if choice else isolated(value))

    def _named(self, value: str) -> str:
        """Return whom an id names; an approval begins with one."""
        if value == ONLY_ME:
            return "only you"
        approval = _APPROVAL.fullmatch(value)
        identity = as_uuid(approval[1] if approval else value)
        if identity is None:
            return ""
        couple = next((each for each in self._owner.couples if each.couple == identity), None)
        return self._person(PersonId(identity)) if couple is None else _name(couple)

    def _person(self, person: PersonId) -> str:
        return self._names.get(str(person), SOMEBODY.lower())


def _shape(kind: str, name: str) -> Shape | None:
    row = KINDS.get(kind)
    field = None if row is None else row.fields.get(name)
    return None if field is None else field.shape


def is_text(kind: str, name: str) -> bool:
    """Return whether a field holds a text of a person's; of one that nobody knows every string may be."""
    shape = _shape(kind, name)
    return isinstance(shape, Text) or (shape is None and not field_words(kind, name).values)


def _number(value: float) -> str:
    return str(value).replace("-", "\u2212")


def _windows(windows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return weekly windows, days with the same hours together."""
    days: dict[str, list[str]] = {}
    for window in windows:
        days.setdefault(f"{window['from']} to {window['to']}", []).append(_WEEKDAYS[window["weekday"] % 7])
    return [
        f"{'Every day' if len(those) == len(_WEEKDAYS) else ', '.join(those)}, {hours}" for hours, those in days.items()
    ]
