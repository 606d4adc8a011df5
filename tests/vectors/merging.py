"""A couple's server in memory that is told edits one by one, and says as plain JSON what became of each.

All that matters is who says what in which order, and which version they had seen; how a server remembers that is its
own affair.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from domain.records import Record
from sync.ports import Caller, RecordKey, Value
from sync.wire import Change, SyncRequest
from tests.vectors.recorded import plain
from tests.world import World, answer

ANA: Final = "a0000000-0000-4000-8000-000000000001"
BEN: Final = "b0000000-0000-4000-8000-000000000001"
COUPLE: Final = "c0000000-0000-4000-8000-000000000001"
PHONE: Final = "a1000000-0000-4000-8000-000000000001"
TABLET: Final = "a2000000-0000-4000-8000-000000000001"
BENS: Final = "b1000000-0000-4000-8000-000000000001"
"""Of the three devices Ben's has the highest id."""

SPACES: Final = {
    ANA: "a5000000-0000-4000-8000-000000000001",
    BEN: "b5000000-0000-4000-8000-000000000001",
    COUPLE: "c5000000-0000-4000-8000-000000000001",
}
LIFE: Final = "e0000000-0000-4000-8000-000000000001"
NOW_MS: Final = 1_772_452_800_000


class CouplesServer(World):
    """Ana with a phone and a tablet, Ben with a phone; they are a couple, and nothing has been written yet."""

    def __init__(self) -> None:
        self._ids = self._named()
        super().__init__(now=datetime.fromtimestamp(NOW_MS / 1000, UTC))
        ana, ben = self.person("Ana"), self.person("Ben")
        self.pair(ana, ben)
        self._owners = {PHONE: ana, TABLET: ana, BENS: ben}

    def owner_of(self, device: str) -> PersonId:
        """Whose device this is."""
        return self._owners[device].id

    def uuid(self) -> UUID:
        """The ids of this couple, in the order in which a world asks for them: they can be read in the file."""
        return UUID(next(self._ids))

    def settings_of(self, person: str) -> dict[str, Any]:
        """The record that an account begins with."""
        [found] = [each for each in self.records("settings") if str(each.author) == person]
        return _stored(found)

    async def told(self, edit: dict[str, Any]) -> dict[str, Any]:
        """Take one edit in a request of its own; say what its device is told, and what is stored then."""
        owner = self._owners[edit["device"]]
        caller = Caller(owner.id, DeviceId(UUID(edit["device"])), tuple(owner.spaces), may_keep=True)
        change = msgspec.convert(edit["change"], Change)
        key = (SpaceId(UUID(SPACES[COUPLE if change.couple else str(owner.id)])), RecordId(change.id))
        before, behind = set(self._notices()), len(self._behind(key))
        response = await answer(
            self.store, self.keys, caller, SyncRequest(schema=1, changes=[change]), self.now, self.uuid
        )
        [outcome] = response.outcomes
        return {
            "outcome": {name: getattr(outcome, name) for name in ("status", "version", "fields", "code")},
            "record": _stored(self.store.records[key]),
            "behind": [
                {"field": each.field, "value": each.value, "by": str(each.by)} for each in self._behind(key)[behind:]
            ],
            "notices": [
                {"for": str(notice.author), "code": notice.fields["code"], "field": notice.fields["field"]}
                for which, notice in sorted(self._notices().items(), key=lambda each: each[1].author)
                if which not in before
            ],
        }

    def _behind(self, key: RecordKey) -> list[Value]:
        return [value for revision in self.store.revisions.get(key, ()) for value in revision.values]

    def _notices(self) -> dict[tuple[UUID, int], Record]:
        return {(each.id, each.version): each for each in self.records("notice")}

    @staticmethod
    def _named() -> Iterator[str]:
        yield LIFE
        for person in (ANA, BEN):
            yield from (person, SPACES[person], LIFE)
        yield from (COUPLE, SPACES[COUPLE], LIFE)


def _stored(record: Record) -> dict[str, Any]:
    return plain(
        {
            "id": record.id,
            "version": record.version,
            "author": record.author,
            "removed": record.removed,
            "fields": record.fields,
            "alternatives": record.alternatives,
            "merged": record.merged,
        }
    )


async def played(case: dict[str, Any]) -> list[dict[str, Any]]:
    """Tell a server that knows nothing but the edits of a case; give what it says to each, of the case's fields."""
    server = CouplesServer()
    said = [await server.told(edit) for edit in case["edits"]]
    names = case["fields"]
    for each in said:
        each["record"]["fields"] = {name: each["record"]["fields"][name] for name in names}
    return said
