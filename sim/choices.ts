/**
 * Every random decision of a run: a small bounded integer, 0 = the dull choice, drawn at a named site.
 *
 * The integer depends only on the run's keys, the site, the entity (who or what it is about) and how often
 * that pair was asked before. So a draw added at one place never moves the draws of another, and "what
 * happened" is a short list of the draws that were not 0. Nothing else in the simulator may roll dice.
 */

import seedrandom from 'seedrandom';
import { hashText, mix32 } from './hash.ts';

/** A place in the simulator where something is decided. */
export interface Site {
  /** Dotted words, unique: `blob.put.lost-reply`. */
  readonly name: string;
  /** What is decided, for people: `whether the reply to a put is lost`. */
  readonly sentence: string;
  /** Of the values that are picked here, where they have one: `ms`. */
  readonly unit?: string;
  /** Derived from the name. */
  readonly hash: number;
}

export function defineSite(name: string, sentence: string, unit?: string): Site {
  return Object.freeze({ name, sentence, hash: hashText(name), ...(unit !== undefined && { unit }) });
}

/** `[n, d]`: n times in d. `[0, d]` never happens and costs no draw. Integers, 0 <= n <= d, d in [1, 2^31]. */
export type Odds = readonly [number, number];

export const NEVER: Odds = [0, 1];

/** The dice of one (site, entity) pair; `ordinal` counts how often they were thrown. */
export interface Die {
  readonly site: Site;
  readonly entity: string;
  readonly entityHash: number;
  ordinal: number;
}

/** Where outcomes come from: a hash of the run's keys, or a recording (replay.ts). `die.ordinal` is the number of this throw. */
export interface ChoiceSource {
  /** In [0, bound), all equally likely. */
  uniform(die: Die, bound: number): number;
  /** An index of `weights`, likely in proportion; the weights are integers whose sum is at most 2^31. */
  weighted(die: Die, weights: readonly number[]): number;
  /** 1 with the given odds, else 0. */
  odds(die: Die, odds: Odds): number;
  /** Sixteen bytes that depend on the run, the entity and the number, and on nothing that was chosen. */
  unrepeated(entity: string, number: number): Uint8Array;
}

/** The 64 bits that a run's randomness hangs on. */
export interface RunKeys {
  readonly a: number;
  readonly b: number;
}

/**
 * Turns what a human types (a number, a word, a commit id) and the profile's name into keys, once a run.
 * The profile is part of the name of a run: the same seed under two profiles is two unrelated runs.
 */
export function runKeys(seed: string, profile: string): RunKeys {
  const alea = seedrandom.alea(`${seed}\n${profile}`);
  return { a: alea.int32() >>> 0, b: alea.int32() >>> 0 };
}

/** Outcomes as a pure function of (keys, site, entity, ordinal): a counter-based generator. */
export class KeyedSource implements ChoiceSource {
  readonly #keys: RunKeys;

  constructor(keys: RunKeys) {
    this.#keys = keys;
  }

  uniform(die: Die, bound: number): number {
    // Bits above the largest multiple of the bound would favour small outcomes; they are thrown again.
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound);
    let bits = this.#bits(die);
    while (bits >= limit) bits = mix32(bits + 0x9e3779b9);
    return bits % bound;
  }

  weighted(die: Die, weights: readonly number[]): number {
    let total = 0;
    for (const weight of weights) total += weight;
    let rest = this.uniform(die, total);
    for (let index = 0; index < weights.length; index++) {
      rest -= weights[index]!;
      if (rest < 0) return index;
    }
    throw new Error('assertion: the weights do not add up');
  }

  odds(die: Die, odds: Odds): number {
    return this.uniform(die, odds[1]) < odds[0] ? 1 : 0;
  }

  unrepeated(entity: string, number: number): Uint8Array {
    // Small arrays live on the heap of JavaScript; a buffer of its own would be memory of the operating system.
    const bytes = new Uint8Array(16);
    const of = mix32(this.#keys.a ^ hashText(entity, this.#keys.b));
    for (let lane = 0; lane < 4; lane++) {
      // The number goes in through bijections of each lane, so two numbers never give the same bytes.
      const word = mix32(mix32(number + Math.imul(lane, 0x9e3779b9)) ^ of ^ Math.imul(lane, 0x7f4a7c15));
      for (let i = 0; i < 4; i++) bytes[lane * 4 + i] = word >>> (24 - i * 8);
    }
    return bytes;
  }

  #bits(die: Die): number {
    const first = mix32(this.#keys.a ^ die.site.hash ^ Math.imul(die.ordinal + 1, 0x9e3779b9));
    return mix32((first + die.entityHash) ^ this.#keys.b);
  }
}

/** Beyond it a draw of 32 bits would never come to an end. */
const BOUND_MAX = 2 ** 32;

/** What an outcome means to whoever asked, in words that begin with a verb: `appends 3 records`. */
export type Meaning = (outcome: number) => string;

/** Sees every choice as it is made, dull ones too. */
export type ChoiceWatch = (site: string, entity: string, outcome: number) => void;

/** One decision that was not dull. */
export interface KeyedChoice {
  site: string;
  sentence: string;
  entity: string;
  ordinal: number;
  outcome: number;
  /** What was done because of it, in words; absent where whoever asked did not say. */
  means?: string;
}

/** The choices of one run: draws them, counts them, remembers them. */
export class Choices {
  readonly #source: ChoiceSource;
  readonly #sink: (outcome: number) => void;
  readonly #watch: ChoiceWatch | null;
  /** By entity, then by site: one thing is asked many questions in a row. */
  readonly #dice = new Map<string, Map<Site, Die>>();
  #lastEntity = '';
  #lastDice = new Map<Site, Die>();
  #lastHash = hashText('');
  readonly #flat: number[] = [];
  readonly #flatSites: Site[] = [];
  readonly #lively: Die[] = [];
  readonly #livelyOrdinals: number[] = [];
  readonly #livelyOutcomes: number[] = [];
  /** By their place among the lively ones; words are made when somebody reads them. */
  readonly #meanings = new Map<number, () => string>();

  /** `sink` sees every outcome in order; the trace hash listens there. */
  constructor(source: ChoiceSource, sink: (outcome: number) => void = () => {}, watch: ChoiceWatch | null = null) {
    this.#source = source;
    this.#sink = sink;
    this.#watch = watch;
  }

  /** An integer in [0, bound), equally likely or by `weights` (then `bound` must be their number). `means` decides nothing. */
  choose(site: Site, entity: string, bound: number, weights?: readonly number[], means?: Meaning): number {
    const outcome = this.#chosen(site, entity, bound, weights);
    if (outcome !== 0 && means !== undefined) {
      this.#meanings.set(this.#lively.length - 1, () => `${means(outcome)} (draw ${outcome} of ${bound})`);
    }
    return outcome;
  }

  #chosen(site: Site, entity: string, bound: number, weights?: readonly number[]): number {
    if (bound === 1) return 0;
    if (!(bound > 1 && bound <= BOUND_MAX)) {
      throw new RangeError(`assertion: ${site.name} is asked for one of ${bound} outcomes for ${entity}`);
    }
    const die = this.#die(site, entity);
    if (weights === undefined) return this.#record(die, this.#source.uniform(die, bound));
    if (weights.length !== bound)
      throw new Error(`assertion: ${site.name} has ${bound} outcomes, not ${weights.length}`);
    return this.#record(die, this.#source.weighted(die, weights));
  }

  /** True with the given odds. `means`: what is so then, in words; decides nothing. */
  chance(site: Site, entity: string, odds: Odds, means?: string): boolean {
    if (odds[0] === 0) return false;
    const die = this.#die(site, entity);
    const isSo = this.#record(die, this.#source.odds(die, odds)) === 1;
    if (isSo && means !== undefined) this.#meanings.set(this.#lively.length - 1, () => means);
    return isSo;
  }

  /** One of `items`; the first is the dull one. */
  pick<T>(site: Site, entity: string, items: readonly T[]): T {
    if (items.length === 0) throw new Error(`assertion: ${site.name} picks from nothing`);
    const index = this.choose(site, entity, items.length);
    const item = items[index]!;
    if (index !== 0) {
      const words = wordsOf(item);
      if (words !== null) this.#meanings.set(this.#lively.length - 1, () => valueSentence(site, words));
    }
    return item;
  }

  /** Sixteen bytes for `entity` that no other `number` gives; no choice, so not recorded. */
  unrepeated(entity: string, number: number): Uint8Array {
    return this.#source.unrepeated(entity, number);
  }

  /** How many choices were drawn so far. */
  get count(): number {
    return this.#flat.length;
  }

  /** All outcomes in the order they were drawn. */
  flat(): readonly number[] {
    return this.#flat;
  }

  /** All outcomes with their sites, for a replay that notices when they line up no more. */
  recording(): { outcomes: readonly number[]; sites: number[]; siteNames: string[] } {
    const numbers = new Map<Site, number>();
    const sites = this.#flatSites.map((site) => {
      let number = numbers.get(site);
      if (number === undefined) numbers.set(site, (number = numbers.size));
      return number;
    });
    return { outcomes: this.#flat, sites, siteNames: [...numbers.keys()].map(({ name }) => name) };
  }

  /** The outcomes that were not 0, with where they were drawn, in order. */
  keyed(): KeyedChoice[] {
    return this.#lively.map((die, index) => ({
      site: die.site.name,
      sentence: die.site.sentence,
      entity: die.entity,
      ordinal: this.#livelyOrdinals[index]!,
      outcome: this.#livelyOutcomes[index]!,
      ...(this.#meanings.has(index) && { means: this.#meanings.get(index)!() }),
    }));
  }

  #die(site: Site, entity: string): Die {
    const dice = entity === this.#lastEntity ? this.#lastDice : this.#diceOf(entity);
    let die = dice.get(site);
    if (die === undefined) {
      die = { site, entity, entityHash: this.#lastHash, ordinal: 0 };
      dice.set(site, die);
    }
    return die;
  }

  #diceOf(entity: string): Map<Site, Die> {
    let dice = this.#dice.get(entity);
    if (dice === undefined) {
      dice = new Map();
      this.#dice.set(entity, dice);
    }
    this.#lastEntity = entity;
    this.#lastDice = dice;
    this.#lastHash = hashText(entity);
    return dice;
  }

  #record(die: Die, outcome: number): number {
    this.#flat.push(outcome);
    this.#flatSites.push(die.site);
    if (outcome !== 0) {
      this.#lively.push(die);
      this.#livelyOrdinals.push(die.ordinal);
      this.#livelyOutcomes.push(outcome);
    }
    die.ordinal++;
    this.#sink(outcome);
    if (this.#watch !== null) this.#watch(die.site.name, die.entity, outcome);
    return outcome;
  }
}

/** Of what people can read: a number, a word, or a thing with a name. */
function wordsOf(item: unknown): string | null {
  if (typeof item === 'number' || typeof item === 'string') return String(item);
  if (typeof item !== 'object' || item === null || !('name' in item)) return null;
  return typeof item.name === 'string' ? item.name : null;
}

function valueSentence({ sentence, unit }: Site, words: string): string {
  return `${sentence}: ${words}${unit === undefined ? '' : ` ${unit}`}`;
}
