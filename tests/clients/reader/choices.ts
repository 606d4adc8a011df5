// Section 12, point 4: of a choice that is there the more private, the more protective and the further value stands.

import { asSet, type Json } from './words.js';

/** From what protects most, or is nearest, to the opposite end. */
const LADDERS: { [field: string]: Json[] } = {
  visibility: ['silent', 'effect', 'effect_and_message'],
  push_privacy: ['hidden', 'discreet', 'descriptive'],
  ending: ['none', 'achieved', 'let_go'],
};
const HIGHER_PROTECTS = /^(minutes|seldom_.*)$/;
const DAYS = ['windows', 'quiet'];
const QUARTERS = 7 * 96;
type Window = { weekday: number; from: string; to: string };

export function stands(policy: string, field: string, pulled: Json, own: Json): Json {
  if (policy === 'monotone') return furthest(field, pulled, own);
  if (policy === 'most_private') return mostPrivate(field, pulled, own);
  if (policy === 'most_protective') return mostProtective(field, pulled, own);
  return own;
}

function furthest(field: string, pulled: Json, own: Json): Json {
  if (typeof pulled === 'boolean') return pulled || own;
  const ladder = LADDERS[field] ?? [];
  return ladder.indexOf(own) > ladder.indexOf(pulled) ? own : pulled;
}

function mostPrivate(field: string, pulled: Json, own: Json): Json {
  if (Array.isArray(pulled) && Array.isArray(own)) return asSet(own.filter((one) => pulled.includes(one)));
  if (typeof pulled === 'boolean') return pulled && own;
  if (field === 'audience') return pulled === own ? own : 'only_me';
  const ladder = LADDERS[field] ?? [];
  return ladder.indexOf(own) < ladder.indexOf(pulled) ? own : pulled;
}

function mostProtective(field: string, pulled: Json, own: Json): Json {
  if (DAYS.includes(field)) return union(pulled as Window[], own as Window[]);
  // Without an instant a boundary holds from the start on, and without an end.
  if (field === 'from' || field === 'until') {
    if (pulled === null || own === null) return null;
    const later = Date.parse(own as string) > Date.parse(pulled as string);
    return later === (field === 'until') ? own : pulled;
  }
  if (typeof pulled === 'boolean') return field === 'quiet_off' || field === 'wake_ups' ? pulled && own : pulled || own;
  // No number is no limit.
  if (pulled === null || own === null) return pulled ?? own;
  return HIGHER_PROTECTS.test(field) === (own > pulled) ? own : pulled;
}

/** The shortest list that covers the same quarter-hours of the week; no window is longer than a day. */
function union(...lists: Window[][]): Json {
  const covered = new Array<boolean>(QUARTERS).fill(false);
  for (const { weekday, from, to } of lists.flat()) {
    const start = weekday * 96 + quarter(from);
    const long = (quarter(to) - quarter(from) + 96) % 96 || 96;
    for (let at = start; at < start + long; at += 1) covered[at % QUARTERS] = true;
  }
  const windows: Window[] = [];
  const whole = covered.every(Boolean);
  for (let at = 0; at < QUARTERS; at += 1) {
    if (!covered[at] || (whole ? at !== 0 : covered[(at + QUARTERS - 1) % QUARTERS])) continue;
    for (let end = at; end < at + QUARTERS && covered[end % QUARTERS]; ) {
      const start = end;
      while (end < start + 96 && end < at + QUARTERS && covered[end % QUARTERS]) end += 1;
      windows.push({ weekday: Math.floor(start / 96) % 7, from: time(start), to: time(end) });
    }
  }
  return windows.sort((a, b) => a.weekday - b.weekday || (a.from < b.from ? -1 : 1));
}

function quarter(time: string): number {
  const [hours, minutes] = time.split(':').map(Number);
  return hours * 4 + minutes / 15;
}

function time(quarters: number): string {
  const of = quarters % 96;
  return `${String(Math.floor(of / 4)).padStart(2, '0')}:${String((of % 4) * 15).padStart(2, '0')}`;
}
