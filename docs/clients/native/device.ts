// What a device holds, as values: what the server said, and the edits whose end has not been seen, kept apart.
// Each step in the files beside this one takes a device and gives the next one; nothing here reads a clock or a disk.
import type { components } from '../haven';

type Schemas = components['schemas'];
export type Answer = Schemas['SyncResponse'];
export type Space = Schemas['SpaceView'];
export type Outcome = Schemas['Outcome'];
export type Fields = { [field: string]: unknown };
export type Texts = { [field: string]: Schemas['Alternative'][] };
export type Sides = Fields & { alternatives?: Texts; merged?: string[] };

type Field = { policy: string; asks_was: boolean; empty?: unknown };
type Parent = { field: string; kinds: string[]; known: boolean };
export type Kind = {
    class: string;
    created_by: string;
    edited_by: string;
    home: 'couple' | 'personal';
    parent: Parent | null;
    fields: { [field: string]: Field };
};
export type Kinds = { [kind: string]: Kind };
export type Sha256 = (bytes: Uint8Array) => Uint8Array;
/** What an app brings along: kinds.json as it stands, and hashing, which a phone has from its system. */
export type App = { schema: number; kinds: Kinds; sha256: Sha256 };

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
export type Base = { [spaceAndId: string]: Row };
export type Edit = {
    /** Edits have an order; those of section 12 come before all that were there. */
    nth: number;
    change: Change;
    madeMs: number | null;
    settled: number | null;
    unplaced: string | null;
};
/** An edit that no server takes as it is, with the word that its person is told. */
export type Aside = { change: Change; madeMs: number | null; said: string };
export type Rebuild = { head: number; base: Base };

export type Device = {
    person: string;
    app: App;
    cursor: string | null;
    spaces: { [id: string]: Space };
    base: Base;
    outbox: Edit[];
    aside: Aside[];
    rebuilds: { [space: string]: Rebuild };
};

export function begin(person: string, app: App): Device {
    return { person, app, cursor: null, spaces: {}, base: {}, outbox: [], aside: [], rebuilds: {} };
}

// ---- What is where

/** Whether an edit waits to be sent. */
export const waits = (each: Edit): boolean => each.settled === null && each.unplaced === null;

export function waiting(device: Device): Change[] {
    return device.outbox.filter(waits).map((each) => each.change);
}

/** The edits that are laid over a record. */
export function editsOf(device: Device, id: string): Edit[] {
    const isLaid = ({ set = {} }: Change): boolean => !('again' in set);
    return device.outbox.filter(({ change, unplaced }) => change.id === id && unplaced === null && isLaid(change));
}

export function spaceOf(device: Device, { kind, couple }: Change): string {
    const home = device.app.kinds[kind]?.home;
    const spaces = Object.values(device.spaces);
    return spaces.find((each) => each.home === home && (home === 'personal' || each.couple === couple))?.id ?? '';
}

export function personal(device: Device): string {
    return Object.values(device.spaces).find((space) => space.home === 'personal')?.id ?? '';
}

export function find(device: Device, id: string): Row | null {
    const rows = Object.keys(device.spaces).flatMap((space) => device.base[nameOf({ space, id })] ?? []);
    return rows.find((each) => each.content) ?? rows[0] ?? null;
}

/** Every id that there is anything of. */
export function ids(device: Device): Set<string> {
    const told = Object.values(device.base).map((row) => row.id);
    return new Set([...told, ...device.outbox.map((each) => each.change.id)]);
}

/** A set as the server keeps it: each once, by code points, which is another order than that of `sort` alone. */
export function inOrder(texts: string[]): string[] {
    return [...new Set(texts)].sort(byCodePoint);
}

function byCodePoint(one: string, other: string): number {
    const [left, right] = [[...String(one)], [...String(other)]]; // whatever was written
    const nth = left.findIndex((each, at) => each !== right[at]);
    if (nth < 0) return left.length - right.length;
    return left[nth].codePointAt(0)! - (right[nth]?.codePointAt(0) ?? -1);
}

/** A list, where it is one: an edit that the server will refuse may hold anything. */
export const listOf = <T>(value: unknown): T[] => (Array.isArray(value) ? value : []);

export const nameOf = (row: { space: string; id: string }): string => `${row.space} ${row.id}`;

export function same(one: unknown, other: unknown): boolean {
    if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other;
    const [left, right] = [Object.entries(one), other as Fields];
    const isThere = ([key, value]: [string, unknown]): boolean => key in right && same(value, right[key]);
    return left.length === Object.keys(other).length && left.every(isThere);
}
