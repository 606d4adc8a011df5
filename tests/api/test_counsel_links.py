"""A summary's link: what it shows, to whom, for how long, and that nobody can tell who has read (SECURITY W24, I29)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from msgspec import Struct

from api.counsel_page import Part, Shown, asking, nothing, reading
from api.counsel_store import WRONG_MAX
from api.pruning import prune
from api.wiring import Parts
from domain.counsel import LINK_DAYS_MAX, approval
from domain.times import written
from tests.clocks import StillClock, app_at
from tests.people import Person, consent, couple, identity_token, me, ok

HOPE, WORKS, AGREED = "We hope to laugh more.", "Walks work.", "No phones at table."


class Session(Struct):
    """Ana and Ben with a summary, and the clock that they live by."""

    client: httpx.AsyncClient
    clock: StillClock
    parts: Parts
    ana: Person
    ben: Person
    couple: str
    summary: UUID

    async def push(self, someone: Person, *changes: dict[str, Any]) -> list[dict[str, Any]]:
        asked = [{"key": str(uuid4()), "couple": self.couple, "base": 0, **each} for each in changes]
        answer = await ok(self.client.post("/v1/sync", headers=someone.headers, json={"schema": 1, "changes": asked}))
        assert all(each["status"] == "applied" for each in answer["outcomes"]), answer["outcomes"]
        records: list[dict[str, Any]] = answer["records"]
        return records

    async def write(self, someone: Person, section: str, text: str, *yes: Person) -> UUID:
        part = uuid4()
        said = [approval(each.id, text) for each in yes]
        values = {"summary": str(self.summary), "section": section, "text": text, "approvals": said}
        await self.push(someone, {"kind": "counsel_part", "id": str(part), "set": values})
        return part

    async def approve(self, someone: Person, part: UUID, text: str, earlier: list[str]) -> None:
        values = {"approvals": [*earlier, approval(someone.id, text)]}
        change = {"kind": "counsel_part", "id": str(part), "base": 99, "set": values, "was": {"approvals": earlier}}
        await self.push(someone, change)

    def link_at(self) -> str:
        return f"/v1/couples/{self.couple}/summaries/{self.summary}/link"

    async def link(self, someone: Person, **asked: Any) -> tuple[str, str]:
        body = {"identity_token": await identity_token(self.client, someone.subject), **asked}
        answer = await ok(self.client.post(self.link_at(), headers=someone.headers, json=body))
        return answer["path"], answer["passcode"]

    async def read(self, path: str, passcode: str) -> httpx.Response:
        return await self.client.post(path, data={"passcode": passcode})

    async def fields(self, someone: Person) -> dict[str, Any]:
        answer = await ok(self.client.post("/v1/sync", headers=someone.headers, json={"schema": 1, "limit": 500}))
        [summary] = [each for each in answer["records"] if each["id"] == str(self.summary)]
        fields: dict[str, Any] = summary["fields"]
        return fields


def no(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:haven:problem:")


@pytest.fixture
async def session(parts: Parts) -> AsyncIterator[Session]:
    clock = StillClock()
    async with app_at(parts, clock) as client:
        ana, ben = await couple(client)
        together = (await me(client, ana))["couple"]["id"]
        made = Session(client, clock, parts, ana, ben, together, uuid4())
        values = {"from": "2026-09-01", "to": "2026-11-20", "for_whom": "Dr Lind"}
        await made.push(ana, {"kind": "counsel_summary", "id": str(made.summary), "set": values})
        yield made


async def test_a_link_shows_what_is_approved_and_nothing_else(session: Session) -> None:
    await session.write(session.ana, "hopes", HOPE, session.ana)
    await session.write(session.ben, "what_works", WORKS)
    path, passcode = await session.link(session.ben)
    assert (await session.client.get(path)).status_code == 200
    page = await session.read(path, passcode)
    assert page.status_code == 200
    said = unescape(page.text)
    assert HOPE in said
    assert "A summary by Ana" in said.replace("<bdi>", "").replace("</bdi>", "")
    assert "Dr Lind" not in said, "nobody has approved these words"
    assert "Ben" not in said, "nothing of his is shown"
    assert WORKS not in said, "Ben has not approved his own part"
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_i29_one_changed_byte_takes_a_part_out_at_once(session: Session) -> None:
    part = await session.write(session.ana, "hopes", HOPE, session.ana)
    path, passcode = await session.link(session.ana)
    assert HOPE in unescape((await session.read(path, passcode)).text)
    change = {"kind": "counsel_part", "id": str(part), "base": 99, "set": {"text": HOPE[:-1] + "!"}}
    await session.push(session.ana, change | {"was": {"text": HOPE}})
    shown = unescape((await session.read(path, passcode)).text)
    assert "laugh more" not in shown
    assert "No part of it is approved" in shown


async def test_what_both_agreed_on_needs_the_yes_of_both(session: Session) -> None:
    mine = approval(session.ana.id, AGREED)
    part = await session.write(session.ana, "agreements", AGREED, session.ana)
    path, passcode = await session.link(session.ana)
    assert AGREED not in unescape((await session.read(path, passcode)).text)
    await session.approve(session.ben, part, AGREED, [mine])
    assert AGREED in unescape((await session.read(path, passcode)).text)


async def test_i12_nobody_approves_for_the_other(session: Session) -> None:
    part = await session.write(session.ana, "agreements", AGREED, session.ana)
    theirs = [approval(session.ana.id, AGREED), approval(session.ben.id, AGREED)]
    change = {"key": str(uuid4()), "couple": session.couple, "kind": "counsel_part", "id": str(part), "base": 99}
    asked = change | {"set": {"approvals": theirs}, "was": {"approvals": theirs[:1]}}
    answer = await ok(
        session.client.post("/v1/sync", headers=session.ana.headers, json={"schema": 1, "changes": [asked]})
    )
    assert answer["outcomes"][0]["code"] == "needs_their_yes"


async def test_w24_links_that_do_not_work_answer_alike(session: Session) -> None:
    await session.write(session.ana, "hopes", HOPE, session.ana)
    revoked, passcode = await session.link(session.ana)
    replaced, _ = await session.link(session.ana)
    path, right = await session.link(session.ana)
    answer = await session.client.delete(session.link_at(), headers=session.ben.headers)
    assert answer.status_code == 204, "either revokes it, whoever made it"
    expired, _ = await session.link(session.ana, days=1)
    session.clock.move(days=1)
    never = "/c/" + "A" * 43
    for dead in (revoked, replaced, path, expired, never, "/c/short"):
        looked, tried = await session.client.get(dead), await session.read(dead, right)
        assert (looked.status_code, looked.text) == (tried.status_code, tried.text) == (404, nothing())
    assert passcode != right


async def test_w24_five_wrong_passcodes_and_the_link_is_dead(session: Session) -> None:
    await session.write(session.ana, "hopes", HOPE, session.ana)
    path, passcode = await session.link(session.ana)
    for nth in range(WRONG_MAX):
        assert (await session.read(path, passcode)).status_code == 200, "who knows it may read as often as they like"
        wrong = await session.read(path, f"{nth:08}" if f"{nth:08}" != passcode.replace(" ", "") else "99999999")
        assert (wrong.status_code, wrong.text) == (403, asking(wrong=True))
    assert (await session.read(path, passcode)).status_code == 404


async def test_a_link_asks_for_a_fresh_sign_in_and_the_consent_of_whoever_makes_it(session: Session) -> None:
    body = {"identity_token": await identity_token(session.client, session.ana.subject)}
    session.clock.move(minutes=6)
    late = await session.client.post(session.link_at(), headers=session.ana.headers, json=body)
    assert no(late) == (401, "fresh_sign_in_needed")
    await consent(session.client, session.ana, "summary_share", given=False)
    body = {"identity_token": await identity_token(session.client, session.ana.subject)}
    without = await session.client.post(session.link_at(), headers=session.ana.headers, json=body)
    assert no(without) == (403, "consent_needed")


async def test_i11_a_consent_that_is_withdrawn_takes_ones_parts_out_of_every_link(session: Session) -> None:
    await session.write(session.ana, "hopes", HOPE, session.ana)
    await session.write(session.ben, "what_works", WORKS, session.ben)
    await session.write(session.ana, "agreements", AGREED, session.ana)
    path, passcode = await session.link(session.ana)
    await consent(session.client, session.ben, "summary_share", given=False)
    shown = unescape((await session.read(path, passcode)).text)
    assert HOPE in shown
    assert WORKS not in shown
    assert AGREED not in shown


async def test_reading_changes_nothing_that_either_of_the_two_can_see(session: Session) -> None:
    await session.write(session.ana, "hopes", HOPE, session.ana)
    path, passcode = await session.link(session.ana)
    asked = {"schema": 1, "limit": 500}

    async def told(someone: Person) -> Any:
        answer = await ok(session.client.post("/v1/sync", headers=someone.headers, json=asked))
        return answer["records"], answer["spaces"], await me(session.client, someone)

    before = [await told(session.ana), await told(session.ben)]
    assert (await session.read(path, passcode)).status_code == 200
    assert (await session.read(path, "00000000")).status_code == 403
    assert [await told(session.ana), await told(session.ben)] == before


async def test_a_summary_says_how_it_stands(session: Session) -> None:
    assert (await session.fields(session.ben))["state"] == "draft"
    await session.write(session.ana, "hopes", HOPE, session.ana)
    assert (await session.fields(session.ben))["state"] == "ready"
    await session.link(session.ana, days=2)
    fields = await session.fields(session.ben)
    assert (fields["state"], fields["link_until"]) == ("shared", written(session.clock() + timedelta(days=2)))
    await session.client.delete(session.link_at(), headers=session.ben.headers)
    fields = await session.fields(session.ana)
    assert (fields["state"], fields["link_until"]) == ("ready", None)


async def test_a_link_dies_with_the_couple_and_with_its_summary(session: Session) -> None:
    await session.write(session.ana, "hopes", HOPE, session.ana)
    path, passcode = await session.link(session.ana)
    await session.push(session.ben, {"kind": "counsel_summary", "id": str(session.summary), "base": 99, "remove": True})
    assert (await session.read(path, passcode)).status_code == 404
    await session.push(
        session.ben, {"kind": "counsel_summary", "id": str(session.summary), "base": 99, "remove": False}
    )
    assert (await session.read(path, passcode)).status_code == 200
    await ok(session.client.post(f"/v1/couples/{session.couple}/part", headers=session.ben.headers))
    assert (await session.read(path, passcode)).text == nothing()


async def test_i9_in_a_couple_that_came_back_no_summary_says_that_a_link_shows_it(session: Session) -> None:
    await session.write(session.ana, "hopes", HOPE, session.ana)
    path, passcode = await session.link(session.ana)
    await ok(session.client.post(f"/v1/couples/{session.couple}/part", headers=session.ben.headers))
    parted = session.couple
    for who in (session.ana, session.ben):
        await ok(session.client.post(f"/v1/couples/{parted}/restore", headers=who.headers))
    session.couple = (await me(session.client, session.ana))["couple"]["id"]
    assert session.couple != parted

    for who in (session.ana, session.ben):
        fields = await session.fields(who)
        assert (fields["state"], fields["link_until"]) == ("ready", None)
    assert (await session.read(path, passcode)).text == nothing()
    path, passcode = await session.link(session.ben)
    assert HOPE in unescape((await session.read(path, passcode)).text), "and a new one can be made"


async def test_a_stranger_makes_and_revokes_no_link(session: Session) -> None:
    await session.write(session.ana, "hopes", HOPE, session.ana)
    path, passcode = await session.link(session.ana)
    cleo, _ = await couple(session.client, ("Cleo", "Dora"))
    body = {"identity_token": await identity_token(session.client, cleo.subject)}
    assert no(await session.client.post(session.link_at(), headers=cleo.headers, json=body)) == (404, "not_found")
    assert no(await session.client.delete(session.link_at(), headers=cleo.headers)) == (404, "not_found")
    elsewhere = session.link_at().replace(str(session.summary), str(uuid4()))
    body = {"identity_token": await identity_token(session.client, session.ana.subject)}
    assert no(await session.client.post(elsewhere, headers=session.ana.headers, json=body)) == (404, "not_found")
    assert (await session.read(path, passcode)).status_code == 200


async def test_links_are_forgotten_when_they_have_expired(session: Session) -> None:
    async def kept() -> int:
        statement = "SELECT count(*) FROM counsel_link WHERE summary_id = $1"
        return int(await session.parts.pool.fetchval(statement, session.summary))

    await session.link(session.ana)
    session.clock.move(days=LINK_DAYS_MAX - 1)
    await prune(session.parts.pool, session.clock())
    assert await kept() == 1
    session.clock.move(days=1)
    assert (await prune(session.parts.pool, session.clock())).links >= 1
    assert await kept() == 0


def test_words_on_the_page_are_words_and_nothing_else() -> None:
    hostile = '</p><script>alert(1)</script>\u202eabc & "x"'
    page = reading(
        Shown(
            names=("<b>Ana</b>", "<img src=x>"),
            first="2026-09-01",
            last="2026-11-20",
            parts=(Part("hopes", "<b>Ana</b>", hostile), Part("a_newer_app_s", "בן", "second")),
            until=StillClock()(),
        )
    )
    assert "<script" not in page
    assert "<img" not in page
    assert "<b>" not in page
    assert hostile in unescape(page)
    assert "A newer app s" in page
    assert 'dir="auto"' in page
