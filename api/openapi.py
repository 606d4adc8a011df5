"""Describe the routes as an OpenAPI 3.1 document and as one page that a person can read."""

import inspect
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final, get_args
from urllib.parse import quote

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from api.errors import MEDIA_TYPE

VERSION: Final = "0.1.0"
_HIDDEN: Final = frozenset({"OPTIONS"})

_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "urn:haven:problem: and a word for programs"},
        "title": {"type": "string", "description": "a few words for people"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "a sentence for people"},
        "where": {"type": "string", "description": "the place in the request, such as $.changes[3].key"},
    },
}


def described(app: Litestar) -> dict[str, Any]:
    """Return the OpenAPI document of every route whose handler does not carry `hidden`.

    Routes decode by hand, so a handler says in `opt` which type its `body` is, whether it is `public` (needs no
    token), and what its `query` may name. What it gives is its return type, or `gives` where that is bytes.
    """
    handlers = list(_handlers(app))
    types = {kind for _, _, handler in handlers for kind in _types_of(handler)}
    ordered = sorted(types, key=str)
    schemas, components = msgspec.json.schema_components(ordered, ref_template="#/components/schemas/{name}")
    shape = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for path, method, handler in handlers:
        paths.setdefault(path, {})[method.lower()] = _operation(path, handler, shape)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Haven",
            "version": VERSION,
            "description": "The backend of an app for two partners: offline edits reconciled, private words"
            " kept private.",
        },
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": _PROBLEM},
            "securitySchemes": {
                "device": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token that signing in gave to this device.",
                }
            },
        },
    }


def _handlers(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in sorted(app.routes, key=lambda route: route.path):
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path_format)
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler) and not handler.opt.get("hidden"):
                for method in sorted(set(handler.http_methods) - _HIDDEN):
                    yield path, str(method), handler


def _types_of(handler: HTTPRouteHandler) -> list[Any]:
    return [kind for kind in (handler.opt.get("body"), _given_by(handler)) if kind is not None]


def _given_by(handler: HTTPRouteHandler) -> Any:
    if "gives" in handler.opt:
        return handler.opt["gives"]
    returned = handler.parsed_fn_signature.return_type.annotation
    inner = get_args(returned) or (returned,)
    return returned if any(isinstance(part, type) and issubclass(part, Struct) for part in inner) else None


def _operation(path: str, handler: HTTPRouteHandler, shape: Mapping[Any, Any]) -> dict[str, Any]:
    summary, description = _words_of(handler)
    opt = handler.opt
    status = str(handler.status_code)
    answer: dict[str, Any] = {"description": "Done."}
    if _given_by(handler) is not None:
        answer["content"] = {opt.get("media_type", "application/json"): {"schema": shape[_given_by(handler)]}}
    problem = {
        "description": "What is wrong, and where.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    operation: dict[str, Any] = {
        "operationId": handler.handler_name,
        "tags": sorted(handler.tags or ["haven"]),
        "summary": summary,
        "responses": {status: answer, "default": problem},
        "security": [] if opt.get("public") else [{"device": []}],
    }
    if description:
        operation["description"] = description
    if opt.get("body") is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": shape[opt["body"]]}},
        }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]
    parameters += [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}, "description": meaning}
        for name, meaning in opt.get("query", {}).items()
    ]
    if parameters:
        operation["parameters"] = parameters
    return operation


def _words_of(handler: HTTPRouteHandler) -> tuple[str, str]:
    words = inspect.getdoc(handler.fn) or handler.handler_name
    if handler.summary:
        return handler.summary, words
    summary, _, description = words.partition("\n\n")
    return summary.replace("\n", " ").removesuffix("."), description.strip()


PAGE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
"""The page is one file with a style sheet inside: no script, no picture, nothing from anywhere else."""

_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem }
body { color: #222 }
h1 { font-weight: 600 } h2 { margin: 2.5rem 0 .5rem; text-transform: capitalize }
details { border: 1px solid #ddd; border-radius: .4rem; margin: .5rem 0; padding: .5rem .8rem }
summary { cursor: pointer } code, pre { font: 14px/1.45 ui-monospace, monospace }
pre { background: #f6f6f4; padding: .7rem; overflow-x: auto; border-radius: .3rem }
.method { display: inline-block; min-width: 4.2rem; font-weight: 600; color: #23605a } .open { color: #777 }
@media (prefers-color-scheme: dark) {
  body { background: #181a1b; color: #ddd } pre { background: #222527 } details { border-color: #3a3d3f }
  .method { color: #7fc8bf } a { color: #8ab4f8 }
}
"""


def page(document: Mapping[str, Any]) -> str:
    """Return the document as one HTML page without scripts."""
    by_tag: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            by_tag.setdefault(operation["tags"][0], []).append(_entry(path, method, operation))
    sections = "".join(f"<h2>{escape(tag)}</h2>{''.join(by_tag[tag])}" for tag in sorted(by_tag))
    schemas = "".join(
        f'<details id="{quote(name)}"><summary><code>{escape(name)}</code></summary>{_shape(schema)}</details>'
        for name, schema in sorted(document["components"]["schemas"].items())
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Haven API</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><h1>Haven API</h1>"
        f"<p>{escape(document['info']['description'])} Everything but what is marked"
        f" <em>open</em> needs <code>Authorization: Bearer TOKEN</code>; bodies are JSON. Faults are"
        f" answered as <code>{MEDIA_TYPE}</code> (see <code>Problem</code>). For programs:"
        f' <a href="openapi.json">openapi.json</a>.</p>{sections}<h2>Shapes</h2>{schemas}</body></html>'
    )


def _entry(path: str, method: str, operation: Mapping[str, Any]) -> str:
    mark = "" if operation["security"] else ' <em class="open">open</em>'
    words = "".join(f"<p>{escape(part)}</p>" for part in operation.get("description", "").split("\n\n") if part)
    if "requestBody" in operation:
        words += f"<p>Takes</p>{_shape(operation['requestBody']['content']['application/json']['schema'])}"
    for status, answer in operation["responses"].items():
        if status != "default":
            words += f"<p>Answers {escape(status)}</p>"
            words += "".join(_shape(content["schema"]) for content in answer.get("content", {}).values())
    return (
        f'<details><summary><span class="method">{escape(method.upper())}</span> <code>{escape(path)}</code>'
        f" &mdash; {escape(operation['summary'])}{mark}</summary>{words}</details>"
    )


def _shape(schema: Mapping[str, Any]) -> str:
    text = escape(msgspec.json.format(msgspec.json.encode(schema), indent=2).decode())
    linked = re.sub(r"#/components/schemas/(\w+)", lambda found: f'<a href="#{found[1]}">{found[1]}</a>', text)
    return f"<pre>{linked}</pre>"
