"""How two persons find each other by a code, confirm, step back, are named and consent."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.couples import (
    CODE_BITS,
    CODE_CHARS_MAX,
    LONG_CODE_BITS,
    TEXT_VERSIONS,
    Consent,
    ConsentEvent,
    Invitation,
    InvitationState,
    PairingRefusal,
    Purpose,
    Redemption,
    cancel,
    check_words,
    chosen_name,
    code_letters,
    code_words,
    confirm,
    consents_now,
    drawn,
    ends_keeping,
    may_keep,
    parsed,
    redeem,
)
from domain.ids import CoupleId, PersonId
from domain.word_list import WORDS

ANA, BEN, EVE = (PersonId(UUID(int=number)) for number in (1, 2, 3))
COUPLE, ANOTHER = (CoupleId(UUID(int=number)) for number in (21, 22))
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
BLINK = timedelta(microseconds=1)

INVITED = Invitation(inviter=ANA, invited_at=NOW)
REDEEMED = Invitation(inviter=ANA, invited_at=NOW, redemption=Redemption(BEN, NOW))


def taken(step: Invitation | PairingRefusal) -> Invitation:
    assert isinstance(step, Invitation)
    return step


# Codes


def test_a_code_has_eight_letters_and_four_words_which_both_lead_back_to_it() -> None:
    code = drawn(bytes.fromhex("0123456789"))
    assert len(code) * 8 == CODE_BITS
    assert code_letters(code) == "04HM-ASW9"
    assert code_words(code) == " ".join(WORDS[place] for place in (4, 564, 345, 905))
    assert parsed(code_letters(code)) == parsed(code_words(code)) == code


def test_a_long_code_has_twelve_letters_and_six_words() -> None:
    code = drawn(bytes.fromhex("fedcba9876543210"), LONG_CODE_BITS)
    assert code == bytes.fromhex("0edcba9876543210")
    assert [len(part) for part in code_letters(code).split("-")] == [4, 4, 4]
    assert len(code_words(code).split()) == 6
    assert parsed(code_letters(code)) == parsed(code_words(code)) == code


@pytest.mark.parametrize("chance", [bytes(8), b"\xff" * 8, bytes(range(8))])
@pytest.mark.parametrize("bits", [CODE_BITS, LONG_CODE_BITS])
def test_every_code_is_read_back_from_both_forms(chance: bytes, bits: int) -> None:
    code = drawn(chance, bits)
    assert parsed(code_letters(code)) == code
    assert parsed(code_words(code)) == code


@pytest.mark.parametrize(
    "typed",
    ["10H1-A0W9", "10h1a0w9", " lOhI–aow9 ", "I 0 h L a O w 9", "1.0.H.1_A0W9", "１０Ｈ１－Ａ０Ｗ９"],  # noqa: RUF001
)
def test_a_code_is_understood_however_it_is_typed(typed: str) -> None:
    assert parsed(typed) == bytes.fromhex("0822150389")


def test_blanks_around_a_code_do_not_matter_up_to_its_whole_length() -> None:
    assert parsed("10H1-A0W9".ljust(CODE_CHARS_MAX)) == bytes.fromhex("0822150389")
    assert parsed("10H1-A0W9".ljust(CODE_CHARS_MAX + 1)) is None


@pytest.mark.parametrize("between", [" ", "-", " - ", "\n", ", ", "\u00a0"])
def test_words_are_understood_with_anything_between_them_and_in_any_case(between: str) -> None:
    code = drawn(b"haven")
    words = code_words(code).split()
    assert parsed(between.join(words).upper()) == code
    assert parsed(between.join(word.title() for word in words)) == code


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "04HM-ASW",
        "04HM-ASW99",
        "04HU-ASW9",
        "04HM-ÄSW9",
        "apple apple apple",
        "apple apple apple elppa",
        "\x00" * 8,
        "0" * 8 + " " * CODE_CHARS_MAX,
        "\ud800" * 8,
        "😀😀😀😀😀😀😀😀",
        "ﷺ" * 8,
    ],
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert parsed(typed) is None


def test_both_see_the_same_three_check_words_and_another_digest_gives_others() -> None:
    assert check_words(bytes(32)) == (WORDS[0], WORDS[0], WORDS[0])
    assert check_words(b"\xff\xff\xff\xff") == (WORDS[1023], WORDS[1023], WORDS[1023])
    assert check_words(bytes.fromhex("0040100c") + b"more") == (WORDS[1], WORDS[1], WORDS[3])


# The word list


def test_the_list_has_1024_short_words_in_plain_letters() -> None:
    assert len(WORDS) == len(set(WORDS)) == 1024
    assert all(word.isascii() and word.isalpha() and word.islower() for word in WORDS)
    assert {len(word) for word in WORDS} <= set(range(3, 8))
    assert list(WORDS) == sorted(WORDS)


def test_four_letters_tell_any_two_words_apart() -> None:
    assert len({word[:4] for word in WORDS}) == 1024


def test_no_two_words_differ_by_one_letter() -> None:
    by_hole: dict[str, str] = {}
    for word in WORDS:
        for at in range(len(word)):
            hole = f"{word[:at]}?{word[at + 1 :]}"
            assert by_hole.setdefault(hole, word) == word
            assert word[:at] + word[at + 1 :] not in WORDS


# Pairing


def test_a_code_alone_pairs_nobody_and_two_confirmations_do() -> None:
    assert INVITED.state(NOW) is InvitationState.OPEN
    redeemed = taken(redeem(INVITED, BEN, NOW))
    assert redeemed.state(NOW) is InvitationState.REDEEMED
    one = taken(confirm(redeemed, BEN, NOW, couple=COUPLE))
    assert one.state(NOW) is InvitationState.CONFIRMED_BY_ONE
    assert one.couple is None
    both = taken(confirm(one, ANA, NOW, couple=COUPLE))
    assert (both.state(NOW), both.couple) == (InvitationState.PAIRED, COUPLE)


def test_one_person_confirming_twice_pairs_nobody() -> None:
    one = taken(confirm(REDEEMED, ANA, NOW, couple=COUPLE))
    assert confirm(one, ANA, NOW, couple=COUPLE) == one


def test_confirming_again_after_pairing_gives_the_same_couple_also_days_later() -> None:
    paired = taken(confirm(taken(confirm(REDEEMED, ANA, NOW, couple=COUPLE)), BEN, NOW, couple=COUPLE))
    for person in (ANA, BEN):
        assert confirm(paired, person, NOW + 9 * DAY, couple=ANOTHER, together=(ANA, BEN)) == paired


def test_wrong_used_expired_cancelled_own_blocked_and_taken_are_one_answer() -> None:
    cancelled = taken(cancel(INVITED, ANA, NOW))
    for answer in (
        redeem(None, BEN, NOW),
        redeem(REDEEMED, EVE, NOW),
        redeem(REDEEMED, BEN, NOW),
        redeem(INVITED, BEN, NOW + DAY),
        redeem(cancelled, BEN, NOW),
        redeem(INVITED, ANA, NOW),
        redeem(INVITED, BEN, NOW, blocked=True),
        redeem(INVITED, BEN, NOW, together=(ANA,)),
    ):
        assert answer is PairingRefusal.UNKNOWN


def test_who_has_a_couple_hears_that_alone_whatever_the_code() -> None:
    for found in (None, INVITED, REDEEMED):
        assert redeem(found, BEN, NOW, together=(BEN,)) is PairingRefusal.TOGETHER


def test_a_code_lives_for_a_day_and_the_confirming_for_another() -> None:
    late = NOW + DAY - BLINK
    redeemed = taken(redeem(INVITED, BEN, late))
    one = taken(confirm(redeemed, ANA, late + DAY - BLINK, couple=COUPLE))
    assert confirm(one, BEN, late + DAY, couple=COUPLE) is PairingRefusal.VOID
    assert redeemed.state(late + DAY) is one.state(late + DAY) is InvitationState.VOID
    assert taken(confirm(one, BEN, late + DAY - BLINK, couple=COUPLE)).couple == COUPLE
    assert INVITED.state(NOW + DAY) is InvitationState.VOID


def test_only_the_two_can_confirm_or_cancel() -> None:
    for step in (confirm(REDEEMED, EVE, NOW, couple=COUPLE), cancel(REDEEMED, EVE, NOW)):
        assert step is PairingRefusal.UNKNOWN
    assert confirm(INVITED, BEN, NOW, couple=COUPLE) is PairingRefusal.UNKNOWN


def test_the_inviter_cannot_confirm_before_somebody_came() -> None:
    assert confirm(INVITED, ANA, NOW, couple=COUPLE) is PairingRefusal.NOT_REDEEMED


def test_either_of_the_two_can_step_back_before_pairing_and_it_stays_void() -> None:
    one = taken(confirm(REDEEMED, ANA, NOW, couple=COUPLE))
    for person in (ANA, BEN):
        cancelled = taken(cancel(one, person, NOW))
        assert cancelled.state(NOW) is InvitationState.VOID
        assert cancel(cancelled, person, NOW) == cancelled
        assert confirm(cancelled, BEN, NOW, couple=COUPLE) is PairingRefusal.VOID


def test_after_pairing_it_is_too_late_to_cancel() -> None:
    paired = taken(confirm(taken(confirm(REDEEMED, ANA, NOW, couple=COUPLE)), BEN, NOW, couple=COUPLE))
    assert cancel(paired, ANA, NOW) is PairingRefusal.PAIRED


def test_who_paired_with_somebody_else_meanwhile_is_not_paired_again() -> None:
    one = taken(confirm(REDEEMED, ANA, NOW, couple=COUPLE))
    for person in (ANA, BEN):
        assert confirm(one, BEN, NOW, couple=COUPLE, together=(person,)) is PairingRefusal.VOID
    assert taken(confirm(one, BEN, NOW, couple=COUPLE, together=(EVE,))).couple == COUPLE


# Names


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Ana", "Ana"),
        ("  Ben \n", "Ben"),
        ("Zoe\u0308", "Zoë"),
        ("x" * 40, "x" * 40),
        ("👩‍👩‍👧 & co", "👩‍👩‍👧 & co"),
        ("नीति", "नीति"),
        ("q" + "\u0323\u0307\u0331\u0300", "q\u0323\u0331\u0307\u0300"),
        ("नी" * 20, "नी" * 20),
        ("7", "7"),
        ("\u0301" * 4 + "a", "\u0301" * 4 + "a"),
        ("Ana".rjust(4 * 40), "Ana"),
    ],
)
def test_a_name_is_kept_as_chosen(typed: str, stored: str) -> None:
    assert chosen_name(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "x" * 41,
        "x" * 1_000_000,
        "A\x00na",
        "A\nna",
        "A\u2028na",
        "A\u2029na",
        "Ana".rjust(4 * 40 + 1),
        "A\ud800na",
        "\u202eanA",
        "A\u2066na",
        "\u200fAna",
        "q" + "\u0301" * 5,
        "q" + "\u0301" * 30,
        "\u200b\u200d",
        "\u0301",
    ],
)
def test_what_cannot_be_shown_kindly_is_no_name(typed: str) -> None:
    assert chosen_name(typed) is None


# Consents


def event(purpose: Purpose, minute: int, *, given: bool, text_version: int = 1) -> ConsentEvent:
    return ConsentEvent(purpose=purpose, text_version=text_version, given=given, at=NOW + timedelta(minutes=minute))


def test_without_events_nothing_is_given_and_everything_is_to_be_asked() -> None:
    assert consents_now([]) == dict.fromkeys(TEXT_VERSIONS, Consent(given=False, ask=True))


def test_the_latest_event_of_a_purpose_counts_and_touches_no_other() -> None:
    events = [
        event("push", 1, given=True),
        event("push", 3, given=False),
        event("pairing", 2, given=True),
        event("summary_share", 1, given=False),
        event("summary_share", 2, given=True),
    ]
    for each in (events, events[::-1]):
        now = consents_now(each)
        assert now["push"] == Consent(given=False, ask=False)
        assert now["pairing"] == now["summary_share"] == Consent(given=True, ask=False)
        assert now["core_sensitive"] == Consent()


def test_given_and_withdrawn_at_one_instant_is_withdrawn() -> None:
    both = [event("push", 1, given=False), event("push", 1, given=True)]
    assert consents_now(both)["push"] == consents_now(both[::-1])["push"] == Consent(given=False, ask=False)


def test_a_consent_to_an_older_text_holds_and_the_newer_text_is_asked() -> None:
    old = event("push", 1, given=True, text_version=TEXT_VERSIONS["push"] - 1)
    assert consents_now([old])["push"] == Consent(given=True, ask=True)


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        (event("core_sensitive", 1, given=False), True),
        (event("core_sensitive", 1, given=True), False),
        (event("push", 1, given=False), False),
        (event("pairing", 1, given=False), False),
    ],
)
def test_what_a_person_shows_rests_on_their_consent_to_keep_entries_alone(said: ConsentEvent, *, ends: bool) -> None:
    assert ends_keeping(said) is ends


def test_entries_are_kept_only_for_adults_who_consented() -> None:
    yes = consents_now([event("core_sensitive", 1, given=True)])
    no = consents_now([event("core_sensitive", 1, given=True), event("core_sensitive", 2, given=False)])
    assert may_keep(adult_attested=True, consents=yes)
    assert not may_keep(adult_attested=False, consents=yes)
    assert not may_keep(adult_attested=True, consents=no)
    assert not may_keep(adult_attested=True, consents=consents_now([]))
