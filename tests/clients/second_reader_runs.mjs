// Plays the stories of a phone with the device of second_reader.ts: node second_reader_runs.mjs COMPILED DEVICE_JSON
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [, , compiled, stories] = process.argv;
const { ask, begin, confirm, edit, keep, pick, shows, take } = await import(pathToFileURL(compiled));
const { kinds, cases } = JSON.parse(readFileSync(stories, 'utf8'));

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
        case 'take':
            return take(device, step.asked, step.answer, step.new_keys);
        default:
            throw new Error(`The page says nothing of a step "${step.do}".`);
    }
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

function told({ name, person, steps }) {
    let device = begin(person, kinds);
    for (const [number, step] of steps.entries()) {
        const [next, gives] = play(device, step);
        device = next;
        const found = difference(gives, step.gives, 'gives') || difference(shows(device), step.shows, 'shows');
        if (found) return `DIFFERS: ${name}: step ${number}, ${step.do}: ${found}`;
    }
    return `played: ${name}`;
}

const lines = cases.map(told);
console.log(lines.join('\n'));
process.exitCode = lines.every((line) => line.startsWith('played: ')) ? 0 : 1;
