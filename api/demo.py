"""Tell the main job to somebody who reads only the terminal: two partners, three phones, a week without a network.

Everything is real: a server with its own embedded PostgreSQL, devices with their own files, HTTP between them. Only
clocks are set by hand, so that a week passes in seconds, and a fake stands for Firebase.
"""

import os
import sys
import tempfile
import textwrap
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import uvloop

from api import device_words as words
from api.client import Client
from api.demo_prompts import PromptsChapter
from api.embedded_postgres import EmbeddedFailed, place, serving
from api.migrate import migrate
from api.postgres import Pool
from api.server import serve
from api.settings import Address, Secret, Settings
from api.wiring import PROJECT, Parts, open_parts
from domain.ids import RecordId
from sync.showing import Shown

WIDTH: Final = 100


def main() -> None:
    """Run the story once; exit 0 when it ended as it should."""
    uvloop.run(_run())


async def _run() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="haven-demo-") as folder,
        serving(place(PROJECT) / "demo", connections_max=40) as server,
    ):
        dsn = server.dsn()
        await migrate(dsn)
        anywhere = Address("127.0.0.1", 0)
        settings = Settings(database_url=Secret(dsn), bind=anywhere, admin_bind=anywhere)
        async with open_parts(settings, keys_file=place(PROJECT) / "demo" / "keys.json") as parts:

            async def tell(_: Parts, public: Address, __: Address) -> None:
                try:
                    await _opening(parts.pool, public)
                    await _Story(f"http://{public}", Path(folder), parts).tell()
                finally:
                    parts.drain.begin()

            await serve(parts, tell, with_worker=False)


async def _opening(pool: Pool, public: Address) -> None:
    """Say what is real behind the story: nothing that follows would look otherwise if it were not."""
    async with pool.acquire() as connection:
        # asyncpg's own reading of it leaves the minor number out.
        version = int(await connection.fetchval("SHOW server_version_num"))
    sys.stdout.write("\n")
    _say(
        f"All of this is happening now. Haven listens on http://{public}, on a PostgreSQL"
        f" {version // 10_000}.{version % 10_000} of its own, and three phones, each with a file of its own, speak HTTP"
        " to it. Only their clocks are set by hand, so that a week takes seconds. Server and database stop at the end."
    )


class Phone:
    """One phone with its own clock, which may be wrong."""

    def __init__(self, name: str, base: str, file: Path, clock_off: timedelta = timedelta()) -> None:
        self.name = name
        self._off = clock_off
        self.client = Client(file, server=base, now_ms=self._now_ms)

    def _now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._off // timedelta(milliseconds=1)

    def pass_time(self, by: timedelta) -> None:
        """Let time pass on this phone's clock."""
        self._off += by

    def write(self, kind: str, identity: RecordId | None = None, **values: Any) -> RecordId:
        """Write something, offline; return the record's id."""
        change = self.client.edit(kind, identity, values)
        assert change is not None
        return RecordId(change.id)

    def shows(self, kind: str) -> list[Shown]:
        """Return what this phone shows of a kind."""
        replica = self.client.replica
        assert replica is not None
        return [each for each in replica.view(kind) if not each.removed]

    def one(self, identity: RecordId) -> Shown:
        """Return one record as this phone shows it."""
        replica = self.client.replica
        assert replica is not None
        shown = replica.shown(identity)
        assert shown is not None
        return shown


class _Story:
    """Two partners and three phones."""

    def __init__(self, base: str, folder: Path, parts: Parts) -> None:
        self.parts = parts
        self.ana = Phone("Ana's phone", base, folder / "ana.db")
        self.tablet = Phone("Ana's tablet", base, folder / "tablet.db")
        # His clock is a year ahead. It will not matter.
        self.ben = Phone("Ben's phone", base, folder / "ben.db", timedelta(days=365))
        self.phones = (self.ana, self.tablet, self.ben)
        self.names: dict[UUID, str] = {}

    async def tell(self) -> None:
        """Tell it from pairing to the last look at every phone."""
        try:
            await self._pairing()
            goal, step = await self._a_goal()
            entry, draft = self._a_week_apart(goal, step)
            await self._back_online()
            self._what_is_kept(goal, step)
            await self._picking(step)
            await self._taking_back(entry)
            await self._private_stays_private()
            await self._a_gentle_prompt()
            self._the_end(goal, step, draft)
        finally:
            for phone in self.phones:
                await phone.client.close()

    async def _pairing(self) -> None:
        _title("Ana and Ben")
        # One story a run: people of their own, so that the demo can be told again on the same database.
        run = uuid4().hex[:8]
        for phone, person in ((self.ana, "Ana"), (self.ben, "Ben"), (self.tablet, "Ana")):
            await phone.client.sign_in_for_development(f"demo-{person}-{run}")
            if phone is not self.tablet:
                me = await phone.client.begin(person)
                self.names[UUID(me["person"])] = person
        invited = await self.ana.client.invite()
        _say(f"Ana invites Ben. The code is {invited['code']}, or in words: {' '.join(invited['words'])}.")
        pairing = await self.ben.client.redeem(invited["code"])
        _say(f"Both see the same three words, {', '.join(pairing['check_words'])}, and both say yes.")
        await self.ben.client.confirm(UUID(pairing["id"]))
        await self.ana.client.confirm(UUID(pairing["id"]))
        await self._sync(*self.phones)
        _say("Now they are paired. Nothing either had written before is shown to the other.")

    async def _a_goal(self) -> tuple[RecordId, RecordId]:
        _title("A goal needs two to enter")
        goal = self.ana.write("goal", notes="We leave on Friday. We take the small tent.")
        terms = self.ana.write("goal_terms", goal=str(goal), title="A week by the sea")
        step = self.ana.write("step", goal=str(goal), title="Book the ferry")
        await self._sync(self.ana, self.ben)
        _say("Ana proposes a week by the sea, with a first step: book the ferry.")
        self.ben.write("goal_act", goal=str(goal), terms=str(terms), act="accept")
        await self._sync(self.ben, self.ana, self.tablet)
        _say(f"Ben says yes; the goal is now «{self.ana.one(goal).fields['state']}» on all three phones.")
        return goal, step

    def _a_week_apart(self, goal: RecordId, step: RecordId) -> tuple[RecordId, RecordId]:
        _title("A week without a network")
        day = timedelta(days=1)
        _day("Monday")
        self.ana.write("goal", goal, notes="We leave on Friday at noon. We take the small tent.")
        _does(self.ana, "changes the first sentence of the plan: «We leave on Friday at noon.»")
        self._pass(day)
        _day("Tuesday")
        self.ben.write("goal", goal, notes="We leave on Friday. We take the small tent and the kettle.")
        _does(self.ben, "changes the second sentence: «We take the small tent and the kettle.»")
        self.ben.write("step", step, title="Book the night ferry")
        _does(self.ben, "rewrites the step: «Book the night ferry»")
        self._pass(day)
        _day("Wednesday")
        self.ana.write("step", step, title="Book the early ferry")
        _does(self.ana, "rewrites the same step: «Book the early ferry»")
        entry = self.tablet.write("check_in", local_date="2026-11-18", valence=-2, text="A long day. I missed you.")
        _does(self.tablet, "writes a check-in, mood low, for nobody but Ana.")
        self._pass(day)
        _day("Thursday")
        couple = self.tablet.client.replica.couple if self.tablet.client.replica else None
        self.tablet.write("check_in", entry, audience=str(couple), shared_parts=["text"], response_wanted="comfort")
        _does(self.tablet, "shows Ben the text of it, not the mood.")
        self._pass(day)
        _day("Friday")
        draft = self.ben.write(
            "note_draft", for_couple=str(couple), for_what="You carried the boxes without being asked.", send=True
        )
        _does(self.ben, "writes Ana a note and sends it: «You carried the boxes without being asked.»")
        _say("Meanwhile every phone shows its own edits at once:")
        for phone in (self.ana, self.ben):
            _shows(phone, f"the step is «{phone.one(step).fields['title']}»")
        self._pass(day)
        return entry, draft

    async def _back_online(self) -> None:
        _title("Saturday: the phones find a network again")
        for phone in (self.ben, self.ana, self.tablet):
            synced = await phone.client.sync()
            outcomes = ", ".join(
                f"{each.status}{''.join(f' ({name}: {verdict})' for name, verdict in each.fields.items())}"
                for each in synced.outcomes
            )
            _does(phone, f"syncs {len(synced.outcomes)} edits: {outcomes}.")
        await self._sync(*self.phones)
        await self._sync(*self.phones)
        _say("Ben's clock is a year ahead. Nothing was ordered by it.")

    def _what_is_kept(self, goal: RecordId, step: RecordId) -> None:
        _title("What every phone shows now")
        for phone in self.phones:
            plan, ferry = phone.one(goal), phone.one(step)
            _shows(phone, f"the plan: «{plan.fields['notes']}»")
            _shows(phone, f"the step: «{ferry.fields['title']}»")
            for beside in ferry.alternatives.get("title", ()):
                _shows(phone, f"   kept beside it, by {self.names[beside.by]}: «{beside.text}»")
        _say(
            "They had changed other sentences of the plan: it has both. They had changed the same words of the step:"
            " both texts stand, and each of them is told so, kindly:"
        )
        for phone in (self.ana, self.ben):
            for notice in phone.shows("notice"):
                if notice.fields["code"] != "new_device":
                    _shows(phone, f"«{words.notice(notice)}»")
        for note in self.ana.shows("note"):
            _shows(self.ana, f"a note from {self.names[note.author]}: «{note.fields['for_what']}»")
        for shown in self.ben.shows("shown_check_in"):
            _shows(self.ben, f"Ana's check-in: «{shown.fields['text']}»; no mood is in what he received.")

    async def _picking(self, step: RecordId) -> None:
        _title("One of them picks")
        [beside] = self.ben.one(step).alternatives["title"]
        self.ben.client.pick(step, "title", beside.text)
        await self._sync(self.ben, self.ana, self.tablet)
        _say(f"Ben picks Ana's «{beside.text}». On all phones one text stands, and nothing beside it:")
        for phone in self.phones:
            _shows(phone, f"«{phone.one(step).fields['title']}», {len(phone.one(step).alternatives)} beside")

    async def _taking_back(self, entry: RecordId) -> None:
        _title("Ana takes her check-in back, while Ben, offline, answers it")
        [shown] = self.ben.shows("shown_check_in")
        self.ben.write("response", to=str(shown.id), form="here_with_you", text="I missed you too.")
        self.ana.write("check_in", entry, audience="only_me")
        await self._sync(self.ana, self.ben, self.ana)
        _shows(self.ben, f"{len(self.ben.shows('shown_check_in'))} check-ins of Ana's: it is gone from his phone.")
        for box in self.ben.shows("unplaced"):
            words = ", ".join(f"«{text}»" for text in box.fields["words"].values())
            _shows(self.ben, f"his own words came back to him: {words}. He may give them as a note.")
        _shows(self.ana, "her check-in, still hers: «" + self.ana.one(entry).fields["text"] + "»")

    async def _private_stays_private(self) -> None:
        _title("Private stays private")
        before = self.ben.client.replica.cursor if self.ben.client.replica else None
        for nth in range(20):
            self.ana.write("note_draft", for_what=f"A thought that stays with Ana, number {nth}")
        await self._sync(self.ana)
        await self._sync(self.ben)
        after = self.ben.client.replica.cursor if self.ben.client.replica else None
        assert before == after
        _say("Ana writes twenty private drafts and syncs. Ben syncs: his place in the world has not moved by one byte.")

    async def _a_gentle_prompt(self) -> None:
        _title("A gentle prompt")
        chapter = PromptsChapter(self.parts, self.ana.client, self.ben.client)
        ends = await chapter.ben_keeps_quiet()
        _say(f"Ben lets Haven reach his phone, and keeps quiet until {ends:%H:%M}. Now Ana writes him a note.")
        await chapter.ana_writes("The tea was just right.")
        await chapter.worker_looks(after=timedelta(minutes=11))
        assert chapter.arrived == []
        _shows(self.ben, "silent. Nothing has come, and nothing waits on a lock screen.")
        held = await chapter.why()
        until = datetime.fromisoformat(held["until"])
        _shows(self.ben, f"if he asks: «{held['why']}» It would come at {until:%H:%M}.")
        _say("The worker's clock is set ahead to then. It hands Firebase the one message that there is:")
        await chapter.worker_looks_at(until)
        [(_, message)] = chapter.arrived
        _shows(self.ben, f"gets a message: {message}. No name, no kind, no words.")
        _shows(self.ben, f"syncs, asks what it may show, and shows: «{await chapter.words()}»")
        for note in self.ben.shows("note"):
            if self.names[note.author] == "Ana":
                _shows(self.ben, f"in the app: «{note.fields['for_what']}»")
        await self._sync(*self.phones)

    def _the_end(self, goal: RecordId, step: RecordId, draft: RecordId) -> None:
        _title("The end")
        views = [[(phone.one(each).version, phone.one(each).fields) for each in (goal, step)] for phone in self.phones]
        assert views[0] == views[1] == views[2]
        assert self.ben.client.replica is not None
        assert self.ben.client.replica.shown(draft) is None
        _say(
            "All three phones and the server hold the same. No word was lost, nothing private was shown, and no clock"
            " decided anything."
        )
        sys.stdout.write("\n")

    async def _sync(self, *phones: Phone) -> None:
        for phone in phones:
            await phone.client.sync()

    def _pass(self, by: timedelta) -> None:
        for phone in self.phones:
            phone.pass_time(by)


def _title(text: str) -> None:
    sys.stdout.write(f"\n{text}\n{'-' * len(text)}\n")
    sys.stdout.flush()


def _day(text: str) -> None:
    sys.stdout.write(f"  {text}\n")


def _say(text: str) -> None:
    sys.stdout.write(textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ") + "\n")


def _does(phone: Phone, text: str) -> None:
    sys.stdout.write(
        textwrap.fill(f"{phone.name} {text}", WIDTH, initial_indent="    ", subsequent_indent="      ") + "\n"
    )


def _shows(phone: Phone, text: str) -> None:
    line = f"{phone.name + ':':<14}{text}"
    sys.stdout.write(textwrap.fill(line, WIDTH, initial_indent="    ", subsequent_indent=" " * 18) + "\n")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except EmbeddedFailed as fault:
        sys.exit(str(fault))
    except ExceptionGroup as faults:
        if faults.split(BrokenPipeError)[1] is not None:
            raise
        # Whoever reads has read enough; what Python flushes at its end has to go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
