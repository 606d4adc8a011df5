"""The table of fates: a record of every kind, by either of the two, through each end, read by either afterwards.

Ana is who goes: she parts, lets go, or deletes her account; Ben stays. What each of them still has is what the table in
`domain/fates.py` says of the kind's class (I17, I18, I20, I22, I24). A kind that is added later is in here by itself.
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest
from msgspec import Struct

from api.erasing import erase
from api.wiring import Parts
from domain.fates import LETTERS_STAY, UNDO_WITHIN, End, Left, Side, left
from domain.ids import RecordId
from domain.kind import Kind, Ownership, Who
from domain.kinds import KINDS
from domain.shapes import UNFIT, Day, Identity, Named, OneOf, SetOf, Shape, Text, WallTime, Whole
from domain.times import Instant, Month
from tests import people
from tests.clocks import StillClock, app_at
from tests.journeys.phones import Home, Phone, home_of
from tests.people import ok

Held = Mapping[RecordId, tuple[Any, ...]]
"""What a phone holds of each record that is not gone."""

SIDES: tuple[Side, Side] = ("goes", "stays")


class Lived(Struct):
    """What was made of each kind by each side, what each side had of it, and what is left on each phone of theirs."""

    made: dict[tuple[str, Side], RecordId]
    words: dict[tuple[str, Side], list[str]]
    had: dict[Side, Held]
    has: dict[Side, list[Held]]


_lived: dict[End, Lived | None] = {}


async def lived_to(parts: Parts, end: End) -> Lived:
    """The life that came to this end: lived once in each process, and not once more if it failed."""
    if end not in _lived:
        _lived[end] = None
        _lived[end] = await life(parts, end)
    lived = _lived[end]
    assert lived is not None, "living it has failed"
    return lived


@pytest.mark.parametrize("reader", SIDES)
@pytest.mark.parametrize("author", SIDES)
@pytest.mark.parametrize("end", End)
@pytest.mark.parametrize("kind", KINDS)
async def test_each_side_has_of_each_kind_what_its_class_says(
    parts: Parts, kind: str, end: End, author: Side, reader: Side
) -> None:
    lived = await lived_to(parts, end)
    record, words = lived.made[kind, author], lived.words[kind, author]
    had = lived.had[reader].get(record)
    for phone in lived.has[reader]:
        has = phone.get(record)
        match left(KINDS[kind], end, author=author, reader=reader):
            case Left.WHOLE:
                assert had is not None, "there was nothing to keep"
                assert has is not None
                assert has[4] == had[4]
            case Left.NOTHING:
                assert has is None
            case Left.FRAME:
                assert had is not None
                assert not any(word in str(has) for word in words)
                assert has is None or has[4].keys() == had[4].keys()


@pytest.mark.parametrize("end", End)
async def test_no_phone_holds_a_word_of_what_is_not_left(parts: Parts, end: End) -> None:
    """I22, I23: not in fields, nor beside, nor in notices, nor in words without a place."""
    lived = await lived_to(parts, end)
    for (name, author), words in lived.words.items():
        kind = KINDS[name]
        for reader in SIDES:
            # What the server shows of a master still stands in the master, with its author.
            if kind.ownership is Ownership.PROJECTION and author == reader:
                continue
            fate = left(kind, end, author=author, reader=reader)
            given = [each for each in KINDS.values() if _source(each) == name]
            stays = [each for each in given if left(each, end, author=author, reader=reader) is Left.WHOLE]
            if fate is not Left.WHOLE and not stays:
                assert not [word for word in words for phone in lived.has[reader] if word in str(phone)], name


async def life(parts: Parts, end: End) -> Lived:
    clock = StillClock()
    async with app_at(parts, clock) as client, home_of(client, parts) as home:
        lived = Lived({}, {}, {}, {})
        phones: dict[Side, Phone] = {"goes": home.a1, "stays": home.b1}
        for side in SIDES:
            for kind in KINDS.values():
                await make(lived, home, phones, kind, side)
        for _ in range(2):
            for phone in (home.a1, home.b1, home.a2):
                await phone.sync()
        lived.had = {side: held(phone) for side, phone in phones.items()}
        await come_to(end, home, client, parts, clock)
        goers = [] if end in (End.DELETED, End.ERASED) else [home.a1, home.a2, await home.another_phone("ana")]
        stayers = [home.b1, await home.another_phone("ben")]
        for phone in (*goers, *stayers):
            await phone.sync()
        # Of an account that is deleted nothing can be read at all.
        lived.has = {"goes": [held(phone) for phone in goers] or [{}], "stays": [held(phone) for phone in stayers]}
    return lived


async def come_to(end: End, home: Home, client: httpx.AsyncClient, parts: Parts, clock: StillClock) -> None:
    if end in (End.DELETED, End.ERASED):
        token = await people.identity_token(client, home.ana.subject)
        await ok(client.post("/v1/me/deletion", headers=home.ana.headers, json={"identity_token": token}))
        clock.move(days=(UNDO_WITHIN if end is End.DELETED else LETTERS_STAY).days)
        while await erase(parts, clock()):
            pass
        answer = await client.post("/v1/sync", headers=home.ana.headers, json={"schema": 1})
        assert answer.status_code == 401
        return
    await home.a1.part()
    if end is End.RESTORED:
        for who in (home.ana, home.ben):
            await ok(client.post(f"/v1/couples/{home.couple}/restore", headers=who.headers))
    if end is End.LET_GO:
        await ok(client.delete(f"/v1/couples/{home.couple}/keepsake", headers=home.ana.headers))


def held(phone: Phone) -> Held:
    return {identity: row for (_, identity), row in phone.holds().items() if row[2] != "gone"}


# Making one of each kind


async def make(lived: Lived, home: Home, phones: Mapping[Side, Phone], kind: Kind, side: Side) -> None:
    """Make a record of a kind that is by this side, and remember its words."""
    phone, other = phones[side], phones["stays" if side == "goes" else "goes"]
    words: list[str] = []
    if kind.creates is not Who.SERVER:
        fields = await filled(lived, home, phones, kind, side, words)
        record = phone.edit(kind.name, **fields)
        await phone.sync()
        assert phone.outcome().status == "applied", (kind.name, phone.outcome())
    elif (source := _source(kind)) is not None:
        before = {each.id for each in phone.all(kind.name)}
        fields = await filled(lived, home, phones, KINDS[source], side, words)
        phone.edit(source, **fields, **_opened(KINDS[source], phone))
        await phone.sync()
        [record] = {each.id for each in phone.all(kind.name)} - before
    elif kind.name == "unplaced":
        words.append(word())
        phone.device.force("step", couple=uuid4(), set={"goal": str(home.goal), "title": words[0]})
        await phone.sync()
        [record] = [each.id for each in phone.all("unplaced") if words[0] in str(each.fields)]
    elif kind.name == "notice":
        await home.another_phone("ana" if side == "goes" else "ben")
        await phone.sync()
        record = phone.all("notice")[-1].id
    else:
        [record] = [each.id for each in phone.all(kind.name)]
    lived.made[kind.name, side] = record
    lived.words[kind.name, side] = words
    await other.sync()


def _source(kind: Kind) -> str | None:
    """The kind of which the server makes this one: the master of what is shown, the draft of a letter."""
    for each in KINDS.values():
        if kind.name in (each.window and each.window.shows, each.letter and each.letter.gives):
            return each.name
    return None


def _opened(kind: Kind, phone: Phone) -> dict[str, Any]:
    """What shows all of a master, or gives a draft at once."""
    couple = str(phone.device.replica.couple)
    if kind.letter is not None:
        return {"for_couple": couple, kind.letter.sends: True, "delivery": "now"}
    assert kind.window is not None
    chosen = list(kind.window.parts)
    if kind.window.levels is not None:
        chosen = max(kind.window.levels, key=lambda level: len(kind.window.levels[level]))  # type: ignore[index,union-attr]
    return {"audience": couple, kind.window.chosen_by: chosen}


async def filled(
    lived: Lived, home: Home, phones: Mapping[Side, Phone], kind: Kind, side: Side, words: list[str]
) -> dict[str, Any]:
    """Every text of a new record, each with a word of its own, and what it must have besides."""
    fields: dict[str, Any] = {}
    for name, field in kind.written.items():
        if kind.parent is not None and name == kind.parent.field:
            fields[name] = str(await parent_of(lived, home, phones, kind, side))
        elif isinstance(field.shape, Text) or (
            isinstance(field.shape, SetOf) and isinstance(field.shape.element, Text)
        ):
            words.append(word())
            fields[name] = words[-1] if isinstance(field.shape, Text) else [words[-1]]
        elif field.shape.empty is UNFIT:
            fields[name] = sample(kind, name, field.shape, home)
    return fields


async def parent_of(lived: Lived, home: Home, phones: Mapping[Side, Phone], kind: Kind, side: Side) -> RecordId:
    assert kind.parent is not None
    if kind.parent.kinds[0] == "goal":
        return home.goal
    by: Side = side if not kind.parent.known else "stays" if side == "goes" else "goes"
    if (kind.parent.kinds[0], by) not in lived.made:
        await make(lived, home, phones, KINDS[kind.parent.kinds[0]], by)
    return lived.made[kind.parent.kinds[0], by]


def word() -> str:
    """A word that stands nowhere else."""
    return "w" + uuid4().hex[:12]


def sample(kind: Kind, name: str, shape: Shape, home: Home) -> Any:
    """A value of a field that a new record must bring and that is no text."""
    if (kind.name, name) == ("response", "form"):
        return "heard_you"
    if isinstance(shape, OneOf):
        return shape.values[0]
    if isinstance(shape, Whole):
        return shape.least
    return str(home.goal) if isinstance(shape, Identity) else SAMPLES[type(shape)]


SAMPLES: Mapping[type, str] = {
    Day: "2026-11-20",
    Instant: "2026-11-20T12:00:00Z",
    Month: "2026-11",
    Named: "Europe/Berlin",
    WallTime: "18:00",
}
