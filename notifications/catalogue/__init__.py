"""The files of copy, one a language: read, and known to have the right form.

Besides texts by kind a file holds a few fixed ones. Each has an id that is never given to another: `check_in_invite.07`
of a language, or the bare name of a fixed one. What a text may say is judged by `notifications/copy_lint.py`.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from domain.prompt_kinds import PROMPT_KINDS, PROMPTS, Reason

FOLDER: Final = Path(__file__).resolve().parent
FALLBACK: Final = "en"
"""What a language lacks is said in this one, which lacks nothing."""

FIXED: Final = ("discreet", "arrived", "new_device", "copy_ready", "account_closing")
"""Sentences of which there is one each, by their ids."""

WHY: Final = tuple(f"why.{reason}" for reason in Reason)
"""Why a prompt did not come, or comes later, by their ids: of each reason one sentence."""

TEXTS_MIN: Final = 30
"""Of each kind, in each language."""
OFTEN_MIN: Final = 36
"""Of a kind that may come every day. No text comes twice within 30 days, the ledger looks back 31, and with the caps
as they are until somebody raises them at most 34 prompts come in these."""
MOST_MIN: Final = 68
"""Of a kind that may come several times a day for weeks. Even with the highest caps at most 65 come in 31 days."""
_MOST: Final = frozenset(("letter_arrived", "window_opened"))
"""Nothing holds these back but the caps. Of the other kinds that nothing else holds back, such as proposals or the end
of a pause, nobody has two a day for weeks; should somebody have, a text comes twice."""


def least(kind: str) -> int:
    """Return how many texts a kind of the table with a setting needs in a language."""
    if kind in _MOST:
        return MOST_MIN
    row = PROMPT_KINDS[kind]
    seldom = row.apart_days > 0 or (row.is_invite and row.most < row.days)
    return TEXTS_MIN if seldom else OFTEN_MIN


Text = Annotated[str, Meta(min_length=1, max_length=500)]
"""Longer than copy may be: how long that is, the linter says, with a sentence."""


class Copy(Struct, frozen=True):
    """All that is said in one language."""

    language: str
    """As the file is named: BCP 47 in lower case."""
    texts: Mapping[str, str]
    """By id, in the order of the file."""
    kinds: Mapping[str, tuple[str, ...]]
    """By kind, the ids of its texts."""


class CatalogueUnusable(Exception):  # noqa: N818 - a past-tense fact, read by a person
    """A file cannot be read or does not have the right form; the text says where."""


def read(folder: Path = FOLDER) -> Mapping[str, Copy]:
    """Return every language by its tag; raise CatalogueUnusable, also where English is missing."""
    copies = {file.stem: read_file(file) for file in sorted(folder.glob("*.toml"))}
    if FALLBACK not in copies:
        raise CatalogueUnusable(f"{folder} has no {FALLBACK}.toml, which stands in for whatever others lack.")
    lacking = [*(name for name in (*FIXED, *WHY) if name not in copies[FALLBACK].texts)]
    lacking += [kind for kind in PROMPTS if kind not in copies[FALLBACK].kinds]
    if lacking:
        raise CatalogueUnusable(f"{FALLBACK}.toml lacks {', '.join(lacking)}.")
    return copies


def read_file(file: Path) -> Copy:
    """Return the copy of one file; raise CatalogueUnusable."""
    if re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", file.stem) is None:
        raise CatalogueUnusable(
            f"{file.name} is not named after a language: BCP 47 in lower case, such as de or es-mx."
        )
    try:
        tables = msgspec.toml.decode(file.read_bytes(), type=dict[str, dict[str, Text]])
        return copy_of(file.stem, tables)
    except OSError as fault:
        raise CatalogueUnusable(f"{file} cannot be read: {fault.strerror}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise CatalogueUnusable(f"{file.name} does not hold texts as it should: {fault}.") from None


def copy_of(language: str, tables: Mapping[str, Mapping[str, str]]) -> Copy:
    """Return the copy that tables of texts come to; raise CatalogueUnusable for a name that means nothing."""
    texts: dict[str, str] = {}
    kinds: dict[str, tuple[str, ...]] = {}
    for table, rows in tables.items():
        if table not in ("fixed", "why") and table not in PROMPTS:
            raise CatalogueUnusable(f"In {language} there is a table [{table}], and no such kind of prompt.")
        ids = {name if table == "fixed" else f"{table}.{name}": text for name, text in rows.items()}
        for name, identity in zip(rows, ids, strict=True):
            if identity not in (*FIXED, *WHY) if table not in PROMPTS else re.fullmatch(r"[0-9]{2,3}", name) is None:
                raise CatalogueUnusable(f"In {language}, [{table}], {name} is neither a number nor a fixed text.")
        texts |= ids
        if table in PROMPTS and ids:
            kinds[table] = tuple(ids)
    return Copy(language, texts, kinds)
