/**
 * How likely each of many things is needed, learned from tries that went without some of them and were no success. After
 * "Probabilistic Delta Debugging" (Wang et al. 2021), for tries that can fail by bad luck, too.
 */

/** Before anything was tried: of a hundred things some are needed. */
const PRIOR = 0.06;
/** How often a try succeeds that goes without nothing needed: with other dice a failure does not come again for certain. */
const LUCK = 0.5;
/** A thing stays in question, whatever happened. */
const SURE = 0.98;

export class Suspicion {
  readonly #needed = new Map<string, number>();

  /** The `count` of `items` that are least likely needed; of those that are equally so the first. */
  least(items: readonly string[], count: number): string[] {
    return items.toSorted((a, b) => this.of(a) - this.of(b)).slice(0, count);
  }

  /** A try without `items` was no success: the fewer they are, the more each is suspected. */
  blame(items: readonly string[]): void {
    const chance = items.reduce((product, item) => product * (1 - this.of(item)), LUCK);
    for (const item of items) this.#needed.set(item, Math.min(SURE, this.of(item) / (1 - chance)));
  }

  /** In (0, 1). */
  of(item: string): number {
    return this.#needed.get(item) ?? PRIOR;
  }
}
