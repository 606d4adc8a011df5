"""Whatever was written: every accepted own word is in an export, in each of its forms, and nothing of anybody else's.

Once over records of every kind with whatever a field can hold, and once over lives that phones have really lived.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from domain.ids import PersonId
from domain.kind import Kind, Ownership
from domain.kinds import KINDS
from domain.records import Alternative, Record
from domain.shapes import SetOf, Text
from sync.export import Owner, Together
from sync.withheld import told_beside
from tests.exported import SHOWN, TAKEN, Files, files, files_of, filled, record, words_of
from tests.pair import Pair, in_memory
from tests.simulation.ledger import is_text, words_in
from tests.simulation.play import play
from tests.simulation.servers import MemoryServer

MADE_AT = datetime(2026, 11, 27, 10, tzinfo=UTC)

IDS = [UUID(int=nth) for nth in range(1, 6)]
"""Some records of a life have these ids, so that they belong to each other, or seem to."""


NEW_IDS = st.uuids(version=4) | st.integers(0, 2**122 - 1).map(
    lambda chance: UUID(
        int=(chance >> 74) << 80 | 7 << 76 | (chance >> 62 & 0xFFF) << 64 | 2 << 62 | chance & 2**62 - 1
    )
)
"""As phones make them for couples and for one person: versions 4 and 7."""


class Life(Struct, frozen=True):
    """Records of two people, before anybody knows their ids: who wrote each, of what kind, and what is in it."""

    written: list[tuple[bool, Kind, dict[str, Any], UUID, bool, str | None]]


@st.composite
def lives(draw: Any) -> Life:
    written = []
    ids = list(IDS)
    for kind in draw(st.lists(st.sampled_from([*TAKEN, *SHOWN]), max_size=12)):
        identity = ids.pop() if ids and draw(st.booleans()) else draw(NEW_IDS)
        beside = draw(st.none() | st.sampled_from(["Or so.", "<b>\n\u05d0"]))
        written.append(
            (draw(st.booleans()), kind, draw(filled(kind.name, tuple(IDS))), identity, draw(st.booleans()), beside)
        )
    return Life(written)


async def lived(pair: Pair, life: Life) -> tuple[list[Record], list[Record]]:
    """Store a life; return what Ana's export has to hold, and what it must not."""
    hers: list[Record] = []
    not_hers: list[Record] = []
    heads = {pair.ana.personal: 1, pair.ben.personal: 1, pair.space: 0}
    by_space: dict[Any, list[Record]] = {space: [] for space in heads}
    for by_ana, kind, fields, identity, removed, beside in life.written:
        who = pair.ana if by_ana else pair.ben
        space = who.personal if kind.home == "personal" else pair.space
        if any(each.id == identity for each in by_space[space]):
            continue
        heads[space] += 1
        texts = [name for name, field in kind.fields.items() if isinstance(field.shape, Text)]
        alternatives = {texts[0]: (Alternative(who.person, beside),)} if beside and texts else {}
        removable = kind.removes.value in ("author", "either")
        made = record(
            kind.name,
            space,
            who.person,
            heads[space],
            fields,
            identity,
            removed=removed and removable,
            alternatives=alternatives,
        )
        by_space[space].append(made)
        shared = kind.ownership in (Ownership.LETTER, Ownership.JOINT)
        if kind.ownership is not Ownership.PROJECTION and (by_ana or (shared and not made.removed)):
            # What stands beside a text of the other's alone is not hers to know.
            hers.append(made if by_ana else replace(made, alternatives=told_beside(kind, made.alternatives)))
        elif kind.ownership is Ownership.PROJECTION or not shared:
            not_hers.append(made)
    for each in (pair.ana, pair.ben):
        for space in (each.personal, pair.space):
            if by_space[space] and (space != pair.space or each is pair.ana):
                await pair.put(each.phone, *by_space[space])
    return hers, not_hers


def texts_of(each: Record) -> Iterator[str]:
    """Everything in a record that a person wrote."""
    for name, value in each.fields.items():
        field = next(kind for kind in (*TAKEN, *SHOWN) if kind.name == each.kind).fields[name]
        if isinstance(field.shape, Text) and value:
            yield value
        elif isinstance(field.shape, SetOf) and isinstance(field.shape.element, Text):
            yield from value
    for beside in each.alternatives.values():
        yield from (one.text for one in beside)


def in_lines(text: str) -> str:
    """A text as the plain form sets it in."""
    return "".join(f"    {line}\n" if line else "\n" for line in text.split("\n"))


@given(life=lives())
def test_every_own_word_is_in_every_form_of_an_export(life: Life) -> None:
    async def told() -> None:
        pair = await in_memory()
        hers, _ = await lived(pair, life)
        made = await files_of(pair, pair.ana)
        # An id names one record of a space, so that two spaces may hold the same.
        held = {(kind, UUID(each["id"])): each for kind, those in made.records.items() for each in those}
        said, text = made.page.said, made.text
        for each in hers:
            passing = KINDS[each.kind].passing
            fields = each.fields if passing is None else passing.shown(each.fields, MADE_AT)
            taken = {name: value for name, value in fields.items() if name != "proof"}
            assert taken == held[each.kind, each.id]["fields"]
            for own in texts_of(each):
                assert own in said, each.kind
                assert in_lines(own) in text or f"\n{own}\n" in text, each.kind
            assert held[each.kind, each.id].get("alternatives", {}).keys() == each.alternatives.keys()
            for name, beside in each.alternatives.items():
                assert [one.text for one in beside] == [
                    one["text"] for one in held[each.kind, each.id]["alternatives"][name]
                ]

    asyncio.run(told())


@given(life=lives())
def test_nothing_of_the_partner_s_windows_or_private_records_is_in_an_export(life: Life) -> None:
    """I25, and I22: whatever a window holds, open or closed, is its author's alone."""

    async def told() -> None:
        pair = await in_memory()
        hers, not_hers = await lived(pair, life)
        made = await files_of(pair, pair.ana)
        held = {UUID(each["id"]) for those in made.records.values() for each in those}
        assert held.isdisjoint(each.id for each in not_hers if each.id not in {own.id for own in hers})
        assert made.records.keys().isdisjoint(kind.name for kind in SHOWN)

    asyncio.run(told())


@given(life=lives())
def test_the_page_and_its_plain_twin_say_the_same_words_in_the_same_order(life: Life) -> None:
    async def told() -> None:
        pair = await in_memory()
        await lived(pair, life)
        made = await files_of(pair, pair.ana, their_name="\u05d1\u05df <b>")
        page = made.page
        assert page.unclosed == []
        assert page.words == words_of(made.text)

    asyncio.run(told())


@given(life=lives())
def test_whatever_is_written_makes_no_markup(life: Life) -> None:
    """Every tag and every attribute of the page is one of ours."""

    async def told() -> None:
        pair = await in_memory()
        await lived(pair, life)
        for tag, attributes in (await files_of(pair, pair.ana)).page.tags:
            assert tag in OURS, tag
            assert attributes.keys() <= OURS[tag], (tag, attributes)

    asyncio.run(told())


_SAID = {"class", "dir", "lang"}
OURS: dict[str, set[str]] = {
    "html": {"lang"},
    "head": set(),
    "meta": {"charset", "name", "content", "http-equiv"},
    "title": set(),
    "style": set(),
    "body": set(),
    "header": set(),
    "section": {"class", "aria-label"},
    "nav": {"aria-labelledby"},
    "main": set(),
    "article": set(),
    "div": {"class"},
    "p": _SAID,
    "span": _SAID,
    "bdi": {"lang"},
    "ul": {"class"},
    "li": _SAID,
    "a": {"href"},
    "h1": set(),
    "h2": {"id"},
    "h3": {"id"},
    "h4": {"class"},
    "h5": set(),
    "h6": set(),
}


# Lives that phones have lived


SEEDS = [pytest.param(seed, marks=[pytest.mark.long] if seed >= 5 else []) for seed in range(60)]


@pytest.mark.parametrize("seed", SEEDS)
async def test_after_a_whole_simulated_life_every_accepted_own_word_is_in_the_export(seed: int) -> None:
    """Offline edits, lost answers, restores, purges, partings: what was accepted and nobody destroyed is there."""
    town = await play(seed, MemoryServer(seed))
    for person in town.people:
        phone = next(each for each in town.phones if each.owner is person)
        caller = town.caller(phone)
        keys = await town.server.keys.of(caller.spaces)
        couples = [
            Together(space=space, couple=town.laws._couples[space], partner=other, name="B", ended=False)
            for space in caller.spaces[1:]
            for other in town.laws._members[space] - {person.id}
        ]
        owner = Owner(person=person.id, name="A", personal=person.personal, couples=tuple(couples), made_at=MADE_AT)
        made = await files(
            town.server.store,  # type: ignore[arg-type]
            caller,
            owner,
            {space: each.id_key for space, each in keys.items()},
        )
        accepted = {word for word in town.laws.kept if town.laws.authors[word] == person.id and is_text(word)}
        assert accepted
        for form in (made.json, made.html, made.txt):
            assert accepted - words_in(form) == set()
            _nobody_else_s(town, person.id, words_in(form))


def _nobody_else_s(town: Any, person: PersonId, words: frozenset[str]) -> None:
    """I25: of the other's words only those that were meant for this person, and none that a window has shown."""
    for word in words:
        if town.laws.authors[word] != person:
            assert person in town.laws._may_see[word], word
            first = town.laws.change(town.laws._first_said[word])
            assert first.kind != "check_in", word


def test_an_export_of_nothing_says_so_little() -> None:
    async def told() -> Files:
        return await files_of(pair := await in_memory(), pair.ana)

    made = asyncio.run(told())
    assert list(made.records) == ["settings"]
    assert "How you want to be reached" in made.text
    assert uuid4().hex not in made.text
