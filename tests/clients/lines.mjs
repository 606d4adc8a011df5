// Lets a device be told what to do, by lines of JSON, and say what came of it.
import { createInterface } from 'node:readline';

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
