// What only this phone still holds when a space was reset: section 12 of the protocol, points 3 to 7.
import { same } from './device.js';
import type { Change, Content, Fields, Kind, Kinds, Row, Sha256, Sides } from './device.js';
import { inCommon, sentences } from './sentences.js';

type Tools = { newKey: () => string; sha256: Sha256 };
export type Life = {
    person: string;
    kinds: Kinds;
    /** The new copy, by id. */
    pulled: Map<string, Row>;
    head: number;
    couple: string | null;
    closed: boolean;
    /** The records of the person's own space as they are by now. */
    own: Row[];
};
type Held = Row & { content: Content };
type Again = Omit<Change, 'key'> & { key?: string };

const NEVER_CHANGE = ['order', 'found', 'given_on', 'started_at'];
const LETTERS: { [letter: string]: string } = { note: 'note_draft' };
const OWN_ID_ONLY = ['taken_by', 'resumed_by', 'approvals'];
/** Sets of words of one's own (section 13). */
const OWN_WORDS = ['feelings', 'own_tags'];
/** Of other numbers the smaller one protects more. */
const LARGER_PROTECTS = /^(minutes|seldom_.*)$/;
const ORDERS = [
    ['hidden', 'discreet', 'descriptive'],
    ['silent', 'effect', 'effect_and_message'],
    ['none', 'achieved', 'let_go'],
];

/** The edits that bring back what the new copy lacks, in the order of what the old one held. */
export function lost(life: Life, old: Row[], tools: Tools): Change[] {
    const gone = new Set<string>();
    const held = old.filter((row): row is Held => row.content !== null && row.version > life.head);
    return held
        .sort((one, other) => one.version - other.version)
        .flatMap((row) => again(life, row, gone, tools))
        .map((each) => finished(life, each, tools));
}

function again(life: Life, row: Held, gone: Set<string>, tools: Tools): Again[] {
    const kind = life.kinds[row.kind];
    const there = life.pulled.get(row.id);
    if (!kind || !isOursToSay(life, kind, row)) return [];
    if (row.kind === 'unplaced') return there ? [] : withoutAPlace(life, row, tools);
    if (row.kind in LETTERS && row.content.author === life.person) return letter(life, row, there, gone, tools);
    const isNotThere = !there || isAnother(kind, row, there);
    if (isNotThere) return kind.created_by === 'server' && !provable(kind) ? [] : whole(life, row);
    if (there.content) return differing(life, kind, row, there as Held);
    return Object.values(LETTERS).includes(row.kind) ? wordsOfGiven(life, kind, row, there) : [];
}

function isOursToSay(life: Life, kind: Kind, { content }: Held): boolean {
    if (content.author === life.person || (kind.class === 'joint' && kind.edited_by === 'either')) return true;
    return Boolean(content.fields.proof) && !life.closed;
}

/** Points 3 and 4: a record that is not there. */
function whole(life: Life, { kind: name, id, content }: Held): Again[] {
    const kind = life.kinds[name];
    const names = Object.keys(content.fields).filter((each) => written(kind, each) || NEVER_CHANGE.includes(each));
    const fields = Object.fromEntries(names.map((each) => [each, closed(kind, each, content.fields[each])]));
    for (const each of OWN_ID_ONLY.filter((each) => each in fields)) fields[each] = ownOnly(life, [], fields[each]);
    const beside = ownBeside(life, content, names);
    const first: Again = { kind: name, id, set: { ...fields, ...beside } };
    if (content.removed || (kind.class === 'window' && kind.home === 'couple')) first.remove = true;
    if (provable(kind)) first.origin = { author: content.author, proof: String(content.fields.proof) };
    if (!Object.keys(beside).length) return [first];
    const texts = Object.fromEntries(Object.keys(beside).map((each) => [each, fields[each]]));
    return [first, { kind: name, id, set: texts, was: beside }];
}

/** Points 4 and 5: what is not as it was in a record that is there. */
function differing(life: Life, kind: Kind, row: Held, there: Held): Again[] {
    const { content: ours } = row;
    const { content: theirs } = there;
    if (kind.edited_by === 'nobody') return [];
    const touched = there.version > life.head;
    const others = kind.edited_by === 'author' && theirs.author !== life.person;
    const mayChange = (each: string): boolean => written(kind, each) && kind.fields[each].policy !== 'once';
    const names = Object.keys(ours.fields).filter((each) => mayChange(each) && (!others || OWN_ID_ONLY.includes(each)));
    const standing = Object.values(theirs.alternatives).flatMap((texts) => texts.map((each) => each.text));
    const beside = ownBeside(life, ours, names);
    for (const [name, text] of Object.entries(beside)) {
        if (text === theirs.fields[name] || standing.includes(text)) delete beside[name];
    }
    const set: Sides = Object.fromEntries(Object.keys(beside).map((name) => [name, ours.fields[name]]));
    const was: Sides = { ...beside };
    for (const name of names) {
        const { policy, asks_was } = kind.fields[name];
        const pulled = theirs.fields[name];
        let value = OWN_ID_ONLY.includes(name) ? ownOnly(life, pulled, ours.fields[name]) : ours.fields[name];
        value = safer(policy, name, pulled, value);
        let start = pulled;
        if (touched && (policy === 'words' || policy === 'shared_words')) {
            const [of, in_] = [String(value ?? ''), String(pulled ?? '')];
            if (sentences(of).every((each) => sentences(in_).includes(each))) continue;
            start = inCommon(in_, of);
        }
        if (same(value, pulled) || same(value, start)) continue;
        set[name] = value;
        if (asks_was) was[name] = start;
    }
    const change: Again = { kind: row.kind, id: row.id, base: Math.min(there.version, life.head), set, was };
    if (others) return Object.keys(set).length ? [change] : [];
    if (ours.removed && !theirs.removed) {
        change.remove = true;
        if (!Object.keys(set).length && saysTheSame(kind, ours, { ...theirs, removed: true })) change.base = there.version;
    } else if (!ours.removed && theirs.removed && !touched) change.remove = false;
    const first = Object.keys(beside).length ? [{ kind: row.kind, id: row.id, base: change.base, set: beside }] : [];
    return Object.keys(set).length || change.remove !== undefined ? [...first, change] : first;
}

/** Point 6. */
function letter(life: Life, row: Held, there: Row | undefined, gone: Set<string>, tools: Tools): Again[] {
    if (there && !there.content) return [];
    const name = LETTERS[row.kind];
    const draft = life.kinds[name];
    const words = Object.keys(draft.fields).filter((each) => draft.fields[each].policy === 'words');
    const texts = Object.fromEntries(words.map((each) => [each, row.content.fields[each] ?? null]));
    const drafts = life.own.filter((each) => each.kind === name);
    if (!there && life.closed) {
        const id = madeFrom('draft', row.id, tools);
        const begun = Object.entries(draft.fields).filter(([each, field]) => written(draft, each) && 'empty' in field);
        const set = { ...Object.fromEntries(begun.map(([each, field]) => [each, field.empty])), ...texts };
        return drafts.some((each) => each.id === id) ? [] : [{ kind: name, id, set }];
    }
    const back = !there || isAnother(life.kinds[row.kind], row, there) ? whole(life, row) : [];
    const says = ({ fields }: Content): boolean => words.every((each) => (fields[each] ?? null) === texts[each]);
    const kept = drafts.find(({ id, content }) => content && !content.removed && !gone.has(id) && says(content));
    if (!kept) return back;
    gone.add(kept.id);
    return [...back, { kind: name, id: kept.id, base: kept.version, remove: true }];
}

/** Point 6, too: of a draft that was given without them, words that the letter does not have. */
function wordsOfGiven(life: Life, kind: Kind, { kind: name, id, content }: Held, there: Row): Again[] {
    const isWords = (each: string): boolean => kind.fields[each]?.policy === 'words';
    const texts = Object.entries(content.fields).filter(([each, text]) => isWords(each) && text);
    const base = Math.min(there.version, life.head);
    return texts.length ? [{ kind: name, id, base, set: Object.fromEntries(texts) }] : [];
}

/** Point 7. */
function withoutAPlace(life: Life, row: Held, tools: Tools): Again[] {
    const { author, removed, fields } = row.content;
    const meant = String(fields.meant);
    const what = ({ id, content }: Row): unknown[] => {
        return [content?.fields.meant, content?.fields.about ?? id, content?.fields.words];
    };
    const stands = ({ kind, content }: Row): boolean => kind === 'unplaced' && content?.removed === false;
    const others = [...life.pulled.values()].filter(stands);
    if (removed || others.some((each) => same(what(each), what(row)))) return [];
    return [
        {
            key: madeFrom('unplaced', row.id, tools),
            kind: meant,
            id: String(fields.about ?? row.id),
            set: { ...(fields.words as Fields), ...(meant in life.kinds ? { again: true } : {}) },
            was: { again: fields.code },
            origin: { author },
        },
    ];
}

/** Every one gets a key, an origin and the couple; members with nothing in them are left out. */
function finished(life: Life, { key, ...each }: Again, tools: Tools): Change {
    const change: Change = { key: key ?? tools.newKey(), ...each, origin: { ...each.origin } };
    if (!change.base) delete change.base;
    if (!Object.keys(change.set ?? {}).length) delete change.set;
    if (!Object.keys(change.was ?? {}).length) delete change.was;
    if (life.couple !== null && life.kinds[change.kind]?.home === 'couple') change.couple = life.couple;
    return change;
}

/** Whether two states of a record are equal in everything that a client writes; of what is gone there is nothing. */
export function saysTheSame(kind: Kind, one: Content | null, other: Content | null): boolean {
    if (!one || !other || one.removed !== other.removed) return one === other;
    return Object.keys(kind.fields).every((each) => !written(kind, each) || same(one.fields[each], other.fields[each]));
}

const written = (kind: Kind, name: string): boolean => name in kind.fields && kind.fields[name].policy !== 'server';
const provable = (kind: Kind): boolean => 'proof' in kind.fields;

/** Whether another record than the one that was lost stands under its id by now. */
function isAnother(kind: Kind, { kind: name, content }: Held, there: Row): boolean {
    if (!provable(kind) || !there.content) return false;
    const isForEver = (each: string): boolean => kind.fields[each].policy === 'once' || NEVER_CHANGE.includes(each);
    const stays = Object.keys(kind.fields).filter(isForEver);
    const { author, fields } = there.content;
    const differs = (each: string): boolean => !same(fields[each], content.fields[each]);
    return there.kind !== name || author !== content.author || stays.some(differs);
}

function ownBeside(life: Life, { alternatives }: Content, names: string[]): { [field: string]: string } {
    const found = names.flatMap((name) =>
        (alternatives[name] ?? []).filter((each) => each.by === life.person).map((each) => [name, each.text]),
    );
    return Object.fromEntries(found);
}

/** Of the persons in a set only oneself is one's own to put in or take out. */
function ownOnly(life: Life, pulled: unknown, value: unknown): string[] {
    const isOwn = (each: string): boolean => each.split(':')[0] === life.person;
    const others = ((pulled ?? []) as string[]).filter((each) => !isOwn(each));
    return [...others, ...((value ?? []) as string[]).filter(isOwn)].sort();
}

/** What is made again is shown to nobody and not given. */
function closed(kind: Kind, name: string, value: unknown): unknown {
    if (kind.fields[name].policy !== 'most_private') return value;
    if (name === 'audience') return 'only_me';
    return typeof value === 'boolean' ? false : value;
}

/** Of a choice that is there the more private, the more protective and the further value. */
function safer(policy: string, name: string, pulled: unknown, own: unknown): unknown {
    const [one, other] = [pulled as never, own as never];
    if (policy === 'monotone') return typeof own === 'boolean' ? one || other : ordered(pulled, own, Math.max);
    if (policy === 'most_private') {
        if (Array.isArray(pulled)) return pulled.filter((each) => (own as unknown[]).includes(each));
        if (name === 'audience') return pulled === own ? own : 'only_me';
        return typeof own === 'boolean' ? one && other : ordered(pulled, own, Math.min);
    }
    if (policy !== 'most_protective') return own;
    if (Array.isArray(pulled)) return windowsOf(new Set([...quarters(one), ...quarters(other)]));
    if (name === 'from' || name === 'until') return bound(name, pulled as string | null, own as string | null);
    if (typeof own === 'boolean') return one && other;
    const limits = [pulled, own].filter((each) => each !== null) as number[];
    if (!limits.length) return null;
    return LARGER_PROTECTS.test(name) ? Math.max(...limits) : Math.min(...limits);
}

/** The earlier beginning, the later end; without one there is no bound, which protects most. */
function bound(name: string, pulled: string | null, own: string | null): string | null {
    if (pulled === null || own === null) return null;
    return (pulled < own) === (name === 'from') ? pulled : own;
}

function ordered(pulled: unknown, own: unknown, choose: (one: number, other: number) => number): string {
    const order = ORDERS.find((each) => each.includes(String(own))) ?? [];
    return order[choose(order.indexOf(String(pulled)), order.indexOf(String(own)))];
}

type Window = { weekday: number; from: string; to: string };
const A_DAY = 24 * 4;
const A_WEEK = 7 * A_DAY;

/** The quarter-hours of the week that weekly windows cover. */
function quarters(windows: Window[]): number[] {
    return windows.flatMap(({ weekday, from, to }) => {
        const long = (quarter(to) - quarter(from) + A_DAY) % A_DAY || A_DAY;
        return Array.from({ length: long }, (_, each) => (weekday * A_DAY + quarter(from) + each) % A_WEEK);
    });
}

/** The fewest windows that cover these quarter-hours, none of them longer than a day. */
function windowsOf(covered: Set<number>): Window[] {
    const wholeDay = (weekday: number): Window => ({ weekday, from: '00:00', to: '00:00' });
    if (covered.size === A_WEEK) return Array.from({ length: 7 }, (_, weekday) => wholeDay(weekday));
    const windows: Window[] = [];
    for (const start of [...covered].filter((each) => !covered.has((each + A_WEEK - 1) % A_WEEK))) {
        let length = 1;
        while (covered.has((start + length) % A_WEEK)) length += 1;
        for (let at = 0; at < length; at += A_DAY) {
            const first = (start + at) % A_WEEK;
            const end = (start + Math.min(at + A_DAY, length)) % A_WEEK;
            windows.push({ weekday: Math.floor(first / A_DAY), from: clock(first), to: clock(end) });
        }
    }
    return windows.sort((one, other) => one.weekday - other.weekday || (one.from < other.from ? -1 : 1));
}

const quarter = (time: string): number => Number(time.slice(0, 2)) * 4 + Number(time.slice(3)) / 15;
const clock = (at: number): string =>
    `${String(Math.floor((at % A_DAY) / 4)).padStart(2, '0')}:${String((at % 4) * 15).padStart(2, '0')}`;

/** An id that follows from another one: the same on every phone. */
function madeFrom(name: string, id: string, { sha256 }: Tools): string {
    const bytes = id.replaceAll('-', '').match(/../g)?.map((each) => parseInt(each, 16)) ?? [];
    const digest = sha256(Uint8Array.from([...new TextEncoder().encode(name), ...bytes])).slice(0, 16);
    digest[6] = (digest[6] & 0x0f) | 0x80;
    digest[8] = (digest[8] & 0x3f) | 0x80;
    const hex = [...digest].map((each) => each.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Whether an edit says words that a record does not hold: somebody may have destroyed just these. */
export function bringsWords(kind: Kind, change: Change, there: Content | null): boolean {
    return Object.entries(change.set ?? {}).some(([name, value]) => {
        const policy = kind.fields[name]?.policy;
        const held = there?.fields[name];
        const isNew = (each: unknown): boolean => !(held as unknown[] | undefined)?.includes(each);
        if (Array.isArray(value)) return OWN_WORDS.includes(name) && value.some(isNew);
        if (name !== 'sealed' && policy !== 'words' && policy !== 'shared_words') return false;
        return sentences(String(value ?? '')).some((each) => !sentences(String(held ?? '')).includes(each));
    });
}
