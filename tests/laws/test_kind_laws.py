"""Laws of kinds: what phones do to one record unaware of each other comes to the same in every order of arrival."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

from hypothesis import example, given
from hypothesis import strategies as st

from domain.counsel import approval, counts
from domain.ids import PersonId, RecordId
from domain.pauses import LONGEST, Pause, current
from tests.pair import Pair, change, in_memory
from tests.world import World

ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


# Pauses --------------------------------------------------------------------------------------------------------

PAUSES = st.lists(
    st.builds(
        lambda number, start, length, author, back, aside: Pause(
            id=RecordId(UUID(int=number)),
            author=author,
            started_at=NOON + timedelta(minutes=start),
            return_at=NOON + timedelta(minutes=start + length),
            resumed_by=frozenset(back),
            set_aside=aside,
        ),
        st.integers(1, 99),
        st.integers(0, 3000),
        st.integers(20, 1440),
        st.sampled_from((ANA, BEN)),
        st.sets(st.sampled_from((ANA, BEN))),
        st.sampled_from((False, False, True)),
    ),
    max_size=5,
    unique_by=lambda pause: pause.id,
)


@given(PAUSES, st.randoms(use_true_random=False), st.integers(0, 6000))
def test_pauses_are_the_same_one_in_whatever_order_they_came(pauses: list[Pause], chance: Any, later: int) -> None:
    now = NOON + timedelta(minutes=later)
    found = current(pauses, frozenset({ANA, BEN}), now)
    shuffled = list(pauses)
    chance.shuffle(shuffled)
    assert current(shuffled, frozenset({ANA, BEN}), now) == found
    if found is None:
        assert not pauses
        return
    named = [each for each in pauses if each.id in found.pauses]
    assert found.started_at == min(each.started_at for each in named)
    assert found.return_at <= found.started_at + LONGEST
    assert found.return_at <= max(each.return_at for each in named)
    assert found.started_by == {each.author for each in named}
    if found.state in ("active", "due"):
        assert not any(each.set_aside or each.resumed_by >= {ANA, BEN} for each in named)
    holds = [each for each in pauses if not each.set_aside and each.resumed_by < {ANA, BEN}]
    if any(each.started_at <= now < each.return_at for each in holds):
        covered = any(each.started_at + LONGEST <= now for each in holds)
        assert found.state == "active" or covered, "nobody who stepped back is told that it is over"


Said = tuple[int, int | None]
"""Which phone says something about a pause, and how long it makes it; None: its person has come back."""


SAYS = st.sampled_from((None, 45, 60, 90))


@example([(0, None), (2, 45), (1, 45)])
@example([(0, None), (2, 45), (1, 60)])
@given(st.lists(st.tuples(st.integers(0, 3), SAYS), min_size=2, max_size=4, unique_by=lambda said: said[0]))
def test_longer_and_back_come_to_the_same_in_every_order(said: list[Said]) -> None:
    """Both phones and both tablets, each once, all knowing of the pause as it began."""
    outcomes = [asyncio.run(_paused(order)) for order in permutations(said)]
    assert outcomes == outcomes[:1] * len(outcomes)
    minutes, _, back = outcomes[0]
    assert minutes == max(30, *(each or 0 for _, each in said))
    for name, phones in (("ana", (0, 2)), ("ben", (1, 3))):
        own = [each for phone, each in said if phone in phones]
        assert (name in back) == (None in own and not any(own)), "back is who came back and asked for no longer pause"


async def _paused(said: Sequence[Said], seen: Sequence[Said] = ()) -> Any:
    pair = await in_memory()
    pause = uuid4()
    made = await pair.one(pair.ana.phone, change("pause", pause, {"minutes": 30}, couple=pair.couple))
    for nth, (phone, minutes) in enumerate((*seen, *said)):
        knows = nth < len(seen)
        stored = (await pair.look(pair.ana, pause)) if knows else None
        known = {"minutes": 30, "resumed_by": []} if stored is None else stored.fields
        who = (pair.ana.phone, pair.ben.phone, pair.ana.tablet, pair.ben.tablet)[phone]
        name = "resumed_by" if minutes is None else "minutes"
        value = sorted({*known[name], str(who.person)}) if minutes is None else max(minutes, known["minutes"])
        base = made.version if stored is None else stored.version
        edit = change("pause", pause, {name: value}, was={name: known[name]}, base=base, couple=pair.couple)
        assert (await pair.one(who, edit)).code is None
    fields = (await pair.look(pair.ana, pause)).fields
    back = {"ana" if each == str(pair.ana.person) else "ben" for each in fields["resumed_by"]}
    return fields["minutes"], fields["return_at"], back


@given(
    st.lists(st.tuples(st.integers(0, 1), SAYS), max_size=2),
    st.lists(st.tuples(st.integers(2, 3), SAYS), min_size=2, max_size=2, unique_by=lambda said: said[0]),
)
def test_what_comes_late_about_a_pause_comes_to_the_same_in_every_order(seen: list[Said], late: list[Said]) -> None:
    """Two phones speak in turn, each knowing of all; the tablets have known nothing since the pause began."""
    outcomes = [asyncio.run(_paused(order, seen)) for order in permutations(late)]
    assert outcomes == outcomes[:1] * len(outcomes)


# Approvals -----------------------------------------------------------------------------------------------------

TEXTS = ("One.", "Two.", "One. Two.")


@given(
    st.lists(st.tuples(st.sampled_from(("text", "ana", "ben")), st.sampled_from(TEXTS)), min_size=1, max_size=5),
    st.lists(st.booleans(), min_size=5, max_size=5),
)
def test_i29_a_part_counts_by_nothing_but_yeses_to_its_very_bytes(
    said: list[tuple[str, str]], aware: list[bool]
) -> None:
    asyncio.run(_counted(said, aware))


async def _counted(said: list[tuple[str, str]], aware: list[bool]) -> None:
    pair = await in_memory()
    part = uuid4()
    fields = {"summary": str(uuid4()), "section": "agreements", "text": "Zero."}
    made = await pair.one(pair.ana.phone, change("counsel_part", part, fields, couple=pair.couple))
    yeses: dict[str, set[str]] = {"ana": set(), "ben": set()}
    for (what, text), knows in zip(said, aware, strict=False):
        stored = await pair.look(pair.ana, part)
        base = stored.version if knows else made.version
        if what == "text":
            edit = change("counsel_part", part, {"text": text}, base=base, couple=pair.couple)
            await pair.one(pair.ana.tablet, edit)
            continue
        who = getattr(pair, what)
        values = {"approvals": [approval(who.person, text)]}
        edit = change("counsel_part", part, values, was={"approvals": []}, base=base, couple=pair.couple)
        assert (await pair.one(who.phone, edit)).code is None
        yeses[what].add(text)
    stored = await pair.look(pair.ana, part)
    members = frozenset({pair.ana.person, pair.ben.person})
    assert counts(stored, members) == all(stored.fields["text"] in each for each in yeses.values())
    digest = sha256(stored.fields["text"].encode()).hexdigest()
    assert counts(stored, members) == all(f"{each}:{digest}" in stored.fields["approvals"] for each in members)


# Boundaries ----------------------------------------------------------------------------------------------------

LEVELS = ("silent", "effect", "effect_and_message")
CLOSED = {"audience": "only_me", "visibility": "silent"}
UNTIL = (None, "2026-03-02T18:00:00Z", "2026-03-02T20:00:00Z")
OPENING = {"audience": st.sampled_from(("only_me", "couple")), "visibility": st.sampled_from(LEVELS)}
EDITS = st.fixed_dictionaries(
    {},
    optional=OPENING | {"until": st.sampled_from(UNTIL), "message": st.just("New."), "note_private": st.just("New.")},
)


@example(  # A phone that says what stands there says nothing, and closes nothing.
    CLOSED | {"until": None}, {"visibility": "silent"}, {"audience": "couple", "visibility": "effect"}
)
@given(st.fixed_dictionaries(OPENING | {"until": st.sampled_from(UNTIL)}), EDITS, EDITS)
def test_i10_one_edit_of_each_of_two_phones_leaves_the_same_boundary_in_either_order(
    before: dict[str, Any], one: dict[str, Any], two: dict[str, Any]
) -> None:
    edits = (one, two | {name: "Other." for name in ("message", "note_private") if name in two})
    drawn, other = (asyncio.run(_drawn(before, edits, order)) for order in ((0, 1), (1, 0)))
    assert drawn == other
    stored, shown = drawn
    for each in (one, two):
        if any(before[name] != each.get(name) == private for name, private in CLOSED.items()):
            assert shown == [], "what either closed is closed"
    assert all("note_private" not in each for each in shown)
    protected = [each.get("until", before["until"]) for each in (one, two)]
    assert stored["until"] in (None, *UNTIL)
    if "until" in one and "until" in two and before["until"] not in protected:
        assert stored["until"] is None if None in protected else stored["until"] == max(map(str, protected))


async def _drawn(before: dict[str, Any], edits: tuple[dict[str, Any], ...], order: tuple[int, int]) -> Any:
    world = World(seed=5)
    ana, ben = world.person("Ana"), world.person("Ben")
    couple = world.pair(ana, ben)
    phones, bens = (world.device(ana), world.device(ana)), world.device(ben)
    await world.settle()

    def meant(values: dict[str, Any]) -> dict[str, Any]:
        return values | ({"audience": couple.id} if values.get("audience") == "couple" else {})

    boundary = phones[0].make("boundary", form="space", zone="Europe/Berlin", message="Old.", **meant(before))
    await world.settle()
    for phone, values in zip(phones, edits, strict=True):
        if values:
            phone.write(boundary, **meant(values))
    for nth in order:
        await phones[nth].sync()
    await world.settle()
    stored = world.stored(boundary).fields
    assert all(phone.fields(boundary) == stored for phone in phones), "a phone shows what the server has"
    whom = "only_me" if stored["audience"] == "only_me" else "couple"
    return stored | {"audience": whom, "message": None, "note_private": None}, [
        {name: value for name, value in each.fields.items() if name != "message"}
        for each in bens.view("shown_boundary")
    ]


# Requests ------------------------------------------------------------------------------------------------------

ASKS = st.sampled_from(("withdraw", "text", "when"))


@given(st.lists(st.tuples(st.booleans(), ASKS), min_size=2, max_size=2), st.booleans())
def test_i10_a_request_that_any_phone_withdrew_is_withdrawn_in_either_order(
    done: list[tuple[bool, str]], answered: bool
) -> None:
    done = [(nth == 1, what) for nth, (_, what) in enumerate(done)]
    one = asyncio.run(_asked(done, answered=answered))
    assert one == asyncio.run(_asked(done[::-1], answered=answered))
    assert one[0] == any(what == "withdraw" for _, what in done)


async def _asked(done: Sequence[tuple[bool, str]], *, answered: bool) -> Any:
    pair: Pair = await in_memory()
    request = uuid4()
    asks = {"form": "listen", "text": "Old."}
    made = await pair.one(pair.ana.phone, change("support_request", request, asks, couple=pair.couple))
    if answered:
        values = {"to": str(request), "form": "heard_you"}
        await pair.one(pair.ben.phone, change("response", uuid4(), values, couple=pair.couple))
    for tablet, what in done:
        rest: dict[str, Any] = {
            "withdraw": {"remove": True},
            "text": {"values": {"text": "New."}, "was": {"text": "Old."}},
            "when": {"values": {"when": "now"}, "was": {"when": "no_hurry"}},
        }[what]
        edit = change("support_request", request, base=made.version, couple=pair.couple, **rest)
        await pair.one(pair.ana.tablet if tablet else pair.ana.phone, edit)
    stored = await pair.look(pair.ana, request)
    return stored.removed, stored.fields, sorted(await pair.told(pair.ana), key=str)
