"""What a device shows of a record: what the server said, with its own edits that wait laid over it in order."""

from typing import Any

from msgspec import UNSET

from domain.kind import Kind
from domain.policies import Policy
from sync.resend import Row
from sync.wire import Change


class Laying:
    """Unsettled edits on their way over what the server said."""

    def __init__(self, table: Kind | None, fields: dict[str, Any], row: Row | None) -> None:
        """Begin with a record as it is stored; `row` is None for one that the server has never told of."""
        self.table, self.fields = table, fields
        self.removed = row is not None and row.removed
        self.alternatives = {} if row is None else dict(row.alternatives)
        self.merged = () if row is None else row.merged

    def lay(self, change: Change) -> None:
        """Let the next edit change what is shown."""
        for name, value in change.set.items():
            if name == "alternatives":
                self._put_away(change.was.get(name))
            elif name == "merged":
                confirmed = set(change.was.get(name) or ()) - set(value or ())
                self.merged = tuple(each for each in self.merged if each not in confirmed)
            else:
                self.fields[name] = self._over(name, value, change)
        if change.remove is not UNSET:
            self.removed = change.remove

    def _over(self, name: str, value: Any, change: Change) -> Any:
        """A set is shown with what this edit added and took out; everything else as the edit left it."""
        field = None if self.table is None else self.table.fields.get(name)
        present, was = self.fields.get(name), change.was.get(name)
        if field is None or field.policy is not Policy.MEMBERS:
            return value
        if not (isinstance(present, list) and isinstance(was, list) and isinstance(value, list)):
            return value
        return sorted((set(present) - (set(was) - set(value))) | (set(value) - set(was)))

    def _put_away(self, looked_at: Any) -> None:
        for field, texts in (looked_at or {}).items():
            seen = {(each["by"], each["text"]) for each in texts}
            left = tuple(each for each in self.alternatives.get(field, ()) if (str(each.by), each.text) not in seen)
            self.alternatives.pop(field, None)
            if left:
                self.alternatives[field] = left
