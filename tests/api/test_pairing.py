"""How two persons find each other and how either leaves, over HTTP on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from clocks import StillClock, app_at
from people import (
    Person,
    confirm,
    consent,
    couple,
    invite,
    me,
    ok,
    pair,
    part,
    person,
    redeem,
    signed_in,
)

from api.limits import GUESSING_HITS, REDEEM_EVERYONE
from api.postgres import Pool
from api.wiring import Parts


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def client(parts: Parts, clock: StillClock) -> AsyncIterator[httpx.AsyncClient]:
    async with app_at(parts, clock) as client:
        yield client


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:haven:problem:")


async def couple_of(client: httpx.AsyncClient, someone: Person) -> Any:
    return (await me(client, someone))["couple"]


async def test_two_persons_pair_when_both_have_said_yes(client: httpx.AsyncClient) -> None:
    """V5."""
    ana, ben = await person(client, "Ana"), await person(client, "Ben")
    code = await invite(client, ana)
    begun = await ok(redeem(client, ben, code))
    assert await couple_of(client, ana) is None
    waiting = (await me(client, ana))["pairings"]
    assert [(each["partner_name"], each["role"], each["confirmed"]) for each in waiting] == [("Ben", "inviter", False)]
    assert (begun["partner_name"], begun["role"]) == (None, "redeemer")
    assert begun["check_words"] == waiting[0]["check_words"]
    assert len(begun["check_words"]) == 3
    assert begun["id"] == waiting[0]["id"]

    assert await ok(confirm(client, ana, begun["id"])) == {"couple": None}
    assert await couple_of(client, ben) is None
    assert (await me(client, ana))["pairings"][0]["confirmed"] is True
    paired = (await ok(confirm(client, ben, begun["id"])))["couple"]

    of_ana, of_ben = await couple_of(client, ana), await couple_of(client, ben)
    assert of_ben == paired
    assert (of_ana["id"], of_ana["space"]) == (of_ben["id"], of_ben["space"])
    assert (of_ana["partner_name"], of_ana["partner"]) == ("Ben", str(ben.id))
    assert (of_ben["partner_name"], of_ben["partner"]) == ("Ana", str(ana.id))
    assert of_ana["state"] == "together"
    for who in (ana, ben):
        told = await me(client, who)
        assert (told["pairings"], told["invitation"], told["keepsakes"]) == ([], None, [])
        assert await ok(confirm(client, who, begun["id"])) == {"couple": told["couple"]}


async def test_pairing_shows_the_new_space_to_tokens_that_are_in_use(
    client: httpx.AsyncClient, parts: Parts, clock: StillClock
) -> None:
    ana, ben = await couple(client)
    space = UUID((await couple_of(client, ana))["space"])
    for who in (ana, ben):
        caller = await parts.accounts.callers.caller(who.headers["Authorization"], clock())
        assert caller.spaces[1:] == (space,)
        assert caller.may_keep


async def test_only_the_two_can_say_yes(client: httpx.AsyncClient) -> None:
    ana, ben, cleo = [await person(client, name) for name in ("Ana", "Ben", "Cleo")]
    begun = await ok(redeem(client, ben, await invite(client, ana)))
    assert problem(await confirm(client, cleo, begun["id"])) == (409, "pairing_void")
    assert problem(await confirm(client, ana, str(uuid4()))) == (409, "pairing_void")
    await ok(confirm(client, ana, begun["id"]))
    await ok(confirm(client, ana, begun["id"]))
    assert await couple_of(client, ana) is None


async def test_a_yes_after_a_day_is_too_late(client: httpx.AsyncClient, clock: StillClock) -> None:
    """V5."""
    ana, ben = await person(client, "Ana"), await person(client, "Ben")
    begun = await ok(redeem(client, ben, await invite(client, ana)))
    await ok(confirm(client, ana, begun["id"]))
    clock.move(minutes=24 * 60)
    assert problem(await confirm(client, ben, begun["id"])) == (409, "pairing_void")
    assert (await me(client, ben))["pairings"] == []
    assert await couple_of(client, ana) is None


async def test_cancelling_voids_the_pairing_that_was_begun(client: httpx.AsyncClient) -> None:
    """V5."""
    ana, ben = await person(client, "Ana"), await person(client, "Ben")
    begun = await ok(redeem(client, ben, await invite(client, ana)))
    await ok(confirm(client, ben, begun["id"]))
    for _ in range(2):
        assert (await client.delete("/v1/invitations", headers=ana.headers)).status_code == 204
    for who in (ana, ben):
        assert problem(await confirm(client, who, begun["id"])) == (409, "pairing_void")
        assert (await me(client, who))["pairings"] == []


async def test_every_code_that_does_not_work_gets_the_same_answer_after_the_same_statements(
    client: httpx.AsyncClient, clock: StillClock, statements: list[str]
) -> None:
    """V1, I15."""
    # A token's last day moves at its first use of a day, by a statement more.
    clock.to_noon()
    eli = await person(client, "Eli")
    codes: dict[str, str] = {"wrong": "AAAA-AAAA", "no code at all": "certainly not a code, this"}

    codes["expired"] = await invite(client, await person(client, "Ana"))
    clock.move(minutes=24 * 60)

    inviter = await person(client, "Ana")
    codes["used"] = await invite(client, inviter)
    await ok(redeem(client, await person(client, "Ben"), codes["used"]))

    inviter = await person(client, "Ana")
    codes["replaced"] = await invite(client, inviter)
    await invite(client, inviter)

    inviter = await person(client, "Ana")
    codes["cancelled"] = await invite(client, inviter)
    await ok(client.delete("/v1/invitations", headers=inviter.headers))

    inviter, other = await person(client, "Ana"), await person(client, "Ben")
    codes["inviter meanwhile paired"] = await invite(client, inviter)
    begun = await ok(redeem(client, inviter, await invite(client, other)))
    await ok(confirm(client, other, begun["id"]))
    await ok(confirm(client, inviter, begun["id"]))

    for who_blocks in ("inviter", "redeemer"):
        former = await person(client, "Ana")
        couple_id = await pair(client, former, eli)
        blocker = former if who_blocks == "inviter" else eli
        assert (await client.post(f"/v1/couples/{couple_id}/block", headers=blocker.headers)).status_code == 204
        await ok(part(client, eli, couple_id))
        codes[f"blocked by the {who_blocks}"] = await invite(client, former)
    codes["own"] = await invite(client, eli)

    answers: dict[str, httpx.Response] = {}
    ran: dict[str, list[str]] = {}
    for case, code in codes.items():
        # No more than ten an hour: see the next test.
        clock.move(minutes=10)
        statements.clear()
        answers[case] = await redeem(client, eli, code)
        ran[case] = [each for each in statements if "pg_catalog" not in each and "'jit'" not in each]
    assert {problem(answer) for answer in answers.values()} == {(404, "invitation_unknown")}
    assert {answer.content for answer in answers.values()} == {answers["wrong"].content}
    assert {case: each for case, each in ran.items() if each != ran["wrong"]} == {}
    assert len(ran["wrong"]) > 5


async def test_ten_wrong_codes_an_hour_are_enough_for_one_person(client: httpx.AsyncClient, clock: StillClock) -> None:
    """V2."""
    ana, ben, cleo = [await person(client, name) for name in ("Ana", "Ben", "Cleo")]
    code = await invite(client, ana)
    for _ in range(10):
        assert problem(await redeem(client, ben, "AAAA-AAAA")) == (404, "invitation_unknown")
    late = await redeem(client, ben, code)
    assert problem(late) == (429, "too_many_tries")
    assert 0 < int(late.headers["retry-after"]) <= 3600
    assert problem(await redeem(client, cleo, "AAAA-AAAA")) == (404, "invitation_unknown")
    clock.move(minutes=61)
    assert (await redeem(client, ben, code)).status_code == 200


async def test_right_codes_cost_nothing(client: httpx.AsyncClient) -> None:
    ana, ben = await person(client, "Ana"), await person(client, "Ben")
    code = await invite(client, ana)
    for _ in range(9):
        await redeem(client, ben, "AAAA-AAAA")
    for _ in range(3):
        assert (await redeem(client, ben, code)).status_code == 200
    assert problem(await redeem(client, ben, "AAAA-AAAA")) == (404, "invitation_unknown")
    assert problem(await redeem(client, ben, "AAAA-AAAA")) == (429, "too_many_tries")


async def test_parallel_guesses_are_all_counted(client: httpx.AsyncClient) -> None:
    ben = await person(client, "Ben")
    answers = await asyncio.gather(*(redeem(client, ben, "AAAA-AAAA") for _ in range(25)))
    assert sorted(answer.status_code for answer in answers) == [404] * 10 + [429] * 15


async def test_when_somebody_seems_to_guess_tries_are_fewer_and_codes_longer(
    client: httpx.AsyncClient, pool: Pool, clock: StillClock
) -> None:
    """V3, with the counter set."""
    everyone = "redeem_everyone/"
    before = await pool.fetchrow("SELECT window_start, hits FROM limit_count WHERE key = $1", everyone)
    ana, ben = await person(client, "Ana"), await person(client, "Ben")
    short = await invite(client, ana)
    try:
        await set_hits(pool, everyone, clock(), GUESSING_HITS)
        long = await invite(client, await person(client, "Cleo"))
        assert len(long.replace("-", "")) == 12 > len(short.replace("-", ""))
        for _ in range(2):
            assert problem(await redeem(client, ben, "AAAA-AAAA")) == (404, "invitation_unknown")
        assert problem(await redeem(client, ben, short)) == (429, "too_many_tries")
        dana = await person(client, "Dana")
        assert (await redeem(client, dana, long)).status_code == 200

        await set_hits(pool, everyone, clock(), REDEEM_EVERYONE.hits_max)
        eli, fay = await person(client, "Eli"), await person(client, "Fay")
        assert problem(await redeem(client, eli, short)) == (429, "too_many_tries")
        waiting = (await me(client, dana))["pairings"][0]["id"]
        assert (await confirm(client, dana, waiting)).status_code == 200
        clock.move(minutes=11)
        assert (await redeem(client, fay, short)).status_code == 200
    finally:
        await pool.execute("DELETE FROM limit_count WHERE key = $1", everyone)
        if before is not None:
            await set_hits(pool, everyone, before["window_start"], before["hits"])


async def set_hits(pool: Pool, key: str, began: datetime, hits: int) -> None:
    await pool.execute(
        "INSERT INTO limit_count (key, window_start, hits) VALUES ($1, $2, $3)"
        " ON CONFLICT (key) DO UPDATE SET window_start = $2, hits = $3",
        key,
        began,
        hits,
    )


async def test_one_code_redeemed_by_twenty_at_once_begins_one_pairing(client: httpx.AsyncClient) -> None:
    """V4, I16."""
    ana = await person(client, "Ana")
    others = [await person(client, f"Ben {number}") for number in range(20)]
    code = await invite(client, ana)
    answers = await asyncio.gather(*(redeem(client, other, code) for other in others))
    assert sorted(answer.status_code for answer in answers) == [200] + [404] * 19
    assert len((await me(client, ana))["pairings"]) == 1


async def test_twenty_yeses_at_once_pair_once(client: httpx.AsyncClient, pool: Pool) -> None:
    """I16."""
    ana, ben = await person(client, "Ana"), await person(client, "Ben")
    begun = await ok(redeem(client, ben, await invite(client, ana)))
    answers = await asyncio.gather(*(confirm(client, who, begun["id"]) for who in (ana, ben) * 10))
    assert {answer.status_code for answer in answers} == {200}
    named = {each["id"] for answer in answers if (each := answer.json()["couple"]) is not None}
    assert len(named) == 1
    couples = "SELECT count(*) FROM person_space WHERE person_id = ANY($1::uuid[]) AND couple_id IS NOT NULL"
    assert await pool.fetchval(couples, [ana.id, ben.id]) == 2


async def test_who_waits_in_two_pairings_enters_one(client: httpx.AsyncClient) -> None:
    """I16: Ana invites Ben and redeems Cleo's code; all say yes at once."""
    for _ in range(4):
        ana, ben, cleo = [await person(client, name) for name in ("Ana", "Ben", "Cleo")]
        with_ben = (await ok(redeem(client, ben, await invite(client, ana))))["id"]
        with_cleo = (await ok(redeem(client, ana, await invite(client, cleo))))["id"]
        assert {each["id"] for each in (await me(client, ana))["pairings"]} == {with_ben, with_cleo}
        await ok(confirm(client, ben, with_ben))
        await ok(confirm(client, cleo, with_cleo))
        answers = await asyncio.gather(confirm(client, ana, with_ben), confirm(client, ana, with_cleo))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        paired = [await couple_of(client, who) for who in (ana, ben, cleo)]
        assert paired.count(None) == 1
        assert paired[0] is not None


async def test_a_second_code_lets_the_first_die_and_the_pairing_it_began(client: httpx.AsyncClient) -> None:
    """V6."""
    ana, ben = await person(client, "Ana"), await person(client, "Ben")
    first = await invite(client, ana)
    begun = await ok(redeem(client, ben, first))
    second = await invite(client, ana)
    assert problem(await redeem(client, ben, first)) == (404, "invitation_unknown")
    assert problem(await confirm(client, ben, begun["id"])) == (409, "pairing_void")
    assert (await redeem(client, ben, second)).status_code == 200


async def test_a_code_is_read_in_each_of_its_spellings(client: httpx.AsyncClient) -> None:
    """V6."""
    ana = await person(client, "Ana")
    made = await ok(client.post("/v1/invitations", headers=ana.headers))
    assert (await me(client, ana))["invitation"] == {"expires_at": made["expires_at"]}
    code, words = made["code"], made["words"]
    plain = code.replace("-", "")
    spellings = [
        code,
        plain.lower(),
        f" {plain[:2]} {plain[2:]} ",
        plain.replace("0", "o").replace("1", "l"),
        plain.replace("0", "O").replace("1", "i"),
        " ".join(words),
        "-".join(words).upper(),
    ]
    assert len(words) == 4
    ben = await person(client, "Ben")
    answers = [await redeem(client, ben, spelling) for spelling in spellings]
    assert [answer.status_code for answer in answers] == [200] * len(spellings)
    assert {answer.content for answer in answers} == {answers[0].content}


async def test_ten_codes_a_day_are_enough(client: httpx.AsyncClient) -> None:
    ana = await person(client, "Ana")
    for _ in range(10):
        await invite(client, ana)
    assert problem(await client.post("/v1/invitations", headers=ana.headers)) == (429, "too_many_tries")


async def test_pairing_needs_its_consent_a_name_and_a_free_heart(client: httpx.AsyncClient) -> None:
    ana, ben = await person(client, "Ana"), await person(client, "Ben")
    code = await invite(client, ana)
    newcomer = await signed_in(client, f"cleo-{uuid4()}")

    async def tries(who: Person) -> set[tuple[int, str]]:
        return {
            problem(await client.post("/v1/invitations", headers=who.headers)),
            problem(await redeem(client, who, code)),
        }

    assert await tries(newcomer) == {(403, "consent_needed")}
    await consent(client, newcomer, "pairing")
    assert await tries(newcomer) == {(409, "name_needed")}
    await consent(client, ben, "pairing", given=False)
    assert await tries(ben) == {(403, "consent_needed")}
    dana, eli = await couple(client)
    assert await tries(dana) == {(409, "already_paired")}
    assert await tries(eli) == {(409, "already_paired")}


async def test_consents_and_attestation_are_what_was_said_last(
    client: httpx.AsyncClient, parts: Parts, pool: Pool, clock: StillClock
) -> None:
    """I11, A17 as far as the caller says it."""
    ana = await signed_in(client, f"ana-{uuid4()}")

    async def may_keep() -> bool:
        return (await parts.accounts.callers.caller(ana.headers["Authorization"], clock())).may_keep

    assert not await may_keep()
    await consent(client, ana, "core_sensitive")
    assert not await may_keep()
    await ok(client.post("/v1/me/adult", headers=ana.headers, json={"method": "store_signal"}))
    assert await may_keep()
    attested = (await me(client, ana))["adult"]
    clock.move(days=1)
    await ok(client.post("/v1/me/adult", headers=ana.headers, json={"method": "own_word"}))
    assert (await me(client, ana))["adult"] == attested
    await consent(client, ana, "push")
    for _ in range(2):
        await consent(client, ana, "core_sensitive", given=False)
    assert not await may_keep()
    said = {each["purpose"]: each for each in (await me(client, ana))["consents"]}
    assert {purpose: each["given"] for purpose, each in said.items()} == {
        "core_sensitive": False,
        "pairing": False,
        "push": True,
        "summary_share": False,
    }
    assert (said["pairing"]["ask"], said["push"]["ask"]) == (True, False)
    rows = await pool.fetch("SELECT purpose, given FROM consent WHERE person_id = $1 ORDER BY said_at", ana.id)
    assert sorted((row["purpose"], row["given"]) for row in rows) == [
        ("core_sensitive", False),
        ("core_sensitive", True),
        ("push", True),
    ]


async def test_consents_said_twice_at_once_are_kept_once(client: httpx.AsyncClient, pool: Pool) -> None:
    ana = await signed_in(client, f"ana-{uuid4()}")
    await asyncio.gather(*(consent(client, ana, "push") for _ in range(6)))
    assert await pool.fetchval("SELECT count(*) FROM consent WHERE person_id = $1", ana.id) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"purpose": "everything", "text_version": 1, "given": True},
        {"purpose": "push", "text_version": 0, "given": True},
        {"purpose": "push", "text_version": 9_999, "given": True},
        {"purpose": "push", "text_version": 1, "given": "yes"},
        {"purpose": "push", "text_version": 1},
    ],
)
async def test_a_consent_that_makes_no_sense_is_a_400(client: httpx.AsyncClient, said: dict[str, Any]) -> None:
    ana = await signed_in(client, f"ana-{uuid4()}")
    answer = await client.post("/v1/me/consents", headers=ana.headers, json=said)
    assert problem(answer) == (400, "malformed")
    assert not any(each["given"] for each in (await me(client, ana))["consents"])


@pytest.mark.parametrize(
    "name",
    ["", " ", "a\u202eb", "a\u0000b", "x" * 41, "a" + "\u0301" * 30, "a\nb", "x" * 500],
)
async def test_a_name_that_could_deceive_is_a_400(client: httpx.AsyncClient, name: str) -> None:
    """V8."""
    ana = await person(client, "Ana")
    answer = await client.patch("/v1/me", headers=ana.headers, json={"chosen_name": name})
    assert problem(answer) == (400, "malformed")
    assert (await me(client, ana))["chosen_name"] == "Ana"


async def test_a_new_name_reaches_the_partner_of_today_and_no_earlier_one(client: httpx.AsyncClient) -> None:
    ana, ben = await couple(client)
    await ok(client.patch("/v1/me", headers=ana.headers, json={"chosen_name": "  Anä "}))
    assert (await me(client, ana))["chosen_name"] == "Anä"
    assert (await couple_of(client, ben))["partner_name"] == "Anä"
    await ok(part(client, ben, (await couple_of(client, ben))["id"]))
    await ok(client.patch("/v1/me", headers=ana.headers, json={"chosen_name": "Anna"}))
    assert [each["partner_name"] for each in (await me(client, ben))["keepsakes"]] == ["Anä"]
    cleo = await person(client, "Cleo")
    await pair(client, cleo, ana)
    assert (await couple_of(client, cleo))["partner_name"] == "Anna"


async def test_names_lie_sealed_in_both_places(client: httpx.AsyncClient, pool: Pool) -> None:
    canary = f"Kanarie{uuid4().hex[:20]}"
    ana, ben = await person(client, canary), await person(client, "Ben")
    await pair(client, ana, ben)
    assert (await couple_of(client, ben))["partner_name"] == canary
    held = [
        await pool.fetchval("SELECT name FROM person WHERE person_id = $1", ana.id),
        await pool.fetchval("SELECT name FROM member WHERE person_id = $1 AND name IS NOT NULL", ana.id),
    ]
    assert all(canary.encode() not in each for each in held)
    assert held[0] != held[1]


async def test_either_parts_alone_at_once_and_twice_is_once(client: httpx.AsyncClient, pool: Pool) -> None:
    """R5, I14."""
    ana, ben = await couple(client)
    together = await couple_of(client, ana)
    first = await ok(part(client, ana, together["id"]))
    heads = await pool.fetchval("SELECT head FROM space WHERE space_id = $1", UUID(together["space"]))
    assert await ok(part(client, ana, together["id"])) == first
    assert await ok(part(client, ben, together["id"])) == first
    assert first == {"couple": together["id"], "state": "parted"}
    row = await pool.fetchrow("SELECT state, head FROM space WHERE space_id = $1", UUID(together["space"]))
    assert row is not None
    assert (row["state"], row["head"]) == ("closed", heads)
    for who, other in ((ana, "Ben"), (ben, "Ana")):
        told = await me(client, who)
        assert told["couple"] is None
        assert [(each["partner_name"], each["state"]) for each in told["keepsakes"]] == [(other, "parted")]


async def test_both_parting_at_once_is_parting_once(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        ana, ben = await couple(client)
        couple_id = (await couple_of(client, ana))["id"]
        answers = await asyncio.gather(*(part(client, who, couple_id) for who in (ana, ben) * 4))
        assert {answer.status_code for answer in answers} == {200}
        assert {answer.content for answer in answers} == {answers[0].content}


async def test_a_window_that_opens_while_somebody_parts_is_wiped_too(client: httpx.AsyncClient, pool: Pool) -> None:
    """I17: a push that is stored just before the parting, but after it began to wait."""
    ana, _ = await couple(client)
    together = await couple_of(client, ana)
    space, window = UUID(together["space"]), uuid4()
    async with pool.acquire() as connection:
        async with connection.transaction():
            head = await connection.fetchval(
                "UPDATE space SET head = head + 1 WHERE space_id = $1 RETURNING head", space
            )
            parting = asyncio.create_task(part(client, ana, together["id"]))
            waiting = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            while not await pool.fetchval(waiting):
                assert not parting.done()
            await connection.execute(
                "INSERT INTO record (space_id, id, kind, version, created, author, removed, gone, schema,"
                " stamps, changed_at, body)"
                " VALUES ($1, $2, 'shown_check_in', $3, $3, $4, false, false, 1, '', now(), 'sealed')",
                space,
                window,
                head,
                ana.id,
            )
        assert (await parting).status_code == 200
    row = await pool.fetchrow("SELECT gone, body, version FROM record WHERE id = $1", window)
    assert row is not None
    assert (row["gone"], row["body"]) == (True, None)
    assert row["version"] > head


async def test_a_stranger_cannot_tell_a_couple_from_nothing(client: httpx.AsyncClient) -> None:
    ana, _ = await couple(client)
    cleo = await person(client, "Cleo")
    couple_id = (await couple_of(client, ana))["id"]
    for act in ("part", "block"):
        foreign = await client.post(f"/v1/couples/{couple_id}/{act}", headers=cleo.headers)
        nothing = await client.post(f"/v1/couples/{uuid4()}/{act}", headers=cleo.headers)
        assert (foreign.status_code, foreign.content) == (nothing.status_code, nothing.content)
        assert problem(foreign) == (404, "not_found")
    assert (await couple_of(client, ana))["id"] == couple_id


async def test_after_parting_a_new_couple_is_a_new_couple_with_a_new_space(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    ana, ben = await couple(client)
    first = await couple_of(client, ana)
    await ok(part(client, ben, first["id"]))
    second_id = await pair(client, ben, ana)
    second = await couple_of(client, ana)
    assert second["id"] == str(second_id) != first["id"]
    assert second["space"] != first["space"]
    told = await me(client, ana)
    assert [each["space"] for each in told["keepsakes"]] == [first["space"]]
    # Parting from the first again leaves the second alone.
    await ok(part(client, ana, first["id"]))
    assert (await couple_of(client, ana))["id"] == str(second_id)
    caller = await parts.accounts.callers.caller(ana.headers["Authorization"], datetime.now(UTC))
    assert caller.spaces == (
        UUID(told["personal_space"]),
        UUID(second["space"]),
        UUID(first["space"]),
    )


async def test_parting_voids_codes_and_pairings_of_both(client: httpx.AsyncClient) -> None:
    ana, ben, cleo = [await person(client, name) for name in ("Ana", "Ben", "Cleo")]
    old = await invite(client, ana)
    with_cleo = (await ok(redeem(client, ben, await invite(client, cleo))))["id"]
    begun = (await ok(redeem(client, cleo, old)))["id"]
    new = await invite(client, ana)
    assert problem(await confirm(client, cleo, begun)) == (409, "pairing_void")
    dana = await person(client, "Dana")
    couple_id = await pair(client, dana, ana)
    await ok(part(client, dana, couple_id))
    assert problem(await redeem(client, ben, new)) == (404, "invitation_unknown")
    assert (await me(client, ana))["pairings"] == []
    assert (await me(client, ana))["invitation"] is None
    assert (await confirm(client, cleo, with_cleo)).status_code == 200


async def test_parting_and_blocking_ask_for_no_fresh_sign_in(client: httpx.AsyncClient, clock: StillClock) -> None:
    """A10."""
    ana, _ = await couple(client)
    couple_id = (await couple_of(client, ana))["id"]
    clock.move(days=30)
    assert (await client.post(f"/v1/couples/{couple_id}/block", headers=ana.headers)).status_code == 204
    assert (await part(client, ana, couple_id)).status_code == 200
    assert (await client.post("/v1/sign-out", headers=ana.headers)).status_code == 204


async def test_a_block_changes_no_byte_that_the_other_reads(client: httpx.AsyncClient) -> None:
    """I19, W15 as far as accounts go."""
    ana, ben = await couple(client)
    couple_id = (await couple_of(client, ana))["id"]
    before = await me(client, ben)
    await client.post(f"/v1/couples/{couple_id}/block", headers=ana.headers)
    assert await me(client, ben) == before


async def test_the_start_of_an_app_says_what_fits_into_a_request(client: httpx.AsyncClient, clock: StillClock) -> None:
    ana = await signed_in(client, f"ana-{uuid4()}")
    start = await ok(client.get("/v1/me", headers=ana.headers))
    assert start["limits"] == {
        "body_bytes_max": 1024 * 1024,
        "changes_max": 500,
        "limit_max": 1000,
        "schema_min": 1,
        "schema_max": 1,
    }
    assert datetime.fromisoformat(start["now"]) == clock()


async def test_i11_a_withdrawn_consent_to_pairing_pairs_nobody(client: httpx.AsyncClient) -> None:
    ana, ben = await person(client, "Ana"), await person(client, "Ben")
    code = await invite(client, ana)
    begun = await ok(redeem(client, ben, code))
    await ok(confirm(client, ana, begun["id"]))
    await consent(client, ana, "pairing", given=False)

    assert problem(await confirm(client, ben, begun["id"])) == (409, "pairing_void")
    assert await couple_of(client, ana) is None

    cleo, eli = await person(client, "Cleo"), await person(client, "Eli")
    code = await invite(client, cleo)
    await consent(client, cleo, "pairing", given=False)
    assert problem(await redeem(client, eli, code)) == (404, "invitation_unknown")
