// Bad weather for a device, and the edits that are made in it.
import { setTimeout as sleep } from 'node:timers/promises';

// Pulls come late to the server and answers to pushes come late from there, so that the two cross.
const LATE_MS = { pull: { there: 150, back: 20 }, push: { there: 10, back: 250 } };
const LATE = 0.6;
const LOST = 0.1;

/** Requests and answers that are late or lost, by a seed. */
export class Weather {
    #state;

    constructor(seed) {
        this.#state = seed >>> 0;
    }

    /** A number from 0 to below 1 (mulberry32). */
    chance() {
        this.#state = (this.#state + 0x6d2b79f5) >>> 0;
        let mixed = this.#state;
        mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    }

    happens(share) {
        return this.chance() < share;
    }

    oneOf(all) {
        return all[Math.floor(this.chance() * all.length)];
    }

    /** Let what is on its way take its time, which now and then is short. */
    async delay(what, way) {
        if (this.happens(LATE)) await sleep(this.chance() * LATE_MS[what][way]);
    }

    loses() {
        return this.happens(LOST);
    }
}

/** A text of two, a line each and one between them, with a sentence more in the line of one, or another for an older. */
export function said(text, { line, before, sentence }) {
    const lines = text.split('\n');
    const stands = before !== undefined && lines.at(line).includes(before);
    lines.splice(line, 1, stands ? lines.at(line).replace(before, sentence) : `${lines.at(line)} ${sentence}`);
    return lines.join('\n');
}

/** The lines of an answer, as they come. */
export async function* lines(body) {
    let rest = '';
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
        const all = (rest + text).split('\n');
        rest = all.pop();
        yield* all;
    }
}
