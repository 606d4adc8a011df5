"""One push at a time for each device: a client that sends eight at once would only lose races against itself.

It spares attempts and decides nothing: what keeps pushes apart is the head of the space, also across processes.
Pushes of different devices never wait for each other here.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from weakref import WeakValueDictionary

from domain.ids import DeviceId


class Turns:
    """The devices that are pushing at this moment; one that is done leaves nothing behind."""

    def __init__(self) -> None:
        """Begin with nobody pushing."""
        self._locks: WeakValueDictionary[DeviceId, asyncio.Lock] = WeakValueDictionary()

    def of(self, device: DeviceId) -> AbstractAsyncContextManager[None]:
        """Return this device's turn: entered, it waits for the device's earlier pushes."""
        lock = self._locks.get(device)
        if lock is None:
            lock = self._locks[device] = asyncio.Lock()
        return lock
