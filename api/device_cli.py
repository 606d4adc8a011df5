"""The command `haven-device`: one person's phone in a file, to be played with in a terminal, network or not."""

import argparse
import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NoReturn
from uuid import UUID

from api import device_words as words
from api.client import AnotherPersonError, Client, OfflineError, Synced, TurnedAwayError
from api.console import EXIT_INTERRUPTED
from api.device_between import ask, come_back, offer, pause, repair, respond
from api.device_grammar import ACTS, parser
from api.device_listing import as_json, short
from api.device_lookback import ChartError, lookback
from api.device_meaning import (
    MisunderstoodError,
    UnfitError,
    couple_to,
    fitting,
    found,
    kind_named,
    listing_of,
    replica_of,
    values_of,
)
from api.device_own import boundary, end, keep, out_of_sight, reflect
from api.device_people import is_stale, people, to_remember
from api.device_prompts import prompts
from api.device_said import WAITS, Said, kept
from api.device_store import DeviceFileError
from domain.ids import CoupleId, PersonId, RecordId
from domain.kind import Ownership, Who
from domain.kinds import KINDS
from domain.policies import Policy
from domain.shapes import ONLY_ME
from sync.replica import EditRefusedError, Replica
from sync.showing import Shown

EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_OFFLINE: Final = 3
EXIT_REFUSED: Final = 4

_ACTS_SAID: Final[Mapping[str, str]] = {
    "accept": "You have said yes.",
    "decline": "You have said no.",
    "not-now": "You have put it off.",
    "done": "You have said that it is reached for you.",
    "rest": "You let it rest.",
    "resume": "You take it up again.",
    "let-go": "You let it go.",
}
_ACT_NAMES: Final = {name: name.replace("-", "_") for name in ACTS} | {"done": "mark_done"}


FAULTS: Final[Mapping[type[Exception], int]] = {
    MisunderstoodError: EXIT_USAGE,
    OfflineError: EXIT_OFFLINE,
    EditRefusedError: EXIT_REFUSED,
    UnfitError: EXIT_REFUSED,
    TurnedAwayError: EXIT_FAILED,
    AnotherPersonError: EXIT_FAILED,
    DeviceFileError: EXIT_FAILED,
    ChartError: EXIT_FAILED,
    sqlite3.Error: EXIT_FAILED,
}


def main() -> NoReturn:
    """Run the command line of this process."""
    try:
        code = run(sys.argv[1:])
    except BrokenPipeError:
        # Whoever reads has read enough; what Python flushes at its end has to go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = EXIT_FAILED
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run `arguments` and return the exit code."""
    chosen = parser().parse_args(arguments)
    try:
        said = asyncio.run(_run(chosen))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except tuple(FAULTS) as fault:
        code = next(code for sort, code in FAULTS.items() if isinstance(fault, sort))
        sentence = str(fault) if not isinstance(fault, sqlite3.Error) else f"{chosen.file} cannot be written ({fault})."
        return _complain(chosen, sentence, code)
    _say(chosen, said)
    return 0


async def _run(chosen: argparse.Namespace) -> Said:
    async with Client(chosen.file, server=getattr(chosen, "server", None)) as client:
        if chosen.command != "sign-in" and client.replica is None:
            raise MisunderstoodError(f"Nobody has signed in on {chosen.file} yet: haven-device sign-in --help")
        return await COMMANDS[chosen.command](client, chosen)


# The person and the couple -------------------------------------------------------------------------------------------


async def sign_in(client: Client, chosen: argparse.Namespace) -> Said:
    """Sign in on this phone."""
    await client.sign_in_for_development(chosen.name.casefold())
    said = await client.begin(chosen.name)
    _remember(client, said)
    await client.sync()
    return Said(
        [f"You are {said['chosen_name']} on this phone. What you keep here is yours alone.", *_with(said)], said
    )


async def me(client: Client, _chosen: argparse.Namespace) -> Said:
    """Say who one is and whom one is with."""
    said = await client.me()
    _remember(client, said)
    if is_stale(replica_of(client), client.store.account):
        await client.sync()  # the other was the second to confirm, or has parted
    lines = [f"You are {said['chosen_name']}.", *_with(said)]
    for pairing in said["pairings"]:
        lines += _pairing(pairing)
    if said["invitation"] is not None:
        lines.append(f"A code of yours can be used until {_clock(said['invitation']['expires_at'])}.")
    return Said(lines, said)


async def invite(client: Client, _chosen: argparse.Namespace) -> Said:
    """Make a code."""
    said = await client.invite()
    return Said(
        [
            f"Your code: {said['code']}",
            f"or in words: {' '.join(said['words'])}",
            f"It works once, until {_clock(said['expires_at'])}. Your partner types: haven-device join CODE",
            "Then `me` shows who it was and three words; `confirm` when theirs are the same.",
        ],
        said,
    )


async def join(client: Client, chosen: argparse.Namespace) -> Said:
    """Use a code."""
    said = await client.redeem(" ".join(chosen.code))
    return Said(_pairing(said), said)


async def confirm(client: Client, chosen: argparse.Namespace) -> Said:
    """Say yes to a pairing."""
    mine = await client.me()
    wanted = chosen.pairing or ""
    pairings = [each for each in mine["pairings"] if each["id"].startswith(wanted)]
    if not mine["pairings"]:
        begin = "" if mine["couple"] else " One of you types `invite`, the other `join` with the code."
        raise MisunderstoodError(f"No pairing waits for you. {' '.join(_with(mine))}{begin}")
    if len(pairings) != 1:
        waiting = "; ".join(f"{each['id']} ({' '.join(each['check_words'])})" for each in mine["pairings"])
        raise MisunderstoodError(f"Name one of the pairings that wait for you: {waiting}.")
    said = await client.confirm(UUID(pairings[0]["id"]))
    if said["couple"] is None:
        return Said(["You have said yes. Once the other has too, you are together; `sync` tells you."], said)
    _remember(client, await client.me())
    await client.sync()
    name = said["couple"]["partner_name"]
    return Said([f"You and {name} are together here. Nothing that you wrote before is shown to {name}."], said)


async def part(client: Client, chosen: argparse.Namespace) -> Said:
    """Leave the couple."""
    couple = (await client.me())["couple"]
    if couple is None:
        return Said(["You are not with anyone here."], {"parted": None})
    if not chosen.yes:
        raise MisunderstoodError(
            f"This ends what you share with {couple['partner_name']}, at once. Add --yes to do it."
        )
    await client.part(UUID(couple["id"]))
    _remember(client, await client.me())
    await client.sync()
    return Said(["You have parted. Letters and what you made together stay readable for each of you."], couple)


async def devices(client: Client, _chosen: argparse.Namespace) -> Said:
    """List one's own phones, this one first."""
    told = sorted(await client.devices(), key=lambda each: not each["this"])
    return Said([f"  [{short(UUID(each['id']))}] {_device(each)}" for each in told], told)


def _device(told: Mapping[str, Any]) -> str:
    said = f"{told['label']}, since {told['made_on']}{', this phone' if told['this'] else ''}"
    return said if told["revoked_on"] is None else f"{said}, shut out on {told['revoked_on']}"


async def revoke(client: Client, chosen: argparse.Namespace) -> Said:
    """Shut a phone out."""
    wanted = chosen.id.lower()
    found = [each for each in await client.devices() if each["id"].startswith(wanted) or each["id"].endswith(wanted)]
    if len(found) != 1:
        many = "More than one of your phones is" if found else "None of your phones is"
        raise MisunderstoodError(f"{many} called {chosen.id!r}; see `devices`.")
    told, proof = found[0], None
    if not chosen.yes:
        raise MisunderstoodError(f"This shuts a phone out for good: {_device(told)}. Add --yes to do it.")
    if not told["this"]:
        subject = client.store.account.get("subject")
        if subject is None:
            raise MisunderstoodError("Sign in on this phone once more first: haven-device sign-in --help")
        proof = await client.vouched_for_development(subject)
    await client.revoke(UUID(told["id"]), proof)
    return Said(["It is shut out, at once and for good. What is on it stays on it; nothing new comes or goes."], told)


# Editing: none of these needs a network ------------------------------------------------------------------------------


async def add(client: Client, chosen: argparse.Namespace) -> Said:
    """Make a record."""
    kind = kind_named(chosen.kind)
    values = values_of(client, kind, chosen.fields)
    if "local_date" in kind.fields:
        values.setdefault("local_date", datetime.now().astimezone().date().isoformat())
    couple = replica_of(client).couple
    if "for_couple" in kind.fields and couple is not None:
        # A note is written with somebody in mind, and must not be given to another later by itself.
        values.setdefault("for_couple", str(couple))
    missing = [name for name in kind.needed if name not in values]
    if missing and kind.creates is not Who.SERVER:
        raise UnfitError(f"A {words.plain(kind.name)} needs {' and '.join(missing)} too. Nothing was kept.")
    return kept(client.edit(kind.name, None, values))


async def set_fields(client: Client, chosen: argparse.Namespace) -> Said:
    """Change fields of a record."""
    shown = found(client, chosen.id)
    return kept(client.edit(shown.kind, shown.id, values_of(client, KINDS[shown.kind], chosen.fields)))


async def remove(client: Client, chosen: argparse.Namespace) -> Said:
    """Remove a record."""
    shown = found(client, chosen.id)
    return kept(client.edit(shown.kind, shown.id, {}, remove=True))


async def bring_back(client: Client, chosen: argparse.Namespace) -> Said:
    """Undo a removal."""
    shown = found(client, chosen.id)
    return kept(client.edit(shown.kind, shown.id, {}, remove=False))


async def propose(client: Client, chosen: argparse.Namespace) -> Said:
    """Propose a goal, or other terms for one."""
    replica = replica_of(client)
    couple_to(replica, "propose it to")
    based_on = None
    terms = {"title": chosen.title, "why": chosen.why, "done_when": chosen.done_when}
    # Both before either is kept: a goal without terms would be shown to nobody.
    terms = fitting(KINDS["goal_terms"], terms)
    about = fitting(KINDS["goal"], {"form": "agreement" if chosen.agreement else "goal", "topic": chosen.topic})
    if chosen.goal is None:
        made = client.edit("goal", None, about)
        assert made is not None, "a new record is always an edit"
        goal = RecordId(made.id)
    else:
        goal = found(client, chosen.goal, "goal").id
        shown = replica.shown(goal)
        based_on = None if shown is None else shown.fields.get("terms_in_force")
    client.edit("goal_terms", None, terms | {"goal": str(goal), "based_on": based_on})
    return Said([f"Proposed, and kept on this phone: {chosen.title}  [{short(goal)}]", WAITS], {"id": str(goal)})


async def act(client: Client, chosen: argparse.Namespace) -> Said:
    """Say something about a goal: accept, decline, let it go, and so on."""
    shown = found(client, chosen.id)
    if chosen.command == "done" and shown.kind == "step":
        return kept(client.edit("step", shown.id, {"done": True}))
    if shown.kind == "goal_terms":
        goal, terms = shown.fields["goal"], str(shown.id)
    elif shown.kind == "goal":
        goal, terms = str(shown.id), _terms_meant(replica_of(client), shown, chosen.command)
    else:
        raise MisunderstoodError("Name a goal, or terms that were proposed for one.")
    made = client.edit("goal_act", None, {"goal": goal, "terms": terms, "act": _ACT_NAMES[chosen.command]})
    # Of the goal, since nobody meets the act itself again.
    return Said([_ACTS_SAID[chosen.command], *_standing(client, RecordId(UUID(goal))), WAITS], kept(made).told)


def _standing(client: Client, goal: RecordId) -> list[str]:
    shown = replica_of(client).shown(goal)
    return [] if shown is None else listing_of(client).lines(shown)[:1]


def _terms_meant(replica: Replica, goal: Shown, command: str) -> str:
    """Return the terms that an act names: answers mean what is open, the rest means what is agreed."""
    waiting, agreed = goal.fields.get("open_terms") or [], goal.fields.get("terms_in_force")
    if waiting and (command in ("accept", "decline", "not-now") or agreed is None):
        return str(waiting[-1])
    if agreed is not None:
        return str(agreed)
    known = [str(each.id) for each in replica.view("goal_terms") if each.fields["goal"] == str(goal.id)]
    if not known:
        raise MisunderstoodError("Nothing has been proposed for this goal yet.")
    return known[-1]


async def resume(client: Client, chosen: argparse.Namespace) -> Said:
    """Come back from a pause, or take a resting goal up again."""
    is_goal = chosen.id is not None and found(client, chosen.id).kind != "pause"
    return await act(client, chosen) if is_goal else await come_back(client)


async def share(client: Client, chosen: argparse.Namespace) -> Said:
    """Show chosen parts of something private."""
    shown = found(client, chosen.id)
    window = KINDS[shown.kind].window
    if window is None:
        raise MisunderstoodError(f"A {words.plain(shown.kind)} cannot be shown in parts.")
    couple = couple_to(replica_of(client), "show it to")
    unknown = [each for each in chosen.parts if each not in window.parts]
    if unknown:
        raise MisunderstoodError(f"Parts are: {', '.join(window.parts)}.")
    return kept(client.edit(shown.kind, shown.id, {"audience": str(couple)} | window.choosing(set(chosen.parts))))


async def unshare(client: Client, chosen: argparse.Namespace) -> Said:
    """Take back what was shown."""
    shown = found(client, chosen.id)
    return kept(client.edit(shown.kind, shown.id, {"audience": ONLY_ME}))


async def send(client: Client, chosen: argparse.Namespace) -> Said:
    """Give a note."""
    shown = found(client, chosen.id, "note_draft")
    couple = couple_to(replica_of(client), "give it to")
    meant = shown.fields.get("for_couple")
    if meant not in (None, str(couple)) and not chosen.yes:
        known = people(replica_of(client), client.store.account)
        raise MisunderstoodError(
            f"You wrote this for {known.partner(CoupleId(UUID(meant)))}, with whom you are not together any more, and"
            f" it was not given. Add --yes to give it to {known.partner(couple)} instead."
        )
    return kept(client.edit("note_draft", shown.id, {"send": True, "for_couple": str(couple)}))


async def pick(client: Client, chosen: argparse.Namespace) -> Said:
    """Choose between two texts."""
    shown = found(client, chosen.id)
    beside = shown.alternatives.get(chosen.field, ())
    texts = [str(shown.fields.get(chosen.field) or ""), *(each.text for each in beside)]
    if not beside or not 0 <= chosen.number < len(texts):
        raise MisunderstoodError("There is no such text beside it: `show` numbers them; 0 is the one that stands.")
    return kept(client.pick(shown.id, chosen.field, texts[chosen.number]))


async def right(client: Client, chosen: argparse.Namespace) -> Said:
    """Say that a joined text is right."""
    shown = found(client, chosen.id)
    if chosen.field not in shown.merged:
        raise MisunderstoodError("That text was not joined from two.")
    return kept(client.confirm_text(shown.id, chosen.field))


# With the server -----------------------------------------------------------------------------------------------------


async def sync(client: Client, _chosen: argparse.Namespace) -> Said:
    """Send what waits and fetch what is new."""
    before = len(replica_of(client).waiting())
    synced = await client.sync()
    return Said([*_told(synced, before), *await _acquainted(client)], _told_json(synced))


async def listen(client: Client, chosen: argparse.Namespace) -> Said:
    """Stay and tell when there is news."""
    _print("Listening; Ctrl-C ends it. Nothing of what is written travels in a hint.", quiet=chosen.json)
    count = 0
    async for hint in client.listen():
        count += 1
        space = replica_of(client).spaces.get(hint.space)
        where = "between the two of you" if space is not None and space.home == "couple" else "in your own space"
        if chosen.json:
            _print(json.dumps({"space": str(hint.space), "head": hint.head}))
        else:
            _print(f"{datetime.now().astimezone():%H:%M:%S}  There is news {where}. `show` tells it.")
        _print(*await _acquainted(client), quiet=chosen.json)
        if chosen.news is not None and count >= chosen.news:
            return Said([], {"news": count})
    return Said(["The server said goodbye: this phone was signed out, or listens elsewhere."], {"news": count})


async def earlier(client: Client, chosen: argparse.Namespace) -> Said:
    """Show what a record held before."""
    shown, listing = found(client, chosen.id), listing_of(client)
    told = await client.earlier(shown.kind, shown.id, chosen.before)
    lines = [
        f"  {revision['on']}  {words.plain(each['field'])}, by {listing.who(PersonId(UUID(each['by'])), shown)}:"
        f" {words.value(each['value'])}"
        for revision in told["revisions"]
        for each in revision["values"]
    ]
    if told["more"]:
        lines.append(f"There is more: earlier {short(shown.id)} --before {told['revisions'][-1]['version']}")
    return Said(lines or ["Nothing earlier is kept of it. What was there before is kept for 30 days."], told)


async def purge(client: Client, chosen: argparse.Namespace) -> Said:
    """Destroy one's own words in a record."""
    shown, listing = found(client, chosen.id), listing_of(client)
    kind, partner = KINDS[shown.kind], listing.partner(shown)
    if kind.ownership is Ownership.PROJECTION:
        raise MisunderstoodError("This is a copy that Haven shows. Whoever wrote it purges what it was copied from.")
    if shown.author != replica_of(client).person and not kind.of_policy(Policy.SHARED_WORDS):
        raise MisunderstoodError(f"These are words of {partner}. Only whoever wrote something can destroy it.")
    if not chosen.yes:
        raise MisunderstoodError(f"{words.purge_asked(kind, partner)} Add --yes to do it.")
    await client.purge(shown.kind, shown.id)
    done = words.purge_done(kind, partner) if shown.version else words.PURGE_UNSENT
    return Said([done, *_words_apart(client, shown)], {"id": str(shown.id)})


def _words_apart(client: Client, goal: Shown) -> list[str]:
    """Return the terms and steps of a goal that still have one's own words: they are records of their own."""
    replica = replica_of(client)
    apart = [
        f"  [{short(each.id)}] {words.title(each)}"
        for kind in ("goal_terms", "step")
        for each in replica.view(kind)
        if each.fields["goal"] == str(goal.id) and each.author == replica.person and each.fields["title"]
    ]
    say = "What you proposed for it, and its steps, keep your words until you purge each by its own id:"
    return [say, *apart] if apart else []


def _told(synced: Synced, before: int) -> list[str]:
    settled = f"{before} edit{'s' if before != 1 else ''} sent" if before else "Nothing to send"
    lines = [f"{settled}; {synced.news} record{'s' if synced.news != 1 else ''} came in."]
    lines += [f"  {said}" for each in synced.outcomes if (said := words.outcome(each)) is not None]
    return lines


def _told_json(synced: Synced) -> Any:
    return {
        "news": synced.news,
        "outcomes": [
            {"key": str(each.key), "status": each.status, "code": each.code, "fields": each.fields}
            for each in synced.outcomes
        ],
    }


# Showing -------------------------------------------------------------------------------------------------------------


async def show(client: Client, chosen: argparse.Namespace) -> Said:
    """Show what this phone shows."""
    replica = replica_of(client)
    if chosen.kind is None:
        kinds = [name for name in words.HEADINGS if name not in ("goal_terms", "goal_act", "step", "settings")]
    else:
        kinds = [kind_named(chosen.kind).name]
    listing = listing_of(client)
    lines = [listing.opening()]
    told: dict[str, Any] = {"waiting": len(replica.waiting()), "records": []}
    # Whoever names a kind wants to see all of it.
    unseen = out_of_sight(replica) if chosen.kind is None else frozenset()
    for kind in kinds:
        found = [each for each in replica.view(kind, removed=chosen.removed) if each.id not in unseen]
        told["records"] += [as_json(each, keepsake=listing.is_keepsake(each)) for each in found]
        if found:
            lines += ["", words.HEADINGS.get(kind, words.plain(kind))]
            for each in found:
                lines += listing.lines(each)
    if len(lines) == 1:
        lines.append("There is nothing here yet.")
    return Said(lines, told)


# Who the people are ------------------------------------------------------------------------------------------------


async def _acquainted(client: Client) -> list[str]:
    """Ask who the people are where this phone has heard that they are others, and say whom one is with now."""
    told = client.store.account.get("couple")
    if not is_stale(replica_of(client), client.store.account):
        return []
    try:
        said = await client.me()
    except OfflineError:
        return []  # what the sync before brought is to be said; the next one asks again
    _remember(client, said)
    return [] if client.store.account.get("couple") == told else _with(said)


def _remember(client: Client, said: Mapping[str, Any]) -> None:
    client.store.note(**to_remember(said))


def _with(said: Mapping[str, Any]) -> list[str]:
    couple = said["couple"]
    return ["You are not with anyone here."] if couple is None else [f"You are together with {couple['partner_name']}."]


def _pairing(pairing: Mapping[str, Any]) -> list[str]:
    who = f"{pairing['partner_name']} has used your code. " if pairing["partner_name"] else ""
    waits = "You have said yes; the other has not yet." if pairing["confirmed"] else "If they are the same: confirm."
    return [f"{who}Read these three words to each other: {' '.join(pairing['check_words'])}", waits]


def _clock(written: str) -> str:
    return f"{datetime.fromisoformat(written).astimezone(UTC):%d %B %H:%M} UTC"


# The command line ----------------------------------------------------------------------------------------------------

Command = Callable[[Client, argparse.Namespace], Awaitable[Said]]

COMMANDS: Final[Mapping[str, Command]] = {
    "sign-in": sign_in,
    "me": me,
    "invite": invite,
    "join": join,
    "confirm": confirm,
    "part": part,
    "devices": devices,
    "prompts": prompts,
    "revoke": revoke,
    "add": add,
    "set": set_fields,
    "remove": remove,
    "bring-back": bring_back,
    "propose": propose,
    **dict.fromkeys(ACTS, act),
    "resume": resume,
    "share": share,
    "unshare": unshare,
    "send": send,
    "respond": respond,
    "pause": pause,
    "ask": ask,
    "offer": offer,
    "repair": repair,
    "boundary": boundary,
    "end": end,
    "reflect": reflect,
    "keep": keep,
    "pick": pick,
    "right": right,
    "show": show,
    "lookback": lookback,
    "sync": sync,
    "listen": listen,
    "earlier": earlier,
    "purge": purge,
}


def _say(chosen: argparse.Namespace, said: Said) -> None:
    if chosen.json:
        _print(json.dumps(said.told, ensure_ascii=False, default=str))
    else:
        _print(*said.lines)


def _complain(chosen: argparse.Namespace, sentence: str, code: int) -> int:
    if chosen.json:
        _print(json.dumps({"error": sentence}, ensure_ascii=False))
    else:
        sys.stderr.write(f"{sentence}\n")
    return code


def _print(*lines: str, quiet: bool = False) -> None:
    if not quiet:
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()
