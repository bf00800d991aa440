/** Ways to try something, each taken as often as it has paid, for what it cost. All begin alike, as if each had gained once. */

import type { Choices, Site } from '../../sim/index.ts';

/** The weight of the best one; a way that never paid stays possible. */
const WEIGHT_MAX = 1 << 20;

export class Ways<Way> {
  readonly #choices: Choices;
  readonly #site: Site;
  readonly #ways: readonly Way[];
  readonly #gains: number[];
  readonly #costs: number[];

  /** `cost`: what one try costs, about, in the unit of what is paid. */
  constructor(choices: Choices, site: Site, ways: readonly Way[], cost: number) {
    this.#choices = choices;
    this.#site = site;
    this.#ways = ways;
    this.#gains = ways.map(() => 1);
    this.#costs = ways.map(() => cost);
  }

  next(): Way {
    const worth = this.#gains.map((gain, index) => gain / this.#costs[index]!);
    const most = Math.max(...worth);
    const weights = worth.map((of) => Math.ceil((of / most) * WEIGHT_MAX));
    return this.#ways[this.#choices.choose(this.#site, '', weights.length, weights)]!;
  }

  paid(way: Way, cost: number, gain: number): void {
    const index = this.#ways.indexOf(way);
    this.#costs[index]! += cost;
    this.#gains[index]! += gain;
  }
}
