// A device with RxDB and the adapter of docs/clients, told what to do by lines of JSON; after `stop`, the next one.
//
// It is offline until `sync` or `online`: its requests fail as they do without a network, and RxDB tries again. One
// process is one device at a time, because RxDB counts the collections that are open in a process, and allows 13.
import { randomUUID, webcrypto } from 'node:crypto';
import { existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { addRxPlugin, createRxDatabase, getChangedDocumentsSince } from 'rxdb';
import { RxDBDevModePlugin, disableWarnings } from 'rxdb/plugins/dev-mode';
import { RxDBMigrationSchemaPlugin } from 'rxdb/plugins/migration-schema';
import { getRxStorageLocalstorage } from 'rxdb/plugins/storage-localstorage';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv';
import { OFFLINE, asked, obey } from './lines.mjs';
import { haven, havenCollections } from './node_modules/haven/rxdb.mjs'; // a copy of docs/clients/rxdb.mjs, pasted there as into an app
import { carryDocuments, plainly } from './rxdb_storm.mjs';
import { Weather, said } from './weather.mjs';

const PASSING = ['epoch_changed', 'busy']; // problems after which the adapter, or RxDB, goes on by itself
const RETRY_MS = 50;
const ROUNDS_MAX = 200;
const IN_VAIN_MAX = 10;
const EVERYTHING = 1_000_000;
const PAUSE_MS = 120;
const REWORDED = 0.3;
const ENDED = 0.15;

globalThis.crypto ??= webcrypto; // Node 18, which Debian 12 has, keeps it in a module
disableWarnings();
addRxPlugin(RxDBDevModePlugin);
addRxPlugin(RxDBMigrationSchemaPlugin);

class Device {
    network = { requests: false, stream: false, pushing: null, answersToLose: 0, held: {}, weather: null };
    streams = new Set();
    pulls = new Map();
    pushed = [];
    underWay = 0;
    sent = 0;
    life = 0;
    waiting = { pulls: [], pages: [], pushes: [], answers: [] };
    answers = [];
    refusals = [];

    replicating = [];
    watched = new WeakSet();
    wrong = [];
    received = 0;
    seen = [];

    // What it is told -----------------------------------------------------------------------------------------------

    /**
     * `only` these kinds, if given, or all `together` in one collection. `plain`: with a plain adapter instead of Haven's.
     * `documentsAs` another device of the person's the stream carries documents.
     */
    async open({ server, token, schema, file, batchSize, only, together, plain, documentsAs }) {
        const kept = file ? keptIn(file) : inMemory();
        const storage = file ? getRxStorageLocalstorage({ localStorage: kept }) : getRxStorageMemory();
        this.db = await createRxDatabase({
            name: file ? 'haven' : `haven-${randomUUID()}`, // the next device in this process must not find it
            storage: wrappedValidateAjvStorage({ storage }),
            multiInstance: false,
        });
        const schemas = await (await fetch(`${server}/v1/rxdb/schemas/${schema}`)).json();
        const described = havenCollections(together ? { collections: { records: schemas.records } } : schemas);
        const wanted = Object.entries(described).filter(([kind]) => only?.includes(kind) ?? true);
        await this.db.addCollections(Object.fromEntries(wanted));
        this.together = together;
        const options = { batchSize, retryTime: RETRY_MS, fetch: (...request) => this.#send(...request) };
        this.replicate = (plain ? plainly : haven)({ server, token, schema, storage: kept, ...options });
        this.carrying = documentsAs && { server, schema, headers: { Authorization: `Bearer ${documentsAs}` } };
    }

    async insert({ kind, document }) {
        await this.#collection(kind).insert(this.together ? { ...document, kind } : document);
    }

    async insertMany({ kind, documents }) {
        await this.db[kind].bulkInsert(documents);
    }

    async patch({ kind, id, fields }) {
        await (await this.#found(kind, id)).incrementalPatch(fields);
    }

    async remove({ kind, id }) {
        await (await this.#found(kind, id)).incrementalRemove();
    }

    /** Be online until nothing waits here and nothing new comes; return the number of pushes that it took. */
    async sync({ pushing }) {
        Object.assign(this.network, { requests: true, pushing });
        try {
            return await this.rest();
        } finally {
            Object.assign(this.network, { requests: this.network.stream, pushing: null });
        }
    }

    /** Send what waits, and be cut off before any answer comes. */
    async sendUnheard() {
        const first = this.pushed.length;
        Object.assign(this.network, { requests: true, answersToLose: Infinity });
        await this.#begin();
        while (this.pushed.length === first || this.underWay > 0) await sleep(2);
        Object.assign(this.network, { requests: false, answersToLose: 0 });
    }

    async online() {
        Object.assign(this.network, { requests: true, stream: true });
        await this.#begin();
        if (this.carrying) this.#carry();
    }

    offline() {
        this.network.requests = false;
        this.dropStream();
    }

    /** Ask for all there is, again and again, until that brings nothing and nothing was left to send. */
    async rest() {
        const first = this.pushed.length;
        await this.#begin();
        for (let round = 0; round < ROUNDS_MAX; round += 1) {
            const before = [this.pushed.length, this.received];
            await this.#askForAll();
            this.#complain();
            if (before[0] === this.pushed.length && before[1] === this.received) return this.pushed.length - first;
        }
        throw new Error(`It does not come to rest: ${this.pushed.length - first} pushes in ${ROUNDS_MAX} rounds.`);
    }

    /**
     * Edit these goals many times in bad weather, in one line of the text, while replications are ended and begun again.
     * Return the sentences that were not replaced by others, by goal.
     */
    async storm({ seed, name, line, goals, edits }) {
        const weather = (this.network.weather = new Weather(seed));
        const standing = Object.fromEntries(goals.map((id) => [id, []]));
        for (let nth = 1; nth <= edits; nth += 1) {
            const ends = weather.happens(ENDED);
            if (ends) await this.#end();
            // At the end each once more, as the other does: nothing comes after that and would hide what is stale.
            const id = edits - nth < goals.length ? goals[edits - nth] : weather.oneOf(goals);
            const before = weather.happens(REWORDED) ? standing[id].pop() : undefined;
            const sentence = `${name} ${nth}.`;
            standing[id].push(sentence);
            const goal = await this.#found('goal', id);
            await goal.incrementalModify((now) => ({ ...now, notes: said(now.notes, { line, before, sentence }) }));
            if (ends) await this.#begin();
            await sleep(weather.chance() * PAUSE_MS);
        }
        this.network.weather = null;
        return standing;
    }

    /** While online, wait until nothing is under way and nothing waits to be sent. */
    async calm() {
        await Promise.all(this.#replications().map((each) => each.awaitInSync()));
    }

    loseAnswers({ count }) {
        this.network.answersToLose = count;
    }

    /** Pull nothing, but send what waits, and take the answers. */
    async send() {
        this.network.requests = true;
        await Promise.all(this.#replications().map((each) => each.awaitInSync()));
        this.network.requests = false;
    }

    /** From now on, keep pulls or pushes on their way to the server, or their pages or answers on their way back. */
    hold({ what }) {
        let release;
        this.network.held[what] = { until: new Promise((resolve) => (release = resolve)), release };
    }

    /** Let go, and return when pulls that have waited have been answered, and their documents laid down. */
    async release({ what }) {
        this.network.held[what].release();
        delete this.network.held[what];
        if (what === 'answers' || what === 'pushes') return;
        while ([...this.pulls.values()].some((each) => each.answered < each.begun)) await sleep(2);
        await Promise.all(this.#replications().map((each) => each.internalReplicationState.streamQueue.down));
    }

    /** The kinds of which something is kept on its way. */
    held({ what }) {
        return this.waiting[what];
    }

    /** Lose the live stream, and find no other until `online`. */
    dropStream() {
        this.network.stream = false;
        this.streams.forEach((cut) => cut());
    }

    /** Ask for all, and send what waits, until `error$` has told of both that it is refused. Return what it told. */
    async refused() {
        this.network.requests = true;
        await this.#begin();
        this.#replications().forEach((each) => each.reSync());
        const told = (code) => this.#complaints().some((each) => each.startsWith(code));
        while (!told('RC_PULL') || !told('RC_PUSH')) await sleep(2);
        this.network.requests = false;
        return [...new Set(this.#complaints())].sort();
    }

    /** From now on, remember each state of a document that an app would show. */
    async watch({ kind, id }) {
        (await this.#found(kind, id)).$.subscribe((each) => this.seen.push(each.toJSON()));
    }

    sawSince() {
        return this.seen;
    }

    async documents({ kind }) {
        const query = this.together ? { selector: { kind } } : {};
        const found = await this.#collection(kind).find(query).exec();
        return found.map((each) => each.toJSON()).map(({ kind: _, ...document }) => document);
    }

    pushes() {
        return this.pushed;
    }

    /** Everything that it keeps, tombstones and what it knows of the server included. */
    async kept() {
        const documents = Object.values(this.db.collections).map((each) => each.storageInstance);
        const assumed = this.#replications().map((each) => each.metaInstance);
        const every = [...documents, ...assumed].map((each) => getChangedDocumentsSince(each, EVERYTHING));
        return JSON.stringify((await Promise.all(every)).map((each) => each.documents));
    }

    heard() {
        return this.answers.join('\n');
    }

    problems() {
        return this.refusals;
    }

    errors() {
        return this.#complaints();
    }

    async stop() {
        this.offline();
        await this.db.close();
        device = new Device();
    }

    // The network ---------------------------------------------------------------------------------------------------

    async #send(address, request) {
        const { pathname } = new URL(address);
        const [, , , kind, what] = pathname.split('/');
        if (pathname === '/v1/live' && this.carrying) throw new TypeError(OFFLINE);
        if (pathname === '/v1/live') return this.#listen(address, request);
        if (!this.network.requests) throw new TypeError(OFFLINE);
        if (what === 'pull') return this.#pull(kind, address, request);
        if (!this.#mayPush(kind)) throw new TypeError(OFFLINE);
        return this.#push(kind, address, request);
    }

    async #listen(address, request) {
        if (!this.network.stream) throw new TypeError(OFFLINE);
        const cut = new AbortController();
        const abort = () => cut.abort();
        request.signal.addEventListener('abort', abort);
        this.streams.add(abort);
        return fetch(address, { ...request, signal: cut.signal });
    }

    async #pull(kind, address, request) {
        const pulls = this.#pullsOf(kind);
        const number = (pulls.begun += 1);
        await this.#passed('pulls', kind);
        const answer = await this.#answer('pull', address, request);
        await this.#passed('pages', kind);
        if (answer.ok) {
            await this.#expectNews(kind, address, answer.clone());
            pulls.answered = Math.max(pulls.answered, number);
        }
        return answer;
    }

    /** RxDB asks on after each full page: so many in a row that bring nothing new are a pull that has no end. */
    async #expectNews(kind, address, answer) {
        const asked = new URL(address).searchParams;
        const pulls = this.#pullsOf(kind);
        if (!asked.has('checkpoint')) pulls.seen.clear();
        const { documents } = await answer.json();
        const versions = documents.map(({ id, rev, epoch }) => `${id} ${rev} ${epoch}`);
        const ends = documents.length < Number(asked.get('limit'));
        pulls.inVain = ends || versions.some((each) => !pulls.seen.has(each)) ? 0 : pulls.inVain + 1;
        versions.forEach((each) => pulls.seen.add(each));
        if (pulls.inVain < IN_VAIN_MAX) return;
        const message = `Of ${kind}, ${IN_VAIN_MAX} full pages in a row brought nothing new.`;
        this.wrong.push(Object.assign(new Error(message), { code: 'ENDLESS' }));
    }

    async #push(kind, address, request) {
        this.pushed.push({ kind, rows: JSON.parse(request.body) });
        await this.#passed('pushes', kind);
        this.underWay += 1;
        const answer = await this.#answer('push', address, request).finally(() => (this.underWay -= 1));
        await this.#passed('answers', kind);
        if (this.network.answersToLose > 0) {
            this.network.answersToLose -= 1;
            throw new TypeError(OFFLINE);
        }
        return answer;
    }

    async #passed(what, kind) {
        if (!this.network.held[what]) return;
        this.waiting[what].push(kind);
        await this.network.held[what].until;
        this.waiting[what].splice(this.waiting[what].indexOf(kind), 1);
    }

    async #answer(what, address, request) {
        const { weather } = this.network;
        const { life } = this;
        await weather?.delay(what, 'there');
        if (life !== this.life) throw new TypeError(OFFLINE);
        this.sent += 1;
        const answer = await asked(address, request).finally(() => (this.sent -= 1));
        await weather?.delay(what, 'back');
        if (weather?.loses()) throw new TypeError(OFFLINE);
        this.answers.push(answer.text);
        if (!answer.response.ok) this.refusals.push(answer.response.status);
        return answer.response;
    }

    /** Hear by a stream of documents instead of the adapter's, until it is cut. */
    async #carry() {
        const cut = new AbortController();
        this.streams.add(() => cut.abort());
        const { server, schema, headers } = this.carrying;
        const ask = (path) => fetch(server + path, { headers, signal: cut.signal });
        const pulled = async (kind, place) => {
            const after = place ? `&checkpoint=${encodeURIComponent(place)}` : '';
            return (await ask(`/v1/rxdb/${kind}/pull?schema=${schema}&limit=100${after}`)).json();
        };
        const replication = (kind) => this.#replications().find((each) => each.collection.name === kind);
        const carried = carryDocuments({
            kinds: Object.keys(this.db.collections),
            live: () => ask('/v1/live'),
            pull: pulled,
            emit: (kind, news) => replication(kind)?.emitEvent(news),
        });
        await carried.catch((fault) => cut.signal.aborted || this.wrong.push(fault));
    }

    #mayPush(kind) {
        return this.network.pushing?.includes(kind) ?? true;
    }

    #pullsOf(kind) {
        if (!this.pulls.has(kind)) this.pulls.set(kind, { begun: 0, answered: 0, inVain: 0, seen: new Set() });
        return this.pulls.get(kind);
    }

    // Replicating ---------------------------------------------------------------------------------------------------

    async #begin() {
        if (this.replicating.length > 0) return;
        const collections = Object.values(this.db.collections);
        this.replicating = await Promise.all(collections.map((each) => this.replicate(each)));
        this.#replications();
    }

    /** End all replications. What is on its way to the server is lost, and what has come there is carried out. */
    async #end() {
        const ended = this.#replications();
        this.replicating = [];
        this.life += 1;
        await Promise.all(ended.map((each) => each.cancel()));
        while (this.sent > 0) await sleep(2);
    }

    /** All that run now. One that took an earlier one's place is watched as soon as it is seen here. */
    #replications() {
        const all = this.replicating.map((each) => each.replication);
        for (const each of all.filter((each) => !this.watched.has(each))) {
            this.watched.add(each);
            each.error$.subscribe((error) => this.wrong.push(error));
            each.received$.subscribe(() => (this.received += 1));
        }
        return all;
    }

    async #askForAll() {
        const begun = new Map();
        // One that may not push now waits for that, and pulls nothing meanwhile.
        const wanted = () => this.#replications().filter((each) => this.#mayPush(each.collection.name));
        for (const each of wanted()) {
            begun.set(each.collection.name, this.#pullsOf(each.collection.name).begun);
            each.reSync();
        }
        for (const [kind, number] of begun) {
            while (this.#pullsOf(kind).answered <= number) {
                this.#complain();
                await sleep(2);
            }
        }
        await Promise.all(wanted().map((each) => each.awaitInSync()));
    }

    #complain() {
        const [first] = this.#complaints();
        if (first) throw new Error(first);
    }

    /** What went wrong and does not pass by itself. */
    #complaints() {
        const passes = ({ message, code = '' }) => message === OFFLINE || PASSING.some((each) => code.endsWith(each));
        return this.wrong
            .filter(({ parameters: { errors = [] } = {} }) => errors.length === 0 || !errors.every(passes))
            .map(({ code, message, parameters: { errors, writeError } = {} }) => {
                const why = errors?.map((each) => [each.code, each.message]) ?? writeError?.validationErrors ?? message;
                return `${code}: ${JSON.stringify(why)}`;
            });
    }

    #collection(kind) {
        return this.db[this.together ? 'records' : kind];
    }

    async #found(kind, id) {
        const document = await this.#collection(kind).findOne(id).exec();
        if (document === null) throw new Error(`There is no ${kind} ${id} here.`);
        return document;
    }
}

// Where a device keeps things ---------------------------------------------------------------------------------------

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

let device = new Device();

await obey(() => device);
