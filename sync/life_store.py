"""The SQL of a space's lives: what is noted when a space that a restored store holds is written, or begins anew."""

from typing import Final

from sync.lives import LIVES_MAX

_LIFE: Final = "(SELECT life.epoch FROM store_epoch life)"


def _and_past(past: str, more: str) -> str:
    """Return the newest earlier lives with another one."""
    return f"({past} || {more})[greatest(1, cardinality({past}) + 2 - {LIVES_MAX}):]"


def _past(column: str, ended: str) -> str:
    return f"CASE WHEN store_epoch = {_LIFE} THEN {column} ELSE {_and_past(column, ended)} END"


IN_THIS_LIFE: Final = f"""
    store_epoch = {_LIFE},
    past_store_epochs = {_past("past_store_epochs", "store_epoch")},
    past_epochs = {_past("past_epochs", "epoch")},
    past_heads = {_past("past_heads", "head")}"""
"""Bring a space that is written into the present life of the store, and note where the one before has ended: else
versions of the new life would count as common to both."""

BUMP_SPACE: Final = f"""
UPDATE space SET epoch = $2, store_epoch = {_LIFE},
    past_store_epochs = {_and_past(_past("past_store_epochs", "store_epoch"), _LIFE)},
    past_epochs = {_and_past(_past("past_epochs", "epoch"), "epoch")},
    past_heads = {_and_past(_past("past_heads", "head"), "head")}
WHERE space_id = $1 AND ($3::bigint IS NULL OR (head = $3 AND epoch = $4))"""
"""The second past life is the space's own in the present life of the store, in which phones may have read it."""
