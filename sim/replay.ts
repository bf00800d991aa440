/**
 * Choices from a recording instead of a generator: as a flat list, in the order they were drawn, or by key (site, entity,
 * ordinal). What a recording does not say is 0, the dull outcome.
 *
 * A flat recording fits one build: deletion in it shifts what follows, which is what a shrinker wants and what a changed build
 * does by accident. Recorded sites tell the two apart. A keyed one keeps its meaning when other draws come or go.
 */

import type { ChoiceSource, Die, KeyedChoice, Odds } from './choices.ts';

/** All choices of a run in order. */
export interface FlatRecording {
  outcomes: readonly number[];
  /** The site of each, as an index into `siteNames`; absent in a list that was edited. */
  sites?: readonly number[];
  siteNames?: readonly string[];
}

/** The first choice at which a replay asked for something else than was recorded. */
export interface Misalignment {
  /** Number of the choice, from 0. */
  index: number;
  recorded: string;
  asked: string;
}

abstract class Replay implements ChoiceSource {
  readonly #unrepeated: ChoiceSource;

  /** `generator` makes the bytes that must never repeat; they are no choices. */
  constructor(generator: ChoiceSource) {
    this.#unrepeated = generator;
  }

  protected abstract next(die: Die): number;

  uniform(die: Die, bound: number): number {
    return Math.min(this.next(die), bound - 1);
  }

  weighted(die: Die, weights: readonly number[]): number {
    return Math.min(this.next(die), weights.length - 1);
  }

  odds(die: Die, _odds: Odds): number {
    return Math.min(this.next(die), 1);
  }

  unrepeated(entity: string, number: number): Uint8Array {
    return this.#unrepeated.unrepeated(entity, number);
  }
}

export class FlatReplay extends Replay {
  readonly #recording: FlatRecording;
  #index = 0;
  /** Null as long as every choice was asked for where it was recorded. */
  misalignment: Misalignment | null = null;

  constructor(recording: FlatRecording, generator: ChoiceSource) {
    super(generator);
    this.#recording = recording;
  }

  protected next(die: Die): number {
    const index = this.#index++;
    const { outcomes, sites, siteNames } = this.#recording;
    const outcome = outcomes[index] ?? 0;
    if (this.misalignment === null && sites !== undefined && index < sites.length) {
      const recorded = siteNames?.[sites[index]!] ?? 'a site without a name';
      if (recorded !== die.site.name) this.misalignment = { index, recorded, asked: die.site.name };
    }
    return outcome;
  }
}

/** What a choice is known by: the same in every build that has the site. */
export function choiceKey(site: string, entity: string, ordinal: number): string {
  return `${site}\n${entity}\n${ordinal}`;
}

export class KeyedReplay extends Replay {
  readonly #outcomes: Map<string, number>;
  readonly #unasked: Set<string>;

  constructor(
    choices: Iterable<Pick<KeyedChoice, 'site' | 'entity' | 'ordinal' | 'outcome'>>,
    generator: ChoiceSource,
  ) {
    super(generator);
    this.#outcomes = new Map();
    for (const { site, entity, ordinal, outcome } of choices) {
      this.#outcomes.set(choiceKey(site, entity, ordinal), outcome);
    }
    this.#unasked = new Set(this.#outcomes.keys());
  }

  /** Recorded choices that nobody has asked for so far. */
  get unasked(): readonly string[] {
    return [...this.#unasked];
  }

  protected next(die: Die): number {
    const key = choiceKey(die.site.name, die.entity, die.ordinal);
    this.#unasked.delete(key);
    return this.#outcomes.get(key) ?? 0;
  }
}
