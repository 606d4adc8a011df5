// Bad weather for a device with RxDB, the edits that are made in it, and what an app might use instead of Haven's adapter.
import { setTimeout as sleep } from 'node:timers/promises';
import { replicateRxCollection } from 'rxdb/plugins/replication';
import { Subject } from 'rxjs';

// Pulls come late to the server and answers to pushes come late from there, so that the two cross.
const LATE_MS = { pull: { there: 150, back: 20 }, push: { there: 10, back: 250 } };
const LATE = 0.6;
const LOST = 0.1;

/** Requests and answers that are late or lost, by a seed. */
export class Weather {
    #state;

    constructor(seed) {
        this.#state = seed >>> 0;
    }

    /** A number from 0 to below 1 (mulberry32). */
    chance() {
        this.#state = (this.#state + 0x6d2b79f5) >>> 0;
        let mixed = this.#state;
        mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    }

    happens(share) {
        return this.chance() < share;
    }

    oneOf(all) {
        return all[Math.floor(this.chance() * all.length)];
    }

    /** Let what is on its way take its time, which now and then is short. */
    async delay(what, way) {
        if (this.happens(LATE)) await sleep(this.chance() * LATE_MS[what][way]);
    }

    loses() {
        return this.happens(LOST);
    }
}

/** A text of two, a line each and one between them, with a sentence more in the line of one, or another for an older. */
export function said(text, { line, before, sentence }) {
    const lines = text.split('\n');
    const stands = before !== undefined && lines.at(line).includes(before);
    lines.splice(line, 1, stands ? lines.at(line).replace(before, sentence) : `${lines.at(line)} ${sentence}`);
    return lines.join('\n');
}

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

async function* lines(body) {
    let rest = '';
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
        const all = (rest + text).split('\n');
        rest = all.pop();
        yield* all;
    }
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
