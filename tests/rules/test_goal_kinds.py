"""What the records of a goal come to: how it stands by stored terms and acts, and for how much there is room."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from domain import goal_kinds
from domain.goal_kinds import GOAL, GOAL_ACT, GOAL_TERMS, PROGRESS, STEP, STEP_DATE, Walked, derived, goal_view, walked
from domain.goals import Walk
from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.kind import Around, Attempt, Derived, Kind, Situation
from domain.kinds import crowded, judged, objection
from domain.records import Record
from domain.refusals import Refusal
from tests.pair import Pair, change, in_memory

ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
BOTH = frozenset({ANA, BEN})
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY, YESTERDAY = date(2026, 11, 23), date(2026, 11, 22)
T1, T2, T3, T4 = (f"00000000-0000-0000-0000-00000000000{digit}" for digit in "bcde")


def stored(kind: Kind, number: int, author: PersonId = ANA, **fields: Any) -> Record:
    whole = {name: field.shape.empty for name, field in kind.fields.items()} | fields
    identity = RecordId(UUID(int=number))
    return Record(
        space=SpaceId(UUID(int=5)), kind=kind.name, id=identity, version=3, created=3, author=author, fields=whole
    )


def goal(**fields: Any) -> Record:
    return stored(GOAL, 10, **fields)


def terms(identity: str, author: PersonId, order: int, based_on: str | None = None) -> Record:
    return stored(GOAL_TERMS, UUID(identity).int, author, order=order, based_on=based_on)


def act(author: PersonId, name: str, about: str, order: int) -> Record:
    return stored(GOAL_ACT, 100 + order, author, act=name, terms=about, order=order)


THE_GOAL = goal()
AGREED = (terms(T1, ANA, 1), act(BEN, "accept", T1, 2))
DONE = (*AGREED, act(ANA, "mark_done", T1, 3), act(BEN, "mark_done", T1, 4))


def follows(*children: Record, **fields: Any) -> Derived:
    return derived(goal(**fields), children, Around(members=BOTH, today=TODAY))


@pytest.mark.parametrize(
    ("children", "fields"),
    [
        ((), {}),
        ((terms(T1, ANA, 1),), {"state": "proposed", "open_terms": [T1]}),
        (AGREED, {"state": "active", "terms_in_force": T1}),
        (
            (*AGREED, terms(T2, BEN, 3, T1)),
            {"state": "active", "terms_in_force": T1, "open_terms": [T2]},
        ),
        (
            (*AGREED, act(BEN, "mark_done", T1, 3)),
            {"state": "active", "terms_in_force": T1, "done_by": [str(BEN)]},
        ),
        (
            (*AGREED, act(BEN, "rest", T1, 3), act(ANA, "rest", T1, 4)),
            {"state": "resting", "terms_in_force": T1, "resting_by": [str(ANA), str(BEN)]},
        ),
        (
            DONE,
            {
                "state": "achieved",
                "terms_in_force": T1,
                "done_by": [str(ANA), str(BEN)],
                "achieved_on": "2026-11-23",
            },
        ),
    ],
    ids=["nothing", "proposed", "active", "amended", "marked by one", "resting", "achieved"],
)
def test_a_goal_says_how_it_stands(children: tuple[Record, ...], fields: dict[str, Any]) -> None:
    nothing = {
        "state": None,
        "terms_in_force": None,
        "open_terms": [],
        "done_by": [],
        "resting_by": [],
        "achieved_on": None,
    }
    assert follows(*children) == Derived(nothing | fields)


def test_the_one_whose_terms_or_act_changed_nothing_is_told() -> None:
    late = follows(*AGREED, terms(T2, BEN, 3), act(ANA, "decline", T1, 4))
    assert late.look_again == {(BEN, UUID(T2)), (ANA, UUID(int=104))}


def test_the_day_of_achieving_is_the_first_one_that_was_told() -> None:
    assert follows(*DONE, achieved_on=YESTERDAY.isoformat()).fields["achieved_on"] == "2026-11-22"


@pytest.mark.parametrize(
    ("form", "state"), [("goal", "achieved"), ("agreement", "active"), ("from_a_newer_app", "achieved")]
)
def test_only_an_agreement_has_no_marks(form: str, state: str) -> None:
    assert follows(*DONE, form=form).fields["state"] == state


# New terms -----------------------------------------------------------------------------------------------------


def proposing(parent: Record | None, *family: Record, beside: Walked | None = None) -> Refusal | None:
    situation = Situation(
        actor=ANA,
        couple=CoupleId(UUID(int=9)),
        now=NOW,
        today=TODAY,
        parent=parent,
        family=family,
        members=BOTH,
        beside=beside,
    )
    attempt = Attempt(set={"goal": str(UUID(int=10)), "title": "Walk."}, was={})
    return objection(GOAL_TERMS, attempt, None, situation)


def test_what_a_goal_has_come_to_is_worked_out_once_and_by_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    walks: list[int] = []
    whole = goal_kinds.walk_of

    def counting(members: Any, said: Sequence[Any], done: Sequence[Any], **rest: Any) -> Walk:
        walks.append(len(said) + len(done))
        return whole(members, said, done, **rest)

    def stands(known: Walked | None, family: list[Record], the_goal: Record | None = THE_GOAL) -> Walked:
        found = walked(known, the_goal, family, BOTH, TODAY)
        with monkeypatch.context() as quiet:
            quiet.setattr(goal_kinds, "walk_of", whole)
            assert found.walk.view() == goal_view(the_goal, family, BOTH, TODAY)
        assert (found.size, found.has_goal) == (len(family), the_goal is not None)
        return found

    monkeypatch.setattr(goal_kinds, "walk_of", counting)
    family: list[Record] = list(AGREED)
    first = stands(None, family)
    assert walks == [2]
    assert walked(first, THE_GOAL, family, BOTH, TODAY) is first
    known = first
    for each in (
        terms(T2, BEN, 5),
        act(ANA, "rest", T1, 6),
        act(ANA, "accept", T2, 7),
        act(ANA, "accept", T3, 8),
        terms(T4, PersonId(UUID(int=3)), 9),
        replace(act(BEN, "rest", T1, 10), removed=True),
        replace(terms(T1, BEN, 11), removed=True),
        act(BEN, "let_go", T3, 12),
    ):
        family.append(each)
        known = stands(known, family)
    assert walks == [2], "what is said last needs no walk"
    stands(first, [*AGREED, terms(T2, BEN, 5)], None)
    assert walks == [2, 3], "an agreement is known by its goal"
    early = [AGREED[0], act(BEN, "accept", T2, 2)]
    known = stands(None, early)
    stands(known, [*early, terms(T2, ANA, 5)])
    assert walks == [2, 3, 2, 3], "what an act has named before is no last word"
    stands(first, [*AGREED, act(BEN, "rest", T1, 1)])
    assert walks == [2, 3, 2, 3, 3], "nor is what was stored before"
    stands(first, [*AGREED, terms(T2, BEN, 5), act(ANA, "accept", T2, 6), terms(T3, BEN, 7, T2)])
    assert len(walks) == 5, "several are followed one after the other"
    stands(first, [*AGREED, act(ANA, "accept", T2, 5), terms(T2, BEN, 6)])
    assert len(walks) == 6


def test_a_goal_takes_no_terms_once_its_children_have_ended_it() -> None:
    assert proposing(goal(), *AGREED) is None
    assert proposing(goal(), *DONE) is Refusal.GOAL_ENDED
    assert proposing(goal(form="agreement"), *DONE) is None
    assert proposing(None, act(BEN, "let_go", T1, 1)) is Refusal.GOAL_ENDED


def test_a_goal_that_has_not_arrived_is_not_taken_for_achieved() -> None:
    assert proposing(None, *DONE) is None


def test_five_proposals_may_be_open_at_once() -> None:
    five = [terms(str(UUID(int=20 + nth)), ANA, nth) for nth in range(1, 6)]
    assert proposing(goal(), *five[:4]) is None
    assert proposing(goal(), *five) is Refusal.TOO_MANY


@pytest.mark.parametrize(
    ("kind", "most"), [(GOAL_TERMS, 200), (GOAL_ACT, 1000), (STEP, 30)], ids=["terms", "acts", "steps"]
)
def test_each_goal_has_room_of_its_own_for_its_children(kind: Kind, most: int) -> None:
    where = frozenset({"space", "family"})
    assert crowded(kind, where, {"space": 50000, "family": most - 1}) is None
    assert crowded(kind, where, {"space": most, "family": most}) is Refusal.TOO_MANY


def test_a_step_is_taken_by_no_third_person() -> None:
    people = [str(UUID(int=number)) for number in (1, 2, 3)]
    assert judged(STEP, {"taken_by": people[:2]}) == {"taken_by": people[:2]}
    assert judged(STEP, {"taken_by": people}) is Refusal.INVALID


# Words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "most"),
    [
        (GOAL, "notes", 2000),
        (GOAL_TERMS, "title", 120),
        (GOAL_TERMS, "why", 600),
        (GOAL_TERMS, "done_when", 300),
        (STEP, "title", 120),
    ],
    ids=["notes", "title", "why", "done_when", "step"],
)
def test_a_text_of_a_goal_has_so_many_characters_and_no_more(kind: Kind, name: str, most: int) -> None:
    assert judged(kind, {name: "x" * most}) == {name: "x" * most}
    assert judged(kind, {name: "x" * (most + 1)}) is Refusal.INVALID


# Progress and dates --------------------------------------------------------------------------------------------


@pytest.fixture
async def pair() -> Pair:
    return await in_memory()


@pytest.mark.parametrize(
    ("kind", "name", "fits", "not_"),
    [
        (PROGRESS, "note", "é" * 500, "é" * 501),
        (PROGRESS, "amount", "-12.5", "12.345"),
        (PROGRESS, "amount", "999999999.99", 3),
        (PROGRESS, "unit", "kilomètres", "two\nlines"),
        (PROGRESS, "unit", "x" * 16, "x" * 17),
        (PROGRESS, "on", "2026-11-23", "23.11.2026"),
        (STEP_DATE, "at", "07:05", "7:05"),
    ],
)
def test_what_fits_beside_a_goal(kind: Kind, name: str, fits: Any, not_: Any) -> None:
    assert judged(kind, {name: fits}) == {name: fits}
    assert judged(kind, {name: not_}) is Refusal.INVALID


async def test_progress_is_noted_by_either_taken_back_by_its_author_and_edited_by_nobody(pair: Pair) -> None:
    progress = uuid4()
    noted = {"goal": str(uuid4()), "on": "2026-11-23", "amount": "5.0", "unit": "km"}
    await pair.one(pair.ben.phone, change("progress", progress, noted, couple=pair.couple))
    assert (await pair.look(pair.ana, progress)).fields["amount"] == "5"
    for who, code in ((pair.ana, Refusal.NOT_AUTHOR), (pair.ben, None)):
        edit = change("progress", progress, {"amount": "6"}, base=9, couple=pair.couple)
        assert (await pair.one(who.phone, edit)).code == Refusal.IMMUTABLE
        remove = change("progress", progress, remove=True, base=9, couple=pair.couple)
        assert (await pair.one(who.phone, remove)).code == code
    assert (await pair.look(pair.ana, progress)).removed


async def test_a_thousand_and_first_progress_of_a_goal_is_too_many() -> None:
    where = frozenset({"space", "family"})
    assert crowded(PROGRESS, where, {"space": 5000, "family": 999}) is None
    assert crowded(PROGRESS, where, {"space": 1000, "family": 1000}) is Refusal.TOO_MANY


async def test_i2_when_one_wants_to_be_reminded_of_a_step_is_nobody_else_s(pair: Pair) -> None:
    before = await pair.page(pair.ben)
    made = [change("step_date", uuid4(), {"step": str(uuid4()), "on": "2026-11-24", "at": "07:05"}) for _ in range(21)]
    codes = [each.code for each in await pair.push(pair.ana.phone, *made)]
    assert codes == [None] * 20 + [Refusal.TOO_MANY]
    assert await pair.page(pair.ben) == before


async def test_whoever_is_in_a_step_takes_themselves_out_without_saying_what_stood_there(pair: Pair) -> None:
    step, me = uuid4(), str(pair.ana.person)
    fields = {"goal": str(uuid4()), "title": "Ferry.", "taken_by": [me]}
    await pair.one(pair.ana.phone, change("step", step, fields, couple=pair.couple))
    await pair.one(pair.ana.tablet, change("step", step, {"taken_by": []}, base=9, couple=pair.couple))
    assert (await pair.look(pair.ana, step)).fields["taken_by"] == []


def test_what_was_worked_out_for_a_batch_is_gone_by_and_nothing_is_walked_again() -> None:
    ended = walked(None, goal(), DONE, BOTH, TODAY)
    assert proposing(goal(), beside=ended) is Refusal.GOAL_ENDED
    assert proposing(goal(), *DONE, beside=walked(None, goal(), AGREED, BOTH, TODAY)) is None
