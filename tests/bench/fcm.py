"""A fake FCM in a process of its own: takes every message, writes its port to standard output, serves until ended."""

import asyncio
import contextlib
import sys

import uvloop

from tests.fake_fcm import faking


async def serve() -> None:
    """Answer until somebody ends this process; what was asked is not kept."""
    async with faking() as fake:
        sys.stdout.write(f"{fake.base_url.rpartition(':')[2]}\n")
        sys.stdout.flush()
        while True:
            await asyncio.sleep(1)
            fake.forget()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve())
