"""The life of everything that has one, as tables: which states there are, and what leads from one to the next.

The rules themselves stand with their kinds; here is what comes of them, for the diagrams of docs/domain.md. Tests let
the rules run over very many histories and hold every step that they take against these tables.
"""

from typing import Final

from msgspec import Struct

NOTHING: Final = ""
"""Stands for what is not there yet."""


class Move(Struct, frozen=True):
    """A step from one state to another, and what makes it."""

    before: str
    after: str
    by: str


class LifeCycle(Struct, frozen=True, kw_only=True):
    """One life: of which kind, in which field its state stands (none where it follows from several), and its steps."""

    name: str
    kind: str | None
    field: str | None = None
    says: str
    moves: tuple[Move, ...]

    @property
    def states(self) -> frozenset[str]:
        """Every state but the one before there is any."""
        return frozenset(state for move in self.moves for state in (move.before, move.after)) - {NOTHING}


WINDOW: Final = LifeCycle(
    name="A window",
    kind="check_in",
    says=(
        "What somebody writes for themselves, and what of it the partner sees. Boundaries and own goals live alike."
        " Opening again is a new opening: it tells no more than the first did."
    ),
    moves=(
        Move(NOTHING, "private", "written"),
        Move(NOTHING, "shown", "written for the couple"),
        Move("private", "shown", "opened, by its author"),
        Move("shown", "private", "closed, by its author"),
        Move("shown", "private", "the couple parts"),
        Move("private", "removed", "removed"),
        Move("shown", "removed", "removed"),
        Move("removed", "private", "brought back, by another own phone"),
        Move("removed", "shown", "brought back, by the phone that removed it"),
    ),
)

NOTE: Final = LifeCycle(
    name="A note",
    kind="note_draft",
    field="state",
    says="A draft belongs to its author until the server gives it; then its words are the receiver's, for good.",
    moves=(
        Move(NOTHING, "draft", "written"),
        Move(NOTHING, "queued", "written and sent, for later"),
        Move(NOTHING, "given", "written and sent"),
        Move("draft", "queued", "sent, for a day or after the tenth of today"),
        Move("draft", "given", "sent"),
        Move("queued", "draft", "taken back"),
        Move("queued", "given", "its time has come"),
    ),
)

GOAL: Final = LifeCycle(
    name="A goal or an agreement",
    kind="goal",
    field="state",
    says="Two to enter, one to leave. Both endings are plain; only a goal is achieved, an agreement holds or ends.",
    moves=(
        Move(NOTHING, "proposed", "terms"),
        Move("proposed", "active", "both accept the same terms"),
        Move("proposed", "resting", "both accept, and somebody rests already"),
        Move("proposed", "not_now", "not_now"),
        Move("proposed", "declined", "decline, or withdrawn"),
        Move("not_now", "proposed", "terms, or accept"),
        Move("not_now", "declined", "decline"),
        Move("not_now", "active", "accept"),
        Move("not_now", "resting", "accept, and somebody rests already"),
        Move("declined", "proposed", "terms, or accept"),
        Move("declined", "not_now", "not_now"),
        Move("declined", "active", "accept"),
        Move("declined", "resting", "accept, and somebody rests already"),
        Move("active", "resting", "rest, by either"),
        Move("resting", "active", "resume, by whoever rests"),
        Move("active", "achieved", "both mark it done"),
        Move("resting", "achieved", "both mark it done"),
        Move("proposed", "let_go", "let_go, by either"),
        Move("not_now", "let_go", "let_go, by either"),
        Move("declined", "let_go", "let_go, by either"),
        Move("active", "let_go", "let_go, by either"),
        Move("resting", "let_go", "let_go, by either"),
        Move("achieved", "let_go", "let_go, by either"),
    ),
)

OWN_GOAL: Final = LifeCycle(
    name="An own goal",
    kind="own_goal",
    field="ending",
    says="A person's own; what they say last stands, unless two phones said it without seeing each other.",
    moves=(
        Move(NOTHING, "none", "written"),
        Move(NOTHING, "achieved", "written so"),
        Move(NOTHING, "let_go", "written so"),
        Move("none", "achieved", "its author says so"),
        Move("none", "let_go", "its author says so"),
        Move("achieved", "let_go", "its author says so"),
        Move("achieved", "none", "its author takes it back"),
        Move("let_go", "none", "its author takes it back"),
        Move("let_go", "achieved", "its author says so"),
    ),
)

REQUEST: Final = LifeCycle(
    name="A request for support",
    kind="support_request",
    field="state",
    says="It lapses in silence, by `lapses_at`: nobody is told, nothing is counted, and a later answer still counts.",
    moves=(
        Move(NOTHING, "open", "asked"),
        Move("open", "answered", "any response"),
        Move("open", "lapsed", "72 hours pass"),
        Move("lapsed", "answered", "any response"),
    ),
)

PAUSE: Final = LifeCycle(
    name="A pause",
    kind="pause",
    says="It always has a return. Whoever makes it longer has not come back; nobody makes it shorter alone.",
    moves=(
        Move(NOTHING, "active", "begun, by either"),
        Move(NOTHING, "due", "begun long ago, and told of late"),
        Move("active", "due", "its return has come"),
        Move("active", "resumed", "both come back"),
        Move("active", "set_aside", "either sets it aside"),
        Move("due", "active", "either makes it longer"),
        Move("due", "resumed", "both come back"),
        Move("due", "set_aside", "either sets it aside, or a day passes"),
        Move("resumed", "active", "either makes it longer"),
        Move("resumed", "due", "somebody is not back after all"),
        Move("resumed", "set_aside", "either sets it aside"),
    ),
)

SUMMARY: Final = LifeCycle(
    name="A summary for a counsellor",
    kind="counsel_summary",
    field="state",
    says="A part counts while everybody whose it is says yes to exactly its bytes.",
    moves=(
        Move(NOTHING, "draft", "begun, by either"),
        Move("draft", "ready", "a part counts"),
        Move("ready", "draft", "none does any more"),
        Move("draft", "shared", "a link is made, by either"),
        Move("ready", "shared", "a link is made, by either"),
        Move("shared", "expired", "its days are over, or the two have parted"),
        Move("shared", "ready", "revoked, by either, or its maker withdraws their consent"),
        Move("shared", "draft", "likewise, and no part counts"),
        Move("expired", "shared", "a new link is made"),
        Move("expired", "ready", "revoked, by either"),
        Move("expired", "draft", "revoked, and no part counts"),
    ),
)

INVITATION: Final = LifeCycle(
    name="An invitation",
    kind=None,
    says="A code alone pairs nobody: both see the same three words, and both confirm.",
    moves=(
        Move(NOTHING, "open", "invited"),
        Move("open", "redeemed", "its code is used, once"),
        Move("open", "void", "24 hours pass, or the inviter cancels"),
        Move("redeemed", "confirmed_by_one", "either confirms"),
        Move("redeemed", "void", "24 hours pass, or either steps back"),
        Move("confirmed_by_one", "paired", "the other confirms"),
        Move("confirmed_by_one", "void", "24 hours pass, or either steps back"),
    ),
)

LIFE_CYCLES: Final = (WINDOW, NOTE, GOAL, OWN_GOAL, REQUEST, PAUSE, SUMMARY, INVITATION)
