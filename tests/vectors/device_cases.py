"""The stories of which tests/vectors/device.json is made: each a phone of Ana's, and whoever else it takes."""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec.structs import replace

from sync.wire import Gone
from tests.vectors.recorded import RecordedWorld, Recorder

Case = Callable[[RecordedWorld], Awaitable[Recorder]]


async def met(world: RecordedWorld) -> tuple[Recorder, Recorder, Any]:
    """Ana's phone, Ben's, and the two as a couple; both phones know it."""
    ana, ben = world.person("Ana"), world.person("Ben")
    couple = world.pair(ana, ben)
    phone, partner = world.device(ana), world.device(ben)
    await phone.sync()
    await partner.sync()
    return phone, partner, couple


async def pulled(phone: Recorder) -> None:
    """Pull, and send nothing: edits wait meanwhile."""
    request = phone.request()
    phone.receive(request, await phone.send(type(request)(schema=request.schema, cursor=request.cursor)))


async def a_record_is_made_and_edited_offline(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    entry = phone.make("check_in", local_date="2026-03-02", text="Slept well.")
    phone.write(entry, valence=2)
    world.pass_time(hours=3)
    phone.write(entry, text="Slept well. Tired now.", valence=1)
    phone.write(entry, valence=1)
    await phone.sync()
    return phone


async def an_answer_is_lost_and_the_same_is_sent_again(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    phone.make("check_in", local_date="2026-03-02", text="Slept well.")
    await phone.sync_without_answer()
    await phone.sync()
    return phone


async def an_answer_that_was_overtaken_is_not_taken(world: RecordedWorld) -> Recorder:
    phone, partner, couple = await met(world)
    request = phone.request()
    partner.make("goal", couple=couple, notes="Slow walks.")
    await partner.sync()
    late = await phone.send(request)
    await phone.sync()
    phone.make("check_in", local_date="2026-03-02", text="Slept well.")
    await phone.sync()
    assert not phone.receive(request, late)
    return phone


async def an_edit_on_top_of_a_waiting_one_has_not_seen_what_was_pulled_since(world: RecordedWorld) -> Recorder:
    phone, partner, couple = await met(world)
    goal = phone.make("goal", couple=couple, notes="Slow walks.")
    await world.settle()
    phone.write(goal, topic="us")
    request = phone.request()
    partner.write(goal, notes="Slow walks by the sea.")
    await partner.sync()
    phone.write(goal, notes="Slow walks at night.")
    phone.receive(request, await phone.send(request))
    phone.write(goal, topic="health")
    await phone.sync()
    return phone


async def two_texts_stand_beside_each_other_until_one_is_picked(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    tablet = world.device(world.people[0])
    entry = phone.make("check_in", local_date="2026-03-02", text="We take the train.")
    await world.settle()
    tablet.write(entry, text="We take the night train.")
    await tablet.sync()
    phone.write(entry, text="We take the slow train.")
    await phone.sync()
    phone.pick(entry, "text", keep="We take the night train.")
    await phone.sync()
    return phone


async def a_joined_text_is_confirmed(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    tablet = world.device(world.people[0])
    entry = phone.make("check_in", local_date="2026-03-02", text="Two nights. We take the train.")
    await world.settle()
    tablet.write(entry, text="Two nights. We take the train. Ask Cleo.")
    await tablet.sync()
    phone.write(entry, text="Three nights. We take the train.")
    await phone.sync()
    phone.confirm(entry, "text")
    await phone.sync()
    return phone


async def of_a_set_what_was_added_and_taken_out_is_laid_over_what_comes(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    tablet = world.device(world.people[0])
    entry = phone.make("check_in", local_date="2026-03-02", needs=["rest", "time_together"])
    await world.settle()
    tablet.write(entry, needs=["rest", "time_together", "respect"])
    await tablet.sync()
    phone.write(entry, needs=["time_together"])
    await pulled(phone)
    await phone.sync()
    return phone


async def words_that_cannot_be_kept_come_back(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    phone.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})
    phone.force("settings", set={"zone": "Nowhere"})
    await phone.sync()
    return phone


async def what_is_removed_stays_a_record_and_can_be_brought_back(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    entry = phone.make("check_in", local_date="2026-03-02", text="Slept well.")
    await phone.sync()
    phone.remove(entry)
    await phone.sync()
    phone.bring_back(entry)
    await phone.sync()
    return phone


async def what_is_gone_is_wiped(world: RecordedWorld) -> Recorder:
    phone, partner, couple = await met(world)
    entry = partner.make(
        "check_in", local_date="2026-03-02", text="Slept well.", audience=couple.id, shared_parts=["text"]
    )
    await world.settle()
    partner.write(entry, audience="only_me")
    await world.settle()
    return phone


async def a_long_answer_comes_in_pages(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    tablet = world.device(world.people[0])
    for day in range(2, 9):
        tablet.make("check_in", local_date=f"2026-03-0{day}", text=f"Day {day}.")
    await tablet.sync()
    entry = phone.make("check_in", local_date="2026-03-01", text="Day 1.")
    await phone.sync(limit=3)
    phone.write(entry, text="Day 1. Rain.")
    await phone.sync(limit=3)
    return phone


async def a_step_is_not_shown_before_its_goal_has_come(world: RecordedWorld) -> Recorder:
    phone, partner, couple = await met(world)
    goal = world.uuid()
    partner.make("step", couple=couple, goal=goal, title="Find a room")
    partner.force("goal", goal, couple=couple.id, set={"notes": "Slow walks."})
    await partner.sync()
    await phone.sync(limit=1)
    return phone


async def a_clock_that_is_set_back_tells_no_age(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    phone.make("check_in", local_date="2026-03-02", text="Slept well.")
    world.pass_time(hours=-5)
    await phone.sync()
    return phone


async def a_store_that_went_back_is_taken_anew_and_given_what_it_lost(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    goal = phone.make("goal", couple=couple, notes="Slow walks.")
    await world.settle()
    dump = world.dump()
    phone.write(goal, notes="Slow walks by the sea.")
    entry = phone.make("check_in", local_date="2026-03-02", text="Slept well.")
    await phone.sync()
    world.restore(dump)
    phone.write(entry, text="Slept well. Tired now.")
    await phone.sync(limit=1)
    return phone


async def a_refused_edit_is_not_shown_while_its_words_are_on_the_way(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    tablet = world.device(world.people[0])
    entry = phone.make("check_in", local_date="2026-03-02", text="Slept well.")
    await phone.sync()
    for day in (3, 4):
        tablet.make("check_in", local_date=f"2026-03-0{day}", text=f"Day {day}.")
    await tablet.sync()
    phone.force("check_in", entry, base=2, set={"text": "Plum.", "valence": 99}, was={"text": "Slept well."})
    await phone.sync(limit=1)
    return phone


async def a_text_begins_as_nothing_and_can_be_nothing_again(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    entry = phone.make("check_in", local_date="2026-03-02")
    await phone.sync()
    phone.write(entry, text="Slept well.")
    phone.write(entry, text=None)
    phone.bring_back(entry)
    await phone.sync()
    return phone


async def a_second_reset_before_the_first_is_done_keeps_the_smaller_head(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    early = world.dump()
    phone.make("check_in", local_date="2026-03-02", text="Day 2.")
    await phone.sync()
    late = world.dump()
    phone.make("check_in", local_date="2026-03-03", text="Day 3.")
    await phone.sync()
    world.restore(late)
    request = phone.request(limit=1)
    phone.receive(request, await phone.send(request))
    world.restore(early)
    await phone.sync(limit=1)
    return phone


async def what_was_decided_in_a_life_that_is_over_waits_again(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    tablet = world.device(world.people[0])
    for day in (2, 3):
        tablet.make("check_in", local_date=f"2026-03-0{day}", text=f"Day {day}.")
    await tablet.sync()
    phone.make("check_in", local_date="2026-03-04", text="Day 4.")
    request = phone.request(limit=1)
    phone.receive(request, await phone.send(request))
    world.bump()
    await phone.sync(limit=1)
    return phone


async def what_the_partner_made_comes_back_from_here(world: RecordedWorld) -> Recorder:
    phone, partner, couple = await met(world)
    goal = phone.make("goal", couple=couple, notes="Slow walks.")
    await world.settle()
    dump = world.dump()
    partner.make("step", couple=couple, goal=goal, title="Find a room", taken_by=[str(world.people[1].id)])
    await world.settle()
    world.restore(dump)
    await phone.sync()
    return phone


async def of_a_text_that_was_touched_since_the_restore_it_says_what_both_have(world: RecordedWorld) -> Recorder:
    phone, partner, couple = await met(world)
    goal = phone.make("goal", couple=couple, notes="Two nights. By train.")
    await world.settle()
    dump = world.dump()
    phone.write(goal, notes="Two nights. By train. Ask Cleo.")
    await phone.sync()
    world.restore(dump)
    partner.write(goal, notes="Three nights. By train.")
    await partner.sync()
    await phone.sync()
    return phone


async def a_text_that_stood_beside_comes_back_beside(world: RecordedWorld) -> Recorder:
    phone, partner, couple = await met(world)
    goal = phone.make("goal", couple=couple, notes="We take the train.")
    await world.settle()
    dump = world.dump()
    partner.write(goal, notes="We take the slow train.")
    await partner.sync()
    phone.write(goal, notes="We take the night train.")
    await world.settle()
    world.restore(dump)
    await phone.sync()
    return phone


async def a_letter_comes_back_and_its_draft_goes(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    draft = phone.make("note_draft", for_couple=couple.id, for_what="The soup.", text="It was warm.")
    await phone.sync()
    dump = world.dump()
    phone.write(draft, send=True)
    await phone.sync()
    world.restore(dump)
    await phone.sync()
    return phone


async def a_letter_to_somebody_who_is_gone_is_a_draft_again(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    dump = world.dump()
    phone.make("note_draft", for_couple=couple.id, for_what="The soup.", send=True)
    await phone.sync()
    world.restore(dump)
    world.part(couple)
    await phone.sync()
    return phone


async def words_that_had_no_place_come_back_once(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    dump = world.dump()
    phone.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})
    await phone.sync()
    world.restore(dump)
    await phone.sync()
    return phone


async def words_that_had_no_place_are_no_edit_of_the_record_that_comes_back(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    goal = phone.make("goal", couple=couple, notes="Slow walks.")
    await world.settle()
    dump = world.dump()
    step = phone.make("step", couple=couple, goal=goal, title="Find a room")
    await phone.sync()
    partner = str(world.people[1].id)
    phone.force("step", step, couple=couple.id, base=2, set={"title": "Kiwi.", "taken_by": [partner]})
    await phone.sync()
    assert phone.unplaced() == [{"title": "Kiwi."}]
    world.restore(dump)
    await phone.sync()
    return phone


async def after_a_restore_nothing_opens_and_nothing_protects_less(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    settings = phone.only("settings").id
    entry = phone.make("check_in", local_date="2026-03-02", text="Slept well.", shared_parts=["mood", "text"])
    phone.write(settings, day_cap=1)
    await phone.sync()
    dump = world.dump()
    phone.write(entry, audience=couple.id, shared_parts=["needs", "text"])
    phone.write(settings, day_cap=3, week_cap=3, push_privacy="hidden")
    made_since = phone.make(
        "check_in", local_date="2026-03-03", text="Rain.", audience=couple.id, shared_parts=["text"]
    )
    await phone.sync()
    world.restore(dump)
    await phone.sync()
    assert phone.fields(made_since)["audience"] == "only_me"
    return phone


async def what_was_removed_is_removed_again(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    goal = phone.make("goal", couple=couple)
    steps = [phone.make("step", couple=couple, goal=goal, title=f"Step {nth}.") for nth in range(3)]
    phone.remove(steps[2])
    await world.settle()
    dump = world.dump()
    phone.remove(steps[0])
    phone.write(steps[1], done=True)
    phone.remove(steps[1])
    phone.bring_back(steps[2])
    await world.settle()
    world.restore(dump)
    await phone.sync()
    return phone


async def a_set_is_in_the_order_of_code_points(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    tablet = world.device(world.people[0])
    entry = phone.make("reflection", own_tags=["\U0001f600 smile", "\uff41bc"])
    await world.settle()
    tablet.write(entry, own_tags=["\uff41bc", "\U0001f600 smile", "\uff42"])
    await tablet.sync()
    phone.write(entry, own_tags=["\U0001f600 smile", "\uff41bc", "\U0001f601"])
    await pulled(phone)
    await phone.sync()
    assert phone.write(entry, own_tags=["\U0001f601", "\U0001f600 smile", "\uff42", "\uff41bc"]) is None
    return phone


async def what_is_written_to_a_record_that_was_wiped_is_kept(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    tablet = world.device(world.people[0])
    draft = phone.make("note_draft", for_couple=couple.id, for_what="The walk.", text="Dear Ben.")
    await world.settle()
    tablet.write(draft, send=True)
    await world.settle()
    phone.write(draft, text="Dear Ben. It rained.")
    phone.write(draft, text="Dear Ben. It rained. I did not mind.")
    phone.write(draft, for_what="The walk in the rain.")
    await phone.sync()
    assert [each["text"] for each in phone.unplaced() if "text" in each]
    return phone


async def a_cursor_that_is_not_known_any_more_begins_a_full_copy(world: RecordedWorld) -> Recorder:
    phone, partner, couple = await met(world)
    kept = phone.make("check_in", local_date="2026-03-02", text="Slept well.")
    shown = partner.make("check_in", local_date="2026-03-02", text="Rain.", audience=couple.id, shared_parts=["text"])
    await world.settle()
    partner.write(shown, audience="only_me")
    await partner.sync()
    phone.write(kept, text="Slept well. Tired now.")
    phone.begin_anew()
    await phone.sync(limit=2)
    assert not phone.view("shown_check_in")
    return phone


async def a_cursor_of_a_life_that_is_over_loses_nothing(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    dump = world.dump()
    kept = phone.make("check_in", local_date="2026-03-02", text="Slept well.")
    await phone.sync()
    world.restore(dump)
    phone.write(kept, text="Slept well. Tired now.")
    phone.begin_anew()
    await phone.sync()
    assert phone.fields(kept)["text"] == "Slept well. Tired now."
    return phone


async def of_an_id_in_two_spaces_the_one_that_stands_is_shown(world: RecordedWorld) -> Recorder:
    phone, partner, couple = await met(world)
    step = partner.make("goal", couple=couple, notes="Slow walks.")
    await partner.sync()
    request = phone.request()
    answer = await phone.send(request)
    own = next(each.id for each in answer.spaces if each.home == "personal")
    wiped = Gone(space=own, kind="note_draft", id=step, version=1)
    phone.receive(request, replace(answer, gone=[wiped]))
    phone.write(step, notes="Slow walks by the sea.")
    return phone


async def versions_of_two_lives_are_not_compared(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    entry = phone.make("check_in", local_date="2026-03-02", text="Slept well.")
    await phone.sync()
    phone.write(entry, text="Slept well. Tired now.")
    request = phone.request()
    answer = await phone.send(request)
    early = replace(answer.records[0], version=1, fields=answer.records[0].fields | {"text": "Another life."})
    epoch = world.uuid()
    spaces = [replace(each, epoch=epoch) for each in answer.spaces]
    phone.receive(request, replace(answer, records=[early], outcomes=[], spaces=spaces, more=True))
    return phone


async def words_on_the_way_are_those_of_ones_own_space(world: RecordedWorld) -> Recorder:
    """Another life of the couple's space leaves them there."""
    phone, _, couple = await met(world)
    for day in range(3):
        world.device(world.people[0]).make("check_in", local_date=f"2026-03-0{day + 2}")
    for tablet in world.devices[2:]:
        await tablet.sync()
    phone.force("step", couple=couple.id, set={"goal": str(world.uuid()), "title": "Kiwi.", "done": "soon"})
    request = phone.request(limit=1)
    phone.receive(request, await phone.send(request))
    request = phone.request(limit=1)
    answer = await phone.send(request)
    spaces = [each if each.home == "personal" else replace(each, epoch=world.uuid()) for each in answer.spaces]
    phone.receive(request, replace(answer, spaces=spaces))
    assert not phone.request(limit=1).changes
    return phone


CASES: tuple[Case, ...] = (
    a_record_is_made_and_edited_offline,
    an_answer_is_lost_and_the_same_is_sent_again,
    an_answer_that_was_overtaken_is_not_taken,
    an_edit_on_top_of_a_waiting_one_has_not_seen_what_was_pulled_since,
    two_texts_stand_beside_each_other_until_one_is_picked,
    a_joined_text_is_confirmed,
    of_a_set_what_was_added_and_taken_out_is_laid_over_what_comes,
    words_that_cannot_be_kept_come_back,
    what_is_removed_stays_a_record_and_can_be_brought_back,
    what_is_gone_is_wiped,
    a_long_answer_comes_in_pages,
    a_step_is_not_shown_before_its_goal_has_come,
    a_clock_that_is_set_back_tells_no_age,
    a_store_that_went_back_is_taken_anew_and_given_what_it_lost,
    a_refused_edit_is_not_shown_while_its_words_are_on_the_way,
    a_text_begins_as_nothing_and_can_be_nothing_again,
    a_second_reset_before_the_first_is_done_keeps_the_smaller_head,
    what_was_decided_in_a_life_that_is_over_waits_again,
    what_the_partner_made_comes_back_from_here,
    of_a_text_that_was_touched_since_the_restore_it_says_what_both_have,
    a_text_that_stood_beside_comes_back_beside,
    a_letter_comes_back_and_its_draft_goes,
    a_letter_to_somebody_who_is_gone_is_a_draft_again,
    words_that_had_no_place_come_back_once,
    words_that_had_no_place_are_no_edit_of_the_record_that_comes_back,
    after_a_restore_nothing_opens_and_nothing_protects_less,
    what_was_removed_is_removed_again,
    a_set_is_in_the_order_of_code_points,
    what_is_written_to_a_record_that_was_wiped_is_kept,
    a_cursor_that_is_not_known_any_more_begins_a_full_copy,
    a_cursor_of_a_life_that_is_over_loses_nothing,
    of_an_id_in_two_spaces_the_one_that_stands_is_shown,
    versions_of_two_lives_are_not_compared,
    words_on_the_way_are_those_of_ones_own_space,
)
