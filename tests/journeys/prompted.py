"""A vendor of push messages that takes everything, two phones that it reaches, and minutes that pass."""

from collections.abc import Sequence
from datetime import datetime

from api.prompting import Prompting
from notifications.answers import Accepted, Answer
from notifications.messages import Target
from tests.journeys.phones import Phone
from tests.journeys.two import Two


class Vendor:
    """Takes everything, and remembers whom it was for."""

    def __init__(self) -> None:
        self.told: list[tuple[datetime, str]] = []
        self.hidden: list[bool] = []

    async def send(self, targets: Sequence[Target], now: datetime) -> list[Answer]:
        self.told += [(now, each.value) for each in targets]
        self.hidden += [each.hidden for each in targets]
        return [Accepted() for _ in targets]


async def reachable(two: Two, phone: Phone, value: str) -> None:
    yes = {"purpose": "push", "text_version": 1, "given": True}
    said = await two.client.post("/v1/me/consents", headers=phone.someone.headers, json=yes)
    assert said.status_code == 200, said.text
    target = {"kind": "token", "value": value, "platform": "android"}
    put = await two.client.put("/v1/devices/current/push-target", headers=phone.someone.headers, json=target)
    assert put.status_code in (200, 204), put.text


async def rounds(two: Two, prompting: Prompting, minutes: int) -> None:
    for _ in range(minutes):
        two.clock.move(minutes=1)
        await prompting.tick(two.clock())
