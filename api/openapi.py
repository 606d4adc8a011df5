"""Describe the routes as an OpenAPI 3.1 document: whatever they take, and whatever they can answer.

Routes decode by hand, so a handler says in its `opt` what no signature tells: the type of its `body`; what it `gives`
where that is bytes, in which other `media` it gives the same, or which `events`; whether it is `public` (needs no
token), serves also accounts that are `closing`, its answer holds a `secret`, or may be `kept` by anybody; types and
meanings of its `query`, and of what in its `path` is not an id; and which types of `problems` it can answer with
besides those that follow from all this. One that is `hidden` is not described.
"""

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, get_args
from uuid import UUID

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from api.coding import CODINGS, WORTH_BYTES
from api.errors import MEDIA_TYPE
from api.kind_schemas import by_kind
from api.problems import PROBLEM_TYPES, URN, ProblemType
from api.protocol_page import MEMBERS, Example, examples, filled, filled_events, meanings, named
from api.routes.resources import DAY_S
from domain.kinds import KINDS
from domain.refusals import SENTENCES
from sync.wire import Alternative, RecordView

Schema = dict[str, Any]

VERSION: Final = "0.1.0"
EVENT_STREAM: Final = "text/event-stream"

_REF: Final = "#/components/schemas/"
_NOT_DESCRIBED: Final = frozenset({"OPTIONS"})

_EVERYWHERE: Final = (
    "malformed",
    "too_slow",
    "too_large",
    "address_too_long",
    "headers_too_large",
    "internal",
    "busy",
    "unavailable",
)
"""Types of problems that the edge and the door answer with, whatever the route."""


class _Route(Struct, frozen=True):
    """One operation: a method of a path."""

    path: str
    method: str
    handler: HTTPRouteHandler
    examples: Sequence[Example]

    @property
    def opt(self) -> Mapping[str, Any]:
        return self.handler.opt

    @property
    def status(self) -> int:
        """The status of success."""
        return self.handler.status_code

    @property
    def gives(self) -> Any:
        """The type of the answer's body; None where it has none."""
        if "gives" in self.opt or "events" in self.opt:
            return self.opt.get("gives")
        returned = self.handler.parsed_fn_signature.return_type.annotation
        parts = get_args(returned) or (returned,)
        return returned if any(isinstance(part, type) and issubclass(part, Struct) for part in parts) else None

    @property
    def problems(self) -> list[str]:
        """The types of problems that this can answer with, in the order of their table."""
        types = {*_EVERYWHERE, *self.opt.get("problems", ())}
        if not self.opt.get("public"):
            types |= {"unauthenticated"} if self.opt.get("closing") else {"unauthenticated", "account_closing"}
        if self.opt.get("body") is not None:
            types.add("unsupported_media_type")
        if "{" in self.path:
            types.add("not_found")
        return [slug for slug in PROBLEM_TYPES if slug in types]

    @property
    def may_be_compressed(self) -> bool:
        return self.gives is not None and not self.opt.get("secret") and "media" not in self.opt


def described(app: Litestar, page: str) -> dict[str, Any]:
    """Return the document of every route of `app` that is not hidden, with the examples of the protocol's page."""
    routes = sorted(_routes(app, list(examples(page))), key=lambda route: (route.path, route.method))
    schemas, of_type = _schemas(routes, meanings(page, MEMBERS))
    lent = _lent_examples(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method] = _operation(route, of_type, lent)
    sets = {tuple(slugs) for route in routes for slugs in _by_status(route.problems).values()}
    sets |= {(slug,) for slug in PROBLEM_TYPES}
    refused = [each for each in examples(page) if each.status >= 400 and each.in_full]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Haven",
            "version": VERSION,
            "summary": "The backend of an app for two partners: offline edits reconciled, private words kept private.",
            "description": _ABOUT,
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "Wherever this Haven is served."}],
        "tags": [{"name": name, "description": words} for name, words in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas | _problem_schemas(),
            "responses": {_name_of(slugs): _problem_response(slugs, refused) for slugs in sorted(sets)},
            "headers": _HEADERS,
            "parameters": _PARAMETERS,
            "securitySchemes": _SECURITY,
        },
    }


_ABOUT: Final = f"""\
How a phone talks to Haven. What it all means, with every rule of merging, stands in docs/protocol.md, whose examples
are shown here.

Bodies are JSON in UTF-8; ids are UUIDs in lower case with dashes; instants are UTC; whole numbers are written without a
point or an exponent. Answers may have members that are not here yet: ignore what you do not know. Requests may be
compressed once, by `gzip` or `br`, and answers of {WORTH_BYTES} bytes and more are compressed as `Accept-Encoding`
wishes, unless they hold a secret.

Everything needs the device's token, unless it is marked otherwise. What goes wrong with a request as a whole is
answered as `{MEDIA_TYPE}`, and then nothing of the request was done; programs look at its `type`. What goes wrong with
one change inside a sync is settled inside the 200. Every operation lists the types of problems that it can answer with.
An address that is not here is 404 `not_found`, and another method than those here is 405 `method_not_allowed`; only
OPTIONS is answered everywhere, by 204 with `Allow`.

Every answer has the headers `Cache-Control: no-store`, `X-Content-Type-Options: nosniff`, `Referrer-Policy:
no-referrer` and a `Content-Security-Policy`; only `GET /v1/resources` may be kept, for a day."""

_TAGS: Final = {
    "account": "Signing in; what a person says about themselves and agrees to.",
    "counsel": "Showing a counsellor what both have approved.",
    "couples": "Becoming a couple, and leaving it.",
    "development": "What production does not have.",
    "devices": "A person's own installations.",
    "exports": "Taking all that is one's own along.",
    "live": "Hearing that there is something to pull.",
    "prompts": "What was suggested to a person, for their own eyes.",
    "resources": "Where professional help is found.",
    "rxdb": "The same for apps whose data is in RxDB.",
    "watermelon": "The same for apps whose data is in WatermelonDB.",
    "sync": "Pushing and pulling, earlier values, destroying one's own words.",
}

_SECURITY: Final = {
    "device": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "h1.<person>.<secret>",
        "description": "The token that signing in gave to this device.",
    },
    "ticket": {
        "type": "apiKey",
        "in": "query",
        "name": "ticket",
        "description": "For clients that cannot set headers: from `POST /v1/live/tickets`, once, within 30 seconds.",
    },
}

_HEADERS: Final = {
    "Accept-Encoding": {
        "description": "The codings that a body may have.",
        "required": True,
        "schema": {"type": "string", "examples": [", ".join(CODINGS)]},
    },
    "Allow": {
        "description": "The methods that the address has.",
        "required": True,
        "schema": {"type": "string", "examples": ["GET, PATCH"]},
    },
    "Cache-Control": {
        "description": "Nothing is kept by anything between.",
        "required": True,
        "schema": {"type": "string", "const": "no-store"},
    },
    "Cache-Control-Kept": {
        "description": "It is the same for everyone, and may be kept for a day by anything between.",
        "required": True,
        "schema": {"type": "string", "const": f"public, max-age={DAY_S}"},
    },
    "Content-Encoding": {
        "description": f"How the answer is compressed; only from {WORTH_BYTES} bytes on.",
        "schema": {"type": "string", "enum": list(CODINGS)},
    },
    "ETag": {
        "description": "Names these bytes; another coding of them has another name.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[^"]+"$'},
    },
    "Retry-After": {
        "description": "How many seconds to wait before sending the same request again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "Vary": {
        "description": f"Only from {WORTH_BYTES} bytes on.",
        "schema": {"type": "string", "const": "accept-encoding"},
    },
    "Vary-Kept": {
        "description": "By nothing but the coding.",
        "required": True,
        "schema": {"type": "string", "const": "accept-encoding"},
    },
    "WWW-Authenticate": {
        "description": "A token is asked for.",
        "required": True,
        "schema": {"type": "string", "const": "Bearer"},
    },
}

_PARAMETERS: Final = {
    "Accept-Encoding": {
        "name": "Accept-Encoding",
        "in": "header",
        "description": "Which codings of the answer are understood, by what is liked best.",
        "schema": {"type": "string"},
        "example": ", ".join(CODINGS),
    },
    "Content-Encoding": {
        "name": "Content-Encoding",
        "in": "header",
        "description": "How the body is compressed; once at most.",
        "schema": {"type": "string", "enum": [*CODINGS, "identity"]},
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of the answer that is there already.",
        "schema": {"type": "string"},
    },
}


# Routes


def _routes(app: Litestar, sent: Sequence[Example]) -> Iterator[_Route]:
    for route in app.routes:
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path_format)
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/?]+", path) + r"(\?.*)?")
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler) and not handler.opt.get("hidden"):
                for method in handler.http_methods - _NOT_DESCRIBED:
                    own = [each for each in sent if each.method == method and pattern.fullmatch(each.path)]
                    yield _Route(path, str(method).lower(), handler, own)


def _operation(route: _Route, of_type: Mapping[Any, Schema], lent: Mapping[Any, Any]) -> dict[str, Any]:
    summary, description = _words_of(route.handler)
    operation: dict[str, Any] = {
        "operationId": route.handler.handler_name,
        "tags": sorted(route.handler.tags or ()),
        "summary": summary,
        "description": description,
        "parameters": _parameters(route),
        "responses": {str(route.status): _success(route, of_type, lent)},
        "security": _security(route),
    }
    if route.opt.get("body") is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": of_type[route.opt["body"]], **_sent(route)}},
        }
    if route.opt.get("kept"):
        operation["responses"]["304"] = {
            "description": "It is still what `If-None-Match` names.",
            "headers": _header_refs(_KEPT_HEADERS),
        }
    for status, slugs in _by_status(route.problems).items():
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{_name_of(slugs)}"}
    return operation


def _words_of(handler: HTTPRouteHandler) -> tuple[str, str]:
    words = inspect.getdoc(handler.fn)
    assert words, "a route says what it does"
    assert handler.summary, "a route has a name for people"
    return handler.summary, words


def _security(route: _Route) -> list[dict[str, list[str]]]:
    if route.opt.get("public"):
        return []
    return [{"device": []}, {"ticket": []}] if "events" in route.opt else [{"device": []}]


def _parameters(route: _Route) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)\}", route.path)
    shown = _shown_in_path(route)
    parameters = []
    for name in names:
        kind, words = route.opt.get("path", {}).get(name, (UUID, f"The id of the {name}."))
        schema = {**msgspec.json.schema(kind)}
        if kind is UUID:
            schema["pattern"] = "^[0-9a-f-]{36}$"
        parameters.append(
            {"name": name, "in": "path", "required": True, "description": words, "schema": schema}
            | ({"example": shown[name]} if name in shown else {})
        )
    for name, (kind, words) in route.opt.get("query", {}).items():
        parameters.append({"name": name, "in": "query", "description": words, "schema": msgspec.json.schema(kind)})
    if route.opt.get("body") is not None:
        parameters.append({"$ref": "#/components/parameters/Content-Encoding"})
    if route.may_be_compressed:
        parameters.append({"$ref": "#/components/parameters/Accept-Encoding"})
    if route.opt.get("kept"):
        parameters.append({"$ref": "#/components/parameters/If-None-Match"})
    return parameters


def _shown_in_path(route: _Route) -> dict[str, str]:
    """Return what the first example has in the places of the path."""
    if not route.examples:
        return {}
    found = re.fullmatch(
        re.sub(r"\{(\w+)\}", r"(?P<\1>[^/?]+)", route.path), named(route.examples[0].path).partition("?")[0]
    )
    assert found is not None, "it was chosen by its path"
    return found.groupdict()


def _success(route: _Route, of_type: Mapping[Any, Schema], lent: Mapping[Any, Any]) -> dict[str, Any]:
    headers = {
        name: name for name in ("Cache-Control", *(("Content-Encoding", "Vary") if route.may_be_compressed else ()))
    }
    answer: dict[str, Any] = {
        "description": "Done; there is nothing to say about it.",
        "headers": _header_refs(headers | (_KEPT_HEADERS if route.opt.get("kept") else {})),
    }
    if "events" in route.opt:
        answer["description"] = "The stream, until one of the two ends it."
        answer["content"] = {EVENT_STREAM: _stream(route, of_type)}
    elif route.gives is not None:
        answer["description"] = (inspect.getdoc(route.gives) or "").partition("\n\n")[0].replace("\n", " ")
        shown = _answered(route) or lent.get(route.gives, {})
        answer["content"] = {"application/json": {"schema": of_type[route.gives], "examples": shown}}
        answer["content"] |= route.opt.get("media", {})
    return answer


_KEPT_HEADERS: Final = {"Cache-Control": "Cache-Control-Kept", "ETag": "ETag", "Vary": "Vary-Kept"}
"""Headers of an answer that may be kept, by the components that describe them."""


def _header_refs(components: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"$ref": f"#/components/headers/{component}"} for name, component in sorted(components.items())}


def _stream(route: _Route, of_type: Mapping[Any, Schema]) -> dict[str, Any]:
    """Describe server-sent events, for which OpenAPI 3.1 has no words of its own."""
    events = {name: of_type[kind] for name, kind in route.opt["events"].items()}
    words = " or ".join(
        f"`{name}` with the data `{schema['$ref'].rpartition('/')[2]}`" for name, schema in events.items()
    )
    shown = [(each, each.answer) for each in route.examples if each.answer is not None]
    return {
        "schema": {
            "type": "string",
            "description": f"Server-sent events: {words}, as JSON. Lines that begin with a colon are comments.",
        },
        "examples": {
            _key(nth, each): {"summary": _told_by(each), "value": filled_events(text)}
            for nth, (each, text) in enumerate(shown, 1)
        },
        "x-events": events,
    }


# Examples


def _sent(route: _Route) -> dict[str, Any]:
    shown = [(each, each.body) for each in route.examples if each.body is not None and each.status == route.status]
    return {"examples": {_key(nth, each): _shown(each, body) for nth, (each, body) in enumerate(shown, 1)}}


def _answered(route: _Route) -> dict[str, Any]:
    return _in_full(route.examples, route.status, part_fits=bool(route.opt.get("part_fits")))


def _in_full(sent: Iterable[Example], status: int, *, part_fits: bool = False) -> dict[str, Any]:
    """Return the answers that show everything: only those fit their schema, unless it leaves open what is there."""
    shown = [(each, each.answer) for each in sent if each.status == status]
    return {
        _key(nth, each): _shown(each, answer)
        for nth, (each, answer) in enumerate(shown, 1)
        if answer is not None and (each.in_full or part_fits)
    }


def _key(nth: int, example: Example) -> str:
    return f"{nth}-{example.who}"


def _shown(example: Example, text: str) -> dict[str, Any]:
    return {"summary": _told_by(example), "value": filled(text)}


def _told_by(example: Example) -> str:
    return f"{example.who.title()}, section {example.section}"


def _lent_examples(routes: Iterable[_Route]) -> dict[Any, dict[str, Any]]:
    """Return the first answer of each type, for operations that answer alike and have none of their own."""
    lent: dict[Any, dict[str, Any]] = {}
    for route in routes:
        own = _answered(route)
        if own and route.gives not in lent:
            lent[route.gives] = {f"as-{route.handler.handler_name}": next(iter(own.values()))}
    return lent


# Problems


def _by_status(slugs: Iterable[str]) -> dict[int, tuple[str, ...]]:
    grouped: dict[int, tuple[str, ...]] = {}
    for slug in slugs:
        status = PROBLEM_TYPES[slug].status
        grouped[status] = (*grouped.get(status, ()), slug)
    return dict(sorted(grouped.items()))


def _name_of(slugs: Iterable[str]) -> str:
    return "Or".join(_camel(slug) for slug in slugs)


def _camel(slug: str) -> str:
    return "".join(part.title() for part in slug.split("_"))


def _problem_response(slugs: Sequence[str], refused: Iterable[Example]) -> dict[str, Any]:
    rows = [PROBLEM_TYPES[slug] for slug in slugs]
    refs = {URN + slug: f"{_REF}{_camel(slug)}Problem" for slug in slugs}
    schema: Schema = {"oneOf": [{"$ref": ref} for ref in refs.values()]}
    schema["discriminator"] = {"propertyName": "type", "mapping": refs}
    headers = sorted({"Cache-Control", *(name for row in rows for name in row.headers)})
    shown = [
        each for each in refused if each.answer is not None and any(f"{URN}{slug}" in each.answer for slug in slugs)
    ]
    return {
        "description": " ".join(f"`{slug}`: {row.title}." for slug, row in zip(slugs, rows, strict=True)),
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        "content": {
            MEDIA_TYPE: {
                "schema": schema if len(slugs) > 1 else schema["oneOf"][0],
                "examples": _in_full(shown, rows[0].status),
            }
        },
    }


def _problem_schemas() -> dict[str, Schema]:
    refs = {URN + slug: f"{_REF}{_camel(slug)}Problem" for slug in PROBLEM_TYPES}
    return {
        "Problem": {
            "description": "What is wrong with a request as a whole, by its `type` (RFC 9457).",
            "oneOf": [{"$ref": ref} for ref in refs.values()],
            "discriminator": {"propertyName": "type", "mapping": refs},
        },
        **{f"{_camel(slug)}Problem": _problem_schema(slug, row) for slug, row in PROBLEM_TYPES.items()},
    }


def _problem_schema(slug: str, row: ProblemType) -> Schema:
    return {
        "description": f"{row.title}: {row.means}.",
        "type": "object",
        "properties": {
            "type": {"type": "string", "const": URN + slug},
            "title": {"type": "string", "description": "A few words for people.", "examples": [row.title]},
            "status": {"type": "integer", "const": int(row.status)},
            "detail": {"type": "string", "description": "A sentence for people; it repeats nothing that was sent."},
            "where": {
                "type": "string",
                "description": "The place in the request, where one can be named.",
                "examples": ["$.changes[3].key", "?limit"],
            },
            **row.also,
        },
        "required": ["type", "title", "status", "detail", *row.also],
    }


# Schemas


def _schemas(routes: Sequence[_Route], meant: Mapping[str, str]) -> tuple[dict[str, Schema], dict[Any, Schema]]:
    """Return all schemas by name, and the schema of each type that a route takes or gives.

    `meant` says what the members of a sync mean.
    """
    taken, takes = _of_types({route.opt["body"] for route in routes if route.opt.get("body") is not None})
    types = {kind for route in routes for kind in (route.gives, *route.opt.get("events", {}).values())} - {None}
    given, gives = _of_types({*types, Alternative, RecordView})
    assert not taken.keys() & given.keys(), "what is taken and what is given are described differently"
    schemas = {
        **{name: _as_taken(schema) for name, schema in taken.items()},
        **{name: schema if name == "RecordView" else _as_given(schema) for name, schema in given.items()},
    }
    # Its empty members are left out on the wire.
    schemas["RecordView"] = _without_defaults(schemas["RecordView"])
    for name in ("SyncRequest", "Change"):
        for member, schema in schemas[name]["properties"].items():
            if member in meant:
                schema["description"] = (
                    f"{meant[member][0].upper()}{meant[member][1:]}. {schema.get('description', '')}".strip()
                )
    schemas["Outcome"]["properties"]["code"]["description"] = _CODES
    return schemas | by_kind(KINDS.values(), schemas, _REF), takes | gives


_CODES: Final = "Why it was refused. " + " ".join(f"`{code.value}`: {words}" for code, words in SENTENCES.items())


def _of_types(types: set[Any]) -> tuple[dict[str, Schema], dict[Any, Schema]]:
    ordered = sorted(types, key=str)
    schemas, components = msgspec.json.schema_components(ordered, ref_template=_REF + "{name}")
    for schema in components.values():
        schema.pop("title", None)
        _say_more(schema)
    return components, dict(zip(ordered, schemas, strict=True))


def _say_more(schema: Any) -> None:
    """Write out what JSON Schema lets go without saying and makers of clients misread."""
    if isinstance(schema, list):
        for each in schema:
            _say_more(each)
    if isinstance(schema, dict):
        if "enum" in schema and all(isinstance(value, str) for value in schema["enum"]):
            schema["type"] = "string"
        if schema.get("type") == "object" and "properties" not in schema:
            schema.setdefault("additionalProperties", {})
        for each in schema.values():
            _say_more(each)


def _as_taken(schema: Schema) -> Schema:
    """Say in words what a member is without which a request may come: makers of clients read `default` as required.

    `x-default` says it to programs, such as the one that compares two of these documents.
    """
    described = {}
    for name, each in schema["properties"].items():
        described[name] = {key: part for key, part in each.items() if key != "default"}
        if "default" not in each:
            continue
        value = described[name]["x-default"] = each["default"]
        if value not in (None, [], {}):
            described[name]["description"] = f"`{msgspec.json.encode(value).decode()}` where it is left out."
    return {**schema, "properties": described}


def _as_given(schema: Schema) -> Schema:
    """Say that every member is there: an answer leaves none out."""
    schema = _without_defaults(schema)
    return {**schema, "required": list(schema["properties"])}


def _without_defaults(schema: Schema) -> Schema:
    properties = {
        name: {key: part for key, part in each.items() if key != "default"}
        for name, each in schema["properties"].items()
    }
    return {**schema, "properties": properties}
