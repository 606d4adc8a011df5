// A device of Haven's native protocol, to be pasted into an app: edits are kept at once, and sent when that can be.
import type { Aside, App, Change, Fields } from './device.js';
import { confirm, edit, pick, putAway } from './editing.js';
import { opened, type Keeper, type Kept } from './keeping.js';
import { live } from './live.js';
import type { Fetch } from './network.js';
import { look, shows, type Shown } from './showing.js';
import { syncing, type Rim } from './syncing.js';

export type Options = App & {
    server: string;
    /** Of this device's sign-in; after 401 it takes another one, and `haven` anew. */
    token: string;
    person: string;
    keeper: Keeper;
    /** Called when something may be shown otherwise. */
    changed?: () => void;
    /** One whose answers can be read while they come. */
    fetch?: Fetch;
} & Partial<Omit<Rim, 'way'>>;

export type Haven = {
    /** Make a record; gives its id. `couple` is for an app that knows of its couple before this device does. */
    make(kind: string, fields: Fields, couple?: string): Promise<string>;
    /** Change fields of a record; null where they are as given already. */
    write(id: string, fields: Fields): Promise<Change | null>;
    remove(id: string): Promise<Change | null>;
    bringBack(id: string): Promise<Change | null>;
    /** Of texts that stand beside each other keep this one, which may be a new one. */
    pick(id: string, field: string, keep: string): Promise<Change | null>;
    /** A text that was joined from two reads well. */
    confirm(id: string, field: string): Promise<Change | null>;
    /** A record as it is shown, or null. */
    look(id: string): Shown | null;
    /** All that is shown of a kind. */
    shows(kind: string): Shown[];
    /** What no server took as it was, each with the reason: shown to the person, who can copy it or put it away. */
    aside(): Aside[];
    putAway(key: string): Promise<void>;
    sync(): Promise<void>;
    listen(failed?: (problem: Error) => void): () => void;
    /** The device itself, for whatever else an app does with it. */
    kept: Kept;
};

export async function haven({ server, token, person, keeper, ...options }: Options): Promise<Haven> {
    const { schema, kinds, sha256, changed = () => {}, now = Date.now, ...rest } = options;
    const { fetch = (...asked) => globalThis.fetch(...asked), ...others } = rest;
    const newKey = () => crypto.randomUUID();
    const plain = { limit: 500, tries: 5, chance: Math.random, newKey, wait };
    const rim: Rim = { ...plain, ...others, now, way: { server, token, fetch } };
    const kept = await opened(keeper, person, { schema, kinds, sha256 }, changed);
    const synced = syncing(kept, rim);
    const { edited, listen } = live(kept, synced, rim);

    type Wanted = { kind: string; id: string | null; fields?: Fields; remove?: boolean; couple?: string };
    async function wish({ kind, id, fields = {}, remove, couple }: Wanted): Promise<Change | null> {
        if (!(kind in kinds)) throw new Error('This app knows no such kind of record. Maybe it needs an update.');
        // A time in the id would tell the partner when something was written.
        const new_id = kinds[kind].home === 'couple' ? crypto.randomUUID() : timedId(now());
        const said = { kind, id, new_id, fields, remove: remove ?? null, couple: couple ?? null };
        const change = await kept.step((device) => edit(device, { ...said, key: newKey(), made_ms: now() }));
        edited();
        return change;
    }
    function known(id: string): Shown {
        const shown = look(kept.device, id);
        if (!shown) throw new Error('This record is not here any more.');
        return shown;
    }

    return {
        make: async (kind, fields, couple) => (await wish({ kind, id: null, fields, couple }))!.id,
        write: async (id, fields) => wish({ kind: known(id).kind, id, fields }),
        remove: async (id) => wish({ kind: known(id).kind, id, remove: true }),
        bringBack: async (id) => wish({ kind: known(id).kind, id, remove: false }),
        pick: async (id, field, keep) => {
            const said = { id, field, keep, key: newKey(), made_ms: now() };
            const change = await kept.step((device) => pick(device, said));
            edited();
            return change;
        },
        confirm: async (id, field) => {
            const said = { id, field, key: newKey(), made_ms: now() };
            const change = await kept.step((device) => confirm(device, said));
            edited();
            return change;
        },
        look: (id) => look(kept.device, id),
        shows: (kind) => shows(kept.device).filter((each) => each.kind === kind),
        aside: () => kept.device.aside,
        putAway: (key) => kept.step((device) => [putAway(device, key), undefined]),
        sync: synced.sync,
        listen: (failed = () => {}) => listen(failed),
        kept,
    };
}

/** A UUID of version 7, which begins with the time. */
function timedId(nowMs: number): string {
    const time = Math.max(0, Math.floor(nowMs)).toString(16).padStart(12, '0').slice(-12);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
}

function wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((go) => {
        if (signal?.aborted) return go();
        const waiting = setTimeout(done, ms);
        function done(): void {
            clearTimeout(waiting);
            signal?.removeEventListener('abort', done);
            go();
        }
        signal?.addEventListener('abort', done);
    });
}
