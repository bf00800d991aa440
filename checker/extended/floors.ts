/**
 * What real time says of one life, whatever the order: how far the log reached for those who were called behind an answer, and
 * how far it still reached for those who had returned before a call.
 *
 * The sweep knows this of everything that told the tail. A part that told none shows at least that the log reached its end, so
 * who was called behind it and stands below is told here.
 */

import { firstAbove } from '../sweep/order.ts';
import { counted, type Violation } from '../sweep/violation.ts';
import { positionOf } from './model.ts';
import { reachOf } from './observations.ts';
import type { StreamOperation } from './operations.ts';

/** The first answer, in order of return, that stands below what had been shown before its call; or null. */
export function belowWhatWasShown(life: readonly StreamOperation[]): Violation | null {
  const reaches = new Reaches(life);
  for (const operation of life.toSorted((a, b) => a.return - b.return)) {
    const { input, output, call, metadata } = operation;
    const low = output.kind === 'append-indefinite-failure' ? null : positionOf(input, output);
    const before = low === null ? null : reaches.before(call);
    if (low === null || before === null || before.reach <= low) continue;
    const [opId, shownTo] = [metadata.opId, before.operation.metadata.opId];
    const isWriter = output.kind === 'append-success' || output.kind === 'append-acked';
    const code = isWriter ? 'seen-before-written' : input.kind === 'read' ? 'stale-read' : 'stale-tail';
    const stands = isWriter ? `was acknowledged at ${low}` : `was told of tail ${low}`;
    const shown = `Op ${shownTo} was shown a log of ${counted(before.reach, 'record')} at least`;
    return { code, message: `${shown}, and op ${opId}, which comes behind it, ${stands}.`, opIds: [opId, shownTo] };
  }
  return null;
}

/** How far the log reached for certain, and who had told. */
export class Reaches {
  readonly #tellers: { operation: StreamOperation; reach: number }[] = [];

  constructor(life: readonly StreamOperation[]) {
    let most = 0;
    for (const operation of life.toSorted((a, b) => a.return - b.return)) {
      const reach = reachOf(operation.input, operation.output);
      if (reach <= most) continue;
      most = reach;
      this.#tellers.push({ operation, reach });
    }
  }

  /** Told by those who had returned before the moment. */
  before(moment: number): { operation: StreamOperation; reach: number } | null {
    return this.#tellers[firstAbove(this.#tellers, ({ operation }) => operation.return, moment - 1) - 1] ?? null;
  }
}

/** Where those stand that told it, and so everything that took effect before they were called. */
export class Lows {
  readonly #tellers: { operation: StreamOperation; low: number }[] = [];

  constructor(life: readonly StreamOperation[]) {
    let least = Infinity;
    for (const operation of life.toSorted((a, b) => b.call - a.call)) {
      const low = positionOf(operation.input, operation.output);
      if (low === null || low >= least) continue;
      least = low;
      this.#tellers.push({ operation, low });
    }
    this.#tellers.reverse();
  }

  /** The lowest of those called behind the moment. */
  behind(moment: number): { operation: StreamOperation; low: number } | null {
    return this.#tellers[firstAbove(this.#tellers, ({ operation }) => operation.call, moment)] ?? null;
  }
}
