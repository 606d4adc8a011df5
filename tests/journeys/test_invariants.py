"""What the server must never do, told by phones over HTTP on PostgreSQL, each by its number.

The partner is the adversary here. Numbers that have no test here have one elsewhere;
`tests/house/test_every_story_has_a_test.py` knows of all of them.
"""

import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from api.errors import trace_of
from api.telemetry import AllowedFields
from api.wiring import Parts
from domain.kind import Who
from domain.kinds import KINDS
from sync.store import PostgresStore
from tests import people
from tests.clocks import StillClock, app_at
from tests.journeys.phones import Phone
from tests.journeys.two import Two, holds, only, said, told

# What a partner can read ---------------------------------------------------------------------------------------

WRITTEN: dict[str, Callable[[Two], dict[str, Any]]] = {
    "check_in": lambda two: {"local_date": two.today(), "text": "mine alone", "valence": -2, "shared_parts": ["text"]},
    "boundary": lambda _: {"form": "space", "zone": "UTC", "note_private": "mine alone", "visibility": "effect"},
    "own_goal": lambda _: {"title": "mine alone", "shared_parts": ["why"], "why": "mine alone"},
    "reflection": lambda _: {"trigger": "mine alone", "own_tags": ["mine"], "feelings": ["small"]},
    "balance_note": lambda two: {"month": two.today()[:7], "lean_on": 3, "line": "mine alone"},
    "note_draft": lambda two: {"for_what": "mine alone", "for_couple": two.couple},
    "shelf": lambda two: {"about": str(only(two.ana, "note").id), "kept": True, "felt_heard": 2},
    "step_date": lambda two: {"step": str(only(two.ana, "step").id), "on": two.today(), "at": "09:00"},
}
"""Of every kind that a person makes for themselves, one that is nobody else's."""


async def test_i1_i2_nothing_that_a_partner_reads_depends_on_what_is_only_mine(two: Two) -> None:
    """Made, edited, removed, brought back, purged: no id, count, size, version or header of Ben's is another."""
    assert WRITTEN.keys() == {
        kind.name for kind in KINDS.values() if kind.home == "personal" and kind.creates is Who.AUTHOR
    }
    two.ben.edit("note_draft", for_couple=two.couple, for_what="The soup.", send=True)
    goal = two.ana.edit("goal")
    two.ana.edit("goal_terms", goal=goal, title="To walk")
    two.ana.edit("step", goal=goal, title="Find the boots")
    await two.meet()
    before, collections = await two.bytes_for(two.ben), await two.bytes_for(two.ben, kinds=True)

    for kind, values in WRITTEN.items():
        fields = values(two)
        made = two.ana.edit(kind, **fields)
        await two.ana.sync()
        assert two.ana.outcome().status == "applied"
        await two.ben.sync()
        assert await two.bytes_for(two.ben) == before, kind
        two.ana.edit(kind, made, **{name: f"{value}, still" for name, value in fields.items() if value == "mine alone"})
        await two.ana.sync()
        two.ana.remove(made)
        await two.ana.sync()
        two.ana.device.bring_back(made)
        await two.ana.sync()
        await two.ana.purge(kind, made)
        await two.meet()
        assert await two.bytes_for(two.ben) == before, kind
    assert await two.bytes_for(two.ben, kinds=True) == collections
    assert not holds(two.ben, "mine alone")


async def test_i3_another_s_private_record_is_an_id_like_any_other(two: Two, statements: list[str]) -> None:
    """Asked for in every way there is: the same bytes, after the same statements."""
    entry = two.ana.edit("check_in", local_date=two.today(), text="mine alone")
    thought = two.ana.edit("reflection", trigger="mine alone", own_tags=["mine"])
    await two.meet()
    await two.ana.purge("reflection", thought)

    for kind, secret in (("check_in", entry), ("reflection", thought)):
        for ask in (_revisions, _purge, _answer, _shelf):
            found, ran = {}, {}
            for identity in (secret, uuid4()):
                await two.ben.sync()
                statements.clear()
                found[identity == secret] = await ask(two, kind, identity)
                # What a connection asks when it is new is about the connection.
                ran[identity == secret] = [each for each in statements if not _is_of_a_connection(each)]
            assert found[True] == found[False], ask.__name__
            assert ran[True] == ran[False], ask.__name__
            assert ran[True]


def _is_of_a_connection(statement: str) -> bool:
    return "pg_catalog" in statement or "'jit'" in statement


async def _revisions(two: Two, kind: str, identity: UUID) -> Any:
    answer = await two.client.get(f"/v1/records/{kind}/{identity}/revisions", headers=two.ben.someone.headers)
    assert answer.status_code == 404
    return answer.content, answer.headers.multi_items()


async def _purge(two: Two, kind: str, identity: UUID) -> Any:
    answer = await two.client.delete(f"/v1/records/{kind}/{identity}/words", headers=two.ben.someone.headers)
    assert answer.status_code == 404
    return answer.content, answer.headers.multi_items()


async def _answer(two: Two, _: str, identity: UUID) -> Any:
    outcome = await _pushed(two, "response", to=str(identity), form="heard_you")
    assert outcome["code"] == "unknown_parent"
    return outcome


async def _shelf(two: Two, _: str, identity: UUID) -> Any:
    return await _pushed(two, "shelf", about=str(identity), kept=True)


async def _pushed(two: Two, kind: str, **values: Any) -> dict[str, Any]:
    """What is said to a change, but for what is its own and where it stands."""
    change = {"key": str(uuid4()), "kind": kind, "id": str(uuid4()), "couple": two.couple, "set": values}
    pushed = {"schema": 1, "cursor": two.ben.device.replica.cursor, "changes": [change]}
    answer = await people.ok(two.client.post("/v1/sync", headers=two.ben.someone.headers, json=pushed))
    outcome: dict[str, Any] = answer["outcomes"][0]
    return {name: value for name, value in outcome.items() if name not in ("key", "version", "unplaced")}


async def test_i5_when_an_entry_is_shown_later_nothing_tells_when_it_was_written(two: Two) -> None:
    written_on = two.today()
    entry = two.ana.edit("check_in", local_date=written_on, text="I wept on the train.")
    await two.meet()
    await two.pass_time(days=3)
    two.ana.edit("check_in", entry, audience=two.couple, shared_parts=["text"])
    await two.meet()

    shown = only(two.ben, "shown_check_in")
    assert shown.fields["shown_on"] == two.today()
    assert shown.fields["edited"] is False
    assert "local_date" not in shown.fields
    assert (entry.version, shown.id.version) == (7, 8), "the copy's id carries no time"
    [record] = [each for each in two.ben.device.replica.rows() if each.id == shown.id]
    assert written_on not in msgspec.json.encode(record.fields).decode()
    assert not holds(two.ben, str(entry))


async def test_i6_what_was_never_chosen_reaches_nobody_whatever_else_is_shown(two: Two) -> None:
    """Reflections, notes on balance and what is on a shelf never; `felt_*` by its own choice alone."""
    two.ben.edit("note_draft", for_couple=two.couple, for_what="The soup.", send=True)
    await two.meet()
    letter = only(two.ana, "note").id
    audience = {"audience": two.couple}
    tries = [
        await told(two.ana, "reflection", trigger="mine alone", **audience),
        await told(two.ana, "balance_note", month=two.today()[:7], line="mine alone", **audience),
        await told(two.ana, "shelf", about=letter, felt_heard=1, **audience),
    ]
    assert {each.code for each in tries} == {"invalid"}, "there is nobody to show them to, not even by mistake"
    unheard_of = {"local_date": two.today(), "felt_valued": 1, "shared_parts": ["felt_valued", "everything"]}
    assert (await told(two.ana, "check_in", **unheard_of, **audience)).status == "applied"
    await two.meet()
    assert two.ben.all("shown_check_in") == [], "a part that nobody knows shows nothing"
    for parts in (["mood"], ["needs"], ["text"], ["mood", "needs", "text"]):
        values = {"felt_valued": 1, "felt_respected": 2, "felt_understood": 3, "text": "A day.", "valence": 2}
        two.ana.edit("check_in", local_date=two.today(), shared_parts=parts, **audience, **values)
    await two.meet()
    assert len(two.ben.all("shown_check_in")) == 4
    for name in ("felt_", "mine alone", "reflection", "balance_note"):
        assert not holds(two.ben, name.replace("reflection", '"reflection"'))


# What stays closed ---------------------------------------------------------------------------------------------


async def test_i9_a_new_pairing_opens_no_window(two: Two) -> None:
    """Whatever was open for the couple before, and whatever is edited meanwhile."""
    shown = {"audience": two.couple, "shared_parts": ["text", "mood", "needs", "felt"]}
    entry = two.ana.edit("check_in", local_date=two.today(), text="for the first of us", **shown)
    goal = two.ana.edit("own_goal", title="for the first of us", audience=two.couple, shared_parts=["latest"])
    space = two.ana.edit("boundary", form="space", zone="UTC", audience=two.couple, visibility="effect")
    await two.meet()
    assert [len(two.ben.all(kind)) for kind in ("shown_check_in", "shown_goal", "shown_boundary")] == [1, 1, 1]
    await two.ana.part()
    await two.meet()
    old = two.couple

    two.couple = str(await people.pair(two.client, two.ben.someone, two.ana.someone))
    await two.meet()
    new = await two.another_phone(two.ben)
    two.ana.edit("check_in", entry, text="for the first of us, and edited", valence=1)
    two.ana.edit("own_goal", goal, latest="for the first of us, once more")
    two.ana.edit("boundary", space, until=f"{two.today(in_days=1)}T12:00:00Z")
    too_late = {"audience": old, "shared_parts": ["text"], "text": "for the first of us, too late"}
    late = two.ana.edit("check_in", local_date=two.today(), **too_late)
    await two.meet()

    for phone in (two.ben, new):
        assert [phone.all(kind) for kind in ("shown_check_in", "shown_goal", "shown_boundary")] == [[], [], []]
        assert b"for the first of us" not in phone.database_bytes()
    assert two.ana.fields(late)["audience"] == "only_me", "what names another couple is nobody else's"


CONCURRENT: list[tuple[str, str, Any, Any, Any]] = [
    ("boundary", "visibility", "effect", "silent", "silent"),
    ("boundary", "until", "2027-01-05T08:00:00Z", "2027-01-03T08:00:00Z", "2027-01-05T08:00:00Z"),
    ("boundary", "until", "2027-01-05T08:00:00Z", None, None),
    ("boundary", "from", "2027-01-02T08:00:00Z", "2027-01-01T08:00:00Z", "2027-01-01T08:00:00Z"),
    ("boundary", "max_prompts_a_day", 2, 0, 0),
    ("settings", "day_cap", 3, 1, 1),
    ("settings", "prompt_letter_arrived", 4, 0, 0),
    ("settings", "push_privacy", "descriptive", "hidden", "hidden"),
]
"""A kind, one of its fields, two values that two phones choose at once, and what stands then."""


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(("kind", "field", "one", "other", "stands"), CONCURRENT, ids=str)
async def test_i10_of_two_protections_chosen_at_once_the_stronger_stands(
    two: Two, kind: str, field: str, one: Any, other: Any, stands: Any, first: int
) -> None:
    """Whoever comes first, and whoever wrote later."""
    tablet = await two.another_phone(two.ana)
    if kind == "settings":
        await two.meet()
        identity = only(two.ana, "settings").id
        between = {"day_cap": 2, "prompt_letter_arrived": 2, "push_privacy": "discreet"}
        two.ana.edit(kind, identity, **{field: between[field]})
    else:
        values = {"visibility": "effect_and_message", "max_prompts_a_day": 3}
        values |= {"from": "2027-01-01T12:00:00Z", "until": "2027-01-04T08:00:00Z"}
        identity = two.ana.edit(kind, form="space", zone="UTC", audience=two.couple, **values)
    await two.meet()
    phones = (two.ana, tablet)
    for phone, value in zip(phones, (one, other), strict=True):
        if phone.fields(identity)[field] != value:
            phone.edit(kind, identity, **{field: value})
        await two.pass_time(minutes=1)

    for phone in (phones[first], phones[1 - first], phones[first]):
        await phone.sync()

    assert two.ana.fields(identity)[field] == tablet.fields(identity)[field] == stands


@pytest.mark.parametrize("first", [0, 1])
async def test_i10_of_an_opening_and_a_closing_at_once_the_closing_stands(two: Two, first: int) -> None:
    tablet = await two.another_phone(two.ana)
    shown = {"audience": two.couple, "shared_parts": ["text"]}
    entry = two.ana.edit("check_in", local_date=two.today(), text="To him, or not?", valence=-1, **shown)
    await two.meet()
    two.ana.edit("check_in", entry, shared_parts=["text", "mood"])
    tablet.edit("check_in", entry, audience="only_me")

    for phone in (two.ana, tablet) if first == 0 else (tablet, two.ana):
        await phone.sync()
    await two.meet()

    assert two.ana.fields(entry)["audience"] == tablet.fields(entry)["audience"] == "only_me"
    assert two.ben.all("shown_check_in") == []
    assert '"valence"' not in two.ben.device.texts()


# Ends ----------------------------------------------------------------------------------------------------------


async def test_i18_what_arrives_late_for_a_closed_couple_is_its_author_s_and_nobody_else_s(two: Two) -> None:
    """Of every kind that lives with the couple: no word is lost, shown to the other, or put into a later couple."""
    goal = two.ana.edit("goal", notes="We speak on Sunday.")
    summary = two.ana.edit("counsel_summary", **{"from": two.today(), "to": two.today()})
    two.ana.edit("goal_terms", goal=goal, title="To speak")
    asked = two.ana.edit("support_request", form="listen", text="Tonight?")
    await two.meet()
    late: dict[str, tuple[str, dict[str, Any]]] = {
        "goal": ("notes", {"notes": "late, goal"}),
        "goal_terms": ("title", {"goal": goal, "title": "late, goal_terms"}),
        "step": ("title", {"goal": goal, "title": "late, step"}),
        "progress": ("note", {"goal": goal, "on": two.today(), "note": "late, progress"}),
        "support_request": ("text", {"form": "listen", "text": "late, support_request"}),
        "support_offer": ("text", {"text": "late, support_offer"}),
        "repair": ("text", {"form": "lightness", "text": "late, repair"}),
        "response": ("text", {"to": asked, "form": "heard_you", "text": "late, response"}),
        "counsel_summary": ("for_whom", {"from": two.today(), "to": two.today(), "for_whom": "late, counsel_summary"}),
        "counsel_part": ("text", {"summary": summary, "section": "hopes", "text": "late, counsel_part"}),
    }
    wordless = {"goal_act", "pause"}
    assert late.keys() | wordless == {
        kind.name for kind in KINDS.values() if kind.home == "couple" and kind.creates in (Who.EITHER, Who.AUTHOR)
    }
    for kind, (_, values) in late.items():
        two.ben.edit(kind, **values)
    two.ben.edit("goal", goal, notes="late, an edit")
    two.ben.edit("pause", minutes=30)
    draft = two.ben.edit("note_draft", for_couple=two.couple, for_what="late, a note", send=True)
    await two.ana.part()
    two.couple = str(await people.pair(two.client, two.ana.someone, two.ben.someone))
    await two.meet()
    await two.pass_time(days=1)
    await two.meet()

    boxes = said(two.ben, "unplaced")
    expected = {(kind, name, values[name]) for kind, (name, values) in late.items()}
    expected.add(("goal", "notes", "late, an edit"))
    assert {(each["meant"], *next(iter(each["words"].items()))) for each in boxes} == expected
    assert {each["code"] for each in boxes} == {"closed"}
    assert two.ben.fields(draft)["state"] in ("draft", "queued")
    newcomer = await two.another_phone(two.ana)
    await newcomer.sync()
    for phone in (two.ana, newcomer):
        assert not holds(phone, "late, ")
    spaces = two.ben.device.replica.spaces.values()
    [space] = [each.id for each in spaces if (each.home, each.state) == ("couple", "active")]
    assert [record for (where, _), record in (await two.home.stock()).records.items() if where == space] == []


@pytest.mark.parametrize("way", ["edit", "purge", "part"])
async def test_i20_nothing_takes_a_given_letter_from_who_has_it(two: Two, way: str) -> None:
    words = {"for_what": "You came.", "text": "At three at night."}
    draft = two.ana.edit("note_draft", for_couple=two.couple, send=True, **words)
    repair = two.ana.edit("repair", form="thank_you_for_staying", text="Even then.")
    await two.meet()
    letter = only(two.ben, "note")
    kept = [said(two.ben, kind) for kind in ("note", "repair")]

    if way == "edit":
        for kind, identity in (("note", letter.id), ("repair", repair)):
            assert (await told(two.ana, kind, identity, text="I take it back.")).code == "immutable"
            assert (await told(two.ana, kind, identity, remove=True)).code == "immutable"
        two.ana.device.force("note_draft", draft, base=1, set={"text": "I take it back."})
    elif way == "purge":
        await two.ana.purge("note", letter.id)
        await two.ana.purge("repair", repair)
    else:
        await two.ana.part()
    await two.meet()

    new = await two.another_phone(two.ben)
    await new.sync()
    for phone in (two.ben, new):
        assert [said(phone, kind) for kind in ("note", "repair")] == kept
        assert not holds(phone, "take it back")


async def test_i22_a_window_that_closes_leaves_nothing_in_anything_that_the_partner_reads(two: Two) -> None:
    """By every way of closing it: pulls, earlier values, shadows of client libraries, notices."""
    words = "Only while the window is open."
    for closing in ({"audience": "only_me"}, {"shared_parts": []}, None, "purge", "part"):
        shown = {"audience": two.couple, "shared_parts": ["text", "mood"]}
        entry = two.ana.edit("check_in", local_date=two.today(), text=words, valence=2, **shown)
        await two.meet()
        copy = only(two.ben, "shown_check_in")
        assert copy.fields["text"] == words
        assert any(words.encode() in each.content for each in await two.bytes_for(two.ben))
        if closing is None:
            two.ana.remove(entry)
        elif closing == "purge":
            await two.ana.purge("check_in", entry)
        elif closing == "part":
            await two.ana.part()
        else:
            two.ana.edit("check_in", entry, **closing)
        await two.meet()

        assert [each for each in two.ben.all("shown_check_in") if each.fields["text"]] == []
        assert words not in two.ben.device.texts()
        for answer in await two.bytes_for(two.ben, kinds=True):
            assert words.encode() not in answer.content, answer.asked
        assert two.ben.notices() == two.ben.all("unplaced") == []
        if closing == "purge":
            two.ana.edit("check_in", entry, audience="only_me")
            await two.meet()


# Consents, refusals, logs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("lacks", ["the attestation", "the consent", "a consent that was withdrawn"])
async def test_i34_without_attestation_and_consent_nothing_is_stored(two: Two, lacks: str) -> None:
    """Through none of the three protocols; what was stored before can still be read, and nothing of it is lost."""
    someone = await people.signed_in(two.client, f"new-{uuid4()}", "Cleo")
    if lacks != "the attestation":
        await people.ok(two.client.post("/v1/me/adult", headers=someone.headers, json={"method": "own_word"}))
    if lacks != "the consent":
        await people.consent(two.client, someone, "core_sensitive")
    if lacks == "a consent that was withdrawn":
        await people.consent(two.client, someone, "core_sensitive", given=False)
    entry = {"local_date": two.today(), "text": "Not yet."}
    change = {"key": str(uuid4()), "kind": "check_in", "id": str(uuid4()), "set": entry}
    table = {"created": [{"id": str(uuid4()), **entry}], "updated": [], "deleted": []}
    pushes: list[tuple[str, Any]] = [
        ("/v1/sync", {"schema": 1, "changes": [change]}),
        ("/v1/rxdb/check_in/push", [{"newDocumentState": {"id": str(uuid4()), "_deleted": False, **entry}}]),
        ("/v1/watermelon/sync", {"changes": {"check_in": table}}),
    ]
    phone = Phone(two.client, someone, limit=500)
    await phone.sync()
    before = await two.bytes_for(phone)

    for path, body in pushes:
        query = {} if path == "/v1/sync" else {"schema": "1"}
        answer = await two.client.post(path, params=query, headers=someone.headers, json=body)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:haven:problem:consent_needed"), path
    assert await two.bytes_for(phone) == before
    [personal] = phone.device.replica.spaces
    stored = await two.parts.pool.fetch("SELECT kind FROM record WHERE space_id = $1", personal)
    assert {row["kind"] for row in stored} <= {"settings", "notice"}

    await people.attest_and_consent(two.client, someone)
    answer = await people.ok(two.client.post("/v1/sync", headers=someone.headers, json=pushes[0][1]))
    assert answer["outcomes"][0]["status"] == "applied", "the same request, once they have said yes"


async def test_i35_a_refusal_is_between_haven_and_who_wrote_and_keeps_every_word(two: Two) -> None:
    """Each is told to its author's phones alone, and not a byte of the partner's is another."""
    goal = two.ana.edit("goal")
    terms = two.ana.edit("goal_terms", goal=goal, title="To walk")
    entry = two.ana.edit("check_in", local_date=two.today(), text="x", audience=two.couple, shared_parts=["text"])
    await two.meet()
    shown = only(two.ben, "shown_check_in").id
    two.ana.edit("check_in", entry, audience="only_me")
    two.ana.edit("goal_act", goal=goal, terms=terms, act="let_go")
    await two.meet()
    before = await two.bytes_for(two.ana, kinds=True)
    ana = str(two.ana.person)

    tries: list[tuple[str, str, UUID | None, dict[str, Any]]] = [
        ("immutable", "goal_terms", terms, {"title": "my words 1"}),
        ("needs_their_yes", "step", None, {"goal": goal, "title": "my words 2", "taken_by": [ana]}),
        ("unknown_parent", "response", None, {"to": uuid4(), "form": "heard_you", "text": "my words 3"}),
        ("parent_gone", "response", None, {"to": shown, "form": "heard_you", "text": "my words 4"}),
        ("goal_ended", "goal_terms", None, {"goal": goal, "title": "my words 5"}),
        ("invalid", "step", None, {"goal": goal, "title": "my words 6", "done": "perhaps"}),
        ("invalid", "wish", None, {"text": "my words 7"}),
        ("invalid", "counsel_summary", None, {"from": "2026-01-01", "to": "2026-12-31", "for_whom": "my words 8"}),
    ]
    for code, kind, identity, values in tries:
        outcome = await told(two.ben, kind, identity, **values)
        assert (outcome.status, outcome.code) == ("refused", code)
    await two.meet()

    assert await two.bytes_for(two.ana, kinds=True) == before
    assert not holds(two.ana, "my words")
    kept = sorted(text for each in said(two.ben, "unplaced") for text in each["words"].values())
    assert kept == [f"my words {nth}" for nth in range(1, len(tries) + 1)]
    tablet = await two.another_phone(two.ben)
    await tablet.sync()
    assert len(tablet.all("unplaced")) == len(tries), "on each of his own phones"


class Broken(PostgresStore):
    """A store that falls over with somebody's words in its mouth."""

    async def load(self, caller: Any, wanted: Any) -> Any:  # noqa: ARG002 - it gets as far as its arguments
        raise ValueError(f"cannot load zirbelkiefer for {caller.person}")


async def test_i8_no_line_of_the_log_holds_a_word_a_name_a_token_or_both_persons(
    parts: Parts, clock: StillClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a whole story with every level of the log on: with refusals, nonsense, and a fault in the house itself."""
    word, names = "zirbelkiefer", ("Annegret", "Balthasar")
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "haven")
    async with app_at(parts, clock) as client:
        ana, ben = await people.couple(client, names)
        couple = (await people.me(client, ana))["couple"]["id"]
        phones = [Phone(client, someone, limit=500) for someone in (ana, ben)]
        for phone in phones:
            await phone.sync()
        entry = phones[0].edit(
            "check_in", local_date="2026-11-20", text=word, audience=couple, shared_parts=["text"], topic="money"
        )
        phones[0].edit("note_draft", for_couple=couple, for_what=word, send=True)
        phones[0].edit("reflection", trigger=word, own_tags=[word])
        for phone in (*phones, *phones):
            await phone.sync()
        await told(phones[1], "shown_check_in", only(phones[1], "shown_check_in").id, text=word)
        await told(phones[1], word, text=word)
        await phones[0].purge("check_in", entry)
        for body in (b'{"schema":1,"changes":"zirbelkiefer"}', b"zirbelkiefer"):
            headers = ben.headers | {"Content-Type": "application/json"}
            assert (await client.post("/v1/sync", content=body, headers=headers)).status_code == 400
        await client.get(f"/v1/records/{word}/{entry}/revisions", headers=ben.headers)
        await client.get(f"/v1/me?{word}", headers={"Authorization": f"Bearer {word}"})
    broken = msgspec.structs.replace(parts, store=Broken(parts.pool, parts.keys))
    async with app_at(broken, clock) as client:
        change = {"key": str(uuid4()), "kind": "check_in", "id": str(uuid4()), "set": {"text": word}}
        pushed = {"schema": 1, "changes": [change]}
        crashed = await client.post("/v1/sync", headers=ana.headers, json=pushed)
        assert (crashed.status_code, word in crashed.text) == (500, False)

    logging.getLogger("some.library").warning("the row of %s is %s", names[0], word, extra={"row": word})
    formatter = AllowedFields()
    lines = [formatter.format(record) for record in caplog.records]
    assert any('"event":"request"' in line for line in lines)
    assert any("some.library" in line for line in lines)
    assert any("ValueError" in line and "sync/service.py" in line for line in lines), "a crash says where, and not what"
    secrets = (word, *names, ana.token, ben.token, ana.subject, ben.subject, couple)
    for line in lines:
        assert not [secret for secret in secrets if secret in line]
        assert str(ana.id) not in line or str(ben.id) not in line
    own = [record for record in caplog.records if record.name == "haven"]
    assert own
    for record in own:
        assert not [secret for secret in secrets if secret in record.getMessage()]


def test_i8_where_a_fault_came_through_holds_no_value() -> None:
    def within(words: str) -> None:
        raise ValueError(words)

    with pytest.raises(ValueError, match="zirbelkiefer") as raised:
        within("zirbelkiefer")
    assert "zirbelkiefer" not in repr(trace_of(raised.value))
    assert trace_of(raised.value)
