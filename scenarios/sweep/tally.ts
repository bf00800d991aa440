/** The running totals of a sweep, for its progress line and its summary. Pure bookkeeping. */

import type { SeedResult } from '../run.ts';

export class Tally {
  readonly results: SeedResult[] = [];
  /** Times lit, of the probes that were. */
  readonly probes = new Map<string, number>();
  operations = 0;
  events = 0;
  simulatedMs = 0;
  failures = 0;
  /** Wall time of all runs together. */
  runMs = 0;

  add(result: SeedResult): void {
    this.results.push(result);
    this.operations += result.counts.operations;
    this.events += result.events;
    this.simulatedMs += result.simulatedMs;
    if (result.failure !== null) this.failures++;
    this.runMs += result.wallMs;
    for (const [name, hits] of Object.entries(result.probes)) {
      this.probes.set(name, (this.probes.get(name) ?? 0) + hits);
    }
  }
}
