"""Ana and Ben on each store in turn; what only PostgreSQL does brings a ground of its own."""

from typing import cast

import pytest

from api.postgres import Pool
from tests.contracts.grounds import Ground, MemoryGround, PostgresGround, pair_on
from tests.pair import HeldKeys, Pair


@pytest.fixture(params=["memory", "postgres"])
def ground(request: pytest.FixtureRequest) -> Ground:
    if request.param == "memory":
        return MemoryGround(HeldKeys())
    return PostgresGround(cast("Pool", request.getfixturevalue("pool")), HeldKeys())


@pytest.fixture
async def pair(ground: Ground) -> Pair:
    return await pair_on(ground)
