"""The pages behind a counsel link: one that asks for the passcode, one to read and print, one where nothing is.

They hold no script and load nothing; whoever opens them is not noted.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from datetime import date, datetime
from html import escape
from itertools import groupby
from typing import Final

from msgspec import Struct


class Part(Struct, frozen=True):
    """One approved part: of which section, by whom, and its words."""

    section: str
    by: str
    text: str


class Shown(Struct, frozen=True, kw_only=True):
    """What a link shows; days as `yyyy-mm-dd`."""

    names: tuple[str, ...]
    first: str
    last: str
    parts: tuple[Part, ...]
    """By section, in their order."""
    until: datetime


SECTIONS: Final = {
    "looking_back": "Looking back",
    "what_works": "What works for us",
    "what_is_hard": "What is hard",
    "hopes": "What we hope for",
    "agreements": "What we have agreed on",
}

_STYLE: Final = """
:root { color-scheme: light dark; --text: #24282b; --quiet: #5c656b; --line: #d9dddd; --paper: #fdfdfb;
  --mark: #1f5f59 }
@media (prefers-color-scheme: dark) { :root { --text: #dee3e4; --quiet: #9aa5aa; --line: #3a4144; --paper: #15191a;
  --mark: #86cfc6 } }
* { box-sizing: border-box }
body { margin: 0; font: 17px/1.65 Georgia, "Noto Serif", serif; color: var(--text); background: var(--paper) }
main { max-width: 40rem; margin: 0 auto; padding: 3rem 1.4rem 4rem }
h1 { font-size: 1.7rem; line-height: 1.3; margin: 0 0 .3rem } h2 { font-size: 1.15rem; margin: 2.6rem 0 .8rem;
  padding-bottom: .3rem; border-bottom: 1px solid var(--line); color: var(--mark) }
p { margin: .5rem 0 } .quiet { color: var(--quiet); font-size: .92rem }
article { margin: 1.2rem 0; break-inside: avoid } article p { white-space: pre-wrap; overflow-wrap: anywhere }
label { display: block; margin: 1.6rem 0 .4rem }
input, button { font: inherit; padding: .6rem .8rem; border-radius: .5rem; border: 1px solid var(--quiet);
  color: inherit; background: transparent }
input { width: 11rem; letter-spacing: .12em }
button { margin-left: .4rem; border-color: var(--mark); color: var(--mark); cursor: pointer }
input:focus-visible, button:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .8rem }
@media print { :root { --text: #000; --quiet: #444; --line: #aaa; --paper: #fff; --mark: #000 }
  body { font-size: 11.5pt } main { max-width: none; padding: 0 } h2 { break-after: avoid } }
"""

POLICY: Final = (
    "default-src 'none'; style-src 'sha256-"
    + b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The pages may be styled by themselves and send their own form, and nothing else."""


def asking(*, wrong: bool) -> str:
    """Return the page that asks for the passcode."""
    told = "<p>That passcode does not fit. Please look at it once more.</p>" if wrong else ""
    return _page(
        "A summary for you",
        f"""<h1>A summary for you</h1>
<p>Two people want you to read something that they have written together. They gave you a passcode of eight digits.</p>
{told}<form method="post" autocomplete="off"><label for="passcode">Passcode</label>
<input id="passcode" name="passcode" inputmode="numeric" maxlength="20" required autofocus>
<button>Read</button></form>
<p class="quiet">After five wrong passcodes this link no longer works. Who reads is not noted anywhere.</p>""",
    )


def nothing() -> str:
    """Return the page of every link that does not work, whatever the reason."""
    return _page(
        "Nothing is here",
        """<h1>Nothing is here</h1>
<p>This link does not work, or no longer does. The people who gave it to you can make a new one at any time.</p>""",
    )


def reading(shown: Shown) -> str:
    """Return the summary, to read and to print."""
    names = " and ".join(_words(name) for name in shown.names)
    by = f" by {names}" if names else ""
    sections = "".join(_sections(shown)) or "<p>No part of it is approved at the moment.</p>"
    return _page(
        "A summary",
        f"""<h1>A summary{by}</h1>
<p class="quiet">{_day(shown.first)} to {_day(shown.last)}</p>
{sections}
<footer class="quiet"><p>Each part stands here because whoever wrote it has approved it word for word, and both have
approved what they agreed on. The link ends on {_day(shown.until.date().isoformat())}, or earlier if they wish.</p>
</footer>""",
    )


def _sections(shown: Shown) -> Iterator[str]:
    for section, parts in groupby(shown.parts, key=lambda part: part.section):
        yield f"<section><h2>{escape(SECTIONS.get(section, section.replace('_', ' ').capitalize()))}</h2>"
        for part in parts:
            said, by = escape(part.text), escape(part.by)
            yield f'<article><p dir="auto">{said}</p><p class="quiet" dir="auto">{by}</p></article>'
        yield "</section>"


def _words(text: str) -> str:
    """Return people's words in their own direction, whatever stands around them."""
    return f"<bdi>{escape(text)}</bdi>"


def _day(written: str) -> str:
    day = date.fromisoformat(written)
    return f"{day.day} {day:%B %Y}"


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex, nofollow">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )
