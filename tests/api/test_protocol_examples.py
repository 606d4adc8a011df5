"""The examples of docs/protocol.md and the README are sent as they stand there, and answer what stands there."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import people
from msgspec import Struct

HOUSE = Path(__file__).resolve().parents[2]
PAGE = (HOUSE / "docs" / "protocol.md").read_text(encoding="utf-8")
MARK = "<!-- run -->"
EXAMPLE = re.compile(
    MARK + r"\n\*\*(?P<who>\w+)\*\* `(?P<method>[A-Z]+) (?P<path>[^`]+)`\n\n"
    r"(?:```json\n(?P<body>[^`]*)\n```\n\n)?"
    r"answers (?P<status>\d+)\n(?:\n```json\n(?P<answer>[^`]*)\n```)?"
)
LINE = re.compile(r"^send \"\$(ANA|BEN)\" '(.+)'$", re.MULTILINE)
NAMED = re.compile(r"<[^<>]+>")


class Known(Struct):
    """What the server gave so far, by the words that stand for it on the page."""

    values: dict[str, str] = {}

    def filled(self, text: str) -> str:
        return NAMED.sub(lambda found: self.values[found[0]], text)

    def compare(self, said: Any, answered: Any, where: str) -> None:
        """Everything that the page says is in the answer; a name that is new on the page takes the answer's value."""
        match said:
            case dict():
                assert isinstance(answered, dict), where
                for name, value in said.items():
                    assert name in answered, f"{where}.{name}"
                    self.compare(value, answered[name], f"{where}.{name}")
            case list():
                assert isinstance(answered, list), where
                assert len(said) == len(answered), (where, answered)
                for nth, (value, other) in enumerate(zip(said, answered, strict=True)):
                    self.compare(value, other, f"{where}[{nth}]")
            case "…":
                assert answered is not None, where
            case str() if NAMED.fullmatch(said):
                assert self.values.setdefault(said, answered) == answered, (where, said)
            case _:
                assert said == answered, (where, said, answered)


def test_every_marked_example_has_the_form_that_is_run() -> None:
    assert len(EXAMPLE.findall(PAGE)) == PAGE.count(MARK) > 15


async def test_the_examples_answer_what_stands_on_the_page(client: httpx.AsyncClient) -> None:
    known = Known()
    ben = await people.person(client, "Ben")
    known.values |= {"<ben>": str(ben.id), "<ben's token>": ben.token}
    for example in EXAMPLE.finditer(PAGE):
        who, body = example["who"], example["body"]
        headers = (
            {} if who == "anyone" else {"Authorization": f"Bearer {known.values[f'<{who}' + chr(39) + 's token>']}"}
        )
        answer = await client.request(
            example["method"],
            known.filled(example["path"]),
            headers=headers,
            json=None if body is None else json.loads(known.filled(body)),
        )
        where = f"line {PAGE.count(chr(10), 0, example.start()) + 1}"
        assert answer.status_code == int(example["status"]), (where, answer.text)
        if example["answer"] is not None:
            known.compare(json.loads(example["answer"]), answer.json(), where)


async def test_the_lines_of_the_readme_do_what_it_says(client: httpx.AsyncClient) -> None:
    ana, ben = await people.couple(client)
    lines = LINE.findall((HOUSE / "README.md").read_text(encoding="utf-8"))
    assert [who for who, _ in lines] == ["ANA", "BEN"]
    written, fetched = (json.loads(body) for _, body in lines)
    statuses = []
    for _ in range(2):
        answer = await people.ok(client.post("/v1/sync", headers=ana.headers, json=written))
        statuses.append(answer["outcomes"][0]["status"])
    assert statuses == ["applied", "duplicate"]
    answer = await people.ok(client.post("/v1/sync", headers=ben.headers, json=fetched))
    assert [record["kind"] for record in answer["records"]] == ["settings"]
    assert {space["home"]: space["head"] for space in answer["spaces"]} == {"personal": 1, "couple": 0}
