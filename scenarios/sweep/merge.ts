/** Shards of one sweep, or sittings of it, as one record: each run once, in the order of names. */

import { probeCatalogue } from '../probes.ts';
import type { SeedResult, SweepRecord } from '../run.ts';
import type { ResultsContent } from './results-file.ts';
import { judgesProbes } from './verdict.ts';

/** Throws a RangeError when there is nothing to merge, or builds differ. */
export function mergeResults(parts: readonly ResultsContent[]): SweepRecord {
  const [first] = parts;
  if (first === undefined) throw new RangeError('there is nothing to merge');
  const { build, scenario } = first.head;
  for (const { head } of parts) {
    if (head.build !== build)
      throw new RangeError(`results of the builds ${build} and ${head.build} do not belong together`);
  }
  const results = new Map<string, SeedResult>();
  for (const part of parts) for (const result of part.results) results.set(`${result.seed}/${result.profile}`, result);
  return {
    format: 'tailrace-sweep/1',
    scenario,
    build,
    nodeVersion: [...new Set(parts.map(({ head }) => head.nodeVersion))].join(', '),
    startedAt: parts.map(({ head }) => head.startedAt).toSorted()[0] as string,
    wallMs: Math.max(...parts.map(({ wallMs }) => wallMs)),
    jobs: parts.reduce((sum, { jobs }) => sum + jobs, 0),
    machines: parts.flatMap(({ head }) => head.machine ?? []),
    runsPlanned: null,
    results: [...results.values()].toSorted(byName),
    probes: probeCatalogue(),
    judgesProbes: judgesProbes([...results.values()]),
    harnessErrors: parts.flatMap(({ harnessErrors }) => harnessErrors),
  };
}

/** Results arrive in whatever order processes finish; no record depends on it. */
export function byName(a: { seed: string; profile: string }, b: { seed: string; profile: string }): number {
  return Number(a.seed) - Number(b.seed) || (a.profile < b.profile ? -1 : a.profile > b.profile ? 1 : 0);
}
