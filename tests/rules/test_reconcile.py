"""What a batch comes to: outcomes, words without a place, notes given, goals moved, notices, and the day it is."""

from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from domain.ids import DeviceId, RecordId, SpaceId
from domain.records import Alternative, Record
from sync import service
from sync.board import Board, settings_id
from sync.merge import Word
from sync.picks import picks
from sync.ports import Loaded, Wanted
from sync.purge import marked
from sync.reconcile import AGE_MAX, reconcile
from sync.sealing import keyed_id
from sync.wire import NO_FIELD, VERSION_MAX, Change, Origin
from tests.pair import Pair, change, in_memory


@pytest.fixture
async def pair() -> Pair:
    return await in_memory()


def check_in(**values: Any) -> Change:
    return change("check_in", uuid4(), {"local_date": "2026-11-23", **values})


async def a_step(pair: Pair, title: str = "Ferry.", **values: Any) -> UUID:
    step = uuid4()
    await pair.one(
        pair.ana.phone, change("step", step, {"goal": str(uuid4()), "title": title, **values}, couple=pair.couple)
    )
    return step


def retitled(pair: Pair, step: UUID, title: str, *, base: int, was: str | None = None, **rest: Any) -> Change:
    started = {} if was is None else {"title": was}
    return change("step", step, {"title": title}, was=started, base=base, couple=pair.couple, **rest)


# Outcomes ------------------------------------------------------------------------------------------------------


async def test_a_change_that_follows_is_applied_under_the_next_version(pair: Pair) -> None:
    first = await pair.one(pair.ana.phone, entry := check_in(text="Tired."))
    assert (first.status, first.version, first.fields, first.code) == ("applied", 2, {}, None)
    second = await pair.one(pair.ana.phone, change("check_in", entry.id, {"text": "Well."}, base=2))
    assert (second.status, second.version) == ("applied", 3)


async def test_a_key_that_was_decided_repeats_its_outcome_whatever_else_it_says(pair: Pair) -> None:
    made = check_in(text="Tired.")
    await pair.one(pair.ana.phone, made)
    again = await pair.one(pair.ana.phone, replace(made, set={"text": "Something else."}))
    assert (again.status, again.version) == ("duplicate", 2)
    assert (await pair.look(pair.ana, made.id)).fields["text"] == "Tired."


async def test_a_refusal_is_repeated_too_and_makes_no_second_copy_of_the_words(pair: Pair) -> None:
    made = check_in(text="Tired.", valence=9)
    first = await pair.one(pair.ana.phone, made)
    again = await pair.one(pair.ana.phone, made)
    assert (again.status, again.code, again.unplaced) == ("duplicate", "invalid", first.unplaced)
    assert len(await pair.of_kind(pair.ana, "unplaced")) == 1


async def test_the_same_key_twice_in_one_batch_is_one_change(pair: Pair) -> None:
    made = check_in(text="Tired.")
    outcomes = await pair.push(pair.ana.phone, made, made)
    assert [each.status for each in outcomes] == ["applied", "duplicate"]
    assert (await pair.look(pair.ana, made.id)).version == 2


async def test_each_change_is_judged_on_what_the_earlier_ones_left(pair: Pair) -> None:
    made = check_in(text="Tired.")
    edits = [
        change("check_in", made.id, {"text": text}, was={"text": was})
        for text, was in (("Well.", "Tired."), ("Better.", "Well."))
    ]
    outcomes = await pair.push(pair.ana.phone, made, *edits, change("check_in", made.id, remove=True))
    assert [(each.status, each.version) for each in outcomes] == [("applied", version) for version in (2, 3, 4, 5)]
    record = await pair.look(pair.ana, made.id)
    assert (record.removed, record.fields["text"], record.alternatives) == (True, "Better.", {})


async def test_one_refusal_does_not_stop_the_rest(pair: Pair) -> None:
    outcomes = await pair.push(pair.ana.phone, check_in(), check_in(valence=9), check_in())
    assert [each.status for each in outcomes] == ["applied", "refused", "applied"]


async def test_a_change_that_changes_nothing_has_the_version_that_stands(pair: Pair) -> None:
    step = await a_step(pair)
    outcome = await pair.one(pair.ben.phone, retitled(pair, step, "Ferry.", base=1))
    assert (outcome.status, outcome.version) == ("applied", 1)


async def test_who_takes_a_step_that_the_other_has_taken_is_told_nothing_more(pair: Pair) -> None:
    ana, ben = str(pair.ana.person), str(pair.ben.person)
    step = await a_step(pair, taken_by=[ana])
    both = change("step", step, {"taken_by": [ana, ben]}, was={"taken_by": [ana]}, base=1, couple=pair.couple)
    outcome = await pair.one(pair.ben.phone, both)
    assert (outcome.status, outcome.fields) == ("applied", {})
    assert (await pair.look(pair.ben, step)).fields["taken_by"] == sorted([ana, ben])


async def test_a_step_that_was_stored_before_steps_could_be_taken_is_taken_like_any_other(pair: Pair) -> None:
    step = await a_step(pair)
    record = await pair.look(pair.ana, step)
    older = {name: value for name, value in record.fields.items() if name != "taken_by"}
    await pair.put(pair.ana.phone, replace(record, fields=older, version=2))
    ben = str(pair.ben.person)
    outcome = await pair.one(pair.ben.phone, change("step", step, {"taken_by": [ben]}, base=2, couple=pair.couple))
    assert (outcome.status, outcome.fields) == ("applied", {})
    assert (await pair.look(pair.ben, step)).fields["taken_by"] == [ben]


async def test_what_was_merged_says_so_a_field(pair: Pair) -> None:
    step = await a_step(pair)
    await pair.one(pair.ana.phone, retitled(pair, step, "Boat.", base=1, was="Ferry."))
    both = await pair.one(pair.ben.phone, retitled(pair, step, "Train.", base=1, was="Ferry."))
    assert (both.status, both.fields) == ("merged", {"title": "kept_both"})
    assert await pair.told(pair.ana) == await pair.told(pair.ben) == [("kept_both", "title")]


async def test_a_base_beyond_the_head_was_seen_by_nobody(pair: Pair) -> None:
    """A phone cannot claim to have seen what is not there yet."""
    step = await a_step(pair)
    decisions = await pair.decide(
        pair.ben.phone,
        retitled(pair, step, "Boat.", base=VERSION_MAX, was="Ferry."),
    )
    assert decisions.outcomes[0].status == "applied"
    await pair.one(pair.ana.phone, retitled(pair, step, "Boat.", base=1, was="Ferry."))
    loaded = await pair.store.load(pair.ben.phone, Wanted(ids=[RecordId(step)]))
    made = retitled(pair, step, "Train.", base=VERSION_MAX, was="Ferry.")
    keys = {space: pair.keys.one(space).id_key for space in (pair.space, pair.ana.personal, pair.ben.personal)}
    late = reconcile(loaded, pair.ben.phone, [made], pair.now, keys, None, {pair.space: 1})
    assert late.outcomes[0].fields == {"title": "kept_both"}, "in another life of the space nothing later was common"


async def test_of_a_space_that_went_back_only_what_both_lives_have_in_common_was_seen(pair: Pair) -> None:
    entry = check_in()
    await pair.one(pair.ana.phone, entry)
    await pair.one(pair.ana.tablet, change("check_in", entry.id, {"valence": 1}, base=2))
    loaded = await pair.store.load(pair.ana.phone, Wanted(ids=[RecordId(entry.id)]))
    keys = {space: pair.keys.one(space).id_key for space in (pair.space, pair.ana.personal, pair.ben.personal)}
    made = change("check_in", entry.id, {"valence": 2}, base=3)
    for base_max, fields in (({}, {}), ({pair.ana.personal: 2}, {"valence": "theirs_kept"})):
        [outcome] = reconcile(loaded, pair.ana.phone, [made], pair.now, keys, None, base_max).outcomes
        assert outcome.fields == fields


async def test_who_claims_to_have_seen_what_is_not_there_yet_has_seen_what_is_there(pair: Pair) -> None:
    """Of more than a set holds the needs stay whose device had seen least; here both had seen the same."""
    entry = check_in(needs=["rest"])
    await pair.one(pair.ana.phone, entry)
    for who, base, needs in (
        (pair.ana.phone, VERSION_MAX, ["affection", "rest"]),
        (pair.ana.tablet, 2, ["clarity", "kindness_to_self", "rest"]),
    ):
        await pair.one(who, change("check_in", entry.id, {"needs": needs}, was={"needs": ["rest"]}, base=base))
    assert (await pair.look(pair.ana, entry.id)).fields["needs"] == ["affection", "clarity", "rest"]


@pytest.mark.parametrize(("left", "code"), [(3, "too_many"), (16, "too_many"), (17, None)])
async def test_a_full_space_refuses_instead_of_overflowing(pair: Pair, left: int, code: str | None) -> None:
    loaded = await pair.store.load(pair.ana.phone, Wanted())
    own = loaded.spaces[pair.ana.personal]
    full = Loaded(
        spaces=loaded.spaces | {own.id: replace(own, head=VERSION_MAX - left)}, records={}, outcomes={}, counts={}
    )
    keys = {space: pair.keys.one(space).id_key for space in (pair.space, pair.ana.personal, pair.ben.personal)}
    [outcome] = reconcile(full, pair.ana.phone, [check_in()], pair.now, keys).outcomes
    assert outcome.code == code


async def test_a_stated_age_breaks_a_tie_and_is_taken_for_no_more_than_four_hundred_days(pair: Pair) -> None:
    entry = check_in()
    await pair.one(pair.ana.phone, entry)
    day = 24 * 3600 * 1000
    await pair.one(pair.ana.phone, change("check_in", entry.id, {"valence": 1}, base=2, age_ms=5 * day))
    newer = await pair.one(pair.ana.tablet, change("check_in", entry.id, {"valence": 2}, base=2, age_ms=1 * day))
    assert newer.fields == {"valence": "yours_kept"}
    older = await pair.one(pair.ana.phone, change("check_in", entry.id, {"arousal": 1}, base=2, age_ms=VERSION_MAX))
    assert older.status == "applied"
    stamp = (await pair.look(pair.ana, entry.id)).stamp("arousal")
    assert stamp.made_ms == int((pair.now - AGE_MAX).timestamp() * 1000)
    assert isinstance(stamp.made_ms, int), "it is stored as a whole number"


async def test_what_was_refused_is_shown_to_the_device_again(pair: Pair) -> None:
    step = await a_step(pair)
    made = retitled(pair, step, "x" * 121, base=1)
    assert (await pair.decide(pair.ben.phone, made)).again == {step}
    assert (await pair.decide(pair.ben.phone, retitled(pair, step, "Boat.", base=1))).again == frozenset()


# Words without a place -----------------------------------------------------------------------------------------


async def words_of(pair: Pair) -> list[dict[str, str]]:
    return [each["words"] for each in await pair.words_for(pair.ben)]


async def test_words_that_an_app_ahead_of_the_server_has_nested_come_back_too(pair: Pair) -> None:
    nested = {
        "title": "Holiday.",
        "items": [{"text": "A tent.", "done": False}, ["Boots."]],
        "by_day": {"mon": "Rest."},
    }
    await pair.one(pair.ben.phone, change("shared_list", uuid4(), nested))
    assert await words_of(pair) == [{"title": "Holiday.", "items": "A tent.\nBoots.", "by_day": "Rest."}]


async def test_a_refused_pick_keeps_nothing_of_what_stood_beside(pair: Pair) -> None:
    beside = {"notes": [{"by": str(pair.ana.person), "text": "Ana's words."}]}
    await pair.one(
        pair.ben.phone,
        change("goal", uuid4(), {"alternatives": beside, "notes": "Ben's."}, was={"alternatives": {}}, couple=uuid4()),
    )
    assert await words_of(pair) == [{"notes": "Ben's."}]


async def test_refused_words_come_back_to_their_author_alone(pair: Pair) -> None:
    made = change("goal", uuid4(), {"notes": "Sunday at the sea."}, couple=uuid4())
    outcome = await pair.one(pair.ben.phone, made)
    [unplaced] = await pair.of_kind(pair.ben, "unplaced")
    assert unplaced.id == outcome.unplaced
    assert unplaced.fields == {
        "meant": "goal",
        "about": str(made.id),
        "code": "closed",
        "words": {"notes": "Sunday at the sea."},
        "on": "2026-11-23",
    }
    assert (unplaced.author, unplaced.family) == (pair.ben.person, made.id)
    assert await pair.of_kind(pair.ana, "unplaced") == []
    assert (await pair.page(pair.ana)).spaces[pair.space].head == 0, "I35: nobody else learns of it"


async def test_words_that_are_refused_under_one_key_on_two_devices_are_kept_once(pair: Pair) -> None:
    """A device that has signed in anew sends its outbox under the same keys."""
    made = change("goal", uuid4(), {"notes": "Sunday at the sea."}, couple=uuid4())
    first = await pair.one(pair.ben.phone, made)
    again = await pair.one(pair.ben.tablet, made)
    box = keyed_id(pair.keys.one(pair.ben.personal).id_key, "unplaced", made.key)
    assert (first.status, first.unplaced, again.status, again.unplaced) == ("refused", box, "refused", box)
    assert await words_of(pair) == [{"notes": "Sunday at the sea."}]


async def test_words_that_their_author_has_put_away_come_back_by_no_retry(pair: Pair) -> None:
    made = change("goal", uuid4(), {"notes": "Sunday at the sea."}, couple=uuid4())
    first = await pair.one(pair.ben.phone, made)
    assert first.unplaced is not None
    box = await pair.look(pair.ben, first.unplaced)
    await pair.one(pair.ben.phone, change("unplaced", box.id, base=box.version, remove=True))
    assert (await pair.one(pair.ben.tablet, made)).unplaced == box.id
    assert (await pair.look(pair.ben, box.id)).removed


async def test_a_box_whose_words_were_destroyed_is_not_filled_again_under_its_key(pair: Pair) -> None:
    made = change("goal", uuid4(), {"notes": "Sunday at the sea."}, couple=uuid4())
    first = await pair.one(pair.ben.phone, made)
    assert first.unplaced is not None
    await service.purge(pair.store, pair.keys, pair.ben.phone, "unplaced", RecordId(first.unplaced), pair.now)
    late = await pair.one(pair.ben.tablet, replace(made, set={"notes": "Monday."}))
    assert (late.status, late.unplaced) == ("refused", None)
    assert await words_of(pair) == []


async def test_the_past_of_every_record_whose_words_are_refused_is_asked_for(pair: Pair) -> None:
    made = [change("goal", uuid4(), {"notes": text}, couple=uuid4()) for text in ("One.", "Another.")]
    assert (await pair.decide(pair.ben.phone, *made)).asks == {(pair.ben.personal, each.id) for each in made}


async def test_words_that_come_back_to_where_they_were_kept_have_the_code_that_they_had(pair: Pair) -> None:
    values, was = {"text": "Tired.", NO_FIELD: True}, {NO_FIELD: "too_many"}
    origin = Origin(author=pair.ben.person, seen=True)
    outcome = await pair.one(pair.ben.phone, change("check_in", uuid4(), values, was=was, origin=origin))
    assert outcome.code == "invalid"
    assert [each["code"] for each in await pair.words_for(pair.ben)] == ["too_many"]


async def test_only_texts_are_words(pair: Pair) -> None:
    made = check_in(valence=9, needs=["rest"], topic="us", text="Tired.")
    await pair.one(pair.ben.phone, made)
    assert await words_of(pair) == [{"text": "Tired."}]


async def test_a_refusal_without_words_leaves_nothing_behind(pair: Pair) -> None:
    outcome = await pair.one(pair.ben.phone, check_in(valence=9))
    assert (outcome.code, outcome.unplaced) == ("invalid", None)
    assert await words_of(pair) == []


async def test_of_a_kind_or_field_from_a_newer_app_every_text_is_kept(pair: Pair) -> None:
    await pair.one(pair.ben.phone, change("dream", uuid4(), {"about": "A boat.", "depth": 3}))
    await pair.one(pair.ben.phone, check_in(colour="Grey."))
    assert await words_of(pair) == [{"about": "A boat."}, {"colour": "Grey."}]


async def test_of_a_list_of_texts_every_line_is_kept(pair: Pair) -> None:
    await pair.one(pair.ben.phone, change("dream", uuid4(), {"about": ["A boat.", "A house.", 3]}))
    assert await words_of(pair) == [{"about": "A boat.\nA house."}]


async def test_words_that_stand_in_another_record_are_still_kept(pair: Pair) -> None:
    """Only what was given of this draft is known to be safe; that a second draft says the same is chance."""
    given, other = uuid4(), uuid4()
    await pair.one(pair.ben.phone, note(pair, given, for_what="The soup."))
    assert (await pair.look(pair.ben, given)).gone
    same = note(pair, other, for_what="The bread.", **LATER)
    rewrote = change("note_draft", given, {"for_what": "The bread."}, was={"for_what": "The soup."}, base=1)
    outcomes = await pair.push(pair.ben.phone, same, rewrote)
    assert [each.code for each in outcomes] == [None, "already_given"]
    assert await words_of(pair) == [{"for_what": "The bread."}]
    again = change("note_draft", given, {"for_what": "The soup."}, was={"for_what": "The stew."}, base=1)
    assert (await pair.one(pair.ben.phone, again)).unplaced is None


async def test_what_the_edit_started_from_is_not_the_pusher_s_to_keep(pair: Pair) -> None:
    values = {"notes": "From the shared text."}
    await pair.one(pair.ben.phone, change("goal", uuid4(), values, was=dict(values), couple=uuid4()))
    assert await words_of(pair) == []


@pytest.mark.parametrize("known", ["stored", "beside", "behind"])
async def test_what_the_record_holds_or_once_held_does_not_come_back_as_one_s_own(pair: Pair, known: str) -> None:
    step = await a_step(pair, "First.")
    await pair.one(pair.ana.phone, retitled(pair, step, "Second.", base=1, was="First."))
    await pair.one(pair.ana.tablet, retitled(pair, step, "Third.", base=1, was="First."))
    record = await pair.look(pair.ana, step)
    assert record.alternatives == {"title": (Alternative(pair.ana.person, "Third."),)}
    title = {"stored": "Second.", "beside": "Third.", "behind": "First."}[known]
    made = replace(retitled(pair, step, title, base=3), set={"title": title, "taken_by": [str(uuid4())]})
    assert (await pair.one(pair.ben.phone, made)).code == "needs_their_yes"
    assert await words_of(pair) == []


async def test_own_words_on_terms_that_the_partner_proposed_come_back(pair: Pair) -> None:
    """Terms are joint: what one would have them say is one's own."""
    terms = uuid4()
    values = {"goal": str(uuid4()), "title": "Walk."}
    await pair.one(pair.ana.phone, change("goal_terms", terms, values, couple=pair.couple))
    made = change("goal_terms", terms, {"title": "Run."}, was={"title": "Walk."}, base=1, couple=pair.couple)
    assert (await pair.one(pair.ben.phone, made)).code == "immutable"
    assert await words_of(pair) == [{"title": "Run."}]


async def shown_to_ben(pair: Pair) -> Record:
    entry = check_in(audience=str(pair.couple), shared_parts=["text"], text="Ana's own.")
    await pair.one(pair.ana.phone, entry)
    [copy] = await pair.of_kind(pair.ben, "shown_check_in")
    return copy


async def test_a_letter_of_the_partner_s_keeps_no_words_of_whoever_would_change_it(pair: Pair) -> None:
    copy = await shown_to_ben(pair)
    response = uuid4()
    values = {"to": str(copy.id), "form": "heard_you", "text": "Ben's own."}
    await pair.one(pair.ben.phone, change("response", response, values, couple=pair.couple))
    made = change("response", response, {"text": "Twisted."}, base=9, couple=pair.couple)
    assert (await pair.one(pair.ana.phone, made)).code == "immutable"
    assert await pair.words_for(pair.ana) == []


@pytest.mark.parametrize("couple", ["the couple", "another"])
@pytest.mark.parametrize("extra", [{}, {"zzz": 1}])
async def test_a_shown_text_that_is_sent_again_never_becomes_the_reader_s(
    pair: Pair, couple: str, extra: dict[str, Any]
) -> None:
    copy = await shown_to_ben(pair)
    for identity in (copy.id, uuid4()):
        again = change(
            "shown_check_in",
            identity,
            extra | {"text": "Ana's own."},
            couple=pair.couple if couple == "the couple" else uuid4(),
        )
        assert (await pair.one(pair.ben.phone, again)).status == "refused"
    assert await words_of(pair) == []


async def test_a_given_note_that_is_sent_again_never_becomes_the_receiver_s(pair: Pair) -> None:
    again = change("note", uuid4(), {"for_what": "The soup."}, couple=uuid4())
    assert (await pair.one(pair.ben.phone, again)).code == "closed"
    assert await words_of(pair) == []


async def test_after_parting_late_edits_come_back_and_touch_nothing(pair: Pair) -> None:
    step = await a_step(pair)
    pair.store.close(pair.space, ["shown_check_in"])  # type: ignore[attr-defined]
    made = retitled(pair, step, "Ben's own.", base=1, was="Ferry.")
    assert (await pair.one(pair.ben.phone, made)).code == "closed"
    assert await words_of(pair) == [{"title": "Ben's own."}]
    assert (await pair.look(pair.ben, step)).fields["title"] == "Ferry."


async def test_a_step_sent_again_after_parting_brings_none_of_the_other_s_words(pair: Pair) -> None:
    step = await a_step(pair)
    pair.store.close(pair.space, ["shown_check_in"])  # type: ignore[attr-defined]
    await pair.one(pair.ben.phone, retitled(pair, step, "Ferry.", base=1))
    assert await words_of(pair) == []


# Audience ------------------------------------------------------------------------------------------------------


async def test_an_audience_of_another_couple_is_stored_as_only_me(pair: Pair) -> None:
    made = check_in(audience=str(uuid4()), shared_parts=["text"], text="Tired.")
    outcome = await pair.one(pair.ana.phone, made)
    assert (outcome.status, outcome.fields) == ("merged", {"audience": "kept_private"})
    assert (await pair.look(pair.ana, made.id)).fields["audience"] == "only_me"
    assert (await pair.decide(pair.ana.phone, replace(made, key=uuid4()))).again == {made.id}
    assert await pair.of_kind(pair.ben, "shown_check_in") == []


async def test_of_an_entry_that_is_for_its_author_alone_nothing_is_kept_private(pair: Pair) -> None:
    outcome = await pair.one(pair.ana.phone, check_in(audience="only_me", text="Tired."))
    assert (outcome.status, outcome.fields) == ("applied", {})


async def test_after_parting_nothing_opens(pair: Pair) -> None:
    pair.store.close(pair.space, ["shown_check_in"])  # type: ignore[attr-defined]
    made = check_in(audience=str(pair.couple), shared_parts=["text"], text="Tired.")
    await pair.one(pair.ana.phone, made)
    assert (await pair.look(pair.ana, made.id)).fields["audience"] == "only_me"


# Notes ---------------------------------------------------------------------------------------------------------


def note(pair: Pair, identity: UUID | None = None, **values: Any) -> Change:
    ready = {"for_what": "The soup.", "send": True, "for_couple": str(pair.couple)}
    return change("note_draft", identity or uuid4(), ready | values)


async def test_a_note_that_is_sent_is_given_and_its_draft_is_gone(pair: Pair) -> None:
    made = note(pair, about_you="You thought of it.", delivery="when_opened")
    assert (await pair.one(pair.ana.phone, made)).status == "applied"
    [letter] = await pair.of_kind(pair.ben, "note")
    assert letter.author == pair.ana.person
    assert letter.id.version == 8
    assert letter.fields == {
        "for_what": "The soup.",
        "about_you": "You thought of it.",
        "text": None,
        "found": True,
        "given_on": "2026-11-23",
        "proof": letter.fields["proof"],
    }
    draft = await pair.look(pair.ana, made.id)
    assert (draft.gone, draft.fields, draft.shown_id) == (True, {}, letter.id)


async def test_a_note_can_be_taken_back_until_it_is_given(pair: Pair) -> None:
    made = note(pair, delivery="at", on="2026-12-01", at="18:00")
    await pair.one(pair.ana.phone, made)
    assert (await pair.look(pair.ana, made.id)).fields["state"] == "queued"
    back = change("note_draft", made.id, {"send": False}, was={"send": True}, base=2)
    assert (await pair.one(pair.ana.phone, back)).status == "applied"
    assert (await pair.look(pair.ana, made.id)).fields["state"] == "draft"
    assert await pair.of_kind(pair.ben, "note") == []


@pytest.mark.parametrize("late", [{"send": False}, {"for_what": "The bread."}, {"remove": True}, {}])
async def test_what_was_given_is_not_taken_back(pair: Pair, late: dict[str, Any]) -> None:
    made = note(pair)
    await pair.one(pair.ana.phone, made)
    values = {name: value for name, value in late.items() if name != "remove"}
    change_of_mind = change("note_draft", made.id, values, base=2, remove=late.get("remove", UNSET))
    outcome = await pair.one(pair.ana.tablet, change_of_mind)
    assert outcome.code == "already_given"
    [letter] = await pair.of_kind(pair.ben, "note")
    assert letter.fields["for_what"] == "The soup."
    words = [each["words"] for each in await pair.words_for(pair.ana)]
    assert words == ([{"for_what": "The bread."}] if "for_what" in late else [])


async def test_a_removed_draft_is_never_given(pair: Pair) -> None:
    made = replace(note(pair), remove=True)
    await pair.one(pair.ana.phone, made)
    assert await pair.of_kind(pair.ben, "note") == []
    assert not (await pair.look(pair.ana, made.id)).gone


async def test_a_note_for_another_couple_waits_for_nobody(pair: Pair) -> None:
    await pair.one(pair.ana.phone, note(pair, for_couple=str(uuid4())))
    assert await pair.of_kind(pair.ben, "note") == []


async def test_what_stood_beside_a_draft_is_kept_behind_when_it_is_given(pair: Pair) -> None:
    draft = uuid4()
    await pair.one(pair.ana.phone, note(pair, draft, send=False))
    for who, text in ((pair.ana.phone, "The bread."), (pair.ana.tablet, "The wine.")):
        await pair.one(who, change("note_draft", draft, {"for_what": text}, was={"for_what": "The soup."}, base=2))
    beside = (await pair.look(pair.ana, draft)).alternatives["for_what"][0].text
    send = change("note_draft", draft, {"send": True, "for_what": "The cheese."}, base=4)
    await pair.one(pair.ana.phone, send)
    key = (pair.ana.personal, RecordId(draft))
    kept = (await pair.store.history(pair.ana.phone, [key], [])).texts[key]
    assert {beside, "The bread.", "The wine."} <= kept | {beside}
    assert beside in kept


async def test_an_eleventh_note_of_a_day_waits(pair: Pair) -> None:
    await pair.push(pair.ana.phone, *(note(pair) for _ in range(10)))
    late = note(pair)
    await pair.one(pair.ana.phone, late)
    assert len(await pair.of_kind(pair.ben, "note")) == 10
    waiting = await pair.look(pair.ana, late.id)
    assert (waiting.fields["state"], waiting.gone) == ("queued", False)
    assert waiting.due_at is not None
    assert timedelta() < waiting.due_at - pair.now <= timedelta(days=1)


LATER = {"delivery": "at", "on": "2026-12-01", "at": "18:00", "send": False}


@pytest.mark.parametrize("sent_first", [True, False])
async def test_a_note_is_not_given_with_words_that_its_sender_had_not_read(pair: Pair, *, sent_first: bool) -> None:
    draft = uuid4()
    await pair.one(pair.ana.phone, note(pair, draft, **(LATER if sent_first else {"send": False})))
    send = change("note_draft", draft, {"send": True}, was={"send": False}, base=2)
    wrote = change("note_draft", draft, {"for_what": "The quarrel."}, was={"for_what": "The soup."}, base=2)
    both = [(pair.ana.phone, send), (pair.ana.tablet, wrote)]
    for who, made in both if sent_first else reversed(both):
        outcome = await pair.one(who, made)
    assert outcome.fields["send"] == "kept_private"
    stored = await pair.look(pair.ana, draft)
    assert (stored.fields["send"], stored.fields["state"], stored.gone) == (False, "draft", False)
    assert await pair.of_kind(pair.ben, "note") == []
    assert ("kept_private", None) in await pair.told(pair.ana)
    again = change("note_draft", draft, {"send": True}, was={"send": False}, base=99)
    assert (await pair.one(pair.ana.phone, again)).fields == {}


async def test_one_device_sends_and_goes_on_writing_as_it_likes(pair: Pair) -> None:
    draft = uuid4()
    await pair.one(pair.ana.phone, note(pair, draft, **LATER))
    await pair.one(pair.ana.phone, change("note_draft", draft, {"send": True}, was={"send": False}, base=2))
    wrote = change("note_draft", draft, {"for_what": "The bread."}, was={"for_what": "The soup."}, base=2)
    assert (await pair.one(pair.ana.phone, wrote)).fields == {}
    assert (await pair.look(pair.ana, draft)).fields["send"] is True


async def test_what_was_held_back_stays_so_for_devices_that_have_not_seen_it(pair: Pair) -> None:
    """Two devices had sent it, a third wrote on unaware; one of the two changes its mind twice without having seen."""
    draft, third = uuid4(), replace(pair.ana.phone, device=DeviceId(uuid4()))
    await pair.one(pair.ana.phone, note(pair, draft, **LATER))
    for who in (pair.ana.phone, pair.ana.tablet):
        await pair.one(who, change("note_draft", draft, {"send": True}, was={"send": False}, base=2))
    wrote = change("note_draft", draft, {"for_what": "The quarrel."}, was={"for_what": "The soup."}, base=2)
    assert (await pair.one(third, wrote)).fields["send"] == "kept_private"
    for send in (False, True):
        await pair.one(pair.ana.phone, change("note_draft", draft, {"send": send}, was={"send": not send}, base=2))
    assert (await pair.look(pair.ana, draft)).fields["send"] is False


async def an_eleventh(pair: Pair) -> RecordId:
    late = note(pair)
    await pair.push(pair.ana.phone, *(note(pair) for _ in range(10)), late)
    return RecordId(late.id)


async def give(pair: Pair, draft: RecordId) -> dict[SpaceId, int]:
    return await service.give_due(pair.store, pair.keys, pair.ana.phone, draft, pair.now)


async def test_a_note_that_waited_is_given_on_the_next_day_and_once(pair: Pair) -> None:
    late = await an_eleventh(pair)
    assert await give(pair, late) == {}, "it is not the next day yet"
    pair.now += timedelta(days=1)
    assert (await give(pair, late)).keys() == {pair.ana.personal, pair.space}
    letters = await pair.of_kind(pair.ben, "note")
    assert [each.fields["given_on"] for each in letters] == ["2026-11-23"] * 10 + ["2026-11-24"]
    assert (await pair.look(pair.ana, late)).gone
    assert await give(pair, late) == {}
    assert await give(pair, RecordId(uuid4())) == {}


async def test_a_note_that_was_taken_back_while_it_waited_is_not_given(pair: Pair) -> None:
    late = await an_eleventh(pair)
    back = change("note_draft", late, {"send": False}, was={"send": True}, base=99)
    assert (await pair.one(pair.ana.phone, back)).status == "applied"
    pair.now += timedelta(days=1)
    assert await give(pair, late) == {}
    assert len(await pair.of_kind(pair.ben, "note")) == 10
    assert (await pair.look(pair.ana, late)).fields["state"] == "draft"


async def test_a_removed_note_does_not_wait(pair: Pair) -> None:
    late = await an_eleventh(pair)
    await pair.one(pair.ana.phone, change("note_draft", late, remove=True, base=99))
    assert (await pair.look(pair.ana, late)).due_at is None


async def test_a_note_that_waited_past_a_parting_is_not_given(pair: Pair) -> None:
    late = await an_eleventh(pair)
    pair.store.close(pair.space, ["shown_check_in"])  # type: ignore[attr-defined]
    pair.now += timedelta(days=1)
    await give(pair, late)
    assert len(await pair.of_kind(pair.ben, "note")) == 10
    waiting = await pair.look(pair.ana, late)
    assert (waiting.gone, waiting.due_at) == (False, None)
    assert waiting.fields["for_what"] == "The soup."


async def test_without_keys_no_note_is_given(pair: Pair) -> None:
    late = await an_eleventh(pair)
    pair.keys.lost.add(pair.ana.personal)
    with pytest.raises(service.SpaceLockedError):
        await give(pair, late)


# Goals ---------------------------------------------------------------------------------------------------------


def proposal(pair: Pair, goal: UUID, terms: UUID) -> Change:
    return change("goal_terms", terms, {"goal": str(goal), "title": "Walk on Sundays."}, couple=pair.couple)


def act(pair: Pair, goal: UUID, terms: UUID, name: str) -> Change:
    return change("goal_act", uuid4(), {"goal": str(goal), "terms": str(terms), "act": name}, couple=pair.couple)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=repr)
async def test_parents_in_any_order(pair: Pair, order: tuple[int, ...]) -> None:
    """A phone may push each collection by itself: goal, terms and yes make one active goal whatever comes first."""
    goal, terms = uuid4(), uuid4()
    made = [
        (pair.ana.phone, change("goal", goal, couple=pair.couple)),
        (pair.ana.phone, proposal(pair, goal, terms)),
        (pair.ben.phone, act(pair, goal, terms, "accept")),
    ]
    for place in order:
        assert (await pair.one(*made[place])).status == "applied"
    stored = await pair.look(pair.ben, goal)
    assert (stored.fields["state"], stored.fields["terms_in_force"]) == ("active", str(terms))
    assert await pair.told(pair.ana) == await pair.told(pair.ben) == []


async def test_a_goal_is_achieved_when_both_say_so_and_keeps_the_day(pair: Pair) -> None:
    goal, terms = uuid4(), uuid4()
    await pair.push(pair.ana.phone, change("goal", goal, couple=pair.couple), proposal(pair, goal, terms))
    assert (await pair.look(pair.ana, goal)).fields["state"] == "proposed"
    await pair.push(pair.ben.phone, act(pair, goal, terms, "accept"), act(pair, goal, terms, "mark_done"))
    stored = await pair.look(pair.ana, goal)
    assert (stored.fields["state"], stored.fields["done_by"]) == ("active", [str(pair.ben.person)])
    await pair.one(pair.ana.phone, act(pair, goal, terms, "mark_done"))
    pair.now += timedelta(days=3)
    await pair.one(pair.ben.phone, act(pair, goal, terms, "mark_done"))
    stored = await pair.look(pair.ana, goal)
    assert (stored.fields["state"], stored.fields["achieved_on"]) == ("achieved", "2026-11-23")


async def test_a_yes_to_terms_that_were_replaced_is_asked_to_look_again_once(pair: Pair) -> None:
    goal, first, second = uuid4(), uuid4(), uuid4()
    await pair.push(pair.ana.phone, change("goal", goal, couple=pair.couple), proposal(pair, goal, first))
    await pair.one(pair.ben.phone, act(pair, goal, first, "accept"))
    changed = proposal(pair, goal, second)
    changed = replace(changed, set=changed.set | {"based_on": str(first)})
    await pair.one(pair.ana.phone, changed)
    await pair.one(pair.ben.phone, act(pair, goal, second, "accept"))
    assert await pair.told(pair.ben) == []
    late = replace(proposal(pair, goal, uuid4()), key=uuid4())
    late = replace(late, set=late.set | {"based_on": str(first)})
    await pair.one(pair.ben.tablet, late)
    told = await pair.told(pair.ben)
    assert told == [("look_again", None)]
    await pair.one(pair.ana.phone, act(pair, goal, second, "rest"))
    assert await pair.told(pair.ben) == told, "said once"


async def test_an_act_that_names_no_goal_moves_nothing(pair: Pair) -> None:
    step = await a_step(pair)
    assert (await pair.one(pair.ana.phone, act(pair, step, uuid4(), "accept"))).status == "applied"
    assert (await pair.look(pair.ana, step)).version == 1


# The day, notices, keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("zone", "day"), [("UTC", "2026-11-23"), ("Pacific/Kiritimati", "2026-11-24")])
async def test_the_settings_zone_decides_the_day(pair: Pair, zone: str, day: str) -> None:
    settings = settings_id(pair.keys.one(pair.ana.personal).id_key)
    await pair.one(pair.ana.phone, change("settings", settings, {"zone": zone}, base=1))
    await pair.one(pair.ana.phone, note(pair))
    [letter] = await pair.of_kind(pair.ben, "note")
    assert letter.fields["given_on"] == day


async def test_without_settings_it_is_the_day_of_utc(pair: Pair) -> None:
    loaded = await pair.store.load(pair.ana.phone, Wanted())
    keys = {space: pair.keys.one(space).id_key for space in (pair.space, pair.ana.personal, pair.ben.personal)}
    decisions = reconcile(loaded, pair.ana.phone, [note(pair)], pair.now, keys)
    given = [each.record for each in decisions.writes.records if each.record.kind == "note"]
    assert given[0].fields["given_on"] == "2026-11-23"


async def test_who_removed_what_came_back_is_told_in_their_own_box(pair: Pair) -> None:
    step = await a_step(pair)
    await pair.one(pair.ben.phone, change("step", step, base=1, couple=pair.couple, remove=True))
    await pair.one(pair.ana.phone, retitled(pair, step, "Boat.", base=1, was="Ferry."))
    assert await pair.told(pair.ben) == [("came_back", None)]
    assert await pair.told(pair.ana) == []
    [notice] = await pair.of_kind(pair.ben, "notice")
    assert (notice.fields["about"], notice.family, notice.author) == (str(step), step, pair.ben.person)


async def test_what_happens_to_one_s_words_a_second_time_is_told_a_second_time(pair: Pair) -> None:
    step = await a_step(pair)
    for title, was in (("Boat.", "Ferry."), ("Train.", "Boat.")):
        seen = (await pair.look(pair.ben, step)).version
        await pair.one(pair.ben.phone, change("step", step, base=seen, couple=pair.couple, remove=True))
        await pair.one(pair.ana.phone, retitled(pair, step, title, base=seen, was=was))
    assert await pair.told(pair.ben) == [("came_back", None)] * 2


async def test_somebody_whose_keys_are_destroyed_is_told_nothing_and_stops_nobody(pair: Pair) -> None:
    step = await a_step(pair)
    await pair.one(pair.ben.phone, change("step", step, base=1, couple=pair.couple, remove=True))
    pair.keys.lost.add(pair.ben.personal)
    outcome = await pair.one(pair.ana.phone, retitled(pair, step, "Boat.", base=1, was="Ferry."))
    assert outcome.status == "applied"
    pair.keys.lost.clear()
    assert await pair.told(pair.ben) == []


async def test_a_notice_is_for_members_alone(pair: Pair) -> None:
    """A stamp can name somebody who has left the space."""
    step = await a_step(pair)
    loaded = await pair.store.load(pair.ana.phone, Wanted(ids=[RecordId(step)]))
    space = loaded.spaces[pair.space]
    alone = replace(space, members=tuple(each for each in space.members if each.person == pair.ana.person))
    await pair.one(pair.ben.phone, change("step", step, base=1, couple=pair.couple, remove=True))
    again = await pair.store.load(pair.ana.phone, Wanted(ids=[RecordId(step)]))
    again = replace(again, spaces=again.spaces | {alone.id: replace(alone, head=2)})
    keys = {space: pair.keys.one(space).id_key for space in (pair.space, pair.ana.personal)}
    made = retitled(pair, step, "Boat.", base=1, was="Ferry.")
    assert reconcile(again, pair.ana.phone, [made], pair.now, keys).writes.deposits == ()


async def test_the_same_word_about_the_same_change_is_said_once(pair: Pair) -> None:
    step = await a_step(pair)
    loaded = await pair.store.load(pair.ana.phone, Wanted(ids=[RecordId(step)]))
    keys = {space: pair.keys.one(space).id_key for space in (pair.space, pair.ana.personal, pair.ben.personal)}
    board = Board(loaded, pair.ana.phone, pair.now, keys)
    for _ in range(2):
        board.tell(Word(pair.ana.person, "came_back"), loaded.records[pair.space, RecordId(step)], 1)
    assert len(board.writes().records) == 1
    assert board.given_today() == 0


async def test_without_a_couple_no_letter_was_given_today(pair: Pair) -> None:
    loaded = await pair.store.load(replace(pair.ana.phone, spaces=(pair.ana.personal,)), Wanted())
    board = Board(loaded, pair.ana.phone, pair.now, {pair.ana.personal: b"k" * 32})
    assert board.given_today() == 0


async def test_a_response_that_is_sent_again_as_it_was_changes_nothing(pair: Pair) -> None:
    copy = await shown_to_ben(pair)
    response = uuid4()
    values = {"to": str(copy.id), "form": "heard_you", "text": "Ben's own."}
    await pair.one(pair.ben.phone, change("response", response, values, couple=pair.couple))
    again = await pair.one(pair.ben.phone, change("response", response, values, base=3, couple=pair.couple))
    assert (again.status, again.version) == ("applied", (await pair.look(pair.ana, response)).version)


# Picks over the wire -------------------------------------------------------------------------------------------


def beside(*texts: tuple[UUID, str]) -> dict[str, Any]:
    return {"title": [{"by": str(by), "text": text} for by, text in texts]}


async def with_an_alternative(pair: Pair) -> UUID:
    step = await a_step(pair)
    await pair.one(pair.ana.phone, retitled(pair, step, "Ana's.", base=1, was="Ferry."))
    await pair.one(pair.ben.phone, retitled(pair, step, "Ben's.", base=1, was="Ferry."))
    return step


def test_a_confirmation_names_fields_and_nothing_else() -> None:
    started = {"merged": ["title", "notes", 3, ["notes"]]}
    made = change("goal", uuid4(), {"merged": ["title"]}, was=started)
    assert picks(made, None) == ({}, {}, frozenset({"notes"}))


@pytest.mark.parametrize("said", [True, False])
async def test_taking_an_alternative_out_picks(pair: Pair, *, said: bool) -> None:
    step = await with_an_alternative(pair)
    was = {"alternatives": beside((pair.ben.person, "Ben's."))} if said else {}
    made = change("step", step, {"title": "Ben's.", "alternatives": {}}, was=was, base=3, couple=pair.couple)
    assert (await pair.one(pair.ana.phone, made)).status == "applied"
    record = await pair.look(pair.ben, step)
    assert (record.fields["title"], record.alternatives) == ("Ben's.", {})


async def test_an_alternative_that_the_picker_leaves_in_stays(pair: Pair) -> None:
    step = await with_an_alternative(pair)
    stays = beside((pair.ben.person, "Ben's."))
    made = change("step", step, {"alternatives": stays}, was={"alternatives": stays}, base=3, couple=pair.couple)
    assert (await pair.one(pair.ana.phone, made)).version == 3
    put_in = change(
        "step",
        step,
        {"alternatives": beside((pair.ana.person, "Forged."))},
        was={"alternatives": None},
        base=3,
        couple=pair.couple,
    )
    await pair.one(pair.ben.phone, put_in)
    texts = [each.text for each in (await pair.look(pair.ben, step)).alternatives.get("title", ())]
    assert "Forged." not in texts


@pytest.mark.parametrize("said", [True, False])
async def test_a_joined_text_is_confirmed_by_taking_its_name_out(pair: Pair, *, said: bool) -> None:
    step = await a_step(pair, "A. B.")
    await pair.one(pair.ana.phone, retitled(pair, step, "A1. B.", base=1, was="A. B."))
    await pair.one(pair.ben.phone, retitled(pair, step, "A. B1.", base=1, was="A. B."))
    assert (await pair.look(pair.ben, step)).merged == ("title",)
    was = {"merged": ["title"]} if said else {}
    await pair.one(pair.ana.phone, change("step", step, {"merged": []}, was=was, base=3, couple=pair.couple))
    record = await pair.look(pair.ben, step)
    assert (record.merged, record.fields["title"]) == ((), "A1. B1.")


@pytest.mark.parametrize(
    ("values", "was"),
    [
        ({"alternatives": 7}, {}),
        ({"alternatives": {"title": 7}}, {}),
        ({"alternatives": {"title": ["x"]}}, {}),
        ({"alternatives": {}}, {"alternatives": "x"}),
        ({"merged": "title"}, {}),
        ({"merged": []}, {"merged": 7}),
    ],
)
async def test_picks_that_do_not_fit_are_refused_as_content(
    pair: Pair, values: dict[str, Any], was: dict[str, Any]
) -> None:
    step = await with_an_alternative(pair)
    outcome = await pair.one(pair.ana.phone, change("step", step, values, was=was, base=3, couple=pair.couple))
    assert outcome.code == "invalid"


async def test_a_pick_on_a_record_that_nobody_knows_says_nothing(pair: Pair) -> None:
    made = change(
        "step",
        uuid4(),
        {"goal": str(uuid4()), "title": "Boat.", "alternatives": {}, "merged": []},
        couple=pair.couple,
    )
    assert (await pair.one(pair.ana.phone, made)).status == "applied"


# What an edit started from -------------------------------------------------------------------------------------


@pytest.mark.parametrize("was", [None, "", 7, "x" * 5000])
async def test_a_start_that_does_not_fit_is_not_known_and_nothing_started_from_nothing(pair: Pair, was: Any) -> None:
    entry = check_in()
    await pair.one(pair.ana.phone, entry)
    await pair.one(pair.ana.phone, change("check_in", entry.id, {"text": "One."}, was={"text": None}, base=2))
    made = change("check_in", entry.id, {"text": "Two."}, was={"nothing": 1, "text": was}, base=2)
    outcome = await pair.one(pair.ana.tablet, made)
    record = await pair.look(pair.ana, entry.id)
    if was in (None, ""):
        assert outcome.fields == {"text": "merged"}
        assert record.fields["text"] == "One. Two."
    else:
        assert outcome.fields == {"text": "kept_both"}


@pytest.mark.parametrize(("was", "became"), [("", "merged"), (None, "merged"), ("x" * 5000, "kept_both")])
async def test_a_text_that_must_not_be_empty_can_have_started_from_nothing(pair: Pair, was: Any, became: str) -> None:
    """Its author has destroyed it, and both write anew."""
    step = await a_step(pair)
    record = await pair.look(pair.ana, step)
    await pair.put(pair.ana.phone, record.with_fields(record.fields | {"title": ""}))
    await pair.one(pair.ana.phone, retitled(pair, step, "Boat.", base=1, was=""))
    made = change("step", step, {"title": "Train."}, was={"title": was}, base=1, couple=pair.couple)
    outcome = await pair.one(pair.ben.phone, made)
    assert outcome.fields == {"title": became}


async def test_of_an_edit_that_holds_destroyed_words_the_rest_is_applied(pair: Pair) -> None:
    step = await a_step(pair)
    await service.purge(pair.store, pair.keys, pair.ana.phone, "step", RecordId(step), pair.now)
    made = replace(retitled(pair, step, "", base=1), set={"title": "Ferry.", "done": True})
    assert (await pair.one(pair.ana.tablet, made)).status == "applied"
    fields = (await pair.look(pair.ana, step)).fields
    assert (fields["title"], fields["done"]) == ("", True)


async def test_a_text_that_must_not_be_empty_is_not_emptied_though_its_words_were_destroyed(pair: Pair) -> None:
    step = await a_step(pair)
    await service.purge(pair.store, pair.keys, pair.ana.phone, "step", RecordId(step), pair.now)
    outcome = await pair.one(pair.ana.tablet, retitled(pair, step, "", base=1))
    assert (outcome.code, outcome.fields) == ("invalid", {"title": "unfit"})


async def test_a_text_that_is_sent_again_after_a_restore_follows_what_it_has_in_common_with_what_stands(
    pair: Pair,
) -> None:
    entry = check_in(text="One. Two.")
    await pair.one(pair.ana.phone, entry)
    values, was, origin = {"text": "Two. Three."}, {"text": "Two."}, Origin(author=pair.ana.person, seen=True)
    outcome = await pair.one(pair.ana.tablet, change("check_in", entry.id, values, was=was, base=2, origin=origin))
    assert (outcome.status, outcome.fields) == ("applied", {})
    assert (await pair.look(pair.ana, entry.id)).fields["text"] == "Two. Three."


async def test_a_record_that_cannot_be_opened_is_not_written_over(pair: Pair) -> None:
    step = await a_step(pair)
    made = retitled(pair, step, "Boat.", base=1, was="Ferry.")
    loaded = await pair.store.load(pair.ben.phone, Wanted(ids=[RecordId(step)]))
    locked = replace(loaded, records={}, unreadable=frozenset({(pair.space, RecordId(step))}))
    keys = {space: pair.keys.one(space).id_key for space in (pair.space, pair.ana.personal, pair.ben.personal)}
    decisions = reconcile(locked, pair.ben.phone, [made], pair.now, keys)
    assert [each.code for each in decisions.outcomes] == ["closed"]
    assert [each.record.fields["words"] for each in decisions.writes.records] == [{"title": "Boat."}]


async def test_a_record_that_is_gone_can_be_made_anew_under_its_id(pair: Pair) -> None:
    step = await a_step(pair)
    record = await pair.look(pair.ana, step)
    await pair.put(pair.ana.phone, replace(record, gone=True, fields={}, stamps={}, version=2))
    part = await pair.one(pair.ben.phone, retitled(pair, step, "Boat.", base=1))
    assert part.code == "invalid", "a part of what is gone is no record"
    assert await words_of(pair) == [{"title": "Boat."}]
    values = {"goal": record.fields["goal"], "title": "Train."}
    whole = await pair.one(pair.ben.phone, change("step", step, values, base=2, couple=pair.couple))
    assert whole.status == "applied"
    again = await pair.look(pair.ana, step)
    assert (again.gone, again.author, again.fields["title"]) == (False, pair.ben.person, "Train.")


async def test_words_that_were_destroyed_stay_out_of_what_is_made_anew_under_the_id(pair: Pair) -> None:
    step = await a_step(pair)
    record = await pair.look(pair.ana, step)
    mark = marked(None, 2, ["Ferry."], pair.keys.one(pair.space).id_key, RecordId(step))
    await pair.put(pair.ana.phone, replace(record, gone=True, fields={}, stamps={}, version=2, purged=mark))
    values = {"goal": record.fields["goal"], "title": "Train."}
    await pair.one(pair.ben.phone, change("step", step, values, base=2, couple=pair.couple))
    await pair.one(pair.ana.tablet, retitled(pair, step, "Ferry. Boat.", base=1))
    assert "Ferry." not in repr(await pair.look(pair.ana, step))
    assert "Boat." in repr(await pair.look(pair.ana, step))


async def test_a_stranger_s_private_id_is_an_id_like_any_other(pair: Pair) -> None:
    """I3: whoever uses the id of somebody else's entry makes one of their own and learns nothing."""
    entry = check_in(text="Ana's own.")
    await pair.one(pair.ana.phone, entry)
    before = await pair.look(pair.ana, entry.id)
    own = await pair.one(pair.ben.phone, change("check_in", entry.id, {"local_date": "2026-11-23", "text": "Ben's."}))
    other = await pair.one(pair.ben.phone, check_in(text="Ben's."))
    assert (own.status, own.fields, own.code) == (other.status, other.fields, other.code)
    assert await pair.look(pair.ana, entry.id) == before


async def test_what_is_put_behind_says_since_when_it_stood_and_what_lost_never_did(pair: Pair) -> None:
    entry = uuid4()
    await pair.one(pair.ana.phone, change("check_in", entry, {"local_date": "2026-11-23", "valence": 1}))
    base = (await pair.look(pair.ana, entry)).version
    first = await pair.decide(pair.ana.tablet, change("check_in", entry, {"valence": 2}, base=base, age_ms=0))
    assert [(value.value, value.since) for each in first.writes.revisions for value in each.values] == [(1, base)]
    await pair.one(pair.ana.tablet, change("check_in", entry, {"valence": 2}, base=base, age_ms=0))
    lost = await pair.decide(pair.ana.phone, change("check_in", entry, {"valence": 3}, base=base, age_ms=60_000))
    assert [(value.value, value.since) for each in lost.writes.revisions for value in each.values] == [(3, 0)]
