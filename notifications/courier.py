"""Bring errands to all devices of their person, and say of each errand how it went."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final, Protocol
from uuid import UUID

from domain.ids import PersonId
from notifications import answers, ports
from notifications.messages import Platform
from notifications.sending import Sends
from notifications.targets import Reached

SPREAD_S: Final = 30.0
"""Over so long those are spread who waited for FCM together."""


class Devices(Protocol):
    """Knows where people are reached."""

    async def reached(self, hidden: Mapping[PersonId, bool], now: datetime) -> Mapping[PersonId, Sequence[Reached]]:
        """Return where to reach each of these people, of whom it says whether they want nothing to be shown.

        Whoever is left out is reached nowhere.
        """
        ...

    async def give_up(self, dead: Sequence[Reached]) -> None:
        """Forget what leads nowhere, unless it was registered anew since."""
        ...


class Courier:
    """Implements `notifications.ports.Courier`. It remembers only what FCM asked of this process, and for how long.

    After a 429 nothing is sent for a while, whoever it is for; after a 401 about a platform's key, nothing to that
    platform. Pauses double as long as that goes on.
    """

    def __init__(self, devices: Devices, sends: Sends) -> None:
        self._devices = devices
        self._sends = sends
        self._rest = _Pause()
        self._holds: dict[Platform, _Pause] = {}

    async def send(self, errands: Sequence[ports.Errand], now: datetime) -> list[ports.Delivery]:
        """Tell these people, each on all of their devices at once; the answers come in the order of the errands."""
        if self._rest.holds(now):
            return [ports.Delivery(outcome="later", at=_spread(self._rest.until, each.prompt)) for each in errands]
        reached = await self._devices.reached({each.person: each.hidden for each in errands}, now)
        told: list[list[answers.Answer]] = [[] for _ in errands]
        going: list[tuple[int, Reached]] = []
        for nth, errand in enumerate(errands):
            for each in reached.get(errand.person, ()):
                if self._holds.get(each.target.platform, _NO_PAUSE).holds(now):
                    told[nth].append(answers.Hold(each.target.platform))
                else:
                    going.append((nth, each))
        said = await self._sends.send([each.target for _, each in going], now)
        for (nth, _), answer in zip(going, said, strict=True):
            told[nth].append(answer)
        dead = [each for (_, each), answer in zip(going, said, strict=True) if answer.removes]
        if dead:
            await self._devices.give_up(dead)
        self._heed(said, [each.target.platform for _, each in going], now)
        return [outcome(those, errand, now) for those, errand in zip(told, errands, strict=True)]

    def _heed(self, said: Sequence[answers.Answer], platforms: Sequence[Platform], now: datetime) -> None:
        asked = [answer for answer in said if isinstance(answer, answers.SlowDown)]
        if asked:
            self._rest = self._rest.longer(max(asked, key=lambda each: each.retry_after_s), now)
        elif said:
            self._rest = _NO_PAUSE
        for platform in set(platforms):
            of_platform = [answer for answer, each in zip(said, platforms, strict=True) if each == platform]
            held = next((answer for answer in of_platform if isinstance(answer, answers.Hold)), None)
            if held is not None:
                self._holds[platform] = self._holds.get(platform, _NO_PAUSE).longer(held, now)
            else:
                self._holds.pop(platform, None)


def outcome(told: Sequence[answers.Answer], errand: ports.Errand, now: datetime) -> ports.Delivery:
    """Say how an errand went, by what was said of each device.

    It is done where one device has it: another would only be told the same, and the first twice. `later` is said only
    where FCM has surely taken it for none.
    """
    if any(isinstance(each, answers.Accepted) for each in told):
        return ports.Delivery(outcome="accepted")
    again = [each for each in told if each.again]
    if not again:
        return ports.Delivery(outcome="dead")
    moments = [answers.retry_at(each, errand.tries + 1, now, errand.prompt.bytes) for each in again]
    surely_not_taken = all(each.refused_first for each in again)
    return ports.Delivery(
        outcome="later" if surely_not_taken else "unknown", at=min(at for at in moments if at is not None)
    )


class _Pause:
    """Until when nothing is sent, and how often in a row that was so."""

    __slots__ = ("times", "until")

    def __init__(self, until: datetime | None = None, times: int = 0) -> None:
        self.until = until
        self.times = times

    def holds(self, now: datetime) -> bool:
        return self.until is not None and now < self.until

    def longer(self, answer: answers.Answer, now: datetime) -> "_Pause":
        return _Pause(answers.retry_at(answer, self.times + 1, now, "pause"), self.times + 1)


_NO_PAUSE: Final = _Pause()


def _spread(until: datetime | None, prompt: UUID) -> datetime | None:
    if until is None:
        return None
    return until + timedelta(seconds=SPREAD_S * Random(prompt.bytes).random())  # noqa: S311 - it guards nothing
