"""Found by a fourth review, in what the third had asked for; each was mended."""

from typing import Any

import pytest

from domain.ids import RecordId
from tests.rules.test_found_by_third_review import lost_row, sendable
from tests.rules.test_proof import Cast


@pytest.fixture
async def cast() -> Cast:
    return await Cast().begin()


async def until_waiting(*phones: Any) -> None:
    for phone in phones:
        for _ in range(20):
            if phone.waiting:
                break
            request = phone.request()
            phone.receive(request, await phone.send(request))
        assert phone.waiting


async def test_a_let_go_comes_back_though_the_partner_took_its_id_and_purged(cast: Cast) -> None:
    dump = cast.world.dump()
    it = cast.act(cast.one, "let_go")
    await cast.world.settle()
    assert cast.state["state"] == "let_go"
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ben)
    tool.force("step", it, couple=cast.couple.id, set={"goal": str(cast.goal), "title": "x"})
    await tool.sync()
    await cast.world.purge(cast.ben, it)
    await cast.world.settle()
    assert cast.state["state"] == "let_go"


async def test_terms_come_back_though_the_partner_took_their_id_and_purged(cast: Cast) -> None:
    dump = cast.world.dump()
    it = cast.one.make("goal_terms", goal=cast.goal, title="Swim.", why="Heals me.")
    await cast.world.settle()
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ben)
    tool.force("goal_terms", it, couple=cast.couple.id, set={"goal": str(cast.goal), "title": "x"})
    await tool.sync()
    await cast.world.purge(cast.ben, it)
    await cast.world.settle()
    assert [
        r for r in cast.world.records("goal_terms") if r.fields.get("why") == "Heals me." and r.author == cast.ana.id
    ]


@pytest.mark.parametrize("same_title", [True, False])
async def test_nobody_agrees_to_words_they_have_not_seen(cast: Cast, same_title: bool) -> None:
    """Ben's lost terms come back under an id whose other words Ana has said yes to."""
    dump = cast.world.dump()
    it = cast.bens.make("goal_terms", goal=cast.goal, title="Walk together.", why="Ana does the dishes for ever.")
    await cast.bens.sync()
    fields, origin = lost_row(cast.bens, it)
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ben)
    tool.force(
        "goal_terms",
        it,
        couple=cast.couple.id,
        set={"goal": str(cast.goal), "title": "Walk together." if same_title else "Walk."},
    )
    await tool.sync()
    await cast.one.sync()
    cast.act(cast.one, "accept", it)
    await cast.one.sync()
    assert cast.state["terms_in_force"] == str(it)
    tool.force("goal_terms", it, couple=cast.couple.id, set=sendable("goal_terms", fields), origin=origin)
    await tool.sync()
    await cast.world.settle()
    force = cast.state["terms_in_force"]
    assert force is None or cast.world.stored(RecordId(type(it)(force))).fields["why"] is None


async def test_what_is_refused_for_lack_of_room_leaves_nothing_half_done(cast: Cast) -> None:
    dump = cast.world.dump()
    step = cast.one.make("step", goal=cast.goal, title="Pack.")
    await cast.world.settle()
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ben)
    tool.force("step", step, couple=cast.couple.id, set={"goal": str(cast.goal), "title": "Ben's."})
    await tool.sync()
    for nth in range(29):
        tool.make("step", goal=cast.goal, title=f"Step {nth}.")
    await tool.sync()
    await cast.one.sync()
    titles = [r.fields["title"] for r in cast.world.records("step")]
    assert len(titles) == 30
    assert titles.count("Ben's.") == 1


async def test_words_sent_again_are_shown_by_no_window_whose_opener_had_not_seen_them(cast: Cast) -> None:
    """Three phones of Ana; words written privately are shown by being sent again."""
    three = cast.world.device(cast.ana)
    entry = cast.one.make("check_in", local_date="2026-03-02", text="Base.")
    await cast.world.settle()
    dump = cast.world.dump()
    cast.one.write(entry, valence=2)
    await cast.one.sync()
    await cast.two.sync()
    cast.two.write(entry, text="Base. Private.")
    await cast.two.sync()
    cast.world.restore(dump)
    await until_waiting(cast.one, cast.two)
    await three.sync()
    assert three.fields(entry)["text"] == "Base."
    three.write(entry, audience=cast.couple.id, shared_parts=["text"])
    await three.sync()
    await cast.one.sync()
    await cast.two.sync()
    await cast.bens.sync()
    assert "Private" not in cast.bens.texts()


async def test_the_partner_s_new_words_stand_beside_what_is_sent_again(cast: Cast) -> None:
    dump = cast.world.dump()
    cast.one.write(cast.goal, notes="Base. One.")
    await cast.one.sync()
    await cast.two.sync()
    cast.two.write(cast.goal, notes="Base. One. Two.")
    await cast.two.sync()
    cast.world.restore(dump)
    await until_waiting(cast.one, cast.two)
    await cast.bens.sync()
    cast.bens.write(cast.goal, notes="Base. Ben's new sentence.")
    await cast.bens.sync()
    await cast.one.sync()
    await cast.two.sync()
    await cast.world.settle()
    assert "Ben's new sentence." in cast.world.stored(cast.goal).fields["notes"]


async def test_a_letter_that_waits_for_its_day_does_not_take_in_unread_words(cast: Cast) -> None:
    three = cast.world.device(cast.ana)
    draft = cast.one.make(
        "note_draft", for_couple=cast.couple.id, for_what="Soup.", delivery="at", on="2026-03-05", at="10:00"
    )
    await cast.world.settle()
    dump = cast.world.dump()
    cast.one.write(draft, at="11:00")
    await cast.one.sync()
    await cast.two.sync()
    cast.two.write(draft, text="Unread.")
    await cast.two.sync()
    cast.world.restore(dump)
    await until_waiting(cast.one, cast.two)
    await three.sync()
    three.write(draft, send=True)
    await three.sync()
    await cast.one.sync()
    await cast.two.sync()
    f = cast.world.stored(draft).fields
    assert not (f["send"] and f["text"] == "Unread."), f


async def test_a_withdrawn_window_is_gone_though_a_step_had_its_copy_s_id(cast: Cast) -> None:
    entry = cast.one.make("check_in", local_date="2026-03-02", text="Mine.")
    await cast.world.settle()
    dump = cast.world.dump()
    cast.one.write(entry, audience=cast.couple.id, shared_parts=["text"])
    await cast.world.settle()
    shown = cast.bens.only("shown_check_in").id
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ben)
    tool.force(
        "step", shown, couple=cast.couple.id, set={"goal": str(cast.goal), "title": "x", "taken_by": [], "done": False}
    )
    await tool.sync()
    fields, origin = lost_row(tool, shown)
    cast.world.restore(dump)
    await cast.one.sync()
    await cast.two.sync()
    cast.one.write(entry, audience=cast.couple.id, shared_parts=["text"])
    await cast.one.sync()
    new = await cast.new_phone(cast.ben)
    new.force("step", shown, couple=cast.couple.id, set=sendable("step", fields), origin=origin)
    await cast.one.sync()
    cast.one.write(entry, audience="only_me")
    await cast.one.sync()
    assert cast.world.stored(entry).fields["audience"] == "only_me"
    fresh = await cast.new_phone(cast.ben)
    assert "Mine." not in fresh.texts()


async def test_a_flood_of_sentences_does_not_make_the_partner_s_words_one_s_own(cast: Cast) -> None:
    cast.one.write(cast.goal, notes="Base. Ana's pain.")
    await cast.world.settle()
    full = cast.bens.fields(cast.goal)["notes"]
    for a in "ab":
        cast.bens.write(cast.goal, notes=" ".join(f"{a}{n}." for n in range(300)))
        await cast.bens.sync()
    cast.bens.write(cast.goal, notes=full)
    await cast.bens.sync()
    await cast.world.purge(cast.ben, cast.goal)
    assert "Ana's pain" in cast.everywhere()


async def test_a_topic_written_in_private_is_not_shown_by_an_opening_that_did_not_know_it(cast: Cast) -> None:
    e = cast.one.make("check_in", local_date="2026-03-02", text="W0.")
    await cast.world.settle()
    cast.two.write(e, text="W1.")
    cast.one.write(e, audience=cast.couple.id, shared_parts=["needs", "text"])
    await cast.one.sync_without_answer()
    cast.two.write(e, topic="family")
    cast.two.write(e, audience=cast.couple.id)
    await cast.one.sync()
    await cast.two.sync()
    assert not [r for r in cast.world.records("shown_check_in") if r.fields["topic"] == "family"]


@pytest.mark.parametrize("first", ["one", "two"])
async def test_a_topic_and_an_opening_that_did_not_know_of_each_other_show_nothing(cast: Cast, first: str) -> None:
    e = cast.one.make("check_in", local_date="2026-03-02", text="W0.")
    await cast.world.settle()
    cast.one.write(e, audience=cast.couple.id, shared_parts=["needs"])
    cast.two.write(e, topic="family")
    cast.two.write(e, audience=cast.couple.id)
    await getattr(cast, first).sync()
    await cast.world.settle()
    assert not [r for r in cast.world.records("shown_check_in") if r.fields["topic"] == "family"]


@pytest.mark.parametrize(
    "order",
    [
        "needs,topic,text,audience",
        "needs+topic,text,audience",
        "needs+topic,text+audience",
        "needs,topic,text+valence,audience",
    ],
)
async def test_a_text_written_in_private_is_not_shown_by_half_an_opening(cast: Cast, order: str) -> None:
    """Phone one opens needs and text. Phone two, offline, writes; it says for whom, and has chosen no part."""
    e = cast.one.make("check_in", local_date="2026-03-02", text="Base.")
    await cast.world.settle()
    cast.one.write(e, audience=cast.couple.id, shared_parts=["mood", "needs", "text"])
    values = {"needs": ["rest"], "topic": "family", "text": "Secret.", "audience": cast.couple.id, "valence": -4}
    for edit in order.split(","):
        cast.two.write(e, **{name: values[name] for name in edit.split("+")})
    assert cast.two.fields(e)["shared_parts"] == []
    await cast.one.sync()
    await cast.two.sync()
    await cast.bens.sync()
    assert "Secret." not in cast.bens.texts()


async def test_a_record_that_was_moved_can_be_purged(cast: Cast) -> None:
    """Ana's own words, in a step that Ben moves away by a proof: her purge finds all of them."""
    dump = cast.world.dump()
    step = cast.bens.make("step", goal=cast.goal, title="Pack.")
    await cast.bens.sync()
    fields, origin = lost_row(cast.bens, step)
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ben)
    tool.force("step", step, couple=cast.couple.id, set={"goal": str(cast.goal), "title": "Mine."})
    await tool.sync()
    await cast.one.sync()
    cast.one.write(step, title="Ana's secret.")
    await cast.one.sync()
    cast.one.write(step, title="Ana's other.")
    await cast.one.sync()
    tool.force("step", step, couple=cast.couple.id, set=sendable("step", fields), origin=origin)
    await cast.one.sync()
    for r in cast.world.records("step"):
        await cast.world.purge(cast.ana, r.id)
    assert "Ana's secret" not in cast.everywhere()


async def test_an_edit_that_waits_for_a_step_that_was_moved_is_not_lost(cast: Cast) -> None:
    """Ana, offline, has edited what is moved away meanwhile: her words must not land in the record that came back."""
    other = cast.one.make("goal", notes="Other.")
    await cast.world.settle()
    dump = cast.world.dump()
    step = cast.bens.make("step", goal=other, title="Pack.")
    await cast.bens.sync()
    fields, origin = lost_row(cast.bens, step)
    cast.world.restore(dump)
    tool = await cast.new_phone(cast.ben)
    tool.force("step", step, couple=cast.couple.id, set={"goal": str(cast.goal), "title": "Mine."})
    await tool.sync()
    await cast.one.sync()
    cast.one.remove(step)
    await cast.one.sync()
    tool.force("step", step, couple=cast.couple.id, set=sendable("step", fields), origin=origin)
    await tool.sync()
    await cast.world.settle()
