"""Which requests leave no trace: that somebody looked for help is nobody's business, not even the operator's (I26)."""

from collections.abc import Mapping
from typing import Any, Final

PATHS: Final = frozenset({"/v1/resources"})
"""Addresses of which no log line, metric or trace tells anything, whatever becomes of a request."""


def is_unnoted(scope: Mapping[str, Any]) -> bool:
    """Tell whether a request is one of those."""
    return scope["path"] in PATHS
