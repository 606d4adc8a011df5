// What an app might use instead of Haven's adapter for WatermelonDB.
import { setTimeout as sleep } from 'node:timers/promises';
import { synchronize } from '@nozbe/watermelondb/sync/index.js';
import { lines } from './weather.mjs';

/**
 * An adapter as WatermelonDB's own documentation has it: each function is one request, what comes is laid down as
 * WatermelonDB does it by itself, and nothing is sent before it is destroyed. The cursor stands in for the timestamp.
 */
export function plainly({ server, token, schema, database, limit, retryTime, fetch }) {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const path = `${server}/v1/watermelon/sync?schema=${schema}`;
    const place = (timestamp) => `cursor:${timestamp}`;
    let running, next;

    async function ask(address, request) {
        const answer = await fetch(address, { ...request, headers });
        if (answer.ok) return answer;
        throw new Error(`The server answered ${answer.status}.`);
    }

    async function pullChanges({ lastPulledAt }) {
        const cursor = lastPulledAt && (await database.localStorage.get(place(lastPulledAt)));
        const after = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
        const page = await (await ask(`${path}&limit=${limit}${after}`)).json();
        if (page.more) throw new Error('There is more than one page.');
        const timestamp = (lastPulledAt ?? 0) + 1;
        await database.localStorage.set(place(timestamp), page.cursor);
        return { changes: page.changes, timestamp };
    }

    async function pushChanges({ changes, lastPulledAt }) {
        const cursor = await database.localStorage.get(place(lastPulledAt));
        await ask(path, { method: 'POST', body: JSON.stringify({ changes, cursor }) });
    }

    function sync() {
        if (running) return (next ??= running.catch(() => {}).then(sync));
        next = undefined;
        const how = { database, pullChanges, pushChanges, sendCreatedAsUpdated: true };
        return (running = synchronize(how).finally(() => (running = undefined)));
    }

    function listen() {
        const ended = new AbortController();
        const again = () => ended.signal.aborted || sync().catch(() => sleep(retryTime).then(again));
        const hear = async () => {
            const { body } = await fetch(`${server}/v1/live`, { headers, signal: ended.signal });
            for await (const line of lines(body)) if (line === 'event: hint') again();
        };
        const go = () => ended.signal.aborted || hear().catch(() => {}).then(() => sleep(retryTime)).then(go);
        again();
        go();
        return () => ended.abort();
    }

    return { sync, listen };
}
