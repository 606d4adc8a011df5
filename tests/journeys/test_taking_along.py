"""Two people write for and beside each other, and each takes along what is theirs: over HTTP, with real seals."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from api.erasing import erase
from api.wiring import Parts
from domain.fates import LETTERS_STAY, UNDO_WITHIN
from sync.export import FORMS
from tests import people
from tests.clocks import StillClock, app_at
from tests.exported import Files
from tests.journeys.phones import Home, Phone, home_of

SHOWN_PARTS = ["mood", "needs", "text", "felt"]


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def client(parts: Parts, clock: StillClock) -> AsyncIterator[httpx.AsyncClient]:
    async with app_at(parts, clock) as client:
        yield client


@pytest.fixture
async def home(client: httpx.AsyncClient, parts: Parts) -> AsyncIterator[Home]:
    """A couple with three phones, all in sync, and a goal that both accepted."""
    async with home_of(client, parts) as home:
        yield home


async def settled(home: Home) -> None:
    for _ in range(3):
        for phone in (home.a1, home.a2, home.b1):
            await phone.sync()


async def export_of(home: Home, phone: Phone) -> Files:
    """What this phone's owner fetches on it."""
    return await fetched_by(home, phone.someone)


async def fetched_by(home: Home, someone: people.Person) -> Files:
    token = await people.identity_token(home.client, someone.subject)
    asking = home.client.post("/v1/exports", headers=someone.headers, json={"identity_token": token})
    export = (await people.ok(asking))["export"]
    forms = {}
    for form in FORMS:
        answer = await home.client.get(f"/v1/exports/{export}/{form}", headers=someone.headers)
        assert answer.status_code == 200
        forms[form] = answer.content
    return Files(**forms)


def has(made: Files, word: str) -> bool:
    """Whether a word is in an export: in all of its forms, or in none."""
    found = {word.encode() in form for form in (made.json, made.html, made.txt)}
    assert len(found) == 1, word
    return found.pop()


async def test_each_takes_along_their_own_words_and_letters_and_what_both_made(home: Home) -> None:
    """I25, I22: and nothing of what the other keeps alone, shows, or has shown."""
    shown = {"audience": home.couple, "shared_parts": SHOWN_PARTS}
    private = home.a1.edit("check_in", local_date="2026-11-20", text="Ana's private tamarisk.")
    opened = home.a1.edit("check_in", local_date="2026-11-21", text="Ana's shown oleander.", felt_valued=2, **shown)
    closed = home.a1.edit("check_in", local_date="2026-11-22", text="Ana's closed bougainvillea.", **shown)
    home.a1.edit("note_draft", for_couple=home.couple, for_what="Ana's given jasmine.", send=True)
    home.a1.edit("note_draft", for_couple=home.couple, for_what="Ana's unsent lavender.")
    home.b1.edit("check_in", local_date="2026-11-20", text="Ben's private juniper.")
    home.b1.edit("note_draft", for_couple=home.couple, for_what="Ben's given rosemary.", send=True)
    await settled(home)
    copy = next(each.id for each in home.b1.all("shown_check_in") if "oleander" in each.fields["text"])
    home.b1.edit("response", to=copy, form="heard_you", text="Ben's answering thyme.")
    home.a1.edit("check_in", closed, audience="only_me")
    home.a2.edit("goal", home.goal, notes="Ana's noted cypress.")
    home.b1.edit("step", goal=home.goal, title="Ben's planned cedar.")
    await settled(home)

    anas, bens = await export_of(home, home.a1), await export_of(home, home.b1)

    of_both = ("jasmine", "rosemary", "thyme", "cypress", "cedar", "A week by the sea")
    of_ana = ("tamarisk", "oleander", "bougainvillea", "lavender")
    assert all(has(anas, word) and has(bens, word) for word in of_both)
    assert all(has(anas, word) and not has(bens, word) for word in of_ana)
    assert has(bens, "juniper")
    assert not has(anas, "juniper")
    for made in (anas, bens):
        assert made.records.keys().isdisjoint({"shown_check_in"})
    assert b"felt_" not in bens.html
    assert {each["fields"]["felt_valued"] for each in bens.records["check_in"]} == {None}
    for identity in (private, opened, closed):
        assert str(identity).encode() not in bens.json + bens.html + bens.txt


async def test_ben_s_answer_is_told_with_what_ana_wrote(home: Home) -> None:
    shown = {"audience": home.couple, "shared_parts": ["text"]}
    home.a1.edit("check_in", local_date="2026-11-21", text="Ana's shown oleander.", **shown)
    await settled(home)
    [copy] = home.b1.all("shown_check_in")
    home.b1.edit("response", to=copy.id, form="heard_you", text="Ben's answering thyme.")
    await settled(home)
    text = (await export_of(home, home.a1)).text
    entry = text[text.index("21 November 2026") :]
    assert entry.index("oleander") < entry.index("Ben answered") < entry.index("thyme")
    assert "What they answered is not here" in (await export_of(home, home.b1)).text


async def test_an_achieved_goal_is_in_both_exports_without_a_tally(home: Home) -> None:
    """F25."""
    terms = home.a1.fields(home.goal)["terms_in_force"]
    for phone in (home.a1, home.b1):
        phone.edit("goal_act", goal=home.goal, terms=terms, act="mark_done")
        await settled(home)
    on = home.a1.fields(home.goal)["achieved_on"]
    for phone in (home.a1, home.b1):
        made = await export_of(home, phone)
        assert [each["fields"]["state"] for each in made.records["goal"]] == ["achieved"]
        assert f"Achieved on {int(on[8:])} " in made.text


async def test_words_that_lost_or_found_no_place_are_in_their_author_s_export_alone(home: Home) -> None:
    await home.write_notes("We go by train.")
    home.a1.edit("goal", home.goal, notes="We go by the night train.")
    home.b1.edit("goal", home.goal, notes="We go by the slow ferry.")
    await settled(home)
    home.a1.edit("check_in", identity := home.a1.edit("check_in", local_date="2026-11-20", text="First mimosa."))
    await home.a1.sync()
    home.a1.edit("check_in", identity, text="Second magnolia.")
    terms = home.a1.fields(home.goal)["terms_in_force"]
    home.a1.edit("goal_act", goal=home.goal, terms=terms, act="let_go")
    await settled(home)
    home.b1.queue_raw("goal_terms", {"goal": home.goal, "title": "Ben's late hyacinth."})
    await settled(home)

    anas, bens = await export_of(home, home.a1), await export_of(home, home.b1)

    for made in (anas, bens):
        assert has(made, "night train")
        assert has(made, "slow ferry")
    assert has(anas, "mimosa")
    assert [each["value"] for each in anas.earlier if each["kind"] == "check_in"] == ["First mimosa."]
    assert has(bens, "hyacinth")
    assert not has(anas, "hyacinth")
    assert not has(bens, "mimosa")


async def test_purged_words_are_in_no_export(home: Home) -> None:
    """I23."""
    entry = home.a1.edit("check_in", local_date="2026-11-20", text="Gone narcissus.")
    await home.write_notes("Ana's gone peony.")
    home.a1.edit("check_in", entry, text="Another day.")
    await settled(home)
    for kind, identity in (("check_in", entry), ("goal", home.goal)):
        await home.a1.purge(kind, identity)
    await settled(home)
    for phone in (home.a1, home.b1):
        made = await export_of(home, phone)
        assert not has(made, "narcissus")
        assert not has(made, "peony")


async def test_of_two_couples_each_has_its_own_part(home: Home) -> None:
    """What was made with one stays apart from what was made with the next; the earlier one's name is still theirs."""
    await home.write_notes("By the sea with Ben.")
    await home.a1.part()
    cleo = await people.person(home.client, "Cleo")
    await people.pair(home.client, cleo, home.ana)
    await settled(home)
    goal = home.a1.edit("goal", notes="In the hills with Cleo.")
    home.a1.edit("goal_terms", goal=goal, title="A garden")
    await settled(home)

    made = await export_of(home, home.a1)

    parts = made.text.split("\nWith ")
    of_cleo, of_ben = parts[-2:]
    assert of_cleo.startswith("Cleo\n")
    assert "In the hills with Cleo." in of_cleo
    assert of_ben.startswith("Ben\n")
    assert "This time has ended." in of_ben
    assert "By the sea with Ben." in of_ben
    bens = await export_of(home, home.b1)
    assert not has(bens, "In the hills")
    assert not has(bens, "Cleo")


async def deleted(home: Home) -> None:
    """Ana has her account deleted."""
    token = await people.identity_token(home.client, home.ana.subject)
    asking = home.client.post("/v1/me/deletion", headers=home.ana.headers, json={"identity_token": token})
    await people.ok(asking)


async def given(home: Home) -> None:
    for phone, words in ((home.a1, "Ana's given jasmine."), (home.b1, "Ben's given rosemary.")):
        phone.edit("note_draft", for_couple=home.couple, for_what=words, send=True)
    home.a1.edit("check_in", local_date="2026-11-20", text="Ana's private tamarisk.")
    await settled(home)


async def test_whoever_has_their_account_deleted_can_still_take_everything_along(home: Home) -> None:
    """A18: within the week in which it can be undone."""
    await given(home)
    await deleted(home)
    again = await people.signed_in(home.client, home.ana.subject, "Ana", home.ana.device)
    made = await fetched_by(home, again)
    assert all(has(made, word) for word in ("jasmine", "rosemary", "tamarisk", "A week by the sea"))


async def test_letters_of_somebody_who_is_gone_are_in_the_receiver_s_export_until_they_are_erased(
    home: Home, parts: Parts, clock: StillClock
) -> None:
    """I24: and what the receiver wrote is there as it was."""
    await given(home)
    await deleted(home)
    clock.move(days=UNDO_WITHIN.days, minutes=1)
    while await erase(parts, clock()):
        pass
    made = await export_of(home, home.b1)
    assert has(made, "jasmine")
    assert "From Somebody you were paired with" in made.text
    assert not has(made, "Ana &")
    clock.move(days=(LETTERS_STAY - UNDO_WITHIN + timedelta(days=1)).days)
    while await erase(parts, clock()):
        pass
    made = await export_of(home, home.b1)
    assert not has(made, "jasmine")
    assert has(made, "rosemary")
