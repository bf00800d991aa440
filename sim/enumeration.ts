/**
 * All runs of a small world, one after another: the tree of choices, depth first, as far as a bound goes.
 *
 * A run is told apart from the dull one by where it deviates: at which choices, and to what. Enumerated are all runs with at most
 * so many deviations at the sites that are looked at; everything else stays dull. Deviations come later in the tree than what
 * they hang on, because the choices that can be made are found out by running.
 */

import type { ChoiceSource, Die, Odds } from './choices.ts';

/** A choice that is not dull, by its place in the run. */
export interface Deviation {
  index: number;
  site: string;
  entity: string;
  outcome: number;
}

/** One run of the enumeration: dull but for its deviations, and remembering where it could have deviated further. */
class EnumeratedSource implements ChoiceSource {
  readonly #generator: ChoiceSource;
  readonly #deviations: readonly Deviation[];
  readonly #looksAt: (site: string) => boolean;
  /** Choices that could have been otherwise, in order, at sites that are looked at. */
  readonly open: { index: number; site: string; entity: string; bound: number }[] = [];
  #index = 0;

  constructor(generator: ChoiceSource, deviations: readonly Deviation[], looksAt: (site: string) => boolean) {
    this.#generator = generator;
    this.#deviations = deviations;
    this.#looksAt = looksAt;
  }

  uniform(die: Die, bound: number): number {
    return this.#next(die, bound);
  }

  weighted(die: Die, weights: readonly number[]): number {
    return this.#next(die, weights.length);
  }

  odds(die: Die, _odds: Odds): number {
    return this.#next(die, 2);
  }

  unrepeated(entity: string, number: number): Uint8Array {
    return this.#generator.unrepeated(entity, number);
  }

  #next(die: Die, bound: number): number {
    const index = this.#index++;
    const deviation = this.#deviations.find((one) => one.index === index);
    if (deviation !== undefined) return Math.min(deviation.outcome, bound - 1);
    if (this.#looksAt(die.site.name)) this.open.push({ index, site: die.site.name, entity: die.entity, bound });
    return 0;
  }
}

export interface EnumerationOptions {
  looksAt: (site: string) => boolean;
  /** Most deviations of one run. */
  deviationsMax: number;
  runsMax: number;
  /** Runs the world with these choices; null when nothing is wrong. */
  run: (choices: (generator: ChoiceSource) => ChoiceSource) => Promise<string | null>;
}

export interface Enumeration {
  runs: number;
  /** By number of deviations: runs done, and runs known to exist. The last known count is of what was not cut off. */
  covered: readonly { deviations: number; done: number; known: number }[];
  /** Every run there is within the bound was done. */
  isComplete: boolean;
  failures: readonly { deviations: readonly Deviation[]; message: string }[];
}

/** Fewer deviations first, so that what is found first is the smallest there is. */
export async function enumerate({ looksAt, deviationsMax, runsMax, run }: EnumerationOptions): Promise<Enumeration> {
  const covered: { deviations: number; done: number; known: number }[] = [];
  const failures: { deviations: readonly Deviation[]; message: string }[] = [];
  let runs = 0;
  let layer: (readonly Deviation[])[] = [[]];
  for (let count = 0; count <= deviationsMax && layer.length > 0 && runs < runsMax; count++) {
    const next: (readonly Deviation[])[] = [];
    const here = { deviations: count, done: 0, known: layer.length };
    covered.push(here);
    for (const deviations of layer) {
      if (runs === runsMax) break;
      let source: EnumeratedSource | null = null;
      const message = await run((generator) => (source = new EnumeratedSource(generator, deviations, looksAt)));
      runs++;
      here.done++;
      // What hangs on a failure is no news.
      if (message !== null) failures.push({ deviations, message });
      else if (source !== null) next.push(...furtherFrom(deviations, source));
    }
    layer = next;
  }
  const isCutShort =
    covered.some(({ done, known }) => done < known) || (covered.length <= deviationsMax && layer.length > 0);
  return { runs, covered, isComplete: !isCutShort, failures };
}

/** Each set of deviations is made once: by adding to it behind its last one. */
function furtherFrom(deviations: readonly Deviation[], source: EnumeratedSource): (readonly Deviation[])[] {
  const last = deviations.at(-1)?.index ?? -1;
  return source.open
    .filter(({ index }) => index > last)
    .flatMap(({ index, site, entity, bound }) =>
      Array.from({ length: bound - 1 }, (_, i) => [...deviations, { index, site, entity, outcome: i + 1 }]),
    );
}
