// Plays examples with the native adapter: node native_runs.mjs COMPILED_FOLDER EXAMPLES KINDS
// EXAMPLES is a file of tests/vectors, or one like it; KINDS is device.json, which tells the kinds.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , compiled, examples, table] = process.argv;
const written = (name) => import(pathToFileURL(join(compiled, `${name}.js`)));
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const { ask, beginAnew, take } = await written('asking');
const { begin } = await written('device');
const { confirm, edit, keep, pick } = await written('editing');
const { opened } = await written('keeping');
const { look, shows } = await written('showing');
const { inCommon, sentences } = await written('sentences');
const { howItStands } = await written('goals');
const { countsNow, thePause } = await written('derivations');
const { moods, shelf, tagged, words } = await written('lookback');
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const app = { schema: 1, kinds: read(table).kinds, sha256 };

/** What a file may hold: for each list of cases how one is played. Each says what differs, or nothing. */
const players = {
    cases: story,
    laid,
    sentences: (each) => difference(sentences(each.text), each.sentences, 'sentences'),
    in_common: (each) => difference(inCommon(each.pulled, each.own), each.in_common, 'in_common'),
    pauses: (each) => difference(thePause(each.members, each.now, each.pauses), each.gives, 'gives'),
    counting: (each) => difference(countsNow(each.members, each.part, sha256), each.gives, 'gives'),
    goals: (each) => difference(howItStands(each.form, each.members, each.records), each.gives, 'gives'),
    moods: (each) => difference(moods(each.records, each.person, each.first, each.last), each.gives, 'gives'),
    words: (each) => difference(words(each.records, each.person, each.field, each.zone), each.gives, 'gives'),
    tagged: (each) => difference(tagged(each.records, each.person, each.tag), each.gives, 'gives'),
    shelf: (each) => difference(shelf(each.records, each.person), each.gives, 'gives'),
};

/** After each step the app could have been ended: what was kept by then is the same device. */
async function story({ person, steps }) {
    const keeper = keeperInMemory();
    const kept = await opened(keeper, person, app, () => {});
    for (const [number, step] of steps.entries()) {
        const gives = await kept.step((device) => play(device, step));
        const { device } = await opened(keeper, person, app, () => {});
        const found =
            difference(gives, step.gives, 'gives') ||
            difference(shows(kept.device), step.shows, 'shows') ||
            difference(device, kept.device, 'kept');
        if (found) return `step ${number}, ${step.do}: ${found}`;
    }
    return '';
}

function keeperInMemory() {
    const kept = new Map();
    return {
        load: async () => new Map(kept),
        async save(rows) {
            for (const [name, value] of rows) value === null ? kept.delete(name) : kept.set(name, value);
        },
    };
}

function drawn(newKeys) {
    const keys = [...newKeys];
    return () => keys.shift();
}

/** Do one step; return the device after it and what it gives. */
function play(device, step) {
    switch (step.do) {
        case 'edit':
            return edit(device, step);
        case 'pick':
            return pick(device, step);
        case 'confirm':
            return confirm(device, step);
        case 'keep':
            return [keep(device, step.change, step.made_ms ?? null), undefined];
        case 'ask':
            return [device, ask(device, step.now_ms, step.limit)];
        case 'begin_anew':
            return [beginAnew(device), undefined];
        case 'take':
            return take(device, step.asked, step.answer, drawn(step.new_keys));
        default:
            throw new Error(`The page says nothing of a step "${step.do}".`);
    }
}

function laid({ person, answer, waits, shows: should }) {
    const [pulled] = take(begin(person, app), {}, answer, drawn([]));
    const device = waits.reduce((before, change) => keep(before, change, null), pulled);
    return difference(look(device, should.id), should, 'shows');
}

/** Say where two values differ first, or nothing. */
function difference(is, should, at) {
    const nested = (value) => typeof value === 'object' && value !== null;
    if (!nested(is) || !nested(should) || Array.isArray(is) !== Array.isArray(should)) {
        return is === should ? '' : `${at} is ${JSON.stringify(is)} and should be ${JSON.stringify(should)}`;
    }
    const keys = [...new Set([...Object.keys(is), ...Object.keys(should)])].sort();
    return keys.map((key) => difference(is[key], should[key], `${at}.${key}`)).find(Boolean) ?? '';
}

const told = read(examples);
const lines = [];
for (const [list, cases] of Object.entries(told.for_a_device ?? told).filter(([list]) => list in players)) {
    for (const [number, each] of cases.entries()) {
        const name = each.name ?? `${list} ${number}`;
        const found = await players[list](each);
        lines.push(found ? `DIFFERS: ${name}: ${found}` : `played: ${name}`);
    }
}
console.log(lines.join('\n'));
process.exitCode = lines.every((line) => line.startsWith('played: ')) ? 0 : 1;
