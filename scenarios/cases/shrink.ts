/**
 * Makes a failing case small: fewer clients, faults and operations first, then fewer choices that are not dull, as long as the
 * run fails with the same signature. Another signature met on the way is kept as a finding of its own.
 *
 * Simplified plans are tried with the seed they had, because choices hang on names and most keep their meaning, and with a few
 * others, because small worlds fail by themselves now and then and are near minimal when they do. Choices go by site, by
 * entity, then in halves down to single ones (delta debugging), and what is left is lowered. Every accepted step is strictly
 * smaller, so it ends; the budget ends it sooner.
 */

import { choiceKey, OVERDUE } from '../../sim/index.ts';
import type { Case, CaseRun, LivelyChoice } from './case.ts';
import { runCase, signatureOfRun } from './case.ts';
import { needed } from './delta.ts';
import { simplerSteps } from './simpler-plans.ts';

export interface ShrinkOptions {
  /** Wall time, in milliseconds. */
  budgetMs: number;
  nowMs: () => number;
  /** After each step that was accepted. */
  onStep?: (decisions: number, runs: number) => void;
}

export interface Shrunk {
  case: Case;
  run: CaseRun;
  signature: string;
  /** Decisions that were not dull, before and after. */
  decisionsBefore: number;
  decisions: number;
  runs: number;
  /** False when nothing more could be taken away, true when the budget was used up. */
  isCutShort: boolean;
  /** Other failures met on the way, by signature. */
  others: ReadonlyMap<string, Case>;
}

/** What has not failed after so many times the events of the best case, and some, passes: most of a run is behind the failure. */
const EVENTS_FACTOR = 2;
const EVENTS_MARGIN = 1_000;
/** Share of the budget for the plan; the rest is for choices. */
const PLAN_SHARE = 0.4;
/** Other seeds that each size of a small world is tried with. */
const SEEDS_PER_SIZE = 4;
const SMALL_WORLDS: readonly (readonly [clients: number, operations: number])[] = [
  [1, 2],
  [2, 2],
  [2, 4],
  [3, 5],
];

/** Throws a RangeError when the case does not fail. */
export async function shrink(original: Case, options: ShrinkOptions): Promise<Shrunk> {
  const run = await runCase(original);
  const signature = signatureOfRun(run.record.failure);
  if (signature === null) throw new RangeError('a case that passes can not be made smaller');
  const shrinker = new Shrinker(original, run, signature, options);
  await shrinker.shrinkPlan();
  await shrinker.shrinkChoices();
  return shrinker.result(run.lively.length);
}

class Shrinker {
  readonly #signature: string;
  readonly #options: ShrinkOptions;
  readonly #startMs: number;
  readonly #others = new Map<string, Case>();
  /** Candidates that were run: one that was no better then is none now. */
  readonly #tried = new Set<string>();
  #best: Case;
  #run: CaseRun;
  #runs = 1;
  #isCutShort = false;

  constructor(best: Case, run: CaseRun, signature: string, options: ShrinkOptions) {
    this.#best = best;
    this.#run = run;
    this.#signature = signature;
    this.#options = options;
    this.#startMs = options.nowMs();
  }

  result(decisionsBefore: number): Shrunk {
    return {
      case: this.#best,
      run: this.#run,
      signature: this.#signature,
      decisionsBefore,
      decisions: this.#run.lively.length,
      runs: this.#runs,
      isCutShort: this.#isCutShort,
      others: this.#others,
    };
  }

  // --- the plan ------------------------------------------------------------------------------------------

  async shrinkPlan(): Promise<void> {
    for (let isSmaller = true; isSmaller && !this.#isOver(PLAN_SHARE);) {
      isSmaller = await this.#simplerPlan();
      isSmaller = (await this.#smallerWorld()) || isSmaller;
    }
  }

  /** As many steps to a simpler plan as the failure survives, all of them first. */
  async #simplerPlan(): Promise<boolean> {
    const before = this.#best;
    const steps = simplerSteps(before.plan);
    await needed(steps, {
      suffices: (left) => {
        const plan = steps.filter((step) => !left.includes(step)).reduce((of, step) => step(of), before.plan);
        // A plan that is simpler to read and takes more to decide is no gain.
        return this.#accepts({ ...before, plan }, (run) => run.lively.length <= this.#run.lively.length);
      },
      isOver: () => this.#isOver(PLAN_SHARE),
    });
    return this.#best !== before;
  }

  /** The same failure in a smaller world, under any seed. */
  async #smallerWorld(): Promise<boolean> {
    for (const [clients, operationsPerClient] of SMALL_WORLDS) {
      const { plan, seed } = this.#best;
      if (clients * operationsPerClient >= plan.clients * plan.operationsPerClient) return false;
      for (let i = 0; i < SEEDS_PER_SIZE && !this.#isOver(PLAN_SHARE); i++) {
        const candidate: Case = {
          seed: i === 0 ? seed : `${seed.split('~')[0]}~${clients}x${operationsPerClient}.${i}`,
          plan: { ...plan, clients, operationsPerClient, sdkClients: Math.min(plan.sdkClients, clients) },
          choices: { kind: 'generated' },
        };
        if (await this.#accepts(candidate, (run) => run.lively.length < this.#run.lively.length)) return true;
      }
    }
    return false;
  }

  // --- the choices ---------------------------------------------------------------------------------------

  async shrinkChoices(): Promise<void> {
    await this.#keeping(this.#run.lively);
    for (let before = Infinity; this.#run.lively.length < before && !this.#isOver(1);) {
      before = this.#run.lively.length;
      await this.#fewer(({ site }) => site);
      await this.#fewer(({ entity }) => entity);
      await this.#fewer(keyOf);
    }
    await this.#lowered();
  }

  /** Choices that have something in common become dull together. */
  async #fewer(groupOf: (choice: LivelyChoice) => string): Promise<void> {
    const groups = [...new Set(this.#run.lively.map(groupOf))];
    await needed(groups, {
      suffices: (left) => {
        const names = new Set(left);
        return this.#keeping(this.#run.lively.filter((choice) => names.has(groupOf(choice))));
      },
      isLeft: (group) => this.#run.lively.some((choice) => groupOf(choice) === group),
      isOver: () => this.#isOver(1),
    });
  }

  async #lowered(): Promise<void> {
    for (let index = 0; index < this.#run.lively.length; index++) {
      const { outcome } = this.#run.lively[index]!;
      for (const lower of new Set([1, outcome >> 1])) {
        if (lower === 0 || lower >= outcome || this.#isOver(1)) continue;
        const lively = this.#run.lively.map((choice, i) => (i === index ? { ...choice, outcome: lower } : choice));
        if (await this.#keeping(lively)) break;
      }
    }
  }

  #keeping(lively: readonly LivelyChoice[]): Promise<boolean> {
    const size = sizeOf(this.#run.lively);
    const isFirst = this.#best.choices.kind !== 'keyed';
    return this.#accepts(
      { ...this.#best, choices: { kind: 'keyed', lively } },
      (run) => isFirst || isLess(sizeOf(run.lively), size),
    );
  }

  // --- candidates ----------------------------------------------------------------------------------------

  async #accepts(candidate: Case, isBetter: (run: CaseRun) => boolean): Promise<boolean> {
    // By site, by entity and one by one: what comes last to one choice is often the same.
    const name = JSON.stringify(candidate);
    if (this.#tried.has(name)) return false;
    this.#tried.add(name);
    this.#runs++;
    // A plan that makes no sense is no candidate.
    const eventsMax = EVENTS_FACTOR * this.#run.record.events + EVENTS_MARGIN;
    const run = await runCase(candidate, { eventsMax }).catch(() => null);
    if (run === null || run.record.failure?.signature === OVERDUE) return false;
    const signature = signatureOfRun(run.record.failure);
    if (signature !== this.#signature) {
      if (signature !== null && !this.#others.has(signature)) this.#others.set(signature, candidate);
      return false;
    }
    if (!isBetter(run)) return false;
    this.#best =
      candidate.choices.kind === 'keyed' ? { ...candidate, choices: { kind: 'keyed', lively: run.lively } } : candidate;
    this.#run = run;
    this.#options.onStep?.(run.lively.length, this.#runs);
    return true;
  }

  #isOver(share: number): boolean {
    const isOver = this.#options.nowMs() - this.#startMs >= this.#options.budgetMs * share;
    if (isOver && share === 1) this.#isCutShort = true;
    return isOver;
  }
}

function keyOf({ site, entity, ordinal }: LivelyChoice): string {
  return choiceKey(site, entity, ordinal);
}

/** Number of choices, then their sum. */
function sizeOf(lively: readonly LivelyChoice[]): readonly [number, number] {
  return [lively.length, lively.reduce((sum, { outcome }) => sum + outcome, 0)];
}

function isLess([count, sum]: readonly [number, number], [otherCount, otherSum]: readonly [number, number]): boolean {
  return count < otherCount || (count === otherCount && sum < otherSum);
}
