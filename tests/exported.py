"""An export for tests: made of a store, taken apart again, and records of every kind to put into it."""

import html.parser
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec import Struct

from domain.ids import PersonId, RecordId, SpaceId
from domain.kind import Ownership
from domain.kinds import KINDS
from domain.records import Record
from domain.shapes import UNFIT, SetOf, Shape, Text
from sync.export import FORMS, Form, Owner, Together
from sync.exporting import export
from sync.ports import Archive, Caller
from tests.pair import Pair, Somebody

TAKEN = [kind for kind in KINDS.values() if kind.ownership is not Ownership.PROJECTION]
SHOWN = [kind for kind in KINDS.values() if kind.ownership is Ownership.PROJECTION]


class Files(Struct, frozen=True):
    """The three forms of one export."""

    json: bytes
    html: bytes
    txt: bytes

    @property
    def records(self) -> dict[str, list[dict[str, Any]]]:
        said: dict[str, list[dict[str, Any]]] = msgspec.json.decode(self.json)["records"]
        return said

    @property
    def earlier(self) -> list[dict[str, Any]]:
        said: list[dict[str, Any]] = msgspec.json.decode(self.json)["earlier"]
        return said

    @property
    def page(self) -> "Page":
        return Page(self.html.decode())

    @property
    def text(self) -> str:
        return self.txt.decode()


async def files(
    archive: Archive, caller: Caller, owner: Owner, id_keys: Mapping[SpaceId, bytes], forms: Sequence[Form] = FORMS
) -> Files:
    """Every form of an export, whole."""
    made = {form: b"".join([piece async for piece in export(archive, caller, owner, id_keys, form)]) for form in forms}
    return Files(made.get("json", b""), made.get("html", b""), made.get("txt", b""))


async def files_of(pair: Pair, whose: Somebody, **rest: Any) -> Files:
    """What Ana or Ben would fetch."""
    id_keys = {space: pair.keys.one(space).id_key for space in whose.phone.spaces}
    return await files(pair.store, whose.phone, owner_of(pair, whose, **rest), id_keys)  # type: ignore[arg-type]


def owner_of(pair: Pair, whose: Somebody, **rest: Any) -> Owner:
    other, names = (pair.ben, ("Ana", "Ben")) if whose is pair.ana else (pair.ana, ("Ben", "Ana"))
    together = Together(
        space=pair.space,
        couple=pair.couple,
        partner=other.person,
        name=rest.pop("their_name", names[1]),
        ended=rest.pop("ended", False),
    )
    return Owner(
        person=whose.person,
        name=rest.pop("name", names[0]),
        personal=whose.personal,
        couples=(together,),
        zone=rest.pop("zone", "Europe/Lisbon"),
        made_at=datetime(2026, 11, 27, 10, tzinfo=UTC),
    )


class Page(html.parser.HTMLParser):
    """An HTML page as a browser takes it apart, as far as a test asks."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.said: list[str] = []
        """Texts of people, each as it is shown."""
        self._open: list[str] = []
        self._saying = 0
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag not in ("meta", "br"):
            self._open.append(tag)
        if given.get("dir") == "auto":
            self.said.append("")
            self._saying = len(self._open)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, "tags are closed in their order"
        if len(self._open) < self._saying:
            self._saying = 0

    def handle_data(self, data: str) -> None:
        if "style" in self._open or "title" in self._open:
            return
        self.texts.append(data)
        if self._saying:
            self.said[-1] += data

    @property
    def words(self) -> list[str]:
        """Everything that is read, word by word."""
        return words_of("".join(self.texts))

    @property
    def unclosed(self) -> list[str]:
        return self._open


def words_of(text: str) -> list[str]:
    """The words of a text, without what only draws lines."""
    bare = text.replace("\u2068", "").replace("\u2069", "")
    return [word for word in re.split(r"[ \n]+", bare) if word and not re.fullmatch("=+|-+", word)]


# Records of every kind


@cache
def filled(kind: str, ids: tuple[UUID, ...]) -> SearchStrategy[dict[str, Any]]:
    """Fields of a kind, each with a value that fits; `ids` are what ids in them name."""
    return st.fixed_dictionaries({name: fitting(field.shape, ids) for name, field in KINDS[kind].fields.items()})


def fitting(shape: Shape, ids: Sequence[UUID]) -> SearchStrategy[Any]:
    """Values of a shape, made from its own schema, so that a shape that is new needs nothing here."""
    made = _values(shape.json_schema(), ids)
    if isinstance(shape, Text):
        made = st.text(WRITTEN, min_size=1, max_size=min(60, shape.most))
    elif isinstance(shape, SetOf) and isinstance(shape.element, Text):
        made = st.lists(st.text(ONE_LINE, min_size=1, max_size=shape.element.most), max_size=shape.most)
    return made.map(shape.judged).filter(lambda value: value is not UNFIT)


WRITTEN = st.sampled_from(
    "aZ 9.!?\n<>&\"'`=/-{}\u05d0\u0645\u202e\u2066\U0001f9e1\U0001f469\u200d\ufe0f\u0301\u3042\u3002"
)
ONE_LINE = st.sampled_from("aZ <&\u05d0\U0001f9e1")


def _values(schema: dict[str, Any], ids: Sequence[UUID]) -> SearchStrategy[Any]:
    if either := schema.get("anyOf") or schema.get("oneOf"):
        return st.one_of([_values(each, ids) for each in either])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    simple = {
        "null": st.none(),
        "boolean": st.booleans(),
        "integer": st.integers(schema.get("minimum", 1), schema.get("maximum", 2**20)),
    }
    match schema.get("type"):
        case "array":
            return st.lists(_values(schema["items"], ids), max_size=min(4, schema.get("maxItems", 4)))
        case "object":
            inner = {name: _values(each, ids) for name, each in schema.get("properties", {}).items()}
            others = schema.get("additionalProperties")
            named = st.sampled_from(["title", "text"])
            return st.dictionaries(named, _values(others, ids), max_size=2) if others else st.fixed_dictionaries(inner)
        case one:
            return simple[one] if one in simple else _strings(schema, ids)


def _strings(schema: dict[str, Any], ids: Sequence[UUID]) -> SearchStrategy[str]:
    match schema.get("format"):
        case "uuid":
            return st.sampled_from(list(map(str, ids)))
        case "date":
            return st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(str)
        case "date-time":
            return st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(lambda day: f"{day}T18:00:00Z")
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    named = ["UTC", "Europe/Lisbon", "en", "PT", "only_me", "a_token"]
    return st.sampled_from(named) if schema.get("maxLength", 64) <= 64 else st.text(WRITTEN, min_size=1, max_size=60)


def record(
    kind: str, space: SpaceId, author: PersonId, version: int, fields: dict[str, Any], identity: UUID, **rest: Any
) -> Record:
    """One stored record."""
    return Record(
        space=space,
        kind=kind,
        id=RecordId(identity),
        version=version,
        created=version,
        author=author,
        fields=fields,
        **rest,
    )
