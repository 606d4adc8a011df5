"""Letters: what is given of a draft, and that nothing is sent which its sender had not read."""

from typing import Any
from uuid import UUID

from msgspec.structs import replace

from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from domain.notes import NOTE_DRAFT
from domain.records import Record, Stamp
from sync.merge import Edit, create, merge
from sync.secrecy import unsent
from sync.words import Budget

ANA = PersonId(UUID(int=1))
PHONE, TABLET, WATCH = DeviceId(UUID(int=11)), DeviceId(UUID(int=12)), DeviceId(UUID(int=13))


def edit(device: DeviceId, *, base: int, was: dict[str, Any] | None = None, **values: Any) -> Edit:
    return Edit(person=ANA, device=device, base=base, set=values, was=was or {})


def draft(**values: Any) -> Record:
    """A draft first stored as version 10, by the phone."""
    first = edit(PHONE, base=0, for_what="The soup.", **values)
    made = create(NOTE_DRAFT, first, space=SpaceId(UUID(int=20)), identity=RecordId(UUID(int=21)), version=10)
    return made.record


def then(before: Record, change: Edit) -> tuple[Record, bool]:
    """The draft after this edit, and whether it was held back."""
    merged = merge(before, change, NOTE_DRAFT, version=before.version + 1, budget=Budget()).record
    return unsent(before, merged, change, NOTE_DRAFT)


def rewritten() -> Record:
    """The tablet has written on, as version 11."""
    wrote, held = then(draft(), edit(TABLET, base=10, for_what="The bread.", was={"for_what": "The soup."}))
    assert not held
    return wrote


# What its sender had not read ----------------------------------------------------------------------------------


def test_a_sending_that_had_not_read_the_words_is_held_back() -> None:
    held, back = then(rewritten(), edit(PHONE, base=10, send=True, was={"send": False}))
    assert (held.fields["send"], held.fields["for_what"], back) == (False, "The bread.", True)


def test_a_sending_whose_words_win_over_others_that_it_had_not_read_is_held_back_all_the_same() -> None:
    written = edit(WATCH, base=10, for_what="The stew.", send=True, was={"for_what": "The soup.", "send": False})
    held, back = then(rewritten(), written)
    assert (held.fields["send"], held.fields["for_what"], back) == (False, "The stew.", True)


def test_what_was_held_back_is_a_word_of_its_own_that_an_unknowing_sending_does_not_outdo() -> None:
    """The watch has read the words, but not that they were held back: what two do not agree on is not sent."""
    held, _ = then(rewritten(), edit(PHONE, base=10, send=True, was={"send": False}))
    assert held.stamp("send") == Stamp(12, PHONE, 0, None, ANA)
    came, back = then(held, edit(WATCH, base=11, send=True, was={"send": False}))
    assert (came.fields["send"], back) == (False, False)
    came, back = then(held, edit(WATCH, base=12, send=True, was={"send": False}))
    assert (came.fields["send"], back) == (True, False)


def test_what_was_held_back_says_what_the_phone_had_not_seen_of_it() -> None:
    """The tablet had sent it too; the phone has still not seen that, however new its own word is."""
    sent, _ = then(draft(), edit(TABLET, base=10, send=True, was={"send": False}))
    held, back = then(sent, edit(PHONE, base=10, for_what="The bread.", was={"for_what": "The soup."}))
    assert back
    assert held.stamp("send") == Stamp(12, PHONE, 11, None, ANA)


def test_who_wrote_the_words_that_held_a_draft_back_may_send_it_without_having_seen_that() -> None:
    sent, _ = then(draft(), edit(TABLET, base=10, send=True, was={"send": False}))
    held, _ = then(sent, edit(PHONE, base=10, for_what="The bread.", was={"for_what": "The soup."}))
    came, back = then(held, edit(PHONE, base=10, send=True, was={"send": False}))
    assert (came.fields["send"], back) == (True, False)


def test_a_sending_that_is_held_back_a_second_time_is_taken_back_with_its_word() -> None:
    """The tablet has written and sent; the phone said no and then yes without having read; the watch has read."""
    written = edit(TABLET, base=10, for_what="The bread.", send=True, was={"for_what": "The soup.", "send": False})
    sent, back = then(draft(), written)
    assert (sent.fields["send"], back) == (True, False)
    unsent_again, _ = then(sent, edit(PHONE, base=10, send=False, was={"send": False}))
    held, back = then(unsent_again, edit(PHONE, base=10, send=True, was={"send": False}))
    assert (held.fields["send"], back) == (False, True)
    came, _ = then(held, edit(WATCH, base=11, send=True, was={"send": False}))
    assert came.fields["send"] is False


def test_a_draft_that_nobody_sends_is_written_on_two_devices_without_a_word_about_it() -> None:
    wrote, back = then(rewritten(), edit(PHONE, base=10, about_you="You sang.", was={"about_you": None}))
    assert (wrote.fields["about_you"], back) == ("You sang.", False)


def test_a_draft_that_is_removed_while_it_was_sent_is_not_held_back() -> None:
    sent, _ = then(draft(), edit(TABLET, base=10, send=True, was={"send": False}))
    removed = replace(edit(PHONE, base=11), remove=True)
    gone, back = then(sent, removed)
    assert (gone.live, back) == (False, False)
