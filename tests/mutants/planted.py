"""Bugs that somebody could make in one line, each with the tests that are asked to catch it."""

from typing import Final

from msgspec import Struct


class Planted(Struct, frozen=True, kw_only=True):
    """One bug: in `file`, `line` (which stands there once) becomes `bug`; `tests` are run and one must fail."""

    name: str
    file: str
    line: str
    bug: str
    tests: tuple[str, ...]


MERGING: Final = ("tests/rules/test_merge.py", "tests/laws/test_merge_laws.py")
WINDOWS: Final = ("tests/rules/test_windows.py",)
JUDGING: Final = ("tests/rules/test_reconcile.py", "tests/rules/test_kinds.py")
DEVICE: Final = ("tests/rules/test_replica.py", "tests/rules/test_resend.py", "tests/rules/test_sync_lives.py")
PROOF: Final = ("tests/rules/test_proof.py",)
STORES: Final = ("tests/contracts",)
WIRE: Final = ("tests/api/test_sync_input.py", "tests/api/test_sync_statements.py", "tests/journeys")

RXDB: Final = ("tests/rules/test_rxdb.py",)
WATERMELON: Final = ("tests/rules/test_watermelon.py",)

HASTY: Final = """\
            store=type("Hasty", (PostgresStore,), {"save": lambda store, caller, writes, now: (
                hints.publish({
                    space: head for space, head in writes.heads.items() if head != writes.spaces[space].head
                }),
                PostgresStore.save(store, caller, writes, now),
            )[1]})(pool, keys),
"""
"""A store whose save tells of the heads to be before it makes them so: the same hints, each a little too early."""

PLANTED: Final = (
    Planted(
        name="the base is not looked at",
        file="sync/merge.py",
        line="stamp.device == edit.device else stamp.version) > edit.base",
        bug="stamp.device == edit.device else stamp.version) > 2**60",
        tests=MERGING,
    ),
    Planted(
        name="a device has not seen its own edits",
        file="sync/merge.py",
        line="return (stamp.others if stamp.device == edit.device else stamp.version) > edit.base",
        bug="return stamp.version > edit.base",
        tests=MERGING,
    ),
    Planted(
        name="the first edit wins",
        file="sync/merge.py",
        line="    mine = stamp.device == edit.device or _when(",
        bug="    mine = False and _when(",
        tests=MERGING,
    ),
    Planted(
        name="the loser is dropped",
        file="sync/merge.py",
        line="            self.behind.append(Value(name, value, by))",
        bug="            pass",
        tests=MERGING,
    ),
    Planted(
        name="a phone's clock decides what is concurrent",
        file="sync/merge.py",
        line="        unseen = concurrent(stamp, self.edit)",
        bug="        unseen = (stamp.made_ms or 0) > (self.edit.made_ms or 0)",
        tests=MERGING,
    ),
    Planted(
        name="an alternative replaces those of everybody",
        file="sync/merge.py",
        line="        self.alternatives[name] = (*kept, alternative)",
        bug="        self.alternatives[name] = (alternative,)",
        tests=MERGING,
    ),
    Planted(
        name="of two audiences the more open one",
        file="sync/merge.py",
        line="            return values[0] if len(set(values)) == 1 else ONLY_ME",
        bug="            return min(values)",
        tests=MERGING,
    ),
    Planted(
        name="a removal takes words that it had not seen",
        file="sync/merge.py",
        line="        unseen = any(concurrent(self.record.stamp(name), self.edit) for name in words)",
        bug="        unseen = False and bool(words)",
        tests=MERGING,
    ),
    Planted(
        name="a revived entry stays shown",
        file="sync/merge.py",
        line='        self.owed.append(Word(remover, "came_back"))\n        self._close()',
        bug='        self.owed.append(Word(remover, "came_back"))',
        tests=(*MERGING, *WINDOWS),
    ),
    Planted(
        name="a full set drops what came last",
        file="sync/merge.py",
        line="    return sorted(elements, key=lambda element: (bases.get(element, -1), element))",
        bug="    return sorted(elements, key=lambda element: element in bases)",
        tests=MERGING,
    ),
    Planted(
        name="a sentence that one side kept and the other removed stays",
        file="sync/words.py",
        line="    if not set(ours.parts.cores) & set(theirs.parts.cores) <= set(woven.cores):",
        bug="    if False:",
        tests=("tests/rules/test_words.py", "tests/laws/test_words_laws.py"),
    ),
    Planted(
        name="a part that was not chosen is shown",
        file="domain/windows.py",
        line="for part in (ALWAYS, *window.parts) if part in parts for name",
        bug="for part in (ALWAYS, *window.parts) for name",
        tests=WINDOWS,
    ),
    Planted(
        name="a window opens over words that its opener had not read",
        file="sync/secrecy.py",
        line="    if not kept:\n",
        bug="    if True:\n",
        tests=WINDOWS,
    ),
    Planted(
        name="an unchanged copy gets a new version",
        file="sync/follows.py",
        line="    if fields == before:\n        return\n",
        bug="",
        tests=WINDOWS,
    ),
    Planted(
        name="a copy tells the day of writing",
        file="sync/follows.py",
        line='        "shown_on": before.get("shown_on") or board.today.isoformat(),',
        bug='        "shown_on": master.fields["local_date"],',
        tests=WINDOWS,
    ),
    Planted(
        name="a draft that was given keeps its words",
        file="sync/follows.py",
        line="    board.amend(draft, gone=True, fields={}, alternatives={}",
        bug="    board.amend(draft, gone=False, fields=draft.fields, alternatives={}",
        tests=(*JUDGING, *WINDOWS),
    ),
    Planted(
        name="a word for another couple is taken",
        file="sync/reconcile.py",
        line="        if couple is None or change.couple != couple.couple:",
        bug="        if couple is None:",
        tests=JUDGING,
    ),
    Planted(
        name="a key is decided again",
        file="sync/reconcile.py",
        line="        earlier = self.board.decided.get(change.key)",
        bug="        earlier = None",
        tests=(*JUDGING, *STORES),
    ),
    Planted(
        name="an outcome is not kept",
        file="sync/board.py",
        line="        self._outcomes.append((space, outcome))",
        bug="        pass",
        tests=STORES,
    ),
    Planted(
        name="the other's words land in one's own box",
        file="sync/unplaced.py",
        line="    texts = {name: text for name, text in texts.items() if text not in once}",
        bug="    texts = dict(texts)",
        tests=(*JUDGING, *STORES),
    ),
    Planted(
        name="destroyed words come back in another box",
        file="sync/unplaced.py",
        line="    for box, purged in history.destroyed(about):",
        bug="    for box, purged in ():",
        tests=("tests/rules/test_purge.py",),
    ),
    Planted(
        name="what was put away comes back by another phone",
        file="sync/reconcile.py",
        line="        if there is not None:",
        bug="        if False:",
        tests=("tests/rules/test_resend.py",),
    ),
    Planted(
        name="a purged sentence comes back by an older edit",
        file="sync/purge.py",
        line="    if purged is None or base >= purged.version:\n        return dict(values)",
        bug="    if purged is None or base >= 0:\n        return dict(values)",
        tests=("tests/rules/test_purge.py",),
    ),
    Planted(
        name="one yes puts terms in force",
        file="domain/goals.py",
        line="        if yes == self.members:",
        bug="        if yes:",
        tests=("tests/rules/test_goals.py", "tests/laws/test_goals_laws.py"),
    ),
    Planted(
        name="one answers for the other",
        file="domain/kinds.py",
        line="            if changed != own_of(situation.actor, changed):",
        bug="            if changed is None:",
        tests=JUDGING,
    ),
    Planted(
        name="a limit counts what was made alone",
        file="domain/kinds.py",
        line="    if before is None or not before.live:\n",
        bug="    if before is None:\n",
        tests=("tests/rules/test_limits.py", "tests/rules/test_kinds.py"),
    ),
    Planted(
        name="a device lets an older answer replace a newer one",
        file="sync/replica.py",
        line="        if present is None or row.version >= present.version or row.epoch != present.epoch:",
        bug="        if True:",
        tests=(*DEVICE, "tests/laws/test_replica_laws.py"),
    ),
    Planted(
        name="a device forgets an edit before its answer",
        file="sync/replica.py",
        line="            self.shelves.hold(replace(kept, settled=outcome.version or 0))",
        bug="            self.shelves.release(kept)",
        tests=(*DEVICE, "tests/laws/test_replica_laws.py"),
    ),
    Planted(
        name="after a restore everything is sent again",
        file="sync/lives.py",
        line="            return min(life.head, ends[life.epoch])",
        bug="            return 0",
        tests=(*DEVICE, "tests/rules/test_lives.py"),
    ),
    Planted(
        name="a cursor can be made by anybody",
        file="sync/cursor.py",
        line="    if not hmac.compare_digest(mark, _mark(id_key, plain)):",
        bug="    if not mark:",
        tests=("tests/rules/test_cursor.py",),
    ),
    Planted(
        name="the cursor says the head although the page was full",
        file="sync/paging.py",
        line="    full_at = caller.spaces.index(rows[-1].space) if more and rows else None",
        bug="    full_at = None",
        tests=(*STORES, *WIRE),
    ),
    Planted(
        name="head and rows are read in two statements",
        file="sync/store.py",
        line="        opener = await self.keys.of(spaces)\n        page: list[Row] = []",
        bug="        later = await self.pool.fetch(CHANGED_SINCE, caller.spaces, caller.person,"
        " [after.get(space, 0) for space in caller.spaces], 0, [])\n"
        "        spaces = _in_order(caller, {SpaceId(row['space_id']): _space(row) for row in later if row['part'] =="
        " 'space'})\n"
        "        opener = await self.keys.of(spaces)\n        page: list[Row] = []",
        tests=WIRE,
    ),
    Planted(
        name="the head is not raised",
        file="sync/store.py",
        line='_RAISE: Final = f"""\n    UPDATE space SET head = $2,',
        bug='_RAISE: Final = f"""\n    UPDATE space SET head = greatest(head, least(head, $2)),',
        tests=STORES,
    ),
    Planted(
        name="two pushes at once overwrite one another",
        file="sync/store.py",
        line="WHERE space_id = $1 AND head = $3 AND (state = 'active' OR $5::boolean)",
        bug="WHERE space_id = $1 AND $3::bigint IS NOT NULL AND (state = 'active' OR $5::boolean)",
        tests=STORES,
    ),
    Planted(
        name="a stranger reads a space whose id they know",
        file="sync/store.py",
        line="WHERE s.space_id = ANY($1::uuid[]) AND m.person_id = $2 AND m.left_on IS NULL\n)",
        bug="WHERE s.space_id = ANY($1::uuid[]) AND $2::uuid IS NOT NULL AND m.left_on IS NULL\n)",
        tests=STORES,
    ),
    Planted(
        name="a revision is not sealed",
        file="sync/store.py",
        line='    return sealer[revision.space].seal(f"revision/{kind}", revision.record, plain)',
        bug='    return plain if kind and sealer else b""',
        tests=STORES,
    ),
    Planted(
        name="a tombstone keeps its words",
        file="sync/space_store.py",
        line="    SET gone = true, body = NULL, stamps = $5, shown_id = NULL",
        bug="    SET gone = true, stamps = $5, shown_id = NULL",
        tests=("tests/house/test_pruning.py",),
    ),
    Planted(
        name="the horizon does not follow what is forgotten",
        file="sync/space_store.py",
        line="    UPDATE space SET horizon = greatest(horizon, (SELECT max(version) FROM forgotten))",
        bug="    UPDATE space SET horizon = greatest(horizon, 0 * (SELECT max(version) FROM forgotten))",
        tests=("tests/house/test_pruning.py",),
    ),
    Planted(
        name="a partner reads what stood behind a private text",
        file="domain/kinds.py",
        line="    return own or (table.policy is not Policy.WORDS and kind.ownership is not Ownership.WINDOW)",
        bug="    return own or kind.ownership is not Ownership.WINDOW",
        tests=("tests/rules/test_kinds.py", "tests/api/test_revisions.py"),
    ),
    Planted(
        name="a hint before the commit",
        file="api/wiring.py",
        line="            store=PostgresStore(pool, keys),\n",
        bug=HASTY,
        tests=("tests/api/test_live.py", "tests/house/test_hints.py", *WIRE),
    ),
    Planted(
        name="an app is told fields that it does not know",
        file="sync/schemas.py",
        line="    if row.schema <= schema:",
        bug="    if row.schema <= schema or True:",
        tests=("tests/rules/test_schemas.py",),
    ),
    Planted(
        name="a proof is not looked at",
        file="sync/proof.py",
        line="    if not hmac.compare_digest(mark, _mark(id_key, kind, space, identity, author, about, fields)):",
        bug="    if not mark:",
        tests=PROOF,
    ),
    Planted(
        name="what was taken away comes back by its proof",
        file="sync/proof.py",
        line="    return created > heads[epoch]",
        bug="    return created > 0",
        tests=PROOF,
    ),
    Planted(
        name="what is said after a restore comes before what came back",
        file="sync/board.py",
        line="        return max(record.version + len(self.spaces[record.space].lives) * ORDERS_A_LIFE, last + 1)",
        bug="        return record.version + 0 * last",
        tests=PROOF,
    ),
    Planted(
        name="what another phone wrote counts as seen after a restore",
        file="sync/origin.py",
        line="        device=board.caller.device if change.origin.seen else _device_before(board),",
        bug="        device=board.caller.device,",
        tests=PROOF,
    ),
    Planted(
        name="words that came back are their bringer's",
        file="sync/origin.py",
        line="        writer=EITHER if kind.edits is Who.EITHER else author,",
        bug="        writer=author,",
        tests=PROOF,
    ),
    Planted(
        name="the partner's words go into one's own box",
        file="sync/origin.py",
        line="    return change.origin is not None and change.origin.author not in (None, person)",
        bug="    return False",
        tests=PROOF,
    ),
    Planted(
        name="a purge takes the last writer for the writer of all",
        file="sync/purge.py",
        line="if (known_writer(sentence) or value.by) in (person, EITHER)}",
        bug="if (value.by or known_writer(sentence)) in (person, EITHER)}",
        tests=("tests/rules/test_purge.py",),
    ),
    Planted(
        name="RxDB is not told that something else is stored",
        file="sync/rxdb.py",
        line="    return made\n",
        bug="    return None\n",
        tests=RXDB,
    ),
    Planted(
        name="what a device has submitted is not its newer base",
        file="sync/submitted.py",
        line="    if shadow is not None and shadow.version > base:",
        bug="    if shadow is not None and shadow.version < base:",
        tests=RXDB,
    ),
    Planted(
        name="a shadow outlives a purge",
        file="sync/store.py",
        line="            await connection.execute(shadow_store.FORGET_SHADOWS, *forgotten)\n",
        bug="",
        tests=STORES,
    ),
    Planted(
        name="a shadow is stored in plain",
        file="sync/shadow_store.py",
        line="sealer[each.space].seal(_sealed_as(each.kind), each.record, msgspec.json.encode(each.snapshot))",
        bug="msgspec.json.encode(each.snapshot)",
        tests=STORES,
    ),
    Planted(
        name="what was just pushed is not repeated",
        file="sync/rxdb.py",
        line="    room = 0 if page.more else max(0, limit - 1 - len(documents))",
        bug="    room = 0",
        tests=RXDB,
    ),
    Planted(
        name="what is repeated fills a page",
        file="sync/rxdb.py",
        line="max(0, limit - 1 - len(documents))",
        bug="max(0, limit - len(documents))",
        tests=RXDB,
    ),
    Planted(
        name="a phone that was put away is repeated nothing",
        file="sync/rxdb.py",
        line="_given(asked) - REPEATED_FOR",
        bug="now - REPEATED_FOR",
        tests=RXDB,
    ),
    Planted(
        name="what RxDB says for itself is an edit",
        file="sync/submitted.py",
        line=" and not name.startswith(RXDB_OWN)",
        bug="",
        tests=RXDB,
    ),
    Planted(
        name="a shadow keeps destroyed words",
        file="sync/facades.py",
        line="snapshot=Snapshot({}) if destroyed else said,",
        bug="snapshot=said,",
        tests=RXDB,
    ),
    Planted(
        name="a deleted document keeps its words",
        file="sync/documents.py",
        line="        return deleted(kind, str(row.id), schema) | _marks(kind, row, space)",
        bug="        return held(kind, row, space, schema) | {DELETED: True}",
        tests=RXDB,
    ),
    Planted(
        name="an older state that is sent again counts as an edit",
        file="sync/sent_again.py",
        line="            if own or ((name, canonical(value)) not in once and (name, value) not in beside):",
        bug="            if own or (name, value) not in beside:",
        tests=RXDB,
    ),
    Planted(
        name="a page ends a pull although there is more",
        file="sync/rxdb.py",
        line="    while page.more and len(documents) < limit:",
        bug="    while False:",
        tests=RXDB,
    ),
    Planted(
        name="a device is not told what it is owed",
        file="sync/row_pushes.py",
        line="    if made[DELETED] != row.new[DELETED] or not alike(kind, made, row.new):",
        bug="    if made[DELETED] != row.new[DELETED]:",
        tests=WATERMELON,
    ),
    Planted(
        name="what a text was made of is what is stored now",
        file="sync/row_edits.py",
        line="    if stored.stamp(name).version <= base:",
        bug="    if stored.fields:",
        tests=WATERMELON,
    ),
    Planted(
        name="nobody says since when a value stood",
        file="sync/board.py",
        line="    return replace(value, since=stored.stamp(value.field).version)",
        bug="    return value",
        tests=WATERMELON,
    ),
    Planted(
        name="columns that were not edited are edits after a lost answer",
        file="sync/row_edits.py",
        line="        start = now | {name: knew.get(name) for name in _edited_in(edited, knew)}",
        bug="        start = knew",
        tests=WATERMELON,
    ),
    Planted(
        name="the other's removal counts as an edit of one's own",
        file="sync/row_edits.py",
        line="        return replace(self.row, new=self.row.new | {DELETED: False})",
        bug="        return self.row",
        tests=WATERMELON,
    ),
    Planted(
        name="what is removed keeps its words for the other",
        file="sync/rows.py",
        line="    if row.gone or (row.removed and row.author != person):",
        bug="    if row.gone:",
        tests=WATERMELON,
    ),
    Planted(
        name="a row that may hold edits is destroyed",
        file="sync/row_news.py",
        line="        told = not row.gone or (may_hold_edits(kind, row, person) and not row.purged)",
        bug="        told = not row.gone",
        tests=WATERMELON,
    ),
    Planted(
        name="a device is told what another one is owed",
        file="sync/owed_store.py",
        line="WHERE o.space_id = $1 AND o.device_id = $3 AND o.version > $4",
        bug="WHERE o.space_id = $1 AND o.device_id IS NOT NULL AND $3::uuid IS NOT NULL AND o.version > $4",
        tests=STORES,
    ),
    Planted(
        name="anybody may owe anybody something",
        file="sync/owed_store.py",
        line="m.space_id = $1 AND m.person_id = $2 AND m.left_on IS NULL",
        bug="m.space_id = $1 AND $2::uuid IS NOT NULL AND m.left_on IS NULL",
        tests=STORES,
    ),
    Planted(
        name="a pause can be made shorter by one",
        file="domain/pauses.py",
        line='attempt.set["minutes"] < min(known, record.fields["minutes"]) else None',
        bug='attempt.set["minutes"] < 0 else None',
        tests=("tests/rules/test_pauses.py",),
    ),
    Planted(
        name="an approval of other bytes counts",
        file="domain/counsel.py",
        line="all(approval(person, text) in said for person in asked)",
        bug="all(any(str(person) in each for each in said) for person in asked)",
        tests=("tests/rules/test_counsel.py", "tests/rules/test_vectors.py"),
    ),
    Planted(
        name="a dated note is given by the clock of nobody in particular",
        file="domain/notes.py",
        line="    return comes(day, at, situation.their_zone)",
        bug='    return comes(day, at, "UTC")',
        tests=("tests/rules/test_dated_notes.py",),
    ),
    Planted(
        name="an eleventh repair of a day is given",
        file="sync/reconcile.py",
        line="edit.author is None and situation.given_today >= kind.a_day:",
        bug="edit.author is None and situation.given_today > kind.a_day:",
        tests=("tests/rules/test_repairs.py",),
    ),
    Planted(
        name="a withdrawn request is still read by the partner",
        file="sync/withheld.py",
        line="    if row.author == reader or kind is None:",
        bug="    if row.author or reader or kind is None:",
        tests=("tests/rules/test_support.py", "tests/contracts"),
    ),
    Planted(
        name="what is done to a withdrawn request moves the head that the partner is told",
        file="sync/ports.py",
        line="return self.head if hushed is None or hushed.by == person or hushed.upto != self.head else hushed.after",
        bug="return self.head",
        tests=STORES,
    ),
    Planted(
        name="a hint tells the partner of what is hushed",
        file="api/hints.py",
        line="s.hushed_by <> m.person_id THEN",
        bug="s.hushed_by = m.person_id THEN",
        tests=("tests/api/test_live.py",),
    ),
    Planted(
        name="a withdrawn request is told of again whenever its author changes it",
        file="sync/store.py",
        line="AND record.shut_at > asked.after AND record.author <> $2{only}",
        bug="AND record.version > asked.after AND record.shut_at IS NOT NULL AND record.author <> $2{only}",
        tests=STORES,
    ),
    Planted(
        name="what was asked and withdrawn at once is told",
        file="sync/withheld.py",
        line="    if before is None:",
        bug="    if before is record:",
        tests=STORES,
    ),
    Planted(
        name="that a request has lapsed is stored",
        file="domain/support.py",
        line='"answered" if responses else "open"',
        bug='"answered" if responses else "lapsed"',
        tests=("tests/rules/test_support.py",),
    ),
    Planted(
        name="a pause is over for whoever asked for a longer one",
        file="domain/pauses.py",
        line='"minutes" in attempt.own_unseen',
        bug='"minutes" in attempt.set',
        tests=("tests/rules/test_pauses.py", "tests/laws/test_kind_laws.py"),
    ),
    Planted(
        name="an edit that waited passes by a purge of the next life",
        file="sync/replica.py",
        line="follows and new is not None and not brings_words(change, new)",
        bug="follows and new is not None",
        tests=("tests/rules/test_replica_alone.py", "tests/rules/test_found_by_seed.py"),
    ),
    Planted(
        name="a request of an earlier life counts as the device's last word",
        file="sync/origin.py",
        line="device = _device_before(board) if earlier_life else board.caller.device",
        bug="device = board.caller.device",
        tests=("tests/rules/test_found_by_seed.py",),
    ),
)
