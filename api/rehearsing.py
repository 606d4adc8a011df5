"""What `haven push test` does: ask FCM whether it would take what Haven sends, and deliver nothing."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from msgspec import Struct

from api import store
from api.console import complain, say
from api.push_targets import Wish, reaching
from api.pushing import open_fcm
from api.settings import Settings
from api.wiring import Parts
from domain.ids import PersonId
from notifications.answers import Accepted, Answer
from notifications.messages import Form
from notifications.targets import Reached

SENTENCES: Final[Mapping[str, str]] = {
    "accepted": "FCM would take it",
    "target_gone": "FCM knows it no more; it is forgotten with the next prompt",
    "wrong_sender": "it was registered with another project; it is forgotten with the next prompt",
    "our_fault": "FCM does not understand this message: a fault of Haven's",
    "slow_down": "FCM has been asked too often; try again in some minutes",
    "try_later": "FCM cannot be reached, or is not well",
    "hold": "Apple, or the browser's service, does not take the project's key",
    "not_let_in": "FCM does not let this credential send for this project",
    "unknown": "nothing that can be read came back",
}


class Device(Struct, frozen=True):
    """What FCM says of one device of a person, and nothing that would reach it."""

    platform: str
    kind: str
    registered_on: date
    answer: str


class Rehearsal(Struct, frozen=True):
    """What FCM says of each form of message and, where a person was named, of each of their devices."""

    project: str
    forms: Mapping[Form, Answer]
    devices: Sequence[Device] | None

    @property
    def usable(self) -> bool:
        """Whether all that Haven sends would be taken. That a device is gone is no fault."""
        return all(isinstance(answer, Accepted) for answer in self.forms.values())


async def devices_of(parts: Parts, person: PersonId, today: date) -> list[Reached] | None:
    """Return where a prompt would reach a person; None where there is no such account."""
    space = await store.personal_space_of(parts.pool, person)
    if space is None:
        return None
    reached = await reaching(parts.pool, parts.keys, {person: Wish(space, hidden=False)}, today)
    return reached[person]


async def rehearse(settings: Settings, reached: Sequence[Reached] | None, now: datetime) -> Rehearsal:
    """Ask FCM. Nothing is delivered, nothing is stored. Raises SenderUnusable."""
    async with open_fcm(settings) as sender:
        forms, answers = await sender.rehearse(now, [each.target for each in reached or ()])
    devices = [
        Device(each.target.platform, each.target.kind, each.kept.registered_on, answer.code)
        for each, answer in zip(reached or (), answers, strict=True)
    ]
    return Rehearsal(settings.firebase_project or "", forms, None if reached is None else devices)


def tell(rehearsal: Rehearsal, *, as_json: bool) -> None:
    """Say what came of it."""
    if as_json:
        devices = rehearsal.devices
        told = {
            "usable": rehearsal.usable,
            "project": rehearsal.project,
            "forms": {form: answer.code for form, answer in rehearsal.forms.items()},
            "devices": None
            if devices is None
            else [
                {
                    "platform": each.platform,
                    "kind": each.kind,
                    "registered_on": each.registered_on.isoformat(),
                    "answer": each.answer,
                }
                for each in devices
            ],
        }
        say(json.dumps(told))
        return
    say(f"What Haven sends, to the project {rehearsal.project}:")
    say(*(f"  {form:12}{answer.code:14}{SENTENCES[answer.code]}" for form, answer in rehearsal.forms.items()))
    if rehearsal.devices:
        say("", "Devices of this person, in the order in which they are sent to:")
        say(
            *(
                f"  {each.platform:9}{each.kind:7}{each.registered_on}  {each.answer:14}{SENTENCES[each.answer]}"
                for each in rehearsal.devices
            )
        )
    elif rehearsal.devices is not None:
        say("", "This person has no device that a prompt would be sent to.")
    say("", "Nothing was delivered to anybody.")
    if not rehearsal.usable:
        complain("FCM would not take all that Haven sends.")
