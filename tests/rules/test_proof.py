"""What the server has said comes back as it was when a store goes back in time, and nothing else comes by that way."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.goal_kinds import GOAL_ACT, GOAL_TERMS
from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.records import Record
from sync.origin import says_no_more
from sync.ports import Life, Space
from sync.proof import lost, proven
from sync.sealing import keyed_id
from sync.wire import VERSION_MAX, Origin
from tests.world import Couple, Device, Person, World


class Cast:
    """Ana with two phones, Ben with one, and a goal with terms that all have."""

    def __init__(self) -> None:
        self.world = World(seed=3)
        self.ana, self.ben = self.world.person("Ana"), self.world.person("Ben")
        self.couple: Couple = self.world.pair(self.ana, self.ben)
        self.one, self.two = self.world.device(self.ana), self.world.device(self.ana)
        self.bens = self.world.device(self.ben)

    async def begin(self) -> "Cast":
        await self.world.settle()
        self.goal = self.one.make("goal", notes="Base.")
        self.terms = self.one.make("goal_terms", goal=self.goal, title="Walk.")
        await self.world.settle()
        return self

    async def new_phone(self, person: Person) -> Device:
        """A phone more of somebody, with everything that is stored."""
        phone = self.world.device(person)
        await phone.sync()
        return phone

    def act(self, phone: Device, act: str, terms: RecordId | None = None) -> RecordId:
        return phone.make("goal_act", goal=self.goal, terms=terms or self.terms, act=act)

    @property
    def state(self) -> dict[str, Any]:
        """How the goal stands on the server, without what every life marks anew."""
        fields = self.world.stored(self.goal).fields
        return {name: value for name, value in fields.items() if name != "proof"}

    def everywhere(self) -> str:
        return str(self.world.store.records) + str(self.world.store.revisions)


@pytest.fixture
async def cast() -> Cast:
    return await Cast().begin()


# What comes back as it was -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["one", "bens"])
async def test_an_achieved_goal_is_achieved_whoever_s_phone_comes_first(cast: Cast, first: str) -> None:
    dump = cast.world.dump()
    cast.act(cast.bens, "accept")
    await cast.world.settle()
    cast.act(cast.one, "mark_done")
    await cast.world.settle()
    cast.act(cast.bens, "mark_done")
    await cast.world.settle()
    before = cast.state
    assert before["state"] == "achieved"
    cast.world.restore(dump)

    await getattr(cast, first).sync()

    assert cast.state == before
    await cast.world.settle()
    assert cast.state == before


@pytest.mark.parametrize("first", ["one", "bens"])
async def test_a_withdrawn_yes_stays_withdrawn_and_terms_in_force_stay_in_force(cast: Cast, first: str) -> None:
    cast.act(cast.bens, "accept")
    await cast.world.settle()
    dump = cast.world.dump()
    newer = cast.bens.make("goal_terms", goal=cast.goal, title="Swim.", based_on=cast.terms)
    await cast.world.settle()
    cast.act(cast.bens, "not_now", newer)  # Ben takes his own back
    await cast.world.settle()
    cast.act(cast.one, "accept", newer)
    await cast.world.settle()
    before = cast.state
    assert before["terms_in_force"] == str(cast.terms)
    cast.world.restore(dump)

    await getattr(cast, first).sync()
    await cast.world.settle()

    assert cast.state == before


@pytest.mark.parametrize("first", ["one", "bens"])
async def test_terms_from_before_an_ending_are_not_refused_because_the_ending_came_first(
    cast: Cast, first: str
) -> None:
    dump = cast.world.dump()
    mine = cast.one.make("goal_terms", goal=cast.goal, title="Swim.")
    await cast.world.settle()
    cast.act(cast.bens, "let_go")
    await cast.world.settle()
    before = cast.state
    cast.world.restore(dump)

    await getattr(cast, first).sync()
    await cast.world.settle()

    assert cast.world.stored(mine).author == cast.ana.id
    assert cast.one.unplaced() == cast.bens.unplaced() == []
    assert cast.state == before


async def test_what_is_said_after_a_restore_comes_after_what_was_said_before_it(cast: Cast) -> None:
    dump = cast.world.dump()
    for _ in range(4):  # versions of the life that is lost go further than those of the new one
        cast.act(cast.one, "not_now")
        await cast.world.settle()
        cast.act(cast.bens, "accept")
        await cast.world.settle()
        cast.act(cast.bens, "decline")
        await cast.world.settle()
    cast.world.restore(dump)
    await cast.world.settle()
    orders = [each.fields["order"] for each in cast.world.records("goal_act")]

    last = cast.act(cast.bens, "accept")
    await cast.world.settle()

    assert cast.world.stored(last).fields["order"] > max(orders)
    assert cast.state["state"] == "not_now"  # Ana's own last word
    cast.act(cast.one, "accept")
    await cast.world.settle()
    assert cast.state["state"] == "active"


async def test_a_step_of_the_partner_s_comes_back_as_theirs_without_answering_for_them(cast: Cast) -> None:
    dump = cast.world.dump()
    step = cast.bens.make("step", goal=cast.goal, title="Pack.", taken_by=[str(cast.ben.id)])
    await cast.world.settle()
    cast.world.restore(dump)

    await cast.one.sync()

    assert cast.world.stored(step).author == cast.ben.id
    assert cast.world.stored(step).fields["taken_by"] == []
    await cast.world.settle()
    assert cast.world.stored(step).fields["taken_by"] == [str(cast.ben.id)]


async def test_of_a_step_that_both_have_taken_each_phone_brings_back_its_own_person_s_yes(cast: Cast) -> None:
    dump = cast.world.dump()
    both = sorted(str(each.id) for each in (cast.ana, cast.ben))
    step = cast.bens.make("step", goal=cast.goal, title="Pack.", taken_by=[str(cast.ben.id)])
    await cast.world.settle()
    cast.one.write(step, taken_by=both)
    await cast.world.settle()
    cast.world.restore(dump)

    await cast.one.sync()

    assert cast.world.stored(step).fields["taken_by"] == [str(cast.ana.id)]
    await cast.world.settle()
    assert cast.world.stored(step).fields["taken_by"] == both


async def test_what_one_phone_has_brought_back_is_not_made_again_by_another(cast: Cast) -> None:
    step, fields, origin = await lost_step(cast)
    tools = [cast.world.device(cast.ana) for _ in range(2)]
    for tool in tools:  # each has its new copy before the other sends
        await tool.sync()
    versions = []

    for tool in tools:
        tool.force("step", step, couple=cast.couple.id, set=fields, origin=origin)
        (told,) = await tool.sync()
        versions.append((told.status, cast.world.stored(step).created))

    assert versions == [("applied", versions[0][1])] * 2
    assert [(each.id, each.author) for each in cast.world.records("step")] == [(step, cast.ben.id)]


async def test_another_s_record_that_has_taken_the_id_of_a_lost_one_moves_away(cast: Cast) -> None:
    step, fields, origin = await lost_step(cast)
    tool = await cast.new_phone(cast.ana)
    tool.force("step", step, couple=cast.couple.id, set=fields | {"title": "Ana's."})
    await tool.sync()
    assert cast.world.stored(step).author == cast.ana.id

    tool.force("step", step, couple=cast.couple.id, set=fields, origin=origin)
    await tool.sync()

    found = {each.author: (each.id == step, each.fields["title"]) for each in cast.world.records("step")}
    assert found == {cast.ben.id: (True, "Pack."), cast.ana.id: (False, "Ana's.")}


async def test_what_moves_away_is_stored_anew_before_what_comes_back_under_an_id_that_follows_from_its_own(
    cast: Cast,
) -> None:
    step, fields, origin = await lost_step(cast)
    tool = await cast.new_phone(cast.ana)
    tool.force("step", step, couple=cast.couple.id, set=fields | {"title": "Ana's."})
    await tool.sync()
    before = cast.world.stored(step)

    tool.force("step", step, couple=cast.couple.id, set=fields, origin=origin)
    await tool.sync()

    id_key = cast.world.keys.now(cast.couple.space).id_key
    moved = cast.world.stored(RecordId(keyed_id(id_key, "moved", step, str(before.version))))
    assert (moved.fields["title"], moved.created, moved.version) == ("Ana's.", before.version + 1, before.version + 1)
    assert moved.fields["proof"] != before.fields["proof"]
    back = cast.world.stored(step)
    assert (back.fields["title"], back.created, back.version) == ("Pack.", moved.version + 1, moved.version + 1)
    assert back.stamp("title").version == back.version, "a phone that has pulled up to the moved one has not seen it"


async def test_a_copy_that_is_shown_under_the_id_of_a_lost_record_keeps_it(cast: Cast) -> None:
    step, fields, origin = await lost_step(cast)
    tool = await cast.new_phone(cast.ana)
    cast.bens.make("check_in", local_date="2026-03-02", audience=str(cast.couple.id), shared_parts=["text"])
    await cast.bens.sync()
    [copy] = cast.world.records("shown_check_in")
    cast.world.store.records[copy.space, step] = replace(copy, id=step)

    tool.force("step", step, couple=cast.couple.id, set=fields, origin=origin)
    (told,) = await tool.sync()

    assert (told.status, told.code) == ("refused", "invalid")
    assert cast.world.stored(step).kind == "shown_check_in"


async def test_of_a_tombstone_under_the_id_of_a_lost_record_nothing_moves_away(cast: Cast) -> None:
    step, fields, origin = await lost_step(cast)
    tool = await cast.new_phone(cast.ana)
    tool.force("step", step, couple=cast.couple.id, set=fields)
    await tool.sync()
    gone = replace(cast.world.stored(step), gone=True, removed=True, fields={})
    cast.world.store.records[gone.space, step] = gone  # as pruning does, long after

    tool.force("step", step, couple=cast.couple.id, set=fields, origin=origin)
    await tool.sync()

    assert [each.id for each in cast.world.store.records.values() if each.kind == "step"] == [step]


async def test_what_a_phone_sends_again_counts_as_the_word_of_a_device_of_its_own_that_is_below_the_others(
    cast: Cast,
) -> None:
    """It is stored with the words: the same phone has to come to the same one again."""
    phone, id_key = cast.one.replica.device, cast.world.keys.now(cast.ana.personal).id_key
    cast.world.bump()
    await cast.one.sync()

    step = cast.one.force("step", couple=cast.couple.id, set=step_of(cast), origin=Origin()).id
    await cast.one.sync()

    device = cast.world.stored(RecordId(step)).stamp("title").device
    assert device == UUID(int=keyed_id(id_key, "before", phone).int >> 32)
    assert device.int < 1 << 96


@pytest.mark.parametrize("first", ["one", "bens"])
async def test_an_answer_comes_back_before_what_it_answers(cast: Cast, first: str) -> None:
    entry = cast.bens.make("check_in", local_date="2026-03-02", text="Tired.")
    await cast.world.settle()
    dump = cast.world.dump()
    cast.bens.write(entry, audience=cast.couple.id, shared_parts=["text"])
    await cast.world.settle()
    answer = cast.one.make("response", to=cast.one.only("shown_check_in").id, form="heard_you", text="I see.")
    await cast.world.settle()
    cast.world.restore(dump)

    await getattr(cast, first).sync()

    assert cast.world.stored(answer).author == cast.ana.id
    assert cast.one.unplaced() == []


# Letters -------------------------------------------------------------------------------------------------------------


async def letter(cast: Cast, **fields: Any) -> RecordId:
    """Give one from Ana's first phone; return its id."""
    cast.one.make("note_draft", for_couple=cast.couple.id, for_what="The soup.", send=True, **fields)
    await cast.world.settle()
    return cast.bens.only("note").id


async def test_a_letter_comes_back_by_its_receiver_s_phone(cast: Cast) -> None:
    dump = cast.world.dump()
    given = await letter(cast)
    cast.world.restore(dump)

    await cast.bens.sync()

    assert cast.world.stored(given).author == cast.ana.id
    assert cast.bens.only("note").fields["for_what"] == "The soup."
    await cast.world.settle()
    assert [each.id for each in cast.one.view("note")] == [given]


async def test_a_letter_is_one_letter_after_two_restores_of_which_one_phone_saw_only_the_second(cast: Cast) -> None:
    dump = cast.world.dump()
    given = await letter(cast)
    cast.world.restore(dump)
    await cast.one.sync()
    await cast.bens.sync()
    cast.world.restore(dump)

    await cast.world.settle()

    assert [each.id for each in cast.bens.view("note")] == [given]
    assert cast.one.view("note_draft") == []


async def test_a_letter_is_one_letter_though_the_answer_that_brought_it_back_was_lost(cast: Cast) -> None:
    dump = cast.world.dump()
    given = await letter(cast)
    cast.world.restore(dump)
    while not cast.one.waiting:
        request = cast.one.request()
        cast.one.receive(request, await cast.one.send(request))
    await cast.one.sync_without_answer()

    await cast.world.settle()

    assert [each.id for each in cast.bens.view("note")] == [given]


async def test_words_of_a_letter_come_back_though_another_phone_has_given_it_without_them(cast: Cast) -> None:
    draft = cast.one.make("note_draft", for_couple=cast.couple.id, for_what="The soup.")
    await cast.world.settle()
    dump = cast.world.dump()
    cast.two.write(draft, send=True)
    cast.one.write(draft, text="It was warm.", send=True)
    await cast.one.sync()
    cast.world.restore(dump)

    await cast.two.sync()
    await cast.world.settle()

    assert cast.bens.only("note").fields["text"] == "It was warm."
    assert cast.one.unplaced() == cast.two.unplaced() == []


async def test_a_letter_that_another_phone_has_given_with_other_words_stays_beside_the_lost_one(cast: Cast) -> None:
    draft = cast.one.make("note_draft", for_couple=cast.couple.id, for_what="The soup.")
    await cast.world.settle()
    dump = cast.world.dump()
    cast.two.write(draft, for_what="The bread.", send=True)
    cast.one.write(draft, send=True)
    await cast.one.sync()
    cast.world.restore(dump)

    await cast.two.sync()
    await cast.world.settle()

    assert sorted(each.fields["for_what"] for each in cast.bens.view("note")) == ["The bread.", "The soup."]
    assert cast.one.unplaced() == cast.two.unplaced() == []


# Whose words they are ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["one", "bens"])
async def test_words_in_a_text_of_both_can_be_destroyed_by_their_writer_whoever_brought_them_back(
    cast: Cast, first: str
) -> None:
    dump = cast.world.dump()
    cast.one.write(cast.goal, notes="Base. Secret.")
    await cast.world.settle()
    cast.world.restore(dump)
    await getattr(cast, first).sync()
    await cast.world.settle()

    await cast.world.purge(cast.ana, cast.goal)

    assert "Secret" not in cast.everywhere()


async def test_a_letter_goes_without_words_that_its_sender_had_not_read_though_the_store_went_back(cast: Cast) -> None:
    draft = cast.one.make("note_draft", for_couple=cast.couple.id, for_what="The soup.")
    await cast.world.settle()
    dump = cast.world.dump()
    request = cast.one.request()
    cast.one.write(draft, send=True)
    cast.two.write(draft, text="Unread.")
    await cast.two.sync()
    cast.one.receive(request, await cast.one.send(request))
    cast.world.restore(dump)

    await cast.one.sync()
    await cast.bens.sync()

    assert "Unread" not in cast.bens.texts()
    assert "Unread" in cast.everywhere()


async def test_a_window_opens_on_nothing_that_its_opener_had_not_seen_though_the_store_went_back(cast: Cast) -> None:
    entry = cast.one.make("check_in", local_date="2026-03-02")
    await cast.world.settle()
    dump = cast.world.dump()
    request = cast.one.request()
    cast.one.write(entry, audience=cast.couple.id, shared_parts=["text"])
    cast.two.write(entry, text="Unseen.")
    await cast.two.sync()
    cast.one.receive(request, await cast.one.send(request))
    cast.world.restore(dump)

    await cast.one.sync()
    await cast.bens.sync()

    assert "Unseen" not in cast.bens.texts()
    assert "Unseen" in cast.everywhere()


async def test_a_letter_goes_without_words_that_its_writer_had_destroyed_though_the_store_went_back(cast: Cast) -> None:
    draft = cast.one.make("note_draft", for_couple=cast.couple.id, for_what="Secret.")
    await cast.world.settle()
    dump = cast.world.dump()
    await cast.world.purge(cast.ana, draft)
    await cast.world.settle()
    cast.two.write(draft, send=True)
    cast.world.restore(dump)

    await cast.world.settle()

    assert "Secret" not in cast.bens.texts()


async def test_terms_whose_words_were_destroyed_come_back_without_them(cast: Cast) -> None:
    dump = cast.world.dump()
    terms = cast.one.make("goal_terms", goal=cast.goal, title="Swim.", why="Secret.")
    await cast.world.settle()
    await cast.world.purge(cast.ana, terms)
    await cast.world.settle()
    cast.world.restore(dump)

    await cast.bens.sync()
    for _ in range(2):
        stored = cast.world.stored(terms)
        assert (stored.author, stored.fields["title"], stored.fields["why"]) == (cast.ana.id, "", None)
        assert stored.stamp("title").person == cast.ana.id, "whoever's phone brings them back"
        await cast.world.settle()

    assert "Secret" not in cast.everywhere()
    assert cast.one.unplaced() == []


# What does not come by that way --------------------------------------------------------------------------------------


async def lost_act(cast: Cast) -> tuple[RecordId, dict[str, Any], Origin, Device, Person]:
    """An act of Ben's that the store has lost, as a phone of Ana's that holds nothing else could send it."""
    dump = cast.world.dump()
    act = cast.act(cast.bens, "decline")
    await cast.world.settle()
    fields = dict(cast.one.fields(act))
    proof = fields.pop("proof")
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ana)
    return act, fields, Origin(author=cast.ben.id, proof=proof), tool, cast.ben


def step_of(cast: Cast) -> dict[str, Any]:
    return {"goal": str(cast.goal), "title": "Pack.", "taken_by": [], "done": False}


async def lost_step(cast: Cast) -> tuple[RecordId, dict[str, Any], Origin]:
    """A step of Ben's that the store has lost: its id, what a phone sends of it, and the proof."""
    dump = cast.world.dump()
    step = cast.bens.make("step", **step_of(cast))
    await cast.world.settle()
    proof = cast.one.fields(step)["proof"]
    cast.world.restore(dump)
    return step, step_of(cast), Origin(author=cast.ben.id, proof=proof)


async def test_a_proof_brings_back_exactly_what_it_was_made_for(cast: Cast) -> None:
    act, fields, origin, tool, ben = await lost_act(cast)

    tool.force("goal_act", act, couple=cast.couple.id, set=fields, origin=origin)
    (told,) = await tool.sync()

    assert told.status == "applied"
    assert cast.world.stored(act).author == ben.id


@pytest.mark.parametrize(("left", "code"), [(16, "too_many"), (17, None)])
async def test_what_comes_back_needs_a_version_like_anything_else(cast: Cast, left: int, code: str | None) -> None:
    step, fields, origin = await lost_step(cast)
    tool = await cast.new_phone(cast.ana)
    tool.make("goal", notes="Of the life that is.")
    await tool.sync()
    spaces = cast.world.store.spaces
    spaces[cast.couple.space] = replace(spaces[cast.couple.space], head=VERSION_MAX - left)
    tool.force("step", step, couple=cast.couple.id, set=fields, origin=origin)
    (told,) = await tool.sync()
    assert told.code == code


@pytest.mark.parametrize("forged", ["act", "order", "id", "author", "proof", "none"])
async def test_nobody_is_made_to_say_what_they_did_not_say(cast: Cast, forged: str) -> None:
    act, fields, origin, tool, _ben = await lost_act(cast)
    changed: dict[str, Any] = {
        "act": {"set": fields | {"act": "accept"}},
        "order": {"set": fields | {"order": 1}},
        "id": {"identity": UUID(int=77)},
        "author": {"origin": Origin(author=UUID(int=5), proof=origin.proof)},
        "proof": {"origin": Origin(author=origin.author, proof="a" * 78)},
        "none": {"origin": Origin(author=origin.author)},
    }[forged]

    asked = {"identity": act, "set": fields, "origin": origin} | changed
    tool.force("goal_act", couple=cast.couple.id, **asked)
    (told,) = await tool.sync()

    assert (told.status, told.code, told.unplaced) == ("refused", "not_author", None)
    assert cast.world.records("goal_act") == []
    assert cast.one.unplaced() == []


async def test_what_is_part_of_the_history_is_not_brought_back_by_its_proof(cast: Cast) -> None:
    """Of a record that was taken away and forgotten since, somebody may still hold the proof."""
    act = cast.act(cast.bens, "decline")
    await cast.world.settle()
    fields = dict(cast.one.fields(act))
    origin = Origin(author=cast.ben.id, proof=fields.pop("proof"))
    cast.world.bump()
    del cast.world.store.records[cast.couple.space, act]  # as pruning does, long after
    tool = await cast.new_phone(cast.ana)

    tool.force("goal_act", act, couple=cast.couple.id, set=fields, origin=origin)
    (told,) = await tool.sync()

    assert told.code == "not_author"


async def test_the_partner_s_words_never_go_into_one_s_own_box_when_they_cannot_come_back(cast: Cast) -> None:
    tool = await cast.new_phone(cast.ana)
    words = {"goal": str(cast.goal), "title": "Not Ana's.", "why": None}

    tool.force("goal_terms", couple=cast.couple.id, set=words, origin=Origin(author=cast.ben.id, proof="?"))
    (told,) = await tool.sync()

    assert told.code == "not_author"
    assert tool.unplaced() == []


async def test_a_letter_comes_back_to_a_store_that_went_back_in_silence(cast: Cast) -> None:
    dump = cast.world.dump()
    given = await letter(cast)
    cast.world.restore(dump, bump=False)
    await cast.world.settle()
    cast.world.restore(dump, bump=False)  # also where the store has forgotten that it had gone back before

    await cast.world.settle()

    assert [each.id for each in cast.bens.view("note")] == [given]
    assert cast.one.unplaced() == []


async def test_words_of_a_letter_that_another_phone_gave_without_them_come_back_after_one_more_restore(
    cast: Cast,
) -> None:
    draft = cast.one.make("note_draft", for_couple=cast.couple.id, for_what="The soup.")
    await cast.world.settle()
    dump = cast.world.dump()
    cast.two.write(draft, send=True)
    cast.one.write(draft, text="It was warm.", send=True)
    await cast.one.sync()
    cast.world.restore(dump)
    await cast.two.sync()
    dump = cast.world.dump()
    await cast.world.settle()
    cast.world.restore(dump)

    await cast.world.settle()

    assert cast.bens.only("note").fields["text"] == "It was warm."
    assert cast.one.unplaced() == []


async def test_an_edit_that_is_older_than_a_purge_does_not_pass_it_after_a_restore(cast: Cast) -> None:
    entry = cast.one.make("check_in", local_date="2026-03-02", text="Secret.")
    await cast.world.settle()
    dump = cast.world.dump()
    cast.one.write(entry, valence=2)
    await cast.world.settle()
    request = cast.one.request()
    cast.one.write(entry, text="Secret. And more.")
    await cast.world.purge(cast.ana, entry)
    cast.one.receive(request, await cast.one.send(request))
    cast.world.restore(dump)
    cast.two.force("check_in", entry, base=1, set={"valence": 2})
    await cast.two.sync()
    await cast.world.purge(cast.ana, entry)  # as the ledger of protective acts does

    await cast.world.settle()

    assert "Secret" not in cast.everywhere()
    assert "And more" in cast.everywhere()


async def test_a_proof_does_not_bring_back_words_that_their_author_has_destroyed_since(cast: Cast) -> None:
    """Ben's client claims to have seen the destroying, so that nothing is taken out of what it sends."""
    dump = cast.world.dump()
    terms = cast.one.make("goal_terms", goal=cast.goal, title="Swim.", why="Secret.")
    await cast.world.settle()
    fields = dict(cast.bens.fields(terms))
    origin = Origin(author=cast.ana.id, proof=fields.pop("proof"))
    cast.world.restore(dump)
    await cast.world.settle()
    await cast.world.purge(cast.ana, terms)
    tool = await cast.new_phone(cast.ben)

    head = cast.world.stored(terms).version
    tool.force("goal_terms", terms, couple=cast.couple.id, base=head, set=fields, origin=origin)
    (told,) = await tool.sync()

    assert told.status == "refused"
    assert "Secret" not in cast.everywhere()


async def test_one_s_own_act_without_a_proof_is_made_anew_and_takes_its_place_last(cast: Cast) -> None:
    cast.world.bump()
    tool = await cast.new_phone(cast.ana)
    values = {"goal": str(cast.goal), "terms": str(cast.terms), "act": "not_now", "order": 1}

    act = tool.force("goal_act", couple=cast.couple.id, set=values, origin=Origin(author=cast.ana.id, proof="?")).id
    (told,) = await tool.sync()

    assert told.status == "applied"
    stored = cast.world.stored(RecordId(act))
    assert stored.author == cast.ana.id
    assert stored.fields["order"] > cast.world.stored(cast.terms).fields["order"]


async def test_a_proof_that_names_nobody_brings_nothing_of_the_partner_s_back(cast: Cast) -> None:
    act, fields, origin, tool, _ben = await lost_act(cast)

    tool.force("goal_act", act, couple=cast.couple.id, set=fields, origin=Origin(proof=origin.proof))
    (told,) = await tool.sync()

    assert (told.status, cast.world.stored(act).author) == ("applied", cast.ana.id)


async def test_a_record_without_its_words_does_not_come_back_unproven(cast: Cast) -> None:
    cast.world.bump()
    tool = await cast.new_phone(cast.ana)

    tool.force("step", couple=cast.couple.id, set=step_of(cast) | {"title": ""}, origin=Origin())
    (told,) = await tool.sync()

    assert (told.status, told.code) == ("refused", "invalid")
    assert cast.world.records("step") == []


async def test_words_of_a_letter_without_a_proof_come_back_to_who_says_it_was_their_own(cast: Cast) -> None:
    cast.world.bump()
    tool = await cast.new_phone(cast.ana)
    words = {"for_what": "The soup.", "about_you": None, "text": None}
    for origin in (None, Origin(), Origin(author=cast.ben.id, proof="?"), Origin(author=cast.ana.id, proof="?")):
        assert tool.unplaced() == []
        tool.force("note", couple=cast.couple.id, set=words, origin=origin)
        (told,) = await tool.sync()
        assert told.status == "refused"

    assert tool.unplaced() == [{"for_what": "The soup."}]
    assert cast.world.records("note") == []


async def test_in_a_space_that_has_lost_nothing_one_s_own_words_are_one_s_own(cast: Cast) -> None:
    step = cast.one.force("step", couple=cast.couple.id, set=step_of(cast), origin=Origin(author=cast.ana.id)).id
    await cast.one.sync()

    stamp = cast.world.stored(RecordId(step)).stamp("title")
    assert (stamp.person, stamp.device) == (cast.ana.id, cast.one.replica.device)


# As values -----------------------------------------------------------------------------------------------------------

ID_KEY, ANA = bytes(range(32)), PersonId(UUID(int=1))
LIFE, NEXT_LIFE = UUID(int=7), UUID(int=8)
WISH = {
    "goal": str(UUID(int=3)),
    "title": "Swim.",
    "why": None,
    "done_when": None,
    "hoped_for": None,
    "look_again_on": None,
    "based_on": None,
    "order": 6,
}


def space_in(epoch: UUID, head: int, *lives: Life) -> Space:
    return Space(
        id=SpaceId(UUID(int=20)),
        home="couple",
        couple=CoupleId(UUID(int=40)),
        state="active",
        head=head,
        store_epoch=UUID(int=5),
        epoch=epoch,
        horizon=0,
        members=(),
        lives=lives,
    )


def proof_of(created: int) -> str:
    space = space_in(LIFE, created)
    wish = Record(
        space=space.id,
        kind="goal_terms",
        id=RecordId(UUID(int=4)),
        version=created,
        created=created,
        author=ANA,
        fields=WISH,
    )
    proof = proven(wish, GOAL_TERMS, space, ID_KEY).fields["proof"]
    assert isinstance(proof, str)
    return proof


def is_lost(proof: str, space: Space) -> bool:
    return lost(proof, GOAL_TERMS, space, ID_KEY, identity=RecordId(UUID(int=4)), author=ANA, fields=WISH)


def test_a_proof_of_years_ago_is_known_again() -> None:
    """Phones keep them: with another way of making the mark, nothing that was lost would come back."""
    known = "000000000000000000000000000000070000000000000690e6e100ac9f8d7be5c4f6ceff167ff3"
    assert proof_of(6) == known
    assert is_lost(known, space_in(NEXT_LIFE, 9, Life(LIFE, 5)))


@pytest.mark.parametrize(
    ("created", "head", "is_gone"),
    [(4, 5, False), (5, 5, False), (6, 5, True), (2**53 - 1, 2**53 - 2, True), (2**53 - 1, 2**53 - 1, False)],
)
def test_lost_is_what_was_first_stored_beyond_the_end_of_its_life(created: int, head: int, *, is_gone: bool) -> None:
    assert is_lost(proof_of(created), space_in(NEXT_LIFE, 9, Life(LIFE, head))) is is_gone


@pytest.mark.parametrize("changed", ["", "?", "00", "a" * 78])
def test_what_is_no_proof_proves_nothing(changed: str) -> None:
    after_restore = space_in(NEXT_LIFE, 9, Life(LIFE, 5))
    assert not is_lost(changed, after_restore)
    assert not is_lost(proof_of(6) + changed, after_restore) or not changed


def test_a_record_says_no_more_than_another_when_every_text_of_it_is_there() -> None:
    assert says_no_more(GOAL_TERMS, {"title": "Swim.", "why": None}, {"title": "Swim.", "why": "It heals."})
    assert says_no_more(GOAL_TERMS, {"title": ""}, {"title": "Swim."}), "its words were destroyed"
    assert not says_no_more(GOAL_TERMS, {"title": "Swim.", "why": "It heals."}, {"title": "Swim."})
    assert not says_no_more(GOAL_ACT, {"act": "accept"}, {"act": "accept"}), "it has no texts to tell by"
