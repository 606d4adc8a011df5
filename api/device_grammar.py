"""The grammar of `haven-device`: its commands, what each takes, and the help that is printed."""

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from domain import boundaries, repairs, support
from domain.check_ins import TOPICS
from domain.kinds import KINDS
from domain.lookback import DAYS_MAX

_EPILOG: Final = """\
An id may be written as the six characters that `show` prints, or as any unique beginning or end of it.
Every edit is kept in the file at once and needs no network; `sync` sends it.

two phones in two terminals (start the server with: make run):
  haven-device --file ana.db sign-in --server http://127.0.0.1:8000 --name Ana
  haven-device --file ben.db sign-in --server http://127.0.0.1:8000 --name Ben
  haven-device --file ana.db invite                 # prints a code
  haven-device --file ben.db join CODE              # both see the same three words
  haven-device --file ben.db confirm
  haven-device --file ana.db confirm
  haven-device --file ana.db propose "A walk every Sunday" --why "We talk best while walking."
  haven-device --file ana.db sync
  haven-device --file ben.db sync
  haven-device --file ben.db show                   # shows the goal and its id
  haven-device --file ben.db accept ID
  haven-device --file ben.db listen                 # stays, and tells when there is news

exit codes:
  0   done
  1   the server said no, or the file cannot be used; the reason is on standard error
  2   the command line was not understood
  3   the server cannot be reached; everything is kept
  4   the edit breaks a rule; nothing was kept
"""

ACTS: Final[Mapping[str, str]] = {
    "accept": "say yes to what is proposed for a goal",
    "decline": "say no to what is proposed, without a reason",
    "not-now": "put a proposal off",
    "done": "say that you feel a goal is reached, or that a step is done",
    "rest": "let a goal rest for as long as you need",
    "resume": "come back from a pause, or take a resting goal up again",
    "let-go": "let a goal go; it needs nobody else",
}


def parser() -> argparse.ArgumentParser:
    """Return what reads a command line; the name of its command is `command`."""
    made = argparse.ArgumentParser(
        prog="haven-device",
        description="One person's phone, in a file. It works without a network and agrees with the others at `sync`.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = os.environ.get("HAVEN_DEVICE", "device.db")
    made.add_argument(
        "--file", type=Path, default=Path(default), help="the phone (default: $HAVEN_DEVICE, else device.db)"
    )
    made.add_argument("--json", action="store_true", help="answer in JSON, for programs")
    commands = made.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, about: str, example: str = "") -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            help=about,
            description=f"{about[0].upper()}{about[1:]}.",
            epilog=f"example: haven-device --file ana.db {example}" if example else None,
        )
        added.set_defaults(command=name)
        return added

    added = command("sign-in", "sign in on this phone", "sign-in --server http://127.0.0.1:8000 --name Ana")
    added.add_argument("--server", required=True, metavar="URL", help="where Haven is; kept in the file")
    added.add_argument("--name", required=True, help="who you are (a development server believes it)")
    command("me", "say who you are here, and whom you are with")
    command("invite", "make a code to pair with your partner")
    command("join", "use a code", "join ABCD-EFGH").add_argument("code", nargs="+", help="as letters or as words")
    command("confirm", "say yes to a pairing").add_argument("pairing", nargs="?", help="only if several wait")
    command("part", "leave your partner here, at once", "part --yes").add_argument("--yes", action="store_true")
    command("devices", "list the phones that are or were signed in as you")
    added = command("prompts", "tell what was suggested to you, or would be within a week", "prompts --ahead")
    added.add_argument("--ahead", action="store_true", help="what would come within a week, and why no more")
    added = command("revoke", "shut one of your phones out, for good", "revoke 5f0c12 --yes")
    added.add_argument("id")
    added.add_argument("--yes", action="store_true")
    _editing(command)
    _between(command)
    _own(command)
    added = command("show", "show what this phone shows", "show goal")
    added.add_argument("kind", nargs="?", help="one kind only: " + ", ".join(KINDS))
    added.add_argument("--removed", action="store_true", help="what was removed instead")
    _looking_back(command)
    command("sync", "send what waits and fetch what is new")
    added = command("listen", "stay, and sync whenever there is news")
    added.add_argument("--news", type=_count, metavar="N", help="stop after so much news")
    added = command("earlier", "show what a record held before, for 30 days", "earlier 5f0c12")
    added.add_argument("id")
    added.add_argument("--before", type=_count, metavar="VERSION", help="only what is older than this")
    added = command("purge", "destroy your own words in a record, everywhere and for good", "purge 5f0c12 --yes")
    added.add_argument("id")
    added.add_argument("--yes", action="store_true")
    return made


def _editing(command: Callable[..., argparse.ArgumentParser]) -> None:
    added = command("add", "make a record", 'add check_in text="A long day." needs=rest,listening valence=-1')
    added.add_argument("kind", help="what it is, such as check_in, note_draft or step")
    added.add_argument("fields", nargs="*", metavar="field=value")
    added = command("set", "change fields of a record", 'set 5f0c12 title="Book the ferry" taken_by=me')
    added.add_argument("id")
    added.add_argument("fields", nargs="+", metavar="field=value")
    command("remove", "remove a record", "remove 5f0c12").add_argument("id")
    command("bring-back", "undo a removal", "bring-back 5f0c12").add_argument("id")
    added = command("propose", "propose a goal for the two of you", 'propose "A walk every Sunday"')
    added.add_argument("title")
    added.add_argument("--goal", metavar="ID", help="other terms for a goal that you have")
    added.add_argument("--why")
    added.add_argument("--done-when")
    added.add_argument("--topic")
    added.add_argument("--agreement", action="store_true", help="an agreement, which has no end to reach")
    for name, about in ACTS.items():
        added = command(name, about, f"{name} 5f0c12")
        if name == "resume":
            added.add_argument("id", nargs="?", help="a goal; without one: the pause between you")
        else:
            added.add_argument("id")
    added = command("share", "show chosen parts of something private to your partner", "share 5f0c12 mood text")
    added.add_argument("id")
    added.add_argument("parts", nargs="+")
    command("unshare", "take back what you showed", "unshare 5f0c12").add_argument("id")
    added = command("send", "give a note; once given it stays given", "send 5f0c12")
    added.add_argument("id")
    added.add_argument("--yes", action="store_true", help="also one that was written for an earlier partner")
    added = command("pick", "keep one of two texts that stand beside each other", "pick 5f0c12 notes 1")
    added.add_argument("id")
    added.add_argument("field")
    added.add_argument("number", type=int, help="as `show` numbers them; 0 is the one that stands")
    added = command("right", "say that a text joined from two reads well", "right 5f0c12 notes")
    added.add_argument("id")
    added.add_argument("field")


def _between(command: Callable[..., argparse.ArgumentParser]) -> None:
    added = command("pause", "step back from each other for a while; it always has a return", "pause 40")
    added.add_argument("minutes", nargs="?", type=_count, default=60, help="20 to 1440 (default: 60)")
    added.add_argument("--set-aside", action="store_true", help="leave the pause that is, without coming back to it")
    added = command("ask", "ask your partner for support", 'ask listen --when today --text "It was a long day."')
    added.add_argument("form", help="one of: " + ", ".join(support.FORMS))
    added.add_argument("--when", default="no_hurry", help="one of: " + ", ".join(support.WHEN))
    added.add_argument("--text")
    added = command("offer", "offer your partner support", 'offer "I could cook tonight."')
    added.add_argument("text")
    added.add_argument("--about", metavar="ID", help="what it is about, such as a request")
    added.add_argument("--answer", action="store_true", help="say that you would like an answer; none is owed without")
    added = command(
        "repair",
        "make a first step towards each other after a quarrel",
        'repair start-again --i-feel "sad" --about "how loud I was" --i-need "an hour with you"',
    )
    added.add_argument("form", help="one of: " + ", ".join(repairs.FORMS))
    added.add_argument("--i-feel")
    added.add_argument("--about")
    added.add_argument("--i-need")
    added.add_argument("--text")
    added = command(
        "respond",
        "answer what your partner shows, asks, offers or says",
        'respond 5f0c12 heard_you --text "I am here."',
    )
    added.add_argument("id")
    added.add_argument("form", help="such as heard_you; a wrong one is answered with those that fit")
    added.add_argument("--text")
    added.add_argument("--on", metavar="DATE", help="for can_we_talk_at and yes_at")
    added.add_argument("--at", metavar="TIME", help="likewise")


def _own(command: Callable[..., argparse.ArgumentParser]) -> None:
    added = command(
        "boundary",
        "set a boundary: nobody is asked, and nobody is told unless you say so",
        'boundary space --until 18:00 --show --message "I am walking by the river."',
    )
    added.add_argument("form", help="one of: " + ", ".join(boundaries.FORMS))
    added.add_argument("--from", dest="begins", metavar="WHEN", help="from then on (default: at once)")
    added.add_argument(
        "--until",
        metavar="WHEN",
        help='as 18:00 or "2026-12-01 18:00", in the zone of your settings (default: until you `end` it)',
    )
    added.add_argument(
        "--each", action="append", metavar="HOURS", help='as "daily 21:30-08:00" or "mon-fri 09:00-17:00"'
    )
    added.add_argument("--topic", help="for topic_limit, one of: " + ", ".join(TOPICS))
    added.add_argument("--prompts", type=int, metavar="N", help="at most so many prompts a day, 0 to 3")
    added.add_argument("--note", help="for yourself; it is never shown")
    added.add_argument(
        "--show", action="store_true", help="let your partner see that it holds, until when and for what"
    )
    added.add_argument("--message", help="words that are shown with it, where it is shown")
    command("end", "end a boundary, now", "end 5f0c12").add_argument("id")
    added = command(
        "reflect",
        "keep a thought about yourself, for nobody else",
        'reflect --trigger "The door slammed." --feeling tired,short --tag "late nights"',
    )
    added.add_argument("--trigger", help="what set it off")
    added.add_argument("--reaction", help="what you did or felt like doing")
    added.add_argument("--need", help="what you needed")
    added.add_argument("--other-view", help="how it may have been for the other")
    added.add_argument("--feeling", action="append", help="in your own word; several with commas")
    added.add_argument("--tag", action="append", help="your own, to find it by: lookback --tag")
    added.add_argument("--intensity", type=int, metavar="N", help="1 to 5")
    added = command("keep", "keep a letter on your shelf, for when you would like some reassurance", "keep 5f0c12")
    added.add_argument("id")
    instead = added.add_mutually_exclusive_group()
    instead.add_argument("--no-longer", action="store_true", help="take it off your shelf")
    instead.add_argument("--hide", action="store_true", help="put it out of your sight")


def _looking_back(command: Callable[..., argparse.ArgumentParser]) -> None:
    added = command(
        "lookback",
        "look back over your own entries and words; it asks no server, so nobody can tell that you looked",
        "lookback --days 28 --chart march.svg",
    )
    added.add_argument("--days", type=_days, default=28, metavar="N", help="so many days (1 to 366; default: 28)")
    added.add_argument("--until", metavar="DATE", help="up to this day (default: today)")
    instead = added.add_mutually_exclusive_group()
    instead.add_argument("--chart", type=Path, metavar="FILE.svg", help="also draw how those days felt, into a file")
    instead.add_argument("--tag", help="instead: your reflections with this tag")
    instead.add_argument("--shelf", action="store_true", help="instead: the letters that you kept, with their words")
    added.add_argument("--yes", action="store_true", help="replace a chart that is there already")


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= DAYS_MAX:
        raise argparse.ArgumentTypeError(f"must be a number from 1 to {DAYS_MAX}")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError("must be a number from 1")
    return int(text)
