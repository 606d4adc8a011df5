"""Judge copy by rule: what a prompt may say on a lock screen that anybody reads.

Everything in here is a function of a language, a kind and a text. There is no list of texts that are let off: what a
rule is wrong about is put right in the rule, with a test for the near miss. Words of a language stand in
`notifications/copy_words`. A rule knows words, not meanings: that a text is warm and true is for people to say.
"""

import argparse
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path
from typing import Final

from msgspec import Struct

from domain.prompt_kinds import PROMPT_KINDS, PROMPTS
from notifications import catalogue
from notifications.catalogue import Copy
from notifications.copy_words import LANGUAGES
from notifications.copy_words.language import Language, plainly

POINTS_MAX: Final = 90
SENTENCES_MAX: Final = 2
EXCLAMATIONS_MAX: Final = 1
ALIKE: Final = 0.82
"""From this likeness on two texts of a kind are one: their longest common runs, as a part of both."""
EXIT_FOUND: Final = 1

_WHY: Final = {
    "pressure": "it presses, and nothing is expected of anybody",
    "mind_reading": "it claims to know what somebody feels or wants",
    "measuring": "it measures, and nobody is measured",
    "label": "it puts a label on people",
    "gender": "it tells somebody's gender or role",
    "lock_screen": "a stranger who reads it on a lock screen would know what it is about",
    "address": "it is not how this language's copy speaks to people everywhere",
}
"""By rule of a list of words, what is wrong with such a word."""

_PLACEHOLDER: Final = re.compile(
    r"\{[^}]*\}?|\$\{?\w+|%\(?\w+|<[^>]*>?|\[[^\]]*\]?|#\w+|@\w+|\w*_\w*|(?<!\w):\w+|\w:\w+|[}\]>$#@\\|^~*=&/]"
)
_ENDS: Final = re.compile(r"[^.!?]*[.!?]+")
_QUOTES_OPEN: Final = "¿¡"


class Finding(Struct, frozen=True):
    """What is wrong with a text, by which rule."""

    rule: str
    sentence: str


class Told(Struct, frozen=True):
    """A finding, and where."""

    language: str
    text_id: str
    finding: Finding

    def __str__(self) -> str:
        return f"{self.language} {self.text_id}: {self.finding.sentence} ({self.finding.rule})"


# One text


def findings(language: str, kind: str, text: str) -> list[Finding]:
    """Return what is wrong with a text of a kind; empty where nothing is.

    A kind that is none of the table's, such as that of a fixed text, is judged by what holds for all.
    """
    known = LANGUAGES.get(language.partition("-")[0])
    if known is None:
        return [Finding("language", f"There are no lists of words for {language}, so nobody can judge it.")]
    invites = kind in PROMPT_KINDS and PROMPT_KINDS[kind].is_invite
    return [
        *_of_shape(text),
        *_of_signs(known, text),
        *_of_capitals(known, text),
        *_of_words(known, text),
        *(_of_stance(known, text) if invites else ()),
    ]


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, each with its mark; what has none comes last."""
    found = [each.strip() for each in _ENDS.findall(text)]
    rest = _ENDS.sub("", text).strip()
    return [*found, rest] if rest else found


def _of_shape(text: str) -> Iterator[Finding]:
    if text != unicodedata.normalize("NFC", text):
        yield Finding("shape", "Its letters are not composed (NFC).")
    if text != " ".join(text.split()):
        yield Finding("shape", "It has a blank too many, or one that is no plain blank.")
    if len(text) > POINTS_MAX:
        yield Finding("length", f"It has {len(text)} characters; {POINTS_MAX} fit.")
    if len(sentences(text)) > SENTENCES_MAX:
        yield Finding("sentences", f"It has {len(sentences(text))} sentences; {SENTENCES_MAX} are enough.")
    if text.count("!") > EXCLAMATIONS_MAX:
        yield Finding("exclamation", "It has more than one exclamation mark.")
    if not text.endswith((".", "!", "?")):
        yield Finding("shape", "It does not end as a sentence does.")
    if re.search(r"[.!?,;:]{2}", text):
        yield Finding("shape", "Two marks stand side by side.")
    if any(text.count(opened) > text.count(closed) for opened, closed in ("¿?", "¡!")):
        yield Finding("shape", "A question or an exclamation is opened and not closed.")


def _of_signs(language: Language, text: str) -> Iterator[Finding]:
    held = _PLACEHOLDER.search(text)
    if held:
        yield Finding("placeholder", f"“{held[0]}” is a place for something else; a text names nobody and nothing.")
    if "%" in text or "‰" in text:
        yield Finding("measuring", "It has a sign of per cent, and nobody is measured.")
    if any(unicodedata.category(each).startswith("N") for each in text):
        yield Finding("digit", "It has a digit, and nothing is counted.")
    rest = _PLACEHOLDER.sub("", text)
    strange = [
        each
        for each in dict.fromkeys(rest.lower())
        if each not in language.letters | language.marks
        and not each.isspace()
        and each not in "%‰"
        and not unicodedata.category(each).startswith("N")
    ]
    for each in strange:
        name = unicodedata.name(each, f"U+{ord(each):04X}")
        letter = unicodedata.category(each).startswith("L")
        rule, what = ("letters", "a letter") if letter else ("sign", "an emoji or a sign")
        yield Finding(rule, f"{name} is {what} that {language.name} copy does without.")
    if language is LANGUAGES["es"]:
        yield from (
            Finding("shape", f"A “{closed}” has no “{opened}” before it.")
            for opened, closed in ("¿?", "¡!")
            if text.count(closed) > text.count(opened)
        )


def _of_capitals(language: Language, text: str) -> Iterator[Finding]:
    words = re.findall(r"[^\W\d_]+", text)
    shouted = next((each for each in words if len(each) > 1 and each.isupper()), None)
    if shouted:
        yield Finding("capitals", f"“{shouted}” is written in capitals.")
    mixed = next((each for each in words if not each.isupper() and not each[1:].islower() and len(each) > 1), None)
    if mixed:
        yield Finding("capitals", f"“{mixed}” has a capital letter inside.")
    for each in sentences(text):
        first = each.lstrip(_QUOTES_OPEN + " ")[:1]
        if not first.isupper():
            yield Finding("capitals", f"A sentence begins with “{first}” and not with a capital letter.")
        within = language.proper.search(each)
        if within:
            yield Finding(
                "capitals", f"“{within[0]}” has a capital letter within a sentence, as a title or a name has."
            )


def _of_words(language: Language, text: str) -> Iterator[Finding]:
    plain = plainly(text)
    for banned in language.banned:
        for word in banned.found(plain):
            yield Finding(banned.rule, f"“{word}”: {_WHY[banned.rule]}.")


def _of_stance(language: Language, text: str) -> Iterator[Finding]:
    """Judge an invite: it leaves free, and asks nothing that presumes failure."""
    allowed = False
    for each in sentences(plainly(text)):
        asks = each.endswith("?")
        allowed = allowed or bool(language.permits.search(language.asked.sub(" · ", each) if asks else each))
        # "Or none" is a permission; the "no" in it presumes nothing. What stays in its place is no opening.
        presumed = language.presumes.search(language.permits.sub(" _ ", each)) if asks else None
        if presumed is None and asks:
            presumed = _opening(language, each)
        if presumed:
            yield Finding(
                "failure", f"With “{presumed[0].strip(' ¿¡')}” its question presumes that something went wrong."
            )
    if not allowed:
        yield Finding("permission", "It is an invitation without a permission, such as “if”, “could” or “or none”.")


def _opening(language: Language, question: str) -> re.Match[str] | None:
    """Return how a question opens, where that presumes; whole, since permissions may stand at its opening."""
    found = language.presumes.search(question)
    return found if found and found.start() == 0 else None


# A catalogue


def lint(copy: Copy) -> list[Told]:
    """Return all that is wrong with the copy of one language, in the order of its texts; then with their number."""
    found = []
    for kind, ids in (*((name, (name,)) for name in catalogue.FIXED if name in copy.texts), *copy.kinds.items()):
        for text_id in ids:
            found += [Told(copy.language, text_id, each) for each in findings(copy.language, kind, copy.texts[text_id])]
        found += [
            Told(copy.language, text_id, each) for text_id, each in alike([(one, copy.texts[one]) for one in ids])
        ]
    for text_id in (each for each in catalogue.WHY if each in copy.texts):
        # They are read inside the app, as an answer: what a lock screen or an invitation may not say, they may.
        found += [Told(copy.language, text_id, each) for each in _of_shape(copy.texts[text_id])]
    return [*found, *_said_twice(copy), *_lacking(copy)]


def alike(texts: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Finding]]:
    """Give each text that is nearly an earlier one of its kind, by id."""
    plain = [(text_id, re.sub(r"[^\w ]", "", plainly(text))) for text_id, text in texts]
    for (first, earlier), (second, later) in combinations(plain, 2):
        likeness = SequenceMatcher(None, earlier, later, autojunk=False)
        # The quick ones are upper bounds, and spare most pairs the slow one.
        if min(likeness.real_quick_ratio(), likeness.quick_ratio()) >= ALIKE and likeness.ratio() >= ALIKE:
            yield second, Finding("alike", f"It is nearly the same as {first}.")


def _said_twice(copy: Copy) -> Iterator[Told]:
    """Give texts that another kind has, too: what is said of everything tells nothing."""
    seen: dict[str, str] = {}
    for text_id, text in copy.texts.items():
        earlier = seen.setdefault(plainly(text), text_id)
        if earlier != text_id:
            yield Told(copy.language, text_id, Finding("alike", f"It is the same as {earlier}."))


def _lacking(copy: Copy) -> Iterator[Told]:
    for name in (*catalogue.FIXED, *catalogue.WHY):
        if name not in copy.texts:
            yield Told(copy.language, name, Finding("few", "This fixed text is missing."))
    for kind in PROMPTS:
        least = catalogue.least(kind)
        have = len(copy.kinds.get(kind, ()))
        if have < least:
            yield Told(copy.language, kind, Finding("few", f"It has {have} texts, and at least {least} are wanted."))


# The command

_EPILOG: Final = """\
what is judged, of every text in every language:
  length, sentences, exclamation, shape   90 characters, two sentences, one "!"; ends as a sentence does
  capitals, digit, sign, letters          sentence case; no digit, emoji, sign or foreign letter
  placeholder                             nothing that is filled in: {name}, %s, $x, :name, <name>
  pressure, mind_reading, measuring, label, gender, lock_screen, address
                                          words that a language does without: notifications/copy_words
  permission, failure                     an invitation leaves free, and asks nothing that presumes failure
  alike, few                              no two nearly the same; 30 of a kind, 36 of one that may
                                          come daily, 68 of what may come oftener

A finding names the language, the id of the text, and what is wrong. To mend it, change the text. Where the rule is
wrong about an innocent text, change the rule, and add that text to tests/rules/test_copy_lint.py.

exit codes:
  0   nothing was found
  1   there are findings, or a file cannot be read
  2   the command line was not understood
"""


def main(arguments: Sequence[str]) -> int:
    """Print what is wrong with the catalogue and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m notifications.copy_lint",
        description="Judge the copy of prompts by rule. It reads the catalogue and changes nothing.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "languages", metavar="LANGUAGE", nargs="*", help="judge these alone, such as de; otherwise all that there are"
    )
    parser.add_argument(
        "--folder", type=Path, default=catalogue.FOLDER, help="where the files are; otherwise notifications/catalogue"
    )
    parser.add_argument("--quiet", action="store_true", help="say nothing where nothing is found")
    chosen = parser.parse_args(arguments)
    try:
        copies = catalogue.read(chosen.folder)
    except catalogue.CatalogueUnusable as fault:
        sys.stderr.write(f"{fault}\n")
        return EXIT_FOUND
    unknown = [each for each in chosen.languages if each not in copies]
    if unknown:
        parser.error(f"there is no copy in {', '.join(unknown)}; there is in {', '.join(copies)}")
    judged = [copies[each] for each in chosen.languages or copies]
    found = [each for copy in judged for each in lint(copy)]
    sys.stdout.writelines(f"{each}\n" for each in found)
    if found:
        sys.stdout.write(f"{len(found)} findings.\n" if len(found) > 1 else "One finding.\n")
        return EXIT_FOUND
    if not chosen.quiet:
        told = ", ".join(f"{len(copy.texts)} texts in {copy.language}" for copy in judged)
        sys.stdout.write(f"Nothing is wrong with {told}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
