"""How two people come to hold a goal, change it, finish it or leave it (rules G1 to G10)."""

from datetime import date
from typing import get_args
from uuid import UUID

from domain.goals import Act, ActName, GoalView, LookAgain, Terms, Walk, derive, walk_of
from domain.ids import PersonId, RecordId

ANA, BEN, EVE = (PersonId(UUID(int=number)) for number in (1, 2, 3))
BOTH = frozenset({ANA, BEN})
T1, T2, T3 = (RecordId(UUID(int=number)) for number in (11, 12, 13))
NOWHERE = RecordId(UUID(int=99))


def day(order: int) -> date:
    return date(2030, 1, order)


def terms(record: RecordId, author: PersonId, order: int, based_on: RecordId | None = None) -> Terms:
    return Terms(id=record, author=author, order=order, based_on=based_on)


def act(author: PersonId, name: ActName, about: RecordId, order: int) -> Act:
    return Act(id=act_id(order), author=author, order=order, terms=about, act=name, on=day(order))


def act_id(order: int) -> RecordId:
    return RecordId(UUID(int=100 + order))


def view(*records: Terms | Act, agreement: bool = False) -> GoalView:
    return derive(
        BOTH,
        [record for record in records if isinstance(record, Terms)],
        [record for record in records if isinstance(record, Act)],
        agreement=agreement,
    )


AGREED = (terms(T1, ANA, 1), act(BEN, "accept", T1, 2))
AMENDED = (*AGREED, terms(T2, ANA, 3, T1), act(BEN, "accept", T2, 4))


def test_a_goal_without_terms_has_no_state() -> None:
    assert view() == GoalView()


def walk(*records: Terms | Act) -> Walk:
    terms_said = [record for record in records if isinstance(record, Terms)]
    return walk_of(BOTH, terms_said, [record for record in records if isinstance(record, Act)], agreement=False)


def test_what_is_said_last_needs_no_new_walk() -> None:
    stories = [(), (terms(T1, ANA, 1),), AGREED, AMENDED, (*AGREED, act(BEN, "rest", T1, 3))]
    stories += [(*AGREED, act(BEN, "let_go", T1, 3))]
    stories += [(*AGREED, act(ANA, "mark_done", T1, 3), act(BEN, "mark_done", T1, 4))]
    lasts: list[Terms | Act] = [terms(T3, BEN, 9, T1), terms(T3, BEN, 9)]
    lasts += [act(who, name, about, 9) for who in (ANA, BEN) for name in get_args(ActName) for about in (T1, T2)]
    for story in stories:
        before = walk(*story)
        for last in lasts:
            assert before.followed_by(last).view() == view(*story, last)
            assert before.view() == view(*story), "it stays as it is"


def test_what_a_stranger_says_last_counts_for_nothing() -> None:
    before = walk(*AGREED)
    assert before.followed_by(act(EVE, "let_go", T1, 9)).view() == before.view()
    assert before.followed_by(terms(T3, EVE, 9, T1)).view() == before.view()


def test_a_walk_knows_the_greatest_order() -> None:
    assert walk().last == 0
    assert walk(*AGREED).last == 2
    assert walk(*AGREED).followed_by(act(BEN, "rest", T1, 7)).last == 7


# G1


def test_g1_terms_open_with_their_authors_yes_alone() -> None:
    assert view(terms(T1, ANA, 1)) == GoalView(state="proposed", open_terms=(T1,), waiting=(T1,))
    assert view(terms(T1, ANA, 1), act(BEN, "accept", T1, 2)).terms_in_force == T1


def test_g1_terms_based_on_something_else_than_what_is_in_force_are_stale_and_their_author_learns() -> None:
    late = view(*AMENDED, terms(T3, BEN, 5, T1))
    assert (late.terms_in_force, late.open_terms, late.stale) == (T2, (), frozenset({T3}))
    assert late.look_again == {LookAgain(T3, BEN)}
    assert view(*AGREED, terms(T2, BEN, 3)).stale == {T2}


def test_g1_stale_terms_alone_are_not_shown() -> None:
    assert view(terms(T2, ANA, 1, NOWHERE)) == GoalView(
        stale=frozenset({T2}), look_again=frozenset({LookAgain(T2, ANA)})
    )


def test_g1_open_terms_stand_in_the_order_in_which_they_were_proposed() -> None:
    assert view(terms(T2, ANA, 1), terms(T1, BEN, 2), terms(T3, ANA, 3)).open_terms == (T2, T1, T3)
    assert view(terms(T3, ANA, 3), terms(T1, BEN, 2), terms(T2, ANA, 1)).open_terms == (T2, T1, T3)


# G2


def test_g2_the_last_word_of_a_person_counts() -> None:
    hesitant = (terms(T1, ANA, 1), act(BEN, "decline", T1, 2))
    assert view(*hesitant).state == "declined"
    assert view(*hesitant, act(BEN, "accept", T1, 3)).state == "active"
    assert view(*hesitant, act(BEN, "not_now", T1, 3)).state == "not_now"


def test_g2_the_authors_own_decline_withdraws_until_they_say_yes_again() -> None:
    withdrawn = (terms(T1, ANA, 1), act(ANA, "decline", T1, 2), act(BEN, "accept", T1, 3))
    assert view(*withdrawn).state == "declined"
    assert view(*withdrawn).terms_in_force is None
    assert view(*withdrawn, act(ANA, "accept", T1, 4)).terms_in_force == T1


# G3


def test_g3_new_terms_in_force_make_the_earlier_past_and_other_open_ones_stale() -> None:
    amended = view(*AGREED, terms(T2, ANA, 3, T1), terms(T3, ANA, 4, T1), act(BEN, "accept", T3, 5))
    assert (amended.terms_in_force, amended.past, amended.stale, amended.open_terms) == (
        T3,
        frozenset({T1}),
        frozenset({T2}),
        (),
    )
    assert amended.look_again == frozenset()


# G4


def test_g4_of_crosswise_acceptances_the_first_completes_and_both_learn() -> None:
    crossed = view(
        *AGREED,
        terms(T2, ANA, 3, T1),
        terms(T3, BEN, 4, T1),
        act(BEN, "accept", T2, 5),
        act(ANA, "accept", T3, 6),
    )
    assert (crossed.terms_in_force, crossed.stale) == (T2, frozenset({T3}))
    assert crossed.look_again == {LookAgain(act_id(6), ANA), LookAgain(T3, BEN)}


def test_g4_what_was_passed_over_can_be_proposed_anew() -> None:
    anew = RecordId(UUID(int=14))
    crossed = (*AMENDED, terms(T3, BEN, 5, T1), terms(anew, BEN, 6, T2))
    assert view(*crossed).open_terms == (anew,)
    assert view(*crossed, act(ANA, "accept", anew, 7)).terms_in_force == anew


# G5


def test_g5_an_act_about_past_or_stale_terms_changes_nothing_and_its_author_learns() -> None:
    for name in ("accept", "decline", "not_now", "mark_done", "rest", "resume"):
        late = view(*AMENDED, act(BEN, name, T1, 9))
        assert late == GoalView(
            state="active",
            terms_in_force=T2,
            past=frozenset({T1}),
            look_again=frozenset({LookAgain(act_id(9), BEN)}),
        )


def test_g5_after_an_ending_only_letting_go_still_counts() -> None:
    achieved = (*AGREED, act(ANA, "mark_done", T1, 3), act(BEN, "mark_done", T1, 4))
    late = view(*achieved, act(ANA, "resume", T1, 5), act(BEN, "rest", T1, 6))
    assert (late.state, late.done_by, late.resting_by) == ("achieved", BOTH, frozenset())
    assert late.look_again == {LookAgain(act_id(5), ANA), LookAgain(act_id(6), BEN)}
    gone = view(*achieved, act(ANA, "let_go", T1, 5), act(BEN, "accept", T1, 6))
    assert gone.state == "let_go"
    assert gone.look_again == {LookAgain(act_id(6), BEN)}


def test_g5_terms_after_an_ending_never_open() -> None:
    late = view(*AGREED, act(BEN, "let_go", T1, 3), terms(T2, ANA, 4, T1), act(BEN, "accept", T2, 5))
    assert (late.state, late.terms_in_force, late.open_terms) == ("let_go", T1, ())
    assert late.look_again == {LookAgain(T2, ANA), LookAgain(act_id(5), BEN)}


def test_g5_a_no_to_what_both_agreed_changes_nothing_and_a_second_yes_is_no_news() -> None:
    assert view(*AGREED, act(BEN, "decline", T1, 3)) == GoalView(
        state="active", terms_in_force=T1, look_again=frozenset({LookAgain(act_id(3), BEN)})
    )
    assert view(*AGREED, act(ANA, "accept", T1, 3)) == view(*AGREED)


# G6


def test_g6_an_amendment_that_is_open_declined_or_put_off_leaves_what_is_in_force() -> None:
    proposed = (*AGREED, terms(T2, ANA, 3, T1))
    for more in ((), (act(BEN, "decline", T2, 4),), (act(BEN, "not_now", T2, 4),)):
        amended = view(*proposed, *more)
        assert (amended.state, amended.terms_in_force, amended.open_terms) == ("active", T1, (T2,))


# G7


def test_g7_both_marks_achieve_the_goal_on_the_day_of_the_second() -> None:
    one = view(*AGREED, act(BEN, "mark_done", T1, 3))
    assert (one.state, one.done_by, one.achieved_on) == ("active", frozenset({BEN}), None)
    both = view(*AGREED, act(BEN, "mark_done", T1, 3), act(ANA, "mark_done", T1, 5))
    assert (both.state, both.done_by, both.achieved_on) == ("achieved", BOTH, day(5))


def test_g7_marking_twice_does_not_speak_for_the_other() -> None:
    twice = view(*AGREED, act(BEN, "mark_done", T1, 3), act(BEN, "mark_done", T1, 4))
    assert (twice.state, twice.done_by) == ("active", frozenset({BEN}))


def test_g7_only_the_same_persons_resume_withdraws_a_mark() -> None:
    marked = (*AGREED, act(BEN, "mark_done", T1, 3))
    assert view(*marked, act(ANA, "resume", T1, 4)).done_by == {BEN}
    assert view(*marked, act(BEN, "resume", T1, 4), act(ANA, "mark_done", T1, 5)).done_by == {ANA}


def test_g7_new_terms_in_force_void_marks() -> None:
    renewed = view(*AGREED, act(BEN, "mark_done", T1, 3), terms(T2, ANA, 4, T1), act(BEN, "accept", T2, 5))
    assert (renewed.state, renewed.done_by) == ("active", frozenset())


def test_g7_a_mark_on_terms_that_are_not_in_force_yet_counts_for_nothing() -> None:
    early = view(terms(T1, ANA, 1), act(ANA, "mark_done", T1, 2), act(BEN, "accept", T1, 3))
    assert (early.done_by, early.look_again) == (frozenset(), frozenset({LookAgain(act_id(2), ANA)}))


def test_g7_an_agreement_has_no_marks() -> None:
    marks = (act(ANA, "mark_done", T1, 3), act(BEN, "mark_done", T1, 4))
    assert view(*AGREED, *marks, agreement=True) == view(*AGREED, agreement=True)


def test_g7_open_terms_close_when_the_goal_is_achieved() -> None:
    ended = view(*AGREED, terms(T2, ANA, 3, T1), act(ANA, "mark_done", T1, 4), act(BEN, "mark_done", T1, 5))
    assert (ended.state, ended.open_terms, ended.stale) == ("achieved", (), frozenset({T2}))


# G8


def test_g8_the_goal_rests_while_anyone_rests_it() -> None:
    both = (*AGREED, act(ANA, "rest", T1, 3), act(BEN, "rest", T1, 4))
    assert view(*both).resting_by == BOTH
    assert view(*both, act(BEN, "resume", T1, 5)).state == "resting"
    assert view(*both, act(BEN, "resume", T1, 5), act(ANA, "resume", T1, 6)).state == "active"


def test_g8_a_rest_outlives_new_terms() -> None:
    rested = view(*AGREED, act(ANA, "rest", T1, 3), terms(T2, ANA, 4, T1), act(BEN, "accept", T2, 5))
    assert (rested.state, rested.resting_by) == ("resting", frozenset({ANA}))


# G9


def test_g9_one_lets_go_and_it_ends_whatever_it_names_and_whatever_came_before() -> None:
    for about in (T1, T2, NOWHERE):
        assert view(*AMENDED, act(BEN, "let_go", about, 9)).state == "let_go"
    assert view(act(BEN, "let_go", NOWHERE, 1)).state == "let_go"
    assert view(terms(T1, ANA, 1), act(BEN, "decline", T1, 2), act(ANA, "let_go", T1, 3)).state == "let_go"


def test_g9_the_day_of_achieving_stays() -> None:
    marks = (act(ANA, "mark_done", T1, 3), act(BEN, "mark_done", T1, 4))
    ended = view(*AGREED, *marks, act(ANA, "let_go", T1, 5))
    assert (ended.state, ended.achieved_on) == ("let_go", day(4))
    assert ended.look_again == frozenset()


def test_g9_letting_go_does_not_wait_for_the_terms_it_names() -> None:
    early = view(act(BEN, "let_go", T1, 1), terms(T1, ANA, 2))
    assert (early.state, early.open_terms, early.stale) == ("let_go", (), frozenset({T1}))


# G10


def test_g10_not_now_and_declined_follow_the_newest_no() -> None:
    two = (terms(T1, ANA, 1), terms(T2, BEN, 2))
    assert view(*two, act(BEN, "not_now", T1, 3)).state == "proposed"
    put_off = (*two, act(BEN, "decline", T1, 3), act(ANA, "not_now", T2, 4))
    assert view(*put_off).state == "not_now"
    assert view(*put_off, act(ANA, "decline", T2, 5)).state == "declined"
    assert view(*put_off, act(BEN, "decline", T1, 5)).state == "declined"


def test_g10_a_no_that_was_taken_back_no_longer_counts_as_the_newest() -> None:
    back = view(
        terms(T1, ANA, 1),
        act(BEN, "decline", T1, 2),
        act(ANA, "not_now", T1, 3),
        act(ANA, "accept", T1, 4),
    )
    assert back.state == "declined"


def test_g10_a_rest_shows_only_once_terms_are_in_force() -> None:
    early = (terms(T1, ANA, 1), act(ANA, "rest", T1, 2))
    assert view(*early).state == "proposed"
    assert view(*early, act(BEN, "accept", T1, 3)).state == "resting"


# Order and strangers


def test_an_act_stored_before_its_terms_counts_at_their_place() -> None:
    assert view(act(BEN, "accept", T1, 1), terms(T1, ANA, 2)).terms_in_force == T1
    late = view(
        terms(T1, ANA, 1),
        act(BEN, "accept", T2, 2),
        act(BEN, "accept", T1, 3),
        terms(T2, ANA, 4, T1),
    )
    assert (late.terms_in_force, late.past) == (T2, frozenset({T1}))


def test_an_act_waits_for_its_terms_whatever_their_ids() -> None:
    """The first record of a space has the order 1."""
    for asked in (T1, RecordId(UUID(int=999))):
        assert view(act(BEN, "accept", asked, 1), terms(asked, ANA, 2)).terms_in_force == asked


def test_acts_about_terms_that_are_not_known_count_for_nothing_yet() -> None:
    for name in ("accept", "decline", "not_now", "mark_done", "rest", "resume"):
        assert view(*AGREED, act(BEN, name, NOWHERE, 3)) == view(*AGREED)


def test_what_a_stranger_wrote_counts_for_nothing() -> None:
    assert view(*AGREED, act(EVE, "let_go", T1, 3), terms(T2, EVE, 4, T1)) == view(*AGREED)
    assert view(terms(T1, ANA, 1), act(EVE, "accept", T1, 2)).state == "proposed"
    assert view(terms(T1, EVE, 1), act(ANA, "accept", T1, 2), act(BEN, "accept", T1, 3)) == GoalView()
