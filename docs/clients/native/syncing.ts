// Sends what waits and takes what is new, one request at a time, until there is neither.
import { ask, CHANGES_MAX, take } from './asking.js';
import { waiting, type Answer, type Request } from './device.js';
import { putAside } from './editing.js';
import type { Kept } from './keeping.js';
import { post, Problem, silence, type Way } from './network.js';

const ROUNDS_MAX = 1_000; // of 500 edits and 500 records each: more than a life has
const PAUSE_FIRST_MS = 1_000;
const PAUSE_MAX_MS = 60_000;

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
    /** How long to wait after a problem: longer with each that follows another one, and never twice the same. */
    pauseMs: (problem: Error) => number;
};

export function syncing(kept: Kept, { way, limit, tries, now, chance, newKey, wait }: Rim): Syncing {
    let running: Promise<void> | undefined;
    let next: Promise<void> | undefined;
    let failures = 0;
    let changesMax = CHANGES_MAX;

    function sync(): Promise<void> {
        if (running) return (next ??= running.catch(() => {}).then(sync));
        next = undefined;
        const counted = (problem: Error): never => {
            failures += 1;
            throw problem;
        };
        return (running = rounds().catch(counted).finally(() => (running = undefined)));
    }

    /** 200 is taken; 403 `consent_needed` pulls on; 400 and 413 send less; all else ends the sync, or is waited for. */
    async function rounds(): Promise<void> {
        let needed: Problem | null = null; // a consent: without it nothing is sent, and all is pulled
        let vain = 0;
        for (let round = 0; round < ROUNDS_MAX; round += 1) {
            const asked = ask(kept.device, now(), limit, needed ? 0 : changesMax);
            const answer = await answerTo(asked);
            if (!(answer instanceof Problem)) {
                const taken = await kept.step((device) => take(device, asked, answer, newKey));
                failures = vain = 0;
                changesMax = Math.min(changesMax * 2, CHANGES_MAX);
                if (!taken || answer.more || (!needed && waiting(kept.device).length)) continue;
                if (needed) throw needed;
                return;
            }
            if (answer.is('consent_needed') && !needed) needed = answer;
            else if (!(await sendsLess(asked, answer))) {
                vain += 1;
                if (!answer.passes || vain >= tries) throw answer;
                failures += 1;
                await wait(pauseMs(answer));
            }
        }
        throw new Problem('There is more than one sync can do. It goes on with the next one.');
    }

    /** After a 400 or a 413, send less the next time: false, where that would not help. */
    async function sendsLess({ changes = [] }: Request, problem: Problem): Promise<boolean> {
        const named = /^\$\.changes\[(\d+)\]/.exec(problem.where);
        const whole = problem.status === 413;
        if (whole && changes.length > 1) {
            changesMax = Math.ceil(changes.length / 2);
            return true;
        }
        const fault = whole ? changes[0] : problem.status === 400 && named ? changes[Number(named[1])] : undefined;
        if (fault) await kept.step((device) => [putAside(device, fault.key, problem.message), null]);
        return fault !== undefined;
    }

    async function answerTo(asked: Request): Promise<Answer | Problem> {
        try {
            const answer = (await post(way, '/v1/sync', asked)) as Answer | null;
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

    return { sync, pauseMs };
}
