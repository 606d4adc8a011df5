"""Up to where a device and the store have one history, whichever of them knows more lives."""

from uuid import UUID

from domain.ids import SpaceId
from sync.lives import common, earlier, wire_epoch
from sync.ports import Life, Place, Space

OWN = UUID(int=100)
FIRST, SECOND, THIRD, FOURTH = (UUID(int=n) for n in range(1, 5))


def space(epoch: UUID, head: int, *lives: Life) -> Space:
    return Space(
        id=SpaceId(UUID(int=9)),
        home="personal",
        couple=None,
        state="active",
        head=head,
        store_epoch=FIRST,
        epoch=epoch,
        horizon=0,
        members=(),
        lives=lives,
    )


def test_within_one_life_it_is_what_the_device_has() -> None:
    assert common(space(FIRST, 9), Place(FIRST, 7)) == 7


def test_one_life_back_it_ends_where_that_life_ended() -> None:
    assert common(space(SECOND, 9, Life(FIRST, 5)), Place(FIRST, 7)) == 5
    assert common(space(SECOND, 9, Life(FIRST, 5)), Place(FIRST, 3)) == 3


def test_two_lives_back_it_ends_where_the_first_of_them_ended() -> None:
    assert common(space(THIRD, 12, Life(FIRST, 5), Life(SECOND, 8)), Place(FIRST, 7)) == 5


def test_a_store_that_was_restored_to_before_a_restore_parts_with_the_device_in_the_life_before() -> None:
    """The device lived in the second life, which the store has forgotten; the third grew out of the first."""
    device = Place(SECOND, 60, lives=(Life(FIRST, 40),))
    assert common(space(THIRD, 90, Life(FIRST, 50)), device) == 40
    assert common(space(THIRD, 90, Life(FIRST, 30)), device) == 30


def test_of_a_life_that_nobody_knows_any_more_nothing_is_common() -> None:
    assert common(space(THIRD, 90, Life(SECOND, 50)), Place(FIRST, 40)) == 0


def test_a_space_that_stood_still_has_had_every_life_of_the_store() -> None:
    lives = earlier((), (FIRST, OWN, 4), [FIRST, SECOND, THIRD])
    assert lives == (Life(wire_epoch(FIRST, OWN), 4), Life(wire_epoch(SECOND, OWN), 4))


def test_lives_in_which_nothing_was_written_end_at_the_head_that_stood() -> None:
    lives = earlier([(FIRST, OWN, 4)], (THIRD, OWN, 6), [FIRST, SECOND, THIRD, FOURTH])
    assert lives == (
        Life(wire_epoch(FIRST, OWN), 4),
        Life(wire_epoch(SECOND, OWN), 4),
        Life(wire_epoch(THIRD, OWN), 6),
    )


def test_a_life_that_the_store_has_forgotten_still_counts_for_itself() -> None:
    assert earlier((), (FIRST, OWN, 4), [THIRD, FOURTH]) == (Life(wire_epoch(FIRST, OWN), 4),)


def test_a_space_can_begin_anew_within_one_life_of_the_store() -> None:
    other = UUID(int=101)
    assert earlier((), (FIRST, OWN, 4), [FIRST]) == ()
    assert earlier([(FIRST, OWN, 4)], (FIRST, other, 6), [FIRST]) == (Life(wire_epoch(FIRST, OWN), 4),)


def test_each_segment_lasts_until_the_next_one() -> None:
    lives = earlier([(FIRST, OWN, 4), (SECOND, OWN, 6)], (FOURTH, OWN, 9), [FIRST, SECOND, THIRD, FOURTH])
    assert lives == (
        Life(wire_epoch(FIRST, OWN), 4),
        Life(wire_epoch(SECOND, OWN), 6),
        Life(wire_epoch(THIRD, OWN), 6),
    )


def test_a_life_has_the_name_that_it_always_had() -> None:
    """Devices hold these names: another way of making them would send every device back to the beginning."""
    assert wire_epoch(UUID(int=1), UUID(int=2)) == UUID("78d68721-debb-823c-b880-232869a63e25")
