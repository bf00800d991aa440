/**
 * Tiny worlds whose runs are all done, not drawn: two clients with two operations each, and one or two things that go wrong.
 * Random search reaches these states by the thousand and never knows that it has been everywhere.
 */

import { ENGINE_DEFAULTS } from '../../engine/index.ts';
import { type Enumeration, enumerate, type FaultSettings, type Odds, QUIET } from '../../sim/index.ts';
import type { Plan } from '../plan.ts';
import { runSeed } from '../run-seed.ts';
import { signatureOfRun } from './case.ts';
import { simplestPlan } from './simpler-plans.ts';

export interface SmallWorld {
  /** What is looked at in it, in one sentence. */
  sentence: string;
  plan: Plan;
  /** The choices that are made in every way. */
  looksAt: (site: string) => boolean;
}

/** Possible at every place where it is asked for; the enumeration says where it happens. */
const POSSIBLE: Odds = [1, 2];

export const SMALL_WORLDS: Readonly<Record<string, SmallWorld>> = {
  takeover: {
    sentence: 'two servers want one store, and an owner dies, stands still or hears nothing at any effect in the store',
    plan: smallPlan(
      { servers: 2, workflow: 'match-seq-num', clientsRoam: true },
      {
        crashAtEffect: POSSIBLE,
        pauseAtEffect: POSSIBLE,
        pauseIsLong: POSSIBLE,
        storeStallAtEffect: POSSIBLE,
        putLosesReply: POSSIBLE,
        putTakesEffectLate: POSSIBLE,
      },
    ),
    looksAt: among('nemesis.', 'blob.put.lost-reply', 'blob.put.late-effect', 'blob.late-by', 'client.server'),
  },
  'fencing-race': {
    sentence: 'two clients race to set their fencing tokens while any of their requests and answers is lost',
    plan: smallPlan(
      { servers: 1, workflow: 'fencing', fenceEvery: 2, retriesUnknown: true },
      {
        netResponseLost: POSSIBLE,
        netResetBefore: POSSIBLE,
        netResetAfter: POSSIBLE,
        putLosesReply: POSSIBLE,
      },
    ),
    looksAt: among('net.', 'blob.put.lost-reply', 'client.choice'),
  },
};

/** Fewer things that go wrong first. `runsMax` bounds the whole. */
export function exhaust(world: SmallWorld, deviationsMax: number, runsMax: number): Promise<Enumeration> {
  return enumerate({
    looksAt: world.looksAt,
    deviationsMax,
    runsMax,
    run: async (choices) => {
      const { profile } = world.plan;
      const { failure } = await runSeed({ seed: 'small', profile, plan: world.plan, world: { choices } });
      return failure === null ? null : `${signatureOfRun(failure)}\n${failure.message}`;
    },
  });
}

/** `takeover: 212 runs, all there are with at most 1 deviation`. */
export function enumerationText(name: string, { runs, covered, isComplete, failures }: Enumeration): string {
  const layers = covered.map(
    ({ deviations, done, known }) =>
      `  ${deviations} deviations: ${done} of ${known} runs (${Math.floor((100 * done) / known)} %)`,
  );
  const most = covered.at(-1)?.deviations ?? 0;
  const whole = isComplete ? `all there are with at most ${most} deviations` : 'cut short by its bound';
  const failed = failures.map(({ deviations, message }) =>
    [
      `FAILED with ${deviations.map(({ site, entity, outcome }) => `${site} of ${entity} → ${outcome}`).join(', ') || 'no deviation'}`,
      `  ${message}`,
    ].join('\n'),
  );
  return [`${name}: ${runs} runs, ${whole}`, ...layers, ...failed].join('\n');
}

function smallPlan(changes: Partial<Plan>, faults: Partial<FaultSettings>): Plan {
  return {
    ...simplestPlan('quiet'),
    clients: 2,
    operationsPerClient: 2,
    tunables: { ...ENGINE_DEFAULTS, patienceMs: 1_000 },
    requestTimeoutMs: 2_000,
    ...changes,
    faults: { ...QUIET, downMs: [50], pauseLongMs: [5_000], lateEffectMs: [500], ...faults },
  };
}

function among(...prefixes: readonly string[]): (site: string) => boolean {
  return (site) => prefixes.some((prefix) => site.startsWith(prefix));
}
