"""Count tries at what guards a secret, in PostgreSQL: neither a restart nor a second process forgives."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from msgspec import Struct

from api import store
from api.errors import Problem, problem
from api.keys import HashKeys
from api.store import Asker
from domain.ids import PersonId


class Limit(Struct, frozen=True):
    """At most `hits_max` hits within `window_s` seconds of the first."""

    name: str
    hits_max: int
    window_s: int


SIGN_IN: Final = Limit("sign_in", 10, 3600)
SIGN_IN_REFUSED: Final = Limit("sign_in_refused", 30, 60)
INVITE: Final = Limit("invite", 10, 24 * 3600)
DELETE: Final = Limit("delete", 5, 24 * 3600)
REDEEM: Final = Limit("redeem", 10, 3600)
REDEEM_WATCHED: Final = Limit("redeem", 2, 3600)
"""The same count as `REDEEM`, held tighter while somebody seems to be guessing."""
REDEEM_ADDRESS: Final = Limit("redeem_address", 60, 3600)
REDEEM_EVERYONE: Final = Limit("redeem_everyone", 3000, 600)
"""Beyond it redeeming rests for everyone; confirming and all else goes on."""

GUESSING_HITS: Final = 300
"""Wrong codes by everyone within `REDEEM_EVERYONE.window_s` from which on `REDEEM_WATCHED` holds."""


async def count(asker: Asker, limit: Limit, who: str, now: datetime) -> None:
    """Count one hit by one statement; raise the 429 of `too_many` when it is one too many."""
    hits, began = await store.hit(asker, _key(limit, who), now, timedelta(seconds=limit.window_s))
    if hits > limit.hits_max:
        raise too_many(limit, began, now)


async def guessing(asker: Asker, now: datetime) -> bool:
    """Tell whether so many wrong codes came in that codes should be longer and tries fewer."""
    window = timedelta(seconds=REDEEM_EVERYONE.window_s)
    return await store.hits(asker, _key(REDEEM_EVERYONE, ""), now, window) >= GUESSING_HITS


async def count_redeeming(asker: Asker, person: PersonId, address: str, now: datetime) -> Sequence[str]:
    """Count a try at a code before it is looked at, so that parallel tries are counted too.

    Returns the keys to give back by `store.unhit` when the code was right. A try that is refused here is not
    counted further out: one account alone cannot close redeeming for everyone.
    """
    limit = REDEEM_WATCHED if await guessing(asker, now) else REDEEM
    await count(asker, limit, str(person), now)
    await count(asker, REDEEM_ADDRESS, address, now)
    await count(asker, REDEEM_EVERYONE, "", now)
    return [_key(REDEEM, str(person)), _key(REDEEM_ADDRESS, address), _key(REDEEM_EVERYONE, "")]


def too_many(limit: Limit, began: datetime, now: datetime) -> Problem:
    """Make the 429 that says after how many seconds to try again."""
    wait_s = max(1, round((began + timedelta(seconds=limit.window_s) - now).total_seconds()))
    return problem(
        "too_many_tries",
        "That was tried often in a short time. Please wait a while and try again.",
        headers={"Retry-After": str(wait_s)},
    )


def address_key(hashes: HashKeys, host: str | None) -> str:
    """Name an address for counting without storing it; IPv6 counts by /64, which one household shares."""
    shown = host or "unknown"
    try:
        address = ip_address(shown)
    except ValueError:
        pass
    else:
        if isinstance(address, IPv6Address):
            # IPv4 comes in this guise through a socket of both families; it would all be one /64.
            own = address.ipv4_mapped
            shown = str(own or ip_network((address, 64), strict=False).network_address)
    return hashes.now("address", shown)[1].hex()


def _key(limit: Limit, who: str) -> str:
    return f"{limit.name}/{who}"
