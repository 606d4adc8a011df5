"""What becomes of a text that two people, or two phones of one person, edited apart."""

from itertools import product

import pytest

from sync.words import (
    CELLS_FIELD_MAX,
    CELLS_REQUEST_MAX,
    Budget,
    Words,
    merge_words,
    sentences,
    without,
)


def merged(was: str | None, stored: str, incoming: str, chars_max: int = 4000) -> Words:
    return merge_words(was, stored, incoming, Budget(), chars_max=chars_max)


def both_ways(was: str, stored: str, incoming: str) -> set[str]:
    """The joined text, whichever side was stored first."""
    results = [merged(was, stored, incoming), merged(was, incoming, stored)]
    assert not any(words.overlap for words in results)
    return {words.text for words in results}


# One side only


def test_an_edit_of_one_side_is_the_result() -> None:
    assert merged("A. B.", "A. B.", "A. C.") == Words("A. C.")
    assert merged("A. B.", "A. C.", "A. B.") == Words("A. C.")


def test_the_same_edit_on_both_sides_is_not_called_joined() -> None:
    assert merged("Book ferry", "Book the ferry", "Book the ferry") == Words("Book the ferry")


def test_nothing_changed_stays_as_it_is() -> None:
    assert merged("  A.\n", "  A.\n", "  A.\n") == Words("  A.\n")


def test_without_a_known_start_two_texts_stay_apart_and_equal_ones_do_not() -> None:
    assert merged(None, "A. B.", "A.") == Words("A. B.", overlap=True)
    assert merged(None, "A.", "A.") == Words("A.")


# Different sentences


def test_edits_of_different_sentences_stand_together_once() -> None:
    assert merged("We talk. We walk.", "We talk daily. We walk.", "We talk. We walk far.") == Words(
        "We talk daily. We walk far.", joined=True
    )


def test_a_sentence_added_in_front_and_one_added_behind_both_stand() -> None:
    assert both_ways("B.", "A. B.", "B. C.") == {"A. B. C."}


def test_a_sentence_that_one_side_removed_is_gone_while_the_other_side_edits_elsewhere() -> None:
    assert both_ways("A. B. C.", "A. C.", "A. B. C. D.") == {"A. C. D."}
    assert both_ways("A. B. C.", "A. B.", "X. A. B. C.") == {"X. A. B."}


def test_different_sentences_removed_by_each_side_are_both_gone() -> None:
    assert both_ways("A. B. C.", "A. B.", "B. C.") == {"B."}


def test_the_same_sentence_removed_by_both_is_gone_once_and_nothing_else() -> None:
    assert both_ways("A. B. C.", "A. C. D.", "Z. A. C.") == {"Z. A. C. D."}


def test_the_same_rewriting_on_both_sides_stands_once_among_other_edits() -> None:
    assert both_ways("A. B. C.", "A2. B2. C.", "A. B2. C2.") == {"A2. B2. C2."}


def test_a_removed_sentence_beside_an_edited_one_does_not_disturb_it() -> None:
    assert both_ways("A. B. C.", "B. C.", "A. B2. C.") == {"B2. C."}


def test_a_new_sentence_between_two_removed_ones_lives() -> None:
    assert both_ways("A. B.", "", "A. N. B.") == {"N."}
    assert both_ways("A. B. C.", "B. A. N. C.", "A.") == {"A. N."}, "also where another sentence was moved"


def test_lines_are_merged_like_sentences() -> None:
    assert both_ways("milk\neggs\ntea", "milk\n6 eggs\ntea", "milk\neggs\ngreen tea") == {"milk\n6 eggs\ngreen tea"}


# The same place


def test_two_additions_at_the_same_place_both_stand_and_the_stored_one_first() -> None:
    assert merged("A.", "A. B.", "A. C.") == Words("A. B. C.", joined=True)
    assert merged("A.", "A. C.", "A. B.") == Words("A. C. B.", joined=True)


def test_equal_additions_stand_once() -> None:
    assert both_ways("A. Z.", "A. B. Z. Y.", "X. A. B. Z.") == {"X. A. B. Z. Y."}
    assert both_ways("A.", "A. B. C.", "A. B.") == {"A. B. C."}


def test_an_addition_equal_on_both_sides_stands_once_between_different_ones() -> None:
    assert merged("A.", "A. P. Q.", "A. Q. R.").text == "A. P. Q. R."
    assert merged("A.", "A. P. Q.", "A. R. Q.").text == "A. P. R. Q."
    assert merged("A.", "A. P. Q.", "A. Q. P.").text == "A. P. Q."
    assert merged("A.", "A. P. P.", "A. P. R.").text == "A. P. P. R."


@pytest.mark.parametrize(
    ("was", "stored", "incoming", "text"),
    [
        ("", "D. A.", "A. A. C.", "D. A. A. C."),
        ("", "A. C.", "C. A. A.", "A. C. A."),
        ("A.", "N. A. N.", "", "N. N."),
        ("A. B.", "B.", "B. A. B.", "B. B."),
    ],
)
def test_a_sentence_that_one_side_wrote_once_more_stands_as_often_as_there(
    was: str, stored: str, incoming: str, text: str
) -> None:
    assert merged(was, stored, incoming) == Words(text, joined=True)


def test_an_addition_of_both_stands_once_where_one_also_edited_the_sentence_before_it() -> None:
    assert both_ways("A.", "A2. N.", "A. N.") == {"A2. N."}
    assert both_ways("A.", "N. A2.", "N. A.") == {"N. A2."}


def test_both_texts_written_into_an_empty_field_stand_on_lines_of_their_own() -> None:
    assert merged("", "Call mum", "Buy milk") == Words("Call mum\nBuy milk", joined=True)


def test_equal_additions_in_different_white_space_come_to_the_same_text_whichever_was_first() -> None:
    assert both_ways("", "B. C.", "B.\nC.") == {"B.\nC."}
    assert both_ways("A.", "A. B. C.", "A. B.\nC. D.") == {"A. B.\nC. D."}
    assert both_ways("A.", "A. B.\r\nC.", "A. B. C.") == {"A. B.\r\nC."}
    assert both_ways("今。 ", "今。 花。 ", "今。花。\n") == {"今。 花。\n"}


def test_letters_that_look_alike_are_not_the_same_sentence() -> None:
    assert merged("A.", "A. \u00e9.", "A. e\u0301.").text == "A. \u00e9. e\u0301."


def test_the_same_sentence_edited_differently_stays_apart() -> None:
    assert merged("Book ferry", "Book the ferry", "Book ferry today") == Words("Book the ferry", overlap=True)
    assert merged("A. B. C.", "A. B1. C.", "A. B2. C.") == Words("A. B1. C.", overlap=True)


def test_an_edit_is_never_lost_to_a_removal() -> None:
    assert merged("A. B. C.", "A. C.", "A. B2. C.").overlap
    assert merged("A. B. C.", "A. B2. C.", "A. C.").overlap
    assert merged("Only this", "", "Only this one").overlap


def test_an_addition_inside_a_rewritten_passage_stays_apart() -> None:
    assert merged("A. B.", "X.", "A. N. B.").overlap
    assert merged("A. B.", "A. N. B.", "X.").overlap


def test_partly_shared_rewritings_of_one_passage_stay_apart() -> None:
    assert merged("A. B. C. D.", "A. X. Y. D.", "A. X. Z. D.").overlap
    assert merged("A. B. C. D.", "A. X. Y. N. D.", "A. X. Z. D.").overlap
    assert merged("A. B. C.", "P. C.", "A. Q.").overlap
    assert merged("A. B.", "Y.", "Y. Z.").overlap


def test_a_sentence_rewritten_equally_and_followed_by_different_additions_keeps_them_all() -> None:
    assert merged("Book ferry", "Book ferry. Call mum.", "Book ferry. Buy milk.").text == (
        "Book ferry. Call mum. Buy milk."
    )


def test_passages_rewritten_equally_stand_once_although_other_edits_touch_them() -> None:
    assert both_ways("A. B. C. D.", "X. Y. C. D1.", "X. Y. C2. D.") == {"X. Y. C2. D1."}


def test_a_passage_that_both_shortened_equally_stands_once() -> None:
    assert both_ways("A. B. C. D.", "X. C. D2.", "X. C. D.") == {"X. C. D2."}
    assert both_ways("A. B. C. D.", "X. C. D.", "X. C. D. E.") == {"X. C. D. E."}


def test_a_sentence_that_one_rewrote_and_one_kept_does_not_come_back() -> None:
    assert both_ways("A. B.", "", "B. C. D.") == {"C. D."}
    assert merged("A. B.", "A. C. D.", "C. D.").overlap


def test_a_sentence_of_which_each_kept_another_copy_is_not_lost() -> None:
    assert merged("A. A.", "A.", "B. A.") == Words("A.", overlap=True)


def test_different_copies_of_one_sentence_that_each_rewrote_stay_apart() -> None:
    # Of "yes, ok, no" nobody could tell which of the three copies is left: the same edit once more might take it.
    assert merged("ok\nok\nok", "yes\nok\nok", "ok\nok\nno") == Words("yes\nok\nok", overlap=True)


# The same edit once more


@pytest.mark.parametrize(
    ("was", "stored", "incoming"),
    [
        ("A.", "A. A.", ""),
        ("A.", "A. A.", "B."),
        ("A. B.", "B. A.", ""),
        ("A. B. C.", "C. A.", "C. B."),
        ("A.", "B. A. C.", "A. A."),
    ],
)
def test_copied_and_moved_sentences_stay_apart_where_an_edit_could_be_done_twice(
    was: str, stored: str, incoming: str
) -> None:
    assert merged(was, stored, incoming) == Words(stored, overlap=True)
    assert merged(was, incoming, stored) == Words(incoming, overlap=True)


def test_a_removal_beside_an_addition_once_more_is_kept_beside_the_text() -> None:
    # From here on the addition stands where the removed sentence stood, and could as well be a rewriting of it, which
    # is never lost to a removal. So the removal cannot be found done; but nothing of the text changes either.
    assert merged("A.", "A. B.", "") == Words("B.", joined=True)
    assert merged("A.", "B.", "") == Words("B.", overlap=True)


def test_an_addition_inside_a_removed_passage_once_more_is_kept_beside_the_text() -> None:
    # Likewise: the two that were removed around it could have been rewritten to it.
    assert merged("A. B.", "", "A. N. B.") == Words("N.", joined=True)
    assert merged("A. B.", "N.", "A. N. B.") == Words("N.", overlap=True)


@pytest.mark.parametrize(
    "unit", ["a ", "a. ", "a.", "a\n", "a\r\n", ".", "\n", "\r\n", "。", "e\u0301. ", "\u00e9\n", "a. b. ", "a"]
)
def test_monotonous_texts_hold_the_same_sentences_whichever_was_first_and_stay_so(unit: str) -> None:
    sizes = range(5)
    for was, stored, incoming in product([unit * size for size in sizes], repeat=3):
        words, turned = merged(was, stored, incoming), merged(was, incoming, stored)
        assert words.overlap == turned.overlap
        assert words.overlap or sorted(sentences(words.text)) == sorted(sentences(turned.text))
        assert merged(was, words.text, incoming).text == words.text


def test_a_moved_sentence_that_the_other_edited_stays_apart() -> None:
    assert merged("A. B. C.", "B. C. A.", "A2. B. C.").overlap


def test_two_removals_that_together_would_empty_the_text_stay_apart() -> None:
    assert merged("A. B.", "A.", "B.") == Words("A.", overlap=True)


def test_a_text_emptied_by_one_side_stays_empty_when_the_other_only_removed() -> None:
    assert merged("A. B.", "", "A.") == Words("")
    assert merged("A. B.", "A.", "") == Words("")


# White space and marks


def test_sentences_that_meet_for_the_first_time_do_not_run_together() -> None:
    assert merged("A.", "A. B.", "A.\n\nC.").text == "A.\n\nB.\n\nC."
    assert merged("milk\neggs", "milk\neggs\nbread", "milk\neggs\ntea").text == "milk\neggs\nbread\ntea"
    assert merged("Go. ", "Go. B", "Go. C").text == "Go. B\nC"
    assert merged("C.", "A. C.", "B.\nC.").text == "A. B.\nC."
    assert merged("", "M.\nN. Z. Q.", "今。Q. N. Z.").text == "M.\n今。\nN. Z. Q."


def test_a_blank_line_behind_words_without_a_mark_stays_one() -> None:
    assert merged("", "Milk\n\nCall mum.", "Eggs.").text == "Milk\n\nCall mum. Eggs."


def test_a_number_alone_never_comes_to_number_the_sentence_behind_it() -> None:
    assert both_ways("A.", "1.", "A. C.") == {"1.\nC."}
    assert merged("", "1. Milk. Tea.", "Eggs.").text == "1. Milk. Tea. Eggs.", (
        "a numbered line is a sentence like others"
    )


def test_the_line_that_ends_a_text_does_not_come_before_it() -> None:
    assert merged("", "A.", "B.\n") == Words("A. B.\n", joined=True)


def test_a_lost_space_comes_back_when_its_follower_was_removed_by_the_other() -> None:
    assert both_ways("A. B.", "A.", "A. N. B.") == {"A. N."}


def test_white_space_follows_the_side_that_changed_it() -> None:
    assert both_ways("A. B.", "A.\nB.", "A. B. C.") == {"A.\nB. C."}
    assert both_ways("A. B. C.", "A.\n\nB. C.", "A.\nB. C. D.") == {"A.\n\nB. C. D."}
    assert both_ways(" A. ", "A. ", " A.\n") == {"A.\n"}
    assert both_ways("A.\n\nB.", "A. B.", "A.\n\nB. C.") == {"A. B. C."}, "also to less of it"
    assert both_ways("A.\n", "A.", "B. A.\n") == {"B. A."}


def test_edits_of_white_space_alone_are_not_called_joined() -> None:
    assert merged("A. B.", "A.\nB.", "A. B.\n") == Words("A.\nB.\n")


def test_a_text_of_white_space_alone_has_no_sentences_and_merges() -> None:
    assert merged("", " ", "\n") == Words("\n")
    assert sentences(" \n ") == []


def test_texts_without_punctuation_and_emoji_are_one_sentence_a_line() -> None:
    assert sentences("love you ❤️ so much 👩‍👩‍👧") == ["love you ❤️ so much 👩‍👩‍👧"]
    assert merged("love you", "love you ❤️", "love you 😀").overlap
    assert merged("tea ☕️\n", "tea ☕️\n🌧️\n", "☀️\ntea ☕️\n").text == "☀️\ntea ☕️\n🌧️\n"


def test_scripts_without_spaces_are_merged_without_adding_any() -> None:
    assert merged("今日。明日。", "今日。明日。花。", "今日。明日。鳥。").text == "今日。明日。花。鳥。"
    assert merged("今日。明日。", "今日。「花。」明日。", "今日。明日!").text == "今日。「花。」明日!"
    assert both_ways("B.\n", "花。B.\n", "B. C.\n") == {"花。B. C.\n"}


def test_a_line_stays_one_though_the_other_put_a_sentence_in_front_that_asks_for_no_space() -> None:
    assert both_ways("A. X.\nB.", "A. 花。X.\nB.", "A.\nB.") == {"A.\n花。\nB."}


def test_a_mark_never_slips_into_the_sentence_before_it() -> None:
    assert sentences(merged("a", "今日。a", "a\n…x").text) == ["今日。", "a", "…x"]
    assert sentences(merged("", "今日。", "…x").text) == ["今日。", "…x"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four… five", ["One.", "Two!", "Three?", "Four…", "five"]),
        ("Really?! Yes...  No", ["Really?!", "Yes...", "No"]),
        (
            'She said "come." Then (at 3.5 km.) we went.',
            ['She said "come."', "Then (at 3.5 km.)", "we went."],
        ),
        ("See haven.example.org for more", ["See haven.example.org for more"]),
        ("1. milk\n2. eggs\n\n\n1999. A year", ["1. milk", "2. eggs", "1999.", "A year"]),
        ("999. milk\n1000. eggs", ["999. milk", "1000.", "eggs"]),
        ("12.\nx", ["12.", "x"]),
        ("first  \n\n  second", ["first", "second"]),
        ("今日は。「はい。」そう?", ["今日は。", "「はい。」", "そう?"]),
        ("هل؟ نعم", ["هل؟", "نعم"]),
        ("", []),
        ("...", ["..."]),
    ],
)
def test_a_text_falls_into_these_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


# Bounds


def test_a_joined_text_that_would_be_too_long_stays_apart() -> None:
    assert merged("A.", "A. B.", "A. C.", chars_max=8).text == "A. B. C."
    assert merged("A.", "A. B.", "A. C.", chars_max=7) == Words("A. B.", overlap=True)


def numbered(name: str, count: int) -> str:
    return " ".join(f"{name}{number}." for number in range(count))


def cost(was: str, stored: str, incoming: str) -> tuple[int, Words]:
    """The cells a merge spent on comparing, the reading of its characters aside."""
    budget = Budget()
    words = merge_words(was, stored, incoming, budget, chars_max=10_000)
    return CELLS_REQUEST_MAX - budget.cells_left - len(was + stored + incoming), words


def test_texts_that_would_need_too_many_comparisons_stay_apart_without_comparing() -> None:
    was, stored = numbered("a", 600), numbered("b", 600)
    assert cost(was, stored, f"new. {was}") == (0, Words(stored, overlap=True))


def test_both_comparisons_of_a_field_share_its_cells() -> None:
    was, stored, incoming = numbered("a", 400), numbered("b", 400), numbered("c", 400)
    assert cost(was, stored, incoming) == (160_000, Words(stored, overlap=True))


def test_many_additions_on_both_sides_are_compared_within_the_same_cells() -> None:
    # They are joined in both orders, so that it does not matter which came first.
    stored, incoming = numbered("a", 350), numbered("b", 350)
    assert cost("", stored, incoming) == (2 * 122_500, Words(f"{stored} {incoming}", joined=True))
    stored, incoming = numbered("a", 600), numbered("b", 600)
    assert cost("", stored, incoming) == (0, Words(stored, overlap=True))


def test_reading_a_character_is_paid_for() -> None:
    budget = Budget(12)
    assert merge_words("A. B.", "A1. B.", "A. B1.", budget, chars_max=99).overlap
    assert budget.cells_left == 12


def test_proving_a_joined_text_is_paid_for() -> None:
    read, compared = 12, 3
    assert merge_words("A.", "A. B.", "B. A.", Budget(read + compared), chars_max=99).text == "B. A. B."
    assert merge_words("A.", "A. B.", "B. A.", Budget(read + compared - 1), chars_max=99).overlap


def test_no_budget_lets_a_text_stand_that_is_not_proved() -> None:
    was, stored, incoming = "A.", "C. A. A.", "B. C. A. B."
    for cells in range(100):
        assert merge_words(was, stored, incoming, Budget(cells), chars_max=99) == Words(stored, overlap=True)


def test_a_spent_budget_keeps_both_and_still_lets_plain_edits_through() -> None:
    budget = Budget(0)
    assert merge_words("A. B.", "A1. B.", "A2. B.", budget, chars_max=99).overlap
    assert merge_words("A. B.", "A. B.", "A2. B.", budget, chars_max=99) == Words("A2. B.")


@pytest.mark.parametrize("unit", ["a ", "a. ", "a.", "a\n", ".", "\n", " ", ". ", '."', "。", "1. ", "😀", "a. b. "])
def test_five_hundred_monotonous_fields_stay_within_the_cells_of_a_request(unit: str) -> None:
    budget = Budget()
    was = unit * (600 // len(unit))
    for number in range(500):
        stored = f"stored {number}. {was[1:]}"
        incoming = f"{was[:-1]} incoming {number}."
        words = merge_words(was, stored, incoming, budget, chars_max=5000)
        assert words.overlap or (f"stored {number}." in words.text and f"incoming {number}." in words.text)
        assert words.text == stored or not words.overlap
    assert 0 <= budget.cells_left <= CELLS_REQUEST_MAX


def test_costly_fields_exhaust_the_cells_of_a_request_and_never_overdraw_them() -> None:
    budget = Budget()
    was, stored, incoming = numbered("a", 340), numbered("b", 340), numbered("c", 340)
    for _ in range(500):
        assert merge_words(was, stored, incoming, budget, chars_max=9000) == Words(stored, overlap=True)
    assert 0 <= budget.cells_left < len(was + stored + incoming) < CELLS_FIELD_MAX


# Taking sentences out


def test_banned_sentences_leave_and_everything_else_stays() -> None:
    banned = {"Secret.", "mine"}.__contains__
    assert without("A. Secret. B.", banned) == "A. B."
    assert without("Secret. A.\n", banned) == "A.\n"
    assert without("A. Secret.\nB.", banned) == "A.\nB."
    assert without("A.\nSecret. B.", banned) == "A.\nB."
    assert without("A.\nmine\n", banned) == "A.\n"
    assert without("A. Secret.", banned) == "A."
    assert without("Secret. mine", banned) == ""
    assert without(" A. B. ", banned) == " A. B. "
    assert without("", banned) == ""
    assert without("A secret. Secret", banned) == "A secret. Secret"


def test_whoever_adds_what_is_there_in_another_order_says_nothing_new() -> None:
    """Found by a law among many stories: both had added the same sentence twice, and the joined text came once more."""
    everything, some = "A.\nA. A.A. B. ", "A.A. B. A. "
    assert merged("", everything, some) == merged("", some, everything) == Words(everything)


@pytest.mark.parametrize(
    ("stored", "incoming", "text"),
    [
        ("A. A.", "B. A. A.", "B. A. A."),
        ("B. A. A.", "A. A.", "B. A. A."),
        ("A. A. B.", "B. A. A.", "A. A. B."),
    ],
    ids=["the new one", "the stored one", "both"],
)
def test_of_two_that_only_added_the_one_with_all_sentences_of_the_other_stands(
    stored: str, incoming: str, text: str
) -> None:
    assert merged("A.", stored, incoming) == Words(text)


def test_who_moved_a_sentence_has_not_only_added() -> None:
    assert merged("A. B.", "B. A.", "A. A. B.") == Words("B. A.", overlap=True)
    assert merged("A. B.", "A. A. B.", "B. A.") == Words("A. A. B.", overlap=True)
