"""Write a readable export as one page that needs nothing else: no script, no font, no picture, no address elsewhere."""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

from sync.passages import (
    ISOLATED,
    Begin,
    Contents,
    Cover,
    End,
    Fact,
    Heading,
    Lead,
    Line,
    Listed,
    Passage,
    Said,
)

STYLE: Final = """
:root { color-scheme: light dark; --paper: #fbf8f3; --ink: #2b2622; --soft: #6a5f57; --line: #e2d9cd; --mark: #8a4b38;
  --card: #fffdfa }
@media (prefers-color-scheme: dark) { :root { --paper: #191715; --ink: #ece5dc; --soft: #b0a499; --line: #3a342f;
  --mark: #e0a18c; --card: #211e1b } }
* { box-sizing: border-box }
html { font-size: 106.25%; -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.6; overflow-wrap: anywhere;
  font-family: "Iowan Old Style", "Palatino Linotype", Palatino, "Source Serif 4", Georgia, "Noto Serif", serif }
main, header, .front { max-width: 40rem; margin: 0 auto; padding: 0 1.25rem }
header { min-height: 70vh; display: flex; flex-direction: column; justify-content: center; text-align: center;
  padding-top: 3rem; padding-bottom: 3rem }
h1 { font-weight: 400; font-size: clamp(2.1rem, 9vw, 3.4rem); line-height: 1.15; margin: 0 0 1.4rem;
  text-wrap: balance }
header p { margin: .2rem 0; color: var(--soft) }
header::after { content: ""; width: 3.5rem; border-top: 2px solid var(--mark); margin: 2rem auto 0 }
nav { padding: 1.5rem 0 2rem }
nav h2 { margin: 0 0 .6rem; padding: 0; border: 0; font-size: 1.05rem; text-align: start }
nav ul { list-style: none; margin: 0; padding: 0 }
nav li { margin: .1rem 0 } nav li.inner { padding-inline-start: 1.2rem }
a { color: inherit; text-decoration-color: var(--mark); text-underline-offset: .2em }
a:focus-visible { outline: 2px solid var(--mark); outline-offset: 3px }
h2 { font-weight: 400; font-size: 1.9rem; line-height: 1.25; margin: 4.5rem 0 1rem; padding-top: 2.2rem;
  border-top: 1px solid var(--line); text-align: center }
h3 { font-weight: 400; font-size: 1.4rem; line-height: 1.3; margin: 3rem 0 .8rem; color: var(--mark) }
h4.month { font-weight: 400; font-style: italic; font-size: 1.1rem; color: var(--soft); margin: 2rem 0 .6rem }
.lead { color: var(--soft); margin: .2rem 0 1.2rem }
article { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.2rem 1.1rem;
  margin: 0 0 1.1rem }
article > :is(h3, h4, h5) { margin: 0 0 .5rem; font-weight: 600; font-size: 1.05rem; line-height: 1.35; color: inherit }
article .over { display: block; font-weight: 400; font-size: .88rem; color: var(--soft) }
article > :is(h3, h4, h5) .own { display: block; font-size: 1.2rem; font-weight: 600 }
.group { font-weight: 600; font-size: .95rem; margin: 1.3rem 0 .3rem; color: var(--soft) }
.within { border-inline-start: 2px solid var(--line); padding-inline-start: .9rem; margin: .7rem 0 0 }
.within + .within { margin-top: .4rem }
.within > .who { margin: 0 0 .15rem; font-size: .92rem; color: var(--soft) }
p { margin: .25rem 0 } .label { color: var(--soft); font-size: .88rem }
.said { margin: .45rem 0 } .said .label { margin: 0 }
.text { margin: 0; white-space: pre-wrap; unicode-bidi: plaintext; text-align: start }
ul.own { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem .5rem }
ul.own li { border: 1px solid var(--line); border-radius: 1rem; padding: 0 .7rem; unicode-bidi: plaintext }
footer { max-width: 40rem; margin: 4rem auto 3rem; padding: 0 1.25rem; text-align: center; color: var(--soft) }
@media print {
  :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --mark: #5c2f22; --card: #fff }
  @page { margin: 20mm 18mm }
  html { font-size: 10.5pt } main, header, .front { max-width: none; padding: 0 }
  header { min-height: 0; height: 235mm; break-after: page } .front { break-after: page }
  h2 { break-before: page; border: 0; margin-top: 0; padding-top: 0 } h2, h3, h4, h5, .group { break-after: avoid }
  nav h2, main > h2:first-child { break-before: auto }
  article { border: 0; border-radius: 0; padding: 0 0 .6rem; border-bottom: 1px solid var(--line) }
  article > :is(h3, h4, h5), .said .label, .within > .who { break-after: avoid }
  article:not(:has(.group)), .within, .said { break-inside: avoid } .text { orphans: 3; widows: 3 }
  a { text-decoration: none }
}
"""

_HASH: Final = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

POLICY: Final = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
"""The one style sheet is known by its hash; everything else is forbidden, wherever the page is opened."""


def beginning(title: str) -> str:
    """Return the page up to its first passage; `title` is a phrase."""
    plain = ISOLATED.sub(r"\1", title)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(plain)}</title>\n"
        f"<style>{STYLE}</style>\n</head>\n<body>\n"
    )


ENDING: Final = "</main>\n</body>\n</html>\n"
"""What comes after the last passage."""


def marked(passage: Passage) -> str:
    """Return the markup of one passage; whatever a person wrote in it is text and nothing else.

    The contents come before all that they list, and open what `ENDING` closes.
    """
    return _MARKED[type(passage)](passage)


def _cover(cover: Cover) -> str:
    below = "".join(f"<p>{_phrase(line)}</p>\n" for line in cover.lines)
    return f"<header>\n<h1>{_phrase(cover.title)}</h1>\n{below}</header>\n"


def _contents(contents: Contents) -> str:
    leads = "".join(f'<p class="lead">{_phrase(lead)}</p>\n' for lead in contents.leads)
    listed = "".join(
        f'<li{_INNER if inner else ""}><a href="#{escape(anchor)}">{_phrase(phrase)}</a></li>\n'
        for anchor, phrase, inner in contents.entries
    )
    heading = f'<h2 id="contents">{_phrase(contents.title)}</h2>'
    named = f'<nav aria-labelledby="contents">\n{heading}\n<ul>\n{listed}</ul>\n</nav>'
    return f'<section class="front" aria-label="What this is">\n{leads}{named}\n</section>\n<main>\n'


def _heading(heading: Heading) -> str:
    level, phrase = heading.level, _phrase(heading.phrase)
    if level > _MONTH:
        return f'<p class="group">{phrase}</p>\n'
    marks = f' id="{escape(heading.anchor)}"' if heading.anchor else ' class="month"' if level == _MONTH else ""
    return f"<h{level}{marks}>{phrase}</h{level}>\n"


def _begin(begin: Begin) -> str:
    own = f'<span class="own" dir="auto" lang="">{escape(begin.words)}</span>' if begin.words else ""
    over = _phrase(begin.phrase)
    if begin.within:
        return '<div class="within">' + (f'<p class="who">{own} {over}</p>\n' if own or over else "\n")
    if own and over:
        over = f' <span class="over">{over}</span>'
    return f"<article>\n<h{begin.level}>{own}{over}</h{begin.level}>\n"


def _fact(fact: Fact) -> str:
    return f'<p><span class="label">{escape(fact.label)}:</span> {_phrase(fact.phrase)}</p>\n'


def _said(said: Said) -> str:
    over = f'<p class="label">{_phrase(said.label)}:</p>\n' if said.label else ""
    return f'<div class="said">{over}<p class="text" dir="auto" lang="">{escape(said.text)}</p></div>\n'


def _listed(listed: Listed) -> str:
    items = "".join(f'<li dir="auto" lang="">{escape(each)}</li> ' for each in listed.texts)
    return f'<div class="said"><p class="label">{escape(listed.label)}:</p>\n<ul class="own">{items}</ul></div>\n'


_MARKED: Final[Mapping[type[Passage], Callable[[Any], str]]] = {
    Cover: _cover,
    Contents: _contents,
    Heading: _heading,
    Lead: lambda lead: f'<p class="lead">{_phrase(lead.phrase)}</p>\n',
    Begin: _begin,
    End: lambda end: "</div>\n" if end.within else "</article>\n",
    Line: lambda line: f"<p>{_phrase(line.phrase)}</p>\n",
    Fact: _fact,
    Said: _said,
    Listed: _listed,
}
_INNER: Final = ' class="inner"'
_MONTH: Final = 4


def _phrase(phrase: str) -> str:
    return ISOLATED.sub(r'<bdi lang="">\1</bdi>', escape(phrase))
