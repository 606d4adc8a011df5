"""A program that has read the product once, and forks a worker for each order that comes: `-m tests.workers.nursery`.

Each worker is a process of its own, with connections of its own. It ends when the line to its test does, and this
program when its input does.
"""

import asyncio
import gc
import os
import signal
import sys
import threading
import traceback
from contextlib import suppress

import msgspec
from firebase_admin import messaging

from tests.workers.said import Order
from tests.workers.worker import work


def main() -> None:
    """Fork until the input ends."""
    assert messaging, "read before the first fork, so that no worker has to"
    assert threading.active_count() == 1, "a fork takes one thread along"
    gc.freeze()
    # Nobody waits for them: a worker that is gone leaves nothing.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    orders = msgspec.json.Decoder(Order)
    for line in sys.stdin.buffer:
        if os.fork() == 0:
            _be(orders.decode(line))


def _be(order: Order) -> None:
    """Be this worker, and nothing after it."""
    try:
        with suppress(ConnectionError):
            asyncio.run(work(order))
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
