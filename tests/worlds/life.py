"""Who does what when, by seed: what both may see of it, and, drawn from a chance of its own, what is Ben's alone."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from msgspec import Struct

Who = Literal["ana", "ben"]

ANAS: Mapping[str, int] = {
    "check_in": 4,
    "reflect": 2,
    "give_letter": 2,
    "ask": 2,
    "propose": 1,
    "answer": 2,
    "plan_step": 4,
    "take_space": 2,
    "choose": 4,
    "reach_anew": 1,
    "look": 6,
}
"""What Ana does in ten days, and how often: all of it may move her prompts."""

BENS_SEEN: Mapping[str, int] = {
    "give_letter": 4,
    "ask": 2,
    "repair": 1,
    "propose": 2,
    "answer": 2,
    "show_mood": 2,
    "tell_of_own_goal": 2,
    "show_space": 1,
    "pause": 1,
    "mark_done": 1,
}
"""What Ben does and Ana may see: the same in both worlds, to the second."""

BENS_OWN: Mapping[str, int] = {
    "check_in": 7,
    "reflect": 2,
    "balance": 1,
    "draft": 2,
    "own_goal": 1,
    "choose": 4,
    "travel": 2,
    "silent_space": 2,
    "silent_windows": 1,
    "shelve": 2,
    "plan_step": 2,
    "sign_in": 2,
    "sign_out": 1,
    "reach_anew": 2,
    "reach_no_more": 1,
    "say_no_to_push": 1,
    "look": 8,
}
"""What is of Ben's own space and account alone."""


class Deed(Struct, frozen=True, order=True):
    """Something that somebody does at an instant; from `seed` its details are drawn."""

    at: datetime
    who: Who
    what: str
    seed: str


def seen(seed: str, begins: datetime, days: int) -> list[Deed]:
    """What Ana does, and what she may see of what Ben does."""
    return [*_deeds(f"{seed}/ana", "ana", ANAS, begins, days), *_deeds(f"{seed}/seen", "ben", BENS_SEEN, begins, days)]


def unseen(seed: str, begins: datetime, days: int) -> list[Deed]:
    """What Ben does for himself."""
    return list(_deeds(f"{seed}/own", "ben", BENS_OWN, begins, days))


def _deeds(seed: str, who: Who, often: Mapping[str, int], begins: datetime, days: int) -> Iterator[Deed]:
    for what, times in often.items():
        chance = Random(f"{seed}/{what}")
        for nth in range(max(1, times * days // 10)):
            # By day and in the evening; Ana's clock is an hour or two ahead.
            midnight = begins.replace(hour=0, minute=0, second=0) + timedelta(days=chance.randrange(days))
            at = midnight + timedelta(seconds=chance.randrange(6 * 3600, 21 * 3600))
            yield Deed(at=max(at, begins), who=who, what=what, seed=f"{seed}/{what}/{nth}")
