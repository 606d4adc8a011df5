"""All SQL of accounts: persons and their devices, consents, invitations, couples, and counted tries."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from asyncpg import Connection, Record
from asyncpg.pool import PoolConnectionProxy
from msgspec import Struct

from api.postgres import Pool
from domain.couples import Consent, ConsentEvent, may_keep
from domain.fates import UNDO_WITHIN
from domain.ids import CoupleId, DeviceId, PersonId, SpaceId
from sync.ports import Caller

Transaction = Connection | PoolConnectionProxy
"""A connection with a transaction open: what is written through it stands or falls together."""

Asker = Pool | Transaction
"""Where one statement can be asked."""


# Who is calling


class Holder(Struct, frozen=True):
    """Who holds a token; `follows` when it is newer than the one that was used so far."""

    caller: Caller
    follows: bool
    expires_on: date


async def holder_of(asker: Asker, person: PersonId, token_sha256: bytes, today: date) -> Holder | None:
    """Return who holds this token, unless it is unknown, revoked, or was idle for too long."""
    row = await asker.fetchrow(HOLDER_OF, person, token_sha256, today)
    if row is None:
        return None
    caller = Caller(
        person,
        row["device_id"],
        tuple(row["spaces"]),
        may_keep(
            adult_attested=row["adult_attested"],
            consents={"core_sensitive": Consent(given=row["core_sensitive"])},
        ),
        let_go=tuple(row["let_go"]),
        closing=None if row["deletion_at"] is None else row["deletion_at"] + UNDO_WITHIN,
    )
    return Holder(caller, row["follows"], row["expires_on"])


async def spaces_of(asker: Asker, person: PersonId) -> tuple[SpaceId, ...]:
    """Return a person's spaces: the personal one first, then couples', newest first."""
    return tuple(SpaceId(row["space_id"]) for row in await asker.fetch(SPACES_OF, person))


async def take_up(asker: Asker, person: PersonId, device: DeviceId, token_sha256: bytes, expires_on: date) -> bool:
    """Make this the device's one token and move its last day; False when it died meanwhile."""
    return await asker.fetchval(TAKE_UP, person, device, token_sha256, expires_on) is not None


HOLDER_OF = """
SELECT d.device_id, d.expires_on, COALESCE(d.next_token_sha256 = $2, false) AS follows,
    p.adult_attested_at IS NOT NULL AS adult_attested,
    COALESCE((
        SELECT c.given FROM consent c
        WHERE c.person_id = p.person_id AND c.purpose = 'core_sensitive' ORDER BY c.place DESC LIMIT 1
    ), false) AS core_sensitive,
    p.deletion_at,
    ARRAY(
        SELECT s.space_id FROM person_space s
        WHERE s.person_id = p.person_id AND s.let_go_on IS NULL ORDER BY s.place = 0 DESC, s.place DESC
    ) AS spaces,
    ARRAY(
        SELECT s.space_id FROM person_space s
        WHERE s.person_id = p.person_id AND s.let_go_on IS NOT NULL ORDER BY s.place DESC
    ) AS let_go
FROM device d JOIN person p ON p.person_id = d.person_id
WHERE d.person_id = $1 AND (d.token_sha256 = $2 OR d.next_token_sha256 = $2)
    AND d.revoked_on IS NULL AND d.expires_on >= $3
"""

SPACES_OF = """
SELECT s.space_id FROM person_space s
WHERE s.person_id = $1 AND s.let_go_on IS NULL ORDER BY s.place = 0 DESC, s.place DESC
"""

TAKE_UP = """
UPDATE device SET token_sha256 = $3, expires_on = $4,
    next_token_sha256 = CASE WHEN next_token_sha256 = $3 THEN NULL ELSE next_token_sha256 END
WHERE person_id = $1 AND device_id = $2 AND (token_sha256 = $3 OR next_token_sha256 = $3)
RETURNING device_id
"""


# Signing in, and devices


class Device(Struct, frozen=True, kw_only=True):
    """One installation; `label` is sealed. There is no last use: it would be presence (I4)."""

    id: DeviceId
    label: bytes
    platform: str
    made_on: date
    expires_on: date
    revoked_on: date | None


async def person_of(asker: Asker, subject_hashes: Sequence[bytes]) -> PersonId | None:
    """Return whose account this identity opens."""
    person: PersonId | None = await asker.fetchval(PERSON_OF, subject_hashes)
    return person


async def personal_space_of(asker: Asker, person: PersonId) -> SpaceId | None:
    """Return where this person keeps what is theirs alone."""
    space: SpaceId | None = await asker.fetchval(PERSONAL_SPACE_OF, person)
    return space


async def add_identity(connection: Transaction, subject_hash: bytes, key_no: int, person: PersonId) -> bool:
    """Let this identity open this account; False when it already opens one."""
    return await connection.fetchval(ADD_IDENTITY, subject_hash, key_no, person) is not None


async def add_person(connection: Transaction, person: PersonId, space: SpaceId, today: date) -> None:
    """Add an account with its personal space."""
    await connection.execute(ADD_PERSON, person, space, today)


async def lock_person(connection: Transaction, person: PersonId) -> bool:
    """Make others who change this person wait until the transaction ends; False where there is no such account."""
    return await connection.fetchval(LOCK_PERSON, person) is not None


async def devices_of(asker: Asker, person: PersonId) -> list[Device]:
    """Return this person's devices, revoked ones too, oldest first."""
    rows = await asker.fetch(DEVICES_OF, person)
    return [
        Device(
            id=row["device_id"],
            label=row["label"],
            platform=row["platform"],
            made_on=row["made_on"],
            expires_on=row["expires_on"],
            revoked_on=row["revoked_on"],
        )
        for row in rows
    ]


async def add_device(connection: Transaction, person: PersonId, device: Device, token_sha256: bytes) -> None:
    """Add a device that was never seen before."""
    await connection.execute(
        ADD_DEVICE,
        person,
        device.id,
        token_sha256,
        device.label,
        device.platform,
        device.made_on,
        device.expires_on,
    )


async def renew_device(
    connection: Transaction, person: PersonId, device: Device, token_sha256: bytes, today: date
) -> bool:
    """Give a known device a second token; the first dies at the second's first use, or has lapsed already."""
    done = await connection.fetchval(
        RENEW_DEVICE,
        person,
        device.id,
        token_sha256,
        device.label,
        device.platform,
        device.expires_on,
        today,
    )
    return done is not None


async def drop_device(asker: Asker, person: PersonId, device: DeviceId) -> None:
    """Forget a device that signs out."""
    await asker.execute(DROP_DEVICE, person, device)


async def revoke_device(asker: Asker, person: PersonId, device: DeviceId, today: date) -> bool:
    """Shut a device out for good; False when this person has no such device."""
    return await asker.fetchval(REVOKE_DEVICE, person, device, today) is not None


PERSON_OF = "SELECT person_id FROM identity WHERE subject_hash = ANY($1::bytea[])"

PERSONAL_SPACE_OF = "SELECT space_id FROM person WHERE person_id = $1"

ADD_IDENTITY = """
INSERT INTO identity (subject_hash, key_no, person_id) VALUES ($1, $2, $3)
ON CONFLICT (subject_hash) DO NOTHING RETURNING person_id
"""

ADD_PERSON = """
WITH person AS (
    INSERT INTO person (person_id, space_id, joined_on) VALUES ($1, $2, $3) RETURNING person_id, space_id
)
INSERT INTO person_space (person_id, space_id, couple_id, place)
SELECT person_id, space_id, NULL, 0 FROM person
"""

LOCK_PERSON = "SELECT person_id FROM person WHERE person_id = $1 FOR UPDATE"

DEVICES_OF = """
SELECT device_id, label, platform, made_on, expires_on, revoked_on FROM device
WHERE person_id = $1 ORDER BY made_on, device_id
"""

ADD_DEVICE = """
INSERT INTO device (person_id, device_id, token_sha256, label, platform, made_on, expires_on)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

RENEW_DEVICE = """
UPDATE device SET label = $4, platform = $5, expires_on = $6,
    token_sha256 = CASE WHEN expires_on < $7 THEN $3 ELSE token_sha256 END,
    next_token_sha256 = CASE WHEN expires_on < $7 THEN NULL ELSE $3 END
WHERE person_id = $1 AND device_id = $2 AND revoked_on IS NULL
RETURNING device_id
"""

DROP_DEVICE = "DELETE FROM device WHERE person_id = $1 AND device_id = $2 AND revoked_on IS NULL"

REVOKE_DEVICE = """
UPDATE device SET revoked_on = COALESCE(revoked_on, $3), token_sha256 = NULL, next_token_sha256 = NULL
WHERE person_id = $1 AND device_id = $2
RETURNING device_id
"""


# What a person said about themselves


class Person(Struct, frozen=True, kw_only=True):
    """An account; `name` is sealed under the personal space's key."""

    id: PersonId
    space: SpaceId
    name: bytes | None
    adult_attested_at: datetime | None
    adult_method: str | None
    active_couple: CoupleId | None
    invited: bytes | None
    redeemed: bytes | None
    may_pair: bool


class Partner(Struct, frozen=True, kw_only=True):
    """The other person of a couple space; `name` is sealed under that space's key, or absent."""

    space: SpaceId
    couple: CoupleId
    state: str
    person: PersonId
    name: bytes | None


async def persons(asker: Asker, ids: Collection[PersonId]) -> dict[PersonId, Person]:
    """Return these accounts, as far as they exist."""
    return {row["person_id"]: _person(row) for row in await asker.fetch(PERSONS, ids)}


async def locked_person(connection: Transaction, person: PersonId) -> Person | None:
    """Return an account and keep others from changing it until the transaction ends."""
    row = await connection.fetchrow(LOCKED_PERSON, person)
    return None if row is None else _person(row)


async def rename(connection: Transaction, person: PersonId, name: bytes) -> None:
    """Store the chosen name, sealed under the personal space's key."""
    await connection.execute(RENAME, person, name)


async def rename_member(connection: Transaction, person: PersonId, space: SpaceId, name: bytes) -> None:
    """Store the chosen name for the partner, sealed under the couple space's key."""
    await connection.execute(RENAME_MEMBER, space, person, name)


async def attest_adult(asker: Asker, person: PersonId, method: str, now: datetime) -> None:
    """Keep that the person attested to be an adult; the first time counts."""
    await asker.execute(ATTEST_ADULT, person, method, now)


async def say(connection: Transaction, person: PersonId, said: ConsentEvent) -> None:
    """Add what the person said about a purpose, unless the last they said is the same."""
    await connection.execute(SAY, person, said.purpose, said.text_version, said.given, said.at)


async def said_by(asker: Asker, person: PersonId) -> list[ConsentEvent]:
    """Return the last that this person said about each purpose."""
    rows = await asker.fetch(SAID_BY, person)
    return [
        ConsentEvent(purpose=row["purpose"], text_version=row["text_version"], given=row["given"], at=row["said_at"])
        for row in rows
    ]


async def partners_of(asker: Asker, person: PersonId, spaces: Collection[SpaceId]) -> list[Partner]:
    """Return the other person of each of these couple spaces, as far as the caller is a member."""
    return [
        Partner(
            space=row["space_id"],
            couple=row["couple_id"],
            state=row["state"],
            person=row["person_id"],
            name=row["name"],
        )
        for row in await asker.fetch(PARTNERS_OF, person, spaces)
    ]


def _person(row: Record) -> Person:
    return Person(
        id=row["person_id"],
        space=row["space_id"],
        name=row["name"],
        adult_attested_at=row["adult_attested_at"],
        adult_method=row["adult_method"],
        active_couple=row["active_couple"],
        invited=row["invited"],
        redeemed=row["redeemed"],
        may_pair=row["may_pair"],
    )


_PERSON_COLUMNS = """
p.person_id, p.space_id, p.name, p.adult_attested_at, p.adult_method, p.active_couple, p.invited, p.redeemed,
    COALESCE((
        SELECT c.given FROM consent c
        WHERE c.person_id = p.person_id AND c.purpose = 'pairing' ORDER BY c.place DESC LIMIT 1
    ), false) AS may_pair
"""

PERSONS = f"SELECT {_PERSON_COLUMNS} FROM person p WHERE p.person_id = ANY($1::uuid[])"

LOCKED_PERSON = f"SELECT {_PERSON_COLUMNS} FROM person p WHERE p.person_id = $1 FOR UPDATE OF p"

RENAME = "UPDATE person SET name = $2 WHERE person_id = $1"

RENAME_MEMBER = "UPDATE member SET name = $3 WHERE space_id = $1 AND person_id = $2"

ATTEST_ADULT = """
UPDATE person SET adult_attested_at = $3, adult_method = $2 WHERE person_id = $1 AND adult_attested_at IS NULL
"""

SAY = """
INSERT INTO consent (person_id, purpose, place, text_version, given, said_at)
SELECT $1, $2, COALESCE(last.place, 0) + 1, $3, $4, $5
FROM (SELECT 1) AS one LEFT JOIN (
    SELECT place, text_version, given FROM consent
    WHERE person_id = $1 AND purpose = $2 ORDER BY place DESC LIMIT 1
) AS last ON true
WHERE last.place IS NULL OR last.text_version <> $3 OR last.given <> $4
"""

SAID_BY = """
SELECT DISTINCT ON (purpose) purpose, text_version, given, said_at FROM consent
WHERE person_id = $1 ORDER BY purpose, place DESC
"""

PARTNERS_OF = """
SELECT s.space_id, s.couple_id, s.state, other.person_id, other.name
FROM member me
JOIN space s ON s.space_id = me.space_id
JOIN member other ON other.space_id = me.space_id AND other.person_id <> me.person_id
WHERE me.space_id = ANY($2::uuid[]) AND me.person_id = $1 AND me.left_on IS NULL AND s.home = 'couple'
"""


# Invitations and pairing


class Invitation(Struct, frozen=True, kw_only=True):
    """A code that was made, and the pairing that redeeming it began. A row that nobody points to is dead."""

    code_hash: bytes
    inviter: PersonId
    expires_at: datetime
    pairing: UUID | None
    redeemer: PersonId | None
    confirm_until: datetime | None
    inviter_confirmed: bool
    redeemer_confirmed: bool
    couple: CoupleId | None


async def invitations(asker: Asker, code_hashes: Collection[bytes]) -> list[Invitation]:
    """Return the invitations stored under these keyed hashes."""
    return [_invitation(row) for row in await asker.fetch(INVITATIONS, code_hashes)]


async def add_invitation(
    connection: Transaction, code_hash: bytes, key_no: int, inviter: PersonId, expires_at: datetime
) -> None:
    """Add an invitation and make it the inviter's one."""
    await connection.execute(ADD_INVITATION, code_hash, key_no, inviter, expires_at)
    await connection.execute(POINT_INVITED, inviter, code_hash)


async def drop_invitation(connection: Transaction, inviter: PersonId, code_hash: bytes) -> None:
    """Let an invitation die, and the pairing that it may have begun."""
    await connection.execute(DROP_INVITATIONS, [code_hash])
    await connection.execute(POINT_INVITED, inviter, None)


async def are_blocked(asker: Asker, one: PersonId, other: PersonId) -> bool:
    """Tell whether either of the two wants no invitation between them."""
    blocked: bool = await asker.fetchval(ARE_BLOCKED, one, other)
    return blocked


async def redeem(
    connection: Transaction,
    code_hashes: Collection[bytes],
    redeemer: PersonId,
    *,
    pairing: UUID,
    now: datetime,
    confirm_until: datetime,
) -> Invitation | None:
    """Begin a pairing, if the code is live and nobody has redeemed it; otherwise change nothing."""
    row = await connection.fetchrow(REDEEM, code_hashes, redeemer, pairing, now, confirm_until)
    return None if row is None else _invitation(row)


async def point_redeemed(connection: Transaction, person: PersonId, code_hash: bytes | None) -> None:
    """Keep which redeemed code waits for this person's yes."""
    await connection.execute(POINT_REDEEMED, person, code_hash)


async def confirm(connection: Transaction, code_hash: bytes, person: PersonId, now: datetime) -> Invitation | None:
    """Add this person's yes, unless the time for it has passed."""
    row = await connection.fetchrow(CONFIRM, code_hash, person, now)
    return None if row is None else _invitation(row)


async def pair(
    connection: Transaction, code_hash: bytes, couple: CoupleId, space: SpaceId, two: Sequence[PersonId]
) -> bool:
    """Make two persons a couple, in the order of their ids; False when one of them is in a couple already."""
    for person in sorted(two):
        if await connection.fetchval(JOIN_COUPLE, person, couple, space) is None:
            return False
    await connection.execute(PAIRED, code_hash, couple)
    return True


async def block(asker: Asker, person: PersonId, space: SpaceId, today: date) -> None:
    """Let invitations between the two of a couple's space fail from now on, held or let go; nobody is told."""
    await asker.execute(BLOCK, person, space, today)


async def couple_space_of(asker: Asker, person: PersonId, couple: CoupleId) -> SpaceId | None:
    """Return the space of a couple that this person is or was in."""
    space: SpaceId | None = await asker.fetchval(COUPLE_SPACE_OF, person, couple)
    return space


async def leave_couple(connection: Transaction, couple: CoupleId, two: Sequence[PersonId]) -> bool:
    """Make two persons single again, in the order of their ids, and void their invitations.

    Return whether they were together until now.
    """
    leaving = [row for person in sorted(two) if (row := await connection.fetchrow(LEAVING, person, couple)) is not None]
    codes = [code for row in leaving for code in (row["invited"], row["redeemed"]) if code is not None]
    await connection.execute(DROP_INVITATIONS, codes)
    for person in sorted(two):
        await connection.execute(LEAVE_COUPLE, person, couple)
    return bool(leaving)


def _invitation(row: Record) -> Invitation:
    return Invitation(
        code_hash=row["code_hash"],
        inviter=row["inviter_id"],
        expires_at=row["expires_at"],
        pairing=row["pairing_id"],
        redeemer=row["redeemer_id"],
        confirm_until=row["confirm_until"],
        inviter_confirmed=row["inviter_confirmed"],
        redeemer_confirmed=row["redeemer_confirmed"],
        couple=row["couple_id"],
    )


INVITATIONS = "SELECT * FROM invitation WHERE code_hash = ANY($1::bytea[])"

ADD_INVITATION = """
INSERT INTO invitation (code_hash, key_no, inviter_id, expires_at, inviter_confirmed, redeemer_confirmed)
VALUES ($1, $2, $3, $4, false, false)
"""

POINT_INVITED = "UPDATE person SET invited = $2 WHERE person_id = $1"

POINT_REDEEMED = "UPDATE person SET redeemed = $2 WHERE person_id = $1"

DROP_INVITATIONS = "DELETE FROM invitation WHERE code_hash = ANY($1::bytea[])"

ARE_BLOCKED = """
SELECT EXISTS (
    SELECT FROM block
    WHERE (person_id = $1 AND blocked_id = $2) OR (person_id = $2 AND blocked_id = $1)
)
"""

REDEEM = """
UPDATE invitation SET redeemer_id = $2, pairing_id = $3, confirm_until = $5
WHERE code_hash = ANY($1::bytea[]) AND redeemer_id IS NULL AND inviter_id <> $2 AND expires_at > $4
RETURNING *
"""

CONFIRM = """
UPDATE invitation SET inviter_confirmed = inviter_confirmed OR inviter_id = $2,
    redeemer_confirmed = redeemer_confirmed OR redeemer_id = $2
WHERE code_hash = $1 AND (inviter_id = $2 OR redeemer_id = $2) AND confirm_until > $3 AND couple_id IS NULL
RETURNING *
"""

JOIN_COUPLE = """
WITH person AS (
    UPDATE person SET active_couple = $2 WHERE person_id = $1 AND active_couple IS NULL RETURNING person_id
)
INSERT INTO person_space (person_id, space_id, couple_id, place)
SELECT person_id, $3, $2, (SELECT max(s.place) + 1 FROM person_space s WHERE s.person_id = $1) FROM person
RETURNING person_id
"""

PAIRED = "UPDATE invitation SET couple_id = $2 WHERE code_hash = $1"

BLOCK = """
INSERT INTO block (person_id, blocked_id, blocked_on)
SELECT me.person_id, other.person_id, $3
FROM member me JOIN member other ON other.space_id = me.space_id AND other.person_id <> me.person_id
WHERE me.space_id = $2 AND me.person_id = $1
ON CONFLICT (person_id, blocked_id) DO NOTHING
"""

COUPLE_SPACE_OF = "SELECT space_id FROM person_space WHERE person_id = $1 AND couple_id = $2"

LEAVING = """
SELECT invited, redeemed FROM person WHERE person_id = $1 AND active_couple = $2 FOR UPDATE
"""

LEAVE_COUPLE = """
UPDATE person SET active_couple = NULL, invited = NULL, redeemed = NULL
WHERE person_id = $1 AND active_couple = $2
"""


# Counted tries


async def hit(asker: Asker, key: str, now: datetime, window: timedelta) -> tuple[int, datetime]:
    """Count a hit; return the hits of the running window and when it began."""
    row = await asker.fetchrow(HIT, key, now, now - window)
    assert row is not None
    return row["hits"], row["window_start"]


async def hits(asker: Asker, key: str, now: datetime, window: timedelta) -> int:
    """Return the hits of the running window without counting one."""
    counted: int | None = await asker.fetchval(HITS, key, now - window)
    return counted or 0


async def unhit(asker: Asker, key: str) -> None:
    """Give back one hit."""
    await asker.execute(UNHIT, key)


HIT = """
INSERT INTO limit_count AS l (key, window_start, hits) VALUES ($1, $2, 1)
ON CONFLICT (key) DO UPDATE SET
    hits = CASE WHEN l.window_start <= $3 THEN 1 ELSE LEAST(l.hits + 1, 1000000) END,
    window_start = CASE WHEN l.window_start <= $3 THEN $2 ELSE l.window_start END
RETURNING hits, window_start
"""

HITS = "SELECT hits FROM limit_count WHERE key = $1 AND window_start > $2"

UNHIT = "UPDATE limit_count SET hits = hits - 1 WHERE key = $1 AND hits > 0"


# Forgetting

FORGET_COUNTERS = """
DELETE FROM limit_count WHERE (key, window_start) IN (
    SELECT key, window_start FROM limit_count WHERE window_start < $1 LIMIT $2)"""

FORGET_TICKETS = """
DELETE FROM live_ticket WHERE ticket_hash IN (
    SELECT ticket_hash FROM live_ticket WHERE expires_at < $1 LIMIT $2)"""


async def forget_counters(pool: Pool, before: datetime, rows_max: int) -> int:
    """Delete counters whose window began before; return how many."""
    return int((await pool.execute(FORGET_COUNTERS, before, rows_max)).rpartition(" ")[2])


async def forget_tickets(pool: Pool, before: datetime, rows_max: int) -> int:
    """Delete tickets that ran out before; return how many."""
    return int((await pool.execute(FORGET_TICKETS, before, rows_max)).rpartition(" ")[2])
