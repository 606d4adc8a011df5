// What an app might use instead of Haven's adapter for RxDB.
import { setTimeout as sleep } from 'node:timers/promises';
import { replicateRxCollection } from 'rxdb/plugins/replication';
import { Subject } from 'rxjs';
import { lines } from './weather.mjs';

/** An adapter as RxDB's own example has it: each handler is one request, and nothing looks after the order of both. */
export function plainly({ server, token, schema, fetch, retryTime }) {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const ended = new AbortController();
    const hints$ = new Subject();
    const ask = async (kind, what, request) => {
        const answer = await fetch(`${server}/v1/rxdb/${kind}/${what}`, { ...request, headers });
        if (answer.ok) return answer.json();
        throw new Error(`The server answered ${answer.status}.`);
    };
    const listen = async () => {
        while (!ended.signal.aborted) {
            const heard = async () => {
                const { body } = await fetch(`${server}/v1/live`, { headers, signal: ended.signal });
                for await (const line of lines(body)) if (line === 'event: hint') hints$.next('RESYNC');
            };
            await heard().catch(() => sleep(retryTime));
        }
    };
    listen();
    return async (collection) => {
        const kind = collection.name;
        collection.onClose.push(() => ended.abort());
        const pulled = (checkpoint, limit) => {
            const after = checkpoint ? `&checkpoint=${encodeURIComponent(checkpoint.c)}` : '';
            return ask(kind, `pull?schema=${schema}&limit=${limit}${after}`);
        };
        const pushed = (rows) => ask(kind, `push?schema=${schema}`, { method: 'POST', body: JSON.stringify(rows) });
        const replication = replicateRxCollection({
            collection,
            retryTime,
            replicationIdentifier: server,
            pull: { batchSize: 100, stream$: hints$, handler: pulled },
            push: { batchSize: 20, handler: pushed },
        });
        return { replication };
    };
}

/**
 * A stream that carries documents with a checkpoint, as RxDB's own example has it: what is new after each hint, read as
 * another device of the same person. It begins with RESYNC. Returns when the stream ends.
 */
export async function carryDocuments({ kinds, live, pull, emit }) {
    const { body } = await live();
    const places = new Map();
    const news = async (kind) => {
        const page = await pull(kind, places.get(kind));
        if (page.documents.length > 0) places.set(kind, page.checkpoint.c);
        return page;
    };
    for (const kind of kinds) while ((await news(kind)).documents.length > 0);
    for (const kind of kinds) emit(kind, 'RESYNC');
    for await (const line of lines(body)) {
        if (line !== 'event: hint') continue;
        for (const kind of kinds) {
            const page = await news(kind);
            if (page.documents.length > 0) emit(kind, page);
        }
    }
}
