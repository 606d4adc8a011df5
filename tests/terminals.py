"""Terminals in which people type `haven-device`, and how two of them come to be a couple."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from api.device_cli import run


class Terminal:
    """Somebody's terminal: what is typed, and what comes back."""

    def __init__(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.file = file
        self._capsys = capsys

    async def __call__(self, *typed: str, code: int = 0) -> str:
        """Type a command that ends with `code`; return what it says, on whichever stream."""
        self._capsys.readouterr()
        # In a thread: the server answers in the loop of the test.
        ended = await asyncio.to_thread(run, ["--file", str(self.file), *typed])
        said = self._capsys.readouterr()
        assert ended == code, (typed, ended, said)
        assert bool(said.err) == (code != 0), said
        return said.err if code else said.out

    async def asked(self, *typed: str) -> Any:
        """Type a command with --json."""
        return json.loads(await self("--json", *typed))

    async def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """What this phone shows of a kind."""
        records: list[dict[str, Any]] = (await self.asked("show", kind))["records"]
        return records

    async def one(self, kind: str) -> str:
        """The short id of the only record of a kind."""
        (record,) = await self.of_kind(kind)
        return str(record["id"])[-6:]


async def sign_in(terminal: Terminal, address: str, name: str) -> str:
    return await terminal("sign-in", "--server", address, "--name", f"{name} {uuid4().hex[:8]}")


async def pair(ana: Terminal, ben: Terminal, address: str) -> None:
    await sign_in(ana, address, "Ana")
    await sign_in(ben, address, "Ben")
    await meet(ana, ben)
    await ben("sync")


async def meet(ana: Terminal, other: Terminal) -> None:
    """Pair two who are signed in; only Ana's phone has been told so yet."""
    await other("join", (await ana.asked("invite"))["code"])
    await other("confirm")
    assert "together" in await ana("confirm")
