"""Commands of `haven-device` for what the two say to each other: pauses, asking, offering, first steps, answers."""

import argparse
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from api.client import Client
from api.device_lookback import records_of
from api.device_meaning import (
    MisunderstoodError,
    couple_to,
    fitting,
    found,
    listing_of,
    named_among,
    replica_of,
)
from api.device_people import people
from api.device_said import WAITS, Said, kept
from api.device_words import plain
from domain import repairs, responses, support
from domain.ids import PersonId
from domain.kinds import KINDS
from domain.lookback import shelf
from domain.pauses import Pause, Together, current
from domain.records import EITHER
from domain.times import read
from sync.showing import Shown

# Pauses --------------------------------------------------------------------------------------------------------------


async def pause(client: Client, chosen: argparse.Namespace) -> Said:
    """Step back for a while, or leave a pause without coming back to it."""
    couple = couple_to(replica_of(client), "pause with")
    partner = listing_of(client).people.partner(couple)
    if chosen.set_aside:
        for each in _of_one(client):
            client.edit("pause", each.id, {"set_aside": True})
        return Said(["The pause is set aside. Nobody asks why.", WAITS], {"set_aside": True})
    made = client.edit("pause", None, fitting(KINDS["pause"], {"minutes": chosen.minutes}))
    return kept(
        made,
        f"You pause. You come back to each other after {chosen.minutes} minutes, or earlier once you and {partner} have"
        " both said `resume`. Whoever needs longer begins another: the later return counts.",
    )


async def come_back(client: Client) -> Said:
    """Come back from the pause of the two."""
    replica = replica_of(client)
    partner = listing_of(client).people.partner(couple_to(replica, "come back to"))
    for each in _of_one(client):
        client.edit("pause", each.id, {"resumed_by": sorted({*each.fields["resumed_by"], str(replica.person)})})
    still = _current(client)
    ended = still is None or still.state == "resumed"
    says = "Both of you are back." if ended else f"You are back. The pause ends once {partner} is too, or by itself."
    return Said([says, WAITS], {"ended": ended})


def _of_one(client: Client) -> list[Shown]:
    """Return the pauses that are one now; whoever acts on it acts on each."""
    together = _current(client)
    if together is None or together.state in ("resumed", "set_aside"):
        raise MisunderstoodError("There is no pause between you now.")
    replica = replica_of(client)
    return [shown for each in together.pauses if (shown := replica.shown(each)) is not None]


def _current(client: Client) -> Together | None:
    replica = replica_of(client)
    known = people(replica, client.store.account)
    partner = None if replica.couple is None else known.partners.get(replica.couple)
    other = EITHER if partner is None else partner.person
    listing, now = listing_of(client), datetime.now(UTC)
    here = [each for each in replica.view("pause") if listing.couple_of(each) == replica.couple]
    return current((_pause(each, now) for each in here), frozenset({replica.person, other}), now)


def _pause(shown: Shown, now: datetime) -> Pause:
    """Return a pause as the rules see it; one that was not sent yet begins now."""
    began = shown.fields.get("started_at")
    started_at = now if began is None else read(began)
    return Pause(
        id=shown.id,
        author=shown.author,
        started_at=started_at,
        return_at=started_at + timedelta(minutes=shown.fields["minutes"]),
        resumed_by=frozenset(PersonId(UUID(each)) for each in shown.fields["resumed_by"]),
        set_aside=shown.fields["set_aside"],
    )


# Asking, offering, first steps, answers -------------------------------------------------------------------------------


async def ask(client: Client, chosen: argparse.Namespace) -> Said:
    """Ask for support, by name."""
    replica = replica_of(client)
    partner = listing_of(client).people.partner(couple_to(replica, "ask"))
    form = named_among(chosen.form, support.FORMS, "What you can ask for")
    values = {"form": form, "text": chosen.text, "when": named_among(chosen.when, support.WHEN, "When")}
    made = client.edit("support_request", None, fitting(KINDS["support_request"], values))
    says = [f"{partner} may answer it or not. After three days it lapses in silence; nobody counts."]
    if form == "reassurance" and shelf(records_of(replica), replica.person).letters:
        says.append("Letters that you kept are here as well, whenever you like: haven-device lookback --shelf")
    return kept(made, *says)


async def offer(client: Client, chosen: argparse.Namespace) -> Said:
    """Offer support."""
    couple_to(replica_of(client), "offer it to")
    about = None if chosen.about is None else str(found(client, chosen.about).id)
    values = {"text": chosen.text, "to": about, "no_answer_needed": not chosen.answer}
    return kept(client.edit("support_offer", None, fitting(KINDS["support_offer"], values)), GIVEN)


async def repair(client: Client, chosen: argparse.Namespace) -> Said:
    """Make a first step after a quarrel."""
    couple_to(replica_of(client), "say it to")
    values = {
        "form": named_among(chosen.form, repairs.FORMS, "First steps"),
        "i_feel": chosen.i_feel,
        "about": chosen.about,
        "i_need": chosen.i_need,
        "text": chosen.text,
    }
    return kept(client.edit("repair", None, fitting(KINDS["repair"], values)), GIVEN)


async def respond(client: Client, chosen: argparse.Namespace) -> Said:
    """Answer what the partner shows, asks, offers or says first."""
    shown = found(client, chosen.id)
    forms = responses.FORMS.get(shown.kind)
    if forms is None:
        raise MisunderstoodError(f"A {plain(shown.kind)} is not answered. {_ANSWERED}")
    if shown.author == replica_of(client).person:
        raise MisunderstoodError("This is your own; it is not for you to answer.")
    form = named_among(chosen.form, forms, "Answers to it")
    answer = {"to": str(shown.id), "form": form, "on": chosen.on, "at": chosen.at, "text": chosen.text}
    return kept(client.edit("response", None, fitting(KINDS["response"], answer)), GIVEN)


GIVEN: Final = "Once it is sent it stays as it was given."
_ANSWERED: Final = "What is answered: " + ", ".join(map(plain, responses.FORMS)) + "."
