"""What the simulation has found and what is not mended yet: stepped around here alone, and to go with its mending."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from tests.simulation.ledger import words_in

if TYPE_CHECKING:
    from tests.simulation.town import Phone


def brings_a_box_back(phones: Collection["Phone"]) -> frozenset[str]:
    """Return the words that phones still hold of a box of words without a place, when its owner destroys it.

    A box that was destroyed remembers nothing of its words: another own phone that still waits to say them, or holds
    the box when the store goes back (`sync/resend.py:_unplaced_again`), brings them back.
    """
    boxes = [row.fields for phone in phones for row in phone.replica.rows() if row.kind == "unplaced"]
    return words_in((boxes, [kept.change.set for phone in phones for kept in phone.waiting]))
