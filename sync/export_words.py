"""The words in which an export tells what it holds: for each kind its heading, for each field its label and values.

One table, so that a kind that is new needs a row here and nothing else. What has no row yet is told all the same, under
its own name: nothing that a person wrote depends on this file.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class FieldWords(Struct, frozen=True):
    """How a field is told: after its label, or without one; a choice by its phrase."""

    label: str = ""
    values: Mapping[str, str] = {}
    instead: str = ""
    """A sentence in place of the value, where the value is nothing to read."""
    scale: bool = False
    """Whether a number is told with the ends of its scale."""
    told: bool = True
    """Whether it is told at all: what only holds records together is shown by where they stand."""


class KindWords(Struct, frozen=True, kw_only=True):
    """How a kind is told. In `mine` and `theirs`, `{other}` is the other person's name."""

    heading: str
    """Over several of them."""
    one: str
    """What one of them is."""
    mine: str = ""
    theirs: str = ""
    """What stands over one, by who wrote it; nothing where that goes without saying."""
    headed_by: str = ""
    """The field whose value stands over one."""
    fields: Mapping[str, FieldWords]


def _said(label: str = "") -> FieldWords:
    return FieldWords(label)


def _scaled(label: str) -> FieldWords:
    return FieldWords(label, scale=True)


def _one_of(label: str, **values: str) -> FieldWords:
    return FieldWords(label, values)


_HELD_TOGETHER: Final = FieldWords(told=False)
"""An id of another record, or the server's own mark."""

_TOPIC: Final = _one_of(
    "About", us="us", me="me", work="work", family="family", health="health", money="money", other="something else"
)
_LET_THEM_KNOW: Final = FieldWords(instead="They were to be told of it.")
_AUDIENCE: Final = FieldWords("To be seen by", {"only_me": "only you"})
_ANSWERS: Final = {
    "heard_you": "I heard you",
    "thank_you_for_telling_me": "Thank you for telling me",
    "here_with_you": "I am here with you",
    "celebrating_with_you": "Celebrating with you",
    "tell_me_more": "Tell me more",
    "can_we_talk_at": "Can we talk then?",
    "need_a_little_time": "I need a little time",
    "yes_at": "Yes, then",
    "not_able_now": "I am not able to now",
    "thank_you": "Thank you",
    "yes_please": "Yes, please",
    "not_this_time": "Not this time",
    "accepted": "Accepted",
    "not_ready_yet": "Not ready yet",
    "cheering_you_on": "Cheering you on",
}

KIND_WORDS: Final[Mapping[str, KindWords]] = {
    "note": KindWords(
        heading="Notes",
        one="A note",
        mine="To {other}",
        theirs="From {other}",
        fields={
            "given_on": _said(),
            "for_what": _said(),
            "about_you": _said("About you"),
            "text": _said(),
            "found": FieldWords(instead="Left to be found."),
            "proof": _HELD_TOGETHER,
        },
    ),
    "note_draft": KindWords(
        heading="Notes that you have not given",
        one="A note that was not given",
        fields={
            "for_couple": _HELD_TOGETHER,
            "for_what": _said(),
            "about_you": _said("About you"),
            "text": _said(),
            "delivery": _one_of(
                "To be given", now="as soon as it is sent", at="on a day", when_opened="to be found when opened"
            ),
            "on": _said("On"),
            "at": _said("At"),
            "send": FieldWords(instead="Sent on its way."),
            "state": _one_of("Now", draft="a draft", queued="waiting for its day", given="given"),
        },
    ),
    "response": KindWords(
        heading="Answers",
        one="An answer",
        mine="You answered",
        theirs="{other} answered",
        fields={
            "to": _HELD_TOGETHER,
            "form": FieldWords("", _ANSWERS),
            "on": _said("On"),
            "at": _said("At"),
            "text": _said(),
            "proof": _HELD_TOGETHER,
        },
    ),
    "repair": KindWords(
        heading="Making up",
        one="A first step after a quarrel",
        mine="To {other}",
        theirs="From {other}",
        fields={
            "form": _one_of(
                "",
                sorry_for_my_part="I am sorry for my part",
                start_again="Can we start again?",
                i_see_your_side="I see your side",
                thank_you_for_staying="Thank you for staying",
                lightness="A little lightness",
            ),
            "i_feel": _said("I feel"),
            "about": _said("About"),
            "i_need": _said("I need"),
            "text": _said(),
            "proof": _HELD_TOGETHER,
        },
    ),
    "support_request": KindWords(
        heading="When you asked for support",
        one="A request for support",
        mine="You asked",
        fields={
            "form": _one_of(
                "For",
                listen="somebody who listens",
                encourage="encouragement",
                practical="practical help",
                company="company",
                reassurance="reassurance",
                space_from_topic="space from a topic",
            ),
            "text": _said(),
            "when": _one_of("When", no_hurry="no hurry", this_week="this week", today="today", now="now"),
            "state": _one_of("", open="Open", answered="Answered", lapsed="Passed by"),
            "lapses_at": _HELD_TOGETHER,
        },
    ),
    "support_offer": KindWords(
        heading="Support that was offered",
        one="An offer of support",
        mine="You offered",
        theirs="{other} offered",
        fields={
            "to": _HELD_TOGETHER,
            "text": _said(),
            "no_answer_needed": FieldWords(instead="No answer needed."),
            "proof": _HELD_TOGETHER,
        },
    ),
    "goal": KindWords(
        heading="Goals",
        one="A goal",
        fields={
            "form": _one_of("What it is", goal="a goal", agreement="an agreement"),
            "state": _one_of(
                "",
                proposed="Proposed",
                not_now="Put off for now",
                declined="Not this one",
                active="Agreed by both",
                resting="Resting",
                achieved="Achieved",
                let_go="Let go",
            ),
            "achieved_on": _said("Achieved on"),
            "topic": _TOPIC,
            "notes": _said("Your notes together"),
            "resting_by": _said("Resting, as wished by"),
            "done_by": _said("Done, in the eyes of"),
            "terms_in_force": _HELD_TOGETHER,
            "open_terms": _HELD_TOGETHER,
            "proof": _HELD_TOGETHER,
        },
    ),
    "goal_terms": KindWords(
        heading="What was proposed",
        one="A proposal",
        mine="You proposed",
        theirs="{other} proposed",
        fields={
            "title": _said(),
            "why": _said("Why"),
            "done_when": _said("Done when"),
            "hoped_for": _said("Hoped for"),
            "look_again_on": _said("To be looked at again on"),
            "goal": _HELD_TOGETHER,
            "based_on": _HELD_TOGETHER,
            "order": _HELD_TOGETHER,
            "proof": _HELD_TOGETHER,
        },
    ),
    "goal_act": KindWords(
        heading="What was said about it",
        one="A word about a proposal",
        mine="You",
        theirs="{other}",
        fields={
            "act": _one_of(
                "",
                accept="said yes",
                decline="said no to this one",
                not_now="said not now",
                mark_done="felt that this is done",
                rest="let it rest",
                resume="took it up again",
                let_go="let it go",
            ),
            "goal": _HELD_TOGETHER,
            "terms": _HELD_TOGETHER,
            "order": _HELD_TOGETHER,
            "proof": _HELD_TOGETHER,
        },
    ),
    "step": KindWords(
        heading="Steps",
        one="A step",
        fields={
            "title": _said(),
            "done": FieldWords(instead="Done."),
            "taken_by": _said("Taken by"),
            "goal": _HELD_TOGETHER,
            "proof": _HELD_TOGETHER,
        },
    ),
    "progress": KindWords(
        heading="Along the way",
        one="A moment along the way",
        mine="You",
        theirs="{other}",
        fields={
            "on": _said(),
            "note": _said(),
            "amount": _said("How much"),
            "unit": _said("Counted in"),
            "goal": _HELD_TOGETHER,
            "proof": _HELD_TOGETHER,
        },
    ),
    "pause": KindWords(
        heading="Pauses",
        one="A pause",
        mine="You asked for a pause",
        theirs="{other} asked for a pause",
        fields={
            "started_at": _said("From"),
            "return_at": _said("Back at"),
            "minutes": _said("Minutes"),
            "resumed_by": _said("Came back to it"),
            "set_aside": FieldWords(instead="Set aside."),
            "proof": _HELD_TOGETHER,
        },
    ),
    "counsel_summary": KindWords(
        heading="For a counsellor",
        one="A summary for a counsellor",
        fields={
            "for_whom": _said("For"),
            "from": _said("From"),
            "to": _said("To"),
            "state": _one_of("", draft="A draft", ready="Ready", shared="Shown by a link", expired="No longer shown"),
            "link_until": _said("Its link opens until"),
            "proof": _HELD_TOGETHER,
        },
    ),
    "counsel_part": KindWords(
        heading="Its parts",
        one="A part of a summary",
        mine="By you",
        theirs="By {other}",
        headed_by="section",
        fields={
            "section": _one_of(
                "",
                looking_back="Looking back",
                what_works="What works",
                what_is_hard="What is hard",
                hopes="Hopes",
                agreements="Agreements",
            ),
            "text": _said(),
            "approvals": _said("Approved by"),
            "summary": _HELD_TOGETHER,
            "proof": _HELD_TOGETHER,
        },
    ),
    "check_in": KindWords(
        heading="Check-ins",
        one="A check-in",
        fields={
            "local_date": _said(),
            "text": _said(),
            "valence": _scaled("How pleasant it felt"),
            "arousal": _scaled("How much energy there was"),
            "felt_respected": _scaled("Felt respected"),
            "felt_understood": _scaled("Felt understood"),
            "felt_valued": _scaled("Felt valued"),
            "needs": _one_of(
                "Needed",
                listening="somebody who listens",
                reassurance="reassurance",
                practical_help="practical help",
                time_together="time together",
                time_alone="time alone",
                affection="affection",
                celebration="celebration",
                clarity="clarity",
                rest="rest",
                kindness_to_self="kindness to myself",
                nothing_now="nothing right now",
            ),
            "topic": _TOPIC,
            "response_wanted": _one_of(
                "Hoped for",
                just_listen="just being listened to",
                comfort="comfort",
                celebrate_with_me="celebrating together",
                help_me_think="help with thinking",
                practical_help="practical help",
                space="space",
                no_response_needed="no answer needed",
            ),
            "audience": _AUDIENCE,
            "shared_parts": _one_of(
                "Parts to be shown", mood="mood", needs="needs", text="text", felt="how you felt treated"
            ),
            "let_them_know": _LET_THEM_KNOW,
        },
    ),
    "reflection": KindWords(
        heading="Reflections",
        one="A reflection",
        fields={
            "trigger": _said("What set it off"),
            "reaction": _said("What I did"),
            "need": _said("What I needed"),
            "other_view": _said("How it may look from the other side"),
            "feelings": _said("Feelings"),
            "intensity": _scaled("How strong"),
            "own_tags": _said("Your own words for it"),
            "sealed": FieldWords(
                instead="Sealed by your own phone, which alone can read it. It is in the JSON file as it is."
            ),
        },
    ),
    "balance_note": KindWords(
        heading="Leaning on each other, standing on your own",
        one="A note on balance",
        fields={
            "month": _said(),
            "lean_on": _scaled("How I lean on the two of us"),
            "own_ground": _scaled("How I stand on my own ground"),
            "line": _said(),
        },
    ),
    "own_goal": KindWords(
        heading="Goals of your own",
        one="A goal of your own",
        headed_by="title",
        fields={
            "title": _said(),
            "ending": _one_of("", none="", achieved="Achieved", let_go="Let go"),
            "resting": FieldWords(instead="Resting."),
            "why": _said("Why"),
            "done_when": _said("Done when"),
            "hoped_for": _said("Hoped for"),
            "latest": _said("How it goes"),
            "topic": _TOPIC,
            "support_wanted": _one_of(
                "Support wished for",
                encouragement="encouragement",
                practical="practical help",
                ask_me_about_it="being asked about it",
                space="space",
                none="none",
            ),
            "audience": _AUDIENCE,
            "shared_parts": _one_of(
                "Parts to be shown",
                why="why",
                done_when="done when",
                hoped_for="hoped for",
                latest="how it goes",
                ending="how it ended",
            ),
            "let_them_know": _LET_THEM_KNOW,
        },
    ),
    "boundary": KindWords(
        heading="Boundaries",
        one="A boundary",
        headed_by="form",
        fields={
            "form": _one_of(
                "",
                space="Space",
                quiet_hours="Quiet hours",
                channel_limit="A limit to how I am reached",
                topic_limit="A topic to leave alone",
                contact_rhythm="A rhythm of contact",
            ),
            "from": _said("From"),
            "until": _said("Until"),
            "windows": _said("At these times"),
            "zone": _said("By the clocks of"),
            "topic": _TOPIC,
            "max_prompts_a_day": _said("Prompts a day, at most"),
            "note_private": _said("For yourself"),
            "message": _said("To be said with it"),
            "audience": _AUDIENCE,
            "visibility": _one_of(
                "What is to be shown",
                silent="nothing",
                effect="its effect",
                effect_and_message="its effect, with what is to be said",
            ),
        },
    ),
    "shelf": KindWords(
        heading="On your shelf",
        one="What a letter is to you",
        fields={
            "about": _HELD_TOGETHER,
            "kept": FieldWords(instead="You keep this on your shelf."),
            "hidden": FieldWords(instead="You would rather not see this."),
            "felt_heard": _scaled("Felt heard"),
            "helped": _scaled("It helped"),
        },
    ),
    "step_date": KindWords(
        heading="When you meant to do a step",
        one="A day for a step",
        fields={"step": _HELD_TOGETHER, "on": _said("On"), "at": _said("At")},
    ),
    "unplaced": KindWords(
        heading="Words that found no place",
        one="Words that found no place",
        fields={
            "on": _said(),
            "meant": _said("Meant as"),
            "words": _said(),
            "code": _said("Why"),
            "about": _HELD_TOGETHER,
        },
    ),
    "notice": KindWords(
        heading="Notices",
        one="A notice",
        fields={
            "on": _said(),
            "code": _one_of(
                "",
                kept_both="You both wrote at the same time, and both texts were kept.",
                other_kept="You both changed this at the same time, and the later change stood.",
                came_back="What you removed had been edited meanwhile, and came back.",
                kept_private="Less was shown than was asked for.",
                look_again="A goal had moved on before your word about it arrived.",
                new_device="Somebody signed in to your account on a new device.",
                exported="Somebody asked for a copy of all that is yours, on one of your devices.",
            ),
            "field": _said("In"),
            "about": _HELD_TOGETHER,
        },
    ),
    "settings": KindWords(
        heading="How you want to be reached",
        one="Settings",
        fields={
            "zone": _said("Your time is that of"),
            "locale": _said("Your language"),
            "country": _said("Your country"),
            "quiet": _said("Quiet hours"),
            "quiet_off": FieldWords(instead="Quiet hours are off."),
            "push_privacy": _one_of(
                "What a prompt may tell", hidden="nothing", discreet="little", descriptive="what it is about"
            ),
            "wake_ups": _said("Your phones are woken in silence to sync"),
            "invite_at": _said("Invitations come at"),
            "day_cap": _said("Prompts a day, at most"),
            "week_cap": _said("Prompts a week, at most"),
            "prompt_check_in_invite": _said("Invitations to check in, a week"),
            "prompt_appreciation_spark": _said("Sparks of appreciation, a week"),
            "prompt_reflection_invite": _said("Invitations to reflect, a week"),
            "prompt_balance_invite": _said("Invitations to look at balance, a week"),
            "prompt_goal_lookback": _said("Looking back on goals, a week"),
            "prompt_own_step": _said("Your own steps"),
            "prompt_letter_arrived": _said("A letter has come"),
            "prompt_request_arrived": _said("A request has come"),
            "prompt_window_opened": _said("Something is shown to you"),
            "prompt_proposal_arrived": _said("Something is proposed"),
            "prompt_goal_achieved": _said("A goal is achieved"),
            "prompt_own_goal_cheer": _said("Cheering on a goal"),
            "prompt_pause_return": _said("A pause ends"),
            "prompt_space_ended": _said("Your space ends"),
            "seldom_check_in_invite": _said("Less of invitations to check in"),
            "seldom_appreciation_spark": _said("Less of sparks of appreciation"),
            "seldom_reflection_invite": _said("Less of invitations to reflect"),
            "seldom_balance_invite": _said("Less of invitations to look at balance"),
            "seldom_goal_lookback": _said("Less of looking back on goals"),
        },
    ),
}
"""By the name of a kind. Copies of what a partner shows have no row: no export holds them."""


def words_of(kind: str) -> KindWords:
    """Return how a kind is told; of one without a row, under its own name."""
    found = KIND_WORDS.get(kind)
    return found or KindWords(heading=plain(kind), one=plain(kind), mine="By you", theirs="By {other}", fields={})


def field_words(kind: str, field: str) -> FieldWords:
    """Return how a field is told; of one without a row, under its own name."""
    found = words_of(kind).fields.get(field)
    return FieldWords(plain(field)) if found is None else found


def plain(name: str) -> str:
    """Return a name from the code as words."""
    return name.replace("_", " ").strip().capitalize()


YOU: Final = "You"
SOMEBODY: Final = "Somebody you were paired with"
"""Stands where a name is not there any more."""
