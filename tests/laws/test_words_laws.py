"""Laws of merging texts: no word of an accepted edit is lost, and no text is guessed."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.words import CELLS_FIELD_MAX, CELLS_REQUEST_MAX, Budget, Words, merge_words, sentences, without

ODD_TEXTS = st.text(alphabet="ab1 .!?…。」)\"'\n\t😀é", max_size=40)
SENTENCES = st.sampled_from(["A.", "B.", "C!", "D", "E?", "f。", "1. g", "h 3.5 i.", "…j"])
GAPS = st.sampled_from([" ", "\n", "\n\n", "", "  "])


@st.composite
def texts(draw: st.DrawFn) -> str:
    return "".join(draw(SENTENCES) + draw(GAPS) for _ in range(draw(st.integers(0, 7))))


@st.composite
def edits(draw: st.DrawFn, was: str) -> str:
    """A text as a person edits it: sentences changed, added and removed, the others as they were."""
    kept: list[str] = []
    for sentence in sentences(was):
        act = draw(st.sampled_from(["keep", "keep", "keep", "remove", "change", "add"]))
        if act == "add":
            kept.append(draw(SENTENCES))
        if act == "change":
            kept.append(draw(SENTENCES))
        elif act != "remove":
            kept.append(sentence)
    if draw(st.booleans()):
        kept.append(draw(SENTENCES))
    return draw(st.sampled_from([" ", "\n"])).join(kept)


@st.composite
def stories(draw: st.DrawFn) -> tuple[str, str, str]:
    was = draw(st.one_of(texts(), ODD_TEXTS))
    sides = st.one_of(edits(was), texts(), ODD_TEXTS)
    return was, draw(sides), draw(sides)


def merged(was: str | None, stored: str, incoming: str) -> Words:
    return merge_words(was, stored, incoming, Budget(), chars_max=10_000)


@given(ODD_TEXTS, ODD_TEXTS)
def test_an_edit_of_one_side_is_followed_to_the_letter(was: str, edited: str) -> None:
    assert merged(was, edited, was) == Words(edited)
    assert merged(was, was, edited) == Words(edited)
    assert merged(was, edited, edited) == Words(edited)


@given(stories())
@settings(max_examples=500)
def test_every_sentence_is_in_the_result_unless_the_other_side_removed_it(
    story: tuple[str, str, str],
) -> None:
    was, stored, incoming = story
    words = merged(*story)
    if words.overlap:
        assert words.text == stored
        return
    before, mine, other = (Counter(sentences(text)) for text in (was, stored, incoming))
    after = Counter(sentences(words.text))
    for sentence in mine | other:
        removed = max(before[sentence] - mine[sentence], 0) + max(before[sentence] - other[sentence], 0)
        if max(before[sentence], mine[sentence], other[sentence]) == 1:
            # Of a sentence that repeats itself, one may have gone here and come there: counts cannot tell.
            assert after[sentence] >= 1 - removed
        if mine[sentence] and other[sentence]:
            assert after[sentence] >= 1
        if not before[sentence]:
            assert after[sentence] >= 1


@given(stories())
@settings(max_examples=500)
def test_nothing_is_invented(story: tuple[str, str, str]) -> None:
    words = merged(*story)
    _, mine, other = (Counter(sentences(text)) for text in story)
    after = Counter(sentences(words.text))
    assert all(after[sentence] <= mine[sentence] + other[sentence] for sentence in after)
    if not words.overlap and not words.joined:
        assert sentences(words.text) in (sentences(story[1]), sentences(story[2]))


@given(stories())
@settings(max_examples=500)
def test_the_order_of_arrival_changes_at_most_the_order_of_sentences(story: tuple[str, str, str]) -> None:
    was, stored, incoming = story
    one, another = merged(was, stored, incoming), merged(was, incoming, stored)
    assert one.overlap == another.overlap
    if not one.overlap:
        assert Counter(sentences(one.text)) == Counter(sentences(another.text))


@given(stories())
def test_a_retry_of_an_edit_that_was_merged_adds_nothing(story: tuple[str, str, str]) -> None:
    was, stored, incoming = story
    once = merged(was, stored, incoming)
    if not once.overlap:
        assert merged(incoming, once.text, incoming).text == once.text


@given(stories(), st.integers(0, 30), st.integers(0, 60))
def test_no_bound_is_ever_passed(story: tuple[str, str, str], cells: int, chars_max: int) -> None:
    was, stored, incoming = story
    budget = Budget(cells)
    words = merge_words(was, stored, incoming, budget, chars_max=chars_max)
    assert 0 <= budget.cells_left <= cells <= CELLS_FIELD_MAX <= CELLS_REQUEST_MAX
    if words.joined:
        assert len(words.text) <= chars_max


@given(ODD_TEXTS)
def test_sentences_are_the_text_without_the_white_space_between_them(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())
    assert all(sentence and sentence == sentence.strip() for sentence in sentences(text))
    assert sentences("\n".join(sentences(text))) == sentences(text)


@given(ODD_TEXTS, st.sets(st.integers(0, 12)))
def test_what_is_left_without_banned_sentences_is_the_others_in_order(text: str, picks: set[int]) -> None:
    found = sentences(text)
    banned = {found[pick] for pick in picks if pick < len(found)}
    assert sentences(without(text, banned.__contains__)) == [one for one in found if one not in banned]
    assert without(text, set[str]().__contains__) == text


def test_a_repeated_sentence_that_one_side_moved_is_not_counted_as_two_additions() -> None:
    # Found by the law above while it still compared counts: both added one at the end, one took one out before.
    words = merged("A. A. A. B. ", "A. A. A. B. A.", "A. A. B. A.")
    assert sentences(words.text) == ["A.", "A.", "B.", "A."]
