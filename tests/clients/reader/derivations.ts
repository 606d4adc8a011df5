// "The pause of two", and "Which parts of a summary count".

export type Pause = { id: string; author: string; started_at: string; return_at: string; resumed_by: string[]; set_aside: boolean };
type Group = { of: Pause[]; from: number; to: number };

const DAY_MS = 24 * 60 * 60 * 1000;

export function pauseOfTwo(pauses: Pause[], now: string): unknown {
  const sorted = [...pauses].sort(
    (a, b) => Date.parse(a.started_at) - Date.parse(b.started_at) || (a.id < b.id ? -1 : 1),
  );
  if (!sorted.length) return null;
  const groups: Group[] = [];
  for (const pause of sorted.filter((one) => ['active', 'due'].includes(stateOf([one], Date.parse(one.return_at), now)))) {
    const [from, to] = [Date.parse(pause.started_at), Date.parse(pause.return_at)];
    const last = groups.at(-1);
    if (!last || from >= last.to) groups.push({ of: [pause], from, to: Math.min(to, from + DAY_MS) });
    else {
      last.of.push(pause);
      last.to = Math.min(Math.max(last.to, to), last.from + DAY_MS);
    }
  }
  const newest = sorted.at(-1)!;
  const { of, from, to } = groups.at(-1) ?? { of: [newest], from: Date.parse(newest.started_at), to: Date.parse(newest.return_at) };
  return {
    state: stateOf(of, to, now),
    pauses: of.map((one) => one.id),
    started_by: [...new Set(of.map((one) => one.author))].sort(),
    started_at: instant(from),
    return_at: instant(to),
  };
}

function stateOf(of: Pause[], returns: number, now: string): string {
  const at = Date.parse(now);
  if (of.every((one) => one.resumed_by.length === 2)) return 'resumed';
  if (of.some((one) => one.set_aside) || at >= returns + DAY_MS) return 'set_aside';
  return at < returns ? 'active' : 'due';
}

function instant(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

export type CounselPart = { author: string; section: string; text: string; approvals: string[] };

export function counts(part: CounselPart, members: string[], sha256: (bytes: Uint8Array) => Uint8Array): boolean {
  const hash = [...sha256(new TextEncoder().encode(part.text))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const asked = part.section === 'agreements' ? members : [part.author];
  return part.text !== '' && asked.every((person) => part.approvals.includes(`${person}:${hash}`));
}
