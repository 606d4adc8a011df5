"""What devices have said of a field: kept for as long as somebody has not seen it, and no longer."""

from uuid import UUID

from domain.ids import DeviceId
from domain.records import Stamp
from sync.standing import Said, keep, say, standing

PHONE, TABLET = DeviceId(UUID(int=11)), DeviceId(UUID(int=12))


def test_what_is_kept_is_read_as_it_was_said_whatever_is_in_it() -> None:
    stamps = {"needs": Stamp(5, PHONE)}
    said = [Said("a/b", PHONE, 6, 2), Said("c", PHONE, 7, 3), Said(["d", "e/f"], TABLET, 8, 4)]
    keep(stamps, "needs", said)
    assert standing(stamps, "needs") == said
    assert standing(stamps, "need") == []
    keep(stamps, "needs", said[1:2])
    assert standing(stamps, "needs") == said[1:2]
    assert stamps["needs"] == Stamp(5, PHONE)


def test_a_word_that_stands_alone_is_not_kept_beside_the_value() -> None:
    stamps = {"done": Stamp(5, PHONE)}
    assert say(stamps, "done", False, value=True, device=TABLET, base=5, version=6) == [True]
    assert stamps == {"done": Stamp(5, PHONE)}
    assert say(stamps, "done", False, value=True, device=TABLET, base=4, version=6) == [False, True]
    assert standing(stamps, "done") == [Said(False, PHONE, 5), Said(True, TABLET, 6)]
    assert say(stamps, "done", True, value=False, device=PHONE, base=6, version=7) == [False]
    assert standing(stamps, "done") == []
