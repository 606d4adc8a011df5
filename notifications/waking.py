"""Wake phones in silence, so that what is new is there when somebody looks: for those who chose it, and seldom.

It is looked every half hour, at moments that nobody's edits move: whether the partner has written once since or a
hundred times, the phone is woken once, and when it is says nothing of when they wrote. Nothing is ever shown by it.
"""

from datetime import datetime

from domain.prompts import against_waking
from notifications.looks import EVERY, next_look_at
from notifications.ports import Errand, Looked
from notifications.service import A_ROUND_MAX, Desks


async def wake_round(desks: Desks, now: datetime, most: int = A_ROUND_MAX) -> int:
    """Wake the phones of whoever has something new since they were woken last; return at how many it was looked.

    That it was looked is noted before anything goes out: a crash wakes nobody twice. What stands against it now leaves
    it for a later look.
    """
    due = await desks.store.looks(now, most)
    if not due:
        return 0
    heads = await desks.people.heads(due)
    news = {person for person, look in due.items() if look.upto is not None and heads.get(person, 0) != look.upto}
    facts = await desks.people.facts(dict.fromkeys(news, ()), now) if news else {}
    waking = {person for person in news & facts.keys() & heads.keys() if facts[person].wakes}
    waking = {person for person in waking if against_waking(facts[person].person, now) is None}
    looked = {
        person: Looked(
            was_at=look.at,
            next_at=next_look_at(person, now),
            upto=look.upto if person in news - waking else heads.get(person, 0),
        )
        for person, look in due.items()
    }
    noted = await desks.store.looked(looked)
    going = sorted(waking & noted)
    if going:
        # As to somebody who wants nothing shown: data on Android, a background push on iOS, and nothing in a browser.
        errands = [
            Errand(person=person, prompt=desks.new_id(), expires=now + EVERY, tries=0, hidden=True) for person in going
        ]
        await desks.courier.send(errands, now)
    return len(due)
