"""Put a person's records into an order to read: parts, chapters, and what is told within what.

Whatever no chapter names stands in one of its own, so that a kind that is new is told without a line here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from domain.ids import RecordId, SpaceId
from domain.kinds import KINDS
from domain.shapes import as_uuid
from sync.export import Kept, Owner, Place, Together
from sync.export_words import words_of
from sync.sealing import keyed_id


class Chapter(Struct, frozen=True, kw_only=True):
    """Records that are read together; `form` chooses among those of a kind that has forms."""

    title: str
    kinds: tuple[str, ...]
    form: str | None = None
    by_month: bool = False
    lead: str = ""


COUPLE_CHAPTERS: Final = (
    Chapter(title="Letters", kinds=("note",), by_month=True),
    Chapter(title="What we set out to do", kinds=("goal",), form="goal"),
    Chapter(title="What we agreed", kinds=("goal",), form="agreement"),
    Chapter(title="Making up", kinds=("repair",)),
    Chapter(title="Support", kinds=("support_request", "support_offer")),
    Chapter(title="Pauses", kinds=("pause",)),
    Chapter(title="For a counsellor", kinds=("counsel_summary",)),
    Chapter(
        title="Answers",
        kinds=("response",),
        lead="What they answered is not here: it was shown for a while, or has been taken back.",
    ),
)
OWN_CHAPTERS: Final = (
    Chapter(title="Check-ins", kinds=("check_in",), by_month=True),
    Chapter(title="Reflections", kinds=("reflection",), by_month=True),
    Chapter(title="Goals of your own", kinds=("own_goal",)),
    Chapter(title="Leaning on each other, standing on your own", kinds=("balance_note",)),
    Chapter(title="Boundaries", kinds=("boundary",)),
    Chapter(title="Notes that you have not given", kinds=("note_draft",)),
    Chapter(title="On your shelf", kinds=("shelf",)),
    Chapter(title="Words that found no place", kinds=("unplaced",)),
    Chapter(title="Notices", kinds=("notice",)),
    Chapter(title="How you want to be reached", kinds=("settings",)),
)
OTHER: Final = Chapter(title="Other things", kinds=())
"""Whatever no other chapter has."""
REMOVED: Final = Chapter(
    title="What was removed",
    kinds=(),
    lead="These are still there for a while after they were removed, and then they are destroyed.",
)

_GROUPS: Final[Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "goal": (
        ("Steps", ("step",)),
        ("Along the way", ("progress",)),
        ("How it came about", ("goal_terms", "goal_act")),
    ),
}
"""By kind: under which words what belongs to it is told together. All else is told kind by kind."""

_ALSO_ABOVE: Final[Mapping[str, tuple[str, ...]]] = {
    "shelf": ("note", "response", "repair", "support_offer"),
    "step_date": ("step",),
    "support_offer": ("support_request",),
}

ABOVE: Final[Mapping[str, frozenset[str]]] = {
    **{
        kind.name: frozenset(
            {each for each in kind.parent.kinds if each in KINDS}
            | {
                master.name
                for master in KINDS.values()
                if master.window is not None and master.window.shows in kind.parent.kinds
            }
        )
        for kind in KINDS.values()
        if kind.parent is not None
    },
    **{kind: frozenset(above) for kind, above in _ALSO_ABOVE.items()},
}
"""By kind: within which kinds it is told. It leads upwards only, so that nothing is told within itself."""


class Part(Struct, frozen=True):
    """A couple's, or the person's own; and its chapters that are not empty, with the places of their records."""

    couple: Together | None
    chapters: tuple[tuple[Chapter, tuple[Place, ...]], ...]


class Outline:
    """Where each record is told: in a chapter of its own space, or within the record that it belongs to."""

    def __init__(self, owner: Owner, places: Iterable[Place], id_keys: Mapping[SpaceId, bytes]) -> None:
        """`id_keys` are those of the owner's spaces: with them an answer is told with what it answers."""
        self._owner = owner
        self._places = {(each.space, each.id): each for each in places}
        shown = self._shown(id_keys)
        by_id: dict[UUID, Place] = {each.id: each for each in self._places.values()}
        self._within: dict[tuple[SpaceId, RecordId], list[Place]] = {}
        self._top: list[Place] = []
        for each in self._places.values():
            above = None if each.under is None or each.removed else by_id.get(shown.get(each.under, each.under))
            if above is None or above.removed or above.kind not in ABOVE.get(each.kind, ()):
                self._top.append(each)
            else:
                self._within.setdefault((above.space, above.id), []).append(each)

    def _shown(self, id_keys: Mapping[SpaceId, bytes]) -> dict[UUID, UUID]:
        """Return the ids of the records of which copies were shown, by those of the copies, as far as anything asks."""
        asked = {each.under for each in self._places.values()} - {identity for _, identity in self._places} - {None}
        found: dict[UUID, UUID] = {}
        for each in self._places.values():
            kind = KINDS.get(each.kind)
            if asked and kind is not None and kind.window is not None:
                for couple in self._owner.couples:
                    # As sync/follows.py makes them.
                    copy = keyed_id(id_keys.get(couple.space, b""), kind.window.shows, each.author, each.id)
                    if copy in asked:
                        found[copy] = each.id
        return found

    def of_kinds(self) -> dict[str, list[Place]]:
        """Return all places by kind."""
        by_kind: dict[str, list[Place]] = {}
        for each in self._places.values():
            by_kind.setdefault(each.kind, []).append(each)
        return {kind: sorted(those, key=_in_time) for kind, those in by_kind.items()}

    def parts(self) -> list[Part]:
        """Return what is told on its own: couple by couple, the newest first, then what the person kept alone."""
        parts = [
            Part(couple, _chapters(COUPLE_CHAPTERS, [each for each in self._top if each.space == couple.space]))
            for couple in self._owner.couples
        ]
        own = Part(None, _chapters(OWN_CHAPTERS, [each for each in self._top if each.space == self._owner.personal]))
        return [part for part in (*parts, own) if part.chapters]

    def groups(self, record: Kept) -> list[tuple[str, list[Place]]]:
        """Return what is told within a record, in groups with a heading each."""
        by_kind: dict[str, list[Place]] = {}
        for each in sorted(self._within.get((record.space, record.id), ()), key=_in_time):
            by_kind.setdefault(each.kind, []).append(each)
        groups = [
            (title, sorted((each for kind in kinds for each in by_kind.pop(kind, ())), key=_in_time))
            for title, kinds in _GROUPS.get(record.kind, ())
        ]
        # Where it says by whom it is, that is heading enough.
        groups += [("" if words_of(kind).mine else words_of(kind).heading, those) for kind, those in by_kind.items()]
        return [(title, those) for title, those in groups if those]

    def newest_terms(self, record: Kept) -> UUID | None:
        """Return which terms give a goal its name: those in force, else an open proposal, else the newest."""
        open_terms = record.fields.get("open_terms") or [None]
        named = as_uuid(record.fields.get("terms_in_force")) or as_uuid(open_terms[-1])
        if named is not None:
            return named
        terms = [each for each in self._within.get((record.space, record.id), ()) if each.kind == "goal_terms"]
        return max(terms, key=_in_time).id if terms else None

    def at(self, space: SpaceId, identity: UUID) -> Place | None:
        """Return the place of a record, if the export has it."""
        return self._places.get((space, RecordId(identity)))


def _in_time(each: Place) -> str:
    return each.when


def _chapters(chapters: Sequence[Chapter], there: Sequence[Place]) -> tuple[tuple[Chapter, tuple[Place, ...]], ...]:
    filled: dict[Chapter, list[Place]] = {chapter: [] for chapter in (*chapters, OTHER, REMOVED)}
    for each in sorted(there, key=_in_time):
        fitting = (one for one in chapters if each.kind in one.kinds and one.form in (None, each.form))
        filled[REMOVED if each.removed else next(fitting, OTHER)].append(each)
    return tuple((chapter, tuple(those)) for chapter, those in filled.items() if those)
