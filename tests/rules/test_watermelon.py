"""What a push of WatermelonDB comes to: what is an edit, what is stored, and what its device is told of it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from domain.ids import RecordId
from domain.kinds import KINDS
from sync import row_news, row_pushes, service, watermelon
from sync.memory import MemoryStore
from sync.paging import EpochChangedError
from sync.ports import Caller, Owed
from sync.row_news import TableChanges
from sync.sealing import keyed_id
from sync.watermelon import OWED_A_PULL_MAX, PulledChanges, PushedChanges, Settled, TableEdits
from tests.pair import HeldKeys, Pair, Somebody

Row = dict[str, Any]


@pytest.fixture
async def pair() -> Pair:
    return await a_pair(MemoryStore(uuid4()))


async def a_pair(store: MemoryStore) -> Pair:
    made = Pair(store, HeldKeys())
    for each in (made.ana, made.ben):
        epoch = keyed_id(made.keys.one(each.personal).id_key, "epoch")
        store.found(each.personal, None, tuple(m for m in made.members if m.person == each.person), epoch)
    store.found(made.space, made.couple, made.members, keyed_id(made.keys.one(made.space).id_key, "epoch"))
    await made.settle_in()
    return made


class Database:
    """The tables of one device, as WatermelonDB keeps them: rows with the names of their edited columns."""

    def __init__(self, pair: Pair, who: Caller) -> None:
        self.pair, self.who = pair, who
        self.rows: dict[tuple[str, str], Row] = {}
        self.cursor: str | None = None

    async def page(self, cursor: str | None, *, limit: int = 1000, schema: int = 1) -> PulledChanges:
        return await watermelon.pull(
            self.pair.store,
            self.pair.keys,
            self.who,
            cursor=cursor,
            schema=schema,
            limit=limit,
            now=self.pair.now,
            new_epoch=uuid4,
        )

    async def pull(self) -> dict[str, TableChanges]:
        """Take what is new as the adapter does: a row with edits that wait stays as it is."""
        page = await self.page(self.cursor)
        assert not page.more
        self.cursor = page.cursor
        for table, changes in page.changes.items():
            for row in changes.updated:
                self.rows[table, row["id"]] = self._met(self.rows.get((table, row["id"])), row)
            for identity in changes.deleted:
                self.rows.pop((table, identity), None)
        return page.changes

    @staticmethod
    def _met(mine: Row | None, theirs: Row) -> Row:
        return mine if mine is not None and mine["_changed"] else theirs | {"_changed": ""}

    def make(self, table: str, **values: Any) -> str:
        row = {"id": str(uuid4()), "_changed": "", "rev": None, "epoch": None, "removed_at": None} | values
        self.rows[table, row["id"]] = row
        return str(row["id"])

    def edit(self, table: str, identity: str, **values: Any) -> None:
        row = self.rows[table, identity]
        changed = {name for name in row["_changed"].split(",") if name} | values.keys()
        self.rows[table, identity] = row | values | {"_changed": ",".join(sorted(changed))}

    async def push(self, *wanted: tuple[str, str], answered: bool = True, removed: Mapping[str, str] = {}) -> bool:
        """Push edited rows, or these; take them for clean, as WatermelonDB does, where the answer came."""
        keys = wanted or [key for key, row in self.rows.items() if row["_changed"] or row["rev"] is None]
        tables: dict[str, TableEdits] = {}
        for table, identity in keys:
            tables.setdefault(table, TableEdits([], [], [])).updated.append(self.rows[table, identity])
        for identity, table in removed.items():
            tables.setdefault(table, TableEdits([], [], [])).deleted.append(identity)
        settled = await self.submit(tables)
        if answered:
            for key in keys:
                self.rows[key] = self.rows[key] | {"_changed": ""}
        return settled.done.again

    async def submit(self, tables: dict[str, TableEdits]) -> Settled:
        """Push these rows, as they are."""
        return await watermelon.push(
            self.pair.store,
            self.pair.keys,
            self.who,
            PushedChanges(tables, self.cursor),
            schema=1,
            now=self.pair.now,
            new_epoch=uuid4,
        )

    async def sync(self) -> None:
        await self.pull()
        if await self.push():
            await self.pull()

    def __getitem__(self, at: tuple[str, str]) -> Row:
        return self.rows[at]


async def stored(pair: Pair, who: Somebody, identity: str) -> Any:
    return await pair.look(who, UUID(identity))


def step(pair: Pair, database: Database, title: str, **values: Any) -> str:
    return database.make("step", couple=str(pair.couple), goal=str(uuid4()), title=title, **values)


async def both_with_a_step(pair: Pair, title: str = "Book the ferry.") -> tuple[Database, Database, str]:
    anas, bens = Database(pair, pair.ana.phone), Database(pair, pair.ben.phone)
    made = step(pair, anas, title)
    await anas.sync()
    for each in (anas, bens):
        await each.pull()
    return anas, bens, made


async def test_a_new_row_is_stored_and_nothing_more_is_to_be_told(pair: Pair) -> None:
    anas = Database(pair, pair.ana.phone)
    made = anas.make("check_in", local_date="2026-11-20", text="Kiwi.", needs=json.dumps(["rest"]))
    assert await anas.push() is False
    record = await stored(pair, pair.ana, made)
    assert (record.fields["text"], record.fields["needs"], record.version) == ("Kiwi.", ["rest"], 2)
    await anas.pull()
    row = anas["check_in", made]
    assert (row["rev"], row["needs"], row["removed_at"], row["author"]) == (2, '["rest"]', None, str(pair.ana.person))


async def test_both_edit_other_fields_and_both_edits_stand(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair)
    anas.edit("step", made, title="Book the night ferry.")
    bens.edit("step", made, done=True)
    for each in (anas, bens, anas):
        await each.sync()
    for each in (anas, bens):
        assert (each["step", made]["title"], each["step", made]["done"]) == ("Book the night ferry.", True)


async def test_what_a_text_was_made_of_is_found_behind_the_record(pair: Pair) -> None:
    """The row says only which version it was; of that the other has written meanwhile, nothing is taken back."""
    anas, bens, made = await both_with_a_step(pair, "One. Two.")
    anas.edit("step", made, title="One. Two. Three.")
    await anas.sync()
    bens.edit("step", made, title="Zero. One. Two.")
    await bens.sync()
    assert (await stored(pair, pair.ben, made)).fields["title"] == "Zero. One. Two. Three."
    assert bens["step", made]["title"] == "Zero. One. Two. Three."


async def test_what_a_text_was_made_of_is_found_where_words_without_a_place_are_kept_too(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair, "One. Two.")
    bens.make("check_in", local_date="no day", text="Kiwi.")
    await bens.sync()
    anas.edit("step", made, title="One. Two. Three.")
    await anas.sync()
    bens.edit("step", made, title="Zero. One. Two.")
    await bens.push()
    assert (await stored(pair, pair.ben, made)).fields["title"] == "Zero. One. Two. Three."


async def test_a_text_that_was_made_of_nobody_knows_what_is_kept_beside(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair, "One. Two.")
    anas.edit("step", made, title="One. Two. Three.")
    await anas.sync()
    memory = pair.store
    assert isinstance(memory, MemoryStore)
    memory.revisions.clear()
    bens.edit("step", made, title="Two.")
    await bens.sync()
    record = await stored(pair, pair.ben, made)
    assert (record.fields["title"], [each.text for each in record.alternatives["title"]]) == (
        "One. Two. Three.",
        ["Two."],
    )


async def test_an_answer_that_is_lost_makes_no_second_edit_and_the_device_is_told_what_stands(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair, "One.")
    anas.edit("step", made, title="One. Two.")
    await anas.pull()
    await anas.push(answered=False)
    bens.edit("step", made, title="Zero. One.")
    await bens.sync()
    await anas.pull()
    assert anas["step", made]["title"] == "One. Two."
    assert await anas.push() is True
    record = await stored(pair, pair.ana, made)
    assert (record.fields["title"], record.alternatives) == ("Zero. One. Two.", {})
    await anas.pull()
    assert anas["step", made]["title"] == "Zero. One. Two."


async def test_after_a_lost_answer_only_what_was_edited_since_is_an_edit(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair, "One.")
    anas.edit("step", made, title="One. Two.")
    await anas.push(answered=False)
    bens.edit("step", made, title="Zero. One.", done=True)
    await bens.sync()
    await anas.pull()
    anas.edit("step", made, title="One. Two. Three.")
    await anas.sync()
    for each in (anas, bens):
        await each.sync()
        assert (each["step", made]["title"], each["step", made]["done"]) == ("Zero. One. Two. Three.", True)


async def test_what_a_device_was_given_after_a_lost_answer_is_no_edit_of_its_own(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair, "One.")
    anas.edit("step", made, title="One. Two.")
    await anas.push(answered=False)
    bens.edit("step", made, done=True)
    await bens.sync()
    await anas.pull()
    await bens.pull()
    bens.edit("step", made, done=False)
    await bens.sync()
    anas.edit("step", made, title="One. Two. Three.")
    await anas.push()
    record = await stored(pair, pair.ana, made)
    assert (record.fields["title"], record.fields["done"]) == ("One. Two. Three.", False)


async def test_a_creation_whose_answer_was_lost_and_that_was_edited_meanwhile_is_one_record(pair: Pair) -> None:
    anas, bens = Database(pair, pair.ana.phone), Database(pair, pair.ben.phone)
    made = step(pair, anas, "One.")
    await anas.push(answered=False)
    await bens.sync()
    bens.edit("step", made, done=True)
    await bens.sync()
    anas.edit("step", made, title="One. Two.")
    await anas.sync()
    await anas.sync()
    record = await stored(pair, pair.ana, made)
    assert (record.fields["title"], record.fields["done"], record.alternatives) == ("One. Two.", True, {})
    assert anas["step", made]["done"] is True


async def test_after_a_creation_whose_answer_was_lost_what_is_rewritten_or_emptied_is_an_edit_of_that(
    pair: Pair,
) -> None:
    anas = Database(pair, pair.ana.phone)
    made = step(pair, anas, "One.", taken_by=json.dumps([str(pair.ana.person)]))
    await anas.push(answered=False)
    anas.rows["step", made] |= {"title": "Two.", "taken_by": None}
    await anas.push()
    record = await stored(pair, pair.ana, made)
    assert (record.fields["title"], record.alternatives, record.fields["taken_by"]) == ("Two.", {}, [])


async def test_the_same_request_twice_is_once(pair: Pair) -> None:
    anas, _, made = await both_with_a_step(pair)
    anas.edit("step", made, title="Book the night ferry.")
    await anas.push(answered=False)
    version = (await stored(pair, pair.ana, made)).version
    await anas.push()
    assert (await stored(pair, pair.ana, made)).version == version


async def test_two_texts_stand_until_one_is_picked_and_the_pick_is_a_column_too(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair, "Book the ferry.")
    anas.edit("step", made, title="Book the boat.")
    bens.edit("step", made, title="Book the raft.")
    for each in (anas, bens, anas):
        await each.sync()
    beside = json.loads(anas["step", made]["alternatives"])
    assert beside == {"title": [{"by": str(pair.ben.person), "text": "Book the raft."}]}
    anas.edit("step", made, title="Book the raft.", alternatives=json.dumps({}))
    for each in (anas, bens):
        await each.sync()
        assert (each["step", made]["title"], each["step", made]["alternatives"]) == ("Book the raft.", "{}")


async def test_a_pick_takes_nothing_away_that_its_device_was_not_shown(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair, "Book the ferry.")
    anas.edit("step", made, title="Book the boat.")
    bens.edit("step", made, title="Book the raft.")
    for each in (anas, bens, anas):
        await each.sync()
    bens.edit("step", made, title="Book the plane.")
    tablet = Database(pair, pair.ben.tablet)
    await tablet.pull()
    tablet.edit("step", made, title="Book the balloon.")
    await bens.sync()
    anas.edit("step", made, alternatives=json.dumps({}))
    await tablet.sync()
    unshown = (await stored(pair, pair.ana, made)).alternatives
    await anas.push()
    assert (await stored(pair, pair.ana, made)).alternatives == unshown != {}


async def test_a_joined_text_is_confirmed_by_a_column(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair, "One. Two.")
    anas.edit("step", made, title="Uno. Two.")
    bens.edit("step", made, title="One. Due.")
    for each in (anas, bens, anas):
        await each.sync()
    if anas["step", made]["merged"] == "[]":
        pytest.fail("these two texts are joined")
    anas.edit("step", made, merged="[]")
    await anas.sync()
    assert (await stored(pair, pair.ana, made)).merged == ()


async def test_a_removal_is_an_edit_of_what_was_seen(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair, "One.")
    anas.edit("step", made, title="One. Two.")
    await anas.sync()
    bens.edit("step", made, removed_at=1)
    await bens.sync()
    record = await stored(pair, pair.ben, made)
    assert (record.removed, record.fields["title"]) == (False, "One. Two.")
    assert (bens["step", made]["removed_at"], bens["step", made]["title"]) == (None, "One. Two.")


async def test_of_what_is_removed_only_its_author_keeps_the_fields(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair, "One.")
    bens.edit("step", made, removed_at=1)
    await bens.sync()
    await anas.pull()
    await bens.pull()
    assert (await stored(pair, pair.ben, made)).removed
    assert (anas["step", made]["title"], bens["step", made]["title"]) == ("One.", None)
    assert anas["step", made]["removed_at"] == bens["step", made]["removed_at"] == anas["step", made]["rev"]


async def test_a_removal_of_one_s_own_leaves_nothing_to_be_told(pair: Pair) -> None:
    """The author's row keeps its words, here and there."""
    anas, bens, made = await both_with_a_step(pair, "One.")
    anas.edit("step", made, removed_at=1)
    assert await anas.push() is False
    await bens.pull()
    assert (anas["step", made]["title"], bens["step", made]["title"]) == ("One.", None)


async def test_what_is_removed_comes_back_by_its_column(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair, "One.")
    anas.edit("step", made, removed_at=1)
    await anas.sync()
    await anas.pull()
    anas.edit("step", made, removed_at=None)
    await anas.sync()
    await bens.sync()
    assert (bens["step", made]["title"], bens["step", made]["removed_at"]) == ("One.", None)


async def test_words_that_wait_win_over_the_other_s_removal(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair, "One.")
    bens.edit("step", made, removed_at=1)
    await bens.sync()
    anas.edit("step", made, title="One. Two.")
    await anas.sync()
    for each in (anas, bens):
        await each.sync()
        assert (each["step", made]["title"], each["step", made]["removed_at"]) == ("One. Two.", None)


async def test_an_id_alone_removes_what_its_device_was_given(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair, "One.")
    await bens.push(removed={made: "step"})
    assert (await stored(pair, pair.ben, made)).removed
    assert await bens.push(removed={made: "step"}) is False
    other = step(pair, anas, "Two.")
    await anas.sync()
    await bens.pull()
    anas.edit("step", other, title="Two. Three.")
    await anas.sync()
    assert await bens.push(removed={other: "step"}) is True
    assert not (await stored(pair, pair.ben, other)).removed
    del bens.rows["step", other]
    await bens.pull()
    assert bens["step", other]["title"] == "Two. Three."


async def test_an_id_that_nobody_knows_removes_nothing(pair: Pair) -> None:
    bens = Database(pair, pair.ben.phone)
    assert await bens.push(removed={str(uuid4()): "step", "kiwi": "step", str(uuid4()).upper(): "nonsense"}) is False


@pytest.mark.parametrize("identity", [None, "Kq3aB9xZ2mN8pR5t", "A1A1A1A1-0000-4000-8000-00000000000F"])
async def test_what_is_refused_goes_from_its_device_and_its_words_are_with_their_author(
    pair: Pair, identity: str | None
) -> None:
    anas = Database(pair, pair.ana.phone)
    named = {} if identity is None else {"id": identity}
    made = anas.make("check_in", local_date="no day", text="Kiwi.", **named)
    await anas.sync()
    assert ("check_in", made) not in anas.rows
    (box,) = [row for (table, _), row in anas.rows.items() if table == "unplaced"]
    assert "Kiwi." in json.loads(box["words"])["text"]
    await anas.pull()
    assert await anas.push() is False


async def test_what_no_id_can_be_is_not_told_back(pair: Pair) -> None:
    """Nobody's words come to stand where ids stand in the open."""
    anas = Database(pair, pair.ana.phone)
    anas.make("check_in", id="I cried today.", text="Kiwi.")
    assert await anas.push() is False
    memory = pair.store
    assert isinstance(memory, MemoryStore)
    assert memory.owed_to == {}


async def test_a_refused_edit_is_told_to_that_device_alone_and_nobody_else_hears_of_it(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair, "One.")
    tablet = Database(pair, pair.ben.tablet)
    await tablet.pull()
    before = await stored(pair, pair.ben, made)
    bens.edit("step", made, title="x" * 5000)
    assert await bens.push() is True
    assert (await stored(pair, pair.ben, made)).version == before.version
    changes = await bens.pull()
    assert [row["title"] for row in changes["step"].updated] == ["One."]
    assert "step" not in await bens.pull()
    assert "step" not in await tablet.pull()
    assert await anas.pull() == {}


async def test_a_column_of_the_server_s_is_put_right(pair: Pair) -> None:
    anas, bens = Database(pair, pair.ana.phone), Database(pair, pair.ben.phone)
    made = anas.make("goal", couple=str(pair.couple), notes="A boat.")
    await anas.sync()
    await bens.pull()
    bens.edit("goal", made, achieved_on="2026-11-20", author=str(pair.ben.person))
    assert await bens.push() is True
    await bens.pull()
    assert (bens["goal", made]["achieved_on"], bens["goal", made]["author"]) == (None, str(pair.ana.person))


async def test_a_pull_that_was_lost_is_told_again_what_is_owed_and_one_after_it_is_not(pair: Pair) -> None:
    anas = Database(pair, pair.ana.phone)
    anas.make("check_in", local_date="no day")
    await anas.push()
    lost = await anas.page(anas.cursor)
    again = await anas.page(anas.cursor)
    assert lost.changes["check_in"].deleted == again.changes["check_in"].deleted != []
    assert (await anas.page(again.cursor)).changes == {}


async def test_what_was_told_is_forgotten_with_the_next_that_is_owed(pair: Pair) -> None:
    anas = Database(pair, pair.ana.phone)
    memory = pair.store
    assert isinstance(memory, MemoryStore)
    for _ in range(3):
        anas.make("check_in", local_date="no day")
        await anas.sync()
        assert len(memory.owed_to) == 1


async def test_more_than_one_pull_can_tell_is_told_in_several_and_each_once(pair: Pair) -> None:
    anas = Database(pair, pair.ana.phone)
    named = [anas.make("check_in", local_date="no day") for _ in range(OWED_A_PULL_MAX + 7)]
    for first in range(0, len(named), 500):
        await anas.push(*(("check_in", each) for each in named[first : first + 500]))
    told: list[str] = []
    cursor, more = anas.cursor, True
    while more:
        page = await anas.page(cursor)
        told += page.changes["check_in"].deleted
        cursor, more = page.cursor, page.more
    assert sorted(told) == sorted(named)


async def test_what_is_owed_and_was_never_told_is_not_forgotten_with_a_cursor_of_another_life(pair: Pair) -> None:
    """Its number says nothing about what this life has told."""
    anas = Database(pair, pair.ana.phone)
    for _ in range(3):
        step(pair, anas, "One.")
        anas.make("check_in", local_date="2026-11-20")
        await anas.push(*anas.rows)
    await anas.pull()
    memory = pair.store
    assert isinstance(memory, MemoryStore)
    memory.spaces[pair.ana.personal] = replace(memory.spaces[pair.ana.personal], head=1)
    memory.bump(uuid4())
    anas.rows.clear()
    named = [anas.make("check_in", local_date="no day") for _ in range(2)]
    for each in named:
        await anas.push(("check_in", each))
    assert sorted((await anas.page(None)).changes["check_in"].deleted) == sorted(named)


async def test_a_page_that_could_not_tell_all_that_is_owed_says_how_far_the_store_had_come(pair: Pair) -> None:
    """A store that goes back afterwards, to where that page ended, is noticed."""
    anas = Database(pair, pair.ana.phone)
    for _ in range(OWED_A_PULL_MAX // 500):
        named = [anas.make("check_in", local_date="no day") for _ in range(500)]
        await anas.push(*(("check_in", each) for each in named))
    page = await anas.page(anas.cursor)
    assert (page.more, len(page.changes["check_in"].deleted)) == (False, OWED_A_PULL_MAX)
    for _ in range(2):
        await anas.push(("check_in", anas.make("check_in", local_date="no day")))
    page = await anas.page(anas.cursor)
    assert (page.more, len(page.changes["check_in"].deleted)) == (True, OWED_A_PULL_MAX)
    memory = pair.store
    assert isinstance(memory, MemoryStore)
    own = memory.spaces[pair.ana.personal]
    memory.spaces[pair.ana.personal] = replace(own, head=own.head - 2)
    with pytest.raises(EpochChangedError):
        await anas.page(page.cursor)


async def test_a_push_names_the_heads_that_it_has_moved(pair: Pair) -> None:
    """Others are told of them, and of nothing else."""
    anas = Database(pair, pair.ana.phone)
    good = {"id": str(uuid4()), "couple": str(pair.couple), "goal": str(uuid4()), "title": "One.", "_changed": ""}
    settled = await anas.submit({"step": TableEdits([good])})
    assert (settled.moved, settled.done.again) == ({pair.space: 1}, False)
    settled = await anas.submit({"step": TableEdits([], [good])})
    assert (settled.moved, settled.done.again) == ({}, False)
    bad = {"id": str(uuid4()), "local_date": "no day", "_changed": ""}
    settled = await anas.submit({"step": TableEdits([good | {"id": str(uuid4())}]), "check_in": TableEdits([bad])})
    assert (settled.moved, settled.done.again) == ({pair.space: 2, pair.ana.personal: 2}, True)


class Leaving(MemoryStore):
    """A store out of which a person goes while their device pushes, just before it notes what is owed."""

    async def owe(self, caller: Caller, owed: Sequence[Owed], *, told: int, now: datetime) -> int | None:
        del self.spaces[caller.personal]
        return await super().owe(caller, owed, told=told, now=now)


async def test_whose_account_goes_while_they_push_has_no_head_that_moved() -> None:
    pair = await a_pair(Leaving(uuid4()))
    bad = {"id": str(uuid4()), "local_date": "no day", "_changed": ""}
    settled = await Database(pair, pair.ana.phone).submit({"check_in": TableEdits([bad])})
    assert (settled.moved, settled.done.again) == ({}, True)


async def test_what_a_client_calls_new_edited_and_deleted_is_all_pushed(pair: Pair) -> None:
    anas = Database(pair, pair.ana.phone)
    first, second, third = (anas.make("check_in", local_date="2026-11-20", text=text) for text in ("A.", "B.", "C."))
    await anas.push(("check_in", third))
    tables = TableEdits([anas["check_in", first]], [anas["check_in", second]], [third])
    assert PushedChanges({"check_in": tables, "step": TableEdits([], [], ["x", "y"])}).count == 5
    await anas.submit({"check_in": tables})
    records = [await stored(pair, pair.ana, each) for each in (first, second, third)]
    assert [(each.fields["text"], each.removed) for each in records] == [("A.", False), ("B.", False), ("C.", True)]


async def test_a_pull_names_the_couples_of_whom_one_may_hold_rows(pair: Pair) -> None:
    assert (await Database(pair, pair.ana.phone).page(None)).couples == [pair.couple]
    memory = pair.store
    assert isinstance(memory, MemoryStore)
    del memory.spaces[pair.space]
    assert (await Database(pair, pair.ana.phone).page(None)).couples == []


async def test_pages_hold_everything_once(pair: Pair) -> None:
    anas = Database(pair, pair.ana.phone)
    for nth in range(7):
        step(pair, anas, f"Step {nth}.")
    await anas.push()
    titles: list[str] = []
    cursor, more = None, True
    while more:
        page = await anas.page(cursor, limit=3)
        titles += [row["title"] for row in page.changes["step"].updated] if "step" in page.changes else []
        cursor, more = page.cursor, page.more
    assert sorted(titles) == [f"Step {nth}." for nth in range(7)]


async def test_what_one_may_no_longer_read_is_destroyed_and_what_one_could_have_edited_is_emptied(pair: Pair) -> None:
    anas, bens = Database(pair, pair.ana.phone), Database(pair, pair.ben.phone)
    made = anas.make(
        "check_in",
        local_date="2026-11-20",
        text="Kiwi.",
        audience=str(pair.couple),
        shared_parts=json.dumps(["text"]),
    )
    await anas.sync()
    await bens.sync()
    (shown,) = [identity for table, identity in bens.rows if table == "shown_check_in"]
    await anas.pull()
    anas.edit("check_in", made, audience="only_me")
    await anas.sync()
    changes = await bens.pull()
    assert changes["shown_check_in"].deleted == [shown]


async def test_purged_words_are_destroyed_on_every_device_and_come_back_from_none(pair: Pair) -> None:
    phone, tablet = Database(pair, pair.ana.phone), Database(pair, pair.ana.tablet)
    made = phone.make("check_in", local_date="2026-11-20", text="Kiwi.")
    await phone.sync()
    await tablet.pull()
    tablet.edit("check_in", made, text="Kiwi. Plum.")
    await service.purge(pair.store, pair.keys, pair.ana.phone, "check_in", RecordId(UUID(made)), pair.now)
    await tablet.sync()
    for each in (phone, tablet):
        await each.pull()
        assert each["check_in", made]["text"] == "Plum."
    assert not [table for table, _ in (*phone.rows, *tablet.rows) if table == "unplaced"]
    phone.edit("check_in", made, removed_at=1)
    await phone.sync()


async def test_a_given_draft_is_emptied_and_words_that_wait_on_another_device_are_kept(pair: Pair) -> None:
    phone, tablet = Database(pair, pair.ana.phone), Database(pair, pair.ana.tablet)
    made = phone.make("note_draft", for_what="Thank you.", for_couple=str(pair.couple))
    await phone.sync()
    await tablet.sync()
    await phone.pull()
    phone.edit("note_draft", made, send=True)
    await phone.sync()
    assert (await stored(pair, pair.ana, made)).gone
    tablet.edit("note_draft", made, text="And for the kiwi.")
    await tablet.sync()
    row = tablet["note_draft", made]
    assert (row["for_what"], row["text"], row["removed_at"] is not None) == (None, None, True)
    boxes = [json.loads(row["words"]) for (table, _), row in tablet.rows.items() if table == "unplaced"]
    assert boxes == [{"text": "And for the kiwi."}]


async def test_a_space_that_went_back_asks_for_everything(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair, "One.")
    lose_the_couple_s_space(pair)
    bens.edit("step", made, title="One. Two.")
    for each in (anas, bens):
        await begin_anew(each)
        await each.push(*each.rows)
        await each.pull()
    for each in (anas, bens, anas):
        await each.sync()
    record = await stored(pair, pair.ana, made)
    assert (record.fields["title"], record.author, record.alternatives) == ("One. Two.", pair.ana.person, {})
    for each in (anas, bens):
        assert each["step", made]["title"] == "One. Two."


async def test_what_is_sent_again_unedited_says_nothing(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair, "One.")
    anas.edit("step", made, title="One. Two.")
    await anas.sync()
    version = (await stored(pair, pair.ana, made)).version
    assert await bens.push(("step", made)) is True
    assert (await stored(pair, pair.ana, made)).version == version
    await bens.pull()
    assert bens["step", made]["title"] == "One. Two."


async def test_what_is_sent_again_unedited_leaves_no_words_without_a_place(pair: Pair) -> None:
    """Also where its device once made it, and the other has rewritten it since."""
    anas, bens, made = await both_with_a_step(pair, "One.")
    bens.edit("step", made, title="Two.")
    await bens.sync()
    assert await anas.push(("step", made)) is True
    await anas.pull()
    assert (anas["step", made]["title"], {table for table, _ in anas.rows}) == ("Two.", {"settings", "step"})


async def test_who_had_taken_what_was_lost_has_taken_it_again(pair: Pair) -> None:
    _, bens, made = await both_with_a_step(pair, "One.")
    bens.edit("step", made, taken_by=json.dumps([str(pair.ben.person)]))
    await bens.sync()
    await bens.pull()
    lose_the_couple_s_space(pair)
    await begin_anew(bens)
    await bens.push(*bens.rows)
    assert (await stored(pair, pair.ben, made)).fields["taken_by"] == [str(pair.ben.person)]


async def test_both_take_a_step_while_neither_hears_of_the_other(pair: Pair) -> None:
    anas, bens, made = await both_with_a_step(pair, "One.")
    for database, person in ((anas, pair.ana), (bens, pair.ben)):
        database.edit("step", made, taken_by=json.dumps([str(person.person)]))
    for each in (anas, bens, anas):
        await each.sync()
    both = sorted(str(each.person) for each in (pair.ana, pair.ben))
    assert (await stored(pair, pair.ben, made)).fields["taken_by"] == both
    for each in (anas, bens):
        assert json.loads(each["step", made]["taken_by"]) == both
    anas.edit("step", made, taken_by=json.dumps([str(pair.ben.person)]))
    bens.edit("step", made, taken_by=json.dumps([str(pair.ana.person)]))
    for each in (anas, bens):
        await each.sync()
    assert (await stored(pair, pair.ben, made)).fields["taken_by"] == []


async def test_what_was_pushed_since_the_store_went_back_is_what_is_edited_then(pair: Pair) -> None:
    """The row still says that it is of the life that was lost, for no pull has come meanwhile."""
    anas, _, made = await both_with_a_step(pair, "One.")
    anas.edit("step", made, title="One. Two.")
    lose_the_couple_s_space(pair)
    await begin_anew(anas)
    await anas.push()
    anas.edit("step", made, title="One.")
    await anas.push()
    record = await stored(pair, pair.ana, made)
    assert (record.fields["title"], record.alternatives) == ("One.", {})


def lose_the_couple_s_space(pair: Pair) -> None:
    """Restore the store as it was before anything was written there."""
    memory = pair.store
    assert isinstance(memory, MemoryStore)
    memory.records = {at: each for at, each in memory.records.items() if at[0] != pair.space}
    for written_with_them in (memory.revisions, memory.outcomes, memory.shadows_of):
        written_with_them.clear()
    memory.spaces[pair.space] = replace(memory.spaces[pair.space], head=0)
    memory.bump(uuid4())


async def begin_anew(database: Database) -> None:
    """Ask by a cursor of the life that was lost, and be told to begin at nothing."""
    with pytest.raises(EpochChangedError):
        await database.page(database.cursor)
    database.cursor = None


async def test_a_row_of_a_couple_that_is_no_longer_one_s_own_says_nothing_unless_it_was_edited(pair: Pair) -> None:
    _, bens, made = await both_with_a_step(pair, "One.")
    memory = pair.store
    assert isinstance(memory, MemoryStore)
    del memory.spaces[pair.space]
    row = bens["step", made]
    edited = row | {"title": "One. Two.", "_changed": "title"}
    for pushed, words in ((row, []), (edited, [{"title": "One. Two."}])):
        bens.rows["step", made] = pushed
        assert await bens.push(("step", made)) is True
        await bens.pull()
        assert ("step", made) not in bens.rows
        assert [json.loads(row["words"]) for (table, _), row in bens.rows.items() if table == "unplaced"] == words


async def test_a_table_that_nobody_knows_stops_nothing_and_its_words_are_kept(pair: Pair) -> None:
    anas = Database(pair, pair.ana.phone)
    anas.make("mood_of_tomorrow", text="Kiwi.")
    made = anas.make("check_in", local_date="2026-11-20", text="Plum.")
    await anas.push()
    assert (await stored(pair, pair.ana, made)).fields["text"] == "Plum."
    await anas.pull()
    boxes = [json.loads(row["words"]) for (table, _), row in anas.rows.items() if table == "unplaced"]
    assert boxes == [{"text": "Kiwi."}]


async def test_an_app_of_an_older_schema_is_told_of_no_kind_that_it_does_not_know(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    anas, bens, _ = await both_with_a_step(pair)
    newer = {name: replace(kind, schema=2) if name == "step" else kind for name, kind in KINDS.items()}
    for module in (row_news, row_pushes):
        monkeypatch.setattr(module, "KINDS", newer)
    assert "step" not in (await bens.page(None)).changes
    bens.edit("step", next(identity for table, identity in bens.rows if table == "step"), title="x" * 5000)
    assert await bens.push() is False
    del anas


async def test_a_stranger_s_ids_lead_nowhere(pair: Pair) -> None:
    """W5: whatever Ben pushes under the ids of Ana's own entries is a record of his, or nothing."""
    anas, bens = Database(pair, pair.ana.phone), Database(pair, pair.ben.phone)
    made = anas.make("check_in", local_date="2026-11-20", text="CANARY")
    await anas.sync()
    before = await stored(pair, pair.ana, made)
    bens.make("check_in", id=made, local_date="2026-11-21", text="Mine.")
    await bens.sync()
    assert await bens.push(removed={made: "check_in"}) is True
    bens.rows["check_in", made] |= {
        "rev": before.version,
        "epoch": anas["check_in", made]["epoch"],
        "text": "Mine, too.",
    }
    bens.edit("check_in", made, text="Mine, three.")
    await bens.sync()
    assert await stored(pair, pair.ana, made) == before
    assert "CANARY" not in str(bens.rows)
    other = bens.make("step", couple=str(uuid4()), goal=str(uuid4()), title="Elsewhere.")
    await bens.sync()
    assert ("step", other) not in bens.rows
