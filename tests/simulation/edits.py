"""Everything that people do on their phones, and some things that no phone of ours would do; all of it offline."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from domain.check_ins import CHECK_INS_A_DAY_MAX, NEEDS
from domain.goal_kinds import ACTS, NOES, OPEN_TERMS_A_GOAL_MAX
from domain.ids import RecordId
from domain.prompt_kinds import PROMPTS
from domain.responses import FORMS
from domain.settings import DAY_CAP_MAX
from domain.shapes import ONLY_ME
from tests.simulation.between import BETWEEN
from tests.simulation.doing import empty, force, one, open_or_close_one, opening, remove, reword
from tests.simulation.inner import INNER
from tests.simulation.town import Edit, Phone, Town

WITH_TEXTS: Final = ("goal", "step", "check_in", "note_draft", "own_goal", "boundary", "reflection", "counsel_part")

DAYS: Final = 2
"""Check-ins are about so few days that some days get too many."""

SOON: Final = ("now", "when_opened")

# Check-ins -----------------------------------------------------------------------------------------------------


def check_in(town: Town, phone: Phone) -> None:
    fields: dict[str, Any] = {"text": town.word(phone.owner)} if town.chance.random() < 0.8 else {}
    if town.chance.random() < 0.3:
        fields |= opening(town, phone, "check_in")
    phone.make("check_in", local_date=_day(town), **fields)


def fill_a_day(town: Town, phone: Phone) -> None:
    """More about one day than it takes."""
    for _ in range(CHECK_INS_A_DAY_MAX // 2 + 1):
        phone.make("check_in", local_date=town.now.date().isoformat(), text=town.word(phone.owner))


def reword_check_in(town: Town, phone: Phone) -> None:
    reword(town, phone, "check_in", "text")


def empty_check_in(town: Town, phone: Phone) -> None:
    """Take all of it out, while somebody else says it in other words."""
    empty(town, phone, "check_in", "text")


def open_or_close(town: Town, phone: Phone) -> None:
    open_or_close_one(town, phone, "check_in", "text")


def describe_check_in(town: Town, phone: Phone) -> None:
    entry = one(town, phone, "check_in")
    if entry is None:
        return
    chance = town.chance
    match chance.randrange(5):
        case 0:
            phone.write(entry.id, valence=chance.randint(-4, 4))
        case 1:
            phone.write(entry.id, topic=town.name(phone.owner))
        case 2:
            phone.write(entry.id, local_date=_day(town))
        case 3:
            phone.write(entry.id, let_them_know=chance.random() < 0.5)
        case _:
            kept = [each for each in entry.fields["needs"] if chance.random() < 0.7][:2]
            phone.write(entry.id, needs=[*kept, chance.choice([town.name(phone.owner), chance.choice(NEEDS)])])


def remove_check_in(town: Town, phone: Phone) -> None:
    remove(town, phone, "check_in")


def respond(town: Town, phone: Phone) -> None:
    parent = town.chance.choice(sorted(FORMS))
    shown = town.some(phone, parent)
    if shown is not None and town.pairing_of(phone.owner) is not None:
        form = town.chance.choice(FORMS[parent])
        phone.make("response", to=shown, form=form, text=town.word(phone.owner))


# Notes ---------------------------------------------------------------------------------------------------------


def draft(town: Town, phone: Phone) -> None:
    couple = phone.replica.couple
    fields = {"for_couple": couple} if couple is not None and town.chance.random() < 0.9 else {}
    sends = town.chance.random() < 0.2
    if sends:
        fields |= _when(town)
    phone.make("note_draft", for_what=town.word(phone.owner), send=sends, **fields)


def reword_draft(town: Town, phone: Phone) -> None:
    reword(town, phone, "note_draft", town.chance.choice(["for_what", "about_you", "text"]))


def send_or_not(town: Town, phone: Phone) -> None:
    """Send a draft, or not after all, while another phone goes on writing it."""
    found = one(town, phone, "note_draft")
    if found is not None and town.focus is not None:
        reword(town, phone, "note_draft", "text")
    elif found is not None:
        phone.write(found.id, send=town.chance.random() < 0.8, **_when(town))


def _when(town: Town) -> dict[str, Any]:
    if town.chance.random() < 0.5:
        return {"delivery": town.chance.choice(SOON)}
    day = (town.now + timedelta(days=town.chance.randrange(3))).date().isoformat()
    return {"delivery": "at", "on": day, "at": "08:00"}


def remove_draft(town: Town, phone: Phone) -> None:
    remove(town, phone, "note_draft")


# Goals ---------------------------------------------------------------------------------------------------------


def propose(town: Town, phone: Phone) -> None:
    goal = phone.make("goal", form=town.chance.choice(["goal", "goal", "agreement"]))
    phone.make("goal_terms", goal=goal, title=town.word(phone.owner))


def amend(town: Town, phone: Phone) -> None:
    goal = one(town, phone, "goal", live=False)
    if goal is not None:
        in_force = goal.fields.get("terms_in_force")
        phone.make("goal_terms", goal=goal.id, title=town.word(phone.owner), based_on=in_force)


def say_no(town: Town, phone: Phone) -> None:
    """Decline what the other proposed, or put it off; mostly the newest."""
    theirs = [each for each in phone.view("goal_terms") if each.author != phone.owner.id]
    if theirs:
        terms = town.chance.choice(theirs[-2:])
        phone.make("goal_act", goal=terms.fields["goal"], terms=terms.id, act=town.chance.choice(NOES))


def propose_again(town: Town, phone: Phone) -> None:
    """Ask once more for what was put off, which may be too soon."""
    noes = [each for each in phone.view("goal_act") if each.fields["act"] in NOES]
    asked = [phone.shown(RecordId(UUID(each.fields["terms"]))) for each in noes if each.author != phone.owner.id]
    terms = next((each for each in reversed(asked) if each is not None and each.kind == "goal_terms"), None)
    goal = None if terms is None else phone.shown(RecordId(UUID(terms.fields["goal"])))
    if terms is not None and goal is not None and terms.fields.get("title"):
        based_on = goal.fields.get("terms_in_force")
        phone.make("goal_terms", goal=goal.id, title=terms.fields["title"], based_on=based_on)


def propose_much(town: Town, phone: Phone) -> None:
    """More proposals than a goal takes."""
    goal = one(town, phone, "goal", live=False)
    if goal is not None:
        for _ in range(OPEN_TERMS_A_GOAL_MAX):
            in_force = goal.fields.get("terms_in_force")
            phone.make("goal_terms", goal=goal.id, title=town.word(phone.owner), based_on=in_force)


def act(town: Town, phone: Phone) -> None:
    terms = one(town, phone, "goal_terms")
    if terms is not None and "goal" in terms.fields:
        chosen = town.chance.choice([*ACTS, *NOES, "accept", "accept", "mark_done", "mark_done"])
        phone.make("goal_act", goal=terms.fields["goal"], terms=terms.id, act=chosen)


def reword_goal(town: Town, phone: Phone) -> None:
    reword(town, phone, "goal", "notes")


def empty_goal(town: Town, phone: Phone) -> None:
    """Take all of it out, while somebody else says it in other words."""
    empty(town, phone, "goal", "notes")


def give_goal_a_topic(town: Town, phone: Phone) -> None:
    goal = one(town, phone, "goal")
    if goal is not None:
        phone.write(goal.id, topic=town.name(phone.owner))


def step(town: Town, phone: Phone) -> None:
    goal = town.some(phone, "goal")
    if goal is not None:
        phone.make("step", goal=goal, title=town.word(phone.owner))


def reword_step(town: Town, phone: Phone) -> None:
    reword(town, phone, "step", "title")


def work_on_step(town: Town, phone: Phone) -> None:
    found = one(town, phone, "step")
    if found is None:
        return
    if town.chance.random() < 0.5:
        phone.write(found.id, done=not found.fields["done"])
    else:
        phone.write(found.id, taken_by=sorted(set(found.fields["taken_by"]) ^ {str(phone.owner.id)}))


def remove_step(town: Town, phone: Phone) -> None:
    remove(town, phone, "step")


# Texts beside, notices, settings -------------------------------------------------------------------------------


def pick_or_confirm(town: Town, phone: Phone) -> None:
    for kind in town.chance.sample(WITH_TEXTS, len(WITH_TEXTS)):
        for identity in reversed(town.made.get(kind, [])):
            shown = phone.shown(identity) if phone.knows(identity) else None
            if shown is None or shown.gone:
                continue
            if shown.alternatives:
                field, beside = min(shown.alternatives.items())
                kept = town.chance.choice([shown.fields.get(field), beside[0].text, town.word(phone.owner)])
                phone.pick(identity, field, kept or beside[0].text)
                return
            if shown.merged:
                phone.confirm(identity, shown.merged[0])
                return


def put_away(town: Town, phone: Phone) -> None:
    remove(town, phone, town.chance.choice(["notice", "unplaced"]))


def change_settings(town: Town, phone: Phone) -> None:
    settings, chance = one(town, phone, "settings"), town.chance
    if settings is None:
        return
    hour = chance.randint(18, 23)
    quiet = [{"weekday": chance.randrange(7), "from": f"{hour}:00", "to": f"0{chance.randrange(5, 10)}:00"}]
    asked: list[dict[str, Any]] = [
        {"quiet": quiet},
        {"quiet_off": chance.random() < 0.5},
        {"push_privacy": chance.choice(["hidden", "discreet", "descriptive"])},
        {"day_cap": chance.randint(0, DAY_CAP_MAX)},
        {"zone": chance.choice(["UTC", "Europe/Berlin", "America/Lima"])},
        {f"prompt_{chance.choice(sorted(PROMPTS))}": chance.randint(0, 1)},
    ]
    phone.write(settings.id, **chance.choice(asked))


# What no phone of ours would do --------------------------------------------------------------------------------


def send_nonsense(town: Town, phone: Phone) -> None:
    word = town.word(phone.owner)
    match town.chance.randrange(3):
        case 0:
            phone.force("check_in", set={"local_date": "nonsense", "text": word})
        case 1:
            phone.force("note_draft", set={"for_what": word, "delivery": 7})
        case _:
            phone.force("moon", set={"text": word})


def write_what_is_the_server_s(town: Town, phone: Phone) -> None:
    kind, field = town.chance.choice([("goal", "state"), ("shown_check_in", "text"), ("note", "for_what")])
    identity = town.some(phone, kind)
    if identity is not None:
        force(town, phone, kind, identity, {field: town.word(phone.owner)})


def answer_for_the_other(town: Town, phone: Phone) -> None:
    identity, partner = town.some(phone, "step"), town.partner_of(phone.owner)
    if identity is not None and partner is not None:
        values = {"taken_by": [str(partner.id)], "title": town.word(phone.owner)}
        force(town, phone, "step", identity, values, was={"taken_by": []})


def change_what_was_given(town: Town, phone: Phone) -> None:
    kind, field = town.chance.choice([("response", "text"), ("goal_terms", "title")])
    identity = town.some(phone, kind)
    if identity is not None:
        force(town, phone, kind, identity, {field: town.word(phone.owner)})


def answer_what_is_not_there(town: Town, phone: Phone) -> None:
    pairing = town.pairing_of(phone.owner)
    if pairing is not None:
        values = {"to": str(town.uuid()), "form": "heard_you", "text": town.word(phone.owner)}
        phone.force("response", couple=pairing.couple.id, set=values)


def write_for_another_couple(town: Town, phone: Phone) -> None:
    couples = [each.couple.id for each in town.pairings] + [each.id for each in town.parted]
    values = {"goal": str(town.uuid()), "title": town.word(phone.owner)}
    phone.force("step", couple=town.chance.choice([*couples, town.uuid()]), set=values)


def open_for_another_couple(town: Town, phone: Phone) -> None:
    entry = one(town, phone, "check_in")
    couples = [str(each.couple.id) for each in town.pairings] + [str(each.id) for each in town.parted]
    if entry is not None:
        phone.write(entry.id, audience=town.chance.choice([*couples, ONLY_ME]), shared_parts=["text"])


def guess_the_other_s_id(town: Town, phone: Phone) -> None:
    """Write under an id that may be somebody else's: it becomes a record of one's own, and tells nothing."""
    entries = town.made.get("check_in")
    if entries:
        values = {"local_date": _day(town), "text": town.word(phone.owner)}
        phone.force("check_in", town.chance.choice(entries), set=values)


EDITS: Final[tuple[Mapping[Edit, int], ...]] = (
    {
        check_in: 6,
        fill_a_day: 1,
        reword_check_in: 14,
        empty_check_in: 6,
        open_or_close: 10,
        describe_check_in: 12,
        remove_check_in: 4,
        respond: 10,
    },
    {draft: 4, reword_draft: 10, send_or_not: 6, remove_draft: 2},
    {
        propose: 4,
        propose_much: 1,
        amend: 5,
        propose_again: 12,
        say_no: 6,
        act: 14,
        reword_goal: 18,
        empty_goal: 12,
        give_goal_a_topic: 6,
    },
    {step: 4, reword_step: 12, work_on_step: 14, remove_step: 4},
    INNER,
    BETWEEN,
    {pick_or_confirm: 14, put_away: 4, change_settings: 10},
    {
        send_nonsense: 2,
        write_what_is_the_server_s: 2,
        answer_for_the_other: 2,
        change_what_was_given: 2,
        answer_what_is_not_there: 2,
        write_for_another_couple: 2,
        open_for_another_couple: 2,
        guess_the_other_s_id: 2,
    },
)
"""What people do, in groups that go together, with how often each is done beside the others of its group."""


def _day(town: Town) -> str:
    day = town.now - timedelta(days=town.chance.randrange(DAYS))
    return day.date().replace(day=1 + day.day % DAYS).isoformat()
