"""More stories of tests/vectors/device.json: what seldom comes, and where a reader of the page might guess."""

from collections.abc import Collection
from typing import Any

from msgspec.structs import replace

from sync.wire import Gone, Reset, SyncRequest, SyncResponse
from tests.vectors.device_cases import Case, met, pulled
from tests.vectors.recorded import RecordedWorld, Recorder


async def asked(phone: Recorder, *, limit: int = 500) -> tuple[SyncRequest, SyncResponse]:
    """Ask, and take nothing yet."""
    request = phone.request(limit=limit)
    return request, await phone.send(request)


async def page(phone: Recorder) -> None:
    """Take one answer with one row."""
    request, answer = await asked(phone, limit=1)
    phone.receive(request, answer)


async def days(world: RecordedWorld, count: int) -> None:
    """Let another phone of Ana's make so many rows that an answer comes in pages."""
    tablet = world.device(world.people[0])
    for day in range(count):
        tablet.make("check_in", local_date=f"2026-02-{day + 1:02}", text=f"Day {day + 1}.")
    await tablet.sync()


# An edit, and what is shown ---------------------------------------------------------------------------------------


async def what_belongs_to_a_record_is_shown_once_that_is_there(world: RecordedWorld) -> Recorder:
    phone, partner, couple = await met(world)
    goal, summary = world.uuid(), world.uuid()
    partner.make("progress", couple=couple, goal=goal, on="2026-03-02", note="A start.")
    partner.make("counsel_part", couple=couple, summary=summary, section="hopes", text="More sleep.")
    partner.force("goal", goal, couple=couple.id, set={"notes": "Slow walks."})
    days_told = {"from": "2026-02-01", "to": "2026-03-01", "for_whom": None}
    partner.force("counsel_summary", summary, couple=couple.id, set=days_told)
    await partner.sync()
    while phone.replica.cursor is None or len(phone.view("counsel_summary")) == 0:
        await page(phone)
    await phone.sync()
    return phone


async def of_a_goal_that_is_gone_no_step_is_shown(world: RecordedWorld) -> Recorder:
    """Nor of a record of another kind, though the goal is shown with what is still written to it."""
    phone, _, couple = await met(world)
    goal = phone.make("goal", couple=couple, notes="Slow walks.")
    step = phone.make("step", couple=couple, goal=goal, title="Find a room")
    await phone.sync()
    phone.force("step", couple=couple.id, set={"goal": str(step), "title": "Kiwi."})
    request, answer = await asked(phone)
    space = next(each.id for each in answer.spaces if each.home == "couple")
    wiped = Gone(space=space, kind="goal", id=goal, version=9)
    phone.receive(request, replace(answer, records=[], gone=[wiped], outcomes=[], more=True))
    phone.write(goal, notes="Slow walks by the sea.")
    assert phone.shown(goal) is not None
    assert not phone.view("step")
    return phone


async def an_edit_that_was_refused_does_not_limit_the_next_one(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    entry = phone.make("check_in", local_date="2026-03-02", text="Slept well.")
    await phone.sync()
    phone.write(entry, valence=1)
    await phone.sync()
    await days(world, 2)
    phone.force("check_in", entry, base=2, set={"text": "Plum.", "valence": 99}, was={"text": "Slept well."})
    await page(phone)
    change = phone.write(entry, valence=3)
    assert change is not None
    assert change.base == 3
    await phone.sync(limit=1)
    return phone


async def words_that_come_back_do_not_wait_in_their_record(world: RecordedWorld) -> Recorder:
    """They are no edit of it, and do not limit the next one."""
    phone, _, _ = await met(world)
    entry = phone.make("check_in", local_date="2026-03-02", text="Slept well.")
    await phone.sync()
    dump = world.dump()
    phone.force("check_in", entry, base=2, set={"text": "Plum.", "valence": 99}, was={"text": "Slept well."})
    await phone.sync()
    world.restore(dump)
    request, answer = await asked(phone)
    phone.receive(request, answer)
    shown = phone.shown(entry)
    assert shown is not None
    assert not shown.pending
    change = phone.write(entry, valence=1)
    assert change is not None
    assert change.base == 2
    await phone.sync()
    return phone


# Taking an answer ---------------------------------------------------------------------------------------------------


async def a_refusal_that_is_told_once_more_is_one_still(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    await days(world, 3)
    phone.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})
    phone.force("check_in", set={"local_date": "nonsense", "valence": 1})
    await phone.sync_without_answer()
    await page(phone)
    assert [each.status for each in phone.outcomes] == ["duplicate", "duplicate"]
    assert [each.fields["text"] for each in phone.view("check_in")] == ["Day 1."]
    await phone.sync(limit=1)
    return phone


async def an_older_row_does_not_take_the_place_of_a_newer_one(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    entry = phone.make("check_in", local_date="2026-03-02", text="Slept well.")
    request, answer = await asked(phone)
    phone.receive(request, answer)
    [early] = answer.records
    phone.write(entry, text="Slept well. Tired now.")
    await phone.sync()
    request, answer = await asked(phone)
    phone.receive(request, replace(answer, records=[early], more=True))
    request, answer = await asked(phone)
    wiped = Gone(space=early.space, kind="check_in", id=entry, version=early.version)
    phone.receive(request, replace(answer, gone=[wiped], more=True))
    phone.begin_anew()
    request, answer = await asked(phone)
    phone.receive(request, replace(answer, more=True))
    request, answer = await asked(phone)
    phone.receive(request, replace(answer, records=[early]))
    assert phone.fields(entry)["text"] == "Slept well. Tired now."
    return phone


async def what_is_decided_leaves_with_the_last_page(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    entry = phone.make("check_in", local_date="2026-03-02", text="Slept well.")
    await phone.sync()
    phone.write(entry, valence=2)
    phone.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})
    request, answer = await asked(phone)
    phone.receive(request, replace(answer, records=[], more=True))
    assert phone.fields(entry)["valence"] == 2
    request, answer = await asked(phone)
    phone.receive(request, replace(answer, records=[]))
    assert phone.fields(entry)["valence"] is None
    change = phone.write(entry, valence=3)
    assert change is not None
    assert change.base == 2
    phone.request()
    return phone


async def nothing_arrives_while_a_space_is_taken_anew(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    await days(world, 2)
    entry = phone.make("check_in", local_date="2026-03-04", text="Day 4.")
    await page(phone)
    await days(world, 2)
    phone.begin_anew()
    for _ in range(4):
        await page(phone)
        assert phone.fields(entry)["text"] == "Day 4."
    await phone.sync(limit=1)
    return phone


async def what_went_before_it_was_decided_has_not_arrived(world: RecordedWorld) -> Recorder:
    """So the edit is there still when the store turns out to have gone back."""
    phone, _, _ = await met(world)
    entry = phone.make("check_in", local_date="2026-03-02", text="Slept well.")
    await phone.sync()
    phone.write(entry, text="Slept well. Tired now.")
    request, answer = await asked(phone)
    [record] = answer.records
    wiped = Gone(space=record.space, kind="check_in", id=entry, version=record.version - 1)
    phone.receive(request, replace(answer, records=[], gone=[wiped], more=True))
    world.bump()
    request, answer = await asked(phone)
    phone.receive(request, answer)
    assert len(phone.waiting) == 1
    phone.request()
    return phone


async def what_arrives_does_so_in_its_own_space(world: RecordedWorld) -> Recorder:
    """Of its id there is something in another one, which has gone."""
    phone, _, couple = await met(world)
    await days(world, 2)
    goal = phone.make("goal", couple=couple, notes="Slow walks.")
    request, answer = await asked(phone, limit=1)
    own = next(each.id for each in answer.spaces if each.home == "personal")
    wiped = Gone(space=own, kind="note_draft", id=goal, version=99)
    phone.receive(request, replace(answer, gone=[wiped]))
    world.bump()
    await phone.sync()
    assert phone.fields(goal)["notes"] == "Slow walks."
    return phone


# After the store has gone back ---------------------------------------------------------------------------------------


async def a_second_reset_with_a_larger_head_keeps_that_of_the_first(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    phone.make("check_in", local_date="2026-03-01", text="Day 1.")
    await phone.sync()
    early = world.dump()
    for day in (2, 3):
        phone.make("check_in", local_date=f"2026-03-0{day}", text=f"Day {day}.")
    await phone.sync()
    world.restore(early)
    request, answer = await asked(phone, limit=1)
    phone.receive(request, answer)
    [first] = answer.reset
    request, answer = await asked(phone)
    phone.receive(request, replace(answer, reset=[replace(first, head=first.head + 1)]))
    assert len(phone.waiting) == 2
    await phone.sync()
    return phone


async def what_both_lives_had_and_the_new_copy_lacks_is_dropped(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    dropped = phone.make("check_in", local_date="2026-03-02", text="Day 2.")
    goal = phone.make("goal", couple=couple, notes="Slow walks.")
    await phone.sync()
    dump = world.dump()
    phone.make("check_in", local_date="2026-03-03", text="Day 3.")
    phone.make("step", couple=couple, goal=goal, title="Find a room")
    await phone.sync()
    world.restore(dump)
    request, answer = await asked(phone)
    phone.receive(request, replace(answer, records=without(answer, {dropped, goal})))
    assert phone.shown(dropped) is None
    assert len(phone.waiting) == 2
    phone.request()
    return phone


async def a_number_protects_more_where_it_is_smaller_or_larger(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    settings = phone.only("settings").id
    form = {"form": "no_prompts", "zone": "Europe/Vienna"}
    limited = phone.make("boundary", **form)
    unlimited = phone.make("boundary", **form, max_prompts_a_day=2)
    fewer = phone.make("boundary", **form, max_prompts_a_day=3)
    pause = phone.make("pause", couple=couple, minutes=60)
    before = {
        "seldom_check_in_invite": 2,
        "seldom_reflection_invite": 0,
        "prompt_own_step": 3,
        "prompt_goal_lookback": 1,
    }
    phone.write(settings, **before, wake_ups=True, quiet_off=True)
    await phone.sync()
    dump = world.dump()
    phone.write(limited, max_prompts_a_day=2)
    phone.write(unlimited, max_prompts_a_day=None)
    phone.write(fewer, max_prompts_a_day=1)
    phone.write(pause, minutes=90)
    after = {
        "seldom_check_in_invite": 1,
        "seldom_reflection_invite": 3,
        "prompt_own_step": 2,
        "prompt_goal_lookback": 2,
    }
    phone.write(settings, **after, wake_ups=False, quiet_off=False)
    await phone.sync()
    world.restore(dump)
    await phone.sync()
    told = phone.fields(settings)
    assert [told[name] for name in after] == [2, 3, 2, 1]
    assert [phone.fields(each)["max_prompts_a_day"] for each in (limited, unlimited, fewer)] == [2, 2, 1]
    return phone


async def of_what_is_shown_and_told_the_less_stands(world: RecordedWorld) -> Recorder:
    """Of two couples neither is less: then it is for nobody else."""
    phone, _, couple = await met(world)
    settings = phone.only("settings").id
    form = {"form": "no_prompts", "zone": "Europe/Vienna", "audience": couple.id}
    opened = phone.make("boundary", **form, visibility="silent")
    closed = phone.make("boundary", **form, visibility="effect_and_message", message="Later.")
    entry = phone.make("check_in", local_date="2026-03-02", text="Rain.", audience=couple.id, shared_parts=["text"])
    phone.write(settings, push_privacy="hidden", wake_ups=False)
    await phone.sync()
    world.part(couple)
    next_couple = world.pair(world.people[0], world.person("Cleo"))
    await phone.sync()
    dump = world.dump()
    phone.write(opened, visibility="effect_and_message")
    phone.write(closed, visibility="effect")
    phone.write(entry, audience=next_couple.id)
    phone.write(settings, push_privacy="descriptive", wake_ups=True)
    await phone.sync()
    world.restore(dump)
    await phone.sync()
    assert [phone.fields(each)["visibility"] for each in (opened, closed)] == ["silent", "effect"]
    assert phone.fields(entry)["audience"] == "only_me"
    return phone


async def under_the_id_of_what_was_lost_something_else_may_stand(world: RecordedWorld) -> Recorder:
    """Of somebody else, of another kind, or with another word that never changes: the lost one is sent whole."""
    phone, partner, couple = await met(world)
    goal, other = (phone.make("goal", couple=couple, notes=f"Walk {nth}.") for nth in range(2))
    await world.settle()
    dump = world.dump()
    mine = [phone.make("step", couple=couple, goal=goal, title=f"Mine {nth}.") for nth in range(4)]
    theirs = partner.make("step", couple=couple, goal=goal, title="Theirs.")
    await world.settle()
    world.restore(dump)
    tablet, bens = world.device(world.people[0]), world.device(world.people[1])
    step = {"goal": str(goal), "title": "Another.", "taken_by": [], "done": False}
    bens.force("step", mine[0], couple=couple.id, set=step)
    tablet.force("step", mine[1], couple=couple.id, set=step | {"goal": str(other)})
    progress = {"goal": str(goal), "on": "2026-03-02", "note": "Another."}
    tablet.force("progress", mine[2], couple=couple.id, set=progress)
    tablet.force("step", mine[3], couple=couple.id, set=step)
    tablet.force("step", theirs, couple=couple.id, set=step)
    await tablet.sync()
    await bens.sync()
    await phone.sync()
    return phone


async def a_letter_that_was_given_on_another_day_is_another_one(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    draft = phone.make("note_draft", for_couple=couple.id, for_what="The soup.", text="It was warm.")
    await phone.sync()
    dump = world.dump()
    phone.write(draft, send=True)
    await phone.sync()
    world.restore(dump)
    world.pass_time(days=1)
    tablet = world.device(world.people[0])
    await tablet.sync()
    tablet.write(draft, send=True)
    await tablet.sync()
    await phone.sync()
    return phone


async def of_a_couple_that_has_parted_either_sends_what_both_edit(world: RecordedWorld) -> Recorder:
    phone, partner, couple = await met(world)
    dump = world.dump()
    goal = partner.make("goal", couple=couple, notes="Slow walks.")
    partner.make("goal_terms", couple=couple, goal=goal, title="A week by the sea")
    await world.settle()
    world.restore(dump)
    world.part(couple)
    await phone.sync()
    return phone


async def a_text_that_stands_in_the_pulled_one_is_not_sent(world: RecordedWorld) -> Recorder:
    """Nor does a removal that is sent alone say then that nothing else differed."""
    phone, partner, couple = await met(world)
    goal = phone.make("goal", couple=couple, notes="Two nights.")
    steps = [phone.make("step", couple=couple, goal=goal, title="Pack") for _ in range(2)]
    await world.settle()
    dump = world.dump()
    phone.write(goal, notes="Two nights. By train.", topic="us")
    phone.write(steps[0], title="Pack.")
    phone.remove(steps[0])
    phone.remove(steps[1])
    await phone.sync()
    world.restore(dump)
    partner.write(goal, notes="By train. Ask Cleo. Two nights.")
    partner.write(steps[0], title="Pack. And soon.")
    await partner.sync()
    await phone.sync()
    assert phone.fields(goal)["notes"] == "By train. Ask Cleo. Two nights."
    return phone


async def only_a_draft_that_stands_is_taken_away(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    tablet = world.device(world.people[0])
    words = {"for_couple": couple.id, "for_what": "The soup.", "text": "It was warm."}
    removed, sent = (phone.make("note_draft", **words) for _ in range(2))
    phone.remove(removed)
    phone.write(sent, delivery="when_opened")
    await phone.sync()
    dump = world.dump()
    phone.write(sent, send=True)
    await phone.sync()
    world.restore(dump)
    await phone.sync()
    await tablet.sync()
    return phone


async def that_a_draft_goes_had_seen_it_though_an_edit_of_it_waits(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    tablet = world.device(world.people[0])
    draft = phone.make("note_draft", for_couple=couple.id, for_what="The soup.")
    await world.settle()
    tablet.write(draft, text="It was warm.")
    await tablet.sync()
    dump = world.dump()
    phone.write(draft, about_you="You cooked.")
    tablet.write(draft, send=True)
    await tablet.sync()
    await pulled(phone)
    world.restore(dump)
    await phone.sync()
    return phone


async def a_refused_edit_does_not_say_what_was_seen(world: RecordedWorld) -> Recorder:
    """Its words are on the way when what it was about is sent again."""
    phone, _, couple = await met(world)
    goal = phone.make("goal", couple=couple, notes="Slow walks.")
    step = phone.make("step", couple=couple, goal=goal, title="Find a room")
    request, answer = await asked(phone)
    phone.receive(request, answer)
    early, head = answer.records, max(each.version for each in answer.records)
    phone.write(step, title="Find a room by the sea")
    await phone.sync()
    await days(world, 3)
    phone.force("step", step, couple=couple.id, base=head, set={"title": "Kiwi.", "done": "soon"})
    await page(phone)
    request, answer = await asked(phone, limit=1)
    ours = next(each for each in answer.spaces if each.home == "couple")
    epoch = world.uuid()
    spaces = [replace(each, epoch=epoch) if each.id == ours.id else each for each in answer.spaces]
    reset = [Reset(space=ours.id, epoch=epoch, head=head)]
    phone.receive(request, replace(answer, reset=reset, spaces=spaces, records=early, more=False))
    [kept] = phone.waiting
    assert kept.change.origin is not None
    assert kept.change.origin.seen
    phone.request()
    return phone


async def what_is_sent_again_twice_had_not_seen_what_came_between(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    entry = phone.make("check_in", local_date="2026-03-02", text="Slept well.")
    await phone.sync()
    dump = world.dump()
    phone.write(entry, text="Slept well. Tired now.")
    await phone.sync()
    world.restore(dump)
    tablet = world.device(world.people[0])
    await tablet.sync()
    tablet.write(entry, valence=2)
    await tablet.sync()
    request, answer = await asked(phone)
    phone.receive(request, answer)
    world.restore(dump)
    request, answer = await asked(phone)
    phone.receive(request, answer)
    told = [kept.change.origin for kept in phone.waiting]
    assert [origin is not None and origin.seen for origin in told] == [False, True]
    await phone.sync()
    return phone


async def words_without_a_place_come_in_the_order_of_the_rest(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    dump = world.dump()
    phone.make("check_in", local_date="2026-03-02", text="Day 2.")
    await phone.sync()
    phone.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})
    await phone.sync()
    phone.make("check_in", local_date="2026-03-03", text="Day 3.")
    await phone.sync()
    world.restore(dump)
    await phone.sync()
    return phone


async def words_without_a_place_come_back_unless_the_same_stand_there(world: RecordedWorld) -> Recorder:
    """Those that were put away do not stand, and those of another kind are others."""
    phone, _, _ = await met(world)
    away, stands = (phone.make("check_in", local_date=f"2026-03-0{day}") for day in (2, 3))
    await phone.sync()
    phone.force("check_in", away, base=2, set={"valence": 9, "text": "Kiwi."})
    await phone.sync()
    phone.remove(phone.only("unplaced").id)
    phone.force("check_in", stands, base=3, set={"valence": 9, "text": "Plum."})
    await phone.sync()
    dump = world.dump()
    phone.force("check_in", away, base=2, set={"valence": 9, "text": "Kiwi."})
    phone.force("check_in", stands, base=3, set={"valence": 9, "text": "Plum."})
    phone.force("balance_note", stands, set={"text": "Plum."})
    await phone.sync()
    world.restore(dump)
    await phone.sync()
    assert sorted(each["text"] for each in phone.unplaced()) == ["Kiwi.", "Plum.", "Plum."]
    return phone


async def a_notice_that_was_put_away_is_put_away_again(world: RecordedWorld) -> Recorder:
    """Words without a place come to be seen once more."""
    phone, partner, couple = await met(world)
    goal = phone.make("goal", couple=couple, notes="We take the train.")
    await world.settle()
    partner.write(goal, notes="We take the slow train.")
    await partner.sync()
    phone.write(goal, notes="We take the night train.")
    phone.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})
    await phone.sync()
    dump = world.dump()
    phone.remove(phone.only("notice").id)
    phone.remove(phone.only("unplaced").id)
    await phone.sync()
    world.restore(dump)
    await phone.sync()
    assert not phone.notices()
    assert phone.unplaced() == [{"text": "Kiwi."}]
    return phone


async def an_edit_follows_on_what_says_the_same_in_both_lives(world: RecordedWorld) -> Recorder:
    """Unless it had not seen that, or brings words that are not there: somebody may have destroyed just these."""
    phone, _, _ = await met(world)
    tablet, third = (world.device(world.people[0]) for _ in range(2))
    await third.sync()
    dump = world.dump()
    day = {"local_date": "2026-03-02", "text": "One. Two.", "needs": ["rest"]}
    entries = [phone.make("check_in", **day) for _ in range(4)]
    thoughts = [phone.make("reflection", trigger="One.", need="One.", feelings=["calm"]) for _ in range(6)]
    await world.settle(phone, tablet)
    tablet.write(thoughts[5], need="One. Two.")
    tablet.write(thoughts[4], trigger="One. Two.", need="One. Two.")
    phone.write(thoughts[4], trigger="Zero. One.", need="Zero. One.")
    await tablet.sync()
    await phone.sync()
    await tablet.sync()
    tablet.write(thoughts[5], need="One. Two. Three.")
    await tablet.sync()
    phone.write(thoughts[5], intensity=3)
    await pulled(phone)
    world.restore(dump)
    third.make("reflection", trigger="First.")
    await third.sync()
    await tablet.sync()
    phone.write(entries[0], valence=1)
    phone.write(entries[1], text="Two.")
    phone.write(entries[2], text="One. Two. Three.")
    phone.write(entries[3], needs=["clarity", "rest"])
    phone.write(thoughts[0], feelings=["calm", "tired"])
    phone.write(thoughts[1], feelings=[])
    phone.write(thoughts[2], sealed="c2VhbGVk")
    phone.write(thoughts[3], intensity=2)
    phone.confirm(thoughts[4], "need")
    request, answer = await asked(phone)
    phone.receive(request, answer)
    bases = [kept.change.base for kept in phone.waiting[-10:]]
    head = answer.reset[0].head
    assert [base > head for base in bases] == [False, True, True, False, True, False, True, False, True, True]
    await phone.sync()
    return phone


async def what_the_server_says_of_a_record_makes_it_no_other(world: RecordedWorld) -> Recorder:
    """Nor does a text that stood beside."""
    phone, partner, couple = await met(world)
    tablet, third = (world.device(world.people[0]) for _ in range(2))
    await third.sync()
    dump = world.dump()
    goals = [phone.make("goal", couple=couple, notes=f"Walk {nth}.") for nth in range(2)]
    await world.settle(phone, partner)
    phone.write(goals[1], notes="Sail.")
    await phone.sync()
    await tablet.sync()
    phone.make("goal_terms", couple=couple, goal=goals[0], title="A week by the sea")
    partner.write(goals[1], notes="Swim.")
    await partner.sync()
    await phone.sync()
    shown = phone.shown(goals[1])
    assert shown is not None
    assert shown.alternatives
    world.restore(dump)
    third.make("goal", couple=couple, notes="First.")
    await third.sync()
    await tablet.sync()
    for goal in goals:
        phone.write(goal, topic="us")
    request, answer = await asked(phone)
    phone.receive(request, answer)
    versions = {row.id: row.version for row in answer.records}
    assert [kept.change.base for kept in phone.waiting[-2:]] == [versions[goal] for goal in goals]
    await phone.sync()
    return phone


async def what_went_in_both_lives_says_the_same(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    tablet, third = (world.device(world.people[0]) for _ in range(2))
    await third.sync()
    dump = world.dump()
    draft = phone.make("note_draft", for_couple=couple.id, for_what="The soup.", text="It was warm.")
    await phone.sync()
    await tablet.sync()
    phone.write(draft, send=True)
    await phone.sync()
    world.restore(dump)
    third.make("reflection", trigger="First.")
    await third.sync()
    tablet.write(draft, send=True)
    await tablet.sync()
    phone.write(draft, delivery="when_opened")
    phone.write(draft, text="It was warm. And salty.")
    request, answer = await asked(phone)
    phone.receive(request, answer)
    await phone.sync()
    return phone


async def a_draft_that_is_not_there_any_more_is_not_told_to_wait(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    dump = world.dump()
    draft = phone.make("note_draft", for_couple=couple.id, for_what="The soup.", text="It was warm.")
    await phone.sync()
    phone.write(draft, send=True)
    await phone.sync()
    world.restore(dump)
    phone.write(draft, text="It was warm. And salty.")
    await phone.sync()
    return phone


def without(answer: SyncResponse, ids: Collection[Any]) -> list[Any]:
    """The records of an answer but these."""
    return [each for each in answer.records if each.id not in ids]


CASES: tuple[Case, ...] = (
    what_belongs_to_a_record_is_shown_once_that_is_there,
    of_a_goal_that_is_gone_no_step_is_shown,
    an_edit_that_was_refused_does_not_limit_the_next_one,
    words_that_come_back_do_not_wait_in_their_record,
    a_refusal_that_is_told_once_more_is_one_still,
    an_older_row_does_not_take_the_place_of_a_newer_one,
    what_is_decided_leaves_with_the_last_page,
    nothing_arrives_while_a_space_is_taken_anew,
    what_went_before_it_was_decided_has_not_arrived,
    what_arrives_does_so_in_its_own_space,
    a_second_reset_with_a_larger_head_keeps_that_of_the_first,
    what_both_lives_had_and_the_new_copy_lacks_is_dropped,
    a_number_protects_more_where_it_is_smaller_or_larger,
    of_what_is_shown_and_told_the_less_stands,
    under_the_id_of_what_was_lost_something_else_may_stand,
    a_letter_that_was_given_on_another_day_is_another_one,
    of_a_couple_that_has_parted_either_sends_what_both_edit,
    a_text_that_stands_in_the_pulled_one_is_not_sent,
    only_a_draft_that_stands_is_taken_away,
    that_a_draft_goes_had_seen_it_though_an_edit_of_it_waits,
    a_refused_edit_does_not_say_what_was_seen,
    what_is_sent_again_twice_had_not_seen_what_came_between,
    words_without_a_place_come_in_the_order_of_the_rest,
    words_without_a_place_come_back_unless_the_same_stand_there,
    a_notice_that_was_put_away_is_put_away_again,
    an_edit_follows_on_what_says_the_same_in_both_lives,
    what_the_server_says_of_a_record_makes_it_no_other,
    what_went_in_both_lives_says_the_same,
    a_draft_that_is_not_there_any_more_is_not_told_to_wait,
)
