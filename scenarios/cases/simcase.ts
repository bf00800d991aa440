/**
 * A case on disk, `.simcase`: one JSON file of a few kilobytes that replays on another machine and another Node.js without
 * any generator. It says what build it was made by, what it expects to happen, and which decisions in it matter.
 *
 * It replays by key, which survives most changes of the code. Its flat list, run-length coded, serves to notice when a changed
 * build asks for other choices than were recorded, and to name the first site that moved.
 */

import type { FlatRecording } from '../../sim/index.ts';
import type { Plan } from '../plan.ts';
import { count, listOf, objectOf, orNull, pairOf, text } from '../shape.ts';
import type { Case, CaseRun, LivelyChoice } from './case.ts';
import { signatureOfRun } from './case.ts';
import { planShape, wholePlan } from './plan-shape.ts';

const FORMAT = 'tailrace-simcase/1';

export interface Simcase {
  format: typeof FORMAT;
  /** Commit of the build that made it, and its Node.js. */
  build: string;
  nodeVersion: string;
  /** Wrong engine planted on purpose in that build, or null. */
  plant: string | null;
  /** Of a case that is kept: the wrong engine that fails what the right one passes, and the signature of that failure. */
  catches?: { plant: string; verdict: string };
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
    format: FORMAT,
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
  return { seed, plan: wholePlan(plan), choices: { kind: 'keyed', lively } };
}

export function flatOf({ flat }: Simcase): FlatRecording {
  return { outcomes: spelledOut(flat.runs), sites: spelledOut(flat.sites), siteNames: flat.siteNames };
}

// --- reading ---------------------------------------------------------------------------------------------

/** More choices than any run makes; a file that claims more is not unpacked. */
const CHOICES_MAX = 100_000_000;

const runsShape = listOf(pairOf(count(), count(1, CHOICES_MAX)));
const choiceShape = objectOf<Simcase['lively'][number]>({
  site: text,
  sentence: text,
  entity: text,
  ordinal: count(),
  outcome: count(),
});

const simcaseShape = objectOf<Omit<Simcase, 'format'>>(
  {
    build: text,
    nodeVersion: text,
    plant: orNull(text),
    catches: objectOf({ plant: text, verdict: text }),
    seed: text,
    plan: planShape,
    lively: listOf(choiceShape),
    flat: objectOf<Simcase['flat']>({ runs: runsShape, sites: runsShape, siteNames: listOf(text) }),
    expect: objectOf<Simcase['expect']>({
      verdict: text,
      traceHash: text,
      events: count(),
      checkpoints: listOf(text),
      probes: listOf(text),
    }),
    notes: text,
  },
  { optional: ['catches'] },
);

/** Throws a RangeError that says what is wrong with it, with the path of the field. */
export function parseSimcase(json: string): Simcase {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new RangeError(`no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  refuseOtherFormats(value as Partial<Simcase> | null);
  simcaseShape(value, '');
  return value as Simcase;
}

function refuseOtherFormats(value: Partial<Simcase> | null): void {
  const version = /^tailrace-simcase\/(\d+)$/.exec(String(value?.format))?.[1];
  if (version === undefined) throw new RangeError(`no simulator case: its format is not ${FORMAT}`);
  if (value?.format === FORMAT) return;
  const build = typeof value?.build === 'string' ? `, build ${value.build}` : '';
  throw new RangeError(
    `a simulator case of format ${version}, and this Tailrace reads format 1: replay it with the Tailrace that made it${build}`,
  );
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
