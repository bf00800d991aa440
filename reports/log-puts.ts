/**
 * What of the log went into the store, and who took it over, as the tracks and marks of a run tell. Pure.
 */

import type { TrackMark, TrackSpan } from '../scenarios/run.ts';

export interface Put {
  host: string;
  startMs: number;
  endMs: number;
  /** As its caller heard it: `done`, `refused`, `unknown`, `failed`; null when it never did. */
  outcome: string | null;
  /** With fractions; none when it never took effect. */
  effectsMs: readonly number[];
}

interface Takeover {
  host: string;
  epoch: string;
  /** When its process began to take over. */
  fromMs: number;
  atMs: number;
  /** Where it went on with the log; null when it never did. */
  firstSlot: number | null;
}

const PUT_OF_SLOT = /^PUT wal\/(\d+)(?:: (.+))?$/;

export class LogPuts {
  readonly #bySlot = new Map<number, Put[]>();
  readonly #byHost = new Map<string, Put[]>();
  /** All effects, ascending. */
  readonly #effectsMs: readonly number[];

  constructor(tracks: readonly TrackSpan[]) {
    for (const span of tracks) this.#add(span);
    this.#effectsMs = [...this.#byHost.values()]
      .flatMap((puts) => puts.flatMap(({ effectsMs }) => effectsMs))
      .sort((a, b) => a - b);
  }

  get isEmpty(): boolean {
    return this.#bySlot.size === 0;
  }

  of(slot: number): readonly Put[] {
    return this.#bySlot.get(slot) ?? [];
  }

  by(host: string): readonly Put[] {
    return this.#byHost.get(host) ?? [];
  }

  *all(): Generator<{ slot: number; put: Put }> {
    for (const [slot, puts] of this.#bySlot) for (const put of puts) yield { slot, put };
  }

  /** Whether anything reached the log in `[fromMs, untilMs)`. */
  hasEffect(fromMs: number, untilMs: number): boolean {
    return (this.#effectsMs[firstFrom(this.#effectsMs, fromMs)] ?? Infinity) < untilMs;
  }

  #add({ track, label, startMs, endMs, detail = '', effectsMs = [] }: TrackSpan): void {
    const match = track === 'storage' ? PUT_OF_SLOT.exec(label) : null;
    // The mark of a late effect, which the span of its call has as well.
    if (match === null || match[2] === 'late effect') return;
    // Of a caller that died in the meantime the detail says so, behind its name.
    const host = detail.split(' ')[0] ?? '';
    const put = { host, startMs, endMs, outcome: match[2] ?? null, effectsMs };
    push(this.#bySlot, Number(match[1]), put);
    push(this.#byHost, host, put);
  }
}

/** By the moment at which they were done. */
export function takeoversOf(marks: readonly TrackMark[]): Takeover[] {
  const takeovers: Takeover[] = [];
  const begun = new Map<string, number>();
  const current = new Map<string, Takeover>();
  for (const [atMs, host, name, detail] of marks) {
    if (name === 'takeover.started') begun.set(host, atMs);
    if (name === 'log.slot.issued') {
      const takeover = current.get(host);
      if (takeover !== undefined) takeover.firstSlot ??= Number(detail);
    }
    if (name !== 'takeover.completed') continue;
    const takeover = { host, epoch: String(detail), fromMs: begun.get(host) ?? 0, atMs, firstSlot: null };
    takeovers.push(takeover);
    current.set(host, takeover);
  }
  return takeovers;
}

/** Index of the first of `ascending` that is not below `least`; their number when there is none. */
export function firstFrom(ascending: readonly number[], least: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

function push<Key>(lists: Map<Key, Put[]>, key: Key, put: Put): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [put]);
  else list.push(put);
}
