"""Combine a stored record with one edit of it, field by field, so that no word is lost and no clock decides.

A field is *concurrent* when somebody's change of it was not seen by the device that made this edit. A field that
is not concurrent simply follows. One function a policy says what happens otherwise; a value that loses is always
returned to be kept behind the record or beside it.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from domain.kind import Field, Kind, Who
from domain.policies import TEXTS, Policy
from domain.records import REMOVAL, Alternative, Record, Stamp, stamp_of
from domain.shapes import (
    ONLY_ME,
    UNFIT,
    Audience,
    Flag,
    OneOf,
    SetOf,
    Shape,
    Text,
    Whole,
    Windows,
    covered_quarters,
    windows_of,
)
from domain.times import Instant
from sync.ports import Value
from sync.standing import Said, keep, say, standing
from sync.wire import Verdict
from sync.withheld import stands_open
from sync.words import Budget, merge_words
from sync.writers import credited

Code = Literal["kept_both", "other_kept", "came_back", "kept_private", "look_again"]
"""What a notice can say: two texts stand; another person's value was kept or yours was; what you removed had been
edited and came back; a window showed less than asked; a goal moved on before your word arrived."""


WAITING_MAX = 32
"""Elements beyond a set's size that are remembered until somebody has seen that they found no room."""

BESIDE = "alternatives"
"""The name under which the newest alternative is stamped: a removal that had not seen it does not take it away."""


class Edit(Struct, frozen=True, kw_only=True):
    """One change, judged and permitted, as merging needs it."""

    person: PersonId
    device: DeviceId
    base: int
    set: dict[str, Any]
    was: dict[str, Any]
    remove: bool | None = None
    besides: dict[str, Any] = {}
    """What it entails, whatever stands there and whether it had seen that or not."""
    picked: dict[str, frozenset[tuple[str, str]]] = {}
    """Per field the alternatives (person, text) that were looked at and taken out."""
    confirmed: frozenset[str] = frozenset()
    """Fields whose joined text was looked at and found right."""
    made_ms: int | None = None
    author: PersonId | None = None
    """Who made the record, where it is proven that the server had it once and lost it."""
    writer: PersonId | None = None
    """Who wrote the words, where that may be somebody else than the person who sends them."""
    again: bool = False
    """Whether it is sent again after a restore: then it starts from what both lives have in common."""

    @property
    def by(self) -> PersonId:
        """Who counts as the writer of its values."""
        return self.writer or self.person


class Word(Struct, frozen=True):
    """A kind word that a merge owes a person."""

    person: PersonId
    code: Code
    field: str | None = None


class Merged(Struct, frozen=True, kw_only=True):
    """What came of an edit. `changed` is False for an edit that says what is stored already."""

    record: Record
    status: Literal["applied", "merged", "superseded"]
    changed: bool
    verdicts: dict[str, Verdict] = {}
    behind: tuple[Value, ...] = ()
    owed: tuple[Word, ...] = ()


class Settled(Struct, frozen=True, kw_only=True):
    """What came of one concurrent field."""

    value: Any
    verdict: Verdict | None = None
    behind: tuple[tuple[Any, PersonId], ...] = ()
    beside: Alternative | None = None
    joined: bool = False
    restamp: bool = True
    owed: tuple[tuple[PersonId, Code], ...] = ()


class Meeting(Struct, frozen=True, kw_only=True):
    """A stored and an incoming value of one field that did not know of each other."""

    name: str
    field: Field
    stored: Any
    stored_by: PersonId
    stamp: Stamp
    incoming: Any
    edit: Edit
    record: Record
    budget: Budget

    @property
    def was(self) -> Any:
        """The value that the edit started from; None when it is not known or was nothing."""
        return self.edit.was.get(self.name)


def concurrent(stamp: Stamp, edit: Edit) -> bool:
    """Return whether the last change under this stamp was not seen by the edit.

    A device has seen its own earlier changes, whatever base it states.
    """
    return (stamp.others if stamp.device == edit.device else stamp.version) > edit.base


def started_elsewhere(policy: Policy, name: str, stored: Any, edit: Edit) -> bool:
    """Return whether a text was written over another one than is stored, whatever version its device says it had.

    A device that pulls while an own edit waits has the newer version and does not show it. What its person has not
    seen is not written over.
    """
    if policy not in TEXTS or edit.again or name not in edit.was:
        return False
    return (edit.was[name] or "") != (stored or "")


def after(stamp: Stamp, edit: Edit, version: int) -> Stamp:
    """Return the stamp of a field that this edit has changed."""
    others = stamp.others if stamp.device == edit.device else stamp.version
    return Stamp(version, edit.device, others, edit.made_ms, edit.by)


def create(kind: Kind, edit: Edit, *, space: SpaceId, identity: RecordId, version: int) -> Merged:
    """Return the new record: what the edit set, and the empty value of every other field."""
    stamp = Stamp(version, edit.device, 0, edit.made_ms, edit.by)
    fields = {name: edit.set.get(name, field.shape.empty) for name, field in kind.fields.items()}
    stamps = dict.fromkeys((*kind.written, REMOVAL), stamp)
    for name in kind.of_policy(Policy.SHARED_WORDS):
        text = fields[name] or ""
        stamps = credited(stamps, name, [(text, edit.by)], [text])
    if kind.ordered:
        fields["order"] = edit.set.get("order", version)
    record = Record(
        space=space,
        kind=kind.name,
        id=identity,
        version=version,
        created=version,
        author=edit.author or edit.person,
        fields=fields,
        removed=edit.remove is True,
        stamps=stamps,
    )
    return Merged(record=record, status="applied", changed=True)


def merge(record: Record, edit: Edit, kind: Kind, *, version: int, budget: Budget) -> Merged:
    """Return the record after this edit, which gets `version` if anything changes.

    Whenever what is stored differs from what was pushed, the record gets a new version, so that the pusher's
    device ends on what is stored.
    """
    work = _Work(record, edit, kind, version)
    for name, incoming in edit.set.items():
        work.field(name, incoming, budget)
    work.besides(budget)
    work.picks()
    work.removal()
    return work.done()


class _Work:
    """One merge under way: starts from the record and collects what changes."""

    def __init__(self, record: Record, edit: Edit, kind: Kind, version: int) -> None:
        self.record = record
        self.edit = edit
        self.kind = kind
        self.version = version
        self.fields = dict(record.fields)
        self.stamps = dict(record.stamps)
        self.alternatives = dict(record.alternatives)
        self.merged = set(record.merged)
        self.removed = record.removed
        self.verdicts: dict[str, Verdict] = {}
        self.behind: list[Value] = []
        self.owed: list[Word] = []
        self.touched = False
        self.stood = False
        """Whether anything of the edit stands in the record."""

    def field(self, name: str, incoming: Any, budget: Budget) -> None:
        stored, stamp = self.fields.get(name), self.record.stamp(name)
        policy = self.kind.fields[name].policy
        unseen = concurrent(stamp, self.edit) or started_elsewhere(policy, name, stored, self.edit)
        if policy is Policy.MEMBERS:
            self._members(name, stored or [], incoming, unseen=unseen)
            return
        if incoming == stored and not (unseen and policy in FOLDS):
            self.stood = True
            return
        stored_by = stamp.person or self.record.author
        if not unseen:
            self._keep(name, stored, stored_by)
            self._store(name, incoming)
            self.stood = True
            return
        meeting = Meeting(
            name=name,
            field=self.kind.fields[name],
            stored=stored,
            stored_by=stored_by,
            stamp=stamp,
            incoming=incoming,
            edit=self.edit,
            record=self.record,
            budget=budget,
        )
        self._settle(
            meeting, _folded(meeting, self._say(name, incoming)) if policy in FOLDS else MERGES[policy](meeting)
        )

    def besides(self, budget: Budget) -> None:
        """Let what the edit entails follow, as if it had seen all that stands; what that replaces goes behind."""
        edit = self.edit
        for name, value in edit.besides.items():
            before = self.fields.get(name)
            self.edit = replace(edit, base=self.version, was={name: before})
            self.field(name, value, budget)
            self.edit = edit
            for each in self.alternatives.pop(name, ()):
                self._keep(name, each.text, each.by)
                self.touched = True
            if name in edit.set and self.fields[name] != edit.set[name]:
                self.verdicts[name] = "merged"

    def _settle(self, meeting: Meeting, settled: Settled) -> None:
        name = meeting.name
        self.touched = self.touched or settled.restamp or settled.value != meeting.incoming
        for value, by in settled.behind:
            self._keep(name, value, by)
        if settled.restamp:
            self._stamp(name, settled.value)
        if settled.joined:
            self.merged.add(name)
        if settled.beside is not None:
            self._beside(name, settled.beside)
        if settled.verdict is not None:
            self.verdicts[name] = settled.verdict
        self.owed += [Word(person, code, name) for person, code in settled.owed]
        self.stood = self.stood or settled.verdict != "theirs_kept"

    def _store(self, name: str, value: Any) -> None:
        """Let a value follow."""
        if self.kind.fields[name].policy in FOLDS:
            self._say(name, value)
        self._stamp(name, value)

    def _stamp(self, name: str, value: Any) -> None:
        self.fields[name] = value
        names = (name, stamp_of(name, self.edit.person)) if name in self.kind.of_each else (name,)
        for each in names:
            self.stamps[each] = after(self.record.stamp(each), self.edit, self.version)
        self.touched = True

    def _say(self, name: str, value: Any) -> list[Any]:
        """Note the edit's word about a field, and return every word that stands."""
        edit = self.edit
        return say(
            self.stamps,
            name,
            self.fields.get(name),
            value,
            device=edit.device,
            base=edit.base,
            version=self.version,
        )

    def _members(self, name: str, stored: list[Any], incoming: list[Any], *, unseen: bool) -> None:
        """Add and take out per element against what the edit started from; an unseen addition beats a removal.

        That holds for an edit that had seen everything too: what it never had, it does not take out. Of more than
        the set holds the earliest stay; what found no room is remembered until somebody has seen that, so that it
        does not matter in which order the additions came.
        """
        shape, edit = self.kind.fields[name].shape, self.edit
        assert isinstance(shape, SetOf)
        was = edit.was.get(name, () if unseen else stored)
        added, taken_out = set(incoming).difference(was), set(was).difference(incoming)
        said = [
            each
            for each in standing(self.stamps, name)
            if not (each.value in taken_out and each.seen_by(edit.device, edit.base))
            and not (each.value in added and each.seen_by(edit.device, edit.base))
            and not (each.value not in stored and each.version <= edit.base)
        ]
        said += [Said(element, edit.device, self.version, edit.base) for element in sorted(added)]
        found = earliest((set(stored) - taken_out) | {each.value for each in said}, said)
        result = set(found[: shape.most])
        value = sorted(result)
        if value == incoming == stored and not (unseen and added):
            self.stood = True
            return
        remembered = set(found[: shape.most + WAITING_MAX])
        keep(self.stamps, name, [each for each in said if each.value in remembered])
        if not result.issuperset(stored):
            self._keep(name, stored, self.record.stamp(name).person or self.record.author)
        if not result.issuperset(added):
            # In sets of people's own words what finds no room is a word too.
            self._keep(name, incoming, edit.by)
        if value != incoming:
            self.verdicts[name] = "merged"
        self._stamp(name, value)
        self.stood = True

    def _keep(self, name: str, value: Any, by: PersonId) -> None:
        """Keep a value behind the record, unless there is nothing in it."""
        if value not in (None, "", [], False):
            self.behind.append(Value(name, value, by))

    def _beside(self, name: str, alternative: Alternative) -> None:
        """At most one alternative a field and author, the newest; the one it replaces goes behind."""
        kept = []
        for each in self.alternatives.get(name, ()):
            if each.by != alternative.by:
                kept.append(each)
            elif each.text != alternative.text:
                self._keep(name, each.text, each.by)
        self.alternatives[name] = (*kept, alternative)
        self.stamps[BESIDE] = after(self.record.stamp(BESIDE), self.edit, self.version)

    def picks(self) -> None:
        """Take out the alternatives that were looked at; one that came meanwhile stays."""
        for name, looked_at in self.edit.picked.items():
            stays = []
            for each in self.alternatives.get(name, ()):
                if (str(each.by), each.text) in looked_at:
                    self._keep(name, each.text, each.by)
                    self.touched = True
                else:
                    stays.append(each)
            self.alternatives.pop(name, None)
            if stays:
                self.alternatives[name] = tuple(stays)
            self.stood = True
        if self.merged & self.edit.confirmed:
            self.merged -= self.edit.confirmed
            self.touched = True
        self.stood = self.stood or bool(self.edit.confirmed)

    def removal(self) -> None:
        """Removing is a field like any other, but words that the remover had not seen win over it.

        Not so where removing is closing what the partner sees: that stays closed until somebody who knows opens it.
        """
        stamp = self.record.stamp(REMOVAL)
        # Whoever shows it again has to have read what it would show.
        names = (*self.kind.written, REMOVAL, BESIDE) if self.edit.remove is False else (REMOVAL,)
        unread = stands_open(self.kind) and any(concurrent(self.record.stamp(name), self.edit) for name in names)
        closed_unseen = self.removed and unread
        if unread and not self.removed and self.edit.remove is not True and self.edit.set and self.touched:
            # What was written while it was thought to be closed is not shown either.
            self._remove_unread(stamp)
        elif self.edit.remove is True:
            self._remove(stamp)
        elif closed_unseen and (self.edit.remove is False or self.touched):
            self.touched = True
            self.owed.append(Word(self.edit.person, "kept_private"))
        elif self.edit.remove is False:
            self.stood = True
            if self.removed:
                self.removed = False
                self.stamps[REMOVAL] = after(stamp, self.edit, self.version)
                self.touched = True
                if stamp.device != self.edit.device:
                    self._close()
        elif self._speaks() and self.touched and self.removed and concurrent(stamp, self.edit):
            self._come_back(stamp, stamp.person or self.record.author)

    def _remove_unread(self, stamp: Stamp) -> None:
        self.removed = self.touched = self.stood = True
        self.stamps[REMOVAL] = after(stamp, self.edit, self.version)
        self.owed.append(Word(self.edit.person, "kept_private"))

    def _remove(self, stamp: Stamp) -> None:
        words = (*(name for name in self.kind.written if name not in self._of_each), REMOVAL, BESIDE)
        unseen = any(concurrent(self.record.stamp(name), self.edit) for name in words)
        if self.removed:
            self.stood = True
        elif unseen and stands_open(self.kind):
            self._remove_unread(stamp)
        elif unseen:
            self.touched = True
            self._come_back(stamp, self.edit.person)
        else:
            self.removed = self.touched = self.stood = True
            self.stamps[REMOVAL] = after(stamp, self.edit, self.version)

    @property
    def _of_each(self) -> tuple[str, ...]:
        """Sets in which others have a say about what is its author's: that keeps nothing from being removed."""
        return self.kind.own_id_only if self.kind.edits is Who.AUTHOR else ()

    def _speaks(self) -> bool:
        """Return whether the edit says anything besides."""
        return bool(self.edit.set.keys() - set(self._of_each) or self.edit.picked or self.edit.confirmed)

    def _come_back(self, stamp: Stamp, remover: PersonId) -> None:
        self.removed = False
        self.stamps[REMOVAL] = after(stamp, self.edit, self.version)
        self.owed.append(Word(remover, "came_back"))
        self._close()

    def _close(self) -> None:
        """What two devices disagree about showing or giving is shown to nobody and given to nobody."""
        for name in self.kind.of_policy(Policy.MOST_PRIVATE):
            value = closed(self.kind.fields[name].shape, self.fields[name])
            if value != self.fields[name]:
                self._store(name, value)

    def _credit(self, name: str) -> None:
        """Remember who brought which sentence: those that stood are not the later writer's."""
        before = self.record.fields.get(name) or ""
        beside = [(each.text, each.by) for each in self.record.alternatives.get(name, ())]
        stored_by = self.record.stamp(name).person or self.record.author
        said = [(before, stored_by), *beside, (self.edit.set[name] or "", self.edit.by)]
        present = [self.fields[name] or "", *(each.text for each in self.alternatives.get(name, ()))]
        self.stamps = credited(self.stamps, name, said, present)

    def done(self) -> Merged:
        if not self.touched:
            return Merged(record=self.record, status="applied", changed=False)
        for name in self.edit.set.keys() & set(self.kind.of_policy(Policy.SHARED_WORDS)):
            self._credit(name)
        record = replace(
            self.record,
            version=self.version,
            fields=self.fields,
            stamps=self.stamps,
            alternatives=self.alternatives,
            merged=tuple(sorted(self.merged)),
            removed=self.removed,
        )
        asked = self.edit.set or self.edit.remove is not None
        status: Literal["applied", "merged", "superseded"] = "applied"
        if self.verdicts:
            status = "merged"
        if asked and not self.stood:
            status = "superseded"
        return Merged(
            record=record,
            status=status,
            changed=True,
            verdicts=self.verdicts,
            behind=tuple(self.behind),
            owed=tuple(dict.fromkeys(self.owed)),
        )


def earliest(elements: Collection[str], said: Sequence[Said]) -> list[str]:
    """Return elements in the order in which they keep their place in a full set.

    First comes what nobody has added lately; then what was added by whoever had seen least. That is a property of
    the additions and not of their arrival; among equals the alphabet decides, which favours nobody.
    """
    bases: dict[str, int] = {}
    for each in said:
        bases[each.value] = min(each.base, bases.get(each.value, each.base))
    return sorted(elements, key=lambda element: (bases.get(element, -1), element))


def later(meeting: Meeting) -> Settled:
    """The edit made later wins; at the same time, or where neither said when, the higher device id.

    A device's own earlier edit never beats its later one.
    """
    stamp, edit = meeting.stamp, meeting.edit
    mine = stamp.device == edit.device or _when(edit.made_ms, edit.device) > _when(stamp.made_ms, stamp.device)
    other = meeting.stored_by != edit.person
    if mine:
        return Settled(
            value=meeting.incoming,
            verdict="yours_kept",
            behind=((meeting.stored, meeting.stored_by),),
            owed=((meeting.stored_by, "other_kept"),) if other else (),
        )
    return Settled(
        value=meeting.stored,
        verdict="theirs_kept",
        behind=((meeting.incoming, edit.by),),
        restamp=False,
        owed=((edit.person, "other_kept"),) if other else (),
    )


def _when(made_ms: int | None, device: DeviceId | None) -> tuple[int, int]:
    return (-1 if made_ms is None else made_ms, 0 if device is None else device.int)


def words(meeting: Meeting) -> Settled:
    """Join by sentences; where both changed the same one, the later text stands and the other beside it."""
    joined = _joined(meeting)
    if joined is not None:
        return joined
    decided = later(meeting)
    mine = decided.value == meeting.incoming
    loser, by = (meeting.stored, meeting.stored_by) if mine else (meeting.incoming, meeting.edit.person)
    return Settled(
        value=decided.value,
        verdict="kept_both" if loser else decided.verdict,
        beside=Alternative(by, loser) if loser else None,
        restamp=mine,
    )


def shared_words(meeting: Meeting) -> Settled:
    """Join by sentences; where both changed the same one, the stored text stays first and the incoming beside it."""
    joined = _joined(meeting)
    if joined is not None:
        return joined
    me = meeting.edit.person
    if not meeting.incoming or not meeting.stored:
        # One emptied the text while the other went on with it: there is only one text to keep.
        value = meeting.stored or meeting.incoming
        return Settled(
            value=value, verdict="theirs_kept" if meeting.stored else "yours_kept", restamp=not meeting.stored
        )
    beside = Alternative(me, meeting.incoming)
    known = any(each.by == me for each in meeting.record.alternatives.get(meeting.name, ()))
    return Settled(
        value=meeting.stored,
        verdict="kept_both",
        beside=beside,
        restamp=False,
        owed=() if known else ((meeting.stored_by, "kept_both"), (me, "kept_both")),
    )


def _joined(meeting: Meeting) -> Settled | None:
    stored, incoming = meeting.stored or "", meeting.incoming or ""
    shape = meeting.field.shape
    assert isinstance(shape, Text)
    base = (meeting.was or "") if meeting.name in meeting.edit.was else None
    joined = merge_words(base, stored, incoming, meeting.budget, chars_max=shape.most)
    if joined.overlap or (not joined.text and shape.empty is UNFIT):
        return None
    if joined.text == stored:
        # The edit brought nothing that is not there already.
        return Settled(value=meeting.stored, restamp=False)
    text: str | None = joined.text or shape.empty
    if joined.text == incoming:
        return Settled(value=text, behind=((meeting.stored, meeting.stored_by),))
    return Settled(
        value=text,
        verdict="merged",
        behind=((meeting.stored, meeting.stored_by), (meeting.incoming, meeting.edit.by)),
        joined=joined.joined,
    )


def _folded(meeting: Meeting, values: Sequence[Any]) -> Settled:
    """Return the one value that all these words come to, whatever their order."""
    policy = meeting.field.policy
    value = FOLDS[policy](meeting.field.shape, values)
    private = policy is Policy.MOST_PRIVATE and meeting.stored != meeting.incoming
    return Settled(
        value=value,
        verdict=None if value == meeting.incoming else _FOLDED[policy],
        owed=((meeting.edit.person, "kept_private"),) if private else (),
    )


def closed(shape: Shape, value: Any) -> Any:
    """Return the value of a choice that shows nothing and gives nothing: what is shown, once it is, may stay chosen."""
    match shape:
        case Audience():
            return ONLY_ME
        case Flag():
            return False
        case _:
            return value


def monotone(shape: Shape, values: Sequence[Any]) -> Any:
    """The furthest state; a step back that had not seen it does not count."""
    return max(values, key=lambda value: _rank(shape, value))


def most_private(shape: Shape, values: Sequence[Any]) -> Any:
    """The most private value; of sets, what all would show."""
    match shape:
        case SetOf():
            return sorted(set(values[0]).intersection(*values))
        case Audience():
            return values[0] if len(set(values)) == 1 else ONLY_ME
        case _:
            return min(values, key=lambda value: _rank(shape, value))


def most_protective(shape: Shape, values: Sequence[Any]) -> Any:
    """What protects most: the union of windows, the limit or bound that its shape says protects more, no exception."""
    match shape:
        case Windows():
            return windows_of({quarter for windows in values for quarter in covered_quarters(windows)})
        case Whole() | Instant():
            return max(values, key=shape.protection)
        case _:
            return min(values)


def _rank(shape: Shape, value: Any) -> tuple[int, str]:
    """Return the place of a value in its shape's order; False comes before True, a newer app's value first."""
    if isinstance(shape, OneOf):
        return (shape.values.index(value) if value in shape.values else -1), value
    return int(value), ""


FOLDS: dict[Policy, Callable[[Shape, Sequence[Any]], Any]] = {
    Policy.MONOTONE: monotone,
    Policy.MOST_PRIVATE: most_private,
    Policy.MOST_PROTECTIVE: most_protective,
}
"""From every word that stands about a field to its value; the order of the words does not matter."""

_FOLDED: dict[Policy, Verdict] = {
    Policy.MONOTONE: "theirs_kept",
    Policy.MOST_PRIVATE: "kept_private",
    Policy.MOST_PROTECTIVE: "merged",
}

MERGES: dict[Policy, Callable[[Meeting], Settled]] = {
    Policy.LATER: later,
    Policy.WORDS: words,
    Policy.SHARED_WORDS: shared_words,
}
"""`once` and `server` are refused before they could meet."""
