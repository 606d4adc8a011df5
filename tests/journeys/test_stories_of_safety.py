"""Stories of safety between two people, told by two phones over HTTP on PostgreSQL (F8 to F19).

Each test's first word names the idea that it tells of; `tests/house/test_every_story_has_a_test.py` looks for them.
"""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from api.openapi_file import document
from domain.ids import PersonId
from domain.notes import LETTERS_A_DAY_MAX
from domain.pauses import Pause, Together, current
from domain.times import read
from sync.replica import EditRefusedError
from tests.absent import names_of_openapi
from tests.journeys.phones import Phone
from tests.journeys.two import Two, holds, only, said, told


async def test_ana_writes_a_thousand_private_entries_and_ben_s_bytes_do_not_change(two: Two) -> None:
    """F8, I1, I2: Ana writes 1,000 private entries; Ben's bytes do not change."""
    two.ana.edit("goal", topic="us")
    shown = {"audience": two.couple, "shared_parts": ["text"], "text": "We walked home."}
    entry = two.ana.edit("check_in", local_date=two.today(), **shown)
    await two.meet()
    before = await two.bytes_for(two.ben, kinds=True)
    heads = await two.heads_for(two.ben)

    for nth in range(500):
        day = two.today(in_days=-(nth // 5) - 1)
        two.ana.edit("check_in", local_date=day, valence=nth % 9 - 4, text=f"Mine, {nth}.")
        two.ana.edit("reflection", trigger=f"A thought of my own, {nth}.", own_tags=["night"])
    two.ana.edit("check_in", entry, felt_valued=1, valence=-3)  # of an entry that he sees, what he does not see
    await two.ana.sync()
    await two.ben.sync()

    assert await two.bytes_for(two.ben, kinds=True) == before
    assert await two.heads_for(two.ben) == heads
    await two.another_phone(two.ana)
    await two.meet()
    assert len(two.ana.all("check_in")) + len(two.ana.all("reflection")) == 1001


async def test_ana_shares_mood_and_text_and_how_she_felt_with_ben_is_not_in_his_copy(two: Two) -> None:
    """F9, I6: Ana shares mood and text; `felt_*` is not in Ben's copy."""
    felt = {"felt_respected": 2, "felt_understood": 3, "felt_valued": 5}
    mood = {"valence": -1, "arousal": 2, "text": "I was not heard at dinner."}
    entry = two.ana.edit("check_in", local_date=two.today(), **felt, **mood)
    await two.ana.sync()
    two.ana.edit("check_in", entry, audience=two.couple, shared_parts=["mood", "text"])
    await two.meet()

    copy = only(two.ben, "shown_check_in").fields
    assert {name: copy[name] for name in mood} == mood
    for name in felt:
        assert name not in copy
        assert not holds(two.ben, name)
    assert {name: two.ana.fields(entry)[name] for name in felt} == felt

    two.ana.edit("check_in", entry, shared_parts=["felt"])
    await two.meet()
    copy = only(two.ben, "shown_check_in").fields
    assert {name: copy.get(name) for name in (*felt, *mood)} == felt | dict.fromkeys(mood), "chosen for this one entry"


async def test_what_response_is_wanted_comes_with_the_entry_and_a_little_time_is_a_full_answer(two: Two) -> None:
    """F10: `response_wanted` reaches Ben with the entry; "need a little time" is a full answer."""
    shown = {"local_date": two.today(), "audience": two.couple, "shared_parts": ["text"]}
    two.ana.edit("check_in", text="The scan was clear!", response_wanted="celebrate_with_me", **shown)
    two.ana.edit("check_in", text="I am so tired.", response_wanted="just_listen", **shown)
    await two.meet()
    first, second = two.ben.all("shown_check_in")
    wanted = {each.fields["text"]: each.fields["response_wanted"] for each in (first, second)}
    assert wanted == {"The scan was clear!": "celebrate_with_me", "I am so tired.": "just_listen"}

    two.ben.edit("response", to=second.id, form="need_a_little_time")
    await two.meet()

    assert two.ben.outcome().status == "applied"
    answer = {"to": str(second.id), "form": "need_a_little_time", "on": None, "at": None, "text": None}
    assert said(two.ana, "response") == said(two.ben, "response") == [answer], "without a word, a day or an hour"


async def test_a_repair_written_offline_arrives_word_for_word_and_once(two: Two) -> None:
    """F11: A repair written offline arrives word for word, once."""
    words = {
        "form": "start_again",
        "i_feel": "sad 😔, and a little afraid",
        "about": "yesterday evening: “the keys”, again",
        "i_need": "עשר דקות יחד",
        "text": "I was loud.\n\nI am sorry.  I will lay them on the shelf.",
    }
    two.ana.edit("repair", **words)
    assert said(two.ana, "repair") == [words], "as it was written, before any network"
    await two.ana.sync_with_the_answer_lost()
    await two.ana.sync_with_the_answer_lost()
    await two.meet()
    await two.meet()

    assert said(two.ben, "repair") == said(two.ana, "repair") == [words]
    assert two.ana.outcome().status == "duplicate"
    assert len([each for each in (await two.home.stock()).records.values() if each.kind == "repair"]) == 1
    two.ben.edit("response", to=only(two.ben, "repair").id, form="not_ready_yet")
    await two.meet()
    assert [each["form"] for each in said(two.ana, "response")] == ["not_ready_yet"]


async def test_ben_sees_space_until_six_and_never_the_note_and_nothing_he_sends_changes_it(two: Two) -> None:
    """F12, I30: Ben sees "space until 18:00", never the note; nothing Ben sends changes it."""
    today = two.today()
    held = {"from": f"{today}T12:00:00Z", "until": f"{today}T18:00:00Z"}
    words = {"note_private": "I need to cry alone.", "message": "All is well."}
    own = two.ana.edit("boundary", form="space", zone="UTC", **held, **words)
    await two.ana.sync()
    assert two.ana.outcome().status == "applied", "nobody is asked"
    two.ana.edit("boundary", own, audience=two.couple, visibility="effect")
    await two.meet()

    copy = only(two.ben, "shown_boundary")
    effect = {"form": "space", "windows": [], "zone": "UTC", "topic": None, **held}
    assert {name: copy.fields.get(name) for name in effect} == effect
    assert copy.fields.get("message") is None, "the effect was chosen, without the message"
    before = await two.bytes_for(two.ana), two.ana.fields(own)
    later = {"until": f"{today}T13:00:00Z"}
    tries = [
        await told(two.ben, "shown_boundary", copy.id, **later),
        await told(two.ben, "shown_boundary", copy.id, form="quiet_hours"),
        await told(two.ben, "shown_boundary", copy.id, remove=True),
        await told(two.ben, "response", to=copy.id, form="can_we_talk_at"),
    ]
    assert [each.code for each in tries] == [*["server_owned"] * 3, "unknown_parent"]
    of_his_own = await told(two.ben, "boundary", own, form="space", zone="UTC", visibility="silent", **later)
    assert of_his_own.status == "applied", "her id is to him an id like any other"
    await two.meet()
    assert (await two.bytes_for(two.ana), two.ana.fields(own)) == before, "and she does not learn that he tried"
    assert only(two.ben, "shown_boundary").fields == copy.fields
    assert not holds(two.ben, "cry alone")

    two.ana.edit("boundary", own, until=f"{today}T12:30:00Z")
    await two.meet()
    assert only(two.ben, "shown_boundary").fields["until"] == f"{today}T12:30:00Z", "ending it needs nobody either"


async def test_ben_s_edit_that_makes_ana_take_a_step_is_refused(two: Two) -> None:
    """F13, I12: Ben's edit that makes Ana take a step is refused `needs_their_yes`."""
    goal = two.ana.edit("goal", topic="us")
    two.ana.edit("goal_terms", goal=goal, title="A week by the sea")
    step = two.ana.edit("step", goal=goal, title="Book the ferry")
    await two.meet()
    ana, ben = str(two.ana.person), str(two.ben.person)

    for taken_by in ([ana], sorted([ana, ben])):
        with pytest.raises(EditRefusedError):
            two.ben.edit("step", step, taken_by=taken_by)
        tried = await told(two.ben, "step", step, taken_by=taken_by)
        await two.meet()
        assert (tried.status, tried.code) == ("refused", "needs_their_yes")
        assert two.ana.fields(step)["taken_by"] == two.ben.fields(step)["taken_by"] == []
    born = await told(two.ben, "step", goal=goal, title="Pack the tent", taken_by=[ana])
    assert born.code == "needs_their_yes"
    assert [each["words"] for each in said(two.ben, "unplaced")] == [{"title": "Pack the tent"}]

    two.ben.edit("step", step, taken_by=[ben])
    await two.meet()
    two.ana.edit("step", step, taken_by=sorted([ana, ben]))
    await two.meet()
    assert two.ben.fields(step)["taken_by"] == sorted([ana, ben]), "each for themselves"
    assert (await told(two.ben, "step", step, taken_by=[])).code == "needs_their_yes", "nor is she let off by him"
    await two.meet()
    assert two.ana.fields(step)["taken_by"] == sorted([ana, ben])
    assert two.ana.all("unplaced") == two.ana.notices() == []


def pause_of(phone: Phone, members: frozenset[PersonId], now: datetime) -> Together | None:
    """The pause of the two, as a phone derives it from what it holds."""
    held = [
        Pause(
            id=each.id,
            author=each.author,
            started_at=read(each.fields["started_at"]),
            return_at=read(each.fields["return_at"]),
            resumed_by=frozenset(PersonId(UUID(person)) for person in each.fields["resumed_by"]),
            set_aside=each.fields["set_aside"],
        )
        for each in phone.all("pause")
    ]
    return current(held, members, now)


@pytest.mark.parametrize("ben_s", [90, 23 * 60 + 50])
async def test_both_start_a_pause_offline_and_it_is_one_pause_with_the_latest_return(two: Two, ben_s: int) -> None:
    """F14: Both start a pause offline: one pause, latest return, at most 24 h."""
    members = frozenset({two.ana.person, two.ben.person})
    noon = two.now()
    two.ana.edit("pause", minutes=60)
    await two.pass_time(minutes=20)
    two.ben.edit("pause", minutes=ben_s)
    await two.pass_time(minutes=5)
    await two.meet()

    ana, ben = (pause_of(phone, members, two.now()) for phone in (two.ana, two.ben))
    assert ana == ben
    assert ana is not None
    assert (ana.state, ana.started_by, len(ana.pauses)) == ("active", members, 2)
    assert abs(ana.started_at - noon) < timedelta(minutes=1), "when it was begun, and not when it was heard of"
    longest = timedelta(hours=24)
    assert abs(ana.return_at - noon - min(timedelta(minutes=20 + ben_s), longest)) < timedelta(minutes=1)
    assert ana.return_at - ana.started_at <= longest

    shorter = two.ana.all("pause")[0].id
    assert (await told(two.ben, "pause", shorter, minutes=20)).code == "needs_their_yes", "nobody ends it early alone"
    for phone in (two.ana, two.ben):
        for identity in ana.pauses:
            resumed = {*phone.fields(identity)["resumed_by"], str(phone.person)}
            phone.edit("pause", identity, resumed_by=sorted(resumed))
        await two.meet()
    for phone in (two.ana, two.ben):
        now = pause_of(phone, members, two.now())
        assert now is not None
        assert now.state == "resumed", "both together do"


async def test_a_dated_note_can_be_taken_back_until_the_server_gives_it(two: Two) -> None:
    """F15, I20, I21: A dated note can be taken back until the server gives it."""
    settings = only(two.ben, "settings").id
    two.ben.edit("settings", settings, zone="Asia/Tokyo")
    tomorrow = two.today("Asia/Tokyo", in_days=1)
    dated = {"for_couple": two.couple, "delivery": "at", "on": tomorrow, "at": "08:30", "send": True}
    back = two.ana.edit("note_draft", for_what="The first words, taken back.", **dated)
    stays = two.ana.edit("note_draft", for_what="Ten years today.", text="And I would again.", **dated)
    await two.meet()
    assert two.ana.fields(back)["state"] == two.ana.fields(stays)["state"] == "queued"
    minutes = int((datetime.fromisoformat(f"{tomorrow}T08:30+09:00") - two.now()) / timedelta(minutes=1))

    await two.pass_time(minutes=minutes - 1)
    await two.meet()
    assert two.ben.all("note") == []
    two.ana.edit("note_draft", back, send=False)
    await two.meet()
    await two.pass_time(minutes=1)
    await two.meet()

    assert [each["for_what"] for each in said(two.ben, "note")] == ["Ten years today."]
    assert only(two.ben, "note").fields["given_on"] == two.today()
    assert only(two.ana, "note_draft").fields["state"] == "draft", "it is hers again"
    assert not holds(two.ben, "taken back")
    again = await told_of(two.ana, stays, send=False)
    assert again == ("refused", "already_given")
    assert await told_of(two.ana, stays, text="And I would not again.") == ("refused", "already_given")
    await two.meet()
    assert only(two.ben, "note").fields["text"] == "And I would again."


async def told_of(phone: Phone, draft: UUID, **values: object) -> tuple[str, str | None]:
    """What the server says to a change of a draft, also of one that a phone does not show any more."""
    phone.device.force("note_draft", draft, base=1, set=values)
    await phone.sync()
    return phone.outcome().status, phone.outcome().code


async def test_no_payload_for_ben_names_the_kind_of_ana_s_notes_on_balance(two: Two) -> None:
    """F16: No payload for Ben names the kind."""
    month = two.today()[:7]
    before = await two.bytes_for(two.ben, kinds=True)
    words = {"lean_on": 4, "own_ground": 2, "line": "I waited for him all evening."}
    note = two.ana.edit("balance_note", month=month, **words)
    tablet = await two.another_phone(two.ana)
    await two.meet()
    await two.meet()

    assert tablet.fields(note) == {"month": month, **words}, "two lines, side by side, that nobody combines"
    assert await two.bytes_for(two.ben, kinds=True) == before
    for phone in (two.ben, await two.another_phone(two.ben)):
        await phone.sync()
        assert not holds(phone, "balance_note")
    assert not [each.asked for each in await two.bytes_for(two.ben) if b"balance_note" in each.content]


ALL_DAY = [{"weekday": day, "from": "00:00", "to": "00:00"} for day in range(7)]


async def test_of_fifty_letters_within_minutes_ten_arrive_and_no_word_is_lost(two: Two) -> None:
    """F17: Fifty letters within minutes produce one prompt."""
    settings = only(two.ben, "settings").id
    two.ben.edit("settings", settings, day_cap=0, quiet=ALL_DAY)
    await two.meet()
    for nth in range(30):
        two.ana.edit("note_draft", for_couple=two.couple, for_what=f"note {nth}", send=True)
    for nth in range(10):
        two.ana.edit("repair", form="lightness", text=f"repair {nth}")
        two.ana.edit("support_offer", text=f"offer {nth}")
    await two.meet()

    assert len(two.ben.all("note")) == LETTERS_A_DAY_MAX
    assert two.ben.all("repair") == two.ben.all("support_offer") == []
    kept = [each["words"]["text"] for each in said(two.ana, "unplaced")]
    assert sorted(kept) == sorted(f"{word} {nth}" for word in ("repair", "offer") for nth in range(10))
    assert {each["code"] for each in said(two.ana, "unplaced")} == {"too_many"}
    assert {each["state"] for each in said(two.ana, "note_draft")} == {"queued"}
    for day in (1, 2):
        await two.pass_time(days=1)
        await two.meet()
        assert len(two.ben.all("note")) == LETTERS_A_DAY_MAX * (day + 1), "the rest wait for days of their own"
    assert two.ana.all("note_draft") == []
    assert {each["for_what"] for each in said(two.ben, "note")} == {f"note {nth}" for nth in range(30)}


async def test_how_ben_protects_himself_shows_in_nothing_that_ana_reads(two: Two) -> None:
    """F17, I19: Boundary limits, caps and quiet hours protect the receiver, and the writer cannot read them."""
    before = await two.bytes_for(two.ana, kinds=True)
    settings = only(two.ben, "settings").id
    two.ben.edit("settings", settings, quiet=ALL_DAY, day_cap=0, week_cap=0, prompt_letter_arrived=0)
    for form in ("quiet_hours", "channel_limit", "contact_rhythm"):
        silent = {"audience": two.couple, "visibility": "silent"}
        two.ben.edit("boundary", form=form, zone="UTC", windows=ALL_DAY, max_prompts_a_day=0, **silent)
    await two.ben.sync()
    await two.ana.sync()
    assert await two.bytes_for(two.ana, kinds=True) == before

    two.ana.edit("note_draft", for_couple=two.couple, for_what="Good night.", send=True)
    await two.ana.sync()
    assert only(two.ana, "note").fields["given_on"] == two.today(), "given as to anybody"


async def test_nothing_knows_a_read_receipt_and_reading_changes_nothing_and_a_pause_shows_its_return(
    two: Two,
) -> None:
    """F18, I4: The schema test finds no `read_at`, `seen`, `typing`, `online`; a pause always shows its return."""
    watching = {"read_at", "seen", "typing", "online", "last_seen", "opened_at", "delivered_at"}
    found = {(each.where, each.name) for each in names_of_openapi(document()) if each.name in watching}
    assert found == {("Origin", "seen")}, "there a phone speaks of what it had seen itself, when it brings back an edit"
    two.ana.edit("note_draft", for_couple=two.couple, for_what="The soup.", send=True)
    two.ana.edit("note_draft", for_couple=two.couple, for_what="Under the pillow.", delivery="when_opened", send=True)
    two.ana.edit("support_request", form="listen", text="Tonight?")
    two.ana.edit("pause", minutes=30)
    await two.ana.sync()
    before = await two.bytes_for(two.ana, kinds=True)

    await two.ben.sync()
    tablet = await two.another_phone(two.ben)
    await tablet.sync()
    two.ben.edit("shelf", about=two.ben.all("note")[0].id, kept=True, felt_heard=5)
    await two.ben.sync()
    assert len(two.ben.all("note")) == len(tablet.all("note")) == 2
    await two.bytes_for(two.ben, kinds=True)

    assert await two.bytes_for(two.ana, kinds=True) == before
    for phone in (two.ana, two.ben):
        pause = only(phone, "pause").fields
        assert read(pause["return_at"]) - read(pause["started_at"]) == timedelta(minutes=30)


async def test_both_edit_one_sentence_and_both_texts_stand_attributed(two: Two) -> None:
    """F19: Both edit one sentence; both texts stand, attributed."""
    goal = two.ana.edit("goal", notes="We speak on Sunday.")
    two.ana.edit("goal_terms", goal=goal, title="To speak")
    await two.meet()
    two.ana.edit("goal", goal, notes="We speak on Sunday evening.")
    two.ben.edit("goal", goal, notes="We speak on Sunday at breakfast.")
    await two.meet()

    for phone in (two.ana, two.ben):
        record = phone.record(goal)
        assert record.fields["notes"] == "We speak on Sunday evening."
        beside = [(each.by, each.text) for each in record.alternatives["notes"]]
        assert beside == [(two.ben.person, "We speak on Sunday at breakfast.")]
        assert [each["code"] for each in phone.notices()] == ["kept_both"]


async def test_a_response_cannot_be_edited_afterwards(two: Two) -> None:
    """F19: Responses cannot be edited afterwards, by whomever, and what was tried is not lost."""
    asked = two.ana.edit("support_request", form="listen", text="Will you hear me?")
    await two.meet()
    answer = two.ben.edit("response", to=asked, form="heard_you", text="I hear you.")
    await two.meet()
    before = await two.bytes_for(two.ana)

    tried = await told(two.ben, "response", answer, text="I never said that.")
    removed = await told(two.ben, "response", answer, remove=True)
    await two.meet()

    assert (tried.status, tried.code, removed.code) == ("refused", "immutable", "immutable")
    assert await two.bytes_for(two.ana) == before
    assert only(two.ana, "response").fields["text"] == only(two.ben, "response").fields["text"] == "I hear you."
    assert [each["words"] for each in said(two.ben, "unplaced")] == [{"text": "I never said that."}]
    hers = await told(two.ana, "response", answer, text="You heard nothing.")
    await two.meet()
    assert hers.code == "immutable"
    assert not holds(two.ben, "You heard nothing.")
