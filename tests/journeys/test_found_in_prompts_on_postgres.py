"""What a review of prompts found, told by whole stories and on PostgreSQL."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

import api.prompting
from api.people import StoredPeople
from api.prompting import Prompting
from api.pruning import prune
from api.worker import Worker
from domain.ids import PersonId, RecordId
from notifications.answers import Accepted, Answer
from notifications.fcm import SEND_S_MAX
from notifications.messages import Target
from notifications.ports import NEWS_READ, Facts, Told
from notifications.service import send_round
from notifications.store import ON_DESKS, PostgresStore
from notifications.unread import LOOK_AGAIN
from sync import knowing_store
from tests.journeys.phones import Phone
from tests.journeys.prompted import Vendor, rounds
from tests.journeys.test_own_prompts import a_letter, ahead, choose, of_kind, prompts
from tests.journeys.two import Two

NEVER = datetime.fromisoformat("2000-01-01T00:00:00Z")
ALL_DAY = [{"weekday": day, "from": "00:00", "to": "23:45"} for day in range(7)]


def identity(phone: Phone) -> PersonId:
    return PersonId(UUID(str(phone.person)))


async def known(two: Two, phone: Phone) -> Facts:
    people = StoredPeople(two.parts.pool, two.parts.keys)
    return (await people.facts({identity(phone): ()}, two.clock()))[identity(phone)]


async def writes_a_letter(two: Two, phone: Phone) -> None:
    phone.edit("note_draft", for_couple=two.couple, for_what="the soup", send=True, delivery="now")
    await phone.sync()


async def looks_again(two: Two, goal: object) -> None:
    """Let something change for which plans of both are looked at again."""
    two.ana.edit("step", goal=goal, title="Tell")
    await two.ana.sync()


def told(vendor: Vendor, who: str) -> int:
    return sum(value.startswith(who) for _, value in vendor.told)


async def states(two: Two, phone: Phone) -> list[tuple[str, str, str | None]]:
    rows = await two.parts.pool.fetch(
        "SELECT kind, state, reason FROM prompt WHERE person_id = $1 ORDER BY due_at", phone.person
    )
    return [(row["kind"], row["state"], row["reason"]) for row in rows]


# What does not open


async def spoil(two: Two, record: object) -> bytes:
    """Break what is stored of a record; return what it was."""
    body = await two.parts.pool.fetchval("SELECT body FROM record WHERE id = $1", record)
    await two.parts.pool.execute("UPDATE record SET body = substr(body, 1, 40) || $2 WHERE id = $1", record, b"\0\0")
    return bytes(body)


async def mend(two: Two, record: object, body: bytes) -> None:
    await two.parts.pool.execute("UPDATE record SET body = $2 WHERE id = $1", record, body)


def settings(two: Two) -> object:
    return two.ben.all("settings")[0].id


def a_boundary(two: Two) -> object:
    return two.ben.edit("boundary", form="quiet_hours", zone="UTC", windows=ALL_DAY)


def a_pause(two: Two) -> object:
    return two.ana.edit("pause", minutes=1440)


@pytest.mark.parametrize("what", [settings, a_boundary, a_pause])
async def test_whose_wish_to_be_left_in_peace_does_not_open_is_left_in_peace_until_it_does(
    two: Two, prompting: Prompting, vendor: Vendor, what: Callable[[Two], object]
) -> None:
    await choose(two, two.ben, prompt_letter_arrived=1)
    record = what(two)
    await two.meet()
    await rounds(two, prompting, 3)
    vendor.told.clear()
    whole = await spoil(two, record)
    await writes_a_letter(two, two.ana)
    await writes_a_letter(two, two.ben)
    await rounds(two, prompting, 20)
    assert (told(vendor, "ben"), told(vendor, "ana")) == (0, 0 if what is a_pause else 1)
    assert ("letter_arrived", "planned", "unreadable") in await states(two, two.ben)
    await mend(two, record, whole)
    if what is settings:
        await rounds(two, prompting, int(LOOK_AGAIN.total_seconds() / 60) + 1)
        assert told(vendor, "ben") == 1, "it has waited, and was not lost"


async def test_a_plan_of_ones_own_waits_while_settings_do_not_open_and_is_not_cancelled(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    goal = two.ana.edit("goal")
    step = two.ben.edit("step", goal=goal, title="Ask", taken_by=[str(two.ben.person)])
    two.ben.edit("step_date", step=step, on=two.today(), at="14:00")
    await two.meet()
    await prompting.tick(two.clock())
    whole = await spoil(two, settings(two))
    await looks_again(two, goal)
    await rounds(two, prompting, 60)
    assert ("own_step", "planned", None) in await states(two, two.ben)
    await mend(two, settings(two), whole)
    await rounds(two, prompting, 70)
    assert await states(two, two.ben) == [("own_step", "sent", None)]
    assert told(vendor, "ben") == 1


async def test_no_invitation_comes_at_the_moment_at_which_settings_open_again(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    await choose(two, two.ben, prompt_reflection_invite=1, invite_at="18:00")
    await prompting.tick(two.clock())
    whole = await spoil(two, settings(two))
    await looks_again(two, two.ana.edit("goal"))
    # So long that nothing that Ben did lately stands against it.
    await rounds(two, prompting, 240)
    await mend(two, settings(two), whole)
    await rounds(two, prompting, 60)
    assert await states(two, two.ben) == []
    await rounds(two, prompting, 70)
    assert await states(two, two.ben) == [("reflection_invite", "sent", None)]
    assert told(vendor, "ben") == 1


async def test_what_was_sent_has_no_words_and_the_week_is_told_calmly_while_settings_do_not_open(
    two: Two, prompting: Prompting
) -> None:
    await choose(two, two.ben, push_privacy="descriptive", prompt_reflection_invite=1)
    await a_letter(two, prompting)
    [shown] = await prompts(two, two.ben)
    assert shown["text"] is not None
    whole = await spoil(two, settings(two))
    [shown] = await prompts(two, two.ben)
    assert (shown["kind"], shown["text"]) == ("letter_arrived", None)
    week = await ahead(two, two.ben)
    assert (week["coming"], week["day_cap"]) == ([], 0)
    assert {each["reason"] for each in week["kinds"]} == {"unreadable"}
    assert of_kind(week, "letter_arrived")["why"].endswith("until then it stays quiet.")
    assert of_kind(await ahead(two, two.ana), "letter_arrived")["reason"] is None
    await mend(two, settings(two), whole)
    assert of_kind(await ahead(two, two.ben), "letter_arrived")["reason"] is None


async def test_one_person_of_whom_no_facts_can_be_made_stops_nobody(
    two: Two, prompting: Prompting, vendor: Vendor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import api.people  # noqa: PLC0415

    real = api.people.facts_of

    def fails(of: Any, asked: Any) -> Facts:
        if of.person == identity(two.ben):
            raise RuntimeError("what Ben wrote")
        return real(of, asked)

    monkeypatch.setattr(api.people, "facts_of", fails)
    await writes_a_letter(two, two.ana)
    await writes_a_letter(two, two.ben)
    await rounds(two, prompting, 20)
    assert (told(vendor, "ben"), told(vendor, "ana")) == (0, 1)
    assert "what Ben wrote" not in caplog.text
    monkeypatch.undo()
    await rounds(two, prompting, 20)
    assert told(vendor, "ben") == 1


# What cannot be read, or is of another release


async def put_prompt(two: Two, phone: Phone, *, kind: str = "letter_arrived", arrived: bytes = b"[]") -> None:
    """Plan something as it was never planned: due in five minutes."""
    due = two.clock() + timedelta(minutes=5)
    await two.parts.pool.execute(
        "INSERT INTO prompt (person_id, prompt_id, slot, kind, couple_id, arrived, due_at, expires_at, tries, begun,"
        " state) VALUES ($1, $2, 'bad', $3, $4, $5, $6, $7, 0, false, 'planned')",
        phone.person,
        uuid4(),
        kind,
        two.couple,
        arrived,
        due,
        due + timedelta(days=1),
    )


@pytest.mark.parametrize(
    "arrived", [b"garbage", b"\xff\x00", b"{}", b"[5]", b'[{"record":5}]', b'[{"record":"' + b"-" * 36 + b'"}]']
)
async def test_a_planned_prompt_that_cannot_be_read_fails_no_pull_and_goes_at_its_time(
    two: Two, prompting: Prompting, vendor: Vendor, arrived: bytes
) -> None:
    await writes_a_letter(two, two.ana)
    await prompting.tick(two.clock())
    await put_prompt(two, two.ben, arrived=arrived)
    first = await two.client.get("/v1/watermelon/sync", params={"schema": 1}, headers=two.ben.someone.headers)
    asked = {"schema": 1, "cursor": first.json()["cursor"]}
    again = await two.client.get("/v1/watermelon/sync", params=asked, headers=two.ben.someone.headers)
    assert (first.status_code, again.status_code) == (200, 200), again.text
    noted = await two.parts.pool.fetchval(
        "SELECT cardinality(fetched) FROM prompt WHERE person_id = $1 AND slot <> 'bad'", two.ben.person
    )
    assert noted == 1, "what can be read is noted beside it"
    await writes_a_letter(two, two.ana)
    await rounds(two, prompting, 15)
    assert told(vendor, "ben") == 1
    assert ("letter_arrived", "dropped", None) in await states(two, two.ben)


@pytest.mark.parametrize(
    "arrived",
    [b"[]", b'[{"kind":"newer","record":"01890a5d-ac96-774b-bcce-b302099a8057","at":"2026-11-24T12:00:00Z"}]'],
)
async def test_a_planned_prompt_of_another_release_is_dropped_and_stops_nobody(
    two: Two, prompting: Prompting, vendor: Vendor, arrived: bytes
) -> None:
    await put_prompt(two, two.ana, kind="newer", arrived=arrived)
    await writes_a_letter(two, two.ana)
    await writes_a_letter(two, two.ben)
    await rounds(two, prompting, 15)
    assert (told(vendor, "ana"), told(vendor, "ben")) == (1, 1)
    assert ("newer", "dropped", None) in await states(two, two.ana)
    assert (await ahead(two, two.ana))["held_back"] == []


async def test_of_several_that_have_arrived_those_of_another_release_are_left_out(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    await writes_a_letter(two, two.ana)
    await prompting.tick(two.clock())
    newer = b'[{"kind":"newer","record":"%s","at":"2026-11-24T12:00:00Z"},' % str(uuid4()).encode()
    await two.parts.pool.execute(
        "UPDATE prompt SET kind = 'newer', arrived = $2 || substr(arrived, 2) WHERE person_id = $1",
        two.ben.person,
        newer,
    )
    await rounds(two, prompting, 15)
    [shown] = await prompts(two, two.ben)
    assert (told(vendor, "ben"), shown["kind"]) == (1, "letter_arrived")


async def test_news_of_another_release_are_taken_away_and_stop_nobody(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    await two.parts.pool.execute(
        "INSERT INTO outbox (space_id, id, person_id, couple_id, kind, record_id, put_at)"
        " VALUES ($1, $2, $3, $4, 'newer', $2, $5)",
        uuid4(),
        uuid4(),
        two.ana.person,
        two.couple,
        two.clock(),
    )
    await writes_a_letter(two, two.ana)
    await rounds(two, prompting, 15)
    assert told(vendor, "ben") == 1
    assert await two.parts.pool.fetchval("SELECT count(*) FROM outbox WHERE person_id = $1", two.ana.person) == 0


async def test_what_was_sent_by_another_release_counts_toward_caps_and_is_not_shown(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    await choose(two, two.ben, day_cap=1)
    await two.parts.pool.execute(
        "INSERT INTO prompt_ledger (person_id, prompt_id, kinds, day, sent_at, records, text_id)"
        " VALUES ($1, $2, '{newer}', $3, $4, '{}', 'newer.01')",
        two.ben.person,
        uuid4(),
        two.clock().date(),
        two.clock(),
    )
    await writes_a_letter(two, two.ana)
    await writes_a_letter(two, two.ben)
    await rounds(two, prompting, 20)
    assert (told(vendor, "ana"), told(vendor, "ben")) == (1, 0)
    assert await prompts(two, two.ben) == []
    assert await states(two, two.ben) == [("letter_arrived", "dropped", "day_cap")]


async def test_a_desk_that_cannot_be_read_is_told_as_that(two: Two, prompting: Prompting, vendor: Vendor) -> None:
    await a_letter(two, prompting)
    paces = b'{"check_in_invite": 5}'
    await two.parts.pool.execute("UPDATE desk SET paces = $2 WHERE person_id = $1", two.ben.person, paces)
    assert await prompts(two, two.ben) == []
    week = await ahead(two, two.ben)
    assert (week["coming"], {each["reason"] for each in week["kinds"]}) == ([], {"unreadable"})
    await writes_a_letter(two, two.ben)
    await rounds(two, prompting, 15)
    assert told(vendor, "ana") == 1


async def test_behind_what_cannot_be_read_others_are_claimed_at_once(two: Two, prompting: Prompting) -> None:
    await prompting.tick(two.clock())
    await put_prompt(two, two.ana, arrived=b"garbage")
    two.clock.move(seconds=1)
    await put_prompt(two, two.ben)
    two.clock.move(minutes=10)
    now = two.clock()
    claimed = await PostgresStore(two.parts.pool).claim(now, uuid4(), now + timedelta(minutes=1), 1)
    assert [each.person for each in claimed] == [identity(two.ben)]


# Floods


FLOOD = 20_000
OPENED_MAX = 2 * NEWS_READ + 100
"""What the news of a desk name, and as much again as is a person's own and both see, with a planned prompt."""


async def flood(two: Two, phone: Phone) -> None:
    """Let so much have arrived as nobody reads: rows that name records of their own."""
    await two.parts.pool.execute(
        "WITH one AS (SELECT * FROM record WHERE space_id = $1 AND kind = 'note' LIMIT 1),"
        " made AS (INSERT INTO record (space_id, id, kind, version, created, author, removed, gone, schema, stamps,"
        " changed_at, body) SELECT space_id, gen_random_uuid(), kind, -n, 1, author, false, false, schema, stamps,"
        " changed_at, body FROM one, generate_series(1, $2::integer) n RETURNING id, version)"
        " INSERT INTO outbox (space_id, id, person_id, couple_id, kind, record_id, put_at)"
        " SELECT $1, gen_random_uuid(), $3, $4, 'letter_arrived', id, $5::timestamptz - version * interval '1 ms'"
        " FROM made",
        await two.parts.pool.fetchval("SELECT space_id FROM space WHERE couple_id = $1", two.couple),
        FLOOD,
        phone.person,
        two.couple,
        two.clock(),
    )
    await two.parts.pool.execute("ANALYZE outbox, record")


async def test_twenty_thousand_news_are_read_by_the_hundred_and_hide_no_early_letter_and_no_notice(
    two: Two, prompting: Prompting, vendor: Vendor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pool, opened = two.parts.pool, []
    real = knowing_store._opened

    async def counted(keys: Any, whom: Any, rows: Any, *more: Any) -> Any:
        opened.append(len(rows))
        return await real(keys, whom, rows, *more)

    monkeypatch.setattr(knowing_store, "_opened", counted)
    await writes_a_letter(two, two.ana)
    letter = await pool.fetchval("SELECT record_id FROM outbox WHERE person_id = $1 AND couple_id = $2", *ids(two))
    two.clock.move(seconds=1)
    await flood(two, two.ben)
    await pool.execute(
        "INSERT INTO outbox (space_id, id, person_id, kind, record_id, put_at)"
        " SELECT space_id, $2, person_id, 'new_device', $2, $3 FROM person WHERE person_id = $1",
        two.ben.person,
        uuid4(),
        two.clock() + timedelta(seconds=10),
    )
    rows = await pool.fetch(ON_DESKS, [two.ben.person])
    assert sum(row["what"] == "news" for row in rows) <= NEWS_READ + 1
    await prompts(two, two.ben)
    assert max(opened) < 100, "none of it is asked about"
    await ahead(two, two.ben)
    assert max(opened) <= OPENED_MAX
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE person_id = $1", two.ben.person) > FLOOD
    two.clock.move(minutes=1)
    await prompting.tick(two.clock())
    assert max(opened) <= OPENED_MAX
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE person_id = $1", two.ben.person) == 0
    assert {kind for kind, _, _ in await states(two, two.ben)} == {"letter_arrived", "new_device"}
    await rounds(two, prompting, 15)
    rows = await pool.fetch("SELECT records FROM prompt_ledger WHERE person_id = $1", two.ben.person)
    assert [list(row["records"]) for row in rows if row["records"]] == [[letter]]
    assert len(caplog.records) < FLOOD


def ids(two: Two) -> tuple[object, object]:
    return two.ben.person, two.couple


async def test_however_many_answers_somebody_writes_few_are_opened_and_none_of_the_others_is_hidden(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    repair = two.ana.edit("repair", form="apology")
    await two.meet()
    two.ben.edit("response", to=repair, form="not_ready_yet")
    await two.meet()
    await two.parts.pool.execute(
        "INSERT INTO record (space_id, id, kind, version, created, author, removed, gone, schema, stamps, family,"
        " changed_at, body) SELECT space_id, gen_random_uuid(), kind, version + n, 1, $1, false, true, schema, stamps,"
        " family, changed_at, NULL FROM record, generate_series(1, 500) n WHERE kind = 'response' AND author = $2",
        two.ana.person,
        two.ben.person,
    )
    opened, real = [], knowing_store._opened

    async def counted(keys: Any, whom: Any, rows: Any, *more: Any) -> Any:
        opened.append(sum(row["kind"] == "response" for row in rows))
        return await real(keys, whom, rows, *more)

    monkeypatch.setattr(knowing_store, "_opened", counted)
    letter: Told = ("letter_arrived", RecordId(UUID(str(repair))))
    people = StoredPeople(two.parts.pool, two.parts.keys)
    facts = (await people.facts({identity(two.ben): [letter]}, two.clock()))[identity(two.ben)]
    assert facts.arrived[letter].hushed_until == two.clock() + timedelta(hours=72)
    assert max(opened) == 1 + knowing_store.ANSWERS_MAX


# A slow vendor


class Slow(Vendor):
    """Takes its time with everybody, while something else may happen."""

    def __init__(self, two: Two, seconds: float) -> None:
        super().__init__()
        self.two, self.seconds = two, seconds
        self.rival: Prompting | None = None

    async def send(self, targets: Sequence[Target], now: datetime) -> list[Answer]:
        self.two.clock.move(seconds=self.seconds)
        if self.rival is not None:
            await self.rival.tick(now + timedelta(seconds=self.seconds), self.two.clock)
        self.told += [(self.two.clock(), each.value) for each in targets]
        return [Accepted() for _ in targets]


@pytest.fixture
def of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a round be of one prompt, where otherwise it is of 500."""
    monkeypatch.setattr(api.prompting, "send_round", partial(send_round, most=1))


async def both_wait_for_a_letter(two: Two, prompting: Prompting) -> None:
    await writes_a_letter(two, two.ana)
    await writes_a_letter(two, two.ben)
    await prompting.tick(two.clock())


@pytest.mark.usefixtures("of_one")
async def test_each_round_of_a_tick_is_of_its_own_time_so_that_nobody_is_told_in_quiet_hours(
    two: Two, prompting: Prompting
) -> None:
    quiet = [{"weekday": day, "from": "12:30", "to": "20:00"} for day in range(7)]
    for phone in (two.ana, two.ben):
        await choose(two, phone, quiet=quiet, quiet_off=False)
    await both_wait_for_a_letter(two, prompting)
    two.clock.to(two.clock().replace(hour=12, minute=29, second=45))
    slow = Slow(two, 20)
    await Prompting(two.parts, slow).tick(two.clock(), two.clock)
    assert len(slow.told) == 1, "the other one's quiet hours had begun"


@pytest.mark.usefixtures("of_one")
async def test_the_lease_of_a_later_round_begins_with_it(two: Two, prompting: Prompting) -> None:
    await both_wait_for_a_letter(two, prompting)
    two.clock.move(minutes=11)
    slow, other = Slow(two, SEND_S_MAX), Slow(two, 1)
    slow.rival = Prompting(two.parts, other)
    await Prompting(two.parts, slow).tick(two.clock(), two.clock)
    told_of = [value for _, value in (*slow.told, *other.told)]
    assert sorted(told_of) == ["ana:phone", "ben:phone"]


async def test_the_worker_gives_its_rounds_its_clock(two: Two) -> None:
    given: list[object] = []

    class Ticks:
        async def tick(self, now: datetime, clock: Callable[[], datetime]) -> int:
            given.extend((now, clock))
            return 0

    await Worker(two.parts, cast("Prompting", Ticks())).tick(two.clock())
    assert given == [two.clock(), two.parts.clock]


# What is an act of whose


async def test_what_was_removed_long_ago_is_no_act_of_today(two: Two) -> None:
    entry = two.ana.edit("check_in", valence=1, local_date=two.today())
    await two.meet()
    two.ana.remove(entry)
    goal = two.ana.edit("goal")
    terms = two.ana.edit("goal_terms", goal=goal, title="Walk")
    await two.meet()
    before = await known(two, two.ana)
    assert before.acted["check_in_invite"] == before.person.used_at == two.clock()
    two.clock.move(minutes=60 * 24 * 100)
    await prune(two.parts.pool, two.clock())
    await two.parts.pool.execute(
        "UPDATE record SET gone = true, body = NULL, changed_at = $2 WHERE id = $1", terms, two.clock()
    )
    after = await known(two, two.ana)
    assert "check_in_invite" not in after.acted
    assert "goal_lookback" in before.acted
    assert "goal_lookback" not in after.acted
    assert after.person.used_at is None or after.person.used_at <= before.person.used_at


@pytest.mark.parametrize("sends_at_once", [True, False])
async def test_a_letter_that_the_worker_gives_is_no_act_of_its_writer_and_one_by_hand_is(
    two: Two, *, sends_at_once: bool
) -> None:
    await choose(two, two.ana, day_cap=1)
    two.clock.move(minutes=60)
    dated = {"delivery": "at", "on": two.today(in_days=3), "at": "08:00"}
    two.ana.edit("note_draft", for_couple=two.couple, for_what="the soup", send=True, **dated)
    await two.meet()
    wrote = two.clock()
    waiting = await known(two, two.ana)
    assert waiting.acted["appreciation_spark"] == waiting.person.used_at == wrote
    await two.pass_time(days=4)
    if not sends_at_once:
        given = await known(two, two.ana)
        assert given.person.used_at is not None
        assert given.person.used_at <= wrote
        assert given.acted.get("appreciation_spark", wrote) <= wrote
        assert given.person.gave_at is not None
        assert given.person.gave_at > wrote, "for that it counts: nobody is asked for another one"
        return
    draft = two.ana.edit("note_draft", for_couple=two.couple, for_what="the bread")
    await two.meet()
    two.clock.move(minutes=5)
    two.ana.edit("note_draft", draft, send=True, delivery="now")
    await two.meet()
    by_hand = await known(two, two.ana)
    assert by_hand.acted["appreciation_spark"] == by_hand.person.used_at == two.clock()


async def test_the_partners_edit_of_a_step_takes_nobodys_act_away(two: Two) -> None:
    goal = two.ana.edit("goal")
    two.ana.edit("goal_terms", goal=goal, title="Walk")
    await two.meet()
    step = two.ana.edit("step", goal=goal, title="one", taken_by=[str(two.ana.person)])
    two.ana.edit("step_date", step=step, on=two.today(), at="20:00")
    await two.meet()
    two.clock.move(minutes=300)
    two.ana.edit("step", step, done=True)
    await two.meet()
    said = await known(two, two.ana)
    assert said.person.used_at is not None
    assert said.person.used_at == said.acted["own_step"] == two.clock()
    two.clock.move(minutes=90)
    two.ben.edit("step", step, title="one more")
    await two.meet()
    still = await known(two, two.ana)
    assert still.acted.keys() == said.acted.keys()
    # To the accuracy with which a phone's own time is known.
    assert said.person.used_at - timedelta(seconds=1) < (still.person.used_at or NEVER) <= said.person.used_at


# Where nobody is told anything


async def test_whoever_wants_nothing_shown_and_has_a_browser_alone_is_told_as_much(
    two: Two, prompting: Prompting, vendor: Vendor
) -> None:
    await choose(two, two.ben, push_privacy="hidden")
    browser = {"kind": "token", "value": "ben:phone", "platform": "web"}
    put = await two.client.put("/v1/devices/current/push-target", headers=two.ben.someone.headers, json=browser)
    assert put.status_code in (200, 204), put.text
    assert of_kind(await ahead(two, two.ben), "letter_arrived")["reason"] == "no_device"
    await a_letter(two, prompting)
    assert (told(vendor, "ben"), await prompts(two, two.ben)) == (0, [])
    await choose(two, two.ben, push_privacy="discreet")
    assert of_kind(await ahead(two, two.ben), "letter_arrived")["reason"] is None


# What no test had noticed


async def test_who_has_parted_twice_has_parted_the_second_time(two: Two) -> None:
    first, second = two.clock() - timedelta(days=300), two.clock() - timedelta(days=3)
    for place, closed_at in ((90, second), (91, first)):
        space, couple = uuid4(), uuid4()
        await two.parts.pool.execute(
            "INSERT INTO space (space_id, home, couple_id, state, head, epoch, store_epoch, horizon, closed_at)"
            " SELECT $1, 'couple', $2, 'closed', 1, $1, epoch, 0, $3 FROM store_epoch",
            space,
            couple,
            closed_at,
        )
        await two.parts.pool.execute(
            "INSERT INTO person_space (person_id, space_id, couple_id, place) VALUES ($1, $2, $3, $4)",
            two.ana.person,
            space,
            couple,
            place,
        )
    assert (await known(two, two.ana)).person.parted_at == second


async def test_of_the_past_nothing_that_had_arrived_is_listed_as_held_back(two: Two, prompting: Prompting) -> None:
    await choose(two, two.ben, prompt_letter_arrived=1, day_cap=0)
    await writes_a_letter(two, two.ana)
    await rounds(two, prompting, 15)
    assert await states(two, two.ben) == [("letter_arrived", "dropped", "day_cap")]
    assert (await ahead(two, two.ben))["held_back"] == []
    await two.parts.pool.execute("UPDATE prompt SET arrived = '[]' WHERE person_id = $1", two.ben.person)
    assert len((await ahead(two, two.ben))["held_back"]) == 1, "what came of oneself is"
