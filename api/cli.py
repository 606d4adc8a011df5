"""The command `haven`: read the settings, do one thing, end with an exit code that says how it went."""

import argparse
import sys
from datetime import date
from typing import Final, NoReturn
from uuid import UUID

from api.console import EXIT_INTERRUPTED

RESOURCES: Final = "resources"

_EPILOG = """\
Settings come from the environment; `haven check` lists them with their present values.

exit codes:
  0   done, or stopped as asked
  1   failed, or `resources check` or `push test` found something wrong; the reason is on standard error
  2   the command line was not understood
  3   `migrate --check`: migrations are missing
  78  the settings do not fit; every fault is on standard error
  130 interrupted by Ctrl-C before it was done, or by a second one
"""


def main() -> NoReturn:
    """Run the command line of this process."""
    try:
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before `commands` was there to hear it
        code = EXIT_INTERRUPTED
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run `arguments` and return the exit code."""
    chosen = _parser().parse_args(arguments)
    if chosen.command == RESOURCES:
        # It needs no settings and no database: whoever keeps the file needs neither.
        from api import resources_cli  # noqa: PLC0415 - not for `haven --help` either

        return resources_cli.run(chosen)
    from api import commands  # noqa: PLC0415 - takes long, and `haven --help` answers at once

    return commands.run(chosen)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="haven",
        description="The backend of an app for two partners: offline edits reconciled, private words kept private.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, words: str, more: str = "") -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}. {more}")
        added.add_argument("--json", action="store_true", help="answer in JSON, for programs")
        added.set_defaults(command=name)
        return added

    add(
        "serve",
        "answer requests until SIGTERM or Ctrl-C",
        "In development it also migrates, runs the worker, and starts an embedded PostgreSQL unless DATABASE_URL"
        " is set. A first signal finishes what is in hand; a second one ends at once.",
    )
    add(
        "worker",
        "do what is due, again and again, until SIGTERM or Ctrl-C",
        "Any number may run at once.",
    )
    migrating = add(
        "migrate",
        "bring the database to the newest schema",
        "Any number may start at once; each file is applied once. Run it before a new release is rolled out.",
    )
    migrating.add_argument("--check", action="store_true", help="only list what is missing; exit 3 if any is")
    add("check", "read the settings and show them, secrets masked", "It does not touch the network.")
    add(
        "deletions",
        "say how many accounts are being deleted, and how far that is",
        "Numbers only. The worker does the work.",
    )
    epoch = commands.add_parser(
        "epoch",
        help="begin a new life of the store after a restore",
        description="After the database went back in time, devices must take full copies and send again what it lost.",
    )
    acts = epoch.add_subparsers(title="commands", metavar="COMMAND", required=True)
    bump = acts.add_parser("bump", help="change the epoch of the store, or of one space")
    bump.add_argument("--space", type=_uuid, metavar="ID", help="only this space; without it, all of them")
    bump.add_argument("--json", action="store_true", help="answer in JSON, for programs")
    bump.set_defaults(command="bump_epoch")
    _add_push(commands)
    _add_resources(commands)
    return parser


def _add_push(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    push = commands.add_parser("push", help="see whether phones can be reached", description="How prompts leave Haven.")
    acts = push.add_subparsers(title="commands", metavar="COMMAND", required=True)
    test = acts.add_parser(
        "test",
        help="ask FCM whether it would take what Haven sends; nothing is delivered",
        description=_ABOUT_PUSH_TEST,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    test.add_argument("--dry-run", action="store_true", required=True, help="deliver nothing; there is no other way")
    test.add_argument("--person", type=_person, metavar="ID", help="ask about each device of this person, too")
    test.add_argument("--json", action="store_true", help="answer in JSON, for programs")
    test.set_defaults(command="push_test")


_ABOUT_PUSH_TEST = """\
Ask Firebase Cloud Messaging whether it would take the one message that Haven sends, in the form for each
platform. That tries the credential, the project and the way to FCM, and needs no phone.

With --person it also asks about each device that a prompt to this person would be sent to. It shows when a
device was registered last, never what FCM calls it, and forgets none.

--dry-run has to be written, so that whoever types it knows: nobody gets a prompt by hand, which would be
outside of their quiet hours and of what they asked for.

It works also where HAVEN_FCM is log. Whether Apple takes the key that the project holds, FCM finds out
with a real message only.

exit codes:
  0   FCM would take all that Haven sends, whatever became of a device
  1   it would not, or there is no such account; the table says why
  78  HAVEN_FIREBASE_PROJECT is missing, or there is no credential
"""


def _add_resources(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    resources = commands.add_parser(
        RESOURCES,
        help="keep the file of professional help, which everyone is shown alike",
        description=_ABOUT_RESOURCES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    resources.set_defaults(command=RESOURCES)
    acts = resources.add_subparsers(title="commands", metavar="COMMAND", required=True, dest="act")

    def add(name: str, words: str, more: str) -> argparse.ArgumentParser:
        added = acts.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}. {more}")
        added.add_argument("--json", action="store_true", help="answer in JSON, for programs")
        return added

    def add_day(to: argparse.ArgumentParser) -> None:
        to.add_argument(
            "--as-of", type=_day, metavar="DATE", help="as it is, or will be, on this day; today (UTC) without it"
        )

    add_day(add("list", "show every entry with its state, and why some are not served", "It changes nothing."))
    add_day(
        add(
            "check",
            "say what is wrong with the file, and what lapses within 30 days",
            "Exit 1 when something is wrong, as when an entry lacks its source; what lapses is a warning, and exit 0.",
        )
    )
    verify = add(
        "verify",
        "note that you read an entry's contacts at the operator's own page",
        "It writes the day into domain/resources.json, which is then yours to commit. Do it only for what you have"
        " read there yourself, every number and address of the entry; where one has changed, change the file first.",
    )
    verify.add_argument("id", metavar="ID", help="the entry, as `haven resources list` names it")
    verify.add_argument("--on", type=_day, metavar="DATE", required=True, help="the day on which you read it")


_ABOUT_RESOURCES = """\
Keep domain/resources.json, the catalogue of professional help that GET /v1/resources answers.

An entry is served in one of two states:
  verified   somebody read it at the operator's own page, at most 180 days ago
  published  a public document of the last 60 months supports it
Everything else is a candidate: it stays in the file and is not served. docs/resources.md says how an
entry comes in, and why.
"""


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a day, written like 2026-11-27") from None


def _uuid(text: str) -> UUID:
    return _id(text, "a space")


def _person(text: str) -> UUID:
    return _id(text, "an account")


def _id(text: str, of: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be the id of {of}") from None
