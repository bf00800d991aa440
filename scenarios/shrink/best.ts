/**
 * The best case so far of a failure, and the candidates to take its place: each is run, never longer than it can be worth, and
 * taken when it fails with the same signature, with no more decisions than before. Another signature met on the way is kept as
 * a finding of its own.
 *
 * Which candidates there are hangs on what became of those before and on nothing else: the same case and as many runs give the
 * same result on any machine. Time only ends it.
 */

import { hash } from 'node:crypto';
import { choiceKey, OVERDUE } from '../../sim/index.ts';
import type { Case, CaseRun, LivelyChoice } from '../cases/case.ts';
import { runCase, signatureOfRun } from '../cases/case.ts';

export interface Limits {
  /** Wall time, in milliseconds. */
  budgetMs: number;
  nowMs: () => number;
  /** Runs, the first one included; default as many as there is time for. */
  runsMax?: number;
  /** After each candidate that was taken. */
  onStep?: (decisions: number, runs: number) => void;
}

/** Decisions spelled out, or other dice. */
export type Candidate = Case & { choices: { kind: 'keyed' | 'thinned' } };

/**
 * What has not failed after so many times the events of the best case, and some, passes: most of a run is behind the failure.
 * With the same decisions it comes about as soon as it did; with few of them more goes well before.
 */
const EVENTS_FACTOR = { keyed: 1.2, thinned: 2 } as const;
const EVENTS_MARGIN = 300;
/** What it costs to begin a run and to judge it. */
const EVENTS_TO_BEGIN = 200;

export class Best {
  readonly signature: string;
  readonly others = new Map<string, Case>();
  readonly #limits: Limits;
  readonly #startMs: number;
  /** Candidates that were run: one that was no better then is none now. */
  readonly #tried = new Set<string>();
  #case: Case;
  #run: CaseRun;
  #runs = 1;
  #cost = 0;
  #isCutShort = false;

  /** Runs the case. Throws a RangeError when it passes. */
  static async of(original: Case, limits: Limits): Promise<Best> {
    const startMs = limits.nowMs();
    return new Best(original, await runCase(original), limits, startMs);
  }

  private constructor(original: Case, run: CaseRun, limits: Limits, startMs: number) {
    const signature = signatureOfRun(run.record.failure);
    if (signature === null) throw new RangeError('a case that passes can not be made smaller');
    this.signature = signature;
    this.#case = spelledOut(original, run);
    this.#run = run;
    this.#limits = limits;
    this.#startMs = startMs;
  }

  get case(): Case {
    return this.#case;
  }

  get run(): CaseRun {
    return this.#run;
  }

  /** Its decisions that are not dull, in order. */
  get lively(): CaseRun['lively'] {
    return this.#run.lively;
  }

  /** Cases that were run. */
  get runs(): number {
    return this.#runs;
  }

  /** Of all candidates together, in events. */
  get cost(): number {
    return this.#cost;
  }

  /** Whether time or runs were used up before there were no candidates left. */
  get isCutShort(): boolean {
    return this.#isCutShort;
  }

  isOver(): boolean {
    const { nowMs, budgetMs, runsMax = Infinity } = this.#limits;
    if (nowMs() - this.#startMs >= budgetMs || this.#runs >= runsMax) this.#isCutShort = true;
    return this.#isCutShort;
  }

  /** Whether the candidate took the place of the best one. */
  async accepts(candidate: Candidate, isBetter: (run: CaseRun) => boolean): Promise<boolean> {
    const name = nameOf(candidate);
    if (this.#tried.has(name)) return false;
    this.#tried.add(name);
    const run = await this.#tryOut(candidate);
    if (run === null || run.lively.length > this.lively.length || !isBetter(run)) return false;
    this.#case = spelledOut(candidate, run);
    this.#run = run;
    this.#limits.onStep?.(run.lively.length, this.#runs);
    return true;
  }

  /** The run of a candidate; null when it does not show the failure, or not in time. */
  async #tryOut(candidate: Candidate): Promise<CaseRun | null> {
    this.#runs++;
    const eventsMax = Math.ceil(EVENTS_FACTOR[candidate.choices.kind] * this.#run.record.events) + EVENTS_MARGIN;
    // A plan that makes no sense is no candidate.
    const run = await runCase(candidate, { eventsMax, decisionsMax: this.lively.length }).catch(() => null);
    this.#cost += EVENTS_TO_BEGIN + (run?.record.events ?? 0);
    if (run === null || run.record.failure?.signature === OVERDUE) return null;
    const signature = signatureOfRun(run.record.failure);
    if (signature === this.signature) return run;
    if (signature !== null && !this.others.has(signature)) this.others.set(signature, spelledOut(candidate, run));
    return null;
  }
}

export function keyOf({ site, entity, ordinal }: LivelyChoice): string {
  return choiceKey(site, entity, ordinal);
}

function spelledOut(of: Case, { lively }: CaseRun): Case {
  return { ...of, choices: { kind: 'keyed', lively } };
}

/** Groups of one kind are often the same as those of another: equal candidates have equal names. */
function nameOf({ seed, plan, choices }: Candidate): string {
  const text =
    choices.kind === 'keyed'
      ? choices.lively.map((choice) => `${keyOf(choice)}\n${choice.outcome}`).join('\n')
      : JSON.stringify([choices.thinness.oneIn, ...choices.thinness.muted]);
  return hash('sha1', `${seed}\n${JSON.stringify(plan)}\n${choices.kind}\n${text}`);
}
