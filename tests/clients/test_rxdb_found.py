"""What tests with the real RxDB found: what stayed stale for good, after a restore or on a phone that was put away."""

import httpx
import msgspec

from api.wiring import Parts
from tests.clients.devices import House, Processes, agree, house_of
from tests.clocks import StillClock


async def test_restored_windows_show_what_is_stored(house: House) -> None:
    """What the server writes is the server's in its new life, too: only Ana's lost phone knew the newer words."""
    entry = house.home.a1.edit(
        "check_in", local_date="2026-11-20", text="As dumped.", audience=house.couple, shared_parts=["text"]
    )
    await house.home.a1.sync()
    [b1] = await house.in_sync("ben")
    dump = await house.home.dump()
    house.home.a1.edit("check_in", entry, text="As it never was.")
    await house.home.a1.sync()
    await b1.sync()
    assert [each["text"] for each in await b1.documents("shown_check_in")] == ["As it never was."]

    await house.home.restore(dump)
    await agree(b1, b1)

    assert [each["text"] for each in await b1.documents("shown_check_in")] == ["As dumped."]


async def test_after_a_restore_devices_hold_what_is_stored(house: House) -> None:
    """What comes back has the marks and the proof of its new life; what both lives have in common is not told again,
    and so still names the life in which it was, up to whose end it is the same."""
    a1, b1 = await house.in_sync("ana", "ben")
    dump = await house.home.dump()
    await house.shared_step(a1, "After the dump.")
    await house.home.restore(dump)

    await agree(a1, b1)

    await house.equal_everywhere(lives=True)


async def test_a_phone_that_is_put_away_while_it_pushes_misses_nothing(
    client: httpx.AsyncClient, parts: Parts, processes: Processes
) -> None:
    """A pull passes over the record that is being pushed; nobody asks for it again before the next morning."""
    clock = StillClock()
    async with house_of(client, msgspec.structs.replace(parts, clock=clock), processes) as house:
        a1, b1 = await house.in_sync("ana", "ben")
        step = await house.shared_step(a1, "Book ferry")
        await a1.online()
        async with a1.held("answers"):
            async with a1.held("pulls"):
                await house.step_by(b1, "a reason to pull")
                await b1.sync()
                await a1.holds("pulls", "step")
                await a1.patch("step", step, title="Book the ferry")
                await a1.holds("answers", "step")
                await a1.drop_stream()
                await b1.sync()
                await b1.patch("step", step, done=True)
                await b1.sync()
            assert (await a1.document("step", step))["done"] is False
            await a1.offline()
        clock.move(minutes=12 * 60)

        await agree(a1, b1)

        await house.equal_everywhere()
        assert (await a1.document("step", step))["done"] is True


async def test_a_page_that_was_read_before_an_edit_is_not_laid_over_it(house: House) -> None:
    """RxDB knows no versions: what comes last stands, and whoever wrote on would take the lost words out everywhere."""
    a1, b1 = await house.in_sync("ana", "ben")
    step = await house.shared_step(a1, "Book ferry")
    await a1.online()
    await a1.rest()
    async with a1.held("pages"):
        await b1.patch("step", step, done=True)
        await b1.sync()
        await a1.holds("pages", "step")
        await a1.patch("step", step, title="Book the ferry")
        await a1.shows("step", step, title="Book the ferry", done=True)
        await a1.watch("step", step)

    await agree(a1, b1)
    assert {each["title"] for each in await a1.saw()} == {"Book the ferry"}
    await house.equal_everywhere()
