"""Counsel: a part counts while everybody whose it is says yes to exactly these bytes, and not a moment longer."""

import unicodedata
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from api.device_listing import Listing
from api.device_people import People
from domain.counsel import (
    APPROVALS_MAX,
    COUNSEL_PART,
    COUNSEL_SUMMARY,
    SECTIONS,
    approval,
    counting,
    counts,
    is_linked,
    summary_state,
)
from domain.ids import CoupleId, DeviceId, PersonId, RecordId, SpaceId
from domain.kind import Around, Attempt, Derived, Situation
from domain.kinds import judged, objection
from domain.records import Record
from domain.refusals import Refusal
from sync import service
from sync.ports import Caller
from sync.wire import Outcome
from tests.pair import NOON, Pair, Somebody, change, in_memory
from tests.world import World

ANA, BEN, CYD = (PersonId(UUID(int=number)) for number in (1, 2, 3))
BOTH = frozenset({ANA, BEN})
TEXT = "We laugh again. 🌿 שלום"


# What counts ---------------------------------------------------------------------------------------------------


def part(*yeses: str, number: int = 6, **rest: Any) -> Record:
    fields = {"summary": str(UUID(int=9)), "section": "hopes", "text": TEXT, "approvals": sorted(yeses)}
    names = {name: rest.pop(name) for name in tuple(rest) if name in fields}
    whole = {"space": SpaceId(UUID(int=5)), "version": 3, "created": 3, "author": ANA} | rest
    return Record(kind="counsel_part", id=RecordId(UUID(int=number)), fields=fields | names, **whole)


@pytest.mark.parametrize(
    ("record", "does"),
    [
        (part(approval(ANA, TEXT)), True),
        (part(), False),
        (part(approval(BEN, TEXT)), False),
        (part(approval(CYD, TEXT)), False),
        (part(approval(ANA, TEXT + "!")), False),
        (part(approval(ANA, TEXT), approval(ANA, "An older text.")), True),
        (part(approval(ANA, TEXT), text="We laugh again, 🌿 שלום"), False),
        (part(approval(ANA, TEXT), text=TEXT + "\n"), False),
        (part(approval(ANA, TEXT), removed=True), False),
        (part(approval(ANA, TEXT), gone=True), False),
        (part(approval(ANA, TEXT), section="agreements"), False),
        (part(approval(BEN, TEXT), section="agreements"), False),
        (part(approval(ANA, TEXT), approval(BEN, TEXT), section="agreements"), True),
        (part(approval(ANA, TEXT), approval(BEN, "Another."), section="agreements"), False),
        (part(approval(ANA, TEXT), section="a_section_of_a_newer_app"), True),
        (part(approval(ANA, ""), text=""), False),
    ],
)
def test_i29_a_part_counts_by_the_yes_of_everybody_whose_it_is_to_its_text_as_it_is_now(
    record: Record, *, does: bool
) -> None:
    assert counts(record, BOTH) is does


def test_nothing_counts_where_nobody_is_left() -> None:
    assert not counts(part(section="agreements"), frozenset())


def test_parts_stand_in_the_order_of_their_sections_and_then_as_they_came() -> None:
    yes = approval(ANA, TEXT)
    sections = ["a_newer_one", "agreements", "looking_back", "hopes", "hopes"]
    parts = [
        part(yes, approval(BEN, TEXT), number=number, section=section, created=created)
        for number, (section, created) in enumerate(zip(sections, (1, 2, 9, 8, 7), strict=True), 20)
    ]
    found = counting([*parts, part()], BOTH)
    assert [(each.fields["section"], each.created) for each in found] == [
        ("looking_back", 9),
        ("hopes", 7),
        ("hopes", 8),
        ("agreements", 2),
        ("a_newer_one", 1),
    ]
    assert SECTIONS.index("looking_back") < SECTIONS.index("hopes") < SECTIONS.index("agreements")


def a_summary(**fields: Any) -> Record:
    whole = {"from": "2026-09-01", "to": "2026-11-23", "for_whom": None, "state": "draft", "link_until": None} | fields
    return replace(part(), kind="counsel_summary", id=RecordId(UUID(int=9)), fields=whole)


LINKED = {"link_until": "2026-11-24T12:00:00Z"}


@pytest.mark.parametrize(
    ("summary", "parts", "came"),
    [
        (a_summary(), (), "draft"),
        (a_summary(), (part(),), "draft"),
        (a_summary(), (part(), part(approval(ANA, TEXT))), "ready"),
        (a_summary(state="ready"), (part(),), "draft"),
        (a_summary(**LINKED), (), "shared"),
        (a_summary(**LINKED), (part(approval(ANA, TEXT)),), "shared"),
        (a_summary(state="shared"), (), "draft"),
    ],
)
def test_a_summary_is_a_draft_or_ready_or_shared(summary: Record, parts: tuple[Record, ...], came: str) -> None:
    assert summary_state(summary, parts, Around(members=BOTH, today=NOON.date())) == Derived({"state": came})


@pytest.mark.parametrize(
    ("fields", "late", "shown"),
    [
        (LINKED | {"state": "shared"}, timedelta(microseconds=-1), "shared"),
        (LINKED | {"state": "shared"}, timedelta(), "expired"),
        ({"state": "ready", "link_until": None}, timedelta(days=9), "ready"),
    ],
)
def test_whoever_shows_a_summary_derives_that_its_link_has_ended(
    fields: dict[str, Any], late: timedelta, shown: str
) -> None:
    assert COUNSEL_SUMMARY.passing is not None
    assert COUNSEL_SUMMARY.passing.shown(fields, NOON + timedelta(days=1) + late)["state"] == shown


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        (LINKED | {"state": "shared"}, "expired"),
        ({"state": "ready", "link_until": None}, "ready"),
        ({"state": "draft", "link_until": None}, "draft"),
    ],
)
def test_of_a_couple_that_has_parted_no_summary_is_shown_as_open_to_anybody(fields: dict[str, Any], shown: str) -> None:
    """It is frozen as it stood, and its link has died with the couple."""
    assert COUNSEL_SUMMARY.passing is not None
    assert COUNSEL_SUMMARY.passing.shown(fields, NOON, parted=True)["state"] == shown
    assert COUNSEL_SUMMARY.passing.shown(fields, NOON)["state"] == fields["state"]


@pytest.mark.parametrize(
    ("summary", "late", "shows"),
    [
        (a_summary(**LINKED), timedelta(microseconds=-1), True),
        (a_summary(**LINKED), timedelta(), False),
        (a_summary(), timedelta(), False),
    ],
)
def test_a_link_shows_a_summary_until_the_instant_at_which_it_ends(
    summary: Record, late: timedelta, *, shows: bool
) -> None:
    assert is_linked(summary, NOON + timedelta(days=1) + late) is shows


# What fits -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def pair() -> Pair:
    return await in_memory()


async def begin(pair: Pair, first: str = "2026-09-01", last: str = "2026-11-23") -> UUID:
    summary = uuid4()
    made = change("counsel_summary", summary, {"from": first, "to": last}, couple=pair.couple)
    assert (await pair.one(pair.ana.phone, made)).status == "applied"
    return summary


async def write(pair: Pair, summary: UUID, who: Somebody | None = None, **values: Any) -> UUID:
    part = uuid4()
    fields = {"summary": str(summary), "section": "hopes", "text": TEXT} | values
    made = change("counsel_part", part, fields, couple=pair.couple)
    assert (await pair.one((who or pair.ana).phone, made)).status == "applied"
    return part


async def edit(
    pair: Pair, who: Any, part: UUID, values: Any = None, *, base: int | None = None, **rest: Any
) -> Outcome:
    stored = await pair.look(pair.ana, part)
    at = stored.version if base is None else base
    return await pair.one(who, change(stored.kind, part, values, base=at, couple=pair.couple, **rest))


async def approve(pair: Pair, who: Any, part: UUID, text: str = TEXT, base: int | None = None) -> Outcome:
    """Say yes to this text, in the place of every earlier yes."""
    there = (await pair.look(pair.ana, part)).fields["approvals"]
    others = [each for each in there if not each.startswith(str(who.person))]
    said = sorted([*others, approval(who.person, text)])
    return await edit(pair, who, part, {"approvals": said}, base=base, was={"approvals": there})


async def state(pair: Pair, summary: UUID) -> str:
    return str((await pair.look(pair.ana, summary)).fields["state"])


@pytest.mark.parametrize(
    ("first", "last", "fits"),
    [
        ("2026-11-23", "2026-11-23", True),
        ("2026-08-24", "2026-11-23", True),
        ("2026-08-23", "2026-11-23", False),
        ("2026-11-23", "2026-11-22", False),
        ("2027-12-31", "2028-03-31", True),
        ("2099-10-01", "2099-12-31", True),
    ],
)
async def test_a_summary_is_of_one_day_to_92(pair: Pair, first: str, last: str, *, fits: bool) -> None:
    made = change("counsel_summary", uuid4(), {"from": first, "to": last}, couple=pair.couple)
    assert (await pair.one(pair.ben.phone, made)).code == (None if fits else Refusal.INVALID)
    assert ((date.fromisoformat(last) - date.fromisoformat(first)).days in range(92)) is fits


def test_what_does_not_move_its_days_is_not_asked_about_them() -> None:
    """Two phones may each have moved one end, so that together it is longer than either made it."""
    longer = a_summary(**{"from": "2026-01-01"})
    for values, code in (({"for_whom": "Dr. Ruiz"}, None), ({"to": "2026-11-22"}, Refusal.INVALID)):
        situation = Situation(actor=BEN, couple=CoupleId(UUID(int=9)), now=NOON, today=NOON.date())
        assert objection(COUNSEL_SUMMARY, Attempt(set=values, was={}), longer, situation) == code


async def test_neither_end_is_moved_too_far_from_the_other(pair: Pair) -> None:
    summary = await begin(pair)
    assert (await edit(pair, pair.ben.phone, summary, {"from": "2026-01-01"})).code == Refusal.INVALID
    assert (await edit(pair, pair.ben.phone, summary, {"to": "2026-08-31"})).code == Refusal.INVALID
    assert (await edit(pair, pair.ben.phone, summary, {"to": "2026-09-01"})).status == "applied"
    assert (await edit(pair, pair.ben.phone, summary, {"for_whom": "Dr. Ruiz"})).status == "applied"


async def test_two_phones_together_make_no_summary_of_too_many_days_or_none(pair: Pair) -> None:
    """Where one end of an edit may lose against another phone's, the other end has to fit that one too."""
    summary = await begin(pair)
    base = (await pair.look(pair.ana, summary)).version
    assert (await edit(pair, pair.ben.phone, summary, {"from": "2026-10-01"}, base=base)).status == "applied"
    unaware = {"from": "2026-06-01", "to": "2026-08-20"}
    assert (await edit(pair, pair.ana.tablet, summary, unaware, base=base, age_ms=60_000)).code == Refusal.INVALID
    assert (await edit(pair, pair.ana.tablet, summary, {"from": "2026-10-05"}, base=base, age_ms=0)).code is None
    stored = (await pair.look(pair.ana, summary)).fields
    assert (stored["from"], stored["to"]) == ("2026-10-05", "2026-11-23")


@pytest.mark.parametrize(
    ("name", "fits", "not_"),
    [
        ("text", "é" * 4000, "é" * 4001),
        ("section", "what_is_hard", "What is hard"),
        ("approvals", [f"{ANA}:{'a' * 64}"], [f"{ANA}:{'g' * 64}"]),
        ("approvals", [], [str(ANA)]),
    ],
)
def test_what_fits_into_a_part(name: str, fits: Any, not_: Any) -> None:
    assert judged(COUNSEL_PART, {name: fits}) == {name: fits}
    assert judged(COUNSEL_PART, {name: not_}) is Refusal.INVALID
    assert judged(COUNSEL_SUMMARY, {"for_whom": "x" * 81}) is Refusal.INVALID


# Each for themselves -------------------------------------------------------------------------------------------


async def test_i29_one_changed_byte_takes_a_part_out_until_it_is_approved_anew(pair: Pair) -> None:
    """F24: One byte changes after approval: the part leaves the summary."""
    summary = await begin(pair)
    part = await write(pair, summary)
    assert await state(pair, summary) == "draft"
    await approve(pair, pair.ana.phone, part)
    assert await state(pair, summary) == "ready"
    await edit(pair, pair.ana.tablet, part, {"text": TEXT + "!"}, was={"text": TEXT})
    assert await state(pair, summary) == "draft"
    await approve(pair, pair.ana.phone, part, TEXT + "!")
    assert await state(pair, summary) == "ready"
    await edit(pair, pair.ana.phone, part, {"approvals": []})
    assert await state(pair, summary) == "draft"


@pytest.mark.parametrize("approved_first", [False, True])
async def test_i29_a_yes_that_had_not_seen_the_last_change_approves_nothing(
    pair: Pair, *, approved_first: bool
) -> None:
    summary = await begin(pair)
    part = await write(pair, summary, section="agreements")
    await approve(pair, pair.ana.phone, part)
    base = (await pair.look(pair.ana, part)).version
    for yes in (approved_first, not approved_first):
        if yes:
            await approve(pair, pair.ben.phone, part, base=base)
        else:
            await edit(pair, pair.ana.phone, part, {"text": "More."}, was={"text": TEXT}, base=base)
    assert (await pair.look(pair.ana, part)).fields["text"] == "More."
    assert await state(pair, summary) == "draft"


async def test_one_s_own_parts_do_not_wait_for_the_other_s(pair: Pair) -> None:
    summary = await begin(pair)
    mine, _theirs = await write(pair, summary), await write(pair, summary, pair.ben)
    await approve(pair, pair.ana.phone, mine)
    assert await state(pair, summary) == "ready"


async def test_an_agreement_needs_the_yes_of_both(pair: Pair) -> None:
    summary = await begin(pair)
    part = await write(pair, summary, section="agreements")
    await approve(pair, pair.ben.phone, part)
    assert await state(pair, summary) == "draft"
    await approve(pair, pair.ana.phone, part)
    assert await state(pair, summary) == "ready"


async def test_a_part_is_written_by_its_author_alone(pair: Pair) -> None:
    summary = await begin(pair)
    part = await write(pair, summary)
    for rest in ({"values": {"text": "Mine now."}}, {"remove": True}, {"values": {"text": "x", "approvals": []}}):
        assert (await edit(pair, pair.ben.phone, part, **rest)).code == Refusal.NOT_AUTHOR
    assert await pair.words_for(pair.ben) == []
    assert (await pair.look(pair.ana, part)).fields["text"] == TEXT


async def test_i12_nobody_says_yes_or_takes_a_yes_back_for_the_other(pair: Pair) -> None:
    summary = await begin(pair)
    ben, ana = approval(pair.ben.person, TEXT), approval(pair.ana.person, TEXT)
    born = {"summary": str(summary), "section": "agreements", "text": TEXT, "approvals": sorted([ana, ben])}
    made = change("counsel_part", uuid4(), born, couple=pair.couple)
    assert (await pair.one(pair.ana.phone, made)).code == Refusal.NEEDS_THEIR_YES
    part = await write(pair, summary, section="agreements", approvals=[ana])
    for_ana = {"values": {"approvals": [approval(pair.ana.person, "x")]}, "was": {"approvals": []}}
    assert (await edit(pair, pair.ben.phone, part, **for_ana)).code == Refusal.NEEDS_THEIR_YES
    taken = {"values": {"approvals": []}, "was": {"approvals": [ana]}}
    assert (await edit(pair, pair.ben.phone, part, **taken)).code == Refusal.NEEDS_THEIR_YES
    assert (await pair.look(pair.ana, part)).fields["approvals"] == [ana]


async def test_nobody_fills_the_room_and_keeps_the_other_s_yes_out(pair: Pair) -> None:
    summary = await begin(pair)
    part = await write(pair, summary)
    many = [f"{pair.ben.person}:{nth:064x}" for nth in range(APPROVALS_MAX)]
    whole = await edit(pair, pair.ben.phone, part, {"approvals": many}, was={"approvals": []})
    assert whole.code == Refusal.TOO_MANY
    codes = [
        (await edit(pair, pair.ben.phone, part, {"approvals": [each]}, was={"approvals": []})).code for each in many
    ]
    assert codes == [None] * 4 + [Refusal.TOO_MANY] * 4
    assert (await approve(pair, pair.ana.phone, part)).status == "applied"
    assert await state(pair, summary) == "ready"


async def test_who_approves_anew_each_time_never_runs_out_of_room(pair: Pair) -> None:
    summary = await begin(pair)
    part = await write(pair, summary)
    for nth in range(2 * APPROVALS_MAX):
        await edit(pair, pair.ana.phone, part, {"text": f"{nth}."})
        assert (await approve(pair, pair.ana.phone, part, f"{nth}.")).status == "applied"
        assert await state(pair, summary) == "ready"


async def test_i29_what_is_approved_are_the_bytes_that_are_stored_and_not_those_that_were_typed(pair: Pair) -> None:
    summary = await begin(pair)
    typed = "e\u0301te\u0301"
    part = await write(pair, summary, text=typed)
    await approve(pair, pair.ana.phone, part, typed)
    assert await state(pair, summary) == "draft"
    await approve(pair, pair.ana.phone, part, unicodedata.normalize("NFC", typed))
    assert await state(pair, summary) == "ready"


# Taking out ----------------------------------------------------------------------------------------------------


async def test_a_removed_part_is_out_at_once_and_in_again_when_it_is_brought_back(pair: Pair) -> None:
    summary = await begin(pair)
    part = await write(pair, summary)
    await approve(pair, pair.ana.phone, part)
    await edit(pair, pair.ana.phone, part, remove=True)
    assert await state(pair, summary) == "draft"
    await edit(pair, pair.ana.phone, part, remove=False)
    assert await state(pair, summary) == "ready"


@pytest.mark.parametrize("who", ["ben", "ana"])
@pytest.mark.parametrize("removed_first", [False, True])
async def test_a_yes_keeps_no_part_from_being_removed(pair: Pair, who: str, *, removed_first: bool) -> None:
    summary = await begin(pair)
    part = await write(pair, summary, section="agreements")
    await approve(pair, pair.ana.phone, part)
    base = (await pair.look(pair.ana, part)).version
    for removes in (removed_first, not removed_first):
        if removes:
            await edit(pair, pair.ana.phone, part, base=base, remove=True)
        else:
            await approve(pair, pair.ben.phone if who == "ben" else pair.ana.tablet, part, "Other words.", base)
    assert (await pair.look(pair.ana, part)).removed
    assert await state(pair, summary) == "draft"


@pytest.mark.parametrize("removed_first", [False, True])
async def test_words_of_one_s_own_other_phone_bring_a_removed_part_back_unapproved(
    pair: Pair, *, removed_first: bool
) -> None:
    summary = await begin(pair)
    part = await write(pair, summary)
    await approve(pair, pair.ana.phone, part)
    base = (await pair.look(pair.ana, part)).version
    for removes in (removed_first, not removed_first):
        if removes:
            await edit(pair, pair.ana.phone, part, base=base, remove=True)
        else:
            await edit(pair, pair.ana.tablet, part, {"text": "More."}, was={"text": TEXT}, base=base)
    stored = await pair.look(pair.ana, part)
    assert (stored.removed, stored.fields["text"]) == (False, "More.")
    assert await state(pair, summary) == "draft", "I29"


async def removed_unseen(pair: Pair) -> tuple[UUID, int]:
    """A summary that was ready when Ben saw it last, by this version; since then it and its only part were removed."""
    summary = await begin(pair)
    part = await write(pair, summary)
    await approve(pair, pair.ana.phone, part)
    seen = await pair.look(pair.ben, summary)
    assert seen.fields["state"] == "ready"
    await edit(pair, pair.ana.phone, summary, remove=True)
    await edit(pair, pair.ana.phone, part, remove=True)
    return summary, seen.version


async def test_a_summary_that_an_edit_brings_back_says_how_it_stands_now(pair: Pair) -> None:
    summary, seen = await removed_unseen(pair)
    assert (await edit(pair, pair.ben.phone, summary, {"for_whom": "Dr. Ruiz"}, base=seen)).code is None
    assert not (await pair.look(pair.ana, summary)).removed
    assert await state(pair, summary) == "draft"


async def test_what_moves_a_record_that_comes_back_is_asked_for_and_of_one_that_stays_is_not(pair: Pair) -> None:
    """One that stays has followed it all along."""
    summary, seen = await removed_unseen(pair)
    edits = change("counsel_summary", summary, {"for_whom": "Dr. Ruiz"}, base=seen, couple=pair.couple)
    assert (await pair.decide(pair.ben.phone, edits)).families == {(summary, "counsel_part")}
    there = await begin(pair)
    edits = change("counsel_summary", there, {"for_whom": "Dr. Ruiz"}, base=99, couple=pair.couple)
    assert (await pair.decide(pair.ben.phone, edits)).families == frozenset()


async def test_the_partner_approves_nothing_that_was_removed(pair: Pair) -> None:
    summary = await begin(pair)
    part = await write(pair, summary)
    await edit(pair, pair.ana.phone, part, remove=True)
    assert (await approve(pair, pair.ben.phone, part)).code == Refusal.NOT_AUTHOR


async def test_a_part_that_comes_before_its_summary_counts_when_that_has_come(pair: Pair) -> None:
    summary = uuid4()
    await write(pair, summary, approvals=[approval(pair.ana.person, TEXT)])
    made = change("counsel_summary", summary, {"from": "2026-11-01", "to": "2026-11-23"}, couple=pair.couple)
    await pair.one(pair.ben.phone, made)
    assert await state(pair, summary) == "ready"


async def test_a_fifty_first_part_and_summary_are_too_many(pair: Pair) -> None:
    summary = await begin(pair)
    fields = {"summary": str(summary), "section": "hopes", "text": TEXT}
    parts = [change("counsel_part", uuid4(), fields, couple=pair.couple) for _ in range(51)]
    assert [each.code for each in await pair.push(pair.ben.phone, *parts)] == [None] * 50 + [Refusal.TOO_MANY]
    range_ = {"from": "2026-11-01", "to": "2026-11-23"}
    more = [change("counsel_summary", uuid4(), range_, couple=pair.couple) for _ in range(50)]
    assert [each.code for each in await pair.push(pair.ben.phone, *more)] == [None] * 49 + [Refusal.TOO_MANY]


# Phones --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("yes", [("ana",), ("ben",), ("ana", "ben"), ()])
@pytest.mark.parametrize("section", ["hopes", "agreements"])
async def test_a_phone_shows_before_it_syncs_what_the_server_says_then(section: str, yes: tuple[str, ...]) -> None:
    world = World(seed=4)
    ana, ben = world.person("Ana"), world.person("Ben")
    world.pair(ana, ben)
    phone, other = world.device(ana), world.device(ben)
    await world.settle()
    summary = phone.make("counsel_summary", **{"from": "2026-02-01", "to": "2026-03-01"})
    part = phone.make("counsel_part", summary=str(summary), section=section, text=TEXT)
    await world.settle()
    if "ben" in yes:
        other.write(part, approvals=[approval(ben.id, TEXT)])
        await world.settle()
    if "ana" in yes:
        phone.write(part, approvals=sorted([*phone.fields(part)["approvals"], approval(ana.id, TEXT)]))
    shown = phone.fields(summary)["state"]
    await world.settle()
    assert (
        shown
        == phone.fields(summary)["state"]
        == other.fields(summary)["state"]
        == world.stored(summary).fields["state"]
    )


async def test_a_phone_makes_a_part_with_its_own_yes_and_with_nobody_else_s() -> None:
    world = World(seed=5)
    ana, ben = world.person("Ana"), world.person("Ben")
    world.pair(ana, ben)
    phone = world.device(ana)
    await world.settle()
    summary = phone.make("counsel_summary", **{"from": "2026-02-01", "to": "2026-03-01"})
    part = phone.make(
        "counsel_part", summary=str(summary), section="hopes", text=TEXT, approvals=[approval(ana.id, TEXT)]
    )
    assert phone.fields(summary)["state"] == "ready"
    await world.settle()
    assert world.stored(part).fields["approvals"] == [approval(ana.id, TEXT)]
    with pytest.raises(Exception, match="yes"):
        phone.make("counsel_part", summary=str(summary), section="hopes", text=TEXT, approvals=[approval(ben.id, TEXT)])


async def test_a_phone_shows_no_summary_of_a_couple_that_has_parted_as_shared() -> None:
    world = World(seed=7)
    ana, ben = world.person("Ana"), world.person("Ben")
    couple = world.pair(ana, ben)
    phone = world.device(ana)
    await world.settle()
    summary = phone.make("counsel_summary", **{"from": "2026-02-01", "to": "2026-03-01"})
    await world.settle()
    caller = Caller(ana.id, DeviceId(UUID(int=9)), (ana.personal, couple.space), may_keep=True)
    await service.open_link(world.store, world.keys, caller, summary, world.now + timedelta(days=2), world.now)
    await world.settle()

    def said() -> str:
        shown = phone.shown(summary)
        assert shown is not None
        nobody = People(mine=ana.id, name="Ana", couple=None, partners={})
        return "\n".join(Listing(phone.replica, nobody, ZoneInfo("UTC"), world.now).lines(shown))

    assert "state: shared" in said()
    world.part(couple)
    await world.settle()
    assert "state: expired" in said()


async def test_after_a_restore_each_phone_brings_its_own_yes_back() -> None:
    world = World(seed=6)
    ana, ben = world.person("Ana"), world.person("Ben")
    world.pair(ana, ben)
    phone, other = world.device(ana), world.device(ben)
    await world.settle()
    dump = world.dump()
    summary = phone.make("counsel_summary", **{"from": "2026-02-01", "to": "2026-03-01"})
    part = phone.make("counsel_part", summary=str(summary), section="agreements", text=TEXT)
    phone.write(part, approvals=[approval(ana.id, TEXT)])
    await world.settle()
    other.write(part, approvals=sorted([approval(ana.id, TEXT), approval(ben.id, TEXT)]))
    await world.settle()
    world.restore(dump)
    await world.settle()
    assert world.stored(part).fields["approvals"] == sorted([approval(ana.id, TEXT), approval(ben.id, TEXT)])
    assert world.stored(summary).fields["state"] == "ready"
