"""Notes on a day of their receiver's: given when their clock shows it, wherever they are by then, and not before."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain import notes
from domain.ids import CoupleId, PersonId, RecordId
from domain.kind import Situation
from domain.kinds import judged
from domain.notes import NOTE_DRAFT
from domain.refusals import Refusal
from sync import service
from sync.board import settings_id
from sync.wire import Outcome
from tests.pair import Pair, Somebody, change, in_memory
from tests.world import World

ANA = PersonId(UUID(int=1))
HOUR = timedelta(hours=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
async def pair() -> Pair:
    return await in_memory()


async def lives_in(pair: Pair, who: Somebody, zone: str) -> None:
    settings = settings_id(pair.keys.one(who.personal).id_key)
    stored = await pair.look(who, settings)
    edit = change("settings", settings, {"zone": zone}, was={"zone": stored.fields["zone"]}, base=stored.version)
    assert (await pair.one(who.phone, edit)).status == "applied"


def dated(pair: Pair, on: str | None = "2026-12-24", at: str | None = "08:00", **values: Any) -> dict[str, Any]:
    return {
        "for_what": "The soup.",
        "for_couple": str(pair.couple),
        "delivery": "at",
        "on": on,
        "at": at,
        "send": True,
    } | values


async def write(pair: Pair, values: dict[str, Any]) -> UUID:
    draft = uuid4()
    assert (await pair.one(pair.ana.phone, change("note_draft", draft, values))).status == "applied"
    return draft


async def edit(pair: Pair, draft: UUID, base: int | None = None, *, tablet: bool = False, **values: Any) -> Outcome:
    stored = await pair.look(pair.ana, draft)
    was = {name: stored.fields.get(name) for name in values} if base is None else {}
    who = pair.ana.tablet if tablet else pair.ana.phone
    return await pair.one(who, change("note_draft", draft, values, was=was, base=base or stored.version))


async def letters(pair: Pair) -> list[dict[str, Any]]:
    return [each.fields for each in await pair.of_kind(pair.ben, "note")]


async def look(pair: Pair, draft: UUID) -> None:
    await service.give_due(pair.store, pair.keys, pair.ana.phone, RecordId(draft), pair.now)


async def given_at(pair: Pair, draft: UUID) -> datetime:
    """Let the worker look whenever it means to, and return the instant at which it gave the note."""
    for _ in range(60):
        stored = await pair.look(pair.ana, draft)
        assert stored.due_at is not None, "nobody looks at it any more"
        pair.now = max(pair.now, stored.due_at)
        await look(pair, draft)
        if (await pair.look(pair.ana, draft)).gone:
            return pair.now
    raise AssertionError("it is never given")


# When it is given ----------------------------------------------------------------------------------------------

GIVEN = [
    ("UTC", "2026-12-24", "08:00", "2026-12-24T08:00"),
    ("Europe/Berlin", "2026-12-24", "08:00", "2026-12-24T07:00"),
    ("Europe/Berlin", "2027-03-28", "02:30", "2027-03-28T01:30"),
    ("Europe/Berlin", "2027-10-31", "02:30", "2027-10-31T00:30"),
    ("America/New_York", "2027-03-14", "02:30", "2027-03-14T07:30"),
    ("America/New_York", "2027-01-01", "00:00", "2027-01-01T05:00"),
    ("Pacific/Apia", "2027-01-01", "00:00", "2026-12-31T11:00"),
    ("Pacific/Kiritimati", "2027-01-01", "00:00", "2026-12-31T10:00"),
    ("Etc/GMT+12", "2026-12-31", "23:59", "2027-01-01T11:59"),
]


@pytest.mark.parametrize(("zone", "on", "at", "instant"), GIVEN)
async def test_a_dated_note_is_given_when_its_receiver_s_clock_shows_its_time(
    pair: Pair, zone: str, on: str, at: str, instant: str
) -> None:
    await lives_in(pair, pair.ben, zone)
    await lives_in(pair, pair.ana, "America/Los_Angeles")
    draft = await write(pair, dated(pair, on, at))
    assert await letters(pair) == []
    assert (await pair.look(pair.ana, draft)).fields["state"] == "queued"
    assert await given_at(pair, draft) == utc(instant)
    [letter] = await letters(pair)
    assert (letter["found"], letter["for_what"]) == (False, "The soup.")


async def test_a_note_for_later_today_waits_though_that_time_has_come_elsewhere_on_earth(pair: Pair) -> None:
    await lives_in(pair, pair.ben, "America/New_York")
    draft = await write(pair, dated(pair, "2026-11-23", "08:00"))
    assert await letters(pair) == []
    assert await given_at(pair, draft) == utc("2026-11-23T13:00")


@pytest.mark.parametrize(("year", "gap", "fold"), [("2026", "2026-03-29T01:30", "2026-10-25T00:30")])
async def test_a_time_that_is_left_out_comes_later_by_the_gap_and_one_that_comes_twice_counts_first(
    pair: Pair, year: str, gap: str, fold: str
) -> None:
    await lives_in(pair, pair.ben, "Europe/Berlin")
    for now, on, instant in (
        (f"{year}-03-01T12:00", f"{year}-03-29", gap),
        (f"{year}-10-01T12:00", f"{year}-10-25", fold),
    ):
        pair.now = utc(now)
        assert await given_at(pair, await write(pair, dated(pair, on, "02:30"))) == utc(instant)


@pytest.mark.parametrize(
    ("leaves", "arrives", "moved_at", "instant"),
    [
        ("Europe/Berlin", "America/New_York", "2026-12-01T00:00", "2026-12-24T13:00"),
        ("Europe/Berlin", "America/New_York", "2026-12-24T06:30", "2026-12-24T13:00"),
        ("America/New_York", "Europe/Berlin", "2026-12-01T00:00", "2026-12-24T07:00"),
        ("America/New_York", "Europe/Berlin", "2026-12-24T06:30", "2026-12-24T07:00"),
        ("America/New_York", "Pacific/Kiritimati", "2026-12-23T17:00", "2026-12-23T18:00"),
    ],
)
async def test_a_receiver_who_travels_is_given_it_by_the_clock_where_they_are(
    pair: Pair, leaves: str, arrives: str, moved_at: str, instant: str
) -> None:
    await lives_in(pair, pair.ben, leaves)
    draft = await write(pair, dated(pair))
    travels = utc(moved_at)
    while (due := (await pair.look(pair.ana, draft)).due_at) is not None and due < travels:
        pair.now = due
        await look(pair, draft)
    pair.now = travels
    await lives_in(pair, pair.ben, arrives)
    assert await letters(pair) == []
    assert await given_at(pair, draft) == utc(instant)


async def test_a_receiver_who_arrives_where_it_is_later_already_is_given_it_within_the_hour(pair: Pair) -> None:
    await lives_in(pair, pair.ben, "America/New_York")
    draft = await write(pair, dated(pair))
    pair.now = utc("2026-12-24T09:20")
    await look(pair, draft)
    await lives_in(pair, pair.ben, "Europe/Berlin")
    assert await given_at(pair, draft) == utc("2026-12-24T10:20")


async def test_until_its_time_can_have_come_anywhere_nobody_looks_at_it(pair: Pair) -> None:
    draft = await write(pair, dated(pair))
    version = (await pair.look(pair.ana, draft)).version
    assert (await pair.look(pair.ana, draft)).due_at == utc("2026-12-23T18:00")
    pair.now += 5 * HOUR
    await look(pair, draft)
    assert (await pair.look(pair.ana, draft)).version == version


async def test_a_time_that_was_missed_is_now(pair: Pair) -> None:
    draft = await write(pair, dated(pair))
    pair.now = utc("2027-02-01T12:00")
    await look(pair, draft)
    [letter] = await letters(pair)
    assert letter["given_on"] == "2027-02-01"
    await write(pair, dated(pair, on="2026-12-24", for_what="Late."))
    assert len(await letters(pair)) == 2, "one that comes too late from a phone is given at once"


async def test_a_note_to_be_found_when_the_app_is_opened_is_there_at_once_and_says_so(pair: Pair) -> None:
    await write(pair, dated(pair, None, None, delivery="when_opened"))
    [letter] = await letters(pair)
    assert letter["found"] is True


async def test_a_dated_note_waits_for_its_writer_s_next_day_too_when_the_day_is_full(pair: Pair) -> None:
    draft = await write(pair, dated(pair))
    pair.now = utc("2026-12-24T07:30")
    repairs = [change("repair", uuid4(), {"form": "lightness"}, couple=pair.couple) for _ in range(10)]
    await pair.push(pair.ana.phone, *repairs)
    assert await given_at(pair, draft) == utc("2026-12-25T00:00")


# What fits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "fits"), [("2027-11-24", True), ("2027-11-25", False), ("2026-11-23", True), ("2020-01-01", True)]
)
async def test_a_day_is_366_days_ahead_at_most(pair: Pair, on: str, *, fits: bool) -> None:
    outcome = await pair.one(pair.ana.phone, change("note_draft", uuid4(), dated(pair, on)))
    assert outcome.code == (None if fits else Refusal.INVALID)


@pytest.mark.parametrize("sends", [{"send": True}, {"send": True, "delivery": "at"}])
async def test_a_day_that_is_too_far_ahead_may_stand_in_a_draft_and_is_not_sent(
    pair: Pair, sends: dict[str, Any]
) -> None:
    delivery = "now" if "delivery" in sends else "at"
    draft = await write(pair, dated(pair, "2028-01-01", send=False, delivery=delivery))
    assert (await edit(pair, draft, **sends)).code == Refusal.INVALID
    pair.now = utc("2026-12-31T12:00")
    assert (await edit(pair, draft, **sends)).status == "applied"


async def test_what_was_sent_can_be_written_on_whoever_has_travelled_since(pair: Pair) -> None:
    draft = await write(pair, dated(pair, "2027-11-24"))
    await lives_in(pair, pair.ana, "Etc/GMT+12")
    pair.now = utc("2026-11-23T06:00")
    assert (await edit(pair, draft, text="And more.")).status == "applied"
    assert (await edit(pair, draft, on="2027-11-24")).status == "applied", "that says nothing new"
    assert (await edit(pair, draft, on="2027-11-25")).code == Refusal.INVALID


@pytest.mark.parametrize(("on", "at"), [(None, "08:00"), ("2026-12-24", None), (None, None)])
async def test_a_dated_note_has_a_day_and_a_time_before_it_is_sent(pair: Pair, on: str | None, at: str | None) -> None:
    made = await pair.one(pair.ana.phone, change("note_draft", uuid4(), dated(pair, on, at)))
    assert made.code == Refusal.INVALID
    draft = await write(pair, dated(pair, on, at, send=False))
    assert (await edit(pair, draft, send=True)).code == Refusal.INVALID
    sent = await write(pair, dated(pair))
    assert (await edit(pair, sent, on=on, at=at)).code == Refusal.INVALID


@pytest.mark.parametrize("lacks", [{"on"}, {"at"}, {"on", "at"}])
def test_what_lacks_its_day_or_its_time_is_given_at_no_time(lacks: set[str]) -> None:
    """Two phones that do not know of each other may leave a draft so."""
    couple = CoupleId(UUID(int=9))
    draft = {"send": True, "delivery": "at", "for_couple": str(couple), "on": "2026-12-24", "at": "08:00"}
    now = utc("2026-12-25T00:00")
    situation = Situation(actor=ANA, couple=couple, now=now, today=now.date(), their_zone="UTC")
    assert notes.given_at(draft, situation) == utc("2026-12-24T08:00")
    assert notes.given_at(draft | dict.fromkeys(lacks), situation) is None


async def test_a_draft_that_says_no_more_than_that_it_is_for_a_day_waits_for_one(pair: Pair) -> None:
    await write(pair, {"for_what": "The soup.", "delivery": "at"})
    made = {"for_what": "The soup.", "delivery": "at", "send": True}
    assert (await pair.one(pair.ana.phone, change("note_draft", uuid4(), made))).code == Refusal.INVALID


@pytest.mark.parametrize(("name", "most"), [("for_what", 280), ("about_you", 280), ("text", 1000)])
def test_a_text_of_a_note_has_so_many_characters(name: str, most: int) -> None:
    assert judged(NOTE_DRAFT, {name: "שׁ" * (most // 2)}) is not Refusal.INVALID
    assert judged(NOTE_DRAFT, {name: "😀" * most}) == {name: "😀" * most}
    assert judged(NOTE_DRAFT, {name: "😀" * (most + 1)}) is Refusal.INVALID


# Taking back ---------------------------------------------------------------------------------------------------


async def test_i21_a_dated_note_can_be_taken_back_until_the_server_gives_it(pair: Pair) -> None:
    """F15: A dated note can be taken back until the server gives it."""
    draft = await write(pair, dated(pair))
    before = await pair.page(pair.ben)
    pair.now = utc("2026-12-24T07:59")
    assert (await edit(pair, draft, send=False)).status == "applied"
    stored = await pair.look(pair.ana, draft)
    assert (stored.fields["state"], stored.due_at) == ("draft", None)
    pair.now = utc("2026-12-25T00:00")
    await look(pair, draft)
    assert await pair.page(pair.ben) == before


async def test_i20_after_it_was_given_it_is_its_receiver_s(pair: Pair) -> None:
    draft = await write(pair, dated(pair))
    await given_at(pair, draft)
    for values in ({"send": False}, {"on": "2027-01-01"}, {"text": "Better so."}):
        assert (await edit(pair, draft, 9, **values)).code == Refusal.ALREADY_GIVEN
    assert len(await letters(pair)) == 1


async def test_a_note_whose_day_is_moved_waits_for_the_new_one(pair: Pair) -> None:
    draft = await write(pair, dated(pair))
    await edit(pair, draft, on="2026-12-31")
    assert (await pair.look(pair.ana, draft)).due_at == utc("2026-12-30T18:00")
    assert await given_at(pair, draft) == utc("2026-12-31T08:00")


async def test_removing_a_dated_note_takes_it_back_and_bringing_it_back_sends_nothing(pair: Pair) -> None:
    draft = await write(pair, dated(pair))
    await pair.one(pair.ana.phone, change("note_draft", draft, remove=True, base=99))
    assert (await pair.look(pair.ana, draft)).due_at is None
    await pair.one(pair.ana.tablet, change("note_draft", draft, remove=False, base=99))
    stored = await pair.look(pair.ana, draft)
    assert (stored.fields["send"], stored.due_at) == (False, None)


async def test_a_note_for_another_couple_is_never_given(pair: Pair) -> None:
    draft = await write(pair, dated(pair, for_couple=str(uuid4())))
    assert (await pair.look(pair.ana, draft)).due_at is None


# Two phones ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent_first", [False, True])
@pytest.mark.parametrize(
    "meanwhile",
    [
        {"delivery": "now"},
        {"delivery": "when_opened"},
        {"on": "2026-11-24"},
        {"at": "00:01"},
        {"for_couple": None},
        {"text": "CANARY."},
    ],
)
async def test_i21_nothing_is_given_otherwise_than_its_sender_knew(
    pair: Pair, meanwhile: dict[str, Any], *, sent_first: bool
) -> None:
    draft = await write(pair, dated(pair, send=False))
    base = (await pair.look(pair.ana, draft)).version
    for sends in (sent_first, not sent_first):
        if sends:
            await edit(pair, draft, base, send=True)
        else:
            await edit(pair, draft, base, tablet=True, **meanwhile)
    pair.now = utc("2027-01-31T12:00")
    await look(pair, draft)
    assert await letters(pair) == []
    assert (await pair.look(pair.ana, draft)).fields["send"] is False
    assert ("kept_private", None) in await pair.told(pair.ana)


@pytest.mark.parametrize("sent_first", [False, True])
async def test_what_is_sent_is_left_without_its_day_by_no_other_phone(pair: Pair, *, sent_first: bool) -> None:
    draft = await write(pair, dated(pair, send=False))
    base = (await pair.look(pair.ana, draft)).version
    codes = []
    for sends in (sent_first, not sent_first):
        values: dict[str, Any] = {"send": True} if sends else {"on": None, "at": None}
        codes.append((await edit(pair, draft, base, tablet=not sends, **values)).code)
    assert codes == [None, Refusal.INVALID]
    stored = await pair.look(pair.ana, draft)
    assert (stored.fields["send"], stored.fields["on"]) == ((True, "2026-12-24") if sent_first else (False, None))


@pytest.mark.parametrize("sent_first", [False, True])
async def test_who_sends_and_says_when_is_taken_at_their_word_where_theirs_is_the_later(
    pair: Pair, *, sent_first: bool
) -> None:
    draft = await write(pair, dated(pair, send=False))
    base = (await pair.look(pair.ana, draft)).version
    for sends in (sent_first, not sent_first):
        values: dict[str, Any] = {"send": True, "on": "2026-12-31"} if sends else {"on": "2026-12-01"}
        made = change("note_draft", draft, values, base=base, age_ms=1000 if sends else 9000)
        await pair.one(pair.ana.phone if sends else pair.ana.tablet, made)
    stored = await pair.look(pair.ana, draft)
    assert (stored.fields["send"], stored.fields["on"]) == (True, "2026-12-31")


@pytest.mark.parametrize("no_first", [False, True])
async def test_of_a_yes_and_a_no_that_do_not_know_of_each_other_the_no_stands(pair: Pair, *, no_first: bool) -> None:
    draft = await write(pair, dated(pair))
    base = (await pair.look(pair.ana, draft)).version
    for is_no in (no_first, not no_first):
        if is_no:
            await edit(pair, draft, base, send=False)
        else:
            await edit(pair, draft, base, tablet=True, send=True)
    assert (await pair.look(pair.ana, draft)).fields["send"] is False


async def test_a_phone_sends_what_stood_in_a_draft_for_a_day_and_shows_it_waiting() -> None:
    world = World(seed=8)
    ana, ben = world.person("Ana"), world.person("Ben")
    couple = world.pair(ana, ben)
    phone, other = world.device(ana), world.device(ben)
    await world.settle()
    draft = phone.make("note_draft", for_what="The soup.", for_couple=couple.id)
    await world.settle()
    phone.write(draft, delivery="at", on="2026-03-03", at="08:00", send=True)
    await world.settle()
    assert phone.fields(draft)["state"] == "queued"
    assert other.view("note") == []
    stored = world.stored(draft)
    assert stored.fields == phone.fields(draft)
    assert PersonId(stored.author) == ana.id
