"""An account is deleted: at once for who asked, like any parting for the other, and for good after a week."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from api import erasing
from api.erasing import erase
from api.hints import Hub
from api.pruning import prune
from api.wiring import Parts
from domain.fates import LETTERS_STAY, UNDO_WITHIN
from domain.ids import SpaceId
from tests import people
from tests.clocks import StillClock, app_at
from tests.journeys.phones import Home, home_of
from tests.people import ok


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def client(parts: Parts, clock: StillClock) -> AsyncIterator[httpx.AsyncClient]:
    async with app_at(parts, clock) as client:
        yield client


@pytest.fixture
async def home(client: httpx.AsyncClient, parts: Parts) -> AsyncIterator[Home]:
    """A couple with three phones, all in sync, and a goal that both accepted."""
    async with home_of(client, parts) as home:
        yield home


async def delete(client: httpx.AsyncClient, who: people.Person, token: str | None = None) -> httpx.Response:
    token = token or await people.identity_token(client, who.subject)
    return await client.post("/v1/me/deletion", headers=who.headers, json={"identity_token": token})


async def keep(client: httpx.AsyncClient, who: people.Person) -> httpx.Response:
    return await client.delete("/v1/me/deletion", headers=who.headers)


async def work(parts: Parts, clock: StillClock) -> None:
    """Let the worker do all that is due."""
    while await erase(parts, clock()):
        pass


async def test_deleting_signs_out_everywhere_at_once_and_says_a_number(home: Home, clock: StillClock) -> None:
    done = await ok(delete(home.client, home.ana))
    assert done["undo_until"] == (clock() + UNDO_WITHIN).isoformat().replace("+00:00", "Z")
    assert len(done["receipt"]) == 14
    for phone in (home.a1, home.a2):
        answer = await home.client.get("/v1/me", headers=phone.someone.headers)
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:haven:problem:unauthenticated")


async def test_a10_deleting_asks_for_a_fresh_sign_in_and_nothing_else(home: Home, clock: StillClock) -> None:
    stale = await people.identity_token(home.client, home.ana.subject)
    bens = await people.identity_token(home.client, home.ben.subject)
    clock.move(seconds=301)
    for token, kind in ((stale, "fresh_sign_in_needed"), (bens, "fresh_sign_in_needed"), ("x", "identity_refused")):
        answer = await delete(home.client, home.ana, token)
        assert (answer.status_code, answer.json()["type"]) == (401, f"urn:haven:problem:{kind}")
    assert (await people.me(home.client, home.ana))["couple"] is not None
    await ok(delete(home.client, home.ana))


async def test_i17_to_the_partner_it_looks_like_any_parting(home: Home, parts: Parts, clock: StillClock) -> None:
    dora, emil = await people.couple(home.client, ("Ana", "Emil"))
    couple = (await people.me(home.client, dora))["couple"]["id"]
    await ok(people.part(home.client, dora, couple))
    await ok(delete(home.client, home.ana))
    await home.b1.sync()
    assert home.b1.couple_state() == "closed"

    async def told(who: people.Person) -> Any:
        me = await people.me(home.client, who)
        kept = [{name: each[name] for name in ("state", "partner_name", "asked_back")} for each in me["keepsakes"]]
        return me["couple"], kept, me["invitation"], me["pairings"]

    assert await told(home.ben) == await told(emil)
    clock.move(days=6)
    await work(parts, clock)
    assert await told(home.ben) == await told(emil)


async def test_a18_an_account_that_is_closing_can_be_kept_signed_out_and_deleted_again(home: Home) -> None:
    first = await ok(delete(home.client, home.ana))
    again = await people.signed_in(home.client, home.ana.subject, device=home.ana.device)
    for asking in (
        home.client.get("/v1/me", headers=again.headers),
        home.client.post("/v1/sync", headers=again.headers, json={"schema": 1}),
        home.client.post("/v1/invitations", headers=again.headers),
        home.client.get("/v1/live", headers=again.headers),
        home.client.post("/v1/live/tickets", headers=again.headers),
    ):
        answer = await asking
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:haven:problem:account_closing")
        assert answer.json()["deleted_at"] == first["undo_until"]
    assert await ok(delete(home.client, again)) == first, "R5"
    again = await people.signed_in(home.client, home.ana.subject, device=home.ana.device)
    assert (await keep(home.client, again)).status_code == 204
    assert (await keep(home.client, again)).status_code == 204
    await ok(home.client.get("/v1/me", headers=again.headers))
    await ok(home.client.post("/v1/sign-out", headers=again.headers))


async def test_within_a_week_the_account_comes_back_and_the_couple_does_not(
    home: Home, parts: Parts, clock: StillClock
) -> None:
    entry = home.a1.edit("check_in", local_date="2026-11-20", text="mine alone")
    await home.a1.sync()
    await ok(delete(home.client, home.ana))
    clock.move(days=7, seconds=-1)
    await work(parts, clock)

    again = await people.signed_in(home.client, home.ana.subject, device=home.ana.device)
    assert again.id == home.ana.id
    await ok(keep(home.client, again))
    clock.move(days=30)
    await work(parts, clock)
    phone = home.phone(home.client, again, limit=500)
    await phone.sync()
    assert phone.fields(entry)["text"] == "mine alone"
    me = await people.me(home.client, again)
    assert me["couple"] is None
    assert [each["state"] for each in me["keepsakes"]] == ["parted"]
    assert phone.fields(home.goal)["state"] == "active"


async def test_i24_after_a_week_the_private_is_destroyed_by_its_key(
    home: Home, parts: Parts, clock: StillClock
) -> None:
    home.a1.edit("check_in", local_date="2026-11-20", text="mine alone")
    await home.a1.sync()
    personal = UUID((await people.me(home.client, home.ana))["personal_space"])
    await ok(delete(home.client, home.ana))
    clock.move(days=7)
    await work(parts, clock)

    assert await parts.pool.fetchval("SELECT count(*) FROM space_key WHERE space_id = $1", personal) == 0
    assert not await parts.keys.of([personal])
    for table in ("record", "revision", "outcome", "space", "member"):
        assert await parts.pool.fetchval(f"SELECT count(*) FROM {table} WHERE space_id = $1", personal) == 0
    anew = await people.signed_in(home.client, home.ana.subject)
    assert anew.id != home.ana.id, "the same sign-in begins another account"


async def test_i24_l10_after_thirty_days_nothing_is_left_but_a_number_and_not_a_byte_of_the_others_has_changed(
    home: Home, parts: Parts, clock: StillClock
) -> None:
    """W19."""
    ana = home.ana
    personal = UUID((await people.me(home.client, ana))["personal_space"])
    devices = [home.a1.someone.device, home.a2.someone.device]
    couple = home.couple
    home.a1.edit("note_draft", for_what="Ana's letter.", for_couple=couple, delivery="now", send=True)
    home.b1.edit("note_draft", for_what="Ben's letter.", for_couple=couple, delivery="now", send=True)
    answer = home.a1.edit("step", goal=home.goal, title="Ana's step.")
    await home.a1.sync()
    await home.b1.sync()
    home.b1.edit("step", answer, title="Ana's step. Ben's more.", taken_by=[str(home.ben.id)])
    home.b1.edit("progress", goal=home.goal, note="Ben saw.", on="2026-11-20")
    home.a1.edit("progress", goal=home.goal, note="Ana saw.", on="2026-11-20", amount="3")
    home.b1.edit("goal", home.goal, notes="Written by Ben.")
    for phone in (home.b1, home.a1, home.b1):
        await phone.sync()
    home.a1.edit("goal", home.goal, notes="Written by Ben. Added by Ana.")
    unagreed = home.a1.edit("goal_terms", goal=home.goal, title="Ana's idea.")
    for phone in (home.a1, home.b1):
        await phone.sync()
    block = await home.client.post(f"/v1/couples/{couple}/block", headers=home.ben.headers)
    assert block.status_code == 204
    before = {key: held for key, held in home.b1.holds().items() if held[2] == home.ben.id}
    assert before

    receipt = (await ok(delete(home.client, ana)))["receipt"]
    clock.move(days=29)
    await work(parts, clock)
    await home.b1.sync()
    assert {each.fields["for_what"] for each in home.b1.all("note")} == {"Ana's letter.", "Ben's letter."}
    assert b"Added by Ana." in home.b1.database_bytes(), "for thirty days it stays"
    assert [each["partner_name"] for each in (await people.me(home.client, home.ben))["keepsakes"]] == [None]

    clock.move(days=1)
    await work(parts, clock)
    await prune(parts.pool, clock() + timedelta(days=3))
    await home.b1.sync()

    assert [each.fields["for_what"] for each in home.b1.all("note")] == ["Ben's letter."]
    assert home.b1.fields(home.goal)["notes"] == "Written by Ben."
    assert home.b1.fields(answer)["title"] == "Ben's more."
    assert {each.fields["note"] for each in home.b1.all("progress")} == {None, "Ben saw."}
    assert {each.fields["amount"] for each in home.b1.all("progress")} == {None, "3"}
    titles = {each.fields["title"] for each in home.b1.all("goal_terms")}
    assert titles == {"A week by the sea"}, "terms that were in force are both's"
    assert unagreed not in {each.id for each in home.b1.all("goal_terms")}
    words_of_ana = (b"Ana's letter.", b"Ana's step.", b"Ana saw.", b"Added by Ana.", b"Ana's idea.")
    newcomer = await home.another_phone("ben")
    await newcomer.sync()
    for phone in (home.b1, newcomer):
        assert not [words for words in words_of_ana if words in phone.database_bytes()]
        assert str(ana.id).encode() not in phone.database_bytes()
    # All that is Ben's: the same fields under the same id, but that a credit of Ana's sentences is gone.
    after = home.b1.holds()
    for key, held in before.items():
        kind, _, author, removed, fields, beside, merged = held
        now_kind, _, now_author, now_removed, now_fields, now_beside, now_merged = after[key]
        assert (kind, author, removed, fields) == (now_kind, now_author, now_removed, now_fields)
        assert (beside, merged) == (now_beside, now_merged)

    row = await parts.pool.fetchrow("SELECT * FROM deletion WHERE receipt = $1", receipt)
    assert row is not None
    assert row["finished_on"] == clock().date()
    assert await places_of(parts, {ana.id, personal, *devices}) == []


async def places_of(parts: Parts, ids: set[Any]) -> list[str]:
    """Where in the database one of these ids stands in clear."""
    columns = await parts.pool.fetch(
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
    )
    found = []
    for row in columns:
        table, column = row["table_name"], row["column_name"]
        match row["data_type"]:
            case "uuid":
                asked, given = f"{column} = ANY($1)", list(ids)
            case "ARRAY":
                asked, given = f"{column}::text[] && $1", [str(each) for each in ids]
            case "text":
                asked, given = (
                    f"EXISTS (SELECT FROM unnest($1::text[]) t WHERE {column} LIKE '%' || t || '%')",
                    [str(each) for each in ids],
                )
            case _:
                continue
        if await parts.pool.fetchval(f"SELECT count(*) FROM {table} WHERE {asked}", given):
            found.append(f"{table}.{column}")
    return found


async def test_a_deletion_waits_for_no_partner_and_ends_with_a_couple_that_nobody_holds(
    home: Home, parts: Parts, clock: StillClock
) -> None:
    space = await parts.pool.fetchval("SELECT space_id FROM space WHERE couple_id = $1", UUID(home.couple))
    await ok(delete(home.client, home.ana))
    await ok(delete(home.client, home.ben))
    clock.move(days=7)
    await work(parts, clock)
    assert await parts.pool.fetchval("SELECT count(*) FROM space_key WHERE space_id = $1", space) == 0
    for table in ("record", "space", "member", "bequest", "emptying"):
        assert await parts.pool.fetchval(f"SELECT count(*) FROM {table} WHERE space_id = $1", space) == 0


async def test_what_was_given_to_somebody_whose_account_is_gone_is_let_go_with_it(
    home: Home, parts: Parts, clock: StillClock
) -> None:
    """A keepsake that the other lets go before its time is over is destroyed, words of both and all."""
    space = await parts.pool.fetchval("SELECT space_id FROM space WHERE couple_id = $1", UUID(home.couple))
    receipt = (await ok(delete(home.client, home.ana)))["receipt"]
    clock.move(days=8)
    await work(parts, clock)
    await ok(home.client.delete(f"/v1/couples/{home.couple}/keepsake", headers=home.ben.headers))
    await work(parts, clock)
    assert await parts.pool.fetchval("SELECT count(*) FROM bequest WHERE space_id = $1", space) == 0
    assert await parts.pool.fetchval("SELECT finished_on FROM deletion WHERE receipt = $1", receipt) is not None


async def test_rounds_are_bounded_and_any_number_of_workers_may_do_them(
    home: Home, parts: Parts, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "RECORDS_A_ROUND_MAX", 3)
    monkeypatch.setattr(erasing, "ROWS_A_ROUND_MAX", 3)
    for nth in range(8):
        home.a1.edit("progress", goal=home.goal, note=f"Ana saw {nth}.", on="2026-11-20")
        home.b1.edit("progress", goal=home.goal, note=f"Ben saw {nth}.", on="2026-11-20")
    await home.a1.sync()
    await home.b1.sync()
    receipt = (await ok(delete(home.client, home.ana)))["receipt"]
    for days in (7, 23):
        clock.move(days=days)
        rounds = 0
        while sum(await asyncio.gather(*(erase(parts, clock()) for _ in range(3)))):
            rounds += 1
    assert rounds > 3, "of the words that stayed"
    await home.b1.sync()
    notes = {each.fields["note"] for each in home.b1.all("progress")}
    assert notes == {None, *(f"Ben saw {nth}." for nth in range(8))}
    assert await parts.pool.fetchval("SELECT finished_on FROM deletion WHERE receipt = $1", receipt) is not None


async def test_the_partners_phone_hears_of_it_when_words_are_erased(
    home: Home, parts: Parts, clock: StillClock
) -> None:
    home.a1.edit("note_draft", for_what="Ana's letter.", for_couple=home.couple, delivery="now", send=True)
    await home.a1.sync()
    await ok(delete(home.client, home.ana))
    space = await parts.pool.fetchval("SELECT space_id FROM space WHERE couple_id = $1", UUID(home.couple))
    clock.move(days=30)
    told: dict[Any, int] = {}
    hints = Overheard(parts.hints, told)
    while await erase(msgspec.structs.replace(parts, hints=hints), clock()):  # type: ignore[arg-type]
        pass
    assert told[space] == await parts.pool.fetchval("SELECT head FROM space WHERE space_id = $1", space)


class Overheard:
    """The hub, and what it was given to pass on."""

    def __init__(self, hub: Hub, told: dict[Any, int]) -> None:
        self.hub, self.told = hub, told

    def publish(self, moved: Mapping[SpaceId, int]) -> None:
        self.told |= moved
        self.hub.publish(moved)


async def test_a_sign_in_that_comes_while_the_account_is_destroyed_begins_another(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock
) -> None:
    ana = await people.person(client, "Ana")
    await ok(delete(client, ana))
    clock.move(days=7)
    async with parts.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM person WHERE person_id = $1 FOR UPDATE", ana.id)
        coming = asyncio.create_task(people.signed_in(client, ana.subject, device=ana.device))
        going = asyncio.create_task(work(parts, clock))
        await until_two_wait(parts)
    anew = await coming
    await going
    await work(parts, clock)
    # It came in time, or begins anew: in either case it gets an answer.
    answer = await client.get("/v1/me", headers=anew.headers)
    assert answer.status_code == (401 if anew.id == ana.id else 200)


async def until_two_wait(parts: Parts) -> None:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with asyncio.timeout(30):
        while await parts.pool.fetchval(asked) < 2:  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0)


async def test_deleting_voids_codes_and_pairings_that_wait(client: httpx.AsyncClient) -> None:
    ana, ben, cleo = [await people.person(client, name) for name in ("Ana", "Ben", "Cleo")]
    made = await people.invite(client, ana)
    pairing = (await ok(people.redeem(client, ana, await people.invite(client, ben))))["id"]
    await ok(delete(client, ana))
    assert (await people.redeem(client, cleo, made)).status_code == 404
    assert (await people.confirm(client, ben, pairing)).status_code == 409
    assert (await people.me(client, ben))["pairings"] == []


async def test_letters_of_earlier_couples_go_too_held_or_let_go(home: Home, parts: Parts, clock: StillClock) -> None:
    home.a1.edit("note_draft", for_what="Ana's letter.", for_couple=home.couple, delivery="now", send=True)
    await home.a1.sync()
    await home.a1.part()
    await ok(home.client.delete(f"/v1/couples/{home.couple}/keepsake", headers=home.ana.headers))
    await home.b1.sync()
    assert [each.fields["for_what"] for each in home.b1.all("note")] == ["Ana's letter."]
    clock.move(days=100)
    ana = await people.signed_in(home.client, home.ana.subject, device=home.ana.device)
    await ok(delete(home.client, ana))
    clock.move(days=LETTERS_STAY.days)
    await work(parts, clock)
    ben = await people.signed_in(home.client, home.ben.subject, device=uuid4())
    phone = home.phone(home.client, ben, limit=500)
    await phone.sync()
    assert phone.all("note") == []
