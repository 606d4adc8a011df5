"""The meetings of which tests/vectors/merge.json is made, and what comes of each: by docs/protocol.md, and by hand."""

from typing import Any, Final

from msgspec import Struct

from tests.vectors.merging import ANA, BEN, BENS, COUPLE, NOW_MS, PHONE, TABLET, CouplesServer

Values = dict[str, Any]
DAY_MS: Final = 86_400_000
GOAL: Final = "5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa001"
RECORDS: Final = {
    "goal": GOAL,
    "step": "5f0c7c1a-90b3-4e1d-8a61-2c4d6e8fa003",
    "check_in": "0199b2c0-5d3e-7a10-9c42-3b1f6e8d7a01",
    "note_draft": "0199b2c0-5d3e-7a10-9c42-3b1f6e8d7a02",
}


class Said(Struct, frozen=True):
    """One edit. `seen`: which of the case's edits this device had seen last; 0 is none, or what was there before."""

    by: str
    set: Values
    seen: int = 0
    was: Values | None = None
    remove: bool | None = None
    age_ms: int | None = 0


class Then(Struct, frozen=True, kw_only=True):
    """What comes of the last edit; whatever is not named has to be empty."""

    status: str
    stored: Values
    fields: dict[str, str] = {}
    code: str | None = None
    beside: dict[str, list[dict[str, str]]] = {}
    merged: list[str] = []
    removed: bool = False
    behind: list[tuple[str, Any, str]] = []
    """Field, value, and who wrote it."""
    notices: list[tuple[str, str, str | None]] = []
    """For whom, code, field."""


class Case(Struct, frozen=True):
    """Some edits of one record, and a sentence of the page that they are an example of."""

    policy: str
    name: str
    says: str
    kind: str
    edits: tuple[Said, ...]
    then: Then


def beside(by: str, text: str) -> dict[str, str]:
    return {"by": by, "text": text}


def quiet(*windows: tuple[int, str, str]) -> Values:
    return {"quiet": [{"weekday": day, "from": start, "to": end} for day, start, end in windows]}


def step(**values: Any) -> Values:
    return {"goal": GOAL, "title": "Find a room", **values}


def entry(**values: Any) -> Values:
    return {"local_date": "2026-03-02", **values}


LATER: Final = (
    Case(
        "later",
        "an edit that had seen the other follows it",
        "A field that is not concurrent simply takes the new value.",
        "goal",
        (Said(PHONE, {"topic": "work"}), Said(BENS, {"topic": "family"}, seen=1, age_ms=DAY_MS)),
        Then(status="applied", stored={"topic": "family"}, behind=[("topic", "work", ANA)]),
    ),
    Case(
        "later",
        "a device has seen its own edits, whatever base it names",
        "A device has always seen its own earlier edits, whatever `base` says",
        "goal",
        (Said(PHONE, {"topic": "work"}), Said(PHONE, {"topic": "family"}, age_ms=DAY_MS)),
        Then(status="applied", stored={"topic": "family"}, behind=[("topic", "work", ANA)]),
    ),
    Case(
        "later",
        "what was made yesterday arrives first",
        "topic `work` made yesterday, `family` made today: `family` stands, in whatever order they arrive",
        "goal",
        (
            Said(PHONE, {"topic": "us"}),
            Said(PHONE, {"topic": "work"}, seen=1, age_ms=DAY_MS),
            Said(BENS, {"topic": "family"}, seen=1),
        ),
        Then(
            status="merged",
            fields={"topic": "yours_kept"},
            stored={"topic": "family"},
            behind=[("topic", "work", ANA)],
            notices=[(ANA, "other_kept", "topic")],
        ),
    ),
    Case(
        "later",
        "what was made yesterday arrives last",
        "topic `work` made yesterday, `family` made today: `family` stands, in whatever order they arrive",
        "goal",
        (
            Said(PHONE, {"topic": "us"}),
            Said(BENS, {"topic": "family"}, seen=1),
            Said(PHONE, {"topic": "work"}, seen=1, age_ms=DAY_MS),
        ),
        Then(
            status="superseded",
            fields={"topic": "theirs_kept"},
            stored={"topic": "family"},
            behind=[("topic", "work", ANA)],
            notices=[(ANA, "other_kept", "topic")],
        ),
    ),
    Case(
        "later",
        "of one person's two devices nobody needs to be told",
        "another person whose value lost: notice `other_kept`",
        "check_in",
        (
            Said(PHONE, entry(valence=0)),
            Said(TABLET, {"valence": 2}, seen=1),
            Said(PHONE, {"valence": -1}, seen=1, age_ms=DAY_MS),
        ),
        Then(
            status="superseded",
            fields={"valence": "theirs_kept"},
            stored={"local_date": "2026-03-02", "valence": 2},
            behind=[("valence", -1, ANA)],
        ),
    ),
    Case(
        "later",
        "an edit that tells no age is the oldest",
        "one without an age counts as the oldest",
        "goal",
        (
            Said(PHONE, {"topic": "us"}),
            Said(PHONE, {"topic": "work"}, seen=1, age_ms=DAY_MS),
            Said(BENS, {"topic": "family"}, seen=1, age_ms=None),
        ),
        Then(
            status="superseded",
            fields={"topic": "theirs_kept"},
            stored={"topic": "work"},
            behind=[("topic", "family", BEN)],
            notices=[(BEN, "other_kept", "topic")],
        ),
    ),
    Case(
        "later",
        "of two made at one time that of the higher device id stands",
        "at the same time the higher device id stands",
        "goal",
        (
            Said(PHONE, {"topic": "us"}),
            Said(BENS, {"topic": "family"}, seen=1, age_ms=DAY_MS),
            Said(PHONE, {"topic": "work"}, seen=1, age_ms=DAY_MS),
        ),
        Then(
            status="superseded",
            fields={"topic": "theirs_kept"},
            stored={"topic": "family"},
            behind=[("topic", "work", ANA)],
            notices=[(ANA, "other_kept", "topic")],
        ),
    ),
)

WORDS: Final = (
    Case(
        "words",
        "one phone adds a sentence and the other strikes one",
        'One phone adds "Tea helped.", the other strikes "Tired now.": "Slept well. Tea helped."',
        "check_in",
        (
            Said(PHONE, entry(text="Slept well. Tired now.")),
            Said(
                PHONE,
                {"text": "Slept well. Tired now. Tea helped."},
                seen=1,
                was={"text": "Slept well. Tired now."},
            ),
            Said(TABLET, {"text": "Slept well."}, seen=1, was={"text": "Slept well. Tired now."}),
        ),
        Then(
            status="merged",
            fields={"text": "merged"},
            stored={"local_date": "2026-03-02", "text": "Slept well. Tea helped."},
            merged=["text"],
            behind=[("text", "Slept well. Tired now. Tea helped.", ANA), ("text", "Slept well.", ANA)],
        ),
    ),
    Case(
        "words",
        "both changed the same sentence and the later one arrives last",
        "where both changed the same sentence, the later text stands and the other one beside it",
        "check_in",
        (
            Said(PHONE, entry(text="Slept well.")),
            Said(TABLET, {"text": "Slept badly."}, seen=1, was={"text": "Slept well."}, age_ms=DAY_MS),
            Said(PHONE, {"text": "Slept long."}, seen=1, was={"text": "Slept well."}),
        ),
        Then(
            status="merged",
            fields={"text": "kept_both"},
            stored={"local_date": "2026-03-02", "text": "Slept long."},
            beside={"text": [beside(ANA, "Slept badly.")]},
        ),
    ),
    Case(
        "words",
        "both changed the same sentence and the later one arrives first",
        "where both changed the same sentence, the later text stands and the other one beside it",
        "check_in",
        (
            Said(PHONE, entry(text="Slept well.")),
            Said(PHONE, {"text": "Slept long."}, seen=1, was={"text": "Slept well."}),
            Said(TABLET, {"text": "Slept badly."}, seen=1, was={"text": "Slept well."}, age_ms=DAY_MS),
        ),
        Then(
            status="merged",
            fields={"text": "kept_both"},
            stored={"local_date": "2026-03-02", "text": "Slept long."},
            beside={"text": [beside(ANA, "Slept badly.")]},
        ),
    ),
    Case(
        "words",
        "nobody knows what the edit started from",
        "where nobody knows what the edit started from (no `was`), nothing is guessed and both texts are kept",
        "check_in",
        (
            Said(PHONE, entry(text="Slept well.")),
            Said(PHONE, {"text": "Slept well. Tea helped."}, seen=1, was={"text": "Slept well."}, age_ms=DAY_MS),
            Said(TABLET, {"text": "Slept well. Rain."}, seen=1),
        ),
        Then(
            status="merged",
            fields={"text": "kept_both"},
            stored={"local_date": "2026-03-02", "text": "Slept well. Rain."},
            beside={"text": [beside(ANA, "Slept well. Tea helped.")]},
        ),
    ),
    Case(
        "words",
        "a text that was written over something else than stands there",
        "A text is concurrent, too, when `was` is not what is stored",
        "check_in",
        (
            Said(PHONE, entry(text="Slept well.")),
            Said(TABLET, {"text": "Slept well. Tea helped."}, seen=1, was={"text": "Slept well."}),
            Said(PHONE, {"text": "Rain. Slept well."}, seen=2, was={"text": "Slept well."}),
        ),
        Then(
            status="merged",
            fields={"text": "merged"},
            stored={"local_date": "2026-03-02", "text": "Rain. Slept well. Tea helped."},
            merged=["text"],
            behind=[("text", "Slept well. Tea helped.", ANA), ("text", "Rain. Slept well.", ANA)],
        ),
    ),
)

SHARED_WORDS: Final = (
    Case(
        "shared_words",
        "each changed another sentence",
        "What only one side touched follows that side",
        "goal",
        (
            Said(PHONE, {"notes": "Two nights by the sea. We take the train."}),
            Said(
                PHONE,
                {"notes": "Three nights by the sea. We take the train."},
                seen=1,
                was={"notes": "Two nights by the sea. We take the train."},
            ),
            Said(
                BENS,
                {"notes": "Two nights by the sea. We take the slow train."},
                seen=1,
                was={"notes": "Two nights by the sea. We take the train."},
            ),
        ),
        Then(
            status="merged",
            fields={"notes": "merged"},
            stored={"notes": "Three nights by the sea. We take the slow train."},
            merged=["notes"],
            behind=[
                ("notes", "Three nights by the sea. We take the train.", ANA),
                ("notes", "Two nights by the sea. We take the slow train.", BEN),
            ],
        ),
    ),
    Case(
        "shared_words",
        "both added the same sentence",
        "the same addition on both sides stands once",
        "goal",
        (
            Said(PHONE, {"notes": "Two nights."}),
            Said(PHONE, {"notes": "Two nights. Ask Cleo."}, seen=1, was={"notes": "Two nights."}),
            Said(BENS, {"notes": "Two nights. Ask Cleo."}, seen=1, was={"notes": "Two nights."}),
        ),
        Then(status="applied", stored={"notes": "Two nights. Ask Cleo."}),
    ),
    Case(
        "shared_words",
        "both changed the same sentence",
        "the stored text stays and the incoming one stands beside it, with its author",
        "goal",
        (
            Said(PHONE, {"notes": "We take the train."}),
            Said(PHONE, {"notes": "We take the slow train."}, seen=1, was={"notes": "We take the train."}),
            Said(BENS, {"notes": "We take the night train."}, seen=1, was={"notes": "We take the train."}),
        ),
        Then(
            status="merged",
            fields={"notes": "kept_both"},
            stored={"notes": "We take the slow train."},
            beside={"notes": [beside(BEN, "We take the night train.")]},
            notices=[(ANA, "kept_both", "notes"), (BEN, "kept_both", "notes")],
        ),
    ),
    Case(
        "shared_words",
        "of one person's alternatives the newest stands and nobody is told twice",
        "at most one alternative a field and person, the newest; the one it replaces is kept behind the record.",
        "goal",
        (
            Said(PHONE, {"notes": "We take the train."}),
            Said(PHONE, {"notes": "We take the slow train."}, seen=1, was={"notes": "We take the train."}),
            Said(BENS, {"notes": "We take the night train."}, seen=1, was={"notes": "We take the train."}),
            Said(BENS, {"notes": "We take the bus."}, seen=1, was={"notes": "We take the night train."}),
        ),
        Then(
            status="merged",
            fields={"notes": "kept_both"},
            stored={"notes": "We take the slow train."},
            beside={"notes": [beside(BEN, "We take the bus.")]},
            behind=[("notes", "We take the night train.", BEN)],
        ),
    ),
    Case(
        "shared_words",
        "the same edit once more changes nothing of a joined text",
        "The same edit sent once more changes nothing of a joined text.",
        "goal",
        (
            Said(PHONE, {"notes": "Two nights."}),
            Said(PHONE, {"notes": "Two nights. Ask Cleo."}, seen=1, was={"notes": "Two nights."}),
            Said(BENS, {"notes": "Rain. Two nights."}, seen=1, was={"notes": "Two nights."}),
            Said(BENS, {"notes": "Rain. Two nights."}, seen=1, was={"notes": "Two nights."}),
        ),
        Then(status="applied", stored={"notes": "Rain. Two nights. Ask Cleo."}, merged=["notes"]),
    ),
)

MONOTONE: Final = (
    Case(
        "monotone",
        "a step back that had not seen the step ahead",
        "one sets `done`, the other un-sets it without having seen that: `done`",
        "step",
        (
            Said(PHONE, step()),
            Said(PHONE, {"done": True}, seen=1),
            Said(BENS, {"done": True}, seen=1),
            Said(BENS, {"done": False}, seen=1),
        ),
        Then(
            status="superseded",
            fields={"done": "theirs_kept"},
            stored={"goal": GOAL, "title": "Find a room", "done": True},
        ),
    ),
    Case(
        "monotone",
        "the step ahead arrives after the step back",
        "Under `monotone`, `members`, `most_private` and `most_protective` the order of arrival makes no difference.",
        "step",
        (
            Said(PHONE, step()),
            Said(BENS, {"done": True}, seen=1),
            Said(BENS, {"done": False}, seen=1),
            Said(PHONE, {"done": True}, seen=1),
        ),
        Then(status="applied", stored={"goal": GOAL, "title": "Find a room", "done": True}),
    ),
    Case(
        "monotone",
        "a step back that had seen the step ahead",
        "the further state stands, unless the step back had seen it",
        "step",
        (
            Said(PHONE, step()),
            Said(PHONE, {"done": True}, seen=1),
            Said(BENS, {"done": False}, seen=2),
        ),
        Then(
            status="applied",
            stored={"goal": GOAL, "title": "Find a room", "done": False},
            behind=[("done", True, ANA)],
        ),
    ),
    Case(
        "monotone",
        "saying what is stored counts for who comes later",
        "an edit that says what is stored already still counts, and still makes a new version, when it had not seen it",
        "step",
        (
            Said(PHONE, step()),
            Said(PHONE, {"done": True}, seen=1),
            Said(BENS, {"done": True}, seen=1),
            Said(PHONE, {"done": False}, seen=2),
        ),
        Then(
            status="superseded",
            fields={"done": "theirs_kept"},
            stored={"goal": GOAL, "title": "Find a room", "done": True},
        ),
    ),
)

MEMBERS: Final = (
    Case(
        "members",
        "one adds while the other takes out",
        "`was` [a, b]; one phone says [a, b, c], the other [b]: stored is [b, c].",
        "check_in",
        (
            Said(PHONE, entry(needs=["affection", "clarity"])),
            Said(
                PHONE,
                {"needs": ["affection", "clarity", "rest"]},
                seen=1,
                was={"needs": ["affection", "clarity"]},
            ),
            Said(TABLET, {"needs": ["clarity"]}, seen=1, was={"needs": ["affection", "clarity"]}),
        ),
        Then(
            status="merged",
            fields={"needs": "merged"},
            stored={"local_date": "2026-03-02", "needs": ["clarity", "rest"]},
            behind=[("needs", ["affection", "clarity", "rest"], ANA)],
        ),
    ),
    Case(
        "members",
        "an addition that the taking out had not seen",
        "what one added is in, what one took out is out, and adding beats taking out",
        "check_in",
        (
            Said(PHONE, entry(needs=[])),
            Said(TABLET, {"needs": ["rest"]}, seen=1, was={"needs": []}),
            Said(PHONE, {"needs": ["rest"]}, seen=1, was={"needs": []}),
            Said(TABLET, {"needs": []}, seen=2, was={"needs": ["rest"]}),
        ),
        Then(
            status="merged",
            fields={"needs": "merged"},
            stored={"local_date": "2026-03-02", "needs": ["rest"]},
        ),
    ),
    Case(
        "members",
        "more than there is room for",
        "Over the limit, the earliest stay",
        "check_in",
        (
            Said(PHONE, entry(needs=["rest"])),
            Said(PHONE, {"needs": ["clarity", "listening", "rest"]}, seen=1, was={"needs": ["rest"]}),
            Said(TABLET, {"needs": ["affection", "rest"]}, seen=2, was={"needs": ["rest"]}),
        ),
        Then(
            status="merged",
            fields={"needs": "merged"},
            stored={"local_date": "2026-03-02", "needs": ["clarity", "listening", "rest"]},
            behind=[("needs", ["affection", "rest"], ANA)],
        ),
    ),
)

MOST_PRIVATE: Final = (
    Case(
        "most_private",
        "one opens for the couple while the other thinks better of it",
        "one opens for the couple, the other says `only_me`: `only_me`",
        "check_in",
        (
            Said(PHONE, entry()),
            Said(TABLET, {"audience": COUPLE}, seen=1),
            Said(PHONE, {"audience": COUPLE}, seen=1),
            Said(PHONE, {"audience": "only_me"}, seen=1),
        ),
        Then(
            status="applied",
            stored={"local_date": "2026-03-02", "audience": "only_me"},
            notices=[(ANA, "kept_private", "audience")],
        ),
    ),
    Case(
        "most_private",
        "the one that opens arrives last",
        "the one who asked for more: notice `kept_private`",
        "check_in",
        (
            Said(PHONE, entry()),
            Said(TABLET, {"audience": COUPLE}, seen=1),
            Said(TABLET, {"audience": "only_me"}, seen=1),
            Said(PHONE, {"audience": COUPLE}, seen=1),
        ),
        Then(
            status="merged",
            fields={"audience": "kept_private"},
            stored={"local_date": "2026-03-02", "audience": "only_me"},
            notices=[(ANA, "kept_private", "audience")],
        ),
    ),
    Case(
        "most_private",
        "of two sets what both would show",
        "of sets, what both would show",
        "check_in",
        (
            Said(PHONE, entry()),
            Said(TABLET, {"shared_parts": ["mood", "text"]}, seen=1),
            Said(PHONE, {"shared_parts": ["mood", "needs"]}, seen=1),
        ),
        Then(
            status="merged",
            fields={"shared_parts": "kept_private"},
            stored={"local_date": "2026-03-02", "shared_parts": ["mood"]},
            notices=[(ANA, "kept_private", "shared_parts")],
        ),
    ),
)

MOST_PROTECTIVE: Final = (
    Case(
        "most_protective",
        "quiet hours of two phones",
        "quiet from 21:30 and quiet from 20:00: from 20:00",
        "settings",
        (
            Said(PHONE, quiet((0, "21:30", "08:00"))),
            Said(TABLET, quiet((0, "20:00", "07:00"))),
        ),
        Then(
            status="merged",
            fields={"quiet": "merged"},
            stored=quiet((0, "20:00", "08:00")),
        ),
    ),
    Case(
        "most_protective",
        "the smaller of two numbers",
        "the union of windows, the smaller number, protection on",
        "settings",
        (Said(PHONE, {"day_cap": 1}), Said(TABLET, {"day_cap": 3})),
        Then(status="merged", fields={"day_cap": "merged"}, stored={"day_cap": 1}),
    ),
    Case(
        "most_protective",
        "what protects less is taken once the other was seen",
        "A field that is not concurrent simply takes the new value.",
        "settings",
        (Said(PHONE, {"day_cap": 1}), Said(TABLET, {"day_cap": 3}, seen=1)),
        Then(status="applied", stored={"day_cap": 3}, behind=[("day_cap", 1, ANA)]),
    ),
)

NEVER: Final = (
    Case(
        "once",
        "what is given at creation stays",
        "given at creation and never changed; a change is refused `immutable`",
        "goal",
        (Said(PHONE, {"form": "goal"}), Said(PHONE, {"form": "agreement"}, seen=1)),
        Then(status="refused", code="immutable", stored={"form": "goal"}),
    ),
    Case(
        "server",
        "what the server writes nobody else does",
        "a client's value is refused `server_owned`",
        "goal",
        (Said(PHONE, {"topic": "us"}), Said(PHONE, {"state": "active"}, seen=1)),
        Then(status="refused", code="server_owned", stored={"topic": "us", "state": None}),
    ),
)

REMOVAL: Final = (
    Case(
        "removal",
        "a removal that everything had been seen for",
        "Removing is a field like any other",
        "step",
        (Said(PHONE, step()), Said(BENS, {}, seen=1, remove=True)),
        Then(status="applied", stored={"goal": GOAL, "title": "Find a room"}, removed=True),
    ),
    Case(
        "removal",
        "an edit meets a removal",
        "in either order, the record lives, with the edit in it, and the remover finds a notice `came_back`",
        "step",
        (
            Said(PHONE, step()),
            Said(PHONE, {}, seen=1, remove=True),
            Said(BENS, {"title": "Find a big room"}, seen=1, was={"title": "Find a room"}),
        ),
        Then(
            status="applied",
            stored={"goal": GOAL, "title": "Find a big room"},
            behind=[("title", "Find a room", ANA)],
            notices=[(ANA, "came_back", None)],
        ),
    ),
    Case(
        "removal",
        "a removal meets an edit",
        "in either order, the record lives, with the edit in it, and the remover finds a notice `came_back`",
        "step",
        (
            Said(PHONE, step()),
            Said(BENS, {"title": "Find a big room"}, seen=1, was={"title": "Find a room"}),
            Said(PHONE, {}, seen=1, remove=True),
        ),
        Then(
            status="superseded",
            stored={"goal": GOAL, "title": "Find a big room"},
            notices=[(ANA, "came_back", None)],
        ),
    ),
    Case(
        "removal",
        "what was shown and comes back is shown to nobody",
        'A private record that comes back this way is shown to nobody (`audience: "only_me"`)',
        "check_in",
        (
            Said(PHONE, entry(audience=COUPLE, valence=0)),
            Said(PHONE, {}, seen=1, remove=True),
            Said(TABLET, {"valence": 2}, seen=1),
        ),
        Then(
            status="applied",
            stored={"local_date": "2026-03-02", "audience": "only_me", "valence": 2},
            notices=[(ANA, "came_back", None)],
        ),
    ),
    Case(
        "removal",
        "a draft that comes back is not sent",
        "a draft that comes back is not sent (`send: false`)",
        "note_draft",
        (
            Said(PHONE, {"for_what": "The tea.", "send": True}),
            Said(PHONE, {}, seen=1, remove=True),
            Said(TABLET, {"for_what": "The tea, and you."}, seen=1, was={"for_what": "The tea."}),
        ),
        Then(
            status="applied",
            stored={"for_what": "The tea, and you.", "send": False},
            behind=[("for_what", "The tea.", ANA)],
            notices=[(ANA, "came_back", None)],
        ),
    ),
    Case(
        "removal",
        "an edit that knew of the removal",
        "An edit of a record that its device knew to be removed changes it and leaves it removed.",
        "step",
        (
            Said(PHONE, step()),
            Said(PHONE, {}, seen=1, remove=True),
            Said(BENS, {"done": True}, seen=2),
        ),
        Then(status="applied", stored={"goal": GOAL, "title": "Find a room", "done": True}, removed=True),
    ),
    Case(
        "removal",
        "what was removed is brought back by hand",
        "`remove: false` brings a removed record back",
        "step",
        (Said(PHONE, step()), Said(PHONE, {}, seen=1, remove=True), Said(BENS, {}, seen=2, remove=False)),
        Then(status="applied", stored={"goal": GOAL, "title": "Find a room"}),
    ),
)

TWO_TEXTS: Final = (
    Said(PHONE, {"notes": "We take the train."}),
    Said(PHONE, {"notes": "We take the slow train."}, seen=1, was={"notes": "We take the train."}),
    Said(BENS, {"notes": "We take the night train."}, seen=1, was={"notes": "We take the train."}),
)
"""After these Ben's text stands beside Ana's."""

BENS_TEXT: Final = {"notes": [beside(BEN, "We take the night train.")]}
JOINED: Final = (
    Said(PHONE, {"notes": "Two nights."}),
    Said(PHONE, {"notes": "Two nights. Ask Cleo."}, seen=1, was={"notes": "Two nights."}),
    Said(BENS, {"notes": "Rain. Two nights."}, seen=1, was={"notes": "Two nights."}),
)
"""After these one text holds what both added."""

PICKS: Final = (
    Case(
        "pick",
        "the other text is chosen",
        "To choose the other's text, set the field too",
        "goal",
        (
            *TWO_TEXTS,
            Said(
                PHONE,
                {"notes": "We take the night train.", "alternatives": {}},
                seen=3,
                was={"notes": "We take the slow train.", "alternatives": BENS_TEXT},
            ),
        ),
        Then(
            status="applied",
            stored={"notes": "We take the night train."},
            behind=[("notes", "We take the slow train.", ANA), ("notes", "We take the night train.", BEN)],
        ),
    ),
    Case(
        "pick",
        "the stored text is kept",
        '`set: {"alternatives": {}}` alone keeps the stored text.',
        "goal",
        (*TWO_TEXTS, Said(PHONE, {"alternatives": {}}, seen=3, was={"alternatives": BENS_TEXT})),
        Then(
            status="applied",
            stored={"notes": "We take the slow train."},
            behind=[("notes", "We take the night train.", BEN)],
        ),
    ),
    Case(
        "pick",
        "a text that came meanwhile stays",
        "one that came meanwhile stays",
        "goal",
        (
            *TWO_TEXTS,
            Said(BENS, {"notes": "We take the bus."}, seen=1, was={"notes": "We take the night train."}),
            Said(PHONE, {"alternatives": {}}, seen=3, was={"alternatives": BENS_TEXT}),
        ),
        Then(
            status="applied",
            stored={"notes": "We take the slow train."},
            beside={"notes": [beside(BEN, "We take the bus.")]},
        ),
    ),
    Case(
        "pick",
        "an edit of the text clears nothing",
        "An edit of the text clears no alternative: only taking it out does.",
        "goal",
        (
            *TWO_TEXTS,
            Said(PHONE, {"notes": "We take the slow train!"}, seen=3, was={"notes": "We take the slow train."}),
        ),
        Then(
            status="applied",
            stored={"notes": "We take the slow train!"},
            beside=BENS_TEXT,
            behind=[("notes", "We take the slow train.", ANA)],
        ),
    ),
    Case(
        "confirm",
        "a joined text is confirmed",
        'A joined text is **confirmed** likewise: `set: {"merged": []}` with `was: {"merged": ["notes"]}`.',
        "goal",
        (*JOINED, Said(PHONE, {"merged": []}, seen=3, was={"merged": ["notes"]})),
        Then(status="applied", stored={"notes": "Rain. Two nights. Ask Cleo."}),
    ),
    Case(
        "confirm",
        "what is not there cannot be confirmed",
        "Naming something that is not there does nothing",
        "goal",
        (Said(PHONE, {"notes": "Two nights."}), Said(PHONE, {"merged": []}, seen=1, was={"merged": ["notes"]})),
        Then(status="applied", stored={"notes": "Two nights."}),
    ),
)

CASES: Final = (
    *LATER,
    *WORDS,
    *SHARED_WORDS,
    *MONOTONE,
    *MEMBERS,
    *MOST_PRIVATE,
    *MOST_PROTECTIVE,
    *NEVER,
    *REMOVAL,
    *PICKS,
)


async def told(case: Case) -> dict[str, Any]:
    """Tell a server the edits of a case, and write down what became of each."""
    server = CouplesServer()
    begins = server.settings_of(ANA) if case.kind == "settings" else None
    identity = RECORDS[case.kind] if begins is None else begins["id"]
    versions = [0 if begins is None else begins["version"]]
    edits: list[Values] = []
    for nth, said in enumerate(case.edits, 1):
        change = {
            "key": f"00000000-0000-4000-8000-{nth:012}",
            "kind": case.kind,
            "id": identity,
            "couple": COUPLE if case.kind in ("goal", "step") else None,
            "base": versions[said.seen],
            "set": said.set,
            "was": said.was,
            "remove": said.remove,
            "age_ms": said.age_ms,
        }
        edit = {"device": said.by, "change": {name: each for name, each in change.items() if each is not None}}
        edits.append({**edit, **await server.told(edit)})
        versions.append(edits[-1]["record"]["version"])
    names = [name for name in edits[-1]["record"]["fields"] if any(name in said.set for said in case.edits)]
    for each in [*edits, *([] if begins is None else [{"record": begins}])]:
        each["record"]["fields"] = {name: each["record"]["fields"][name] for name in names}
    return {
        "policy": case.policy,
        "name": case.name,
        "says": case.says,
        "kind": case.kind,
        "fields": names,
        "now_ms": NOW_MS,
        **({} if begins is None else {"begins": begins}),
        "edits": edits,
    }
