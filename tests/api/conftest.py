"""The real server on a socket, and the terminals of three people."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.wiring import Parts
from tests.streams import served
from tests.terminals import Terminal


@pytest.fixture
async def address(parts: Parts) -> AsyncIterator[str]:
    async with served(parts) as server:
        yield str(server.base_url)


@pytest.fixture
def ana(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path / "ana.db", capsys)


@pytest.fixture
def ben(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path / "ben.db", capsys)


@pytest.fixture
def cleo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path / "cleo.db", capsys)
