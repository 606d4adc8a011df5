// What a device keeps, an edit, and what is shown.

import { standing, type Part } from './goals.js';
import { asSet, same, type Beside, type Change, type Fields, type Json, type Kind, type Kinds, type Row, type Space, type Text } from './words.js';

export type Stored = Row & { epoch: string; gone: boolean };
export type Base = Map<string, Stored>;
/** made: by the phone's clock; null for what is sent again after a reset. */
export type Edit = { change: Change; made: number | null; settled: number | null; unplaced: string | null };
export type Rebuild = { head: number; epoch: string; base: Base };
export type Shown = {
  kind: string;
  id: string;
  version: number;
  author: string;
  removed: boolean;
  waits: boolean;
  fields: Fields;
  alternatives: Beside;
  merged: string[];
};
export type Editing = {
  kind: string;
  id: string | null;
  new_id?: string;
  fields?: Fields | null;
  remove?: boolean | null;
  couple?: string | null;
  key: string;
  made_ms: number;
};

export class Device {
  cursor: string | undefined;
  spaces = new Map<string, Space>();
  base: Base = new Map();
  outbox: Edit[] = [];
  rebuilds = new Map<string, Rebuild>();

  constructor(
    readonly kinds: Kinds,
    readonly person: string,
    readonly sha256: (bytes: Uint8Array) => Uint8Array,
  ) {}

  // An edit

  edit(asked: Editing): Change | null {
    const kind = this.kinds[asked.kind];
    const id = asked.id ?? asked.new_id!;
    const shown = this.look(id);
    const stored = this.stored(id);
    const given = Object.entries(asked.fields ?? {}).map(([name, value]) => [name, this.sorted(kind, name, value)] as const);
    if (!shown && !stored) {
      const all = Object.entries(kind.fields).filter(([, field]) => field.policy !== 'server' && field.empty !== undefined);
      const set = { ...Object.fromEntries(all.map(([name, field]) => [name, field.empty!])), ...Object.fromEntries(given) };
      return this.keep(this.change(asked, id, { set }), asked.made_ms);
    }
    const set: Fields = {};
    const was: Fields = {};
    for (const [name, value] of given) {
      const before = shown?.fields[name];
      if (shown && same(before, value)) continue;
      set[name] = value;
      if (shown && kind.fields[name]?.asks_was && before !== undefined) was[name] = before;
    }
    const removes = typeof asked.remove === 'boolean' && asked.remove !== (shown?.removed ?? false);
    if (!Object.keys(set).length && !removes) return null;
    return this.keep(this.change(asked, id, { set, was, ...(removes ? { remove: asked.remove! } : {}) }), asked.made_ms);
  }

  pick(asked: { id: string; field: string; keep: string; key: string; made_ms: number }): Change | null {
    const shown = this.look(asked.id);
    const beside = shown?.alternatives[asked.field] ?? [];
    if (!shown || !beside.length) return null;
    const set: Fields = { alternatives: { [asked.field]: [] } };
    const was: Fields = { alternatives: { [asked.field]: beside } };
    if (asked.keep !== shown.fields[asked.field]) {
      set[asked.field] = asked.keep;
      was[asked.field] = shown.fields[asked.field];
    }
    return this.keep(this.change({ ...asked, kind: shown.kind }, asked.id, { set, was }), asked.made_ms);
  }

  confirm(asked: { id: string; field: string; key: string; made_ms: number }): Change | null {
    const shown = this.look(asked.id);
    if (!shown?.merged.includes(asked.field)) return null;
    const set = { merged: shown.merged.filter((name) => name !== asked.field) };
    return this.keep(this.change({ ...asked, kind: shown.kind }, asked.id, { set, was: { merged: shown.merged } }), asked.made_ms);
  }

  keep(change: Change, made: number): Change {
    this.outbox.push({ change, made, settled: null, unplaced: null });
    return change;
  }

  private change(asked: { kind: string; key: string; couple?: string | null }, id: string, what: Partial<Change>): Change {
    const stored = this.stored(id);
    const laid = this.laid(id).map((edit) => edit.change.base ?? 0);
    const base = Math.min(stored?.version ?? 0, ...laid);
    const couple = this.kinds[asked.kind].home === 'couple' ? this.coupleOf(stored, asked.couple) : null;
    const { key, kind } = asked;
    return bare({ key, kind, id, ...(couple ? { couple } : {}), base, ...what });
  }

  private coupleOf(stored: Stored | undefined, given: string | null | undefined): string | null | undefined {
    if (given) return given;
    if (stored) return this.spaces.get(stored.space)?.couple;
    return [...this.spaces.values()].find((space) => space.home === 'couple' && space.state === 'active')?.couple;
  }

  private sorted(kind: Kind, name: string, value: Json): Json {
    return Array.isArray(kind.fields[name]?.empty) && Array.isArray(value) && value.every((one) => typeof one === 'string') ? asSet(value) : value;
  }

  // What is shown

  shows(): Shown[] {
    const ids = new Set([...[...this.base.values()].map((row) => row.id), ...this.outbox.map((edit) => edit.change.id)]);
    const all = [...ids].flatMap((id) => this.look(id) ?? []).filter((shown) => this.isShown(shown));
    const nth = Object.keys(this.kinds);
    return all.sort((a, b) => nth.indexOf(a.kind) - nth.indexOf(b.kind) || (a.id < b.id ? -1 : 1));
  }

  private isShown(shown: Shown): boolean {
    if (shown.kind === 'goal') return shown.fields.state !== null;
    const { parent } = this.kinds[shown.kind];
    if (!parent || parent.known) return true;
    const id = shown.fields[parent.field] as string;
    return !this.stored(id)?.gone && parent.kinds.includes(this.laidOver(id)?.kind ?? '');
  }

  /** One record as its person sees it, removed ones and goals that nothing counts for too. */
  look(id: string): Shown | undefined {
    const shown = this.laidOver(id);
    if (shown?.kind !== 'goal' || (this.stored(id) && !this.waitsForGoal(id))) return shown;
    const { stale, past, ...fields } = standing(shown.fields.form as string, this.partsOf(id));
    return { ...shown, fields: { ...shown.fields, ...fields } };
  }

  private laidOver(id: string): Shown | undefined {
    const stored = this.stored(id);
    const all = this.laid(id);
    const name = stored?.kind ?? all[0]?.change.kind ?? '';
    const edits = all.filter((edit) => edit.change.kind === name);
    if (stored?.gone ? !edits.some(waiting) : !stored && !edits.length) return undefined;
    const kind = this.kinds[name];
    if (!kind) return undefined;
    const shown = this.begins(stored, name, edits[0]);
    for (const { change } of edits) lay(change, shown, kind);
    shown.waits = edits.some(waiting);
    return shown;
  }

  /** What the edits are laid over: what is stored, an empty record, or, where it is gone, nothing but the version it went with. */
  private begins(stored: Stored | undefined, kind: string, first: Edit): Shown {
    if (stored && !stored.gone) return fromRow(stored);
    const fields = Object.entries(this.kinds[kind].fields).filter(([, field]) => !stored && field.empty !== undefined);
    const empty = Object.fromEntries(fields.map(([field, { empty }]) => [field, empty!]));
    const author = first.change.origin?.author ?? this.person;
    const { id } = first.change;
    return { kind, id, version: stored?.version ?? 0, author, removed: false, waits: false, fields: empty, alternatives: {}, merged: [] };
  }

  private waitsForGoal(goal: string): boolean {
    const parts = this.outbox.filter((edit) => ['goal_terms', 'goal_act'].includes(edit.change.kind) && edit.unplaced === null);
    return parts.some((edit) => this.laidOver(edit.change.id)?.fields.goal === goal);
  }

  private partsOf(goal: string): Part[] {
    const ids = new Set([...[...this.base.values()].map((row) => row.id), ...this.outbox.map((edit) => edit.change.id)]);
    const shown = [...ids].flatMap((id) => this.laidOver(id) ?? []);
    return shown
      .filter((one) => ['goal_terms', 'goal_act'].includes(one.kind) && one.fields.goal === goal && !one.removed)
      .map(({ kind, id, author, fields }) => ({ kind, id, author, order: null, ...fields }) as Part);
  }

  /** Of an id in two spaces the record that stands. */
  stored(id: string): Stored | undefined {
    const rows = [...this.base.values()].filter((row) => row.id === id);
    return rows.find((row) => !row.gone) ?? rows[0];
  }

  /** The edits that are laid over what is stored. */
  laid(id: string): Edit[] {
    return this.outbox.filter((edit) => edit.change.id === id && edit.unplaced === null && edit.change.set?.again === undefined);
  }

  spaceOf(change: Change): Space | undefined {
    const home = this.kinds[change.kind]?.home;
    return [...this.spaces.values()].find((space) => space.home === home && (home === 'personal' || space.couple === change.couple));
  }

  personal(): Space | undefined {
    return [...this.spaces.values()].find((space) => space.home === 'personal');
  }
}

export function waiting(edit: Edit): boolean {
  return edit.settled === null && edit.unplaced === null;
}

/** Members with nothing in them are left out. */
export function bare(change: Change): Change {
  const empty = (name: string, value: unknown): boolean =>
    value === undefined || (name === 'base' && value === 0) || (['set', 'was'].includes(name) && !Object.keys(value as object).length);
  const kept = Object.entries(change).filter(([name, value]) => !empty(name, value));
  return Object.fromEntries(kept) as Change;
}

function fromRow({ kind, id, version, author, removed, fields, alternatives, merged }: Stored): Shown {
  return structuredClone({ kind, id, version, author, removed, waits: false, fields, alternatives: alternatives ?? {}, merged: merged ?? [] });
}

function lay(change: Change, shown: Shown, kind: Kind): void {
  const was = change.was ?? {};
  for (const [name, value] of Object.entries(change.set ?? {})) {
    const before = was[name];
    if (name === 'alternatives') {
      layBeside(shown, (before ?? {}) as Beside, value as Beside);
    } else if (name === 'merged') {
      const taken = without((before ?? []) as Json[], value as Json[]);
      shown.merged = without(shown.merged, taken) as string[];
    } else if (kind.fields[name]?.policy === 'members' && Array.isArray(value) && Array.isArray(before)) {
      const there = (shown.fields[name] ?? []) as Json[];
      shown.fields[name] = asSet([...without(there, without(before, value)), ...without(value, before)]);
    } else {
      shown.fields[name] = value;
    }
  }
  shown.removed = change.remove ?? shown.removed;
}

function layBeside(shown: Shown, was: Beside, set: Beside): void {
  for (const [field, texts] of Object.entries(was)) {
    const taken = without(texts, set[field] ?? []);
    const left = without(shown.alternatives[field] ?? [], taken) as Text[];
    if (left.length) shown.alternatives[field] = left;
    else delete shown.alternatives[field];
  }
}

function without(of: Json[], taken: Json[]): Json[] {
  return of.filter((one) => !taken.some((other) => same(one, other)));
}
