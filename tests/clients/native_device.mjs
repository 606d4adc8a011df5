// Devices of the native adapter, told by tests what to do: node native_device.mjs COMPILED_FOLDER KINDS FOLDER
// Each line that comes in is a command with a number and a device; its answer is a line with that number. Each device
// is kept in a file of FOLDER, from which it can begin again, also in another process.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';

const [, , compiled, table, folder] = process.argv;
const written = (name) => import(pathToFileURL(join(compiled, `${name}.js`)));
const { ask, take } = await written('asking');
const { waiting } = await written('device');
const { confirm, edit, keep, pick } = await written('editing');
const { fileKeeper } = await written('file_keeper');
const { sqliteKeeper } = await written('sqlite_keeper');
const { haven } = await written('haven');
const { PATIENCE, post } = await written('network');
const { shows } = await written('showing');
const described = JSON.parse(readFileSync(table, 'utf8'));
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();

/** A device, and what a test knows of it. */
class App {
    offMs = 0; // how wrong its clock is, and how much later it is there
    address = '';
    asked = null;
    answer = null;
    heard = []; // every answer to a sync since the last was told of
    sent = []; // of each time that it asked: whether it was packed, how large it was, and what was answered
    changed = 0; // how often the app was told that something may be shown otherwise
    paused = []; // how long it waited, where a test lets it wait no longer than that
    problems = []; // what the app was told while it listened
    holding = null; // what to wait for before an answer is given to the device
    stop = async () => {};

    deaf = false; // its fetch is none of those that hear that a request was ended
    hurried = false;
    tries = 5;
    limit = 500;
    keeper = 'file';

    constructor({ device, ...how }) {
        Object.assign(this, how);
        this.file = join(folder, `${device}.json`);
    }

    async begin() {
        const wait = async (ms, signal) => {
            this.paused.push(ms);
            await new Promise((go) => {
                if (signal?.aborted) return go();
                signal?.addEventListener('abort', go);
                const ended = () => signal?.removeEventListener('abort', go) || go();
                if (ms <= PAUSE_MAX_MS) setTimeout(ended, HURRIED_MS); // a rest lasts until it is ended
            });
        };
        this.haven = await haven({
            ...described,
            ...(this.hurried ? { wait } : {}),
            sha256,
            server: ORIGIN,
            token: this.token,
            person: this.person,
            keeper: await KEEPERS[this.keeper](this.file),
            fetch: (address, request) => this.fetched(address, request),
            now: () => Date.now() + this.offMs,
            tries: this.tries,
            limit: this.limit,
            patience: this.patience,
            changed: () => (this.changed += 1),
        });
        return this;
    }

    async fetched(address, request) {
        const to = address.replace(ORIGIN, this.address);
        if (this.deaf) request = { ...request, signal: undefined };
        if (!address.endsWith('/v1/sync')) return fetch(to, request);
        const sent = sizeOf(request);
        this.sent.push(sent);
        const answer = await fetch(to, request);
        sent.status = answer.status;
        let text = '';
        const words = new TextDecoder();
        const heard = new TransformStream({
            transform: (piece, next) => {
                text += words.decode(piece, { stream: true });
                next.enqueue(piece);
            },
            flush: async () => {
                if (answer.status === 200 && text.includes('"cursor"')) this.heard.push(text);
                sent.answered = true;
                await this.holding;
            },
        });
        return new Response(answer.body.pipeThrough(heard), answer);
    }
}

/** What a request holds, status and all to come. */
function sizeOf({ headers, body }) {
    const packed = 'Content-Encoding' in headers;
    const plain = packed ? gunzipSync(Buffer.from(body)) : Buffer.from(body);
    const { limit, changes = [], cursor = null } = JSON.parse(plain);
    return { packed, bytes: plain.length, limit, cursor, changes: changes.length, status: null, answered: false };
}

const KEEPERS = {
    file: fileKeeper,
    // Where nobody asks for it, nothing has to be built.
    SQLite: async (file) => sqliteKeeper(new (await import('better-sqlite3')).default(`${file}.db`)),
};
const ORIGIN = 'http://haven.test';
const HURRIED_MS = 20;
const PAUSE_MAX_MS = 100_000;
const apps = new Map();

const commands = {
    async begin(_, given) {
        apps.set(given.device, await new App(given).begin());
    },
    async restart(app, { device }) {
        await app.stop();
        apps.set(device, await app.begin());
    },
    sign(app, { token }) {
        app.token = token;
    },
    talk_to(app, { address }) {
        app.address = address;
    },
    edit: (app, { wish }) => app.haven.kept.step((device) => edit(device, wish)),
    pick: (app, { choice }) => app.haven.kept.step((device) => pick(device, choice)),
    confirm: (app, { choice }) => app.haven.kept.step((device) => confirm(device, choice)),
    keep: (app, { change, made_ms }) => app.haven.kept.step((device) => [keep(device, change, made_ms), null]),
    call: (app, { method, args }) => app.haven[method](...args),

    // A request, step by step
    ask(app, { now_ms, limit }) {
        app.asked = ask(app.haven.kept.device, now_ms, limit);
        return app.asked;
    },
    async send(app) {
        const { asked } = app;
        const way = { server: app.address, token: app.token, fetch: (...given) => fetch(...given), patience: PATIENCE };
        const answer = await post(way, '/v1/sync', asked);
        app.answer = { asked, answer };
        return JSON.stringify(answer);
    },
    take({ haven: { kept }, answer: { asked, answer } }) {
        return kept.step((device) => take(device, asked, answer, () => crypto.randomUUID()));
    },

    // As an app does it
    async sync(app, { off_ms = 0 }) {
        app.offMs = off_ms;
        const problem = await app.haven.sync().then(() => null, problemOf);
        return { heard: app.heard.splice(0), problem };
    },
    listen(app) {
        app.stop = app.haven.listen((problem) => app.problems.push(problemOf(problem)));
    },
    stop: (app) => app.stop(),
    hold(app) {
        app.holding = new Promise((go) => (app.release = go));
    },
    release(app) {
        app.holding = null;
        app.release();
    },
    met: ({ sent, paused, problems, changed }) => ({ sent, paused, problems, changed }),

    // Looking
    look: (app, { id }) => app.haven.look(id),
    shows: (app, { kind }) => app.haven.shows(kind),
    all: (app) => shows(app.haven.kept.device),
    aside: (app) => app.haven.aside(),
    rows: (app) => Object.values(app.haven.kept.device.base),
    waiting: (app) => waiting(app.haven.kept.device),
    state: ({ haven: { kept } }) => ({ cursor: kept.device.cursor, spaces: Object.values(kept.device.spaces) }),
    kept: (app) => readFileSync(app.file, 'utf8'),
    erase: (app) => rmSync(app.file),
    is_kept: (app) => existsSync(app.file),
    block_disk: (app) => mkdirSync(`${app.file}.new`),
    free_disk: (app) => rmdirSync(`${app.file}.new`),
};

function problemOf({ status = null, code = '', message, cause = null }) {
    return { status, code: code.replace('urn:haven:problem:', ''), message, cause: cause && `${cause}` };
}

for await (const line of createInterface({ input: process.stdin })) {
    const { number, command, ...given } = JSON.parse(line);
    // Not awaited: while one device waits for the server, others go on.
    Promise.resolve()
        .then(() => commands[command](apps.get(given.device), given))
        .then(
            (answer) => ({ number, answer: answer ?? null }),
            (error) => ({ number, error: error.stack }),
        )
        .then((said) => process.stdout.write(`${JSON.stringify(said)}\n`));
}
process.exit(0); // whoever listens still has to end, too
