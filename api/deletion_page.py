"""The page on which somebody without the app has their account deleted: plain HTML and no script."""

import hashlib
from base64 import b64encode
from html import escape
from typing import Final

from domain.fates import LETTERS_STAY, UNDO_WITHIN

PATH: Final = "/delete-account"

_STYLE: Final = """
:root { color-scheme: light dark; --text: #23272a; --quiet: #5d666c; --line: #c9cfd1; --paper: #fff; --mark: #1f5f59;
  --on-mark: #fff }
@media (prefers-color-scheme: dark) { :root { --text: #dfe3e4; --quiet: #9aa4a9; --line: #4a5155; --paper: #16191a;
  --mark: #83cfc5; --on-mark: #10201e } }
* { box-sizing: border-box }
body { margin: 0; font: 1.06rem/1.6 system-ui, sans-serif; color: var(--text); background: var(--paper) }
main { max-width: 36rem; margin: 0 auto; padding: 2rem 1.2rem 4rem }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem } p, ul { margin: .8rem 0 } ul { padding-left: 1.2rem }
li { margin: .3rem 0 } label { display: block; font-weight: 600; margin: 1.4rem 0 .3rem }
input { font: inherit; width: 100%; padding: .6rem .7rem; color: inherit; background: transparent;
  border: 1px solid var(--line); border-radius: .4rem }
button { font: inherit; margin: 1rem .6rem 0 0; padding: .6rem 1.1rem; border-radius: .4rem; cursor: pointer;
  border: 1px solid var(--mark); color: var(--mark); background: transparent }
button.main { color: var(--on-mark); background: var(--mark) }
:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px }
.quiet { color: var(--quiet) } .number { font: 1.4rem ui-monospace, monospace; letter-spacing: .06em }
"""

POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""The one style sheet is known by its hash, and forms go nowhere else; everything else is forbidden."""

_WHAT_HAPPENS: Final = f"""
<p>When you delete your account:</p>
<ul>
<li>you are signed out everywhere at once, and if you are in a couple, it parts at once. The other person is not told
who parted, or why;</li>
<li>you can change your mind for {UNDO_WITHIN.days} days. The account comes back then, the couple does not;</li>
<li>after that, everything that only you could see is destroyed, and nobody can bring it back;</li>
<li>letters that you gave, and your words in what was of you both, stay with the other person for {LETTERS_STAY.days}
days, without your name, and are erased then. What the two of you had agreed on stays theirs, too.</li>
</ul>
<p class="quiet">If you would like a copy of what is yours, ask for it in the app first. You do not have to.</p>
"""


def beginning(*, by_name: bool, said: str | None = None) -> str:
    """Return the page that says what will happen and asks who it is; `said` is what stood in the way so far.

    `by_name` offers the sign-in of development, which vouches for any name.
    """
    way = (
        f"""
<form method="post" action="{PATH}">
<label for="subject">The name that you sign in with</label>
<input id="subject" name="subject" required maxlength="128" autocomplete="username">
<button class="main">Sign in</button>
</form>"""
        if by_name
        else "<p>Please sign in with the provider with which you sign in to the app, and come back here.</p>"
    )
    told = "" if said is None else f'<p role="alert"><strong>{escape(said)}</strong></p>'
    first = "<p>Please sign in first, so that nobody else can do this.</p>"
    return _page(f"<h1>Delete your account</h1>{told}{_WHAT_HAPPENS}{first}{way}")


def asking(identity_token: str) -> str:
    """Return the page that asks somebody who has signed in what they want."""
    return _page(f"""<h1>Delete your account?</h1>{_WHAT_HAPPENS}
<form method="post" action="{PATH}">
<input type="hidden" name="id_token" value="{escape(identity_token)}">
<button class="main" name="act" value="delete">Delete my account</button>
<button name="act" value="keep">I have changed my mind: keep it</button>
</form>
<p class="quiet">This page forgets your sign-in after five minutes. If you do nothing, nothing happens.</p>""")


def deleted(receipt: str) -> str:
    """Return the page that says that it is done; the same whether or not there was an account."""
    return _page(f"""<h1>It is done</h1>
<p>If there is an account for this sign-in, it is signed out everywhere and will be destroyed {UNDO_WITHIN.days} days
after you first asked. Until then you can keep it: sign in on this page once more, or in the app.</p>
<p>The number of your request is</p>
<p class="number">{escape(receipt)}</p>
<p class="quiet">It says nothing about you. You need it only if you ever ask us about this.</p>""")


def kept() -> str:
    """Return the page that says that nothing will be deleted; likewise."""
    return _page("""<h1>Nothing will be deleted</h1>
<p>If the account for this sign-in was waiting to be deleted, it is not any more. You can sign in to the app as
before. A couple that parted stays parted; within 30 days of parting you may both ask for it in the app.</p>""")


def in_the_way(title: str, detail: str) -> str:
    """Return the page that says what stood in the way."""
    return _page(f'<h1>{escape(title)}</h1><p role="alert">{escape(detail)}</p><p><a href="{PATH}">Begin again</a></p>')


def _page(main: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>Delete your Haven account</title><style>{_STYLE}</style></head><body><main>{main}</main></body></html>"
    )
