"""What a person's prompts depend on, from records."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.ids import PersonId, RecordId, SpaceId
from domain.kinds import KINDS
from domain.quiet import Boundary
from domain.records import Record, Stamp
from notifications.facts import HUSHED_FOR, Known, Together, facts_of
from notifications.ports import Facts, Standing
from tests.prompting import ANA, BEN, NOON, THE_TWO, daily, record

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def of(kind: str, number: int = 1, author: PersonId = BEN, **fields: Any) -> Record:
    row = KINDS[kind]
    empty = {name: field.shape.empty for name, field in row.fields.items()}
    return Record(
        space=SpaceId(UUID(int=5)),
        kind=kind,
        id=record(number),
        version=number,
        created=1,
        author=author,
        fields=empty | fields,
    )


def known(*own: Record, shared: tuple[Record, ...] = (), **differs: Any) -> Known:
    together = Together(id=THE_TWO, members=frozenset({ANA, BEN}), paired_at=NOON - 9 * DAY)
    base = Known(person=BEN, own=own, shared=shared, couple=together, consents=True, reachable=True)
    return replace(base, **differs)


def facts(*own: Record, shared: tuple[Record, ...] = (), **differs: Any) -> Facts:
    return facts_of(known(*own, shared=shared, **differs), ())


def test_who_has_chosen_nothing_has_the_defaults() -> None:
    person = facts().person
    assert (person.clock.zone, person.invite_at, person.day_cap, person.week_cap) == ("UTC", time(18, 40), 2, 7)
    assert person.clock.quiet == daily("21:30", "08:00")
    assert person.wanted["letter_arrived"] == 1
    assert person.wanted["check_in_invite"] == 0
    assert person.wanted["account_notice"] == 1
    assert facts().locale == "en"


def test_settings_of_before_there_was_a_field_have_its_default() -> None:
    settings = of("settings")
    old = {name: value for name, value in settings.fields.items() if not name.startswith(("wake_", "seldom_"))}
    told = facts(replace(settings, fields=old))
    assert (told.wakes, told.person.seldom["check_in_invite"]) == (False, 0)


def test_settings_are_taken_as_they_are() -> None:
    settings = of(
        "settings",
        zone="Europe/Berlin",
        locale="de-AT",
        quiet=[{"weekday": 0, "from": "00:00", "to": "01:00"}],
        invite_at="07:15",
        day_cap=1,
        week_cap=3,
        prompt_check_in_invite=4,
        prompt_letter_arrived=0,
    )
    told = facts(settings)
    person = told.person
    assert (person.clock.zone, person.invite_at, person.day_cap, person.week_cap) == (
        "Europe/Berlin",
        time(7, 15),
        1,
        3,
    )
    assert person.clock.quiet == frozenset({0, 1, 2, 3})
    assert (person.wanted["check_in_invite"], person.wanted["letter_arrived"]) == (4, 0)
    assert told.locale == "de-AT"
    off = facts(replace(settings, fields=settings.fields | {"quiet_off": True}))
    assert off.person.clock.quiet == frozenset()


def test_own_boundaries_count_while_they_are_live() -> None:
    space = of("boundary", 2, form="space", zone="UTC", until="2027-05-13T12:00:00Z", max_prompts_a_day=1)
    quiet = of("boundary", 3, form="quiet_hours", zone="UTC", windows=[{"weekday": 0, "from": "00:00", "to": "00:15"}])
    gone = replace(of("boundary", 4, form="space", zone="UTC"), removed=True)
    assert facts(space, quiet, gone).person.clock.boundaries == (
        Boundary(record=record(2), is_space=True, begins=None, until=NOON + DAY, most_a_day=1),
        Boundary(record=record(3), is_space=False, begins=None, until=None, covered=frozenset({0})),
    )


@pytest.mark.parametrize(
    ("moods", "low_at"),
    [
        ([-3], NOON),
        ([-2], None),
        ([2, -4], None),
        ([-4, 2], NOON),
        ([None, -3], NOON - HOUR),
        ([None], None),
        ([], None),
    ],
)
def test_the_newest_mood_is_low_or_it_is_not(moods: list[int | None], low_at: datetime | None) -> None:
    entries = [of("check_in", nth, local_date="2027-05-12", valence=mood) for nth, mood in enumerate(moods, 1)]
    noted = {each.id: NOON - nth * HOUR for nth, each in enumerate(entries)}
    assert facts(*entries, noted_at=noted).person.low_at == low_at


def test_days_months_and_the_last_note_are_known() -> None:
    told = facts(
        of("check_in", 1, local_date="2027-05-12"),
        of("check_in", 2, local_date="2027-05-10"),
        of("balance_note", 3, month="2027-05"),
        changed={"note": NOON - HOUR, "check_in": NOON},
    )
    assert told.person.checked_in_on == {date(2027, 5, 12), date(2027, 5, 10)}
    assert told.person.balanced_in == {"2027-05"}
    assert (told.person.gave_at, told.person.used_at) == (NOON - HOUR, NOON)


def test_what_a_person_last_wrote_is_an_act_of_the_kind_that_it_follows() -> None:
    changed = {"check_in": NOON, "goal_act": NOON - DAY, "step": NOON - HOUR, "response": NOON}
    acted = facts(changed=changed).acted
    assert acted == {"check_in_invite": NOON, "goal_lookback": NOON - HOUR, "own_step": NOON - HOUR}


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def test_to_say_that_a_step_is_done_is_an_act_of_whoever_said_it() -> None:
    done = of("step", 4, goal=str(record(7)), title="Swim", taken_by=[str(BEN)], done=True)
    stamped = replace(done, stamps={"done": Stamp(version=4, person=BEN)})
    noted = {record(4): NOON}
    told = facts(shared=(stamped,), noted_at=noted)
    assert (told.acted, told.person.used_at) == ({"goal_lookback": NOON, "own_step": NOON}, NOON)
    by_the_other = replace(done, stamps={"done": Stamp(version=4, person=ANA)})
    changed_since = replace(stamped, version=5)
    timed = replace(changed_since, stamps={"done": Stamp(version=4, person=BEN, made_ms=_ms(NOON - HOUR))})
    assert facts(shared=(timed,), noted_at=noted).acted["own_step"] == NOON - HOUR, "then, as far as is known"
    ahead = replace(changed_since, stamps={"done": Stamp(version=4, person=BEN, made_ms=_ms(NOON + HOUR))})
    assert facts(shared=(ahead,), noted_at=noted).acted["own_step"] == NOON
    undone = replace(stamped, fields=done.fields | {"done": False})
    for step in (by_the_other, changed_since, undone):
        assert facts(shared=(step,), noted_at=noted).acted == {}
        assert facts(shared=(step,), noted_at=noted).person.used_at is None


def test_a_step_is_open_while_it_is_there_theirs_and_not_done() -> None:
    dated = of("step_date", 9, step=str(record(1)), on="2027-05-13", at="09:30")
    step = of("step", 1, goal=str(record(7)), title="Swim", taken_by=[str(BEN)], done=False)

    def is_open(*shared: Record) -> bool:
        [found] = facts(dated, shared=shared).person.steps
        assert (found.record, found.on, found.at) == (record(9), date(2027, 5, 13), time(9, 30))
        return found.open

    assert is_open(step)
    assert is_open(replace(step, fields=step.fields | {"taken_by": [str(ANA), str(BEN)]}))
    assert not is_open()
    assert not is_open(replace(step, removed=True))
    assert not is_open(replace(step, fields=step.fields | {"done": True}))
    assert not is_open(replace(step, fields=step.fields | {"taken_by": [str(ANA)]}))


def test_the_couple_is_what_both_see() -> None:
    shared = (
        of(
            "pause",
            1,
            author=ANA,
            minutes=60,
            started_at="2027-05-12T12:00:00Z",
            return_at="2027-05-12T13:00:00Z",
            resumed_by=[str(BEN)],
        ),
        of("pause", 2, author=ANA, minutes=60),
        of("shown_boundary", 3, author=ANA, form="space", **{"from": "2027-05-12T12:00:00Z"}),
        of("shown_boundary", 4, author=ANA, form="quiet_hours"),
        of("shown_boundary", 5, author=BEN, form="space"),
        of("goal", 6, state="active"),
    )
    couple = facts(shared=shared).person.couple
    assert couple is not None
    [pause] = couple.pauses
    assert (pause.started_at, pause.return_at, pause.resumed_by) == (NOON, NOON + HOUR, frozenset({BEN}))
    assert couple.partners_space == ((NOON, None),)
    assert couple.has_active_goal
    resting = facts(shared=(of("goal", 6, state="resting"),)).person.couple
    assert resting is not None
    assert not resting.has_active_goal
    assert facts(couple=None, parted_at=NOON).person.couple is None


def arrived(kind: str, *shared: Record, identity: RecordId | None = None, **differs: Any) -> Standing | None:
    told = (kind, identity or record(1))
    return facts_of(known(shared=shared, **differs), [told]).arrived.get(told)


def stands(kind: str, *shared: Record) -> bool:
    found = arrived(kind, *shared)
    return found is not None and found.stands


def test_a_letter_stands_as_long_as_it_is_there() -> None:
    letter = of("note", 1, author=ANA, for_what="a")
    found = arrived("letter_arrived", letter)
    assert found == Standing()
    assert not stands("letter_arrived", replace(letter, gone=True))
    assert arrived("letter_arrived") is None


def test_a_request_stands_while_it_is_open() -> None:
    asked = of("support_request", 1, author=ANA, form="listen")
    assert stands("request_arrived", asked)
    assert not stands("request_arrived", replace(asked, fields=asked.fields | {"state": "answered"}))
    assert not stands("request_arrived", replace(asked, removed=True))


def test_a_proposal_stands_while_its_goal_has_it_open() -> None:
    terms = of("goal_terms", 1, author=ANA, goal=str(record(2)), title="Walk")
    goal = of("goal", 2, state="proposed", open_terms=[str(record(1))])
    assert stands("proposal_arrived", terms, goal)
    assert not stands("proposal_arrived", terms, replace(goal, fields=goal.fields | {"open_terms": []}))
    assert not stands("proposal_arrived", terms, replace(goal, removed=True))
    assert not stands("proposal_arrived", terms)


@pytest.mark.parametrize("kind", ["window_opened", "own_goal_cheer"])
def test_a_window_stands_while_its_owner_lets_them_know(kind: str) -> None:
    shown = of("shown_goal", 1, author=ANA, let_them_know=True)
    assert stands(kind, shown)
    assert not stands(kind, replace(shown, fields=shown.fields | {"let_them_know": False}))
    assert not stands(kind, replace(shown, gone=True))


def test_an_achievement_stands() -> None:
    assert stands("goal_achieved", of("goal", 1, state="achieved"))
    assert not stands("goal_achieved", of("goal", 1, state="let_go"))


def test_i31_after_not_ready_yet_nothing_is_said_about_that_repair_for_72_hours() -> None:
    repair = of("repair", 5, author=ANA, form="apology")
    no = of("response", 6, author=BEN, to=str(record(5)), form="not_ready_yet")
    later = of("response", 7, author=BEN, to=str(record(5)), form="accepted")
    other = of("response", 8, author=BEN, to=str(record(99)), form="thank_you")
    noted = {record(6): NOON, record(7): NOON + HOUR, record(8): NOON}
    shared = (repair, no, later, other)
    for number, hushed in ((5, NOON + HUSHED_FOR), (7, NOON + HUSHED_FOR), (8, None)):
        found = arrived("letter_arrived", *shared, identity=record(number), noted_at=noted)
        assert found is not None
        assert found.hushed_until == hushed
