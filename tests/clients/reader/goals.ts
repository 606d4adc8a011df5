// "How a goal stands": what follows from the terms and acts that count, in their order.

export type Part = { kind: string; id: string; author: string; order: number | null; based_on?: string | null; terms?: string; act?: string };
export type Standing = {
  state: string | null;
  terms_in_force: string | null;
  open_terms: string[];
  stale: string[];
  past: string[];
  done_by: string[];
  resting_by: string[];
};

/** Parts that have no order yet stand in the order in which they were made. */
export function standing(form: string, parts: Part[]): Standing {
  const stale = new Set<string>();
  const past = new Set<string>();
  const open: string[] = [];
  const marks = new Set<string>();
  const resting = new Set<string>();
  const words = new Map<string, Map<string, { act: string; nth: number }>>();
  let inForce: string | null = null;
  let letGo = false;
  let achieved = false;

  const closeOpen = (but?: string): void => {
    for (const id of open.splice(0)) if (id !== but) stale.add(id);
  };

  inOrder(parts).forEach((part, nth) => {
    const ended = letGo || achieved;
    if (part.kind === 'goal_terms') {
      if (ended || (part.based_on ?? null) !== inForce) stale.add(part.id);
      else open.push(part.id);
      words.set(part.id, new Map([[part.author, { act: 'accept', nth }]]));
      return;
    }
    const about = part.terms ?? '';
    if (part.act === 'let_go') {
      letGo = true;
      closeOpen();
    } else if (ended || stale.has(about) || past.has(about)) {
      return;
    } else if (part.act === 'rest') {
      resting.add(part.author);
    } else if (part.act === 'resume') {
      resting.delete(part.author);
      marks.delete(part.author);
    } else if (part.act === 'mark_done') {
      if (about !== inForce || form === 'agreement') return;
      marks.add(part.author);
      achieved = marks.size === 2;
      if (achieved) closeOpen();
    } else if (['accept', 'decline', 'not_now'].includes(part.act ?? '') && open.includes(about)) {
      const said = words.get(about)!;
      said.set(part.author, { act: part.act!, nth });
      if (said.size < 2 || [...said.values()].some((word) => word.act !== 'accept')) return;
      if (inForce) past.add(inForce);
      inForce = about;
      marks.clear();
      closeOpen(about);
    }
  });

  return {
    state: state(),
    terms_in_force: inForce,
    open_terms: open,
    stale: [...stale].sort(),
    past: [...past].sort(),
    done_by: [...marks].sort(),
    resting_by: [...resting].sort(),
  };

  function state(): string | null {
    if (letGo) return 'let_go';
    if (achieved) return 'achieved';
    if (inForce) return resting.size ? 'resting' : 'active';
    if (!open.length) return null;
    const noes = open.map((id) => [...words.get(id)!.values()].filter((word) => word.act !== 'accept'));
    if (noes.some((those) => !those.length)) return 'proposed';
    const newest = noes.flat().reduce((one, other) => (other.nth > one.nth ? other : one));
    return newest.act === 'decline' ? 'declined' : 'not_now';
  }
}

/** An act that came before its terms stands behind them; one whose terms are not here does not count yet. */
function inOrder(parts: Part[]): Part[] {
  const own = new Map(parts.map((part, nth) => [part.id, part.order ?? Number.MAX_SAFE_INTEGER - parts.length + nth]));
  const terms = new Set(parts.filter((part) => part.kind === 'goal_terms').map((part) => part.id));
  const placed = parts
    .filter((part) => part.kind === 'goal_terms' || part.act === 'let_go' || terms.has(part.terms ?? ''))
    .map((part) => {
      const order = own.get(part.id)!;
      const place = part.kind === 'goal_terms' || part.act === 'let_go' ? order : Math.max(order, own.get(part.terms!)!);
      return { part, by: [place, part.kind === 'goal_terms' ? 0 : 1, order] };
    });
  const apart = (a: number[], b: number[]): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
  return placed.sort((a, b) => apart(a.by, b.by) || (a.part.id < b.part.id ? -1 : 1)).map(({ part }) => part);
}
