"""What only phones still hold comes back after a restore, once: letters, texts beside, words that had no place."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from msgspec import UNSET

from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.kinds import KINDS
from domain.shapes import ONLY_ME
from sync.resend import Again, Beside, Life, Row, _made_from, brings_words, resent, same
from sync.wire import NO_FIELD, Change, Origin
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


async def test_words_without_a_place_are_no_edit_of_the_record_that_comes_back_with_them(
    world: World, couple: Couple, phones: Phones
) -> None:
    """They were about it. What its person has seen of it does not count as another phone's for that."""
    one, _two, bens = phones
    goal = one.make("goal", couple=couple, notes="Slow walks.")
    await world.settle()
    dump = world.dump()
    step = one.make("step", couple=couple, goal=goal, title="Find a room", done=True)
    await one.sync()
    taken = {"title": "Kiwi.", "taken_by": [str(bens.replica.person)]}
    one.force("step", step, couple=couple.id, base=world.stored(step).version, set=taken)
    await one.sync()
    assert one.unplaced() == [{"title": "Kiwi."}]
    world.restore(dump)
    one.write(step, done=False)

    await one.sync()

    assert world.stored(step).fields["done"] is False, "whoever set it back had seen it done"
    assert one.unplaced() == [{"title": "Kiwi."}]


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


async def test_no_other_code_than_one_of_ours_is_believed_and_none_of_a_change_that_is_not_sent_again(
    world: World, couple: Couple, phones: Phones
) -> None:
    one, _two, _bens = phones
    said = {"text": "Kiwi.", NO_FIELD: True}
    one.force("check_in", set=said, was={NO_FIELD: "too_many"})
    one.force("check_in", set=said, was={NO_FIELD: "made_up"}, origin=Origin(author=one.replica.person, seen=True))
    one.force("check_in", set=said, was={NO_FIELD: ["too_many"]}, origin=Origin(author=one.replica.person, seen=True))
    await world.settle()
    assert [each.fields["code"] for each in one.view("unplaced")] == ["invalid"] * 3


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
        assert one.only("unplaced").fields["code"] == "invalid", "also why they had none"

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


# As values -----------------------------------------------------------------------------------------------------------

ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
COUPLE = CoupleId(UUID(int=40))
IDENTITY, GOAL = RecordId(UUID(int=3)), str(UUID(int=9))
HEAD = 10


def row(kind: str, values: dict[str, Any] | None = None, *, version: int = HEAD + 5, **rest: Any) -> Row:
    """A record of Ana's as a device holds it, with every field, last changed in the life that is lost."""
    fields = {name: field.shape.empty for name, field in KINDS[kind].fields.items()} | (values or {})
    told: dict[str, Any] = {"id": IDENTITY, "author": ANA} | rest
    return Row(space=SpaceId(UUID(int=20)), kind=kind, version=version, fields=fields, **told)


def step(title: str = "Pack.", *, version: int = HEAD + 5, **rest: Any) -> Row:
    told = {"taken_by": [], "done": False} | {name: rest.pop(name) for name in ("taken_by", "done") if name in rest}
    return row("step", {"goal": GOAL, "title": title, "proof": "p", **told}, version=version, **rest)


def entry(text: str | None = "Tired.", *, version: int = HEAD + 5, **rest: Any) -> Row:
    told = {name: rest.pop(name) for name in list(rest) if name in KINDS["check_in"].fields}
    return row("check_in", {"local_date": "2026-03-02", "text": text, **told}, version=version, **rest)


def wish(**rest: Any) -> Row:
    return row("goal_terms", {"goal": GOAL, "title": "Swim.", "order": 7, "proof": "p"}, **rest)


def note(**rest: Any) -> Row:
    words = {"for_what": "The soup.", "about_you": None, "text": "It was warm."}
    return row("note", {**words, "found": False, "given_on": "2026-03-02", "proof": "p"}, **rest)


def draft(identity: int, *, version: int = 4, **rest: Any) -> Row:
    words = {"for_what": "The soup.", "about_you": None, "text": "It was warm."} | rest.pop("words", {})
    return row("note_draft", words, id=RecordId(UUID(int=identity)), version=version, **rest)


def box(*, identity: int = 3, about: str | None = GOAL, words: Any = None, **rest: Any) -> Row:
    told = {"meant": "check_in", "about": about, "code": "invalid", "words": words or {"text": "Kiwi."}}
    return row("unplaced", {**told, "on": "2026-03-02"}, id=RecordId(UUID(int=identity)), **rest)


def again(
    *earlier: Row, pulled: Sequence[Row] = (), drafts: Sequence[Row] = (), closed: bool = False, head: int = HEAD
) -> list[Again]:
    """What Ana's phone sends again of these."""
    life = Life(pulled={each.id: each for each in pulled}, head=head, couple=COUPLE, closed=closed, drafts=drafts)
    return resent(ANA, earlier, life)


def test_only_what_is_newer_than_what_both_lives_share_is_sent_again_in_its_order() -> None:
    ids = [RecordId(UUID(int=each)) for each in range(6)]
    rows = [
        step("Third.", id=ids[0], version=HEAD + 3),
        step("Of both lives.", id=ids[1], version=HEAD),
        step("First.", id=ids[2], version=HEAD + 1),
        step("Wiped.", id=ids[3], version=HEAD + 2, gone=True),
        Row(space=SpaceId(UUID(int=20)), kind="of a newer app", id=ids[4], version=HEAD + 2, author=ANA),
    ]
    assert [each.set["title"] for each in again(*rows)] == ["First.", "Third."]


def test_of_the_partner_s_records_come_back_what_is_proven_and_what_both_write() -> None:
    unproven = {name: value for name, value in step(author=BEN).fields.items() if name != "proof"}
    joint = Row(space=SpaceId(UUID(int=20)), kind="step", id=IDENTITY, version=HEAD + 1, author=BEN, fields=unproven)
    given = wish(author=BEN)
    [proven] = again(given)
    assert (proven.author, proven.proof, proven.set["order"]) == (BEN, "p", 7)
    assert again(given, closed=True) == [], "of a couple that has parted only one's own come back"
    assert len(again(wish(), closed=True)) == 1
    assert [each.author for each in again(joint)] == [BEN]
    assert again(entry(author=BEN)) == []
    assert again(row("goal_terms", {"goal": GOAL, "title": "Swim.", "proof": ""}, author=BEN)) == []


def test_a_record_that_the_store_has_lost_is_made_again_as_it_was() -> None:
    [made] = again(step("Pack.", taken_by=[str(ANA), str(BEN)], done=True, removed=True))
    assert made == Again(
        kind="step",
        id=IDENTITY,
        base=0,
        set={"goal": GOAL, "title": "Pack.", "taken_by": [str(ANA)], "done": True},
        was={},
        remove=True,
        author=ANA,
        proof="p",
    )
    assert again(step())[0].remove is UNSET
    old = {name: value for name, value in step().fields.items() if name != "taken_by"}
    unknowing = Row(space=SpaceId(UUID(int=20)), kind="step", id=IDENTITY, version=HEAD + 1, author=ANA, fields=old)
    assert again(unknowing)[0].set["taken_by"] == [], "to a phone that knows nothing of that field"


def test_a_private_record_comes_back_closed_and_without_saying_who_made_it() -> None:
    [made] = again(entry(audience=str(COUPLE), shared_parts=["text"], let_them_know=True))
    assert (made.set["audience"], made.set["let_them_know"], made.set["shared_parts"]) == (ONLY_ME, False, ["text"])
    assert (made.author, made.proof, made.set["text"]) == (None, None, "Tired.")
    assert made.set.keys() == KINDS["check_in"].written.keys()


def test_what_only_the_server_makes_comes_back_by_its_proof_or_not_at_all() -> None:
    assert again(row("shown_check_in", {"text": "Tired."})) == again(row("notice", {"code": "kept_both"})) == []
    [made] = again(note())
    assert made.set.keys() == {"for_what", "about_you", "text", "found", "given_on"}


def test_one_s_own_text_beside_a_lost_record_comes_first_and_so_ends_behind_it() -> None:
    beside = {"title": (Beside(BEN, "Ben's."), Beside(ANA, "Ana's.")), "of a newer app": (Beside(ANA, "New."),)}
    first, second = again(step("Pack.", alternatives=beside))
    assert (first.set["title"], first.base, first.was) == ("Ana's.", 0, {})
    assert second == Again(kind="step", id=IDENTITY, base=0, set={"title": "Pack."}, was={"title": "Ana's."})


def test_another_record_under_the_id_of_a_proven_one_is_no_reason_not_to_bring_it_back() -> None:
    lost = wish()
    for there in (
        wish(version=12, author=BEN),
        row("goal_terms", {**lost.fields, "title": "Walk."}, version=12),
        row("goal", {}, version=12),
    ):
        assert [each.set["title"] for each in again(lost, pulled=[there])] == ["Swim."]
    assert again(lost, pulled=[wish(version=12)]) == []
    assert again(lost, pulled=[wish(version=12, author=BEN, gone=True)]) == []


# Edits of what is there ----------------------------------------------------------------------------------------------


def test_what_is_the_same_is_not_sent_again() -> None:
    for lost in (step(taken_by=[str(ANA)]), entry(needs=["rest"]), row("goal", {"notes": "Ours."})):
        there = Row(
            space=lost.space, kind=lost.kind, id=lost.id, version=HEAD - 1, author=ANA, fields=dict(lost.fields)
        )
        assert again(lost, pulled=[there]) == []


@pytest.mark.parametrize(("version", "base"), [(8, 8), (HEAD, HEAD), (HEAD + 3, HEAD)])
def test_an_edit_that_is_sent_again_has_seen_what_both_lives_share_and_no_more(version: int, base: int) -> None:
    [made] = again(step("Pack.", done=True), pulled=[step("Pack.", version=version)])
    assert made == Again(kind="step", id=IDENTITY, base=base, set={"done": True}, was={})


def test_what_a_text_and_a_set_started_from_is_said() -> None:
    [text] = again(entry("Tired. And ill."), pulled=[entry("Tired.", version=8)])
    assert (text.set, text.was) == ({"text": "Tired. And ill."}, {"text": "Tired."})
    [needs] = again(entry(needs=["clarity"]), pulled=[entry(needs=["rest"], version=8)])
    assert (needs.set, needs.was) == ({"needs": ["clarity"]}, {"needs": ["rest"]})
    [mood] = again(entry(valence=2), pulled=[entry(valence=1, version=8)])
    assert (mood.set, mood.was) == ({"valence": 2}, {})


def test_of_a_text_of_the_new_life_what_both_have_is_what_ours_started_from() -> None:
    [made] = again(entry("Tired. Lost."), pulled=[entry("Tired. New.", version=HEAD + 1)])
    assert (made.set["text"], made.was["text"].strip()) == ("Tired. Lost.", "Tired.")
    assert again(entry("Tired."), pulled=[entry("New. Tired.", version=HEAD + 1)]) == [], "it has every sentence"
    assert again(entry("Ill. Tired."), pulled=[entry("Tired. Ill.", version=HEAD + 1)]) == [], "in another order"
    [shorter] = again(entry("Tired."), pulled=[entry("New. Tired.", version=HEAD)])
    assert shorter.was == {"text": "New. Tired."}, "nobody has written since: it was shortened"
    [first] = again(entry("Tired."), pulled=[entry(None, version=HEAD + 1)])
    assert (first.set, first.was) == ({"text": "Tired."}, {"text": ""})
    assert again(entry(None), pulled=[entry("New.", version=HEAD + 1)]) == []


def test_nothing_is_shown_more_or_taken_a_step_back_because_a_phone_remembers_it_so() -> None:
    shown = entry(audience=str(COUPLE), shared_parts=["mood", "text"])
    assert again(shown, pulled=[entry(version=8)]) == []
    [closing] = again(entry(), pulled=[entry(audience=str(COUPLE), shared_parts=["text"], version=8)])
    assert closing.set == {"audience": ONLY_ME, "shared_parts": []}
    assert again(step(), pulled=[step(done=True, version=8)]) == []


def test_a_phone_says_of_a_set_of_persons_whether_its_own_is_in_it_and_leaves_the_other_there() -> None:
    ours, theirs = str(ANA), str(BEN)
    [joined] = again(step(taken_by=[ours]), pulled=[step(taken_by=[theirs], version=8)])
    assert (joined.set, joined.was) == ({"taken_by": [ours, theirs]}, {"taken_by": [theirs]})
    [left] = again(step(taken_by=[theirs]), pulled=[step(taken_by=[ours, theirs], version=8)])
    assert (left.set, left.was) == ({"taken_by": [theirs]}, {"taken_by": [ours, theirs]})
    assert again(step(taken_by=[theirs]), pulled=[step(version=8)]) == []


def test_what_nobody_or_only_the_partner_may_edit_is_not_edited_again() -> None:
    assert again(wish(removed=True), pulled=[wish(version=8)]) == []
    assert again(entry("Tired."), pulled=[entry("Well.", version=8, author=BEN)]) == []
    assert len(again(step("Pack.", author=BEN), pulled=[step("Go.", author=BEN, version=8)])) == 1


def test_what_is_fixed_once_and_what_the_phone_does_not_know_is_not_edited_again() -> None:
    old = {name: value for name, value in step(done=True).fields.items() if name not in ("title", "taken_by")}
    lost = Row(space=SpaceId(UUID(int=20)), kind="step", id=IDENTITY, version=HEAD + 1, author=ANA, fields=old)
    [made] = again(lost, pulled=[step("Go.", version=8)])
    assert made.set == {"done": True}
    goal = row("goal", {"form": "agreement", "topic": "money", "proof": ""})
    [made] = again(goal, pulled=[row("goal", {"form": "agreement", "proof": ""}, version=8)])
    assert made.set == {"topic": "money"}


def test_one_s_own_text_beside_is_said_first_and_ours_follows_it() -> None:
    beside = {"title": (Beside(BEN, "Ben's."), Beside(ANA, "Ana's."))}
    ours = step("Pack.", alternatives=beside)
    first, second = again(ours, pulled=[step("Go.", version=8)])
    assert first == Again(kind="step", id=IDENTITY, base=8, set={"title": "Ana's."}, was={})
    assert second == Again(kind="step", id=IDENTITY, base=8, set={"title": "Pack."}, was={"title": "Go."})
    first, second = again(ours, pulled=[step("Pack.", version=8)])
    assert (first.set, second.set, second.was) == ({"title": "Ana's."}, {"title": "Pack."}, {"title": "Ana's."})
    for there in (
        step("Ana's.", version=8),
        step("Go.", version=8, alternatives={"title": (Beside(ANA, "Ana's."),)}),
    ):
        [made] = again(ours, pulled=[there])
        assert (made.set, made.was) == ({"title": "Pack."}, {"title": there.fields["title"]})


# Removing ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "base"), [(8, 8), (HEAD + 3, HEAD + 3)])
def test_a_removal_of_exactly_what_stands_has_seen_it(version: int, base: int) -> None:
    [made] = again(step(removed=True), pulled=[step(version=version)])
    assert made == Again(kind="step", id=IDENTITY, base=base, set={}, was={}, remove=True)


def test_a_removal_of_what_stands_otherwise_has_not_seen_that() -> None:
    [made] = again(step(removed=True), pulled=[step("Pack. More.", version=HEAD + 3)])
    assert (made.base, made.remove, made.set) == (HEAD, True, {})
    [made] = again(step(removed=True, done=True), pulled=[step(version=HEAD + 3)])
    assert (made.base, made.remove, made.set) == (HEAD, True, {"done": True})


def test_what_was_removed_in_the_new_life_stays_so_unless_there_are_words_that_its_remover_had_not_seen() -> None:
    assert again(step(), pulled=[step(removed=True, version=HEAD + 1)]) == []
    [words] = again(step("Pack. More."), pulled=[step(removed=True, version=HEAD + 1)])
    assert (words.set, words.remove) == ({"title": "Pack. More."}, UNSET)
    [back] = again(step(), pulled=[step(removed=True, version=HEAD)])
    assert (back.set, back.remove) == ({}, False), "it was brought back in the life that is lost"


def test_two_rows_are_the_same_when_they_say_the_same_of_what_a_client_writes() -> None:
    assert same(step(), row("step", {**step().fields, "proof": "another"}, version=1))
    assert not same(step(), step("Go."))
    assert not same(step(), step(removed=True))
    assert not same(step(), step(gone=True))
    new = Row(space=SpaceId(UUID(int=20)), kind="of a newer app", id=IDENTITY, version=3, fields={"a": 1})
    assert same(new, Row(space=new.space, kind=new.kind, id=IDENTITY, version=4, fields={"a": 1, "b": 2}))
    assert not same(new, Row(space=new.space, kind=new.kind, id=IDENTITY, version=4, fields={"a": 2}))


# Letters and words without a place -----------------------------------------------------------------------------------


def test_with_a_letter_that_comes_back_goes_one_draft_with_its_words() -> None:
    others = [
        draft(50, words={"text": "Cold."}),
        draft(51, gone=True),
        draft(52, removed=True),
        draft(53),
        draft(54),
    ]
    made, gone = again(note(), drafts=others)
    assert (made.kind, made.author, made.proof) == ("note", ANA, "p")
    assert gone == Again(kind="note_draft", id=others[3].id, base=4, set={}, was={}, remove=True)
    second = note(id=RecordId(UUID(int=4)), version=HEAD + 6)
    assert [each.id for each in again(note(), second, drafts=others) if each.kind == "note_draft"] == [
        others[3].id,
        others[4].id,
    ]


def test_with_a_letter_that_stands_goes_its_draft_and_for_one_that_is_gone_nothing_is_done() -> None:
    assert [each.kind for each in again(note(), pulled=[note(version=12)], drafts=[draft(53)])] == ["note_draft"]
    assert again(note(), pulled=[note(version=12, gone=True)], drafts=[draft(53)]) == []


def test_a_letter_of_the_partner_s_comes_back_and_no_draft_goes_with_it() -> None:
    assert [each.kind for each in again(note(author=BEN), drafts=[draft(53)])] == ["note"]


def test_a_letter_for_a_couple_that_has_parted_is_a_draft_that_every_phone_makes_alike() -> None:
    [made] = again(note(), closed=True)
    assert made.kind == "note_draft"
    assert str(made.id) == "374a2631-eb2b-8e98-b3fc-865d3f494ddd"
    empty = {name: field.shape.empty for name, field in KINDS["note_draft"].written.items()}
    assert made.set == empty | {"for_what": "The soup.", "about_you": None, "text": "It was warm."}
    assert (made.set["send"], made.base, made.was) == (False, 0, {})
    for there in (draft(53), draft(made.id.int, removed=True)):
        assert again(note(), closed=True, drafts=[there]) == ([made] if there.id != made.id else [])


def test_what_a_draft_held_is_said_to_the_store_that_has_given_it_without() -> None:
    lost = draft(3, version=HEAD + 5, words={"text": None})
    for version, base in ((8, 8), (HEAD + 2, HEAD)):
        [made] = again(lost, pulled=[draft(3, version=version, gone=True)])
        assert made == Again(kind="note_draft", id=lost.id, base=base, set={"for_what": "The soup."}, was={})
    empty = draft(3, version=HEAD + 5, words={"for_what": "", "text": None})
    assert again(empty, pulled=[draft(3, gone=True)]) == []
    assert again(entry(), pulled=[entry(gone=True)]) == []


def test_words_without_a_place_come_back_under_one_key_as_what_can_have_none() -> None:
    [made] = again(box())
    assert str(made.key) == "d95457ad-e7ed-8d50-9212-3a779d53ecb8"
    said = {"text": "Kiwi.", NO_FIELD: True}
    was = {NO_FIELD: box().fields.get("code")}
    assert made == Again(kind="check_in", id=RecordId(UUID(GOAL)), base=0, set=said, was=was, key=made.key, author=ANA)
    newer = row("unplaced", {**box().fields, "meant": "of a newer app"})
    assert again(newer)[0].set == {"text": "Kiwi."}, "it has no place as it is"
    assert again(box(about=None))[0].id == IDENTITY, "from before it was told what they were about"


def test_words_without_a_place_that_stand_or_were_put_away_do_not_come_back() -> None:
    assert again(box(removed=True)) == []
    assert again(box(), pulled=[box(version=12)]) == again(box(), pulled=[box(version=12, removed=True)]) == []
    assert again(box(), pulled=[box(identity=4, version=12)]) == [], "another phone has brought them back"
    for other in (
        box(identity=4, version=12, removed=True),
        box(identity=4, version=12, about=str(UUID(int=8))),
        box(identity=4, version=12, words={"text": "Plum."}),
        row("unplaced", {**box().fields, "meant": "step"}, id=RecordId(UUID(int=4)), version=12),
    ):
        assert len(again(box(), pulled=[other])) == 1
    for odd in ({"meant": None}, {"words": None}, {"words": "Kiwi."}):
        assert again(row("unplaced", {**box().fields, **odd})) == []


def test_the_id_that_a_letter_of_a_parted_couple_gets_as_a_draft_is_made_as_the_protocol_page_says() -> None:
    letter = UUID("5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa001")
    made = str(_made_from("draft", RecordId(letter)))
    page = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
    assert made == "3dfabe39-ae9a-82c5-a934-55b6fee433f6"
    assert f"`{made}`" in page


# Edits that bring words ----------------------------------------------------------------------------------------


def a_row(kind: str, **fields: Any) -> Row:
    return Row(space=SpaceId(UUID(int=5)), kind=kind, id=RecordId(UUID(int=6)), version=3, fields=fields)


@pytest.mark.parametrize(
    ("kind", "there", "said", "brings"),
    [
        ("check_in", {"text": "One. Two."}, {"text": "One. Two. Three."}, True),
        ("check_in", {"text": "One. Two."}, {"text": "Two."}, False),
        ("check_in", {"text": None}, {"text": "One."}, True),
        ("check_in", {"text": "One."}, {"topic": "us"}, False),
        ("goal_terms", {"title": "Walk."}, {"title": "Run."}, False),
        ("check_in", {"text": "One."}, {"merged": ["text"]}, False),
        ("goal", {"notes": "One."}, {"alternatives": {"notes": []}}, False),
        ("goal_terms", {}, {"a_newer_field": "Run."}, True),
        ("a_newer_kind", {"title": "Walk."}, {"title": "Run."}, True),
        ("a_newer_kind", {"title": "Walk."}, {"title": "Walk."}, False),
    ],
)
def test_an_edit_brings_words_where_it_says_a_sentence_that_is_not_there_and_that_can_still_be_changed(
    kind: str, there: dict[str, Any], said: dict[str, Any], *, brings: bool
) -> None:
    change = Change(key=UUID(int=1), kind=kind, id=UUID(int=6), set=said)
    assert brings_words(change, a_row(kind, **there)) is brings
