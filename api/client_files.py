"""Write what app developers take along into docs/clients: `python -m api.client_files`."""

from pathlib import Path
from typing import Any, Final

import msgspec

from sync.device_kinds import device_kinds
from sync.documents import collection_schemas, records_schema
from sync.rows import tables
from sync.wire import SCHEMA

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "clients"
LIBRARIES: Final = ("rxdb", "watermelondb")
"""Each has a page, and an adapter that stands on it."""


def main() -> None:
    """Write every file anew."""
    for file, text in written().items():
        file.write_text(text, encoding="utf-8")


def written() -> dict[Path, str]:
    """Return what has to stand in each file: the schemas and kinds of the newest app, pages with their adapters."""
    collections = {"schema": SCHEMA, "collections": collection_schemas(SCHEMA), "records": records_schema(SCHEMA)}
    return {
        FOLDER / "rxdb-schemas.json": _json(collections),
        FOLDER / "watermelondb-schema.json": _json({"schema": SCHEMA, "tables": tables(SCHEMA)}),
        FOLDER / "native" / "kinds.json": _json({"schema": SCHEMA, "kinds": device_kinds(SCHEMA)}),
        **{FOLDER / f"{library}.md": _with_adapter(library) for library in LIBRARIES},
    }


def _json(told: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n"


def _with_adapter(library: str) -> str:
    """Return a library's page with its adapter as that is now."""
    begin, end = f"<!-- {library}.mjs, as it stands there -->", f"<!-- end of {library}.mjs -->"
    before, _, rest = (FOLDER / f"{library}.md").read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    adapter = (FOLDER / f"{library}.mjs").read_text(encoding="utf-8")
    return f"{before}{begin}\n\n```js\n{adapter}```\n\n{end}{after}"


if __name__ == "__main__":
    main()
