"""Follow the references within an OpenAPI document."""

from collections.abc import Mapping
from typing import Any


def followed(document: Mapping[str, Any], value: Any) -> Mapping[str, Any]:
    """Return what a `$ref` leads to, however many follow one another; any other object is itself."""
    while isinstance(value, Mapping) and isinstance(value.get("$ref"), str):
        found: Any = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value if isinstance(value, Mapping) else {}
