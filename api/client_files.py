"""Write what app developers take along into docs/clients: `python -m api.client_files`."""

from pathlib import Path
from typing import Final

import msgspec

from sync.documents import collection_schemas, records_schema
from sync.wire import SCHEMA

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "clients"
SCHEMAS: Final = FOLDER / "rxdb-schemas.json"
PAGE: Final = FOLDER / "rxdb.md"
ADAPTER: Final = FOLDER / "rxdb.mjs"
BEGIN: Final = "<!-- rxdb.mjs, as it stands there -->"
END: Final = "<!-- end of rxdb.mjs -->"


def main() -> None:
    """Write every file anew."""
    for file, text in written().items():
        file.write_text(text, encoding="utf-8")


def written() -> dict[Path, str]:
    """Return what has to stand in each file: the schemas of the newest app, and the page with its adapter."""
    schemas = {"schema": SCHEMA, "collections": collection_schemas(SCHEMA), "records": records_schema(SCHEMA)}
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    adapter = f"```js\n{ADAPTER.read_text(encoding='utf-8')}```"
    return {
        SCHEMAS: msgspec.json.format(msgspec.json.encode(schemas), indent=2).decode() + "\n",
        PAGE: f"{before}{BEGIN}\n\n{adapter}\n\n{END}{after}",
    }


if __name__ == "__main__":
    main()
