"""How each deed is done: on a phone that syncs, or by the route that is for it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.ids import RecordId
from domain.prompt_kinds import PROMPTS
from domain.times import written
from tests import people
from tests.people import ok
from tests.world import Device

if TYPE_CHECKING:
    from tests.worlds.life import Deed
    from tests.worlds.world import World

ANAS_ZONE = "Europe/Berlin"
ZONES = ("UTC", "Asia/Kolkata", "America/New_York", "Pacific/Kiritimati", "Australia/Lord_Howe", "Africa/Casablanca")


async def do(world: "World", deed: "Deed") -> None:
    """Do it now. Ids are drawn from the deed's own seed: the same deed makes the same record in any world."""
    chance = Random(deed.seed)
    hand = Hand(world, deed.who, chance)
    hand.phone.chance = Random(f"{deed.seed}/ids")
    # What the phone writes goes by what it has seen: that must not depend on when it was looked at last.
    await hand.phone.sync()
    await DOES[deed.what](hand)
    told = await hand.phone.sync()
    assert all(each.status in ("applied", "merged") for each in told), (deed.what, told)


class Hand:
    """Somebody at their phone."""

    def __init__(self, world: "World", who: str, chance: Random) -> None:
        self.world, self.who, self.chance = world, who, chance
        self.someone, self.phone = world.persons[who], world.phones[who]
        self.client, self.couple, self.now = world.client, world.couple, world.clock()

    def make(self, kind: str, **fields: Any) -> RecordId:
        return self.phone.make(kind, **fields)

    def today(self, zone: str = ANAS_ZONE) -> date:
        return self.now.astimezone(ZoneInfo(zone)).date()

    def words(self) -> str:
        return f"words {self.chance.randrange(10**6)}"

    def newest(self, kind: str, *, by: str, **fields: Any) -> RecordId | None:
        """The newest record of a kind that this phone shows, of somebody, with these fields."""
        author = self.world.persons[by].id
        found = [
            each
            for each in self.phone.view(kind)
            if not each.removed and each.author == author and fields.items() <= each.fields.items()
        ]
        return max(found, key=lambda each: (each.version, each.id)).id if found else None


# What both see


async def give_letter(hand: Hand) -> None:
    hand.make("note_draft", for_couple=hand.couple, for_what=hand.words(), send=True, delivery="now")


async def ask(hand: Hand) -> None:
    hand.make("support_request", form=hand.chance.choice(["listen", "company", "practical"]))


async def repair(hand: Hand) -> None:
    hand.make("repair", form="start_again")


async def propose(hand: Hand) -> None:
    hand.make("goal_terms", goal=hand.make("goal"), title=hand.words())


async def answer(hand: Hand) -> None:
    """Answer what the other has asked or proposed last, as far as there is something."""
    other = "ben" if hand.who == "ana" else "ana"
    request = hand.newest("support_request", by=other, state="open")
    if request is not None:
        hand.make("response", to=request, form="heard_you")
    proposed = [each for each in hand.phone.view("goal") if each.fields["state"] == "proposed"]
    for goal in sorted(proposed, key=lambda each: each.id):
        terms = hand.phone.shown(RecordId(UUID(goal.fields["open_terms"][-1])))
        if terms is not None and terms.author == hand.world.persons[other].id:
            hand.make("goal_act", goal=goal.id, terms=terms.id, act="accept")
            return


async def show_mood(hand: Hand) -> None:
    hand.make(
        "check_in",
        local_date=hand.today().isoformat(),
        valence=hand.chance.randint(-4, 4),
        audience=hand.couple,
        shared_parts=["mood"],
        let_them_know=True,
    )


async def tell_of_own_goal(hand: Hand) -> None:
    hand.phone.write(RecordId(UUID(hand.world.records["shown goal"])), latest=hand.words())


async def show_space(hand: Hand) -> None:
    until = hand.now + timedelta(hours=hand.chance.randint(3, 20))
    shown = {"audience": hand.couple, "visibility": "effect"}
    hand.make("boundary", form="space", zone="UTC", until=written(until), **shown)


async def pause(hand: Hand) -> None:
    hand.make("pause", minutes=hand.chance.randint(60, 300))


async def mark_done(hand: Hand) -> None:
    """Say that the goal is reached of which the other has said so."""
    goal, terms = hand.world.records["marked goal"], hand.world.records["marked terms"]
    hand.make("goal_act", goal=goal, terms=terms, act="mark_done")


# What is one's own


async def check_in(hand: Hand) -> None:
    hand.make(
        "check_in", local_date=hand.today().isoformat(), valence=hand.chance.choice([-4, -4, 1, 3]), text=hand.words()
    )


async def reflect(hand: Hand) -> None:
    hand.make("reflection", trigger=hand.words())


async def balance(hand: Hand) -> None:
    hand.make("balance_note", month=f"{hand.now:%Y-%m}", line=hand.words())


async def draft(hand: Hand) -> None:
    hand.make("note_draft", for_what=hand.words())


async def own_goal(hand: Hand) -> None:
    hand.make("own_goal", title=hand.words())


async def choose(hand: Hand) -> None:
    """Change what the settings say of prompts, one by one."""
    chance = hand.chance
    chosen: dict[str, Any] = {f"prompt_{kind}": chance.randint(0, 3) for kind in chance.sample(sorted(PROMPTS), 2)}
    if chance.random() < 0.5:
        start, end = chance.randint(19, 23), chance.randint(5, 9)
        chosen["quiet"] = [{"weekday": day, "from": f"{start}:30", "to": f"0{end}:15"} for day in range(7)]
    chosen["push_privacy"] = chance.choice(["hidden", "discreet", "descriptive"])
    chosen["invite_at"] = f"{chance.randint(10, 19)}:{chance.randint(10, 59)}"
    hand.phone.write(hand.phone.only("settings").id, **chosen)


async def travel(hand: Hand) -> None:
    hand.phone.write(hand.phone.only("settings").id, zone=hand.chance.choice(ZONES))


async def take_space(hand: Hand) -> None:
    until = hand.now + timedelta(hours=hand.chance.randint(1, 3))
    hand.make("boundary", form="space", zone=ANAS_ZONE, until=written(until))


async def silent_space(hand: Hand) -> None:
    until = hand.now + timedelta(hours=hand.chance.randint(3, 30))
    hand.make("boundary", form="space", zone="UTC", until=written(until), note_private=hand.words())


async def silent_windows(hand: Hand) -> None:
    windows = [{"weekday": day, "from": "12:00", "to": f"{hand.chance.randint(13, 18)}:00"} for day in range(7)]
    hand.make("boundary", form="quiet_hours", zone="UTC", windows=windows, max_prompts_a_day=1)


async def shelve(hand: Hand) -> None:
    letter = hand.newest("note", by="ana")
    if letter is not None:
        shelf = next((each.id for each in hand.phone.view("shelf") if each.fields["about"] == str(letter)), None)
        chosen = {"kept": hand.chance.random() < 0.5, "felt_heard": hand.chance.randint(1, 5)}
        if shelf is None:
            hand.make("shelf", about=letter, **chosen)
        else:
            hand.phone.write(shelf, **chosen)


async def plan_step(hand: Hand) -> None:
    """Set a day and a time for one's own step."""
    at = hand.now.astimezone(ZoneInfo(ANAS_ZONE)) + timedelta(hours=hand.chance.randint(2, 30))
    step = hand.world.records[f"{hand.who}'s step"]
    hand.make("step_date", step=step, on=f"{at:%Y-%m-%d}", at=f"{at:%H:%M}")


async def sign_in(hand: Hand) -> None:
    """Come with a further device, which syncs and can be reached."""
    device = UUID(int=hand.chance.getrandbits(128), version=4)
    other = await people.another_device(hand.client, hand.someone, device)
    await reached(hand.world, other, f"ben:{device}", "android")
    hand.world.others.append(other)
    await ok(hand.client.post("/v1/sync", headers=other.headers, json={"schema": 1}))


async def sign_out(hand: Hand) -> None:
    """Sign the newest further device out."""
    if hand.world.others:
        await ok(hand.client.post("/v1/sign-out", headers=hand.world.others.pop().headers))


async def reach_anew(hand: Hand) -> None:
    """Be called something else by FCM from now on, as after an update of the app."""
    await reached(hand.world, hand.someone, f"{hand.who}:{hand.chance.randrange(10**6)}", "ios")


async def reach_no_more(hand: Hand) -> None:
    await ok(hand.client.delete("/v1/devices/current/push-target", headers=hand.someone.headers))


async def say_no_to_push(hand: Hand) -> None:
    await people.consent(hand.client, hand.someone, "push", given=False)
    if hand.chance.random() < 0.5:
        await people.consent(hand.client, hand.someone, "push")
        await reach_anew(hand)


async def look(hand: Hand) -> None:
    """Read what there is by every way that there is, and write nothing."""
    for path in ("/v1/me", "/v1/devices", "/v1/watermelon/sync?schema=1", "/v1/rxdb/records/pull"):
        await ok(hand.client.get(path, headers=hand.someone.headers))


async def reached(world: "World", someone: people.Person, value: str, platform: str) -> None:
    """Let this device be reached so, if its person agrees to being reached."""
    target = {"kind": "token", "value": value, "platform": platform}
    answer = await world.client.put("/v1/devices/current/push-target", headers=someone.headers, json=target)
    assert answer.status_code in (204, 403), answer.text


Does = Callable[[Hand], Awaitable[None]]

DOES: Mapping[str, Does] = {
    does.__name__: does
    for does in (
        *(give_letter, ask, repair, propose, answer, show_mood, tell_of_own_goal, show_space, pause, mark_done),
        *(check_in, reflect, balance, draft, own_goal, choose, travel, take_space, silent_space, silent_windows),
        *(shelve, plan_step, sign_in, sign_out, reach_anew, reach_no_more, say_no_to_push, look),
    )
}


async def begin(world: "World") -> None:
    """Bring the two together, with all that the deeds go back to, on phones that can be reached."""
    ana, ben = await people.couple(world.client)
    world.couple = (await people.me(world.client, ana))["couple"]["id"]
    for name, someone in (("ana", ana), ("ben", ben)):
        world.add(name, someone)
        await reached(world, someone, f"{name}:first", "android")
    tablet = await people.another_device(world.client, ana)
    await reached(world, tablet, "ana:tablet", "ios")
    for phone in world.phones.values():
        await phone.sync()
    await _settle_in(world, world.phones["ana"], world.phones["ben"])


async def _settle_in(world: "World", ana: Device, ben: Device) -> None:
    often = {"check_in_invite": 7, "appreciation_spark": 2, "reflection_invite": 1, "balance_invite": 1}
    chosen = {f"prompt_{kind}": times for kind, times in (often | {"goal_lookback": 1, "own_goal_cheer": 1}).items()}
    for phone, zone in ((ana, ANAS_ZONE), (ben, "UTC")):
        phone.write(phone.only("settings").id, zone=zone, day_cap=3, week_cap=14, wake_ups=True, **chosen)
        await phone.sync()
    shown = ben.make(
        "own_goal",
        title="Swim",
        support_wanted="encouragement",
        audience=world.couple,
        shared_parts=["latest"],
        let_them_know=True,
    )
    await ben.sync()
    world.records = {"shown goal": str(shown)}
    await _agree(world, ana, ben)


async def _agree(world: "World", ana: Device, ben: Device) -> None:
    """Two goals that both want; Ana has said of one that it is reached, and each has taken a step of the other one."""
    goals = [ana.make("goal") for _ in range(2)]
    terms = [ana.make("goal_terms", goal=goal, title="Walk") for goal in goals]
    steps = {name: ana.make("step", goal=goals[0], title=f"A step for {name}") for name in ("ana", "ben")}
    for phone in (ana, ben):
        await phone.sync()
    for goal, each in zip(goals, terms, strict=True):
        ben.make("goal_act", goal=goal, terms=each, act="accept")
    for name, phone in (("ana", ana), ("ben", ben)):
        phone.write(steps[name], taken_by=[str(world.persons[name].id)])
        await phone.sync()
    await ana.sync()
    ana.make("goal_act", goal=goals[1], terms=terms[1], act="mark_done")
    await ana.sync()
    world.records |= {"marked goal": str(goals[1]), "marked terms": str(terms[1])}
    world.records |= {f"{name}'s step": str(step) for name, step in steps.items()}
