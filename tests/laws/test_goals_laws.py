"""Laws of goals: both agreed to what is in force, and nothing but letting go is one person's to end."""

from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import get_args
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.goals import Act, ActName, GoalView, Terms, derive, walk_of
from domain.ids import PersonId, RecordId

ANA, BEN, EVE = (PersonId(UUID(int=number)) for number in (1, 2, 3))
BOTH = frozenset({ANA, BEN})
PEOPLE = st.sampled_from([ANA, BEN, ANA, BEN, ANA, BEN, EVE])
TERMS_IDS = [RecordId(UUID(int=number)) for number in range(11, 16)]
ACT_NAMES: list[ActName] = [name for name in get_args(ActName) if name != "let_go"]

Story = list[Terms | Act]


@st.composite
def stories(draw: st.DrawFn, *, rarely: tuple[ActName, ...] = ("let_go",)) -> Story:
    """Terms and acts in the order of storing, acts sometimes before their terms."""
    count = draw(st.integers(1, 24))
    firsts = draw(st.lists(st.sampled_from(range(1, count + 1)), max_size=5, unique=True))
    story: Story = []
    for order in range(1, count + 1):
        author = draw(PEOPLE)
        if order in firsts:
            based_on = draw(st.sampled_from([None, *TERMS_IDS[: firsts.index(order)]]))
            story.append(Terms(id=TERMS_IDS[firsts.index(order)], author=author, order=order, based_on=based_on))
        else:
            story.append(
                Act(
                    id=RecordId(UUID(int=100 + order)),
                    author=author,
                    order=order,
                    terms=draw(st.sampled_from(TERMS_IDS[:3])),
                    act=draw(st.sampled_from([*ACT_NAMES, "accept", "accept", *rarely])),
                    on=date(2030, 1, 1) + timedelta(days=order),
                )
            )
    return story


def view(story: Story, *, agreement: bool = False) -> GoalView:
    return derive(
        BOTH,
        [record for record in story if isinstance(record, Terms)],
        [record for record in story if isinstance(record, Act)],
        agreement=agreement,
    )


LASTS = st.one_of(
    st.builds(
        lambda author, based_on: Terms(id=RecordId(UUID(int=99)), author=author, order=1000, based_on=based_on),
        st.sampled_from([ANA, BEN]),
        st.sampled_from([None, *TERMS_IDS]),
    ),
    st.builds(
        lambda author, terms, act: Act(
            id=RecordId(UUID(int=98)), author=author, order=1000, terms=terms, act=act, on=date(2033, 1, 1)
        ),
        st.sampled_from([ANA, BEN]),
        st.sampled_from(TERMS_IDS),
        st.sampled_from(get_args(ActName)),
    ),
)


@given(stories(), LASTS, st.booleans())
def test_what_is_said_last_needs_no_new_walk(story: Story, last: Terms | Act, agreement: bool) -> None:
    walk = walk_of(
        BOTH,
        [record for record in story if isinstance(record, Terms)],
        [record for record in story if isinstance(record, Act)],
        agreement=agreement,
    )
    assert walk.followed_by(last).view() == view([*story, last], agreement=agreement)
    assert walk.view() == view(story, agreement=agreement)


def prefixes(story: Story) -> list[GoalView]:
    return [view(story[:end]) for end in range(len(story) + 1)]


@given(stories())
@settings(max_examples=4 * settings.default.max_examples)
def test_both_accepted_exactly_the_terms_in_force(story: Story) -> None:
    in_force = view(story).terms_in_force
    for record in story:
        if isinstance(record, Terms) and record.id == in_force:
            acceptors = {
                act.author for act in story if isinstance(act, Act) and act.terms == in_force and act.act == "accept"
            }
            assert acceptors | {record.author} >= BOTH


@given(stories())
@settings(max_examples=4 * settings.default.max_examples)
def test_terms_in_force_never_go_back_and_never_go_away(story: Story) -> None:
    order_of = {record.id: record.order for record in story if isinstance(record, Terms)}
    seen = -1
    for then in prefixes(story):
        now = -1 if then.terms_in_force is None else order_of[then.terms_in_force]
        assert now >= seen
        seen = now


@given(stories())
@settings(max_examples=4 * settings.default.max_examples)
def test_endings_hold_and_only_letting_go_follows_them(story: Story) -> None:
    views = prefixes(story)
    for before, after in pairwise(views):
        if before.state == "let_go":
            assert after.state == "let_go"
        if before.state == "achieved":
            assert after.state in ("achieved", "let_go")
        if before.achieved_on is not None:
            assert after.achieved_on == before.achieved_on
        assert before.look_again <= after.look_again


@given(stories(), st.randoms(use_true_random=False))
def test_the_order_of_the_sequences_does_not_matter_and_a_replay_gives_the_same(story: Story, chance: Random) -> None:
    shuffled = list(story)
    chance.shuffle(shuffled)
    assert view(shuffled) == view(story) == view(story)


@given(stories(), st.integers(0, 30), st.sampled_from([ANA, BEN]), st.sampled_from(TERMS_IDS))
def test_after_letting_go_the_state_does_not_depend_on_when_it_arrived(
    story: Story, order: int, author: PersonId, about: RecordId
) -> None:
    letting_go = Act(
        id=RecordId(UUID(int=999)), author=author, order=order, terms=about, act="let_go", on=date(2030, 1, 1)
    )
    assert view([*story, letting_go]).state == "let_go"


@given(stories(rarely=()))
def test_without_the_other_nobody_brings_terms_into_force_or_achieves(story: Story) -> None:
    alone = view([record for record in story if record.author == ANA])
    assert alone.terms_in_force is None
    assert alone.achieved_on is None
    assert alone.state in (None, "proposed", "not_now", "declined")


@given(stories())
def test_terms_are_in_exactly_one_place(story: Story) -> None:
    then = view(story)
    places = [*then.open_terms, *then.stale, *then.past]
    if then.terms_in_force is not None:
        places.append(then.terms_in_force)
    expected = [record.id for record in story if isinstance(record, Terms) and record.author in BOTH]
    assert sorted(places) == sorted(expected)


@given(stories())
def test_an_agreement_is_never_achieved(story: Story) -> None:
    assert view(story, agreement=True).state != "achieved"
    assert view(story, agreement=True).done_by == frozenset()
