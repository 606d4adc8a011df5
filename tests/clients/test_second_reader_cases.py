"""The conformance cases of the native protocol once more, to the letter: here each phone is the native adapter.

It syncs by its own loop, over a real socket, and keeps all in a file. So is what a restored store is given back by its
proofs.
"""

from collections.abc import AsyncIterator
from functools import partial

import httpx
import pytest

from api.wiring import Parts
from tests.clients.readers import Node, ReaderPhone, address_of
from tests.journeys import test_comes_back as proven
from tests.journeys import test_native_conformance as native
from tests.journeys.phones import Home, home_of
from tests.streams import served

OTHERS = {"test_mixed_random", "test_schema"}
"""The one plays whole towns, whose phones are its own; the other, of libraries, has phones of a second schema."""

CASES = {name: case for name, case in vars(native).items() if name.startswith("test_") and name not in OTHERS}
globals().update(CASES)
globals().update({name: case for name, case in vars(proven).items() if name.startswith("test_")})


@pytest.fixture
async def home(client: httpx.AsyncClient, parts: Parts, node: Node) -> AsyncIterator[Home]:
    """A couple with three phones, all in sync, and a goal that both accepted."""
    async with served(parts) as server, home_of(client, parts, partial(ReaderPhone, node, address_of(server))) as home:
        yield home


def test_every_case_of_the_native_protocol_is_here() -> None:
    assert {name.removeprefix("test_") for name in CASES} == {
        "basic",
        "create_then_edit",
        "different_fields",
        "same_text_other_sentences",
        "same_sentence",
        "lost_response",
        "remove_edit",
        "window_cycle",
        "open_and_write",
        "withdraw_race",
        "paging",
        "poison",
        "parallel_pushes",
        "restore",
        "long_absence",
        "clocks",
        "purge",
        "parting",
    }
    assert all(globals()[name] is case for name, case in CASES.items())


async def test_these_phones_are_the_adapter_s(home: Home) -> None:
    """Nothing that is shown or sent here comes from the Python device."""
    assert {type(phone) for phone in (home.a1, home.a2, home.b1)} == {ReaderPhone}
