"""Derive how a goal or an agreement stands from its proposed terms and what each of the two did about them.

Both phones and the server run the same walk over everything stored so far (G1 to G10), so that they agree
without asking each other.
"""

from collections.abc import Iterable, Sequence
from copy import copy
from datetime import date
from typing import Literal
from uuid import UUID

from msgspec import Struct

from domain.ids import PersonId, RecordId

ORDERS_A_LIFE = 2**40
"""`order` counts within one life of a space; what is said in a later life comes after all that was said before."""

ActName = Literal["accept", "decline", "not_now", "mark_done", "rest", "resume", "let_go"]
GoalState = Literal["proposed", "not_now", "declined", "active", "resting", "achieved", "let_go"]


class Terms(Struct, frozen=True, kw_only=True):
    """What one of the two proposed; `order` is the space version of its first storing, 1 or more."""

    id: RecordId
    author: PersonId
    order: int
    based_on: RecordId | None = None


class Act(Struct, frozen=True, kw_only=True):
    """What one of the two did about some terms; `order` as with terms, `on` is the author's local date."""

    id: RecordId
    author: PersonId
    order: int
    terms: RecordId
    act: ActName
    on: date


class LookAgain(Struct, frozen=True):
    """Terms or an act that changed nothing, and the person who learns of it (G4, G5)."""

    about: RecordId
    person: PersonId


class GoalView(Struct, frozen=True, kw_only=True):
    """How a goal stands. `state` is None while nothing counts yet: devices then do not show it."""

    state: GoalState | None = None
    terms_in_force: RecordId | None = None
    open_terms: tuple[RecordId, ...] = ()
    waiting: tuple[RecordId, ...] = ()
    """Those of the open terms to which somebody still says yes."""
    stale: frozenset[RecordId] = frozenset()
    past: frozenset[RecordId] = frozenset()
    done_by: frozenset[PersonId] = frozenset()
    resting_by: frozenset[PersonId] = frozenset()
    achieved_on: date | None = None
    look_again: frozenset[LookAgain] = frozenset()


def derive(members: frozenset[PersonId], terms: Sequence[Terms], acts: Sequence[Act], *, agreement: bool) -> GoalView:
    """Walk terms and acts of one goal by effective order and say how it stands.

    The sequences may come in any order. What others than the `members` wrote counts for nothing, and so does
    an act whose terms are not among `terms`, except `let_go`, which ends the goal whatever it names (G9).
    """
    return walk_of(members, terms, acts, agreement=agreement).view()


def walk_of(members: frozenset[PersonId], terms: Sequence[Terms], acts: Sequence[Act], *, agreement: bool) -> "Walk":
    """Return the walk that `derive` makes, to be followed by what is said later."""
    walk = Walk(members, agreement=agreement)
    known = {each.id: each for each in terms if each.author in members}
    for record in _by_effective_order(known, (act for act in acts if act.author in members)):
        walk.take(record)
    return walk


def _by_effective_order(known: dict[RecordId, Terms], acts: Iterable[Act]) -> list[Terms | Act]:
    """Put an act that arrived before its terms right behind them; letting go waits for nothing (G9)."""

    def place(record: Terms | Act) -> tuple[int, int, UUID]:
        if isinstance(record, Terms):
            return record.order, 0, record.id
        effective = record.order if record.act == "let_go" else max(record.order, known[record.terms].order)
        return effective, record.order, record.id

    counting = (act for act in acts if act.act == "let_go" or act.terms in known)
    return sorted([*known.values(), *counting], key=place)


class Walk:
    """What is true so far, one record after another; `last` is the greatest order of them."""

    def __init__(self, members: frozenset[PersonId], *, agreement: bool) -> None:
        self.members = members
        self.agreement = agreement
        self.last = 0
        self.let_go = False
        self.in_force: RecordId | None = None
        self.proposers: dict[RecordId, PersonId] = {}
        self.open: dict[RecordId, set[PersonId]] = {}
        """Open terms by order, with those whose last word about them is yes."""
        self.noes: dict[tuple[RecordId, PersonId], ActName] = {}
        """Other last words about open terms, the newest at the end."""
        self.stale: set[RecordId] = set()
        self.past: set[RecordId] = set()
        self.done_by: set[PersonId] = set()
        self.resting_by: set[PersonId] = set()
        self.achieved_on: date | None = None
        self.look_again: set[LookAgain] = set()

    def followed_by(self, record: Terms | Act) -> "Walk":
        """Return the walk with this as well, which was stored after all of it and no act has named before.

        This walk stays as it is.
        """
        after = copy(self)
        after.proposers = dict(self.proposers)
        after.open = {terms: set(yes) for terms, yes in self.open.items()}
        after.noes = dict(self.noes)
        for name in ("stale", "past", "done_by", "resting_by", "look_again"):
            setattr(after, name, set(getattr(self, name)))
        known = isinstance(record, Terms) or record.act == "let_go" or record.terms in self.proposers
        if record.author in self.members and known:
            after.take(record)
        return after

    def take(self, record: Terms | Act) -> None:
        """Let this be said next."""
        self.last = max(self.last, record.order)
        if isinstance(record, Terms):
            self._propose(record)
        else:
            self._do(record)

    @property
    def _ended(self) -> bool:
        return self.let_go or self.achieved_on is not None

    def _propose(self, terms: Terms) -> None:
        """G1: open with the author's yes, unless they amend something else than what is in force."""
        self.proposers[terms.id] = terms.author
        if self._ended or terms.based_on != self.in_force:
            self.stale.add(terms.id)
            self.look_again.add(LookAgain(terms.id, terms.author))
        else:
            self.open[terms.id] = {terms.author}

    def _do(self, act: Act) -> None:
        if act.act == "let_go":
            self.let_go = True
            self._close_open()
        elif self._ended or act.terms in self.stale or act.terms in self.past:
            self._changed_nothing(act)
        elif act.act == "mark_done":
            self._mark_done(act)
        elif act.act == "rest":
            self.resting_by.add(act.author)
        elif act.act == "resume":
            self.resting_by.discard(act.author)
            self.done_by.discard(act.author)
        elif act.terms in self.open:
            self._answer(act)
        elif act.act != "accept":  # a no to what is in force already
            self.look_again.add(LookAgain(act.id, act.author))

    def view(self) -> GoalView:
        """Return how the goal stands."""
        return GoalView(
            state=self._state(),
            terms_in_force=self.in_force,
            open_terms=tuple(self.open),
            waiting=tuple(terms for terms, yes in self.open.items() if yes),
            stale=frozenset(self.stale),
            past=frozenset(self.past),
            done_by=frozenset(self.done_by),
            resting_by=frozenset(self.resting_by),
            achieved_on=self.achieved_on,
            look_again=frozenset(self.look_again),
        )

    def _changed_nothing(self, act: Act) -> None:
        """G5; and after crosswise acceptances (G4) the one whose terms were passed over learns of it too."""
        self.look_again.add(LookAgain(act.id, act.author))
        if act.act == "accept" and act.terms in self.stale and not self._ended:
            self.look_again.add(LookAgain(act.terms, self.proposers[act.terms]))

    def _mark_done(self, act: Act) -> None:
        """G7: a mark counts for the terms in force that it names; the second one completes."""
        if self.agreement:
            return
        if act.terms != self.in_force:
            self.look_again.add(LookAgain(act.id, act.author))
            return
        self.done_by.add(act.author)
        if self.done_by == self.members:
            self.achieved_on = act.on
            self._close_open()

    def _answer(self, act: Act) -> None:
        """G2, G3: the last word counts; when every word is yes, these terms replace the earlier ones."""
        yes = self.open[act.terms]
        self.noes.pop((act.terms, act.author), None)
        if act.act != "accept":
            yes.discard(act.author)
            self.noes[act.terms, act.author] = act.act
            return
        yes.add(act.author)
        if yes == self.members:
            if self.in_force is not None:
                self.past.add(self.in_force)
            self.in_force = act.terms
            del self.open[act.terms]
            self.done_by.clear()
            self._close_open()

    def _close_open(self) -> None:
        self.stale.update(self.open)
        self.open.clear()
        self.noes.clear()

    def _state(self) -> GoalState | None:
        """G10: the first that holds."""
        if self.let_go:
            return "let_go"
        if self.achieved_on is not None:
            return "achieved"
        if self.in_force is not None:
            return "resting" if self.resting_by else "active"
        if not self.open:
            return None
        if self.open.keys() - {terms for terms, _ in self.noes}:
            return "proposed"
        return "not_now" if list(self.noes.values())[-1] == "not_now" else "declined"
