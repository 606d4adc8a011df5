// One device of one person as a process: RxDB with the adapter of docs/clients, told what to do by lines of JSON.
//
// It is offline until `sync` or `online`: its requests fail as they do without a network, and RxDB tries again.
import { webcrypto } from 'node:crypto';
import { existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { addRxPlugin, createRxDatabase, getChangedDocumentsSince } from 'rxdb';
import { RxDBDevModePlugin, disableWarnings } from 'rxdb/plugins/dev-mode';
import { getRxStorageLocalstorage } from 'rxdb/plugins/storage-localstorage';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv';
import { haven } from './node_modules/haven/rxdb.mjs'; // a copy of docs/clients/rxdb.mjs, pasted there as into an app

const OFFLINE = 'this device is offline';
const RETRY_MS = 50;
const ROUNDS_MAX = 200;
const EVERYTHING = 1_000_000;

globalThis.crypto ??= webcrypto; // Node 18, which Debian 12 has, keeps it in a module
disableWarnings();
addRxPlugin(RxDBDevModePlugin);

// What it is told ---------------------------------------------------------------------------------------------------

const told = {
    async open({ server, token, schema, file, batchSize }) {
        const kept = file ? keptIn(file) : inMemory();
        const answer = await network.real(`${server}/v1/rxdb/schemas/${schema}`, { headers: { Authorization: `Bearer ${token}` } });
        const { collections } = await answer.json();
        const storage = file ? getRxStorageLocalstorage({ localStorage: kept }) : getRxStorageMemory();
        db = await createRxDatabase({
            name: 'haven',
            storage: wrappedValidateAjvStorage({ storage }),
            multiInstance: false,
        });
        await db.addCollections(Object.fromEntries(Object.entries(collections).map(([kind, schema]) => [kind, { schema }])));
        replicate = haven({ server, token, schema, storage: kept, batchSize, retryTime: RETRY_MS });
    },

    insert: async ({ kind, document }) => {
        await db[kind].insert(document);
    },
    patch: async ({ kind, id, fields }) => {
        await (await found(kind, id)).incrementalPatch(fields);
    },
    remove: async ({ kind, id }) => {
        await (await found(kind, id)).incrementalRemove();
    },

    /** Go online for as long as it takes until nothing waits here and nothing new comes; return the pushes it took. */
    async sync({ pushing }) {
        const before = { ...network };
        Object.assign(network, { requests: true, pushing: pushing ?? null });
        try {
            return await untilAtRest();
        } finally {
            Object.assign(network, { requests: before.requests, pushing: before.pushing });
        }
    },
    async online() {
        Object.assign(network, { requests: true, stream: true });
        await begin();
    },
    offline() {
        Object.assign(network, { requests: false, stream: false });
        network.cutStreams.forEach((cut) => cut());
    },
    rest: () => untilAtRest(),
    loseAnswers: ({ count }) => {
        network.answersToLose = count;
    },

    documents: async ({ kind }) => (await db[kind].find().exec()).map((each) => each.toJSON()),
    pushes: () => traffic.pushes,
    /** Everything that it keeps, tombstones and what it knows of the server included. */
    async kept() {
        const instances = [...replications()].map((each) => each.metaInstance).filter(Boolean);
        const collections = Object.values(db.collections).map((each) => each.storageInstance);
        const all = await Promise.all(
            [...collections, ...instances].map((each) => getChangedDocumentsSince(each, EVERYTHING)),
        );
        return JSON.stringify(all.map((each) => each.documents));
    },
    heard: () => traffic.heard.join('\n'),
    errors: () => complaints(),
    async stop() {
        await db?.close();
        setImmediate(() => process.exit(0));
    },
};

// The network -------------------------------------------------------------------------------------------------------

const network = {
    real: globalThis.fetch,
    requests: false,
    stream: false,
    pushing: null, // the kinds that may be pushed; null: all
    answersToLose: 0,
    cutStreams: new Set(),
};
const traffic = { pulls: new Map(), pushes: [], heard: [] };

globalThis.fetch = async (address, request) => {
    const { pathname } = new URL(address);
    const [, , , kind, what] = pathname.split('/');
    if (pathname === '/v1/live') return stream(address, request);
    if (!network.requests) throw new TypeError(OFFLINE);
    if (what === 'pull') return pull(kind, address, request);
    if (network.pushing !== null && !network.pushing.includes(kind)) throw new TypeError(OFFLINE);
    return push(kind, address, request);
};

async function stream(address, request) {
    if (!network.stream) throw new TypeError(OFFLINE);
    const cut = new AbortController();
    const abort = () => cut.abort();
    request.signal.addEventListener('abort', abort);
    network.cutStreams.add(abort);
    return network.real(address, { ...request, signal: cut.signal });
}

async function pull(kind, address, request) {
    const pulls = pullsOf(kind);
    const number = (pulls.begun += 1);
    const answer = await heard(address, request);
    if (answer.ok) pulls.answered = Math.max(pulls.answered, number);
    return answer;
}

async function push(kind, address, request) {
    traffic.pushes.push({ kind, rows: JSON.parse(request.body) });
    const answer = await heard(address, request);
    if (network.answersToLose > 0) {
        network.answersToLose -= 1;
        throw new TypeError(OFFLINE);
    }
    return answer;
}

async function heard(address, request) {
    const answer = await network.real(address, request);
    const text = await answer.text();
    traffic.heard.push(text);
    return new Response(text, answer);
}

function pullsOf(kind) {
    if (!traffic.pulls.has(kind)) traffic.pulls.set(kind, { begun: 0, answered: 0 });
    return traffic.pulls.get(kind);
}

// Replicating -------------------------------------------------------------------------------------------------------

let db;
let replicate;
const handles = [];
const watched = new WeakSet();
const errors = [];
let received = 0;

async function begin() {
    if (handles.length > 0) return;
    handles.push(...(await Promise.all(Object.values(db.collections).map((each) => replicate(each)))));
    replications();
}

/** All that run now. One that took an earlier one's place is watched as soon as it is seen here. */
function replications() {
    const all = handles.map((each) => each.replication).filter((each) => each !== null);
    for (const each of all) {
        if (watched.has(each)) continue;
        watched.add(each);
        each.error$.subscribe((error) => errors.push(error));
        each.received$.subscribe(() => (received += 1));
    }
    return all;
}

/** Ask for all there is, again and again, until that brings nothing and nothing was left to send. */
async function untilAtRest() {
    const first = traffic.pushes.length;
    await begin();
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
        const before = { pushes: traffic.pushes.length, received };
        await askedForAll();
        complain();
        if (traffic.pushes.length === before.pushes && received === before.received && handles.every((each) => each.replication)) {
            return traffic.pushes.length - first;
        }
    }
    throw new Error(`It does not come to rest: ${traffic.pushes.length - first} pushes in ${ROUNDS_MAX} rounds.`);
}

async function askedForAll() {
    const begun = new Map();
    for (const each of replications()) {
        begun.set(each.collection.name, pullsOf(each.collection.name).begun);
        each.reSync();
    }
    for (const [kind, number] of begun) {
        while (pullsOf(kind).answered <= number) {
            complain();
            await sleep(2);
        }
    }
    await Promise.all(replications().map((each) => each.awaitInSync()));
}

function complain() {
    const [first] = complaints();
    if (first) throw new Error(first);
}

/** What went wrong and was not meant to. */
function complaints() {
    const causes = (each) => each.parameters?.errors ?? [];
    const meant = (one) => one.message === OFFLINE || one.code?.endsWith('epoch_changed');
    return errors
        .filter((each) => causes(each).length === 0 || !causes(each).every(meant))
        .map((each) => `${each.message ?? each}\n${JSON.stringify(each.parameters ?? {})}`.slice(0, 4_000));
}

async function found(kind, id) {
    const document = await db[kind].findOne(id).exec();
    if (document === null) throw new Error(`There is no ${kind} ${id} here.`);
    return document;
}

// Where it keeps things ---------------------------------------------------------------------------------------------

function inMemory() {
    const entries = new Map();
    return { getItem: (key) => entries.get(key) ?? null, setItem: (key, value) => entries.set(key, value) };
}

/** The localStorage of a browser in a file of lines: what was written is there when the process is killed. */
function keptIn(file) {
    const entries = new Map();
    for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []) {
        const [key, value] = JSON.parse(line);
        if (value === null) entries.delete(key);
        else entries.set(key, value);
    }
    const handle = openSync(file, 'a');
    const write = (key, value) => writeSync(handle, `${JSON.stringify([key, value])}\n`);
    return {
        getItem: (key) => entries.get(key) ?? null,
        setItem: (key, value) => {
            entries.set(key, `${value}`);
            write(key, `${value}`);
        },
        removeItem: (key) => {
            entries.delete(key);
            write(key, null);
        },
        key: (index) => [...entries.keys()][index] ?? null,
        get length() {
            return entries.size;
        },
    };
}

// Lines -------------------------------------------------------------------------------------------------------------

for await (const line of createInterface({ input: process.stdin })) {
    const { number, command, ...given } = JSON.parse(line);
    Promise.resolve()
        .then(() => told[command](given))
        .then((answer = null) => say({ number, answer }), (error) => say({ number, error: error.stack ?? `${error}` }));
}

function say(message) {
    process.stdout.write(`${JSON.stringify(message)}\n`);
}
