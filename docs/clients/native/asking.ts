// What a device asks the server, and how it takes the answer.
import { lost, bringsWords, saysTheSame } from './again.js';
import { editsOf, nameOf, personal, spaceOf, waits } from './device.js';
import type { Answer, Base, Change, Device, Edit, Outcome, Request, Row } from './device.js';

export const CHANGES_MAX = 500;
const CHANGES_MAX_BYTES = 500_000;
/** No version is above it. */
const VERSION_MAX = Number.MAX_SAFE_INTEGER;
const UTF8 = new TextEncoder();

/** The next request; with at most so many of the edits that wait, the oldest first. */
export function ask(device: Device, nowMs: number, limit: number, changesMax = CHANGES_MAX): Request {
    const request: Request = { schema: device.app.schema, limit };
    if (device.cursor !== null) request.cursor = device.cursor;
    if (Object.keys(device.rebuilds).length) return request;
    const changes: Change[] = [];
    let bytes = 0;
    for (const { change, madeMs } of device.outbox.filter(waits).slice(0, changesMax)) {
        const age = madeMs === null ? -1 : nowMs - madeMs;
        const sent = age < 0 ? change : { ...change, age_ms: age };
        bytes += UTF8.encode(JSON.stringify(sent)).length;
        if (changes.length && bytes > CHANGES_MAX_BYTES) break;
        changes.push(sent);
    }
    return changes.length ? { ...request, changes } : request;
}

/** The server knows this cursor no more: begin without one. The new copy is taken beside the old, the outbox stays. */
export function beginAnew(device: Device): Device {
    const begun = (space: string): number => device.rebuilds[space]?.head ?? VERSION_MAX;
    const rebuilds = Object.keys(device.spaces).map((space) => [space, { head: begun(space), base: {} }]);
    return { ...device, cursor: null, rebuilds: Object.fromEntries(rebuilds) };
}

/** Take an answer; false, and nothing of it taken, where something has overtaken it. */
export function take(old: Device, asked: Request, answer: Answer, newKey: () => string): [Device, boolean] {
    if ((asked.cursor ?? null) !== old.cursor) return [old, false];
    const rebuilds = Object.entries(old.rebuilds).map(([space, each]) => [space, { ...each, base: { ...each.base } }]);
    const device: Device = {
        ...old,
        spaces: { ...old.spaces },
        base: { ...old.base },
        rebuilds: Object.fromEntries(rebuilds),
    };
    for (const { space, head } of answer.reset) {
        const running = device.rebuilds[space];
        device.rebuilds[space] = { head: Math.min(head, running?.head ?? head), base: {} };
    }
    for (const space of Object.values(device.spaces)) device.spaces[space.id] = { ...space, state: 'closed' };
    for (const space of answer.spaces) device.spaces[space.id] = space;
    for (const space of answer.let_go ?? []) forget(device, space);
    const another = (space: string): boolean =>
        space in old.spaces && old.spaces[space].epoch !== device.spaces[space]?.epoch;
    // Nobody has said up to where two lives are one: so nothing of them is.
    for (const [space, each] of Object.entries(device.rebuilds)) {
        if (each.head === VERSION_MAX && another(space)) each.head = 0;
    }
    device.outbox = device.outbox.map((each) =>
        another(whereDecided(device, each)) ? { ...each, settled: null, unplaced: null } : each,
    );
    for (const outcome of answer.outcomes) device.outbox = device.outbox.flatMap((each) => decide(each, outcome));
    for (const row of [...answer.records.map(ofRecord), ...answer.gone.map(ofGone)]) {
        const base = device.rebuilds[row.space]?.base ?? device.base;
        const epoch = device.spaces[row.space].epoch;
        const present = base[nameOf(row)];
        const isOlder = present && present.epoch === epoch && present.version > row.version;
        if (!isOlder) base[nameOf(row)] = { ...row, epoch };
    }
    device.cursor = answer.cursor;
    if (!answer.more) {
        device.outbox = device.outbox.filter(waits);
        const home = (space: string): number => (device.spaces[space].home === 'personal' ? 0 : 1);
        const rebuilt = Object.keys(device.rebuilds).sort((one, other) => home(one) - home(other));
        for (const space of rebuilt) finish(device, space, newKey);
    }
    device.outbox = device.outbox.filter((each) => !arrived(device, each));
    return [device, true];
}

function decide(each: Edit, { key, version, unplaced }: Outcome): Edit[] {
    if (each.change.key !== key) return [each];
    if (version !== null || unplaced !== null) return [{ ...each, settled: version, unplaced }];
    return [];
}

function arrived(device: Device, each: Edit): boolean {
    const space = whereDecided(device, each);
    if (waits(each) || space in device.rebuilds) return false;
    const row = device.base[nameOf({ space, id: each.unplaced ?? each.change.id })];
    return row !== undefined && row.version >= (each.settled ?? 0);
}

/** Of a space that its person has let go nothing stays. */
function forget(device: Device, space: string): void {
    delete device.spaces[space];
    delete device.rebuilds[space];
    device.base = Object.fromEntries(Object.entries(device.base).filter(([, row]) => row.space !== space));
}

/** What only this phone holds waits to be sent again; the new copy takes the place of the old one. */
function finish(device: Device, space: string, newKey: () => string): void {
    const { head, base } = device.rebuilds[space];
    const rows = (of: Base, home: string): Row[] => Object.values(of).filter((row) => row.space === home);
    const old = rows(device.base, space);
    const { couple, state } = device.spaces[space];
    const pulled = new Map(Object.values(base).map((row) => [row.id, row]));
    const own = rows(device.base, personal(device));
    const { person, app } = device;
    const life = { person, kinds: app.kinds, pulled, head, couple, closed: state === 'closed', own };
    const unseen = old.filter((row) => editsOf(device, row.id).some((each) => (each.change.base ?? 0) < row.version));
    const changes = lost(life, old, { newKey, sha256: app.sha256 });
    const first = device.outbox[0]?.nth ?? 0;
    const again = changes.map((change, nth): Edit => {
        const seen = unseen.every((row) => row.id !== change.id);
        const sent = { ...change, origin: { ...change.origin, ...(seen ? { seen } : {}) } };
        return { nth: first - changes.length + nth, change: sent, madeMs: null, settled: null, unplaced: null };
    });
    delete device.rebuilds[space];
    const waited = device.outbox
        .map((each) => heldBack(device, each, space, pulled))
        .map((each) => lowered(device, each, space, head, pulled));
    device.outbox = [...again, ...waited];
    const others = Object.entries(device.base).filter(([, row]) => row.space !== space);
    device.base = { ...Object.fromEntries(others), ...base };
}

/** A draft that had been given and came back goes with no word that was written after that. */
function heldBack(device: Device, edit: Edit, space: string, pulled: Map<string, Row>): Edit {
    const { change } = edit;
    const old = device.base[nameOf({ space, id: change.id })];
    const cameBack = old && !old.content && pulled.get(change.id)?.content;
    const says = change.set && Object.keys(change.set).length && !('send' in change.set);
    const isOfIt = change.kind === 'note_draft' && spaceOf(device, change) === space && cameBack;
    if (!isOfIt || !waits(edit) || !says) return edit;
    return { ...edit, change: { ...change, set: { ...change.set, send: false } } };
}

/** Let an edit that waits name no version of a life that is over. */
function lowered(device: Device, edit: Edit, space: string, head: number, pulled: Map<string, Row>): Edit {
    const { change } = edit;
    const seen = change.base ?? 0;
    if (spaceOf(device, change) !== space || seen <= head) return edit;
    const [old, now] = [device.base[nameOf({ space, id: change.id })], pulled.get(change.id)];
    const kind = device.app.kinds[change.kind];
    const alike = old && now && seen >= old.version && saysTheSame(kind, old.content, now.content);
    const stays = alike && !bringsWords(kind, change, now.content);
    const { base: _, ...rest } = change;
    const base = stays ? now.version : head;
    return { ...edit, change: base ? { ...rest, base } : rest };
}

function whereDecided(device: Device, each: Edit): string {
    if (each.unplaced === null) return spaceOf(device, each.change);
    return personal(device);
}

function ofRecord(record: Answer['records'][number]): Omit<Row, 'epoch'> {
    const { space, id, kind, version, author, removed, fields, alternatives = {}, merged = [] } = record;
    return { space, id, kind, version, content: { author, removed, fields, alternatives, merged } };
}

function ofGone({ space, id, kind, version }: Answer['gone'][number]): Omit<Row, 'epoch'> {
    return { space, id, kind, version, content: null };
}
