"""Tell two OpenAPI documents of ours apart, and which of the differences an app of today would feel.

An app sends what the old document allowed and reads what it promised. So what is taken may only widen, and of what is
given nothing may go: no path, status, member or value. More of it may come, since a client ignores what it does not
know. Words, examples and order are no differences.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from api.references import followed

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


_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_EXACT: Final = ("type", "const", "format", "pattern", "not", "multipleOf", "uniqueItems")
_OPEN: Final[tuple[Any, ...]] = ({}, True, None)
"""What `additionalProperties` says where anything may come."""


class _Comparison:
    """One comparison: the two documents, for their references, and the pairs of schemas that were looked at."""

    def __init__(self, old: Document, new: Document) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str, bool]] = set()

    def all(self) -> Iterator[Difference]:
        old, new = self._old.get("paths", {}), self._new.get("paths", {})
        for path in old.keys() - new.keys():
            yield Difference(path, "the path is gone", breaking=True)
        for path in new.keys() - old.keys():
            yield Difference(path, "the path is new", breaking=False)
        for path in sorted(old.keys() & new.keys()):
            yield from self._path(path, old[path], new[path])

    def _path(self, path: str, old: Document, new: Document) -> Iterator[Difference]:
        for method in _METHODS:
            where = f"{method.upper()} {path}"
            if method in old and method not in new:
                yield Difference(where, "the method is gone", breaking=True)
            elif method in new and method not in old:
                yield Difference(where, "the method is new", breaking=False)
            elif method in old:
                yield from self._operation(where, old[method], new[method])

    def _operation(self, where: str, old: Document, new: Document) -> Iterator[Difference]:
        if old.get("operationId") != new.get("operationId"):
            yield Difference(where, "it has another operationId", breaking=True)
        ways = [_ways(operation) for operation in (old, new)]
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
            one, other = before[place, name], now[place, name]
            if other.get("required", False) and not one.get("required", False):
                yield Difference(where, f"the {place} parameter {name} is required now", breaking=True)
            at = f"{where} {place} {name}"
            yield from self._schemas(at, one.get("schema", {}), other.get("schema", {}), taken=True)

    def _named(self, document: Document, operation: Document) -> dict[tuple[str, str], Document]:
        each = [followed(document, parameter) for parameter in operation.get("parameters", ())]
        return {(parameter["in"], parameter["name"]): parameter for parameter in each}

    def _body(self, where: str, old: Document | None, new: Document | None) -> Iterator[Difference]:
        if old is None or new is None:
            if old is not new:
                needed = new is not None and new.get("required", False)
                said = "a body is taken now" if old is None else "no body is taken any more"
                yield Difference(where, said, breaking=needed or new is None)
            return
        if new.get("required", False) and not old.get("required", False):
            yield Difference(where, "the body is required now", breaking=True)
        yield from self._contents(f"{where} body", old.get("content", {}), new.get("content", {}), taken=True)

    # What is given

    def _answers(self, where: str, old: Document, new: Document) -> Iterator[Difference]:
        for status in sorted(old.keys() - new.keys()):
            yield Difference(where, f"the status {status} is gone", breaking=True)
        for status in sorted(new.keys() - old.keys()):
            # A new way to succeed is one that no app knows; every app knows how to be told of a problem.
            yield Difference(where, f"the status {status} is new", breaking=status.startswith(("2", "3")))
        for status in sorted(old.keys() & new.keys()):
            at = f"{where} {status}"
            one, other = followed(self._old, old[status]), followed(self._new, new[status])
            for header in sorted(one.get("headers", {}).keys() - other.get("headers", {}).keys()):
                yield Difference(at, f"the header {header} is gone", breaking=True)
            yield from self._contents(at, one.get("content", {}), other.get("content", {}), taken=False)

    def _contents(self, where: str, old: Document, new: Document, *, taken: bool) -> Iterator[Difference]:
        for media_type in sorted(old.keys() - new.keys()):
            yield Difference(where, f"the media type {media_type} is gone", breaking=True)
        for media_type in sorted(new.keys() - old.keys()):
            yield Difference(where, f"the media type {media_type} is new", breaking=False)
        for media_type in sorted(old.keys() & new.keys()):
            one, other = old[media_type], new[media_type]
            yield from self._schemas(where, one.get("schema", {}), other.get("schema", {}), taken=taken)
            events = one.get("x-events", {}), other.get("x-events", {})
            for name in sorted(events[0].keys() - events[1].keys()):
                yield Difference(where, f"the event {name} is gone", breaking=True)
            for name in sorted(events[0].keys() & events[1].keys()):
                yield from self._schemas(f"{where} {name}", events[0][name], events[1][name], taken=taken)

    # Schemas

    def _schemas(self, where: str, old: Any, new: Any, *, taken: bool) -> Iterator[Difference]:
        names = _reference(old), _reference(new)
        if names[0] and names[1]:
            # A schema is told of under its own name, once, from wherever it is reached first.
            if (names[0], names[1], taken) in self._seen:
                return
            self._seen.add((names[0], names[1], taken))
            where = f"{names[0].rpartition('/')[2]}, {'taken' if taken else 'given'}"
        old, new = followed(self._old, old), followed(self._new, new)
        yield from self._either(where, old, new, taken=taken)
        yield from _rules(where, old, new, taken=taken)
        yield from self._members(where, old, new, taken=taken)
        for name in ("items", "additionalProperties"):
            if isinstance(old.get(name), dict) and isinstance(new.get(name), dict):
                yield from self._schemas(f"{where} {name}", old[name], new[name], taken=taken)

    def _either(self, where: str, old: Document, new: Document, *, taken: bool) -> Iterator[Difference]:
        """Compare what a value may be, one or the other, whatever the order."""
        for word in ("oneOf", "anyOf", "allOf"):
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

    def _members(self, where: str, old: Document, new: Document, *, taken: bool) -> Iterator[Difference]:
        before, now = old.get("properties", {}), new.get("properties", {})
        needed = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(before.keys() - now.keys()):
            yield Difference(where, f"the property {name} is gone", breaking=True)
        for name in sorted(now.keys() - before.keys()):
            asked = taken and name in needed[1]
            yield Difference(where, f"the property {name} is {'new and required' if asked else 'new'}", breaking=asked)
        for name in sorted(before.keys() & now.keys()):
            if name in needed[1] - needed[0]:
                yield Difference(where, f"the property {name} is always there now", breaking=taken)
            if name in needed[0] - needed[1]:
                yield Difference(where, f"the property {name} may be missing now", breaking=not taken)
            yield from self._schemas(f"{where} {name}", before[name], now[name], taken=taken)
        if taken and old.get("additionalProperties") in _OPEN and new.get("additionalProperties") not in _OPEN:
            yield Difference(where, "it takes no other properties any more", breaking=True)


def _rules(where: str, old: Document, new: Document, *, taken: bool) -> Iterator[Difference]:
    for word in _EXACT:
        if old.get(word) != new.get(word):
            # What is taken may be bound less than before, what is given more.
            allowed = word not in (new if taken else old) and word != "type"
            yield Difference(where, f"its {word} is another", breaking=not allowed)
    for word in (*_UPPER, *_LOWER):
        one, other = old.get(word), new.get(word)
        if one != other:
            narrower = other is not None and (one is None or (other < one if word in _UPPER else other > one))
            yield Difference(where, f"its {word} was {one} and is {other}", breaking=taken and narrower)
    if "enum" in old or "enum" in new:
        yield from _values(where, old.get("enum"), new.get("enum"), taken=taken)


def _values(where: str, old: list[Any] | None, new: list[Any] | None, *, taken: bool) -> Iterator[Difference]:
    if old is None or new is None:
        said = "its values are listed now" if old is None else "its values are listed no more"
        yield Difference(where, said, breaking=taken is (old is None))
        return
    for value in (each for each in old if each not in new):
        yield Difference(where, f"the value {value} is gone", breaking=True)
    for value in (each for each in new if each not in old):
        yield Difference(where, f"the value {value} is new", breaking=False)


def _ways(operation: Document) -> frozenset[str]:
    """Return the ways to say who is calling; an operation that asks for none can be called in any."""
    return frozenset(name for each in operation.get("security", ()) for name in each) or frozenset({"nothing"})


def _reference(schema: Any) -> str:
    name = schema.get("$ref", "") if isinstance(schema, dict) else ""
    return str(name)


def _alternatives(schema: Document, word: str) -> dict[str, Any]:
    return {_called(each): each for each in schema.get(word, ())}


def _called(schema: Document) -> str:
    """Name one form among several, so that it is found again in the other document."""
    if name := _reference(schema):
        return name.rpartition("/")[2]
    return str(schema.get("const", schema.get("type", "something else")))
