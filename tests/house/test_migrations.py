"""Files are applied once, in order, whole or not at all, whatever happens in between and whoever else does so."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from api.embedded_postgres import Embedded
from api.migrate import LOCK_KEY, MigrationFailed, migrate, migrations, missing
from api.schema import FILE, dumped

PATIENCE_S = 20
LINKS_END = 16
"""The migration since which a link says whose parts it may show."""


class Told(random.Random):
    """Chance that never waits, and tells when somebody wanted to."""

    def __init__(self) -> None:
        super().__init__(0)
        self.asked = asyncio.Event()

    def uniform(self, a: float, b: float) -> float:  # noqa: ARG002 - whatever is asked for
        self.asked.set()
        return 0.01


def write(folder: Path, name: str, sql: str) -> None:
    (folder / name).write_text(sql)


async def until(true: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await true():  # noqa: ASYNC110 - another process does it, and tells nobody
            await asyncio.sleep(0.01)


async def test_four_at_once_apply_each_file_once(empty_dsn: str) -> None:
    names = [migration.name for migration in migrations()]
    applied = await asyncio.gather(*(migrate(empty_dsn) for _ in range(4)))
    assert sorted(name for each in applied for name in each) == names
    assert await missing(empty_dsn) == []


async def test_what_is_missing_is_listed_without_a_change(empty_dsn: str) -> None:
    assert await missing(empty_dsn) == [migration.name for migration in migrations()]
    connection = await asyncpg.connect(empty_dsn)
    assert await connection.fetchval("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0
    await connection.close()


async def test_an_edited_file_is_refused(empty_dsn: str, tmp_path: Path) -> None:
    write(tmp_path, "0001_one.sql", "CREATE TABLE one (id int);")
    await migrate(empty_dsn, folder=tmp_path)
    write(tmp_path, "0001_one.sql", "CREATE TABLE one (id bigint);")
    write(tmp_path, "0002_two.sql", "CREATE TABLE two (id int);")
    with pytest.raises(MigrationFailed, match=r"0001_one\.sql was edited"):
        await migrate(empty_dsn, folder=tmp_path)
    connection = await asyncpg.connect(empty_dsn)
    assert await connection.fetchval("SELECT to_regclass('two')") is None
    await connection.close()


async def test_a_file_before_the_newest_applied_one_is_refused(empty_dsn: str, tmp_path: Path) -> None:
    write(tmp_path, "0002_two.sql", "CREATE TABLE two (id int);")
    await migrate(empty_dsn, folder=tmp_path)
    write(tmp_path, "0001_one.sql", "CREATE TABLE one (id int);")
    with pytest.raises(MigrationFailed, match="comes before"):
        await migrate(empty_dsn, folder=tmp_path)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["1_one.sql"], "is named like"),
        (["0001_One.sql"], "is named like"),
        (["0001_a.sql", "0001_b.sql"], "same number"),
    ],
)
def test_names_that_leave_the_order_open_are_refused(tmp_path: Path, names: list[str], sentence: str) -> None:
    for name in names:
        write(tmp_path, name, "")
    with pytest.raises(MigrationFailed, match=sentence):
        migrations(tmp_path)


async def test_semicolons_in_words_do_not_split_a_statement(empty_dsn: str, tmp_path: Path) -> None:
    write(
        tmp_path,
        "0001_words.sql",
        """
        CREATE TABLE words (said text); -- a comment; with one
        /* and; another /* inside; */ */
        INSERT INTO words VALUES ('a; b'), ($$c; 'd'$$), ($q$e; $$f;$$$q$), (E'g\\'; h'), ('COMMIT');
        DO $$ BEGIN INSERT INTO words VALUES ('i'); END $$;
        COMMENT ON TABLE words IS 'odd";"name';
        """,
    )
    await migrate(empty_dsn, folder=tmp_path)
    connection = await asyncpg.connect(empty_dsn)
    said = [row["said"] for row in await connection.fetch("SELECT said FROM words")]
    await connection.close()
    assert said == ["a; b", "c; 'd'", "e; $$f;$$", "g'; h", "COMMIT", "i"]


async def test_a_file_that_fails_leaves_nothing_of_itself(empty_dsn: str, tmp_path: Path) -> None:
    write(tmp_path, "0001_one.sql", "CREATE TABLE one (id int);")
    write(tmp_path, "0002_two.sql", "CREATE TABLE two (id int); CREATE TABLE one (id int);")
    with pytest.raises(MigrationFailed, match=r"0002_two\.sql was not applied: 42P07"):
        await migrate(empty_dsn, folder=tmp_path)
    assert await missing(empty_dsn, folder=tmp_path) == ["0002_two.sql"]
    write(tmp_path, "0002_two.sql", "CREATE TABLE two (id int);")
    assert await migrate(empty_dsn, folder=tmp_path) == ["0002_two.sql"]


@pytest.mark.parametrize("end", ["COMMIT;", "  rollback ;", "END TRANSACTION;"])
async def test_a_file_may_not_end_its_own_transaction(empty_dsn: str, tmp_path: Path, end: str) -> None:
    write(tmp_path, "0001_one.sql", f"CREATE TABLE one (id int);\n{end}\nCREATE TABLE two (id int);")
    with pytest.raises(MigrationFailed, match="its own transaction"):
        await migrate(empty_dsn, folder=tmp_path)


async def test_waiting_for_another_migration_ends(empty_dsn: str, tmp_path: Path) -> None:
    other = await asyncpg.connect(empty_dsn)
    await other.execute("SELECT pg_advisory_lock($1)", LOCK_KEY)
    chance = Told()
    with pytest.raises(MigrationFailed, match="Another migration"):
        await migrate(empty_dsn, folder=tmp_path, wait_s=0.1, chance=chance)
    assert chance.asked.is_set()
    await other.close()


async def held(dsn: str, folder: Path) -> asyncpg.Connection:
    """Make a table and return a connection whose open transaction keeps everyone from altering it."""
    write(folder, "0001_one.sql", "CREATE TABLE one (id int);")
    await migrate(dsn, folder=folder)
    write(folder, "0002_wider.sql", "ALTER TABLE one ADD COLUMN more int;")
    reader = await asyncpg.connect(dsn)
    await reader.execute("BEGIN; SELECT * FROM one")
    return reader


async def test_a_table_in_use_makes_a_migration_come_back(empty_dsn: str, tmp_path: Path) -> None:
    reader = await held(empty_dsn, tmp_path)
    chance = Told()
    again = asyncio.create_task(migrate(empty_dsn, folder=tmp_path, chance=chance))
    async with asyncio.timeout(PATIENCE_S):
        await chance.asked.wait()
    assert await reader.fetchval("SELECT count(*) FROM one") == 0
    await reader.close()
    assert await again == ["0002_wider.sql"]


async def test_a_table_that_stays_in_use_makes_a_migration_give_up(empty_dsn: str, tmp_path: Path) -> None:
    reader = await held(empty_dsn, tmp_path)
    with pytest.raises(MigrationFailed, match="found its table in use"):
        await migrate(empty_dsn, folder=tmp_path, retry_s=0)
    await reader.close()
    assert await missing(empty_dsn, folder=tmp_path) == ["0002_wider.sql"]


async def test_an_index_that_was_cut_in_the_middle_is_built_again(empty_dsn: str, tmp_path: Path) -> None:
    write(tmp_path, "0001_one.sql", "CREATE TABLE one (id int);")
    await migrate(empty_dsn, folder=tmp_path)
    write(
        tmp_path,
        "0002_index.sql",
        "-- no-transaction\n-- so that nobody waits\nCREATE INDEX CONCURRENTLY one_id ON one (id);\n",
    )
    watcher = await asyncpg.connect(empty_dsn)
    writer = await asyncpg.connect(empty_dsn)
    await writer.execute("BEGIN; INSERT INTO one VALUES (1)")
    building = asyncio.create_task(migrate(empty_dsn, folder=tmp_path))
    builder = (
        "SELECT pid FROM pg_stat_activity WHERE query LIKE '%CREATE INDEX CONCURRENTLY one_id%'"
        " AND wait_event_type = 'Lock' AND datname = current_database() AND pid <> pg_backend_pid()"
    )
    await until(lambda: watcher.fetchval(builder))
    await watcher.execute(f"SELECT pg_terminate_backend(({builder}))")
    with pytest.raises(MigrationFailed, match=r"0002_index\.sql was not applied"):
        await building
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('one_id')"
    assert await watcher.fetchval(valid) is False
    assert await missing(empty_dsn, folder=tmp_path) == ["0002_index.sql"]

    await writer.close()
    assert await migrate(empty_dsn, folder=tmp_path) == ["0002_index.sql"]
    assert await watcher.fetchval(valid) is True
    await watcher.close()


async def test_outside_of_a_transaction_only_an_index_is_built(empty_dsn: str, tmp_path: Path) -> None:
    write(tmp_path, "0001_odd.sql", "-- no-transaction\nCREATE TABLE one (id int);")
    with pytest.raises(MigrationFailed, match="CREATE INDEX CONCURRENTLY"):
        await migrate(empty_dsn, folder=tmp_path)


async def test_schema_sql_is_what_the_migrations_make(embedded: Embedded) -> None:
    connection = await asyncpg.connect(embedded.dsn("postgres"))
    await connection.execute("DROP DATABASE IF EXISTS haven_schema WITH (FORCE)")
    await connection.execute("CREATE DATABASE haven_schema")
    try:
        await migrate(embedded.dsn("haven_schema"))
        made = await asyncio.to_thread(dumped, embedded, "haven_schema")
    finally:
        await connection.execute("DROP DATABASE haven_schema WITH (FORCE)")
        await connection.close()
    assert FILE.read_text() == made, "run `make schema`"


async def test_a_link_from_before_shows_the_parts_of_those_who_agree_when_it_is_brought_forward(
    empty_dsn: str, tmp_path: Path
) -> None:
    for each in migrations():
        if each.number < LINKS_END:
            write(tmp_path, each.name, each.sql)
    await migrate(empty_dsn, folder=tmp_path)
    space, people = uuid4(), {name: uuid4() for name in ("agrees", "withdrew", "agreed to one", "elsewhere")}
    said = {
        "agrees": [("core_sensitive", True), ("summary_share", False), ("summary_share", True)],
        "withdrew": [("core_sensitive", True), ("summary_share", True), ("summary_share", False)],
        "agreed to one": [("summary_share", True)],
        "elsewhere": [("core_sensitive", True), ("summary_share", True)],
    }
    connection = await asyncpg.connect(empty_dsn)
    for name, person in people.items():
        await connection.execute(
            "INSERT INTO person (person_id, space_id, joined_on) VALUES ($1, $2, '2026-11-24')", person, uuid4()
        )
        await connection.execute(
            "INSERT INTO person_space (person_id, space_id, couple_id, place) VALUES ($1, $2, $3, 1)",
            person,
            uuid4() if name == "elsewhere" else space,
            uuid4(),
        )
        for place, (purpose, given) in enumerate(said[name]):
            await connection.execute(
                "INSERT INTO consent (person_id, purpose, place, text_version, given, said_at)"
                " VALUES ($1, $2, $3, 1, $4, now())",
                person,
                purpose,
                place,
                given,
            )
    await connection.execute(
        "INSERT INTO counsel_link (link_hash, passcode_hash, key_no, space_id, summary_id, made_by, expires_at)"
        " VALUES ('a', 'b', 0, $1, $2, $3, now())",
        space,
        uuid4(),
        people["agrees"],
    )
    await migrate(empty_dsn)
    link = await connection.fetchrow("SELECT shows, ended FROM counsel_link")
    await connection.close()
    assert (link["shows"], link["ended"]) == ([people["agrees"]], False)


async def test_every_table_says_how_it_is_spread(connection: asyncpg.Connection) -> None:
    """The column that a table is spread by is NOT NULL and first in every unique index."""
    tables = await connection.fetch(
        "SELECT oid, relname, obj_description(oid, 'pg_class') AS said FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    assert tables
    for table in tables:
        assert table["said"], table["relname"]
        marked, _, column = table["said"].partition(":")
        assert marked == "dist", table["relname"]
        if column in ("reference", "local"):
            continue
        firsts = await connection.fetch(
            "SELECT a.attname, a.attnotnull FROM pg_index i"
            " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
            " WHERE i.indrelid = $1 AND i.indisunique",
            table["oid"],
        )
        assert firsts, table["relname"]
        assert {(first["attname"], first["attnotnull"]) for first in firsts} == {(column, True)}, table["relname"]


async def test_no_index_is_invalid_and_no_trigger_exists(connection: asyncpg.Connection) -> None:
    assert await connection.fetchval("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0
    assert await connection.fetchval("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal") == 0
    assert await connection.fetchval("SELECT count(*) FROM pg_class WHERE relkind = 'S'") == 0
