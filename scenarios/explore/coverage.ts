/**
 * What guides an exploration: which combinations of probes lit in one run, how often each did, and the cheapest run of each.
 *
 * A combination is two probes in one run, whatever their order, or one probe by how often it lit (in powers of two). That is
 * coarse on purpose: finer ones are new in every run and tell none of them apart. Runs that failed are not for here: they ended
 * early, and would be the cheapest of everything.
 */

import { isClaim } from '../claims.ts';
import { probeCatalogue } from '../probes.ts';
import type { Gene, Genome } from './genome.ts';

/** A run that may be gone on from. */
export interface Specimen {
  genome: Genome;
  /** All draws of its plan. */
  genes: readonly Gene[];
  /** How often each probe lit. */
  probes: Readonly<Record<string, number>>;
  events: number;
}

export interface Combination {
  /** Runs that lit it. */
  hits: number;
  /** Times it was gone on from. */
  tries: number;
  /** The one of fewest events. */
  cheapest: Specimen;
}

/** From one hit to 128 and more. */
const BUCKETS = 8;

export class Coverage {
  /** Of all but claims: that one was looked at says nothing about the way a run took. */
  readonly #numbers = new Map(
    probeCatalogue()
      .filter(({ name }) => !isClaim(name))
      .map(({ name }, index) => [name, index]),
  );
  readonly #known = new Map<number, Combination>();
  readonly #list: Combination[] = [];

  /** In the order they were first lit. */
  get combinations(): readonly Combination[] {
    return this.#list;
  }

  /** How many combinations of the run no run before it had lit. */
  add(run: Specimen): number {
    const before = this.#list.length;
    const lit = Object.entries(run.probes).flatMap(([name, hits]) => {
      const number = this.#numbers.get(name);
      return number === undefined ? [] : [[number, hits] as const];
    });
    for (const [index, [probe, hits]] of lit.entries()) {
      const bucket = Math.min(BUCKETS - 1, 31 - Math.clz32(hits));
      this.#light(-1 - probe * BUCKETS - bucket, run);
      for (const [other] of lit.slice(0, index)) {
        this.#light(Math.min(probe, other) * this.#numbers.size + Math.max(probe, other), run);
      }
    }
    return this.#list.length - before;
  }

  /** The fewest runs we know that light everything: each is the cheapest of something. */
  specimens(): Specimen[] {
    return [...new Set(this.#list.map(({ cheapest }) => cheapest))];
  }

  #light(key: number, run: Specimen): void {
    const known = this.#known.get(key);
    if (known === undefined) {
      const made: Combination = { hits: 1, tries: 0, cheapest: run };
      this.#known.set(key, made);
      this.#list.push(made);
      return;
    }
    known.hits++;
    if (run.events < known.cheapest.events) known.cheapest = run;
  }
}
