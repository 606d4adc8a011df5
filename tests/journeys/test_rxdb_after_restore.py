"""RxDB's push after a restore and before the pull that tells of it: `assumedMasterState` names a life that is lost."""

from typing import Any
from uuid import uuid4

from tests.journeys.phones import put_back
from tests.journeys.two import Two, holds


async def documents(two: Two, kind: str) -> dict[str, Any]:
    answer = await two.client.get(f"/v1/rxdb/{kind}/pull", headers=two.ana.someone.headers)
    return {each["id"]: each for each in answer.json()["documents"]}


async def push(two: Two, kind: str, new: dict[str, Any], assumed: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    row = {"newDocumentState": new} | ({} if assumed is None else {"assumedMasterState": assumed})
    answer = await two.client.post(f"/v1/rxdb/{kind}/push?schema=1", json=[row], headers=two.ana.someone.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_i22_pj8_what_is_written_in_a_closed_window_is_shown_to_nobody(two: Two) -> None:
    entry = str(uuid4())
    await push(
        two,
        "check_in",
        {
            "id": entry,
            "local_date": two.today(),
            "text": "A hard day.",
            "audience": two.couple,
            "shared_parts": ["text"],
            "_deleted": False,
        },
    )
    await two.meet()
    dump = await two.home.dump()
    opened = (await documents(two, "check_in"))[entry]
    await push(two, "check_in", opened | {"audience": "only_me"}, opened)
    closed = (await documents(two, "check_in"))[entry]
    await two.meet()
    assert not two.ben.all("shown_check_in")
    await two.home.restore(dump)
    # Her phone shows it as closed, and says so in both states.
    await push(two, "check_in", closed | {"text": "A secret."}, closed)
    await two.ben.sync()
    assert not holds(two.ben, "A secret.")


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


async def test_also_where_nobody_has_told_the_store_that_it_went_back(two: Two) -> None:
    """A failover that lost the last seconds: no epoch was bumped, and the documents name versions beyond the head."""
    entry = str(uuid4())
    await push(
        two,
        "check_in",
        {
            "id": entry,
            "local_date": two.today(),
            "text": "A hard day.",
            "audience": two.couple,
            "shared_parts": ["text"],
            "_deleted": False,
        },
    )
    await two.meet()
    dump = await two.home.dump()
    opened = (await documents(two, "check_in"))[entry]
    await push(two, "check_in", opened | {"audience": "only_me"}, opened)
    closed = (await documents(two, "check_in"))[entry]
    await two.meet()
    await put_back(two.parts.pool, dump)
    await push(two, "check_in", closed | {"text": "A secret."}, closed)
    answer = await two.client.get("/v1/rxdb/shown_check_in/pull", headers=two.ben.someone.headers)
    assert "A secret." not in answer.text


async def test_also_before_the_closing_was_pulled_back(two: Two) -> None:
    """RxDB's assumed state after a push is what it pushed, with the `rev` of before: none that is beyond both lives."""
    entry = str(uuid4())
    await push(
        two,
        "check_in",
        {
            "id": entry,
            "local_date": two.today(),
            "text": "A hard day.",
            "audience": two.couple,
            "shared_parts": ["text"],
            "_deleted": False,
        },
    )
    await two.meet()
    dump = await two.home.dump()
    opened = (await documents(two, "check_in"))[entry]
    closed = opened | {"audience": "only_me"}
    await push(two, "check_in", closed, opened)
    await two.meet()
    assert not two.ben.all("shown_check_in")
    await two.home.restore(dump)
    await push(two, "check_in", closed | {"text": "A secret."}, closed)
    await two.ben.sync()
    assert not holds(two.ben, "A secret.")
