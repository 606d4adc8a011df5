"""What a push of RxDB comes to: what is an edit, what is stored, and what its client is told of it."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from domain.ids import RecordId
from domain.kinds import KINDS
from sync import rxdb, service
from sync.memory import MemoryStore
from sync.paging import EpochChangedError
from sync.ports import Caller
from sync.rxdb import PushedRow
from sync.sealing import keyed_id
from sync.wire import VERSION_MAX, Reset
from tests.pair import HeldKeys, Pair, Somebody

DELETED = {"_deleted": True}


@pytest.fixture
async def pair() -> Pair:
    store = MemoryStore(uuid4())
    made = Pair(store, HeldKeys())
    for each in (made.ana, made.ben):
        epoch = keyed_id(made.keys.one(each.personal).id_key, "epoch")
        store.found(each.personal, None, tuple(m for m in made.members if m.person == each.person), epoch)
    store.found(made.space, made.couple, made.members, keyed_id(made.keys.one(made.space).id_key, "epoch"))
    await made.settle_in()
    return made


class Collection:
    """A collection of one kind on one device: what its client holds, and knows of the server."""

    def __init__(self, pair: Pair, who: Caller, kind: str) -> None:
        self.pair, self.who, self.kind = pair, who, kind
        self.assumed: dict[str, dict[str, Any]] = {}

    async def page(self, checkpoint: str | None = None, *, limit: int = 1000) -> rxdb.DocumentPage:
        return await rxdb.pull(
            self.pair.store,
            self.pair.keys,
            self.who,
            self.kind,
            checkpoint=checkpoint,
            schema=1,
            limit=limit,
            now=self.pair.now,
            new_epoch=uuid4,
        )

    async def pull(self) -> dict[str, dict[str, Any]]:
        """Take everything, as a client that has no edits."""
        page = await self.page()
        self.assumed = {each["id"]: each for each in page.documents}
        return self.assumed

    async def push(self, *documents: dict[str, Any], answered: bool = True) -> list[dict[str, Any]]:
        """Push these, and know afterwards what a client knows: what it has pushed, or what came back instead."""
        rows = [PushedRow(each, self.assumed.get(each["id"])) for each in documents]
        done = await rxdb.push(
            self.pair.store, self.pair.keys, self.who, self.kind, rows, schema=1, now=self.pair.now, new_epoch=uuid4
        )
        if answered:
            self.assumed |= {each["id"]: each for each in (*documents, *done.conflicts)}
        return done.conflicts

    def edited(self, identity: str, **values: Any) -> dict[str, Any]:
        return self.assumed[identity] | values


def entry(**values: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "local_date": "2026-11-20", "_deleted": False, **values}


def step(pair: Pair, title: str) -> dict[str, Any]:
    return {"id": str(uuid4()), "couple": str(pair.couple), "goal": str(uuid4()), "title": title, "_deleted": False}


async def stored(pair: Pair, who: Somebody, document: Mapping[str, Any]) -> Any:
    return await pair.look(who, UUID(document["id"]))


async def both_with_a_step(pair: Pair) -> tuple[Collection, Collection, str]:
    anas, bens = (Collection(pair, who.phone, "step") for who in (pair.ana, pair.ben))
    made = step(pair, "Book the ferry")
    await anas.push(made)
    for each in (anas, bens):
        await each.pull()
    return anas, bens, made["id"]


async def test_a_new_document_is_stored_and_its_client_has_nothing_to_learn(pair: Pair) -> None:
    entries, made = Collection(pair, pair.ana.phone, "check_in"), entry(text="Kiwi.")
    assert await entries.push(made) == []
    record = await stored(pair, pair.ana, made)
    assert (record.fields["text"], record.fields["audience"], record.version) == ("Kiwi.", "only_me", 2)


async def test_a_new_document_may_hold_nothing_yet(pair: Pair) -> None:
    goals = Collection(pair, pair.ana.phone, "goal")
    made = {"id": str(uuid4()), "couple": str(pair.couple), "_deleted": False}
    assert await goals.push(made) == []
    assert (await stored(pair, pair.ana, made)).version == 1


async def test_only_what_was_edited_is_a_change(pair: Pair) -> None:
    phone, tablet = (Collection(pair, who, "check_in") for who in (pair.ana.phone, pair.ana.tablet))
    made = entry(text="Kiwi.", valence=1)
    await phone.push(made)
    await tablet.pull()
    await phone.pull()
    await phone.push(phone.edited(made["id"], valence=2))
    (conflict,) = await tablet.push(tablet.edited(made["id"], text="Kiwi and plum."))
    assert (conflict["text"], conflict["valence"]) == ("Kiwi and plum.", 2)


async def test_what_is_pushed_again_as_it_is_stored_makes_no_version(pair: Pair) -> None:
    entries, made = Collection(pair, pair.ana.phone, "check_in"), entry(text="Kiwi.")
    await entries.push(made)
    whole = (await entries.pull())[made["id"]]
    for _ in range(2):
        assert await entries.push(whole) == []
    assert (await stored(pair, pair.ana, made)).version == 2


async def test_what_the_server_writes_comes_back_where_an_app_has_written_into_it(pair: Pair) -> None:
    """It is no edit, and would stand on that device for good: nothing else ever brings the stored document again."""
    requests = Collection(pair, pair.ana.phone, "support_request")
    made = {"id": str(uuid4()), "couple": str(pair.couple), "form": "listen", "_deleted": False}
    assert await requests.push(made) == [], "what it says nothing of is no word of its own"
    whole = (await requests.pull())[made["id"]]
    version = (await stored(pair, pair.ana, made)).version
    for meddled in ({"state": "answered"}, {"lapses_at": None}, {"state": "answered", "lapses_at": None}):
        assert await requests.push(whole | meddled, answered=False) == [whole]
        assert await requests.push(whole | meddled) == [whole], "a retry is told the same"
        assert await requests.push(whole) == []
    assert (await stored(pair, pair.ana, made)).version == version
    born = made | {"id": str(uuid4()), "state": "answered"}
    [conflict] = await requests.push(born)
    assert (conflict["id"], conflict["state"]) == (born["id"], "open")


async def test_what_a_partner_writes_into_a_window_comes_back_to_them_as_it_is_stored(pair: Pair) -> None:
    entries, windows = Collection(pair, pair.ana.phone, "check_in"), Collection(pair, pair.ben.phone, "shown_check_in")
    await entries.push(entry(text="Kiwi.", audience=str(pair.couple), shared_parts=["text"]))
    [shown] = (await windows.pull()).values()
    assert await windows.push(shown | {"text": "Plum."}) == [shown]
    assert await pair.words_for(pair.ben) == []


async def test_what_the_server_has_written_since_is_not_told_by_an_answer(pair: Pair) -> None:
    """Else each push of a goal would come back as a conflict: what is new comes by a pull."""
    requests = Collection(pair, pair.ana.phone, "support_request")
    made = {"id": str(uuid4()), "couple": str(pair.couple), "form": "listen", "_deleted": False}
    await requests.push(made)
    await requests.pull()
    answers = Collection(pair, pair.ben.phone, "response")
    given = {"id": str(uuid4()), "couple": str(pair.couple), "to": made["id"], "form": "heard_you", "_deleted": False}
    await answers.push(given)
    assert await requests.push(requests.edited(made["id"], text="Please.")) == []
    assert (await stored(pair, pair.ana, made)).fields["state"] == "answered"


async def test_both_of_two_texts_come_back_and_a_pick_ends_it(pair: Pair) -> None:
    anas, bens, identity = await both_with_a_step(pair)
    await anas.push(anas.edited(identity, title="Book the night ferry"))
    (conflict,) = await bens.push(bens.edited(identity, title="Book the early ferry"))
    assert conflict["title"] == "Book the night ferry"
    assert conflict["alternatives"] == {"title": [{"by": str(pair.ben.person), "text": "Book the early ferry"}]}
    assert await bens.push(conflict) == []
    assert await bens.push(conflict | {"alternatives": {}}) == []
    assert (await stored(pair, pair.ana, anas.assumed[identity])).alternatives == {}


async def test_a_client_that_does_not_send_what_stands_beside_has_picked_nothing(pair: Pair) -> None:
    anas, bens, identity = await both_with_a_step(pair)
    await anas.push(anas.edited(identity, title="Book the night ferry"))
    (conflict,) = await bens.push(bens.edited(identity, title="Book the early ferry"))
    await bens.push({**{k: v for k, v in conflict.items() if k != "alternatives"}, "title": "Book the night ferry!"})
    assert (await stored(pair, pair.ana, anas.assumed[identity])).alternatives.keys() == {"title"}


async def test_a_lost_answer_and_the_same_push_store_an_edit_once(pair: Pair) -> None:
    entries, made = Collection(pair, pair.ana.phone, "check_in"), entry(text="Kiwi.")
    await entries.push(made, answered=False)
    assert await entries.push(made) == []
    assert (await stored(pair, pair.ana, made)).version == 2


async def test_after_a_lost_answer_only_what_was_edited_since_is_new(pair: Pair) -> None:
    """Without the shadow, the second push would be another edit of the first text."""
    anas, bens, identity = await both_with_a_step(pair)
    await anas.push(anas.edited(identity, title="Book the ferry. Ask Cleo."), answered=False)
    await bens.pull()
    await bens.push(bens.edited(identity, title="Book the ferry. Ask Cleo and Dora."))
    (conflict,) = await anas.push(anas.edited(identity, title="Book the ferry. Ask Cleo.", done=True))
    assert (conflict["title"], conflict["done"]) == ("Book the ferry. Ask Cleo and Dora.", True)
    assert (conflict["alternatives"], await pair.told(pair.ben)) == ({}, [])


async def test_a_deleted_document_is_a_removal_and_its_last_words_are_merged_first(pair: Pair) -> None:
    anas, bens, identity = await both_with_a_step(pair)
    assert await anas.push(anas.edited(identity, title="Book the ferry. Not now.", **DELETED)) == []
    assert (await stored(pair, pair.ana, anas.assumed[identity])).removed
    (conflict,) = await bens.push(bens.edited(identity, title="Book the ferry. Today."))
    assert not conflict["_deleted"]
    assert set(conflict["title"].split(". ")) == {"Book the ferry", "Not now", "Today."}


async def test_what_is_deleted_and_pushed_again_says_nothing(pair: Pair) -> None:
    entries, made = Collection(pair, pair.ana.phone, "check_in"), entry(text="Kiwi.")
    await entries.push(made)
    whole = (await entries.pull())[made["id"]]
    await entries.push(whole | DELETED)
    gone = (await entries.pull())[made["id"]]
    assert await entries.push(gone) == []
    assert (await stored(pair, pair.ana, made)).version == 3


async def test_a_document_can_be_made_and_deleted_before_anybody_hears_of_it(pair: Pair) -> None:
    entries, made = Collection(pair, pair.ana.phone, "check_in"), entry(text="Kiwi.", **DELETED)
    assert await entries.push(made) == []
    assert (await stored(pair, pair.ana, made)).removed


async def test_what_was_deleted_can_be_made_again_under_its_id(pair: Pair) -> None:
    entries, made = Collection(pair, pair.ana.phone, "check_in"), entry(text="Kiwi.")
    await entries.push(made)
    whole = (await entries.pull())[made["id"]]
    await entries.push(whole | DELETED)
    await entries.pull()
    assert await entries.push(made | {"text": "Plum."}) == []
    record = await stored(pair, pair.ana, made)
    assert (record.live, record.fields["text"]) == (True, "Plum.")


async def test_a_refused_creation_comes_back_deleted_and_its_words_are_kept(pair: Pair) -> None:
    entries, poor = Collection(pair, pair.ana.phone, "check_in"), entry(text="Kiwi.", valence=99)
    (conflict,) = await entries.push(poor)
    assert {name for name, value in conflict.items() if value is not None} == {"id", "_deleted"}
    assert conflict["_deleted"]
    assert [each["words"] for each in await pair.words_for(pair.ana)] == [{"text": "Kiwi."}]
    assert await entries.push(conflict) == []
    assert len(await pair.words_for(pair.ana)) == 1


async def test_a_refused_edit_comes_back_as_it_is_stored(pair: Pair) -> None:
    entries, made = Collection(pair, pair.ana.phone, "check_in"), entry(text="Kiwi.", valence=1)
    await entries.push(made)
    await entries.pull()
    (conflict,) = await entries.push(entries.edited(made["id"], valence=99))
    assert (conflict["valence"], conflict["text"]) == (1, "Kiwi.")


@pytest.mark.parametrize(
    "identity",
    [
        "",
        "0123456789abcdef",
        7,
        None,
        str(UUID(int=0)),
        "5f0c7c1a-90b3-1e1d-8a61-2c4d6e8fa0d1",
        # Its client would keep it beside the same record in our spelling.
        "5F0C7C1A-90B3-4E1D-8A61-2C4D6E8FA0D1",
    ],
)
async def test_what_has_no_id_that_can_be_kept_is_refused_and_its_words_are_kept(pair: Pair, identity: Any) -> None:
    entries = Collection(pair, pair.ana.phone, "check_in")
    (conflict,) = await entries.push(entry(text="Kiwi.") | {"id": identity})
    assert (conflict["id"], conflict["_deleted"]) == (str(identity), True)
    (kept,) = await pair.words_for(pair.ana)
    assert (kept["words"]["text"], kept["code"]) == ("Kiwi.", "invalid")


async def test_a_kind_that_nobody_knows_is_refused_and_its_words_are_kept(pair: Pair) -> None:
    horoscopes = Collection(pair, pair.ana.phone, "horoscope")
    (conflict,) = await horoscopes.push(entry(text="Kiwi."))
    assert conflict["_deleted"]
    (kept,) = await pair.words_for(pair.ana)
    assert kept["words"] == {"local_date": "2026-11-20", "text": "Kiwi."}


async def test_one_row_that_does_not_fit_stops_no_other(pair: Pair) -> None:
    entries = Collection(pair, pair.ana.phone, "check_in")
    good = [entry(text=f"Day {nth}.", local_date=f"2026-11-1{nth}") for nth in range(2)]
    conflicts = await entries.push(good[0], entry(valence=99), good[1])
    assert len(conflicts) == 1
    assert [(await stored(pair, pair.ana, each)).fields["text"] for each in good] == ["Day 0.", "Day 1."]


async def test_what_is_rxdb_s_own_is_nobody_s_edit(pair: Pair) -> None:
    """An app that was updated says that it knew an older document with `_attachments`, which it does not push."""
    anas, _, identity = await both_with_a_step(pair)
    anas.assumed[identity] |= {"_attachments": {}, "_meta": {"lwt": 1}}
    whole = {name: value for name, value in anas.assumed[identity].items() if not name.startswith("_")}
    assert await anas.push(whole | {"title": "Book the night ferry", "_deleted": False}) == []
    assert (await stored(pair, pair.ana, whole)).fields["title"] == "Book the night ferry"


async def test_what_the_server_writes_is_nobody_s_edit(pair: Pair) -> None:
    steps, made = Collection(pair, pair.ana.phone, "step"), step(pair, "Book the ferry")
    await steps.push(made)
    await steps.pull()
    marked = steps.edited(made["id"], author=str(uuid4()), rev=VERSION_MAX, done=True)
    assert await steps.push(marked, answered=False) == []
    record = await stored(pair, pair.ana, made)
    assert (record.author, record.fields["done"]) == (pair.ana.person, True)
    [back] = await steps.push(marked | {"proof": "mine"})
    assert (back["proof"], back["done"]) == (record.fields["proof"], True)
    assert (await stored(pair, pair.ana, made)).version == record.version


async def test_a_stranger_s_document_is_an_own_new_one_or_nothing(pair: Pair) -> None:
    """W5: Ana's ids in Ben's collection of private entries lead nowhere."""
    anas, bens = (Collection(pair, who.phone, "check_in") for who in (pair.ana, pair.ben))
    made = entry(text="Kiwi.")
    await anas.push(made)
    assert await bens.push(made | {"text": "Plum."}) == []
    assert (await stored(pair, pair.ana, made)).fields["text"] == "Kiwi."
    assert (await stored(pair, pair.ben, made)).author == pair.ben.person


async def test_a_purge_leaves_no_shadow_of_anybody_s_device(pair: Pair) -> None:
    anas, bens = (Collection(pair, who.phone, "step") for who in (pair.ana, pair.ben))
    made = step(pair, "Book the ferry. Kiwi.")
    await anas.push(made)
    await bens.pull()
    await bens.push(bens.edited(made["id"], title="Book the ferry. Kiwi. Plum."))
    record = RecordId(UUID(made["id"]))
    for who in (pair.ana, pair.ben):
        assert await pair.store.shadows(who.phone, [record])
    await service.purge(pair.store, pair.keys, pair.ana.phone, "step", record, pair.now)
    for who in (pair.ana, pair.ben):
        assert await pair.store.shadows(who.phone, [record]) == []


@pytest.mark.parametrize(
    "edited", [{"title": "Book the ferry. Kiwi. Pear. Plum."}, {"done": True}], ids=["text", "other"]
)
async def test_an_edit_that_is_older_than_a_purge_leaves_no_word_of_it_in_a_shadow(
    pair: Pair, edited: dict[str, Any]
) -> None:
    """Nor does it bring one back when its answer is lost and it comes again, alone or with more."""
    anas, bens = (Collection(pair, who.phone, "step") for who in (pair.ana, pair.ben))
    made = step(pair, "Book the ferry. Kiwi.")
    await anas.push(made)
    await bens.pull()
    record = RecordId(UUID(made["id"]))
    await bens.push(bens.edited(made["id"], title="Book the ferry. Kiwi. Pear."))
    await bens.pull()
    await service.purge(pair.store, pair.keys, pair.ana.phone, "step", record, pair.now)
    old = bens.edited(made["id"], **edited)
    for _ in range(2):
        await bens.push(old, answered=False)
        assert "Kiwi" not in repr(await pair.store.shadows(pair.ben.phone, [record]))
    (conflict,) = await bens.push(old | {"title": f"{old['title']} Fig."}, answered=False)
    assert "Kiwi" not in conflict["title"]
    assert all(words in conflict["title"] for words in ("Pear.", "Fig."))
    page = await bens.page((await bens.page()).checkpoint.c)
    assert [each["title"] for each in page.documents] == [conflict["title"]], "it is given once more all the same"


async def test_an_edit_of_a_life_that_is_over_counts_up_to_where_both_are_one(pair: Pair) -> None:
    steps, made = Collection(pair, pair.ana.phone, "step"), step(pair, "Book the ferry")
    await steps.push(made)
    whole = (await steps.pull())[made["id"]]
    space = (await pair.page(pair.ana)).spaces[pair.space]
    await pair.store.begin_anew(pair.ana.phone, space, uuid4())
    steps.assumed = {made["id"]: whole}
    assert await steps.push(whole | {"done": True}) == []
    assert (await stored(pair, pair.ana, made)).fields["done"] is True


# What was just pushed --------------------------------------------------------------------------------------------


async def days(entries: Collection, count: int) -> list[dict[str, Any]]:
    made = [entry(text=f"Day {nth}.", local_date=f"2026-11-{nth:02}") for nth in range(1, count + 1)]
    await entries.push(*made)
    return made


async def test_what_a_device_has_just_pushed_is_repeated_to_it_and_to_no_other(pair: Pair) -> None:
    phone, tablet = (Collection(pair, who, "check_in") for who in (pair.ana.phone, pair.ana.tablet))
    (made,) = await days(phone, 1)
    for entries, repeated in ((phone, [made["id"]]), (tablet, [])):
        at = (await entries.page()).checkpoint.c
        again = await entries.page(at)
        assert [each["id"] for each in again.documents] == repeated
        # It moves nothing: the next page begins where this one did.
        assert again.checkpoint.c == at


async def test_what_is_repeated_never_fills_a_page(pair: Pair) -> None:
    entries = Collection(pair, pair.ana.phone, "check_in")
    await days(entries, 5)
    at = (await entries.page()).checkpoint.c
    for limit, repeated in ((1, 0), (2, 1), (4, 3), (6, 5), (7, 5)):
        assert len((await entries.page(at, limit=limit)).documents) == repeated


async def test_a_page_of_news_repeats_only_what_is_not_in_it(pair: Pair) -> None:
    entries = Collection(pair, pair.ana.phone, "check_in")
    made = await days(entries, 3)
    first = await entries.page(limit=2)
    assert [each["id"] for each in first.documents] == [each["id"] for each in made[:2]]
    rest = await entries.page(first.checkpoint.c, limit=10)
    assert sorted(each["id"] for each in rest.documents) == sorted(each["id"] for each in made)
    assert rest.documents[0]["id"] == made[2]["id"]


async def test_after_a_minute_nothing_is_repeated_any_more(pair: Pair) -> None:
    entries = Collection(pair, pair.ana.phone, "check_in")
    await days(entries, 1)
    pair.now += rxdb.REPEATED_FOR
    at = (await entries.page()).checkpoint.c
    assert (await entries.page(at)).documents == []


async def test_whoever_comes_back_later_is_repeated_what_was_pushed_before_the_last_page(pair: Pair) -> None:
    """Its push may have been under way when that page came. Then once more, and no longer."""
    entries = Collection(pair, pair.ana.phone, "check_in")
    await days(entries, 2)
    pair.now += rxdb.REPEATED_FOR - timedelta(seconds=1)
    at = (await entries.page()).checkpoint.c
    pair.now += timedelta(days=3)
    again = await entries.page(at)
    assert len(again.documents) == 2
    assert (await entries.page(again.checkpoint.c)).documents == []


async def test_a_checkpoint_of_a_life_that_is_over_names_the_space_its_new_life_and_how_far_both_are_one(
    pair: Pair,
) -> None:
    entries = Collection(pair, pair.ana.phone, "check_in")
    dump = saved(pair)
    await days(entries, 1)
    at = (await entries.page()).checkpoint.c
    restored(pair, dump)
    with pytest.raises(EpochChangedError) as over:
        await entries.page(at)
    own = (await pair.page(pair.ana)).spaces[pair.ana.personal]
    assert over.value.reset == Reset(space=own.id, epoch=own.epoch, head=1)
    assert str(over.value) == str(own.epoch)


# Everything sent again, without what the client knew before -------------------------------------------------------


async def test_what_is_sent_again_unedited_changes_nothing_whatever_became_of_it(pair: Pair) -> None:
    anas, bens, identity = await both_with_a_step(pair)
    old = anas.assumed[identity]
    await bens.push(bens.edited(identity, title="Book the early ferry", done=True))
    before = await stored(pair, pair.ana, old)
    anas.assumed = {}
    (conflict,) = await anas.push(old)
    assert (conflict["title"], conflict["done"], conflict["alternatives"]) == ("Book the early ferry", True, {})
    assert await stored(pair, pair.ana, old) == before
    assert await pair.words_for(pair.ana) == []


async def test_what_was_edited_before_it_is_sent_again_is_an_edit(pair: Pair) -> None:
    anas, bens, identity = await both_with_a_step(pair)
    old = anas.assumed[identity]
    await bens.push(bens.edited(identity, done=True))
    anas.assumed = {}
    for _ in range(2):
        await anas.push(old | {"title": "Book the night ferry"})
        anas.assumed = {}
    record = await stored(pair, pair.ana, old)
    assert (record.fields["title"], record.fields["done"], record.alternatives) == ("Book the night ferry", True, {})


async def test_both_texts_are_kept_of_an_edit_that_is_sent_again_and_another_one(pair: Pair) -> None:
    anas, bens, identity = await both_with_a_step(pair)
    old = anas.assumed[identity]
    await bens.push(bens.edited(identity, title="Book the early ferry"))
    anas.assumed = {}
    (conflict,) = await anas.push(old | {"title": "Book the night ferry"})
    texts = {conflict["title"], *(each["text"] for each in conflict["alternatives"]["title"])}
    assert texts == {"Book the early ferry", "Book the night ferry"}


async def test_a_number_that_somebody_has_changed_since_is_not_taken_for_an_edit(pair: Pair) -> None:
    phone, tablet = (Collection(pair, who, "check_in") for who in (pair.ana.phone, pair.ana.tablet))
    made = entry(text="Kiwi.", valence=1)
    await phone.push(made)
    old = (await phone.pull())[made["id"]]
    await tablet.pull()
    await tablet.push(tablet.edited(made["id"], valence=3))
    phone.assumed = {}
    (conflict,) = await phone.push(old | {"arousal": 2})
    assert (conflict["valence"], conflict["arousal"]) == (3, 2)


async def test_a_window_that_was_closed_is_closed_whatever_else_became_of_it(pair: Pair) -> None:
    phone, tablet = (Collection(pair, who, "check_in") for who in (pair.ana.phone, pair.ana.tablet))
    made = entry(text="Kiwi.", valence=1, audience=str(pair.couple), shared_parts=["text"])
    await phone.push(made)
    old = (await phone.pull())[made["id"]]
    await tablet.pull()
    await tablet.push(tablet.edited(made["id"], shared_parts=["feelings", "text"]))
    phone.assumed = {}
    await phone.push(old | {"audience": "only_me"})
    assert (await stored(pair, pair.ana, made)).fields["audience"] == "only_me"
    assert [each.live for each in await pair.of_kind(pair.ben, "shown_check_in")] == [False]


async def test_what_was_deleted_meanwhile_stays_so_and_what_was_deleted_here_is_deleted_now(pair: Pair) -> None:
    anas, bens, identity = await both_with_a_step(pair)
    old = anas.assumed[identity]
    await bens.push(bens.edited(identity, **DELETED))
    anas.assumed = {}
    (conflict,) = await anas.push(old)
    assert conflict["_deleted"]
    other = step(pair, "Pack")
    await anas.push(other)
    whole = (await anas.pull())[other["id"]]
    anas.assumed = {}
    assert await anas.push(whole | DELETED) == []
    assert (await stored(pair, pair.ana, other)).removed


async def test_what_does_not_fit_and_is_sent_again_is_refused_like_anything_else(pair: Pair) -> None:
    phone, made = Collection(pair, pair.ana.phone, "check_in"), entry(text="Kiwi.")
    await phone.push(made)
    whole = (await phone.pull())[made["id"]]
    phone.assumed = {}
    assert await phone.push(whole | {"text": ["Kiwi."]}) == [whole]
    assert [each["words"] for each in await pair.words_for(pair.ana)] == []


@pytest.mark.parametrize("forgotten", [False, True], ids=["a tombstone", "forgotten"])
async def test_words_of_an_edit_of_what_is_wiped_by_now_are_kept_when_it_is_sent_again(
    pair: Pair, forgotten: bool
) -> None:
    """Nobody can tell any more which of them were edited: so all that may be the sender's own are kept."""
    phone = Collection(pair, pair.ana.phone, "check_in")
    made = entry(text="Kiwi.")
    await phone.push(made)
    old = (await phone.pull())[made["id"]]
    record = await stored(pair, pair.ana, made)
    store: Any = pair.store
    store.records[record.space, record.id] = replace(record, gone=True, removed=True, fields={})
    if forgotten:
        del store.records[record.space, record.id]
    store.shadows_of.clear()
    phone.assumed = {}
    for _ in range(2):
        (conflict,) = await phone.push(old | {"text": "Kiwi. Plum."})
        assert conflict["_deleted"]
        assert [each["words"] for each in await pair.words_for(pair.ana)] == [{"text": "Kiwi. Plum."}]
        phone.assumed = {}


async def test_nobody_keeps_words_of_the_other_that_are_wiped_by_now(pair: Pair) -> None:
    anas, shown = Collection(pair, pair.ana.phone, "check_in"), Collection(pair, pair.ben.phone, "shown_check_in")
    made = entry(text="Kiwi.", audience=str(pair.couple), shared_parts=["text"])
    await anas.push(made)
    (copy,) = (await shown.pull()).values()
    store: Any = pair.store
    del store.records[pair.space, RecordId(UUID(copy["id"]))]
    shown.assumed = {}
    (conflict,) = await shown.push(copy)
    assert conflict["_deleted"]
    assert await pair.words_for(pair.ben) == []


async def test_nobody_keeps_a_letter_of_the_other_that_is_not_there_any_more(pair: Pair) -> None:
    anas, shown, bens = (
        Collection(pair, who.phone, kind)
        for who, kind in ((pair.ana, "check_in"), (pair.ben, "shown_check_in"), (pair.ben, "response"))
    )
    await anas.push(entry(text="Kiwi.", audience=str(pair.couple), shared_parts=["text"]))
    (copy,) = (await shown.pull()).values()
    answer = {"id": str(uuid4()), "couple": str(pair.couple), "to": copy["id"], "form": "heard_you", "text": "Plum."}
    await bens.push(answer)
    received = Collection(pair, pair.ana.phone, "response")
    (letter,) = (await received.pull()).values()
    store: Any = pair.store
    del store.records[pair.space, RecordId(UUID(letter["id"]))]
    for collection, who, words in ((received, pair.ana, []), (bens, pair.ben, ["Plum."])):
        collection.assumed = {}
        store.shadows_of.clear()
        await collection.push(letter)
        assert [each["words"]["text"] for each in await pair.words_for(who)] == words


async def test_what_is_known_only_as_deleted_says_nothing_when_it_is_sent_again(pair: Pair) -> None:
    anas, bens, identity = await both_with_a_step(pair)
    old = bens.assumed[identity]
    await bens.push(old | DELETED)
    gone = (await anas.pull())[identity]
    await bens.pull()
    await bens.push(old)
    anas.assumed = {}
    (conflict,) = await anas.push(gone)
    assert not conflict["_deleted"]


async def test_nobody_keeps_the_other_s_withdrawn_words_by_sending_them_again(pair: Pair) -> None:
    """`resend_without_base`: what Ben was shown is not Ben's."""
    anas, shown = Collection(pair, pair.ana.phone, "check_in"), Collection(pair, pair.ben.phone, "shown_check_in")
    made = entry(text="Kiwi.", audience=str(pair.couple), shared_parts=["text"])
    await anas.push(made)
    (copy,) = (await shown.pull()).values()
    assert copy["text"] == "Kiwi."
    whole = (await anas.pull())[made["id"]]
    await anas.push(whole | {"audience": "only_me"})
    shown.assumed = {}
    (conflict,) = await shown.push(copy)
    assert conflict["_deleted"]
    assert await pair.words_for(pair.ben) == []


def changed(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def saved(pair: Pair) -> dict[str, Any]:
    return deepcopy(vars(pair.store))


def restored(pair: Pair, dump: dict[str, Any]) -> None:
    """Let the store be as it was, and say so."""
    vars(pair.store).update(deepcopy(dump))
    store: Any = pair.store
    store.bump(uuid4())


@pytest.mark.parametrize("first", ["ana", "ben"])
async def test_what_a_restore_has_lost_comes_back_once_and_as_whose_it_was(pair: Pair, first: str) -> None:
    dump = saved(pair)
    anas, bens, identity = await both_with_a_step(pair)
    restored(pair, dump)
    documents = [anas.assumed[identity], bens.assumed[identity]]
    order = [(anas, documents[0]), (bens, documents[1])]
    for collection, document in order if first == "ana" else reversed(order):
        collection.assumed = {}
        (back,) = await collection.push(document)
        assert changed(document, back) <= {"rev", "epoch", "proof"}
        # What the server writes is told, too: else it would stay on this client as it was.
        assert back == (await collection.pull())[identity] != document
    record = await stored(pair, pair.ben, documents[0])
    assert (record.author, record.fields["title"]) == (pair.ana.person, "Book the ferry")
    assert (record.alternatives, await pair.told(pair.ana), await pair.told(pair.ben)) == ({}, [], [])


async def test_an_edit_that_a_restore_has_lost_comes_back(pair: Pair) -> None:
    anas, bens, identity = await both_with_a_step(pair)
    dump = saved(pair)
    await anas.push(anas.edited(identity, title="Book the night ferry"))
    whole = (await anas.pull())[identity]
    restored(pair, dump)
    anas.assumed = {}
    (back,) = await anas.push(whole)
    assert changed(whole, back) <= {"rev", "epoch", "proof"}
    assert (await stored(pair, pair.ben, whole)).fields["title"] == "Book the night ferry"
    old = bens.assumed[identity]
    bens.assumed = {}
    (conflict,) = await bens.push(old)
    assert (conflict["title"], conflict["alternatives"]) == ("Book the night ferry", {})


# One collection of all kinds -------------------------------------------------------------------------------------


async def test_one_collection_may_hold_all_kinds(pair: Pair) -> None:
    anas, bens = (Collection(pair, who.phone, "records") for who in (pair.ana, pair.ben))
    made, other = step(pair, "Book the ferry") | {"kind": "step"}, entry(text="Kiwi.") | {"kind": "check_in"}
    assert await anas.push(made, other) == []
    held = await anas.pull()
    assert {each["kind"] for each in held.values()} == {"settings", "step", "check_in"}
    assert (held[made["id"]]["title"], held[other["id"]]["text"]) == ("Book the ferry", "Kiwi.")
    bens.assumed = {}
    assert (await bens.pull())[made["id"]]["title"] == "Book the ferry"
    (conflict,) = await bens.push(bens.edited(made["id"], title="x" * 5000))
    assert (conflict["kind"], conflict["title"]) == ("step", "Book the ferry")
    box = next(each for each in (await bens.pull()).values() if each["kind"] == "unplaced")
    assert (box["meant"], box["words"]) == ("step", {"title": "x" * 5000})


async def test_what_is_deleted_there_still_says_of_which_kind_it_was(pair: Pair) -> None:
    anas = Collection(pair, pair.ana.phone, "records")
    made = step(pair, "Book the ferry") | {"kind": "step"}
    await anas.push(made)
    await anas.pull()
    assert await anas.push(anas.edited(made["id"], _deleted=True)) == []
    told = (await anas.pull())[made["id"]]
    assert {name for name, value in told.items() if value is not None} == {
        *("id", "kind", "_deleted"),
        *("rev", "epoch", "author", "couple"),
    }
    assert (told["kind"], told["_deleted"]) == ("step", True)
    refused = entry(local_date="no day", text="Kiwi.") | {"kind": "check_in"}
    (conflict,) = await anas.push(refused)
    assert (conflict["kind"], conflict["_deleted"], conflict["text"]) == ("check_in", True, None)


@pytest.mark.parametrize("kind", [None, 7, "", "horoscope", "x" * 5000])
async def test_a_document_of_no_kind_is_refused_and_its_words_are_kept_with_a_name_of_bounded_length(
    pair: Pair, kind: Any
) -> None:
    anas = Collection(pair, pair.ana.phone, "records")
    (conflict,) = await anas.push(entry(text="Kiwi.", kind=kind))
    assert conflict["_deleted"]
    (box,) = [each for each in (await anas.pull()).values() if each["kind"] == "unplaced"]
    assert box["words"]["text"] == "Kiwi."
    assert len(box["meant"]) <= 40


async def test_a_page_is_full_although_an_app_does_not_know_all_that_is_on_it(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page with fewer documents than it may have would end a client's pull."""
    anas = Collection(pair, pair.ana.phone, "records")
    for nth in range(6):
        await anas.push(step(pair, f"Step {nth}") | {"kind": "step"}, entry(text=f"Day {nth}.") | {"kind": "check_in"})
    newer = {name: replace(kind, schema=2) if name == "check_in" else kind for name, kind in KINDS.items()}
    monkeypatch.setattr(rxdb, "KINDS", newer)
    pair.now += 2 * rxdb.REPEATED_FOR
    checkpoint, counts, titles = None, [], []
    while not counts or counts[-1] == 3:
        page = await anas.page(checkpoint, limit=3)
        checkpoint = page.checkpoint.c
        counts.append(len(page.documents))
        titles += [each["title"] for each in page.documents if each["kind"] == "step"]
    assert (counts, set(titles)) == ([3, 3, 1], {f"Step {nth}" for nth in range(6)})
