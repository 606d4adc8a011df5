"""Boundaries: no yes, no reason; silent unless wished otherwise; and of two that meet, what protects more."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.boundaries import BOUNDARIES_MAX, BOUNDARY, EFFECT, FORMS, SHOWN_BOUNDARY
from domain.ids import CoupleId
from domain.kinds import judged
from domain.refusals import Refusal
from domain.windows import ALWAYS, closed_without, open_parts, project
from sync.wire import Outcome
from tests.pair import Pair, change, in_memory

COUPLE = CoupleId(UUID(int=40))
SPACE = {
    "form": "space",
    "zone": "Europe/Berlin",
    "from": "2026-11-23T12:00:00Z",
    "until": "2026-11-23T18:00:00Z",
    "note_private": "CANARY: I cannot hear it today.",
    "message": "Back this evening.",
}


@pytest.fixture
async def pair() -> Pair:
    return await in_memory()


async def draw(pair: Pair, **values: Any) -> UUID:
    boundary = uuid4()
    outcome = await pair.one(pair.ana.phone, change("boundary", boundary, SPACE | values))
    assert outcome.status == "applied"
    return boundary


async def edit(pair: Pair, boundary: UUID, *, tablet: bool = False, base: int | None = None, **values: Any) -> Outcome:
    stored = await pair.look(pair.ana, boundary)
    was = {name: stored.fields[name] for name in values} if base is None else {}
    at = stored.version if base is None else base
    who = pair.ana.tablet if tablet else pair.ana.phone
    return await pair.one(who, change("boundary", boundary, values, was=was, base=at))


def shown_to(pair: Pair, visibility: str) -> dict[str, Any]:
    return {"audience": str(pair.couple), "visibility": visibility}


async def copies(pair: Pair) -> list[dict[str, Any]]:
    return [each.fields for each in await pair.of_kind(pair.ben, "shown_boundary") if each.live]


# What it holds -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [*FORMS, "a_form_of_a_newer_app"])
def test_every_form_is_a_whole_boundary_with_its_zone_alone(form: str) -> None:
    assert judged(BOUNDARY, {"form": form, "zone": "Europe/Berlin"}) == {"form": form, "zone": "Europe/Berlin"}
    assert set(BOUNDARY.needed) == {"form", "zone"}


@pytest.mark.parametrize(
    ("name", "fits", "not_"),
    [
        ("note_private", "x" * 500, "x" * 501),
        ("message", "😀" * 200, "😀" * 201),
        ("message", "שלום", "a\tb"),
        ("max_prompts_a_day", 3, 4),
        ("max_prompts_a_day", 0, -1),
        ("topic", "money", "Money"),
        ("zone", "Pacific/Apia", "Berlin"),
        ("until", None, "tomorrow"),
        ("from", "2026-11-23T12:00:00Z", "2026-11-23T12:00:00"),
        ("visibility", "effect", "everything"),
        ("windows", [{"weekday": 6, "from": "21:45", "to": "07:15"}], [{"weekday": 6, "from": "21:50", "to": "07:15"}]),
    ],
)
def test_what_fits_into_a_boundary(name: str, fits: Any, not_: Any) -> None:
    assert judged(BOUNDARY, {name: fits}) == {name: fits}
    assert judged(BOUNDARY, {name: not_}) is Refusal.INVALID


async def test_i30_a_boundary_needs_nobody_s_yes_and_tells_nobody(pair: Pair) -> None:
    boundary = await draw(pair, **shown_to(pair, "effect"))
    await edit(pair, boundary, until="2026-11-23T13:00:00Z")
    await pair.one(pair.ana.phone, change("boundary", boundary, remove=True, base=9))
    assert await pair.told(pair.ben) == []
    assert await pair.told(pair.ana) == []


async def test_its_form_is_chosen_once(pair: Pair) -> None:
    boundary = await draw(pair)
    assert (await edit(pair, boundary, form="quiet_hours")).code == Refusal.IMMUTABLE


async def test_a_twenty_first_boundary_is_too_many_until_one_is_taken_away(pair: Pair) -> None:
    first = await draw(pair)
    made = [change("boundary", uuid4(), SPACE) for _ in range(BOUNDARIES_MAX)]
    *fitting, last = await pair.push(pair.ana.phone, *made)
    assert {each.status for each in fitting} == {"applied"}
    assert last.code == Refusal.TOO_MANY
    await pair.one(pair.ana.phone, change("boundary", first, remove=True, base=99))
    assert (await pair.one(pair.ana.phone, change("boundary", uuid4(), SPACE))).status == "applied"


# What the partner sees -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("visibility", "names"),
    [
        ("silent", set()),
        ("effect", set(EFFECT)),
        ("effect_and_message", {*EFFECT, "message"}),
        ("a_level_of_a_newer_app", set()),
        (None, set()),
    ],
)
def test_each_level_shows_its_parts_and_never_the_note(visibility: str | None, names: set[str]) -> None:
    assert BOUNDARY.window is not None
    shown = project(BOUNDARY.window, SPACE | {"audience": str(COUPLE), "visibility": visibility}, COUPLE)
    assert (set() if shown is None else set(shown)) == names
    assert "note_private" not in SHOWN_BOUNDARY.fields
    assert "max_prompts_a_day" not in SHOWN_BOUNDARY.fields, "how seldom the other is prompted is nobody else's"


def test_what_opens_at_each_level_and_what_closes_it() -> None:
    window = BOUNDARY.window
    assert window is not None
    fields = {"audience": str(COUPLE), "visibility": "effect_and_message"}
    assert open_parts(window, fields, COUPLE) == {"effect", "message", ALWAYS}
    assert open_parts(window, fields | {"visibility": "effect"}, COUPLE) == {"effect", ALWAYS}
    assert open_parts(window, fields | {"visibility": "silent"}, COUPLE) == frozenset()
    assert closed_without(window, fields, frozenset({"message"})) == {"audience": "only_me"}
    assert window.choosing({"effect"}) == {"visibility": "effect"}
    assert (
        window.choosing({"message"}) == window.choosing({"effect", "message"}) == {"visibility": "effect_and_message"}
    )
    assert window.choosing(()) == {"visibility": "silent"}


async def test_i19_a_silent_boundary_changes_no_byte_of_what_the_partner_can_read(pair: Pair) -> None:
    before = await pair.page(pair.ben)
    boundary = await draw(pair, audience=str(pair.couple))
    await edit(pair, boundary, until=None, note_private="CANARY more.", max_prompts_a_day=0)
    await edit(pair, boundary, until="2026-11-23T12:30:00Z", message="CANARY.")
    await pair.one(pair.ana.phone, change("boundary", boundary, remove=True, base=99))
    await pair.one(pair.ana.phone, change("boundary", boundary, remove=False, base=99))
    assert await pair.page(pair.ben) == before, "I2 too: neither a head nor a row has moved"


async def test_the_effect_is_shown_without_its_reason_and_the_partner_changes_nothing(pair: Pair) -> None:
    """F12: Ben sees "space until 18:00", never the note; nothing Ben sends changes it."""
    await draw(pair, **shown_to(pair, "effect"))
    [shown] = await copies(pair)
    assert shown == {name: SPACE.get(name) for name in EFFECT} | {"windows": []}
    [copy] = await pair.of_kind(pair.ben, "shown_boundary")
    refused = await pair.one(
        pair.ben.phone, change("shown_boundary", copy.id, {"until": None}, couple=pair.couple, base=9)
    )
    assert refused.code == Refusal.SERVER_OWNED
    assert await copies(pair) == [shown]
    assert "CANARY" not in repr((await pair.page(pair.ben)).rows)


async def test_i5_a_boundary_that_is_shown_later_tells_nothing_of_when_it_was_drawn(pair: Pair) -> None:
    boundary = await draw(pair)
    await edit(pair, boundary, **shown_to(pair, "effect_and_message"))
    [copy] = await pair.of_kind(pair.ben, "shown_boundary")
    assert copy.id != boundary
    assert copy.id.version == 8
    assert set(copy.fields) == {*EFFECT, "message"}, "neither the day of opening nor whether it was edited"


@pytest.mark.parametrize("closing", [{"visibility": "silent"}, {"audience": "only_me"}])
async def test_i22_a_boundary_that_is_closed_again_is_gone_for_the_partner(pair: Pair, closing: dict[str, Any]) -> None:
    boundary = await draw(pair, **shown_to(pair, "effect_and_message"))
    await edit(pair, boundary, **closing)
    [copy] = await pair.of_kind(pair.ben, "shown_boundary")
    assert (copy.gone, copy.fields) == (True, {})
    assert "Back this evening" not in await pair.held_about(pair.ben, copy.id)


async def test_a_lower_level_takes_the_message_away_and_leaves_the_effect(pair: Pair) -> None:
    boundary = await draw(pair, **shown_to(pair, "effect_and_message"))
    await edit(pair, boundary, visibility="effect")
    [shown] = await copies(pair)
    assert set(shown) == set(EFFECT)


async def test_i3_the_partner_gets_the_same_answer_for_a_boundary_and_for_an_id_that_never_was(pair: Pair) -> None:
    boundary = await draw(pair)
    answers = [
        await pair.one(pair.ben.phone, change("boundary", identity, {"message": "x"}, base=9, key=UUID(int=nth)))
        for nth, identity in enumerate((boundary, uuid4()), 1)
    ]
    codes = [(each.status, each.code, each.version, set(each.fields)) for each in answers]
    assert codes[0] == codes[1] == ("refused", Refusal.INVALID, None, {"form"})


# Two phones that do not know of each other ---------------------------------------------------------------------


async def met(pair: Pair, start: dict[str, Any], one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    """The boundary after its phone and its tablet have each made an edit unaware of the other's."""
    boundary = await draw(pair, **start)
    base = (await pair.look(pair.ana, boundary)).version
    await edit(pair, boundary, base=base, **one)
    await edit(pair, boundary, base=base, tablet=True, **two)
    return (await pair.look(pair.ana, boundary)).fields


NIGHT = [{"weekday": 0, "from": "22:00", "to": "07:00"}]
EVENING = [{"weekday": 0, "from": "20:00", "to": "23:00"}]

MEETINGS = [
    ("until", "2026-11-23T18:00:00Z", "2026-11-23T13:00:00Z", "2026-11-23T20:00:00Z", "2026-11-23T20:00:00Z"),
    ("until", "2026-11-23T18:00:00Z", "2026-11-23T13:00:00Z", None, None),
    ("until", None, "2026-11-23T13:00:00Z", "2026-11-23T14:00:00Z", "2026-11-23T14:00:00Z"),
    ("from", "2026-11-23T12:00:00Z", "2026-11-23T15:00:00Z", "2026-11-23T14:00:00Z", "2026-11-23T14:00:00Z"),
    ("from", "2026-11-23T12:00:00Z", "2026-11-23T15:00:00Z", None, None),
    ("windows", [], NIGHT, EVENING, [{"weekday": 0, "from": "20:00", "to": "07:00"}]),
    ("windows", NIGHT, [], EVENING, EVENING),
    ("max_prompts_a_day", 3, 1, 2, 1),
    ("max_prompts_a_day", None, 0, 3, 0),
    ("max_prompts_a_day", 2, None, 3, 3),
]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("name", "start", "one", "two", "came"), MEETINGS)
async def test_i10_of_two_edits_what_protects_more_stands(
    pair: Pair, name: str, start: Any, one: Any, two: Any, came: Any, *, turned: bool
) -> None:
    one, two = (two, one) if turned else (one, two)
    assert (await met(pair, {name: start}, {name: one}, {name: two}))[name] == came


@pytest.mark.parametrize("turned", [False, True])
async def test_i10_of_two_levels_the_more_private_one_stands(pair: Pair, *, turned: bool) -> None:
    levels = ["silent", "effect"] if turned else ["effect", "silent"]
    one, two = ({"visibility": level} for level in levels)
    came = await met(pair, shown_to(pair, "effect_and_message"), one, two)
    assert came["visibility"] == "silent"
    assert await copies(pair) == []


async def test_ending_a_boundary_that_was_seen_ends_it(pair: Pair) -> None:
    boundary = await draw(pair, until=None)
    await edit(pair, boundary, until="2026-11-23T12:00:00Z")
    assert (await pair.look(pair.ana, boundary)).fields["until"] == "2026-11-23T12:00:00Z"


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("name", "value", "level", "stays_open"),
    [
        ("until", None, "effect", False),
        ("topic", "money", "effect", False),
        ("message", "CANARY.", "effect_and_message", False),
        ("message", "CANARY.", "effect", True),
        ("note_private", "CANARY.", "effect_and_message", True),
        ("max_prompts_a_day", 0, "effect_and_message", True),
    ],
)
async def test_pj8_a_boundary_opens_on_nothing_that_its_opener_had_not_seen(
    pair: Pair, name: str, value: Any, level: str, *, stays_open: bool, turned: bool
) -> None:
    opening, writing = shown_to(pair, level), {name: value}
    one, two = (writing, opening) if turned else (opening, writing)
    came = await met(pair, {}, one, two)
    assert came["audience"] == (str(pair.couple) if stays_open else "only_me")
    assert len(await copies(pair)) == stays_open
    assert "CANARY" not in repr((await pair.page(pair.ben)).rows)
    assert [code for code, _ in await pair.told(pair.ana)] == ([] if stays_open else ["kept_private"])


@pytest.mark.parametrize("turned", [False, True])
async def test_pj8_a_higher_level_shows_no_message_that_it_had_not_seen(pair: Pair, *, turned: bool) -> None:
    raising, writing = {"visibility": "effect_and_message"}, {"message": "CANARY."}
    one, two = (writing, raising) if turned else (raising, writing)
    came = await met(pair, shown_to(pair, "effect"), one, two)
    assert came["audience"] == "only_me", "of levels none is half shown"
    assert await copies(pair) == []


@pytest.mark.parametrize("turned", [False, True])
async def test_pj8_for_whom_and_at_which_level_have_to_know_of_each_other(pair: Pair, *, turned: bool) -> None:
    whom, level = {"audience": str(pair.couple)}, {"visibility": "effect"}
    one, two = (level, whom) if turned else (whom, level)
    await met(pair, {}, one, two)
    assert await copies(pair) == []


async def test_i9_a_removed_boundary_that_another_phone_brings_back_is_for_its_author_alone(pair: Pair) -> None:
    boundary = await draw(pair, **shown_to(pair, "effect"))
    await pair.one(pair.ana.phone, change("boundary", boundary, remove=True, base=99))
    await pair.one(pair.ana.tablet, change("boundary", boundary, remove=False, base=99))
    assert (await pair.look(pair.ana, boundary)).fields["audience"] == "only_me"
    assert await copies(pair) == []
