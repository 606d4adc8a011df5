"""What the simulation has found and what is not mended yet: stepped around here alone, and to go with its mending."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from domain.kinds import KINDS
from domain.records import Record
from sync.resend import _made_from
from sync.wire import Change
from tests.simulation.ledger import words_in

if TYPE_CHECKING:
    from tests.simulation.town import Phone


def said_before_an_older_edit(phone: "Phone", again: Collection[Change]) -> frozenset[str]:
    """Return words that a phone sends again after a restore before an own edit that was made without them.

    What it sends again may be another own phone's; sent from here it counts as this phone's own and as seen, also by an
    edit that has waited since before it came (`sync/replica.py:_swap`). So a letter goes with words that its sender had
    not read, and a window opens on them.
    """
    private = [change for change in again if change.kind in KINDS and KINDS[change.kind].home == "personal"]
    return words_in([change.set for change in private if len(phone.replica._pending[change.id]) > 1])


def brings_a_box_back(phones: Collection["Phone"]) -> frozenset[str]:
    """Return the words that phones still hold of a box of words without a place, when its owner destroys it.

    A box that was destroyed remembers nothing of its words: another own phone that still waits to say them, or holds
    the box when the store goes back (`sync/resend.py:_unplaced_again`), brings them back.
    """
    boxes = [row.fields for phone in phones for row in phone.replica.rows() if row.kind == "unplaced"]
    return words_in((boxes, [kept.change.set for phone in phones for kept in phone.waiting]))


def given_with_less(record: Record, phones: Collection["Phone"]) -> frozenset[str]:
    """Return the words that phones have of a letter which another own phone gives again after a restore.

    That one may have less of it, be it as the letter that is there now or as the draft that follows from it. A writer's
    phone that has more finds either there, and says nothing (`sync/resend.py:resent`, `_given_again`).
    """
    letters = [row for phone in phones for row in phone.replica.rows() if row.kind == "note"]
    return words_in([row.fields for row in letters if record.id in (row.id, _made_from("draft", row.id))])


def takes_a_copy(phones: Collection["Phone"]) -> bool:
    """Whether a phone is in the midst of taking a space anew.

    When the store then goes back in silence, to a life that it has been in before, the phone may end without a record
    that is stored. Not understood yet.
    """
    return any(phone.replica.rebuilds for phone in phones)
