"""Everything that happens between phones and server: talking, and all that can go wrong with it."""

from collections.abc import Awaitable, Callable
from typing import Final

from api.giving import NO_DEVICE
from sync import cursor, service
from sync.ports import Caller, Wanted
from sync.wire import SCHEMA, SyncRequest
from tests.simulation.ledger import words_in
from tests.simulation.servers import ServerDiedError
from tests.simulation.town import Backup, Message, Phone, Town

Happening = Callable[[Town, Phone], Awaitable[str | None]]
"""Something that happens around a phone; it returns a line for the story, or None where there was no occasion."""

UNDER_WAY_MAX: Final = 12

LIMITS: Final = (2, 5, 500, 500)

PURGED_KINDS: Final = (
    *("check_in", "note_draft", "goal", "step", "unplaced", "response", "note"),
    *("own_goal", "boundary", "reflection", "support_request", "repair", "progress", "counsel_part"),
)


async def talk(town: Town, phone: Phone) -> str:
    edits = [kept.change for kept in phone.waiting]
    told = await phone.sync(limit=town.chance.choice(LIMITS))
    await town.same(phone)
    return f"{phone.name} talks to the server. {town.story.decided(told, edits)}"


async def lose_a_request(town: Town, phone: Phone) -> str:
    town.ask(phone)
    town.hits.fault("a request lost")
    return f"a request of {phone.name} is lost"


async def lose_an_answer(town: Town, phone: Phone) -> str:
    await town.reach(town.ask(phone))
    town.hits.fault("an answer lost")
    return f"{phone.name} asks, and the answer is lost"


async def hold_a_request(town: Town, phone: Phone) -> str | None:
    if len(town.under_way) >= UNDER_WAY_MAX:
        return None
    town.under_way.append(town.ask(phone, limit=town.chance.choice(LIMITS)))
    return f"{phone.name} asks; the request takes its time"


async def hold_an_answer(town: Town, phone: Phone) -> str | None:
    if len(town.under_way) >= UNDER_WAY_MAX:
        return None
    town.under_way.append(await town.reach(town.ask(phone, limit=town.chance.choice(LIMITS))))
    return f"{phone.name} asks; the answer takes its time"


async def send_twice(town: Town, phone: Phone) -> str:
    message = town.ask(phone)
    first, second = await town.reach(message), await town.reach(message)
    town.hits.fault("a request twice")
    for each in town.chance.sample([first, second], 2):
        _hand_over(town, each)
    return f"a request of {phone.name} reaches the server twice"


async def bring_something(town: Town, _: Phone) -> str | None:
    """Bring one of the things under way to where it goes; sometimes it is brought once more later."""
    if not town.under_way:
        return None
    message = town.chance.choice(town.under_way)
    again = town.chance.random() < 0.25
    if not again:
        town.under_way.remove(message)
    if message.answer is None:
        town.hits.fault("a request late")
        answered = await town.reach(message)
        taken = _hand_over(town, answered)
        return f"a late request of {message.phone.name} reaches the server{_how(taken, again=again)}"
    town.hits.fault("an answer twice" if again else "an answer late")
    taken = _hand_over(town, message)
    return f"a late answer reaches {message.phone.name}{_how(taken, again=again)}"


async def start_phone_anew(town: Town, phone: Phone) -> str:
    """A phone that crashes has its disk; what was on its way to it finds nobody."""
    phone.restart()
    phone.compared.clear()
    town.under_way = [each for each in town.under_way if each.phone is not phone or each.answer is None]
    town.hits.fault("the phone started anew")
    return f"{phone.name} crashes and is started anew"


async def die_before_saving(town: Town, phone: Phone) -> str | None:
    town.store.dies_before_saving = True
    return await _dying(town, phone, "the server died before it saved")


async def die_after_saving(town: Town, phone: Phone) -> str | None:
    town.store.dies_after_saving = True
    return await _dying(town, phone, "the server died after it saved")


async def be_overtaken(town: Town, phone: Phone) -> str | None:
    """While the server decides about a phone's edits, another one's are stored."""
    others = [each for each in town.phones if each is not phone and each.waiting]
    if not others or not phone.waiting:
        return None
    other = town.chance.choice(others)
    town.store.overtaken_by = other.sync
    lost = town.store.races_lost
    told = await phone.sync()
    if town.store.races_lost > lost:
        town.hits.fault("a request overtaken at the server")
    town.store.comes_back()
    return f"{other.name} is faster than {phone.name}; both have talked ({len(told)} edits settled)"


async def set_clock(town: Town, phone: Phone) -> str:
    if town.clocks_jump:
        phone.clock_off = town.some_clock_error()
        town.hits.fault("a clock jumped")
    return f"the clock of {phone.name} is set anew"


async def part(town: Town, phone: Phone) -> str | None:
    pairing = town.pairing_of(phone.owner)
    if pairing is None:
        return None
    await town.part(pairing)
    town.hits.fault("a couple parted")
    return f"{pairing.one.name} and {pairing.other.name} part"


async def pair_anew(town: Town, _: Phone) -> str | None:
    alone = town.alone()
    if len(alone) < 2:
        return None
    one, other = town.chance.sample(alone, 2)
    await town.pair(one, other)
    town.hits.fault("two paired anew")
    return f"{one.name} and {other.name} become a couple"


async def back_up(town: Town, _: Phone) -> str:
    town.backup = Backup(await town.server.dump(), town.laws.backed_up())
    return "a backup is made"


async def restore(town: Town, _: Phone) -> str | None:
    """The server is restored as it should be: whatever comes from before is known to be from another life.

    Answers that were under way are lost with their connections; requests may still come, from whatever held them.
    """
    if town.backup is None:
        return None
    town.under_way = [each for each in town.under_way if each.answer is None]
    await _restored(town, town.backup, bump=True)
    town.hits.fault("the store restored")
    return "the server is restored from the backup"


async def restore_in_silence(town: Town, _: Phone) -> str | None:
    """The server is restored and nobody says so.

    It can only find out from a phone that knows more than it does, and it must hear from one before its own count has
    gone past what that phone knows: so here every such phone asks for news before anybody writes. Nothing that was
    under way outlives the restart.
    """
    if town.backup is None:
        return None
    town.under_way.clear()
    await _restored(town, town.backup, bump=False)
    town.hits.fault("the store restored in silence")
    ahead = [phone for phone in town.phones if await _is_ahead(town, phone)]
    for phone in ahead:
        await phone.send(SyncRequest(schema=SCHEMA, cursor=phone.replica.cursor))
    noticed = ", ".join(phone.name for phone in ahead)
    return f"the server is restored from the backup in silence; noticed by {noticed or 'nobody'}"


async def purge(town: Town, phone: Phone) -> str | None:
    kind = town.chance.choice(PURGED_KINDS)
    identity = town.some(phone, kind)
    if identity is None:
        return None
    town.laws.purging = phone.owner.id
    try:
        await service.purge(town.store, town.server.keys, town.caller(phone), kind, identity, town.now)
    except service.UnknownRecordError:
        return f"{phone.owner.name} may destroy nothing in {town.story.called(identity)}"
    finally:
        town.laws.purging = None
    phone.replica.forget(identity)
    phone._save()
    town.laws.purged_in(phone.owner, kind, identity)
    town.laws.let_go()
    town.hits.fault("own words destroyed")
    return f"{phone.owner.name} destroys their own words in {town.story.called(identity)}"


async def look_behind(town: Town, phone: Phone) -> str | None:
    """Somebody asks for the earlier values of a record, be it theirs or not."""
    kind = town.chance.choice(sorted(town.made))
    identity = town.chance.choice(town.made[kind])
    try:
        behind = await service.revisions(town.server.store, town.caller(phone), kind, identity)
    except service.UnknownRecordError:
        return None
    town.laws.told(phone.owner.id, words_in(behind))
    return f"{phone.owner.name} looks behind {town.story.called(identity)}: {len(behind.revisions)} revisions"


async def let_time_do_its_work(town: Town, _: Phone) -> str | None:
    """The worker gives what is due: letters that waited for their day."""
    due = await town.server.due(town.now)
    for each in due:
        author = next(person for person in town.people if person.id == each.author)
        worker = Caller(author.id, NO_DEVICE, tuple(author.spaces), may_keep=True)
        await service.give_due(town.store, town.server.keys, worker, each.id, town.now)
    if not due:
        return None
    town.hits.fault("the worker looked again")
    return f"the worker looks at {', '.join(town.story.called(each.id) for each in due)}"


HAPPENINGS: Final[tuple[tuple[Happening, int], ...]] = (
    (talk, 90),
    (lose_a_request, 4),
    (lose_an_answer, 12),
    (hold_a_request, 10),
    (hold_an_answer, 10),
    (send_twice, 6),
    (bring_something, 22),
    (start_phone_anew, 6),
    (die_before_saving, 5),
    (die_after_saving, 7),
    (be_overtaken, 8),
    (set_clock, 4),
    (part, 2),
    (pair_anew, 12),
    (back_up, 5),
    (restore, 4),
    (restore_in_silence, 3),
    (purge, 10),
    (look_behind, 5),
    (let_time_do_its_work, 30),
)


# Below ---------------------------------------------------------------------------------------------------------


def _hand_over(town: Town, message: Message) -> bool:
    assert message.answer is not None
    taken = message.phone.receive(message.request, message.answer)
    town.laws.acted(message.phone)
    if not taken:
        town.hits.fault("an answer overtaken")
    return taken


def _how(taken: bool, *, again: bool) -> str:
    return ("" if taken else ", overtaken by another answer") + (", and will come once more" if again else "")


async def _dying(town: Town, phone: Phone, fault: str) -> str | None:
    try:
        await town.reach(town.ask(phone))
    except ServerDiedError:
        town.hits.fault(fault)
        return f"{phone.name} asks, and {fault}"
    finally:
        town.store.comes_back()
    return f"{phone.name} asks for news, and the answer is lost"


async def _restored(town: Town, backup: Backup, *, bump: bool) -> None:
    await town.server.restore(backup.dump, bump=bump)
    town.laws.went_back(await town.server.stock(), backup.known)


async def _is_ahead(town: Town, phone: Phone) -> bool:
    keys = await town.server.keys.of([phone.owner.personal])
    places = cursor.read(phone.replica.cursor, keys[phone.owner.personal].id_key).places
    loaded = await town.server.store.load(town.caller(phone), Wanted())
    return any(
        (place := places.get(space.id)) is not None and place.epoch == space.epoch and place.newest > space.head
        for space in loaded.spaces.values()
    )
