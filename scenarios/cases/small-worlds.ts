/**
 * Tiny worlds whose runs are all done, not drawn: two clients with two operations each, and one or two things that go wrong.
 * Random search reaches these states by the thousand and never knows that it has been everywhere.
 */

import { ENGINE_DEFAULTS } from '../../engine/index.ts';
import { type Deviation, type Enumeration, enumerate, type FaultSettings, type Odds, QUIET } from '../../sim/index.ts';
import type { Plan } from '../plan.ts';
import { runSeed } from '../run-seed.ts';
import { type Case, signatureOfRun } from './case.ts';
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

/** Of the bytes that must never repeat: nothing else in a tiny world hangs on a seed. */
const SEED = 'small';

/** Fewer things that go wrong first. `runsMax` bounds the whole. */
export function exhaust(world: SmallWorld, deviationsMax: number, runsMax: number): Promise<Enumeration> {
  return enumerate({
    looksAt: world.looksAt,
    deviationsMax,
    runsMax,
    run: async (choices) => {
      const { profile } = world.plan;
      const { failure } = await runSeed({ seed: SEED, profile, plan: world.plan, world: { choices } });
      return failure === null ? null : `${signatureOfRun(failure)}\n${failure.message}`;
    },
  });
}

/** The run with these deviations, which is dull but for them. */
export function caseOfDeviations({ plan }: SmallWorld, deviations: readonly Deviation[]): Case {
  const outcomes: number[] = Array.from({ length: 1 + Math.max(-1, ...deviations.map(({ index }) => index)) }, () => 0);
  for (const { index, outcome } of deviations) outcomes[index] = outcome;
  return { seed: SEED, plan, choices: { kind: 'flat', recording: { outcomes } } };
}

/** `takeover: 212 runs, all there are with at most 1 deviations`, or how far it came. `deviationsMax`: what was asked for. */
export function enumerationText(name: string, found: Enumeration, deviationsMax: number): string {
  const { runs, covered, isComplete, failures } = found;
  const layers = covered.map(
    ({ deviations, done, known }) =>
      `  ${deviations} deviations: ${done} of ${known} runs (${Math.floor((100 * done) / known)} %)`,
  );
  const behind = failures.length === 0 ? '' : ', but for those that add to one that failed';
  const whole = isComplete
    ? `all there are with at most ${deviationsMax} deviations${behind}`
    : 'cut short by its bound';
  return [`${name}: ${runs} runs, ${whole}`, ...layers].join('\n');
}

/** `FAILED with nemesis.crash of node-1 → 1`, and below it what is wrong. */
export function deviationsText({ deviations, message }: Enumeration['failures'][number]): string {
  const those = deviations.map(({ site, entity, outcome }) => `${site} of ${entity} → ${outcome}`).join(', ');
  return `FAILED with ${those === '' ? 'no deviation' : those}\n  ${message}`;
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
