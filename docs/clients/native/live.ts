// Keeps a device in sync while the app is open: syncs at each hint of news, after edits, and now and then without one.
import type { Kept } from './keeping.js';
import { asked, Problem, whileHeard } from './network.js';
import type { Heard } from './network.js';
import type { Rim, Syncing } from './syncing.js';

const UNASKED_MAX_MS = 15 * 60_000;
const EDITS_MS = 1_500; // so that several go together
const RETURN_MS = 5_000;
const RETURN_MAX_MS = 60_000;
const LINE_MAX = 64 * 1024;

export type Live = {
    /** An edit was made. */
    edited: () => void;
    /** Until what this returns is called, which ends what runs and returns when it has. `failed` is told of problems. */
    listen: (failed: (problem: Error) => void) => () => Promise<void>;
};

/** How a stream ended: after how long to come back, if at all. */
type Bye = { why: string; afterMs: number };
type Event = { name: string; said: string; afterMs: number };

export function live(kept: Kept, { sync, end: endSync, pauseMs }: Syncing, { way, wait, chance }: Rim): Live {
    let wake = (): void => {};

    function listen(failed: (problem: Error) => void): () => Promise<void> {
        const ended = new AbortController();
        const end = (): void => ended.abort();
        const told = (problem: Error): void => {
            if (ended.signal.aborted) return;
            queueMicrotask(() => failed(problem)); // whatever it does, this goes on
            if (endsAll(problem)) end();
        };
        const both = Promise.all([keepSynced(ended.signal, told), keepListening(ended.signal, told)]);
        return async () => {
            end();
            await endSync();
            await both;
            await kept.still();
        };
    }

    async function keepSynced(ended: AbortSignal, told: (problem: Error) => void): Promise<void> {
        while (!ended.aborted) {
            const rest = new AbortController();
            const stop = AbortSignal.any([ended, rest.signal]);
            // From now on, not after the sync: what is news meanwhile may have come too late for it.
            wake = () => rest.abort();
            const problem = await sync().catch((problem: Error) => problem);
            if (problem) told(problem);
            // No hint shortens a pause: whoever cannot answer is not asked more often because there is news.
            if (problem && !waitsForAWord(problem)) await wait(pauseMs(problem), ended);
            else await wait(UNASKED_MAX_MS * (1 - chance() / 2), stop);
        }
    }

    async function keepListening(ended: AbortSignal, told: (problem: Error) => void): Promise<void> {
        for (let failures = 0; !ended.aborted; failures += 1) {
            let afterMs = Math.min(RETURN_MS * 2 ** failures, RETURN_MAX_MS) * (1 - chance() / 2);
            try {
                const bye = await hear(ended, () => (failures = 0));
                if (bye && bye.why !== 'restart') return; // it listens elsewhere, or may not listen any more
                afterMs = bye?.afterMs ?? afterMs;
            } catch (problem) {
                told(problem as Error);
                if (problem instanceof Problem) afterMs = Math.max(afterMs, problem.afterMs);
            }
            await wait(afterMs, ended);
        }
    }

    /** Listen to one stream until it ends. It begins with hints, for what happened while nobody listened. */
    async function hear(ended: AbortSignal, heard: () => void): Promise<Bye | null> {
        const stream = whileHeard(way.patience.streamMs, ended);
        try {
            const { body } = await asked(way, '/v1/live', { signal: stream.signal });
            for await (const event of events(body!.getReader(), stream)) {
                heard();
                const said = JSON.parse(event.said) as { space: string; head: number; why: string };
                if (event.name === 'bye') return { why: said.why, afterMs: event.afterMs };
                // Ahead of the server it may be, too: then the server has gone back in time.
                if (event.name === 'hint' && kept.device.spaces[said.space]?.head !== said.head) wake();
            }
            return null;
        } catch (problem) {
            if (ended.aborted || problem instanceof Problem) throw problem;
            return null; // the stream broke off: that is how networks are
        } finally {
            stream.done(); // which also lets go of a stream that was left
        }
    }

    let soon: Promise<void> | undefined;
    function edited(): void {
        soon ??= wait(EDITS_MS).then(() => {
            soon = undefined;
            wake();
        });
    }

    return { listen, edited };
}

/** What no waiting mends: the app needs another token, an update, or its person's decision. */
function endsAll(problem: Error): boolean {
    return problem instanceof Problem && [401, 403, 426].includes(problem.status) && !waitsForAWord(problem);
}

/** What was pulled is there, and what is sent waits until its person has agreed: the app then calls `sync`. */
function waitsForAWord(problem: Error): boolean {
    return problem instanceof Problem && problem.is('consent_needed');
}

async function* events(reader: ReadableStreamDefaultReader<Uint8Array>, stream: Heard): AsyncGenerator<Event> {
    const text = new TextDecoder();
    // Not every `fetch` ends a body whose request was ended once the answer had begun.
    stream.signal.addEventListener('abort', () => void reader.cancel().catch(() => {}));
    let event: Event = { name: '', said: '{}', afterMs: 0 };
    for (let rest = ''; rest.length <= LINE_MAX; ) {
        const { done, value } = await reader.read();
        if (done) return;
        stream.heard();
        const lines = (rest + text.decode(value, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
            const [name, said] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()];
            if (name === 'event') event = { ...event, name: said };
            else if (name === 'data') event = { ...event, said };
            else if (name === 'retry') event = { ...event, afterMs: Number(said) || 0 };
            else if (line === '') {
                if (event.name) yield event;
                event = { name: '', said: '{}', afterMs: 0 };
            }
        }
    }
}
