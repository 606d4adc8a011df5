// A request to Haven, and what came of it: an answer, or a problem that says what to do.

const ANSWER_MAX_MS = 30_000;
const PACKED_BYTES_MIN = 1_024; // what is smaller fits into one packet as it is
const AFTER_MAX_MS = 10 * 60_000;

export type Fetch = typeof globalThis.fetch;
export type Way = { server: string; token: string; fetch: Fetch };

type Said = { type?: string; title?: string; detail?: string; where?: string };

/** Why a request as a whole came to nothing. Its message is a sentence for the person. */
export class Problem extends Error {
    constructor(
        message: string,
        /** 0 where no answer came. */
        readonly status = 0,
        /** The type of the problem, as section 14 of the protocol names them. */
        readonly code = '',
        /** The place in the request, where it is at fault. */
        readonly where = '',
        /** How long to wait at least. */
        readonly afterMs = 0,
    ) {
        super(message);
    }

    /** Whether the same request may well be answered a little later. */
    get passes(): boolean {
        return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
    }

    is(type: string): boolean {
        return this.code === `urn:haven:problem:${type}`;
    }
}

/** Send JSON, and give the JSON of the answer; throw a `Problem` where there is none. */
export async function post(way: Way, path: string, body: unknown): Promise<unknown> {
    const [packed, coding] = await pack(JSON.stringify(body));
    const headers = { 'Content-Type': 'application/json', ...coding };
    const signal = AbortSignal.timeout(ANSWER_MAX_MS);
    const answer = await asked(way, path, { method: 'POST', headers, body: packed, signal });
    try {
        return await answer.json();
    } catch {
        throw silence(); // the answer broke off, or was nobody's who knows Haven
    }
}

/** Ask for something with this device's token, and give an answer that is none of a problem, unread. */
export async function asked(way: Way, path: string, request: RequestInit): Promise<Response> {
    const headers = { ...request.headers, Authorization: `Bearer ${way.token}` };
    let answer: Response;
    try {
        answer = await way.fetch(way.server + path, { ...request, headers });
    } catch {
        throw silence();
    }
    if (answer.ok) return answer;
    const said = ((await answer.json().catch(() => null)) ?? {}) as Said;
    const words = [said.title, said.detail].filter((each) => each).join('. ');
    const after = Math.min(Number(answer.headers.get('Retry-After')) * 1_000 || 0, AFTER_MAX_MS);
    throw new Problem(words || `The server answered ${answer.status}.`, answer.status, said.type, said.where, after);
}

export function silence(): Problem {
    return new Problem('Haven cannot be reached at the moment. Everything is kept here.');
}

/** A body as it travels, with the header that says how. React Native cannot pack, and need not. */
async function pack(text: string): Promise<[BodyInit, { [header: string]: string }]> {
    const plain = new Blob([text]);
    if (plain.size < PACKED_BYTES_MIN || typeof CompressionStream === 'undefined') return [text, {}];
    const packed = new Response(plain.stream().pipeThrough(new CompressionStream('gzip')));
    return [await packed.arrayBuffer(), { 'Content-Encoding': 'gzip' }];
}
