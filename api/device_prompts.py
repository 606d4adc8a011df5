"""`haven-device prompts`: what was suggested to this person, what would be within a week, and why no more than that."""

import argparse
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from api.client import Client
from api.device_meaning import zone_of
from api.device_said import Said

WHEN: Final = "%a %d %b, %H:%M"
NOTHING_SHOWN: Final = "(nothing is shown: you keep prompts hidden)"


async def prompts(client: Client, chosen: argparse.Namespace) -> Said:
    """Tell of one's own prompts: those of the last month, or those of the coming week."""
    zone = zone_of(client)
    if chosen.ahead:
        week = await client.prompts_ahead()
        return Said(list(_ahead(week, zone)), week)
    sent = await client.prompts()
    lines = [f"  {_at(each['sent_at'], zone)}  {each['text'] or NOTHING_SHOWN}" for each in sent]
    return Said(lines or ["Nothing was suggested to you in the last month."], {"prompts": sent})


def _ahead(week: Mapping[str, Any], zone: ZoneInfo) -> Iterator[str]:
    yield f"At most {week['day_cap']} a day and {week['week_cap']} a week would come, by what you chose."
    yield from (f"  {_at(each['at'], zone)}  {_kind(each['kind'])}" for each in week["coming"])
    if not week["coming"]:
        yield "  As things are, nothing comes until then."
    if week["held_back"]:
        yield "Held back:"
    for each in week["held_back"]:
        until = f" It waits until {_at(each['until'], zone)}." if each["until"] else ""
        yield f"  {_at(each['at'], zone)}  {_kind(each['kind'])}: {each['why']}{until}"
    yield "Why no more:"
    for each in week["kinds"]:
        yield f"  {_kind(each['kind'])}: {each['why'] or 'It comes when there is something to tell.'}"


def _at(instant: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(zone):{WHEN}}"


def _kind(name: str) -> str:
    return name.replace("_", " ")
