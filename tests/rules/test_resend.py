"""What only phones still hold comes back after a restore, once: letters, texts beside, words that had no place."""

import pytest

from tests.world import Couple, Device, World


def everywhere(world: World) -> str:
    """Every word that the store has: in records, beside them and behind them."""
    return str(world.store.records) + str(world.store.revisions)


@pytest.fixture
def world() -> World:
    return World(seed=1)


@pytest.fixture
def couple(world: World) -> Couple:
    return world.pair(world.person("Ana"), world.person("Ben"))


@pytest.fixture
async def phones(world: World, couple: Couple) -> tuple[Device, Device, Device]:
    """Ana's two and Ben's."""
    ana, ben = (member.person for member in world.store.spaces[couple.space].members)
    people = {each.id: each for each in world.people}
    devices = world.device(people[ana]), world.device(people[ana]), world.device(people[ben])
    await world.settle()
    return devices


Phones = tuple[Device, Device, Device]


async def test_a_letter_written_and_given_after_the_dump_is_given_again_once(
    world: World, couple: Couple, phones: Phones
) -> None:
    one, _two, bens = phones
    dump = world.dump()
    draft = one.make("note_draft", for_couple=couple.id, for_what="Thank you for the soup.", text="It was warm.")
    await world.settle()
    one.write(draft, send=True)
    await world.settle()
    assert "soup" in bens.texts()
    world.restore(dump)

    await world.settle()

    assert bens.only("note").fields["for_what"] == "Thank you for the soup."
    assert bens.only("note").fields["text"] == "It was warm."
    assert not one.view("note_draft")
    assert not one.unplaced()


async def test_a_letter_given_after_the_dump_is_given_from_the_draft_that_came_back(
    world: World, couple: Couple, phones: Phones
) -> None:
    one, _two, bens = phones
    draft = one.make("note_draft", for_couple=couple.id, for_what="Thank you for the soup.")
    await world.settle()
    dump = world.dump()
    one.write(draft, send=True)
    await world.settle()
    letter = bens.only("note").id
    world.restore(dump)

    await world.settle()

    assert bens.only("note").id == letter
    assert not one.view("note_draft")
    assert not one.unplaced()


async def test_a_letter_for_a_couple_that_has_parted_comes_back_as_a_draft(
    world: World, couple: Couple, phones: Phones
) -> None:
    one, _two, bens = phones
    dump = world.dump()
    draft = one.make("note_draft", for_couple=couple.id, for_what="Thank you for the soup.")
    one.write(draft, send=True)
    await world.settle()
    world.restore(dump)
    world.part(couple)

    await world.settle()

    assert not bens.view("note")
    assert one.only("note_draft").fields["for_what"] == "Thank you for the soup."
    assert one.only("note_draft").fields["send"] is False


async def test_a_letter_that_waited_to_be_found_waits_again(world: World, couple: Couple, phones: Phones) -> None:
    one, _two, bens = phones
    dump = world.dump()
    one.make("note_draft", for_couple=couple.id, for_what="The lake.", delivery="when_opened", send=True)
    await world.settle()
    world.restore(dump)

    await world.settle()

    assert bens.only("note").fields["found"] is True


@pytest.mark.parametrize("first", ["writer", "partner"])
async def test_a_text_that_stood_beside_comes_back(world: World, couple: Couple, phones: Phones, first: str) -> None:
    one, _two, bens = phones
    goal = one.make("goal", notes="Base.")
    await world.settle()
    dump = world.dump()
    one.write(goal, notes="Apples.")
    bens.write(goal, notes="Bananas.")
    await world.settle()
    world.restore(dump)

    await (one if first == "writer" else bens).sync()
    await world.settle()

    assert "Bananas" in everywhere(world)
    assert "Apples" in everywhere(world)


async def test_a_text_beside_a_record_that_the_store_has_forgotten_comes_back_behind_it(
    world: World, couple: Couple, phones: Phones
) -> None:
    one, _two, bens = phones
    dump = world.dump()
    goal = one.make("goal", notes="Base.")
    await world.settle()
    one.write(goal, notes="Apples.")
    bens.write(goal, notes="Bananas.")
    await world.settle()
    world.restore(dump)

    await bens.sync()

    assert bens.fields(goal)["notes"] == "Apples."
    assert "Bananas" in everywhere(world)


async def test_a_text_of_one_s_own_that_stood_beside_comes_back_behind_what_is_shown(
    world: World, couple: Couple, phones: Phones
) -> None:
    one, two, _bens = phones
    entry = one.make("check_in", local_date="2026-03-02", text="Base.")
    await world.settle()
    dump = world.dump()
    one.write(entry, text="Apples.")
    two.write(entry, text="Bananas.")
    await world.settle()
    shown = one.fields(entry)["text"]
    world.restore(dump)

    await world.settle()

    assert one.fields(entry)["text"] == two.fields(entry)["text"] == shown
    assert "Bananas" in everywhere(world)
    assert "Apples" in everywhere(world)


async def test_words_that_had_no_place_come_back_once(world: World, couple: Couple, phones: Phones) -> None:
    one, two, _bens = phones
    dump = world.dump()
    one.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})
    one.force("note_draft", set={"for_what": "A plum.", "delivery": 7})
    one.force("step", couple=world.uuid(), set={"goal": str(world.uuid()), "title": "Ferry."})
    await world.settle()
    kept = sorted(map(str, one.unplaced()))
    world.restore(dump)

    await world.settle()

    assert sorted(map(str, one.unplaced())) == kept
    assert sorted(map(str, two.unplaced())) == kept
    assert [one.view("check_in"), one.view("note_draft"), one.view("step")] == [[], [], []]


async def test_words_that_had_no_place_come_back_once_when_both_phones_send_them_before_they_see_each_other(
    world: World, couple: Couple, phones: Phones
) -> None:
    one, two, _bens = phones
    dump = world.dump()
    one.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})
    await world.settle()
    world.restore(dump)
    for phone in (one, two):
        while not phone.waiting:  # each has its new copy before the other sends
            request = phone.request()
            phone.receive(request, await phone.send(request))

    await world.settle()

    assert one.unplaced() == [{"text": "Kiwi."}]


async def test_words_that_were_put_away_do_not_come_back(world: World, couple: Couple, phones: Phones) -> None:
    one, _two, _bens = phones
    dump = world.dump()
    one.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})
    await world.settle()
    one.remove(one.only("unplaced").id)
    await world.settle()
    world.restore(dump)

    await world.settle()

    assert "Kiwi" not in everywhere(world)


async def test_what_was_sent_while_a_new_copy_is_taken_is_never_shown_as_a_record(
    world: World, couple: Couple, phones: Phones
) -> None:
    one, _two, _bens = phones
    dump = world.dump()
    one.force("note_draft", set={"for_what": "A plum.", "delivery": 7})
    await world.settle()
    world.restore(dump)
    while not one.waiting:
        request = one.request()
        one.receive(request, await one.send(request))
    assert one.waiting
    assert one.view("note_draft") == []


async def test_words_that_had_no_place_still_say_what_they_were_about_when_they_come_back(
    world: World, couple: Couple, phones: Phones
) -> None:
    one, two, _bens = phones
    entry = one.make("check_in", local_date="2026-03-02", text="Plum.")
    await world.settle()
    dump = world.dump()
    one.force("check_in", entry, set={"valence": 9, "text": "Kiwi."})
    await world.settle()
    assert one.only("unplaced").fields["about"] == str(entry)
    for _ in range(2):
        world.restore(dump)
        await world.settle()
        assert one.only("unplaced").fields == two.only("unplaced").fields
        assert one.only("unplaced").fields["about"] == str(entry)

    await world.purge(world.people[0], entry)
    await world.settle()

    assert "Kiwi" not in everywhere(world)
    assert "Kiwi" not in one.texts() + two.texts()


async def test_words_on_their_way_back_are_not_shown_in_the_record_that_they_were_about(
    world: World, couple: Couple, phones: Phones
) -> None:
    one, _two, _bens = phones
    entry = one.make("check_in", local_date="2026-03-02", text="Plum.")
    await world.settle()
    dump = world.dump()
    one.force("check_in", entry, set={"valence": 9, "text": "Kiwi."})
    await world.settle()
    world.restore(dump)
    while not one.waiting:
        request = one.request()
        one.receive(request, await one.send(request))

    shown = one.shown(entry)
    assert shown is not None
    assert (shown.fields["text"], shown.fields["valence"], shown.pending) == ("Plum.", None, False)
    one.write(entry, text="Plum. Lime.")
    assert one.waiting[-1].change.base == world.stored(entry).version, "it says nothing of what an edit has seen"
    await world.settle()
    assert one.fields(entry)["text"] == "Plum. Lime."
    assert one.unplaced() == [{"text": "Kiwi."}]


async def test_words_that_had_no_place_come_back_without_what_was_destroyed_in_the_record(
    world: World, couple: Couple, phones: Phones
) -> None:
    one, _two, _bens = phones
    entry = one.make("check_in", local_date="2026-03-02", text="Plum.")
    await world.settle()
    dump = world.dump()
    one.force("check_in", entry, set={"valence": 9, "text": "Plum. Kiwi."})
    await world.settle()
    world.restore(dump)
    await world.purge(world.people[0], entry)

    await world.settle()

    assert one.unplaced() == [{"text": "Kiwi."}]
    assert "Plum" not in str(world.store.records)


async def test_words_that_had_no_place_and_have_found_it_do_not_come_back(
    world: World, couple: Couple, phones: Phones
) -> None:
    one, two, _bens = phones
    entry = one.make("check_in", local_date="2026-03-02")
    await world.settle()
    dump = world.dump()
    one.force("check_in", entry, set={"valence": 9, "text": "Kiwi."})
    await one.sync()  # the other phone is away
    world.restore(dump)
    two.write(entry, text="Kiwi.")
    await two.sync()

    await world.settle()

    assert one.fields(entry)["text"] == "Kiwi."
    assert one.unplaced() == two.unplaced() == []


async def test_words_from_before_it_was_told_what_they_were_about_come_back_once(
    world: World, couple: Couple, phones: Phones
) -> None:
    one, two, _bens = phones
    dump = world.dump()
    one.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})
    await one.sync_without_answer()
    (box,) = world.records("unplaced")
    old = {name: value for name, value in box.fields.items() if name != "about"}
    world.store.records[box.space, box.id] = box.with_fields(old)
    await world.settle()
    for _ in range(2):
        world.restore(dump)
        await world.settle()
        assert one.unplaced() == two.unplaced() == [{"text": "Kiwi."}]


async def test_words_that_were_put_away_after_they_had_come_back_are_not_brought_back_by_another_phone(
    world: World, couple: Couple, phones: Phones
) -> None:
    one, two, _bens = phones
    dump = world.dump()
    one.force("check_in", set={"local_date": "nonsense", "text": "Kiwi."})
    await world.settle()
    world.restore(dump)
    await one.sync()  # it brings them back; the other phone is away
    one.remove(one.only("unplaced").id)
    await one.sync()

    await world.settle()

    assert one.unplaced() == two.unplaced() == []


async def test_words_that_stood_come_back_though_others_that_say_the_same_of_the_same_were_put_away(
    world: World, couple: Couple, phones: Phones
) -> None:
    one, two, _bens = phones
    entry = one.make("check_in", local_date="2026-03-02")
    one.force("check_in", entry, set={"valence": 9, "text": "Kiwi."})
    await one.sync()
    one.remove(one.only("unplaced").id)
    await world.settle()
    dump = world.dump()
    one.force("check_in", entry, set={"valence": 9, "text": "Kiwi."})
    await world.settle()
    world.restore(dump)

    await world.settle()

    assert one.unplaced() == two.unplaced() == [{"text": "Kiwi."}]
