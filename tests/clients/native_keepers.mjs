// Lets a keeper of the native adapter keep and forget: node native_keepers.mjs COMPILED_FOLDER KEEPER FILE
// What it says is one line of JSON: what a test wants to know of it.
import fs from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , compiled, keeper, file] = process.argv;
const written = (name) => import(pathToFileURL(join(compiled, `${name}.js`)));
const WORDS = 'Secret words. '.repeat(20);

/** What is done to the disk, in its order. */
async function withAFile() {
    const done = [];
    const { open, rename } = fs;
    fs.open = async (path, ...how) => {
        const opened = await open(path, ...how);
        for (const act of ['writeFile', 'sync', 'close']) {
            const does = opened[act].bind(opened);
            opened[act] = (...given) => {
                done.push(`${act} ${basename(path)}`);
                return does(...given);
            };
        }
        return opened;
    };
    fs.rename = (from, to) => {
        done.push(`rename ${basename(from)} ${basename(to)}`);
        return rename(from, to);
    };
    syncBuiltinESMExports();
    const { fileKeeper } = await written('file_keeper');
    await fileKeeper(file).save(new Map([['one', WORDS]]));
    return { done, kept: Object.fromEntries(await fileKeeper(file).load()) };
}

async function withSqlite() {
    const { default: Database } = await import('better-sqlite3');
    const { sqliteKeeper } = await written('sqlite_keeper');
    const database = new Database(file);
    const keeps = sqliteKeeper(database);
    const others = async () => Object.fromEntries(await sqliteKeeper(new Database(file)).load());
    await keeps.save(new Map([['one', WORDS], ['two', '2']]));
    const kept = await others();
    // The second of three cannot be kept: so none is, and the keeper goes on.
    const failed = await keeps.save(new Map([['one', '1'], ['three', { not: 'a text' }], ['two', null]])).then(
        () => 'nothing',
        () => 'failed',
    );
    const stayed = Object.fromEntries(await keeps.load());
    await keeps.save(new Map([['one', null], ['three', '3']]));
    const after = await others();
    const found = readFileSync(file).includes('Secret words.');
    const synchronous = database.pragma('synchronous', { simple: true });
    const same = stayed.one === WORDS && stayed.two === '2';
    return { kept: Object.keys(kept), failed, same, after, found, synchronous };
}

console.log(JSON.stringify(await { file: withAFile, SQLite: withSqlite }[keeper]()));
