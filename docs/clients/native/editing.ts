// An edit: what a person did, as a change that waits in the outbox until the server has said what became of it.
import { editsOf, find, same, type Change, type Device, type Fields, type Sides } from './device.js';
import { empty, look } from './showing.js';

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

/** Make or change a record; null where that says what is shown already. */
export function edit(device: Device, wish: Wish): [Device, Change | null] {
    const { key, kind, fields } = wish;
    const before = wish.id === null ? null : look(device, wish.id);
    const asked = device.app.kinds[kind].fields;
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
    const found = device.outbox.filter((each) => each.change.key === key).map(({ change }) => ({ change, said }));
    const outbox = device.outbox.filter((each) => each.change.key !== key);
    return { ...device, outbox, aside: [...device.aside, ...found] };
}

/** Its person has read what was put aside, and needs it no longer. */
export function putAway(device: Device, key: string): Device {
    return { ...device, aside: device.aside.filter((each) => each.change.key !== key) };
}

/** A set in the form in which the server keeps it. */
const inOrder = (value: unknown): unknown =>
    Array.isArray(value) && value.every((each) => typeof each === 'string') ? [...new Set(value)].sort() : value;
