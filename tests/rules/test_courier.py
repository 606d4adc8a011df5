"""How an errand to all devices of a person went, and what FCM's wishes do to those that come after."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.ids import DeviceId, PersonId
from notifications import ports
from notifications.answers import (
    Accepted,
    Answer,
    Hold,
    NotLetIn,
    OurFault,
    SlowDown,
    TargetGone,
    TryLater,
    Unknown,
    WrongSender,
    retry_at,
)
from notifications.courier import SPREAD_S, Courier, outcome
from notifications.messages import Platform, Target
from notifications.targets import Kept, Reached

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
ANA, BEN, CLEO = (PersonId(UUID(int=nth)) for nth in (1, 2, 3))


def reached(person: PersonId, name: str, platform: Platform = "android") -> Reached:
    target = Target(device=DeviceId(uuid4()), kind="token", value=name, platform=platform)
    kept = Kept(
        person=person,
        device=target.device,
        kind="token",
        platform=platform,
        sealed=b"",
        value_hash=name.encode(),
        registered_on=date(2026, 11, 27),
        registration=uuid4(),
    )
    return Reached(target, kept)


class Town:
    """Devices, and an FCM that answers as it is told, or with a yes."""

    def __init__(self, *devices: Reached) -> None:
        self.devices = list(devices)
        self.answers: dict[str, Answer] = {}
        self.sent: list[list[str]] = []
        self.gone: list[str] = []

    async def reached(self, people: Collection[PersonId], _now: datetime) -> Mapping[PersonId, Sequence[Reached]]:
        return {who: [each for each in self.devices if each.kept.person == who] for who in people}

    async def give_up(self, dead: Sequence[Reached]) -> None:
        self.gone += [each.target.value for each in dead]
        self.devices = [each for each in self.devices if each not in dead]

    async def send(self, targets: Sequence[Target], _now: datetime) -> list[Answer]:
        self.sent.append([each.value for each in targets])
        return [self.answers.get(each.value, Accepted()) for each in targets]


def errand(person: PersonId, *, tries: int = 0) -> ports.Errand:
    return ports.Errand(person=person, prompt=uuid4(), expires=NOW + timedelta(hours=24), tries=tries)


async def went(courier: Courier, *errands: ports.Errand, now: datetime = NOW) -> list[str]:
    return [each.outcome for each in await courier.send(errands, now)]


ROWS: list[tuple[list[Answer], str]] = [
    ([], "dead"),
    ([Accepted()], "accepted"),
    ([TargetGone()], "dead"),
    ([OurFault()], "dead"),
    ([WrongSender(), TargetGone()], "dead"),
    ([SlowDown()], "later"),
    ([Hold("ios")], "later"),
    ([NotLetIn()], "later"),
    ([TryLater()], "unknown"),
    ([Unknown("timeout")], "unknown"),
    ([SlowDown(), Unknown("timeout")], "unknown"),
    ([TargetGone(), SlowDown()], "later"),
    ([Accepted(), Unknown("timeout")], "accepted"),
    ([TargetGone(), Accepted(), OurFault()], "accepted"),
]


@pytest.mark.parametrize(("told", "went"), ROWS)
def test_an_errand_went_as_its_best_device_did_and_later_means_surely_not_taken(told: list[Answer], went: str) -> None:
    asked = errand(ANA, tries=2)
    said = outcome(told, asked, NOW)
    assert said.outcome == went
    moments = [at for each in told if (at := retry_at(each, 3, NOW, asked.prompt.bytes)) is not None]
    assert said.at == (None if went in ("accepted", "dead") else min(moments))


async def test_each_is_told_on_all_of_their_devices_and_the_answers_keep_their_order() -> None:
    town = Town(reached(ANA, "a1"), reached(BEN, "b1"), reached(ANA, "a2", "ios"))
    town.answers = {"b1": Unknown("timeout"), "a2": TargetGone()}
    courier = Courier(town, town)
    assert await went(courier, errand(BEN), errand(ANA), errand(CLEO)) == ["unknown", "accepted", "dead"]
    assert town.sent == [["b1", "a1", "a2"]]


async def test_p12_a_dead_target_is_given_up_and_not_tried_again() -> None:
    """P12: neither for this errand nor for the next."""
    town = Town(reached(ANA, "a1"), reached(ANA, "a2"), reached(BEN, "b1"))
    town.answers = {"a1": TargetGone(), "b1": WrongSender()}
    courier = Courier(town, town)
    assert await went(courier, errand(ANA), errand(BEN)) == ["accepted", "dead"]
    assert town.gone == ["a1", "b1"]
    assert await went(courier, errand(ANA), errand(BEN)) == ["accepted", "dead"]
    assert town.sent[1] == ["a2"]


async def test_asked_to_slow_down_nobody_is_told_anything_until_then() -> None:
    town = Town(reached(ANA, "a1"), reached(BEN, "b1"))
    town.answers = {"a1": SlowDown(100.0)}
    courier = Courier(town, town)
    assert await went(courier, errand(ANA), errand(BEN)) == ["later", "accepted"]
    (waits,) = await courier.send([errand(BEN)], NOW + timedelta(seconds=99))
    assert waits.outcome == "later"
    assert waits.at is not None
    assert NOW + timedelta(seconds=100) <= waits.at <= NOW + timedelta(seconds=150 + SPREAD_S)
    assert len(town.sent) == 1
    after = NOW + timedelta(seconds=151)
    assert await went(courier, errand(ANA), now=after) == ["later"], "and again, for twice as long"
    assert await went(courier, errand(BEN), now=after + timedelta(seconds=199)) == ["later"]
    town.answers = {}
    last = after + timedelta(seconds=301)
    assert await went(courier, errand(BEN), now=last) == ["accepted"]
    assert await went(courier, errand(BEN), now=last) == ["accepted"]
    assert town.sent == [["a1", "b1"], ["a1"], ["b1"], ["b1"]]


async def test_those_who_waited_together_come_back_one_after_the_other() -> None:
    town = Town(reached(ANA, "a1"))
    town.answers = {"a1": SlowDown()}
    courier = Courier(town, town)
    await courier.send([errand(ANA)], NOW)
    moments: set[Any] = {each.at for each in await courier.send([errand(ANA) for _ in range(50)], NOW)}
    assert len(moments) > 40


async def test_while_apple_does_not_take_our_key_android_goes_on() -> None:
    town = Town(reached(ANA, "iphone", "ios"), reached(BEN, "phone"), reached(BEN, "tablet", "ios"))
    town.answers = {"iphone": Hold("ios"), "tablet": Hold("ios")}
    courier = Courier(town, town)
    assert await went(courier, errand(ANA), errand(BEN)) == ["later", "accepted"]
    assert await went(courier, errand(ANA), errand(BEN), now=NOW + timedelta(seconds=59)) == ["later", "accepted"]
    assert town.sent[1] == ["phone"]
    town.answers = {}
    assert await went(courier, errand(ANA), now=NOW + timedelta(seconds=91)) == ["accepted"]
    assert await went(courier, errand(ANA), now=NOW + timedelta(seconds=92)) == ["accepted"]
