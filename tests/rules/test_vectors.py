"""Ours pass the language-neutral examples that devices and servers in other languages are tested with."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest

from domain.counsel import counts
from domain.goal_kinds import derived, goal_goes_on, goal_view
from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from domain.kind import Around, Attempt, Situation
from domain.lookback import moods, own_words, shelf, tagged
from domain.pauses import Pause, current
from domain.policies import Policy
from domain.records import Record
from domain.times import comes, written
from domain.times import read as moment
from sync.replica import Replica
from sync.resend import Row, _beyond
from sync.shelves import Shelves
from sync.wire import Change, SyncRequest, SyncResponse
from sync.words import Budget, Words, merge_words, sentences
from tests.vectors import corner_cases, device_cases, merge_cases, restore_cases
from tests.vectors.__main__ import FOLDER, made
from tests.vectors.merging import COUPLE, PHONE, SPACES
from tests.vectors.merging import played as told_again
from tests.vectors.recorded import kinds, plain, played, shown_as_json

DOCS = Path(__file__).resolve().parents[2] / "docs"


def read(name: str) -> Any:
    return msgspec.json.decode((FOLDER / name).read_bytes())


def as_id(text: str) -> str:
    """A name for a test that says the text: mutmut does not find names again in which pytest has escaped something."""
    return on_one_line(text).encode("ascii", "replace").decode()


def on_one_line(text: str) -> str:
    """A page without the places where its lines are broken."""
    return " ".join(text.split())


NATIVE = on_one_line((DOCS / "clients" / "native.md").read_text(encoding="utf-8"))
PROTOCOL = on_one_line((DOCS / "protocol.md").read_text(encoding="utf-8"))
MERGING = PROTOCOL[PROTOCOL.index(" ## 7. ") : PROTOCOL.index(" ## 8. ")]
DEVICE = read("device.json")
GOALS = read("goals.json")["goals"]
DERIVED = read("derivations.json")
LOOKBACK = read("lookback.json")
ON_THE_WIRE = ("state", "terms_in_force", "open_terms", "done_by", "resting_by")
BESIDES = ("stale", "past")
GOAL = merge_cases.GOAL
SPACE = SpaceId(UUID(SPACES[COUPLE]))
FOR_A_DEVICE, FOR_A_SERVER = (read("merge.json")[name] for name in ("for_a_device", "for_a_server"))


def by_name(case: dict[str, Any]) -> str:
    return str(case["name"])


async def test_the_files_are_what_the_stories_make() -> None:
    files = await made()
    assert {path.name for path in FOLDER.glob("*.json")} == files.keys()
    for name, content in files.items():
        assert content == (FOLDER / name).read_bytes(), f"{name}: run `python -m tests.vectors`"


# device.json: a device, step by step


def test_it_names_the_kinds_as_they_are() -> None:
    assert DEVICE["kinds"] == kinds()


@pytest.mark.parametrize("case", DEVICE["cases"], ids=by_name)
def test_a_device_that_knows_nothing_but_the_steps_gives_and_shows_the_same(case: dict[str, Any]) -> None:
    for nth, (step, given, shown) in enumerate(played(case["person"], case["device"], case["steps"])):
        assert given == step.get("gives"), (nth, step["do"])
        assert shown == step["shows"], (nth, step["do"])


def test_every_story_is_there() -> None:
    assert len(DEVICE["cases"]) == sum(len(each.CASES) for each in (device_cases, restore_cases, corner_cases))


# merge.json: what a device does of merging


@pytest.mark.parametrize("case", FOR_A_DEVICE["laid"], ids=by_name)
def test_a_device_lays_what_waits_over_what_was_pulled(case: dict[str, Any]) -> None:
    replica = Replica(Shelves(PersonId(UUID(case["person"])), DeviceId(UUID(PHONE))))
    assert replica.receive(SyncRequest(schema=1), msgspec.convert(case["answer"], SyncResponse), UUID)
    for change in case["waits"]:
        replica.keep(msgspec.convert(change, Change), None)
    shown = replica.shown(RecordId(UUID(case["shows"]["id"])))
    assert shown is not None
    assert plain(shown_as_json(shown)) == case["shows"]


@pytest.mark.parametrize("case", FOR_A_DEVICE["laid"], ids=by_name)
def test_the_page_for_devices_says_so(case: dict[str, Any]) -> None:
    assert case["says"] in NATIVE


@pytest.mark.parametrize("case", FOR_A_DEVICE["sentences"], ids=lambda case: as_id(case["text"]))
def test_a_text_has_these_sentences(case: dict[str, Any]) -> None:
    assert sentences(case["text"]) == case["sentences"]


@pytest.mark.parametrize("case", FOR_A_DEVICE["in_common"], ids=lambda case: as_id(f"{case['pulled']} - {case['own']}"))
def test_a_pulled_text_and_ones_own_have_this_in_common(case: dict[str, Any]) -> None:
    assert _beyond(case["pulled"], case["own"]) == (case["own"], case["in_common"])


# merge.json: what only a server does


@pytest.mark.parametrize("case", FOR_A_SERVER["merged"], ids=by_name)
async def test_a_server_that_knows_nothing_but_the_edits_says_the_same(case: dict[str, Any]) -> None:
    for edit, said in zip(case["edits"], await told_again(case), strict=True):
        assert said.items() <= edit.items()


@pytest.mark.parametrize("meant", merge_cases.CASES, ids=lambda meant: meant.name)
def test_it_is_what_was_worked_out_from_the_page_by_hand(meant: merge_cases.Case) -> None:
    [case] = [each for each in FOR_A_SERVER["merged"] if each["name"] == meant.name]
    last = case["edits"][-1]
    outcome, record = last["outcome"], last["record"]
    assert (
        merge_cases.Then(
            status=outcome["status"],
            stored=record["fields"],
            fields=outcome["fields"],
            code=outcome["code"],
            beside=record["alternatives"],
            merged=record["merged"],
            removed=record["removed"],
            behind=[(each["field"], each["value"], each["by"]) for each in last["behind"]],
            notices=[(each["for"], each["code"], each["field"]) for each in last["notices"]],
        )
        == meant.then
    )
    assert case["says"] in MERGING


def test_there_is_an_example_of_every_policy_and_of_every_row_of_its_table() -> None:
    policies = {case["policy"] for case in FOR_A_SERVER["merged"]}
    assert policies == {*Policy, "removal", "pick", "confirm"}
    assert all(f"| `{policy}` |" in MERGING for policy in Policy)


@pytest.mark.parametrize(
    "case", FOR_A_SERVER["joined"], ids=lambda case: as_id(f"{case['stored']} - {case['incoming']}")
)
def test_of_two_edits_of_one_text_comes_this(case: dict[str, Any]) -> None:
    found = merge_words(case["was"], case["stored"], case["incoming"], Budget(), chars_max=case["chars_max"])
    assert found == Words(case["text"], case["overlap"], case["joined"])
    assert case["says"] in MERGING


# goals.json: how a goal stands


@pytest.mark.parametrize("case", GOALS, ids=by_name)
def test_a_device_works_out_how_a_goal_stands(case: dict[str, Any]) -> None:
    """The goal waits, too: so whatever is stored of it, this device works it out."""
    author = next((each["author"] for each in case["records"] if each["order"] is None), case["members"][0])
    shelves = Shelves(PersonId(UUID(author)), DeviceId(UUID(PHONE)))
    replica = Replica(shelves)
    goal = Change(key=UUID(int=1), kind="goal", id=UUID(GOAL), set={"form": case["form"]})
    replica.keep(goal, None)
    for nth, each in enumerate(case["records"], 2):
        identity, author, fields = RecordId(UUID(each["id"])), PersonId(UUID(each["author"])), fields_of(each)
        if each["order"] is None:
            replica.keep(Change(key=UUID(int=nth), kind=each["kind"], id=identity, set=fields), None)
        else:
            shelves.put(
                Row(space=SPACE, kind=each["kind"], id=identity, version=each["order"], author=author, fields=fields)
            )
    shown = replica.shown(RecordId(goal.id))
    assert shown is not None
    assert {name: shown.fields[name] for name in ON_THE_WIRE} == {name: case["gives"][name] for name in ON_THE_WIRE}


@pytest.mark.parametrize("case", GOALS, ids=by_name)
def test_a_server_works_out_the_same_and_what_else_it_has_to_know(case: dict[str, Any]) -> None:
    goal, children = goal_and_children(case)
    members, meant = frozenset(PersonId(UUID(each)) for each in case["members"]), case["for_a_server"]
    today = date.fromisoformat(meant["today"])
    found, view = (
        derived(goal, children, Around(members=members, today=today)),
        goal_view(goal, children, members, today),
    )
    assert found.fields == {name: case["gives"][name] for name in ON_THE_WIRE} | {"achieved_on": meant["achieved_on"]}
    assert {name: sorted(map(str, getattr(view, name))) for name in BESIDES} == {
        name: case["gives"][name] for name in BESIDES
    }
    told = sorted((str(person), str(about)) for person, about in found.look_again)
    assert told == [(each["for"], each["about"]) for each in meant["look_again"]]
    asked = Situation(
        actor=min(members),
        couple=None,
        now=datetime(2026, 3, 2, tzinfo=UTC),
        today=today,
        parent=goal,
        family=children,
        members=members,
    )
    assert goal_goes_on(Attempt(set={}, was={}), None, asked) == meant["new_terms"]


@pytest.mark.parametrize("case", GOALS, ids=by_name)
def test_the_page_for_devices_has_the_rule(case: dict[str, Any]) -> None:
    assert case["says"] in NATIVE
    assert case["rule"] == "order" or f"({case['rule']})" in NATIVE or f"{case['rule']}," in NATIVE


def test_every_rule_of_goals_has_an_example() -> None:
    assert {case["rule"] for case in GOALS} == {*(f"G{nth}" for nth in range(1, 13)), "order"}


# derivations.json: pauses, parts that count, wall times


@pytest.mark.parametrize("case", DERIVED["for_a_device"]["pauses"], ids=by_name)
def test_the_pause_of_two_stands_so(case: dict[str, Any]) -> None:
    pauses = [
        Pause(
            id=RecordId(UUID(each["id"])),
            author=PersonId(UUID(each["author"])),
            started_at=moment(each["started_at"]),
            return_at=moment(each["return_at"]),
            resumed_by=frozenset(PersonId(UUID(person)) for person in each["resumed_by"]),
            set_aside=each["set_aside"],
        )
        for each in case["pauses"]
    ]
    found = current(pauses, frozenset(PersonId(UUID(each)) for each in case["members"]), moment(case["now"]))
    told = found and {
        "state": found.state,
        "pauses": [str(each) for each in found.pauses],
        "started_by": sorted(str(each) for each in found.started_by),
        "started_at": written(found.started_at),
        "return_at": written(found.return_at),
    }
    assert told == case["gives"]
    assert case["says"] in NATIVE


@pytest.mark.parametrize("case", DERIVED["for_a_device"]["counting"], ids=by_name)
def test_a_part_of_a_summary_counts_or_not(case: dict[str, Any]) -> None:
    told = case["part"]
    part = Record(
        space=SPACE,
        kind="counsel_part",
        id=RecordId(UUID(GOAL)),
        version=1,
        created=1,
        author=PersonId(UUID(told["author"])),
        fields={name: told[name] for name in ("section", "text", "approvals")},
    )
    assert counts(part, frozenset(PersonId(UUID(each)) for each in case["members"])) is case["gives"]


@pytest.mark.parametrize("case", DERIVED["for_a_server"]["wall_times"], ids=by_name)
def test_a_wall_time_comes_then(case: dict[str, Any]) -> None:
    at = comes(date.fromisoformat(case["day"]), time.fromisoformat(case["at"]), case["zone"])
    assert written(at) == case["comes"]


def goal_and_children(case: dict[str, Any]) -> tuple[Record, list[Record]]:
    """The goal with the day that is stored, and its terms and acts: what waits has come behind the rest."""
    goal = Record(
        space=SPACE,
        kind="goal",
        id=RecordId(UUID(GOAL)),
        version=1,
        created=1,
        author=PersonId(UUID(case["members"][0])),
        fields={"form": case["form"], "achieved_on": case["for_a_server"]["achieved_on_before"]},
    )
    children = [
        Record(
            space=SPACE,
            kind=each["kind"],
            id=RecordId(UUID(each["id"])),
            version=nth,
            created=nth,
            author=PersonId(UUID(each["author"])),
            fields=fields_of(each) | {"order": each["order"] or 100 + nth},
        )
        for nth, each in enumerate(case["records"])
    ]
    return goal, children


def fields_of(told: dict[str, Any]) -> dict[str, Any]:
    """The fields of terms or of an act, with what the examples have no need of."""
    fields = {name: told[name] for name in told.keys() - {"kind", "id", "author"}}
    empty = {"title": "A week by the sea"} if told["kind"] == "goal_terms" else {}
    return {"goal": GOAL} | empty | fields


# lookback.json: looking back over one's own records


@pytest.mark.parametrize("case", LOOKBACK["moods"], ids=by_name)
def test_looking_back_a_device_finds_how_ones_days_felt(case: dict[str, Any]) -> None:
    first, last = (date.fromisoformat(case[name]) for name in ("first", "last"))
    found = moods(held(case), PersonId(UUID(case["person"])), first, last)
    lines = {scale: [[each.id for each in line] for line in found.lines(scale)] for scale in ("valence", "arousal")}
    assert plain({**msgspec.structs.asdict(found), **lines}) == case["gives"]


@pytest.mark.parametrize("case", LOOKBACK["words"], ids=by_name)
def test_looking_back_a_device_finds_ones_own_words(case: dict[str, Any]) -> None:
    person, zone = PersonId(UUID(case["person"])), ZoneInfo(case["zone"])
    assert plain(own_words(held(case), person, case["field"], zone)) == case["gives"]


@pytest.mark.parametrize("case", LOOKBACK["tagged"], ids=by_name)
def test_looking_back_a_device_finds_what_has_a_tag(case: dict[str, Any]) -> None:
    assert plain(tagged(held(case), PersonId(UUID(case["person"])), case["tag"])) == case["gives"]


@pytest.mark.parametrize("case", LOOKBACK["shelf"], ids=by_name)
def test_looking_back_a_device_finds_the_letters_that_were_kept(case: dict[str, Any]) -> None:
    assert plain(shelf(held(case), PersonId(UUID(case["person"])))) == case["gives"]


@pytest.mark.parametrize("case", [each for cases in LOOKBACK.values() for each in cases], ids=by_name)
def test_the_page_for_devices_says_how_to_look_back(case: dict[str, Any]) -> None:
    looking_back = NATIVE[NATIVE.index(" ## Looking back ") : NATIVE.index(" ## Examples in JSON ")]
    assert case["says"] in looking_back


def held(case: dict[str, Any]) -> list[Record]:
    """The records of an example, in the order in which it has them: that plays no part."""
    return [msgspec.convert({**each, "space": str(SPACE), "created": 1}, Record) for each in case["records"]]
