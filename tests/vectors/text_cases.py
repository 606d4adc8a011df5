"""Texts, worked out by hand: what their sentences are, what two have in common, and what comes of two edits of one."""

from typing import Final, NamedTuple


class Joined(NamedTuple):
    """Two texts that started from `was`, and what stands then: with `overlap` the stored one, for both are kept."""

    says: str
    was: str | None
    stored: str
    incoming: str
    text: str
    overlap: bool = False
    joined: bool = False


CHARS_MAX: Final = 60
"""What these texts may come to when they are joined."""

SENTENCES: Final[tuple[tuple[str, list[str]], ...]] = (
    ("", []),
    (" \n ", []),
    ("Slept well", ["Slept well"]),
    ("  Slept well.  ", ["Slept well."]),
    ("Slept well. Tired now.", ["Slept well.", "Tired now."]),
    ("Really?! Yes… maybe.", ["Really?!", "Yes…", "maybe."]),
    ("3.5 km to haven.example and back.", ["3.5 km to haven.example and back."]),
    ("Ready.Steady. Go", ["Ready.Steady.", "Go"]),
    ('She said "Go!" We went.', ['She said "Go!"', "We went."]),
    ("He left. (He came back.) Good.", ["He left.", "(He came back.)", "Good."]),
    ("Milk\nBread\n\n  Eggs", ["Milk", "Bread", "Eggs"]),
    ("Milk.\n\nBread.", ["Milk.", "Bread."]),
    ("1. Milk\n2. Bread", ["1. Milk", "2. Bread"]),
    ("12.\nMilk", ["12.", "Milk"]),
    ("12.", ["12."]),
    ("999. Milk", ["999. Milk"]),
    ("2026. A good year.", ["2026.", "A good year."]),
    ("12! A good day.", ["12!", "A good day."]),
    ("12.) Milk", ["12.)", "Milk"]),
    ("(12. Milk", ["(12.", "Milk"]),
    ("12.. Milk", ["12..", "Milk"]),
    ("Rain. 12. Milk", ["Rain.", "12. Milk"]),
    ("١٢. Milk", ["١٢. Milk"]),
    ("12。 Milk", ["12。", "Milk"]),
    ("²³. Milk", ["²³.", "Milk"]),
    ("ⅻ. Milk", ["ⅻ.", "Milk"]),
    ("It was 12. We left.", ["It was 12.", "We left."]),
    ("今日は雨。散歩した。「行こう！」と言った", ["今日は雨。", "散歩した。", "「行こう！」", "と言った"]),  # noqa: RUF001 - other people's marks are the point
    ("هل نمت؟ نعم۔ شكرا", ["هل نمت؟", "نعم۔", "شكرا"]),  # noqa: RUF001 - likewise
    ("क्या हाल है। ठीक॥ अच्छा", ["क्या हाल है।", "ठीक॥", "अच्छा"]),
    ("One.。Two", ["One.。", "Two"]),
    ("One.\u3000Two.\u00a0Three.", ["One.", "Two.", "Three."]),
    ("One.\ufeffTwo.", ["One.\ufeffTwo."]),
    ("One. . Two", ["One.", ".", "Two"]),
)

IN_COMMON: Final = (
    ("Two nights. Ask Cleo.", "Two nights. Rain.", "Two nights."),
    ("Rain. Two nights.", "Two nights. Ask Cleo.", "Two nights."),
    ("One. Two. Three.", "One. Three. Four.", "One. Three."),
    ("One.\n\nTwo. Three.", "One. Three. Four.", "One.\n\nThree."),
    ("One. Two.\nThree.", "One. Three. Four.", "One.\nThree."),
    ("One. Two.   Three.", "One. Three. Four.", "One.   Three."),
    ("One.   Two. Three.", "One. Three. Four.", "One.   Three."),
    ("One.\u00a0Two. Three.", "One. Three. Four.", "One.\u00a0Three."),
    ("One. Two.\u00a0Three.", "One. Three. Four.", "One.\u00a0Three."),
    ("  Rain. Two nights. ", "Two nights. Ask Cleo.", "  Two nights. "),
    ("Two nights. Rain.\n", "Two nights. Ask Cleo.", "Two nights.\n"),
    ("Rain. Rain. Sun.", "Rain. Snow.", "Rain. Rain."),
    ("Rain.", "Snow.", ""),
    ("", "Snow.", ""),
)
"""What was pulled, one's own text, and what of the pulled text one's own has, too."""

JOINED: Final = (
    Joined("What only one side touched follows that side", "One. Two.", "One. Two.", "One. Three.", "One. Three."),
    Joined("What only one side touched follows that side", "One. Two.", "One. Three.", "One. Two.", "One. Three."),
    Joined(
        "What only one side touched follows that side",
        "We leave on Friday. We take the dog.",
        "We leave on Friday at noon. We take the dog.",
        "We leave on Friday. We take the tent.",
        "We leave on Friday at noon. We take the tent.",
        joined=True,
    ),
    Joined(
        "What only one side touched follows that side",
        "Slept well. Tired now.",
        "Slept well. Tired now. Tea helped.",
        "Slept well.",
        "Slept well. Tea helped.",
        joined=True,
    ),
    Joined("What only one side touched follows that side", "", "One.", "Two.", "One. Two.", joined=True),
    Joined("the same addition on both sides stands once", "One.", "One. Two.", "One. Two.", "One. Two."),
    Joined(
        "the same addition on both sides stands once",
        "One.",
        "One. Two. Three.",
        "One. Two. Four.",
        "One. Two. Three. Four.",
        joined=True,
    ),
    Joined("where both rewrote the same sentence", "One.", "Two.", "Three.", "Two.", overlap=True),
    Joined(
        "where both rewrote the same sentence",
        "One. Same.",
        "Two. Same.",
        "Three. Same.",
        "Two. Same.",
        overlap=True,
    ),
    Joined("where nobody knows what the edit started from (no `was`)", None, "One.", "One. Two.", "One.", overlap=True),
    Joined("where nobody knows what the edit started from (no `was`)", None, "One.", "One.", "One."),
    Joined(
        "The same edit sent once more changes nothing of a joined text.",
        "One.",
        "Zero. One. Two.",
        "One. Two.",
        "Zero. One. Two.",
    ),
    Joined(
        "where the joined text would be longer than the field allows",
        "One.",
        "One. A long walk by the sea, again.",
        "One. And then the long way home, too.",
        "One. A long walk by the sea, again.",
        overlap=True,
    ),
    Joined(
        "where a sentence was copied or moved",
        "One. Two. Three.",
        "Three. One. Two.",
        "One. Two. Three, too.",
        "Three. One. Two.",
        overlap=True,
    ),
    Joined(
        "What only one side touched follows that side",
        "Milk\nEggs",
        "Milk\nBread\nEggs",
        "Milk\nEggs\nTea",
        "Milk\nBread\nEggs\nTea",
        joined=True,
    ),
)
