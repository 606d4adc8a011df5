"""What `haven-device` says to the person who holds the phone: sentences for notices, outcomes and records."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from domain.kind import Kind, Ownership
from domain.policies import Policy
from domain.refusals import SENTENCES, Refusal
from domain.times import read
from sync.showing import Shown
from sync.wire import Outcome

NOTICES: Final[Mapping[str, str]] = {
    "kept_both": "You both wrote here at the same time. Both texts stand; keep the one you like, or write a third.",
    "other_kept": "You both changed this at the same time, and the later change stands. What you wrote is not lost.",
    "came_back": "You removed this while something new was being written in it, so it has come back.",
    "kept_private": "This was changed in two places at once, so less of it is shown than was asked. Nothing is lost.",
    "look_again": "This goal had moved on before your word arrived. It may be worth another look together.",
    "exported": "You have asked for a copy of all that is yours. If that was not you, sign that phone out.",
    "new_device": "You have signed in on another phone. If that was not you, sign that phone out.",
}
"""By the code of a notice. An unknown code, from a newer server, is told as `NOTICE_OTHER`."""

NOTICE_OTHER: Final = "Something here was changed with care. Nothing that you wrote is lost."

VERDICTS: Final[Mapping[str, str]] = {
    "merged": "joined with what was written elsewhere",
    "kept_both": "kept beside another text",
    "yours_kept": "yours stands",
    "theirs_kept": "the other one stands, yours is kept behind it",
    "kept_private": "kept private",
}

HEADINGS: Final[Mapping[str, str]] = {
    "check_in": "Your check-ins",
    "shown_check_in": "Check-ins shown between the two of you",
    "boundary": "Your boundaries",
    "shown_boundary": "Boundaries shown between the two of you",
    "reflection": "Your reflections",
    "balance_note": "Your notes on balance",
    "own_goal": "Your own goals",
    "shown_goal": "Own goals shown between the two of you",
    "support_request": "Support that was asked for",
    "support_offer": "Support that was offered",
    "response": "Answers",
    "pause": "Pauses",
    "repair": "First steps towards each other",
    "note_draft": "Notes you have not given yet",
    "note": "Notes",
    "shelf": "Your shelf of letters",
    "goal": "Goals",
    "goal_terms": "What was proposed",
    "goal_act": "What was said about it",
    "step": "Steps",
    "step_date": "Your own dates for steps",
    "progress": "How far you have come",
    "counsel_summary": "Summaries for a counsellor",
    "counsel_part": "Parts of summaries",
    "settings": "Settings",
    "notice": "For you to know",
    "unplaced": "Your words that found no place",
}

STATES: Final[Mapping[str, str]] = {
    "proposed": "proposed",
    "not_now": "put off for now",
    "declined": "not this one",
    "active": "agreed by both",
    "resting": "resting",
    "achieved": "reached together",
    "let_go": "let go",
}


UNTITLED: Final[Mapping[str, str]] = {
    "goal_terms": "A goal whose title is gone",
    "step": "A step whose title is gone",
}
"""By kind: what stands for a title that its author has destroyed."""

PURGE_ASKED: Final = "This destroys your words in it for good: here, on the server, and on other phones as they sync."
PURGE_DONE: Final = "Your words in it are gone, here and on the server; other phones lose them at their next sync."
LETTER_PURGE_ASKED: Final = (
    "This destroys what is kept behind the words that you gave. They themselves stay with {partner}, to whom they"
    " belong; `show note` and the like still lists them for you."
)
LETTER_PURGE_DONE: Final = (
    "What was kept behind it is gone. The words that you gave stay with {partner}, to whom they belong; `show note`"
    " and the like still lists them for you."
)
SHARED_PURGE_ASKED: Final = (
    "This destroys your sentences in it for good, as far as its history tells them from those of {partner}, which stay."
)
SHARED_PURGE_DONE: Final = (
    "Your sentences in it are gone, as far as its history tells them from those of {partner}, which stay."
)
PURGE_UNSENT: Final = "As far as this phone knows it had not been sent, so nothing of it is left."


def purge_asked(kind: Kind, partner: str) -> str:
    """Return what a purge would destroy and what not, to be said before it is done."""
    return _by_owner(kind, LETTER_PURGE_ASKED, SHARED_PURGE_ASKED, PURGE_ASKED).format(partner=partner)


def purge_done(kind: Kind, partner: str) -> str:
    """Return what a purge has destroyed and what stays."""
    return _by_owner(kind, LETTER_PURGE_DONE, SHARED_PURGE_DONE, PURGE_DONE).format(partner=partner)


def _by_owner(kind: Kind, letter: str, shared: str, own: str) -> str:
    if kind.ownership is Ownership.LETTER:
        return letter
    return shared if kind.of_policy(Policy.SHARED_WORDS) else own


def notice(shown: Shown) -> str:
    """Return what a notice means, as care."""
    sentence = NOTICES.get(str(shown.fields.get("code")), NOTICE_OTHER)
    field = shown.fields.get("field")
    return f"{sentence} (It is about: {field}.)" if field else sentence


def unplaced(shown: Shown) -> str:
    """Return why words came back."""
    code = str(shown.fields.get("code"))
    known = {each.value for each in Refusal}
    reason = SENTENCES[Refusal(code)] if code in known else "They could not be stored where they were meant to go."
    return f"You wrote this for a {plain(str(shown.fields.get('meant')))}. {reason} Your words are kept here."


def outcome(told: Outcome) -> str | None:
    """Return what a person should hear about one of their edits; None when it simply went through."""
    if told.code is not None:
        known = {each.value for each in Refusal}
        reason = SENTENCES[Refusal(told.code)] if told.code in known else "It could not be stored."
        return f"{reason} Your words are kept." if told.unplaced else reason
    said = [f"{plain(field)}: {VERDICTS.get(verdict, verdict)}" for field, verdict in told.fields.items()]
    return "; ".join(said) if said else None


def goal_state(shown: Shown, terms: Shown | None, mine: str, partner: str) -> str:
    """Return how a goal stands, and whose yes it waits for."""
    state = str(shown.fields.get("state"))
    sentence = STATES.get(state, plain(state))
    if state == "proposed" and terms is not None:
        # Whose word is still open is not said: an answer is not owed.
        sentence += " by you" if str(terms.author) == mine else f" by {partner}"
    elif state == "active" and shown.fields.get("done_by"):
        who = "you feel" if shown.fields["done_by"] == [mine] else f"{partner} feels"
        sentence += f"; {who} this is done"
    return sentence


def title(shown: Shown) -> str:
    """Return what terms or a step are called, also when their author has destroyed the words."""
    return str(shown.fields.get("title") or UNTITLED[shown.kind])


def value(written: Any) -> str:
    """Return a field's value as a person would write it."""
    if isinstance(written, bool):
        return "yes" if written else "no"
    if isinstance(written, list):
        return ", ".join(value(each) for each in written)
    if isinstance(written, dict):
        return ", ".join(f"{plain(str(name))} {value(each)}" for name, each in written.items())
    return plain(written) if isinstance(written, str) and written.islower() and "_" in written else str(written)


def plain(name: str) -> str:
    """Return a name of a field or a kind as words."""
    return name.replace("_", " ")


def day(on: date, year: int | None = None) -> str:
    """Return a day as a person would say it, without its year where that is `year`."""
    return f"{on.day} {on:%B}" if on.year == year else f"{on.day} {on:%B} {on.year}"


def clock(instant: str, zone: ZoneInfo) -> str:
    """Return an instant, as a field holds it, as a clock in this zone shows it."""
    at = read(instant).astimezone(zone)
    return f"{at:%H:%M} on {day(at.date())} ({zone.key})"


def period(first: date, last: date) -> str:
    """Return some days that follow each other, as short as a person would say them."""
    if first == last:
        return day(last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day(last)}"
    return f"{day(first, last.year)} to {day(last)}"


def between(last: date, following: date, year: int) -> str:
    """Return the days that lie between two, of which the first may be the day after `last`; empty for none."""
    first, end = last + timedelta(days=1), following - timedelta(days=1)
    return "" if end < first else period(first, end).removesuffix(f" {year}")
