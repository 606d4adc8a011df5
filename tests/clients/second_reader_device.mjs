// Devices of second_reader.ts, told by tests what to do: node second_reader_device.mjs COMPILED_FOLDER KINDS
// Each line that comes in is a command with a number and a device; its answer is a line with that number. What an app does
// around such a device is done here: it keeps the device after each step, sends what it asks, and hands it the answer.
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [, , compiled, table] = process.argv;
const { ask, begin, confirm, edit, keep, look, pick, shows, take, waiting } = await import(
    pathToFileURL(join(compiled, 'second_reader.js'))
);
const { kinds } = JSON.parse(readFileSync(table, 'utf8'));
const tools = { newKey: randomUUID, sha256: (bytes) => createHash('sha256').update(bytes).digest() };

/** By id: the device as it is now, what it asked last, and what it was answered. */
const apps = new Map();

const commands = {
    begin(_, { device, person }) {
        apps.set(device, { device: begin(person, kinds), asked: null, answer: null });
    },
    edit: (app, { wish }) => step(app, edit(app.device, wish)),
    pick: (app, { choice }) => step(app, pick(app.device, choice)),
    confirm: (app, { choice }) => step(app, confirm(app.device, choice)),
    keep(app, { change, made_ms }) {
        app.device = keep(app.device, change, made_ms);
    },
    ask(app, { now_ms, limit }) {
        app.asked = ask(app.device, now_ms, limit);
        return app.asked;
    },
    async send(app, { address, token }) {
        const { asked } = app;
        const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
        const response = await fetch(`${address}/v1/sync`, { method: 'POST', headers, body: JSON.stringify(asked) });
        const text = await response.text();
        app.answer = { asked, text };
        return { status: response.status, text };
    },
    take: (app) => step(app, take(app.device, app.answer.asked, JSON.parse(app.answer.text), tools)),
    look: (app, { id }) => look(app.device, id),
    shows: (app, { kind }) => shows(app.device).filter((each) => each.kind === kind),
    rows: (app) => Object.values(app.device.base),
    waiting: (app) => waiting(app.device),
    state: ({ device: { cursor, spaces } }) => ({ cursor, spaces: Object.values(spaces) }),
    kept: (app) => JSON.stringify(app.device),
};

function step(app, [device, gives]) {
    app.device = device;
    return gives;
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
