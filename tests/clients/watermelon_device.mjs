// A device with WatermelonDB and the adapter of docs/clients, told what to do by lines of JSON; after `stop`, the next.
//
// It is offline but while it syncs, or between `online` and `offline`: its requests fail as they do without a network.
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database, Model, appSchema, tableSchema } from '@nozbe/watermelondb';
import migrations from '@nozbe/watermelondb/Schema/migrations/index.js';
import lokijs from '@nozbe/watermelondb/adapters/lokijs/index.js';
import sqlite from '@nozbe/watermelondb/adapters/sqlite/index.js';
import diagnostics from '@nozbe/watermelondb/diagnostics/index.js';
import { hasUnsyncedChanges } from '@nozbe/watermelondb/sync/index.js';
import randomId from '@nozbe/watermelondb/utils/common/randomId/index.js';
import logger from '@nozbe/watermelondb/utils/common/logger/index.js';
import { OFFLINE, asked, obey } from './lines.mjs';
import { haven } from './node_modules/haven/watermelondb.mjs'; // a copy of docs/clients/watermelondb.mjs, as in an app
import { plainly } from './watermelon_storm.mjs';
import { Weather, said } from './weather.mjs';

const RETRY_MS = 50;
const PAUSE_MS = 120;
const REWORDED = 0.3;
/** A table of the app's own, of which no server hears. */
const DRAFT = tableSchema({ name: 'draft', columns: [{ name: 'text', type: 'string' }] });

logger.default.silence();
randomId.setGenerator(() => randomUUID()); // as docs/clients/watermelondb.md says

class Device {
    network = { requests: false, stream: false, pushes: true, answersToLose: 0, busy: 0, held: {}, weather: null };
    waiting = 0;
    streams = new Set();
    pulls = 0;
    pushed = [];
    answers = [];
    refusals = [];
    wrong = [];

    // What it is told -----------------------------------------------------------------------------------------------

    /**
     * `added` names tables and columns that the app has since its second version, which is this one unless `isFirst`.
     * `plain`: with a plain adapter instead of Haven's.
     */
    async open({ server, token, schema, adapter, file, limit = 500, added = [], isFirst = false, plain = false }) {
        const served = await (await fetch(`${server}/v1/watermelon/schemas/${schema}`)).json();
        const tables = Object.values(served.tables);
        const has = (name) => !isFirst || !added.includes(name);
        const known = tables.filter(({ name }) => has(name)).map(({ name, columns }) => {
            return tableSchema({ name, columns: columns.filter((column) => has(`${name}.${column.name}`)) });
        });
        const described = {
            schema: appSchema({ version: isFirst ? 1 : 2, tables: [...known, DRAFT] }),
            migrations: isFirst ? undefined : adding(added, tables),
        };
        this.database = new Database({
            adapter: adapter === 'sqlite' ? inSqlite(described, file) : inLoki(described, file),
            modelClasses: [...known, DRAFT].map(({ name }) => class extends Model { static table = name; }),
        });
        this.asked = { server, token, schema, limit };
        const options = { retryTime: RETRY_MS, fetch: (...request) => this.#send(...request) };
        this.haven = (plain ? plainly : haven)({ ...this.asked, ...options, database: this.database });
    }

    async insert({ kind, document }) {
        return (await this.insertMany({ kind, documents: [document] }))[0];
    }

    /** Make records, and return their ids. */
    async insertMany({ kind, documents }) {
        const made = await this.#write(async () => {
            const records = documents.map(({ id, ...fields }) =>
                this.database.get(kind).prepareCreate((record) => {
                    record._raw.id = id ?? record._raw.id;
                    set(record, fields);
                })
            );
            await this.database.batch(records);
            return records;
        });
        return made.map((record) => record.id);
    }

    async patch({ kind, id, fields }) {
        await this.#write(async () => {
            const record = await this.database.get(kind).find(id);
            await record.update(() => set(record, fields));
        });
    }

    async remove({ kind, id }) {
        await this.#write(async () => {
            const record = await this.database.get(kind).find(id);
            await record.markAsDeleted();
        });
    }

    /** Be online as long as the adapter syncs; return the number of pushes that it took. */
    async sync() {
        const first = this.pushed.length;
        this.network.requests = true;
        try {
            await this.haven.sync();
        } finally {
            this.network.requests = this.network.stream;
            await this.#save();
        }
        return this.pushed.length - first;
    }

    /** Sync so many times at once; return the number of pulls that it took. */
    async syncAtOnce({ count }) {
        const first = this.pulls;
        this.network.requests = true;
        await Promise.all(Array.from({ length: count }, () => this.haven.sync()));
        this.network.requests = this.network.stream;
        return this.pulls - first;
    }

    /** Pull, and send what waits, but be cut off before any answer to that comes. */
    async sendUnheard() {
        const first = this.pushed.length;
        this.network.answersToLose = Infinity;
        await this.#failing();
        this.network.answersToLose = 0;
        if (this.pushed.length === first) throw new Error('Nothing was sent.');
    }

    /** Pull, and fail to send what waits. */
    async pullOnly() {
        this.network.pushes = false;
        await this.#failing();
        this.network.pushes = true;
    }

    /** Lose the answers to the next pushes. */
    loseAnswers({ count }) {
        this.network.answersToLose = count;
    }

    /** Meet a server that is busy for so many requests. */
    beTooMany({ count }) {
        this.network.busy = count;
    }

    /** Pull, but fail to store what came. */
    async failToApply() {
        this.database.batch = () => Promise.reject(new TypeError(OFFLINE));
        await this.#failing();
        delete this.database.batch;
    }

    /** Lose where it is. */
    async loseCursor() {
        const timestamp = await this.database.adapter.getLocal('__watermelon_last_pulled_at');
        await this.database.localStorage.remove(`cursor:${timestamp}`);
    }

    /** From now on, keep the answers to pulls or to pushes on their way back. */
    hold({ what }) {
        let release;
        this.network.held[what] = { until: new Promise((resolve) => (release = resolve)), release };
    }

    release({ what }) {
        this.network.held[what].release();
        delete this.network.held[what];
    }

    /** How many answers are kept on their way. */
    held() {
        return this.waiting;
    }

    online() {
        Object.assign(this.network, { requests: true, stream: true });
        this.stopListening = this.haven.listen((problem) => problem.status && this.wrong.push(problem));
    }

    offline() {
        this.network.requests = false;
        this.dropStream();
        this.stopListening?.();
    }

    /** Lose the live stream, and find no other until `online`. */
    dropStream() {
        this.network.stream = false;
        this.streams.forEach((cut) => cut());
    }

    /**
     * While online, edit these goals many times in bad weather, in one line of the text, and sync after each edit.
     * Return the sentences that were not replaced by others, by goal.
     */
    async storm({ seed, name, line, goals, edits }) {
        const weather = (this.network.weather = new Weather(seed));
        const standing = Object.fromEntries(goals.map((id) => [id, []]));
        for (let nth = 1; nth <= edits; nth += 1) {
            // At the end each once more, as the other does: nothing comes after that and would hide what is stale.
            const id = edits - nth < goals.length ? goals[edits - nth] : weather.oneOf(goals);
            const before = weather.happens(REWORDED) ? standing[id].pop() : undefined;
            const sentence = `${name} ${nth}.`;
            standing[id].push(sentence);
            await this.#write(async () => {
                const goal = await this.database.get('goal').find(id);
                const notes = said(goal._raw.notes, { line, before, sentence });
                await goal.update(() => set(goal, { notes }));
            });
            this.haven.sync().catch(() => {});
            await sleep(weather.chance() * PAUSE_MS);
        }
        this.network.weather = null;
        return standing;
    }

    /** While online, sync until nothing waits to be sent. */
    async calm() {
        const done = () => this.haven.sync().then(() => true, () => false);
        while (!(await done()) || (await this.waits())) await sleep(RETRY_MS);
        await this.#save();
    }

    /** What an app shows. */
    async documents({ kind }) {
        const records = await this.database.get(kind).query().fetch();
        return records.map((record) => record._raw).filter((row) => (row.removed_at ?? null) === null);
    }

    /** Every row of a kind, what is removed or marked as deleted included. */
    rowsKept({ kind }) {
        const query = this.database.get(kind).query();
        query.description = query._rawDescription;
        return query.unsafeFetchRaw();
    }

    pushes() {
        return this.pushed;
    }

    /** Whether anything was not sent yet. */
    waits() {
        return hasUnsyncedChanges({ database: this.database });
    }

    /** Everything that it keeps, what is marked as deleted included. */
    async kept() {
        const queries = Object.values(this.database.collections.map).map((collection) => collection.query());
        for (const query of queries) query.description = query._rawDescription;
        return JSON.stringify(await Promise.all(queries.map((query) => query.unsafeFetchRaw())));
    }

    heard() {
        return this.answers.join('\n');
    }

    problems() {
        return this.refusals;
    }

    /** What WatermelonDB itself finds wrong, within its database and, `but` for some columns, between that and the server. */
    async diagnosed({ but }) {
        this.network.requests = true;
        const found = [
            await diagnostics.diagnoseDatabaseStructure({ db: this.database }),
            await diagnostics.diagnoseSyncConsistency({
                db: this.database,
                synchronize: () => this.haven.sync(),
                pullChanges: ({ lastPulledAt }) => this.#saidSince(lastPulledAt),
                isInconsistentRecordAllowed: async ({ inconsistentColumns: [...names] }) =>
                    names.length > 0 && names.every((name) => but.includes(name)),
                isExcessLocalRecordAllowed: async ({ tableName }) => tableName === DRAFT.name,
            }),
        ];
        this.network.requests = this.network.stream;
        return found.filter(({ issueCount }) => issueCount > 0).map(({ log }) => log);
    }

    errors() {
        return this.wrong.map(({ message }) => message);
    }

    stop() {
        this.offline();
        device = new Device();
    }

    // The network ---------------------------------------------------------------------------------------------------

    async #send(address, request = {}) {
        if (new URL(address).pathname === '/v1/live') return this.#listen(address, request);
        const pushes = request.method === 'POST';
        if (!this.network.requests || (pushes && !this.network.pushes)) throw new TypeError(OFFLINE);
        if (this.network.busy > 0) {
            this.network.busy -= 1;
            const problem = { type: 'urn:haven:problem:busy', detail: 'Haven is busy. Please try again.' };
            return new Response(JSON.stringify(problem), { status: 503, headers: { 'Retry-After': '1' } });
        }
        if (pushes) this.pushed.push(JSON.parse(request.body).changes);
        else this.pulls += 1;
        const { weather } = this.network;
        await weather?.delay(pushes ? 'push' : 'pull', 'there');
        if (!this.network.requests) throw new TypeError(OFFLINE);
        const { response, text } = await asked(address, request);
        await weather?.delay(pushes ? 'push' : 'pull', 'back');
        if (weather?.loses()) throw new TypeError(OFFLINE);
        await this.#passed(pushes ? 'pushes' : 'pulls');
        if (pushes && this.network.answersToLose > 0) {
            this.network.answersToLose -= 1;
            throw new TypeError(OFFLINE);
        }
        this.answers.push(text);
        if (!response.ok) this.refusals.push(response.status);
        return response;
    }

    async #passed(what) {
        if (!this.network.held[what]) return;
        this.waiting += 1;
        await this.network.held[what].until;
        this.waiting -= 1;
    }

    async #listen(address, request) {
        if (!this.network.stream) throw new TypeError(OFFLINE);
        const cut = new AbortController();
        const abort = () => cut.abort();
        request.signal.addEventListener('abort', abort);
        this.streams.add(abort);
        return fetch(address, { ...request, signal: cut.signal });
    }

    /** What the server says of each table since a pull, or at all: for comparing it with what is here. */
    async #saidSince(timestamp) {
        const { server, token, schema, limit } = this.asked;
        const said = new Map(Object.keys(this.database.collections.map).map((table) => [table, new Map()]));
        let { cursor } = timestamp ? await this.database.localStorage.get(`cursor:${timestamp}`) : {};
        for (let more = true; more; ) {
            const after = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
            const path = `/v1/watermelon/sync?schema=${schema}&limit=${limit}${after}`;
            const answer = await fetch(server + path, { headers: { Authorization: `Bearer ${token}` } });
            const page = await answer.json();
            for (const [table, { updated, deleted }] of Object.entries(page.changes)) {
                for (const row of updated) said.get(table).set(row.id, row);
                for (const id of deleted) said.get(table).set(id, null);
            }
            ({ cursor, more } = page);
        }
        const changes = [...said].map(([table, rows]) => {
            const deleted = [...rows.keys()].filter((id) => rows.get(id) === null);
            return [table, { created: [], updated: [...rows.values()].filter((row) => row !== null), deleted }];
        });
        return Object.fromEntries(changes);
    }

    // The database --------------------------------------------------------------------------------------------------

    async #write(act) {
        const done = await this.database.write(act);
        await this.#save();
        return done;
    }

    async #failing() {
        const problem = await this.sync().then(() => null, (error) => error);
        if (problem?.message !== OFFLINE) throw problem ?? new Error('Nothing went wrong.');
    }

    /** LokiJS saves what has changed twice in a second; here that has always been. */
    async #save() {
        const { loki } = this.database.adapter.underlyingAdapter._driver ?? {};
        await new Promise((done, fail) => (loki ? loki.saveDatabase((error) => (error ? fail(error) : done())) : done()));
    }
}

/** Set columns of a record that is edited: lists and objects are JSON there. */
function set(record, fields) {
    for (const [name, value] of Object.entries(fields)) {
        record._setRaw(name, value !== null && typeof value === 'object' ? JSON.stringify(value) : value);
    }
}

// Where a device keeps things ---------------------------------------------------------------------------------------

function inLoki(described, file) {
    return new lokijs.default({
        ...described,
        useWebWorker: false,
        useIncrementalIndexedDB: true,
        extraLokiOptions: { autosave: false },
        _testLokiAdapter: file && savedIn(file),
    });
}

function inSqlite(described, file = ':memory:') {
    return new sqlite.default({ ...described, dbName: file });
}

/** What IndexedDB is for a browser, as a file. */
function savedIn(file) {
    return {
        loadDatabase: (name, done) => done(existsSync(file) ? readFileSync(file, 'utf8') : null),
        saveDatabase: (name, text, done) => {
            writeFileSync(`${file}.new`, text);
            renameSync(`${file}.new`, file);
            done(null);
        },
        deleteDatabase: (name, done) => done(),
    };
}

/** The migration from an app's first version to its second one, which has more. */
function adding(added, tables) {
    const steps = added.map((each) => {
        const [table, name] = each.split('.');
        const { columns } = tables.find((one) => one.name === table);
        if (name === undefined) return migrations.createTable({ name: table, columns });
        return migrations.addColumns({ table, columns: columns.filter((column) => column.name === name) });
    });
    return migrations.schemaMigrations({ migrations: [{ toVersion: 2, steps }] });
}

let device = new Device();

await obey(() => device);
