// A device of the native protocol, begun by somebody who had read docs/clients/native.md and not Haven's code.
// Each step takes a device and gives the next one, which an app would keep. What it sends again after a reset, and what a
// sentence is, stand in files of their own.
import type { components } from '../../docs/clients/haven';
import { countsNow, type Part } from './second_reader_derived.js';
import { howItStands, type Said } from './second_reader_goals.js';
import { bringsWords, lost, same, saysTheSame, type Tools } from './second_reader_restore.js';

type Schemas = components['schemas'];
export type Fields = { [field: string]: unknown };
type Text = Schemas['Alternative'];
type Texts = { [field: string]: Text[] };
export type Sides = Fields & { alternatives?: Texts; merged?: string[] };

type Field = { policy: string; asks_was: boolean; empty?: unknown };
type Parent = { field: string; known: boolean };
export type Kind = {
    class: string;
    created_by: string;
    edited_by: string;
    home: 'couple' | 'personal';
    parent: Parent | null;
    fields: { [field: string]: Field };
};
export type Kinds = { [kind: string]: Kind };
export type Change = {
    key: string;
    kind: string;
    id: string;
    base?: number;
    couple?: string;
    set?: Sides;
    was?: Sides;
    remove?: boolean;
    age_ms?: number;
    origin?: Schemas['Origin'];
};
export type Request = Omit<Schemas['SyncRequest'], 'changes'> & { changes?: Change[] };
export type Content = { author: string; removed: boolean; fields: Fields; alternatives: Texts; merged: string[] };
/** What the base holds under a space and an id; without content it is gone. */
export type Row = { space: string; id: string; kind: string; version: number; epoch: string; content: Content | null };
type Base = { [spaceAndId: string]: Row };
type Edit = { change: Change; madeMs: number | null; settled: number | null; unplaced: string | null };
type Rebuild = { head: number; base: Base };

export type Device = {
    person: string;
    kinds: Kinds;
    cursor: string | null;
    spaces: { [id: string]: Schemas['SpaceView'] };
    base: Base;
    outbox: Edit[];
    rebuilds: { [space: string]: Rebuild };
};
export type Shown = Content & { kind: string; id: string; version: number; waits: boolean };

const SCHEMA = 1;
const CHANGES_MAX = 500;
const CHANGES_MAX_BYTES = 500_000;

export function begin(person: string, kinds: Kinds): Device {
    return { person, kinds, cursor: null, spaces: {}, base: {}, outbox: [], rebuilds: {} };
}

// ---- An edit

export type Wish = {
    kind: string;
    id: string | null;
    new_id: string | null;
    fields: Fields;
    remove: boolean | null;
    couple: string | null;
    key: string;
    made_ms: number;
};

export function edit(device: Device, wish: Wish): [Device, Change | null] {
    const { key, kind, fields } = wish;
    const before = wish.id === null ? null : look(device, wish.id);
    const asked = device.kinds[kind].fields;
    const given = before ? fields : { ...empty(device, kind, true), ...fields };
    const set: Sides = {};
    const was: Sides = {};
    for (const [field, wanted] of Object.entries(given)) {
        const value = inOrder(wanted);
        if (before && same(value, before.fields[field])) continue;
        set[field] = value;
        if (before && asked[field].asks_was) was[field] = before.fields[field];
    }
    const change: Change = { key, kind, id: wish.id ?? wish.new_id ?? '', set, was };
    if (wish.remove !== null && wish.remove !== (before?.removed ?? false)) change.remove = wish.remove;
    if (before && !Object.keys(set).length && change.remove === undefined) return [device, null];
    return make(device, change, wish.couple, wish.made_ms);
}

export type Choice = { id: string; field: string; keep?: string; key: string; made_ms: number };

/** Of texts that stand beside each other keep one. */
export function pick(device: Device, { id, field, keep, key, made_ms }: Choice): [Device, Change | null] {
    const before = look(device, id);
    if (!before) return [device, null];
    const set: Sides = { alternatives: { [field]: [] } };
    const was: Sides = { alternatives: { [field]: before.alternatives[field] ?? [] } };
    if (keep !== before.fields[field]) {
        set[field] = keep;
        was[field] = before.fields[field];
    }
    return make(device, { key, kind: before.kind, id, set, was }, null, made_ms);
}

/** Say that a text that was joined from two reads well. */
export function confirm(device: Device, { id, field, key, made_ms }: Choice): [Device, Change | null] {
    const before = look(device, id);
    if (!before) return [device, null];
    const set = { merged: before.merged.filter((each) => each !== field) };
    return make(device, { key, kind: before.kind, id, set, was: { merged: before.merged } }, null, made_ms);
}

/** Give an edit its `base` and its couple, leave out what there is nothing to say in, and put it into the outbox. */
function make(device: Device, change: Change, couple: string | null, madeMs: number): [Device, Change] {
    const earlier = editsOf(device, change.id);
    const row = find(device, change.id);
    const base = Math.min(row?.version ?? 0, ...earlier.map((each) => each.change.base ?? 0));
    if (base) change.base = base;
    if (!Object.keys(change.set ?? {}).length) delete change.set;
    if (!Object.keys(change.was ?? {}).length) delete change.was;
    if (device.kinds[change.kind].home === 'couple') {
        const present = Object.values(device.spaces).find((each) => each.home === 'couple' && each.state === 'active');
        const space = row ? device.spaces[row.space] : present;
        change.couple = couple ?? earlier[0]?.change.couple ?? space?.couple ?? undefined;
    }
    return [keep(device, change, madeMs), change];
}

export function waiting(device: Device): Change[] {
    return device.outbox.filter(waits).map((each) => each.change);
}

export function keep(device: Device, change: Change, madeMs: number | null): Device {
    return { ...device, outbox: [...device.outbox, { change, madeMs, settled: null, unplaced: null }] };
}

// ---- What is shown

export function shows(device: Device): Shown[] {
    const rows = Object.values(device.base).map((row) => row.id);
    const ids = new Set([...rows, ...device.outbox.map((each) => each.change.id)]);
    const all = [...ids].map((id) => look(device, id)).filter((each) => each !== null);
    const there = all.filter((each) => each.kind in device.kinds).filter((each) => {
        const parent = device.kinds[each.kind].parent;
        if (each.kind === 'goal' && each.fields.state === null) return false;
        return !parent || parent.known || laid(device, String(each.fields[parent.field]));
    });
    const order = Object.keys(device.kinds);
    return there.sort((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind) || (one.id < other.id ? -1 : 1));
}

export function look(device: Device, id: string): Shown | null {
    const shown = laid(device, id);
    if (shown?.kind === 'goal') return asItStands(device, shown);
    const follows = shown && FOLLOWS[shown.kind];
    return shown && follows ? { ...shown, fields: { ...shown.fields, ...follows(device, shown) } } : shown;
}

const DIGEST: { sha256: ((bytes: Uint8Array) => Uint8Array) | null } = { sha256: null };

/** A phone has hashing from its system; here it is handed in. */
export function useHash(sha256: (bytes: Uint8Array) => Uint8Array): void {
    DIGEST.sha256 = sha256;
}

/** What follows for a record from what the server has not seen: where it has seen all, as it says. */
const FOLLOWS: { [kind: string]: (device: Device, shown: Shown) => Fields } = {
    pause: (_, { version, fields }) => (version || !fields.started_at ? {} : { return_at: returnOf(fields) }),
    support_request: (device, shown) => (childrenOf(device, shown, 'response', 'to')?.length ? { state: 'answered' } : {}),
    counsel_summary: (device, shown) => {
        const parts = childrenOf(device, shown, 'counsel_part', 'summary');
        if (!parts || shown.fields.link_until || !DIGEST.sha256) return {};
        const said = parts.flatMap(({ author, fields }) => [author, ...(fields.approvals as string[])]);
        const people = said.map((each) => each.split(':')[0]).filter((each) => each !== device.person);
        const [partner, sha256] = [people[0] ?? 'nobody yet', DIGEST.sha256];
        const counting = parts.filter(({ author, fields }) =>
            countsNow([device.person, partner], { ...fields, author, text: fields.text ?? '' } as Part, sha256),
        );
        return { state: counting.length ? 'ready' : 'draft' };
    },
};

function returnOf({ started_at, minutes }: Fields): string {
    return new Date(Date.parse(String(started_at)) + Number(minutes) * 60_000).toISOString().replace('.000Z', 'Z');
}

/** What stands of a parent's children here, where the server has not seen the parent or one of them; else null. */
function childrenOf(device: Device, parent: Shown, kind: string, field: string): Shown[] | null {
    const waiting = device.outbox.filter(
        ({ unplaced, change }) =>
            unplaced === null &&
            change.kind === kind &&
            (change.set?.[field] ?? laid(device, change.id)?.fields[field]) === parent.id,
    );
    if (parent.version && !waiting.length) return null;
    const ids = new Set([...Object.values(device.base).map((row) => row.id), ...waiting.map((each) => each.change.id)]);
    const children = [...ids].flatMap((id) => laid(device, id) ?? []);
    return children.filter((each) => each.kind === kind && each.fields[field] === parent.id && !each.removed);
}

function laid(device: Device, id: string): Shown | null {
    const edits = editsOf(device, id);
    const row = find(device, id);
    const kind = edits[0]?.change.kind ?? row?.kind ?? '';
    if (!edits.length && !row?.content) return null;
    const fields = row ? {} : empty(device, kind, false);
    const author = edits.find((each) => each.change.origin?.author)?.change.origin?.author ?? device.person;
    const start = row?.content ?? { author, removed: false, fields, alternatives: {}, merged: [] };
    const content = edits.reduce((below, each) => lay(device, below, each.change), start);
    return { kind, id, version: row?.version ?? 0, ...content, waits: edits.some(waits) };
}

/** A goal with what follows from terms and acts that the server has not seen; where it has seen all, as it says. */
function asItStands(device: Device, goal: Shown): Shown {
    const isOf = (kind: string, fields: Fields | undefined): boolean =>
        (kind === 'goal_terms' || kind === 'goal_act') && fields?.goal === goal.id;
    const about = ({ id, set }: Change): Fields | undefined => (set?.goal ? set : laid(device, id)?.fields);
    const waiting = device.outbox.filter((each) => each.unplaced === null && isOf(each.change.kind, about(each.change)));
    if (goal.version && !waiting.length) return goal;
    const ids = new Set([...Object.values(device.base).map((row) => row.id), ...waiting.map((each) => each.change.id)]);
    const children = [...ids].flatMap((id) => laid(device, id) ?? []).filter((each) => isOf(each.kind, each.fields) && !each.removed);
    const made = children.map(({ id, kind, author, fields }) => ({ order: null, based_on: null, ...fields, id, kind, author }) as Said);
    const partner = made.map((each) => each.author).find((each) => each !== device.person) ?? 'nobody yet';
    const { stale: _, past: __, ...now } = howItStands(String(goal.fields.form), [device.person, partner], made);
    return { ...goal, fields: { ...goal.fields, ...now } };
}

function lay(device: Device, below: Content, { kind, set = {}, was = {}, remove }: Change): Content {
    const { alternatives: kept = {}, merged: named = [], ...values } = set;
    const { alternatives: seen = {}, merged: read = [], ...before } = was;
    const fields = { ...below.fields };
    for (const [field, value] of Object.entries(values)) {
        const old = before[field];
        const members = device.kinds[kind]?.fields[field]?.policy === 'members';
        if (members && Array.isArray(old) && Array.isArray(value)) {
            const now = (fields[field] ?? []) as unknown[];
            const stays = now.filter((each) => value.includes(each) || !old.includes(each));
            fields[field] = [...stays, ...value.filter((each) => !old.includes(each) && !stays.includes(each))].sort();
        } else fields[field] = value;
    }
    const alternatives: Texts = { ...below.alternatives };
    for (const [field, texts] of Object.entries(seen)) {
        const gone = texts.filter((each) => !(kept[field] ?? []).some((text) => same(text, each)));
        alternatives[field] = (alternatives[field] ?? []).filter((each) => !gone.some((text) => same(text, each)));
        if (!alternatives[field].length) delete alternatives[field];
    }
    const merged = below.merged.filter((field) => named.includes(field) || !read.includes(field));
    return { author: below.author, removed: remove ?? below.removed, fields, alternatives, merged };
}

/** With what a record begins; for an edit only what a client writes. */
function empty(device: Device, kind: string, toSet: boolean): Fields {
    const fields = Object.entries(device.kinds[kind]?.fields ?? {});
    const begun = fields.filter(([, field]) => 'empty' in field && !(toSet && field.policy === 'server'));
    return Object.fromEntries(begun.map(([name, field]) => [name, field.empty]));
}

// ---- Asking

export function ask(device: Device, nowMs: number, limit: number): Request {
    const request: Request = { schema: SCHEMA, limit };
    if (device.cursor !== null) request.cursor = device.cursor;
    if (Object.keys(device.rebuilds).length) return request;
    const changes: Change[] = [];
    let bytes = 0;
    for (const { change, madeMs } of device.outbox.filter(waits).slice(0, CHANGES_MAX)) {
        const age = madeMs === null ? -1 : nowMs - madeMs;
        const sent = age < 0 ? change : { ...change, age_ms: age };
        bytes += JSON.stringify(sent).length;
        if (changes.length && bytes > CHANGES_MAX_BYTES) break;
        changes.push(sent);
    }
    return changes.length ? { ...request, changes } : request;
}

// ---- Taking an answer

export function take(old: Device, asked: Request, answer: Schemas['SyncResponse'], tools: Tools): [Device, boolean] {
    if ((asked.cursor ?? null) !== old.cursor) return [old, false];
    const device: Device = { ...old, spaces: { ...old.spaces }, base: { ...old.base }, rebuilds: { ...old.rebuilds } };
    for (const { space, head } of answer.reset) {
        const running = device.rebuilds[space];
        device.rebuilds[space] = { head: Math.min(head, running?.head ?? head), base: {} };
    }
    for (const space of Object.values(device.spaces)) device.spaces[space.id] = { ...space, state: 'closed' };
    for (const space of answer.spaces) device.spaces[space.id] = space;
    const another = (space: string): boolean => space in old.spaces && old.spaces[space].epoch !== device.spaces[space].epoch;
    device.outbox = device.outbox.map((each) =>
        another(whereDecided(device, each)) ? { ...each, settled: null, unplaced: null } : each,
    );
    for (const outcome of answer.outcomes) device.outbox = device.outbox.flatMap((each) => decide(each, outcome));
    for (const row of [...answer.records.map(ofRecord), ...answer.gone.map(ofGone)]) {
        const base = device.rebuilds[row.space]?.base ?? device.base;
        const epoch = device.spaces[row.space].epoch;
        const present = base[nameOf(row)];
        if (!(present && present.epoch === epoch && present.version > row.version)) base[nameOf(row)] = { ...row, epoch };
    }
    device.cursor = answer.cursor;
    if (!answer.more) {
        device.outbox = device.outbox.filter(waits);
        const home = (space: string): number => (device.spaces[space].home === 'personal' ? 0 : 1);
        const rebuilt = Object.keys(device.rebuilds).sort((one, other) => home(one) - home(other));
        for (const space of rebuilt) finish(device, space, tools);
    }
    device.outbox = device.outbox.filter((each) => !arrived(device, each));
    return [device, true];
}

function decide(each: Edit, { key, version, unplaced }: Schemas['Outcome']): Edit[] {
    if (each.change.key !== key) return [each];
    if (version !== null || unplaced !== null) return [{ ...each, settled: version, unplaced }];
    return [];
}

function arrived(device: Device, each: Edit): boolean {
    if (waits(each) || whereDecided(device, each) in device.rebuilds) return false;
    if (each.unplaced !== null) return find(device, each.unplaced) !== null;
    const row = find(device, each.change.id);
    return row !== null && (row.content === null || row.version >= (each.settled ?? 0));
}

function finish(device: Device, space: string, tools: Tools): void {
    const { head, base } = device.rebuilds[space];
    const rows = (of: Base, home: string): Row[] => Object.values(of).filter((row) => row.space === home);
    const old = rows(device.base, space);
    const { couple, state } = device.spaces[space];
    const pulled = new Map(Object.values(base).map((row) => [row.id, row]));
    const personal = Object.values(device.spaces).find((each) => each.home === 'personal')?.id ?? '';
    const own = rows(device.base, personal);
    const life = { person: device.person, kinds: device.kinds, pulled, head, couple, closed: state === 'closed', own };
    const unseen = old.filter((row) => editsOf(device, row.id).some((each) => (each.change.base ?? 0) < row.version));
    const again = lost(life, old, tools).map((change) => {
        const seen = unseen.every((row) => row.id !== change.id);
        return { change: { ...change, origin: { ...change.origin, ...(seen ? { seen } : {}) } }, madeMs: null, settled: null, unplaced: null };
    });
    delete device.rebuilds[space];
    device.outbox = [...again, ...device.outbox.map((each) => lowered(device, heldBack(device, each, space, pulled), space, head, pulled))];
    const others = Object.entries(device.base).filter(([, row]) => row.space !== space);
    device.base = { ...Object.fromEntries(others), ...base };
}

/** Let an edit that waits name no version of a life that is over. */
/** A draft that had been given and came back goes with no word that was written after that. */
function heldBack(device: Device, edit: Edit, space: string, pulled: Map<string, Row>): Edit {
    const { change } = edit;
    const old = device.base[nameOf({ space, id: change.id })];
    const cameBack = old && !old.content && pulled.get(change.id)?.content;
    const says = change.set && Object.keys(change.set).length && !('send' in change.set);
    if (change.kind !== 'note_draft' || spaceOf(device, change) !== space || !cameBack || !waits(edit) || !says) return edit;
    return { ...edit, change: { ...change, set: { ...change.set, send: false } } };
}

function lowered(device: Device, edit: Edit, space: string, head: number, pulled: Map<string, Row>): Edit {
    const { change } = edit;
    const seen = change.base ?? 0;
    if (spaceOf(device, change) !== space || seen <= head) return edit;
    const [old, now] = [device.base[nameOf({ space, id: change.id })], pulled.get(change.id)];
    const known = old?.content && now?.content && seen >= old.version && old.content.removed === now.content.removed;
    const alike = known && saysTheSame(device.kinds[change.kind], old.content as Content, now.content as Content);
    const stays = alike && !bringsWords(device.kinds[change.kind], change, now.content as Content);
    const { base: _, ...rest } = change;
    const base = stays ? now.version : head;
    return { ...edit, change: base ? { ...rest, base } : rest };
}

// ---- Names and comparisons

const waits = (each: Edit): boolean => each.settled === null && each.unplaced === null;
/** A set in the form in which the server keeps it. */
const inOrder = (value: unknown): unknown =>
    Array.isArray(value) && value.every((each) => typeof each === 'string') ? [...new Set(value)].sort() : value;
const nameOf = (row: { space: string; id: string }): string => `${row.space} ${row.id}`;

function whereDecided(device: Device, each: Edit): string {
    if (each.unplaced === null) return spaceOf(device, each.change);
    return Object.values(device.spaces).find((space) => space.home === 'personal')?.id ?? '';
}

function editsOf(device: Device, id: string): Edit[] {
    return device.outbox.filter(({ change, unplaced }) => change.id === id && unplaced === null && !('again' in (change.set ?? {})));
}

function spaceOf(device: Device, { kind, couple }: Change): string {
    const home = device.kinds[kind]?.home;
    const spaces = Object.values(device.spaces);
    return spaces.find((each) => each.home === home && (home === 'personal' || each.couple === couple))?.id ?? '';
}

function find(device: Device, id: string): Row | null {
    const rows = Object.values(device.base).filter((each) => each.id === id);
    return rows.find((each) => each.content) ?? rows[0] ?? null;
}

function ofRecord(record: Schemas['RecordView']): Omit<Row, 'epoch'> {
    const { space, id, kind, version, author, removed, fields, alternatives = {}, merged = [] } = record;
    return { space, id, kind, version, content: { author, removed, fields, alternatives, merged } };
}

function ofGone({ space, id, kind, version }: Schemas['Gone']): Omit<Row, 'epoch'> {
    return { space, id, kind, version, content: null };
}
