"""News that a push leaves for the worker: decided with it, and of whom it concerns alone."""

from typing import Any
from uuid import uuid4

import pytest

from domain.news import News
from sync.ports import Writes
from tests.pair import Pair, change


@pytest.fixture
def left(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> list[News]:
    """What the pushes of this test leave."""
    those: list[News] = []
    save = pair.store.save

    async def and_look(caller: Any, writes: Writes, now: Any) -> Any:
        moved = await save(caller, writes, now)
        those.extend(news for _, news in (writes.news if moved is not None else ()))
        return moved

    monkeypatch.setattr(pair.store, "save", and_look)
    return those


async def test_a_letter_leaves_news_for_whom_it_was_given_and_a_draft_none(pair: Pair, left: list[News]) -> None:
    draft = {"for_couple": str(pair.couple), "for_what": "the soup"}
    await pair.one(pair.ana.phone, change("note_draft", uuid4(), draft))
    assert left == []
    await pair.one(pair.ana.phone, change("note_draft", uuid4(), draft | {"send": True, "delivery": "now"}))
    [note] = await pair.of_kind(pair.ben, "note")
    assert [(each.person, each.kind, each.record, each.couple) for each in left] == [
        (pair.ben.person, "letter_arrived", note.id, pair.couple)
    ]


async def test_i2_what_is_private_or_withdrawn_leaves_none(pair: Pair, left: list[News]) -> None:
    entry, request = uuid4(), uuid4()
    await pair.one(pair.ana.phone, change("check_in", entry, {"local_date": "2026-11-23", "valence": -4}))
    await pair.one(pair.ana.phone, change("reflection", uuid4(), {"trigger": "a"}))
    values = {"form": "listen", "text": "b"}
    gone = change("support_request", request, values, couple=pair.couple, remove=True)
    await pair.one(pair.ana.phone, gone)
    assert left == []


async def test_a_request_and_its_answer_are_told_to_each_other(pair: Pair, left: list[News]) -> None:
    request, answer = uuid4(), uuid4()
    await pair.one(pair.ana.phone, change("support_request", request, {"form": "listen"}, couple=pair.couple))
    said = {"to": str(request), "form": "heard_you"}
    await pair.one(pair.ben.phone, change("response", answer, said, couple=pair.couple))
    assert [(each.person, each.kind) for each in left] == [
        (pair.ben.person, "request_arrived"),
        (pair.ana.person, "letter_arrived"),
    ]


async def test_a_push_that_is_sent_again_leaves_no_more(pair: Pair, left: list[News]) -> None:
    asked = change("support_request", uuid4(), {"form": "listen"}, couple=pair.couple)
    await pair.one(pair.ana.phone, asked)
    await pair.push(pair.ana.phone, asked)
    assert len(left) == 1


async def test_a_refused_change_leaves_none(pair: Pair, left: list[News]) -> None:
    said = {"to": str(uuid4()), "form": "heard_you"}
    [no] = await pair.push(pair.ben.phone, change("response", uuid4(), said, couple=pair.couple))
    assert no.code == "unknown_parent"
    assert left == []
