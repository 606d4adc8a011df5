"""Ids are made bit for bit as RFC 9562 writes its own examples."""

from uuid import UUID

from domain.ids import uuid4, uuid7


def test_an_id_of_chance_alone_is_the_one_of_the_standard() -> None:
    assert uuid4(bytes.fromhex("919108f752d133205bacf847db4148a8")) == UUID("919108f7-52d1-4320-9bac-f847db4148a8")


def test_an_id_with_a_time_is_the_one_of_the_standard() -> None:
    """The first six bytes of chance give way to the time, and of two more some bits to version and variant."""
    chance = bytes.fromhex("ffffffffffff0cc318c4dc0c0c07398f")
    assert uuid7(1_645_557_742_000, chance) == UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
