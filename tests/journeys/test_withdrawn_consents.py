"""A consent that is withdrawn: no further use, and no way out that is closed by it (I11, I14, I21)."""

from typing import Any
from uuid import uuid4

from tests import people
from tests.journeys.two import Two


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
