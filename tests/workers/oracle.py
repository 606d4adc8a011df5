"""What has to hold of a street whatever became of its workers: by the log of FCM and the database alone."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from msgspec import Struct

from domain.ids import PersonId
from domain.prompt_kinds import PROMPT_KINDS
from notifications.service import LEASE
from tests.workers.crew import Call, Claim
from tests.workers.fcm import Request
from tests.workers.street import Home, Street

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAY_CAP, WEEK_CAP = 2, 7
"""What settings say until somebody chooses."""


class Seen(Struct, frozen=True):
    """A street, as it was found."""

    requests: list[Request]
    calls: dict[str, Call]
    claims: list[Claim]
    ledger: list[Any]
    plans: list[Any]

    def prompt(self, request: Request) -> UUID:
        """What somebody was told by it."""
        return self.calls[request.token].prompts[person_of(request)]

    def taken(self, since: int = 0) -> dict[UUID, dict[str, list[Request]]]:
        """By prompt and target, the messages that FCM has taken after so many requests, in their order."""
        found: defaultdict[UUID, dict[str, list[Request]]] = defaultdict(dict)
        for request in self.requests[since:]:
            if request.taken:
                found[self.prompt(request)].setdefault(request.target, []).append(request)
        return found


def person_of(request: Request) -> PersonId:
    """For whom it was."""
    return PersonId(UUID(request.target.partition(":")[0]))


async def seen(street: Street) -> Seen:
    pool = street.parts.pool
    return Seen(
        requests=list(street.gate.requests),
        calls={each.token: each for each in street.crew.calls},
        claims=list(street.crew.claims),
        ledger=await pool.fetch("SELECT * FROM prompt_ledger ORDER BY person_id, sent_at"),
        plans=await pool.fetch("SELECT * FROM prompt"),
    )


async def check(street: Street) -> Seen:
    """Look at everything, once all is at rest."""
    found = await seen(street)
    _is_at_rest(found)
    _stands_in_the_ledger(found)
    _is_repeated_for_a_reason(found, street.since)
    for person in {each["person_id"] for each in found.ledger}:
        _is_seldom([each for each in found.ledger if each["person_id"] == person])
    for home in street.all:
        if home.parted_after is None:
            await _has_arrived(street, found, home)
        else:
            _is_left_alone(found, home)
    return found


def _is_at_rest(found: Seen) -> None:
    left = [(each["kind"], each["state"]) for each in found.plans if each["state"] in ("planned", "claimed")]
    assert left == [], "nothing stays planned or claimed for ever"


def _stands_in_the_ledger(found: Seen) -> None:
    lines = {each["prompt_id"] for each in found.ledger}
    assert len(lines) == len(found.ledger), "one line for a prompt"
    assert {found.prompt(each) for each in found.requests} <= lines, "nothing goes out that does not stand there"


def _is_repeated_for_a_reason(found: Seen, since: int) -> None:
    """P12, of what was sent today."""
    own = {each["prompt_id"] for each in found.ledger if PROMPT_KINDS[each["kinds"][0]].is_own}
    for prompt, by_target in found.taken(since).items():
        for taken in by_target.values():
            assert prompt not in own or len(taken) == 1, "one of somebody's own is taken once at most"
            for one, other in pairwise(found.calls[each.token] for each in taken):
                why = [each for each in found.claims if each.prompt == prompt]
                assert _may_follow(one, other, prompt, why), f"a repeat has a reason: {one}, {other}, {why}"


def _may_follow(one: Call, other: Call, prompt: UUID, claims: Iterable[Claim]) -> bool:
    """Whether FCM may take a message of the one call and then of the other, about one prompt.

    The worker of the one was killed before it could note that, or has not heard it, or was still at it when another one
    took it over; or it was the one to take over, and what the other had under way came to FCM late.
    """
    lost = prompt in one.taken_over and _is_taken_over(one, prompt, claims)
    late = (other.killed or prompt in other.taken_over) and _is_taken_over(
        other, prompt, [each for each in claims if (each.worker, each.at) == (_worker(one), one.at)]
    )
    return one.killed or one.outcomes.get(prompt) == "unknown" or lost or late


def _is_taken_over(call: Call, prompt: UUID, claims: Iterable[Claim]) -> bool:
    """Whether another worker, by whose clock the lease of this one was over, has claimed this meanwhile."""
    return any(
        each.prompt == prompt
        and each.worker != _worker(call)
        and each.at >= call.at + LEASE
        and (call.over is None or each.began <= call.over)
        for each in claims
    )


def _worker(call: Call) -> str:
    return call.token.partition(".")[0]


def _is_seldom(ledger: Iterable[Any]) -> None:
    """P2, for people who never changed their settings."""
    times = [each["sent_at"] for each in ledger]
    for earlier, later in pairwise(times):
        assert later - earlier >= 3 * HOUR
    for at in times:
        assert len([each for each in times if at - DAY < each <= at]) <= DAY_CAP
        assert len([each for each in times if at - 7 * DAY < each <= at]) <= WEEK_CAP


async def _has_arrived(street: Street, found: Seen, home: Home) -> None:
    """Every letter was told of, and that message was taken."""
    taken = found.taken()
    told = {
        record
        for each in found.ledger
        if each["person_id"] in (home.ana.id, home.ben.id) and each["prompt_id"] in taken
        for record in each["records"]
    }
    letters = await street.parts.pool.fetch(LETTERS, home.couple)
    assert len(letters) == home.letters
    assert {each["id"] for each in letters} <= told, "nothing is lost that must arrive"


LETTERS = """
SELECT r.id FROM record r JOIN space s ON s.space_id = r.space_id
WHERE s.couple_id = $1::uuid AND r.kind = 'note'"""


def _is_left_alone(found: Seen, home: Home) -> None:
    """P9: no message leaves for either once they have parted, but one for which the ledger had its line before."""
    two = (home.ana.id, home.ben.id)
    late = [each for each in found.requests[home.parted_after :] if person_of(each) in two]
    assert late == [], "nothing after parting"
