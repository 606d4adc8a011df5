"""Write tests/vectors/*.json anew: `python -m tests.vectors`."""

import asyncio
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.vectors.device_cases import CASES
from tests.vectors.recorded import RecordedWorld, kinds

FILE: Final = Path(__file__).resolve().parent / "device.json"


async def made() -> bytes:
    """What has to stand in the file: one step a line, so that a difference can be read."""
    cases: list[str] = []
    for seed, case in enumerate(CASES):
        phone = await case(RecordedWorld(seed))
        head = {
            "name": case.__name__.replace("_", " "),
            "person": str(phone.replica.person),
            "device": str(phone.replica.device),
        }
        steps = ",\n".join(map(_line, phone.steps))
        cases.append(f'{_line(head)[:-1]},"steps":[\n{steps}\n]}}')
    every = ",\n".join(cases)
    return f'{{"kinds":{_line(kinds())},\n"cases":[\n{every}\n]}}\n'.encode()


def _line(value: Any) -> str:
    return msgspec.json.encode(value).decode()


if __name__ == "__main__":
    FILE.write_bytes(asyncio.run(made()))
