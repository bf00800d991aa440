/**
 * Dice that mostly show the dull side: of the choices that a generator makes not to be dull one in so many is left, and none at
 * sites that are muted. A run of few decisions is found sooner among such runs than by taking decisions out of a long one, where
 * each that goes shifts what comes after.
 */

import type { ChoiceSource, Die, Odds } from '../../sim/index.ts';

export interface Thinness {
  /** One in so many choices that are not dull stays, an integer from 1. */
  oneIn: number;
  /** Sites at which everything is dull. */
  muted: ReadonlySet<string>;
}

export class ThinDice implements ChoiceSource {
  readonly #generator: ChoiceSource;
  readonly #thinness: Thinness;

  constructor(generator: ChoiceSource, thinness: Thinness) {
    this.#generator = generator;
    this.#thinness = thinness;
  }

  uniform(die: Die, bound: number): number {
    return this.#isLeft(die) ? this.#generator.uniform(die, bound) : 0;
  }

  weighted(die: Die, weights: readonly number[]): number {
    return this.#isLeft(die) ? this.#generator.weighted(die, weights) : 0;
  }

  odds(die: Die, odds: Odds): number {
    return this.#isLeft(die) ? this.#generator.odds(die, odds) : 0;
  }

  unrepeated(entity: string, number: number): Uint8Array {
    return this.#generator.unrepeated(entity, number);
  }

  /** By a throw of the generator's own for a die that nobody else throws: that of the entity with a mark. */
  #isLeft(die: Die): boolean {
    const { oneIn, muted } = this.#thinness;
    if (muted.has(die.site.name)) return false;
    return oneIn === 1 || this.#generator.uniform({ ...die, entityHash: ~die.entityHash }, oneIn) === 0;
  }
}
