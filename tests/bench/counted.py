"""Count the statements of a job, in a process that runs the application itself and hears each of them."""

from collections.abc import Collection
from pathlib import Path

from api.app import create_app
from api.settings import Secret, Settings
from api.wiring import open_parts
from tests.bench.devices import Device
from tests.conftest import app_client

TRIES = 5


async def statements_a_job(dsn: str, keys_file: Path, device: Device, jobs: Collection[str]) -> dict[str, float]:
    """Return how many statements each job runs, `BEGIN` and `COMMIT` included."""
    heard: list[str] = []
    settings = Settings(database_url=Secret(dsn), keys=f"file:{keys_file}")
    counts: dict[str, float] = {}
    async with open_parts(settings, on_statement=heard.append) as parts, app_client(create_app(parts)) as client:
        headers = {"Authorization": f"Bearer {device.token}", "Content-Type": "application/json"}
        for job in jobs:
            before = device.ask_before(job)
            if before is not None:
                answer = await client.post("/v1/sync", headers=headers, content=before)
                device.take_before(answer.content)
            for nth in range(TRIES + 1):
                answer = await client.post("/v1/sync", headers=headers, content=device.ask(job))
                device.take(job, answer.status_code, answer.content)
                if nth == 0:
                    # The first one also looks for the caller and the keys.
                    heard.clear()
            counts[job] = len(heard) / TRIES
    return counts
