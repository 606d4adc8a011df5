"""`haven-device prompts` as a person types it: their own prompts, the week ahead, and why no more comes."""

from datetime import timedelta

from api.client import Client
from api.prompting import Prompting
from api.wiring import Parts
from notifications.sending import LogOnly
from tests.terminals import Terminal, pair


async def test_somebody_sees_what_was_suggested_and_what_would_be(
    address: str, ana: Terminal, ben: Terminal, parts: Parts
) -> None:
    await pair(ana, ben, address)
    assert "Nothing was suggested to you" in await ben("prompts")
    week = await ben("prompts", "--ahead")
    assert "At most 2 a day and 7 a week would come, by what you chose." in week
    assert "As things are, nothing comes until then." in week
    assert "letter arrived: None of your devices can be told by push." in week
    assert "check in invite: This is switched off in your settings." in week

    settings = await ben.one("settings")
    await ben("set", settings, "quiet_off=true", "push_privacy=descriptive")
    await ben("sync")
    await parts.pool.execute("UPDATE space SET paired_at = NULL")
    async with Client(ben.file) as phone:
        await phone.reach("ben:phone")
    await ana("add", "note_draft", f"for_couple={await couple_of(ana)}", "for_what=The soup.", "send=true")
    await ana("sync")
    worker = Prompting(parts, LogOnly())
    await worker.tick(parts.clock())
    await worker.tick(parts.clock() + timedelta(minutes=11))
    [told] = (await ben.asked("prompts"))["prompts"]
    assert told["kind"] == "letter_arrived"
    assert told["text"] in await ben("prompts")
    await ben("set", settings, "push_privacy=hidden")
    await ben("sync")
    assert "you keep prompts hidden" in await ben("prompts")


async def couple_of(who: Terminal) -> str:
    return str((await who.asked("me"))["couple"]["id"])
