"""The scenes of planning and sending, played on PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from api.postgres import Pool
from tests.desks import PostgresGround
from tests.prompting import BEN
from tests.rules import test_prompting as scenes


@pytest.fixture
async def scene(pool: Pool) -> AsyncIterator[scenes.Scene]:
    async with PostgresGround(pool).of(BEN) as ground:
        yield scenes.Scene(ground)


globals().update({name: test for name, test in vars(scenes).items() if name.startswith("test_")})
