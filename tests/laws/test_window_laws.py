"""A law of windows: what two phones open and close without knowing of each other comes to the same in either order."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.world import World

AUDIENCES = ("only_me", "couple")
PARTS: tuple[list[str], ...] = ([], ["mood"], ["text"], ["mood", "text"])

EDITS = st.fixed_dictionaries(
    {},
    optional={"audience": st.sampled_from(AUDIENCES), "shared_parts": st.sampled_from(PARTS), "text": st.just("New.")},
)


@settings(max_examples=2 * settings.default.max_examples)
@given(
    before=st.fixed_dictionaries({"audience": st.sampled_from(AUDIENCES), "shared_parts": st.sampled_from(PARTS)}),
    one=EDITS,
    two=EDITS,
)
def test_one_edit_of_each_of_two_phones_opens_the_same_in_either_order(
    before: dict[str, Any], one: dict[str, Any], two: dict[str, Any]
) -> None:
    """Of each what differs from what was shown is sent, as phones do; their texts differ."""
    edits = (one, two | ({"text": "Other."} if "text" in two else {}))
    assert asyncio.run(_opened(before, edits, (0, 1))) == asyncio.run(_opened(before, edits, (1, 0)))


async def _opened(before: dict[str, Any], edits: tuple[dict[str, Any], ...], order: tuple[int, int]) -> Any:
    world = World(seed=5)
    ana, ben = world.person("Ana"), world.person("Ben")
    couple = world.pair(ana, ben)
    phones, bens = (world.device(ana), world.device(ana)), world.device(ben)
    await world.settle()

    def meant(values: dict[str, Any]) -> dict[str, Any]:
        return values | ({"audience": couple.id} if values.get("audience") == "couple" else {})

    entry = phones[0].make("check_in", local_date="2026-03-02", valence=1, text="Old.", **meant(before))
    await world.settle()
    for phone, values in zip(phones, edits, strict=True):
        if values:
            phone.write(entry, **meant(values))
    for nth in order:
        await phones[nth].sync()
    await bens.sync()
    stored = world.stored(entry).fields
    shown = [{name: each.fields.get(name) for name in ("valence", "text")} for each in bens.view("shown_check_in")]
    return stored["audience"], stored["shared_parts"], shown
