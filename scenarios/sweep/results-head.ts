/**
 * The first line of a results file: what was swept, by what, where. Results belong to one sweep only when all of them are of one
 * build and size, with the same bug planted or none; a file is gone on with only by the very sweep that began it.
 */

import type { RunSize } from '../plan.ts';
import { sizeFlags } from '../repro-line.ts';
import type { RunRange } from './run-names.ts';

export interface ResultsHead {
  format: 'tailrace-results/2';
  scenario: string;
  build: string;
  /** Wrong engine that was swept on purpose, or null. */
  plant: string | null;
  nodeVersion: string;
  startedAt: string;
  machine: string;
  size: Partial<RunSize>;
  range: RunRange;
}

type Aspect = keyof typeof WORDS;

/** What two heads can differ in, as it is said to people. */
const WORDS = {
  scenario: ({ scenario }: ResultsHead) => `scenario ${scenario}`,
  build: ({ build }: ResultsHead) => `build ${build}`,
  plant: ({ plant }: ResultsHead) => (plant === null ? 'the engine as it is' : `the planted bug ${plant}`),
  size: ({ size }: ResultsHead) => `runs of ${sizeFlags(size).trim() || 'the size they draw'}`,
  node: ({ nodeVersion }: ResultsHead) => `Node ${nodeVersion}`,
  seeds: ({ range }: ResultsHead) => `seeds ${range.from}..${range.end}`,
  shard: ({ range }: ResultsHead) => `shard ${range.shard}/${range.shards}`,
  profiles: ({ range }: ResultsHead) =>
    range.profiles.length === 1 ? `profile ${range.profiles[0]}` : `${range.profiles.length} profiles`,
} as const;

const OF_ONE_PROGRAM: readonly Aspect[] = ['scenario', 'build', 'plant', 'size'];
const OF_ONE_FILE: readonly Aspect[] = [...OF_ONE_PROGRAM, 'node', 'seeds', 'shard', 'profiles'];

/** Why their results can not be put together, as what the one and what the other is of; null when they can. */
export function programsDiffer(one: ResultsHead, other: ResultsHead): [string, string] | null {
  return firstDifference(one, other, OF_ONE_PROGRAM);
}

/** Why the sweep of the other can not go on with the file of the one; null when it can. */
export function sweepsDiffer(one: ResultsHead, other: ResultsHead): [string, string] | null {
  return firstDifference(one, other, OF_ONE_FILE);
}

function firstDifference(one: ResultsHead, other: ResultsHead, aspects: readonly Aspect[]): [string, string] | null {
  for (const aspect of aspects) {
    const [of, ofOther] = [WORDS[aspect](one), WORDS[aspect](other)];
    if (of !== ofOther) return [of, ofOther];
  }
  return null;
}
