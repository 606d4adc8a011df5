"""Choose the words of a prompt, and say which of them a device may show.

A prompt leaves the server without words: what is chosen is the id of a text, which the device words after a sync. The
choice follows from the person, the kind and the person's own day, so that a replay chooses the same.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from functools import cache
from typing import Final

from msgspec import Struct

from domain.ids import PersonId
from domain.prompt_kinds import PROMPT_KINDS, Reason
from domain.quiet import chance
from notifications import catalogue
from notifications.catalogue import FALLBACK, Copy
from notifications.ports import Privacy

_ASKED_FOR: Final = "discreet"
_NEWS: Final = "arrived"

_FIXED: Final = {"new_device": "new_device"}
"""Kinds with one text. What an account notice is about no kind tells, so that only what is true of all of them is
chosen for it; the app words the notice itself."""


class Wording(Struct, frozen=True):
    """The catalogue, and the choice from it: the same answer to the same question, for good."""

    copies: Mapping[str, Copy]
    """By language, English among them, which has every kind and every fixed text."""

    def choose(self, kind: str, locale: str, person: PersonId, day: date, lately: Collection[str]) -> str:
        """Return the id of a text of this kind that is not one of `lately`, while there is another.

        It never raises: a language without the kind has the English ones, and a kind without texts the sentence that
        is true of everything.
        """
        ids = next((copy.kinds[kind] for copy in self._said_in(locale) if kind in copy.kinds), ())
        if not ids:
            return _FIXED.get(kind, _NEWS)
        left = [each for each in ids if each not in lately] or ids
        return left[chance(len(left), person, "words", kind, day)]

    def text_of(self, text_id: str, locale: str) -> str:
        """Return the words of an id, in English where the language lacks it.

        A ledger keeps ids for longer than a catalogue may keep texts: what no language knows any more is told as news.
        """
        known = (copy.texts[text_id] for copy in self._said_in(locale) if text_id in copy.texts)
        return next(known, None) or self.text_of(_NEWS, locale)

    def shown(self, text_id: str, locale: str, privacy: Privacy) -> str | None:
        """Return what a device may show of a text on its lock screen; None is nothing at all.

        What is about the account is never told there, however much somebody lets their devices show: it may be of
        somebody who is about to leave. A privacy that is none of the three is as good as hidden.
        """
        if privacy not in ("discreet", "descriptive"):
            return None
        kind = PROMPT_KINDS.get(text_id.partition(".")[0])
        if kind is None or kind.cause == "account":
            return self.text_of(_NEWS, locale)
        if privacy == "descriptive":
            return self.text_of(text_id, locale)
        return self.text_of(_NEWS if kind.is_arrival else _ASKED_FOR, locale)

    def why(self, reason: Reason, locale: str) -> str:
        """Return the sentence for why a prompt did not come, or comes later: for inside the app."""
        return self.text_of(f"why.{reason}", locale)

    def _said_in(self, locale: str) -> Iterator[Copy]:
        """Give the copy of a locale by its whole name, then by less and less of it (RFC 4647, 3.4), then English."""
        name = locale.lower().replace("_", "-")
        while name:
            if name in self.copies and name != FALLBACK:
                yield self.copies[name]
            name = name.rpartition("-")[0]
        yield self.copies[FALLBACK]


@cache
def load() -> Wording:
    """Return the wording of the catalogue that comes with Haven, read once a process; raise CatalogueUnusable."""
    return Wording(catalogue.read())
