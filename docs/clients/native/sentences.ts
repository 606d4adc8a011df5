// Sentences, as sections 7.1 and 12 of the protocol tell them.

const MARKS = '.!?…‼⁇⁈⁉؟۔।॥։።';
const MARKS_ANYWHERE = '。！？．｡';
const CLOSERS = '"\'”’»›)]}」』】〉》〕］｝';

type Sentence = { text: string; behind: string };

export function sentences(text: string): string[] {
    return takenApart(text).map((each) => each.text);
}

/** Of a pulled text what one's own has, too. */
export function inCommon(pulled: string, own: string): string {
    const mine = new Set(sentences(own));
    const all = takenApart(pulled);
    const kept: Sentence[] = [];
    for (const { text, behind } of all) {
        const last = kept.at(-1);
        if (mine.has(text)) kept.push({ text, behind });
        else if (last) last.behind = wider(last.behind, behind);
    }
    const last = kept.at(-1);
    if (!last) return '';
    last.behind = all.at(-1)?.behind ?? '';
    return beginning(pulled) + kept.map((each) => each.text + each.behind).join('');
}

function takenApart(text: string): Sentence[] {
    const marks = `[${MARKS}${MARKS_ANYWHERE}]+[${escaped(CLOSERS)}]*`;
    const ends = new RegExp(`${marks}\\p{White_Space}*|\\n\\p{White_Space}*`, 'gu');
    const found: Sentence[] = [];
    let start = beginning(text).length;
    ends.lastIndex = start;
    for (let end = ends.exec(text); end; end = ends.exec(text)) {
        if (ends.lastIndex < text.length && !isEnd(text.slice(start, end.index), end[0])) continue;
        found.push(sentence(text.slice(start, ends.lastIndex)));
        start = ends.lastIndex;
    }
    if (start < text.length) found.push(sentence(text.slice(start)));
    return found;
}

/** Whether these marks, with what closes them and the white space behind, end a sentence that does not end the text. */
function isEnd(before: string, marks: string): boolean {
    if (marks.includes('\n')) return true;
    if (!/\p{White_Space}$/u.test(marks)) return [...marks].some((each) => MARKS_ANYWHERE.includes(each));
    return !(/^\p{Nd}{1,3}$/u.test(before) && marks.trimEnd() === '.');
}

function sentence(text: string): Sentence {
    const behind = /\p{White_Space}*$/u.exec(text)?.[0] ?? '';
    return { text: text.slice(0, text.length - behind.length), behind };
}

const beginning = (text: string): string => /^\p{White_Space}*/u.exec(text)?.[0] ?? '';
const escaped = (marks: string): string => marks.replace(/[\]\\^-]/g, '\\$&');
const lineEnds = (space: string): number => space.split('\n').length;

function wider(one: string, other: string): string {
    const more = lineEnds(other) - lineEnds(one) || other.length - one.length;
    return more > 0 || (more === 0 && other > one) ? other : one;
}
