"""The page for deleting an account without the app: no script, and nothing on it tells whether there is an account."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import httpx
import people
import pytest
from people import ok

from api.deletion_page import PATH
from api.wiring import Parts
from tests.clocks import StillClock, app_at


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def client(parts: Parts, clock: StillClock) -> AsyncIterator[httpx.AsyncClient]:
    async with app_at(parts, clock) as client:
        yield client


class Seen(HTMLParser):
    """What a browser without scripts makes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def of(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]

    def fields(self) -> dict[str, str]:
        """The hidden fields of the form."""
        hidden = [each for each in self.of("input") if each.get("type") == "hidden"]
        return {str(each["name"]): str(each["value"]) for each in hidden}


async def signed_in(client: httpx.AsyncClient, subject: str) -> httpx.Response:
    return await client.post(PATH, data={"subject": subject})


async def pressed(client: httpx.AsyncClient, page: httpx.Response, act: str) -> httpx.Response:
    return await client.post(PATH, data=Seen(page.text).fields() | {"act": act})


def receipt_of(page: httpx.Response) -> str:
    [receipt] = re.findall(r'class="number">([0-9A-Z-]+)<', page.text)
    return str(receipt)


async def test_somebody_without_the_app_deletes_their_account_and_keeps_it_after_all(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    ana, ben = await people.couple(client)
    first = await client.get(PATH)
    assert (first.status_code, first.headers["content-type"]) == (200, "text/html; charset=utf-8")
    asked = await signed_in(client, ana.subject)
    assert (await people.me(client, ana))["couple"] is not None, "signing in alone does nothing"
    done = await pressed(client, asked, "delete")
    assert done.status_code == 200
    assert (await client.get("/v1/me", headers=ana.headers)).status_code == 401
    assert [each["state"] for each in (await people.me(client, ben))["keepsakes"]] == ["parted"]
    stored = await parts.pool.fetchval("SELECT receipt FROM person WHERE person_id = $1", ana.id)
    assert receipt_of(done) == stored

    again = await people.signed_in(client, ana.subject, device=ana.device)
    assert (await client.get("/v1/me", headers=again.headers)).json()["type"] == "urn:haven:problem:account_closing"
    kept = await pressed(client, await signed_in(client, ana.subject), "keep")
    assert "Nothing will be deleted" in kept.text
    parts.accounts.callers.forget(ana.id)
    await ok(client.get("/v1/me", headers=again.headers))


async def test_nothing_tells_whether_there_is_an_account(
    client: httpx.AsyncClient, clock: StillClock, statements: list[str]
) -> None:
    """Neither the pages nor the statements behind them; not on the next day either, or after changing one's mind."""
    alone, (together, _), nobody = (
        (await people.person(client, "Ana")).subject,
        [each.subject for each in await people.couple(client)],
        f"nobody-{uuid4()}",
    )

    async def lived(subject: str) -> list[Any]:
        told: list[Any] = []
        for act in ("delete", "delete", "keep", "keep", "delete"):
            asked = await signed_in(client, subject)
            statements.clear()
            answer = await pressed(client, asked, act)
            receipt = receipt_of(answer) if act == "delete" else ""
            told.append(
                (
                    answer.status_code,
                    answer.text.replace(receipt or "-----", ""),
                    [(name, value) for name, value in answer.headers.items() if name != "content-length"],
                    list(statements),
                )
            )
            told.append(receipt == told[1] if len(told) > 1 else receipt)
            clock.move(minutes=1)
        return [each for nth, each in enumerate(told) if nth != 1]

    of_nobody = await lived(nobody)
    assert await lived(alone) == of_nobody
    assert await lived(together) == of_nobody


@pytest.mark.parametrize("path", ["first", "asked", "done", "kept", "refused", "wrong"])
async def test_no_page_has_a_script_or_anything_from_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    subject = f"nobody-{uuid4()}"
    match path:
        case "first":
            page = await client.get(PATH)
        case "asked":
            page = await signed_in(client, subject)
        case "done":
            page = await pressed(client, await signed_in(client, subject), "delete")
        case "kept":
            page = await pressed(client, await signed_in(client, subject), "keep")
        case "refused":
            page = await client.post(PATH, data={"id_token": "x", "act": "delete"})
        case _:
            page = await pressed(client, await signed_in(client, subject), "burn")
    seen = Seen(page.text)
    assert not seen.of("script", "link", "img", "iframe", "object", "embed", "base", "audio", "video")
    assert all(each["action"] == PATH for each in seen.of("form"))
    assert all(each["href"] == PATH for each in seen.of("a"))
    assert not [name for _, attributes in seen.tags for name in attributes if name.startswith("on") or name == "style"]
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert policy.endswith("; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
    assert page.headers["cache-control"] == "no-store"
    assert "set-cookie" not in page.headers
    assert seen.of("html") == [{"lang": "en"}]
    for field in seen.of("input"):
        assert field.get("type") == "hidden" or field.get("id") in {each.get("for") for each in seen.of("label")}


async def test_a_sign_in_that_is_stale_or_none_begins_again(client: httpx.AsyncClient, clock: StillClock) -> None:
    ana = await people.person(client, "Ana")
    asked = await signed_in(client, ana.subject)
    clock.move(seconds=301)
    for answer in (
        await pressed(client, asked, "delete"),
        await pressed(client, asked, "keep"),
        await client.post(PATH, data={"id_token": "h1.not.a.token", "act": "delete"}),
        await client.post(PATH, data={"id_token": ana.token, "act": "delete"}),
        await client.post(PATH, data={"act": "delete"}),
        await client.post(PATH, data={"subject": "   "}),
        await client.post(PATH, data={"subject": "a" * 129}),
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
        assert "Please sign in once more." in answer.text
    await ok(client.get("/v1/me", headers=ana.headers))


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {"Content-Type": "application/json"}, 415),
        (b"subject=ana", {}, 415),
        (b"subject=ana", {"Content-Encoding": "gzip"}, 415),
        (b"subject=ana&subject=ben", {}, 400),
        (b"&".join(b"f%d=1" % nth for nth in range(9)), {}, 400),
        (b"subject=%ff", {}, 400),
        (b"subject=\xff", {}, 400),
        (b"subject", {}, 400),
        (b"subject=" + b"a" * 33_000, {}, 413),
        (b"act=burn&subject=ana", {}, 400),
    ],
)
async def test_what_is_no_form_of_this_page_is_told_on_a_page(
    client: httpx.AsyncClient, body: bytes, headers: dict[str, str], status: int
) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if status != 415 or headers else {}
    answer = await client.post(PATH, content=body, headers=kind | headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert "Begin again" in answer.text


async def test_what_somebody_typed_is_never_markup(client: httpx.AsyncClient) -> None:
    asked = await client.post(PATH, data={"id_token": '"><script>alert(1)</script>', "act": "delete"})
    assert "<script" not in asked.text
    named = await signed_in(client, '"><script>alert(1)</script>')
    assert "<script" not in named.text
    assert (await pressed(client, named, "delete")).status_code == 200


async def test_five_times_a_day_are_enough(client: httpx.AsyncClient) -> None:
    subject = f"nobody-{uuid4()}"
    asked = await signed_in(client, subject)
    answers = [await pressed(client, asked, "delete") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert "A little later, please" in answers[-1].text
    assert answers[-1].headers["retry-after"]
