"""A phone that writes down everything that is put into it and comes out of it, as JSON; and one that does it again."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from domain.ids import CoupleId, DeviceId, PersonId, RecordId
from domain.kinds import KINDS
from sync.device_kinds import device_kinds
from sync.replica import Replica
from sync.shelves import Shelves
from sync.showing import Shown
from sync.wire import SCHEMA, SyncRequest, SyncResponse
from tests.world import Device, Person, World

Step = dict[str, Any]


class Recorder(Device):
    """A phone whose steps can be read afterwards."""

    def __init__(self, *rest: Any, **named: Any) -> None:
        self.steps: list[Step] = []
        super().__init__(*rest, **named)

    def _edit(self, kind: str, identity: RecordId | None, fields: dict[str, Any], **other: Any) -> Any:
        before = len(self.replica.waiting())
        drawn: list[UUID] = []
        change = self._watched(drawn, lambda: super(Recorder, self)._edit(kind, identity, fields, **other))
        assert change is None or len(self.replica.waiting()) == before + 1
        couple = other.get("couple")
        self._wrote(
            {
                "do": "edit",
                "kind": kind,
                "id": identity,
                "fields": fields,
                "remove": other.get("remove"),
                "couple": getattr(couple, "id", couple),
                "key": drawn[0],
                "new_id": None if change is None else change.id,
                "made_ms": self.now_ms(),
                "gives": change,
            }
        )
        return change

    def pick(self, identity: RecordId, field: str, keep: str) -> Any:
        change = super().pick(identity, field, keep)
        said = {"id": identity, "field": field, "keep": keep, "key": change.key, "made_ms": self.now_ms()}
        self._wrote({"do": "pick", **said, "gives": change})
        return change

    def confirm(self, identity: RecordId, field: str) -> Any:
        change = super().confirm(identity, field)
        said = {"id": identity, "field": field, "key": change.key, "made_ms": self.now_ms()}
        self._wrote({"do": "confirm", **said, "gives": change})
        return change

    def force(self, kind: str, identity: UUID | None = None, **other: Any) -> Any:
        change = super().force(kind, identity, **other)
        self._wrote({"do": "keep", "change": change, "made_ms": self.now_ms()})
        return change

    def request(self, *, limit: int = 500) -> SyncRequest:
        request = super().request(limit=limit)
        self._wrote({"do": "ask", "now_ms": self.now_ms(), "limit": limit, "gives": request})
        return request

    def begin_anew(self) -> None:
        super().begin_anew()
        self._wrote({"do": "begin_anew"})

    def receive(self, request: SyncRequest, response: SyncResponse) -> bool:
        drawn: list[UUID] = []
        taken = self._watched(drawn, lambda: super(Recorder, self).receive(request, response))
        said = {"do": "take", "asked": request, "answer": response, "new_keys": drawn}
        self._wrote({**said, "gives": taken})
        return taken

    def _watched(self, drawn: list[UUID], act: Callable[[], Any]) -> Any:
        """Do something, and note the keys that are drawn meanwhile."""
        draw = self.uuid

        def noted() -> UUID:
            drawn.append(draw())
            return drawn[-1]

        self.uuid = noted  # type: ignore[method-assign]
        try:
            return act()
        finally:
            del self.uuid

    def _wrote(self, step: Step) -> None:
        self.steps.append(plain({**step, "shows": list(shows(self.replica))}))


class RecordedWorld(World):
    """A world whose phones are recorded."""

    def device(self, person: Person, *, clock_off: timedelta = timedelta()) -> Recorder:
        made = super().device(person, clock_off=clock_off)
        recorder = Recorder(made.replica, send=made.send, now_ms=made.now_ms, chance=made.chance)
        self.devices[-1] = recorder
        return recorder


def shows(replica: Replica) -> Iterator[dict[str, Any]]:
    """Everything that a device shows, removed records too, in the order of kind and id."""
    for kind in KINDS:
        every = {each.id: each for each in (*replica.view(kind), *replica.view(kind, removed=True))}
        yield from (shown_as_json(every[identity]) for identity in sorted(every))


def shown_as_json(shown: Shown) -> dict[str, Any]:
    """What a device shows of one record."""
    return {
        "kind": shown.kind,
        "id": shown.id,
        "version": shown.version,
        "author": shown.author,
        "removed": shown.removed,
        "waits": shown.pending,
        "fields": shown.fields,
        "alternatives": shown.alternatives,
        "merged": shown.merged,
    }


def plain(value: Any) -> Any:
    """What a value is as JSON."""
    return msgspec.json.decode(msgspec.json.encode(value))


def played(person: str, device: str, steps: list[Step]) -> Iterator[tuple[Step, Any, list[Any]]]:
    """Do the same steps on a new device that knows nothing but them; give what each gives and what is shown then."""
    replica = Replica(Shelves(PersonId(UUID(person)), DeviceId(UUID(device))))
    for step in steps:
        yield step, plain(_do(replica, step)), plain(list(shows(replica)))


def _do(replica: Replica, step: Step) -> Any:
    match step["do"]:
        case "edit":
            return replica.edit(
                step["kind"],
                None if step["id"] is None else RecordId(UUID(step["id"])),
                step["fields"],
                remove=step["remove"],
                couple=None if step["couple"] is None else CoupleId(UUID(step["couple"])),
                key=UUID(step["key"]),
                new_id=UUID(step["new_id"] or step["key"]),
                made_ms=step["made_ms"],
            )
        case "pick":
            return replica.pick(
                RecordId(UUID(step["id"])), step["field"], step["keep"], key=UUID(step["key"]), made_ms=step["made_ms"]
            )
        case "confirm":
            return replica.confirm(
                RecordId(UUID(step["id"])), step["field"], key=UUID(step["key"]), made_ms=step["made_ms"]
            )
        case "keep":
            replica.keep(msgspec.convert(step["change"], _CHANGE), step["made_ms"])
        case "ask":
            return replica.request(step["now_ms"], limit=step["limit"])
        case "begin_anew":
            replica.begin_anew()
        case "take":
            keys = iter(step["new_keys"])
            asked, answer = msgspec.convert(step["asked"], SyncRequest), msgspec.convert(step["answer"], SyncResponse)
            return replica.receive(asked, answer, lambda: UUID(next(keys)))
        case unknown:
            raise AssertionError(unknown)
    return None


_CHANGE = SyncRequest.__annotations__["changes"].__args__[0].__args__[0]


def kinds() -> dict[str, Any]:
    """What of the table of kinds a device has to know."""
    known: dict[str, Any] = plain(device_kinds(SCHEMA))
    return known
