"""Write the tables and diagrams of docs/domain.md from the domain's own tables: `python -m api.domain_page`."""

from pathlib import Path
from typing import Final

from domain.kind import Kind, Ownership, Who
from domain.kinds import KINDS
from domain.life_cycles import LIFE_CYCLES, NOTHING, LifeCycle
from domain.policies import Policy
from domain.refusals import SENTENCES

FILE: Final = Path(__file__).resolve().parent.parent / "docs" / "domain.md"
SECTIONS: Final = ("kinds", "lives", "refusals")
"""What is written here; all else on the page is written by hand."""


def main() -> None:
    """Write the page anew."""
    FILE.write_text(written(), encoding="utf-8")


def written() -> str:
    """Return the page with its tables and diagrams as they are now."""
    page = FILE.read_text(encoding="utf-8")
    made = {"kinds": _kinds(), "lives": _lives(), "refusals": _refusals()}
    for name in SECTIONS:
        begin, end = f"<!-- {name}: written by python -m api.domain_page -->", f"<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        page = f"{before}{begin}\n\n{made[name]}\n\n{end}{after}"
    return page


_CLASSES: Final = {
    Ownership.PRIVATE: "for its author alone, for ever",
    Ownership.WINDOW: "its author's; the partner sees chosen parts while it stands open",
    Ownership.PROJECTION: "what a window shows, written by the server",
    Ownership.LETTER: "given words, which nobody changes any more and the receiver keeps",
    Ownership.JOINT: "of both: two to enter, one to leave",
}

_WHO: Final = {Who.AUTHOR: "author", Who.EITHER: "either", Who.NOBODY: "nobody", Who.SERVER: "server"}


def _kinds() -> str:
    parts = []
    for ownership, means in _CLASSES.items():
        rows = [_row(kind) for kind in KINDS.values() if kind.ownership is ownership]
        head = "| kind | space | made by | edited by | removed by | words in it |\n|---|---|---|---|---|---|"
        parts.append(f"**{ownership.value.capitalize()}**: {means}.\n\n{head}\n" + "\n".join(rows))
    return "\n\n".join(parts)


def _row(kind: Kind) -> str:
    texts = [name for name in kind.of_policy(Policy.WORDS, Policy.SHARED_WORDS, Policy.ONCE) if _is_text(kind, name)]
    who = " | ".join(_WHO[each] for each in (kind.creates, kind.edits, kind.removes))
    return f"| `{kind.name}` | {kind.home} | {who} | {', '.join(f'`{name}`' for name in texts) or 'none'} |"


def _is_text(kind: Kind, name: str) -> bool:
    return type(kind.fields[name].shape).__name__ == "Text"


def _lives() -> str:
    return "\n\n".join(_life(cycle) for cycle in LIFE_CYCLES)


def _life(cycle: LifeCycle) -> str:
    where = f" `{cycle.kind}`" if cycle.kind else ""
    field = f", field `{cycle.field}`" if cycle.field else ""
    steps = [f"  {_state(move.before)} --> {_state(move.after)}: {move.by}" for move in cycle.moves]
    leaves = {move.before for move in cycle.moves}
    steps += [f"  {state} --> [*]" for state in sorted(cycle.states - leaves)]
    diagram = "\n".join(["```mermaid", "stateDiagram-v2", *steps, "```"])
    heading = f"### {cycle.name}"
    of = f"\n\nKind{where}{field}. {cycle.says}" if where else f"\n\n{cycle.says}"
    return f"{heading}{of}\n\n{diagram}"


def _state(state: str) -> str:
    return "[*]" if state == NOTHING else state


def _refusals() -> str:
    rows = [f"| `{code.value}` | {sentence} |" for code, sentence in SENTENCES.items()]
    return "\n".join(["| code | what a person may read |", "|---|---|", *rows])


if __name__ == "__main__":
    main()
