"""How an export reads: the page and the plain text that a person keeps, and what no word in it can do."""

import hashlib
import re
from base64 import b64encode
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.kinds import KINDS
from domain.records import Alternative
from sync import export_html
from sync.ports import Revision, Stored, Value, Wanted, Writes
from sync.sealing import keyed_id
from sync.telling import Teller
from tests.exported import Files, files_of, owner_of, record
from tests.pair import Pair, in_memory

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</p></article></main><h1>Owned</h1>",
    "</style><style>*{display:none}</style>",
    "<!-- -->]]><![CDATA[",
    "&lt;b&gt; &amp;amp; &#x3c;",
    "javascript:alert(1)",
    "\u202e txet desrever \u2066 isolated",
    "\u2068never closed",
)


class Shelf:
    """Ana's and Ben's records, put in one after the other."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self._heads = {pair.ana.personal: 1, pair.ben.personal: 1, pair.space: 0}

    async def put(self, kind: str, fields: dict[str, Any], *, by: str = "ana", **rest: Any) -> UUID:
        pair = self.pair
        who = pair.ana if by == "ana" else pair.ben
        space = pair.space if KINDS[kind].home == "couple" else who.personal
        self._heads[space] += 1
        identity = rest.pop("identity", None) or uuid4()
        made = record(kind, space, who.person, self._heads[space], fields, identity, **rest)
        await pair.put(who.phone, made)
        return identity

    async def made(self, **rest: Any) -> Files:
        return await files_of(self.pair, self.pair.ana, **rest)


@pytest.fixture
async def shelf() -> Shelf:
    return Shelf(await in_memory())


def after(text: str, heading: str) -> list[str]:
    """The lines below a heading of the plain text that say something, up to the next line that is drawn."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    start = max(nth for nth, line in enumerate(lines) if line == heading)
    found = []
    for line, following in zip(lines[start + 1 :], [*lines[start + 2 :], ""], strict=True):
        if re.fullmatch("=+|-+", line):
            continue
        if re.fullmatch("=+|-+", following):
            break
        found.append(line)
    return found


# What stands where


async def test_the_cover_has_both_names_and_the_day(shelf: Shelf) -> None:
    made = await shelf.made()
    assert made.text.startswith("Ana & Ben\n=========\nWhat was written, given and made together\n27 November 2026\n")
    assert "<title>Ana &amp; Ben</title>" in made.html.decode()
    assert ("h1", {}) in made.page.tags


async def test_whoever_has_taken_no_name_has_a_cover_all_the_same(shelf: Shelf) -> None:
    await shelf.put("note", {"for_what": "The soup.", "given_on": "2026-03-04"}, by="ben")
    made = await shelf.made(name=None, their_name=None)
    assert made.text.startswith("What you kept\n")
    assert "From Somebody you were paired with \u00b7 4 March 2026" in made.text


async def test_letters_of_both_stand_month_by_month(shelf: Shelf) -> None:
    await shelf.put("note", {"for_what": "Later.", "given_on": "2026-04-01"})
    await shelf.put("note", {"for_what": "The soup.", "about_you": "You see.", "given_on": "2026-03-04"}, by="ben")
    assert after((await shelf.made()).text, "Letters") == [
        "March 2026",
        "From Ben \u00b7 4 March 2026",
        "The soup.",
        "About you:",
        "You see.",
        "April 2026",
        "To Ben \u00b7 1 April 2026",
        "Later.",
    ]


async def goal(shelf: Shelf, state: str, **more: Any) -> UUID:
    ana, ben = str(shelf.pair.ana.person), str(shelf.pair.ben.person)
    first, second, itself = uuid4(), uuid4(), uuid4()
    fields = {"form": "goal", "topic": "us", "state": state, "terms_in_force": str(second), **more}
    await shelf.put("goal", fields, identity=itself)
    terms = {"goal": str(itself), "title": "A week by the sea", "why": "It is long ago.", "order": 2}
    await shelf.put("goal_terms", terms, identity=first)
    amended = {"goal": str(itself), "title": "Ten days by the sea", "based_on": str(first), "order": 4}
    await shelf.put("goal_terms", amended, identity=second, by="ben")
    await shelf.put("goal_act", {"goal": str(itself), "terms": str(first), "act": "accept", "order": 3}, by="ben")
    await shelf.put("goal_act", {"goal": str(itself), "terms": str(second), "act": "accept", "order": 5})
    await shelf.put("step", {"goal": str(itself), "title": "The ferry", "taken_by": [ana], "done": True})
    await shelf.put("step", {"goal": str(itself), "title": "The cat", "taken_by": [ana, ben], "done": False}, by="ben")
    return itself


STORY = [
    "Steps",
    "The ferry",
    "Done.",
    "Taken by: you",
    "The cat",
    "Taken by: you, Ben",
    "How it came about",
    "You proposed",
    "A week by the sea",
    "Why:",
    "It is long ago.",
    "Ben said yes: \u201cA week by the sea\u201d",
    "Ben proposed",
    "Ten days by the sea",
    "You said yes: \u201cTen days by the sea\u201d",
]


async def test_a_goal_is_told_with_its_terms_and_steps_and_how_it_came_about(shelf: Shelf) -> None:
    await goal(shelf, "active", notes="Pack light.\nTake the cat?")
    assert after((await shelf.made()).text, "What we set out to do") == [
        "Ten days by the sea",
        "Agreed by both",
        "About: us",
        "Your notes together:",
        "Pack light.",
        "Take the cat?",
        *STORY,
    ]


async def test_achieved_and_let_go_are_both_plain_endings_without_a_tally(shelf: Shelf) -> None:
    """I7: of what was done and of who did it nothing is counted."""
    ana, ben = str(shelf.pair.ana.person), str(shelf.pair.ben.person)
    await goal(shelf, "achieved", achieved_on="2026-06-14", done_by=[ana, ben])
    await goal(shelf, "let_go")
    lines = after((await shelf.made()).text, "What we set out to do")
    assert lines == [
        *("Ten days by the sea", "Achieved on 14 June 2026", "About: us", *STORY),
        *("Ten days by the sea", "Let go", "About: us", *STORY),
    ]
    assert not [line for line in lines if re.search(r"\d", line) and "2026" not in line]


async def test_an_agreement_stands_among_agreements(shelf: Shelf) -> None:
    await goal(shelf, "active", form="agreement")
    text = (await shelf.made()).text
    assert "What we set out to do" not in text
    assert after(text, "What we agreed")[0] == "Ten days by the sea"


async def test_an_answer_stands_with_what_it_answers(shelf: Shelf) -> None:
    """The partner answers a copy; the export has the author's own record, and tells the answer there."""
    pair, entry = shelf.pair, uuid4()
    await shelf.put("check_in", {"local_date": "2026-03-03", "text": "Long day."}, identity=entry)
    copy = keyed_id(pair.keys.one(pair.space).id_key, "shown_check_in", pair.ana.person, entry)
    await shelf.put("response", {"to": str(copy), "form": "heard_you", "text": "I did."}, by="ben")
    text = (await shelf.made()).text
    assert after(text, "Check-ins") == [
        "March 2026",
        "3 March 2026",
        "Long day.",
        "Ben answered",
        "I heard you",
        "I did.",
    ]
    assert "\nAnswers\n" not in text


async def test_an_answer_to_what_the_partner_showed_stands_alone(shelf: Shelf) -> None:
    """I25: what it answered is theirs."""
    pair, copy = shelf.pair, uuid4()
    await shelf.put("shown_check_in", {"text": "Ben's window."}, by="ben", identity=copy)
    await shelf.put("response", {"to": str(copy), "form": "here_with_you", "text": "Sleep well."})
    made = await shelf.made()
    assert after(made.text, "Answers")[1:] == ["You answered", "I am here with you", "Sleep well."]
    assert b"Ben's window." not in made.json + made.html + made.txt
    assert pair.ben.person


async def test_what_was_removed_stands_apart(shelf: Shelf) -> None:
    await shelf.put("check_in", {"local_date": "2026-03-03", "text": "Never mind."}, removed=True)
    text = (await shelf.made()).text
    assert "\nCheck-ins\n" not in text
    assert after(text, "What was removed")[1:] == ["3 March 2026", "A check-in, removed.", "Never mind."]


async def test_what_stands_beside_a_text_is_told_with_its_author(shelf: Shelf) -> None:
    ben = shelf.pair.ben.person
    beside = {"title": (Alternative(ben, "The early ferry"),)}
    await shelf.put("step", {"goal": str(uuid4()), "title": "The ferry"}, alternatives=beside)
    assert "    The ferry\nBeside it, by Ben:\n    The early ferry\n" in (await shelf.made()).text


async def test_words_that_found_no_place_are_told_under_what_they_were_meant_for(shelf: Shelf) -> None:
    fields = {"meant": "goal_terms", "code": "goal_ended", "words": {"title": "Two weeks"}, "on": "2026-06-20"}
    await shelf.put("unplaced", fields)
    assert after((await shelf.made()).text, "Words that found no place") == [
        "20 June 2026",
        "Meant as: A proposal",
        "Title:",
        "Two weeks",
        "Why: This goal has ended.",
    ]


async def test_an_orphan_of_a_kind_without_a_chapter_is_told_among_other_things(shelf: Shelf) -> None:
    await shelf.put("step", {"goal": str(uuid4()), "title": "The ferry"})
    assert after((await shelf.made()).text, "Other things") == ["A step", "The ferry"]


async def test_a_value_of_a_newer_app_is_told_as_it_is(shelf: Shelf) -> None:
    await shelf.put("check_in", {"local_date": "2026-03-03", "topic": "the_sea", "needs": ["a_walk", "rest"]})
    assert after((await shelf.made()).text, "Check-ins")[2:] == ["Needed: a walk, rest", "About: the sea"]


async def test_a_field_that_nobody_knows_is_told_under_its_own_name(shelf: Shelf) -> None:
    await shelf.put("check_in", {"local_date": "2026-03-03", "weather": "Fog.", "inner": {"a": "One.", "b": ["Two."]}})
    text = "\n".join(after((await shelf.made()).text, "Check-ins"))
    assert "Weather:\nFog." in text
    assert "One." in text
    assert "Two." in text


async def test_instants_are_told_by_the_owner_s_own_clock() -> None:
    pair = await in_memory()
    teller = Teller(owner_of(pair, pair.ana, zone="Asia/Tokyo"))
    assert teller._told("2026-05-02T20:10:00Z") == "3 May 2026, 05:10"


async def test_after_the_end_a_couple_s_things_are_still_told(shelf: Shelf) -> None:
    await goal(shelf, "active")
    made = await shelf.made(ended=True)
    assert "This time has ended. What was given and what was made together stays with you." in made.text
    assert "Ten days by the sea" in made.text


# The page


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_words_are_words_and_nothing_else(shelf: Shelf, words: str) -> None:
    await shelf.put("note", {"for_what": words, "text": words, "given_on": "2026-03-04"}, by="ben")
    await goal(shelf, "active", notes=words)
    plain = (await shelf.made()).page
    await shelf.put("check_in", {"local_date": "2026-03-03", "text": words, "topic": words})
    made = await shelf.made(name=words[:40], their_name=words[:40])
    page = made.page
    assert page.said.count(words) == 4
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags} | {"bdi"}
    assert page.unclosed == []
    assert f"    {words}\n" in made.text


async def test_a_name_in_another_direction_stands_isolated(shelf: Shelf) -> None:
    await shelf.put("note", {"for_what": "The soup.", "given_on": "2026-03-04"}, by="ben")
    made = await shelf.made(their_name="\u05d1\u05df")
    assert '<h5>From <bdi lang="">\u05d1\u05df</bdi> \u00b7 4 March 2026</h5>' in made.html.decode()
    assert "From \u2068\u05d1\u05df\u2069 \u00b7 4 March 2026" in made.text
    assert "From Ben \u00b7" in (await shelf.made()).text, "where nothing turns, nothing is put around it"


@pytest.mark.parametrize(
    "text", ["\u05e9\u05dc\u05d5\u05dd.\nHello.", "\U0001f469\u200d\U0001f9b0 \U0001f932\U0001f3fd", "a\n\n\nb", " x "]
)
async def test_every_text_stands_exactly_as_it_was_written_in_its_own_direction(shelf: Shelf, text: str) -> None:
    await shelf.put("check_in", {"local_date": "2026-03-03", "text": text})
    made = await shelf.made()
    assert text in made.page.said
    assert made.records["check_in"][0]["fields"]["text"] == text


async def test_the_page_needs_nothing_from_elsewhere_and_forbids_it(shelf: Shelf) -> None:
    await goal(shelf, "active")
    made = await shelf.made()
    page, markup = made.page, made.html.decode()
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert links
    assert all(link is not None and link.startswith("#") for link in links)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "form", "base"}
    assert not re.search(r"url\(|@import|https?:|\ssrc=|style=", markup)
    [policy] = [each["content"] for _, each in page.tags if each.get("http-equiv") == "Content-Security-Policy"]
    style = re.search(r"<style>(.*?)</style>", markup, re.DOTALL)
    assert style is not None
    digest = b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


async def test_whoever_listens_to_the_page_finds_their_way(shelf: Shelf) -> None:
    """One heading of the first level, no level left out on the way down, and links that lead somewhere."""
    await goal(shelf, "active")
    await shelf.put("note", {"for_what": "The soup.", "given_on": "2026-03-04"}, by="ben")
    await shelf.put("check_in", {"local_date": "2026-03-03", "text": "Long day."})
    page = (await shelf.made()).page
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))
    assert ("html", {"lang": "en"}) in page.tags
    assert [tag for tag, _ in page.tags if tag in ("main", "header", "nav")] == ["header", "nav", "main"]
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert {str(attributes["href"])[1:] for tag, attributes in page.tags if tag == "a"} <= ids


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_every_colour_of_words_can_be_read(scheme: str) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    light, dark, in_print = re.findall(r":root \{([^}]*)\}", export_html.STYLE)
    colours = dict(re.findall(r"--(\w+): (#\w+)", {"light": light, "dark": dark, "print": in_print}[scheme]))
    for words in ("ink", "soft", "mark"):
        for ground in ("paper", "card"):
            assert contrast(colours[words], colours[ground]) >= 4.5, (words, ground)


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[nth : nth + 2], 16) / 255 for nth in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# What was before


async def test_earlier_words_are_told_with_the_day_until_which_they_stood(shelf: Shelf) -> None:
    pair, entry = shelf.pair, uuid4()
    await shelf.put("check_in", {"local_date": "2026-03-03", "text": "Long day."}, identity=entry)
    old = await pair.look(pair.ana, entry)
    space = (await pair.store.load(pair.ana.phone, Wanted())).spaces[old.space]
    newer = record("check_in", old.space, old.author, 3, old.fields, old.id)
    behind = Revision(
        space=old.space, record=old.id, version=3, values=(Value("text", "Long day. I hate it.", pair.ana.person, 2),)
    )
    writes = Writes(spaces={space.id: space}, heads={space.id: 3}, records=(Stored(newer, b"{}"),), revisions=(behind,))
    assert await pair.store.save(pair.ana.phone, writes, pair.now)
    made = await shelf.made()
    assert made.text.endswith("A check-in \u00b7 until 23 November 2026\n    Long day. I hate it.\n")
    assert made.earlier == [
        {"kind": "check_in", "id": str(entry), "field": "text", "value": "Long day. I hate it.", "on": "2026-11-23"}
    ]
