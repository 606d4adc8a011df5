// Looking back, as native.md tells it under that heading: what this device shows goes in, and nobody is asked.
import { listOf } from './device.js';

type Fields = { [name: string]: any };
export type Held = { kind: string; id: string; version: number; author: string; removed: boolean; fields: Fields };
type Entry = { id: string; on: string; nth: number; of: number; valence: number | null; arousal: number | null };
type OwnWords = 'own_tags' | 'feelings';

const DAY_MS = 24 * 60 * 60 * 1000;
const LETTERS = ['note', 'response', 'support_offer', 'repair'];
const EARLIEST = Date.UTC(2000, 0);
const LATEST = Date.UTC(2100, 0);

export function moods(records: Held[], person: string, first: string, last: string) {
    const begin = [first, dayBefore(last, 365)].sort()[1];
    const days = new Map<string, Held[]>();
    for (const each of own(records, 'check_in', person)) {
        const on = each.fields.local_date;
        if (isDay(on) && begin <= on && on <= last) days.set(on, [...(days.get(on) ?? []), each]);
    }
    const entries = [...days.keys()].sort().flatMap((on) => {
        const shown = (days.get(on) ?? []).slice(-6);
        return shown.map(({ id, fields }, nth): Entry => {
            return { id, on, nth, of: shown.length, valence: mood(fields.valence), arousal: mood(fields.arousal) };
        });
    });
    return {
        first: begin,
        last,
        entries,
        valence: lines(entries, 'valence'),
        arousal: lines(entries, 'arousal'),
        more: [...days.values()].some((each) => each.length > 6),
    };
}

export function words(records: Held[], person: string, field: OwnWords, zone: string) {
    const [plain, sealed] = reflections(records, person);
    const found = new Map<string, { word: string; on: Set<string>; beside: Map<string, string> }>();
    for (const each of plain) {
        for (const word of wordsOf(each, field)) {
            const known = found.get(alike(word)) ?? { word, on: new Set(), beside: new Map() };
            found.set(alike(word), known);
            const on = madeOn(each.id, zone);
            if (on) known.on.add(on);
            for (const other of wordsOf(each, field === 'feelings' ? 'own_tags' : 'feelings')) {
                if (!known.beside.has(alike(other))) known.beside.set(alike(other), other);
            }
        }
    }
    const all = [...found.values()].map(({ word, on, beside }) => {
        return { word, on: [...on].slice(0, 10), beside: [...beside.values()].slice(0, 10) };
    });
    return { words: all.slice(0, 50), sealed, more: all.length > 50 };
}

export function tagged(records: Held[], person: string, tag: string) {
    const [plain, sealed] = reflections(records, person);
    const found = plain.filter((each) => wordsOf(each, 'own_tags').some((word) => alike(word) === alike(tag)));
    return { found: found.slice(0, 200).map((each) => each.id), sealed, more: found.length > 200 };
}

export function shelf(records: Held[], person: string) {
    const here = new Map(records.filter((each) => !each.removed).map((each) => [each.id, each]));
    const counting = new Map<string, Held>();
    for (const each of own(records, 'shelf', person)) {
        const known = counting.get(each.fields.about);
        const newer = !known || inOrder([age(known), known.id], [age(each), each.id]) < 0;
        if (newer) counting.set(each.fields.about, each);
    }
    const kept = [...counting.values()]
        .sort((one, other) => byPlace(other, one))
        .filter(({ fields }) => fields.kept && !fields.hidden)
        .map(({ fields }) => fields.about as string)
        .filter((about) => LETTERS.includes(here.get(about)?.kind ?? LETTERS[0]));
    const letters = kept.filter((about) => here.has(about));
    return { letters: letters.slice(0, 200), missing: kept.length - letters.length, more: letters.length > 200 };
}

/** The ids that one line joins, line by line. */
function lines(entries: Entry[], scale: 'valence' | 'arousal'): string[][] {
    const found: Entry[][] = [];
    for (const entry of entries.filter((each) => each[scale] !== null)) {
        const line = found.at(-1);
        const before = line?.at(-1)?.on;
        if (line && (before === entry.on || before === dayBefore(entry.on, 1))) line.push(entry);
        else found.push([entry]);
    }
    return found.map((line) => line.map((each) => each.id));
}

function reflections(records: Held[], person: string): [Held[], number] {
    const found = own(records, 'reflection', person).reverse();
    const plain = found.filter((each) => (each.fields.sealed ?? null) === null);
    return [plain, found.length - plain.length];
}

/** None, where an edit that will be refused holds something else there. */
function wordsOf({ fields }: Held, field: OwnWords): string[] {
    return listOf<unknown>(fields[field]).filter((each) => typeof each === 'string');
}

function own(records: Held[], kind: string, person: string): Held[] {
    return records.filter((each) => each.kind === kind && each.author === person && !each.removed).sort(byPlace);
}

function byPlace(one: Held, other: Held): number {
    const place = (each: Held) => [madeMs(each.id) ?? -1, age(each), each.id];
    return inOrder(place(one), place(other));
}

function inOrder(one: (number | string)[], other: (number | string)[]): number {
    const nth = one.findIndex((each, number) => each !== other[number]);
    return nth < 0 ? 0 : one[nth] < other[nth] ? -1 : 1;
}

function age({ version }: Held): number {
    return version || Infinity;
}

function alike(word: string): string {
    return word.toLowerCase().normalize('NFC');
}

function madeMs(id: string): number | null {
    return /^.{14}7.{4}[89ab]/.test(id) ? parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : null;
}

function madeOn(id: string, zone: string): string | null {
    const ms = madeMs(id);
    if (ms === null || ms < EARLIEST || ms >= LATEST) return null;
    const asked = { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' } as const;
    const part = Object.fromEntries(
        new Intl.DateTimeFormat('en', asked).formatToParts(ms).map(({ type, value }) => [type, value]),
    );
    return `${part.year}-${part.month}-${part.day}`;
}

function mood(value: unknown): number | null {
    return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 4 ? value : null;
}

function isDay(text: unknown): text is string {
    return typeof text === 'string' && /^20\d\d-\d\d-\d\d$/.test(text) && dayBefore(text, 0) === text;
}

function dayBefore(day: string, days: number): string {
    const at = Date.parse(`${day}T00:00:00Z`) - days * DAY_MS;
    return Number.isNaN(at) ? '' : new Date(at).toISOString().slice(0, 10);
}
