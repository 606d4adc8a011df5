// Asking, beginning anew, and taking an answer.

import { sentAgain, lowered } from './again.js';
import { waiting, type Base, type Device, type Edit, type Stored } from './device.js';
import type { Answer, Outcome, Request, Space } from './words.js';

const CHANGES = 500;
const BYTES = 500_000;
/** The head of a rebuild for a cursor that the server knows no more: all of the old copy is of the same life. */
const SAME_LIFE = 2 ** 53 - 1;

export function ask(device: Device, now: number, limit?: number): Request {
  const request: Request = { schema: 1 };
  if (device.cursor !== undefined) request.cursor = device.cursor;
  if (limit !== undefined) request.limit = limit;
  if (device.rebuilds.size) return request;
  const changes = [];
  let bytes = 0;
  for (const { change, made } of device.outbox.filter(waiting).slice(0, CHANGES)) {
    const sent = made === null || now < made ? change : { ...change, age_ms: now - made };
    bytes += new TextEncoder().encode(JSON.stringify(sent)).length;
    if (changes.length && bytes > BYTES) break;
    changes.push(sent);
  }
  if (changes.length) request.changes = changes;
  return request;
}

export function beginAnew(device: Device): void {
  for (const { id, epoch } of device.spaces.values()) {
    const head = device.rebuilds.get(id)?.head ?? SAME_LIFE;
    device.rebuilds.set(id, { head, epoch: device.rebuilds.get(id)?.epoch ?? epoch, base: new Map() });
  }
  device.cursor = undefined;
}

export function take(device: Device, asked: Request, answer: Answer, newKey: () => string): boolean {
  if (asked.cursor !== device.cursor) return false;
  takeResets(device, answer);
  takeSpaces(device, answer);
  for (const outcome of answer.outcomes) takeOutcome(device, outcome);
  for (const row of answer.records) takeRow(device, { ...row, epoch: epochOf(device, row.space), gone: false });
  for (const row of answer.gone) {
    takeRow(device, { ...row, epoch: epochOf(device, row.space), author: '', removed: false, fields: {}, gone: true });
  }
  device.cursor = answer.cursor;
  if (!answer.more) {
    device.outbox = device.outbox.filter(waiting);
    finishRebuilds(device, newKey);
  }
  device.outbox = device.outbox.filter((edit) => waiting(edit) || !arrived(device, edit));
  return true;
}

function takeResets(device: Device, answer: Answer): void {
  for (const { space, epoch, head } of answer.reset) {
    const running = device.rebuilds.get(space)?.head ?? head;
    device.rebuilds.set(space, { head: Math.min(head, running), epoch, base: new Map() });
  }
}

function takeSpaces(device: Device, answer: Answer): void {
  const before = new Map(device.spaces);
  for (const space of answer.spaces) {
    const known = before.get(space.id);
    device.spaces.set(space.id, space);
    const rebuild = device.rebuilds.get(space.id);
    if (rebuild?.head === SAME_LIFE && rebuild.epoch !== space.epoch) rebuild.head = 0;
    if (known && known.epoch !== space.epoch) waitAgain(device, space.id);
  }
  const listed = new Set(answer.spaces.map((space) => space.id));
  for (const [id, space] of before) if (!listed.has(id)) device.spaces.set(id, { ...space, state: 'closed' });
  for (const id of answer.let_go ?? []) {
    device.spaces.delete(id);
    device.rebuilds.delete(id);
    for (const [key, row] of device.base) if (row.space === id) device.base.delete(key);
  }
}

function waitAgain(device: Device, space: string): void {
  for (const edit of device.outbox) {
    if (decidedIn(device, edit)?.id === space) Object.assign(edit, { settled: null, unplaced: null });
  }
}

/** A refusal is kept in the personal space, whatever its change was about. */
function decidedIn(device: Device, { change, unplaced }: Pick<Edit, 'change' | 'unplaced'>): Space | undefined {
  return unplaced !== null ? device.personal() : device.spaceOf(change);
}

function takeOutcome(device: Device, { key, version, code, unplaced }: Outcome): void {
  const edit = device.outbox.find((one) => one.change.key === key);
  if (!edit) return;
  if (unplaced !== null) Object.assign(edit, { settled: null, unplaced });
  else if (code === null && version !== null) Object.assign(edit, { settled: version, unplaced: null });
  else device.outbox = device.outbox.filter((one) => one !== edit);
}

function takeRow(device: Device, row: Stored): void {
  const base = device.rebuilds.get(row.space)?.base ?? device.base;
  const there = base.get(placeOf(row));
  if (there && there.epoch === row.epoch && there.version > row.version) return;
  base.set(placeOf(row), row);
}

function placeOf({ space, id }: { space: string; id: string }): string {
  return `${space}/${id}`;
}

function epochOf(device: Device, space: string): string {
  return device.spaces.get(space)?.epoch ?? '';
}

function arrived(device: Device, { change, settled, unplaced }: Edit): boolean {
  const space = decidedIn(device, { change, unplaced });
  if (!space || device.rebuilds.has(space.id)) return false;
  const row = device.base.get(placeOf({ space: space.id, id: unplaced ?? change.id }));
  return row !== undefined && row.version >= (settled ?? 0);
}

function finishRebuilds(device: Device, newKey: () => string): void {
  const personal = device.personal()?.id;
  const order = [...device.rebuilds.keys()].sort((a, b) => Number(b === personal) - Number(a === personal));
  for (const id of order) {
    const rebuild = device.rebuilds.get(id)!;
    const space = device.spaces.get(id);
    device.rebuilds.delete(id);
    if (!space) continue;
    const old: Base = new Map([...device.base].filter(([, row]) => row.space === id));
    const again = sentAgain({ device, space, old, pulled: rebuild.base, head: rebuild.head, newKey });
    lowered({ device, space, old, pulled: rebuild.base, head: rebuild.head });
    device.outbox = [...again.map((change) => ({ change, made: null, settled: null, unplaced: null })), ...device.outbox];
    for (const key of old.keys()) device.base.delete(key);
    for (const [key, row] of rebuild.base) device.base.set(key, row);
  }
}
