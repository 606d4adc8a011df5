// What goes over the wire, what of section 13 a device knows, and two ways to compare.

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Fields = { [name: string]: Json };
export type Text = { by: string; text: string };
export type Beside = { [field: string]: Text[] };

export type Field = { policy: string; asks_was: boolean; empty?: Json };
export type Kind = {
  class: string;
  created_by: string;
  edited_by: string;
  home: string;
  parent: { field: string; kinds: string[]; known: boolean } | null;
  fields: { [name: string]: Field };
};
export type Kinds = { [name: string]: Kind };

export type Change = {
  key: string;
  kind: string;
  id: string;
  couple?: string;
  base?: number;
  set?: Fields;
  was?: Fields;
  remove?: boolean;
  age_ms?: number;
  origin?: { author?: string; proof?: string; seen?: boolean };
};
export type Space = { id: string; home: string; couple: string | null; state: string; epoch: string; head: number };
export type Row = {
  space: string;
  kind: string;
  id: string;
  version: number;
  author: string;
  removed: boolean;
  fields: Fields;
  alternatives?: Beside;
  merged?: string[];
};
export type Gone = { space: string; kind: string; id: string; version: number };
export type Outcome = { key: string; version: number | null; code: string | null; unplaced: string | null };
export type Reset = { space: string; epoch: string; head: number };
export type Request = { schema: number; cursor?: string; limit?: number; changes?: Change[] };
export type Answer = {
  cursor: string;
  more: boolean;
  reset: Reset[];
  outcomes: Outcome[];
  spaces: Space[];
  records: Row[];
  gone: Gone[];
  let_go?: string[];
};

export function same(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value === null || typeof value !== 'object') return String(JSON.stringify(value));
  const members = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).sort().join()}}`;
}

/** JavaScript sorts by the units of UTF-16, which is another order above U+FFFF. */
export function byCodePoints(one: string, other: string): number {
  const [a, b] = [[...one], [...other]];
  for (let at = 0; at < a.length && at < b.length; at += 1) {
    if (a[at] !== b[at]) return a[at].codePointAt(0)! - b[at].codePointAt(0)!;
  }
  return a.length - b.length;
}

export function asSet(of: Json[]): string[] {
  return [...new Set(of as string[])].sort(byCodePoints);
}
