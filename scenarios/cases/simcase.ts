/**
 * A case on disk, `.simcase`: one JSON file of a few kilobytes that replays on another machine and another Node.js without
 * any generator. It says what build it was made by, what it expects to happen, and which decisions in it matter.
 *
 * It replays by key, which survives most changes of the code. Its flat list, run-length coded, serves to notice when a changed
 * build asks for other choices than were recorded, and to name the first site that moved.
 */

import { ENGINE_DEFAULTS } from '../../engine/index.ts';
import { type FlatRecording, QUIET } from '../../sim/index.ts';
import { isProfile, type Plan } from '../plan.ts';
import type { Case, CaseRun, LivelyChoice } from './case.ts';
import { signatureOfRun } from './case.ts';
import { simplestPlan } from './simpler-plans.ts';

export interface Simcase {
  format: 'tailrace-simcase/1';
  /** Commit of the build that made it, and its Node.js. */
  build: string;
  nodeVersion: string;
  /** Wrong engine planted on purpose in that build, or null. */
  plant: string | null;
  seed: string;
  plan: Plan;
  /** What was not dull, with the sentence of each site for people. */
  lively: readonly (LivelyChoice & { sentence: string })[];
  flat: {
    runs: readonly (readonly [outcome: number, count: number])[];
    sites: readonly (readonly [site: number, count: number])[];
    siteNames: readonly string[];
  };
  expect: {
    /** `pass`, or the signature of the failure. */
    verdict: string;
    traceHash: string;
    events: number;
    checkpoints: readonly string[];
    /** Probes that lit; a replay in which one of them stays dark shows something else than it was kept for. */
    probes: readonly string[];
  };
  notes: string;
}

export interface SimcaseSource {
  case: Case;
  run: CaseRun;
  build: string;
  notes: string;
}

export function simcaseOf({ case: made, run, build, notes }: SimcaseSource): Simcase {
  const { record, flat, lively, checkpoints } = run;
  return {
    format: 'tailrace-simcase/1',
    build,
    nodeVersion: process.version,
    plant: record.plant,
    seed: made.seed,
    plan: made.plan,
    lively,
    flat: { runs: runLengths(flat.outcomes), sites: runLengths(flat.sites ?? []), siteNames: flat.siteNames ?? [] },
    expect: {
      verdict: signatureOfRun(record.failure) ?? 'pass',
      traceHash: record.traceHash,
      events: record.events,
      checkpoints,
      probes: Object.keys(record.probes).toSorted(),
    },
    notes,
  };
}

/** The case in it, to be replayed by key. What its build did not know yet is off, or as the product has it. */
export function caseOf({ seed, plan, lively }: Simcase): Case {
  const { tunables, faults } = plan;
  const whole: Plan = {
    ...simplestPlan(plan.profile),
    ...plan,
    faults: { ...QUIET, ...faults },
    tunables: {
      ...ENGINE_DEFAULTS,
      ...tunables,
      log: { ...ENGINE_DEFAULTS.log, ...tunables.log },
      segments: { ...ENGINE_DEFAULTS.segments, ...tunables.segments },
    },
  };
  return { seed, plan: whole, choices: { kind: 'keyed', lively } };
}

export function flatOf({ flat }: Simcase): FlatRecording {
  return { outcomes: spelledOut(flat.runs), sites: spelledOut(flat.sites), siteNames: flat.siteNames };
}

/** Throws a RangeError that says what is wrong with it. */
export function parseSimcase(text: string): Simcase {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RangeError(`no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const simcase = value as Simcase;
  if (simcase?.format !== 'tailrace-simcase/1')
    throw new RangeError('no simulator case: its format is not tailrace-simcase/1');
  if (typeof simcase.plan !== 'object' || !isProfile(simcase.plan.profile))
    throw new RangeError('its plan has no profile we know');
  if (!Array.isArray(simcase.lively) || !Array.isArray(simcase.flat?.runs))
    throw new RangeError('its choices are missing');
  return simcase;
}

function runLengths(values: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last?.[0] === value) last[1]++;
    else runs.push([value, 1]);
  }
  return runs;
}

function spelledOut(runs: readonly (readonly [number, number])[]): number[] {
  return runs.flatMap(([value, count]) => Array.from({ length: count }, () => value));
}
