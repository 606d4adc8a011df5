"""What a device shows of a record while edits of its own wait: the server's word with these laid over it."""

from typing import Any
from uuid import UUID

import pytest

from domain.ids import PersonId, RecordId, SpaceId
from domain.kinds import KINDS
from sync.laying import Laying
from sync.resend import Beside, Row
from tests.pair import change

ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
SPACE, STEP = SpaceId(UUID(int=20)), RecordId(UUID(int=30))
FERRY, RAFT = Beside(by=BEN, text="Ferry."), Beside(by=BEN, text="Raft.")


def step(**rest: Any) -> Row:
    return Row(space=SPACE, kind="step", id=STEP, version=7, **rest)


def said(each: Beside) -> dict[str, str]:
    return {"by": str(each.by), "text": each.text}


@pytest.mark.parametrize(
    ("present", "was", "value", "shown"),
    [
        (["ben"], [], ["ana"], ["ana", "ben"]),
        (["ana", "ben"], ["ana"], [], ["ben"]),
        (["ben"], ["ana"], ["ben"], ["ben"]),
        (None, [], ["ana"], ["ana"]),
        (["ben"], None, ["ana"], ["ana"]),
    ],
)
def test_a_set_is_shown_with_what_the_edit_added_and_without_what_it_took_out(
    present: Any, was: Any, value: list[str], shown: list[str]
) -> None:
    over = Laying(KINDS["step"], {"taken_by": present}, step())
    over.lay(change("step", STEP, {"taken_by": value}, was={"taken_by": was}))
    assert over.fields == {"taken_by": shown}


@pytest.mark.parametrize("kind", ["check_in", "a kind of a newer app"])
def test_a_list_that_is_no_set_is_shown_as_the_edit_left_it(kind: str) -> None:
    over = Laying(KINDS.get(kind), {"shared_parts": ["text"]}, step())
    over.lay(change(kind, STEP, {"shared_parts": ["needs"]}, was={"shared_parts": []}))
    assert over.fields == {"shared_parts": ["needs"]}


def test_a_text_beside_is_put_away_by_an_edit_that_looked_at_it_and_others_stay() -> None:
    over = Laying(KINDS["step"], {}, step(alternatives={"title": (FERRY, RAFT)}))
    over.lay(change("step", STEP, {"alternatives": {}}, was={"alternatives": {"title": [said(FERRY)]}}))
    assert over.alternatives == {"title": (RAFT,)}
    over.lay(change("step", STEP, {"alternatives": {}}, was={"alternatives": {"title": [said(RAFT)]}}))
    assert over.alternatives == {}


def test_a_text_beside_that_the_server_has_put_away_meanwhile_is_put_away() -> None:
    over = Laying(KINDS["step"], {}, step())
    over.lay(change("step", STEP, {"alternatives": {}}, was={"alternatives": {"title": [said(FERRY)]}}))
    assert over.alternatives == {}


def test_of_two_joined_texts_the_one_that_was_confirmed_is_no_longer_called_joined() -> None:
    over = Laying(KINDS["goal_terms"], {}, step(merged=("title", "why")))
    over.lay(change("goal_terms", STEP, {"merged": ["why"]}, was={"merged": ["title", "why"]}))
    assert over.merged == ("why",)
