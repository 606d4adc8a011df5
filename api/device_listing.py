"""Write what a phone shows as lines for the person who holds it."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from api import device_words as words
from domain.ids import RecordId
from domain.kinds import KINDS
from domain.shapes import ONLY_ME
from sync.replica import Replica, Shown

SHORT_CHARS: Final = 6
"""How much of the end of an id is shown; its beginning may tell only the time."""

QUIET_FIELDS: Final = frozenset(
    {"order", "local_date", "done", "taken_by", "title", "goal", "send", "edited", "found", "proof"}
)
"""Fields that a listing tells in its own way or not at all."""


def short(identity: UUID) -> str:
    """Return the part of an id that a person types."""
    return str(identity)[-SHORT_CHARS:]


class Listing:
    """What one phone shows. `account` has the names of the two, as far as they are known."""

    def __init__(self, replica: Replica, account: Mapping[str, str]) -> None:
        self.replica = replica
        self.mine = str(replica.person)
        self.partner = account.get("partner_name", "your partner")
        self.name = account.get("chosen_name", "You")

    def opening(self) -> str:
        """Return a line about the phone itself."""
        waiting = len(self.replica.waiting())
        together = f", together with {self.partner}" if self.replica.couple is not None else ""
        waits = f" {waiting} edit{'s wait' if waiting != 1 else ' waits'} to be sent." if waiting else ""
        return f"{self.name}'s phone{together}.{waits}"

    def lines(self, shown: Shown) -> list[str]:
        """Return the lines of one record, its steps and what stands beside it."""
        title, told = TITLES.get(shown.kind, _other)(self, shown)
        lines = [f"  [{short(shown.id)}] {title}{'  (not sent yet)' if shown.pending else ''}"]
        for name, value in shown.fields.items():
            known = name in KINDS[shown.kind].fields and name not in told | QUIET_FIELDS
            if known and value not in (None, "", [], False):
                lines.append(f"      {words.plain(name)}: {words.value(value)}")
        lines += self.beside(shown)
        return lines + self._of_goal(shown) if shown.kind == "goal" else lines

    def who(self, person: object) -> str:
        """Return a person as this one would say it."""
        return "you" if str(person) == self.mine else self.partner

    def terms(self, goal: Shown) -> Shown | None:
        """Return the terms that a goal is called by: those in force, else the newest open ones, else any."""
        named = goal.fields.get("terms_in_force") or next(iter(reversed(goal.fields.get("open_terms") or [])), None)
        if named is not None:
            return self.replica.shown(RecordId(UUID(named)))
        known = [each for each in self.replica.view("goal_terms") if each.fields["goal"] == str(goal.id)]
        return known[-1] if known else None

    def beside(self, shown: Shown) -> list[str]:
        """Return what stands beside a record's texts, and what to type about it."""
        lines = []
        for field, texts in shown.alternatives.items():
            for number, each in enumerate(texts, 1):
                lines.append(f"      beside {words.plain(field)}, by {self.who(each.by)}: {each.text}")
                lines.append(f"        keep it with: pick {short(shown.id)} {field} {number}   (0 keeps the other)")
        return lines + [
            f"      {words.plain(field)} was joined from two; if it reads well: right {short(shown.id)} {field}"
            for field in shown.merged
        ]

    def step(self, shown: Shown) -> str:
        """Return a step as a line of a list."""
        taken = [self.who(each) for each in shown.fields.get("taken_by", ())]
        by = f" ({' and '.join(taken)})" if taken else ""
        return f"{'[x]' if shown.fields.get('done') else '[ ]'} {shown.fields.get('title')}{by}"

    def _of_goal(self, goal: Shown) -> list[str]:
        named = self.terms(goal)
        told = {} if named is None else {name: named.fields.get(name) for name in ("why", "done_when")}
        lines = [f"      {words.plain(name)}: {text}" for name, text in told.items() if text]
        for named in goal.fields.get("open_terms") or ():
            terms = self.replica.shown(RecordId(UUID(named)))
            if terms is not None and goal.fields.get("terms_in_force"):
                by = self.who(terms.author)
                lines.append(f"      [{short(terms.id)}] {by} would change it to: {terms.fields['title']}")
        for step in self.replica.view("step"):
            if step.fields["goal"] == str(goal.id):
                lines.append(f"      [{short(step.id)}] {self.step(step)}")
                lines += ["    " + each for each in self.beside(step)]
        return lines


Title = tuple[str, frozenset[str]]
"""The first line of a record, and the fields that it has told."""


def _notice(_: Listing, shown: Shown) -> Title:
    return words.notice(shown), frozenset(shown.fields)


def _unplaced(_: Listing, shown: Shown) -> Title:
    texts = "; ".join(f"{words.plain(name)}: {text}" for name, text in shown.fields["words"].items())
    return f"{words.unplaced(shown)} {texts}", frozenset(shown.fields)


def _goal(listing: Listing, shown: Shown) -> Title:
    terms = listing.terms(shown)
    title = terms.fields["title"] if terms is not None else "A goal"
    state = words.goal_state(shown, terms, listing.mine, listing.partner)
    return f"{title}: {state}", frozenset({"state", "form", "terms_in_force", "open_terms", "done_by", "resting_by"})


def _goal_terms(listing: Listing, shown: Shown) -> Title:
    return f"{shown.fields.get('title')}, proposed by {listing.who(shown.author)}", frozenset({"based_on"})


def _goal_act(listing: Listing, shown: Shown) -> Title:
    return f"{listing.who(shown.author)}: {words.value(shown.fields.get('act'))}", frozenset({"act", "terms"})


def _step(listing: Listing, shown: Shown) -> Title:
    return listing.step(shown), frozenset()


def _check_in(listing: Listing, shown: Shown) -> Title:
    parts = shown.fields.get("shared_parts")
    closed = shown.fields.get("audience", ONLY_ME) == ONLY_ME or not parts
    seen = "only you see it" if closed else f"{listing.partner} sees {words.value(parts)}"
    return f"{shown.fields.get('local_date')}, {seen}", frozenset({"audience", "shared_parts", "let_them_know"})


def _shown_check_in(listing: Listing, shown: Shown) -> Title:
    mine = str(shown.author) == listing.mine
    by = f"you show {listing.partner}" if mine else f"{listing.partner} shows you"
    return f"{by}, {shown.fields.get('shown_on')}", frozenset({"shown_on", "let_them_know"})


def _letter(listing: Listing, shown: Shown) -> Title:
    mine = str(shown.author) == listing.mine
    by = f"from you to {listing.partner}" if mine else f"from {listing.partner}"
    given = shown.fields.get("given_on")
    return f"{by}, {given}" if given else by, frozenset({"given_on", "to"})


def _note_draft(listing: Listing, shown: Shown) -> Title:
    on_its_way = ", on its way" if shown.fields.get("send") else ""
    return f"a note for {listing.partner}{on_its_way}", frozenset({"for_couple", "delivery", "state"})


def _other(_: Listing, shown: Shown) -> Title:
    return words.plain(shown.kind), frozenset()


TITLES: Final[Mapping[str, Callable[[Listing, Shown], Title]]] = {
    "notice": _notice,
    "unplaced": _unplaced,
    "goal": _goal,
    "goal_terms": _goal_terms,
    "goal_act": _goal_act,
    "step": _step,
    "check_in": _check_in,
    "shown_check_in": _shown_check_in,
    "note": _letter,
    "response": _letter,
    "note_draft": _note_draft,
}
"""By kind. Another kind is listed by its name and its fields."""


def as_json(shown: Shown) -> dict[str, Any]:
    """Return a record as `--json` prints it."""
    return {
        "id": str(shown.id),
        "kind": shown.kind,
        "author": str(shown.author),
        "version": shown.version,
        "pending": shown.pending,
        "removed": shown.removed,
        "fields": shown.fields,
        "alternatives": {
            field: [{"by": str(each.by), "text": each.text} for each in texts]
            for field, texts in shown.alternatives.items()
        },
        "merged": list(shown.merged),
    }
