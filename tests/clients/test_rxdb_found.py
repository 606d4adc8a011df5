"""What fails because of the server: after a restore, what the server itself writes stays stale on a device for good."""

from tests.clients.devices import House, agree


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
    """Marks (`rev`, `epoch`) and `proof` of what comes back, or stands unchanged, are those of the new life."""
    a1, b1 = await house.in_sync("ana", "ben")
    dump = await house.home.dump()
    await house.shared_step(a1, "After the dump.")
    await house.home.restore(dump)

    await agree(a1, b1)

    await house.equal_everywhere()
