"""The fake of FCM with a doorkeeper: it notes what was taken of whom, and can keep somebody waiting at any point."""

import asyncio
from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from tests.fake_fcm import CLOSED, QUOTA, FakeFcm, Reply

SOON_S: Final = 60.0
"""More than anything here takes, on a machine that has much else to do: what is not there by then has hung."""

Treats = Literal["well", "holds, not taken", "holds, taken", "slow down", "cut, taken"]
"""What becomes of a message: it is taken and answered; nothing is answered, be it taken or not; it is turned away; it
is taken, and the connection ends before the answer."""


class Request(Struct, frozen=True):
    """One message as it came."""

    token: str
    """Of whoever sent it: a worker, and which call of theirs."""
    target: str
    treated: Treats

    @property
    def taken(self) -> bool:
        return self.treated in ("well", "holds, taken", "cut, taken")


class Gate(FakeFcm):
    """Treats everybody well, unless `treats` says otherwise of a target."""

    def forget(self) -> None:
        super().forget()
        self.requests: list[Request] = []
        self.treats: Callable[[str], Treats] = lambda _: "well"
        self._more = asyncio.Event()

    async def got(self, count: int) -> None:
        """Wait until there were so many requests in all."""
        async with asyncio.timeout(SOON_S):
            while len(self.requests) < count:
                self._more.clear()
                await self._more.wait()

    def reply(self, method: str, path: str, headers: dict[str, str], body: bytes, head: bytes = b"") -> Reply:
        well = super().reply(method, path, headers, body, head)
        target = self.targets[-1]
        treated = self.treats(target)
        self.requests.append(Request(self.tokens_shown[-1].removeprefix("Bearer "), target, treated))
        self._more.set()
        match treated:
            case "well":
                return well
            case "slow down":
                return QUOTA
            case "cut, taken":
                return CLOSED
            case _:
                return replace(well, held=asyncio.Event())
