"""Tell two OpenAPI documents of ours apart, and which of the differences an app of today would feel.

An app sends what the old document allowed and reads what it promised. So what is taken may only widen, and of what is
given nothing may go: no path, status, member or value. More of it may come, since a client ignores what it does not
know. Words, examples and order are no differences.

The comparison is total: whatever differs under a word of OpenAPI or JSON Schema that is neither compared here nor named
as mere words is breaking, since nobody has thought about what it does to an app.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from api.openapi_words import COMPARED, DEFAULTS, EXACT, FORMS, LOWER, METHODS, SAID, SAID_OF, UPPER
from api.references import followed, leads

Document = Mapping[str, Any]


class Difference(Struct, frozen=True):
    """What differs, where, and whether it breaks an app of today."""

    where: str
    what: str
    breaking: bool

    def __str__(self) -> str:
        return f"{'breaking' if self.breaking else 'harmless'}  {self.where}: {self.what}"


def differences(old: Document, new: Document) -> list[Difference]:
    """Return how `new` differs from `old`, each once, in the order of the document."""
    return list(dict.fromkeys(_Comparison(old, new).all()))


_OPEN: Final[tuple[Any, ...]] = ({}, True, None)
"""What `additionalProperties` says where anything may come."""


class _Comparison:
    """One comparison: the two documents, for their references, and the pairs that were looked at."""

    def __init__(self, old: Document, new: Document) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str, bool]] = set()
        self._reached: set[str] = set()

    def all(self) -> Iterator[Difference]:
        yield from self._others("the document", "document", self._old, self._new)
        yield from self._servers()
        yield from self._ways_to_call()
        old, new = self._old.get("paths", {}), self._new.get("paths", {})
        for path in sorted(old.keys() - new.keys()):
            yield Difference(path, "the path is gone", breaking=True)
        for path in sorted(new.keys() - old.keys()):
            yield Difference(path, "the path is new", breaking=False)
        for path in sorted(old.keys() & new.keys()):
            yield from self._path(path, old[path], new[path])
        yield from self._components(self._old.get("components", {}), self._new.get("components", {}))

    def _servers(self) -> Iterator[Difference]:
        nowhere = [{"url": "/"}]
        before, now = (
            [{key: value for key, value in each.items() if key != "description"} for each in given]
            for given in (self._old.get("servers") or nowhere, self._new.get("servers") or nowhere)
        )
        # A client takes the first, or one by its place.
        if not self._alike(before, now[: len(before)]):
            yield Difference("the document", "its servers are others", breaking=True)
        elif len(now) > len(before):
            yield Difference("the document", "there is another server", breaking=False)

    def _ways_to_call(self) -> Iterator[Difference]:
        old, new = (each.get("components", {}).get("securitySchemes", {}) for each in (self._old, self._new))
        for name in sorted(old.keys() - new.keys()):
            yield Difference(f"security scheme {name}", "it is gone", breaking=True)
        for name in sorted(new.keys() - old.keys()):
            yield Difference(f"security scheme {name}", "it is new", breaking=False)
        for name in sorted(old.keys() & new.keys()):
            yield from self._others(f"security scheme {name}", "security scheme", *self._both(old[name], new[name]))

    def _components(self, old: Document, new: Document) -> Iterator[Difference]:
        """Compare what no path has led to, too; makers of clients name types after the schemas."""
        yield from self._others("the components", "components", old, new)
        before, now = old.get("schemas", {}), new.get("schemas", {})
        for name in sorted(before.keys() - now.keys()):
            yield Difference(name, "the schema is gone", breaking=True)
        for name in sorted(now.keys() - before.keys()):
            yield Difference(name, "the schema is new", breaking=False)
        for section in ("responses", "headers", "parameters", "schemas"):
            both = old.get(section, {}).keys() & new.get(section, {}).keys()
            for name in sorted(both):
                reference = f"#/components/{section}/{name}"
                if reference not in self._reached:
                    yield from self._unreached(section, name, {"$ref": reference})

    def _unreached(self, section: str, name: str, reference: Document) -> Iterator[Difference]:
        where = f"{section} {name}"
        if section == "responses":
            yield from self._answer(where, reference, reference)
        elif section == "headers":
            yield from self._header(where, reference, reference)
        elif section == "parameters":
            yield from self._parameter(where, name, *self._both(reference, reference))
        else:
            # It is taken or given as what it leads to is; where nothing tells, both.
            within = set(_references(followed(self._old, reference)))
            for taken in {taken for each, _, taken in self._seen if each in within} or {True, False}:
                yield from self._schemas(where, reference, reference, taken=taken)

    def _others(self, where: str, sort: str, old: Document, new: Document) -> Iterator[Difference]:
        """Tell of every word that differs, is not mere words, and is compared nowhere else."""
        for word in sorted((old.keys() | new.keys()) - COMPARED[sort] - SAID_OF.get(sort, SAID)):
            if word not in old or word not in new or not self._alike(old[word], new[word]):
                yield Difference(where, f"its {word} is another, and no rule says what that does", breaking=True)

    def _alike(self, old: Any, new: Any, seen: set[tuple[str, str]] | None = None) -> bool:
        """Tell whether two values are the same, and all that they lead to, too."""
        seen = set() if seen is None else seen
        pair = _reference(old), _reference(new)
        if all(pair) and pair not in seen:
            seen.add(pair)
            if not self._alike(*self._both(old, new), seen):
                return False
        if isinstance(old, dict) and isinstance(new, dict):
            if all(pair):
                old, new = ({**each, "$ref": ""} for each in (old, new))
            return old.keys() == new.keys() and all(self._alike(old[key], new[key], seen) for key in old)
        if isinstance(old, list) and isinstance(new, list):
            return len(old) == len(new) and all(self._alike(*each, seen) for each in zip(old, new, strict=True))
        # To Python, true is 1.
        return type(old) is type(new) and bool(old == new)

    def _both(self, old: Any, new: Any) -> tuple[Document, Document]:
        """Return what each of the two leads to, and remember that this was reached."""
        self._reached.update(leads(self._old, old))
        return followed(self._old, old), followed(self._new, new)

    def _path(self, path: str, old: Document, new: Document) -> Iterator[Difference]:
        yield from self._others(path, "path", old, new)
        for method in METHODS:
            where = f"{method.upper()} {path}"
            if method in old and method not in new:
                yield Difference(where, "the method is gone", breaking=True)
            elif method in new and method not in old:
                yield Difference(where, "the method is new", breaking=False)
            elif method in old:
                yield from self._operation(where, old[method], new[method])

    def _operation(self, where: str, old: Document, new: Document) -> Iterator[Difference]:
        yield from self._others(where, "operation", old, new)
        if old.get("operationId") != new.get("operationId"):
            yield Difference(where, "it has another operationId", breaking=True)
        ways = _ways(self._old, old), _ways(self._new, new)
        if not ways[0] <= ways[1]:
            yield Difference(where, "a way to say who is calling is gone, or is asked for now", breaking=True)
        elif ways[0] != ways[1]:
            yield Difference(where, "there is another way to say who is calling", breaking=False)
        yield from self._parameters(where, old, new)
        yield from self._body(where, old.get("requestBody"), new.get("requestBody"))
        yield from self._answers(where, old.get("responses", {}), new.get("responses", {}))

    # What is taken

    def _parameters(self, where: str, old: Document, new: Document) -> Iterator[Difference]:
        before, now = self._named(self._old, old), self._named(self._new, new)
        for place, name in sorted(before.keys() - now.keys()):
            yield Difference(where, f"the {place} parameter {name} is gone", breaking=True)
        for place, name in sorted(now.keys() - before.keys()):
            needed = now[place, name].get("required", False)
            said = "new and required" if needed else "new"
            yield Difference(where, f"the {place} parameter {name} is {said}", breaking=needed)
        for place, name in sorted(before.keys() & now.keys()):
            yield from self._parameter(where, f"{place} {name}", before[place, name], now[place, name])

    def _parameter(self, where: str, name: str, old: Document, new: Document) -> Iterator[Difference]:
        at = f"{where} {name}"
        yield from self._others(at, "parameter", old, new)
        yield from _needed(at, old, new, taken=True)
        yield from self._schemas(at, old.get("schema", {}), new.get("schema", {}), taken=True)

    def _named(self, document: Document, operation: Document) -> dict[tuple[str, str], Document]:
        self._reached.update(each for one in operation.get("parameters", ()) for each in leads(document, one))
        each = [followed(document, parameter) for parameter in operation.get("parameters", ())]
        return {(parameter["in"], parameter["name"]): parameter for parameter in each}

    def _body(self, where: str, old: Document | None, new: Document | None) -> Iterator[Difference]:
        if old is None or new is None:
            if old is not new:
                needed = new is not None and new.get("required", False)
                said = "a body is taken now" if old is None else "no body is taken any more"
                yield Difference(where, said, breaking=needed or new is None)
            return
        old, new = self._both(old, new)
        yield from self._others(f"{where} body", "body", old, new)
        yield from _needed(f"{where} body", old, new, taken=True)
        yield from self._contents(f"{where} body", old.get("content", {}), new.get("content", {}), taken=True)

    # What is given

    def _answers(self, where: str, old: Document, new: Document) -> Iterator[Difference]:
        for status in sorted(old.keys() - new.keys()):
            yield Difference(where, f"the status {status} is gone", breaking=True)
        for status in sorted(new.keys() - old.keys()):
            # A new way to succeed is one that no app knows; every app knows how to be told of a problem.
            yield Difference(where, f"the status {status} is new", breaking=status.startswith(("2", "3")))
        for status in sorted(old.keys() & new.keys()):
            yield from self._answer(f"{where} {status}", old[status], new[status])

    def _answer(self, where: str, old: Document, new: Document) -> Iterator[Difference]:
        old, new = self._both(old, new)
        yield from self._others(where, "response", old, new)
        before, now = old.get("headers", {}), new.get("headers", {})
        for header in sorted(before.keys() - now.keys()):
            yield Difference(where, f"the header {header} is gone", breaking=True)
        for header in sorted(now.keys() - before.keys()):
            yield Difference(where, f"the header {header} is new", breaking=False)
        for header in sorted(before.keys() & now.keys()):
            yield from self._header(f"{where} {header}", before[header], now[header])
        yield from self._contents(where, old.get("content", {}), new.get("content", {}), taken=False)

    def _header(self, where: str, old: Document, new: Document) -> Iterator[Difference]:
        old, new = self._both(old, new)
        yield from self._others(where, "header", old, new)
        yield from _needed(where, old, new, taken=False)
        yield from self._schemas(where, old.get("schema", {}), new.get("schema", {}), taken=False)

    def _contents(self, where: str, old: Document, new: Document, *, taken: bool) -> Iterator[Difference]:
        for media_type in sorted(old.keys() - new.keys()):
            yield Difference(where, f"the media type {media_type} is gone", breaking=True)
        for media_type in sorted(new.keys() - old.keys()):
            yield Difference(where, f"the media type {media_type} is new", breaking=False)
        for media_type in sorted(old.keys() & new.keys()):
            one, other = old[media_type], new[media_type]
            yield from self._others(where, "media type", one, other)
            yield from self._schemas(where, one.get("schema", {}), other.get("schema", {}), taken=taken)
            events = one.get("x-events", {}), other.get("x-events", {})
            for name in sorted(events[0].keys() - events[1].keys()):
                yield Difference(where, f"the event {name} is gone", breaking=True)
            for name in sorted(events[1].keys() - events[0].keys()):
                yield Difference(where, f"the event {name} is new", breaking=False)
            for name in sorted(events[0].keys() & events[1].keys()):
                yield from self._schemas(f"{where} {name}", events[0][name], events[1][name], taken=taken)

    # Schemas

    def _schemas(self, where: str, old: Any, new: Any, *, taken: bool) -> Iterator[Difference]:
        names = _reference(old), _reference(new)
        if names[0] and (others := _other_problems(names[0], new)):
            yield from (Difference(where, f"it may be {name} now", breaking=taken) for name in others)
            new = old
        # What stands beside a reference holds as well as what it leads to.
        yield from self._others(where, "reference", *(each if _reference(each) else {} for each in (old, new)))
        if names[0] and names[1]:
            # A schema is told of under its own name, once, from wherever it is reached first.
            if (names[0], names[1], taken) in self._seen:
                return
            self._seen.add((names[0], names[1], taken))
            where = f"{names[0].rpartition('/')[2]}, {'taken' if taken else 'given'}"
        old, new = self._both(_plain(old), _plain(new))
        yield from self._others(where, "schema", old, new)
        yield from self._either(where, old, new, taken=taken)
        yield from self._discriminated(where, old.get("discriminator"), new.get("discriminator"), taken=taken)
        yield from _rules(where, old, new, taken=taken)
        yield from self._members(where, old, new, taken=taken)
        if "items" in old or "items" in new:
            yield from self._schemas(f"{where} items", old.get("items", {}), new.get("items", {}), taken=taken)

    def _either(self, where: str, old: Document, new: Document, *, taken: bool) -> Iterator[Difference]:
        """Compare what a value may be, one or the other, whatever the order."""
        for word in FORMS:
            before, now = _alternatives(old, word), _alternatives(new, word)
            if (word in old) != (word in new):
                yield Difference(where, "it is of another type", breaking=True)
                continue
            for name in sorted(before.keys() - now.keys()):
                yield Difference(where, f"it is never {name} any more", breaking=True)
            for name in sorted(now.keys() - before.keys()):
                # Where one more form may come, a reader meets what it has no words for; a problem is still a problem.
                unknown = not taken and not name.endswith("Problem") and "discriminator" not in new
                yield Difference(where, f"it may be {name} now", breaking=unknown or word == "allOf")
            for name in sorted(before.keys() & now.keys()):
                yield from self._schemas(where, before[name], now[name], taken=taken)

    def _discriminated(
        self, where: str, old: Document | None, new: Document | None, *, taken: bool
    ) -> Iterator[Difference]:
        if old is None or new is None:
            if old is not new:
                yield Difference(where, f"its discriminator is {'gone' if new is None else 'new'}", breaking=True)
            return
        yield from self._others(f"{where} discriminator", "discriminator", old, new)
        if old.get("propertyName") != new.get("propertyName"):
            yield Difference(where, "its forms are told apart by another property", breaking=True)
        before, now = old.get("mapping", {}), new.get("mapping", {})
        for value in sorted(before.keys() - now.keys()):
            yield Difference(where, f"its discriminator knows {value} no more", breaking=True)
        for value in sorted(now.keys() - before.keys()):
            yield Difference(where, f"its discriminator knows {value} now", breaking=False)
        for value in sorted(before.keys() & now.keys()):
            forms = {"$ref": before[value]}, {"$ref": now[value]}
            yield from self._schemas(f"{where} {value}", *forms, taken=taken)

    def _members(self, where: str, old: Document, new: Document, *, taken: bool) -> Iterator[Difference]:
        before, now = old.get("properties", {}), new.get("properties", {})
        needed = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(before.keys() - now.keys()):
            yield Difference(where, f"the property {name} is gone", breaking=True)
        for name in sorted(now.keys() - before.keys()):
            asked = taken and name in needed[1]
            yield Difference(where, f"the property {name} is {'new and required' if asked else 'new'}", breaking=asked)
        for name in sorted(before.keys() & now.keys()):
            yield from self._schemas(f"{where} {name}", before[name], now[name], taken=taken)
        for name in sorted(needed[1] - needed[0] - (now.keys() - before.keys())):
            yield Difference(where, f"the property {name} is always there now", breaking=taken)
        for name in sorted(needed[0] - needed[1] - (before.keys() - now.keys())):
            yield Difference(where, f"the property {name} may be missing now", breaking=not taken)
        yield from self._further(where, *(each.get("additionalProperties") for each in (old, new)), taken=taken)

    def _further(self, where: str, old: Any, new: Any, *, taken: bool) -> Iterator[Difference]:
        """Compare what may come besides the named members: anything, nothing, or what a schema says."""
        is_open = old in _OPEN, new in _OPEN
        if is_open == (True, True):
            return
        if any(is_open):
            schemas = (each if isinstance(each, dict) else {} for each in (old, new))
            yield from self._others(f"{where} additionalProperties", "schema", *schemas)
        if is_open[0]:
            yield Difference(where, "it takes no other properties any more", breaking=taken)
        elif is_open[1]:
            yield Difference(where, "it may have any other properties now", breaking=not taken and old is not False)
        elif old is False or new is False:
            if old is not new:
                said = "there may be other properties now" if old is False else "there are no other properties any more"
                yield Difference(where, said, breaking=new is False)
        else:
            yield from self._schemas(f"{where} additionalProperties", old, new, taken=taken)


def _rules(where: str, old: Document, new: Document, *, taken: bool) -> Iterator[Difference]:
    for word in EXACT:
        if _written(old, word) != _written(new, word):
            # What is taken may be bound less than before, what is given more.
            allowed = word not in (new if taken else old) and word != "type"
            yield Difference(where, f"its {word} is another", breaking=not allowed)
    for word in (*UPPER, *LOWER):
        one, other = old.get(word), new.get(word)
        if one != other:
            narrower = other is not None and (one is None or (other < one if word in UPPER else other > one))
            yield Difference(where, f"its {word} was {one} and is {other}", breaking=taken and narrower)
    for word in DEFAULTS:
        if _written(old, word) != _written(new, word):
            # Nobody could rely on what was not said.
            said = f"was {old[word]} and " if word in old else ""
            yield Difference(where, f"its {word} {said}is {new.get(word, 'not said any more')}", breaking=word in old)
    if "enum" in old or "enum" in new:
        yield from _values(where, old.get("enum"), new.get("enum"), taken=taken)


def _values(where: str, old: list[Any] | None, new: list[Any] | None, *, taken: bool) -> Iterator[Difference]:
    if old is None or new is None:
        said = "its values are listed now" if old is None else "its values are listed no more"
        yield Difference(where, said, breaking=taken is (old is None))
        return
    before, now = ({msgspec.json.encode(each): each for each in values} for values in (old, new))
    for written in sorted(before.keys() - now.keys()):
        yield Difference(where, f"the value {before[written]} is gone", breaking=True)
    for written in sorted(now.keys() - before.keys()):
        yield Difference(where, f"the value {now[written]} is new", breaking=False)


def _written(schema: Document, word: str) -> bytes:
    """Return what stands under a word as JSON writes it: to Python, true is 1."""
    return msgspec.json.encode(schema[word], order="sorted") if word in schema else b""


def _needed(where: str, old: Document, new: Document, *, taken: bool) -> Iterator[Difference]:
    """Compare whether a parameter, a body or a header has to be there."""
    before, now = old.get("required", False), new.get("required", False)
    if now and not before:
        yield Difference(where, "it is required now", breaking=taken)
    if before and not now:
        yield Difference(where, "it may be missing now", breaking=not taken)


def _ways(document: Document, operation: Document) -> frozenset[frozenset[tuple[str, tuple[str, ...]]]]:
    """Return the ways to say who is calling, each with all that it asks for; asking for nothing is one, too."""
    asked = operation.get("security", document.get("security", ()))
    ways = (frozenset((name, tuple(scopes)) for name, scopes in each.items()) for each in asked)
    return frozenset(ways) or frozenset({frozenset()})


def _plain(schema: Any) -> Document:
    """Return a schema as an object: true takes anything, false nothing."""
    return {"not": {}} if schema is False else schema if isinstance(schema, Mapping) else {}


def _other_problems(reference: str, new: Any) -> list[str]:
    """Return which problems may come besides the one that came before, where that is all that has changed."""
    forms = [_reference(each) or "" for each in new.get("oneOf", ())] if isinstance(new, dict) else []
    known = reference in forms and new.keys() <= {"oneOf", "discriminator"}
    names = sorted(each.rpartition("/")[2] for each in forms if each != reference)
    return names if known and all(name.endswith("Problem") for name in (reference, *names)) else []


def _reference(schema: Any) -> str:
    name = schema.get("$ref", "") if isinstance(schema, dict) else ""
    return str(name)


def _references(value: Any) -> Iterator[str]:
    if name := _reference(value):
        yield name
    for each in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _references(each)


def _alternatives(schema: Document, word: str) -> dict[str, Any]:
    """Return the forms by name; of those that are called alike, each by its place among them."""
    forms: dict[str, Any] = {}
    for each in schema.get(word, ()):
        name = called = _called(each)
        nth = 1
        while name in forms:
            nth += 1
            name = f"{called} ({nth})"
        forms[name] = each
    return forms


def _called(schema: Document) -> str:
    """Name one form among several, so that it is found again in the other document."""
    if name := _reference(schema):
        return name.rpartition("/")[2]
    return str(schema.get("const", schema.get("type", "something else")))
