"""Stories of what helps two people to grow, told by two phones over HTTP on PostgreSQL (F20 to F25).

Each test's first word names the idea that it tells of; `tests/house/test_every_story_has_a_test.py` looks for them.
"""

from datetime import timedelta

import httpx

from api.openapi_file import document
from domain.counsel import approval, counting
from domain.goal_kinds import GOALS_MAX
from domain.lookback import tagged
from sync.showing import as_record
from tests import people
from tests.journeys.phones import Phone
from tests.journeys.two import Two, holds, only, said, told


async def test_what_was_shared_and_answered_and_taken_back_leaves_the_answer_alone(two: Two) -> None:
    """F20, I22: Share, answer, take back: the answer stays, the entry is gone for Ben."""
    words = "I am afraid of losing my work."
    entry = two.ana.edit("check_in", local_date=two.today(), text=words, audience=two.couple, shared_parts=["text"])
    await two.meet()
    shown = only(two.ben, "shown_check_in")
    assert shown.fields["text"] == words
    two.ben.edit("response", to=shown.id, form="here_with_you", text="We will find a way.")
    await two.meet()

    two.ana.edit("check_in", entry, audience="only_me")
    await two.meet()

    assert two.ben.all("shown_check_in") == []
    for phone in (two.ana, two.ben):
        answer = only(phone, "response").fields
        assert (answer["to"], answer["text"]) == (str(shown.id), "We will find a way.")
    new = await two.another_phone(two.ben)
    await new.sync()
    assert [each["text"] for each in said(new, "response")] == ["We will find a way."]
    assert not holds(new, words)
    assert words not in two.ben.device.texts(), "nor is it left on the phone that had it"
    for answer in await two.bytes_for(two.ben, kinds=True):
        assert words.encode() not in answer.content
    assert two.ana.fields(entry)["text"] == words


async def test_during_ana_s_silent_space_ben_s_bytes_are_what_they_were(two: Two) -> None:
    """F21, I19, I30: During Ana's silent space Ben's API bytes are what they were."""
    goal = two.ana.edit("goal", notes="We speak on Sunday.")
    two.ana.edit("goal_terms", goal=goal, title="To speak")
    await two.meet()
    before = await two.bytes_for(two.ben, kinds=True)
    until = {"from": two.now().isoformat(), "until": (two.now() + timedelta(hours=6)).isoformat()}
    words = {"note_private": "I cannot hear his voice now.", "message": "I am well.", "max_prompts_a_day": 0}

    space = two.ana.edit("boundary", form="space", zone="Europe/Berlin", audience=two.couple, **until, **words)
    await two.ana.sync()
    others = [
        two.ana.edit("boundary", form=form, zone="Europe/Berlin", audience=two.couple, topic="money")
        for form in ("quiet_hours", "channel_limit", "topic_limit", "contact_rhythm")
    ]
    await two.ana.sync()
    await two.ben.sync()
    assert await two.bytes_for(two.ben, kinds=True) == before, "begun"
    two.ana.edit("boundary", space, until=None)
    two.ana.remove(others[0])
    await two.ana.sync()
    assert await two.bytes_for(two.ben, kinds=True) == before, "changed"
    two.ana.edit("boundary", space, until=two.now().isoformat())
    await two.ana.sync()
    await two.ben.sync()
    assert await two.bytes_for(two.ben, kinds=True) == before, "ended"
    assert not holds(two.ben, "his voice")

    two.ben.edit("note_draft", for_couple=two.couple, for_what="Your coffee.", send=True)
    await two.ben.sync()
    assert two.ben.outcome().status == "applied", "to Ben it is a day like any other"
    tablet = await two.another_phone(two.ana)
    await tablet.sync()
    assert tablet.fields(space)["note_private"] == "I cannot hear his voice now."


async def test_own_tags_are_searched_on_the_phone_and_no_call_names_one(two: Two) -> None:
    """F22: Search by own tag works offline; no server call names a tag."""
    asked: list[httpx.URL] = []

    async def note(request: httpx.Request) -> None:
        asked.append(request.url)

    two.client.event_hooks["request"].append(note)
    try:
        for tag, trigger in (("slammed doors", "The door."), ("sunday", "The silence."), ("sunday", "His mother.")):
            two.ana.edit("reflection", trigger=trigger, own_tags=[tag, "us"], feelings=["small"], intensity=4)
        tablet = await two.another_phone(two.ana)
        await two.meet()
        so_far = len(asked)

        found = tagged(map(as_record, tablet.all("reflection")), tablet.person, "sunday")

        assert sorted(tablet.fields(each)["trigger"] for each in found.found) == ["His mother.", "The silence."]
        assert len(asked) == so_far > 0
    finally:
        two.client.event_hooks["request"].remove(note)
    assert not [url for url in asked if "sunday" in str(url) or "tag" in str(url)]
    parameters = {
        parameter["name"]
        for methods in document()["paths"].values()
        for operation in methods.values()
        for parameter in operation.get("parameters", [])
        if "name" in parameter
    }
    assert parameters & {"tag", "tags", "own_tags", "search", "q", "filter"} == set(), "there is nobody to ask"
    for words in ("sunday", "slammed doors", "own_tags"):
        assert not holds(two.ben, words)


async def test_ben_can_cheer_ana_s_goal_and_not_edit_it(two: Two) -> None:
    """F23: Ana's goal asks for encouragement; Ben can cheer, not edit."""
    goal = two.ana.edit("own_goal", title="Run ten kilometres", why="For me.", support_wanted="encouragement")
    await two.ana.sync()
    two.ana.edit("own_goal", goal, audience=two.couple, shared_parts=["latest"], latest="Four, without stopping.")
    await two.meet()
    shown = only(two.ben, "shown_goal")
    assert (shown.fields["title"], shown.fields["support_wanted"]) == ("Run ten kilometres", "encouragement")
    assert (shown.fields["latest"], shown.fields.get("why")) == ("Four, without stopping.", None)
    before = two.ana.fields(goal)

    for change in ({"title": "Run a marathon"}, {"ending": "let_go"}, {"support_wanted": "practical"}):
        tried = await told(two.ben, "shown_goal", shown.id, **change)
        assert (tried.status, tried.code) == ("refused", "server_owned")
    assert (await told(two.ben, "shown_goal", shown.id, remove=True)).code == "server_owned"
    assert (await told(two.ben, "own_goal", goal, ending="let_go")).status == "refused"
    cheer = two.ben.edit("response", to=shown.id, form="cheering_you_on", text="Four!")
    two.ben.edit("support_offer", to=shown.id, text="I could take Leo on Saturdays.")
    await two.meet()

    assert two.ana.fields(goal) == before
    assert (only(two.ana, "response").id, only(two.ana, "response").fields["form"]) == (cheer, "cheering_you_on")
    assert only(two.ana, "support_offer").fields["no_answer_needed"] is True
    assert only(two.ben, "shown_goal").fields["title"] == "Run ten kilometres"


async def test_mutual_support_has_steps_and_progress_that_nobody_adds_up(two: Two) -> None:
    """F23: Steps and progress of a joint goal are of both, and what each notes stands by itself."""
    goal = two.ana.edit("goal", topic="health")
    terms = two.ana.edit("goal_terms", goal=goal, title="Swim together")
    await two.meet()
    two.ben.edit("goal_act", goal=goal, terms=terms, act="accept")
    await two.meet()
    for phone, amount in ((two.ana, "1.5"), (two.ben, "0.75"), (two.ben, "2")):
        phone.edit("progress", goal=goal, on=two.today(), amount=amount, unit="km")
    await two.meet()

    for phone in (two.ana, two.ben):
        assert sorted(each["amount"] for each in said(phone, "progress")) == ["0.75", "1.5", "2"]
        kept = {name: value for name, value in phone.fields(goal).items() if name not in ("form", "topic", "proof")}
        nothing = {"done_by": [], "resting_by": [], "open_terms": [], "achieved_on": None, "notes": None}
        assert kept == nothing | {"state": "active", "terms_in_force": str(terms)}


def in_the_summary(phone: Phone, two: Two) -> list[str]:
    """The texts of the parts that count, as a phone derives it."""
    members = frozenset({two.ana.person, two.ben.person})
    return [each.fields["text"] for each in counting(map(as_record, phone.all("counsel_part")), members)]


async def test_one_byte_changes_after_approval_and_the_part_leaves_the_summary(two: Two) -> None:
    """F24, I29: One byte changes after approval: the part leaves the summary."""
    month = {"from": two.today(in_days=-30), "to": two.today()}
    summary = two.ana.edit("counsel_summary", for_whom="Dr. Lind", **month)
    texts = {"what_works": "We laugh.", "agreements": "No phones at table."}
    parts = {
        section: two.ana.edit("counsel_part", summary=summary, section=section, text=text)
        for section, text in texts.items()
    }
    await two.meet()
    his = two.ben.edit("counsel_part", summary=summary, section="hopes", text="Less hurry.")
    await two.meet()
    assert two.ben.fields(summary)["state"] == "draft"

    for section, text in texts.items():
        two.ana.edit("counsel_part", parts[section], approvals=[approval(two.ana.person, text)])
    await two.meet()
    assert two.ben.fields(summary)["state"] == "ready"
    for phone in (two.ana, two.ben):
        assert in_the_summary(phone, two) == ["We laugh."], "what both agreed on needs both, and his waits for nobody"
    forged = await told(
        two.ana,
        "counsel_part",
        parts["agreements"],
        approvals=sorted(approval(each.person, texts["agreements"]) for each in (two.ana, two.ben)),
    )
    assert forged.code == "needs_their_yes", "I12"
    yes = sorted(approval(each.person, texts["agreements"]) for each in (two.ana, two.ben))
    two.ben.edit("counsel_part", parts["agreements"], approvals=yes)
    two.ben.edit("counsel_part", his, approvals=[approval(two.ben.person, "Less hurry.")])
    await two.meet()
    everything = ["We laugh.", "Less hurry.", "No phones at table."]
    assert in_the_summary(two.ana, two) == in_the_summary(two.ben, two) == everything
    link = await two.client.post(
        f"/v1/couples/{two.couple}/summaries/{summary}/link",
        headers=two.ana.someone.headers,
        json={"identity_token": await people.identity_token(two.client, two.ana.someone.subject)},
    )
    assert everything == await read_by_link(two, link.json(), everything)

    two.ana.edit("counsel_part", parts["agreements"], text="No phones at tables.")
    await two.ana.sync()
    assert in_the_summary(two.ana, two) == ["We laugh.", "Less hurry."]
    assert await read_by_link(two, link.json(), [*everything, "No phones at tables."]) == ["We laugh.", "Less hurry."]
    await two.meet()
    assert in_the_summary(two.ben, two) == ["We laugh.", "Less hurry."]
    two.ana.edit("counsel_part", parts["agreements"], text="No phones at table.")
    await two.meet()
    assert in_the_summary(two.ben, two) == everything, "the yes was to these bytes, and to these it still stands"
    for phone, part in ((two.ana, parts["what_works"]), (two.ana, parts["agreements"]), (two.ben, his)):
        left = [each for each in phone.fields(part)["approvals"] if not each.startswith(str(phone.person))]
        phone.edit("counsel_part", part, approvals=left)
        await two.meet()
    assert in_the_summary(two.ana, two) == []
    assert await read_by_link(two, link.json(), everything) == [], "also behind a link that is open"
    assert two.ana.fields(summary)["state"] == two.ben.fields(summary)["state"] == "shared"
    revoked = await two.client.delete(
        f"/v1/couples/{two.couple}/summaries/{summary}/link", headers=two.ben.someone.headers
    )
    assert revoked.status_code == 204
    await two.meet()
    assert two.ana.fields(summary)["state"] == two.ben.fields(summary)["state"] == "draft"
    assert (await two.client.get(link.json()["path"])).status_code == 404


async def read_by_link(two: Two, link: dict[str, str], texts: list[str]) -> list[str]:
    """Which of these texts somebody reads who has the link and its passcode, and no account."""
    page = await two.client.post(link["path"], data={"passcode": link["passcode"]})
    assert page.status_code == 200
    return [text for text in texts if f">{text}<" in page.text]


async def test_where_help_is_found_is_the_same_to_the_byte_for_both_and_for_anybody(two: Two) -> None:
    """F24: Professional help is one catalogue for everybody, whatever they have written, of withheld money too."""
    two.ana.edit("check_in", local_date=two.today(), valence=-4, topic="money", text="He keeps my card.")
    two.ana.edit("boundary", form="topic_limit", topic="money", zone="UTC")
    await two.meet()

    answers = [
        await two.client.get("/v1/resources", headers=headers)
        for headers in (two.ana.someone.headers, two.ben.someone.headers, {}, {"Accept-Language": "de"})
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(answer.headers.multi_items()) for answer in answers}) == 1
    for phone in (two.ana, two.ben):
        assert phone.notices() == [], "nor is anybody pointed to it"


async def test_reached_and_let_go_are_both_plain_endings(two: Two) -> None:
    """F25: An achieved goal is in both exports, without a tally; to let one go is an ending like it."""
    reached, left = two.ana.edit("goal"), two.ana.edit("goal")
    terms = two.ana.edit("goal_terms", goal=reached, title="A garden")
    others = two.ana.edit("goal_terms", goal=left, title="A boat")
    own = two.ben.edit("own_goal", title="The guitar", ending="let_go")
    await two.meet()
    for goal, asked in ((reached, terms), (left, others)):
        two.ben.edit("goal_act", goal=goal, terms=asked, act="accept")
    await two.meet()
    two.ana.edit("goal_act", goal=left, terms=others, act="let_go")
    for phone in (two.ana, two.ben):
        phone.edit("goal_act", goal=reached, terms=terms, act="mark_done")
        await two.meet()

    for phone in (two.ana, two.ben):
        assert [phone.fields(goal)["state"] for goal in (reached, left)] == ["achieved", "let_go"]
        assert phone.fields(left).keys() == phone.fields(reached).keys()
        assert phone.notices() == []
    assert two.ben.fields(own)["ending"] == "let_go"
    late = await told(two.ben, "goal_terms", goal=left, title="A boat after all")
    assert late.code == "goal_ended"
    for phone in (two.ana, two.ben):
        export = await two.export_for(phone)
        ends = {each["id"]: each["fields"]["state"] for each in export["records"]["goal"]}
        assert ends == {str(reached): "achieved", str(left): "let_go"}
        assert {each["fields"]["title"] for each in export["records"]["goal_terms"]} == {"A garden", "A boat"}
        goals = [each for kind in ("goal", "goal_terms", "goal_act") for each in export["records"][kind]]
        numbers = {name for each in goals for name, value in each["fields"].items() if type(value) in (int, float)}
        assert numbers <= {"order"}, "their place among the others, and no tally"


async def test_goals_that_one_of_the_two_has_filled_all_room_with_end_by_the_other_alone_and_leave_room(
    two: Two,
) -> None:
    """F1, I14: A hundred goals live is no limit for life, and letting one go needs nobody."""
    goals = [two.ana.edit("goal") for _ in range(GOALS_MAX)]
    terms = two.ana.edit("goal_terms", goal=goals[0], title="To climb")
    await two.meet()
    assert (await told(two.ben, "goal")).code == "too_many"
    two.ben.edit("goal_act", goal=goals[0], terms=terms, act="let_go")
    await two.meet()
    assert (await told(two.ben, "goal")).code is None
    assert (await told(two.ben, "goal")).code == "too_many"
    assert only(two.ben, "goal").fields["state"] == "let_go", "what has ended is there to be looked back on"


async def test_what_was_put_off_is_not_asked_again_in_a_new_goal_until_its_time_has_come(two: Two) -> None:
    """F13, G11, I35: A no needs no reason, and is not got round; whoever is refused keeps their words."""
    goal = two.ana.edit("goal")
    terms = two.ana.edit("goal_terms", goal=goal, title="To move in together", why="I would like it.")
    await two.meet()
    two.ben.edit("goal_act", goal=goal, terms=terms, act="not_now")
    await two.meet()
    again = two.ana.edit("goal")
    await two.meet()
    before = await two.bytes_for(two.ben, kinds=True)
    asked = {"goal": again, "title": "To move in together", "why": "I would like it."}
    assert (await told(two.ana, "goal_terms", **asked)).code == "asked_recently"
    assert await two.bytes_for(two.ben, kinds=True) == before
    assert only(two.ana, "unplaced").fields["words"] == {"title": asked["title"], "why": asked["why"]}

    await two.pass_time(days=14)
    assert (await told(two.ana, "goal_terms", **asked)).code is None
    await two.meet()
    assert [each["title"] for each in said(two.ben, "goal_terms")] == ["To move in together"] * 2
