"""What people do for themselves: own goals, boundaries, reflections, a shelf, and dates that only their phone knows."""

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from domain.boundaries import FORMS
from domain.own_goals import ENDINGS, SUPPORT
from domain.reflections import THOUGHTS
from domain.settings import DAY_CAP_MAX
from domain.times import written
from tests.simulation.doing import one, open_or_close_one, opening, remove, reword
from tests.simulation.town import Edit, Phone, Town


def own_goal(town: Town, phone: Phone) -> None:
    opened = opening(town, phone, "own_goal") if town.chance.random() < 0.3 else {}
    phone.make("own_goal", title=town.word(phone.owner), **opened)


def reword_own_goal(town: Town, phone: Phone) -> None:
    reword(town, phone, "own_goal", town.chance.choice(["title", "why", "done_when", "latest"]))


def open_or_close_own_goal(town: Town, phone: Phone) -> None:
    open_or_close_one(town, phone, "own_goal", town.chance.choice(["title", "latest"]))


def live_own_goal(town: Town, phone: Phone) -> None:
    found, chance = one(town, phone, "own_goal"), town.chance
    if found is not None:
        does: list[dict[str, Any]] = [
            {"ending": chance.choice(ENDINGS)},
            {"resting": chance.random() < 0.5},
            {"support_wanted": chance.choice(SUPPORT)},
            {"topic": town.name(phone.owner)},
            {"hoped_for": town.now.date().isoformat()},
        ]
        phone.write(found.id, **chance.choice(does))


def remove_own_goal(town: Town, phone: Phone) -> None:
    remove(town, phone, "own_goal")


def boundary(town: Town, phone: Phone) -> None:
    opened = opening(town, phone, "boundary") if town.chance.random() < 0.3 else {}
    phone.make(
        "boundary",
        form=town.chance.choice(FORMS),
        zone="Europe/Berlin",
        note_private=town.word(phone.owner),
        **opened,
    )


def reword_boundary(town: Town, phone: Phone) -> None:
    reword(town, phone, "boundary", town.chance.choice(["note_private", "message"]))


def open_or_close_boundary(town: Town, phone: Phone) -> None:
    open_or_close_one(town, phone, "boundary", "message")


def hold_boundary(town: Town, phone: Phone) -> None:
    """Let it protect more or less, longer or shorter, or end it."""
    found, chance = one(town, phone, "boundary"), town.chance
    if found is None:
        return
    hour = chance.randint(10, 20)
    does: list[dict[str, Any]] = [
        {"from": written(town.now + timedelta(hours=chance.randint(-5, 5)))},
        {"until": chance.choice([None, written(town.now + timedelta(hours=chance.randint(0, 40)))])},
        {"windows": [{"weekday": chance.randrange(7), "from": f"{hour}:00", "to": f"{hour + 2}:30"}]},
        {"max_prompts_a_day": chance.choice([None, chance.randint(0, DAY_CAP_MAX)])},
        {"topic": town.name(phone.owner)},
    ]
    phone.write(found.id, **chance.choice(does))


def remove_boundary(town: Town, phone: Phone) -> None:
    remove(town, phone, "boundary")


def reflect(town: Town, phone: Phone) -> None:
    phone.make("reflection", trigger=town.word(phone.owner), feelings=[town.name(phone.owner)])


def reflect_on(town: Town, phone: Phone) -> None:
    found, chance = one(town, phone, "reflection"), town.chance
    if found is not None and found.fields.get("sealed") is None:
        match chance.randrange(3):
            case 0:
                phone.write(found.id, feelings=[*found.fields["feelings"][:3], town.name(phone.owner)])
            case 1:
                phone.write(found.id, intensity=chance.randint(1, 5))
            case _:
                reword(town, phone, "reflection", chance.choice(THOUGHTS))


def seal_reflection(town: Town, phone: Phone) -> None:
    """Put a new one out of everybody's sight, the server's too."""
    sealed = base64.b64encode(town.chance.randbytes(12)).decode()
    # What happens to look like one of the words that are counted would be taken for one.
    phone.make("reflection", sealed=sealed.replace("x", "y"))


def remove_reflection(town: Town, phone: Phone) -> None:
    remove(town, phone, "reflection")


def balance(town: Town, phone: Phone) -> None:
    found, chance = one(town, phone, "balance_note"), town.chance
    if found is None or chance.random() < 0.4:
        phone.make("balance_note", month=f"{town.now:%Y-%m}", line=town.word(phone.owner))
    else:
        phone.write(found.id, **{chance.choice(["lean_on", "own_ground"]): chance.randint(1, 5)})


def keep_a_letter(town: Town, phone: Phone) -> None:
    found, letter, chance = one(town, phone, "shelf"), town.some(phone, "note"), town.chance
    if found is not None and chance.random() < 0.6:
        phone.write(found.id, **chance.choice([{"hidden": chance.random() < 0.5}, {"helped": chance.randint(1, 5)}]))
    elif letter is not None:
        phone.make("shelf", about=letter, kept=True)


def set_a_date(town: Town, phone: Phone) -> None:
    found, step, chance = one(town, phone, "step_date"), town.some(phone, "step"), town.chance
    at = f"{chance.randrange(7, 22):02}:15"
    if found is not None and chance.random() < 0.5:
        phone.write(found.id, at=at)
    elif step is not None:
        phone.make("step_date", step=step, on=town.now.date().isoformat(), at=at)


INNER: Final[Mapping[Edit, int]] = {
    own_goal: 2,
    reword_own_goal: 5,
    open_or_close_own_goal: 5,
    live_own_goal: 4,
    remove_own_goal: 1,
    boundary: 2,
    reword_boundary: 3,
    open_or_close_boundary: 5,
    hold_boundary: 5,
    remove_boundary: 1,
    reflect: 2,
    reflect_on: 3,
    seal_reflection: 1,
    remove_reflection: 1,
    balance: 2,
    keep_a_letter: 5,
    set_a_date: 2,
}
