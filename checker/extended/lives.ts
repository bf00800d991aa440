/**
 * The lives of a name: from each creation to the deletion behind it. A life is a stream of its own, with its own
 * numbers, so the sweep judges each by itself.
 *
 * That needs to know in which life an operation was. Its interval tells, unless it reaches into two; such a history is
 * left to the general search, as is one in which a creation or deletion is in doubt or two of them overlap.
 */

import type { ExtendedRule } from './model.ts';
import type { StreamOperation } from './operations.ts';

export interface Lives {
  /** Creations and deletions that took effect, in order; they alternate. */
  changes: readonly StreamOperation[];
  /** What happened in each life; appends of unknown outcome are in every one that they reach. */
  of: readonly (readonly StreamOperation[])[];
}

interface Life {
  from: number;
  to: number;
  operations: StreamOperation[];
}

/** Null when it cannot be told. */
export function livesOf(operations: readonly StreamOperation[], rule: ExtendedRule): Lives | null {
  const changes = operations.filter(({ output }) => CHANGES.has(output.kind)).sort((a, b) => a.call - b.call);
  const lives: Life[] = [];
  let isPresent = rule.initially !== 'absent';
  if (isPresent) lives.push({ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY, operations: [] });
  for (const [index, change] of changes.entries()) {
    const next = changes[index + 1];
    if (change.output.kind === 'change-unknown' || (next !== undefined && change.return >= next.call)) return null;
    if (isPresent === (change.output.kind === 'created')) return null;
    if (isPresent) lives.at(-1)!.to = change.return;
    else lives.push({ from: change.call, to: Number.POSITIVE_INFINITY, operations: [] });
    isPresent = !isPresent;
  }
  for (const operation of operations) {
    if (!needsStream(operation)) continue;
    const reached = lives.filter(({ from, to }) => operation.return >= from && operation.call <= to);
    if (operation.output.kind !== 'append-indefinite-failure' && reached.length !== 1) return null;
    for (const life of reached) life.operations.push(operation);
  }
  return { changes, of: lives.map((life) => life.operations) };
}

const CHANGES: ReadonlySet<string> = new Set(['created', 'deleted', 'change-unknown']);
const ELSEWHERE: ReadonlySet<string> = new Set([
  ...CHANGES,
  'stream-absent',
  'stream-pending',
  'stream-exists',
  'create-noop',
  'change-failure',
  'append-definite-failure',
  'read-failure',
  'check-tail-failure',
]);

/** It was true of a stream that exists. */
function needsStream({ output }: StreamOperation): boolean {
  return !ELSEWHERE.has(output.kind);
}
