/**
 * A first-in-first-out queue. A dequeue answers with the oldest element, or with null when there is none.
 *
 * A dequeue of unknown outcome may have taken an element away.
 */

import type { Model } from '../wgl/model.ts';
import { type Outcome, pendingUnless, told } from './outcome.ts';
import { textHash } from './text-hash.ts';

export type Item = string | number;

export type QueueInput = { op: 'enqueue'; value: Item } | { op: 'dequeue' };
export type QueueOutput = Outcome<Item | null>;

export function queueModel(): Model<Queue, QueueInput, QueueOutput> {
  return {
    init: () => EMPTY,
    step: (state, input, output) => {
      if (output.outcome === 'failed') return { legal: true, state };
      if (input.op === 'enqueue') return { legal: true, state: state.with(input.value) };
      if (output.outcome === 'unknown' || output.value === state.oldest)
        return { legal: true, state: state.withoutOldest() };
      return { legal: false, reason: () => refusal(state) };
    },
    equal: (a, b) => a.equals(b),
    hash: (state) => state.hash,
    pending: () => pendingUnless(false),
    isOptional: (_input, output) => output.outcome === 'unknown',
    isReadOnly: (input, output) =>
      output.outcome === 'failed' || (input.op === 'dequeue' && output.outcome === 'ok' && output.value === null),
    describeOperation: (input, output) =>
      told(input.op === 'enqueue' ? `enqueue ${JSON.stringify(input.value)}` : 'dequeue', output),
    describeState: (state) => JSON.stringify(state.items),
  };
}

function refusal({ oldest }: Queue): string {
  return oldest === null ? 'the queue is empty' : `the oldest element is ${JSON.stringify(oldest)}`;
}

/**
 * All that was ever enqueued on the way to a state, the latest first: ways that part share what they have in common.
 * Beside the one before, each knows one further back, so that any of them is found in a logarithm of steps (skew-binary
 * jumps, after Myers).
 */
class Enqueued {
  readonly before: Enqueued;
  readonly item: Item;
  readonly depth: number;
  readonly jump: Enqueued;

  /** Nothing at all is before itself. */
  constructor(before: Enqueued | null, item: Item) {
    this.before = before ?? this;
    this.item = item;
    this.depth = before === null ? 0 : before.depth + 1;
    if (before === null) this.jump = this;
    else {
      const { jump } = before;
      this.jump = before.depth - jump.depth === jump.depth - jump.jump.depth ? jump.jump : before;
    }
  }
}

/** That with this depth on the way to the latest one. */
function enqueuedAt(depth: number, latest: Enqueued): Enqueued {
  let found = latest;
  while (found.depth > depth) found = found.jump.depth < depth ? found.before : found.jump;
  return found;
}

/** The latest `length` of what was enqueued. */
class Queue {
  readonly length: number;
  /** A polynomial of the items, so that either end can go on from it. */
  readonly hash: number;
  readonly #latest: Enqueued;

  constructor(latest: Enqueued, length: number, hash: number) {
    this.#latest = latest;
    this.length = length;
    this.hash = hash;
  }

  get oldest(): Item | null {
    return this.length === 0 ? null : enqueuedAt(this.#latest.depth - this.length + 1, this.#latest).item;
  }

  with(item: Item): Queue {
    return new Queue(
      new Enqueued(this.#latest, item),
      this.length + 1,
      (Math.imul(this.hash, FACTOR) + textHash(String(item))) | 0,
    );
  }

  withoutOldest(): Queue {
    const { oldest } = this;
    if (oldest === null) return this;
    const share = Math.imul(textHash(String(oldest)), power(FACTOR, this.length - 1));
    return new Queue(this.#latest, this.length - 1, (this.hash - share) | 0);
  }

  equals(other: Queue): boolean {
    if (this.length !== other.length || this.hash !== other.hash) return false;
    let [mine, theirs] = [this.#latest, other.#latest];
    for (let left = this.length; left > 0 && mine !== theirs; left--, mine = mine.before, theirs = theirs.before)
      if (mine.item !== theirs.item) return false;
    return true;
  }

  get items(): readonly Item[] {
    const items: Item[] = [];
    for (let latest = this.#latest; items.length < this.length; latest = latest.before) items.push(latest.item);
    return items.toReversed();
  }
}

const FACTOR = 0x01000193;
const EMPTY = new Queue(new Enqueued(null, ''), 0, 0);

/** Modulo 2^32, by squares. */
function power(base: number, exponent: number): number {
  let result = 1;
  for (let square = base; exponent > 0; exponent >>>= 1, square = Math.imul(square, square))
    if (exponent % 2 === 1) result = Math.imul(result, square);
  return result;
}
