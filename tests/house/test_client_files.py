"""What app developers take along is what the server serves and the tests run."""

from pathlib import Path

import pytest

from api.client_files import FOLDER, written


@pytest.mark.parametrize("file", written(), ids=lambda file: file.name)
def test_a_file_for_clients_is_current(file: Path) -> None:
    assert file.read_text(encoding="utf-8") == written()[file], "run `make client-files`"


def test_every_page_for_clients_is_looked_at() -> None:
    assert {file.suffix for file in written()} == {".json", ".md"}
    assert set(FOLDER.glob("*.md")) <= written().keys()
