// The pause of two, and which parts of a summary count, as native.md tells them under these headings.
// Hashing comes from outside, as it does on a phone.

export type Pause = {
    id: string;
    author: string;
    started_at: string;
    return_at: string;
    resumed_by: string[];
    set_aside: boolean;
};

export type Together = {
    state: 'active' | 'due' | 'resumed' | 'set_aside';
    pauses: string[];
    started_by: string[];
    started_at: string;
    return_at: string;
};

const DAY_MS = 24 * 60 * 60 * 1000;

/** The pause that holds, or the newest one; null where there never was one. */
export function thePause(members: string[], now: string, pauses: Pause[]): Together | null {
    const known = [...pauses].sort((one, other) => (began(one) - began(other)) || (one.id < other.id ? -1 : 1));
    const ended = (pause: Pause): boolean =>
        pause.set_aside || members.every((member) => pause.resumed_by.includes(member));
    const goingOn = known.filter((pause) => !ended(pause));
    const groups: Pause[][] = [];
    for (const pause of goingOn) {
        const last = groups.at(-1);
        if (last && began(pause) < back(last)) last.push(pause);
        else groups.push([pause]);
    }
    const newest = groups.at(-1) ?? known.slice(-1);
    if (!newest.length) return null;
    return {
        state: state(newest, newest.every(ended), Date.parse(now)),
        pauses: newest.map((pause) => pause.id),
        started_by: [...new Set(newest.map((pause) => pause.author))].sort(),
        started_at: newest[0].started_at,
        return_at: new Date(back(newest)).toISOString().replace('.000Z', 'Z'),
    };
}

function began(pause: Pause): number {
    return Date.parse(pause.started_at);
}

function back(group: Pause[]): number {
    const latest = Math.max(...group.map((pause) => Date.parse(pause.return_at)));
    return Math.min(latest, began(group[0]) + DAY_MS);
}

function state(group: Pause[], ended: boolean, now: number): Together['state'] {
    if (ended) return group.some((pause) => pause.set_aside) ? 'set_aside' : 'resumed';
    if (now < back(group)) return 'active';
    return now < back(group) + DAY_MS ? 'due' : 'set_aside';
}

export type Part = { author: string; section: string; text: string; approvals: string[] };

/** Whether a part counts: everybody whose yes it needs has said it to exactly these bytes. */
export function countsNow(members: string[], part: Part, sha256: (bytes: Uint8Array) => Uint8Array): boolean {
    const hash = [...sha256(new TextEncoder().encode(part.text))].map((byte) => byte.toString(16).padStart(2, '0'));
    const asked = part.section === 'agreements' ? members : [part.author];
    return part.text !== '' && asked.every((person) => part.approvals.includes(`${person}:${hash.join('')}`));
}
