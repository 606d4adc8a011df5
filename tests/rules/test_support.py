"""Support: asked for by name, answered or lapsed in silence, withdrawn for the other alone; and offered."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from domain.ids import PersonId, RecordId, SpaceId
from domain.kind import Around, Derived
from domain.kinds import KINDS, judged
from domain.records import Record
from domain.refusals import Refusal
from domain.responses import FORMS
from domain.support import LAPSES_AFTER, STATES, SUPPORT_OFFER, SUPPORT_REQUEST, request_state
from sync import rxdb, service
from sync.bodies import decoded
from sync.ports import Row
from sync.watermelon import pull as watermelon_pull
from sync.wire import Origin, Outcome, SyncRequest
from sync.withheld import as_told, stands_open
from tests.pair import NOON, Pair, change, in_memory, sent
from tests.world import Device, World

ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
ASKED = {"form": "company", "text": "Would you sit with me?", "when": "today"}


@pytest.fixture
async def pair() -> Pair:
    return await in_memory()


async def ask(pair: Pair, **values: Any) -> UUID:
    request = uuid4()
    made = change("support_request", request, ASKED | values, couple=pair.couple)
    assert (await pair.one(pair.ana.phone, made)).status == "applied"
    return request


async def edit(
    pair: Pair,
    request: UUID,
    values: dict[str, Any] | None = None,
    *,
    base: int | None = None,
    tablet: bool = False,
    **rest: Any,
) -> Outcome:
    at = (await pair.look(pair.ana, request)).version if base is None else base
    who = pair.ana.tablet if tablet else pair.ana.phone
    return await pair.one(who, change("support_request", request, values, base=at, couple=pair.couple, **rest))


async def answer(pair: Pair, to: UUID, form: str = "here_with_you", who: Any = None, **values: Any) -> Outcome:
    made = change("response", uuid4(), {"to": str(to), "form": form} | values, couple=pair.couple)
    return await pair.one(who or pair.ben.phone, made)


async def state(pair: Pair, request: UUID) -> str:
    """How a request stands for whoever looks now, by the instant that is stored with it."""
    assert SUPPORT_REQUEST.passing is not None
    stored = (await pair.look(pair.ana, request)).fields
    assert stored["state"] in STATES, "what passes by time alone is never stored"
    return str(SUPPORT_REQUEST.passing.shown(stored, pair.now)["state"])


async def told(pair: Pair, who: Any) -> Row:
    """The request as the native protocol gives it to this person's devices."""
    page = await pair.page(who)
    [row] = [each for each in page.rows if each.kind == "support_request"]
    return as_told(row, who.person, page.spaces)


# What fits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fits", "not_"),
    [
        ("text", "x" * 1000, "x" * 1001),
        ("form", "space_from_topic", "Listen"),
        ("when", "no_hurry", ""),
    ],
)
def test_what_fits_into_a_request(name: str, fits: Any, not_: Any) -> None:
    assert judged(SUPPORT_REQUEST, {name: fits}) == {name: fits}
    assert judged(SUPPORT_REQUEST, {name: not_}) is Refusal.INVALID
    assert SUPPORT_REQUEST.needed == ("form",)
    assert judged(SUPPORT_REQUEST, {"state": "answered"}) is Refusal.SERVER_OWNED


def test_an_offer_needs_its_text_and_no_answer() -> None:
    assert SUPPORT_OFFER.needed == ("text",)
    assert SUPPORT_OFFER.fields["no_answer_needed"].shape.empty is True
    assert judged(SUPPORT_OFFER, {"text": "x" * 500}) == {"text": "x" * 500}
    assert judged(SUPPORT_OFFER, {"text": "x" * 501}) is Refusal.INVALID


# How it stands -------------------------------------------------------------------------------------------------


def a_request(**rest: Any) -> Record:
    fields = {name: field.shape.empty for name, field in SUPPORT_REQUEST.fields.items()} | ASKED
    fields |= {"state": rest.pop("state", "open")}
    space, identity = SpaceId(UUID(int=5)), RecordId(UUID(int=6))
    return Record(
        space=space, kind="support_request", id=identity, version=3, created=3, author=ANA, fields=fields, **rest
    )


def an_answer() -> Record:
    return replace(a_request(), kind="response", author=BEN, fields={"to": str(UUID(int=6)), "form": "heard_you"})


HOUR = timedelta(hours=1)
IN_THREE_DAYS = "2026-11-26T12:00:00Z"


@pytest.mark.parametrize(
    ("was", "answers", "came"), [("open", 0, "open"), ("open", 1, "answered"), ("answered", 2, "answered")]
)
def test_a_request_is_open_or_answered(was: str, answers: int, came: str) -> None:
    around = Around(members=frozenset({ANA, BEN}), today=NOON.date())
    assert request_state(a_request(state=was), [an_answer()] * answers, around) == Derived({"state": came})
    assert LAPSES_AFTER == 72 * HOUR


@pytest.mark.parametrize(
    ("state", "lapses_at", "now", "shown"),
    [
        ("open", IN_THREE_DAYS, NOON + 72 * HOUR - timedelta(microseconds=1), "open"),
        ("open", IN_THREE_DAYS, NOON + 72 * HOUR, "lapsed"),
        ("answered", IN_THREE_DAYS, NOON + 73 * HOUR, "answered"),
        ("open", None, NOON + 999 * HOUR, "open"),
        ("a_newer_one", IN_THREE_DAYS, NOON + 73 * HOUR, "a_newer_one"),
    ],
)
def test_whoever_shows_a_request_derives_that_it_has_lapsed(state: str, lapses_at: Any, now: Any, shown: str) -> None:
    fields = {"state": state, "lapses_at": lapses_at, "form": "listen"}
    assert SUPPORT_REQUEST.passing is not None
    assert SUPPORT_REQUEST.passing.shown(fields, now) == fields | {"state": shown}
    assert fields["state"] == state, "what was told stays as it was"


async def test_a_request_is_open_until_it_is_answered(pair: Pair) -> None:
    """F2: Ana asks for company, Ben answers; no number about either exists anywhere."""
    request = await ask(pair)
    assert await state(pair, request) == "open"
    await answer(pair, request, "yes_at", on="2026-11-23", at="18:00")
    stored = await pair.look(pair.ana, request)
    assert (stored.fields["state"], stored.fields["lapses_at"]) == ("answered", IN_THREE_DAYS)
    assert all(not isinstance(value, int) or isinstance(value, bool) for value in stored.fields.values())


async def test_an_unanswered_request_lapses_after_three_days_and_nothing_moves_by_it(pair: Pair) -> None:
    """F4: Three days pass unanswered; nobody is told, nothing is counted."""
    request = await ask(pair)
    before = await pair.page(pair.ana), await pair.page(pair.ben)
    pair.now = NOON + LAPSES_AFTER - timedelta(seconds=1)
    assert await state(pair, request) == "open"
    pair.now = NOON + LAPSES_AFTER
    assert await state(pair, request) == "lapsed"
    moved = await service.give_due(pair.store, pair.keys, pair.ana.phone, RecordId(request), pair.now)
    assert moved == {}, "the worker finds nothing to do"
    assert (await pair.page(pair.ana), await pair.page(pair.ben)) == before
    assert (await pair.look(pair.ana, request)).due_at is None, "and does not look for it"


async def test_a_lapsed_request_is_answered_by_a_late_answer(pair: Pair) -> None:
    request = await ask(pair)
    pair.now += LAPSES_AFTER
    assert await state(pair, request) == "lapsed"
    assert (await answer(pair, request)).status == "applied"
    assert await state(pair, request) == "answered"


async def test_editing_a_request_does_not_make_it_younger(pair: Pair) -> None:
    request = await ask(pair)
    pair.now += 71 * HOUR
    await edit(pair, request, {"text": "Still."}, was={"text": ASKED["text"]})
    pair.now += HOUR
    assert await state(pair, request) == "lapsed"
    await edit(pair, request, {"when": "now"}, was={"when": "today"})
    assert await state(pair, request) == "lapsed", "it was asked when it was asked"


async def test_a_phone_that_was_offline_for_long_asks_when_its_request_comes(pair: Pair) -> None:
    request = uuid4()
    made = change("support_request", request, ASKED, couple=pair.couple, age_ms=80 * 3_600_000)
    assert (await pair.one(pair.ana.phone, made)).status == "applied"
    assert (await pair.look(pair.ana, request)).fields["lapses_at"] == IN_THREE_DAYS


async def test_until_when_a_request_waits_is_the_server_s_to_say(pair: Pair) -> None:
    request = await ask(pair)
    assert (await edit(pair, request, {"lapses_at": "2026-12-24T12:00:00Z"})).code == Refusal.SERVER_OWNED


async def test_withdrawing_and_asking_again_does_not_make_it_younger_either(pair: Pair) -> None:
    request = await ask(pair)
    pair.now += 70 * HOUR
    await edit(pair, request, remove=True)
    pair.now += 3 * HOUR
    await edit(pair, request, remove=False)
    assert await state(pair, request) == "lapsed"


async def test_several_answers_in_one_batch_answer_it_and_a_fourth_is_too_many(pair: Pair) -> None:
    request = await ask(pair)
    values = {"to": str(request), "form": "heard_you"}
    made = [change("response", uuid4(), values | {"text": f"{nth}."}, couple=pair.couple) for nth in range(4)]
    outcomes = await pair.push(pair.ben.phone, *made)
    assert [each.code for each in outcomes] == [None, None, None, Refusal.TOO_MANY]
    assert await state(pair, request) == "answered"


async def test_nobody_answers_their_own_request(pair: Pair) -> None:
    request = await ask(pair)
    assert (await answer(pair, request, who=pair.ana.phone)).code == Refusal.UNKNOWN_PARENT
    assert await state(pair, request) == "open"


@pytest.mark.parametrize("form", sorted({form for forms in FORMS.values() for form in forms}))
@pytest.mark.parametrize("parent", ["support_request", "support_offer", "repair"])
async def test_an_answer_has_a_form_of_its_parent(pair: Pair, parent: str, form: str) -> None:
    values = {"support_request": ASKED, "support_offer": {"text": "Tea?"}, "repair": {"form": "start_again"}}[parent]
    identity = uuid4()
    await pair.one(pair.ana.phone, change(parent, identity, values, couple=pair.couple))
    fits = form in FORMS[parent]
    assert (await answer(pair, identity, form)).code == (None if fits else Refusal.INVALID)


# Who may touch it ----------------------------------------------------------------------------------------------


async def test_the_partner_neither_edits_nor_withdraws_a_request(pair: Pair) -> None:
    request = await ask(pair)
    for rest in ({"values": {"text": "x"}}, {"remove": True}, {"values": {"form": "practical"}, "remove": True}):
        made = change("support_request", request, base=9, couple=pair.couple, **rest)
        assert (await pair.one(pair.ben.phone, made)).code == Refusal.NOT_AUTHOR
    assert (await pair.look(pair.ana, request)).live
    assert await pair.words_for(pair.ben) == []


async def test_one_s_own_two_phones_write_one_request_together(pair: Pair) -> None:
    request = await ask(pair, text="Sit with me. Please.")
    base = (await pair.look(pair.ana, request)).version
    was = {"text": "Sit with me. Please."}
    await edit(pair, request, {"text": "Sit with me tonight. Please."}, base=base, was=was)
    await edit(pair, request, {"text": "Sit with me. Please, do."}, base=base, was=was, tablet=True)
    assert (await pair.look(pair.ana, request)).fields["text"] == "Sit with me tonight. Please, do."


async def test_what_stands_beside_a_request_and_that_it_was_joined_is_its_author_s_alone_to_know(pair: Pair) -> None:
    request = await ask(pair, text="Sit with me.")
    base = (await pair.look(pair.ana, request)).version
    was = {"text": "Sit with me."}
    await edit(pair, request, {"text": "Sit with me tonight."}, base=base, was=was)
    await edit(pair, request, {"text": "Sit with me, now."}, base=base, was=was, tablet=True)
    stored = await pair.look(pair.ana, request)
    assert stored.alternatives["text"]
    bens, anas = await told(pair, pair.ben), await told(pair, pair.ana)
    assert decoded(bens.body).fields == decoded(anas.body).fields == stored.fields
    assert (decoded(bens.body).alternatives, decoded(bens.body).merged) == ({}, ())
    assert decoded(anas.body).alternatives == stored.alternatives
    for who, knows in ((pair.ben, False), (pair.ana, True)):
        answer = await service.sync(pair.store, pair.keys, who.phone, SyncRequest(schema=1), pair.now, uuid4)
        assert ("alternatives" in sent(answer.response)) is knows


# Withdrawing ---------------------------------------------------------------------------------------------------


def test_one_kind_alone_stands_open_in_the_couple_s_space() -> None:
    assert {kind.name for kind in KINDS.values() if stands_open(kind)} == {"support_request"}


async def test_i22_a_withdrawn_request_is_gone_for_the_partner_and_stays_with_its_author(pair: Pair) -> None:
    request = await ask(pair)
    assert (await told(pair, pair.ben)).gone is False
    await edit(pair, request, remove=True)
    row = await told(pair, pair.ben)
    assert (row.gone, row.removed, row.body, row.id) == (True, False, None, request)
    row = await told(pair, pair.ana)
    assert (row.gone, row.removed) == (False, True)
    assert b"sit with me" in (row.body or b"")
    with pytest.raises(service.UnknownRecordError):
        await service.purge(pair.store, pair.keys, pair.ben.phone, "support_request", RecordId(request), pair.now)


async def test_a_request_that_is_asked_again_is_there_again(pair: Pair) -> None:
    request = await ask(pair)
    await edit(pair, request, remove=True)
    await edit(pair, request, {"text": "Now, please."}, was={"text": ASKED["text"]}, remove=False)
    row = await told(pair, pair.ben)
    assert (row.gone, b"Now, please." in (row.body or b"")) == (False, True)


async def test_i22_on_every_protocol_a_withdrawn_request_is_gone_for_the_partner(pair: Pair) -> None:
    request = await ask(pair)
    await edit(pair, request, remove=True)
    common: dict[str, Any] = {"schema": 1, "now": pair.now, "new_epoch": uuid4}
    documents = await rxdb.pull(
        pair.store, pair.keys, pair.ben.phone, "support_request", checkpoint=None, limit=50, **common
    )
    assert str(request) in sent(documents)
    assert "sit with me" not in sent(documents)
    assert [each["_deleted"] for each in documents.documents] == [True]
    tables = await watermelon_pull(pair.store, pair.keys, pair.ben.phone, cursor=None, limit=50, **common)
    assert "sit with me" not in sent(tables)
    native = await service.sync(pair.store, pair.keys, pair.ben.phone, SyncRequest(schema=1), pair.now, uuid4)
    assert "sit with me" not in sent(native.response)
    assert [each.id for each in native.response.gone] == [request]
    mine = await service.sync(pair.store, pair.keys, pair.ana.phone, SyncRequest(schema=1), pair.now, uuid4)
    assert "sit with me" in sent(mine.response)


async def test_an_answer_to_a_withdrawn_request_comes_back_and_one_from_before_stays(pair: Pair) -> None:
    request = await ask(pair)
    await answer(pair, request, text="I am coming.")
    await edit(pair, request, remove=True)
    assert (await answer(pair, request, text="Late.")).code == Refusal.PARENT_GONE
    assert [each["words"] for each in await pair.words_for(pair.ben)] == [{"text": "Late."}]
    assert await pair.words_for(pair.ana) == [], "I35"
    for each in (pair.ana, pair.ben):
        assert [one.fields["text"] for one in await pair.of_kind(each, "response")] == ["I am coming."]


@pytest.mark.parametrize("withdrawn_first", [False, True])
async def test_i10_a_request_that_one_phone_withdraws_stays_withdrawn_whatever_another_writes_meanwhile(
    pair: Pair, *, withdrawn_first: bool
) -> None:
    request = await ask(pair)
    base = (await pair.look(pair.ana, request)).version
    writes: dict[str, Any] = {"values": {"text": "CANARY."}, "was": {"text": ASKED["text"]}}
    for made, tablet in (({"remove": True}, False), (writes, True))[:: 1 if withdrawn_first else -1]:
        await edit(pair, request, base=base, tablet=tablet, **made)
    stored = await pair.look(pair.ana, request)
    assert (stored.removed, stored.fields["text"]) == (True, "CANARY.")
    assert (await told(pair, pair.ben)).gone
    assert [code for code, _ in await pair.told(pair.ana)] == ["kept_private"]
    assert await pair.told(pair.ben) == []
    await edit(pair, request, remove=False)
    assert not (await told(pair, pair.ben)).gone, "who knows both opens it"


async def test_what_was_withdrawn_unread_can_be_asked_again_by_the_other_phone_when_that_knows(pair: Pair) -> None:
    request = await ask(pair)
    base = (await pair.look(pair.ana, request)).version
    await edit(pair, request, {"text": "Now, please."}, was={"text": ASKED["text"]}, tablet=True)
    await edit(pair, request, base=base, remove=True)
    withdrawn = await pair.look(pair.ana, request)
    assert withdrawn.stamp("removed").version == withdrawn.version
    await edit(pair, request, tablet=True, remove=False)
    assert not (await told(pair, pair.ben)).gone


async def test_i10_a_phone_that_does_not_know_of_the_last_withdrawal_brings_nothing_back(pair: Pair) -> None:
    request = await ask(pair)
    await edit(pair, request, remove=True)
    base = (await pair.look(pair.ana, request)).version
    await edit(pair, request, remove=False)
    await edit(pair, request, remove=True)
    outcome = await edit(pair, request, base=base, tablet=True, remove=False)
    assert outcome.status == "superseded"
    assert (await pair.look(pair.ana, request)).removed
    assert outcome.version == (await pair.look(pair.ana, request)).version, "the tablet is told how it stands"


@pytest.mark.parametrize("form", ["company", "listen"])
async def test_the_partner_finds_nothing_out_about_a_withdrawn_request_by_guessing(pair: Pair, form: str) -> None:
    request = await ask(pair)
    await edit(pair, request, remove=True)
    guess = await pair.one(
        pair.ben.phone, change("support_request", request, {"form": form}, couple=pair.couple, base=9)
    )
    assert (guess.status, guess.code, guess.version) == ("refused", Refusal.NOT_AUTHOR, None)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"values": {"text": ASKED["text"]}},
        {"values": {"text": "Would you walk with me?"}},
        {"values": {"when": 5}},
        {"remove": True},
        {"remove": False},
    ],
)
async def test_whatever_the_partner_says_of_a_withdrawn_request_the_answer_is_the_same(
    pair: Pair, said: dict[str, Any]
) -> None:
    request = await ask(pair)
    await edit(pair, request, remove=True)
    made = change("support_request", request, couple=pair.couple, base=9, **said)
    outcome = await pair.one(pair.ben.phone, made)
    assert (outcome.status, outcome.code, outcome.version, outcome.fields) == ("refused", "not_author", None, {})
    assert await pair.words_for(pair.ben) == []


def as_their_own(pair: Pair, request: UUID, **values: Any) -> Any:
    """What a phone of Ben's sends that takes Ana's request for one of his own from before a restore."""
    origin = Origin(author=pair.ben.person)
    return change("support_request", request, values, couple=pair.couple, base=9, origin=origin)


@pytest.mark.parametrize("guess", [ASKED["text"], "Would you walk with me?"])
async def test_after_parting_the_other_s_guess_at_a_request_is_kept_whether_it_is_right_or_wrong(
    pair: Pair, guess: str
) -> None:
    request = await ask(pair)
    pair.store.close(pair.space, ["shown_check_in"])  # type: ignore[attr-defined]
    assert (await pair.one(pair.ben.phone, as_their_own(pair, request, text=guess))).code == Refusal.CLOSED
    assert [each["words"] for each in await pair.words_for(pair.ben)] == [{"text": guess}]


async def test_of_a_request_that_stands_the_other_s_box_keeps_none_of_its_words(pair: Pair) -> None:
    request = await ask(pair)
    outcome = await pair.one(pair.ben.phone, as_their_own(pair, request, text=ASKED["text"], when=5))
    assert outcome.code == Refusal.INVALID
    assert await pair.words_for(pair.ben) == []


async def test_what_its_author_s_withdrawn_request_holds_does_not_come_back_to_them_as_words_without_a_place(
    pair: Pair,
) -> None:
    request = await ask(pair)
    await edit(pair, request, remove=True)
    assert (await edit(pair, request, {"text": ASKED["text"], "when": 5})).code == Refusal.INVALID
    assert await pair.words_for(pair.ana) == []


# Phones --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def phones() -> tuple[World, Device, Device, Device, RecordId]:
    """A world with Ana's phone and tablet, Ben's phone, and a request of hers that all of them have."""
    world = World(seed=9)
    ana, ben = world.person("Ana"), world.person("Ben")
    world.pair(ana, ben)
    phone, tablet, bens = world.device(ana), world.device(ana), world.device(ben)
    await world.settle()
    return world, phone, tablet, bens, phone.make("support_request", form="company", text="Sit with me?")


Phones = tuple[World, Device, Device, Device, RecordId]


async def test_i22_a_withdrawn_request_leaves_the_partner_s_phone_and_comes_again_when_it_is_asked_again(
    phones: Phones,
) -> None:
    world, phone, tablet, bens, request = phones
    await world.settle()
    assert bens.fields(request)["text"] == "Sit with me?"
    tablet.remove(request)
    await world.settle()
    assert (bens.view("support_request"), "Sit with me" in bens.texts()) == ([], False)
    assert phone.replica.view("support_request", removed=True)[0].fields["text"] == "Sit with me?"
    phone.bring_back(request)
    await world.settle()
    assert bens.fields(request) == tablet.fields(request) == world.stored(request).fields


async def test_a_phone_shows_its_own_answer_before_the_server_says_so(phones: Phones) -> None:
    world, phone, _, bens, request = phones
    await world.settle()
    bens.make("response", to=str(request), form="heard_you")
    assert bens.fields(request)["state"] == "answered"
    assert phone.fields(request)["state"] == "open"
    await world.settle()
    assert bens.fields(request) == phone.fields(request) == world.stored(request).fields


async def test_i9_no_restore_opens_a_request_that_another_phone_has_withdrawn_since(phones: Phones) -> None:
    world, phone, tablet, bens, request = phones
    dump = world.dump()
    await world.settle()
    tablet.remove(request)
    await world.settle(tablet, bens)
    world.restore(dump)
    await phone.sync()
    await bens.sync()
    assert "Sit with me" not in bens.texts(), "the phone has not heard that it was withdrawn"
    await world.settle()
    assert world.stored(request).removed
    assert world.stored(request).fields["text"] == "Sit with me?"


async def withdrawn() -> tuple[World, RecordId, Device, Device, Device]:
    """A request that Ana has withdrawn, as both of her phones know, and Ben's phone."""
    world = World(seed=4)
    ana, ben = world.person("Ana"), world.person("Ben")
    world.pair(ana, ben)
    phone, tablet, bens = world.device(ana), world.device(ana), world.device(ben)
    await world.settle()
    request = phone.make("support_request", form="listen", text="Rain.")
    await world.settle()
    phone.remove(request)
    await world.settle()
    return world, request, phone, tablet, bens


async def test_a_phone_that_has_not_read_what_was_written_since_does_not_show_it_by_asking_again() -> None:
    world, request, phone, tablet, bens = await withdrawn()
    phone.write(request, text="Not for you.")
    await phone.sync()
    tablet.bring_back(request)
    await world.settle()
    assert "Not for you." not in bens.texts()
    assert "kept_private" in tablet.notices()
    tablet.bring_back(request)
    await world.settle()
    assert "Not for you." in bens.texts(), "who has read it may show it"


async def test_what_was_written_while_it_was_thought_to_be_withdrawn_is_not_shown_either() -> None:
    world, request, phone, tablet, bens = await withdrawn()
    tablet.write(request, text="Not for you.")
    phone.bring_back(request)
    await phone.sync()
    await world.settle()
    assert "Not for you." not in bens.texts()
    assert phone.fields(request)["text"] == "Not for you.", "nothing is lost"


# As it is told -------------------------------------------------------------------------------------------------


async def test_in_a_closed_space_a_request_is_its_author_s_alone(pair: Pair) -> None:
    await ask(pair)
    offer = change("support_offer", uuid4(), {"text": "Tea?"}, couple=pair.couple)
    await pair.one(pair.ana.phone, offer)
    pair.store.close(pair.space, ["shown_check_in"])  # type: ignore[attr-defined]
    assert (await told(pair, pair.ben)).gone
    assert not (await told(pair, pair.ana)).gone
    page = await pair.page(pair.ben)
    [letter] = [row for row in page.rows if row.kind == "support_offer"]
    assert as_told(letter, pair.ben.person, page.spaces) == letter, "letters stay"


async def test_what_is_shown_again_besides_a_page_is_withheld_alike(pair: Pair) -> None:
    request = await ask(pair)
    await edit(pair, request, remove=True)
    for who, is_gone in ((pair.ben, True), (pair.ana, False)):
        page = await pair.store.changed_since(who.phone, {}, limit=0, again=[RecordId(request)])
        assert [as_told(row, who.person, page.spaces).gone for row in page.besides] == [is_gone]


async def test_rows_of_kinds_that_nobody_knows_and_wiped_ones_are_told_as_they_are(pair: Pair) -> None:
    request = await ask(pair)
    page = await pair.page(pair.ben)
    [row] = [each for each in page.rows if each.id == request]
    strange = replace(row, kind="dream", removed=True)
    wiped = replace(row, gone=True, body=None, removed=True)
    assert as_told(strange, pair.ben.person, page.spaces) == strange
    assert as_told(wiped, pair.ben.person, page.spaces).body is None


# Offers --------------------------------------------------------------------------------------------------------


async def test_an_offer_stands_by_itself_and_about_whatever_it_names(pair: Pair) -> None:
    for to in (None, str(uuid4()), str(await ask(pair))):
        made = change("support_offer", uuid4(), {"text": "Tea?", "to": to}, couple=pair.couple)
        assert (await pair.one(pair.ben.phone, made)).status == "applied"


async def test_i20_an_offer_is_neither_edited_nor_taken_back(pair: Pair) -> None:
    offer = uuid4()
    await pair.one(pair.ben.phone, change("support_offer", offer, {"text": "Tea?"}, couple=pair.couple))
    for rest in ({"values": {"text": "Coffee?"}}, {"remove": True}):
        for who in (pair.ben, pair.ana):
            made = change("support_offer", offer, base=9, couple=pair.couple, **rest)
            assert (await pair.one(who.phone, made)).code == Refusal.IMMUTABLE
    born = change("support_offer", uuid4(), {"text": "Tea?"}, remove=True, couple=pair.couple)
    assert (await pair.one(pair.ben.phone, born)).code == Refusal.IMMUTABLE
    assert (await pair.look(pair.ana, offer)).fields["text"] == "Tea?"
