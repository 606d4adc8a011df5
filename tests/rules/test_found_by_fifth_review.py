"""What a fifth review found, which read the protocol's page alone and did what it says, and no more."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from sync.replica import Replica
from tests.world import Device, World


@pytest.fixture
async def phones() -> tuple[World, Device, Device, Device]:
    """Ana's, and two of Ben's."""
    world = World(seed=1)
    ana, ben = world.person("Ana"), world.person("Ben")
    world.pair(ana, ben)
    devices = world.device(ana), world.device(ben), world.device(ben)
    await world.settle()
    return world, *devices


async def test_words_that_a_phone_has_pulled_and_does_not_show_are_not_written_over(
    phones: tuple[World, Device, Device, Device],
) -> None:
    world, anas, bens, _ = phones
    goal = anas.make("goal", notes="Slow walks. Good tea.")
    await world.settle()
    waits = anas.write(goal, notes="Fast walks. Good tea.")
    bens.write(goal, notes="Slow walks. Green tea.")
    await bens.sync()
    pull = replace(anas.request(), changes=[])
    anas.receive(pull, await anas.send(pull))

    pulled = anas.replica.shelves.row_of(goal)
    assert pulled is not None
    shown = "Fast walks. Good tea."
    assert (anas.fields(goal)["notes"], pulled.fields["notes"]) == (shown, "Slow walks. Green tea.")
    # A client that takes for seen what it has, though the person looks at something else.
    anas.force(
        "goal", goal, couple=waits.couple, base=pulled.version, set={"notes": f"{shown} Cake."}, was={"notes": shown}
    )
    await world.settle()

    assert bens.fields(goal)["notes"] == "Fast walks. Green tea. Cake."


async def test_words_of_the_new_life_are_not_written_over_by_an_edit_whose_base_is_of_the_old_one(
    phones: tuple[World, Device, Device, Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Replica, "_lower_bases", lambda *_: None)
    world, anas, bens, tablet = phones
    goal = anas.make("goal", notes="Slow walks. Good tea.")
    await world.settle()
    dump = world.dump()
    for topic in ("us", "work"):
        bens.write(goal, topic=topic)
        await bens.sync()
    await anas.sync()
    anas.write(goal, notes="Fast walks. Good tea.")
    world.restore(dump)
    tablet.write(goal, notes="Slow walks. Green tea.")
    await tablet.sync()

    await world.settle()

    # What both phones had before comes back beside, as after every restore.
    assert tablet.fields(goal)["notes"].startswith("Fast walks. Green tea.")


async def test_windows_of_two_entries_that_bear_one_id_are_two_windows(
    phones: tuple[World, Device, Device, Device],
) -> None:
    world, anas, bens, _ = phones
    couple = str(anas.replica.couple)
    entry = anas.make("check_in", local_date="2026-03-01", text="Mine.", audience=couple, shared_parts=["text"])
    bens.force(
        "check_in",
        entry,
        set={"local_date": "2026-03-01", "text": "His.", "audience": couple, "shared_parts": ["text"]},
    )
    await world.settle()
    assert [each.fields["text"] for each in anas.view("shown_check_in")] == ["Mine.", "His."]

    bens.write(entry, audience="only_me")
    await world.settle()

    assert [each.fields["text"] for each in bens.view("shown_check_in")] == ["Mine."]


async def test_letters_of_two_drafts_that_bear_one_id_and_say_the_same_are_two_letters(
    phones: tuple[World, Device, Device, Device],
) -> None:
    world, anas, bens, _ = phones
    couple = str(anas.replica.couple)
    draft = anas.make("note_draft", for_couple=couple, for_what="The soup.", send=True)
    bens.force("note_draft", draft, set={"for_couple": couple, "for_what": "The soup.", "send": True})
    await world.settle()

    assert len(bens.view("note")) == 2


async def test_a_letter_stays_though_its_draft_s_id_is_used_again(phones: tuple[World, Device, Device, Device]) -> None:
    world, anas, bens, _ = phones
    couple = str(anas.replica.couple)
    draft = anas.make("note_draft", for_couple=couple, for_what="The soup.", send=True)
    await world.settle()
    for key in [key for key in world.store.records if key[1] == draft]:
        del world.store.records[key]  # as after the tombstone's 400 days
    world.now += timedelta(days=432)
    anas.force("note_draft", draft, set={"for_couple": couple, "for_what": "Never mind.", "send": True})
    await world.settle()

    assert sorted(each.fields["for_what"] for each in bens.view("note")) == ["Never mind.", "The soup."]
