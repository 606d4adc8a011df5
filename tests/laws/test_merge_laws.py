"""Laws of merging: order of arrival, idempotence, the later edit, and that no word of anybody is ever lost."""

from collections.abc import Sequence
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from domain.kind import Field, Kind, Ownership, Who
from domain.policies import Policy
from domain.records import Record
from domain.shapes import Audience, Flag, Identity, OneOf, SetOf, Shape, Text, Whole, Windows
from domain.times import Instant
from sync.merge import Edit, create, merge
from sync.ports import Value
from sync.words import Budget, sentences

COUPLE = str(UUID(int=77))
BASE = 10
"""The version at which every device was up to date."""

SPACE, RECORD, ANA, BEN = SpaceId(UUID(int=1)), RecordId(UUID(int=2)), PersonId(UUID(int=3)), PersonId(UUID(int=4))
FIRST_DEVICE = DeviceId(UUID(int=10))


class Sort(Struct, frozen=True):
    """One sort of field, and a few values that it can hold."""

    shape: Shape
    policy: Policy
    values: tuple[Any, ...]

    @property
    def kind(self) -> Kind:
        return Kind(
            name="thing",
            ownership=Ownership.JOINT,
            home="couple",
            creates=Who.EITHER,
            edits=Who.EITHER,
            removes=Who.EITHER,
            fields={"it": Field(self.shape, self.policy)},
        )


def _sets(*elements: str) -> tuple[list[str], ...]:
    return tuple(
        [element for element, there in zip(elements, chosen, strict=True) if there]
        for chosen in product((False, True), repeat=len(elements))
    )


NIGHTS: tuple[list[dict[str, Any]], ...] = tuple(
    Windows().judged([{"weekday": 0, "from": start, "to": end} for start, end in windows])
    for windows in ([], [("21:00", "23:00")], [("22:00", "07:00")], [("06:00", "07:15"), ("12:00", "13:00")])
)

INSTANTS = ("2026-11-23T12:00:00Z", "2026-11-23T12:00:01Z", "2027-01-01T00:00:00Z")

ORDERLESS = {
    "members": Sort(SetOf(OneOf(("a", "b", "c")), 3), Policy.MEMBERS, _sets("a", "b", "c")),
    "full members": Sort(
        SetOf(OneOf(("a", "b", "c", "d", "e")), 2),
        Policy.MEMBERS,
        tuple(chosen for chosen in _sets("a", "b", "c", "d", "e") if len(chosen) <= 2),
    ),
    "monotone flag": Sort(Flag(), Policy.MONOTONE, (False, True)),
    "monotone step": Sort(OneOf(("none", "done", "let_go")), Policy.MONOTONE, ("none", "done", "let_go")),
    "audience": Sort(Audience(), Policy.MOST_PRIVATE, ("only_me", COUPLE)),
    "parts": Sort(SetOf(OneOf(("mood", "text", "felt")), 3), Policy.MOST_PRIVATE, _sets("mood", "text", "felt")),
    "private flag": Sort(Flag(), Policy.MOST_PRIVATE, (False, True)),
    "push privacy": Sort(
        OneOf(("hidden", "discreet", "full"), default="hidden"), Policy.MOST_PRIVATE, ("hidden", "discreet", "full")
    ),
    "windows": Sort(Windows(), Policy.MOST_PROTECTIVE, NIGHTS),
    "cap": Sort(Whole(0, 3, default=2), Policy.MOST_PROTECTIVE, (0, 1, 2, 3)),
    "protective flag": Sort(Flag(), Policy.MOST_PROTECTIVE, (False, True)),
    "no cap": Sort(Whole(0, 3, optional=True), Policy.MOST_PROTECTIVE, (None, 0, 1, 3)),
    "longer": Sort(Whole(20, 1440, more_protects=True), Policy.MOST_PROTECTIVE, (20, 30, 90, 1440)),
    "until": Sort(Instant(optional=True), Policy.MOST_PROTECTIVE, (None, *INSTANTS)),
    "from": Sort(Instant(optional=True, protects="earliest"), Policy.MOST_PROTECTIVE, (None, *INSTANTS)),
    "level": Sort(
        OneOf(("silent", "effect", "effect_and_message"), default="silent", open_ended=False),
        Policy.MOST_PRIVATE,
        ("silent", "effect", "effect_and_message"),
    ),
}


class Story(Struct, frozen=True):
    """What was stored, what each device did offline on top of it, and two orders in which that arrived."""

    before: Any
    edits: tuple[tuple[Any, ...], ...]
    one_order: tuple[int, ...]
    other_order: tuple[int, ...]


@st.composite
def stories(draw: st.DrawFn, sort: Sort) -> Story:
    before = draw(st.sampled_from(sort.values))
    devices = draw(st.integers(2, 3))
    edits = tuple(
        _changes(before, draw(st.lists(st.sampled_from(sort.values), min_size=1, max_size=4))) for _ in range(devices)
    )
    turns = [device for device, own in enumerate(edits) for _ in own]
    return Story(before, edits, tuple(draw(st.permutations(turns))), tuple(draw(st.permutations(turns))))


def _changes(before: Any, values: Sequence[Any]) -> tuple[Any, ...]:
    """A device pushes what changed: what is said twice in a row is no change."""
    made: list[Any] = []
    for value in values:
        if value != (made[-1] if made else before):
            made.append(value)
    return tuple(made)


def _played(sort: Sort, story: Story, order: Sequence[int]) -> Record:
    """Let the devices' edits arrive in this order of turns; each device's own come in the order made."""
    record = _stored(sort, story.before)
    made = [0 for _ in story.edits]
    for device in order:
        own = story.edits[device]
        was = story.before if made[device] == 0 else own[made[device] - 1]
        edit = _edit(device, {"it": own[made[device]]}, {"it": was})
        made[device] += 1
        record = _merged(record, edit, sort.kind)
    return record


def _stored(sort: Sort, value: Any) -> Record:
    edit = _edit(99, {"it": value}, {}, base=0)
    return create(sort.kind, edit, space=SPACE, identity=RECORD, version=BASE).record


def _edit(
    device: int, values: dict[str, Any], was: dict[str, Any], *, base: int = BASE, made_ms: int | None = None
) -> Edit:
    # Everything here is one person's, but for device 1, which is the partner's.
    person = BEN if device == 1 else ANA
    return Edit(
        person=person,
        device=DeviceId(UUID(int=FIRST_DEVICE.int + device)),
        base=base,
        set=values,
        was=was,
        made_ms=made_ms,
    )


def _merged(record: Record, edit: Edit, kind: Kind) -> Record:
    return merge(record, edit, kind, version=record.version + 1, budget=Budget()).record


@pytest.mark.parametrize("name", ORDERLESS)
def test_the_order_of_arrival_does_not_matter(name: str) -> None:
    sort = ORDERLESS[name]

    @given(stories(sort))
    def law(story: Story) -> None:
        one, other = _played(sort, story, story.one_order), _played(sort, story, story.other_order)
        assert one.fields == other.fields

    law()


@pytest.mark.parametrize("name", ORDERLESS)
def test_whoever_has_seen_everything_has_the_last_word(name: str) -> None:
    """Without this, "whatever is stored stays" would satisfy the law of order."""
    sort = ORDERLESS[name]

    @given(stories(sort), st.sampled_from(sort.values), st.integers(0, 2))
    def law(story: Story, last: Any, device: int) -> None:
        record = _played(sort, story, story.one_order)
        edit = _edit(device, {"it": last}, {"it": record.fields["it"]}, base=record.version)
        assert _merged(record, edit, sort.kind).fields["it"] == last

    law()


@pytest.mark.parametrize("name", ORDERLESS)
def test_a_device_alone_ends_on_its_last_edit(name: str) -> None:
    sort = ORDERLESS[name]

    @given(stories(sort))
    def law(story: Story) -> None:
        alone = Story(story.before, story.edits[:1], (), ())
        record = _played(sort, alone, [0 for _ in story.edits[0]])
        assert record.fields["it"] == (story.edits[0][-1] if story.edits[0] else story.before)

    law()


@given(stories(ORDERLESS["audience"]))
def test_a_window_that_any_device_left_closed_is_closed(story: Story) -> None:
    ends = [own[-1] for own in story.edits if own]
    expected = story.before if not ends else COUPLE if all(end == COUPLE for end in ends) else "only_me"
    assert _played(ORDERLESS["audience"], story, story.one_order).fields["it"] == expected


@given(stories(ORDERLESS["members"]))
def test_what_any_device_left_in_is_in(story: Story) -> None:
    sort = ORDERLESS["members"]
    stored = set(_played(sort, story, story.one_order).fields["it"])
    before = set(story.before)
    for own in story.edits:
        if own:
            # Added and left there by one device; or never touched by any.
            assert set(own[-1]) - before <= stored
    untouched = {each for each in before if all(each in value for own in story.edits for value in own)}
    assert untouched <= stored
    gone = {each for each in before if any(own and each not in own[-1] for own in story.edits)}
    put_back = {each for own in story.edits for value in own[:-1] if own for each in before - set(value)}
    assert not (gone - put_back) & stored


TEXTS = ("Ana came. ", "Ben ran. ", "Rain fell. ", "We sang. ", "It is late. ", "Soup is on. ")

SORTS = {**ORDERLESS, "later": Sort(Whole(0, 9, optional=True), Policy.LATER, (None, 1, 2, 3))}


@pytest.mark.parametrize("name", SORTS)
def test_the_same_edit_twice_is_the_same_edit_once(name: str) -> None:
    sort = SORTS[name]

    @given(stories(sort), st.sampled_from(sort.values), st.sampled_from(sort.values), st.integers(0, 2))
    def law(story: Story, was: Any, value: Any, device: int) -> None:
        record = _played(sort, story, story.one_order)
        edit = _edit(device, {"it": value}, {"it": was})
        once = _merged(record, edit, sort.kind)
        assert _merged(once, edit, sort.kind).fields == once.fields

    law()


WRITTEN = ("One. Two.", "One. Three.", "Four. Two.", "One. Two. Five.")


@pytest.mark.parametrize("policy", [Policy.WORDS, Policy.SHARED_WORDS])
@pytest.mark.parametrize("stories", [tuple(product((None, *WRITTEN), WRITTEN, WRITTEN))])
def test_an_edit_of_a_text_that_is_sent_again_at_once_adds_nothing(
    policy: Policy, stories: Sequence[tuple[str | None, str, str]]
) -> None:
    """Under another key, that is: under its own it is settled. (A removal sent again meets what replaced it.)"""
    sort = Sort(Text(2000, optional=True), policy, ())
    for before, one, other in stories:
        edit = _edit(1, {"it": other}, {"it": before})
        first = _merged(_stored(sort, before), _edit(0, {"it": one}, {"it": before}), sort.kind)
        once = _merged(first, edit, sort.kind)
        again = _merged(once, edit, sort.kind)
        assert (again.fields, again.alternatives) == (once.fields, once.alternatives), (before, one, other)


@given(st.permutations(list(range(4))), st.lists(st.integers(0, 9), min_size=4, max_size=4, unique=True))
def test_of_unseen_edits_the_one_made_last_stands_whatever_the_order(order: list[int], made: list[int]) -> None:
    sort = Sort(Whole(0, 9), Policy.LATER, ())
    record = _stored(sort, 9)
    for device in order:
        record = _merged(record, _edit(device, {"it": device}, {"it": 9}, made_ms=made[device]), sort.kind)
    assert record.fields["it"] == made.index(max(made))


# No word is lost ----------------------------------------------------------------------------------------------


class Scene(Struct, frozen=True):
    """One edit of a text in a random history: by whom, having seen how much, and what of the text they changed."""

    device: int
    seen: int
    keep: tuple[bool, ...]
    adds: str | None
    at: int
    knows: bool
    picks: bool


SCENES = st.lists(
    st.builds(
        Scene,
        device=st.integers(0, 2),
        seen=st.integers(0, 6),
        keep=st.tuples(*[st.sampled_from((True, True, False))] * 4),
        adds=st.one_of(st.none(), st.sampled_from(TEXTS)),
        at=st.integers(0, 3),
        knows=st.sampled_from((True, True, False)),
        picks=st.booleans(),
    ),
    max_size=8,
)


@pytest.mark.parametrize("policy", [Policy.WORDS, Policy.SHARED_WORDS])
def test_every_sentence_of_every_accepted_edit_is_kept_somewhere(policy: Policy) -> None:
    sort = Sort(Text(2000, optional=True), policy, ())

    @given(SCENES)
    def law(scenes: list[Scene]) -> None:
        record = _stored(sort, None)
        past = [record]
        behind: list[Value] = []
        said: set[str] = set()
        for number, scene in enumerate(scenes):
            # A device has seen its own earlier edits at least: what it starts from is never older than those.
            seen = past[max(_own_newest(past, scene.device), len(past) - 1 - scene.seen)]
            was = seen.fields["it"] or ""
            text = _rewritten(was, scene, number)
            said |= set(sentences(text))
            edit = Edit(
                person=BEN if scene.device == 1 else ANA,
                device=DeviceId(UUID(int=FIRST_DEVICE.int + scene.device)),
                base=seen.version,
                set={"it": text or None},
                was={"it": was} if scene.knows else {},
                picked={"it": frozenset((str(each.by), each.text) for each in seen.alternatives.get("it", ()))}
                if scene.picks
                else {},
            )
            merged = merge(record, edit, sort.kind, version=record.version + 1, budget=Budget())
            behind += merged.behind
            record = merged.record
            past.append(record)
            kept = {each for text in _all_texts(record, behind) for each in sentences(text)}
            assert said <= kept
            # And each is where its reader would look: an accepted text stands, or stands beside, or went behind.
            by = [each.by for each in record.alternatives.get("it", ())]
            assert len(by) == len(set(by)), "at most one alternative an author"

    law()


def _own_newest(past: Sequence[Record], device: int) -> int:
    own = DeviceId(UUID(int=FIRST_DEVICE.int + device))
    return max((at for at, record in enumerate(past) if record.stamp("it").device == own), default=0)


def _rewritten(was: str, scene: Scene, number: int) -> str:
    kept = [
        each if keep else None for each, keep in zip(sentences(was), (*scene.keep, *[True] * len(was)), strict=False)
    ]
    texts = [each for each in kept if each is not None]
    if scene.adds is not None:
        texts.insert(scene.at, f"{scene.adds.strip()[:-1]} {number}.")
    return " ".join(texts)


def _all_texts(record: Record, behind: Sequence[Value]) -> list[str]:
    texts = [record.fields["it"] or "", *(each.text for each in record.alternatives.get("it", ()))]
    return texts + [value.value for value in behind if isinstance(value.value, str)]


@given(st.permutations(["a", "b"]), st.data())
def test_one_person_is_never_put_in_or_out_by_another(order: list[str], data: st.DataObject) -> None:
    """Own-id-only sets, whatever the changes claim to have started from."""
    sort = Sort(SetOf(Identity(), 2), Policy.MEMBERS, ())
    record = _stored(sort, [str(BEN)])
    was = data.draw(st.sampled_from(([], [str(ANA)])))
    edit = _edit(0, {"it": [str(ANA)] if order[0] == "a" else []}, {"it": was})
    assert str(BEN) in _merged(record, edit, sort.kind).fields["it"]
