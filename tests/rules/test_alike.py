"""Words that are said again: what counts as the same, and by what it is found in a store that reads no words."""

from typing import Any
from uuid import UUID

import pytest

from domain.ids import PersonId, RecordId, SpaceId
from domain.kinds import KINDS
from domain.records import Record
from sync.alike import alike_id, alike_of, answers_to, words_of
from sync.ports import Words

ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
KEY, OTHER_KEY = bytes([7]) * 32, bytes([8]) * 32
TERMS = KINDS["goal_terms"]
WALK = Words("goal_terms", ("Walk on Sundays", "To talk.", None))
FOUND_BY = UUID("b575172c-07c2-88f1-9e15-130b9c75df18")


def terms(author: PersonId = ANA, **values: Any) -> Record:
    fields = {name: field.shape.empty for name, field in TERMS.fields.items()}
    return Record(
        space=SpaceId(UUID(int=10)),
        kind="goal_terms",
        id=RecordId(UUID(int=20)),
        version=3,
        created=3,
        author=author,
        fields=fields | {"title": "Walk on Sundays", "why": "To talk."} | values,
    )


def test_terms_say_their_title_why_and_when_they_are_done_and_nothing_besides() -> None:
    said = {"goal": str(UUID(int=5)), "title": "Walk on Sundays", "why": "To talk.", "hoped_for": "2027-03-01"}
    assert words_of(TERMS, said) == WALK
    assert words_of(TERMS, said | {"done_when": "In spring."}) == Words("goal_terms", (*WALK.said[:2], "In spring."))


@pytest.mark.parametrize("said", [{}, {"why": "To talk."}, {"title": ""}, {"title": 5}, {"title": "x", "why": 5}])
def test_terms_that_are_none_say_nothing_that_is_looked_for(said: dict[str, Any]) -> None:
    assert words_of(TERMS, said) is None


def test_only_terms_are_looked_for_again() -> None:
    assert [kind.name for kind in KINDS.values() if words_of(kind, {"title": "Walk on Sundays"})] == ["goal_terms"]
    assert answers_to([WALK]) == {"goal_act"}
    assert answers_to([]) == set()


def test_terms_are_found_by_their_words_their_author_and_the_key_of_their_space() -> None:
    found_by = alike_id(KEY, ANA, WALK)
    assert found_by == FOUND_BY, "stores keep it, and what was asked before an update is found after it"
    others = {
        alike_id(OTHER_KEY, ANA, WALK),
        alike_id(KEY, BEN, WALK),
        alike_id(KEY, ANA, Words("goal_terms", ("Walk on Saturdays", "To talk.", None))),
        alike_id(KEY, ANA, Words("a_newer_kind", WALK.said)),
    }
    assert len(others - {found_by}) == 4


def test_stored_terms_are_found_by_what_is_asked_for() -> None:
    assert alike_of(terms(), KEY) == alike_id(KEY, ANA, WALK)
    assert alike_of(terms(BEN), KEY) == alike_id(KEY, BEN, WALK)
    assert alike_of(terms(hoped_for="2027-03-01"), OTHER_KEY) == alike_id(OTHER_KEY, ANA, WALK)


def test_what_has_no_words_any_more_and_what_is_looked_for_nowhere_is_found_by_nothing() -> None:
    assert alike_of(terms(title=""), KEY) is None
    goal = {name: field.shape.empty for name, field in KINDS["goal"].fields.items()}
    other = Record(
        space=SpaceId(UUID(int=10)),
        kind="goal",
        id=RecordId(UUID(int=20)),
        version=3,
        created=3,
        author=ANA,
        fields=goal,
    )
    assert alike_of(other, KEY) is None
