"""FCM on its bad days, over HTTP, by seed; and a worker that is killed now and then, before it sends and after."""

from collections.abc import Sequence
from datetime import datetime
from random import Random
from uuid import UUID

from domain.ids import PersonId
from notifications.answers import Answer, Unknown
from notifications.messages import Target
from notifications.sending import Sends
from tests.fake_fcm import HANG, QUOTA, UNAVAILABLE, UNREGISTERED, FakeFcm, Reply, after, target_of
from tests.lives.onlooker import Onlooker
from tests.lives.play import CrashError

TAKEN = Reply(body=b'{"name": "projects/haven-test/messages/1"}')
FATES: dict[str, tuple[float, tuple[Reply, ...]]] = {
    "slow down": (0.04, (after(QUOTA, "90"),)),
    "not well": (0.04, (after(UNAVAILABLE, "120"),)),
    "well again": (0.03, (UNAVAILABLE, UNAVAILABLE, TAKEN)),
    "no answer": (0.03, (HANG,)),
    "unregistered": (0.04, (UNREGISTERED,)),
}
"""How often, and what is answered to one message: the library itself asks five times of one that is not well."""
CRASHES = 0.03


class Vendor:
    """Implements `notifications.sending.Sends`: the real sender, before a fake that fails, with somebody looking on."""

    def __init__(self, sender: Sends, fake: FakeFcm, onlooker: Onlooker, seed: str) -> None:
        self.sender, self.fake, self.onlooker = sender, fake, onlooker
        self.hits = onlooker.hits
        self.chance = Random(f"{seed}/vendor")
        self._said: list[tuple[str, Reply]] = []
        self._listen()

    def _listen(self) -> None:
        """Note to whom the fake has answered what."""
        answers = self.fake.reply

        def heard(method: str, path: str, headers: dict[str, str], body: bytes, head: bytes = b"") -> Reply:
            asked = len(self.fake.sent)
            reply = answers(method, path, headers, body, head)
            self._said += [(target_of(each["message"]), reply) for each in self.fake.sent[asked:]]
            return reply

        self.fake.reply = heard  # type: ignore[method-assign]

    async def send(self, targets: Sequence[Target], now: datetime) -> list[Answer]:
        assert now == self.onlooker.now
        whose = {each.value: PersonId(UUID(each.value.partition(":")[0])) for each in targets}
        prompts = await self.onlooker.in_hand(set(whose.values()))
        assert set(prompts) == set(whose.values()), "nobody is told without a prompt that stands in the ledger"
        self._crash()
        for each in targets:
            self.fake.answers(each.value, *self._fate())
        self._said.clear()
        answers = await self.sender.send(targets, now)
        for value, reply in self._said:
            household, checks, who = self.onlooker.of(whose[value])
            assert value == household.value(who), "no phone is told by a name that it had before"
            if reply in (TAKEN, HANG):
                checks.accepted[prompts[whose[value]]] += 1
            if reply is UNREGISTERED:
                household.lost(who)
        for each, answer in zip(targets, answers, strict=True):
            self.hits[f"answer: {answer.code}"] += 1
            if isinstance(answer, Unknown):
                self.onlooker.of(whose[each.value])[1].unknown[prompts[whose[each.value]]] += 1
        self._crash([whose[each.value] for each in targets])
        return answers

    def _fate(self) -> tuple[Reply, ...]:
        chance = self.chance.random()
        for name, (often, replies) in FATES.items():
            chance -= often
            if chance < 0:
                self.hits[f"fault: {name}"] += 1
                return replies
        return (TAKEN,)

    def _crash(self, told: Sequence[PersonId] = ()) -> None:
        if self.chance.random() < CRASHES:
            self.hits["fault: killed after sending" if told else "fault: killed before sending"] += 1
            for checks in {id(each): each for each in (self.onlooker.of(person)[1] for person in told)}.values():
                checks.crashes += 1
            raise CrashError
