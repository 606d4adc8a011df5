"""A consent that is withdrawn: no further use, and no way out that is closed by it (I11, I14, I21)."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from api import withdrawing
from api.erasing import erase
from api.wiring import Parts
from api.worker import Worker
from domain.ids import PersonId, RecordId
from sync import service
from tests import people
from tests.journeys.phones import Phone
from tests.journeys.two import Two, holds
from tests.streams import listening, served

WORDS = (b"zirbel", b"kiefer", b"holz", b"tanne")
SEEN = ("shown_check_in", "shown_goal", "shown_boundary", "support_request")


async def push(two: Two, **change: Any) -> int:
    body = {"schema": 1, "changes": [{"key": str(uuid4()), "base": 99, **change}]}
    answer = await two.client.post("/v1/sync", headers=two.ana.someone.headers, json=body)
    return answer.status_code


async def test_i14_without_core_sensitive_a_window_can_be_shut(two: Two) -> None:
    entry = two.ana.edit("check_in", local_date=two.today(), text="ill", audience=two.couple, shared_parts=["text"])
    await two.meet()
    await people.consent(two.client, two.ana.someone, "core_sensitive", given=False)
    assert await push(two, kind="check_in", id=str(entry), set={"text": "worse"}) == 403
    assert await push(two, kind="check_in", id=str(entry), set={"audience": "only_me"}) == 200
    await two.ben.sync()
    assert not two.ben.all("shown_check_in")


async def test_i14_without_core_sensitive_a_request_can_be_withdrawn(two: Two) -> None:
    asked = two.ana.edit("support_request", form="listen", text="slip")
    await two.meet()
    await people.consent(two.client, two.ana.someone, "core_sensitive", given=False)
    await push(two, kind="support_request", id=str(asked), couple=two.couple, remove=True)
    await two.ben.sync()
    assert not two.ben.all("support_request")


async def test_i11_a_letter_that_waits_is_not_given_after_the_consent_is_withdrawn(two: Two) -> None:
    two.ana.edit(
        "note_draft",
        for_couple=two.couple,
        for_what="slip",
        send=True,
        delivery="at",
        on=two.today(in_days=1),
        at="09:00",
    )
    await two.meet()
    await people.consent(two.client, two.ana.someone, "core_sensitive", given=False)
    await two.pass_time(days=2)
    await two.ben.sync()
    assert not two.ben.all("note")


# What stands open is closed --------------------------------------------------------------------------------------


def open_all(phone: Phone, couple: str) -> dict[str, RecordId]:
    """One window of every sort, and the words in each of them."""
    return {
        "check_in": phone.edit(
            "check_in", local_date="2026-11-20", text="zirbel", audience=couple, shared_parts=["text"]
        ),
        "own_goal": phone.edit("own_goal", title="kiefer", audience=couple, why="w", shared_parts=["why"]),
        "boundary": phone.edit(
            "boundary", form="space", zone="UTC", message="holz", audience=couple, visibility="effect_and_message"
        ),
        "support_request": phone.edit("support_request", form="listen", text="tanne"),
    }


def seen(phone: Phone) -> list[str]:
    """What this person sees of the other's own."""
    return [kind for kind in SEEN for each in phone.all(kind) if each.author != phone.person]


async def withdraw(two: Two, *, given: bool = False) -> None:
    await people.consent(two.client, two.ana.someone, "core_sensitive", given=given)


async def test_i11_withdrawing_closes_what_stands_open_and_its_author_keeps_every_word(two: Two) -> None:
    opened = open_all(two.ana, two.couple)
    two.ana.edit("repair", form="lightness", text="a letter")
    goal = two.ana.edit("goal", notes="ours")
    open_all(two.ben, two.couple)
    await two.meet()
    assert seen(two.ben) == seen(two.ana) == list(SEEN)
    hers = {kind: two.ana.fields(each) for kind, each in opened.items()}

    await withdraw(two)
    await two.meet()

    assert seen(two.ben) == []
    assert seen(two.ana) == list(SEEN), "what he shows is not hers to close"
    for kind, each in opened.items():
        now = two.ana.record(each)
        closed = {} if kind == "support_request" else {"audience": "only_me"}
        assert now.fields == hers[kind] | closed
        assert now.removed is (kind == "support_request")
    assert [each.fields["text"] for each in two.ben.all("repair")] == ["a letter"]
    assert two.ben.fields(goal)["notes"] == "ours"


async def test_i22_of_a_window_that_withdrawing_closed_nothing_stays_with_the_partner(two: Two) -> None:
    open_all(two.ana, two.couple)
    await two.meet()
    assert all(words in two.ben.database_bytes() for words in WORDS)
    await withdraw(two)
    await two.meet()
    assert not any(words in two.ben.database_bytes() for words in WORDS)
    answers = b"".join(answer.content for answer in await two.bytes_for(two.ben, kinds=True))
    assert not any(words in answers for words in WORDS)


async def test_i9_consenting_again_opens_nothing_nor_does_an_edit_from_before(two: Two) -> None:
    tablet = await two.another_phone(two.ana)
    opened = open_all(two.ana, two.couple)
    await two.meet()
    tablet.edit("check_in", opened["check_in"], text="zirbel, still", audience=two.couple, shared_parts=["text"])
    tablet.edit("own_goal", opened["own_goal"], shared_parts=["why", "latest"], latest="l", audience=two.couple)
    tablet.edit("boundary", opened["boundary"], message="holz, still", audience=two.couple)
    tablet.edit("support_request", opened["support_request"], text="tanne, still")

    await withdraw(two)
    await withdraw(two, given=True)
    await two.ben.sync()
    assert not seen(two.ben)

    await two.meet()
    assert not seen(two.ben)
    assert not holds(two.ben, "still")
    assert two.ana.fields(opened["check_in"])["text"] == "zirbel, still", "her words are hers"

    two.ana.edit("check_in", opened["check_in"], audience=two.couple)
    await two.meet()
    assert seen(two.ben) == ["shown_check_in"], "opening it anew is hers to do"


async def test_what_an_interruption_left_open_the_worker_closes(
    two: Two, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_all(two.ana, two.couple)
    await two.meet()
    with monkeypatch.context() as broken:
        broken.setattr(service, "close_some", falls_over)
        answer = await two.client.post(
            "/v1/me/consents",
            headers=two.ana.someone.headers,
            json={"purpose": "core_sensitive", "text_version": 1, "given": False},
        )
        assert answer.status_code == 500
    await two.ben.sync()
    assert len(seen(two.ben)) == len(SEEN), "it was interrupted"

    await Worker(parts).tick(two.clock())
    await two.ben.sync()
    assert not seen(two.ben)


async def test_i9_who_agrees_again_after_an_interruption_has_everything_closed_before(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_all(two.ana, two.couple)
    await two.meet()
    with monkeypatch.context() as busy:
        busy.setattr(service, "close_some", is_busy)
        await withdraw(two)
        answer = await two.client.post(
            "/v1/me/consents",
            headers=two.ana.someone.headers,
            json={"purpose": "core_sensitive", "text_version": 1, "given": True},
        )
        assert answer.status_code == 503, "agreeing waits for the closing"
        assert await push(two, kind="goal", id=str(uuid4()), couple=two.couple, set={}) == 403
    await withdraw(two, given=True)
    two.ana.edit("own_goal", title="anew", audience=two.couple, why="w", shared_parts=["why"])
    await two.meet()
    await two.pass_time(days=1)
    await withdrawing.close(two.parts, two.clock())
    await two.meet()
    assert seen(two.ben) == ["shown_goal"], "what was opened since stays open"


async def falls_over(*_: object) -> None:
    raise RuntimeError


async def is_busy(*_: object) -> None:
    raise service.BusyError


async def test_a_change_that_was_under_way_shows_nothing_in_the_end(two: Two, parts: Parts) -> None:
    """It was let in before the consent was withdrawn, and is stored after: the worker looks once more."""
    await two.meet()
    await withdraw(two)
    await withdrawing.close(parts, two.clock())
    caller = await parts.accounts.callers.caller(two.ana.someone.headers["Authorization"], two.clock())
    before = replace(caller, may_keep=True)
    change = two.ana.raw_change("support_request", {"form": "listen", "text": "late"})
    await service.push(parts.store, parts.keys, before, [change], two.clock(), {}, uuid4)
    await two.ben.sync()
    assert seen(two.ben) == ["support_request"]

    assert await pending(two) == 1
    two.clock.move(minutes=2)
    await withdrawing.close(parts, two.clock())
    await two.ben.sync()
    assert not seen(two.ben)
    assert await pending(two) == 0, "and then it is done"


async def pending(two: Two) -> int:
    count: int = await two.parts.pool.fetchval(
        "SELECT count(*) FROM withdrawal WHERE person_id = $1", PersonId(UUID(str(two.ana.person)))
    )
    return count


async def test_after_parting_withdrawing_closes_nothing_and_moves_nothing(two: Two) -> None:
    open_all(two.ana, two.couple)
    await two.meet()
    await two.ana.part()
    await two.meet()
    before = await two.heads_for(two.ben), await two.bytes_for(two.ben)
    await withdraw(two)
    assert (await two.heads_for(two.ben), await two.bytes_for(two.ben)) == before
    await withdrawing.close(two.parts, two.clock())
    assert (await two.heads_for(two.ben), await two.bytes_for(two.ben)) == before


async def test_both_hear_by_a_hint_that_a_window_was_closed(parts: Parts) -> None:
    async with served(parts) as server:
        ana, ben = await people.couple(server)
        couple = (await people.me(server, ana))["couple"]
        tablet = await people.another_device(server, ana)
        phone = Phone(server, ana, limit=500)
        await phone.sync()
        phone.edit("check_in", local_date="2026-11-20", text="a", audience=couple["id"], shared_parts=["text"])
        await phone.sync()
        async with (
            listening(server, headers=ben.headers) as ben_hears,
            listening(server, headers=tablet.headers) as tablet_hears,
        ):
            first = await ben_hears.hints(2)
            await tablet_hears.hints(2)
            await people.consent(server, ana, "core_sensitive", given=False)
            space, head = await ben_hears.hint()
            assert (str(space), head) == (couple["space"], first[space] + 1)
            assert len(dict([await tablet_hears.hint() for _ in range(2)])) == 2, "her own space moved as well"


async def test_withdrawing_twice_at_once_closes_once(two: Two) -> None:
    open_all(two.ana, two.couple)
    await two.meet()
    await asyncio.gather(*(withdraw(two) for _ in range(4)))
    await two.meet()
    assert not seen(two.ben)


async def test_another_consent_that_is_withdrawn_closes_nothing(two: Two) -> None:
    open_all(two.ana, two.couple)
    await two.meet()
    for purpose in ("pairing", "push", "summary_share"):
        await people.consent(two.client, two.ana.someone, purpose, given=False)
    await two.meet()
    assert len(seen(two.ben)) == len(SEEN)


async def test_of_a_deleted_account_no_withdrawal_is_left(two: Two) -> None:
    await withdraw(two)
    token = await people.identity_token(two.client, two.ana.someone.subject)
    asked = two.client.post("/v1/me/deletion", headers=two.ana.someone.headers, json={"identity_token": token})
    await people.ok(asked)
    assert await pending(two) == 1
    two.clock.move(days=8)
    while await erase(two.parts, two.clock()):
        pass
    assert await pending(two) == 0
