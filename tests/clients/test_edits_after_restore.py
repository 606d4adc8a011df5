"""An app that is open while the server is restored: an edit is pushed before the next pull tells of the new life.

The document that RxDB says it knew is of a state that the store has lost: the difference to it is not all that is new.
"""

import pytest

from tests.clients.devices import House, agree


@pytest.mark.libraries("RxDB", "RxDB in one")
async def test_an_edit_of_what_a_restore_has_lost_loses_no_word(house: House) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    dump = await house.home.dump()
    mine = await a1.insert(
        "check_in", local_date="2026-11-20", text="Words from before.", topic="me", audience="only_me"
    )
    aim = await a1.insert("note_draft", for_what="The title from before.", text="Because.")
    await agree(a1, b1)
    await house.home.restore(dump)
    await a1.patch("check_in", mine, needs=["rest"])
    await a1.patch("note_draft", aim, text="Because and so.")
    await agree(a1, b1)
    await agree(a1, b1)
    held = str([await a1.documents(kind) for kind in ("check_in", "note_draft", "unplaced")])
    stored = await house.home.everything_said()
    kept = {
        words: (words in held, words in stored)
        for words in ("Words from before.", "The title from before.", "Because and so.")
    }
    assert set(kept.values()) == {(True, True)}, kept


@pytest.mark.libraries("RxDB", "RxDB in one")
async def test_an_edit_of_what_a_restore_took_back_loses_no_word(house: House) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    mine = await a1.insert("check_in", local_date="2026-11-20", text="In the dump.", topic="me", audience="only_me")
    await agree(a1, b1)
    dump = await house.home.dump()
    await a1.patch("check_in", mine, text="In the dump. And a whole page since.")
    await agree(a1, b1)
    await house.home.restore(dump)
    await a1.patch("check_in", mine, topic="us")
    await agree(a1, b1)
    await agree(a1, b1)
    held = str([await a1.documents(kind) for kind in ("check_in", "unplaced")])
    stored = await house.home.everything_said()
    assert ("whole page" in held, "whole page" in stored) == (True, True), held


@pytest.mark.libraries("RxDB", "RxDB in one", "LokiJS")
async def test_i9_what_is_written_in_a_closed_window_right_after_a_restore_is_shown_to_nobody(house: House) -> None:
    a1, b1 = await house.in_sync("ana", "ben")
    shown = {"local_date": "2026-11-20", "audience": house.couple, "shared_parts": ["text"]}
    entry = await a1.insert("check_in", text="A hard day.", **shown)
    await agree(a1, b1)
    dump = await house.home.dump()
    await a1.patch("check_in", entry, audience="only_me")
    await agree(a1, b1)
    assert await b1.documents("shown_check_in") == []
    await house.home.restore(dump)
    await a1.patch("check_in", entry, text="A secret that nobody is to see.")
    await a1.sync()
    await b1.sync()
    assert not await b1.keeps("A secret that nobody")
    assert not await b1.heard("A secret that nobody")
