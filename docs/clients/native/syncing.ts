// Sends what waits and takes what is new, one request at a time, until there is neither.
import { ask, beginAnew, CHANGES_MAX, take } from './asking.js';
import { waiting, type Answer, type Request } from './device.js';
import { putAside } from './editing.js';
import type { Kept } from './keeping.js';
import { post, Problem, silence, type Way } from './network.js';

const ROUNDS_MAX = 1_000; // of 500 edits and 500 records each: more than a life has
const PAUSE_FIRST_MS = 1_000;
const PAUSE_MAX_MS = 60_000;
/** The server may leave a request that comes slowly after a sixth of the time, and does so in the end. */
const SLOW = 1 / 6;
/** What took longer than this would hardly come through if it were twice as much. */
const QUICK = 1 / 2;

/** What is not the device's: the network, clocks and chance. */
export type Rim = {
    way: Way;
    limit: number;
    /** How often one sync asks in vain before it gives up. */
    tries: number;
    now: () => number;
    chance: () => number;
    newKey: () => string;
    /** Return after so many milliseconds, or at once when the signal says so. */
    wait: (ms: number, signal?: AbortSignal) => Promise<void>;
};

export type Syncing = {
    /** Sync; who asks meanwhile gets the sync after it. Throws a `Problem`; what came until then is kept. */
    sync: () => Promise<void>;
    /** End a sync that runs, and one that was to follow it; returns when they have. */
    end: () => Promise<void>;
    /** How long to wait after a problem: longer with each that follows another one, and never twice the same. */
    pauseMs: (problem: Error) => number;
};

export function syncing(kept: Kept, { way, limit, tries, now, chance, newKey, wait }: Rim): Syncing {
    let running: Promise<void> | undefined;
    let next: Promise<void> | undefined;
    let ending = new AbortController();
    let failures = 0;
    let changesMax = CHANGES_MAX;
    let rowsMax = limit;

    function sync(): Promise<void> {
        const { signal } = ending;
        if (running) return (next ??= running.catch(() => {}).then(() => follow(signal)));
        const counted = (problem: Error): never => {
            failures += 1;
            throw problem;
        };
        return (running = rounds(signal).catch(counted).finally(() => (running = undefined)));
    }

    function follow(ended: AbortSignal): Promise<void> {
        next = undefined;
        if (ended.aborted) throw stopped();
        return sync();
    }

    async function end(): Promise<void> {
        ending.abort();
        ending = new AbortController();
        await Promise.allSettled([running, next]);
    }

    async function rounds(ended: AbortSignal): Promise<void> {
        let needed: Problem | null = null; // a consent: without it nothing is sent, and all is pulled
        let vain = 0;
        let anew = false;
        for (let round = 0; round < ROUNDS_MAX; round += 1) {
            const asked = ask(kept.device, now(), rowsMax, needed ? 0 : changesMax);
            const began = performance.now();
            const said = await answerTo(asked, ended);
            const took = (performance.now() - began) / way.patience.answerMs;
            if (ended.aborted) throw stopped();
            const answer = said instanceof Problem ? said : await taken(asked, said);
            if (!(answer instanceof Problem)) {
                failures = vain = 0;
                if (took < QUICK) grow();
                if (answer || (!needed && waiting(kept.device).length)) continue;
                if (needed) throw needed;
                return;
            }
            if (answer.is('consent_needed') && !needed) needed = answer;
            else if (answer.status === 400 && answer.where === '$.cursor' && !anew) {
                anew = true;
                await kept.step((device) => [beginAnew(device), null]);
            } else if (!(await sendsLess(asked, answer))) {
                if (answer.tooMuch || (answer.status === 0 && took >= SLOW)) shrink(asked);
                vain += 1;
                if (!answer.passes || vain >= tries) throw answer;
                failures += 1;
                await wait(pauseMs(answer), ended);
                if (ended.aborted) throw stopped();
            }
        }
        throw new Problem('There is more than one sync can do. It goes on with the next one.');
    }

    /** Take an answer, and say whether to ask again at once; one that is silent about all that was sent is a problem. */
    async function taken(asked: Request, answer: Answer): Promise<boolean | Problem> {
        const isTaken = await kept.step((device) => take(device, asked, answer, newKey));
        const sent = new Set(asked.changes?.map((each) => each.key));
        const settles = !sent.size || answer.reset.length || answer.outcomes.some((each) => sent.has(each.key));
        if (isTaken && !settles) return new Problem('Haven has not said what became of what was written here.');
        return !isTaken || answer.more;
    }

    /** After a 400 or a 413, let less be sent, or one change less: false, where that would not help. */
    async function sendsLess({ changes = [] }: Request, { status, where, message }: Problem): Promise<boolean> {
        const named = /^\$\.changes\[(\d+)\]/.exec(where);
        const whole = status === 413 || (status === 400 && ['', '$', '$.changes'].includes(where));
        if (whole && changes.length > 1) {
            changesMax = Math.floor(changes.length / 2);
            return true;
        }
        const fault = whole ? changes[0] : status === 400 && named ? changes[Number(named[1])] : undefined;
        if (fault) await kept.step((device) => [putAside(device, fault.key, message), null]);
        return fault !== undefined;
    }

    /** On a line on which so much does not come through, half of it may. */
    function shrink({ changes = [] }: Request): void {
        if (changes.length) changesMax = Math.max(1, Math.floor(changes.length / 2));
        rowsMax = Math.max(1, Math.floor(rowsMax / 2));
    }

    function grow(): void {
        changesMax = Math.min(changesMax * 2, CHANGES_MAX);
        rowsMax = Math.min(rowsMax * 2, limit);
    }

    async function answerTo(asked: Request, ended: AbortSignal): Promise<Answer | Problem> {
        try {
            const answer = (await post(way, '/v1/sync', asked, ended)) as Answer | null;
            // A network that asks for its own sign-in first answers in Haven's place.
            return typeof answer?.cursor === 'string' && Array.isArray(answer.records) ? answer : silence();
        } catch (problem) {
            if (problem instanceof Problem) return problem;
            throw problem;
        }
    }

    function pauseMs(problem: Error): number {
        const afterMs = problem instanceof Problem ? problem.afterMs : 0;
        const grown = Math.min(PAUSE_FIRST_MS * 2 ** (failures - 1), PAUSE_MAX_MS);
        return Math.max(grown * (1 - chance() / 2), afterMs * (1 + chance() / 4));
    }

    return { sync, end, pauseMs };
}

function stopped(): Problem {
    return new Problem('This was stopped. Everything is kept here.');
}
