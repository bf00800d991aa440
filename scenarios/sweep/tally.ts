/** The running totals of a sweep, for its progress line and its summary. Pure bookkeeping. */

import type { SeedResult } from '../run.ts';

export class Tally {
  readonly results: SeedResult[] = [];
  readonly probes = new Map<string, { hits: number; first: string }>();
  operations = 0;
  events = 0;
  simulatedMs = 0;
  failures = 0;

  add(result: SeedResult): void {
    this.results.push(result);
    this.operations += result.counts.operations;
    this.events += result.events;
    this.simulatedMs += result.simulatedMs;
    if (result.failure !== null) this.failures++;
    for (const [name, hits] of Object.entries(result.probes)) {
      const probe = this.probes.get(name);
      if (probe === undefined) this.probes.set(name, { hits, first: `${result.seed}/${result.profile}` });
      else probe.hits += hits;
    }
  }
}
