/**
 * The failure once more in a run of fewer decisions: other dice, most of them dull, some sites muted, under a plan that may be
 * simpler. What is wrong with an engine shows in many runs; one in which little else happens is found in fewer tries than it
 * takes to remove everything else from a long one, where each choice that goes shifts what comes after.
 */

import { Choices, defineSite, KeyedSource, runKeys } from '../../sim/index.ts';
import { type PlanStep, simplerSteps } from '../cases/simpler-plans.ts';
import type { Best, Candidate } from './best.ts';
import { Suspicion } from './suspicion.ts';
import { Ways } from './ways.ts';

const WAY = defineSite('shrink.way', 'how much simpler than the best run a try is');
const THIN = defineSite('shrink.thin', 'how few of its decisions a try keeps');
const ORDER = defineSite('shrink.order', 'what is tried first of things that are equally likely needed');
const CALM = defineSite('shrink.calm', 'whether everything takes as long as it takes at least');

/** How long things take: of hundreds of such decisions hardly one matters. */
const PACE = /\.(latency|speed)$/;

/** Until tries that are no gain have cost as much as so many runs of the best case. */
const WORTH_RUNS = 12;
/** So few decisions are made fewer one by one. */
const FEW = 10;

/** Shares that a try takes of the steps to a simpler plan, and does without of the sites, that are left. */
interface Way {
  steps: number;
  sites: number;
}

const WAYS: readonly Way[] = [
  { steps: 0, sites: 0 },
  { steps: 0.1, sites: 0 },
  { steps: 0.3, sites: 0.1 },
  { steps: 0.6, sites: 0.3 },
  { steps: 0.95, sites: 0.3 },
];
/** Of the decisions that its dice make a try keeps one in two to the power of this much more than what failed last. */
const THINNER = [0, 1, 2, -1, 0, 3];

export class OtherDice {
  readonly #best: Best;
  readonly #choices: Choices;
  readonly #name: string;
  readonly #steps: ReadonlyMap<string, PlanStep>;
  readonly #sites: readonly string[];
  readonly #ways: Ways<Way>;
  readonly #suspicion = new Suspicion();
  #level = 0;
  #number = 0;

  constructor(best: Best) {
    const { seed, plan } = best.case;
    this.#best = best;
    this.#choices = new Choices(new KeyedSource(runKeys(seed, `shrink/${plan.profile}`)));
    // A case that was made small already has dice of that name.
    this.#name = seed.split('~', 1)[0]!;
    this.#steps = new Map(simplerSteps(plan).map((step, index) => [`step ${index}`, step]));
    this.#sites = sitesOf(best);
    this.#ways = new Ways(this.#choices, WAY, WAYS, best.run.record.events);
  }

  /** Goes on where it was when it was over the last time. */
  async run(): Promise<void> {
    const best = this.#best;
    let gainedAt = best.cost;
    while (best.cost - gainedAt < WORTH_RUNS * best.run.record.events && best.lively.length > FEW && !best.isOver()) {
      if (await this.#try()) gainedAt = best.cost;
    }
  }

  async #try(): Promise<boolean> {
    const best = this.#best;
    const way = this.#ways.next();
    const level = Math.max(0, this.#level + this.#choices.pick(THIN, '', THINNER));
    const steps = this.#dispensable(this.#stepsLeft(), way.steps);
    const sites = this.#dispensable(sitesOf(best), way.sites);
    const before = { size: sizeOf(best), cost: best.cost, decisions: best.lively.length };
    const candidate = this.#candidate(steps, sites, 2 ** level);
    const isGain = await best.accepts(candidate, ({ lively }) => lively.length < before.decisions);
    this.#ways.paid(way, best.cost - before.cost, isGain ? before.size - sizeOf(best) : 0);
    if (isGain) this.#level = level;
    else this.#suspicion.blame([...steps, ...sites]);
    return isGain;
  }

  #candidate(steps: readonly string[], sites: readonly string[], oneIn: number): Candidate {
    const left = sitesOf(this.#best);
    const isCalm = this.#choices.pick(CALM, '', [true, true, false]);
    const isMuted = (site: string): boolean =>
      sites.includes(site) || !left.includes(site) || (isCalm && PACE.test(site));
    return {
      seed: `${this.#name}~${++this.#number}`,
      plan: steps.reduce((plan, name) => this.#steps.get(name)!(plan), this.#best.case.plan),
      choices: { kind: 'thinned', thinness: { oneIn, muted: new Set(this.#sites.filter(isMuted)) } },
    };
  }

  /** Steps that would change something. */
  #stepsLeft(): string[] {
    const { plan } = this.#best.case;
    const before = JSON.stringify(plan);
    return [...this.#steps].filter(([, step]) => JSON.stringify(step(plan)) !== before).map(([name]) => name);
  }

  #dispensable(items: readonly string[], share: number): string[] {
    const shuffled = items
      .map((item) => [this.#choices.choose(ORDER, '', 2 ** 30), item] as const)
      .toSorted(([a], [b]) => a - b)
      .map(([, item]) => item);
    return this.#suspicion.least(shuffled, Math.ceil(items.length * share));
  }
}

function sitesOf({ lively }: Best): string[] {
  return [...new Set(lively.map(({ site }) => site))];
}

/** In halvings: of decisions, and of events, which make every try after it cheaper. */
function sizeOf({ lively, run }: Best): number {
  return Math.log2(lively.length + 1) + Math.log2(run.record.events + 1);
}
