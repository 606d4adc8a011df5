"""A device: what it shows, what it sends, and what it keeps through refusals, restarts, lost answers and resets."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from domain.ids import CHANCE_BYTES, DeviceId, PersonId, RecordId, uuid4, uuid7
from domain.refusals import Refusal
from sync.replica import PUSH_BYTES_MAX, EditRefusedError, Replica
from sync.shelves import Shelves
from sync.wire import CHANGES_MAX, VERSION_MAX, Change, RecordView
from tests.world import Couple, Device, Person, World

DAY_MS = 24 * 3600 * 1000


class Two:
    """Ana and Ben, together, each with a phone that has synced once."""

    world: World
    ana: Person
    ben: Person
    couple: Couple
    a: Device
    b: Device

    async def begin(self, **clocks: timedelta) -> "Two":
        self.world = World(seed=11)
        self.ana, self.ben = self.world.person("Ana"), self.world.person("Ben")
        self.couple = self.world.pair(self.ana, self.ben)
        self.a = self.world.device(self.ana, clock_off=clocks.get("a", timedelta()))
        self.b = self.world.device(self.ben, clock_off=clocks.get("b", timedelta()))
        await self.world.settle()
        return self

    async def goal(self, notes: str | None = None) -> RecordId:
        """A goal in force that both phones have."""
        goal = self.a.make("goal", notes=notes)
        terms = self.a.make("goal_terms", goal=goal, title="Walk")
        await self.world.settle()
        self.b.make("goal_act", goal=goal, terms=terms, act="accept")
        await self.world.settle()
        return goal


@pytest.fixture
async def two() -> Two:
    return await Two().begin()


def code_of(caught: pytest.ExceptionInfo[EditRefusedError]) -> Refusal:
    return caught.value.code


# What it shows -------------------------------------------------------------------------------------------------------


async def test_an_edit_is_shown_at_once_and_waits(two: Two) -> None:
    entry = two.a.make("check_in", local_date="2026-03-02", text="A long day.")
    shown = two.a.shown(entry)
    assert shown is not None
    assert (shown.fields["text"], shown.version, shown.pending) == ("A long day.", 0, True)
    assert [each.id for each in two.a.view("check_in")] == [entry]
    await two.a.sync()
    shown = two.a.shown(entry)
    assert shown is not None
    assert (shown.fields["text"], shown.pending, two.a.waiting) == ("A long day.", False, [])
    assert shown.version > 0


async def test_a_refused_edit_leaves_the_outbox_and_what_is_shown_as_it_was(two: Two) -> None:
    goal = await two.goal("Slow walks.")
    two.a.force("goal", goal, set={"notes": "x" * 5000}, was={"notes": "Slow walks."}, couple=two.couple.id)
    assert two.a.fields(goal)["notes"] == "x" * 5000
    (outcome,) = await two.a.sync()
    assert (outcome.status, outcome.code) == ("refused", "invalid")
    assert two.a.fields(goal)["notes"] == "Slow walks."
    assert two.a.waiting == []
    assert two.a.unplaced() == [{"notes": "x" * 5000}]


async def test_a_refused_creation_disappears_and_its_words_come_back(two: Two) -> None:
    two.world.part(two.couple)
    goal = two.a.make("goal", notes="Slow walks.")
    await two.a.sync()
    assert two.a.shown(goal) is None
    assert two.a.view("goal") == []
    assert two.a.unplaced() == [{"notes": "Slow walks."}]


async def test_an_edit_settled_before_a_restart_by_a_lost_answer_is_told_the_same_again(two: Two) -> None:
    entry = two.a.make("check_in", local_date="2026-03-02", text="A long day.")
    await two.a.sync_without_answer()
    two.a.restart()
    (outcome,) = await two.a.sync()
    assert outcome.status == "duplicate"
    assert two.a.fields(entry)["text"] == "A long day."
    assert len(two.world.records("check_in")) == 1


async def test_a_refusal_told_again_is_still_a_refusal(two: Two) -> None:
    two.a.force("check_in", set={"local_date": "no day", "text": "Words."})
    await two.a.sync_without_answer()
    (outcome,) = await two.a.sync()
    assert (outcome.status, outcome.code) == ("duplicate", "invalid")
    assert (two.a.waiting, two.a.view("check_in"), two.a.unplaced()) == ([], [], [{"text": "Words."}])


async def test_a_settled_edit_is_shown_until_its_record_arrives(two: Two) -> None:
    goal = await two.goal("Slow walks.")
    for day in range(5):
        two.a.make("check_in", local_date=f"2026-03-0{day + 1}", text="Something.")
    second = two.world.device(two.ana)
    two.a.write(goal, notes="Slow walks at dusk.")
    await two.a.sync()
    await second.sync()
    second.write(goal, notes="Slow walks at dawn.")
    for day in range(5):
        two.a.make("check_in", local_date=f"2026-02-0{day + 1}", text="More.")
    await two.a.sync()
    request = second.request(limit=2)
    second.receive(request, await second.send(request))
    second.restart()
    assert second.waiting == []
    assert second.fields(goal)["notes"] == "Slow walks at dawn."
    assert second.request().changes == []
    await second.sync(limit=2)
    assert second.fields(goal)["notes"] == "Slow walks at dawn."
    assert not any(shelf == "outbox" for shelf, _ in second.disk)


async def test_a_set_is_shown_with_what_this_phone_added_and_took_out(two: Two) -> None:
    entry = two.a.make("check_in", local_date="2026-03-02", needs=["rest", "clarity"])
    second = two.world.device(two.ana)
    await two.a.sync()
    await second.sync()
    second.write(entry, needs=["clarity", "listening"])
    request = second.request()
    answer = await second.send(request)
    second.write(entry, needs=["clarity"])
    second.receive(request, answer)
    assert second.fields(entry)["needs"] == ["clarity"]
    two.a.write(entry, needs=["rest", "clarity", "affection"])
    await two.world.settle()
    assert second.fields(entry)["needs"] == two.a.fields(entry)["needs"] == ["affection", "clarity"]


async def test_a_removed_record_leaves_the_view_and_can_be_brought_back(two: Two) -> None:
    entry = two.a.make("check_in", local_date="2026-03-02")
    two.a.remove(entry)
    assert (two.a.view("check_in"), [each.id for each in two.a.replica.view("check_in", removed=True)]) == ([], [entry])
    await two.a.sync()
    assert two.a.view("check_in") == []
    two.a.bring_back(entry)
    await two.world.settle()
    assert two.a.only("check_in").id == entry
    assert two.a.bring_back(entry) is None


async def test_children_wait_for_their_parent_and_a_goal_for_terms_that_count(two: Two) -> None:
    orphan = two.a.make("step", goal=two.world.uuid(), title="Pack")
    goal = two.a.make("goal")
    assert (two.a.view("step"), two.a.view("goal")) == ([], [])
    assert two.a.shown(orphan) is not None
    two.a.make("step", goal=goal, title="Book the ferry")
    two.a.make("goal_terms", goal=goal, title="An island")
    assert two.a.only("goal").id == goal
    assert two.a.only("step").fields["title"] == "Book the ferry"
    await two.world.settle()
    assert two.b.only("step").fields["title"] == "Book the ferry"
    assert two.b.only("goal").fields == two.a.only("goal").fields


async def test_own_acts_move_a_goal_before_the_server_has_seen_them(two: Two) -> None:
    goal = two.a.make("goal")
    terms = two.a.make("goal_terms", goal=goal, title="An island")
    assert two.a.only("goal").fields["state"] == "proposed"
    await two.world.settle()
    two.b.make("goal_act", goal=goal, terms=terms, act="accept")
    assert two.b.only("goal").fields["state"] == "active"
    assert two.b.only("goal").fields["terms_in_force"] == str(terms)
    two.b.make("goal_act", goal=goal, terms=terms, act="rest")
    assert two.b.only("goal").fields["resting_by"] == [str(two.ben.id)]
    before = two.b.fields(goal)
    await two.world.settle()
    assert two.b.fields(goal) == two.a.fields(goal) == before


async def test_what_the_device_cannot_make_sense_of_moves_no_goal(two: Two) -> None:
    goal = two.a.make("goal")
    two.a.force("goal_terms", set={"goal": str(goal), "title": 7}, couple=two.couple.id)
    two.a.force("goal_act", set={"goal": 9}, couple=two.couple.id)
    assert two.a.fields(goal)["state"] is None


async def test_a_kind_from_a_newer_server_is_kept_and_not_shown(two: Two) -> None:
    request = two.a.request()
    answer = await two.a.send(request)
    newer = {
        "space": two.ana.personal,
        "kind": "star_sign",
        "id": two.world.uuid(),
        "version": 90,
        "author": two.ana.id,
    }
    answer = replace(answer, records=[msgspec.convert(newer, RecordView)])
    two.a.receive(request, answer)
    two.a.restart()
    shown = two.a.shown(RecordId(newer["id"]))
    assert shown is not None
    assert shown.kind == "star_sign"
    with pytest.raises(EditRefusedError):
        two.a.pick(shown.id, "text", "words")


# What it sends -------------------------------------------------------------------------------------------------------


async def test_a_new_record_is_sent_whole_and_an_edit_with_what_changed(two: Two) -> None:
    entry = two.a.make("check_in", local_date="2026-03-02", text="A long day.")
    (change,) = two.a.request().changes
    assert (change.base, change.was, change.couple) == (0, {}, None)
    assert change.set["text"] == "A long day."
    assert change.set["needs"] == []
    assert change.set["audience"] == "only_me"
    assert len(change.set) == 13
    await two.a.sync()
    seen = two.a.only("check_in").version
    two.a.write(entry, local_date="2026-03-02", text="A longer day.", valence=-2)
    (change,) = two.a.request().changes
    assert (change.base, change.set, change.was) == (
        seen,
        {"text": "A longer day.", "valence": -2},
        {"text": "A long day."},
    )


async def test_an_edit_that_says_what_is_shown_already_is_none(two: Two) -> None:
    entry = two.a.make("check_in", local_date="2026-03-02", text="A long day.")
    assert two.a.write(entry, text="A long day.") is None
    assert len(two.a.waiting) == 1


async def test_an_edit_starts_from_what_is_shown_with_own_unsettled_edits_in_it(two: Two) -> None:
    goal = await two.goal("One.")
    seen = two.a.only("goal").version
    two.a.write(goal, notes="One. Two.")
    two.a.write(goal, notes="One. Two. Three.")
    first, second = two.a.request().changes
    assert (first.was, second.was) == ({"notes": "One."}, {"notes": "One. Two."})
    assert first.base == second.base == seen
    assert first.couple == two.couple.id


async def test_an_edit_on_top_of_one_that_waits_has_seen_no_more_than_it(two: Two) -> None:
    """The partner's words arrive between two edits of this phone, unseen below the first: none of them is lost."""
    goal = await two.goal("One.")
    two.b.write(goal, notes="One. From Ben.")
    await two.b.sync()
    request = two.a.request()
    answer = await two.a.send(request)
    two.a.write(goal, notes="One. From Ana.")
    two.a.receive(request, answer)
    assert two.a.fields(goal)["notes"] == "One. From Ana."
    two.a.write(goal, notes="One. From Ana, twice.")
    first, second = two.a.request().changes
    assert first.base == second.base
    await two.world.settle()
    shown = two.b.fields(goal)["notes"]
    assert "From Ben." in shown
    assert "From Ana, twice." in shown
    assert two.a.fields(goal)["notes"] == shown


async def test_an_edit_of_something_of_a_pair_says_for_which_couple(two: Two) -> None:
    fresh = two.world.device(two.ana)
    with pytest.raises(EditRefusedError) as caught:
        fresh.make("goal")
    assert code_of(caught) is Refusal.CLOSED
    goal = fresh.make("goal", couple=two.couple)
    fresh.write(goal, notes="Before the first sync.")
    assert {change.couple for change in fresh.request().changes} == {two.couple.id}
    assert fresh.fields(goal)["notes"] == "Before the first sync."
    await fresh.sync()
    assert fresh.fields(goal)["notes"] == "Before the first sync."


async def test_a_request_holds_at_most_so_many_edits_oldest_first(two: Two) -> None:
    for _ in range(CHANGES_MAX + 3):
        two.a.force("check_in", set={"local_date": "2026-03-02"})
    kept = [kept.change.key for kept in two.a.waiting]
    assert [change.key for change in two.a.request().changes] == kept[:CHANGES_MAX]
    two.a.restart()
    assert [kept.change.key for kept in two.a.waiting] == kept


async def test_a_request_holds_at_most_so_many_bytes_but_always_one_edit(two: Two) -> None:
    for _ in range(3):
        two.a.force("check_in", set={"text": "é" * (PUSH_BYTES_MAX // 4)})
    assert len(two.a.request().changes) == 1
    two.a.force("check_in", set={"text": "x"})
    assert len(two.a.request().changes) == 1
    huge = two.world.device(two.ana)
    huge.force("check_in", set={"text": "x" * (PUSH_BYTES_MAX + 1)})
    huge.force("check_in", set={"text": "x"})
    assert len(huge.request().changes) == 1
    await huge.sync()
    assert huge.waiting == []


async def test_the_age_of_an_edit_is_measured_on_the_phone_that_made_it() -> None:
    for off in (timedelta(days=365), timedelta(days=-365), datetime(1970, 1, 1, tzinfo=UTC) - World().now):
        two = await Two().begin(a=off)
        two.a.make("check_in", local_date="2026-03-02")
        two.world.pass_time(days=1)
        (change,) = two.a.request().changes
        assert change.age_ms == DAY_MS


async def test_a_wrong_clock_decides_nothing() -> None:
    """Ben's edit is the later one, and Ana's phone believes to be a year ahead."""
    two = await Two().begin(a=timedelta(days=365), b=timedelta(days=-365))
    goal = await two.goal()
    two.a.write(goal, topic="us")
    two.world.pass_time(hours=1)
    two.b.write(goal, topic="money")
    two.world.pass_time(hours=1)
    await two.b.sync()
    await two.world.settle()
    assert two.a.fields(goal)["topic"] == two.b.fields(goal)["topic"] == "money"


def test_a_clock_that_was_set_back_says_no_age() -> None:
    device = Replica(Shelves(PersonId(UUID(int=1)), DeviceId(UUID(int=2))))
    change = Change(key=UUID(int=3), kind="check_in", id=UUID(int=4))
    device.keep(change, 1_000)
    assert device.request(999).changes[0].age_ms is None
    assert device.request(1_000).changes[0].age_ms == 0
    assert device.request(2 * VERSION_MAX).changes[0].age_ms == VERSION_MAX


# What it will not keep -----------------------------------------------------------------------------------------------


async def test_what_the_phone_can_see_not_to_be_allowed_is_never_kept(two: Two) -> None:
    goal = await two.goal()
    step = two.a.make("step", goal=goal, title="Pack")
    entry = two.a.make("check_in", local_date="2026-03-02", audience=two.couple.id, shared_parts=["mood"])
    await two.world.settle()
    shown_entry = two.b.only("shown_check_in").id
    terms = two.b.only("goal_terms").id
    ben = str(two.ben.id)

    def refused(attempt: Any) -> Refusal:
        with pytest.raises(EditRefusedError) as caught:
            attempt()
        assert str(caught.value).endswith(".")
        return code_of(caught)

    before = dict(two.a.disk), dict(two.b.disk)
    assert refused(lambda: two.a.make("notice", code="x")) is Refusal.SERVER_OWNED
    assert refused(lambda: two.a.make("settings", zone="UTC")) is Refusal.SERVER_OWNED
    assert refused(lambda: two.a.make("check_in", text="no day")) is Refusal.INVALID
    assert refused(lambda: two.a.write(entry, valence=9)) is Refusal.INVALID
    assert refused(lambda: two.a.write(entry, no_such_field=9)) is Refusal.INVALID
    assert refused(lambda: two.a.write(entry, version=9)) is Refusal.SERVER_OWNED
    assert refused(lambda: two.a.write(step, taken_by=[ben])) is Refusal.NEEDS_THEIR_YES
    assert refused(lambda: two.a.make("step", goal=goal, title="x", taken_by=[ben])) is Refusal.NEEDS_THEIR_YES
    assert refused(lambda: two.a.write(terms, title="Run")) is Refusal.IMMUTABLE
    assert refused(lambda: two.a.write(goal, form="agreement")) is Refusal.IMMUTABLE
    assert refused(lambda: two.a.remove(goal)) is Refusal.IMMUTABLE
    assert refused(lambda: two.b.remove(shown_entry)) is Refusal.SERVER_OWNED
    assert refused(lambda: two.a.pick(goal, "notes", "x")) is Refusal.INVALID
    assert refused(lambda: two.a.confirm(goal, "notes")) is Refusal.INVALID
    assert refused(lambda: two.a.pick(RecordId(two.world.uuid()), "notes", "x")) is Refusal.INVALID
    unknown: dict[str, Any] = {"key": two.world.uuid(), "new_id": two.world.uuid(), "made_ms": None}
    assert refused(lambda: two.a.replica.edit("no_such_kind", None, {}, **unknown)) is Refusal.INVALID
    assert (dict(two.a.disk), dict(two.b.disk)) == before


async def test_a_closed_space_takes_no_edit_and_keeps_what_it_holds(two: Two) -> None:
    goal = await two.goal("Slow walks.")
    entry = two.a.make("check_in", local_date="2026-03-02", audience=two.couple.id, shared_parts=["mood"])
    await two.world.settle()
    assert len(two.b.view("shown_check_in")) == 1
    two.world.part(two.couple)
    await two.world.settle()
    assert two.b.view("shown_check_in") == []
    assert two.b.fields(goal)["notes"] == "Slow walks."
    assert two.a.fields(entry)["audience"] == str(two.couple.id)
    with pytest.raises(EditRefusedError) as caught:
        two.b.write(goal, notes="Too late.")
    assert code_of(caught) is Refusal.CLOSED


async def test_a_space_that_is_no_longer_named_keeps_its_records_and_takes_nothing(two: Two) -> None:
    goal = await two.goal("Slow walks.")
    two.ana.spaces.remove(two.couple.space)
    await two.a.sync()
    assert two.a.fields(goal)["notes"] == "Slow walks."
    assert two.a.replica.couple is None
    two.a.restart()
    assert two.a.replica.couple is None


# Answers -------------------------------------------------------------------------------------------------------------


async def test_an_answer_that_another_has_overtaken_changes_nothing(two: Two) -> None:
    goal = await two.goal("One.")
    request = two.b.request()
    early = await two.b.send(request)
    two.a.write(goal, notes="One. Two.")
    await two.a.sync()
    late = await two.b.send(request)
    assert two.b.receive(request, late)
    disk = dict(two.b.disk)
    assert not two.b.receive(request, early)
    assert not two.b.receive(request, late)
    assert two.b.disk == disk
    assert two.b.fields(goal)["notes"] == "One. Two."


async def test_the_same_answer_twice_is_the_same_as_once(two: Two) -> None:
    fresh = two.world.device(two.ana)
    request = fresh.request()
    answer = await fresh.send(request)
    fresh.receive(request, answer)
    disk = dict(fresh.disk)
    fresh.replica.shelves.cursor = None
    fresh.receive(request, answer)
    assert fresh.disk == disk


async def test_an_older_record_never_replaces_a_newer_one(two: Two) -> None:
    goal = await two.goal("One.")
    request = two.a.request()
    answer = await two.a.send(request)
    shown = two.a.shown(goal)
    assert shown is not None
    old = {
        "space": two.couple.space,
        "kind": "goal",
        "id": goal,
        "version": shown.version - 1,
        "author": two.ana.id,
        "fields": {"notes": "Long ago."},
    }
    two.a.receive(request, replace(answer, records=[msgspec.convert(old, RecordView)]))
    assert two.a.fields(goal)["notes"] == "One."


async def test_an_edit_made_while_a_request_is_under_way_waits_for_the_next(two: Two) -> None:
    entry = two.a.make("check_in", local_date="2026-03-02", text="First.")
    request = two.a.request()
    answer = await two.a.send(request)
    two.a.write(entry, text="Second.")
    two.a.receive(request, answer)
    assert two.a.fields(entry)["text"] == "Second."
    assert len(two.a.waiting) == 1
    await two.a.sync()
    assert two.world.stored(entry).fields["text"] == "Second."


# Wiped ---------------------------------------------------------------------------------------------------------------


async def test_what_is_gone_is_wiped_from_the_disk(two: Two) -> None:
    entry = two.a.make(
        "check_in", local_date="2026-03-02", text="Between us.", audience=two.couple.id, shared_parts=["text"]
    )
    await two.world.settle()
    assert "Between us." in two.b.texts()
    two.a.write(entry, audience="only_me")
    await two.world.settle()
    assert two.b.view("shown_check_in") == []
    assert "Between us." not in two.b.texts()
    assert two.a.fields(entry)["text"] == "Between us."


async def test_words_for_a_record_that_is_gone_are_kept_until_the_server_gives_them_back(two: Two) -> None:
    second = two.world.device(two.ana)
    draft = two.a.make("note_draft", for_couple=two.couple.id, for_what="The tea.")
    await two.world.settle()
    second.write(draft, text="And the blanket.")
    two.a.write(draft, send=True)
    await two.a.sync()
    request = replace(second.request(), changes=[])
    second.receive(request, await second.send(request))
    shown = second.shown(draft)
    assert shown is not None
    assert (shown.gone, shown.pending, shown.fields) == (True, True, {"text": "And the blanket."})
    await second.sync()
    assert second.shown(draft) is None
    assert second.unplaced() == [{"text": "And the blanket."}]
    second.write(draft, text="Once more.")
    (change,) = second.request().changes
    assert (change.set, change.remove) == ({"text": "Once more."}, msgspec.UNSET)
    await second.sync()
    assert {"text": "Once more."} in second.unplaced()
    assert second.view("note_draft") == []


async def test_purged_words_leave_the_outbox_too(two: Two) -> None:
    entry = two.a.make("check_in", local_date="2026-03-02", text="Not for ever.")
    await two.a.sync()
    two.a.write(entry, text="Not for ever. And more.")
    two.a.replica.forget(entry)
    assert two.a.waiting == []
    await two.world.purge(two.ana, entry)
    await two.a.sync()
    assert two.a.fields(entry)["text"] is None
    assert "Not for ever" not in two.a.texts()


# Picks ---------------------------------------------------------------------------------------------------------------


async def test_a_pick_takes_out_what_was_looked_at_and_nothing_that_came_meanwhile(two: Two) -> None:
    goal = await two.goal("At dusk.")
    two.a.write(goal, notes="At dawn.")
    two.b.write(goal, notes="At noon.")
    await two.a.sync()
    await two.world.settle()
    (beside,) = two.a.only("goal").alternatives["notes"]
    assert (beside.text, beside.by) == ("At noon.", two.ben.id)
    two.a.pick(goal, "notes", "At noon.")
    assert two.a.only("goal").alternatives == {}
    assert two.a.fields(goal)["notes"] == "At noon."
    (change,) = two.a.request().changes
    assert change.set == {"alternatives": {"notes": []}, "notes": "At noon."}
    assert change.was == {
        "alternatives": {"notes": [{"by": str(two.ben.id), "text": "At noon."}]},
        "notes": "At dawn.",
    }
    await two.world.settle()
    assert two.b.fields(goal)["notes"] == "At noon."
    assert two.b.only("goal").alternatives == {}


async def test_a_pick_of_the_text_that_stands_changes_no_text(two: Two) -> None:
    goal = await two.goal("At dusk.")
    two.a.write(goal, notes="At dawn.")
    two.b.write(goal, notes="At noon.")
    await two.a.sync()
    await two.world.settle()
    change = two.b.pick(goal, "notes", "At dawn.")
    assert change.set == {"alternatives": {"notes": []}}
    await two.world.settle()
    assert two.a.only("goal").alternatives == two.b.only("goal").alternatives == {}


async def test_a_joined_text_is_confirmed_once_for_both(two: Two) -> None:
    goal = await two.goal("One.")
    two.a.write(goal, notes="Zero. One.")
    two.b.write(goal, notes="One. Two.")
    await two.world.settle()
    assert two.a.only("goal").merged == two.b.only("goal").merged == ("notes",)
    change = two.a.confirm(goal, "notes")
    assert (change.set, change.was) == ({"merged": []}, {"merged": ["notes"]})
    assert two.a.only("goal").merged == ()
    await two.world.settle()
    assert two.b.only("goal").merged == ()
    assert two.b.fields(goal)["notes"] == "Zero. One. Two."


# Restarts ------------------------------------------------------------------------------------------------------------


async def test_a_restart_after_any_step_changes_nothing(two: Two) -> None:
    goal = await two.goal("One.")
    step = two.a.make("step", goal=goal, title="Pack")

    def unchanged() -> None:
        before = _seen_of(two.a)
        cursor, waiting = two.a.replica.cursor, two.a.waiting
        two.a.restart()
        assert (_seen_of(two.a), two.a.replica.cursor, two.a.waiting) == (before, cursor, waiting)
        assert two.a.replica.saves() == []

    unchanged()
    request = two.a.request()
    answer = await two.a.send(request)
    unchanged()
    two.a.receive(request, answer)
    unchanged()
    two.a.write(step, done=True)
    two.a.write(goal, notes="One. Two.")
    unchanged()
    await two.a.sync()
    unchanged()
    for day in range(4):
        two.a.make("check_in", local_date=f"2026-03-0{day + 1}", text="Something.")
    await two.a.sync()
    dump = two.world.dump()
    two.a.make("check_in", local_date="2026-03-09", text="Only here.")
    await two.a.sync()
    two.world.restore(dump)
    rebuilding = 0
    while True:
        request = two.a.request(limit=2)
        answer = await two.a.send(request)
        unchanged()
        two.a.receive(request, answer)
        unchanged()
        rebuilding += bool(two.a.replica.rebuilds)
        if not answer.more and not two.a.waiting:
            break
    assert rebuilding
    assert two.a.replica.rebuilds == {}


# Resets --------------------------------------------------------------------------------------------------------------


async def test_a_restored_store_gets_back_what_only_the_phones_hold_once(two: Two) -> None:
    goal = await two.goal("One.")
    dump = two.world.dump()
    two.a.write(goal, notes="One. Two.")
    entry = two.a.make("check_in", local_date="2026-03-02", text="A long day.")
    step = two.b.make("step", goal=goal, title="Pack", taken_by=[str(two.ben.id)])
    await two.world.settle()
    before = _seen_of(two.a), _seen_of(two.b)
    two.world.restore(dump)
    told_a, told_b = await two.a.sync(), await two.b.sync()
    # Ana brings three things back, of Ben's step only what is not his alone to say; he adds that.
    assert (len(told_a), len(told_b)) == (3, 1)
    await two.world.settle()
    assert (_seen_of(two.a), _seen_of(two.b)) == before
    assert two.world.stored(goal).fields["notes"] == "One. Two."
    assert two.world.stored(entry).fields["text"] == "A long day."
    assert two.world.stored(step).fields["taken_by"] == [str(two.ben.id)]
    assert two.world.stored(goal).alternatives == {}
    assert two.a.notices() == two.b.notices() == []
    assert two.a.unplaced() == two.b.unplaced() == []
    assert two.a.outcomes[-3:] == told_a


async def test_the_old_copy_is_shown_until_the_new_one_is_complete(two: Two) -> None:
    entries = [two.a.make("check_in", local_date=f"2026-03-0{day + 1}", text=f"Day {day}.") for day in range(6)]
    await two.a.sync()
    dump = two.world.dump()
    last = two.a.make("check_in", local_date="2026-03-08", text="Only here.")
    await two.a.sync()
    before = _seen_of(two.a)
    two.world.restore(dump)
    request = two.a.request(limit=2)
    answer = await two.a.send(request)
    assert answer.reset
    assert answer.more
    two.a.receive(request, answer)
    two.a.restart()
    assert _seen_of(two.a) == before
    two.a.write(entries[0], text="Day 0, again.")
    assert two.a.request(limit=2).changes == [], "edits wait until the new copy is complete"
    assert two.a.fields(entries[0])["text"] == "Day 0, again."
    two.a.restart()
    await two.a.sync(limit=2)
    assert two.a.replica.rebuilds == {}
    assert not any(shelf in ("rebuild", "rebuilt") for shelf, _ in two.a.disk)
    assert two.world.stored(entries[0]).fields["text"] == "Day 0, again."
    assert [each.id for each in two.a.view("check_in")] == [*entries[1:], last, entries[0]]


async def test_a_reset_with_nothing_lost_sends_nothing(two: Two) -> None:
    await two.goal("One.")
    two.a.make("check_in", local_date="2026-03-02", text="A long day.")
    await two.world.settle()
    head = two.world.store.spaces[two.ana.personal].head
    assert two.a.replica.cursor is not None
    two.world.forget_before(two.ana.personal, head + 1)
    assert await two.a.sync() == []
    assert two.world.store.spaces[two.ana.personal].head == head


async def test_an_edit_that_waits_follows_on_what_was_brought_back(two: Two) -> None:
    """The phone that comes first is the one with an unsent edit on top of what the store has lost."""
    goal = await two.goal("One.")
    dump = two.world.dump()
    two.a.write(goal, notes="One. Two.")
    await two.world.settle()
    two.b.write(goal, notes="One. Two. Three.")
    two.world.restore(dump)
    await two.world.settle(two.b, two.a)
    assert two.a.fields(goal)["notes"] == two.b.fields(goal)["notes"] == "One. Two. Three."
    assert two.a.only("goal").alternatives == {}
    assert two.a.notices() == two.b.notices() == []


async def test_the_other_phone_coming_first_makes_no_difference(two: Two) -> None:
    goal = await two.goal("One.")
    dump = two.world.dump()
    two.a.write(goal, notes="One. Two.")
    await two.world.settle()
    two.b.write(goal, notes="One. Two. Three.")
    two.world.restore(dump)
    await two.world.settle(two.a, two.b)
    assert two.a.fields(goal)["notes"] == two.b.fields(goal)["notes"] == "One. Two. Three."
    assert two.a.only("goal").alternatives == {}


async def test_words_written_since_are_not_put_back_to_what_they_were(two: Two) -> None:
    goal = await two.goal("One.")
    dump = two.world.dump()
    two.a.write(goal, notes="One. Two.")
    await two.world.settle()
    two.world.restore(dump)
    await two.b.sync()
    two.b.write(goal, notes="One. Two. Later words.")
    await two.b.sync()
    await two.world.settle(two.a, two.b)
    assert two.a.fields(goal)["notes"] == two.b.fields(goal)["notes"] == "One. Two. Later words."


async def test_words_that_the_new_life_lacks_join_those_written_since(two: Two) -> None:
    goal = await two.goal("One.")
    dump = two.world.dump()
    two.a.write(goal, notes="Only on Ana's phone. One.")
    await two.a.sync()
    two.world.restore(dump)
    two.b.write(goal, notes="One. Written since.")
    await two.b.sync()
    await two.world.settle()
    assert two.b.fields(goal)["notes"] == "Only on Ana's phone. One. Written since."
    assert two.a.fields(goal) == two.b.fields(goal)


async def test_a_window_closed_since_is_not_opened_again_by_an_old_copy(two: Two) -> None:
    second = two.world.device(two.ana)
    entry = two.a.make("check_in", local_date="2026-03-02", text="A long day.", shared_parts=["text"])
    await two.world.settle()
    dump = two.world.dump()
    two.a.write(entry, audience=two.couple.id)
    await two.a.sync()
    two.world.restore(dump)
    second.write(entry, audience=two.couple.id)
    await second.sync()
    second.write(entry, audience="only_me")
    await second.sync()
    await two.world.settle()
    assert two.a.fields(entry)["audience"] == "only_me"
    assert two.b.view("shown_check_in") == []


async def test_what_the_other_said_comes_back_as_theirs_from_one_s_own_phone(two: Two) -> None:
    goal = two.a.make("goal")
    terms = two.a.make("goal_terms", goal=goal, title="Walk")
    await two.world.settle()
    dump = two.world.dump()
    two.b.make("goal_act", goal=goal, terms=terms, act="accept")
    await two.world.settle()
    two.world.restore(dump)
    await two.a.sync()
    (act,) = two.world.records("goal_act")
    assert act.author == two.ben.id
    assert two.a.only("goal").fields["state"] == "active"
    await two.world.settle()
    assert len(two.world.records("goal_act")) == 1
    assert two.b.only("goal").fields["state"] == "active"


async def test_an_act_comes_back_once_though_two_phones_hold_it(two: Two) -> None:
    second = two.world.device(two.ana)
    goal = await two.goal()
    terms = two.a.only("goal_terms").id
    dump = two.world.dump()
    act = two.a.make("goal_act", goal=goal, terms=terms, act="rest")
    await two.world.settle()
    two.world.restore(dump)
    assert len(await two.a.sync()) == 1
    assert await second.sync() == []
    assert second.fields(act) == two.a.fields(act)
    assert two.world.stored(act).author == two.ana.id


async def test_what_only_the_server_makes_is_not_sent_again(two: Two) -> None:
    """Of an entry that is shown the copy follows from the entry; a notice is about a merge that is no more."""
    goal = two.a.make("goal", notes="Base.")
    await two.world.settle()
    dump = two.world.dump()
    two.a.write(goal, notes="Apples.")
    two.b.write(goal, notes="Bananas.")
    two.a.make("check_in", local_date="2026-03-02", text="Fine.", audience=two.couple.id, shared_parts=["text"])
    await two.a.sync()
    await two.b.sync()
    assert two.b.notices() == ["kept_both"]
    two.world.restore(dump)
    await two.a.sync()
    request = two.b.request()
    while not two.b.waiting:
        request = two.b.request()
        two.b.receive(request, await two.b.send(request))
    assert {kept.change.kind for kept in two.b.waiting} == {"goal"}


async def test_what_was_removed_is_removed_again(two: Two) -> None:
    entry = two.a.make("check_in", local_date="2026-03-02", text="A long day.")
    await two.a.sync()
    dump = two.world.dump()
    two.a.remove(entry)
    await two.a.sync()
    two.world.restore(dump)
    await two.a.sync()
    assert two.world.stored(entry).removed
    assert two.a.view("check_in") == []


async def test_an_edit_settled_in_a_life_that_is_no_more_is_sent_again(two: Two) -> None:
    goal = await two.goal("One.")
    for day in range(5):
        two.a.make("check_in", local_date=f"2026-03-0{day + 1}")
    await two.a.sync()
    second = two.world.device(two.ana)
    await second.sync()
    for day in range(5):
        two.a.make("check_in", local_date=f"2026-02-0{day + 1}")
    await two.a.sync()
    dump = two.world.dump()
    second.write(goal, notes="One. Two.")
    request = second.request(limit=2)
    second.receive(request, await second.send(request))
    assert second.waiting == []
    two.world.restore(dump)
    await second.sync(limit=2)
    assert two.world.stored(goal).fields["notes"] == "One. Two."


async def test_a_second_reset_in_the_middle_of_the_first_begins_again(two: Two) -> None:
    entries = [two.a.make("check_in", local_date=f"2026-03-0{day + 1}", text=f"Day {day}.") for day in range(6)]
    await two.a.sync()
    dump = two.world.dump()
    last = two.a.make("check_in", local_date="2026-03-08", text="Only here.")
    await two.a.sync()
    for _ in range(2):
        two.world.restore(dump)
        request = two.a.request(limit=3)
        answer = await two.a.send(request)
        two.a.receive(request, answer)
        assert answer.more
    two.a.restart()
    await two.a.sync(limit=3)
    assert {each.id for each in two.a.view("check_in")} == {*entries, last}
    assert two.world.stored(last).fields["text"] == "Only here."


async def test_an_answer_from_before_the_reset_ends_nothing(two: Two) -> None:
    for day in range(6):
        two.a.make("check_in", local_date=f"2026-03-0{day + 1}")
    await two.a.sync()
    dump = two.world.dump()
    two.a.make("check_in", local_date="2026-03-08")
    await two.a.sync()
    request = two.a.request(limit=2)
    early = await two.a.send(request)
    two.world.restore(dump)
    two.a.receive(request, await two.a.send(request))
    assert two.a.replica.rebuilds
    assert not two.a.receive(request, early)
    assert two.a.replica.rebuilds
    await two.a.sync(limit=2)
    assert len(two.a.view("check_in")) == 7


async def test_after_a_long_absence_what_is_not_there_any_more_is_dropped_and_the_outbox_sent(two: Two) -> None:
    second = two.world.device(two.ana)
    stays = two.a.make("check_in", local_date="2026-03-02", text="Stays.")
    dropped = two.a.make("check_in", local_date="2026-03-03", text="Purged long ago.")
    await two.world.settle()
    second.write(stays, text="Stays. Written far away.")
    del two.world.store.records[two.ana.personal, dropped]
    two.a.make("check_in", local_date="2026-03-04", text="Since.")
    await two.a.sync()
    two.world.forget_before(two.ana.personal, two.world.store.spaces[two.ana.personal].head)
    await second.sync()
    assert second.shown(dropped) is None
    assert "Purged long ago." not in second.texts()
    assert {each.fields["text"] for each in second.view("check_in")} == {"Stays. Written far away.", "Since."}
    assert two.world.stored(stays).fields["text"] == "Stays. Written far away."
    assert [each.status for each in second.outcomes] == ["applied"]


async def test_a_row_wiped_in_the_new_life_stays_wiped(two: Two) -> None:
    entry = two.a.make("check_in", local_date="2026-03-02", text="One.")
    await two.a.sync()
    dump = two.world.dump()
    two.a.write(entry, text="One. Two.")
    await two.a.sync()
    two.world.restore(dump)
    record = two.world.stored(entry)
    two.world.store.records[record.space, record.id] = replace(record, gone=True, fields={})
    assert await two.a.sync() == []
    assert two.a.shown(entry) is None


async def test_a_store_gone_back_unannounced_is_noticed_by_a_phone_that_is_ahead(two: Two) -> None:
    entry = two.a.make("check_in", local_date="2026-03-02", text="One.")
    await two.a.sync()
    dump = two.world.dump()
    two.a.write(entry, text="One. Two.")
    await two.a.sync()
    two.world.restore(dump, bump=False)
    await two.a.sync()
    assert two.world.stored(entry).fields["text"] == two.a.fields(entry)["text"] == "One. Two."


async def test_an_edit_made_while_the_copy_is_taken_anew_claims_to_have_seen_nothing_of_the_new_life(two: Two) -> None:
    """Its base is a version of the old life; in the new one another change stands under that number."""
    goal = await two.goal("One.")
    for day in range(6):
        two.a.make("check_in", local_date=f"2026-03-0{day + 1}")
    await two.world.settle()
    dump = two.world.dump()
    for number in range(4):
        two.a.write(goal, notes=f"One. {number}.")
        await two.a.sync()
    await two.world.settle()
    two.world.restore(dump)
    two.b.write(goal, topic="money")
    await two.b.sync()
    request = two.a.request(limit=2)
    two.a.receive(request, await two.a.send(request))
    assert two.a.replica.rebuilds
    two.world.pass_time(minutes=5)
    two.a.write(goal, topic="us", notes="One. Last.")
    assert two.a.waiting[0].change.base > two.world.stored(goal).version
    two.a.restart()
    await two.a.sync(limit=2)
    told = {field: verdict for each in two.a.outcomes for field, verdict in each.fields.items()}
    assert told["topic"] == "yours_kept", "a choice that Ana's phone had not seen is weighed, not run over"
    await two.b.sync()
    assert two.b.notices() == ["other_kept"]


async def test_a_waiting_edit_of_what_came_through_unchanged_follows_on_it(two: Two) -> None:
    goal = await two.goal("One.")
    for day in range(4):
        two.a.make("check_in", local_date=f"2026-03-0{day + 1}")
    await two.a.sync()
    dump = two.world.dump()
    two.a.write(goal, notes="One. Two.", topic="us")
    await two.world.settle()
    two.world.restore(dump)
    await two.b.sync()
    request = two.a.request(limit=2)
    two.a.receive(request, await two.a.send(request))
    assert two.a.replica.rebuilds
    two.a.write(goal, notes="Two.", topic="money")
    told = await two.a.sync(limit=2)
    assert [(each.status, each.fields) for each in told] == [("applied", {})]
    assert two.world.stored(goal).fields["notes"] == "Two."
    await two.b.sync()
    assert two.b.notices() == []


async def test_a_choice_settled_in_the_new_life_is_not_put_back_to_the_one_before_it(two: Two) -> None:
    goal = await two.goal()
    dump = two.world.dump()
    two.a.write(goal, topic="us")
    await two.world.settle()
    two.b.write(goal, topic="money")
    two.world.restore(dump)
    await two.world.settle(two.b, two.a)
    assert two.a.fields(goal)["topic"] == two.b.fields(goal)["topic"] == "money"


async def test_a_sentence_taken_out_stays_out(two: Two) -> None:
    goal = await two.goal("One. Two.")
    dump = two.world.dump()
    two.a.write(goal, notes="Two.")
    await two.world.settle()
    two.world.restore(dump)
    await two.world.settle()
    assert two.a.fields(goal)["notes"] == two.b.fields(goal)["notes"] == "Two."


async def test_of_a_closed_space_each_keeps_what_both_may_have_written(two: Two) -> None:
    goal = await two.goal("One.")
    dump = two.world.dump()
    step = two.b.make("step", goal=goal, title="Pack")
    await two.world.settle()
    two.world.restore(dump)
    two.world.part(two.couple)
    await two.world.settle()
    assert two.a.unplaced() == two.b.unplaced() == [{"title": "Pack"}]
    assert two.a.shown(step) is None


async def test_a_reset_on_the_way_through_another_one_brings_back_what_both_lost(two: Two) -> None:
    second = two.world.device(two.ana)
    for day in range(3):
        two.a.make("check_in", local_date=f"2026-03-0{day + 1}")
    await two.world.settle()
    before = two.world.dump()
    lost = [two.a.make("check_in", local_date=f"2026-03-1{day}", text=f"Lost {day}.") for day in range(3)]
    await two.a.sync()
    two.world.restore(before)
    for day in range(3):
        second.make("check_in", local_date=f"2026-03-2{day}")
    await second.sync()
    between = two.world.dump()
    for day in range(3, 6):
        second.make("check_in", local_date=f"2026-03-2{day}")
    await second.sync()
    request = two.a.request(limit=8)
    two.a.receive(request, await two.a.send(request))
    assert two.a.replica.rebuilds
    two.world.restore(between)
    await two.a.sync(limit=3)
    assert {each.id for each in two.a.view("check_in")} >= set(lost)
    assert [two.world.stored(each).fields["text"] for each in lost] == ["Lost 0.", "Lost 1.", "Lost 2."]


async def test_a_record_of_a_new_life_replaces_one_with_a_higher_version_of_the_old(two: Two) -> None:
    goal = await two.goal("One.")
    request = two.a.request()
    answer = await two.a.send(request)
    shown = two.a.shown(goal)
    assert shown is not None
    view = {
        "space": two.couple.space,
        "kind": "goal",
        "id": goal,
        "version": shown.version - 1,
        "author": two.ana.id,
        "fields": {"notes": "Of a new life."},
    }
    spaces = [replace(space, epoch=two.world.uuid()) for space in answer.spaces]
    two.a.receive(request, replace(answer, spaces=spaces, records=[msgspec.convert(view, RecordView)]))
    assert two.a.fields(goal)["notes"] == "Of a new life."


async def test_an_outcome_for_an_edit_that_was_dropped_meanwhile_means_nothing(two: Two) -> None:
    entry = two.a.make("check_in", local_date="2026-03-02", text="One.")
    request = two.a.request()
    answer = await two.a.send(request)
    two.a.replica.forget(entry)
    assert two.a.receive(request, answer)
    assert two.a.fields(entry)["text"] == "One."


async def test_a_text_that_came_beside_after_a_look_stays_when_the_pick_is_laid_over_it(two: Two) -> None:
    goal = await two.goal("At dusk.")
    two.a.write(goal, notes="At dawn.")
    two.b.write(goal, notes="At noon.")
    await two.a.sync()
    await two.world.settle()
    two.a.pick(goal, "notes", "At dawn.")
    request = replace(two.a.request(), changes=[])
    two.b.write(goal, notes="At night.")
    second = two.world.device(two.ben)
    await second.sync()
    answer = await two.a.send(request)
    record = msgspec.convert(
        {
            "space": two.couple.space,
            "kind": "goal",
            "id": goal,
            "version": 1000,
            "author": two.ana.id,
            "fields": two.a.fields(goal),
            "alternatives": {"notes": [{"by": two.ben.id, "text": "At night."}]},
        },
        RecordView,
    )
    two.a.receive(request, replace(answer, records=[record]))
    assert [each.text for each in two.a.only("goal").alternatives["notes"]] == ["At night."]


async def test_an_edit_of_another_kind_under_a_known_id_is_not_shown_in_it(two: Two) -> None:
    entry = two.a.make("check_in", local_date="2026-03-02", text="One.")
    await two.a.sync()
    two.a.force("note_draft", entry, set={"for_what": "Words."})
    odd = two.a.force("no_such_kind", set={"text": "Words."})
    shown = two.a.shown(RecordId(odd.id))
    assert shown is not None
    assert shown.fields == {"text": "Words."}
    assert "for_what" not in two.a.fields(entry)
    assert two.a.view("note_draft") == []
    two.a.restart()
    await two.a.sync()
    assert two.a.fields(entry)["text"] == "One."
    assert two.a.unplaced() == [{"for_what": "Words."}, {"text": "Words."}]


async def test_a_second_edit_of_something_gone_is_kept_like_the_first(two: Two) -> None:
    draft = two.a.make("note_draft", for_couple=two.couple.id, for_what="The tea.", send=True)
    await two.a.sync()
    two.a.write(draft, text="One more thing.")
    two.a.write(draft, text="One more thing. And another.")
    assert len(two.a.waiting) == 2
    await two.a.sync()
    assert {"text": "One more thing. And another."} in two.a.unplaced()


# Ids -----------------------------------------------------------------------------------------------------------------


def test_an_id_for_what_a_partner_may_see_tells_nothing() -> None:
    made = uuid4(bytes(range(CHANCE_BYTES)))
    assert (made.version, made.variant) == (4, "specified in RFC 4122")


@pytest.mark.parametrize("now_ms", [-5, 0, 1_772_452_800_000, 2**48 - 1, 2**60])
def test_an_own_id_tells_when_it_was_made(now_ms: int) -> None:
    chance = bytes(range(255, 255 - CHANCE_BYTES, -1))
    made = uuid7(now_ms, chance)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == min(max(now_ms, 0), 2**48 - 1)
    assert made.bytes[10:] == chance[10:]


def _seen_of(phone: Device) -> dict[str, Any]:
    """What a phone shows, without versions: these differ between two lives of a store."""
    kinds = ("check_in", "shown_check_in", "goal", "goal_terms", "goal_act", "step", "note", "note_draft", "settings")
    return {
        kind: {
            each.id: ({name: value for name, value in each.fields.items() if name != "proof"}, each.alternatives)
            for each in phone.view(kind)
        }
        for kind in kinds
    }


async def test_a_purge_forgets_words_and_not_that_a_window_was_opened(two: Two) -> None:
    """Found by the simulation: the answer to the opening was lost, and what came next was written as if in private."""
    entry = two.a.make("check_in", local_date="2026-03-02", text="Tired.")
    await two.world.settle()
    two.a.write(entry, audience=two.couple.id, shared_parts=["text"], text="Tired. And sad.")
    await two.a.sync_without_answer()
    await two.world.purge(two.ana, entry)
    two.a.replica.forget(entry)
    two.a._save()
    assert two.a.fields(entry)["audience"] == str(two.couple.id), "it is shown as open as it may be"
    assert all("sad" not in str(kept.change) for kept in two.a.waiting)
    two.a.write(entry, audience="only_me", text="Secret.")
    await two.a.sync()
    await two.b.sync()
    assert "Secret" not in two.b.texts()


async def test_a_purge_forgets_a_record_that_nobody_was_told_of(two: Two) -> None:
    entry = two.a.make("check_in", local_date="2026-03-02", text="Tired.")
    two.a.replica.forget(entry)
    assert not two.a.waiting
    assert two.a.shown(entry) is None
