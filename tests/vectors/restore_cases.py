"""More stories of tests/vectors/device.json: what a phone of Ana's does after the store has gone back in time."""

from msgspec.structs import replace

from tests.vectors.device_cases import Case, met, pulled
from tests.vectors.recorded import RecordedWorld, Recorder

NIGHTS = [{"weekday": day, "from": "22:00", "to": "06:00"} for day in (0, 1)]
NOONS = [{"weekday": day, "from": "12:00", "to": "13:00"} for day in (1, 2)]


async def what_somebody_was_not_to_know_of_is_not_told(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    shown = {"audience": couple.id, "shared_parts": ["text"]}
    told = phone.make("check_in", local_date="2026-03-02", text="Rain.", let_them_know=True, **shown)
    untold = phone.make("check_in", local_date="2026-03-03", text="Sun.", **shown)
    await world.settle()
    dump = world.dump()
    phone.write(told, let_them_know=False)
    phone.write(untold, let_them_know=True)
    await world.settle()
    world.restore(dump)
    await phone.sync()
    assert not phone.fields(told)["let_them_know"]
    assert not phone.fields(untold)["let_them_know"]
    return phone


async def a_request_that_is_made_again_is_withdrawn(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    dump = world.dump()
    phone.make("support_request", couple=couple, form="listen", text="A hard day.")
    await world.settle()
    world.restore(dump)
    await phone.sync()
    return phone


async def of_a_couple_that_has_parted_each_sends_their_own(world: RecordedWorld) -> Recorder:
    phone, partner, couple = await met(world)
    dump = world.dump()
    for each, text in ((phone, "It was warm."), (partner, "It was too salty.")):
        each.make("note_draft", for_couple=couple.id, for_what="The soup.", text=text, send=True)
    await world.settle()
    world.restore(dump)
    world.part(couple)
    await phone.sync()
    return phone


async def a_letter_becomes_one_draft_whatever_phones_it_was_on(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    tablet = world.device(world.people[0])
    await tablet.sync()
    dump = world.dump()
    phone.make("note_draft", for_couple=couple.id, for_what="The soup.", text="It was warm.", send=True)
    await world.settle()
    world.restore(dump)
    world.part(couple)
    await tablet.sync()
    await phone.sync()
    assert len(phone.view("note_draft")) == 1
    return phone


async def what_was_written_without_seeing_the_rest_does_not_say_that_it_had(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    tablet = world.device(world.people[0])
    entry = phone.make("check_in", local_date="2026-03-02", text="Slept well.")
    seen = phone.make("check_in", local_date="2026-03-03", text="Rain.")
    await world.settle()
    dump = world.dump()
    tablet.write(entry, text="Slept well. Tea helped.")
    tablet.write(seen, text="Rain. Then sun.")
    await tablet.sync()
    phone.write(entry, valence=2)
    await pulled(phone)
    phone.write(seen, valence=1)
    world.restore(dump)
    await phone.sync()
    return phone


async def what_somebody_has_removed_since_is_not_brought_back_by_hand(world: RecordedWorld) -> Recorder:
    phone, partner, couple = await met(world)
    goal = phone.make("goal", couple=couple)
    steps = [phone.make("step", couple=couple, goal=goal, title=f"Step {nth}.") for nth in range(2)]
    phone.remove(steps[1])
    await world.settle()
    dump = world.dump()
    phone.write(steps[0], title="Step 0, soon.")
    phone.bring_back(steps[1])
    await world.settle()
    world.restore(dump)
    partner.remove(steps[0])
    await partner.sync()
    await phone.sync()
    return phone


async def what_was_done_since_stays_done(world: RecordedWorld) -> Recorder:
    phone, partner, couple = await met(world)
    tablet = world.device(world.people[0])
    goal = phone.make("goal", couple=couple)
    steps = [phone.make("step", couple=couple, goal=goal, title=f"Step {nth}.") for nth in range(2)]
    own = [phone.make("own_goal", title=f"Goal {nth}.") for nth in range(2)]
    await world.settle()
    dump = world.dump()
    phone.write(steps[0], title="Step 0, soon.")
    phone.write(steps[1], done=True)
    phone.write(own[0], ending="achieved")
    phone.write(own[1], ending="let_go")
    await world.settle()
    world.restore(dump)
    partner.write(steps[0], done=True)
    await partner.sync()
    for each, ending in zip(own, ("let_go", "achieved"), strict=True):
        tablet.force("own_goal", each, set={"ending": ending}, base=1)
    await tablet.sync()
    await phone.sync()
    assert all(phone.fields(each)["done"] for each in steps)
    assert {phone.fields(each)["ending"] for each in own} == {"let_go"}
    return phone


async def a_boundary_begins_no_later_and_ends_no_earlier(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    form = {"form": "no_prompts", "zone": "Europe/Vienna"}
    early, late = "2026-03-03T08:00:00Z", "2026-03-05T20:00:00Z"
    later, earlier = "2026-03-04T08:00:00Z", "2026-03-04T20:00:00Z"
    narrowed = phone.make("boundary", **form | {"from": early, "until": late, "windows": NIGHTS})
    widened = phone.make("boundary", **form | {"from": later, "until": earlier})
    opened = phone.make("boundary", **form | {"from": early, "until": None})
    settings = phone.only("settings").id
    await world.settle()
    dump = world.dump()
    phone.write(narrowed, **{"from": later, "until": earlier, "windows": NOONS})
    phone.write(widened, **{"from": early, "until": late})
    phone.write(opened, **{"from": None, "until": late})
    phone.write(settings, quiet=NOONS, quiet_off=True)
    await phone.sync()
    world.restore(dump)
    await phone.sync()
    return phone


async def words_that_found_a_place_do_not_come_back(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    dump = world.dump()
    phone.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})
    await phone.sync()
    phone.remove(phone.only("unplaced").id)
    await phone.sync()
    world.restore(dump)
    await phone.sync()
    assert not phone.unplaced()
    assert not phone.request().changes
    return phone


async def words_on_the_way_from_a_life_that_is_over_wait_again(world: RecordedWorld) -> Recorder:
    phone, _, _ = await met(world)
    tablet = world.device(world.people[0])
    for day in (2, 3):
        tablet.make("check_in", local_date=f"2026-03-0{day}", text=f"Day {day}.")
    await tablet.sync()
    dump = world.dump()
    phone.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})
    request = phone.request(limit=1)
    phone.receive(request, await phone.send(request))
    world.restore(dump)
    await phone.sync(limit=1)
    assert phone.unplaced() == [{"text": "Kiwi."}]
    return phone


async def a_letter_goes_as_it_was_told_to(world: RecordedWorld) -> Recorder:
    """What was written after it had gone waits for another word; what says itself whether it goes does as it says."""
    phone, _, couple = await met(world)
    drafts = [
        phone.make("note_draft", for_couple=couple.id, for_what=f"Soup {nth}.", text="It was warm.") for nth in range(2)
    ]
    await world.settle()
    dump = world.dump()
    for draft in drafts:
        phone.write(draft, send=True)
    await world.settle()
    world.restore(dump)
    phone.write(drafts[0], text="It was warm. And salty.")
    phone.write(drafts[1], text="It was warm. And sweet.", send=True)
    await phone.sync()
    return phone


async def of_a_letter_that_was_given_without_them_the_words_come_back(world: RecordedWorld) -> Recorder:
    phone, _, couple = await met(world)
    tablet = world.device(world.people[0])
    draft = phone.make("note_draft", for_couple=couple.id, for_what="The soup.", text="It was warm.")
    await world.settle()
    dump = world.dump()
    phone.write(draft, text="It was warm. And salty.")
    await phone.sync()
    world.restore(dump)
    tablet.write(draft, send=True)
    await tablet.sync()
    await phone.sync()
    return phone


async def a_text_that_stood_beside_in_a_record_that_was_lost_comes_first(world: RecordedWorld) -> Recorder:
    phone, partner, couple = await met(world)
    dump = world.dump()
    goal = phone.make("goal", couple=couple, notes="We take the train.")
    await world.settle()
    partner.write(goal, notes="We take the slow train.")
    await partner.sync()
    phone.write(goal, notes="We take the night train.")
    await world.settle()
    world.restore(dump)
    await phone.sync()
    return phone


async def a_space_that_is_not_named_any_more_takes_nothing(world: RecordedWorld) -> Recorder:
    """What was given in it is kept for its writer."""
    phone, _, couple = await met(world)
    dump = world.dump()
    phone.make("note_draft", for_couple=couple.id, for_what="The soup.", text="It was warm.", send=True)
    await world.settle()
    world.restore(dump)
    request = phone.request()
    answer = await phone.send(request)
    phone.receive(request, replace(answer, spaces=[each for each in answer.spaces if each.home == "personal"]))
    assert phone.only("note_draft").fields["text"] == "It was warm."
    phone.request()
    return phone


CASES: tuple[Case, ...] = (
    what_somebody_was_not_to_know_of_is_not_told,
    a_request_that_is_made_again_is_withdrawn,
    of_a_couple_that_has_parted_each_sends_their_own,
    a_letter_becomes_one_draft_whatever_phones_it_was_on,
    what_was_written_without_seeing_the_rest_does_not_say_that_it_had,
    what_somebody_has_removed_since_is_not_brought_back_by_hand,
    what_was_done_since_stays_done,
    a_boundary_begins_no_later_and_ends_no_earlier,
    words_that_found_a_place_do_not_come_back,
    words_on_the_way_from_a_life_that_is_over_wait_again,
    a_letter_goes_as_it_was_told_to,
    of_a_letter_that_was_given_without_them_the_words_come_back,
    a_text_that_stood_beside_in_a_record_that_was_lost_comes_first,
    a_space_that_is_not_named_any_more_takes_nothing,
)
