/**
 * What a run of an exploration is made from, as plain data: a seed for its dice, and the draws of its plan one by one where they
 * are not those of the seed. Equal genomes make equal runs.
 */

import { type ChoiceSource, choiceKey, type Die } from '../../sim/index.ts';
import { drawPlan, type Plan, type Profile, type RunSize } from '../plan.ts';

/** What was drawn at a site of the plan, for somebody. */
export interface Gene {
  site: string;
  entity: string;
  outcome: number;
}

export interface Genome {
  profile: Profile;
  seed: string;
  /** Null: what the seed draws, as in the run of that name. What is missing is drawn by the seed, too. */
  genes: readonly Gene[] | null;
}

/** The plan, and everything that was drawn for it. */
export function planOf({ seed, profile, genes }: Genome, size: Partial<RunSize>): { plan: Plan; genes: Gene[] } {
  const drawn: Gene[] = [];
  const plan = drawPlan(seed, profile, size, {
    choices: (generator) => (genes === null ? generator : new GeneSource(genes, generator)),
    onChoice: (site, entity, outcome) => drawn.push({ site, entity, outcome }),
  });
  return { plan, genes: drawn };
}

/** Draws of a plan as they were, and of the generator where there were none. */
class GeneSource implements ChoiceSource {
  readonly #outcomes: ReadonlyMap<string, number>;
  readonly #generator: ChoiceSource;

  constructor(genes: readonly Gene[], generator: ChoiceSource) {
    // Each is asked for once.
    this.#outcomes = new Map(genes.map(({ site, entity, outcome }) => [choiceKey(site, entity, 0), outcome]));
    this.#generator = generator;
  }

  uniform(die: Die, bound: number): number {
    const outcome = this.#outcomes.get(choiceKey(die.site.name, die.entity, die.ordinal));
    return outcome === undefined ? this.#generator.uniform(die, bound) : Math.min(outcome, bound - 1);
  }

  weighted(die: Die, weights: readonly number[]): number {
    return this.uniform(die, weights.length);
  }

  odds(die: Die): number {
    return this.uniform(die, 2);
  }

  unrepeated(entity: string, number: number): Uint8Array {
    return this.#generator.unrepeated(entity, number);
  }
}
