// How a device is kept: as rows of text by name, each step in one transaction before it counts.
import { begin } from './device.js';
import type { App, Aside, Base, Device, Edit, Rebuild, Row, Space } from './device.js';

/** Where rows are kept; any database on a phone will do. What was saved is there, also if the power fails just then. */
export interface Keeper {
    /** All rows, by name. */
    load(): Promise<Map<string, string>>;
    /** Put these in the place of those of their names, and take away those that are null: all of them, or none. */
    save(rows: Map<string, string | null>): Promise<void>;
}

export type Kept = {
    readonly device: Device;
    /** Go from one device to the next. Steps come one after the other; one that cannot be saved was not made. */
    step<T>(change: (device: Device) => [Device, T]): Promise<T>;
    /** Returns when no step is under way. */
    still(): Promise<void>;
};

/** Open what is kept; `changed` is called after each step of which anything had to be saved. */
export async function opened(keeper: Keeper, person: string, app: App, changed: () => void): Promise<Kept> {
    let device = restored(await keeper.load(), person, app);
    let last: Promise<unknown> = Promise.resolve();
    return {
        get device() {
            return device;
        },
        step<T>(change: (device: Device) => [Device, T]): Promise<T> {
            const made = last.then(async () => {
                const [next, gives] = change(device);
                const rows = differences(device, next);
                if (rows.size) await keeper.save(rows).catch(notKept);
                device = next;
                if (rows.size) queueMicrotask(changed); // whatever it does, this step was made
                return gives;
            });
            last = made.catch(() => {});
            return made;
        },
        async still() {
            for (let seen: Promise<unknown> | undefined; seen !== last; ) await (seen = last);
        },
    };
}

function notKept(cause: unknown): never {
    throw new Error('This could not be kept. Maybe there is no room left on this device.', { cause });
}

// ---- A device as rows

type Place = { person: string; cursor: string | null };
type Named = { [name: string]: unknown };

/** The rows that are others than before; what a step has left alone is the same value, and is not looked into. */
function differences(before: Device, after: Device): Map<string, string | null> {
    const rows = new Map<string, string | null>();
    if (before.cursor !== after.cursor) rows.set('place', JSON.stringify(placeOf(after)));
    differing(rows, 'space', before.spaces, after.spaces);
    differing(rows, 'base', before.base, after.base);
    differing(rows, 'edit', byKey(before.outbox), byKey(after.outbox));
    differing(rows, 'aside', byKey(before.aside), byKey(after.aside));
    differing(rows, 'rebuild', heads(before), heads(after));
    differing(rows, 'rebuilt', rebuilt(before), rebuilt(after));
    // The first that is saved of a device says whose it is, which is never altered.
    if (rows.size && before.cursor === null) rows.set('place', JSON.stringify(placeOf(after)));
    return rows;
}

function differing(rows: Map<string, string | null>, shelf: string, before: Named, after: Named): void {
    if (before === after) return;
    for (const name of Object.keys(before)) if (!(name in after)) rows.set(`${shelf} ${name}`, null);
    for (const [name, value] of Object.entries(after)) {
        if (before[name] !== value) rows.set(`${shelf} ${name}`, JSON.stringify(value));
    }
}

function restored(rows: Map<string, string>, person: string, app: App): Device {
    const device = begin(person, app);
    const place = rows.get('place');
    if (place === undefined) return device;
    const { person: owner, cursor } = JSON.parse(place) as Place;
    const anothers = 'What is kept here belongs to another person. Choose another place for this one.';
    if (owner !== person) throw new Error(anothers);
    const shelf = <T>(name: string): { [name: string]: T } => {
        const found = [...rows].filter(([each]) => each.startsWith(`${name} `));
        return Object.fromEntries(found.map(([each, value]) => [each.slice(name.length + 1), JSON.parse(value) as T]));
    };
    const rebuilds: { [space: string]: Rebuild } = {};
    for (const [space, head] of Object.entries(shelf<number>('rebuild'))) rebuilds[space] = { head, base: {} };
    for (const [name, row] of Object.entries(shelf<Row>('rebuilt'))) rebuilds[row.space].base[name] = row;
    return {
        ...device,
        cursor,
        rebuilds,
        spaces: shelf<Space>('space'),
        base: shelf<Row>('base'),
        outbox: Object.values(shelf<Edit>('edit')).sort((one, other) => one.nth - other.nth),
        aside: Object.values(shelf<Aside>('aside')),
    };
}

const placeOf = ({ person, cursor }: Device): Place => ({ person, cursor });

function byKey(edits: (Edit | Aside)[]): Named {
    return Object.fromEntries(edits.map((each) => [each.change.key, each]));
}

function heads({ rebuilds }: Device): Named {
    return Object.fromEntries(Object.entries(rebuilds).map(([space, { head }]) => [space, head]));
}

function rebuilt({ rebuilds }: Device): Base {
    return Object.assign({}, ...Object.values(rebuilds).map((each) => each.base)) as Base;
}
