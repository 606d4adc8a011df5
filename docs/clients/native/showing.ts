// What is shown: the base, with the edits of the outbox over it, and what follows from these until the server says it.
import { countsNow, type Part } from './derivations.js';
import { editsOf, find, ids, inOrder, listOf, same, waits } from './device.js';
import type { Change, Content, Device, Fields, Texts } from './device.js';
import { howItStands, type Said } from './goals.js';

export type Shown = Content & { kind: string; id: string; version: number; waits: boolean };

export function shows(device: Device): Shown[] {
    const all = [...ids(device)].map((id) => look(device, id)).filter((each) => each !== null);
    const there = all.filter((each) => each.kind in device.app.kinds).filter((each) => {
        const parent = device.app.kinds[each.kind].parent;
        if (each.kind === 'goal' && each.fields.state === null) return false;
        return !parent || parent.known || isThere(device, parent.kinds, String(each.fields[parent.field]));
    });
    const order = Object.keys(device.app.kinds);
    const byKind = (one: Shown, other: Shown): number => order.indexOf(one.kind) - order.indexOf(other.kind);
    return there.sort((one, other) => byKind(one, other) || (one.id < other.id ? -1 : 1));
}

/** Whether a parent is there: of one that is gone nothing but edits may be shown, and it has no children any more. */
function isThere(device: Device, kinds: string[], id: string): boolean {
    const isGone = find(device, id)?.content === null;
    return !isGone && kinds.includes(laid(device, id)?.kind ?? '');
}

export function look(device: Device, id: string): Shown | null {
    const shown = laid(device, id);
    if (shown?.kind === 'goal') return asItStands(device, shown);
    const follows = shown && FOLLOWS[shown.kind];
    return shown && follows ? { ...shown, fields: { ...shown.fields, ...follows(device, shown) } } : shown;
}

/** What follows for a record from what the server has not seen: where it has seen all, as it says. */
const FOLLOWS: { [kind: string]: (device: Device, shown: Shown) => Fields } = {
    pause: (_, { version, fields }) => (version ? {} : returnOf(fields)),
    support_request: (device, shown) => {
        return childrenOf(device, shown, 'response', 'to')?.length ? { state: 'answered' } : {};
    },
    counsel_summary: (device, shown) => {
        const parts = childrenOf(device, shown, 'counsel_part', 'summary');
        if (!parts || shown.fields.link_until) return {};
        const said = parts.flatMap(({ author, fields }) => [author, ...listOf(fields.approvals).map(String)]);
        const people = said.map((each) => each.split(':')[0]).filter((each) => each !== device.person);
        const partner = people[0] ?? 'nobody yet';
        const counting = parts.filter(({ author, fields }) => {
            const { text, approvals } = fields;
            const part = { ...fields, author, text: String(text ?? ''), approvals: listOf(approvals) } as Part;
            return countsNow([device.person, partner], part, device.app.sha256);
        });
        return { state: counting.length ? 'ready' : 'draft' };
    },
};

function returnOf({ started_at, minutes }: Fields): Fields {
    const back = new Date(Date.parse(String(started_at)) + Number(minutes) * 60_000);
    return Number.isNaN(back.getTime()) ? {} : { return_at: back.toISOString().replace('.000Z', 'Z') };
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
    const children = [...ids(device)].flatMap((id) => laid(device, id) ?? []);
    return children.filter((each) => each.kind === kind && each.fields[field] === parent.id && !each.removed);
}

function laid(device: Device, id: string): Shown | null {
    const row = find(device, id);
    const all = editsOf(device, id);
    const kind = row?.kind ?? all[0]?.change.kind ?? '';
    const edits = all.filter(({ change }) => change.kind === kind);
    if (!row?.content && !(row ? edits.some(waits) : edits.length)) return null;
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
    const edits = device.outbox.filter((each) => each.unplaced === null).map((each) => each.change);
    if (goal.version && !edits.some((each) => isOf(each.kind, about(each)))) return goal;
    const made = [...ids(device)]
        .flatMap((id) => laid(device, id) ?? [])
        .filter((each) => isOf(each.kind, each.fields) && !each.removed)
        .map(({ id, kind, author, fields }) => ({ order: null, based_on: null, ...fields, id, kind, author }) as Said);
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
        const members = device.app.kinds[kind]?.fields[field]?.policy === 'members';
        if (members && Array.isArray(old) && Array.isArray(value)) {
            const stays = listOf<string>(fields[field]).filter((each) => value.includes(each) || !old.includes(each));
            fields[field] = inOrder([...stays, ...value.filter((each) => !old.includes(each))]);
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
export function empty(device: Device, kind: string, toSet: boolean): Fields {
    const fields = Object.entries(device.app.kinds[kind]?.fields ?? {});
    const begun = fields.filter(([, field]) => 'empty' in field && !(toSet && field.policy === 'server'));
    return Object.fromEntries(begun.map(([name, field]) => [name, field.empty]));
}
