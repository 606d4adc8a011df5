// Lets a device be told what to do, by lines of JSON, and say what came of it.
import { createInterface } from 'node:readline';

export const OFFLINE = 'this device is offline';

/** Ask, and take the whole answer; a network that fails on the way is none. */
export async function asked(address, request) {
    try {
        const answer = await fetch(address, request);
        const text = await answer.text();
        return { text, response: new Response(text, answer) };
    } catch (problem) {
        throw new TypeError(OFFLINE, { cause: problem });
    }
}

/** Do what comes, each as a method of the device that there is at that moment, until whoever told it has gone. */
export async function obey(device) {
    for await (const line of createInterface({ input: process.stdin })) {
        const { number, command, ...given } = JSON.parse(line);
        Promise.resolve()
            .then(() => device()[command](given))
            .then((answer = null) => ({ number, answer }), (error) => ({ number, error: error.message ?? `${error}` }))
            .then(say);
    }
    process.exit(0); // however that came about
}

function say(message) {
    process.stdout.write(`${JSON.stringify(message)}\n`);
}
