"""One push at a time: a client that sends eight at once would only lose races against itself.

It spares attempts and decides nothing: what keeps pushes apart is the head of the space, also across processes.
Native pushes wait for those of their own device alone; those of client libraries, which send each collection by
itself, for all others of client libraries into the same space.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from uuid import UUID
from weakref import WeakValueDictionary


class Turns:
    """The devices and spaces of the pushes of this moment; one that is done leaves nothing behind."""

    def __init__(self) -> None:
        """Begin with nobody pushing."""
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    def of(self, whose: UUID) -> AbstractAsyncContextManager[None]:
        """Return the turn of a device or a space: entered, it waits for the pushes before it."""
        lock = self._locks.get(whose)
        if lock is None:
            lock = self._locks[whose] = asyncio.Lock()
        return lock
