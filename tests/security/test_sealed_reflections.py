"""W27, I33: what a phone has sealed itself travels byte for byte through three protocols, and is decoded nowhere."""

import base64
import binascii
import secrets
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from api.wiring import Parts
from domain.reflections import SEALED_BYTES_MAX
from tests.clocks import StillClock, app_at
from tests.journeys.phones import Phone
from tests.journeys.two import Two, two_on
from tests.people import ok

Document = dict[str, Any]


@pytest.fixture
async def two(parts: Parts) -> AsyncIterator[Two]:
    clock = StillClock()
    async with app_at(parts, clock) as client, two_on(client, parts, clock) as two:
        yield two


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> str:
    """As much as a phone may seal, in Base64; whoever takes this for something to decode fails."""
    text = base64.b64encode(secrets.token_bytes(SEALED_BYTES_MAX)).decode()

    def guarded(decode: Any) -> Any:
        def decoded(value: Any, *rest: Any, **named: Any) -> Any:
            told = value.encode() if isinstance(value, str) else bytes(value)
            assert text.encode() not in told, "what is sealed was decoded"
            return decode(value, *rest, **named)

        return decoded

    for module, name in ((binascii, "a2b_base64"), (base64, "b64decode"), (base64, "urlsafe_b64decode")):
        monkeypatch.setattr(module, name, guarded(getattr(module, name)))
    return text


async def by_rxdb(two: Two, phone: Phone) -> dict[str, Document]:
    found = await ok(two.client.get("/v1/rxdb/reflection/pull", headers=phone.someone.headers))
    return {each["id"]: each for each in found["documents"]}


async def by_watermelon(two: Two, phone: Phone) -> dict[str, Document]:
    found = await ok(two.client.get("/v1/watermelon/sync?schema=1", headers=phone.someone.headers))
    rows = found["changes"].get("reflection", {"created": [], "updated": []})
    return {each["id"]: each for each in (*rows["created"], *rows["updated"])}


async def in_all_three(two: Two, identity: str) -> list[str]:
    """What each protocol gives Ana of it; and to Ben none gives anything."""
    await two.meet()
    natively = {str(each.id): each.fields["sealed"] for each in two.ana.all("reflection")}
    assert not two.ben.all("reflection")
    assert not await by_rxdb(two, two.ben)
    assert not await by_watermelon(two, two.ben)
    return [
        natively[identity],
        (await by_rxdb(two, two.ana))[identity]["sealed"],
        (await by_watermelon(two, two.ana))[identity]["sealed"],
    ]


async def natively(two: Two, sealed: str) -> str:
    return str(two.ana.edit("reflection", sealed=sealed))


async def pushed_by_rxdb(two: Two, sealed: str) -> str:
    new = {"id": str(uuid4()), "sealed": sealed, "_deleted": False}
    path = "/v1/rxdb/reflection/push?schema=1"
    conflicts = await ok(two.client.post(path, json=[{"newDocumentState": new}], headers=two.ana.someone.headers))
    assert not conflicts
    return str(new["id"])


async def pushed_by_watermelon(two: Two, sealed: str) -> str:
    row = {"id": str(uuid4()), "sealed": sealed}
    body = {"changes": {"reflection": {"created": [row], "updated": [], "deleted": []}}}
    await ok(two.client.post("/v1/watermelon/sync?schema=1", json=body, headers=two.ana.someone.headers))
    return row["id"]


@pytest.mark.parametrize("make", [natively, pushed_by_rxdb, pushed_by_watermelon])
async def test_w27_i33_what_is_sealed_comes_back_byte_for_byte_by_all_three(two: Two, sealed: str, make: Any) -> None:
    identity = await make(two, sealed)
    assert await in_all_three(two, identity) == [sealed] * 3


async def test_w27_of_two_that_were_sealed_unaware_of_each_other_one_stands_and_the_other_is_kept(
    two: Two, sealed: str
) -> None:
    reflection = two.ana.edit("reflection", sealed=sealed)
    await two.meet()
    known = (await by_rxdb(two, two.ana))[str(reflection)]
    other = base64.b64encode(b"another").decode()
    two.ana.edit("reflection", reflection, sealed=base64.b64encode(b"one").decode())
    await two.ana.sync()
    row = {"newDocumentState": known | {"sealed": other}, "assumedMasterState": known}
    await two.client.post("/v1/rxdb/reflection/push?schema=1", json=[row], headers=two.ana.someone.headers)
    said = await in_all_three(two, str(reflection))
    assert len(set(said)) == 1
    path = f"/v1/records/reflection/{reflection}/revisions"
    behind = await ok(two.client.get(path, headers=two.ana.someone.headers))
    values = {value["value"] for each in behind["revisions"] for value in each["values"]}
    assert sealed in values
