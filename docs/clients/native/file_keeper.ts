// Keeps a device in one file, for Node. A phone's own database takes its place on a phone.
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Keeper } from './keeping.js';

/** It is written anew at each step: for thousands of records, not for millions. Nobody else may write into it. */
export function fileKeeper(file: string): Keeper {
    let kept = new Map<string, string>();
    return {
        async load() {
            kept = new Map(Object.entries(JSON.parse(await textOf(file)) as { [name: string]: string }));
            return new Map(kept);
        },
        async save(rows) {
            const next = new Map(kept);
            for (const [name, value] of rows) {
                if (value === null) next.delete(name);
                else next.set(name, value);
            }
            await replace(file, JSON.stringify(Object.fromEntries(next)));
            kept = next;
        },
    };
}

async function textOf(file: string): Promise<string> {
    try {
        return await readFile(file, 'utf8');
    } catch (problem) {
        if ((problem as { code?: string }).code === 'ENOENT') return '{}';
        throw problem;
    }
}

/** Whenever the power fails, either the old text stands there or the new one, whole. */
async function replace(file: string, text: string): Promise<void> {
    const beside = `${file}.new`;
    const written = await open(beside, 'w', 0o600);
    try {
        await written.writeFile(text);
        await written.sync();
    } finally {
        await written.close();
    }
    await rename(beside, file);
    const folder = await open(dirname(file), 'r');
    try {
        await folder.sync();
    } finally {
        await folder.close();
    }
}
