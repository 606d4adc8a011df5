// Keeps a device in one table of SQLite. A database of better-sqlite3 fits as it is; a phone runs the same statements.
import type { Keeper } from './keeping.js';

export type Database = {
    exec(sql: string): unknown;
    prepare(sql: string): { all(): unknown[]; run(...values: string[]): unknown };
};

const BEGIN = `
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON; -- what is gone is to be nowhere in the file
    CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL);
`;
const PUT = 'INSERT INTO kept VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';

/** One for each database, which nobody else writes into. */
export function sqliteKeeper(database: Database): Keeper {
    database.exec(BEGIN);
    const rows = database.prepare('SELECT name, value FROM kept');
    const put = database.prepare(PUT);
    const remove = database.prepare('DELETE FROM kept WHERE name = ?');
    return {
        async load() {
            const kept = rows.all() as { name: string; value: string }[];
            return new Map(kept.map(({ name, value }) => [name, value]));
        },
        async save(changed) {
            database.exec('BEGIN IMMEDIATE');
            try {
                for (const [name, value] of changed) {
                    if (value === null) remove.run(name);
                    else put.run(name, value);
                }
                database.exec('COMMIT');
            } catch (problem) {
                database.exec('ROLLBACK');
                throw problem;
            }
        },
    };
}
