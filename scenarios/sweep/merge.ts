/** Shards of one sweep, or sittings of it, as one record: each run once, in the order of names. */

import { probeCatalogue } from '../probes.ts';
import type { SeedResult, SweepRecord } from '../run.ts';
import { openErrors } from './harness-errors.ts';
import type { ResultsContent } from './results-file.ts';
import { programsDiffer } from './results-head.ts';
import { runKey } from './run-names.ts';
import { judgesProbes } from './verdict.ts';

/** What one file holds, and what people call it. */
export interface Part extends ResultsContent {
  file: string;
}

interface Kept {
  file: string;
  result: SeedResult;
}

/** Throws a RangeError when there is nothing to merge, when files are not of one program, or when a run came out in two ways. */
export function mergeResults(parts: readonly Part[]): SweepRecord {
  const [first] = parts;
  if (first === undefined) throw new RangeError('there is nothing to merge');
  for (const part of parts) mustBeOfOneProgram(first, part);
  const { build, scenario } = first.head;
  const results = eachOnce(parts);
  return {
    format: 'tailrace-sweep/1',
    scenario,
    build,
    nodeVersion: [...new Set(parts.map(({ head }) => head.nodeVersion))].join(', '),
    startedAt: parts.map(({ head }) => head.startedAt).toSorted()[0] as string,
    wallMs: Math.max(...parts.map(({ wallMs }) => wallMs)),
    jobs: parts.reduce((sum, { jobs }) => sum + jobs, 0),
    machines: parts.map(({ head }) => head.machine),
    runsPlanned: null,
    results: results.toSorted(byName),
    probes: probeCatalogue(),
    judgesProbes: judgesProbes(results),
    harnessErrors: openErrors(
      parts.flatMap(({ harnessErrors }) => harnessErrors),
      results,
    ),
  };
}

function mustBeOfOneProgram(first: Part, part: Part): void {
  const difference = programsDiffer(first.head, part.head);
  if (difference === null) return;
  const [of, ofOther] = difference;
  throw new RangeError(`${first.file} is of ${of}, ${part.file} of ${ofOther}: they do not belong together`);
}

/**
 * A run that stands in several files has to have come out alike in all of them, or else one of the two is not what it says to be:
 * whichever were taken, the other might be the one failure of the night.
 */
function eachOnce(parts: readonly Part[]): SeedResult[] {
  const kept = new Map<string, Kept>();
  for (const { file, results } of parts) {
    for (const result of results) {
      const known = kept.get(runKey(result));
      if (known === undefined) kept.set(runKey(result), { file, result });
      else mustBeEqual(known, { file, result });
    }
  }
  return Array.from(kept.values(), ({ result }) => result);
}

function mustBeEqual(one: Kept, other: Kept): void {
  const [was, is] = [outcomeOf(one.result), outcomeOf(other.result)];
  if (was === is) return;
  const { seed, profile } = one.result;
  throw new RangeError(
    `seed ${seed} of ${profile} came out in two ways: ${one.file} has ${was}, ${other.file} has ${is}; ` +
      'one of them is of another program than it says, or the simulator is not deterministic (`sim meta` tells)',
  );
}

/** `trace 7f3a…, ok`: what has to be the same wherever and whenever the run is done. */
function outcomeOf({ traceHash, failure, plant }: SeedResult): string {
  const planted = plant === null ? '' : `, with the planted bug ${plant}`;
  return `trace ${traceHash}, ${failure === null ? 'ok' : `${failure.kind}: ${failure.signature}`}${planted}`;
}

/** Results arrive in whatever order processes finish; no record depends on it. */
export function byName(a: { seed: string; profile: string }, b: { seed: string; profile: string }): number {
  return Number(a.seed) - Number(b.seed) || (a.profile < b.profile ? -1 : a.profile > b.profile ? 1 : 0);
}
