"""A window shows only what opener and writer both knew (PJ8).

What opens a window and what it would then show must have seen each other. Per part the record remembers, as a
stamp of its own, which change opened it; a part whose opening and whose words did not know of each other is not
shown, and its author is told.
"""

from typing import Final

from msgspec.structs import replace

from domain.ids import CoupleId
from domain.kind import Kind, Window
from domain.policies import Policy
from domain.records import Record
from domain.windows import ALWAYS, closed_without, fields_of, open_parts
from sync.merge import Edit, after, concurrent
from sync.standing import say

UNSAID: Final = object()


def guarded(
    before: Record | None, now: Record, edit: Edit, window: Window, couple: CoupleId | None
) -> tuple[Record, frozenset[str]]:
    """Return the record with nothing shown that either side had not seen, and the parts that were kept private."""
    was_open = _open(before, window, couple)
    is_open = _open(now, window, couple)
    kept: set[str] = set()
    if before is not None:
        kept |= {part for part in is_open - was_open if _unknowing(before, now, edit, window, part)}
        kept |= {
            part
            for part in is_open & was_open
            if concurrent(before.stamp(_opening(part)), edit)
            and not _opens_itself(before, edit, window, part)
            and any(before.fields.get(name) != now.fields.get(name) for name in fields_of(window, part))
        }
    stamps = dict(now.stamps)
    for part in _chosen(now, window) - _chosen(before, window):
        stamps[_choice(part)] = after(now.stamp(_choice(part)), edit, now.version)
    for part in is_open - was_open - kept:
        stamps[_opening(part)] = after(now.stamp(_opening(part)), edit, now.version)
    if not kept:
        return (now if stamps == now.stamps else replace(now, stamps=stamps)), frozenset()
    parts = frozenset(kept)
    closing = closed_without(window, now.fields, parts)
    for name, value in closing.items():
        say(stamps, name, now.fields[name], value, device=edit.device, base=edit.base, version=now.version)
        stamps[name] = after(now.stamp(name), edit, now.version)
    return replace(now, fields=now.fields | closing, stamps=stamps), parts


def _unknowing(before: Record, now: Record, edit: Edit, window: Window, part: str) -> bool:
    """Return whether this edit opens a part on something that it had not seen and does not say itself.

    That is the words that would be shown, or the other half of what opens: for whom, and that this part was chosen.
    """
    shows = any(_not_as_said(before, now, edit, name) for name in fields_of(window, part))
    return shows or (part != ALWAYS and _half_unseen(before, edit, window, part))


def _not_as_said(before: Record, now: Record, edit: Edit, name: str) -> bool:
    """Return whether a field comes to stand as this edit has neither seen nor said it."""
    return concurrent(before.stamp(name), edit) and now.fields.get(name) != edit.set.get(name, UNSAID)


def _opens_itself(before: Record, edit: Edit, window: Window, part: str) -> bool:
    """Return whether this edit would have opened a part by itself: whoever opened it meanwhile did no more."""
    says = "audience" in edit.set or _says(edit, window, part)
    return says and not _half_unseen(before, edit, window, part)


def _half_unseen(before: Record, edit: Edit, window: Window, part: str) -> bool:
    """Return whether for whom a part opens, or that it was chosen, is neither seen nor said by this edit."""
    whom = "audience" not in edit.set and concurrent(before.stamp("audience"), edit)
    chosen = not _says(edit, window, part) and concurrent(before.stamp(_choice(part)), edit)
    return whom or chosen


def _says(edit: Edit, window: Window, part: str) -> bool:
    """Return whether this edit itself chooses a part."""
    return window.chosen_by in edit.set and part in window.chosen(edit.set[window.chosen_by])


def unsent(before: Record | None, now: Record, edit: Edit, kind: Kind) -> tuple[Record, bool]:
    """Return the draft with nothing sent that its sender had not read, and whether that held it back.

    To whom and when it is given has to be known as the words have: a note for a birthday is not given today because
    another phone had thought so before it was sent.
    """
    assert kind.letter is not None
    sends, texts = kind.letter.sends, kind.of_policy(Policy.WORDS)
    if before is None or not now.live or not now.fields[sends]:
        return now, False
    rest = [name for name in kind.written if name not in (sends, *texts)]
    unread = not before.fields[sends] and (
        any(concurrent(before.stamp(name), edit) for name in texts)
        or any(_not_as_said(before, now, edit, name) for name in rest)
    )
    unknowing = concurrent(before.stamp(sends), edit) and any(
        before.fields.get(name) != now.fields[name] for name in (*texts, *rest)
    )
    if not unread and not (before.fields[sends] and unknowing):
        return now, False
    stamps = dict(now.stamps)
    say(stamps, sends, now.fields[sends], value=False, device=edit.device, base=edit.base, version=now.version)
    stamps[sends] = after(now.stamp(sends), edit, now.version)
    return replace(now, fields=now.fields | {sends: False}, stamps=stamps), True


def _open(record: Record | None, window: Window, couple: CoupleId | None) -> frozenset[str]:
    if record is None or not record.live:
        return frozenset()
    return open_parts(window, record.fields, couple)


def _chosen(record: Record | None, window: Window) -> frozenset[str]:
    return frozenset() if record is None else window.chosen(record.fields.get(window.chosen_by))


def _choice(part: str) -> str:
    """Return the name under which the choosing of a part is stamped."""
    return f"chosen:{part}"


def _opening(part: str) -> str:
    """Return the name under which the opening of a part is stamped."""
    return f"window:{part}"
