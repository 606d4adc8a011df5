"""Whom a phone names: the person who holds it, and the other of every couple that they are or were in."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from domain.ids import CoupleId, PersonId
from domain.records import EITHER
from sync.replica import Replica


class Partner(Struct, frozen=True):
    """The other person of one couple, by the name that they had there; None where it cannot be told any more."""

    person: PersonId
    name: str | None


class People(Struct, frozen=True, kw_only=True):
    """The people of one phone. `couple` is the present one as the phone knows it, `partners` those of every couple."""

    mine: PersonId
    name: str
    couple: CoupleId | None
    partners: Mapping[CoupleId, Partner]

    def partner(self, couple: CoupleId | None) -> str:
        """Return the other person of a couple: a name belongs to the couple in which it was known."""
        known = None if couple is None else self.partners.get(couple)
        if known is not None and known.name is not None:
            return known.name
        return "your partner" if couple is not None and couple == self.couple else "your earlier partner"

    def who(self, person: PersonId, couple: CoupleId | None) -> str:
        """Return a person as this one would say it; `couple` is that of the record which names them."""
        if person == self.mine:
            return "you"
        if person == EITHER:
            return "one of you"
        here = None if couple is None else self.partners.get(couple)
        if here is None or here.person != person:
            couple = next((each for each, other in self.partners.items() if other.person == person), couple)
        return self.partner(couple)


def people(replica: Replica, account: Mapping[str, str]) -> People:
    """Return the people of a phone, from what `to_remember` has kept in its account."""
    return People(
        mine=replica.person,
        name=account.get("chosen_name", "You"),
        couple=replica.couple,
        partners=_PARTNERS.decode(account.get("partners", "{}")),
    )


def to_remember(me: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what a phone keeps of an answer of `GET /v1/me`; None is to be forgotten."""
    couples = [*me["keepsakes"], *([] if me["couple"] is None else [me["couple"]])]
    partners = {each["id"]: {"person": each["partner"], "name": each["partner_name"]} for each in couples}
    return {
        "chosen_name": me["chosen_name"],
        "couple": None if me["couple"] is None else me["couple"]["id"],
        "partners": msgspec.json.encode(partners).decode(),
    }


def is_stale(replica: Replica, account: Mapping[str, str]) -> bool:
    """Whether this phone has heard of another couple, or of none, since it last asked who the people are."""
    couple = None if replica.couple is None else str(replica.couple)
    return "partners" not in account or account.get("couple") != couple


_PARTNERS: Final = msgspec.json.Decoder(dict[CoupleId, Partner])
