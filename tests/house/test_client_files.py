"""What app developers take along is what the server serves and the tests run."""

import re
from pathlib import Path

import pytest

from api.client_files import FOLDER, written


@pytest.mark.parametrize("file", written(), ids=lambda file: file.name)
def test_a_file_for_clients_is_current(file: Path) -> None:
    assert file.read_text(encoding="utf-8") == written()[file], "run `make client-files`"


def test_every_adapter_stands_on_a_page_as_it_is() -> None:
    pages = [page.read_text(encoding="utf-8") for page in FOLDER.glob("*.md")]
    adapters = list(FOLDER.glob("*.mjs"))
    assert adapters
    for adapter in adapters:
        assert any(adapter.read_text(encoding="utf-8") in page for page in pages), adapter.name


def test_the_page_leads_to_every_file_of_the_native_adapter() -> None:
    page = (FOLDER / "native.md").read_text(encoding="utf-8")
    files = {path.name for path in (FOLDER / "native").iterdir()}
    assert files
    assert set(re.findall(r"\]\(native/([\w.]+)\)", page)) == files
