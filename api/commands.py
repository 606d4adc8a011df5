"""What each command of `haven` does, told to a person in sentences and to a program in JSON."""

import argparse
import asyncio
import json
import os
import signal
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

import uvloop
from msgspec.structs import asdict

from api import end_store, rehearsing, server
from api.catalogue import FileUnusable
from api.console import EXIT_INTERRUPTED
from api.console import complain as _complain
from api.console import say as _say
from api.embedded_postgres import EmbeddedFailed, left_alone, place
from api.greeting import greeting
from api.keys import RingUnusable
from api.migrate import MigrationFailed, missing, utc_now
from api.postgres import TRANSIENT, UNPREPARED, Unreachable, open_pool
from api.settings import EXIT_UNFIT, VARIABLES, Address, Settings, SettingsUnfit, masked
from api.telemetry import configure
from api.wiring import PROJECT, Parts, bring_forward, keys_file, on_database, open_parts, people_file
from notifications.fcm import SenderUnusable
from sync import space_store

EXIT_FAILED: Final = 1
EXIT_MISSING: Final = 3

_NAMES: Final = 2 + max(len(variable.name) for variable in VARIABLES)
"""The width of a column with the names of settings."""

_UNREACHABLE: Final[tuple[type[Exception], ...]] = (OSError, *TRANSIENT)


def run(chosen: argparse.Namespace) -> int:
    """Do what the command line has chosen and return the exit code."""
    _leave_tidily()
    try:
        settings = Settings.read(os.environ)
    except SettingsUnfit as unfit:
        if chosen.json:
            _say(json.dumps({"fits": False, "faults": unfit.faults}))
        else:
            _complain("The settings do not fit:", *(f"  {fault}" for fault in unfit.faults))
            if chosen.command == "check":
                # Whoever got a name wrong was sent here to find it.
                _say("", *(f"{variable.name:{_NAMES}}{variable.meaning}" for variable in VARIABLES))
        return EXIT_UNFIT
    try:
        return COMMANDS[chosen.command](chosen, settings)
    except (KeyboardInterrupt, asyncio.CancelledError):
        # The second is what `server` makes of a second signal.
        return EXIT_INTERRUPTED
    except (RingUnusable, SenderUnusable) as fault:
        _complain(str(fault))
        return EXIT_UNFIT
    except (EmbeddedFailed, FileUnusable, MigrationFailed, server.PortTaken) as fault:
        _complain(str(fault))
    except Unreachable as fault:
        _complain(f"The database cannot be reached: {fault}{_whose(settings)}")
    except UNPREPARED:
        _complain("The database lacks tables of this version of Haven: run `haven migrate` first.")
    except _UNREACHABLE as fault:
        _complain(f"The database cannot be reached ({type(fault).__name__}).{_whose(settings)}")
    return EXIT_FAILED


def _whose(settings: Settings) -> str:
    chosen = {"DATABASE_URL": settings.database_url, "HAVEN_KEYS_DSN": settings.keys_dsn}
    names = [name for name, dsn in chosen.items() if dsn is not None]
    return f" {'Is' if len(names) == 1 else 'Are'} {' and '.join(names)} right?" if names else ""


def serve(_chosen: argparse.Namespace, settings: Settings) -> int:
    """Answer requests; in development everything is set up first."""
    configure(settings.log_level)

    async def greet(parts: Parts, public: Address, admin: Address) -> None:
        if settings.development:
            own = settings.database_url is not None
            data = "in the database that DATABASE_URL names" if own else str(place(PROJECT))
            _say(*await greeting(parts, public, admin, people_file(settings), data))

    async def go(found: Settings) -> None:
        if found.development:
            await bring_forward(found)
        async with open_parts(found, keys_file=keys_file(settings)) as parts:
            _drain_without_terminal(parts)
            await server.serve(parts, greet, with_worker=found.development)

    with _on_database(settings) as found:
        _in_loop(go(found))
    if settings.development:
        _say("Haven has stopped.")
    return 0


def worker(_chosen: argparse.Namespace, settings: Settings) -> int:
    """Do what is due."""
    configure(settings.log_level)

    async def greet(parts: Parts, admin: Address, _same: Address) -> None:
        if parts.settings.development:
            _say(f"The worker is running; probes on http://{admin}/readyz. Ctrl-C stops it.")

    async def go(found: Settings) -> None:
        async with open_parts(found, keys_file=keys_file(settings)) as parts:
            _drain_without_terminal(parts)
            await server.work(parts, greet)

    with _on_database(settings) as found:
        _in_loop(go(found))
    return 0


def migrate(chosen: argparse.Namespace, settings: Settings) -> int:
    """Apply what is missing, or list it."""

    async def go(found: Settings) -> list[str]:
        if not chosen.check:
            return await bring_forward(found)
        named = (found.database_url, found.keys_dsn)
        return [name for dsn in named if dsn is not None for name in await missing(dsn.text)]

    with _on_database(settings) as found:
        names = _in_loop(go(found))
    if chosen.json:
        _say(json.dumps({"missing" if chosen.check else "applied": names}))
    elif chosen.check:
        _say(*(f"missing: {name}" for name in names) if names else ("Nothing is missing.",))
    else:
        _say(*(f"applied: {name}" for name in names) if names else ("Nothing was missing.",))
    return EXIT_MISSING if chosen.check and names else 0


def check(chosen: argparse.Namespace, settings: Settings) -> int:
    """Show the settings."""
    shown = masked(settings)
    if chosen.json:
        _say(json.dumps({"fits": True, "settings": shown}))
        return 0
    for variable in VARIABLES:
        value = shown[variable.name]
        _say(f"{variable.name:{_NAMES}}{'-' if value is None else value!s:20}{variable.meaning}")
    return 0


def deletions(chosen: argparse.Namespace, settings: Settings) -> int:
    """Say how many deletions wait, and for what."""

    async def go(found: Settings) -> end_store.Waiting:
        assert found.database_url is not None, "`on_database` found one"
        async with open_pool(found.database_url.text, connections_max=1) as pool:
            return await end_store.deletions(pool)

    with _on_database(settings) as found:
        waiting = _in_loop(go(found))
    if chosen.json:
        _say(json.dumps(asdict(waiting)))
        return 0
    _say(
        f"{waiting.can_be_undone:8}  can still be undone",
        f"{waiting.under_way:8}  under way",
        f"{waiting.letters_stay:8}  spaces in which words of theirs stay with a partner for a while",
        f"{waiting.spaces_to_empty:8}  spaces without keys, whose rows are on their way out",
        f"{waiting.finished:8}  finished",
    )
    return 0


def bump_epoch(chosen: argparse.Namespace, settings: Settings) -> int:
    """Begin a new life."""

    async def go(found: Settings) -> bool:
        assert found.database_url is not None, "`on_database` found one"
        async with open_pool(found.database_url.text, connections_max=1) as pool:
            return await space_store.bump_epoch(pool, uuid4(), chosen.space)

    with _on_database(settings) as found:
        done = _in_loop(go(found))
    if chosen.json:
        _say(json.dumps({"bumped": done}))
    elif done:
        _say("Done. Every device takes a full copy at its next sync, and sends again what was lost.")
    else:
        _complain("There is no such space." if chosen.space else "This database has not begun its life yet.")
    return 0 if done else EXIT_FAILED


def push_test(chosen: argparse.Namespace, settings: Settings) -> int:
    """Ask FCM whether it would take what Haven sends."""
    if settings.firebase_project is None:
        _complain("HAVEN_FIREBASE_PROJECT is not set: it names the project whose apps are reached by push.")
        return EXIT_UNFIT

    async def asked(found: Settings) -> rehearsing.Rehearsal | None:
        now, reached = utc_now(), None
        if chosen.person is not None:
            async with open_parts(found, keys_file=keys_file(settings)) as parts:
                reached = await rehearsing.devices_of(parts, chosen.person, now.date())
            if reached is None:
                return None
        return await rehearsing.rehearse(found, reached, now)

    if chosen.person is None:
        rehearsal = _in_loop(asked(settings))
    else:
        with _on_database(settings) as found:
            rehearsal = _in_loop(asked(found))
    if rehearsal is None:
        _complain("There is no such account.")
        return EXIT_FAILED
    rehearsing.tell(rehearsal, as_json=chosen.json)
    return 0 if rehearsal.usable else EXIT_FAILED


COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace, Settings], int]]] = {
    "serve": serve,
    "worker": worker,
    "migrate": migrate,
    "check": check,
    "deletions": deletions,
    "bump_epoch": bump_epoch,
    "push_test": push_test,
}


@contextmanager
def _on_database(settings: Settings) -> Iterator[Settings]:
    """Give settings that name a database, and say first where an embedded one is that is not used."""
    if settings.database_url is None:
        _complain(*left_alone(PROJECT))
    with on_database(settings) as found:
        yield found


def _in_loop(coroutine: Coroutine[Any, Any, Any]) -> Any:
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(coroutine)
    finally:
        # The loop gave signals back as the system has them, and the database is still to be stopped.
        signal.signal(signal.SIGTERM, _end)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _leave_tidily() -> None:
    """End by an exception when somebody ends this process or closes its terminal: a finally stops the database.

    What ignores a closed terminal, as under nohup, goes on ignoring it.
    """
    signal.signal(signal.SIGTERM, _end)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _end)


def _end(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _drain_without_terminal(parts: Parts) -> None:
    """Take a closed terminal for the first of the signals that `server` knows, however often it is told."""
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, parts.drain.begin)
