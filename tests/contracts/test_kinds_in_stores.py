"""What kinds with rules of their own ask of every store: requests, dated notes, summaries, words said again."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.counsel import approval
from domain.ids import RecordId, SpaceId
from domain.kinds import KINDS
from domain.times import written
from sync import rxdb, service, watermelon
from sync.alike import words_of
from sync.board import settings_id
from sync.ports import (
    Member,
    Row,
    Wanted,
)
from sync.wire import SyncRequest
from sync.withheld import as_told
from tests.contracts.grounds import Ground
from tests.pair import NOON, Pair, Somebody, change, sent, somebody


async def a_request(pair: Pair) -> RecordId:
    identity = RecordId(uuid4())
    values = {"form": "company", "text": "CANARY: sit with me?"}
    made = change("support_request", identity, values, couple=pair.couple)
    assert (await pair.one(pair.ana.phone, made)).status == "applied"
    return identity


async def request_as_told(pair: Pair, who: Somebody) -> Row:
    page = await pair.page(who)
    row = next(row for row in page.rows if row.kind == "support_request")
    return as_told(row, who.person, page.spaces)


async def test_the_settings_of_whoever_shares_a_space_are_given_and_nothing_else_of_theirs(pair: Pair) -> None:
    bens = (pair.ben.personal, settings_id(pair.keys.one(pair.ben.personal).id_key))
    anas = (pair.ana.personal, settings_id(pair.keys.one(pair.ana.personal).id_key))
    entry = RecordId(uuid4())
    await pair.one(pair.ben.phone, change("check_in", entry, {"local_date": "2026-11-23", "text": "CANARY."}))
    asked = [bens, anas, (pair.ben.personal, entry), (pair.ben.personal, RecordId(uuid4())), (pair.space, bens[1])]
    found = await pair.store.settings_of(pair.ana.phone, asked)
    assert {key: record.fields["zone"] for key, record in found.items()} == {bens: "UTC", anas: "UTC"}
    assert "CANARY" not in repr(found)
    assert await pair.store.settings_of(pair.ana.phone, []) == {}


async def test_a_stranger_is_given_nobody_s_settings(ground: Ground, pair: Pair) -> None:
    stranger = somebody(pair.space, pair.ben.personal)
    await ground.found(stranger.personal, None, (Member(stranger.person, stranger.personal),))
    bens = (pair.ben.personal, settings_id(pair.keys.one(pair.ben.personal).id_key))
    assert await pair.store.settings_of(stranger.phone, [bens]) == {}


async def test_a_dated_note_is_given_by_the_clock_of_its_receiver(pair: Pair) -> None:
    settings = settings_id(pair.keys.one(pair.ben.personal).id_key)
    await pair.one(pair.ben.phone, change("settings", settings, {"zone": "Asia/Tokyo"}, was={"zone": "UTC"}, base=1))
    draft = RecordId(uuid4())
    values = {"for_what": "The soup.", "for_couple": str(pair.couple), "send": True}
    dated = {"delivery": "at", "on": "2026-11-25", "at": "08:00"}
    await pair.one(pair.ana.phone, change("note_draft", draft, values | dated))
    due = NOON.replace(day=24, hour=18)
    assert (await pair.look(pair.ana, draft)).due_at == due, "before that it is so early nowhere on earth"
    for hours, is_given in ((0, False), (4, False), (5, True)):
        now = due + timedelta(hours=hours)
        await service.give_due(pair.store, pair.keys, pair.ana.phone, draft, now)
        assert len(await pair.of_kind(pair.ben, "note")) == is_given


async def test_no_request_waits_for_the_worker(pair: Pair) -> None:
    request = await a_request(pair)
    stored = await pair.look(pair.ben, request)
    lapses_at = NOON + timedelta(hours=72)
    assert (stored.fields["state"], stored.fields["lapses_at"], stored.due_at) == ("open", written(lapses_at), None)
    assert await service.give_due(pair.store, pair.keys, pair.ana.phone, request, lapses_at) == {}
    assert await pair.look(pair.ben, request) == stored


async def test_an_answer_is_stored_in_the_request_s_state(pair: Pair) -> None:
    request = await a_request(pair)
    answer = change("response", uuid4(), {"to": str(request), "form": "here_with_you"}, couple=pair.couple)
    assert (await pair.one(pair.ben.phone, answer)).status == "applied"
    stored = await pair.look(pair.ana, request)
    assert stored.fields["state"] == "answered"


async def test_i22_a_withdrawn_request_is_gone_for_the_partner_on_every_protocol_and_stays_with_its_author(
    pair: Pair,
) -> None:
    request = await a_request(pair)
    remove = change("support_request", request, remove=True, base=9, couple=pair.couple)
    assert (await pair.one(pair.ana.phone, remove)).status == "applied"
    assert ((await request_as_told(pair, pair.ben)).gone, (await request_as_told(pair, pair.ana)).gone) == (True, False)
    asks: dict[str, Any] = {"schema": 1, "now": NOON, "new_epoch": uuid4, "limit": 50}
    for who, holds in ((pair.ben, False), (pair.ana, True)):
        native = await service.sync(pair.store, pair.keys, who.phone, SyncRequest(schema=1), NOON, uuid4)
        assert ("CANARY" in sent(native.response)) is holds
        documents = await rxdb.pull(pair.store, pair.keys, who.phone, "support_request", checkpoint=None, **asks)
        [document] = documents.documents
        assert document["_deleted"] is True
        rows = await watermelon.pull(pair.store, pair.keys, who.phone, cursor=None, **asks)
        if not holds:
            assert "CANARY" not in sent(documents) + sent(rows)
            assert str(request) in sent(documents)


async def test_parting_makes_a_request_gone_for_the_partner(ground: Ground, pair: Pair) -> None:
    await a_request(pair)
    head = (await pair.store.load(pair.ana.phone, Wanted())).spaces[pair.space].head
    assert await ground.close(pair.space) == head + 2
    row = await request_as_told(pair, pair.ben)
    assert (row.gone, row.body) == (True, None)
    assert head < row.version <= head + 2
    assert b"CANARY" in ((await request_as_told(pair, pair.ana)).body or b"")


async def test_an_approval_moves_a_summary_that_its_edit_does_not_name(pair: Pair) -> None:
    summary, part = uuid4(), uuid4()
    days = {"from": "2026-11-01", "to": "2026-11-23"}
    await pair.one(pair.ben.phone, change("counsel_summary", summary, days, couple=pair.couple))
    fields = {"summary": str(summary), "section": "hopes", "text": "More walks."}
    made = await pair.one(pair.ana.phone, change("counsel_part", part, fields, couple=pair.couple))
    yes = {"approvals": [approval(pair.ana.person, "More walks.")]}
    for values, state in ((yes, "ready"), ({"text": "More!"}, "draft")):
        edit = change("counsel_part", part, values, base=made.version + 9, couple=pair.couple)
        assert (await pair.one(pair.ana.phone, edit)).status == "applied"
        assert (await pair.look(pair.ben, summary)).fields["state"] == state


async def declined_terms(pair: Pair, no: str = "decline", **values: Any) -> Any:
    """Terms of Ana's in a goal of their own, to which Ben has said no."""
    goal = change("goal", uuid4(), couple=pair.couple)
    said = {"goal": str(goal.id), "title": "Walk on Sundays", "why": "To talk."} | values
    terms = change("goal_terms", uuid4(), said, couple=pair.couple)
    await pair.push(pair.ana.phone, goal, terms)
    act = change("goal_act", uuid4(), {"goal": said["goal"], "terms": str(terms.id), "act": no}, couple=pair.couple)
    await pair.one(pair.ben.phone, act)
    return terms, act


async def test_g11_the_same_words_are_found_in_whichever_goal_and_nothing_else_is(pair: Pair) -> None:
    terms, act = await declined_terms(pair)
    await declined_terms(pair, title="Swim")
    await pair.one(pair.ben.phone, change("goal_terms", uuid4(), terms.set, couple=pair.couple))
    said = words_of(KINDS["goal_terms"], terms.set)
    assert said is not None

    found = await pair.store.repeated(pair.ana.phone, {said}, NOON - timedelta(days=14))
    assert {each.id for each in found} == {terms.id, act.id}
    assert {each.fields.get("title") for each in found} == {"Walk on Sundays", None}
    his = await pair.store.repeated(pair.ben.phone, {said}, NOON - timedelta(days=14))
    assert his == [], "his own words, and she has answered nothing"


async def test_g11_asked_in_a_new_goal_the_same_terms_are_refused_until_the_other_thinks_better(pair: Pair) -> None:
    terms, act = await declined_terms(pair, "not_now")
    goal = change("goal", uuid4(), couple=pair.couple)
    again = change("goal_terms", uuid4(), terms.set | {"goal": str(goal.id)}, couple=pair.couple)
    assert [each.code for each in await pair.push(pair.ana.phone, goal, again)] == [None, "asked_recently"]
    await pair.one(pair.ben.phone, change("goal_act", uuid4(), act.set | {"act": "accept"}, couple=pair.couple))
    again = change("goal_terms", uuid4(), again.set, couple=pair.couple)
    assert (await pair.one(pair.ana.phone, again)).code is None


async def test_g11_of_purged_terms_nothing_is_found_again(pair: Pair) -> None:
    terms, _ = await declined_terms(pair)
    await service.purge(pair.store, pair.keys, pair.ana.phone, "goal_terms", RecordId(terms.id), NOON)
    said = words_of(KINDS["goal_terms"], terms.set)
    assert said is not None
    assert await pair.store.repeated(pair.ana.phone, {said}, NOON - timedelta(days=14)) == []


async def test_g11_a_no_of_another_couple_is_no_no(ground: Ground, pair: Pair) -> None:
    terms, _ = await declined_terms(pair)
    await ground.close(pair.space)
    said = words_of(KINDS["goal_terms"], terms.set)
    assert said is not None
    assert await pair.store.repeated(pair.ana.phone, {said}, NOON - timedelta(days=14)) == []


async def test_summaries_say_of_no_link_any_more_that_it_shows_them_and_keep_when_one_ended(pair: Pair) -> None:
    ready, draft, removed, ended = (uuid4() for _ in range(4))
    days = {"from": "2026-11-01", "to": "2026-11-20"}
    for each in (ready, draft, removed, ended):
        await pair.one(pair.ana.phone, change("counsel_summary", each, days, couple=pair.couple))
        until = NOON + timedelta(days=-1 if each == ended else 3)
        await service.open_link(pair.store, pair.keys, pair.ana.phone, RecordId(each), until, NOON)
    said = {"section": "hopes", "text": "More walks.", "approvals": [approval(pair.ana.person, "More walks.")]}
    for each in (ready, removed):
        part = change("counsel_part", uuid4(), said | {"summary": str(each)}, couple=pair.couple)
        await pair.one(pair.ana.phone, part)
    base = (await pair.look(pair.ana, removed)).version
    taken_out = change("counsel_summary", removed, base=base, couple=pair.couple, remove=True)
    await pair.one(pair.ben.phone, taken_out)

    summaries = [RecordId(each) for each in (ready, draft, removed, ended)]
    moved = await service.close_links(pair.store, pair.keys, pair.ben.phone, summaries, NOON)

    assert moved.keys() == {pair.space}
    at = {each: (await pair.look(pair.ana, each)) for each in summaries}
    assert [at[RecordId(each)].fields["link_until"] for each in (ready, draft, removed)] == [None] * 3
    assert [at[RecordId(each)].fields["state"] for each in (ready, draft)] == ["ready", "draft"]
    assert at[RecordId(ended)].fields["link_until"] == written(NOON - timedelta(days=1)), "which says what became of it"
    back = change("counsel_summary", removed, base=at[RecordId(removed)].version, couple=pair.couple, remove=False)
    await pair.one(pair.ana.phone, back)
    assert (await pair.look(pair.ana, removed)).fields["state"] == "ready"
    assert await service.close_links(pair.store, pair.keys, pair.ana.phone, summaries, NOON) == {}, "twice is once"


async def test_a_summary_that_was_removed_says_that_its_link_has_ended_and_is_shown_by_no_new_one(pair: Pair) -> None:
    summary, until = RecordId(uuid4()), NOON + timedelta(days=3)
    days = {"from": "2026-11-01", "to": "2026-11-20"}
    await pair.one(pair.ana.phone, change("counsel_summary", summary, days, couple=pair.couple))

    async def link(until: datetime | None) -> dict[SpaceId, int]:
        return await service.open_link(pair.store, pair.keys, pair.ben.phone, summary, until, NOON)

    await link(until)
    removal = change("counsel_summary", summary, base=99, couple=pair.couple, remove=True)
    await pair.one(pair.ana.phone, removal)
    with pytest.raises(service.UnknownRecordError):
        await link(until)
    assert (await link(None)).keys() == {pair.space}
    assert await link(None) == {}, "twice is once"
    back = change("counsel_summary", summary, base=99, couple=pair.couple, remove=False)
    await pair.one(pair.ben.phone, back)
    found = (await pair.look(pair.ana, summary)).fields
    assert (found["state"], found["link_until"]) == ("draft", None)
    with pytest.raises(service.UnknownRecordError):
        await service.open_link(pair.store, pair.keys, pair.ana.phone, RecordId(uuid4()), None, NOON)


async def test_a_summary_that_an_edit_brings_back_follows_the_parts_that_went_meanwhile(pair: Pair) -> None:
    summary, part = uuid4(), uuid4()
    days = {"from": "2026-11-01", "to": "2026-11-20", "for_whom": "Dr Lind"}
    await pair.one(pair.ana.phone, change("counsel_summary", summary, days, couple=pair.couple))
    said = {"section": "hopes", "text": "More walks.", "approvals": [approval(pair.ana.person, "More walks.")]}
    await pair.one(pair.ana.phone, change("counsel_part", part, said | {"summary": str(summary)}, couple=pair.couple))
    seen = await pair.look(pair.ben, summary)
    assert seen.fields["state"] == "ready"
    removals = [
        change(kind, each, base=99, couple=pair.couple, remove=True)
        for kind, each in (("counsel_summary", summary), ("counsel_part", part))
    ]
    await pair.push(pair.ana.phone, *removals)
    other = {"values": {"for_whom": "Dr Berg"}, "was": {"for_whom": "Dr Lind"}}
    edits = change("counsel_summary", summary, base=seen.version, couple=pair.couple, **other)
    assert (await pair.one(pair.ben.phone, edits)).code is None
    found = await pair.look(pair.ben, summary)
    assert (found.removed, found.fields["for_whom"], found.fields["state"]) == (False, "Dr Berg", "draft")


async def test_what_has_ended_is_not_counted_among_the_live_ones(pair: Pair) -> None:
    goals = [change("goal", uuid4(), couple=pair.couple) for _ in range(3)]
    terms = change("goal_terms", uuid4(), {"goal": str(goals[0].id), "title": "Ferry"}, couple=pair.couple)
    await pair.push(pair.ana.phone, *goals, terms)
    assert await live_goals(pair) == 3
    acted = {"goal": str(goals[0].id), "terms": str(terms.id), "act": "let_go"}
    await pair.one(pair.ben.phone, change("goal_act", uuid4(), acted, couple=pair.couple))
    assert await live_goals(pair) == 2
    base = (await pair.look(pair.ana, goals[0].id)).version
    noted = change("goal", goals[0].id, {"notes": "It was good."}, base=base, couple=pair.couple)
    await pair.one(pair.ana.phone, noted)
    assert await live_goals(pair) == 2, "an edit does not let it stand again"


async def live_goals(pair: Pair) -> int:
    return (await pair.store.load(pair.ben.phone, Wanted(counted={"goal"}))).counts[pair.space, "goal"]
