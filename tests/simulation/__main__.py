"""Tells the story of one seed: make simulate SEED=7."""

import asyncio
import os
import sys

from tests.simulation.coverage import table
from tests.simulation.play import STEPS, StoryBrokeError, play
from tests.simulation.servers import MemoryServer


async def main(seed: int, steps: int) -> int:
    try:
        town = await play(seed, MemoryServer(seed), steps=steps, aloud=True)
    except StoryBrokeError as broken:
        sys.stderr.write(f"\n{broken.said}\n")
        return 1
    sys.stdout.write(f"\n{table(town.hits)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(os.environ.get("SEED") or 0), int(os.environ.get("STEPS") or STEPS))))
