// Section 12, points 3 to 8: what only this phone still holds, and the bases of what waits.

import { stands } from './choices.js';
import { bare, waiting, type Base, type Device, type Stored } from './device.js';
import { holds, inCommon } from './sentences.js';
import { same, type Change, type Fields, type Json, type Kind, type Space, type Text } from './words.js';

export type Finishing = { device: Device; space: Space; old: Base; pulled: Base; head: number };
type Sending = Finishing & { newKey: () => string };

const NEVER_CHANGE = ['order', 'found', 'given_on', 'started_at'];
const EACH_THEIR_OWN = ['taken_by', 'resumed_by', 'approvals'];
const OWN_WORDS = ['feelings', 'own_tags'];
const DRAFTED = ['for_what', 'about_you', 'text'];

export function sentAgain(told: Sending): Change[] {
  const { device, old, head } = told;
  const lost = [...old.values()].filter((row) => !row.gone && row.version > head && device.kinds[row.kind]);
  lost.sort((a, b) => a.version - b.version);
  const free = [...device.base.values()].filter((row) => row.kind === 'note_draft' && !row.gone && !row.removed);
  return lost.flatMap((row): Change[] => {
    const pulled = pulledOf(told, row);
    const kind = device.kinds[row.kind];
    if (row.kind === 'unplaced') return withoutPlace(told, row, pulled);
    if (kind.fields.proof && (!pulled || (!pulled.gone && isAnother(kind, row, pulled)))) {
      if (told.space.state !== 'active' && row.author !== device.person && !ofBoth(kind)) return [];
      const draft = row.kind === 'note' && row.author === device.person ? draftOf(row, free) : undefined;
      if (row.kind === 'note' && told.space.state !== 'active') return draft ? [] : [asADraft(told, row)];
      const letter = asItWas(told, row, kind);
      return draft ? [...letter, removedDraft(told, draft)] : letter;
    }
    return anew(told, row, kind, pulled);
  });
}

/** Whoever made it: each of the two says it again. */
function ofBoth(kind: Kind): boolean {
  return kind.class === 'joint' && kind.edited_by === 'either';
}

function pulledOf({ pulled }: Finishing, row: Stored): Stored | undefined {
  return pulled.get(`${row.space}/${row.id}`);
}

function isAnother(kind: Kind, row: Stored, pulled: Stored): boolean {
  if (row.kind !== pulled.kind || row.author !== pulled.author) return true;
  const stays = Object.keys(kind.fields).filter((name) => kind.fields[name].policy === 'once' || NEVER_CHANGE.includes(name));
  return stays.some((name) => !same(row.fields[name], pulled.fields[name]));
}

// Point 3

function asItWas(told: Sending, row: Stored, kind: Kind): Change[] {
  const names = Object.keys(row.fields).filter((name) => kind.fields[name] && (kind.fields[name].policy !== 'server' || NEVER_CHANGE.includes(name)));
  const set = Object.fromEntries(names.map((name) => [name, ownOf(told, name, row.fields[name])]));
  return whole(told, row, set, { author: row.author, proof: row.fields.proof as string, ...originOf(told, row) });
}

/** A record that is not there; a text that stood beside a field comes first, and the field's own over it (point 5). */
function whole(told: Sending, row: Stored, set: Fields, origin: Change['origin']): Change[] {
  const remove = row.removed || row.kind === 'support_request';
  const first: Fields = {};
  const was: Fields = {};
  for (const [field, { text }] of besides(told, row)) {
    was[field] = text;
    first[field] = row.fields[field];
  }
  const made = change(told, row, { set: { ...set, ...was }, ...(remove ? { remove } : {}), origin });
  return Object.keys(was).length ? [made, change(told, row, { set: first, was, origin: originOf(told, row) })] : [made];
}

// Points 4 and 5

function anew(told: Sending, row: Stored, kind: Kind, pulled: Stored | undefined): Change[] {
  const { device } = told;
  const own = row.author === device.person || ofBoth(kind);
  if (!pulled) {
    if (!own || kind.created_by === 'server') return [];
    const names = Object.keys(row.fields).filter((name) => kind.fields[name] && kind.fields[name].policy !== 'server');
    const set = Object.fromEntries(names.map((name) => [name, closed(name, ownOf(told, name, row.fields[name]))]));
    return whole(told, row, set, originOf(told, row));
  }
  if (pulled.gone) return row.kind === 'note_draft' ? textsOfADraft(told, row, kind, pulled) : [];
  const beside = own ? besides(told, row) : [];
  const first = beside.map(([field, { text }]) =>
    change(told, row, { base: lower(told, pulled), set: { [field]: text }, origin: originOf(told, row) }),
  );
  return [...first, ...differing(told, row, kind, pulled, own, new Map(beside))];
}

function differing(told: Sending, row: Stored, kind: Kind, pulled: Stored, own: boolean, beside: Map<string, Text>): Change[] {
  const since = pulled.version > told.head;
  const set: Fields = {};
  const was: Fields = {};
  for (const [name, field] of Object.entries(kind.fields)) {
    const mine = row.fields[name];
    const there = pulled.fields[name] ?? null;
    if (mine === undefined || ['once', 'server'].includes(field.policy)) continue;
    if (!own && !EACH_THEIR_OWN.includes(name)) continue;
    const stood = beside.get(name);
    if (stood) {
      set[name] = mine;
      was[name] = same(mine, there) ? stood.text : common(since, there, mine);
    } else if (field.policy.endsWith('words')) {
      if (same(mine, there) || (since && holds(there, (mine ?? '') as string))) continue;
      set[name] = mine;
      was[name] = common(since, there, mine);
    } else {
      const value = EACH_THEIR_OWN.includes(name) ? withOwn(told, there as string[], mine as string[]) : stands(field.policy, name, there, mine);
      if (same(value, there)) continue;
      set[name] = value;
      if (field.asks_was) was[name] = there;
    }
  }
  // What was removed in the new life is not brought back by hand.
  const removes = own && row.removed !== pulled.removed && (row.removed || !since);
  const remove = removes ? { remove: row.removed } : {};
  if (!Object.keys(set).length && !removes) return [];
  const alone = !Object.keys(set).length && row.removed && saysTheSame(kind, row, { ...pulled, removed: true });
  const base = alone ? pulled.version : lower(told, pulled);
  return [change(told, row, { base, set, was, ...remove, origin: originOf(told, row) })];
}

function common(since: boolean, pulled: Json, own: Json): Json {
  return since && typeof pulled === 'string' ? inCommon(pulled, (own ?? '') as string) : pulled;
}

/** The letter that was given from it may lack them. */
function textsOfADraft(told: Sending, row: Stored, kind: Kind, pulled: Stored): Change[] {
  const set = Object.fromEntries(Object.entries(row.fields).filter(([name, value]) => kind.fields[name]?.policy === 'words' && value !== null));
  return [change(told, row, { base: lower(told, pulled), set, origin: originOf(told, row) })];
}

function lower({ head }: Finishing, pulled: Stored): number {
  return Math.min(pulled.version, head);
}

/** What is made again is for its author alone. */
function closed(name: string, value: Json): Json {
  if (name === 'audience') return 'only_me';
  return name === 'send' || name === 'let_them_know' ? false : value;
}

/** The person's own texts that stood beside a field, and that the new copy has neither there nor beside anything. */
function besides(told: Sending, row: Stored): [string, Text][] {
  const pulled = pulledOf(told, row);
  const there = [...Object.values(pulled?.fields ?? {}), ...Object.values(pulled?.alternatives ?? {}).flat().map((one) => one.text)];
  return Object.entries(row.alternatives ?? {}).flatMap(([field, texts]) =>
    texts.filter((one) => one.by === told.device.person && !there.includes(one.text)).map((one): [string, Text] => [field, one]),
  );
}

function originOf({ device }: Sending, row: Stored): Change['origin'] {
  const edits = device.outbox.filter(({ change }) => change.id === row.id && change.set?.again === undefined);
  const earlier = edits.some(({ change }) => (change.base ?? 0) < row.version);
  return earlier ? {} : { seen: true };
}

function isOwn(told: Finishing, element: string): boolean {
  return element.split(':')[0] === told.device.person;
}

function ownOf(told: Finishing, name: string, value: Json): Json {
  return EACH_THEIR_OWN.includes(name) ? (value as string[]).filter((one) => isOwn(told, one)) : value;
}

function withOwn(told: Finishing, pulled: string[], own: string[]): Json {
  return [...pulled.filter((one) => !isOwn(told, one)), ...own.filter((one) => isOwn(told, one))].sort();
}

function change({ space, newKey }: Sending, row: Stored, what: Partial<Change>): Change {
  return bare({ key: newKey(), kind: row.kind, id: row.id, ...(space.couple ? { couple: space.couple } : {}), ...what });
}

// Point 6

/** The draft with the same words, for one letter alone. */
function draftOf(letter: Stored, free: Stored[]): Stored | undefined {
  const nth = free.findIndex((row) => DRAFTED.every((name) => same(row.fields[name] ?? null, letter.fields[name] ?? null)));
  return nth < 0 ? undefined : free.splice(nth, 1)[0];
}

function removedDraft(told: Sending, { kind, id, version }: Stored): Change {
  return bare({ key: told.newKey(), kind, id, base: version, remove: true, origin: { seen: true } });
}

function asADraft(told: Sending, letter: Stored): Change {
  const { device } = told;
  const empty = Object.entries(device.kinds.note_draft.fields).filter(([, field]) => field.policy !== 'server' && field.empty !== undefined);
  const set = { ...Object.fromEntries(empty.map(([name, field]) => [name, field.empty!])), ...wordsOf(letter) };
  const id = follows(device, 'draft', letter.id);
  return bare({ key: told.newKey(), kind: 'note_draft', id, set, origin: originOf(told, letter) });
}

function wordsOf(letter: Stored): Fields {
  return Object.fromEntries(DRAFTED.filter((name) => name in letter.fields).map((name) => [name, letter.fields[name]]));
}

/** An id that every phone makes alike: SHA-256 over a word and the bytes of another id, as a UUID of version 8. */
function follows(device: Device, word: string, id: string): string {
  const bytes = id.replaceAll('-', '').match(/../g)!.map((pair) => parseInt(pair, 16));
  const hash = device.sha256(new Uint8Array([...new TextEncoder().encode(word), ...bytes])).slice(0, 16);
  hash[6] = (hash[6] & 0x0f) | 0x80;
  hash[8] = (hash[8] & 0x3f) | 0x80;
  const hex = [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

// Point 7

function withoutPlace(told: Sending, row: Stored, pulled: Stored | undefined): Change[] {
  const { meant, about, words, code } = row.fields as { meant: string; about: string; words: Fields; code: Json };
  const stands = [...told.pulled.values()].filter((one) => one.kind === 'unplaced' && !one.gone && !one.removed);
  const says = ({ fields }: Stored): boolean => fields.meant === meant && fields.about === about && same(fields.words, words);
  if (pulled || row.removed || stands.some(says)) return [];
  const known = meant in told.device.kinds;
  const key = follows(told.device, 'unplaced', row.id);
  const marks = known ? { set: { ...words, again: true }, was: { again: code } } : { set: words };
  return [bare({ key, kind: meant, id: about, ...marks, origin: { author: row.author, ...originOf(told, row) } })];
}

// Point 8

export function lowered(told: Finishing): void {
  const { device, space, old, pulled, head } = told;
  for (const edit of device.outbox.filter(waiting)) {
    const { change } = edit;
    if (device.spaceOf(change)?.id !== space.id) continue;
    const place = `${space.id}/${change.id}`;
    const [before, now] = [old.get(place), pulled.get(place)];
    if ((change.base ?? 0) > head) {
      const kind = device.kinds[change.kind];
      const knows = before && now && saysTheSame(kind, before, now) && change.base! >= before.version;
      edit.change = bare({ ...change, base: knows && !bringsWords(kind, change, now) ? now.version : head });
    }
    if (change.kind === 'note_draft' && before?.gone && now && !now.gone && change.set && change.set.send === undefined) {
      edit.change = { ...edit.change, set: { ...change.set, send: false } };
    }
  }
}

/** In what a client writes, and in whether it is removed or gone. */
function saysTheSame(kind: Kind, one: Stored, other: Stored): boolean {
  const names = Object.keys(kind.fields).filter((name) => kind.fields[name].policy !== 'server');
  const alike = one.gone === other.gone && one.removed === other.removed;
  return alike && names.every((name) => same(one.fields[name], other.fields[name]));
}

/** Words that the record does not hold may be those that somebody destroyed between the two copies. */
function bringsWords(kind: Kind, { set }: Change, now: Stored): boolean {
  return Object.entries(set ?? {}).some(([name, value]) => {
    const policy = kind.fields[name]?.policy ?? '';
    const there = now.fields[name];
    if (name === 'sealed') return value !== null && !same(value, there);
    if (OWN_WORDS.includes(name) && Array.isArray(value)) return value.some((one) => !((there ?? []) as Json[]).includes(one));
    return policy.endsWith('words') && typeof value === 'string' && !holds(there, value);
  });
}
