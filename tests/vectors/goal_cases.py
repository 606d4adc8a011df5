"""How a goal stands, rule by rule: terms and acts, and what follows from them, worked out by hand."""

from typing import Any, Final

from msgspec import Struct

from tests.vectors.merging import ANA, BEN

TODAY: Final = "2026-03-02"
"""For whoever does the last act."""
T1, T2, T3, T4, T5 = (f"d{nth}000000-0000-4000-8000-000000000001" for nth in range(1, 6))
UNKNOWN: Final = "df000000-0000-4000-8000-000000000001"


class Terms(Struct, frozen=True, tag_field="kind", tag="goal_terms"):
    """What one of the two proposed. `order` is None while the server has not stored it."""

    id: str
    author: str
    order: int | None
    based_on: str | None = None


class Act(Struct, frozen=True, tag_field="kind", tag="goal_act"):
    """What one of the two did."""

    id: str
    author: str
    order: int | None
    terms: str
    act: str


class View(Struct, frozen=True, kw_only=True):
    """How the goal stands then."""

    state: str | None
    terms_in_force: str | None = None
    open_terms: list[str] = []
    stale: list[str] = []
    past: list[str] = []
    done_by: list[str] = []
    resting_by: list[str] = []


class Server(Struct, frozen=True, kw_only=True):
    """What only a server has to know: the day, who has to look again at what, and how it would refuse new terms."""

    achieved_on: str | None = None
    look_again: list[tuple[str, str]] = []
    new_terms: str | None = None


class Case(Struct, frozen=True, kw_only=True):
    """Terms and acts of one goal, in the order in which they were made."""

    rule: str
    name: str
    says: str
    records: tuple[Terms | Act, ...]
    gives: View
    server: Server = Server()
    form: str = "goal"
    achieved_on: str | None = None
    """The day that is stored already."""


def terms(identity: str, author: str, order: int | None, based_on: str | None = None) -> Terms:
    return Terms(identity, author, order, based_on)


def act(author: str, name: str, about: str, order: int | None, nth: int = 0) -> Act:
    return Act(named(order or nth), author, order, about, name)


def named(nth: int) -> str:
    """The id of an act, by its order; of one that has none by a number of its own."""
    return f"e{nth:07}-0000-4000-8000-000000000001"


AGREED: Final = (terms(T1, ANA, 1), act(BEN, "accept", T1, 2))
AMENDED: Final = (*AGREED, terms(T2, ANA, 3, T1), act(BEN, "accept", T2, 4))
ACHIEVED: Final = (*AGREED, act(BEN, "mark_done", T1, 3), act(ANA, "mark_done", T1, 4))
BOTH: Final = [ANA, BEN]

OPENS: Final = "open, with their author's yes, and stale at once where the goal has ended"
ONE_WORD: Final = "the last of these is this person's word about them"
IN_FORCE: Final = "When the words of both are yes, they are in force"
TOO_LATE: Final = "another act, once the goal has ended or where its terms are stale or past (G5) | changes nothing"
A_NO: Final = "the same about the terms in force (G6) | changes nothing"
MARKS: Final = "about the terms in force: this person has marked. When both have, the goal is achieved, which ends it"
NO_MARKS: Final = "About other terms, and in an `agreement`: changes nothing"
RESTS: Final = "this person rests the goal, whatever terms come after"
LETS_GO: Final = "ends the goal, whatever it names and whatever came before"
FIRST: Final = "The `state` is the first of these that holds (G10)"
BEHIND: Final = "its place is the greater of its own `order` and that of its terms"

CASES: Final = (
    Case(
        rule="G1",
        name="terms open with their author's yes",
        says=OPENS,
        records=(terms(T1, ANA, 1),),
        gives=View(state="proposed", open_terms=[T1]),
    ),
    Case(
        rule="G1",
        name="terms that amend what is in force no longer are stale",
        says="or where `based_on` is not what is in force",
        records=(*AMENDED, terms(T3, BEN, 5, T1)),
        gives=View(state="active", terms_in_force=T2, past=[T1], stale=[T3]),
        server=Server(look_again=[(BEN, T3)]),
    ),
    Case(
        rule="G1",
        name="terms that amend nothing while something is in force are stale",
        says="or where `based_on` is not what is in force",
        records=(*AGREED, terms(T2, BEN, 3)),
        gives=View(state="active", terms_in_force=T1, stale=[T2]),
        server=Server(look_again=[(BEN, T2)]),
    ),
    Case(
        rule="G1",
        name="terms that amend what nobody knows are stale and the goal is not shown",
        says="no terms are open | null",
        records=(terms(T1, ANA, 1, UNKNOWN),),
        gives=View(state=None, stale=[T1]),
        server=Server(look_again=[(ANA, T1)]),
    ),
    Case(
        rule="G2",
        name="the last word of a person counts",
        says=ONE_WORD,
        records=(terms(T1, ANA, 1), act(BEN, "decline", T1, 2), act(BEN, "accept", T1, 3)),
        gives=View(state="active", terms_in_force=T1),
    ),
    Case(
        rule="G2",
        name="the author's own decline withdraws",
        says=ONE_WORD,
        records=(terms(T1, ANA, 1), act(ANA, "decline", T1, 2), act(BEN, "accept", T1, 3)),
        gives=View(state="declined", open_terms=[T1]),
    ),
    Case(
        rule="G2",
        name="a yes twice is one yes",
        says=ONE_WORD,
        records=(terms(T1, ANA, 1), act(ANA, "accept", T1, 2), act(ANA, "accept", T1, 3)),
        gives=View(state="proposed", open_terms=[T1]),
    ),
    Case(
        rule="G3",
        name="new terms in force take the place of the earlier ones and of all other open ones",
        says=IN_FORCE,
        records=(*AGREED, terms(T2, ANA, 3, T1), terms(T3, ANA, 4, T1), act(BEN, "accept", T3, 5)),
        gives=View(state="active", terms_in_force=T3, past=[T1], stale=[T2]),
    ),
    Case(
        rule="G4",
        name="of crosswise acceptances the first completes",
        says="all other open terms become stale",
        records=(
            *AGREED,
            terms(T2, ANA, 3, T1),
            terms(T3, BEN, 4, T1),
            act(BEN, "accept", T2, 5),
            act(ANA, "accept", T3, 6),
        ),
        gives=View(state="active", terms_in_force=T2, past=[T1], stale=[T3]),
        server=Server(look_again=[(ANA, named(6)), (BEN, T3)]),
    ),
    Case(
        rule="G4",
        name="what was passed over can be proposed anew",
        says="or where `based_on` is not what is in force",
        records=(*AMENDED, terms(T3, BEN, 5, T1), terms(T4, BEN, 6, T2), act(ANA, "accept", T4, 7)),
        gives=View(state="active", terms_in_force=T4, past=[T1, T2], stale=[T3]),
        server=Server(look_again=[(BEN, T3)]),
    ),
    Case(
        rule="G5",
        name="an act about past terms changes nothing",
        says=TOO_LATE,
        records=(*AMENDED, act(BEN, "rest", T1, 5)),
        gives=View(state="active", terms_in_force=T2, past=[T1]),
        server=Server(look_again=[(BEN, named(5))]),
    ),
    Case(
        rule="G5",
        name="what is achieved is not taken back",
        says=TOO_LATE,
        records=(*ACHIEVED, act(ANA, "resume", T1, 5)),
        gives=View(state="achieved", terms_in_force=T1, done_by=BOTH),
        server=Server(achieved_on=TODAY, look_again=[(ANA, named(5))], new_terms="goal_ended"),
    ),
    Case(
        rule="G5",
        name="terms after an ending never open",
        says=OPENS,
        records=(
            *AGREED,
            act(BEN, "let_go", T1, 3),
            terms(T2, ANA, 4, T1),
            act(BEN, "accept", T2, 5),
        ),
        gives=View(state="let_go", terms_in_force=T1, stale=[T2]),
        server=Server(look_again=[(ANA, T2), (BEN, named(5))], new_terms="goal_ended"),
    ),
    Case(
        rule="G6",
        name="an open amendment changes nothing",
        says=IN_FORCE,
        records=(*AGREED, terms(T2, ANA, 3, T1)),
        gives=View(state="active", terms_in_force=T1, open_terms=[T2]),
    ),
    Case(
        rule="G6",
        name="an amendment that was declined leaves what is in force",
        says=ONE_WORD,
        records=(*AGREED, terms(T2, ANA, 3, T1), act(BEN, "decline", T2, 4)),
        gives=View(state="active", terms_in_force=T1, open_terms=[T2]),
    ),
    Case(
        rule="G6",
        name="a no to what both agreed on changes nothing",
        says=A_NO,
        records=(*AGREED, act(BEN, "decline", T1, 3)),
        gives=View(state="active", terms_in_force=T1),
        server=Server(look_again=[(BEN, named(3))]),
    ),
    Case(
        rule="G6",
        name="a second yes to what both agreed on is no news",
        says=A_NO,
        records=(*AGREED, act(ANA, "accept", T1, 3)),
        gives=View(state="active", terms_in_force=T1),
    ),
    Case(
        rule="G7",
        name="one mark does not achieve it, also when it is made twice",
        says=MARKS,
        records=(*AGREED, act(BEN, "mark_done", T1, 3), act(BEN, "mark_done", T1, 4)),
        gives=View(state="active", terms_in_force=T1, done_by=[BEN]),
    ),
    Case(
        rule="G7",
        name="the marks of both achieve it",
        says=MARKS,
        records=(*AGREED, terms(T2, ANA, 3, T1), act(BEN, "mark_done", T1, 4), act(ANA, "mark_done", T1, 5)),
        gives=View(state="achieved", terms_in_force=T1, stale=[T2], done_by=BOTH),
        server=Server(achieved_on=TODAY, new_terms="goal_ended"),
    ),
    Case(
        rule="G7",
        name="a resume takes back the same person's mark alone",
        says="this person rests it no longer, and their own mark is taken back",
        records=(*AGREED, act(BEN, "mark_done", T1, 3), act(ANA, "resume", T1, 4)),
        gives=View(state="active", terms_in_force=T1, done_by=[BEN]),
    ),
    Case(
        rule="G7",
        name="a mark that was taken back is not there when the other marks",
        says="this person rests it no longer, and their own mark is taken back",
        records=(*AGREED, act(BEN, "mark_done", T1, 3), act(BEN, "resume", T1, 4), act(ANA, "mark_done", T1, 5)),
        gives=View(state="active", terms_in_force=T1, done_by=[ANA]),
    ),
    Case(
        rule="G7",
        name="new terms in force void the marks",
        says="marks are void",
        records=(*AGREED, act(BEN, "mark_done", T1, 3), terms(T2, ANA, 4, T1), act(BEN, "accept", T2, 5)),
        gives=View(state="active", terms_in_force=T2, past=[T1]),
    ),
    Case(
        rule="G7",
        name="a mark on terms that are not in force yet counts for nothing",
        says=NO_MARKS,
        records=(terms(T1, ANA, 1), act(ANA, "mark_done", T1, 2), act(BEN, "accept", T1, 3)),
        gives=View(state="active", terms_in_force=T1),
        server=Server(look_again=[(ANA, named(2))]),
    ),
    Case(
        rule="G7",
        name="an agreement has no marks",
        says=NO_MARKS,
        form="agreement",
        records=ACHIEVED,
        gives=View(state="active", terms_in_force=T1),
    ),
    Case(
        rule="G8",
        name="the goal rests while anyone rests it",
        says=RESTS,
        records=(*AGREED, act(ANA, "rest", T1, 3), act(BEN, "rest", T1, 4), act(BEN, "resume", T1, 5)),
        gives=View(state="resting", terms_in_force=T1, resting_by=[ANA]),
    ),
    Case(
        rule="G8",
        name="it goes on when the last one resumes",
        says="this person rests it no longer, and their own mark is taken back",
        records=(*AGREED, act(ANA, "rest", T1, 3), act(ANA, "resume", T1, 4)),
        gives=View(state="active", terms_in_force=T1),
    ),
    Case(
        rule="G8",
        name="a rest outlives new terms",
        says=RESTS,
        records=(*AGREED, act(ANA, "rest", T1, 3), terms(T2, ANA, 4, T1), act(BEN, "accept", T2, 5)),
        gives=View(state="resting", terms_in_force=T2, past=[T1], resting_by=[ANA]),
    ),
    Case(
        rule="G9",
        name="one lets go and it has ended, whatever is named",
        says=LETS_GO,
        records=(*AGREED, terms(T2, ANA, 3, T1), act(BEN, "let_go", UNKNOWN, 4)),
        gives=View(state="let_go", terms_in_force=T1, stale=[T2]),
        server=Server(new_terms="goal_ended"),
    ),
    Case(
        rule="G9",
        name="the day on which it was achieved stays",
        says=LETS_GO,
        achieved_on="2026-02-01",
        records=(*ACHIEVED, act(ANA, "let_go", T1, 5)),
        gives=View(state="let_go", terms_in_force=T1, done_by=BOTH),
        server=Server(achieved_on="2026-02-01", new_terms="goal_ended"),
    ),
    Case(
        rule="G9",
        name="letting go waits for no terms",
        says="`let_go` counts whatever it names",
        records=(act(BEN, "let_go", T1, 1), terms(T1, ANA, 2)),
        gives=View(state="let_go", stale=[T1]),
        server=Server(look_again=[(ANA, T1)], new_terms="goal_ended"),
    ),
    Case(
        rule="G10",
        name="it is proposed while one proposal has no no",
        says="some open terms have nobody's no | `proposed`",
        records=(terms(T1, ANA, 1), terms(T2, BEN, 2), act(BEN, "not_now", T1, 3)),
        gives=View(state="proposed", open_terms=[T1, T2]),
    ),
    Case(
        rule="G10",
        name="of several noes the newest tells",
        says="the newest no that still stands about open terms",
        records=(
            terms(T1, ANA, 1),
            terms(T2, BEN, 2),
            act(BEN, "decline", T1, 3),
            act(ANA, "not_now", T2, 4),
            act(BEN, "decline", T1, 5),
        ),
        gives=View(state="declined", open_terms=[T1, T2]),
    ),
    Case(
        rule="G10",
        name="a no that was taken back is not the newest",
        says="the newest no that still stands about open terms",
        records=(
            terms(T1, ANA, 1),
            act(BEN, "decline", T1, 2),
            act(ANA, "not_now", T1, 3),
            act(ANA, "accept", T1, 4),
        ),
        gives=View(state="declined", open_terms=[T1]),
    ),
    Case(
        rule="G10",
        name="a rest shows only once terms are in force",
        says=FIRST,
        records=(terms(T1, ANA, 1), act(ANA, "rest", T1, 2)),
        gives=View(state="proposed", open_terms=[T1], resting_by=[ANA]),
    ),
    Case(
        rule="G10",
        name="a goal without terms has no state",
        says="no terms are open | null",
        records=(),
        gives=View(state=None),
    ),
    Case(
        rule="G11",
        name="what was put off is seen as put off, and something else can be proposed",
        says="the newest no that still stands about open terms",
        records=(terms(T1, ANA, 1), act(BEN, "not_now", T1, 2)),
        gives=View(state="not_now", open_terms=[T1]),
    ),
    Case(
        rule="G12",
        name="five proposals are open and there is no room for a sixth",
        says="`too_many` while five are open (G12)",
        records=(terms(T3, ANA, 1), terms(T1, BEN, 2), terms(T5, ANA, 3), terms(T2, BEN, 4), terms(T4, ANA, 5)),
        gives=View(state="proposed", open_terms=[T3, T1, T5, T2, T4]),
        server=Server(new_terms="too_many"),
    ),
    Case(
        rule="order",
        name="an act that came before its terms stands right behind them",
        says=BEHIND,
        records=(
            terms(T1, ANA, 1),
            act(BEN, "accept", T2, 2),
            act(BEN, "accept", T1, 3),
            terms(T2, ANA, 4, T1),
        ),
        gives=View(state="active", terms_in_force=T2, past=[T1]),
    ),
    Case(
        rule="order",
        name="of acts that came before their terms the earlier one counts first",
        says=BEHIND,
        records=(act(BEN, "accept", T1, 1), act(BEN, "mark_done", T1, 2), terms(T1, ANA, 3)),
        gives=View(state="active", terms_in_force=T1, done_by=[BEN]),
    ),
    Case(
        rule="order",
        name="an act about terms that are not here counts for nothing yet",
        says="An act counts once its terms are here",
        records=(*AGREED, act(BEN, "rest", UNKNOWN, 3)),
        gives=View(state="active", terms_in_force=T1),
    ),
    Case(
        rule="order",
        name="an act that a newer app knows counts for nothing",
        says="an act of another name than those below counts for nothing",
        records=(*AGREED, act(BEN, "celebrate", T1, 3)),
        gives=View(state="active", terms_in_force=T1),
    ),
    Case(
        rule="order",
        name="an act that waits comes after all that is stored",
        says="what has none yet comes behind, in the order in which it was made",
        records=(act(BEN, "accept", T1, None, 1), terms(T1, ANA, 7)),
        gives=View(state="active", terms_in_force=T1),
    ),
    Case(
        rule="order",
        name="of what waits the first made counts first",
        says="what has none yet comes behind, in the order in which it was made",
        records=(
            *AGREED,
            act(BEN, "mark_done", T1, None, 9),
            act(BEN, "resume", T1, None, 8),
            terms(T2, BEN, None, T1),
            act(BEN, "decline", T2, None, 7),
            act(BEN, "accept", T2, None, 6),
        ),
        gives=View(state="active", terms_in_force=T1, open_terms=[T2]),
    ),
)


def told(case: Case) -> dict[str, Any]:
    """A case as it stands in the file."""
    return {
        "rule": case.rule,
        "name": case.name,
        "says": case.says,
        "members": BOTH,
        "form": case.form,
        "records": case.records,
        "gives": case.gives,
        "for_a_server": {
            "today": TODAY,
            "achieved_on_before": case.achieved_on,
            "achieved_on": case.server.achieved_on,
            "look_again": [{"for": person, "about": about} for person, about in case.server.look_again],
            "new_terms": case.server.new_terms,
        },
    }
