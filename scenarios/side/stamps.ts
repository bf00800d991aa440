/**
 * Timestamps of the records of one side stream, as far as anybody was told. The server chooses them, so the judge has to
 * learn them; whoever is told later must be told the same.
 */

import type { SideOperation, SideSeen } from './history.ts';
import { type Kept, stampKeyOf } from './model.ts';

export interface StampConflict {
  operation: SideOperation;
  content: string;
  before: number;
  now: number;
}

export class Stamps {
  readonly #known = new Map<string, number>();
  #conflict: StampConflict | null = null;

  constructor(operations: readonly SideOperation[]) {
    for (const operation of operations) this.#learn(operation);
  }

  /** The first record that was shown with two timestamps. */
  get conflict(): StampConflict | null {
    return this.#conflict;
  }

  /** Null when nobody was told. */
  of(record: Kept): number | null {
    return this.#known.get(record.stampKey) ?? null;
  }

  #learn(operation: SideOperation): void {
    const { call, outcome, id } = operation;
    if (outcome?.kind === 'page') {
      for (const seen of outcome.records) if (isData(seen)) this.#note(operation, seen.content, seen.timestamp);
    }
    if (outcome?.kind !== 'appended' || call.kind !== 'append') return;
    const last = call.records.length - 1;
    for (const [index, { timestamp }] of [[0, outcome.start] as const, [last, outcome.end] as const]) {
      const record = call.records[index];
      if (record !== undefined) this.#note(operation, stampKeyOf(record, id, index), timestamp);
    }
  }

  #note(operation: SideOperation, key: string, timestamp: number): void {
    const before = this.#known.get(key);
    if (before === undefined) this.#known.set(key, timestamp);
    else if (before !== timestamp) this.#conflict ??= { operation, content: key, before, now: timestamp };
  }
}

/** Contents of trims are not unique. */
export function isData({ content }: Pick<SideSeen, 'content'>): boolean {
  return !content.startsWith('(');
}
