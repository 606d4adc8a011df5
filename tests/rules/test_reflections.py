"""Reflections and notes on balance: for nobody else, ever; and what is sealed is looked into by nobody here."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.kinds import judged
from domain.reflections import BALANCE_NOTE, OWN_WORDS_MAX, REFLECTION, SEALED_BYTES_MAX, THOUGHTS
from domain.refusals import Refusal
from sync import service
from sync.wire import Outcome
from tests.pair import Pair, change, in_memory

SEALED = "c2VhbGVkIGJ5IEFuYSdzIHBob25l"
ANOTHER = "c2VhbGVkIGJ5IGhlciB0YWJsZXQ="


@pytest.fixture
async def pair() -> Pair:
    return await in_memory()


async def reflect(pair: Pair, **values: Any) -> UUID:
    reflection = uuid4()
    assert (await pair.one(pair.ana.phone, change("reflection", reflection, values))).status == "applied"
    return reflection


async def edit(pair: Pair, reflection: UUID, base: int | None = None, *, tablet: bool = False, **rest: Any) -> Outcome:
    at = (await pair.look(pair.ana, reflection)).version if base is None else base
    who = pair.ana.tablet if tablet else pair.ana.phone
    return await pair.one(who, change("reflection", reflection, base=at, **rest))


async def fields(pair: Pair, reflection: UUID) -> dict[str, Any]:
    """What is in it, without what is empty."""
    stored = await pair.look(pair.ana, reflection)
    assert stored.alternatives == {}
    return {name: value for name, value in stored.fields.items() if value not in (None, [])}


# For nobody else -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("reflection", {"trigger": "The door.", "feelings": ["small"], "own_tags": ["doors"], "intensity": 4}),
        ("reflection", {"sealed": SEALED}),
        ("balance_note", {"month": "2026-11", "lean_on": 4, "own_ground": 2, "line": "More of my own."}),
    ],
)
async def test_i2_i6_no_byte_for_the_partner_moves(pair: Pair, kind: str, values: dict[str, Any]) -> None:
    """F16, F22: No payload for Ben names the kind."""
    before = await pair.page(pair.ben)
    identity = uuid4()
    await pair.one(pair.ana.phone, change(kind, identity, values))
    await pair.one(pair.ana.phone, change(kind, identity, remove=True, base=9))
    assert await pair.page(pair.ben) == before
    assert kind not in {row.kind for row in before.rows}


async def test_i3_the_partner_gets_the_same_answer_for_a_reflection_and_for_an_id_that_never_was(pair: Pair) -> None:
    reflection = await reflect(pair, trigger="The door.")
    for identity in (reflection, uuid4()):
        with pytest.raises(service.UnknownRecordError):
            await service.revisions(pair.store, pair.ben.phone, "reflection", identity)
        with pytest.raises(service.UnknownRecordError):
            await service.purge(pair.store, pair.keys, pair.ben.phone, "reflection", identity, pair.now)
    assert await fields(pair, reflection) == {"trigger": "The door."}


async def test_one_month_may_have_two_notes_and_each_keeps_its_month(pair: Pair) -> None:
    one, two = (change("balance_note", uuid4(), {"month": "2026-11", "lean_on": nth}) for nth in (1, 5))
    assert [each.status for each in await pair.push(pair.ana.phone, one, two)] == ["applied"] * 2
    moved = await pair.one(pair.ana.phone, change("balance_note", one.id, {"month": "2026-12"}, base=9))
    assert moved.code == Refusal.IMMUTABLE


# What fits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", THOUGHTS)
def test_a_thought_has_five_hundred_characters(name: str) -> None:
    assert judged(REFLECTION, {name: "é" * 500}) == {name: "é" * 500}
    assert judged(REFLECTION, {name: "x" * 501}) is Refusal.INVALID


@pytest.mark.parametrize("name", ["feelings", "own_tags"])
def test_own_words_are_five_short_ones_in_one_order(name: str) -> None:
    five = [f"{nth}" + "x" * 23 for nth in range(OWN_WORDS_MAX)]
    assert judged(REFLECTION, {name: five[::-1]}) == {name: five}
    assert judged(REFLECTION, {name: [*five, "x"]}) is Refusal.INVALID
    assert judged(REFLECTION, {name: ["x" * 25]}) is Refusal.INVALID
    assert judged(REFLECTION, {name: ["two\nlines"]}) is Refusal.INVALID
    assert judged(REFLECTION, {name: ["שקט", "calm 🌿"]}) == {name: ["calm 🌿", "שקט"]}


@pytest.mark.parametrize(
    ("name", "fits", "not_"),
    [
        ("month", "2026-11", "2026-13"),
        ("lean_on", 5, 6),
        ("own_ground", 1, 0),
        ("line", "x" * 280, "x" * 281),
    ],
)
def test_what_fits_into_a_note_on_balance(name: str, fits: Any, not_: Any) -> None:
    assert judged(BALANCE_NOTE, {name: fits}) == {name: fits}
    assert judged(BALANCE_NOTE, {name: not_}) is Refusal.INVALID
    assert BALANCE_NOTE.needed == ("month",)


def test_intensity_is_one_to_five() -> None:
    assert [judged(REFLECTION, {"intensity": each}) for each in (0, 6, 2.5)] == [Refusal.INVALID] * 3
    assert judged(REFLECTION, {"intensity": None}) == {"intensity": None}


# What is sealed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sealed", [SEALED, "AAAA", "/w==", "A" * (SEALED_BYTES_MAX // 3 * 4)])
async def test_i33_what_is_sealed_is_kept_as_it_came_and_reaches_the_other_phone(pair: Pair, sealed: str) -> None:
    """F6: A sealed reflection travels between Ana's phones; the server cannot read it."""
    reflection = await reflect(pair, sealed=sealed)
    assert await fields(pair, reflection) == {"sealed": sealed}
    rows = await pair.store.changed_since(pair.ana.tablet, {}, limit=9)
    assert sealed.encode() in b"".join(row.body or b"" for row in rows.rows)


@pytest.mark.parametrize(
    "plain", [{"trigger": "x"}, {"other_view": "x"}, {"feelings": ["x"]}, {"own_tags": ["x"]}, {"intensity": 1}]
)
async def test_i33_nothing_plain_is_written_beside_a_seal(pair: Pair, plain: dict[str, Any]) -> None:
    made = await pair.one(pair.ana.phone, change("reflection", uuid4(), {"sealed": SEALED} | plain))
    assert made.code == Refusal.INVALID
    reflection = await reflect(pair, sealed=SEALED)
    assert (await edit(pair, reflection, values=plain)).code == Refusal.INVALID
    assert await fields(pair, reflection) == {"sealed": SEALED}


async def test_empty_values_beside_a_seal_are_nothing(pair: Pair) -> None:
    nothing: dict[str, Any] = {"trigger": None, "reaction": "", "feelings": [], "intensity": None}
    reflection = await reflect(pair, sealed=SEALED, **nothing)
    assert await fields(pair, reflection) == {"sealed": SEALED}


async def test_whoever_opens_a_seal_may_write_plainly_again(pair: Pair) -> None:
    reflection = await reflect(pair, sealed=SEALED)
    opened = await edit(pair, reflection, values={"sealed": None, "trigger": "The door."})
    assert opened.status == "applied"
    assert await fields(pair, reflection) == {"trigger": "The door."}


async def test_with_a_seal_the_rest_is_emptied_whether_the_phone_says_so_or_not(pair: Pair) -> None:
    reflection = await reflect(pair, trigger="The door.", feelings=["small"], intensity=3)
    assert (await edit(pair, reflection, values={"sealed": SEALED})).status == "applied"
    assert await fields(pair, reflection) == {"sealed": SEALED}


MEANWHILE = [{"trigger": "The bell."}, {"reaction": "I hid."}, {"feelings": ["small", "cold"]}, {"intensity": 5}]


@pytest.mark.parametrize("meanwhile", MEANWHILE)
@pytest.mark.parametrize("sealed_first", [False, True])
async def test_i33_i35_what_another_phone_writes_meanwhile_stands_beside_no_seal_and_is_not_lost(
    pair: Pair, meanwhile: dict[str, Any], *, sealed_first: bool
) -> None:
    reflection = await reflect(pair, trigger="The door.", feelings=["small"])
    base = (await pair.look(pair.ana, reflection)).version
    known = {"trigger": "The door.", "feelings": ["small"]}
    seals: dict[str, Any] = {
        "values": {"sealed": SEALED, "trigger": None, "feelings": []},
        "was": known | {"sealed": None},
    }
    writes: dict[str, Any] = {"values": meanwhile, "was": {name: known.get(name) for name in meanwhile}}
    for made, tablet in ((seals, False), (writes, True)) if sealed_first else ((writes, True), (seals, False)):
        await edit(pair, reflection, base, tablet=tablet, **made)
    assert await fields(pair, reflection) == {"sealed": SEALED}
    [said] = [str(each) for value in meanwhile.values() for each in (value if isinstance(value, list) else [value])][
        -1:
    ]
    kept = await pair.held_about(pair.ana, reflection) + repr(await pair.words_for(pair.ana))
    assert said in kept or meanwhile == {"intensity": 5}


@pytest.mark.parametrize("opened_first", [False, True])
async def test_i33_a_seal_made_unaware_of_an_opening_stands_and_nothing_plain_beside_it(
    pair: Pair, *, opened_first: bool
) -> None:
    reflection = await reflect(pair, sealed=SEALED)
    base = (await pair.look(pair.ana, reflection)).version
    opens = {"sealed": None, "trigger": "The door."}
    first, second = (opens, {"sealed": ANOTHER}) if opened_first else ({"sealed": ANOTHER}, opens)
    await edit(pair, reflection, base, values=first, was={"sealed": SEALED}, age_ms=1)
    await edit(pair, reflection, base, tablet=True, values=second, was={"sealed": SEALED}, age_ms=0)
    left = await fields(pair, reflection)
    assert left == {"sealed": ANOTHER}


async def test_of_two_seals_the_later_one_stands_and_the_other_stays_behind(pair: Pair) -> None:
    reflection = await reflect(pair, trigger="The door.")
    base = (await pair.look(pair.ana, reflection)).version
    await edit(pair, reflection, base, values={"sealed": SEALED, "trigger": None}, age_ms=1)
    await edit(pair, reflection, base, tablet=True, values={"sealed": ANOTHER, "trigger": None}, age_ms=0)
    assert await fields(pair, reflection) == {"sealed": ANOTHER}
    assert SEALED in await pair.held_about(pair.ana, reflection)


async def test_a_text_that_stood_beside_goes_behind_when_it_is_sealed(pair: Pair) -> None:
    reflection = await reflect(pair, trigger="The door.")
    base = (await pair.look(pair.ana, reflection)).version
    for text, tablet in (("The bell.", False), ("The bus.", True)):
        await edit(pair, reflection, base, tablet=tablet, values={"trigger": text}, was={"trigger": "The door."})
    assert (await pair.look(pair.ana, reflection)).alternatives
    await edit(pair, reflection, values={"sealed": SEALED})
    assert await fields(pair, reflection) == {"sealed": SEALED}
    behind = await service.revisions(pair.store, pair.ana.phone, "reflection", reflection)
    assert {"The bell.", "The bus."} <= {
        value.value for each in behind.revisions for value in each.values if value.field == "trigger"
    }


async def test_i35_what_is_sealed_comes_back_when_it_is_refused(pair: Pair) -> None:
    refused = await pair.one(
        pair.ana.phone, change("reflection", uuid4(), {"sealed": SEALED, "trigger": "The door.", "feelings": ["small"]})
    )
    assert refused.code == Refusal.INVALID
    words = {"sealed": SEALED, "trigger": "The door.", "feelings": "small"}
    assert [each["words"] for each in await pair.words_for(pair.ana)] == [words]
    assert await pair.words_for(pair.ben) == []


async def test_i23_a_purge_destroys_sealed_words_tags_and_feelings_and_keeps_them_out(pair: Pair) -> None:
    tags = ["CANARY tag", "CANARY too"]
    reflection = await reflect(pair, own_tags=tags, feelings=["CANARY"], trigger="CANARY. The door.", intensity=2)
    first = (await pair.look(pair.ana, reflection)).version
    await edit(pair, reflection, values={"own_tags": ["CANARY three"]}, was={"own_tags": tags})
    await edit(pair, reflection, values={"sealed": "CANARY00"})
    await service.purge(pair.store, pair.keys, pair.ana.phone, "reflection", reflection, pair.now)
    assert "CANARY" not in await pair.held_about(pair.ana, reflection)
    for late in ({"own_tags": ["CANARY tag", "quiet"]}, {"sealed": "CANARY00"}, {"trigger": "CANARY."}):
        await edit(pair, reflection, first, tablet=True, values=late, was={name: [] for name in late})
    assert await fields(pair, reflection) == {"own_tags": ["quiet"]}
    assert "CANARY" not in await pair.held_about(pair.ana, reflection)
    await service.purge(pair.store, pair.keys, pair.ana.phone, "reflection", reflection, pair.now)
    await edit(pair, reflection, values={"own_tags": ["CANARY tag"]})
    assert await fields(pair, reflection) == {"own_tags": ["CANARY tag"]}, "who has seen the purge may say it again"
