// How a goal stands, as native.md tells it under that heading.

type Terms = { kind: 'goal_terms'; id: string; author: string; order: number | null; based_on: string | null };
type Act = { kind: 'goal_act'; id: string; author: string; order: number | null; terms: string; act: string };
export type Said = Terms | Act;

export type Goal = {
    state: string | null;
    terms_in_force: string | null;
    open_terms: string[];
    stale: string[];
    past: string[];
    done_by: string[];
    resting_by: string[];
};

const NOES = ['decline', 'not_now'];
const ACTS = ['accept', ...NOES, 'mark_done', 'rest', 'resume', 'let_go'];

/** From what was said about a goal, in the order in which it was made, to how it stands. */
export function howItStands(form: string, members: string[], made: Said[]): Goal {
    const inForce: string[] = [];
    let open: { id: string; yes: Set<string> }[] = [];
    let noes: { terms: string; author: string; act: string }[] = [];
    const stale = new Set<string>();
    const [done, resting] = [new Set<string>(), new Set<string>()];
    let [achieved, letGo] = [false, false];

    const closeAll = (): void => {
        for (const terms of open) stale.add(terms.id);
        open = [];
        noes = [];
    };
    const all = (who: Set<string>): boolean => members.every((each) => who.has(each));

    for (const said of inOrder(made)) {
        const ended = achieved || letGo;
        const now = inForce.at(-1) ?? null;
        if (said.kind === 'goal_terms') {
            if (ended || said.based_on !== now) stale.add(said.id);
            else open.push({ id: said.id, yes: new Set([said.author]) });
            continue;
        }
        const about = open.find((terms) => terms.id === said.terms);
        if (said.act === 'let_go') {
            letGo = true;
            closeAll();
        } else if (ended || (!about && said.terms !== now)) continue;
        else if (said.act === 'mark_done') {
            if (said.terms === now && form !== 'agreement') done.add(said.author);
            achieved = done.size > 0 && all(done);
            if (achieved) closeAll();
        } else if (said.act === 'rest') resting.add(said.author);
        else if (said.act === 'resume') {
            resting.delete(said.author);
            done.delete(said.author);
        } else if (about) {
            noes = noes.filter((no) => no.terms !== about.id || no.author !== said.author);
            about.yes.delete(said.author);
            if (said.act === 'accept') about.yes.add(said.author);
            else noes.push(said);
            if (!all(about.yes)) continue;
            inForce.push(about.id);
            open = open.filter((terms) => terms !== about);
            done.clear();
            closeAll();
        }
    }

    const unanswered = open.some((terms) => noes.every((no) => no.terms !== terms.id));
    const words = { not_now: 'not_now', decline: 'declined' } as { [act: string]: string };
    const state = (): string | null => {
        if (letGo) return 'let_go';
        if (achieved) return 'achieved';
        if (inForce.length) return resting.size ? 'resting' : 'active';
        if (!open.length) return null;
        return unanswered ? 'proposed' : words[noes.at(-1)?.act ?? ''];
    };
    return {
        state: state(),
        terms_in_force: inForce.at(-1) ?? null,
        open_terms: open.map((terms) => terms.id),
        stale: [...stale].sort(),
        past: inForce.slice(0, -1).sort(),
        done_by: [...done].sort(),
        resting_by: [...resting].sort(),
    };
}

function inOrder(made: Said[]): Said[] {
    const behind = Math.max(0, ...made.map((each) => each.order ?? 0)) + 1;
    const own = new Map(made.map((each, number) => [each.id, each.order ?? behind + number]));
    const order = (id: string): number => own.get(id) ?? behind;
    const isTerms = (id: string): boolean => made.some((each) => each.kind === 'goal_terms' && each.id === id);
    const counts = (each: Said): boolean =>
        each.kind === 'goal_terms' || each.act === 'let_go' || (ACTS.includes(each.act) && isTerms(each.terms));
    const counting = made.filter(counts);
    const place = (each: Said): [number, number, string] => {
        if (each.kind === 'goal_terms') return [order(each.id), 0, each.id];
        if (each.act === 'let_go') return [order(each.id), order(each.id), each.id];
        return [Math.max(order(each.id), order(each.terms)), order(each.id), each.id];
    };
    return counting
        .map((each): [[number, number, string], Said] => [place(each), each])
        .sort(([one], [other]) => one[0] - other[0] || one[1] - other[1] || (one[2] < other[2] ? -1 : 1))
        .map(([, each]) => each);
}
