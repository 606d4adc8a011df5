"""How two persons become a couple: invitation codes, check words, the steps of pairing, names and consents.

A code is 40 random bits (60 while somebody seems to be guessing), shown as letters or as words. Nobody is paired by
a code alone: both confirm, having compared three check words (I16).
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from domain.ids import CoupleId, PersonId
from domain.word_list import WORDS

CODE_BITS = 40
LONG_CODE_BITS = 60
"""Used for new codes while many people together redeem wrongly."""

CODE_CHARS_MAX = 100
"""A typed code longer than this is no code; six words of seven letters need 47."""

REDEEM_WITHIN = timedelta(hours=24)
CONFIRM_WITHIN = timedelta(hours=24)

NAME_CHARS_MAX = 40
COMBINING_RUN_MAX = 4
"""Combining marks on one letter; some scripts need three, piles of more cover the neighbours."""

Purpose = Literal["core_sensitive", "pairing", "push", "summary_share"]
TEXT_VERSIONS: Mapping[Purpose, int] = {"core_sensitive": 1, "pairing": 1, "push": 1, "summary_share": 1}
"""The newest wording of each consent text; raising one asks everybody anew."""

KEEPING: Final[Purpose] = "core_sensitive"
"""The consent on which every entry rests."""
REACHING: Final[Purpose] = "push"
"""The consent to be reached on one's phones."""

SHARING: Final[Purpose] = "summary_share"
"""The consent to show one's words by a link to somebody outside."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_READ_AS = str.maketrans("oil", "011")
_PLACE = {word: place for place, word in enumerate(WORDS)}
_DASHES_AND_DOTS = "-‐‑‒–—―−_.,·"  # noqa: RUF001 (whatever a keyboard puts for a dash)
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class InvitationState(StrEnum):
    """Where an invitation stands at some moment."""

    OPEN = "open"
    REDEEMED = "redeemed"
    CONFIRMED_BY_ONE = "confirmed_by_one"
    PAIRED = "paired"
    VOID = "void"


class PairingRefusal(StrEnum):
    """Why a step of pairing was not taken."""

    UNKNOWN = "unknown"
    """Wrong, used, expired, cancelled, one's own, blocked, or the inviter is paired: one answer for all (I15)."""

    TOGETHER = "together"
    """The caller has a couple already; said without looking at any code."""

    NOT_REDEEMED = "not_redeemed"
    """The inviter confirms before anybody came."""

    VOID = "void"
    """One of the two comes too late, or the other stepped back; the two are not told apart."""

    PAIRED = "paired"
    """Too late to cancel: parting is the way out."""


class Redemption(Struct, frozen=True):
    """Who redeemed a code, and when."""

    by: PersonId
    at: datetime


class Invitation(Struct, frozen=True, kw_only=True):
    """One invitation; `couple` is there from the moment both have confirmed. Instants are aware, in UTC."""

    inviter: PersonId
    invited_at: datetime
    redemption: Redemption | None = None
    confirmed_by: PersonId | None = None
    couple: CoupleId | None = None
    cancelled: bool = False

    def state(self, now: datetime) -> InvitationState:
        """Say where it stands; time alone makes it void, but never parts a couple."""
        if self.couple is not None:
            return InvitationState.PAIRED
        if self.cancelled:
            return InvitationState.VOID
        if self.redemption is None:
            in_time = now - self.invited_at < REDEEM_WITHIN
            return InvitationState.OPEN if in_time else InvitationState.VOID
        if now - self.redemption.at >= CONFIRM_WITHIN:
            return InvitationState.VOID
        return InvitationState.REDEEMED if self.confirmed_by is None else InvitationState.CONFIRMED_BY_ONE

    def names(self, person: PersonId) -> bool:
        """Say whether this person is one of the two."""
        return person == self.inviter or (self.redemption is not None and person == self.redemption.by)


def redeem(
    found: Invitation | None,
    person: PersonId,
    now: datetime,
    *,
    together: Collection[PersonId] = (),
    blocked: bool = False,
) -> Invitation | PairingRefusal:
    """Take up an invitation; this pairs nobody yet.

    `found` is what the code led to, `together` holds those of the two who have an active couple, `blocked` says that
    either blocked the other. A code is for one use, also by the same person (V1).
    """
    if person in together:
        return PairingRefusal.TOGETHER
    if found is None or found.state(now) is not InvitationState.OPEN:
        return PairingRefusal.UNKNOWN
    if person == found.inviter or found.inviter in together or blocked:
        return PairingRefusal.UNKNOWN
    return replace(found, redemption=Redemption(person, now))


def confirm(
    invitation: Invitation,
    person: PersonId,
    now: datetime,
    *,
    couple: CoupleId,
    together: Collection[PersonId] = (),
) -> Invitation | PairingRefusal:
    """Say yes to the other; the second yes pairs them as `couple`, and a repeated one changes nothing (V5).

    `together` holds those of the two who have an active couple, other than through this invitation.
    """
    if not invitation.names(person):
        return PairingRefusal.UNKNOWN
    state = invitation.state(now)
    if state is InvitationState.PAIRED:
        return invitation
    if state is InvitationState.VOID or any(invitation.names(each) for each in together):
        return PairingRefusal.VOID
    if state is InvitationState.OPEN:
        return PairingRefusal.NOT_REDEEMED
    if invitation.confirmed_by is None:
        return replace(invitation, confirmed_by=person)
    return invitation if invitation.confirmed_by == person else replace(invitation, couple=couple)


def cancel(invitation: Invitation, person: PersonId, now: datetime) -> Invitation | PairingRefusal:
    """Step back before the pairing, as either of the two, without the other; a repeated step changes nothing."""
    if not invitation.names(person):
        return PairingRefusal.UNKNOWN
    if invitation.state(now) is InvitationState.PAIRED:
        return PairingRefusal.PAIRED
    return replace(invitation, cancelled=True)


def drawn(chance: bytes, bits: int = CODE_BITS) -> bytes:
    """Make a code of 40 or 60 bits from at least 5 or 8 random bytes."""
    return _code(int.from_bytes(chance) & ((1 << bits) - 1), bits)


def code_letters(code: bytes) -> str:
    """Show a code in letters and digits that are not mistaken for each other: `XXXX-XXXX`.

    Source: D. Crockford, Base 32.
    """
    letters = [_ALPHABET[place] for place in _places(code, 5)]
    return "-".join("".join(letters[at : at + 4]) for at in range(0, len(letters), 4)).upper()


def code_words(code: bytes) -> str:
    """Show a code as four words, or six for a long one."""
    return " ".join(WORDS[place] for place in _places(code, 10))


def parsed(code: str) -> bytes | None:
    """Read a code as somebody typed it: letters or words, any case, spaces, dashes, o for 0, i or l for 1."""
    if len(code) > CODE_CHARS_MAX:
        return None
    typed = unicodedata.normalize("NFKC", code).lower()
    parts = "".join(" " if char in _DASHES_AND_DOTS else char for char in typed).split()
    if len(parts) in (4, 6) and all(part in _PLACE for part in parts):
        return _code(_number([_PLACE[part] for part in parts], 10), 10 * len(parts))
    letters = "".join(parts).translate(_READ_AS)
    if len(letters) in (8, 12) and all(letter in _ALPHABET for letter in letters):
        return _code(_number([_ALPHABET.index(letter) for letter in letters], 5), 5 * len(letters))
    return None


def check_words(digest: bytes) -> tuple[str, str, str]:
    """Give the three words that both compare, from at least 4 bytes of a keyed digest of their invitation."""
    number = int.from_bytes(digest[:4]) >> 2
    return WORDS[number >> 20], WORDS[number >> 10 & 1023], WORDS[number & 1023]


def chosen_name(text: str) -> str | None:
    """Bring a chosen name into its stored form, or give None if it is none (V8).

    1 to 40 code points in NFC without white space around them, at least one of them to be seen, no control
    characters, nothing that turns the direction of writing, at most four combining marks in a row.
    """
    if len(text) > 4 * NAME_CHARS_MAX:
        return None
    name = unicodedata.normalize("NFC", text.strip())
    categories = [unicodedata.category(char) for char in name]
    if not 1 <= len(name) <= NAME_CHARS_MAX or not any(category[0] in "LNPS" for category in categories):
        return None
    if _BIDI.intersection(name) or {"Cc", "Cs", "Zl", "Zp"}.intersection(categories):
        return None
    run = 0
    for category in categories:
        run = run + 1 if category[0] == "M" else 0
        if run > COMBINING_RUN_MAX:
            return None
    return name


class ConsentEvent(Struct, frozen=True, kw_only=True):
    """One consent given or withdrawn; such events are only ever added. `at` is an aware instant in UTC."""

    purpose: Purpose
    text_version: int
    given: bool
    at: datetime


class Consent(Struct, frozen=True):
    """What holds for a purpose now: whether it is given, and whether its newest text is still to be asked."""

    given: bool = False
    ask: bool = True


def begins_keeping(said: ConsentEvent) -> bool:
    """Say whether with this a person's entries may be kept."""
    return said.purpose == KEEPING and said.given


def ends_keeping(said: ConsentEvent) -> bool:
    """Say whether with this a person's entries rest on no consent any more: what they show is to be closed."""
    return said.purpose == KEEPING and not said.given


def ends_reaching(said: ConsentEvent) -> bool:
    """Say whether with this a person is not to be reached on their phones any more."""
    return said.purpose == REACHING and not said.given


def ends_sharing(said: ConsentEvent) -> bool:
    """Say whether with this a person shows nothing by a link any more: what shows it is to end, for good."""
    return said.purpose in (SHARING, KEEPING) and not said.given


def consents_now(events: Iterable[ConsentEvent]) -> dict[Purpose, Consent]:
    """Say what a person consents to now, by purpose; the latest event counts, and at one instant the no.

    A consent to an older text holds until the person answers the newer one.
    """
    latest: dict[Purpose, ConsentEvent] = {}
    for event in sorted(events, key=lambda event: (event.at, not event.given)):
        latest[event.purpose] = event
    return {
        purpose: Consent(latest[purpose].given, latest[purpose].text_version < newest)
        if purpose in latest
        else Consent()
        for purpose, newest in TEXT_VERSIONS.items()
    }


def may_keep(*, adult_attested: bool, consents: Mapping[Purpose, Consent]) -> bool:
    """Say whether entries of this person may be stored at all (I34)."""
    return adult_attested and consents[KEEPING].given


def _code(number: int, bits: int) -> bytes:
    return number.to_bytes((bits + 7) // 8)


def _places(code: bytes, bits_each: int) -> list[int]:
    bits = CODE_BITS if len(code) == CODE_BITS // 8 else LONG_CODE_BITS
    number = int.from_bytes(code)
    return [number >> shift & ((1 << bits_each) - 1) for shift in range(bits - bits_each, -bits_each, -bits_each)]


def _number(places: Iterable[int], bits_each: int) -> int:
    number = 0
    for place in places:
        number = number << bits_each | place
    return number
