"""Gather what the partner has left for somebody into one prompt: however much it is, and of whatever kinds."""

from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from domain.ids import CoupleId
from domain.prompts import ARRIVAL_HOLDS, Arrived, Prompt
from domain.quiet import chance

SETTLES_MIN_S: Final = 2 * 60
SETTLES_MAX_S: Final = 10 * 60
"""So long after the first of them a prompt comes at the earliest, so that what belongs together comes together."""
ARRIVED_MAX: Final = 50
"""So many of what has arrived speak for all of it: the first half of them, and the newest."""


def gather(prompt: Prompt | None, luck: str, couple: CoupleId, arrived: Arrived) -> Prompt:
    """Return the one prompt for what has arrived so far; `prompt` is that which waits already, of the same couple.

    `luck` is what chance follows from for whom it is.

    When it comes follows from the first alone, so that nobody brings it nearer by writing more.
    """
    if prompt is None:
        settles_s = SETTLES_MIN_S + chance(SETTLES_MAX_S - SETTLES_MIN_S + 1, luck, "settles", couple, arrived.record)
        return Prompt(
            kind=arrived.kind,
            due=arrived.at + timedelta(seconds=settles_s),
            expires=arrived.at + ARRIVAL_HOLDS,
            couple=couple,
            arrived=(arrived,),
        )
    assert prompt.couple == couple
    known = any((each.kind, each.record) == (arrived.kind, arrived.record) for each in prompt.arrived)
    if known:
        return prompt
    kept = prompt.arrived
    if len(kept) >= ARRIVED_MAX:
        # The first says when, and the newest are the likeliest to stand: one of those between makes room.
        kept = (*kept[: ARRIVED_MAX // 2], *kept[ARRIVED_MAX // 2 + 1 :])
    return replace(prompt, expires=max(prompt.expires, arrived.at + ARRIVAL_HOLDS), arrived=(*kept, arrived))
