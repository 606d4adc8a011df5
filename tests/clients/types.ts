// What the types of docs/clients/haven.d.ts tell apart. It is compiled and never run; each `@ts-expect-error` must hit.
import type { components } from '../../docs/clients/haven';

type Record = components['schemas']['RecordView'];
type Change = components['schemas']['Change'];

export function shown(record: Record): string | null {
    switch (record.kind) {
        case 'check_in':
            return record.fields.text;
        case 'goal_terms':
            return record.fields.title;
        case 'step':
            // @ts-expect-error a step has no text
            return record.fields.text;
        default:
            return null;
    }
}

export const step: Change = {
    key: '9c1e0000-0000-4000-8000-000000000001',
    kind: 'step',
    id: '5f0c0000-0000-4000-8000-000000000001',
    couple: '77ab0000-0000-4000-8000-000000000001',
    set: { title: 'Book the ferry' },
};

// @ts-expect-error a step says for which couple it was written
export const forNobody: Change = { key: step.key, kind: 'step', id: step.id, set: { title: 'Book the ferry' } };

export const mine: Change = { key: step.key, kind: 'check_in', id: step.id, set: { valence: 2 } };

// @ts-expect-error what is felt is a number
export const wordy: Change = { key: step.key, kind: 'check_in', id: step.id, set: { valence: 'fine' } };
