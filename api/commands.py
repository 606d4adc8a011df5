"""What each command of `haven` does, told to a person in sentences and to a program in JSON."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final
from uuid import uuid4

import uvloop

from api import server
from api.embedded_postgres import EmbeddedFailed, place
from api.greeting import greeting
from api.keys import RingUnusable
from api.migrate import MigrationFailed, missing
from api.postgres import TRANSIENT, open_pool
from api.settings import EXIT_UNFIT, VARIABLES, Address, Settings, SettingsUnfit, masked
from api.telemetry import configure
from api.wiring import PROJECT, Parts, bring_forward, keys_file, on_database, open_parts
from sync import space_store

EXIT_FAILED: Final = 1
EXIT_MISSING: Final = 3
EXIT_INTERRUPTED: Final = 130

_UNREACHABLE: Final[tuple[type[Exception], ...]] = (OSError, *TRANSIENT)


def run(chosen: argparse.Namespace) -> int:
    """Do what the command line has chosen and return the exit code."""
    try:
        settings = Settings.read(os.environ)
    except SettingsUnfit as unfit:
        if chosen.json:
            _say(json.dumps({"fits": False, "faults": unfit.faults}))
        else:
            _complain("The settings do not fit:", *(f"  {fault}" for fault in unfit.faults))
        return EXIT_UNFIT
    try:
        return COMMANDS[chosen.command](chosen, settings)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except RingUnusable as fault:
        _complain(str(fault))
        return EXIT_UNFIT
    except (EmbeddedFailed, MigrationFailed, server.PortTaken) as fault:
        _complain(str(fault))
    except BrokenPipeError:
        # Who read our words has gone, such as `head`; Python would complain once more when it flushes them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except _UNREACHABLE as fault:
        _complain(f"The database cannot be reached ({type(fault).__name__}). Is DATABASE_URL right?")
    return EXIT_FAILED


def serve(_chosen: argparse.Namespace, settings: Settings) -> int:
    """Answer requests; in development everything is set up first."""
    configure(settings.log_level)
    embedded = settings.database_url is None

    async def greet(parts: Parts, public: Address, admin: Address) -> None:
        if settings.development:
            kept = place(PROJECT) if embedded else None
            remembered = None if kept is None else kept / "people.json"
            data = "in the database that DATABASE_URL names" if kept is None else str(kept)
            _say(*await greeting(parts, public, admin, remembered, data))

    async def go(found: Settings) -> None:
        if found.development:
            await bring_forward(found)
        async with open_parts(found, keys_file=keys_file(settings)) as parts:
            await server.serve(parts, greet, with_worker=found.development)

    with on_database(settings) as found:
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
            await server.work(parts, greet)

    with on_database(settings) as found:
        _in_loop(go(found))
    return 0


def migrate(chosen: argparse.Namespace, settings: Settings) -> int:
    """Apply what is missing, or list it."""

    async def go(found: Settings) -> list[str]:
        if not chosen.check:
            return await bring_forward(found)
        named = (found.database_url, found.keys_dsn)
        return [name for dsn in named if dsn is not None for name in await missing(dsn.text)]

    with on_database(settings) as found:
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
        _say(f"{variable.name:24}{'-' if value is None else value!s:20}{variable.meaning}")
    return 0


def bump_epoch(chosen: argparse.Namespace, settings: Settings) -> int:
    """Begin a new life."""

    async def go(found: Settings) -> bool:
        assert found.database_url is not None, "`on_database` found one"
        async with open_pool(found.database_url.text, connections_max=1) as pool:
            return await space_store.bump_epoch(pool, uuid4(), chosen.space)

    with on_database(settings) as found:
        done = _in_loop(go(found))
    if chosen.json:
        _say(json.dumps({"bumped": done}))
    elif done:
        _say("Done. Every device takes a full copy at its next sync, and sends again what was lost.")
    else:
        _complain("There is no such space." if chosen.space else "This database has not begun its life yet.")
    return 0 if done else EXIT_FAILED


COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace, Settings], int]]] = {
    "serve": serve,
    "worker": worker,
    "migrate": migrate,
    "check": check,
    "bump_epoch": bump_epoch,
}


def _in_loop(coroutine: Coroutine[Any, Any, Any]) -> Any:

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(coroutine)


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _complain(*lines: str) -> None:
    sys.stderr.write("".join(f"{line}\n" for line in lines))
