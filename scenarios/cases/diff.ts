/** Where two runs part: the first line of their traces that differs, with a few lines before it. */

import { type Case, runCase } from './case.ts';

const CONTEXT_LINES = 5;

export interface Difference {
  /** Number of the first line that differs, from 1. */
  line: number;
  /** The same in both. */
  before: readonly string[];
  /** Null: the run is over there. */
  left: string | null;
  right: string | null;
}

/** Null when the runs are the same. */
export async function firstDifference(left: Case, right: Case): Promise<Difference | null> {
  const [a, b] = [await traceOf(left), await traceOf(right)];
  const end = Math.max(a.length, b.length);
  for (let index = 0; index < end; index++) {
    if (a[index] === b[index]) continue;
    const before = a.slice(Math.max(0, index - CONTEXT_LINES), index);
    return { line: index + 1, before, left: a[index] ?? null, right: b[index] ?? null };
  }
  return null;
}

async function traceOf(made: Case): Promise<string[]> {
  const lines: string[] = [];
  await runCase(made, { onTraceLine: (line) => lines.push(line) });
  // The first line names seed and profile, which may differ in equal runs.
  return lines.slice(1);
}
