"""What the partner sees of a private record: the projection rules PJ1 to PJ8, each by its number."""

from itertools import chain, combinations
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.check_ins import CHECK_IN, PARTS
from domain.ids import CoupleId, DeviceId, PersonId, RecordId, SpaceId
from domain.records import Record, Stamp
from domain.shapes import ONLY_ME
from domain.windows import ALWAYS, closed_without, fields_of, open_parts, project
from sync.board import settings_id
from sync.merge import Edit, create, merge
from sync.secrecy import guarded
from sync.words import Budget
from tests.pair import Pair, change, in_memory

COUPLE = CoupleId(UUID(int=40))
WINDOW = CHECK_IN.window
FELT = {"felt_respected", "felt_understood", "felt_valued"}
OF_PART = {"mood": {"valence", "arousal"}, "needs": {"needs"}, "text": {"text"}, "felt": FELT}
ALWAYS_SHOWN = {"topic", "response_wanted", "let_them_know"}

ENTRY = {
    "local_date": "2026-11-19",
    "valence": -2,
    "arousal": 1,
    "felt_respected": 3,
    "felt_understood": 2,
    "felt_valued": 4,
    "needs": ["rest"],
    "text": "Tired.",
    "topic": "work",
    "response_wanted": "just_listen",
}

EVERY_CHOICE = list(chain.from_iterable(combinations(PARTS, size) for size in range(len(PARTS) + 1)))


@pytest.fixture
async def pair() -> Pair:
    return await in_memory()


async def write(pair: Pair, **values: Any) -> UUID:
    entry = uuid4()
    outcome = await pair.one(pair.ana.phone, change("check_in", entry, ENTRY | values))
    assert outcome.status == "applied"
    return entry


async def edit(pair: Pair, entry: UUID, base: int | None = None, **values: Any) -> Any:
    stored = await pair.look(pair.ana, entry)
    was = {name: stored.fields[name] for name in values}
    at = stored.version if base is None else base
    return await pair.one(pair.ana.phone, change("check_in", entry, values, was=was, base=at))


async def copies(pair: Pair) -> list[Record]:
    return await pair.of_kind(pair.ben, "shown_check_in")


async def copy(pair: Pair) -> Record:
    [only] = await copies(pair)
    return only


def opening(pair: Pair, *parts: str) -> dict[str, Any]:
    return {"audience": str(pair.couple), "shared_parts": list(parts)}


# PJ1, PJ2 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", EVERY_CHOICE, ids=lambda parts: "+".join(parts) or "none")
def test_pj1_a_projection_holds_the_chosen_parts_and_what_is_always_shown(parts: tuple[str, ...]) -> None:
    assert WINDOW is not None
    fields = project(WINDOW, ENTRY | {"audience": str(COUPLE), "shared_parts": list(parts)}, COUPLE)
    if not parts:
        assert fields is None
        return
    assert fields is not None
    assert fields.keys() == set().union(*(OF_PART[part] for part in parts)) | ALWAYS_SHOWN
    assert bool(FELT & fields.keys()) == ("felt" in parts), "I6"


def test_pj2_nothing_is_shown_without_the_couple_of_today_and_a_part() -> None:
    assert WINDOW is not None
    shown = ENTRY | {"audience": str(COUPLE), "shared_parts": ["text"]}
    assert project(WINDOW, shown, COUPLE) is not None
    assert project(WINDOW, shown, CoupleId(UUID(int=41))) is None
    assert project(WINDOW, shown, None) is None
    assert project(WINDOW, shown | {"audience": "only_me"}, COUPLE) is None
    assert project(WINDOW, shown | {"shared_parts": []}, COUPLE) is None
    assert project(WINDOW, shown | {"shared_parts": ["a_part_of_a_newer_app"]}, COUPLE) is None
    assert project(WINDOW, {}, COUPLE) is None


def test_the_parts_that_are_open_and_what_closing_one_changes() -> None:
    assert WINDOW is not None
    shown = {"audience": str(COUPLE), "shared_parts": ["mood", "text"]}
    assert open_parts(WINDOW, shown, COUPLE) == {"mood", "text", ALWAYS}
    assert set(fields_of(WINDOW, ALWAYS)) == ALWAYS_SHOWN
    assert fields_of(WINDOW, "text") == ("text",)
    assert closed_without(WINDOW, shown, frozenset({"text"})) == {"shared_parts": ["mood"]}
    assert closed_without(WINDOW, shown, frozenset({"text", ALWAYS})) == {"audience": "only_me"}


def test_of_a_record_from_before_there_were_windows_nothing_is_open() -> None:
    assert WINDOW is not None
    assert open_parts(WINDOW, {}, COUPLE) == open_parts(WINDOW, {"audience": str(COUPLE)}, COUPLE) == frozenset()
    assert closed_without(WINDOW, {}, frozenset({"text"})) == {"shared_parts": []}


async def test_pj1_the_copy_is_written_with_the_push_and_by_its_author(pair: Pair) -> None:
    await write(pair, **opening(pair, "text"))
    shown = await copy(pair)
    assert (shown.space, shown.author) == (pair.space, pair.ana.person)
    assert shown.fields["text"] == "Tired."


async def test_an_entry_is_private_unless_it_is_shown(pair: Pair) -> None:
    await write(pair)
    assert await copies(pair) == []
    page = await pair.page(pair.ben)
    assert page.spaces[pair.space].head == 0, "I2"


# PJ3, PJ4 ------------------------------------------------------------------------------------------------------


async def test_pj3_the_id_of_a_copy_tells_neither_its_master_nor_when_it_was_written(pair: Pair) -> None:
    entry = await write(pair, **opening(pair, "text"))
    shown = await copy(pair)
    assert shown.id != entry
    assert shown.id.version == 8
    master = await pair.look(pair.ana, entry)
    assert master.shown_id == shown.id
    assert set(shown.fields) & {"local_date", "audience", "shared_parts"} == set()
    assert "2026-11-19" not in repr(shown), "I5"


async def test_pj4_a_change_of_what_is_not_shown_does_not_touch_the_copy(pair: Pair) -> None:
    entry = await write(pair, **opening(pair, "needs"))
    before = await copy(pair)
    await edit(pair, entry, text="Very tired.", felt_valued=1, local_date="2026-11-18")
    assert await copy(pair) == before
    await edit(pair, entry, needs=["rest", "time_alone"])
    assert (await copy(pair)).version == before.version + 1


async def test_pj4_a_narrower_choice_shows_less(pair: Pair) -> None:
    entry = await write(pair, **opening(pair, "text", "felt"))
    await edit(pair, entry, shared_parts=["text"])
    shown = await copy(pair)
    assert not FELT & shown.fields.keys()
    assert shown.fields["text"] == "Tired."


# PJ5 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("closing", [{"audience": "only_me"}, {"shared_parts": []}])
async def test_pj5_closing_makes_the_copy_gone_with_every_word(pair: Pair, closing: dict[str, Any]) -> None:
    entry = await write(pair, **opening(pair, "text"))
    await edit(pair, entry, **closing)
    shown = await copy(pair)
    assert (shown.gone, shown.fields, shown.alternatives) == (True, {}, {})
    key = (pair.space, shown.id)
    assert (await pair.store.history(pair.ben.phone, [key], [])).texts == {key: frozenset()}
    assert "Tired" not in await pair.held_about(pair.ben, shown.id)


async def test_pj5_removing_the_master_closes_its_window(pair: Pair) -> None:
    entry = await write(pair, **opening(pair, "text"))
    await pair.one(pair.ana.phone, change("check_in", entry, base=9, remove=True))
    assert (await copy(pair)).gone
    await pair.one(pair.ana.phone, change("check_in", entry, base=9, remove=False))
    shown = await copy(pair)
    assert not shown.gone, "brought back knowingly, it is as it was"


async def test_pj5_a_master_that_another_device_revives_stays_closed(pair: Pair) -> None:
    entry = await write(pair, **opening(pair, "text"))
    await pair.one(pair.ana.phone, change("check_in", entry, base=2, remove=True))
    await pair.one(pair.ana.tablet, change("check_in", entry, {"text": "Well."}, was={"text": "Tired."}, base=2))
    master = await pair.look(pair.ana, entry)
    assert (master.removed, master.fields["audience"]) == (False, "only_me")
    assert (await copy(pair)).gone
    assert ("came_back", None) in await pair.told(pair.ana)


# PJ6 -----------------------------------------------------------------------------------------------------------


async def test_pj6_shown_on_is_the_author_s_local_date_of_opening(pair: Pair) -> None:
    settings = settings_id(pair.keys.one(pair.ana.personal).id_key)
    await pair.one(pair.ana.phone, change("settings", settings, {"zone": "Pacific/Kiritimati"}, base=1))
    entry = await write(pair)
    await edit(pair, entry, **opening(pair, "text"))
    assert (await copy(pair)).fields["shown_on"] == "2026-11-24", "it is the 24th on Kiritimati"


async def test_pj6_a_text_changed_while_shown_is_marked_and_stays_marked(pair: Pair) -> None:
    entry = await write(pair, **opening(pair, "text", "mood"))
    assert (await copy(pair)).fields["edited"] is False
    await edit(pair, entry, valence=3)
    assert (await copy(pair)).fields["edited"] is False, "a mood is no text"
    await edit(pair, entry, text="Well.")
    assert (await copy(pair)).fields["edited"] is True
    await edit(pair, entry, valence=1)
    assert (await copy(pair)).fields["edited"] is True


async def test_pj6_reopening_is_a_new_day_and_nothing_was_edited(pair: Pair) -> None:
    entry = await write(pair, **opening(pair, "text"))
    first = await copy(pair)
    await edit(pair, entry, text="Well.")
    await edit(pair, entry, audience="only_me")
    pair.now = pair.now.replace(day=25)
    await edit(pair, entry, audience=str(pair.couple))
    again = await copy(pair)
    assert (again.id, again.gone, again.created) == (first.id, False, first.created)
    assert (again.fields["shown_on"], again.fields["edited"]) == ("2026-11-25", False)


async def test_pj6_showing_another_part_later_does_not_move_the_day(pair: Pair) -> None:
    entry = await write(pair, **opening(pair, "mood"))
    pair.now = pair.now.replace(day=25)
    await edit(pair, entry, text="Well.")
    await edit(pair, entry, shared_parts=["mood", "text"])
    shown = await copy(pair)
    assert (shown.fields["shown_on"], shown.fields["edited"]) == ("2026-11-23", False)


# PJ7, PJ8 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted({"text", "edited", "shown_on", "needs", "let_them_know"}))
async def test_pj7_no_field_of_a_copy_is_the_partner_s_or_the_author_s_to_write(pair: Pair, name: str) -> None:
    await write(pair, **opening(pair, "text", "needs"))
    shown = await copy(pair)
    for who in (pair.ben.phone, pair.ana.phone):
        outcome = await pair.one(
            who, change("shown_check_in", shown.id, {name: "x"}, base=shown.version, couple=pair.couple)
        )
        assert outcome.code == "server_owned"
    assert await copy(pair) == shown
    assert await pair.words_for(pair.ben) == []


async def opened_and_written(pair: Pair, *, opened_first: bool, part: str = "text", **written: Any) -> Record:
    """The phone opens a window while the tablet, offline, writes believing the entry private."""
    entry = await write(pair)
    opened = change("check_in", entry, opening(pair, part, "needs"), was={}, base=2)
    wrote = change("check_in", entry, written, was={name: ENTRY[name] for name in written}, base=2)
    both = [(pair.ana.phone, opened), (pair.ana.tablet, wrote)]
    for who, made in both if opened_first else reversed(both):
        await pair.one(who, made)
    return await pair.look(pair.ana, entry)


@pytest.mark.parametrize("opened_first", [True, False])
async def test_pj8_words_written_unaware_of_the_opening_are_not_shown(pair: Pair, *, opened_first: bool) -> None:
    master = await opened_and_written(pair, opened_first=opened_first, text="Tired. And hurt.")
    assert master.fields["text"] == "Tired. And hurt."
    assert master.fields["shared_parts"] == ["needs"]
    assert "text" not in (await copy(pair)).fields
    assert "hurt" not in repr(await copy(pair))
    assert ("kept_private", None) in await pair.told(pair.ana)
    assert await pair.told(pair.ben) == []


@pytest.mark.parametrize("opened_first", [True, False])
async def test_pj8_a_field_without_a_part_closes_the_whole_window(pair: Pair, *, opened_first: bool) -> None:
    master = await opened_and_written(pair, opened_first=opened_first, topic="us")
    assert master.fields["audience"] == "only_me"
    assert all(each.gone for each in await copies(pair))


@pytest.mark.parametrize("opened_first", [True, False])
async def test_pj8_what_the_window_would_not_show_may_be_written_unaware(pair: Pair, *, opened_first: bool) -> None:
    master = await opened_and_written(pair, opened_first=opened_first, part="text", valence=4)
    assert master.fields["shared_parts"] == ["needs", "text"]
    assert (await copy(pair)).fields["text"] == "Tired."


async def test_pj8_what_one_device_did_by_itself_it_knew(pair: Pair) -> None:
    entry = await write(pair)
    await pair.one(pair.ana.tablet, change("check_in", entry, {"text": "Well."}, was={"text": "Tired."}, base=2))
    await pair.one(pair.ana.tablet, change("check_in", entry, opening(pair, "text"), base=2))
    await pair.one(pair.ana.tablet, change("check_in", entry, {"text": "Better."}, was={"text": "Well."}, base=2))
    assert (await copy(pair)).fields["text"] == "Better."


async def test_pj8_who_has_seen_the_closing_may_open_again(pair: Pair) -> None:
    master = await opened_and_written(pair, opened_first=True, text="Tired. And hurt.")
    outcome = await edit(pair, master.id, shared_parts=["needs", "text"])
    assert outcome.status == "applied"
    assert (await copy(pair)).fields["text"] == "Tired. And hurt."


async def test_pj8_a_widening_is_guarded_like_an_opening(pair: Pair) -> None:
    entry = await write(pair, **opening(pair, "needs"))
    await pair.one(pair.ana.tablet, change("check_in", entry, {"text": "Hurt."}, was={"text": "Tired."}, base=2))
    outcome = await pair.one(
        pair.ana.phone,
        change("check_in", entry, {"shared_parts": ["needs", "text"]}, was={"shared_parts": ["needs"]}, base=2),
    )
    assert outcome.fields == {"shared_parts": "kept_private"}
    assert outcome.status == "merged"
    assert "text" not in (await copy(pair)).fields


async def test_pj8_what_is_kept_private_is_told_beside_what_became_of_the_other_fields(pair: Pair) -> None:
    entry = await write(pair)
    await pair.one(pair.ana.tablet, change("check_in", entry, {"text": "Tired. Hurt."}, was={"text": "Tired."}, base=2))
    values = opening(pair, "text") | {"text": "Very tired."}
    outcome = await pair.one(pair.ana.phone, change("check_in", entry, values, was={"text": "Tired."}, base=2))
    assert outcome.fields == {"audience": "kept_private", "shared_parts": "kept_private", "text": "merged"}


async def test_pj8_repeating_what_is_stored_reveals_nothing_new(pair: Pair) -> None:
    entry = await write(pair)
    await pair.one(pair.ana.phone, change("check_in", entry, opening(pair, "text"), base=2))
    await pair.one(pair.ana.tablet, change("check_in", entry, {"text": "Tired."}, was={"text": "x"}, base=2))
    assert (await copy(pair)).fields["text"] == "Tired."


async def test_pj8_an_opening_that_meets_another_device_s_closing_stays_closed(pair: Pair) -> None:
    entry = await write(pair, **opening(pair, "text"))
    await pair.one(pair.ana.phone, change("check_in", entry, {"audience": "only_me"}, base=2))
    await pair.one(pair.ana.tablet, change("check_in", entry, {"shared_parts": ["text", "felt"]}, base=2))
    assert (await copy(pair)).gone
    assert RecordId(entry) in {each.id for each in await pair.of_kind(pair.ana, "check_in")}


# PJ8, as values ------------------------------------------------------------------------------------------------

ANA, SPACE = PersonId(UUID(int=1)), SpaceId(UUID(int=20))
PHONE, TABLET, LAPTOP = (DeviceId(UUID(int=each)) for each in (11, 12, 13))
OPEN: dict[str, Any] = {"audience": str(COUPLE), "shared_parts": ["text"]}
SHUT: dict[str, Any] = {"audience": ONLY_ME}


def entry(**values: Any) -> Record:
    """An entry first stored as version 10, by the phone."""
    first = Edit(person=ANA, device=PHONE, base=0, set=ENTRY | values, was={})
    return create(CHECK_IN, first, space=SPACE, identity=RecordId(UUID(int=21)), version=10).record


def after_edit(before: Record, device: DeviceId, base: int, values: dict[str, Any]) -> tuple[Record, frozenset[str]]:
    """The entry after this edit, and the parts that were kept private."""
    assert WINDOW is not None
    was = {name: before.fields[name] for name in values if name == "text"}
    change = Edit(person=ANA, device=device, base=base, set=values, was=was)
    merged = merge(before, change, CHECK_IN, version=before.version + 1, budget=Budget()).record
    return guarded(before, merged, change, WINDOW, COUPLE)


def test_pj8_who_closes_a_window_that_they_had_not_seen_open_holds_nothing_back() -> None:
    opened, _ = after_edit(entry(), PHONE, 10, OPEN)
    closed, held = after_edit(opened, TABLET, 10, SHUT | {"text": "Well."})
    assert (closed.fields["audience"], closed.fields["text"], held) == (ONLY_ME, "Well.", frozenset())


def test_pj8_what_was_kept_private_is_a_change_of_the_device_that_had_not_seen_the_opening() -> None:
    opened, _ = after_edit(entry(), PHONE, 10, OPEN)
    wrote, held = after_edit(opened, TABLET, 10, {"text": "Well."})
    assert (wrote.fields["shared_parts"], held) == ([], {"text"})
    assert wrote.stamp("shared_parts") == Stamp(12, TABLET, 11, None, ANA)


def test_pj8_what_was_kept_private_stays_so_for_openings_that_have_not_seen_that() -> None:
    opened, _ = after_edit(entry(), TABLET, 10, OPEN)
    wrote, held = after_edit(opened, PHONE, 10, {"text": "Well."})
    assert held == {"text"}
    for device, base in ((PHONE, 10), (TABLET, 11)):
        again, _ = after_edit(wrote, device, base, {"shared_parts": ["text"]})
        assert again.fields["shared_parts"] == [] or again.fields["audience"] == ONLY_ME


def test_pj8_an_opening_remembers_who_opened_before() -> None:
    """So the phone's own words of an earlier day do not pass for words that knew of the tablet's opening."""
    opened, _ = after_edit(entry(), PHONE, 10, OPEN)
    shut, _ = after_edit(opened, PHONE, 11, SHUT)
    by_tablet, _ = after_edit(shut, TABLET, 12, OPEN)
    shut_again, _ = after_edit(by_tablet, PHONE, 13, SHUT)
    opened_again, held = after_edit(shut_again, PHONE, 14, OPEN)
    assert not held
    assert opened_again.stamp("window:text") == Stamp(15, PHONE, 13, None, ANA)
    wrote, held = after_edit(opened_again, PHONE, 12, {"text": "Well."})
    assert held == {"text"}
    assert wrote.fields["shared_parts"] == []


def test_pj8_for_whom_a_window_opens_and_what_was_chosen_for_it_have_to_know_of_each_other() -> None:
    chosen, _ = after_edit(entry(), PHONE, 10, {"shared_parts": ["text"]})
    for also in ({}, {"text": "Not the text of before."}):
        opened, held = after_edit(chosen, TABLET, 10, {"audience": str(COUPLE)} | also)
        assert (opened.fields["shared_parts"], held) == ([], {"text"})
    opened, held = after_edit(chosen, TABLET, 11, {"audience": str(COUPLE)})
    assert (opened.fields["shared_parts"], held) == (["text"], frozenset()), "the tablet has seen what was chosen"


def test_pj8_two_devices_that_say_the_same_whole_opening_open() -> None:
    for half in ({"shared_parts": ["text"]}, {"audience": str(COUPLE)}, OPEN):
        begun, _ = after_edit(entry(), PHONE, 10, half)
        opened, held = after_edit(begun, TABLET, 10, OPEN)
        assert (opened.fields | OPEN, held) == (opened.fields, frozenset())


@pytest.mark.parametrize(
    ("first", "half"),
    [
        ({}, OPEN),
        ({"shared_parts": ["text"]}, {"audience": str(COUPLE)}),
        ({"audience": str(COUPLE)}, {"shared_parts": ["text"]}),
    ],
)
def test_pj8_who_opens_and_writes_at_once_writes_for_both_though_somebody_else_had_opened(
    first: dict[str, Any], half: dict[str, Any]
) -> None:
    opened, _ = after_edit(entry(**first), PHONE, 10, half)
    wrote, held = after_edit(opened, TABLET, 10, half | {"text": "Well."})
    assert (wrote.fields | OPEN | {"text": "Well."}, held) == (wrote.fields, frozenset())


def test_pj8_half_an_opening_does_not_make_words_known_that_were_written_beside_another_one() -> None:
    opened, _ = after_edit(entry(), PHONE, 10, OPEN)
    wrote, held = after_edit(opened, TABLET, 10, {"audience": str(COUPLE), "text": "Well."})
    assert (wrote.fields["shared_parts"], held) == ([], {"text"})


def test_pj8_what_opens_unaware_and_what_is_written_unaware_are_kept_private_together() -> None:
    opened, _ = after_edit(entry(shared_parts=["text"]), PHONE, 10, {"audience": str(COUPLE)})
    wrote, held = after_edit(opened, TABLET, 10, {"shared_parts": ["mood", "text"], "text": "Well."})
    assert (wrote.fields["shared_parts"], held) == ([], {"mood", "text"})


def test_pj8_an_opening_that_says_the_words_it_had_not_seen_knows_them() -> None:
    wrote, _ = after_edit(entry(), TABLET, 10, {"text": "Well."})
    opened, held = after_edit(wrote, PHONE, 10, OPEN | {"text": "Well."})
    assert (opened.fields["shared_parts"], held) == (["text"], frozenset())


def test_pj8_that_a_text_was_emptied_has_to_be_seen_too() -> None:
    emptied, _ = after_edit(entry(), TABLET, 10, {"text": None})
    opened, held = after_edit(emptied, PHONE, 10, OPEN)
    assert (opened.fields["shared_parts"], held) == ([], {"text"})


def test_pj8_half_an_opening_is_held_back_where_another_device_has_said_the_other_half_too() -> None:
    """This errs on the private side: what the guard itself has closed must not count as a device's own word."""
    for half, other in ((OPEN["audience"], "audience"), (OPEN["shared_parts"], "shared_parts")):
        rest = {name: value for name, value in OPEN.items() if name != other}
        said, _ = after_edit(entry(), PHONE, 10, {other: half})
        said, _ = after_edit(said, TABLET, 10, {other: half})
        opened, held = after_edit(said, LAPTOP, 10, rest)
        assert (opened.fields["shared_parts"], held) == ([], {"text"})
        opened, held = after_edit(said, PHONE, 10, rest)
        # Who chose a part stays known; for whom, both have said it, and the later one has not seen what opens.
        assert held == ({"text"} if other == "audience" else set())


def test_pj8_words_in_an_edit_of_their_own_stay_private_though_their_device_had_opened_as_another_did() -> None:
    """This errs on the private side: nothing tells that the words were written after the device's own opening."""
    opened, _ = after_edit(entry(), PHONE, 10, OPEN)
    opened, held = after_edit(opened, TABLET, 10, OPEN)
    assert not held
    wrote, held = after_edit(opened, TABLET, 10, {"text": "Well."})
    assert (wrote.fields["shared_parts"], held) == ([], {"text"})


def test_pj8_choosing_remembers_who_chose_before_and_is_not_renewed_by_other_edits() -> None:
    chosen, _ = after_edit(entry(), PHONE, 10, {"shared_parts": ["text"]})
    unchosen, _ = after_edit(chosen, PHONE, 11, {"shared_parts": []})
    again, _ = after_edit(unchosen, TABLET, 12, {"shared_parts": ["text"]})
    assert again.stamp("chosen:text") == Stamp(13, TABLET, 11, None, ANA)
    later, _ = after_edit(again, PHONE, 13, {"valence": 3})
    assert later.stamp("chosen:text") == again.stamp("chosen:text")


def test_pj8_an_entry_from_before_there_were_windows_can_be_edited_and_opened() -> None:
    old = entry()
    old = old.with_fields({name: value for name, value in old.fields.items() if name not in OPEN})
    edited, held = after_edit(old, PHONE, 10, {"valence": 3})
    assert (edited.fields["valence"], held) == (3, frozenset())
    opened, held = after_edit(old, PHONE, 10, OPEN)
    assert (opened.fields | OPEN, held) == (opened.fields, frozenset())
