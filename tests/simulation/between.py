"""What people do for and with each other besides goals and notes: support, pauses, repairs, progress, and counsel."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from domain.counsel import SECTIONS, approval
from domain.notes import LETTERS_A_DAY_MAX
from domain.pauses import MINUTES_MIN
from domain.repairs import FORMS as REPAIRS
from domain.support import FORMS, WHEN
from tests.simulation.doing import force, one, remove, reword
from tests.simulation.town import Edit, Phone, Town


def ask_for_support(town: Town, phone: Phone) -> None:
    if town.pairing_of(phone.owner) is not None:
        phone.make("support_request", form=town.chance.choice(FORMS), text=town.word(phone.owner))


def change_request(town: Town, phone: Phone) -> None:
    """Say it in other words or more urgently; the partner's phone would not, and does here now and then."""
    found = one(town, phone, "support_request")
    if found is None:
        return
    if found.author != phone.owner.id:
        force(town, phone, "support_request", found.id, {"text": town.word(phone.owner)})
    elif town.chance.random() < 0.5:
        reword(town, phone, "support_request", "text")
    else:
        phone.write(found.id, when=town.chance.choice(WHEN))


def withdraw_or_not(town: Town, phone: Phone) -> None:
    found = one(town, phone, "support_request", live=False)
    if found is not None and found.author == phone.owner.id:
        remove(town, phone, "support_request")


def offer(town: Town, phone: Phone) -> None:
    if town.pairing_of(phone.owner) is not None:
        about = town.some(phone, town.chance.choice(["support_request", "shown_check_in", "shown_goal"]))
        phone.make("support_offer", text=town.word(phone.owner), **({} if about is None else {"to": about}))


def repair(town: Town, phone: Phone) -> None:
    if town.pairing_of(phone.owner) is not None:
        phone.make("repair", form=town.chance.choice(REPAIRS), i_feel=town.word(phone.owner))


def repair_much(town: Town, phone: Phone) -> None:
    """More first steps than a day takes."""
    if town.pairing_of(phone.owner) is not None:
        for _ in range(LETTERS_A_DAY_MAX // 2 + 1):
            phone.make("repair", form=town.chance.choice(REPAIRS), text=town.word(phone.owner))


def pause(town: Town, phone: Phone) -> None:
    if town.pairing_of(phone.owner) is not None:
        phone.make("pause", minutes=town.chance.randrange(MINUTES_MIN, 300))


def live_pause(town: Town, phone: Phone) -> None:
    """Come back, stay away longer, set it aside; or try to shorten it."""
    found, chance = one(town, phone, "pause"), town.chance
    if found is None:
        return
    match chance.randrange(4):
        case 0:
            phone.write(found.id, minutes=min(24 * 60, found.fields["minutes"] + chance.randrange(-30, 200)))
        case 1:
            phone.write(found.id, set_aside=not found.fields["set_aside"])
        case _:
            phone.write(found.id, resumed_by=sorted(set(found.fields["resumed_by"]) ^ {str(phone.owner.id)}))


def note_progress(town: Town, phone: Phone) -> None:
    goal = town.some(phone, "goal")
    if goal is not None:
        on = (town.now - timedelta(days=1)).date().isoformat()
        phone.make("progress", goal=goal, note=town.word(phone.owner), on=on, amount="2.5", unit="km")


def remove_progress(town: Town, phone: Phone) -> None:
    found = one(town, phone, "progress", live=False)
    if found is not None and found.author == phone.owner.id:
        remove(town, phone, "progress")


def summarise(town: Town, phone: Phone) -> None:
    if town.pairing_of(phone.owner) is not None:
        first = (town.now - timedelta(days=town.chance.randrange(1, 80))).date().isoformat()
        summary = phone.make("counsel_summary", **{"from": first, "to": town.now.date().isoformat()})
        phone.make("counsel_part", summary=summary, section=town.chance.choice(SECTIONS), text=town.word(phone.owner))


def add_part(town: Town, phone: Phone) -> None:
    summary = town.some(phone, "counsel_summary")
    if summary is not None:
        phone.make("counsel_part", summary=summary, section=town.chance.choice(SECTIONS), text=town.word(phone.owner))


def reword_summary(town: Town, phone: Phone) -> None:
    reword(town, phone, "counsel_summary", "for_whom")


def reword_part(town: Town, phone: Phone) -> None:
    found = one(town, phone, "counsel_part")
    if found is not None and found.author == phone.owner.id:
        reword(town, phone, "counsel_part", "text")


def approve(town: Town, phone: Phone) -> None:
    """Say yes to a part as it stands here, or take the yes back."""
    found = one(town, phone, "counsel_part")
    # Of a part that a restore has lost a phone may show nothing but its own yes that waits.
    if found is not None and "text" in found.fields:
        mine = {approval(phone.owner.id, found.fields["text"] or "")}
        phone.write(found.id, approvals=sorted(set(found.fields["approvals"]) ^ mine))


BETWEEN: Final[Mapping[Edit, int]] = {
    ask_for_support: 3,
    change_request: 3,
    withdraw_or_not: 3,
    offer: 2,
    repair: 2,
    repair_much: 1,
    pause: 2,
    live_pause: 6,
    note_progress: 2,
    remove_progress: 1,
    summarise: 1,
    add_part: 2,
    reword_summary: 1,
    reword_part: 2,
    approve: 3,
}
