// Plays one file of examples: what this reader gives for each name, as one JSON on standard output.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ask, beginAnew, take } from './asking.js';
import { counts, pauseOfTwo, type CounselPart, type Pause } from './derivations.js';
import { Device, type Editing } from './device.js';
import { standing, type Part } from './goals.js';
import { inCommon, sentences } from './sentences.js';
import type { Answer, Change, Kinds, Request } from './words.js';

type Step = Editing & { do: string; field: string; keep: string; change: Change; now_ms: number; limit?: number } & {
  asked: Request;
  answer: Answer;
  new_keys: string[];
};

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const [described, examples] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')));
const kinds: Kinds = described.kinds;

function story(person: string, steps: Step[]): unknown[] {
  const device = new Device(kinds, person, sha256);
  return steps.map((step) => ({ gives: played(device, step), shows: device.shows() }));
}

function played(device: Device, step: Step): unknown {
  if (step.do === 'edit') return device.edit(step);
  if (step.do === 'pick') return device.pick({ ...step, id: step.id! });
  if (step.do === 'confirm') return device.confirm({ ...step, id: step.id! });
  if (step.do === 'keep') return void device.keep(step.change, step.made_ms);
  if (step.do === 'ask') return ask(device, step.now_ms, step.limit);
  if (step.do === 'begin_anew') return void beginAnew(device);
  const keys = [...step.new_keys];
  return [take(device, step.asked, step.answer, () => keys.shift() ?? 'no key is left'), keys];
}

type Laid = { name: string; person: string; answer: Answer; waits: Change[]; shows: { id: string } };

function laid({ person, answer, waits, shows }: Laid): unknown {
  const device = new Device(kinds, person, sha256);
  take(device, { schema: 1 }, answer, () => '');
  for (const change of waits) device.keep(change, 0);
  return device.look(shows.id);
}

/** An example that cannot be played says why, and the others are played all the same. */
const named = <T extends { name: string }>(cases: T[] | undefined, play: (one: T) => unknown): [string, unknown][] =>
  (cases ?? []).map((one) => {
    try {
      return [one.name, play(one)];
    } catch (error) {
      return [one.name, String(error)];
    }
  });
const told = examples.for_a_device ?? {};

const found: [string, unknown][] = [
  ...named(examples.cases as { name: string; person: string; steps: Step[] }[], (one) => story(one.person, one.steps)),
  ...named(examples.goals as { name: string; form: string; records: Part[] }[], (one) => standing(one.form, one.records)),
  ...named(told.laid as Laid[], laid),
  ...named(told.pauses as { name: string; pauses: Pause[]; now: string }[], (one) => pauseOfTwo(one.pauses, one.now)),
  ...named(told.counting as { name: string; part: CounselPart; members: string[] }[], (one) => counts(one.part, one.members, sha256)),
  ['sentences', (told.sentences ?? []).map((one: { text: string }) => sentences(one.text))],
  ['in_common', (told.in_common ?? []).map((one: { pulled: string; own: string }) => inCommon(one.pulled, one.own))],
];
process.stdout.write(JSON.stringify(Object.fromEntries(found)));
