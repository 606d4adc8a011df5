"""What the first tests with the real RxDB found: after a restore, what the server writes stayed stale for good."""

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
    """What comes back has the marks and the proof of its new life; what both lives have in common is not told again,
    and so still names the life in which it was."""
    a1, b1 = await house.in_sync("ana", "ben")
    dump = await house.home.dump()
    await house.shared_step(a1, "After the dump.")
    await house.home.restore(dump)

    await agree(a1, b1)

    await house.equal_everywhere(but=["epoch"])
