// Keeps WatermelonDB tables, each named after a kind of Haven, in sync with a Haven server. To be pasted into an app.
import { Q } from '@nozbe/watermelondb';
import { synchronize } from '@nozbe/watermelondb/sync/index.js';

const ROUNDS_MAX = 10;
const ROWS_MAX = 500; // in one request
const CHARACTERS_MAX = 170_000; // of three bytes at most: a request has room for 512 KiB

// `fetch` may be another one, whose answers can be read while they come.
export function haven({ server, token, schema, database, limit = 500, retryTime = 5_000, fetch = globalThis.fetch }) {
    const all = Object.values(database.collections.map).map((each) => [each.table, Object.keys(each.schema.columns)]);
    const columns = Object.fromEntries(all.filter(([, names]) => names.includes('rev') && names.includes('epoch')));
    const tables = Object.keys(columns); // others are the app's own, and stay here
    const path = `/v1/watermelon/sync?schema=${schema}`;
    const place = (timestamp) => `cursor:${timestamp}`;
    let again, running, next, pulled;

    async function ask(path, request, tries = 3) {
        const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
        const answer = await fetch(server + path, { ...request, headers });
        if (answer.ok) return answer;
        if (answer.status === 503 && tries > 1) {
            await new Promise((go) => setTimeout(go, 1_000 * (Number(answer.headers.get('Retry-After')) || 1)));
            return ask(path, request, tries - 1);
        }
        const { type, detail } = await answer.json().catch(() => ({}));
        const message = detail ?? `The server answered ${answer.status}.`;
        throw Object.assign(new Error(message), { code: type, status: answer.status });
    }

    /** Pull and push. There is one at a time: who asks meanwhile gets the one after it. */
    function sync() {
        if (running) return (next ??= running.catch(() => {}).then(sync));
        next = undefined;
        return (running = rounds().finally(() => (running = undefined)));
    }

    async function rounds() {
        const how = { database, pullChanges, pushChanges, conflictResolver, sendCreatedAsUpdated: true };
        for (let round = 0; round === 0 || (again && round < ROUNDS_MAX); round += 1) {
            again = false;
            await synchronize(how);
        }
    }

    /** Sync at every hint of news, until what this returns is called. `failed` is told of what went wrong. */
    function listen(failed = () => {}) {
        const ended = new AbortController();
        const waiting = new Set();
        const begin = (act) => {
            waiting.delete(act);
            if (!ended.signal.aborted) act().catch((problem) => later(act, problem));
        };
        const later = (act, problem) => {
            if (ended.signal.aborted) return;
            if (problem) failed(problem);
            if (problem?.status === 401) ended.abort(); // it takes another token
            if (waiting.has(act)) return;
            waiting.add(act);
            setTimeout(begin, retryTime * (1 + Math.random()), act);
        };
        const hear = async () => {
            const { body } = await ask('/v1/live', { signal: ended.signal });
            const reader = body.getReader();
            const text = new TextDecoder();
            for (let rest = ''; ; ) {
                const silence = setTimeout(() => reader.cancel(), 60_000); // something comes every 20 seconds
                const { done, value } = await reader.read().finally(() => clearTimeout(silence));
                if (done) return later(hear);
                const lines = (rest + text.decode(value, { stream: true })).split('\n');
                rest = lines.pop();
                // A stream begins with hints, for what happened while nobody listened.
                if (lines.includes('event: hint')) begin(sync);
                if (lines.includes('data: {"why":"replaced"}')) ended.abort(); // this device listens elsewhere
            }
        };
        begin(hear);
        return () => ended.abort();
    }

    // Pulling -------------------------------------------------------------------------------------------------------

    async function pullChanges({ lastPulledAt }) {
        const last = (await database.localStorage.get(place(lastPulledAt))) ?? { couples: [] };
        let whole = !last.cursor; // what is not in it is no more
        let page = await pages(last.cursor).catch(async (problem) => {
            if (!problem.code?.endsWith('epoch_changed')) throw problem;
            // The server has gone back in time: all that is here is news for it, and is sent before it is overwritten.
            for (const table of tables) await send((await rowsOf(table)).map((row) => [table, row]));
            whole = true;
            return pages();
        });
        const same = JSON.stringify([last.schema, last.columns]) === JSON.stringify([schema, columns]);
        const from = same ? last.from : ''; // what an older app did not know comes from the beginning
        if (!whole && from !== undefined) page = await pages(from, page.news);
        const { news, cursor, couples } = page;
        pulled = { news, from: whole ? '' : (from ?? last.cursor), columns: last.columns ?? columns };
        const lost = last.couples.filter((each) => !couples.includes(each));
        const leaves = (row, said) =>
            said === null || lost.includes(row.couple) || (whole && !said && row.rev !== null);
        for (const [table, said] of news) await letGo(table, said, leaves, whole || lost.length > 0);
        const timestamp = (lastPulledAt ?? 0) + 1;
        await database.localStorage.set(place(timestamp), { cursor, couples, schema, columns });
        await database.localStorage.remove(place(timestamp - 2));
        const changes = [...news].map(([table, said]) => {
            return [table, { created: [], updated: [...said.values()].filter((row) => row), deleted: [] }];
        });
        return { changes: Object.fromEntries(changes), timestamp };
    }

    /** Pull all pages: what they say last of each row, by table and id, with null for what is to go. */
    async function pages(cursor, news = new Map(tables.map((table) => [table, new Map()]))) {
        for (;;) {
            const after = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
            const page = await (await ask(`${path}&limit=${limit}${after}`)).json();
            for (const [table, { created, updated, deleted }] of Object.entries(page.changes)) {
                for (const row of [...created, ...updated]) news.get(table)?.set(row.id, row);
                for (const id of deleted) news.get(table)?.set(id, null);
            }
            cursor = page.cursor;
            if (!page.more) return { news, cursor, couples: page.couples };
        }
    }

    // WatermelonDB would destroy what a pull has deleted together with edits that nobody else has. So it is done here:
    // what is edited is sent first, and goes as it was sent. What somebody edits meanwhile is sent once more. What is
    // marked as deleted is sent by the push, and goes then.
    async function letGo(table, said, leaves, anyRow) {
        const ids = [...said.keys()].filter((id) => said.get(id) === null);
        const sent = new Set();
        for (let unsent = anyRow || ids.length > 0 ? [null] : []; unsent.length > 0; ) {
            await database.write(async () => {
                const which = anyRow ? [] : [Q.where('id', Q.oneOf(ids))];
                const all = await database.get(table).query(...which).fetch();
                const leaving = all.filter(({ _raw }) => leaves(_raw, said.get(_raw.id)));
                const isTold = ({ _raw }) => _raw._status === 'synced' || sent.has(JSON.stringify(_raw));
                const told = leaving.filter(isTold);
                unsent = leaving.filter((record) => !told.includes(record)).map(({ _raw }) => ({ ..._raw }));
                await database.batch(told.map((record) => record.prepareDestroyPermanently()));
            });
            await send(unsent.map((row) => [table, row]));
            for (const row of unsent) sent.add(JSON.stringify(row));
        }
    }

    // What was edited here was made on what had been here, or on nothing where an older app knew no such column. So
    // nothing is laid down beside an edit that waits: whoever edits on edits what `rev` says, and picks from that.
    function conflictResolver(table, local, remote, resolved) {
        if (!local._changed) return resolved;
        const knew = local._changed.split(',').every((name) => pulled.columns[table]?.includes(name));
        return { ...local, rev: knew ? local.rev : 0 };
    }

    // Pushing -------------------------------------------------------------------------------------------------------

    async function pushChanges({ changes, lastPulledAt }) {
        const rows = [];
        for (const table of tables) {
            const { created, updated, deleted } = changes[table];
            const marked = new Map((await rowsOf(table, Q.where('_status', 'deleted'))).map((row) => [row.id, row]));
            const removed = deleted.map((id) => marked.get(id) ?? id);
            rows.push(...[...created, ...updated, ...removed].map((row) => [table, row]));
        }
        const stored = await database.localStorage.get(place(lastPulledAt));
        // Over a row with edits that wait, nothing was laid down: it has to come once more when they are sent.
        if (rows.some(([table, row]) => pulled.news.get(table).has(row.id ?? row))) {
            await database.localStorage.set(place(lastPulledAt), { ...stored, from: pulled.from });
        }
        await send(rows, stored.cursor);
    }

    /** Send rows, or the ids of rows that are no more, in pieces that fit into a request. */
    async function send(rows, cursor) {
        for (let from = 0, to = 0; from < rows.length; from = to) {
            const changes = {};
            for (let room = CHARACTERS_MAX; to < rows.length && to - from < ROWS_MAX; to += 1) {
                const [table, row] = rows[to];
                room -= JSON.stringify(row).length;
                if (room < 0 && to > from) break;
                changes[table] ??= { created: [], updated: [], deleted: [] };
                changes[table][typeof row === 'string' ? 'deleted' : 'updated'].push(row);
            }
            await ask(path, { method: 'POST', body: JSON.stringify({ changes, cursor }) });
            again = true; // what became of it is to be here before the server could lose it
        }
    }

    // Rows ----------------------------------------------------------------------------------------------------------

    /** Return rows as they are to be sent, also those that are marked as deleted, which other queries leave out. */
    async function rowsOf(table, ...conditions) {
        const query = database.get(table).query(...conditions);
        query.description = query._rawDescription;
        return (await query.unsafeFetchRaw()).map(({ _status, ...stored }) => {
            const row = { ...query.collection.disposableFromDirtyRaw(stored)._raw, _status }; // SQLite says 1 for true
            if (_status !== 'deleted') return row;
            // A bare id would lose what was written here before, and which version it was that somebody removed.
            const changed = new Set(row._changed.split(',').filter((name) => name));
            return { ...row, removed_at: row.removed_at ?? 1, _changed: [...changed.add('removed_at')].join(',') };
        });
    }

    return { sync, listen };
}
