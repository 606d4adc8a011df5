// An edit: what a person did, as a change that waits in the outbox until the server has said what became of it.
import { editsOf, find, inOrder, same } from './device.js';
import type { Aside, Change, Device, Fields, Kind, Sides } from './device.js';
import { empty, look } from './showing.js';

/** A request nests at most 16 deep, and holds a value below its changes, one of these, and what that sets. */
const DEPTH_MAX = 12;

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

/**
 * Make or change a record; null where that says what is shown already.
 *
 * Of what was wiped only the server can say what became of it, and it gives the words back.
 */
export function edit(device: Device, wish: Wish): [Device, Change | null] {
    const { key, kind, fields } = wish;
    const before = wish.id === null ? null : look(device, wish.id);
    const asked = device.app.kinds[kind].fields;
    refuseUnfit(device.app.kinds[kind], fields);
    const wiped = !before && wish.id !== null && find(device, wish.id)?.kind === kind;
    const given = before || wiped ? fields : { ...empty(device, kind, true), ...fields };
    const set: Sides = {};
    const was: Sides = {};
    for (const [field, wanted] of Object.entries(given)) {
        const value = asKept(wanted);
        if (before && same(value, before.fields[field])) continue;
        set[field] = value;
        if (before && asked[field].asks_was && field in before.fields) was[field] = before.fields[field];
    }
    const change: Change = { key, kind, id: wish.id ?? wish.new_id ?? '', set, was };
    if (wish.remove !== null && wish.remove !== before?.removed) change.remove = wish.remove;
    if (before && !Object.keys(set).length && change.remove === undefined) return [device, null];
    return make(device, change, wish.couple, wish.made_ms);
}

/** What could not even be sent is not begun: its person is told at once. */
function refuseUnfit({ fields: known }: Kind, fields: Fields): void {
    for (const [field, value] of Object.entries(fields)) {
        if (!(field in known)) throw new Error(`This kind of record has no field "${field}".`);
        if (isDeeper(value, DEPTH_MAX)) throw new Error(`What is to stand in "${field}" is nested too deeply.`);
    }
}

function isDeeper(value: unknown, levels: number): boolean {
    if (typeof value !== 'object' || value === null) return false;
    return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}

export type Choice = { id: string; field: string; keep?: string; key: string; made_ms: number };

/** Of texts that stand beside each other keep one. */
export function pick(device: Device, { id, field, keep, key, made_ms }: Choice): [Device, Change] {
    const before = look(device, id);
    if (!before?.alternatives[field]?.length) throw new Error('Nothing stands beside this.');
    const set: Sides = { alternatives: { [field]: [] } };
    const was: Sides = { alternatives: { [field]: before.alternatives[field] } };
    if (keep !== before.fields[field]) {
        set[field] = keep;
        was[field] = before.fields[field];
    }
    return make(device, { key, kind: before.kind, id, set, was }, null, made_ms);
}

/** Say that a text that was joined from two reads well. */
export function confirm(device: Device, { id, field, key, made_ms }: Choice): [Device, Change] {
    const before = look(device, id);
    if (!before?.merged.includes(field)) throw new Error('This was not joined from two texts.');
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
    if (device.app.kinds[change.kind].home === 'couple') {
        const present = Object.values(device.spaces).find((each) => each.home === 'couple' && each.state === 'active');
        const space = row ? device.spaces[row.space] : present;
        change.couple = couple ?? earlier[0]?.change.couple ?? space?.couple ?? undefined;
    }
    return [keep(device, change, madeMs), change];
}

/** Put a change into the outbox as it is. */
export function keep(device: Device, change: Change, madeMs: number | null): Device {
    const nth = (device.outbox.at(-1)?.nth ?? 0) + 1;
    return { ...device, outbox: [...device.outbox, { nth, change, madeMs, settled: null, unplaced: null }] };
}

/** Take an edit that no server takes as it is out of what is sent, and keep it with the word about it. */
export function putAside(device: Device, key: string, said: string): Device {
    const found = device.outbox.filter((each) => each.change.key === key);
    const outbox = device.outbox.filter((each) => each.change.key !== key);
    const aside = found.map(({ change, madeMs }): Aside => ({ change, madeMs, said }));
    return { ...device, outbox, aside: [...device.aside, ...aside] };
}

/** Let what was put aside wait to be sent once more, as the same edit: nothing was decided about it. */
export function tryAgain(device: Device, key: string): Device {
    const found = device.aside.filter((each) => each.change.key === key);
    return found.reduce((before, { change, madeMs }) => keep(before, change, madeMs), putAway(device, key));
}

/** Its person has read what was put aside, and needs it no longer. */
export function putAway(device: Device, key: string): Device {
    return { ...device, aside: device.aside.filter((each) => each.change.key !== key) };
}

const asKept = (value: unknown): unknown =>
    Array.isArray(value) && value.every((each) => typeof each === 'string') ? inOrder(value) : value;
