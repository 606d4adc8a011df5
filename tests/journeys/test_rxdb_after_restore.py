"""RxDB's push after a restore and before the pull that tells of it: what the client says it knew is of a lost life."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from msgspec import Struct

from tests.journeys.phones import put_back
from tests.journeys.two import Two, holds

Document = dict[str, Any]
SECRET = "A secret."


async def documents(two: Two, kind: str) -> dict[str, Document]:
    answer = await two.client.get(f"/v1/rxdb/{kind}/pull", headers=two.ana.someone.headers)
    return {each["id"]: each for each in answer.json()["documents"]}


async def push(two: Two, kind: str, new: Document, assumed: Document | None = None) -> list[Document]:
    row = {"newDocumentState": new} | ({} if assumed is None else {"assumedMasterState": assumed})
    answer = await two.client.post(f"/v1/rxdb/{kind}/push?schema=1", json=[row], headers=two.ana.someone.headers)
    assert answer.status_code == 200, answer.text
    conflicts: list[Document] = answer.json()
    return conflicts


class Closed(Struct, frozen=True):
    """A window that was closed after the backup was taken."""

    dump: Any
    pushed: Document
    """As RxDB has it once its push is through: the marks are those of before."""
    pulled: Document


async def closed_since_the_backup(two: Two) -> Closed:
    entry = {"id": str(uuid4()), "local_date": two.today(), "text": "A hard day.", "shared_parts": ["text"]}
    await push(two, "check_in", entry | {"audience": two.couple, "_deleted": False})
    await two.meet()
    assert two.ben.all("shown_check_in")
    dump = await two.home.dump()
    opened = (await documents(two, "check_in"))[entry["id"]]
    pushed = opened | {"audience": "only_me"}
    await push(two, "check_in", pushed, opened)
    await two.meet()
    assert not two.ben.all("shown_check_in")
    return Closed(dump, pushed, (await documents(two, "check_in"))[entry["id"]])


PULLED: Callable[[Closed], Document] = lambda closed: closed.pulled  # noqa: E731 - a name for a case
PUSHED: Callable[[Closed], Document] = lambda closed: closed.pushed  # noqa: E731 - likewise


@pytest.mark.parametrize("known", [PULLED, PUSHED], ids=["pulled", "pushed"])
async def test_i22_pj8_what_is_written_in_a_closed_window_is_shown_to_nobody(
    two: Two, known: Callable[[Closed], Document]
) -> None:
    """Her phone shows it as closed, and says so in both states."""
    closed = await closed_since_the_backup(two)
    await two.home.restore(closed.dump)
    await push(two, "check_in", known(closed) | {"text": SECRET}, known(closed))
    await two.ben.sync()
    assert not holds(two.ben, SECRET)


async def test_also_where_nobody_has_told_the_store_that_it_went_back(two: Two) -> None:
    """A failover that lost the last seconds: no epoch was bumped, and the documents name versions beyond the head."""
    closed = await closed_since_the_backup(two)
    await put_back(two.parts.pool, closed.dump)
    await push(two, "check_in", closed.pulled | {"text": SECRET}, closed.pulled)
    answer = await two.client.get("/v1/rxdb/shown_check_in/pull", headers=two.ben.someone.headers)
    assert SECRET not in answer.text


async def test_words_of_what_the_store_has_lost_do_not_perish(two: Two) -> None:
    await two.meet()
    dump = await two.home.dump()
    entry = str(uuid4())
    await push(two, "reflection", {"id": entry, "trigger": "Trigger.", "need": "Rest.", "_deleted": False})
    old = (await documents(two, "reflection"))[entry]
    await two.home.restore(dump)
    conflicts = await push(two, "reflection", old | {"need": "Air."}, old)
    told = str([conflicts, await documents(two, "reflection"), await documents(two, "unplaced")])
    assert "Trigger." in told, "RxDB's own handler takes the server's document: nobody has the word any more"
    assert "Air." in told
