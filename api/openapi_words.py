"""The words of OpenAPI 3.1 and JSON Schema that our comparison of two documents has a rule for, by sort of object."""

from collections.abc import Mapping
from typing import Final

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
EXACT: Final = ("type", "const", "format", "pattern", "multipleOf", "uniqueItems")
DEFAULTS: Final = ("default", "x-default")
FORMS: Final = ("oneOf", "anyOf", "allOf")
_SHAPES: Final = ("enum", "properties", "required", "additionalProperties", "items", "discriminator")

COMPARED: Final[Mapping[str, frozenset[str]]] = {
    "document": frozenset({"paths", "components", "servers", "security"}),
    "components": frozenset({"schemas", "responses", "headers", "parameters", "securitySchemes"}),
    "security scheme": frozenset(),
    "path": frozenset(METHODS),
    "operation": frozenset({"operationId", "security", "parameters", "requestBody", "responses"}),
    "parameter": frozenset({"name", "in", "required", "schema"}),
    "body": frozenset({"required", "content"}),
    "response": frozenset({"headers", "content"}),
    "header": frozenset({"required", "schema"}),
    "media type": frozenset({"schema", "x-events"}),
    "schema": frozenset((*UPPER, *LOWER, *EXACT, *DEFAULTS, *FORMS, *_SHAPES)),
    "reference": frozenset({"$ref"}),
    "discriminator": frozenset({"propertyName", "mapping"}),
}
"""What has a rule of its own. Whatever is neither here nor mere words must stay as it is."""

SAID: Final = frozenset({"summary", "description"})
_SHOWN: Final = SAID | {"example", "examples", "deprecated"}
_OF_SCHEMAS: Final = _SHOWN | {"title", "$comment", "externalDocs"}

SAID_OF: Final[Mapping[str, frozenset[str]]] = {
    "document": SAID | {"info", "tags", "externalDocs"},
    "operation": SAID | {"tags", "externalDocs", "deprecated"},
    "parameter": _SHOWN,
    "header": _SHOWN,
    "media type": _SHOWN,
    "schema": _OF_SCHEMAS,
    "reference": _OF_SCHEMAS,
}
"""Mere words to people; `SAID` where nothing stands here."""
