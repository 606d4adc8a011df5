"""The page that a person keeps, in a real browser: it reads as its plain twin does, prints, and obeys no word in it.

Chromium is not among what Haven installs; where there is none, the test says so and is passed over.
"""

import asyncio
import re
import shutil
import struct
from pathlib import Path
from uuid import uuid4

import pytest

from tests.exported import Files, Page, files_of, record, words_of
from tests.pair import in_memory

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here: apt-get install chromium"),
]

OBEYED = "obeyed"
HOSTILE = (
    f"<script>document.body.textContent = '{OBEYED}'</script>",
    f"<img src=x onerror=\"document.body.textContent = '{OBEYED}'\">",
    "</p></div></article></main></body></html><h1>After the end</h1>",
    "</style></head><style>body { display: none }</style>",
    "\u05e9\u05dc\u05d5\u05dd <b>\n\u202eabc &amp; \U0001f469\u200d\U0001f9b0",
)


async def browsed(page: Path, *wishes: str) -> bytes:
    assert BROWSER is not None
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
    profile = f"--user-data-dir={page.parent / 'profile'}"
    browser = await asyncio.create_subprocess_exec(
        BROWSER,
        *quiet,
        profile,
        *wishes,
        page.as_uri(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=page.parent,
    )
    try:
        async with asyncio.timeout(120):
            out, _ = await browser.communicate()
    finally:
        if browser.returncode is None:
            browser.kill()
    return out


async def written() -> Files:
    pair = await in_memory()
    notes = [
        record("note", pair.space, pair.ben.person, nth, {"for_what": words, "given_on": f"2026-0{nth}-01"}, uuid4())
        for nth, words in enumerate(HOSTILE, 1)
    ]
    await pair.put(pair.ana.phone, *notes)
    return await files_of(pair, pair.ana, their_name="\u05d1\u05df <i>")


@pytest.fixture
async def made() -> Files:
    return await written()


@pytest.fixture
def page(made: Files, tmp_path: Path) -> Path:
    path = tmp_path / "export.html"
    path.write_bytes(made.html)
    return path


async def test_a_browser_finds_the_words_of_the_plain_twin_and_nothing_to_obey(made: Files, page: Path) -> None:
    found = (await browsed(page, "--dump-dom")).decode()
    seen = Page(found)
    assert seen.words == words_of(made.text)
    assert {tag for tag, _ in seen.tags} == {tag for tag, _ in made.page.tags}
    assert set(HOSTILE) <= set(seen.said)


async def test_it_prints_the_cover_on_a_page_of_its_own(page: Path) -> None:
    await browsed(page, "--no-pdf-header-footer", "--print-to-pdf=export.pdf")
    printed = (page.parent / "export.pdf").read_bytes()
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 4, "cover, contents, each part"


async def test_it_is_drawn_on_a_phone_and_is_dark_where_that_is_wished(page: Path) -> None:
    await browsed(page, "--window-size=500,900", "--screenshot=light.png")
    await browsed(page, "--window-size=500,900", "--screenshot=dark.png", "--blink-settings=preferredColorScheme=0")
    light, dark = ((page.parent / name).read_bytes() for name in ("light.png", "dark.png"))
    assert struct.unpack(">II", light[16:24]) == (500, 900)
    assert light != dark
