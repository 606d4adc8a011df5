"""A summary's link: what it shows, to whom, for how long, and that nobody can tell who has read (SECURITY W24, I29)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from msgspec import Struct

from api import counsel_store
from api.counsel_page import Part, Shown, asking, nothing, reading
from api.counsel_store import WRONG_MAX
from api.pruning import prune
from api.wiring import Parts
from api.worker import Worker
from domain.counsel import LINK_DAYS_MAX, approval
from domain.times import written
from sync import service
from tests.clocks import StillClock, app_at
from tests.people import Person, consent, couple, identity_token, me, ok, pair, part, person

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

    async def remove(self, someone: Person, *, remove: bool = True) -> None:
        """Remove the summary, or bring it back."""
        change = {"kind": "counsel_summary", "id": str(self.summary), "base": 99, "remove": remove}
        await self.push(someone, change)

    def link_at(self) -> str:
        return f"/v1/couples/{self.couple}/summaries/{self.summary}/link"

    async def ask_for_link(self, someone: Person, **asked: Any) -> httpx.Response:
        body = {"identity_token": await identity_token(self.client, someone.subject), **asked}
        return await self.client.post(self.link_at(), headers=someone.headers, json=body)

    async def link(self, someone: Person, **asked: Any) -> tuple[str, str]:
        answer = await ok(self.ask_for_link(someone, **asked))
        return answer["path"], answer["passcode"]

    async def revoke(self, someone: Person) -> int:
        return (await self.client.delete(self.link_at(), headers=someone.headers)).status_code

    async def is_dead(self, path: str, passcode: str) -> bool:
        """Whether a link answers as every dead one does, whatever is typed."""
        wrong = f"{(int(passcode.replace(' ', '')) + 1) % 10**8:08}"
        answers = [await self.client.get(path), await self.read(path, wrong), await self.read(path, passcode)]
        return all((each.status_code, each.text) == (404, nothing()) for each in answers)

    async def read(self, path: str, passcode: str) -> httpx.Response:
        return await self.client.post(path, data={"passcode": passcode})

    async def fields(self, someone: Person) -> dict[str, Any]:
        answer = await ok(self.client.post("/v1/sync", headers=someone.headers, json={"schema": 1, "limit": 500}))
        [summary] = [each for each in answer["records"] if each["id"] == str(self.summary)]
        fields: dict[str, Any] = summary["fields"]
        return fields

    async def stands(self, someone: Person) -> tuple[str, str | None]:
        """How the summary says that it stands, and until when a link shows it."""
        fields = await self.fields(someone)
        return fields["state"], fields["link_until"]


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


@pytest.mark.parametrize("purpose", ["summary_share", "core_sensitive"])
async def test_i11_who_withdraws_a_consent_ends_the_links_that_they_made_for_good(
    session: Session, purpose: str
) -> None:
    """To the other it is a link that was revoked, and agreeing again opens nothing."""
    await session.write(session.ana, "hopes", HOPE, session.ana)
    await session.write(session.ben, "what_works", WORKS, session.ben)
    path, passcode = await session.link(session.ana)
    await consent(session.client, session.ana, purpose, given=False)
    assert await session.is_dead(path, passcode)
    assert await session.stands(session.ben) == ("ready", None)
    await consent(session.client, session.ana, purpose)
    assert await session.is_dead(path, passcode)
    assert await session.stands(session.ben) == ("ready", None)
    path, passcode = await session.link(session.ana)
    assert HOPE in unescape((await session.read(path, passcode)).text), "a new one is hers to make"


@pytest.mark.parametrize("purpose", ["summary_share", "core_sensitive"])
async def test_i11_a_link_of_the_other_s_shows_on_what_is_theirs_and_never_again_what_is_not(
    session: Session, purpose: str
) -> None:
    await session.write(session.ana, "hopes", HOPE, session.ana)
    await session.write(session.ben, "what_works", WORKS, session.ben)
    agreed = await session.write(session.ben, "agreements", AGREED, session.ben)
    await session.approve(session.ana, agreed, AGREED, [approval(session.ben.id, AGREED)])
    path, passcode = await session.link(session.ben)
    before = await session.stands(session.ben)
    for given in (False, True):
        await consent(session.client, session.ana, purpose, given=given)
        shown = unescape((await session.read(path, passcode)).text)
        assert WORKS in shown, "nothing unrelated ends"
        assert HOPE not in shown
        assert AGREED not in shown
    assert await session.stands(session.ben) == before
    path, passcode = await session.link(session.ben)
    shown = unescape((await session.read(path, passcode)).text)
    assert all(each in shown for each in (WORKS, HOPE, AGREED)), "a new link asks who agrees when it is made"


async def test_i11_agreeing_after_a_link_was_made_opens_nothing_in_it(session: Session) -> None:
    await session.write(session.ana, "hopes", HOPE, session.ana)
    await consent(session.client, session.ana, "summary_share", given=False)
    path, passcode = await session.link(session.ben)
    await consent(session.client, session.ana, "summary_share")
    assert HOPE not in unescape((await session.read(path, passcode)).text)


async def test_i11_other_consents_that_are_withdrawn_leave_links_alone(session: Session) -> None:
    await session.write(session.ana, "hopes", HOPE, session.ana)
    path, passcode = await session.link(session.ana)
    for purpose in ("pairing", "push"):
        await consent(session.client, session.ana, purpose, given=False)
    assert HOPE in unescape((await session.read(path, passcode)).text)


@pytest.mark.parametrize("maker", ["ana", "ben"])
async def test_i11_of_a_link_and_a_withdrawal_at_the_same_moment_the_withdrawal_holds(
    session: Session, maker: str
) -> None:
    await session.write(session.ana, "hopes", HOPE, session.ana)
    who = session.ana if maker == "ana" else session.ben
    for _ in range(3):
        asked, _ = await asyncio.gather(
            session.ask_for_link(who), consent(session.client, session.ana, "summary_share", given=False)
        )
        await consent(session.client, session.ana, "summary_share")
        if asked.status_code == 200:
            made = asked.json()
            assert HOPE not in unescape((await session.read(made["path"], made["passcode"])).text)
        else:
            assert no(asked) == (403, "consent_needed")
        assert (await session.stands(session.ben))[0] == ("ready" if who is session.ana else "shared")


async def test_i11_a_link_is_dead_though_its_summary_could_not_be_told_and_the_worker_tells_it(
    session: Session, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    await session.write(session.ana, "hopes", HOPE, session.ana)
    path, passcode = await session.link(session.ana)
    with monkeypatch.context() as broken:
        broken.setattr(service, "open_link", falls_over)
        said = {"purpose": "summary_share", "text_version": 1, "given": False}
        answer = await session.client.post("/v1/me/consents", headers=session.ana.headers, json=said)
        assert answer.status_code == 500
    assert await session.is_dead(path, passcode)
    assert (await session.stands(session.ben))[0] == "shared", "it was interrupted"
    await Worker(parts).tick(session.clock())
    assert await session.stands(session.ben) == ("ready", None)
    assert await links_kept(session) == 0


async def test_the_worker_says_of_no_new_link_that_it_has_ended(
    session: Session, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    await session.write(session.ana, "hopes", HOPE, session.ana)
    await session.link(session.ana)
    with monkeypatch.context() as broken:
        broken.setattr(counsel_store, "forget_ended", falls_over)
        await session.client.delete(session.link_at(), headers=session.ben.headers)
    ended = await counsel_store.ended(parts.pool, session.ana.id, 1)
    path, passcode = await session.link(session.ben)
    with monkeypatch.context() as late:
        late.setattr(counsel_store, "ended", giving(ended))
        await Worker(parts).tick(session.clock())
    assert HOPE in unescape((await session.read(path, passcode)).text)
    assert (await session.stands(session.ana))[0] == "shared"


@pytest.mark.parametrize("lets_go", [False, True])
async def test_of_a_link_that_ended_in_a_couple_that_has_parted_nothing_is_left(
    session: Session, parts: Parts, monkeypatch: pytest.MonkeyPatch, *, lets_go: bool
) -> None:
    await session.link(session.ana)
    with monkeypatch.context() as broken:
        broken.setattr(counsel_store, "forget_ended", falls_over)
        await session.client.delete(session.link_at(), headers=session.ben.headers)
    await ok(part(session.client, session.ben, session.couple))
    if lets_go:
        await ok(session.client.delete(f"/v1/couples/{session.couple}/keepsake", headers=session.ana.headers))
    assert await links_kept(session) == 1
    await Worker(parts).tick(session.clock())
    assert await links_kept(session) == 0


async def falls_over(*_: object, **__: object) -> None:
    raise RuntimeError


def giving(found: Any) -> Any:
    async def give(*_: object) -> Any:
        return found

    return give


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


async def test_w24_a_link_dies_with_the_couple_and_with_its_summary(session: Session) -> None:
    """Whatever is asked of it and typed: it is the page of every dead link."""
    await session.write(session.ana, "hopes", HOPE, session.ana)
    path, passcode = await session.link(session.ana)
    await session.remove(session.ben)
    for _ in range(WRONG_MAX):
        assert await session.is_dead(path, passcode)
    await session.remove(session.ben, remove=False)
    assert (await session.read(path, passcode)).status_code == 200, "what was typed meanwhile was no try"
    await ok(part(session.client, session.ben, session.couple))
    assert await session.is_dead(path, passcode)


@pytest.mark.parametrize("whose", ["ana", "ben"])
async def test_a_link_is_revoked_while_its_summary_is_removed(session: Session, whose: str) -> None:
    await session.write(session.ana, "hopes", HOPE, session.ana)
    path, passcode = await session.link(session.ana)
    await session.remove(session.ana)
    who = session.ana if whose == "ana" else session.ben
    assert [await session.revoke(who), await session.revoke(who)] == [204, 204], "twice is once"
    await session.remove(session.ben, remove=False)
    assert await session.is_dead(path, passcode)
    assert await session.stands(session.ben) == ("ready", None)


async def test_a_link_and_that_its_summary_says_so_are_stored_together(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    await session.write(session.ana, "hopes", HOPE, session.ana)
    for broken in ((counsel_store, "add"), (service, "open_link")):
        with monkeypatch.context() as at:
            at.setattr(*broken, falls_over)
            assert (await session.ask_for_link(session.ana)).status_code == 500
        assert await session.stands(session.ben) == ("ready", None)
    path, passcode = await session.link(session.ana, days=2)
    before = await session.stands(session.ben)
    for broken in ((counsel_store, "add"), (service, "open_link")):
        with monkeypatch.context() as at:
            at.setattr(*broken, falls_over)
            assert (await session.ask_for_link(session.ben, days=3)).status_code == 500
        assert (await session.read(path, passcode)).status_code == 200, "the one before works on"
        assert await session.stands(session.ben) == before


async def test_a_link_is_dead_once_it_is_revoked_though_its_summary_could_not_be_told(
    session: Session, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    await session.write(session.ana, "hopes", HOPE, session.ana)
    path, passcode = await session.link(session.ana)
    with monkeypatch.context() as broken:
        broken.setattr(service, "open_link", falls_over)
        assert await session.revoke(session.ben) == 500
    assert await session.is_dead(path, passcode)
    await Worker(parts).tick(session.clock())
    assert await session.stands(session.ben) == ("ready", None)


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


async def test_a_link_is_made_and_revoked_by_the_name_of_the_couple_of_today_alone(parts: Parts) -> None:
    """By that of an earlier one, the wrong person would be asked whether they agree."""
    clock = StillClock()
    async with app_at(parts, clock) as client:
        ana, _eli = await couple(client, ("Ana", "Eli"))
        earlier = str((await me(client, ana))["couple"]["id"])
        space = (await me(client, ana))["couple"]["space"]
        await ok(part(client, ana, earlier))
        ben = await person(client, "Ben")
        together = str(await pair(client, ana, ben))
        session = Session(client, clock, parts, ana, ben, together, uuid4())
        values = {"from": "2026-09-01", "to": "2026-11-20"}
        await session.push(ana, {"kind": "counsel_summary", "id": str(session.summary), "set": values})
        agreed = await session.write(ben, "agreements", AGREED, ben)
        await session.approve(ana, agreed, AGREED, [approval(ben.id, AGREED)])
        await consent(client, ben, "summary_share", given=False)
        path, passcode = await session.link(ana)

        session.couple = earlier
        assert no(await session.ask_for_link(ana)) == (404, "not_found")
        assert await session.revoke(ana) == 404
        page = await session.read(path, passcode)
        assert page.status_code == 200, "nothing has become of the one by the right name"
        assert AGREED not in unescape(page.text), "Ben does not agree"

        # As it was stored before that was so:
        await parts.pool.execute("UPDATE counsel_link SET space_id = $2 WHERE made_by = $1", ana.id, UUID(space))
        assert await session.is_dead(path, passcode)


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


async def links_kept(session: Session) -> int:
    statement = "SELECT count(*) FROM counsel_link WHERE summary_id = $1"
    return int(await session.parts.pool.fetchval(statement, session.summary))


async def test_links_are_forgotten_when_they_have_expired(session: Session) -> None:
    await session.link(session.ana)
    session.clock.move(days=LINK_DAYS_MAX - 1)
    await prune(session.parts.pool, session.clock())
    assert await links_kept(session) == 1
    session.clock.move(days=1)
    assert (await prune(session.parts.pool, session.clock())).links >= 1
    assert await links_kept(session) == 0


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
