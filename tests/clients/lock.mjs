// Takes out of package-lock.json where its packages ask for money: the lock holds pins and hashes and no address.
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
for (const each of Object.values(lock.packages)) delete each.funding;
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
