"""The description of the API is valid, whole and true: whoever writes a client from it is not led astray."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import jsonschema_rs
import msgspec
import pytest
from people import ok, person
from schemathesis.specs.openapi import definitions

from api import references
from api.announcing import objection
from api.app import create_app
from api.openapi_diff import differences
from api.openapi_file import CHANGELOG, FILE, document, kept, written
from api.problems import PROBLEM_TYPES, URN
from api.wiring import Parts
from domain.kinds import KINDS
from tests import answers
from tests.answers import validator
from tests.conftest import app_client

DOCUMENT = document()
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    operation["operationId"]: operation for methods in DOCUMENT["paths"].values() for operation in methods.values()
}
every_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)


def found(value: Any, name: str) -> Iterator[Any]:
    """Every value that stands under this name, however deep."""
    if isinstance(value, dict):
        if name in value:
            yield value[name]
        for each in value.values():
            yield from found(each, name)
    if isinstance(value, list):
        for each in value:
            yield from found(each, name)


def followed(value: Any) -> Any:
    return references.followed(DOCUMENT, value)


async def test_a_server_in_development_answers_the_document_that_is_kept(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/openapi.json")).json() == DOCUMENT


def test_the_document_that_is_kept_is_that_of_the_routes() -> None:
    """Whether it may change like this, `make openapi` says, too: it writes nothing that breaks apps unannounced."""
    between = differences(kept(), DOCUMENT)
    said = [*map(str, between), objection(between, CHANGELOG.read_text(encoding="utf-8")) or "Run: make openapi"]
    assert FILE.read_text(encoding="utf-8") == written(DOCUMENT), "\n".join(said)


def test_the_document_is_openapi_and_its_schemas_are_json_schema() -> None:
    # The meta-schema of OpenAPI 3.1, as schemathesis brings it.
    assert "3.1" in definitions.OPENAPI_31["$id"]
    jsonschema_rs.validate(definitions.OPENAPI_31, DOCUMENT)
    assert not jsonschema_rs.is_valid(definitions.OPENAPI_31, DOCUMENT | {"paths": []})
    inside = [each for each in found(DOCUMENT, "schema") if isinstance(each, dict)]
    assert len(inside) > 50
    for schema in [*SCHEMAS.values(), *inside]:
        jsonschema_rs.Draft202012Validator(schema | {"components": DOCUMENT["components"]})


def test_every_reference_leads_somewhere() -> None:
    leads = {reference for reference in found(DOCUMENT, "$ref") if isinstance(reference, str)}
    leads |= {each for mapping in found(DOCUMENT, "mapping") for each in mapping.values()}
    assert len(leads) > 100
    for reference in leads:
        assert followed({"$ref": reference})


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does() -> None:
    assert len(OPERATIONS) == sum(len(methods) for methods in DOCUMENT["paths"].values())
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for operation in OPERATIONS.values():
        assert operation["summary"]
        assert operation["description"].endswith(".")
        assert tags.issuperset(operation["tags"])
        assert len(operation["tags"]) == 1


@every_operation
def test_every_operation_shows_an_example_of_what_it_takes_and_gives(operation: dict[str, Any]) -> None:
    contents = list(operation.get("requestBody", {}).get("content", {}).values())
    status = min(operation["responses"])
    contents += operation["responses"][status].get("content", {}).values()
    assert status == "204" or contents
    for content in contents:
        assert content["examples"]
    for parameter in map(followed, operation["parameters"]):
        assert "example" in parameter or parameter["in"] == "query" or not parameter.get("required"), parameter["name"]


def test_every_example_fits_its_schema() -> None:
    fitting = 0
    for holder in [*found(DOCUMENT, "content")]:
        for content in holder.values():
            schema = validator(DOCUMENT, content["schema"])
            for example in content.get("examples", {}).values():
                assert [str(fault) for fault in schema.iter_errors(example["value"])] == []
                fitting += 1
    assert fitting > 30
    for operation in OPERATIONS.values():
        for parameter in map(followed, operation["parameters"]):
            if "example" in parameter:
                assert validator(DOCUMENT, parameter["schema"]).is_valid(parameter["example"]), parameter["name"]


def test_every_type_of_problem_is_described_with_its_title_and_status() -> None:
    for slug, row in PROBLEM_TYPES.items():
        reference = SCHEMAS["Problem"]["discriminator"]["mapping"][URN + slug]
        described = followed({"$ref": reference})
        assert described["properties"]["title"]["examples"] == [row.title]
        assert described["properties"]["status"]["const"] == row.status
        assert (
            any(
                row.status == int(status) and reference in found(followed(answer), "$ref")
                for operation in OPERATIONS.values()
                for status, answer in operation["responses"].items()
            )
            # It answers the methods that are not described, so no operation can list it; and OPTIONS as an operation of
            # each path would give every generated client as many methods that no app calls.
            or slug == "method_not_allowed"
        ), slug


@every_operation
def test_a_problem_stands_under_its_own_status(operation: dict[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        if int(status) < 400:
            continue
        content = followed(answer)["content"]
        assert list(content) == ["application/problem+json"]
        for reference in found(content, "$ref"):
            assert followed({"$ref": reference})["properties"]["status"]["const"] == int(status)
        if status in ("429", "503"):
            assert "Retry-After" in followed(answer)["headers"]


def test_changes_and_records_are_told_apart_by_kind() -> None:
    records = SCHEMAS["RecordView"]["discriminator"]
    assert records["propertyName"] == "kind"
    assert records["mapping"].keys() == KINDS.keys()
    changes = SCHEMAS["Change"]["discriminator"]["mapping"]
    assert KINDS.keys() - changes.keys() == {
        "shown_check_in",
        "shown_boundary",
        "shown_goal",
        "note",
    }
    for kind, reference in [*records["mapping"].items(), *changes.items()]:
        assert followed({"$ref": reference})["properties"]["kind"]["const"] == kind
    for kind, reference in changes.items():
        settable = followed(followed({"$ref": reference})["properties"]["set"])["properties"]
        assert settable.keys() >= KINDS[kind].written.keys()


@pytest.mark.parametrize(
    ("method", "path"), [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]
)
async def test_every_operation_answers_the_problems_that_follow_from_its_form(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    """What a route answers by rules of its own, the tests of that route show."""
    operation = DOCUMENT["paths"][path][method]
    ana = await person(client, "Ana")
    somewhere = path.replace("{kind}", "check_in")
    if operation["security"]:
        answer = await client.request(method, re.sub(r"\{\w+\}", str(uuid4()), somewhere))
        assert answer.status_code == 401
        assert "Authorization" not in answer.request.headers
    if "{" in somewhere:
        body = {} if "requestBody" in operation else None
        answer = await client.request(method, re.sub(r"\{\w+\}", "7", somewhere), headers=ana.headers, json=body)
        assert (answer.status_code, "404" in operation["responses"]) == (404, True)
    if "requestBody" in operation:
        answer = await client.request(method, re.sub(r"\{\w+\}", str(uuid4()), path), headers=ana.headers, content="a")
        assert answer.status_code == 415


async def test_an_app_that_is_too_old_is_told_so(parts: Parts) -> None:
    settings = msgspec.structs.replace(parts.settings, schema_min=2)
    async with app_client(create_app(msgspec.structs.replace(parts, settings=settings))) as client:
        ana = await person(client, "Ana")
        answer = await client.post("/v1/sync", headers=ana.headers, json={"schema": 1})
    assert (answer.status_code, answer.json()["type"]) == (426, URN + "schema_too_old")


def fields_of(kind: str, **values: Any) -> dict[str, Any]:
    return {"key": str(uuid4()), "kind": kind, "id": str(uuid4()), "set": values}


@pytest.mark.parametrize(
    "change",
    [
        fields_of("a_newer_kind", words="a plain day"),
        fields_of("check_in", local_date="2026-11-24", a_newer_field=1),
        fields_of("check_in", local_date="2026-11-24", valence=99),
        fields_of("shown_check_in", text="a plain day"),
        fields_of("goal", topic="us"),
    ],
    ids=["kind", "field", "value", "server", "couple"],
)
async def test_what_fits_the_envelope_alone_is_refused_inside_the_200(
    client: httpx.AsyncClient, change: dict[str, Any]
) -> None:
    assert not validator(DOCUMENT, SCHEMAS["Change"]).is_valid(change)
    assert validator(DOCUMENT, SCHEMAS["ChangeEnvelope"]).is_valid(change)
    ana = await person(client, "Ana")
    answer = await ok(client.post("/v1/sync", headers=ana.headers, json={"schema": 1, "changes": [change]}))
    assert [outcome["status"] for outcome in answer["outcomes"]] == ["refused"]


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "Not a name"}, {"id": "7"}, {"base": -1}, {"set": []}, {"age_ms": "1"}, {"remove": None}],
    ids=str,
)
async def test_what_does_not_fit_the_envelope_is_a_400(client: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    change = fields_of("check_in", local_date="2026-11-24") | wrong
    assert not validator(DOCUMENT, SCHEMAS["ChangeEnvelope"]).is_valid(change)
    ana = await person(client, "Ana")
    answer = await client.post("/v1/sync", headers=ana.headers, json={"schema": 1, "changes": [change]})
    assert answer.status_code == 400


def answered(status: int, body: Any, media_type: str = "application/json", **headers: str) -> httpx.Response:
    request = httpx.Request("GET", "http://haven.test/v1/devices")
    sent = {"content-type": media_type, "cache-control": "no-store", **headers}
    return httpx.Response(status, headers=sent, content=msgspec.json.encode(body), request=request)


UNKNOWN = {"type": URN + "too_slow", "title": "Too slow", "status": 401, "detail": "Words."}
DEVICE = {
    "id": str(uuid4()),
    "label": "a phone",
    "platform": "ios",
    "made_on": "2026-11-24",
    "expires_on": "2027-02-22",
    "revoked_on": None,
    "this": True,
}


def test_an_answer_that_is_not_as_described_is_found() -> None:
    """What holds every answer of the suite against the document would else find nothing for ever."""
    assert answers.objection(answered(200, {"devices": [DEVICE]})) == ""
    planted = {
        "not described": answered(418, {}),
        "text/html": answered(200, {"devices": []}, "text/html"),
        "without Cache-Control": httpx.Response(
            200, json={"devices": []}, request=httpx.Request("GET", "http://haven.test/v1/devices")
        ),
        "another Cache-Control": answered(200, {"devices": []}, **{"cache-control": "public"}),
        "does not fit": answered(200, {"devices": [DEVICE | {"made_on": "yesterday"}]}),
        "fit": answered(401, UNKNOWN, "application/problem+json", **{"www-authenticate": "Bearer"}),
    }
    for words, answer in planted.items():
        assert words in answers.objection(answer), words


async def test_the_page_loads_nothing_and_leads_everywhere(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/docs")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert not re.search(r"<(script|link|img|iframe|object|base)\b|\bon\w+=|style=|@import|url\(", answer.text)
    # The text of an example may name an address; nothing that leads or loads does.
    assert not re.search(r"""=\s*["']?[^"'<>]*://""", answer.text)
    anchors = set(re.findall(r'id="([^"]+)"', answer.text))
    leads = set(re.findall(r'href="#([^"]+)"', answer.text))
    assert len(leads) > 50
    assert leads <= anchors
    for name in OPERATIONS:
        assert name in leads
    for slug in PROBLEM_TYPES:
        assert f"<code>{slug}</code>" in answer.text
