"""Combine a stored record with one edit of it, field by field, so that no word is lost and no clock decides.

A field is *concurrent* when somebody's change of it was not seen by the device that made this edit. A field that
is not concurrent simply follows. One function a policy says what happens otherwise; a value that loses is always
returned to be kept behind the record or beside it.
"""

from collections.abc import Callable, Iterable
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from domain.kind import Field, Kind
from domain.policies import Policy
from domain.records import REMOVAL, Alternative, Record, Stamp
from domain.shapes import ONLY_ME, Audience, Flag, OneOf, SetOf, Text, Windows, covered_quarters, windows_of
from sync.ports import Value
from sync.wire import Verdict
from sync.words import Budget, merge_words

Code = Literal["kept_both", "other_kept", "came_back", "kept_private", "look_again"]
"""What a notice can say: two texts stand; another person's value was kept or yours was; what you removed had been
edited and came back; a window showed less than asked; a goal moved on before your word arrived."""


class Edit(Struct, frozen=True, kw_only=True):
    """One change, judged and permitted, as merging needs it."""

    person: PersonId
    device: DeviceId
    base: int
    set: dict[str, Any]
    was: dict[str, Any]
    remove: bool | None = None
    picked: dict[str, frozenset[tuple[str, str]]] = {}
    """Per field the alternatives (person, text) that were looked at and taken out."""
    confirmed: frozenset[str] = frozenset()
    """Fields whose joined text was looked at and found right."""
    made_ms: int | None = None


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


def after(stamp: Stamp, edit: Edit, version: int) -> Stamp:
    """Return the stamp of a field that this edit has changed."""
    others = stamp.others if stamp.device == edit.device else stamp.version
    return Stamp(version, edit.device, others, edit.made_ms, edit.person)


def create(kind: Kind, edit: Edit, *, space: SpaceId, identity: RecordId, version: int, schema: int = 1) -> Merged:
    """Return the new record: what the edit set, and the empty value of every other field."""
    stamp = Stamp(version, edit.device, 0, edit.made_ms, edit.person)
    fields = {name: edit.set.get(name, field.shape.empty) for name, field in kind.fields.items()}
    if kind.ordered:
        fields["order"] = version
    record = Record(
        space=space,
        kind=kind.name,
        id=identity,
        version=version,
        created=version,
        author=edit.person,
        fields=fields,
        removed=edit.remove is True,
        schema=schema,
        stamps=dict.fromkeys((*kind.written, REMOVAL), stamp),
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
        unseen = concurrent(stamp, self.edit)
        if incoming == stored and not (unseen and policy in _ORDERLESS):
            self.stood = True
            return
        stored_by = stamp.person or self.record.author
        if not unseen:
            self._keep(name, stored, stored_by)
            self._store(name, incoming, stamp)
            if policy is Policy.MEMBERS:
                self._stamp_elements(name, set(incoming) - set(stored or ()))
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
        self._settle(meeting, MERGES[policy](meeting))

    def _settle(self, meeting: Meeting, settled: Settled) -> None:
        name = meeting.name
        self.touched = self.touched or settled.restamp or settled.value != meeting.incoming
        for value, by in settled.behind:
            self._keep(name, value, by)
        if settled.restamp:
            self._store(name, settled.value, meeting.stamp)
        if meeting.field.policy is Policy.MEMBERS:
            self._stamp_elements(name, set(meeting.incoming) - set(meeting.was or ()))
        if settled.joined:
            self.merged.add(name)
        if settled.beside is not None:
            self._beside(name, settled.beside)
        if settled.verdict is not None:
            self.verdicts[name] = settled.verdict
        self.owed += [Word(person, code, name) for person, code in settled.owed]
        self.stood = self.stood or settled.verdict != "theirs_kept"

    def _store(self, name: str, value: Any, stamp: Stamp) -> None:
        self.fields[name] = value
        self.stamps[name] = after(stamp, self.edit, self.version)
        self.touched = True

    def _stamp_elements(self, name: str, elements: Iterable[str]) -> None:
        """Each element that was put in is stamped by itself: a removal that had not seen it leaves it in."""
        for element in elements:
            key = f"{name}/{element}"
            self.stamps[key] = after(self.record.stamp(key), self.edit, self.version)
        for key in [key for key in self.stamps if key.startswith(f"{name}/")]:
            if key.removeprefix(f"{name}/") not in self.fields[name]:
                del self.stamps[key]

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
        """Removing is a field like any other, but words that the remover had not seen win over it."""
        stamp = self.record.stamp(REMOVAL)
        if self.edit.remove is True:
            self._remove(stamp)
        elif self.edit.remove is False:
            self.stood = True
            if self.removed:
                self.removed = False
                self.stamps[REMOVAL] = after(stamp, self.edit, self.version)
                self.touched = True
        elif self.touched and self.removed and concurrent(stamp, self.edit):
            self._come_back(stamp, stamp.person or self.record.author)

    def _remove(self, stamp: Stamp) -> None:
        unseen = any(concurrent(self.record.stamp(name), self.edit) for name in (*self.kind.written, REMOVAL))
        if self.removed:
            self.stood = True
        elif unseen:
            self.touched = True
            self._come_back(stamp, self.edit.person)
        else:
            self.removed = self.touched = self.stood = True
            self.stamps[REMOVAL] = after(stamp, self.edit, self.version)

    def _come_back(self, stamp: Stamp, remover: PersonId) -> None:
        self.removed = False
        self.stamps[REMOVAL] = after(stamp, self.edit, self.version)
        self.owed.append(Word(remover, "came_back"))
        if "audience" in self.fields and self.fields["audience"] != ONLY_ME:
            # What two devices disagree about showing is shown to nobody.
            self._store("audience", ONLY_ME, self.record.stamp("audience"))

    def done(self) -> Merged:
        if not self.touched:
            return Merged(record=self.record, status="applied", changed=False)
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
        behind=((meeting.incoming, edit.person),),
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
        verdict="kept_both",
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
    if joined.overlap:
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
        behind=((meeting.stored, meeting.stored_by), (meeting.incoming, meeting.edit.person)),
        joined=joined.joined,
    )


def monotone(meeting: Meeting) -> Settled:
    """The further state wins; a step back that had not seen it does not count."""
    further = _rank(meeting, meeting.incoming) >= _rank(meeting, meeting.stored)
    if further:
        return Settled(value=meeting.incoming, behind=((meeting.stored, meeting.stored_by),))
    return Settled(value=meeting.stored, verdict="theirs_kept", restamp=False)


def _rank(meeting: Meeting, value: Any) -> int:
    """Return the place of a value in its shape's order; False comes before True."""
    shape = meeting.field.shape
    if isinstance(shape, OneOf):
        return shape.values.index(value) if value in shape.values else -1
    return int(value)


def members(meeting: Meeting) -> Settled:
    """Add and take out per element against what the edit started from; a concurrent addition beats a removal."""
    shape = meeting.field.shape
    assert isinstance(shape, SetOf)
    stored, incoming = set(meeting.stored), set(meeting.incoming)
    was = set(meeting.edit.was.get(meeting.name, ()))
    taken_out = {
        element
        for element in was - incoming
        if not concurrent(meeting.record.stamp(f"{meeting.name}/{element}"), meeting.edit)
    }
    result = (stored - taken_out) | (incoming - was)
    if len(result) > shape.most:
        # The earliest stay: those stored before this edit, in their order.
        newcomers = sorted(result - stored)
        result = set([*sorted(result & stored), *newcomers][: shape.most])
    value = sorted(result)
    return Settled(
        value=value,
        verdict=None if value == meeting.incoming else "merged",
        behind=((meeting.stored, meeting.stored_by),) if stored - result else (),
    )


def most_private(meeting: Meeting) -> Settled:
    """The more private value wins, whatever the order of arrival; of sets, what both would show."""
    shape, stored, incoming = meeting.field.shape, meeting.stored, meeting.incoming
    value: Any
    match shape:
        case SetOf():
            value = sorted(set(stored) & set(incoming))
        case Audience():
            value = stored if stored == incoming else ONLY_ME
        case Flag():
            value = stored and incoming
        case _:
            value = min(stored, incoming, key=lambda each: _rank(meeting, each))
    return Settled(
        value=value,
        verdict="kept_private" if value != incoming else None,
        owed=((meeting.edit.person, "kept_private"),) if stored != incoming else (),
    )


def most_protective(meeting: Meeting) -> Settled:
    """What protects more wins, whatever the order: the union of windows, the smaller number, protection on."""
    shape, stored, incoming = meeting.field.shape, meeting.stored, meeting.incoming
    value: Any
    match shape:
        case Windows():
            value = windows_of(covered_quarters(stored) | covered_quarters(incoming))
        case Flag():
            value = stored and incoming
        case _:
            value = min(stored, incoming)
    return Settled(value=value, verdict=None if value == incoming else "merged")


MERGES: dict[Policy, Callable[[Meeting], Settled]] = {
    Policy.LATER: later,
    Policy.WORDS: words,
    Policy.SHARED_WORDS: shared_words,
    Policy.MONOTONE: monotone,
    Policy.MEMBERS: members,
    Policy.MOST_PRIVATE: most_private,
    Policy.MOST_PROTECTIVE: most_protective,
}
"""`once` and `server` are refused before they could meet."""

_ORDERLESS = frozenset({Policy.MONOTONE, Policy.MEMBERS, Policy.MOST_PRIVATE, Policy.MOST_PROTECTIVE})
"""Policies under which saying the same unseen still counts: the result must not depend on who arrived first."""
