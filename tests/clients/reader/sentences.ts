// Section 7.1: the sentences of a text, and what two texts have in common.

const SPACE = /\p{White_Space}/u;
const MARKS = new Set('.!?…‼⁇⁈⁉؟۔।॥։።');
const FULL_MARKS = new Set('。！？．｡');
const CLOSING = new Set('"\'”’»›)]}」』】〉》〕］｝');
const LISTED = /^\p{Nd}{1,3}\.$/u;

/** Sentences in turn with the white space before, between and behind them: gaps[0] one[0] gaps[1] ... gaps[n]. */
function parted(text: string): { gaps: string[]; found: string[] } {
  const gaps = [''];
  const found: string[] = [];
  const letters = [...text];
  let at = 0;
  while (at < letters.length) {
    if (SPACE.test(letters[at])) {
      gaps[found.length] += letters[at++];
      continue;
    }
    const end = endOf(letters, at);
    found.push(letters.slice(at, end).join('').replace(/\p{White_Space}+$/u, ''));
    at += [...found[found.length - 1]].length;
    gaps.push('');
  }
  return { gaps, found };
}

function endOf(letters: string[], start: number): number {
  let at = start;
  while (at < letters.length && letters[at] !== '\n') {
    if (!MARKS.has(letters[at]) && !FULL_MARKS.has(letters[at])) {
      at += 1;
      continue;
    }
    let full = false;
    for (; MARKS.has(letters[at]) || FULL_MARKS.has(letters[at]); at += 1) full ||= FULL_MARKS.has(letters[at]);
    const marked = at;
    while (CLOSING.has(letters[at])) at += 1;
    const listed = marked === at && LISTED.test(letters.slice(start, at).join('')) && goesOn(letters, at);
    if (listed) continue;
    if (full || at >= letters.length || SPACE.test(letters[at])) return at;
  }
  return at;
}

function goesOn(letters: string[], at: number): boolean {
  while (at < letters.length && letters[at] !== '\n' && SPACE.test(letters[at])) at += 1;
  return at < letters.length && letters[at] !== '\n';
}

export function sentences(text: string): string[] {
  return parted(text).found;
}

export function holds(text: unknown, words: string): boolean {
  const there = new Set(typeof text === 'string' ? sentences(text) : []);
  return sentences(words).every((one) => there.has(one));
}

/** The pulled text without the sentences that its own lacks (section 12, point 4). */
export function inCommon(pulled: string, own: string): string {
  const { gaps, found } = parted(pulled);
  const there = new Set(sentences(own));
  const kept = found.flatMap((one, nth) => (there.has(one) ? [nth] : []));
  if (!kept.length) return '';
  return kept.reduce((text, nth, place) => {
    const gap = place ? gaps.slice(kept[place - 1] + 1, nth + 1).reduce(wider) : gaps[0];
    return text + gap + found[nth];
  }, '') + gaps[found.length];
}

function wider(one: string, other: string): string {
  const more = other.split('\n').length - one.split('\n').length || [...other].length - [...one].length;
  return more > 0 || (more === 0 && other > one) ? other : one;
}
