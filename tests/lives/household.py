"""A home of these lives on the real server: what the two do goes through their phones, and the home knows of it."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import httpx
from msgspec.structs import replace

from domain.ids import CoupleId, RecordId
from domain.prompt_kinds import PROMPTS
from domain.quiet import Boundary
from domain.shapes import windows_of
from domain.times import written
from tests import people
from tests.clocks import StillClock
from tests.journeys.phones import Phone
from tests.lives.lives import ARRIVALS, Deed, Home

CHECK_INS_A_DAY = 6
LETTERS_A_DAY = 8
GOALS_SHOWN = 40
STEPS_A_GOAL = 25
BOUNDARIES = 20
"""What the server refuses beyond is not tried here: `tests/rules` has the refusals."""
PLATFORMS = ("android", "ios", "web")


class Household:
    """Two people with a phone each. `home` has what is so of them, and `live` lets one of them do something.

    Where the server knows less of an act than they do (a pause, a request: the other may have moved the record since),
    what the home has of `used_at` is what the server can know.
    """

    def __init__(
        self, home: Home, client: httpx.AsyncClient, clock: StillClock, persons: tuple[people.Person, people.Person]
    ) -> None:
        self.home, self.client, self.clock, self.persons = home, client, clock, persons
        self.phones = [Phone(client, each, limit=500) for each in persons]
        self.shown: set[RecordId] = set()
        """Boundaries that the other may see, as the home calls them."""
        self._has_app = [True, True]
        self._values = Counter[int]()
        self._made_at: datetime | None = None
        self._real: dict[RecordId, RecordId] = {}
        """What the home calls otherwise than the server does."""
        self._diary: list[RecordId | None] = [None, None]
        self._check_ins = Counter[tuple[int, date]]()
        self._letters = Counter[tuple[int, date]]()
        self._goals_shown: list[list[RecordId]] = [[], []]
        self._begin_together()
        for who, each in enumerate(persons):
            home.two[who].id = each.id
            self.phones[who].device.now_ms = lambda: int((self._made_at or clock()).timestamp() * 1000)
            home.two[who].reachable = False

    def _begin_together(self) -> None:
        self._requests: list[list[RecordId]] = [[], []]
        self._steps_of: RecordId | None = None
        self._steps = 0
        self._together: tuple[RecordId, RecordId] | None = None
        """The goal that is active, and its terms."""

    async def move_in(self) -> None:
        """Let them pair, choose their settings, and be reached."""
        await self._paired(0)
        for who in (0, 1):
            await self.phones[who].sync()
            await self._tell_settings(who)
            await self._reach(who)

    async def live(self, deed: Deed) -> None:
        """Let one of the two do this."""
        await getattr(self, f"_{deed.what}")(deed.who, deed)
        await self._reach(deed.who)

    def value(self, who: int) -> str:
        """What FCM calls this phone: another name each time that it had to be registered anew."""
        return f"{self.persons[who].id}:{self._values[who]}"

    def lost(self, who: int) -> None:
        """FCM knows this phone no more; its app will register when it is used next."""
        self.home.two[who].reachable = False

    # The account -----------------------------------------------------------------------------------------------

    async def _reach(self, who: int) -> None:
        own, headers = self.home.two[who], self.persons[who].headers
        wanted = self._has_app[who] and own.consents
        if wanted and not own.reachable:
            self._values[who] += 1
            target = {"kind": "token", "value": self.value(who), "platform": PLATFORMS[self._values[who] % 3]}
            await people.ok(self.client.put("/v1/devices/current/push-target", headers=headers, json=target))
        elif own.reachable and not wanted and own.consents:
            await people.ok(self.client.delete("/v1/devices/current/push-target", headers=headers))
        own.reachable = wanted

    async def _consent(self, who: int, deed: Deed) -> None:
        own = self.home.two[who]
        before = own.consents
        self.home.do(deed)
        if own.consents != before:
            await people.consent(self.client, self.persons[who], "push", given=own.consents)

    async def _device(self, who: int, deed: Deed) -> None:
        own = self.home.two[who]
        before = own.reachable
        self.home.do(deed)
        self._has_app[who], own.reachable = own.reachable, before

    async def _part(self, who: int, deed: Deed) -> None:
        couple = self.home.couple
        if couple is None:
            return
        await people.ok(people.part(self.client, self.persons[who], couple))
        self.home.do(deed)
        self.shown.clear()
        for own in self.home.two:
            own.steps = {key: replace(each, open=False) for key, each in own.steps.items()}
            own.gave_at = None
        for phone in self.phones:
            await phone.sync()

    async def _pair(self, who: int, _: Deed) -> None:
        if self.home.couple is None:
            await self._paired(who)

    async def _paired(self, who: int) -> None:
        couple = await people.pair(self.client, self.persons[who], self.persons[1 - who])
        self.home.pair(self.clock())
        self.home.couple = CoupleId(couple)
        self._begin_together()
        for phone in self.phones:
            await phone.sync()

    # Of their own ----------------------------------------------------------------------------------------------

    async def _use(self, who: int, deed: Deed) -> None:
        self.home.do(deed)
        diary = self._diary[who]
        if diary is None:
            self._diary[who] = self.phones[who].edit("own_goal", title="To write", latest="a")
        else:
            self.phones[who].edit("own_goal", diary, latest=f"{deed.at}")
        await self._sync(who)

    async def _check_in(self, who: int, deed: Deed) -> None:
        day = self.home.two[who].clock.day(deed.at)
        if self._check_ins[who, day] >= CHECK_INS_A_DAY:
            return
        self._check_ins[who, day] += 1
        self.home.do(deed)
        valence = self.home._chance(deed).randint(-4, 4)
        self.phones[who].edit("check_in", local_date=day.isoformat(), valence=valence)
        await self._sync(who)

    async def _reflect(self, who: int, deed: Deed) -> None:
        self.home.do(deed)
        self.phones[who].edit("reflection", trigger="a word")
        await self._sync(who)

    async def _balance(self, who: int, deed: Deed) -> None:
        self.home.do(deed)
        self.phones[who].edit("balance_note", month=f"{self.home.two[who].clock.day(deed.at):%Y-%m}", line="a")
        await self._sync(who)

    async def _draft(self, who: int, deed: Deed) -> None:
        own = self.home.two[who]
        gave_at = own.gave_at
        self.home.do(deed)
        # What is not sent is not given.
        own.gave_at = gave_at
        self.phones[who].edit("note_draft", for_what="the soup")
        await self._sync(who)

    async def _settings(self, who: int, deed: Deed) -> None:
        self.home.do(deed)
        await self._tell_settings(who)

    async def _travel(self, who: int, deed: Deed) -> None:
        own = self.home.two[who]
        before = own.zone
        self.home.do(deed)
        if own.zone != before:
            own.act(deed.at)
            await self._tell_settings(who)

    async def _tell_settings(self, who: int) -> None:
        own, phone = self.home.two[who], self.phones[who]
        # No field says how often somebody asked for less.
        own.seldom = {}
        [settings] = phone.all("settings")
        phone.edit(
            "settings",
            settings.id,
            zone=own.zone,
            locale="de" if settings.fields["locale"] == "en" else "en",
            quiet=own.windows,
            quiet_off=own.quiet_off,
            invite_at=f"{own.invite_at:%H:%M}",
            day_cap=own.day_cap,
            week_cap=own.week_cap,
            **{f"prompt_{name}": own.wanted[name] for name in PROMPTS},
        )
        own.act(self.clock())
        await self._sync(who)

    async def _boundary(self, who: int, deed: Deed) -> None:
        own = self.home.two[who]
        before = set(own.boundaries)
        self.home.do(deed)
        for name in own.boundaries.keys() - before:
            await self._tell_boundary(who, own.boundaries[name])

    async def _show_space(self, who: int, deed: Deed) -> None:
        own = self.home.two[who]
        if self.home.couple is None or len(own.boundaries) >= BOUNDARIES:
            return
        hours = self.home._chance(deed).choice([2, 20, 100])
        space = Boundary(
            record=self.home.new_record(),
            is_space=True,
            begins=deed.at,
            until=deed.at + timedelta(hours=hours),
        )
        own.boundaries[space.record] = space
        own.act(deed.at)
        self.shown.add(space.record)
        await self._tell_boundary(who, space)

    async def _tell_boundary(self, who: int, boundary: Boundary) -> None:
        is_shown = boundary.record in self.shown
        self._real[boundary.record] = self.phones[who].edit(
            "boundary",
            form="space" if boundary.is_space else "quiet_hours",
            zone="UTC",
            windows=windows_of(set(boundary.covered)),
            max_prompts_a_day=boundary.most_a_day,
            audience=str(self.home.couple) if is_shown else "only_me",
            visibility="effect" if is_shown else "silent",
            **{"from": _said(boundary.begins), "until": _said(boundary.until)},
        )
        await self._sync(who)

    async def _end_boundary(self, who: int, deed: Deed) -> None:
        own = self.home.two[who]
        before = dict(own.boundaries)
        self.home.do(deed)
        for name, boundary in before.items():
            if name not in own.boundaries:
                self.phones[who].remove(self._real[name])
            elif own.boundaries[name] != boundary:
                self.phones[who].edit("boundary", self._real[name], until=_said(own.boundaries[name].until))
        if own.boundaries != before:
            own.act(deed.at)
            await self._sync(who)

    async def _step_date(self, who: int, deed: Deed) -> None:
        own, phone = self.home.two[who], self.phones[who]
        if self.home.couple is None:
            return
        before = dict(own.steps)
        self.home.do(deed)
        await phone.sync()
        for name, step in before.items():
            if name not in own.steps:
                phone.remove(self._real[name])
            elif own.steps[name].open != step.open:
                phone.edit("step", RecordId(UUID(phone.fields(self._real[name])["step"])), done=True)
                # A step that is done is of a goal, too.
                own.act(deed.at, "step", "goal_act")
        for name in own.steps.keys() - before.keys():
            if self._steps_of is None or self._steps % STEPS_A_GOAL == 0:
                self._steps_of = phone.edit("goal")
            self._steps += 1
            mine = phone.edit("step", goal=self._steps_of, title="Ask", taken_by=[str(own.id)])
            new = own.steps[name]
            self._real[name] = phone.edit("step_date", step=mine, on=new.on.isoformat(), at=f"{new.at:%H:%M}")
        await self._sync(who)

    # For the other ---------------------------------------------------------------------------------------------

    async def _fetch(self, who: int, deed: Deed) -> None:
        self.home.do(deed)
        await self.phones[who].sync()

    async def _leave(self, who: int, deed: Deed) -> None:
        if self.home.couple is not None:
            kind = self.home._chance(deed).choice([*ARRIVALS, "letter_arrived", "letter_arrived"])
            await getattr(self, f"_leave_{kind}")(who, deed)

    async def _leave_letter_arrived(self, who: int, deed: Deed) -> None:
        own = self.home.two[who]
        if not self._may_write(who, deed):
            return
        if deed.nth % 3:
            own.act(deed.at, "note_draft")
            own.gave_at = deed.at
            self.phones[who].edit(
                "note_draft", for_couple=str(self.home.couple), for_what="the soup", send=True, delivery="now"
            )
        else:
            own.act(deed.at)
            self.phones[who].edit("support_offer", text="I could cook.")
        await self._sync(who)

    async def _leave_request_arrived(self, who: int, deed: Deed) -> None:
        self._requests[who].append(self.phones[who].edit("support_request", form="listen"))
        self.home.two[who].done.append((deed.at, ()))
        await self._sync(who)

    async def _leave_window_opened(self, who: int, deed: Deed) -> None:
        await self._show_goal(who, deed, "none")

    async def _leave_own_goal_cheer(self, who: int, deed: Deed) -> None:
        await self._show_goal(who, deed, "encouragement")

    async def _show_goal(self, who: int, deed: Deed, wanted: str) -> None:
        if len(self._goals_shown[who]) >= GOALS_SHOWN:
            return
        self.home.two[who].act(deed.at)
        shown = self.phones[who].edit(
            "own_goal",
            title="To swim",
            latest="a first length",
            audience=str(self.home.couple),
            shared_parts=["latest"],
            let_them_know=True,
            support_wanted=wanted,
        )
        self._goals_shown[who].append(shown)
        await self._sync(who)

    async def _leave_proposal_arrived(self, who: int, deed: Deed) -> None:
        await self._propose(who, deed)

    async def _leave_goal_achieved(self, who: int, deed: Deed) -> None:
        goal, terms = await self._propose(who, deed)
        await self._act(1 - who, deed, goal, terms, "accept", "mark_done")
        await self._act(who, deed, goal, terms, "mark_done")

    async def _goal(self, who: int, deed: Deed) -> None:
        """They take something on together, go on with it, or let it go."""
        if self.home.couple is None:
            return
        wants_one = self.home._chance(deed).random() < 0.8
        if wants_one and self._together is None:
            self._together = await self._propose(who, deed)
            await self._act(1 - who, deed, *self._together, "accept")
        elif self._together is not None:
            goal, terms = self._together
            if wants_one:
                self.phones[who].edit("progress", goal=goal, on=self.home.two[who].clock.day(deed.at).isoformat())
                self.home.two[who].act(deed.at, "goal_act")
                await self._sync(who)
            else:
                await self._act(who, deed, goal, terms, "let_go")
                self._together = None
        self.home.has_goal = self._together is not None

    async def _propose(self, who: int, deed: Deed) -> tuple[RecordId, RecordId]:
        goal = self.phones[who].edit("goal")
        terms = self.phones[who].edit("goal_terms", goal=goal, title=f"To walk {deed.at} {deed.nth}")
        self.home.two[who].act(deed.at, "goal_act")
        await self._sync(who)
        return goal, terms

    async def _act(self, who: int, deed: Deed, goal: RecordId, terms: RecordId, *acts: str) -> None:
        await self.phones[who].sync()
        for act in acts:
            self.phones[who].edit("goal_act", goal=goal, terms=terms, act=act)
        self.home.two[who].act(deed.at, "goal_act")
        await self._sync(who)

    async def _take_back(self, who: int, deed: Deed) -> None:
        if self.home.couple is None:
            return
        if self._requests[who]:
            self.phones[who].remove(self._requests[who].pop())
        elif self._goals_shown[who]:
            self.phones[who].edit("own_goal", self._goals_shown[who].pop(), let_them_know=False)
            self.home.two[who].act(deed.at)
        await self._sync(who)

    async def _not_ready(self, who: int, deed: Deed) -> None:
        """The other makes a first step, and they are not ready for it."""
        if self.home.couple is None or not self._may_write(1 - who, deed):
            return
        repair = self.phones[1 - who].edit("repair", form="start_again", text="Shall we?")
        self.home.two[1 - who].act(deed.at)
        await self._sync(1 - who)
        await self.phones[who].sync()
        self.phones[who].edit("response", to=repair, form="not_ready_yet")
        self.home.two[who].act(deed.at)
        await self._sync(who)

    async def _begin_pause(self, who: int, deed: Deed) -> None:
        before, used_at = set(self.home.pauses), self.home.two[who].used_at
        self.home.do(deed)
        self.home.two[who].used_at = used_at
        for name in self.home.pauses.keys() - before:
            pause = self.home.pauses[name]
            self._made_at = pause.started_at
            minutes = int((pause.return_at - pause.started_at).total_seconds() // 60)
            self._real[name] = self.phones[who].edit("pause", minutes=minutes)
            self._made_at = None
            await self._sync(who)

    async def _lengthen_pause(self, who: int, deed: Deed) -> None:
        if self.home.couple is None:
            return
        for name, pause in list(self.home.pauses.items())[-1:]:
            minutes = self.home._chance(deed).choice([240, 1440])
            longer = pause.started_at + timedelta(minutes=minutes)
            if longer > pause.return_at:
                back = pause.resumed_by - {self.home.two[who].id}
                self.home.pauses[name] = replace(pause, return_at=longer, resumed_by=back)
                await self.phones[who].sync()
                self.phones[who].edit("pause", self._real[name], minutes=minutes)
                await self._sync(who)

    async def _resume(self, who: int, deed: Deed) -> None:
        before = dict(self.home.pauses)
        if self.home.couple is None:
            return
        self.home.do(deed)
        await self.phones[who].sync()
        for name, pause in self.home.pauses.items():
            if pause != before[name]:
                back = sorted(str(each) for each in pause.resumed_by)
                self.phones[who].edit("pause", self._real[name], resumed_by=back, set_aside=pause.set_aside)
        await self._sync(who)

    def _may_write(self, who: int, deed: Deed) -> bool:
        day = self.home.two[who].clock.day(deed.at)
        self._letters[who, day] += 1
        return self._letters[who, day] <= LETTERS_A_DAY

    async def _sync(self, who: int) -> None:
        phone = self.phones[who]
        heard = len(phone.device.outcomes)
        await phone.sync()
        others = [each for each in phone.device.outcomes[heard:] if each.status != "applied"]
        assert not others, others


def _said(instant: datetime | None) -> str | None:
    return None if instant is None else written(instant.astimezone(UTC))
