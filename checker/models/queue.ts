/**
 * A first-in-first-out queue. A dequeue answers with the oldest element, or with null when there is none.
 *
 * A dequeue of unknown outcome may have taken an element away.
 */

import type { Model } from '../wgl/model.ts';
import { type Outcome, pendingUnless, told } from './outcome.ts';

export type Item = string | number;

export type QueueInput = { op: 'enqueue'; value: Item } | { op: 'dequeue' };
export type QueueOutput = Outcome<Item | null>;

export function queueModel(): Model<readonly Item[], QueueInput, QueueOutput> {
  return {
    init: () => [],
    step: (state, input, output) => {
      if (output.outcome === 'failed') return { legal: true, state };
      if (input.op === 'enqueue') return { legal: true, state: [...state, input.value] };
      const [oldest = null] = state;
      if (output.outcome === 'unknown' || output.value === oldest) return { legal: true, state: state.slice(1) };
      const what = oldest === null ? 'the queue is empty' : `the oldest element is ${JSON.stringify(oldest)}`;
      return { legal: false, reason: what };
    },
    equal: (a, b) => a.length === b.length && a.every((item, index) => item === b[index]),
    hash: (state) => state.reduce<number>((hash, item) => Math.imul(hash ^ hashOf(item), 0x01000193), 0x811c9dc5),
    pending: () => pendingUnless(false),
    isOptional: (_input, output) => output.outcome === 'unknown',
    isReadOnly: (input, output) =>
      output.outcome === 'failed' || (input.op === 'dequeue' && output.outcome === 'ok' && output.value === null),
    describeOperation: (input, output) =>
      told(input.op === 'enqueue' ? `enqueue ${JSON.stringify(input.value)}` : 'dequeue', output),
    describeState: (state) => JSON.stringify(state),
  };
}

/** FNV-1a over the text. */
function hashOf(item: Item): number {
  const text = String(item);
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
