"""Show the OpenAPI document as one HTML page that a person can read: no script, nothing from anywhere else."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any, Final

import msgspec

from api.problems import PROBLEM_TYPES, URN
from api.references import followed

Document = Mapping[str, Any]
Schema = Mapping[str, Any]

_STYLE: Final = """
:root { color-scheme: light dark; --text: #23272a; --quiet: #5d666c; --line: #dcdfe0; --paper: #fff; --shade: #f5f6f5;
  --mark: #1f5f59; --warn: #8a4b08 }
@media (prefers-color-scheme: dark) { :root { --text: #dfe3e4; --quiet: #9aa4a9; --line: #383e41; --paper: #16191a;
  --shade: #1f2426; --mark: #83cfc5; --warn: #e0a866 } }
* { box-sizing: border-box }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--text); background: var(--paper) }
main, nav, header { padding: 0 1.2rem; max-width: 60rem; margin: 0 auto }
h1 { font-size: 1.7rem; margin: 1.6rem 0 .4rem } h2 { margin: 2.6rem 0 .6rem; text-transform: capitalize }
h3 { font-size: 1.05rem; margin: 0 } h4 { font-size: .95rem; margin: 1.1rem 0 .3rem }
p { margin: .4rem 0; max-width: 46rem } a { color: var(--mark) }
code, pre { font: .86rem/1.5 ui-monospace, monospace }
code { overflow-wrap: anywhere }
pre { overflow-x: auto; background: var(--shade); padding: .7rem .9rem; margin: .3rem 0; border-radius: .4rem;
  max-height: 26rem }
section { border-top: 1px solid var(--line); padding: 1.1rem 0; scroll-margin-top: .5rem }
.path { font-size: 1.05rem } .method { display: inline-block; min-width: 4.6rem; font-weight: 700; color: var(--mark) }
.quiet { color: var(--quiet); font-size: .9rem } .open { color: var(--warn); font-size: .9rem }
table { border-collapse: collapse; width: 100%; font-size: .92rem }
th { text-align: left; font-weight: 600; color: var(--quiet) }
td, th { padding: .3rem .8rem .3rem 0; vertical-align: top; border-bottom: 1px solid var(--line) }
td:first-child, .problems td:nth-child(2) { white-space: nowrap } tr:target td { background: var(--shade) }
summary { cursor: pointer; color: var(--mark) } details { margin: .3rem 0 }
nav ul { list-style: none; margin: .2rem 0 .8rem; padding: 0 } nav li { margin: .1rem 0; font-size: .88rem }
nav a { text-decoration: none; color: inherit } nav a:hover { text-decoration: underline }
nav .method { min-width: 3.8rem; font-size: .74rem } nav code { font-size: .8rem }
nav h2 { font-size: .95rem; margin: .8rem 0 .1rem }
@media (min-width: 72rem) {
  body { display: grid; grid-template-columns: 24.5rem minmax(0, 1fr) }
  header { grid-column: 2; margin: 0; width: 100% } main { margin: 0; width: 100% }
  nav { grid-column: 1; grid-row: 1 / span 2; position: sticky; top: 0; height: 100vh; overflow-y: auto; margin: 0;
    width: 100%; border-right: 1px solid var(--line); padding-bottom: 2rem }
}
@media (max-width: 40rem) {
  main, nav, header { padding: 0 .8rem } .members td { display: block; border: 0; padding: 0 }
  .members thead { display: none }
  .members tr { display: block; padding: .45rem 0; border-bottom: 1px solid var(--line) }
}
"""

PAGE_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""The one style sheet is known by its hash; everything else is forbidden."""


def page(document: Document) -> str:
    """Return the page."""
    by_tag: dict[str, list[tuple[str, str, Document]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            by_tag[operation["tags"][0]].append((path, method.upper(), operation))
    info = document["info"]
    sections = "".join(
        f"<h2>{escape(tag['name'])}</h2><p>{escape(tag['description'])}</p>"
        + "".join(_operation(document, *each) for each in by_tag[tag["name"]])
        for tag in document["tags"]
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Haven: the API</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body>"
        f"<nav>{_contents(document, by_tag)}</nav>"
        f"<header><h1>Haven: the API</h1><p>{escape(info['summary'])}</p>{_paragraphs(info['description'])}"
        '<p>For programs: <a href="openapi.json">openapi.json</a>.</p></header>'
        f"<main>{sections}<h2>Problems</h2>{_problems(document)}<h2>Shapes</h2>{_shapes(document)}</main></body></html>"
    )


def _contents(document: Document, by_tag: Mapping[str, list[tuple[str, str, Document]]]) -> str:
    groups = "".join(
        f"<h2>{escape(tag)}</h2><ul>"
        + "".join(
            f'<li><a href="#{operation["operationId"]}"><span class="method">{method}</span>'
            f"<code>{escape(path)}</code></a></li>"
            for path, method, operation in operations
        )
        + "</ul>"
        for tag, operations in by_tag.items()
    )
    ends = "".join(f'<li><a href="#problem-{slug}"><code>{slug}</code></a></li>' for slug in PROBLEM_TYPES)
    names = "".join(f"<li>{_link(name)}</li>" for name in sorted(document["components"]["schemas"]))
    return (
        f"{groups}<h2>Problems</h2><details><summary>All {len(PROBLEM_TYPES)} types</summary><ul>{ends}</ul></details>"
        f"<h2>Shapes</h2><details><summary>All by name</summary><ul>{names}</ul></details>"
    )


# Operations


def _operation(document: Document, path: str, method: str, operation: Document) -> str:
    keys = [name for each in operation["security"] for name in each]
    needs = (
        f'<span class="quiet">needs {" or ".join(_KEYS[key] for key in keys)}</span>'
        if keys
        else '<span class="open">open to anyone</span>'
    )
    return (
        f'<section id="{operation["operationId"]}"><h3 class="path"><span class="method">{method}</span>'
        f" <code>{escape(path)}</code></h3><p><strong>{escape(operation['summary'])}</strong> &middot; {needs}</p>"
        f"{_paragraphs(operation['description'])}{_parameters(document, operation)}{_body(operation)}"
        f"{_answers(document, operation)}</section>"
    )


_KEYS: Final = {"device": "the device's token", "ticket": "a ticket (<code>?ticket=</code>)"}


def _parameters(document: Document, operation: Document) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code></td><td>{each['in']}</td><td>{_type(each['schema'])}</td>"
        f"<td>{escape(each['description'])}</td></tr>"
        for each in (followed(document, parameter) for parameter in operation["parameters"])
    )
    return f"<h4>Parameters</h4>{_table(('name', 'in', 'holds', 'meaning'), rows, 'members')}" if rows else ""


def _body(operation: Document) -> str:
    if "requestBody" not in operation:
        return ""
    content = operation["requestBody"]["content"]["application/json"]
    return f"<h4>Takes {_type(content['schema'])}</h4>{_examples(content)}"


def _answers(document: Document, operation: Document) -> str:
    rows, shown = [], ""
    for status, answer in operation["responses"].items():
        said = followed(document, answer)
        for media_type, content in said.get("content", {}).items():
            if int(status) < 400:
                shown += _examples(content)
                gives = "a stream of " if media_type == "text/event-stream" else ""
                events = " and ".join(_type(schema) for schema in content.get("x-events", {}).values())
                rows.append(
                    f"<tr><td><code>{status}</code></td><td>{gives}{events or _type(content['schema'])}</td></tr>"
                )
            else:
                types = (each["$ref"] for each in content["schema"].get("oneOf", [content["schema"]]))
                rows.append(f"<tr><td><code>{status}</code></td><td>{_types_of_problem(document, types)}</td></tr>")
        if not said.get("content"):
            rows.append(f"<tr><td><code>{status}</code></td><td>{escape(said['description'])}</td></tr>")
    return f"<h4>Answers</h4>{_table(('status', 'with'), ''.join(rows), 'answers')}{shown}"


def _types_of_problem(document: Document, references: Iterable[str]) -> str:
    slugs = [
        followed(document, {"$ref": reference})["properties"]["type"]["const"].removeprefix(URN)
        for reference in references
    ]
    return ", ".join(
        f'<a href="#problem-{slug}"><code>{slug}</code></a>'
        f' <span class="quiet">{escape(PROBLEM_TYPES[slug].title)}</span>'
        for slug in slugs
    )


def _examples(content: Document) -> str:
    """Show the first example open, and the others for whoever wants them."""
    shown = ""
    for nth, example in enumerate(content.get("examples", {}).values()):
        words, is_open = escape(example["summary"]), " open" if nth == 0 else ""
        shown += f"<details{is_open}><summary>Example: {words}</summary>{_pre(example['value'])}</details>"
    return shown


def _pre(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    return f"<pre>{escape(text.strip())}</pre>"


# Problems


def _problems(document: Document) -> str:
    answered: dict[str, list[str]] = {slug: [] for slug in PROBLEM_TYPES}
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    for operation in operations:
        for reference in {each["$ref"] for each in operation["responses"].values() if "$ref" in each}:
            for slug, row in PROBLEM_TYPES.items():
                if f"`{slug}`: {row.title}." in followed(document, {"$ref": reference})["description"]:
                    answered[slug].append(operation["operationId"])
    rows = "".join(
        f'<tr id="problem-{slug}"><td><code>{row.status}</code></td><td><code>{slug}</code></td>'
        f"<td>{escape(row.title)}</td><td>{_marked(row.means)}</td>"
        f"<td>{_where(answered[slug], len(operations))}</td></tr>"
        for slug, row in PROBLEM_TYPES.items()
    )
    return _table(("status", "type", "title", "what to do", "where"), rows, "members problems")


def _where(operations: list[str], count: int) -> str:
    if len(operations) > count // 2:
        return "everywhere" if len(operations) == count else "nearly everywhere"
    return ", ".join(_link(name) for name in operations) or "any address"


# Shapes


def _shapes(document: Document) -> str:
    return "".join(
        f'<section id="{name}"><h3><code>{name}</code></h3>{_paragraphs(schema.get("description", ""))}'
        f"{_members(schema)}</section>"
        for name, schema in sorted(document["components"]["schemas"].items())
    )


def _members(schema: Schema) -> str:
    if "properties" not in schema:
        return f"<p>{_type(schema)}</p>"
    needed = schema.get("required", ())
    optional = ' <span class="quiet">may be left out</span>'
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code>{'' if name in needed else optional}</td>"
        f"<td>{_type(member)}</td><td>{_marked(member.get('description', ''))}</td></tr>"
        for name, member in schema["properties"].items()
    )
    return _table(("member", "holds", "meaning"), rows, "members")


def _type(schema: Schema) -> str:
    """Say in a line what a schema holds."""
    if "$ref" in schema:
        return _link(schema["$ref"].rpartition("/")[2])
    for word in ("oneOf", "anyOf"):
        if word in schema:
            return " or ".join(_type(each) for each in schema[word])
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if values is not None:
        return ", ".join(f"<code>{escape(str(value))}</code>" for value in values)
    if schema.get("type") == "array":
        most = f"at most {schema['maxItems']} " if "maxItems" in schema else ""
        return f"list of {most}{_type(schema.get('items', {}))}"
    return _object(schema) if schema.get("type") == "object" else ", ".join(_plain(schema))


def _object(schema: Schema) -> str:
    if schema.get("additionalProperties"):
        return f"by name: {_type(schema['additionalProperties'])}"
    members = schema.get("properties", {})
    return "; ".join(f"<code>{escape(name)}</code>: {_type(each)}" for name, each in members.items()) or "object"


def _plain(schema: Schema) -> Iterator[str]:
    yield _NAMES.get(schema.get("format", schema.get("type", "")), escape(schema.get("type", "anything")))
    if "minimum" in schema or "maximum" in schema:
        yield f"{schema.get('minimum', '')} to {schema.get('maximum', '')}".strip()
    if "maxLength" in schema:
        yield f"{schema.get('minLength', 0)} to {schema['maxLength']} characters"
    if schema.get("examples"):
        yield "such as " + ", ".join(f"<code>{escape(str(each))}</code>" for each in schema["examples"])


_NAMES: Final = {
    "boolean": "true or false",
    "date": "day",
    "date-time": "instant",
    "integer": "whole number",
    "null": "null",
    "string": "text",
    "uuid": "id",
}


# Words


def _table(heads: tuple[str, ...], rows: str, name: str) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    return f'<table class="{name}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_marked(part)}</p>" for part in text.split("\n\n") if part.strip())


def _marked(text: str) -> str:
    """Show what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def _link(name: str) -> str:
    return f'<a href="#{name}"><code>{name}</code></a>'
