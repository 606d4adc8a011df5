"""What breaks an app of today is told from what it would not notice, and has to be announced."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import pytest

from api.announcing import announced, objection
from api.openapi_diff import differences
from api.openapi_file import document

BASE: dict[str, Any] = {
    "servers": [{"url": "/", "description": "Here."}],
    "paths": {
        "/v1/things": {
            "post": {
                "operationId": "add",
                "security": [{"device": []}],
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 10}}],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Wanted"}}},
                },
                "responses": {
                    "200": {
                        "headers": {"Vary": {"$ref": "#/components/headers/Vary"}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                    },
                    "404": {"description": "Nothing."},
                },
            },
            "get": {"operationId": "read", "responses": {"204": {}}},
        },
        "/v1/live": {
            "get": {
                "operationId": "listen",
                "security": [{"device": []}, {"ticket": []}],
                "responses": {
                    "200": {
                        "content": {
                            "text/event-stream": {
                                "schema": {"type": "string"},
                                "x-events": {"hint": {"$ref": "#/components/schemas/Hint"}},
                            }
                        }
                    }
                },
            },
        },
        "/v1/other": {"get": {"operationId": "other", "responses": {"204": {}}}},
    },
    "components": {
        "securitySchemes": {
            "device": {"type": "http", "scheme": "bearer", "description": "A token."},
            "ticket": {"type": "apiKey", "in": "query", "name": "ticket"},
        },
        "headers": {"Vary": {"required": True, "schema": {"type": "string", "const": "Accept-Encoding"}}},
        "responses": {"Unused": {"headers": {"Allow": {"schema": {"type": "string"}}}}},
        "schemas": {
            "Spare": {"type": "null"},
            "Name": {"type": "string", "maxLength": 5},
            "Hint": {"type": "object", "properties": {"head": {"type": "integer"}}, "required": ["head"]},
            "Cat": {"type": "object", "properties": {"sort": {"type": "string", "const": "cat"}}},
            "Dog": {"type": "object", "properties": {"sort": {"type": "string", "const": "dog"}}},
            "Animal": {
                "enum": [1],
                "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
                "discriminator": {
                    "propertyName": "sort",
                    "mapping": {"cat": "#/components/schemas/Cat", "dog": "#/components/schemas/Dog"},
                },
            },
            "Wanted": {
                "type": "object",
                "properties": {
                    "word": {"type": "string", "maxLength": 10, "default": "a"},
                    "sort": {"type": "string", "enum": ["a", "b"]},
                    "things": {"type": "array", "items": {"$ref": "#/components/schemas/Wanted"}},
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
                    "animal": {"$ref": "#/components/schemas/Animal"},
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                    "pairs": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "array"}]},
                },
                "required": ["word", "sort", "maybe", "count"],
                "propertyNames": {"$ref": "#/components/schemas/Name"},
            },
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
STREAM = "paths /v1/live get responses 200 content text/event-stream"

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
    "the property count is gone": changed("components schemas Thing properties count"),
    "the property sort is gone": changed("components schemas Wanted properties sort"),
    "the property word may be missing now": changed("components schemas Thing required", ["sort", "maybe", "count"]),
    "the property sort is always there now": changed("components schemas Wanted required", ["word", "sort"]),
    "the property more is new and required": changed(
        "components schemas Wanted",
        {
            **BASE["components"]["schemas"]["Wanted"],
            "properties": BASE["components"]["schemas"]["Wanted"]["properties"] | {"more": {"type": "string"}},
            "required": ["word", "more"],
        },
    ),
    "its type is another": changed("components schemas Thing properties count type", "string"),
    "it is of another type": changed("components schemas Thing properties maybe", {"type": "string"}),
    "it may be integer now": changed(
        "components schemas Thing properties maybe",
        {"anyOf": [{"type": "string"}, {"type": "null"}, {"type": "integer"}]},
    ),
    "it is never null any more": changed("components schemas Thing properties maybe", {"anyOf": [{"type": "string"}]}),
    "the value b is gone": changed("components schemas Thing properties sort enum", ["a"]),
    "Wanted, taken sort: the value a is gone": changed("components schemas Wanted properties sort enum", ["b"]),
    "its values are listed now": changed("components schemas Wanted properties word enum", ["a"]),
    "its values are listed no more": changed("components schemas Thing properties sort enum"),
    "its maxLength was 10 and is 5": changed("components schemas Wanted properties word maxLength", 5),
    "its pattern is another": changed("components schemas Wanted properties word pattern", "^a$"),
    "it takes no other properties any more": changed("components schemas Wanted additionalProperties", value=False),
    "security scheme device: its scheme is another": changed("components securitySchemes device scheme", "basic"),
    "security scheme ticket: it is gone": changed("components securitySchemes ticket"),
    "a way to say who is calling is gone, or is asked for now": changed(
        "paths /v1/live get security", [{"device": [], "ticket": []}]
    ),
    "GET /v1/things: a way to say who is calling": changed("security", [{"device": []}]),
    "its servers are others": changed("servers", [{"url": "/haven"}]),
    "its forms are told apart by another property": changed(
        "components schemas Animal discriminator propertyName", "species"
    ),
    "its discriminator knows dog no more": changed("components schemas Animal discriminator mapping dog"),
    "its discriminator is gone": changed("components schemas Animal discriminator"),
    "its default was a and is b": changed("components schemas Wanted properties word default", "b"),
    "its default was a and is not said any more": changed("components schemas Wanted properties word default"),
    "POST /v1/things: its callbacks is another": changed(f"{OPERATION} callbacks", {"done": {}}),
    "query limit: its explode is another": changed(
        f"{OPERATION} parameters", [BASE["paths"]["/v1/things"]["post"]["parameters"][0] | {"explode": False}]
    ),
    "Vary: its const is another": changed("components headers Vary schema const", "Origin"),
    "Vary: it may be missing now": changed("components headers Vary required"),
    "responses Unused: the header Allow is gone": changed("components responses Unused headers", {}),
    "the event hint is gone": changed(f"{STREAM} x-events", {}),
    "Hint, given head: its type is another": changed("components schemas Hint properties head type", "string"),
    "labels additionalProperties: its type is another": changed(
        "components schemas Thing properties labels additionalProperties type", "integer"
    ),
    "it may have any other properties now": changed("components schemas Thing properties labels additionalProperties"),
    "items: its type is another": changed("components schemas Wanted properties things items", {"type": "string"}),
    "pairs items: its type is another": changed(
        "components schemas Thing properties pairs anyOf",
        [{"type": "array", "items": {"type": "integer"}}, {"type": "array"}],
    ),
    "the property unheard is always there now": changed("components schemas Wanted required", ["word", "unheard"]),
    "the schema is gone": changed("components schemas Spare"),
    "its propertyNames is another": changed("components schemas Name maxLength", 6),
    "Wanted, taken word: its not is another": changed("components schemas Wanted properties word", value=False),
    "Animal, given: the value 1 is gone": changed("components schemas Animal enum", [True]),
    "/v1/things: its parameters is another": changed("paths /v1/things parameters", [{"name": "X", "in": "header"}]),
    "its webhooks is another": changed("webhooks", {"news": {}}),
    "Wanted, taken: its dependentRequired is another": changed(
        "components schemas Wanted dependentRequired", {"word": ["sort"]}
    ),
    "Thing, given: its x-ours is another": changed("components schemas Thing x-ours", value=True),
    "things items: its unevaluatedProperties is another": changed(
        "components schemas Wanted properties things items",
        {"$ref": "#/components/schemas/Wanted", "unevaluatedProperties": False},
    ),
}

HARMLESS = {
    "the path is new": changed("paths /v1/new", {"get": {"responses": {}}}),
    "the method is new": changed("paths /v1/things put", {"operationId": "replace", "responses": {}}),
    "there is another way to say who is calling": changed(f"{OPERATION} security", [{"device": []}, {"ticket": []}]),
    "the status 409 is new": changed(f"{OPERATION} responses 409", {}),
    "the property more is new": changed("components schemas Thing properties more", {"type": "string"}),
    "Wanted, taken: the property more is new": changed("components schemas Wanted properties more", {"type": "string"}),
    "the property word may be missing now": changed("components schemas Wanted required", []),
    "the value c is new": changed("components schemas Thing properties sort enum", ["a", "b", "c"]),
    "its maxLength was 10 and is 20": changed("components schemas Wanted properties word maxLength", 20),
    "its minimum was 1 and is 0": changed("components schemas Thing properties count minimum", 0),
    "its pattern is another": changed("components schemas Thing properties word pattern", "^a$"),
    "security scheme other: it is new": changed("components securitySchemes other", {"type": "mutualTLS"}),
    "there is another server": changed("servers", [{"url": "/"}, {"url": "/haven"}]),
    "the event other is new": changed(
        f"{STREAM} x-events", {"hint": {"$ref": "#/components/schemas/Hint"}, "other": {"type": "null"}}
    ),
    "the header Age is new": changed("components responses Unused headers Age", {"schema": {"type": "integer"}}),
    "POST /v1/things body: it may be missing now": changed(f"{OPERATION} requestBody required"),
    "the schema is new": changed("components schemas Other", {"type": "string"}),
    "its default is 3": changed("components schemas Wanted properties sort default", 3),
}


@pytest.mark.parametrize(("words", "new"), BREAKING.items(), ids=BREAKING)
def test_what_an_app_would_feel_is_breaking(words: str, new: dict[str, Any]) -> None:
    found = differences(BASE, new)
    assert any(words in str(difference) and difference.breaking for difference in found), list(map(str, found))
    assert objection(found, "## [Unreleased]\n\n## [0.1]\n\n- Breaking: long ago\n")
    assert objection(found, "## [Unreleased]\n\n- Breaking: send a word.\n\n## [0.1]\n"), "it names nothing"
    lines = [f"- Breaking: {each.where}: {each.what}. Send a word.\n" for each in found if each.breaking]
    assert not objection(found, f"## [Unreleased]\n\n{''.join(lines)}\n## [0.1]\n")
    assert objection(found, f"## [Unreleased]\n\n{''.join(lines[1:])}\n## [0.1]\n"), "each has a line of its own"
    assert objection(found, f"## [Unreleased]\n\n## [0.1]\n\n{''.join(lines)}")


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
        changed("components schemas Thing properties word description", "Other words"),
        changed("components schemas Thing required", ["count", "maybe", "sort", "word"]),
        changed("components schemas Thing properties maybe anyOf", [{"type": "null"}, {"type": "string"}]),
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
    assert announced("# Changelog\n\n## [Unreleased]\n\n### Changed\n\n- Breaking: words.\n") == ["words."]
    assert announced("## [Unreleased]\n\nBreaking: words.\n\n## [0.2.0]\n") == ["words."]
    assert not announced("## [Unreleased]\n\n- Not Breaking: words.\n\n## [0.2.0]\n\n- Breaking: words.\n")
    wrapped = "## [Unreleased]\n\n- Breaking: `Thing`\n  and so on.\n- Added: more\n- Breaking: words.\n"
    assert announced(wrapped) == ["Thing and so on.", "words."]


def test_a_release_that_is_being_made_still_announces_what_the_one_before_did_not_know() -> None:
    made = "## [Unreleased]\n\n## [0.2]\n\n- Breaking: new.\n\n## [0.1]\n\n- Breaking: old.\n"
    assert announced(made, "## [Unreleased]\n\n## [0.1]\n\n- Breaking: old.\n") == ["new."]
    assert announced(made, made) == []


@pytest.mark.parametrize("said", ["its maxLength was 10 and is 50", "its minLength was 10 and is 5"])
def test_what_is_announced_of_one_break_says_nothing_of_another(said: str) -> None:
    found = differences(BASE, changed("components schemas Wanted properties word maxLength", 5))
    assert objection(found, f"## [Unreleased]\n\n- Breaking: Wanted, taken word: {said}.\n")
    assert objection(found, "## [Unreleased]\n\n- Breaking: Unwanted, taken word: its maxLength was 10 and is 5.\n")
    told = "- Breaking: `Wanted`, taken `word`:\n  its `maxLength` was 10 and is 5. Write less.\n"
    assert not objection(found, f"## [Unreleased]\n\n{told}")


# The whole document

NAMED = {
    "paths",
    "properties",
    "mapping",
    "schemas",
    "responses",
    "headers",
    "parameters",
    "securitySchemes",
    "content",
}
"""Below these stand names of ours instead of words of OpenAPI; and below `x-events`."""
SAID = {"info", "tags", "summary", "description", "title", "example", "examples"}


def places(value: Any, way: tuple[Any, ...] = (), words: tuple[str, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Everything in a document: the words that lead there (`*` for names and numbers), the way, what stands there."""
    yield (words, way, value)
    if isinstance(value, dict | list):
        named = bool(words) and words[-1] in NAMED | {"x-events"}
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(each, (*way, key), (*words, "*" if named or isinstance(key, int) else key))


def another(document: dict[str, Any], value: Any) -> Any:
    """Something else that could stand in this place."""
    if isinstance(value, str) and value.startswith("#/"):
        section = value.rpartition("/")[0]
        names = document["components"][section.rpartition("/")[2]]
        return next(f"{section}/{name}" for name in names if f"{section}/{name}" != value)
    if isinstance(value, bool):
        return not value
    return "other" if isinstance(value, str) else 0 if value is None else value + 1


@contextmanager
def with_another(document: dict[str, Any], way: tuple[Any, ...]) -> Iterator[None]:
    at: Any = document
    for step in way[:-1]:
        at = at[step]
    value = at[way[-1]]
    at[way[-1]] = another(document, value)
    yield
    at[way[-1]] = value


def test_whatever_becomes_another_in_our_document_is_told_unless_it_is_said_to_people() -> None:
    """One place of each sort, so that a word which our document has and the comparison has not is found."""
    old, new = document(), document()
    ends = {words[-2:]: (words, way) for words, way, value in places(old) if not isinstance(value, dict | list)}
    assert len(ends) > 60
    for words, way in ends.values():
        with with_another(new, way):
            assert bool(differences(old, new)) != bool(SAID & set(words)), way
    assert not differences(old, new)


def test_a_word_that_nobody_has_thought_of_breaks_wherever_it_stands() -> None:
    old, new = document(), document()
    objects = {
        words[-2:]: (way, value)
        for words, way, value in places(new)
        if isinstance(value, dict) and not SAID & set(words) and (not words or words[-1] not in NAMED | {"x-events"})
    }
    assert len(objects) > 20
    for way, value in objects.values():
        value["unheard"] = "of"
        assert any(each.breaking for each in differences(old, new)), way
        del value["unheard"]
    assert not differences(old, new)


def test_one_more_problem_where_one_came_before_is_harmless() -> None:
    """Apps look at the type of a problem, and know how to be told of any."""
    one = {"$ref": "#/components/schemas/OldProblem"}
    both = {"oneOf": [one, {"$ref": "#/components/schemas/NewProblem"}]}
    old, new = deepcopy(BASE), deepcopy(BASE)
    for document_, schema in ((old, one), (new, both)):
        content = {"application/problem+json": {"schema": schema}}
        document_["paths"]["/v1/things"]["post"]["responses"]["404"]["content"] = content
        document_["components"]["schemas"] |= {"OldProblem": {"type": "object"}, "NewProblem": {"type": "object"}}
    told = {each.what: each.breaking for each in differences(old, new)}
    assert told == {"it may be NewProblem now": False}
    assert all(each.breaking for each in differences(new, old))
