"""What a run has met, as a table: every way of merging, every refusal, every kind, every fault, with its hits."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, get_args

from msgspec import UNSET

from domain.kind import Ownership, Who
from domain.kinds import KINDS
from domain.policies import Policy
from domain.refusals import Refusal
from domain.shapes import Shape
from sync.merge import FOLDS, MERGES, Code, Meeting, Settled
from sync.ports import Writes
from sync.wire import Change, Status, SyncResponse, Verdict

if TYPE_CHECKING:
    from tests.simulation.laws import Laws

FAULTS: Final = (
    "a request lost",
    "a request late",
    "a request twice",
    "requests in another order",
    "an answer lost",
    "an answer late",
    "an answer twice",
    "an answer overtaken",
    "a request overtaken at the server",
    "the phone started anew",
    "the server died before it saved",
    "the server died after it saved",
    "a clock jumped",
    "a couple parted",
    "two paired anew",
    "the store restored",
    "the store restored in silence",
    "own words destroyed",
    "the worker looked again",
)

_MET: Final = {
    Policy.LATER: ("yours_kept", "theirs_kept"),
    Policy.WORDS: ("merged", "kept_both", "yours_kept", "theirs_kept", "nothing new"),
    Policy.SHARED_WORDS: ("merged", "kept_both", "yours_kept", "theirs_kept", "nothing new"),
    Policy.MONOTONE: ("the incoming stands", "another stands"),
    Policy.MOST_PRIVATE: ("the incoming stands", "another stands"),
    Policy.MOST_PROTECTIVE: ("the incoming stands", "another stands"),
    Policy.MEMBERS: ("merged",),
}
"""By policy, what can come of two edits that did not know of each other; `once` and `server` are refusals."""


def _possible(code: Refusal) -> bool:
    """Whether a kind that exists can be refused so."""
    if code is Refusal.NOT_AUTHOR:
        # In one's own space everything is one's own.
        return any(kind.home == "couple" and Who.AUTHOR in (kind.edits, kind.removes) for kind in KINDS.values())
    return True


ROWS: Final = (
    *(f"{policy}: {what}" for policy, whats in _MET.items() for what in whats),
    *(f"refused: {code}" for code in Refusal if _possible(code)),
    *(f"settled: {status}" for status in get_args(Status)),
    *(f"told: {code}" for code in get_args(Code)),
    *(f"stored: {kind}" for kind in KINDS),
    *(f"done: {what}" for what in ("edit", "remove", "bring back", "pick", "confirm")),
    "a window closed",
    "a letter given",
    *(f"fault: {what}" for what in FAULTS),
)


class Hits(Counter[str]):
    """How often each row of the table was met."""

    def fault(self, what: str) -> None:
        """Count a fault that has happened."""
        assert what in FAULTS
        self[f"fault: {what}"] += 1

    def answered(self, response: SyncResponse, laws: "Laws") -> None:
        """Count what was decided about the changes of a request."""
        for outcome in response.outcomes:
            self[f"settled: {outcome.status}"] += 1
            if outcome.status == "duplicate":
                continue
            if outcome.code is not None:
                self[f"refused: {outcome.code}"] += 1
                continue
            change = laws.change(outcome.key)
            self[f"done: {_done(change)}"] += 1
            members = set(KINDS[change.kind].of_policy(Policy.MEMBERS))
            self["members: merged"] += len(
                members & {name for name, verdict in outcome.fields.items() if verdict == "merged"}
            )

    def saved(self, writes: Writes) -> None:
        """Count what was stored."""
        for each in (*writes.records, *writes.deposits):
            record = each.record
            self[f"stored: {record.kind}"] += 1
            if record.kind == "notice" and not record.gone:
                self[f"told: {record.fields['code']}"] += 1
            self["a window closed"] += KINDS[record.kind].ownership is Ownership.PROJECTION and record.gone
            self["a letter given"] += record.kind == "note"

    def missing(self) -> list[str]:
        """Return the rows that were never met."""
        return [row for row in ROWS if not self[row]]


def _done(change: Change) -> str:
    if "alternatives" in change.set:
        return "pick"
    if "merged" in change.set:
        return "confirm"
    if change.remove is UNSET:
        return "edit"
    return "remove" if change.remove else "bring back"


def table(hits: Mapping[str, int]) -> str:
    """Return the table, two rows a line."""
    width = max(map(len, ROWS))
    cells = [f"{row:<{width}}  {hits.get(row, 0):>8,}" for row in ROWS]
    half = (len(cells) + 1) // 2
    return "\n".join(
        f"{left}    {right}".rstrip() for left, right in zip_longest(cells[:half], cells[half:], fillvalue="")
    )


@contextmanager
def counted(hits: Hits) -> Iterator[None]:
    """Count, from outside, what comes of every two edits that meet."""
    merges, folds = dict(MERGES), dict(FOLDS)
    MERGES.update({policy: _counting(hits, policy, function) for policy, function in merges.items()})
    FOLDS.update({policy: _counting_fold(hits, policy, function) for policy, function in folds.items()})
    try:
        yield
    finally:
        MERGES.update(merges)
        FOLDS.update(folds)


def _counting(hits: Hits, policy: Policy, function: Callable[[Meeting], Settled]) -> Callable[[Meeting], Settled]:
    def counting(meeting: Meeting) -> Settled:
        settled = function(meeting)
        verdict: Verdict | None = settled.verdict
        hits[f"{policy}: {verdict or 'nothing new'}"] += 1
        return settled

    return counting


def _counting_fold(
    hits: Hits, policy: Policy, function: Callable[[Shape, Sequence[Any]], Any]
) -> Callable[[Shape, Sequence[Any]], Any]:
    def counting(shape: Shape, values: Sequence[Any]) -> Any:
        value = function(shape, values)
        hits[f"{policy}: {'the incoming stands' if value == values[-1] else 'another stands'}"] += 1
        return value

    return counting
