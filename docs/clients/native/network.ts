// A request to Haven, and what came of it: an answer, or a problem that says what to do.

const PACKED_BYTES_MIN = 1_024; // what is smaller fits into one packet as it is
const AFTER_MAX_MS = 60 * 60_000;
const PROBLEM = 'urn:haven:problem:';

export type Fetch = typeof globalThis.fetch;
export type Way = { server: string; token: string; fetch: Fetch; patience: Patience };

/** For how many milliseconds a device waits. */
export type Patience = {
    /** For an answer to begin, and for its next piece. The server does not wait longer for a request either. */
    answerMs: number;
    /** For an answer as a whole, though a piece of it comes again and again. */
    wholeMs: number;
    /** For the next sign of a stream, which comes every 20 seconds. */
    streamMs: number;
};
export const PATIENCE: Patience = { answerMs: 30_000, wholeMs: 10 * 60_000, streamMs: 60_000 };

type Said = { type?: string; title?: string; detail?: string; where?: string };
type About = { status: number; code: string; where: string; afterMs: number; tooMuch: boolean };

/** Why a request as a whole came to nothing. Its message is a sentence for the person. */
export class Problem extends Error {
    /** 0 where Haven did not answer. */
    readonly status: number;
    /** The type of the problem, as section 14 of the protocol names them. */
    readonly code: string;
    /** The place in the request, where it is at fault. */
    readonly where: string;
    /** How long to wait at least. */
    readonly afterMs: number;
    /** Whether less might have arrived. */
    readonly tooMuch: boolean;

    constructor(message: string, about: Partial<About> = {}) {
        super(message);
        const { status = 0, code = '', where = '', afterMs = 0, tooMuch = false } = about;
        [this.status, this.code, this.where] = [status, code, where];
        [this.afterMs, this.tooMuch] = [afterMs, tooMuch];
    }

    /** Whether the same request may well be answered a little later. */
    get passes(): boolean {
        return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
    }

    is(type: string): boolean {
        return this.code === PROBLEM + type;
    }
}

/** Send JSON, and give the JSON of the answer; throw a `Problem` where there is none, or when it is `ended`. */
export async function post(way: Way, path: string, body: unknown, ended?: AbortSignal): Promise<unknown> {
    const { answerMs, wholeMs } = way.patience;
    const [packed, coding] = await pack(JSON.stringify(body));
    const headers = { 'Content-Type': 'application/json', ...coding };
    const { signal, heard, done } = whileHeard(answerMs, AbortSignal.timeout(wholeMs), ...(ended ? [ended] : []));
    try {
        const answer = await asked(way, path, { method: 'POST', headers, body: packed, signal });
        return JSON.parse(await textOf(answer, signal, heard));
    } catch (problem) {
        throw problem instanceof Problem ? problem : silence(); // it broke off, or was nobody's who knows Haven
    } finally {
        done();
    }
}

/** Ask for something with this device's token, and give an answer that is none of a problem, unread. */
export async function asked(way: Way, path: string, request: RequestInit): Promise<Response> {
    const headers = { ...request.headers, Authorization: `Bearer ${way.token}` };
    let answer: Response;
    try {
        // Haven sends nobody elsewhere: whoever does would be given what was written.
        answer = await whileWanted(way.fetch(way.server + path, { ...request, headers, redirect: 'error' }), request.signal);
    } catch {
        throw silence();
    }
    if (answer.ok) return answer;
    throw await problemOf(answer);
}

/** An answer, unless its request has been ended: not every `fetch` says so by itself. What comes late is let go. */
function whileWanted(coming: Promise<Response>, signal?: AbortSignal | null): Promise<Response> {
    if (!signal) return coming;
    return new Promise((resolve, reject) => {
        const leave = (): void => {
            reject(silence());
            coming.then((late) => late.body?.cancel()).catch(() => {});
        };
        if (signal.aborted) leave();
        signal.addEventListener('abort', leave);
        coming.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
}

/** What Haven says of a request; whatever somebody else on the way says of it is not believed. */
async function problemOf(answer: Response): Promise<Problem> {
    const { status, headers } = answer;
    const tooMuch = status === 408 || status === 413;
    const readable = headers.get('Content-Type')?.startsWith('application/problem+json');
    const said = readable ? ((await answer.json().catch(() => null)) as Said | null) : null;
    if (!readable) await answer.body?.cancel().catch(() => {});
    if (!said?.type?.startsWith(PROBLEM)) return silence(tooMuch);
    const words = [said.title, said.detail].filter((each) => each).join('. ');
    const afterMs = Math.min(Number(headers.get('Retry-After')) * 1_000 || 0, AFTER_MAX_MS);
    return new Problem(words || `The server answered ${status}.`, { status, code: said.type, where: said.where ?? '', afterMs, tooMuch });
}

export function silence(tooMuch = false): Problem {
    return new Problem('Haven cannot be reached at the moment. Everything is kept here.', { tooMuch });
}

/** What ends a request that is silent, and who says that it is not. */
export type Heard = { signal: AbortSignal; heard: () => void; done: () => void };

/** A signal that ends what has not been heard of for so long; and whenever one of the others does. */
export function whileHeard(ms: number, ...others: AbortSignal[]): Heard {
    const silent = new AbortController();
    const end = (): void => silent.abort();
    let waiting = setTimeout(end, ms);
    for (const other of others) {
        if (other.aborted) end();
        other.addEventListener('abort', end);
    }
    return {
        signal: silent.signal,
        heard(): void {
            clearTimeout(waiting);
            waiting = setTimeout(end, ms);
        },
        done(): void {
            clearTimeout(waiting);
            for (const other of others) other.removeEventListener('abort', end);
            end();
        },
    };
}

/** The text of an answer, which may take its time while something of it comes. */
async function textOf(answer: Response, signal: AbortSignal, heard: () => void): Promise<string> {
    const reader = answer.body!.getReader();
    const leave = (): void => void reader.cancel().catch(() => {});
    signal.addEventListener('abort', leave);
    const text = new TextDecoder();
    for (let all = ''; ; ) {
        heard();
        const { done, value } = await reader.read();
        if (signal.aborted) throw silence();
        if (done) return all + text.decode();
        all += text.decode(value, { stream: true });
    }
}

/** A body as it travels, with the header that says how. React Native cannot pack, and need not. */
async function pack(text: string): Promise<[BodyInit, { [header: string]: string }]> {
    const plain = new Blob([text]);
    if (plain.size < PACKED_BYTES_MIN || typeof CompressionStream === 'undefined') return [text, {}];
    const packed = new Response(plain.stream().pipeThrough(new CompressionStream('gzip')));
    return [await packed.arrayBuffer(), { 'Content-Encoding': 'gzip' }];
}
