"""Found by a third review: stores that go back, and partners with a client of their own; each was mended."""

from typing import Any

import pytest

from domain.ids import RecordId
from domain.kinds import KINDS
from sync import service
from sync.ports import Caller
from sync.wire import Origin
from tests.rules.test_proof import Cast, letter
from tests.world import Device


@pytest.fixture
async def cast() -> Cast:
    return await Cast().begin()


def lost_row(phone: Device, identity: RecordId) -> tuple[dict[str, Any], Origin]:
    row = next(r for r in phone.replica.rows() if r.id == identity)
    fields = dict(row.fields)
    proof = fields.pop("proof")
    return (fields, Origin(author=row.author, proof=proof))


def sendable(kind_name: str, fields: dict[str, Any]) -> dict[str, Any]:
    kind = KINDS[kind_name]
    return {n: fields[n] for n in (*kind.written, *kind.lasting) if n in fields}


@pytest.mark.parametrize("kind", ["let_go", "note", "terms"])
async def test_partner_buries_what_nobody_may_remove(cast: Cast, kind: str) -> None:
    dump = cast.world.dump()
    if kind == "let_go":
        it, name = (cast.act(cast.one, "let_go"), "goal_act")
        await cast.world.settle()
        assert cast.state["state"] == "let_go"
    elif kind == "terms":
        it, name = (cast.one.make("goal_terms", goal=cast.goal, title="Swim."), "goal_terms")
        await cast.world.settle()
    else:
        it, name = (await letter(cast), "note")
    fields, origin = lost_row(cast.bens, it)
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ben)
    tool.force(name, it, couple=cast.couple.id, set=sendable(name, fields), origin=origin, remove=True)
    await tool.sync()
    await cast.one.sync()
    await cast.two.sync()
    await cast.one.sync()
    stored = cast.world.stored(it)
    assert not stored.removed
    if kind == "let_go":
        assert cast.state["state"] == "let_go"


async def test_writer_takes_a_letter_from_its_receiver_by_a_removed_rebirth(cast: Cast) -> None:
    """I20: Ana gave it; after a restore she sends it first, removed."""
    dump = cast.world.dump()
    it = await letter(cast)
    fields, origin = lost_row(cast.one, it)
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ana)
    tool.force("note", it, couple=cast.couple.id, set=sendable("note", fields), origin=origin, remove=True)
    await tool.sync()
    await cast.world.settle(cast.bens)
    assert [e.id for e in cast.bens.view("note")] == [it]


async def test_letters_that_came_back_count_for_their_day(cast: Cast) -> None:
    dump = cast.world.dump()
    for nth in range(10):
        cast.one.make("note_draft", for_couple=cast.couple.id, for_what=f"Soup {nth}.", send=True)
    await cast.world.settle()
    cast.world.restore(dump)
    await cast.world.settle()
    assert len(cast.bens.view("note")) == 10
    cast.one.make("note_draft", for_couple=cast.couple.id, for_what="Eleventh.", send=True)
    await cast.world.settle()
    assert len(cast.bens.view("note")) == 10


async def test_the_draft_that_came_back_beside_its_letter_goes_when_the_receiver_came_first(cast: Cast) -> None:
    draft = cast.one.make("note_draft", for_couple=cast.couple.id, for_what="The soup.")
    await cast.world.settle()
    dump = cast.world.dump()
    cast.one.write(draft, send=True)
    await cast.world.settle()
    cast.world.restore(dump)
    await cast.bens.sync()
    await cast.world.settle()
    assert [e.fields["for_what"] for e in cast.bens.view("note")] == ["The soup."]
    assert cast.one.view("note_draft") == []


async def test_a_letter_is_not_given_twice_by_a_waiting_send(cast: Cast) -> None:
    draft = cast.one.make("note_draft", for_couple=cast.couple.id, for_what="The soup.")
    await cast.world.settle()
    dump = cast.world.dump()
    cast.two.write(draft, send=True)
    cast.one.write(draft, send=True)
    await cast.one.sync()
    await cast.bens.sync()
    cast.world.restore(dump)
    await cast.bens.sync()
    await cast.world.settle()
    assert [e.fields["for_what"] for e in cast.bens.view("note")] == ["The soup."]


async def test_a_queued_letter_that_was_given_and_restored_is_given_once(cast: Cast) -> None:
    for nth in range(11):
        d = cast.one.make("note_draft", for_couple=cast.couple.id, for_what=f"Soup {nth}.", send=True)
    await cast.world.settle()
    dump = cast.world.dump()
    cast.world.pass_time(days=1)
    caller = Caller(cast.ana.id, cast.one.replica.device, tuple(cast.ana.spaces), may_keep=True)
    await service.give_due(cast.world.store, cast.world.keys, caller, d, cast.world.now)
    await cast.world.settle()
    assert len(cast.bens.view("note")) == 11
    cast.world.restore(dump)
    await cast.bens.sync()
    await service.give_due(cast.world.store, cast.world.keys, caller, d, cast.world.now)
    await cast.world.settle()
    assert sorted(e.fields["for_what"] for e in cast.bens.view("note")) == sorted(f"Soup {n}." for n in range(11))


@pytest.mark.parametrize("first", ["one", "bens"])
async def test_a_removal_comes_back_whoever_is_first(cast: Cast, first: str) -> None:
    dump = cast.world.dump()
    step = cast.one.make("step", goal=cast.goal, title="Pack.")
    await cast.world.settle()
    cast.one.remove(step)
    await cast.one.sync()
    cast.world.restore(dump)
    await getattr(cast, first).sync()
    await cast.world.settle()
    assert cast.world.stored(step).removed


async def test_origin_does_not_empty_a_text_that_must_not_be_empty(cast: Cast) -> None:
    step = cast.one.make("step", goal=cast.goal, title="Ana's step.")
    await cast.world.settle()
    tool = await cast.new_phone(cast.ben)
    tool.force(
        "step",
        step,
        couple=cast.couple.id,
        base=cast.world.stored(step).version,
        set={"title": ""},
        was={"title": "Ana's step."},
        origin=Origin(),
    )
    await tool.sync()
    assert cast.world.stored(step).fields["title"] != ""


async def test_origin_does_not_hide_who_wrote(cast: Cast) -> None:
    """Ben writes under an empty origin though nothing was ever lost: who wrote it is not known any more."""
    tool = await cast.new_phone(cast.ben)
    tool.force(
        "goal",
        cast.goal,
        couple=cast.couple.id,
        base=cast.world.stored(cast.goal).version,
        set={"notes": "Base. Ben's cruel words."},
        was={"notes": "Base."},
        origin=Origin(),
    )
    await tool.sync()
    assert cast.world.stored(cast.goal).stamps["notes"].person == cast.ben.id


async def test_the_remover_is_told_though_the_removal_was_sent_again(cast: Cast) -> None:
    step = cast.one.make("step", goal=cast.goal, title="Pack.")
    await cast.world.settle()
    dump = cast.world.dump()
    cast.one.remove(step)
    await cast.one.sync()
    cast.bens.write(step, title="Pack for three.")
    cast.world.restore(dump)
    await cast.one.sync()
    await cast.world.settle()
    assert not cast.world.stored(step).removed
    assert cast.one.notices() == ["came_back"]


async def test_kept_both_is_told_to_both_after_a_restore(cast: Cast) -> None:
    step = cast.one.make("step", goal=cast.goal, title="Book ferry")
    await cast.world.settle()
    dump = cast.world.dump()
    cast.one.write(step, title="Book the early ferry")
    await cast.one.sync()
    cast.bens.write(step, title="Book the night ferry")
    cast.world.restore(dump)
    await cast.one.sync()
    await cast.world.settle()
    assert cast.bens.notices() == ["kept_both"]
    assert cast.one.notices() == ["kept_both"]


async def test_beyond_sixteen_lives_nothing_that_was_taken_away_comes_back(cast: Cast) -> None:
    step = cast.one.make("step", goal=cast.goal, title="Gentle words.")
    await cast.world.settle()
    fields, origin = lost_row(cast.bens, step)
    cast.one.remove(step)
    await cast.world.settle()
    for _ in range(18):
        cast.world.bump()
        await cast.world.settle()
        cast.one.write(cast.goal, notes=f"Base. {_}.")
        await cast.world.settle()
    del cast.world.store.records[cast.couple.space, step]
    tool = await cast.new_phone(cast.ben)
    tool.force(
        "step", step, couple=cast.couple.id, set=sendable("step", fields) | {"title": "I am worthless."}, origin=origin
    )
    await tool.sync()
    assert cast.world.stored(step).author != cast.ana.id


async def test_nobody_accepts_terms_that_they_never_saw(cast: Cast) -> None:
    """I13: after a restore Ana puts other words under the id that Ben's lost yes names."""
    dump = cast.world.dump()
    goal = cast.one.make("goal")
    terms = cast.one.make("goal_terms", goal=goal, title="A walk on Sundays.")
    await cast.world.settle()
    cast.bens.make("goal_act", goal=goal, terms=terms, act="accept")
    await cast.bens.sync()
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ana)
    tool.force("goal_terms", terms, couple=cast.couple.id, set={"goal": str(goal), "title": "Ben pays for everything."})
    await tool.sync()
    await cast.bens.sync()
    await cast.bens.sync()
    state = cast.world.stored(goal).fields
    assert (state["state"], cast.world.stored(terms).fields["title"]) != ("active", "Ben pays for everything.")


async def test_a_given_answer_is_not_changed_by_its_writer(cast: Cast) -> None:
    """I20: a response is a letter."""
    cast.bens.make("check_in", local_date="2026-03-02", text="Tired.", audience=cast.couple.id, shared_parts=["text"])
    await cast.world.settle()
    dump = cast.world.dump()
    it = cast.one.make("response", to=cast.one.only("shown_check_in").id, form="heard_you", text="I love you.")
    await cast.world.settle()
    assert cast.bens.only("response").fields["text"] == "I love you."
    fields = sendable("response", dict(cast.one.fields(it)))
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ana)
    tool.force("response", it, couple=cast.couple.id, set=fields | {"text": "Whatever."})
    await tool.sync()
    await cast.bens.sync()
    await cast.bens.sync()
    assert "I love you." in cast.bens.texts()


async def test_a_given_letter_stays_with_its_receiver_though_its_writer_gave_the_draft_anew(cast: Cast) -> None:
    """I20, with honest phones: Ana's tablet, which had not heard of the giving, gives the draft with other words."""
    draft = cast.one.make("note_draft", for_couple=cast.couple.id, for_what="The soup.")
    await cast.world.settle()
    dump = cast.world.dump()
    cast.one.write(draft, text="It was warm, and so were you.", send=True)
    await cast.one.sync()
    await cast.bens.sync()
    assert "so were you" in cast.bens.texts()
    cast.world.restore(dump)
    await cast.two.sync()
    cast.two.write(draft, text="Thanks.", send=True)
    await cast.two.sync()
    await cast.bens.sync()
    await cast.world.settle()
    assert "so were you" in cast.bens.texts()


@pytest.mark.parametrize("parts", ["before the reset", "between reset and push"])
async def test_own_words_in_the_others_record_are_not_lost_when_the_couple_has_parted(cast: Cast, parts: str) -> None:
    """I35, 1.5: Ben's words in Ana's goal and step, only on his phone after the restore."""
    dump = cast.world.dump()
    step = cast.one.make("step", goal=cast.goal, title="Pack.")
    await cast.world.settle()
    cast.bens.write(step, title="Ben's own words.")
    cast.bens.write(cast.goal, notes="Base. Ben's own thought.")
    await cast.bens.sync()
    cast.world.restore(dump)
    if parts == "before the reset":
        cast.world.part(cast.couple)
    else:
        request = cast.bens.request()
        while not cast.bens.waiting:
            request = cast.bens.request()
            cast.bens.receive(request, await cast.bens.send(request))
        cast.world.part(cast.couple)
    await cast.bens.sync()
    await cast.world.settle()
    everywhere = cast.everywhere() + cast.bens.texts()
    assert "Ben's own words" in everywhere
    assert "Ben's own thought" in everywhere


async def test_own_words_in_the_others_step_are_not_lost_when_there_is_no_room(cast: Cast) -> None:
    dump = cast.world.dump()
    step = cast.one.make("step", goal=cast.goal, title="Pack.")
    await cast.world.settle()
    cast.bens.write(step, title="Ben's own words.")
    await cast.bens.sync()
    cast.world.restore(dump)
    await cast.two.sync()
    for nth in range(30):
        cast.two.make("step", goal=cast.goal, title=f"Step {nth}.")
    await cast.two.sync()
    await cast.bens.sync()
    await cast.world.settle()
    assert "Ben's own words" in cast.everywhere() + cast.bens.texts()


async def test_race_both_send_again_before_either_has_pulled_the_other(cast: Cast) -> None:
    """Both phones have reset and hold resends; then both push. Ana had removed a step that Ben still sees."""
    dump = cast.world.dump()
    step = cast.one.make("step", goal=cast.goal, title="Pack.")
    await cast.world.settle()
    cast.one.remove(step)
    await cast.world.settle()
    assert cast.bens.view("step") == []
    cast.world.restore(dump)
    for phone in (cast.one, cast.bens):
        while not phone.waiting:
            request = phone.request()
            phone.receive(request, await phone.send(request))
    await cast.world.settle()
    assert cast.world.stored(step).removed


async def test_withdrawn_before_restore(cast: Cast) -> None:
    """Window opened, withdrawn in the lost life; nothing of it is Ben's after the restore."""
    entry = cast.one.make(
        "check_in", local_date="2026-03-02", text="Mine.", audience=cast.couple.id, shared_parts=["text"]
    )
    await cast.world.settle()
    dump = cast.world.dump()
    cast.one.write(entry, audience="only_me")
    await cast.world.settle()
    cast.world.restore(dump)
    await cast.bens.sync()
    await cast.world.settle()
    assert cast.bens.view("shown_check_in") == []
    assert cast.world.stored(entry).fields["audience"] == "only_me"


async def test_two_restores_with_goal(cast: Cast) -> None:
    dump = cast.world.dump()
    cast.act(cast.bens, "accept")
    await cast.world.settle()
    cast.world.restore(dump)
    await cast.one.sync()
    cast.act(cast.one, "rest")
    await cast.one.sync()
    cast.act(cast.one, "mark_done")
    await cast.one.sync()
    before = cast.state
    cast.world.restore(dump)
    await cast.bens.sync()
    await cast.world.settle()
    after = cast.state
    assert before["resting_by"] == after["resting_by"]
    assert before["done_by"] == after["done_by"]


async def test_the_partner_cannot_keep_a_let_go_away_by_taking_its_id(cast: Cast) -> None:
    """I14: after a restore Ben is first and stores some act of his own under the id of Ana's let_go."""
    dump = cast.world.dump()
    it = cast.act(cast.one, "let_go")
    await cast.world.settle()
    assert cast.state["state"] == "let_go"
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ben)
    tool.force(
        "goal_act", it, couple=cast.couple.id, set={"goal": str(cast.goal), "terms": str(cast.terms), "act": "not_now"}
    )
    await tool.sync()
    await cast.world.settle()
    assert cast.state["state"] == "let_go"


async def test_the_partner_cannot_destroy_the_others_words_by_taking_their_id(cast: Cast) -> None:
    """1.5, I35: Ana's terms are only on her phone after the restore; Ben stores others under their id first."""
    dump = cast.world.dump()
    it = cast.one.make("goal_terms", goal=cast.goal, title="Swim.", why="Because it heals me.")
    await cast.world.settle()
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ben)
    tool.force("goal_terms", it, couple=cast.couple.id, set={"goal": str(cast.goal), "title": "x"})
    await tool.sync()
    await cast.world.settle()
    assert "Because it heals me." in cast.everywhere() + cast.one.texts()


async def test_words_that_a_writer_gave_are_not_lost_to_another_record_under_the_same_id(cast: Cast) -> None:
    cast.bens.make("check_in", local_date="2026-03-02", text="Tired.", audience=cast.couple.id, shared_parts=["text"])
    cast.one.make("check_in", local_date="2026-03-02", text="Me too.", audience=cast.couple.id, shared_parts=["text"])
    await cast.world.settle()
    dump = cast.world.dump()
    to = next(e.id for e in cast.one.view("shown_check_in") if e.author == cast.ben.id)
    it = cast.one.make("response", to=to, form="heard_you", text="Long words of Ana's.")
    await cast.world.settle()
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ben)
    other = next(e.id for e in tool.view("shown_check_in") if e.author == cast.ana.id)
    tool.force(
        "response",
        it,
        couple=cast.couple.id,
        set={"to": str(other), "form": "heard_you", "text": None, "on": None, "at": None},
    )
    await tool.sync()
    await cast.world.settle()
    assert "Long words of Ana" in cast.everywhere() + cast.one.texts()


async def test_a_phone_syncs_on_though_the_partner_took_a_lost_id_for_another_kind(cast: Cast) -> None:
    dump = cast.world.dump()
    step = cast.one.make("step", goal=cast.goal, title="Pack.")
    await cast.world.settle()
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ben)
    tool.force("goal", step, couple=cast.couple.id, set={"notes": None, "topic": None, "form": "goal"})
    await tool.sync()
    cast.one.make("check_in", local_date="2026-03-02", text="Written afterwards.")
    await cast.one.sync()
    assert "Written afterwards" in cast.everywhere()
    assert "Pack." in cast.everywhere() + cast.one.texts()


async def test_same_kind_swap_words(cast: Cast) -> None:
    """A response of Ana's, and Ben's goal under its id."""
    dump = cast.world.dump()
    terms = cast.one.make("goal_terms", goal=cast.goal, title="Swim.", why="Heals me.")
    await cast.world.settle()
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ben)
    tool.force("goal", terms, couple=cast.couple.id, set={"notes": None, "topic": None, "form": "goal"})
    await tool.sync()
    await cast.world.settle(cast.one, cast.two, cast.bens)
    assert "Heals me." in cast.everywhere() + cast.one.texts()


async def test_a_proven_step_without_its_title_is_refused_and_does_not_break_the_request(cast: Cast) -> None:
    dump = cast.world.dump()
    step = cast.one.make("step", goal=cast.goal, title="Pack.")
    await cast.world.settle()
    fields, origin = lost_row(cast.bens, step)
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ben)
    values = sendable("step", fields)
    values.pop("title")
    tool.force("step", step, couple=cast.couple.id, set=values, origin=origin)
    (told,) = await tool.sync()
    assert told.status == "refused"


async def test_a_goal_is_removed_for_good_by_the_partner(cast: Cast) -> None:
    dump = cast.world.dump()
    goal = cast.one.make("goal", notes="Ours.")
    cast.one.make("goal_terms", goal=goal, title="Swim.")
    await cast.world.settle()
    fields, origin = lost_row(cast.bens, goal)
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ben)
    tool.force("goal", goal, couple=cast.couple.id, set=sendable("goal", fields), origin=origin, remove=True)
    await tool.sync()
    await cast.world.settle()
    cast.one.force("goal", goal, couple=cast.couple.id, base=cast.world.stored(goal).version, remove=False)
    await cast.one.sync()
    assert not cast.world.stored(goal).removed


async def test_purge_by_partner_of_words_only_ana_ever_wrote(cast: Cast) -> None:
    """No restore: Ben re-sends Ana's new sentence... under origin, then purges."""
    cast.one.write(cast.goal, notes="Base. Ana's pain.")
    await cast.world.settle()
    tool = await cast.new_phone(cast.ben)
    v = cast.world.stored(cast.goal).version
    tool.force(
        "goal",
        cast.goal,
        couple=cast.couple.id,
        base=v,
        set={"notes": "Base."},
        was={"notes": "Base. Ana's pain."},
        origin=Origin(),
    )
    tool.force(
        "goal",
        cast.goal,
        couple=cast.couple.id,
        base=v,
        set={"notes": "Base. Ana's pain."},
        was={"notes": "Base."},
        origin=Origin(),
    )
    await tool.sync()
    await cast.world.purge(cast.ben, cast.goal)
    assert "Ana's pain" in cast.world.stored(cast.goal).fields["notes"]


async def test_a_no_that_comes_after_both_said_yes_changes_nothing_and_says_so(cast: Cast) -> None:
    """As without a restore: Ana's tablet had not heard that her phone had said yes, and is told to look again."""
    theirs = cast.bens.make("goal_terms", goal=cast.goal, title="Ben's wish.")
    await cast.world.settle()
    dump = cast.world.dump()
    for nth in range(4):
        cast.bens.write(cast.goal, notes=f"Base. {nth}.")
        await cast.bens.sync()
    yes = cast.act(cast.one, "accept", theirs)
    await cast.one.sync()
    cast.world.restore(dump)
    await cast.two.sync()
    no = cast.act(cast.two, "decline", theirs)
    await cast.two.sync()
    await cast.world.settle()
    assert cast.world.stored(no).fields["order"] > cast.world.stored(yes).fields["order"]
    assert cast.state["terms_in_force"] == str(theirs)
    assert "look_again" in cast.one.notices()


async def test_a_no_of_the_new_life_stands_though_an_older_yes_of_the_same_person_comes_back(cast: Cast) -> None:
    """The terms were never in force: Ben, who proposed them, had taken his own yes back."""
    theirs = cast.bens.make("goal_terms", goal=cast.goal, title="Ben's wish.")
    await cast.world.settle()
    cast.act(cast.bens, "not_now", theirs)
    await cast.world.settle()
    dump = cast.world.dump()
    for nth in range(4):
        cast.bens.write(cast.goal, notes=f"Base. {nth}.")
        await cast.bens.sync()
    cast.act(cast.one, "accept", theirs)
    await cast.one.sync()
    cast.world.restore(dump)
    await cast.two.sync()
    cast.act(cast.two, "decline", theirs)
    await cast.two.sync()
    await cast.world.settle()
    cast.act(cast.bens, "accept", theirs)
    await cast.world.settle()
    assert cast.state["terms_in_force"] is None
