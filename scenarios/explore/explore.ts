/**
 * Coverage-guided exploration: one run of four is a fresh seed, as in a sweep, and the others are mutants of runs that lit rare
 * combinations of probes. Equal options and number of runs give equal runs; each is a case that replays without the exploration.
 */

import { Choices, defineSite, KeyedSource, runKeys } from '../../sim/index.ts';
import type { Plan, Profile, RunSize } from '../plan.ts';
import type { RunRecord } from '../run.ts';
import { runSeed } from '../run-seed.ts';
import { Coverage } from './coverage.ts';
import { type Genome, planOf } from './genome.ts';
import { mutantOf } from './mutate.ts';

const BLIND = defineSite('explore.blind', 'whether a run is a fresh seed or a mutant');

/** Seeds of explorations with neighbouring seeds do not meet. */
const SEEDS_APART = 1_000_000;

export interface ExploreOptions {
  seed: number;
  /** Dealt out in turn to fresh seeds; mutants keep that of their parent. */
  profiles: readonly Profile[];
  size: Partial<RunSize>;
  /** False: fresh seeds only, to compare with. */
  isGuided: boolean;
  /** Runs before the first mutant, because nothing is rare yet; default 20. */
  blindFirst?: number;
}

export interface Explored {
  genome: Genome;
  plan: Plan;
  isMutant: boolean;
  record: RunRecord;
  /** Combinations that no run before it had lit. */
  newCombinations: number;
}

/** Hears of each probe of a run as it lights. */
export type ProbeListener = (name: string, host: string) => void;

export class Explorer {
  readonly coverage = new Coverage();
  readonly #options: ExploreOptions;
  readonly #choices: Choices;
  #runs = 0;

  constructor(options: ExploreOptions) {
    this.#options = options;
    this.#choices = new Choices(new KeyedSource(runKeys(String(options.seed), 'explore')));
  }

  /** Does one more run: `given`, or what the coverage so far suggests. */
  async next(onProbe?: ProbeListener, given: Genome | null = null): Promise<Explored> {
    const number = this.#runs++;
    const isMutant = given === null && this.#isMutant(number);
    const genome = given ?? (isMutant ? this.#mutant(number) : this.#fresh(number));
    const { plan, genes } = planOf(genome, this.#options.size);
    const { seed, profile } = genome;
    const record = await runSeed({ seed, profile, plan, ...(onProbe !== undefined && { world: { onProbe } }) });
    const { failure, probes, events } = record;
    const newCombinations = failure === null ? this.coverage.add({ genome, genes, probes, events }) : 0;
    return { genome, plan, isMutant, record, newCombinations };
  }

  #isMutant(number: number): boolean {
    const { isGuided, blindFirst = 20 } = this.#options;
    return isGuided && number >= blindFirst && this.#choices.pick(BLIND, '', [false, true, true, true]);
  }

  #fresh(number: number): Genome {
    const { seed, profiles } = this.#options;
    const profile = profiles[number % profiles.length] as Profile;
    return { profile, seed: String(seed * SEEDS_APART + number), genes: null };
  }

  #mutant(number: number): Genome {
    return mutantOf(this.coverage, this.#choices, `${this.#options.seed}.${number}`);
  }
}
