"""Laws of merging texts: no word of an accepted edit is lost, and no text is guessed."""

import math
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.words import CELLS_FIELD_MAX, CELLS_REQUEST_MAX, Budget, Words, merge_words, sentences, without

ODD_TEXTS = st.text(alphabet="ab1 .!?…。」)\"'\n\r\t😀é\u0301", max_size=40)
SENTENCES = st.sampled_from(["A.", "B.", "C!", "D", "E?", "f。", "1. g", "h 3.5 i.", "…j"])
FEW_SENTENCES = st.sampled_from(["A.", "B."])
"""So few that texts repeat themselves."""
GAPS = st.sampled_from([" ", "\n", "\r\n", "\n\n", "", "  "])


@st.composite
def texts(draw: st.DrawFn, choice: st.SearchStrategy[str] = SENTENCES) -> str:
    return "".join(draw(choice) + draw(GAPS) for _ in range(draw(st.integers(0, 7))))


@st.composite
def edits(draw: st.DrawFn, was: str, choice: st.SearchStrategy[str] = SENTENCES) -> str:
    """A text as a person edits it: sentences changed, added and removed, the others as they were."""
    kept: list[str] = []
    for sentence in sentences(was):
        act = draw(st.sampled_from(["keep", "keep", "keep", "remove", "change", "add"]))
        if act == "add":
            kept.append(draw(choice))
        if act == "change":
            kept.append(draw(choice))
        elif act != "remove":
            kept.append(sentence)
    if draw(st.booleans()):
        kept.append(draw(choice))
    return draw(st.sampled_from([" ", "\n"])).join(kept)


@st.composite
def stories(draw: st.DrawFn) -> tuple[str, str, str]:
    if draw(st.booleans()):
        was = draw(texts(FEW_SENTENCES))
        sides = st.one_of(edits(was, FEW_SENTENCES), texts(FEW_SENTENCES))
    else:
        was = draw(st.one_of(texts(), ODD_TEXTS))
        sides = st.one_of(edits(was), texts(), ODD_TEXTS)
    return was, draw(sides), draw(sides)


@st.composite
def additions(draw: st.DrawFn, was: str) -> str:
    """A text to which a person only added."""
    added = [draw(texts(FEW_SENTENCES)) for _ in range(len(sentences(was)) + 1)]
    return "\n".join([added[0], *(f"{old}\n{new}" for old, new in zip(sentences(was), added[1:], strict=True))])


def merged(was: str | None, stored: str, incoming: str) -> Words:
    return merge_words(was, stored, incoming, Budget(), chars_max=10_000)


@given(ODD_TEXTS, ODD_TEXTS)
def test_an_edit_of_one_side_is_followed_to_the_letter(was: str, edited: str) -> None:
    assert merged(was, edited, was) == Words(edited)
    assert merged(was, was, edited) == Words(edited)
    assert merged(was, edited, edited) == Words(edited)


@given(stories())
@settings(max_examples=5 * settings.default.max_examples)
def test_what_both_still_have_and_what_either_has_beyond_the_start_is_in_the_result(
    story: tuple[str, str, str],
) -> None:
    """Counted, so that it says something of sentences that repeat themselves too.

    Each side kept some of the start's copies and brought the rest of its own. Of the start's, those remain that both
    kept; of equal new ones at least as many as the side with more of them brought. Counts do not tell how many were
    kept, so the least is what the worst division leaves. The example below reaches it.
    """
    was, stored, incoming = story
    words = merged(*story)
    if words.overlap:
        assert words.text == stored
        return
    before, mine, other = (Counter(sentences(text)) for text in (was, stored, incoming))
    after = Counter(sentences(words.text))
    for sentence in mine | other:
        was_there, here, there = before[sentence], mine[sentence], other[sentence]
        beyond = max(here, there) - was_there
        shared = math.ceil((here + there - was_there) / 2)
        assert after[sentence] >= max(beyond, shared, 1 if here and there else 0)


@given(stories())
@settings(max_examples=5 * settings.default.max_examples)
def test_nothing_is_invented(story: tuple[str, str, str]) -> None:
    words = merged(*story)
    _, mine, other = (Counter(sentences(text)) for text in story)
    after = Counter(sentences(words.text))
    assert all(after[sentence] <= mine[sentence] + other[sentence] for sentence in after)
    if not words.overlap and not words.joined:
        assert sentences(words.text) in (sentences(story[1]), sentences(story[2]))


@given(stories())
@settings(max_examples=5 * settings.default.max_examples)
def test_the_order_of_arrival_changes_at_most_the_order_of_sentences(story: tuple[str, str, str]) -> None:
    was, stored, incoming = story
    one, another = merged(was, stored, incoming), merged(was, incoming, stored)
    assert one.overlap == another.overlap
    if not one.overlap:
        assert Counter(sentences(one.text)) == Counter(sentences(another.text))


@given(stories(), st.integers(0, 200))
@settings(max_examples=5 * settings.default.max_examples)
def test_the_same_edit_once_more_changes_nothing_of_the_text(story: tuple[str, str, str], cells: int) -> None:
    """Whoever sends it again, and however little the second request may spend."""
    was, stored, incoming = story
    once = merged(was, stored, incoming)
    again = {merge_words(was, once.text, incoming, Budget(each), chars_max=10_000).text for each in (cells, 10**6)}
    assert again == {once.text}
    if not once.overlap:
        assert merged(was, once.text, stored).text == once.text
        assert merged(incoming, once.text, incoming).text == once.text


@given(st.data())
@settings(max_examples=2 * settings.default.max_examples)
def test_additions_of_both_once_more_are_not_even_kept_beside(data: st.DataObject) -> None:
    was = data.draw(st.one_of(texts(), texts(FEW_SENTENCES)))
    stored, incoming = data.draw(additions(was)), data.draw(additions(was))
    once = merged(was, stored, incoming)
    again = merged(was, once.text, incoming)
    assert (again.text, again.overlap) == (once.text, once.overlap)


@given(st.data())
def test_of_two_texts_with_the_same_sentences_it_matters_not_which_is_stored(data: st.DataObject) -> None:
    was = data.draw(texts())
    stored = data.draw(edits(was))
    gaps = [data.draw(GAPS.filter(bool)) for _ in sentences(stored)]
    incoming = "".join(core + gap for core, gap in zip(sentences(stored), gaps, strict=True))
    if was not in (stored, incoming) and sentences(incoming) == sentences(stored):
        one, another = merged(was, stored, incoming), merged(was, incoming, stored)
        assert (one.text == another.text) or (one.overlap and another.overlap)


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
    # Both added one at the end, and one took one out before: three, although one text has four.
    words = merged("A. A. A. B. ", "A. A. A. B. A.", "A. A. B. A.")
    assert sentences(words.text) == ["A.", "A.", "B.", "A."]


def test_of_a_sentence_that_repeats_itself_no_more_than_half_may_be_left() -> None:
    # Both moved an A among three B, and each B that one of them set anew stood for another one of the start.
    words = merged("A. B. B. B.", "B. A. B. A. B.", "B. A. B. B. A.")
    assert words == Words("B. A. B. A.", joined=True)
