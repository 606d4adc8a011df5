"""Follow the references within an OpenAPI document."""

from collections.abc import Iterator, Mapping
from typing import Any


def followed(document: Mapping[str, Any], value: Any) -> Mapping[str, Any]:
    """Return what a `$ref` leads to, however many follow one another; any other object is itself."""
    for reference in leads(document, value):
        value = _at(document, reference)
    return value if isinstance(value, Mapping) else {}


def leads(document: Mapping[str, Any], value: Any) -> Iterator[str]:
    """Return the references from a value on, each where the one before it leads."""
    while isinstance(value, Mapping) and isinstance(value.get("$ref"), str):
        yield value["$ref"]
        value = _at(document, value["$ref"])


def _at(document: Mapping[str, Any], reference: str) -> Any:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found
