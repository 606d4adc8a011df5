"""A server of a second schema: a table of kinds with one field more, in place of the real one while a test lasts."""

from collections.abc import Mapping
from types import ModuleType

import pytest
from msgspec.structs import replace

from api.routes import asked
from domain.kind import Field, Kind
from domain.kinds import KINDS
from domain.policies import Policy
from domain.shapes import Text
from sync import paging, rxdb

NEWER = replace(
    KINDS["step"],
    fields=KINDS["step"].fields | {"where": Field(Text(80, optional=True), Policy.SHARED_WORDS, schema=2)},
)

_WHO_KNOWS_THE_NEWEST: tuple[ModuleType, ...] = (paging, rxdb, asked)


def serve_second_schema(monkeypatch: pytest.MonkeyPatch, kinds: Mapping[str, Kind]) -> None:
    """Let the server in this process know these kinds, and two schemas."""
    for name, kind in kinds.items():
        monkeypatch.setitem(KINDS, name, kind)  # type: ignore[arg-type]
    for module in _WHO_KNOWS_THE_NEWEST:
        monkeypatch.setattr(module, "SCHEMA", 2)
