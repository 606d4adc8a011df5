// A device of Haven's native protocol, to be pasted into an app: edits are kept at once, and sent when that can be.
import { find, type Aside, type App, type Change, type Fields } from './device.js';
import { confirm, edit, pick, putAway, tryAgain } from './editing.js';
import { opened, type Keeper, type Kept } from './keeping.js';
import { live } from './live.js';
import { PATIENCE, type Fetch, type Patience } from './network.js';
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
    patience?: Partial<Patience>;
} & Partial<Omit<Rim, 'way'>>;

export type Haven = {
    /** Make a record; gives its id. `couple` is for an app that knows of its couple before this device does. */
    make(kind: string, fields: Fields, couple?: string): Promise<string>;
    /**
     * Change fields of a record; null where they are as given already. What is written to a record that was wiped
     * meanwhile is kept too: its words come back from the server as `unplaced`.
     */
    write(id: string, fields: Fields): Promise<Change | null>;
    remove(id: string): Promise<Change | null>;
    bringBack(id: string): Promise<Change | null>;
    /** Of texts that stand beside each other keep this one, which may be a new one. */
    pick(id: string, field: string, keep: string): Promise<Change>;
    /** A text that was joined from two reads well. */
    confirm(id: string, field: string): Promise<Change>;
    /** A record as it is shown, or null. */
    look(id: string): Shown | null;
    /** All that is shown of a kind. */
    shows(kind: string): Shown[];
    /** What no server took as it was, each with the reason: shown to the person, who can copy it or put it away. */
    aside(): Aside[];
    putAway(key: string): Promise<void>;
    /** Send what was put aside once more: after an update of the app, or of the server. */
    tryAgain(key: string): Promise<void>;
    sync(): Promise<void>;
    /** Gives what stops it, and with it every sync: once that returns, nothing runs here any more. */
    listen(failed?: (problem: Error) => void): () => Promise<void>;
    /** The device itself, for whatever else an app does with it. */
    kept: Kept;
};

export async function haven({ server, token, keeper, ...options }: Options): Promise<Haven> {
    const person = options.person.toLowerCase();
    refuseAnothers(token, person);
    const { schema, kinds, sha256, changed = () => {}, now = Date.now, ...rest } = options;
    const { fetch = (...asked) => globalThis.fetch(...asked), patience, ...others } = rest;
    const newKey = () => (options.newKey ?? crypto.randomUUID.bind(crypto))().toLowerCase();
    const way = { server, token, fetch, patience: { ...PATIENCE, ...patience } };
    const rim: Rim = { limit: 500, tries: 5, chance: Math.random, wait, ...others, now, newKey, way };
    const kept = await opened(keeper, person, { schema, kinds, sha256 }, changed);
    const synced = syncing(kept, rim);
    const { edited, listen } = live(kept, synced, rim);

    type Wanted = { kind: string; id: string | null; fields?: Fields; remove?: boolean; couple?: string };
    async function wish({ kind, id, fields: given = {}, remove, couple }: Wanted): Promise<Change | null> {
        if (!(kind in kinds)) throw new Error('This app knows no such kind of record. Maybe it needs an update.');
        // A time in the id would tell the partner when something was written.
        const new_id = kinds[kind].home === 'couple' ? crypto.randomUUID() : timedId(now());
        const { parent } = kinds[kind];
        const named = parent && given[parent.field];
        const fields = typeof named === 'string' ? { ...given, [parent!.field]: named.toLowerCase() } : given;
        const said = { kind, id, new_id, fields, remove: remove ?? null, couple: couple?.toLowerCase() ?? null };
        const change = await kept.step((device) => edit(device, { ...said, key: newKey(), made_ms: now() }));
        edited();
        return change;
    }
    /** What is known of a record, of which all but this may have been wiped. */
    function known(given: string): { kind: string; id: string } {
        const id = given.toLowerCase();
        const found = look(kept.device, id) ?? find(kept.device, id);
        if (!found) throw new Error('There is no such record here.');
        return { kind: found.kind, id };
    }

    return {
        make: async (kind, fields, couple) => (await wish({ kind, id: null, fields, couple }))!.id,
        write: async (id, fields) => wish({ ...known(id), fields }),
        remove: async (id) => wish({ ...known(id), remove: true }),
        bringBack: async (id) => wish({ ...known(id), remove: false }),
        pick: async (id, field, keep) => {
            const said = { id: known(id).id, field, keep, key: newKey(), made_ms: now() };
            const change = await kept.step((device) => pick(device, said));
            edited();
            return change;
        },
        confirm: async (id, field) => {
            const said = { id: known(id).id, field, key: newKey(), made_ms: now() };
            const change = await kept.step((device) => confirm(device, said));
            edited();
            return change;
        },
        look: (id) => look(kept.device, id.toLowerCase()),
        shows: (kind) => shows(kept.device).filter((each) => each.kind === kind),
        aside: () => kept.device.aside,
        putAway: (key) => kept.step((device) => [putAway(device, key), undefined]),
        tryAgain: async (key) => {
            await kept.step((device) => [tryAgain(device, key), undefined]);
            edited();
        },
        sync: synced.sync,
        listen: (failed = () => {}) => listen(failed),
        kept,
    };
}

/** A token begins with whose it is: under another one what is kept here would come to somebody else's account. */
function refuseAnothers(token: string, person: string): void {
    const [form, owner] = token.split('.');
    if (form === 'h1' && owner === person) return;
    throw new Error('This sign-in belongs to another person. Nothing was sent.');
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
