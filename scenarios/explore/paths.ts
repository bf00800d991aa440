/**
 * A measure of exploration that guides none: which ways servers went. A way is three different things in a row that one server
 * reported; what guides (coverage.ts) knows neither order nor servers.
 */

import type { ProbeListener } from './explore.ts';

export class Paths {
  /** Runs that went it, by way. */
  readonly #runs = new Map<string, number>();

  /** Ways that at least one run went. */
  get known(): number {
    return this.#runs.size;
  }

  /** Listen to one run with `hear`, then call `end`. */
  ofRun(): { hear: ProbeListener; end: () => void } {
    const ways = new Set<string>();
    const before = new Map<string, readonly [string, string]>();
    return {
      hear: (name, host) => {
        if (!host.startsWith('node-')) return;
        const [first, second] = before.get(host) ?? ['', ''];
        if (second === name) return;
        ways.add(`${first} ${second} ${name}`);
        before.set(host, [second, name]);
      },
      end: () => {
        for (const way of ways) this.#runs.set(way, (this.#runs.get(way) ?? 0) + 1);
      },
    };
  }
}
