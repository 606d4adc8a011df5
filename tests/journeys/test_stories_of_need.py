"""Stories of needing each other and being oneself, told by two phones over HTTP on PostgreSQL (F1 to F7).

Each test's first word names the idea that it tells of; `tests/house/test_every_story_has_a_test.py` looks for them.
"""

import os
from base64 import b64decode, b64encode
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.openapi_file import document
from domain.ids import RecordId
from domain.kinds import KINDS
from domain.lookback import shelf
from sync.showing import as_record
from tests.absent import absent, names_of_openapi
from tests.journeys.phones import Phone
from tests.journeys.two import Two, only, said, told
from tests.simulation.servers import Stock


async def test_both_sorts_of_goal_are_reached_and_nothing_anywhere_rates_a_couple(two: Two) -> None:
    """F1: The whole API schema holds no field that rates a couple, and both sorts of goal reach `achieved`."""
    joint = two.ana.edit("goal", topic="us")
    terms = two.ana.edit("goal_terms", goal=joint, title="A week by the sea", done_when="We were there.")
    own = two.ana.edit("own_goal", title="Paint again", audience=two.couple, shared_parts=["ending"])
    await two.meet()
    two.ben.edit("goal_act", goal=joint, terms=terms, act="accept")
    await two.meet()
    assert [phone.fields(joint)["state"] for phone in (two.ana, two.ben)] == ["active", "active"]

    two.ana.edit("goal_act", goal=joint, terms=terms, act="mark_done")
    two.ana.edit("own_goal", own, ending="achieved")
    await two.meet()
    assert two.ben.fields(joint)["state"] == "active", "one of the two feels that this is done"
    two.ben.edit("goal_act", goal=joint, terms=terms, act="mark_done")
    await two.meet()

    for phone in (two.ana, two.ben):
        assert (phone.fields(joint)["state"], phone.fields(joint)["achieved_on"]) == ("achieved", two.today())
    assert only(two.ben, "shown_goal").fields["ending"] == two.ana.fields(own)["ending"] == "achieved"
    names = {each.name for each in names_of_openapi(document())}
    assert {"achieved", "own_goal"} <= names
    assert [name for name in names if {"scores", "streaks", "counts"} & set(absent(name))] == []


async def test_ana_asks_for_company_and_ben_answers_and_no_number_about_either_exists(two: Two) -> None:
    """F2: Ana asks for company, Ben answers; no number about either exists anywhere."""
    asked = two.ana.edit("support_request", form="company", text="Could we sit together tonight?", when="today")
    two.ana.edit("check_in", local_date=two.today(), needs=["time_together", "reassurance"])
    await two.meet()
    assert only(two.ben, "support_request").fields["text"] == "Could we sit together tonight?"
    two.ben.edit("response", to=asked, form="yes_at", on=two.today(), at="20:00", text="Gladly.")
    await two.meet()

    assert only(two.ana, "response").fields["form"] == "yes_at"
    assert two.ana.fields(asked)["state"] == two.ben.fields(asked)["state"] == "answered"
    assert numbers_in(await two.home.stock()) == set()


def numbers_in(stock: Stock) -> set[tuple[str, str]]:
    """Which fields of what is stored for two people are numbers; but for how each of them wants to be reached."""
    return {
        (record.kind, name)
        for record in stock.records.values()
        if record.kind != "settings"
        for name, value in record.fields.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }


async def test_ana_s_private_money_plan_leaves_ben_s_cursor_where_it_was(two: Two) -> None:
    """F3: Ana's private money plan leaves Ben's cursor where it was."""
    cursor, before = two.ben.device.replica.cursor, await two.bytes_for(two.ben)
    plan = two.ana.edit("own_goal", title="An account in my own name", topic="money", why="So that I could leave.")
    two.ana.edit(
        "boundary", form="topic_limit", topic="money", zone="Europe/Berlin", note_private="Not with Leo there."
    )
    await two.ana.sync()
    two.ana.edit("own_goal", plan, latest="The first hundred.", hoped_for=two.today(in_days=200))
    await two.ana.sync()

    await two.ben.sync()

    assert two.ben.device.replica.cursor == cursor
    assert await two.bytes_for(two.ben) == before
    await two.another_phone(two.ana)
    await two.meet()
    assert two.ana.fields(plan)["latest"] == "The first hundred."

    agreed = two.ana.edit("goal", form="agreement", topic="money")
    in_spring = two.today(in_days=90)
    terms = two.ana.edit("goal_terms", goal=agreed, title="To each their own account", look_again_on=in_spring)
    await two.meet()
    two.ben.edit("goal_act", goal=agreed, terms=terms, act="accept")
    await two.meet()
    assert two.ana.fields(agreed)["state"] == "active", "what concerns both has a form of its own, with a yes of both"


async def test_three_days_pass_unanswered_and_nobody_is_told_and_nothing_is_counted(two: Two) -> None:
    """F4: Three days pass unanswered; nobody is told, nothing is counted."""
    asked = two.ana.edit("support_request", form="listen", text="Could you listen to me?", when="this_week")
    await two.meet()
    held = records_of(two.ana), records_of(two.ben)
    await two.pass_time(days=2, minutes=23 * 60 + 59)
    await two.meet()
    assert two.ana.fields(asked)["state"] == two.ben.fields(asked)["state"] == "open"

    await two.pass_time(minutes=1)
    await two.meet()

    for phone in (two.ana, two.ben):
        assert now_of(two, phone, asked)["state"] == "lapsed", "each phone sees it by itself"
        assert phone.fields(asked)["state"] == "open", "and nothing was sent to say so"
    assert (records_of(two.ana), records_of(two.ben)) == held, "no notice, no prompt, no record of any sort has come"
    assert numbers_in(await two.home.stock()) == set()
    assert set(two.ana.fields(asked)) == {"form", "text", "when", "state", "lapses_at"}
    two.ben.edit("response", to=asked, form="here_with_you")
    await two.meet()
    assert two.ana.fields(asked)["state"] == "answered", "a late answer is an answer"


def now_of(two: Two, phone: Phone, request: RecordId) -> dict[str, Any]:
    passing = KINDS["support_request"].passing
    assert passing is not None
    return passing.shown(phone.fields(request), two.now())


def records_of(phone: Phone) -> set[RecordId]:
    return {row.id for row in phone.device.replica.rows()}


async def test_five_requests_in_a_day_all_arrive(two: Two) -> None:
    """F5: Five requests in a day all arrive; Ben gets one prompt."""
    for nth in range(5):
        two.ana.edit("support_request", form="reassurance", text=f"Are we all right? {nth}")
        await two.meet()
        await two.pass_time(minutes=60)
    await two.meet()

    texts = [f"Are we all right? {nth}" for nth in range(5)]
    assert [each["text"] for each in said(two.ben, "support_request")] == texts
    assert {outcome.status for outcome in two.ana.device.outcomes} == {"applied"}, "asking is never blocked"
    assert [numbers_in(await two.home.stock()), two.ana.notices(), two.ben.notices()] == [set(), [], []]


async def test_kept_letters_wait_on_the_asker_s_own_devices(two: Two) -> None:
    """F5: A shelf of kept letters on the asker's own devices, of which their writer learns nothing."""
    two.ben.edit("note_draft", for_couple=two.couple, for_what="That you stayed.", text="I love you.", send=True)
    tablet = await two.another_phone(two.ana)
    await two.meet()
    letter = only(two.ana, "note").id
    before = await two.bytes_for(two.ben, kinds=True)

    kept = two.ana.edit("shelf", about=letter, kept=True, helped=5)
    await two.meet()

    assert tablet.fields(kept) == {"about": str(letter), "kept": True, "hidden": False, "felt_heard": None, "helped": 5}
    kinds = ("shelf", "note")
    found = shelf([as_record(each) for kind in kinds for each in tablet.all(kind)], tablet.person)
    assert [tablet.fields(each)["text"] for each in found.letters] == ["I love you."], (
        "asking nobody, and without a network"
    )
    assert await two.bytes_for(two.ben, kinds=True) == before


async def test_a_sealed_reflection_travels_between_ana_s_phones_and_the_server_cannot_read_it(two: Two) -> None:
    """F6, I33: A sealed reflection travels between Ana's phones; the server cannot read it."""
    tablet = await two.another_phone(two.ana)
    await two.meet()
    before = await two.bytes_for(two.ben)
    key, nonce = AESGCM.generate_key(256), os.urandom(12)  # it travels from phone to phone and never through Haven
    words = "When a door slams I am seven again. 🫂 שלום"
    sealed = b64encode(nonce + AESGCM(key).encrypt(nonce, words.encode(), None)).decode()

    thought = two.ana.edit("reflection", sealed=sealed)
    await two.meet()

    opened = b64decode(tablet.fields(thought)["sealed"])
    assert AESGCM(key).decrypt(opened[:12], opened[12:], None).decode() == words
    assert tablet.fields(thought)["sealed"] == sealed, "as it came, to the letter"
    assert [record.fields for record in (await two.home.stock()).records.values() if record.kind == "reflection"] == [
        {"sealed": sealed, "feelings": [], "own_tags": [], "intensity": None}
        | dict.fromkeys(("trigger", "reaction", "need", "other_view"))
    ]
    assert await two.home.nowhere_on_the_server(words)
    assert await two.bytes_for(two.ben) == before
    refused = await told(two.ana, "reflection", sealed=sealed, trigger="a door")
    assert (refused.status, refused.code) == ("refused", "invalid"), "nothing plain lies beside what is sealed"
    nonsense = await told(tablet, "reflection", sealed=b64encode(os.urandom(300)).decode())
    assert nonsense.status == "applied", "nobody looks whether it can be opened, or what it is"


async def test_a_very_low_mood_brings_nothing_into_being(two: Two) -> None:
    """F7: Ana enters valence -4; the next day's plan is the same or smaller."""
    await two.meet()
    before, hers = await two.bytes_for(two.ben), records_of(two.ana)
    settings = only(two.ana, "settings").fields
    entry = two.ana.edit("check_in", local_date=two.today(), valence=-4, arousal=4, felt_valued=1)
    silent = two.ana.edit("check_in", local_date=two.today(), text="No mood today.")
    await two.meet()
    assert await two.bytes_for(two.ben) == before

    await two.pass_time(days=1)
    await two.meet()

    assert two.ana.fields(silent)["valence"] is None, "a mood is never asked for"
    assert records_of(two.ana) == hers | {entry, silent}
    assert only(two.ana, "settings").fields == settings, "nor is a wish not to be disturbed weakened by it"
