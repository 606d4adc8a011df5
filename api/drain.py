"""Know when this process is about to end, and how much it still has in hand."""

import asyncio


class Drain:
    """Set once, at the first signal: streams say goodbye, probes send new requests elsewhere."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.in_flight = 0
        self.streams = 0
        self._no_stream = asyncio.Event()
        self._no_stream.set()

    def begin(self) -> None:
        """Tell everyone who listens to `begun`."""
        self.begun.set()

    def stream_opened(self) -> None:
        """Count a stream that has to be said goodbye to."""
        self.streams += 1
        self._no_stream.clear()

    def stream_closed(self) -> None:
        """Count it no more."""
        self.streams -= 1
        if not self.streams:
            self._no_stream.set()

    async def streams_gone(self, bye_s: float) -> bool:
        """Wait until no stream is open, at most `bye_s` seconds; tell whether that is so."""
        try:
            async with asyncio.timeout(bye_s):
                await self._no_stream.wait()
        except TimeoutError:
            return False
        return True
