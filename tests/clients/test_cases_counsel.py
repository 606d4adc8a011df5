"""A summary for a counsellor through the client libraries: parts of each, the yes of both to exactly these bytes."""

import unicodedata
from hashlib import sha256
from typing import Any

import pytest

from tests.clients.devices import Device, House, agree
from tests.clients.test_cases_support import words_without_a_place

pytestmark = pytest.mark.libraries("RxDB", "LokiJS")
IN_ALL = pytest.mark.libraries(
    "RxDB", "LokiJS", *(pytest.param(each, marks=pytest.mark.long) for each in ("RxDB in one", "SQLite"))
)
KINDS_USED = ("counsel_summary", "counsel_part")
TYPED = unicodedata.normalize("NFD", "Wir reden am Frühstückstisch. Jede Woche.")
"""As some keyboards write it: a letter and its dots apart. Stored is NFC."""

Two = tuple[House, Device, Device]


@pytest.fixture
async def two(house: House) -> Two:
    """The house, Ana's phone and Ben's, in sync."""
    a1, b1 = await house.in_sync("ana", "ben", **house.app_for(*KINDS_USED))
    return house, a1, b1


async def begun(house: House, by: Device, **fields: Any) -> str:
    days = {"from": "2026-10-01", "to": "2026-11-20"}
    return await by.insert("counsel_summary", couple=house.couple, **days | fields)


async def written(house: House, by: Device, summary: str, text: str, section: str = "agreements") -> str:
    about = {"couple": house.couple, "summary": summary, "section": section}
    return await by.insert("counsel_part", text=text, approvals=[], **about)


def yes(device: Device, text: str) -> str:
    """What a person says who approves these bytes."""
    return f"{device.person}:{sha256(text.encode()).hexdigest()}"


async def approve(device: Device, part: str, text: str | None = None) -> None:
    """Say yes to the text that the device shows, or to another one, beside what has been said already."""
    shown = await device.document("counsel_part", part)
    said = yes(device, shown["text"] if text is None else text)
    await device.patch("counsel_part", part, approvals=sorted({*shown["approvals"], said}))


async def state(device: Device, summary: str) -> str:
    return str((await device.document("counsel_summary", summary))["state"])


@IN_ALL
async def test_a_part_counts_when_both_have_approved_exactly_the_bytes_that_are_stored(two: Two) -> None:
    house, a1, b1 = two
    summary = await begun(house, a1, for_whom="Dr. Seidl")
    part = await written(house, a1, summary, TYPED)
    await approve(a1, part)
    await agree(a1, b1)
    stored = (await b1.document("counsel_part", part))["text"]
    assert (stored, stored == TYPED) == (unicodedata.normalize("NFC", TYPED), False)
    assert (await a1.document("counsel_part", part))["text"] == stored, "her device shows what is stored, too"
    await approve(b1, part)
    await agree(b1, a1)
    assert [await state(device, summary) for device in (a1, b1)] == ["draft", "draft"], "hers was to other bytes"

    await approve(a1, part)
    await agree(a1, b1)

    assert [await state(device, summary) for device in (a1, b1)] == ["ready", "ready"]
    for device in (a1, b1):
        said = (await device.document("counsel_part", part))["approvals"]
        assert {yes(a1, stored), yes(b1, stored)} <= set(said)
        assert await device.is_clean()
    await house.equal_everywhere()
    await a1.patch("counsel_part", part, text=stored.replace("Jede", "Fast jede"))
    await agree(a1, b1)
    assert [await state(device, summary) for device in (a1, b1)] == ["draft", "draft"], "one word, and it is out"
    await house.equal_everywhere()


async def test_both_approve_offline_without_hearing_of_each_other(two: Two) -> None:
    house, a1, b1 = two
    summary = await begun(house, a1)
    part = await written(house, b1, summary, "We talk on Sundays.")
    await agree(b1, a1)
    for device in (a1, b1):
        await approve(device, part)

    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        said = (await device.document("counsel_part", part))["approvals"]
        assert said == sorted(yes(each, "We talk on Sundays.") for each in (a1, b1))
        assert await state(device, summary) == "ready"
        assert await device.is_clean()
    await b1.remove("counsel_part", part)
    await agree(b1, a1)
    assert [await state(device, summary) for device in (a1, b1)] == ["draft", "draft"]
    assert await a1.documents("counsel_part") == []
    await house.equal_everywhere()


@pytest.mark.parametrize("first", ["approver", "writer"])
async def test_a_yes_that_had_not_seen_the_last_words_approves_nothing(two: Two, first: str) -> None:
    house, a1, b1 = two
    summary = await begun(house, a1)
    part = await written(house, a1, summary, "We talk on Sundays.")
    await approve(a1, part)
    await agree(a1, b1)
    await approve(b1, part)
    await a1.patch("counsel_part", part, text="We talk on Sundays, at his mother's.")

    await agree(*((b1, a1) if first == "approver" else (a1, b1)))

    await house.equal_everywhere()
    for device in (a1, b1):
        assert (await device.document("counsel_part", part))["text"] == "We talk on Sundays, at his mother's."
        assert await state(device, summary) == "draft"
        assert await device.is_clean()


@IN_ALL
async def test_nobody_approves_for_the_other_or_writes_into_their_part(two: Two) -> None:
    house, a1, b1 = two
    summary = await begun(house, a1)
    hers = await written(house, a1, summary, "I was often alone.", section="what_is_hard")
    others = await written(house, a1, summary, "We talk on Sundays.")
    await agree(a1, b1)
    forged = [yes(a1, "I was often alone."), yes(b1, "I was often alone.")]
    await b1.patch("counsel_part", hers, approvals=sorted(forged))
    await b1.patch("counsel_part", others, text="We never talk.")

    await agree(b1, a1)

    await house.equal_everywhere()
    for device in (a1, b1):
        shown = {each["text"]: each["approvals"] for each in await device.documents("counsel_part")}
        assert shown == {"I was often alone.": [], "We talk on Sundays.": []}, "it comes back as it is stored"
        assert await state(device, summary) == "draft"
        assert await words_without_a_place(device) == [], "he may not write there"
        assert await device.is_clean()
    assert not await a1.heard("We never talk")
    await approve(a1, hers)
    await agree(a1, b1)
    assert await state(b1, summary) == "ready", "her own part waits for her alone"


@IN_ALL
async def test_for_whom_it_is_both_write_and_both_texts_stand(two: Two) -> None:
    house, a1, b1 = two
    summary = await begun(house, a1, for_whom="Dr. Seidl")
    await agree(a1, b1)
    await a1.patch("counsel_summary", summary, **{"for_whom": "Dr. Anna Seidl", "from": "2026-09-01"})
    await b1.patch("counsel_summary", summary, for_whom="Dr. Seidl and Ms. Roth", to="2026-11-22")

    await agree(a1, b1)

    await house.equal_everywhere()
    for device in (a1, b1):
        stands = await device.document("counsel_summary", summary)
        assert stands["for_whom"] == "Dr. Anna Seidl"
        assert stands["alternatives"] == {"for_whom": [{"by": b1.person, "text": "Dr. Seidl and Ms. Roth"}]}
        assert (stands["from"], stands["to"]) == ("2026-09-01", "2026-11-22")
        assert [each["code"] for each in await device.notices()] == ["kept_both"]
    await a1.pick("counsel_summary", summary, "for_whom", "Dr. Seidl and Ms. Roth")
    await agree(a1, b1)
    for device in (a1, b1):
        stands = await device.document("counsel_summary", summary)
        assert (stands["for_whom"], stands["alternatives"]) == ("Dr. Seidl and Ms. Roth", {})
        assert await device.is_clean()
    await house.equal_everywhere()


async def test_of_what_is_refused_the_words_are_kept(two: Two) -> None:
    house, a1, b1 = two
    summary = await begun(house, a1, for_whom="Dr. Seidl")
    part = await written(house, a1, summary, "I was often alone.", section="what_is_hard")
    await agree(a1, b1)
    await b1.patch("counsel_summary", summary, **{"for_whom": "Too many days.", "from": "2020-01-01"})
    await a1.patch("counsel_part", part, section="hopes", text="In another section.")
    too_long = await written(house, b1, summary, "long " * 1_000)

    await agree(b1, a1)

    await house.equal_everywhere()
    for device in (a1, b1):
        stands = await device.document("counsel_summary", summary)
        assert (stands["for_whom"], stands["from"]) == ("Dr. Seidl", "2026-10-01")
        [shown] = await device.documents("counsel_part")
        assert (shown["id"], shown["section"], shown["text"]) == (part, "what_is_hard", "I was often alone.")
        assert await device.is_clean()
    assert too_long not in {each["id"] for each in await b1.rows_kept("counsel_part")}
    assert await words_without_a_place(a1) == [("immutable", {"text": "In another section."})]
    boxes = {words.get("for_whom", "a part"): code for code, words in await words_without_a_place(b1)}
    assert boxes == {"Too many days.": "invalid", "a part": "invalid"}


@pytest.mark.parametrize("order", [("counsel_summary", "counsel_part"), ("counsel_part", "counsel_summary")])
@pytest.mark.libraries("RxDB")
async def test_of_rxdb_a_part_that_comes_before_its_summary_counts_when_that_has_come(
    two: Two, order: tuple[str, ...]
) -> None:
    house, a1, b1 = two
    summary = await begun(house, a1)
    part = await written(house, a1, summary, "I was often alone.", section="what_is_hard")
    await approve(a1, part)

    for kind in order:
        await a1.sync(pushing=[kind])
    await agree(a1, b1)

    await house.equal_everywhere()
    assert [await state(device, summary) for device in (a1, b1)] == ["ready", "ready"]
    assert await a1.documents("unplaced") == []
