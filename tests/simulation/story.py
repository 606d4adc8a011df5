"""What happened in one run, one line a step, with names instead of ids."""

import re
import sys
from collections.abc import Iterable
from uuid import UUID

import msgspec
from msgspec import UNSET

from domain.refusals import SENTENCES, Refusal
from sync.showing import Shown
from sync.wire import Change, Outcome

LINES_AT_A_FAILURE = 30

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Story:
    """The lines so far, and what everything is called."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.aloud = False
        """Whether every line is printed as it is told."""
        self._names: dict[str, str] = {}

    def name(self, identity: UUID, name: str) -> None:
        """Call something by a name from now on."""
        self._names[str(identity)] = name

    def knows(self, identity: UUID) -> bool:
        """Whether something has a name."""
        return str(identity) in self._names

    def called(self, identity: UUID | str) -> str:
        """Return the name of something."""
        return self._names.get(str(identity), "something unknown")

    def tell(self, line: str) -> None:
        """Add a line."""
        self.lines.append(line)
        if self.aloud:
            sys.stdout.write(f"{line}\n")

    def show(self, shown: Iterable[Shown]) -> None:
        """Print what a phone shows now."""
        for each in shown:
            sys.stdout.write(f"            {self.shown(each)}\n")

    def last(self) -> str:
        """Return the end of the story."""
        return "\n".join(self.lines[-LINES_AT_A_FAILURE:])

    # Wording ---------------------------------------------------------------------------------------------------

    def edits(self, changes: Iterable[Change]) -> str:
        """Say what was edited."""
        return "; ".join(self._edit(change) for change in changes)

    def decided(self, outcomes: Iterable[Outcome], changes: Iterable[Change]) -> str:
        """Say what was decided, as far as it is more than yes."""
        by_key = {change.key: change for change in changes}
        said = [
            f"{self.called(by_key[outcome.key].id)} {self._outcome(outcome)}"
            for outcome in outcomes
            if outcome.key in by_key and (outcome.status != "applied" or outcome.fields)
        ]
        return "; ".join(said)

    def shown(self, shown: Shown) -> str:
        """Say what a phone shows of a record."""
        marks = [
            word
            for word, holds in (("removed", shown.removed), ("wiped", shown.gone), ("waits", shown.pending))
            if holds
        ]
        beside = [
            f"beside {name}: {', '.join(each.text for each in texts)}" for name, texts in shown.alternatives.items()
        ]
        values = {name: value for name, value in shown.fields.items() if value not in (None, "", [], False)}
        return f"{self.called(shown.id)} {self._plain(values)}" + "".join(f" ({each})" for each in (*marks, *beside))

    def _edit(self, change: Change) -> str:
        done = "" if change.remove is UNSET else " removed" if change.remove else " brought back"
        return f"{self.called(change.id)}{done} {self._plain(change.set)}"

    def _outcome(self, outcome: Outcome) -> str:
        said = str(outcome.status)
        if outcome.code is not None:
            said += f": {SENTENCES[Refusal(outcome.code)]}"
            said += " (its words are kept)" if outcome.unplaced else ""
        fields = ", ".join(f"{name} {verdict}" for name, verdict in sorted(outcome.fields.items()))
        return f"{said} [{fields}]" if fields else said

    def _plain(self, values: object) -> str:
        text = msgspec.json.encode(values).decode()
        return _ID.sub(lambda found: self.called(found[0]), text)
