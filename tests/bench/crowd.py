"""Make very many people as their accounts would be, quickly: sealed under real keys, and copied into their tables."""

import os
import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from msgspec import Struct

from api.keys import FIRST_KEY_NO, StoredKeys
from api.postgres import Pool
from api.push_targets import SEALED_AS
from domain.ids import CoupleId, DeviceId, PersonId, RecordId, SpaceId, uuid4
from domain.kinds import KINDS
from domain.prompts import ARRIVAL_HOLDS, AT_ITS_MINUTE, Arrived, Prompt
from domain.records import Record
from domain.settings import SETTINGS
from notifications.ports import Plan, Planned
from notifications.store import PostgresStore
from sync.board import settings_id
from sync.bodies import encoded
from sync.sealing import KEY_BYTES, SpaceKeys, keyed_hash

BATCH: Final = 2_000
"""Couples at a time."""
CHECK_INS: Final = 2
SENT: Final = 3
"""What each was sent before, of the last month: prompts that are over, and lines of their ledger."""

COLUMNS: Final = {
    "space_key": ("space_id", "key_no", "wrapping_key_id", "wrapped", "wrapped_id_key", "made_at"),
    "space": ("space_id", "home", "couple_id", "state", "head", "epoch", "store_epoch", "horizon", "paired_at"),
    "person": ("person_id", "space_id", "active_couple", "joined_on"),
    "person_space": ("person_id", "space_id", "couple_id", "place"),
    "member": ("space_id", "person_id", "personal_space_id"),
    "consent": ("person_id", "purpose", "place", "text_version", "given", "said_at"),
    "push_target": (
        *("value_hash", "key_no", "person_id", "device_id", "kind", "platform", "value", "registered_on"),
        "registration_id",
    ),
    "record": (
        *("space_id", "id", "kind", "version", "created", "author", "removed", "gone", "schema", "stamps", "family"),
        *("changed_at", "body"),
    ),
    "desk": ("person_id", "version", "paces", "next_at"),
    "prompt": (
        *("person_id", "prompt_id", "slot", "kind", "arrived", "due_at", "expires_at", "state", "tries", "begun"),
    ),
    "prompt_ledger": ("person_id", "prompt_id", "kinds", "day", "sent_at", "records", "text_id"),
}


class Inhabitant(Struct, frozen=True):
    """Somebody of the crowd, and what their partner has left for them."""

    person: PersonId
    couple: CoupleId
    left: RecordId


class Crowd:
    """All who live in one database. `now` is the instant at which everything is due."""

    def __init__(self, pool: Pool, keys: StoredKeys, now: datetime, seed: int = 0) -> None:
        self.pool, self.keys, self.now = pool, keys, now
        self.people: list[Inhabitant] = []
        self._chance = random.Random(seed)
        self._due: list[Inhabitant] = []

    async def grow(self, people: int) -> None:
        """Let so many people live here."""
        life = await self.pool.fetchval("SELECT epoch FROM store_epoch")
        while len(self.people) < people:
            rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in COLUMNS}
            for _ in range(min(BATCH, (people - len(self.people) + 1) // 2)):
                self.people += self._couple(rows, life)
            async with self.pool.acquire() as connection:
                for table, those in rows.items():
                    await connection.copy_records_to_table(table, records=those, columns=COLUMNS[table])
        await self.pool.execute("VACUUM ANALYZE", timeout=300)

    async def letters(self, count: int) -> None:
        """Let what has been left for so many people, and was planned for them, be due."""
        at = self.now - timedelta(minutes=10)
        store = PostgresStore(self.pool)
        for each in await self._chosen(count):
            prompt = Prompt(
                kind="letter_arrived",
                due=self.now - timedelta(minutes=1),
                expires=at + ARRIVAL_HOLDS,
                couple=each.couple,
                arrived=(Arrived(kind="letter_arrived", record=each.left, at=at),),
            )
            planned = Planned(id=self._id(), person=each.person, slot=f"arrival:{each.left}", prompt=prompt)
            assert await store.save(
                Plan(person=each.person, version=1, put=(planned,), next_at=self.now + timedelta(days=1))
            )

    async def invitations(self, count: int) -> None:
        """Let the hour come at which so many people asked to be invited."""
        whose = [each.person for each in await self._chosen(count)]
        await self.pool.execute(
            "UPDATE desk SET next_at = $2 WHERE person_id = ANY($1)", whose, self.now - timedelta(minutes=1)
        )

    async def told(self) -> int:
        """How many of those for whom something was due were told of it."""
        whose = [each.person for each in self._due]
        told: int = await self.pool.fetchval(
            "SELECT count(*) FROM prompt_ledger WHERE person_id = ANY($1) AND sent_at = $2", whose, self.now
        )
        return told

    async def _chosen(self, count: int) -> Sequence[Inhabitant]:
        """Choose other people than before, and let it be as if nothing had ever been planned for those."""
        before = [each.person for each in self._due]
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "DELETE FROM prompt WHERE person_id = ANY($1) AND due_at > $2", before, self.now - timedelta(days=1)
            )
            await connection.execute(
                "DELETE FROM prompt_ledger WHERE person_id = ANY($1) AND sent_at = $2", before, self.now
            )
            await connection.execute(
                "UPDATE desk SET version = 1, paces = '{}', next_at = $2 WHERE person_id = ANY($1)",
                before,
                self.now + timedelta(days=1),
            )
        self._due = self._chance.sample(self.people, count)
        return self._due

    def _couple(self, rows: dict[str, list[tuple[Any, ...]]], life: UUID) -> Iterator[Inhabitant]:
        couple, space = CoupleId(self._id()), SpaceId(self._id())
        paired_at = self.now - timedelta(days=200)
        keys = self._founded(rows, life, space, couple, head=2, paired_at=paired_at)
        two = [(PersonId(self._id()), SpaceId(self._id())) for _ in range(2)]
        left = []
        for nth, (person, personal) in enumerate(two):
            rows["member"].append((space, person, personal))
            repair = self._record(
                *(keys, space, "repair", RecordId(self._id()), 1 + nth, person),
                {"form": "start_again", "text": "Shall we have another go at it, after supper, just you and me?"},
            )
            rows["record"].append(repair)
            left.append(repair[1])
        for (person, personal), theirs in zip(two, reversed(left), strict=True):
            self._person(rows, life, person, personal, couple, space)
            yield Inhabitant(person, couple, theirs)

    def _person(
        self,
        rows: dict[str, list[tuple[Any, ...]]],
        life: UUID,
        person: PersonId,
        personal: SpaceId,
        couple: CoupleId,
        space: SpaceId,
    ) -> None:
        keys = self._founded(rows, life, personal, None, head=1 + CHECK_INS)
        rows["person"].append((person, personal, couple, date(2026, 1, 1)))
        rows["person_space"] += [(person, personal, None, 0), (person, space, couple, 1)]
        long_ago = self.now - timedelta(days=250)
        rows["consent"] += [
            (person, purpose, 1, 1, True, long_ago)
            for purpose in ("core_sensitive", "pairing", "push", "summary_share")
        ]
        device, value = DeviceId(self._id()), f"{person}:phone"
        rows["push_target"].append(
            (
                *(keyed_hash(b"bench", value), 1, person, device, "token", self._chance.choice(["android", "ios"])),
                *(keys.seal(SEALED_AS, device, value.encode()), self.now.date(), self._id()),
            )
        )
        settings = {name: field.shape.empty for name, field in SETTINGS.fields.items()} | {
            "quiet": [],
            "quiet_off": True,
            "prompt_check_in_invite": 3,
        }
        rows["record"].append(self._record(keys, personal, "settings", settings_id(keys.id_key), 1, person, settings))
        for nth in range(CHECK_INS):
            day = (self.now - timedelta(days=3 + nth)).date().isoformat()
            fields = {"local_date": day, "valence": 1, "text": "A walk in the rain, and then soup for the two of us."}
            rows["record"].append(
                self._record(keys, personal, "check_in", RecordId(self._id()), 2 + nth, person, fields)
            )
        rows["desk"].append((person, 1, b"{}", self.now + timedelta(seconds=self._chance.randint(3600, 7 * 86400))))
        for nth in range(SENT):
            at = self.now - timedelta(days=8 + 8 * nth)
            prompt, kind = self._id(), "check_in_invite"
            rows["prompt"].append(
                (person, prompt, f"invite:{at.date()}", kind, b"[]", at, at + AT_ITS_MINUTE, "sent", 0, True)
            )
            rows["prompt_ledger"].append((person, prompt, [kind], at.date(), at, [], f"{kind}.{nth:02}"))

    def _founded(
        self,
        rows: dict[str, list[tuple[Any, ...]]],
        life: UUID,
        space: SpaceId,
        couple: CoupleId | None,
        *,
        head: int,
        paired_at: datetime | None = None,
    ) -> SpaceKeys:
        """A space with keys of its own, wrapped as the product wraps them."""
        data_key, id_key = os.urandom(KEY_BYTES), os.urandom(KEY_BYTES)
        number = max(self.keys._wrapping)
        wrapping = self.keys._wrapping[number]
        wrapped, wrapped_id = aes_key_wrap(wrapping, data_key), aes_key_wrap(wrapping, id_key)
        rows["space_key"].append((space, FIRST_KEY_NO, number, wrapped, wrapped_id, self.now))
        home = "personal" if couple is None else "couple"
        rows["space"].append((space, home, couple, "active", head, self._id(), life, 0, paired_at))
        return SpaceKeys(space, {FIRST_KEY_NO: data_key}, FIRST_KEY_NO, id_key)

    def _record(
        self,
        keys: SpaceKeys,
        space: SpaceId,
        kind: str,
        identity: RecordId,
        version: int,
        author: PersonId,
        fields: dict[str, Any],
    ) -> tuple[Any, ...]:
        """A record as the store keeps it; what is not said of it is as in a new one."""
        whole = {name: field.shape.empty for name, field in KINDS[kind].fields.items()} | fields
        body = encoded(
            Record(space=space, kind=kind, id=identity, version=version, created=version, author=author, fields=whole)
        )
        assert body is not None
        sealed = keys.seal(kind, identity, body)
        changed_at = self.now - timedelta(days=3)
        return (
            *(space, identity, kind, version, version, author, False, False, 1, b"", None),
            *(changed_at, sealed),
        )

    def _id(self) -> UUID:
        return uuid4(self._chance.randbytes(16))
