"""Plan and send prompts: the worker's part of a prompt's life, wired to the store, to people and to whoever sends."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import uuid4

from api.people import StoredPeople
from api.wiring import Parts
from notifications.courier import Courier
from notifications.sending import Sends
from notifications.service import Desks, plan_round, send_round
from notifications.store import PostgresStore
from notifications.waking import wake_round
from notifications.wording import load

ROUNDS_MAX: Final = 20
"""Full rounds of one tick; what is left waits for the next one."""


class Prompting:
    """What one worker needs for it, and under which name it claims."""

    def __init__(self, parts: Parts, sends: Sends) -> None:
        people = StoredPeople(parts.pool, parts.keys)
        self._desks = Desks(
            store=PostgresStore(parts.pool),
            people=people,
            courier=Courier(people, sends),
            words=load().choose,
            new_id=uuid4,
        )

    async def tick(self, now: datetime, clock: Callable[[], datetime] | None = None) -> int:
        """Plan what has become news, send what is due, and wake phones; return how many prompts were looked at.

        Each round is of the moment at which it begins, by `clock`: one with a slow FCM takes most of a minute, and
        somebody's quiet hours begin meanwhile. Without a clock all of them are of `now`.
        """
        moment: Callable[[], datetime] = (lambda: now) if clock is None else clock
        for _ in range(ROUNDS_MAX):
            if not await plan_round(self._desks, moment()):
                break
        looked_at = 0
        for _ in range(ROUNDS_MAX):
            # Each claim is by a name of its own: what a round before has left is nobody's of this one.
            claimed = await send_round(self._desks, moment(), uuid4())
            looked_at += claimed
            if not claimed:
                break
        for _ in range(ROUNDS_MAX):
            if not await wake_round(self._desks, moment()):
                break
        return looked_at
