"""Say to the person who started Haven where it is, where it keeps things, and what to try."""

from pathlib import Path

from api.settings import Address
from api.wiring import Parts


async def greeting(parts: Parts, public: Address, admin: Address, kept: Path | None) -> list[str]:
    """Return the lines to print once Haven listens; `kept` is the folder of the embedded database."""
    base = f"http://{_reachable(public)}"
    return [
        "",
        f"  Haven is listening on {base}",
        f"  API page              {base}/v1/docs",
        f"  Probes                http://{_reachable(admin)}/readyz",
        f"  Data                  {kept or 'in the database that DATABASE_URL names'}",
        "",
        "  Ctrl-C stops it; the next start finds everything again.",
        "",
    ]


def _reachable(address: Address) -> Address:
    return Address("127.0.0.1", address.port) if address.host in ("0.0.0.0", "::") else address  # noqa: S104
