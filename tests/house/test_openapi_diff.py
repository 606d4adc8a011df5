"""What breaks an app of today is told from what it would not notice."""

from copy import deepcopy
from typing import Any

import pytest

from api.openapi_diff import differences
from api.openapi_file import document, is_announced, objection

BASE: dict[str, Any] = {
    "paths": {
        "/v1/things": {
            "post": {
                "operationId": "add",
                "security": [{"device": []}],
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 10}}],
                "requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": "#/s/Wanted"}}}},
                "responses": {
                    "200": {
                        "headers": {"Vary": {}},
                        "content": {"application/json": {"schema": {"$ref": "#/s/Thing"}}},
                    },
                    "404": {"description": "Nothing."},
                },
            },
            "get": {"operationId": "read", "responses": {"204": {}}},
        },
        "/v1/other": {"get": {"operationId": "other", "responses": {"204": {}}}},
    },
    "s": {
        "Wanted": {
            "type": "object",
            "properties": {
                "word": {"type": "string", "maxLength": 10},
                "sort": {"type": "string", "enum": ["a", "b"]},
                "things": {"type": "array", "items": {"$ref": "#/s/Wanted"}},
            },
            "required": ["word"],
        },
        "Thing": {
            "type": "object",
            "properties": {
                "word": {"type": "string"},
                "sort": {"type": "string", "enum": ["a", "b"]},
                "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "count": {"type": "integer", "minimum": 1},
            },
            "required": ["word", "sort", "maybe", "count"],
        },
    },
}


def changed(path: str, value: Any = None) -> dict[str, Any]:
    """The document with another value there; without one, with nothing there."""
    new = deepcopy(BASE)
    *way, last = path.split(" ")
    at: Any = new
    for step in way:
        at = at[step]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return new


OPERATION = "paths /v1/things post"

BREAKING = {
    "the path is gone": changed("paths /v1/other"),
    "the method is gone": changed("paths /v1/things get"),
    "it has another operationId": changed(f"{OPERATION} operationId", "put_in"),
    "a way to say who is calling is gone": changed(f"{OPERATION} security", [{"ticket": []}]),
    "the query parameter limit is gone": changed(f"{OPERATION} parameters", []),
    "the header parameter X is new and required": changed(
        f"{OPERATION} parameters",
        [*BASE["paths"]["/v1/things"]["post"]["parameters"], {"name": "X", "in": "header", "required": True}],
    ),
    "its maximum was 10 and is 9": changed(
        f"{OPERATION} parameters", [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 9}}]
    ),
    "no body is taken any more": changed(f"{OPERATION} requestBody"),
    "a body is taken now": changed("paths /v1/things get requestBody", {"required": True, "content": {}}),
    "the media type application/json is gone": changed(f"{OPERATION} responses 200 content", {"text/plain": {}}),
    "the status 404 is gone": changed(f"{OPERATION} responses 404"),
    "the status 202 is new": changed(f"{OPERATION} responses 202", {}),
    "the header Vary is gone": changed(f"{OPERATION} responses 200 headers", {}),
    "the property count is gone": changed("s Thing properties count"),
    "the property sort is gone": changed("s Wanted properties sort"),
    "the property word may be missing now": changed("s Thing required", ["sort", "maybe", "count"]),
    "the property sort is always there now": changed("s Wanted required", ["word", "sort"]),
    "the property more is new and required": changed(
        "s Wanted",
        {
            **BASE["s"]["Wanted"],
            "properties": BASE["s"]["Wanted"]["properties"] | {"more": {"type": "string"}},
            "required": ["word", "more"],
        },
    ),
    "its type is another": changed("s Thing properties count type", "string"),
    "it is of another type": changed("s Thing properties maybe", {"type": "string"}),
    "it may be integer now": changed(
        "s Thing properties maybe", {"anyOf": [{"type": "string"}, {"type": "null"}, {"type": "integer"}]}
    ),
    "it is never null any more": changed("s Thing properties maybe", {"anyOf": [{"type": "string"}]}),
    "the value b is gone": changed("s Thing properties sort enum", ["a"]),
    "Wanted, taken sort: the value a is gone": changed("s Wanted properties sort enum", ["b"]),
    "its values are listed now": changed("s Wanted properties word enum", ["a"]),
    "its values are listed no more": changed("s Thing properties sort enum"),
    "its maxLength was 10 and is 5": changed("s Wanted properties word maxLength", 5),
    "its pattern is another": changed("s Wanted properties word pattern", "^a$"),
    "it takes no other properties any more": changed("s Wanted additionalProperties", value=False),
}

HARMLESS = {
    "the path is new": changed("paths /v1/new", {"get": {"responses": {}}}),
    "the method is new": changed("paths /v1/things put", {"operationId": "replace", "responses": {}}),
    "there is another way to say who is calling": changed(f"{OPERATION} security", [{"device": []}, {"ticket": []}]),
    "the status 409 is new": changed(f"{OPERATION} responses 409", {}),
    "the property more is new": changed("s Thing properties more", {"type": "string"}),
    "Wanted, taken: the property more is new": changed("s Wanted properties more", {"type": "string"}),
    "the property word may be missing now": changed("s Wanted required", []),
    "the value c is new": changed("s Thing properties sort enum", ["a", "b", "c"]),
    "its maxLength was 10 and is 20": changed("s Wanted properties word maxLength", 20),
    "its minimum was 1 and is 0": changed("s Thing properties count minimum", 0),
    "its pattern is another": changed("s Thing properties word pattern", "^a$"),
}


@pytest.mark.parametrize(("words", "new"), BREAKING.items(), ids=BREAKING)
def test_what_an_app_would_feel_is_breaking(words: str, new: dict[str, Any]) -> None:
    found = differences(BASE, new)
    assert any(words in str(difference) and difference.breaking for difference in found), list(map(str, found))
    assert objection(found, "## [Unreleased]\n\n## [0.1]\n\n- Breaking: long ago\n")
    assert not objection(found, "## [Unreleased]\n\n- Breaking: send a word.\n\n## [0.1]\n")


@pytest.mark.parametrize(("words", "new"), HARMLESS.items(), ids=HARMLESS)
def test_what_an_app_would_not_notice_is_harmless(words: str, new: dict[str, Any]) -> None:
    found = differences(BASE, new)
    assert [words in str(difference) for difference in found] == [True], list(map(str, found))
    assert not found[0].breaking
    assert not objection(found, "")


@pytest.mark.parametrize(
    "new",
    [
        deepcopy(BASE),
        changed(f"{OPERATION} summary", "Other words"),
        changed("s Thing properties word description", "Other words"),
        changed("s Thing required", ["count", "maybe", "sort", "word"]),
        changed("s Thing properties maybe anyOf", [{"type": "null"}, {"type": "string"}]),
    ],
    ids=["same", "summary", "description", "required", "order"],
)
def test_words_and_order_are_no_difference(new: dict[str, Any]) -> None:
    assert differences(BASE, new) == []


def test_a_kind_that_is_new_in_what_is_given_is_harmless_and_one_that_goes_is_not() -> None:
    old = document()
    new = deepcopy(old)
    records = new["components"]["schemas"]["RecordView"]
    goal = next(each for each in records["oneOf"] if each["$ref"].endswith("/GoalRecord"))
    records["oneOf"].remove(goal)
    assert [each.breaking for each in differences(old, new) if "GoalRecord" in each.what] == [True]
    assert [each.breaking for each in differences(new, old) if "GoalRecord" in each.what] == [False]


def test_a_line_of_the_changelog_announces_what_is_not_released_yet() -> None:
    assert is_announced("# Changelog\n\n## [Unreleased]\n\n### Changed\n\n- Breaking: words.\n")
    assert is_announced("## [Unreleased]\n\nBreaking: words.\n\n## [0.2.0]\n")
    assert not is_announced("## [Unreleased]\n\n- Not Breaking: words.\n\n## [0.2.0]\n\n- Breaking: words.\n")
