"""What a device holds: where it finds it again, and what of it is to be stored."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.ids import DeviceId, RecordId, SpaceId
from sync.resend import Row
from sync.shelves import Kept, Rebuild, Shelves
from sync.wire import NO_FIELD, Change
from tests.rules.boards import ANA, BENS, COUPLE, OWN, TOGETHER
from tests.rules.phones import ENTRY, FORMER_COUPLE, FORMERLY, GOAL, STEP, a_life, space

PHONE = DeviceId(UUID(int=9))


def shelves_with(*rows: Row) -> Shelves:
    shelves = Shelves(ANA, PHONE)
    for row in rows:
        shelves.put(row)
    return shelves


def row(identity: RecordId, version: int = 1, home: SpaceId = OWN, **other: Any) -> Row:
    return Row(space=home, kind="check_in", id=identity, version=version, **other)


def edit(nth: int, identity: RecordId = ENTRY, **other: Any) -> Kept:
    """The edit with this number, as it stands in the outbox."""
    told = {name: other.pop(name) for name in ("settled", "unplaced", "made_ms") if name in other}
    change = Change(**({"key": UUID(int=nth), "kind": "check_in", "id": identity} | other))
    return Kept(nth=nth, change=change, **told)


# On disk -------------------------------------------------------------------------------------------------------------


def all_of(shelves: Shelves) -> dict[str, Any]:
    """Everything that is to be seen of them."""
    ids = (ENTRY, GOAL, STEP)
    whole = ("person", "device", "cursor", "spaces", "rebuilds", "rows", "rebuilt", "outbox", "couple", "personal")
    return {name: getattr(shelves, name) for name in whole} | {
        "homes": [sorted(shelves.homes_of(each)) for each in ids],
        "found": [shelves.row_of(each) for each in ids],
        "edits": [shelves.edits_of(each) for each in ids],
        "waiting": shelves.waiting(),
    }


def test_after_every_change_what_was_stored_makes_the_same_shelves_again() -> None:
    shelves, disk = Shelves(ANA, PHONE), dict[tuple[str, str], bytes]()
    changes = [
        lambda: shelves.move_to("here"),
        lambda: shelves.note(space(OWN)),
        lambda: shelves.note(space(TOGETHER)),
        lambda: shelves.note(space(OWN, 2)),
        lambda: shelves.put(row(ENTRY, author=ANA, fields={"text": "One."})),
        lambda: shelves.put(row(ENTRY, home=TOGETHER)),
        lambda: shelves.put(row(ENTRY, 2, removed=True)),
        lambda: shelves.put(row(STEP, home=TOGETHER)),
        lambda: shelves.hold(edit(2, made_ms=5)),
        lambda: shelves.hold(edit(3, GOAL)),
        lambda: shelves.hold(edit(1)),
        lambda: shelves.hold(edit(2, settled=7)),
        lambda: shelves.begin_anew(Rebuild(OWN, a_life(2), 1)),
        lambda: shelves.begin_anew(Rebuild(TOGETHER, a_life(2), 1)),
        lambda: shelves.put_rebuilt(row(GOAL, 2)),
        lambda: shelves.put_rebuilt(row(STEP, 2, TOGETHER)),
        lambda: shelves.begin_anew(Rebuild(OWN, a_life(3), 0)),
        lambda: shelves.put_rebuilt(row(GOAL, 3)),
        lambda: shelves.swap(OWN),
        lambda: shelves.swap(TOGETHER),
        lambda: shelves.release(edit(2)),
        lambda: shelves.release(edit(3, GOAL)),
        lambda: shelves.note(space(FORMERLY)),
        lambda: shelves.put(row(GOAL, home=FORMERLY)),
        lambda: shelves.begin_anew(Rebuild(FORMERLY, a_life(2), 1)),
        lambda: shelves.put_rebuilt(row(STEP, 2, FORMERLY)),
        lambda: shelves.let_go(FORMERLY),
        lambda: shelves.let_go(FORMERLY),
        lambda: shelves.drop(OWN, GOAL),
    ]
    for change in changes:
        change()
        for shelf, key, value in shelves.saves():
            if value is None:
                del disk[shelf, key]
            else:
                disk[shelf, key] = value
        restored = Shelves.restored((shelf, value) for (shelf, _), value in reversed(disk.items()))
        assert all_of(restored) == all_of(shelves)
        assert restored.saves() == []
    assert {shelf for shelf, _ in disk} == {"place", "space", "row", "outbox"}


def test_what_has_not_changed_is_not_stored_again() -> None:
    shelves = Shelves(ANA, PHONE)
    shelves.note(space(OWN))
    assert [(shelf, key) for shelf, key, _ in shelves.saves()] == [("place", ""), ("space", str(OWN))]
    shelves.note(space(OWN))
    assert shelves.saves() == []


# Records and spaces --------------------------------------------------------------------------------------------------


def test_of_two_spaces_with_a_record_the_one_where_it_stands_is_asked() -> None:
    wiped, standing = row(ENTRY, gone=True), row(ENTRY, home=TOGETHER)
    assert shelves_with(wiped, standing).row_of(ENTRY) == shelves_with(standing, wiped).row_of(ENTRY) == standing


def test_of_two_spaces_where_a_record_stands_it_is_always_the_same() -> None:
    one, other = row(ENTRY), row(ENTRY, home=TOGETHER)
    assert shelves_with(one, other).row_of(ENTRY) == shelves_with(other, one).row_of(ENTRY) == one


def test_a_record_that_was_told_of_twice_is_dropped_at_once() -> None:
    shelves = shelves_with(row(ENTRY), row(ENTRY, 2), row(ENTRY, home=TOGETHER))
    shelves.drop(OWN, ENTRY)
    assert shelves.homes_of(ENTRY) == [TOGETHER]


def test_a_space_taken_anew_loses_what_is_not_there_any_more_and_leaves_the_others_alone() -> None:
    shelves = shelves_with(row(ENTRY), row(GOAL), row(STEP, home=TOGETHER))
    for home in (OWN, TOGETHER):
        shelves.begin_anew(Rebuild(home, a_life(2), 0))
    shelves.put_rebuilt(row(ENTRY, 2))
    shelves.put_rebuilt(row(GOAL, 2, TOGETHER))
    shelves.swap(OWN)
    assert shelves.rows == {(OWN, ENTRY): row(ENTRY, 2), (TOGETHER, STEP): row(STEP, home=TOGETHER)}
    assert shelves.rebuilt == {(TOGETHER, GOAL): row(GOAL, 2, TOGETHER)}
    assert shelves.rebuilds == {TOGETHER: Rebuild(TOGETHER, a_life(2), 0)}


def test_a_space_that_is_begun_again_forgets_what_had_come_of_it_and_of_it_alone() -> None:
    shelves = Shelves(ANA, PHONE)
    for home in (OWN, TOGETHER):
        shelves.begin_anew(Rebuild(home, a_life(2), 4))
        shelves.put_rebuilt(row(ENTRY, home=home))
    shelves.begin_anew(Rebuild(OWN, a_life(3), 2))
    assert shelves.rebuilt == {(TOGETHER, ENTRY): row(ENTRY, home=TOGETHER)}
    assert [each.head for each in shelves.rebuilds.values()] == [2, 4]


def test_of_a_space_that_was_let_go_nothing_is_left_and_the_others_stay_as_they_are() -> None:
    shelves = shelves_with(row(ENTRY), row(GOAL, home=FORMERLY), row(ENTRY, home=FORMERLY))
    for home in (OWN, FORMERLY):
        shelves.note(space(home))
        shelves.begin_anew(Rebuild(home, a_life(2), 0))
        shelves.put_rebuilt(row(STEP, home=home))
    shelves.let_go(FORMERLY)
    assert shelves.spaces.keys() == shelves.rebuilds.keys() == {OWN}
    assert (shelves.rows.keys(), shelves.rebuilt.keys()) == ({(OWN, ENTRY)}, {(OWN, STEP)})
    assert [shelves.homes_of(each) for each in (ENTRY, GOAL)] == [[OWN], []]


def test_the_active_couple_is_that_of_a_space_that_stands_open() -> None:
    shelves = Shelves(ANA, PHONE)
    assert (shelves.couple, shelves.personal) == (None, None)
    shelves.note(space(OWN))
    assert (shelves.couple, shelves.personal) == (None, OWN)
    shelves.note(space(TOGETHER, state="closed"))
    assert (shelves.couple, shelves.personal) == (None, OWN)
    shelves.note(space(FORMERLY, state="active"))
    assert (shelves.couple, shelves.personal) == (FORMER_COUPLE, OWN)


def test_a_couple_s_space_is_told_from_one_s_own_and_from_an_unknown_one() -> None:
    shelves = Shelves(ANA, PHONE)
    shelves.note(space(OWN))
    shelves.note(space(TOGETHER))
    assert [shelves.is_couple_s(each) for each in (OWN, TOGETHER, BENS)] == [False, True, False]


@pytest.mark.parametrize(
    ("kind", "couple", "found"),
    [
        pytest.param("check_in", None, OWN, id="one's own"),
        pytest.param("check_in", COUPLE, OWN, id="one's own, whatever couple it names"),
        pytest.param("goal", COUPLE, TOGETHER, id="the couple's that it names"),
        pytest.param("goal", FORMER_COUPLE, FORMERLY, id="an earlier couple's that it names"),
        pytest.param("goal", UUID(int=42), None, id="of a couple that is not known here"),
        pytest.param("goal", None, None, id="of no couple"),
        pytest.param("star_sign", COUPLE, None, id="of a kind that is not known here"),
    ],
)
def test_a_change_is_for_the_space_that_its_kind_and_its_couple_say(
    kind: str, couple: UUID | None, found: SpaceId | None
) -> None:
    shelves = Shelves(ANA, PHONE)
    for each in (space(OWN), space(FORMERLY), space(TOGETHER)):
        shelves.note(each)
    assert shelves.space_of(Change(key=UUID(int=1), kind=kind, id=GOAL, couple=couple)) == found


# The outbox ----------------------------------------------------------------------------------------------------------


def test_edits_are_told_in_the_order_in_which_they_were_made() -> None:
    """What is sent again after a restore is put before what waits, and so into the outbox after it."""
    shelves = Shelves(ANA, PHONE)
    for nth in (2, 3, 1):
        shelves.hold(edit(nth))
    assert [each.nth for each in shelves.waiting()] == [1, 2, 3]
    assert [each.nth for each in shelves.edits_of(ENTRY)] == [1, 2, 3]
    assert shelves.edits_of(GOAL) == []


def test_what_is_decided_waits_no_more_and_what_was_refused_is_not_shown() -> None:
    shelves = Shelves(ANA, PHONE)
    waits, settled, refused = edit(1), edit(2, settled=7), edit(3, unplaced=GOAL)
    hopeless = edit(4, set={NO_FIELD: True})
    for each in (waits, settled, refused, hopeless):
        shelves.hold(each)
    assert shelves.waiting() == [waits, hopeless]
    assert shelves.answered() == [settled, refused]
    assert shelves.edits_shown_in(ENTRY) == [waits, settled]


def test_an_edit_that_is_held_again_is_the_same_edit() -> None:
    shelves = Shelves(ANA, PHONE)
    shelves.hold(edit(1))
    shelves.hold(edit(2))
    settled = replace(edit(1), settled=7)
    shelves.hold(settled)
    assert shelves.edits_of(ENTRY) == [settled, edit(2)]
    shelves.release(settled)
    assert shelves.edits_of(ENTRY) == [edit(2)]
