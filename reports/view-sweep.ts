/**
 * A sweep as what its page shows: one verdict, failures grouped by signature with the smallest case first,
 * profiles, probes, slowest seeds and the distributions the charts draw.
 *
 * Pure. The size of the view depends on the number of profiles, probes and signatures, not of seeds: lists of
 * seeds are cut at a stated length and say how many are left out.
 */

import type { Night, PlantTrial, ProbeInfo, RunCounts, SeedResult, SweepRecord } from '../scenarios/run.ts';
import { type FailureGroup, failureGroupsOf } from './failure-groups.ts';
import { formatCount, formatNumber } from './figures.ts';
import { histogramOf, type Histogram } from './histogram.ts';
import { bySeed, compareText, distinctSorted } from './seed-order.ts';

export interface ProfileRow {
  profile: string;
  runs: number;
  failed: number;
  undecided: number;
  operations: number;
  counts: RunCounts;
  simulatedMs: number;
  wallMs: number;
}

export interface ProbeRow extends ProbeInfo {
  hits: number;
  /** Runs in which it was lit at least once. */
  runs: number;
  first: { seed: string; profile: string } | null;
  /** `missing` is a required probe that stayed dark in a sweep that judges probes: it has failed. Else it is only dark. */
  state: 'lit' | 'dark' | 'missing';
}

export interface SweepView {
  title: string;
  verdict: { tone: 'good' | 'bad' | 'undecided'; headline: string; reasons: readonly string[] };
  about: {
    scenario: string;
    build: string;
    nodeVersion: string;
    startedAt: string;
    jobs: number;
    /** Each kind once, with how many there were. */
    machines: readonly string[];
    /** `A..B`, up to but not including B; null when nothing ran. */
    seeds: string | null;
    wallMs: number;
  };
  /** Required probes; `notAsked` says why none of them can fail this sweep, null where each that is dark does. */
  required: { lit: number; probes: number; notAsked: string | null };
  /** How far a sweep that goes on is; null when it is over. */
  progress: { done: number; planned: number | null } | null;
  totals: { runs: number; failed: number; operations: number; simulatedMs: number; probesLit: number; probes: number };
  profiles: readonly ProfileRow[];
  failures: readonly FailureGroup[];
  harnessErrors: readonly { seed: string; profile: string; message: string; repro: string }[];
  probes: readonly ProbeRow[];
  /** Past sweeps, oldest first, this one last. */
  nights: readonly Night[];
  slowest: readonly { seed: string; profile: string; wallMs: number; operations: number; repro: string }[];
  plants: readonly PlantRow[];
  distributions: readonly Distribution[];
}

export interface PlantRow {
  plant: string;
  /** Of all tries; null when most of them ended without a conviction. */
  medianSeeds: number | null;
  mostSeeds: number | null;
  tries: number;
  missed: number;
  convicted: string | null;
}

/** How something is spread over runs. */
interface Distribution {
  name: string;
  unit: 'count' | 'ms';
  histogram: Histogram;
}

/** What the page's script draws, and whether it listens for updates. */
export interface SweepPageData {
  distributions: readonly Distribution[];
  isLive: boolean;
}

/** What a page that listens puts in the place of what it shows. */
export interface SweepUpdate {
  title: string;
  /** Markup, escaped. */
  body: string;
  distributions: readonly Distribution[];
  /** No update comes after this one. */
  isOver: boolean;
}

export interface SweepOptions {
  /** `seed/profile` → address of that run's history page, relative to the sweep page. */
  runLinks?: Readonly<Record<string, string>>;
  /** Past sweeps, oldest first, this one last. */
  nights?: readonly Night[];
  plants?: readonly PlantTrial[];
  /** The sweep goes on: nothing is judged that only its end can show. */
  goesOn?: boolean;
}

const SLOWEST_MAX = 10;

export function viewSweep(sweep: SweepRecord, options: SweepOptions = {}): SweepView {
  const results = sweep.results.toSorted(bySeed);
  const failures = failureGroupsOf(results, options.runLinks ?? {});
  const goesOn = options.goesOn ?? false;
  const isAsked = sweep.judgesProbes && !goesOn;
  const probes = probeRows(sweep.probes, results, isAsked);
  const verdict = verdictOf(sweep, failures, probes, goesOn);
  const profiles = profileRows(results);
  const required = probes.filter((probe) => probe.required);
  return {
    title: `${verdict.headline} · ${sweep.scenario} sweep`,
    verdict,
    about: {
      scenario: sweep.scenario,
      build: sweep.build,
      nodeVersion: sweep.nodeVersion,
      startedAt: sweep.startedAt,
      jobs: sweep.jobs,
      machines: counted(sweep.machines ?? []),
      seeds: seedRange(results),
      wallMs: sweep.wallMs,
    },
    progress: goesOn ? { done: results.length, planned: sweep.runsPlanned } : null,
    totals: {
      runs: sweep.results.length,
      failed: results.filter(({ failure }) => failure !== null).length,
      operations: sum(results, ({ counts }) => counts.operations),
      simulatedMs: sum(results, ({ simulatedMs }) => simulatedMs),
      probesLit: probes.filter(({ state }) => state === 'lit').length,
      probes: probes.length,
    },
    required: {
      lit: required.filter(({ state }) => state === 'lit').length,
      probes: required.length,
      notAsked: isAsked ? null : whyNotAsked(goesOn, profiles.length),
    },
    profiles,
    failures,
    harnessErrors: sweep.harnessErrors,
    probes,
    nights: options.nights ?? [],
    slowest: results
      .toSorted((a, b) => b.wallMs - a.wallMs)
      .slice(0, SLOWEST_MAX)
      .map((result) => ({
        seed: result.seed,
        profile: result.profile,
        wallMs: result.wallMs,
        operations: result.counts.operations,
        repro: result.repro,
      })),
    plants: plantRows(options.plants ?? []),
    distributions: distributionsOf(results),
  };
}

/** Rare states need many seeds, and some a profile of their own: it is the sweep's record that says whether it had them. */
function whyNotAsked(goesOn: boolean, profiles: number): string {
  if (goesOn) return 'not asked before the sweep has ended';
  return profiles === 1 ? 'not asked of one profile alone' : 'not asked of so few runs';
}

function distributionsOf(results: readonly SeedResult[]): Distribution[] {
  const over = (of: (result: SeedResult) => number): Histogram => histogramOf(results.map(of));
  return [
    { name: 'Operations a run', unit: 'count', histogram: over(({ counts }) => counts.operations) },
    { name: 'Faults a run', unit: 'count', histogram: over(({ counts }) => counts.faults) },
    { name: 'Appends of unknown outcome a run', unit: 'count', histogram: over(({ counts }) => counts.appendsUnknown) },
    { name: 'Wall time a run', unit: 'ms', histogram: over(({ wallMs }) => wallMs) },
  ];
}

/** The hardest to find first: those that were missed, then by the median. */
function plantRows(trials: readonly PlantTrial[]): PlantRow[] {
  const rank = ({ medianSeeds }: PlantRow) => medianSeeds ?? Number.POSITIVE_INFINITY;
  return trials
    .map(({ plant, seeds, convicted }): PlantRow => {
      const sorted = seeds.map((count) => count ?? Number.POSITIVE_INFINITY).toSorted((a, b) => a - b);
      return {
        plant,
        medianSeeds: finite(sorted[Math.floor((sorted.length - 1) / 2)]),
        mostSeeds: finite(sorted.at(-1)),
        tries: seeds.length,
        missed: seeds.filter((count) => count === null).length,
        convicted,
      };
    })
    .toSorted(
      (a, b) =>
        b.missed - a.missed || (rank(b) > rank(a) ? 1 : rank(b) < rank(a) ? -1 : 0) || compareText(a.plant, b.plant),
    );
}

function finite(value: number | undefined): number | null {
  return value === undefined || value === Number.POSITIVE_INFINITY ? null : value;
}

/** Equal lines once: `4 × linux x64, …`. */
function counted(lines: readonly string[]): string[] {
  return distinctSorted(lines).map((line) => {
    const count = lines.filter((other) => other === line).length;
    return count === 1 ? line : `${count} × ${line}`;
  });
}

/** `results` are in the order of seeds. */
function seedRange(results: readonly SeedResult[]): string | null {
  const [first, last] = [results[0]?.seed, results.at(-1)?.seed];
  if (first === undefined || last === undefined) return null;
  if (first === last || !/^\d+$/.test(last)) return first === last ? first : `${first} to ${last}`;
  return `${first}..${BigInt(last) + 1n}`;
}

function verdictOf(
  sweep: SweepRecord,
  failures: readonly FailureGroup[],
  probes: readonly ProbeRow[],
  goesOn: boolean,
): SweepView['verdict'] {
  const runs = sweep.results.length;
  const decided = failures.filter(({ kind }) => kind !== 'unknown');
  const failed = sum(decided, ({ count }) => count);
  const undecided = sum(failures, ({ count }) => count) - failed;
  const missing = probes.filter(({ state }) => state === 'missing').length;
  const reasons: string[] = [];
  if (failed > 0) reasons.push(formatCount(decided.length, 'distinct failure'));
  if (sweep.harnessErrors.length > 0) reasons.push(`${formatCount(sweep.harnessErrors.length, 'worker')} died or hung`);
  if (missing > 0) reasons.push(`${formatCount(missing, 'required probe')} stayed dark`);
  if (undecided > 0) reasons.push(`${formatCount(undecided, 'run')} could not be decided`);
  if (runs === 0 && !goesOn) return { tone: 'bad', headline: 'Nothing ran', reasons };
  if (failed > 0)
    return { tone: 'bad', headline: `${formatNumber(failed)} of ${formatCount(runs, 'run')} failed`, reasons };
  if (missing > 0 || sweep.harnessErrors.length > 0) return { tone: 'bad', headline: 'The sweep failed', reasons };
  if (goesOn) return { tone: 'undecided', headline: `${formatCount(runs, 'run')} so far, none failed`, reasons };
  if (undecided > 0) return { tone: 'undecided', headline: 'Undecided', reasons };
  return { tone: 'good', headline: runs === 1 ? 'The run passed' : `All ${formatCount(runs, 'run')} passed`, reasons };
}

function profileRows(results: readonly SeedResult[]): ProfileRow[] {
  return distinctSorted(results.map(({ profile }) => profile)).map((profile) => {
    const own = results.filter((result) => result.profile === profile);
    const countOf = (name: keyof RunCounts): number => sum(own, ({ counts }) => counts[name]);
    const undecided = own.filter(({ failure }) => failure?.kind === 'unknown').length;
    return {
      profile,
      runs: own.length,
      failed: own.filter(({ failure }) => failure !== null).length - undecided,
      undecided,
      operations: countOf('operations'),
      counts: {
        operations: countOf('operations'),
        appendsDurable: countOf('appendsDurable'),
        appendsRejected: countOf('appendsRejected'),
        appendsUnknown: countOf('appendsUnknown'),
        reads: countOf('reads'),
        checkTails: countOf('checkTails'),
        faults: countOf('faults'),
      },
      simulatedMs: sum(own, ({ simulatedMs }) => simulatedMs),
      wallMs: sum(own, ({ wallMs }) => wallMs),
    };
  });
}

/** Required and dark first, then dark, then lit by rarity: what needs a look stands at the top. */
function probeRows(catalogue: readonly ProbeInfo[], results: readonly SeedResult[], isAsked: boolean): ProbeRow[] {
  const rank = ({ state, required }: ProbeRow): number => (state === 'lit' ? 2 : required ? 0 : 1);
  return catalogue
    .map((info): ProbeRow => {
      const lit = results.filter(({ probes }) => (probes[info.name] ?? 0) > 0);
      const first = lit[0];
      return {
        ...info,
        hits: sum(lit, ({ probes }) => probes[info.name] ?? 0),
        runs: lit.length,
        first: first === undefined ? null : { seed: first.seed, profile: first.profile },
        state: darkness(lit.length, info.required && isAsked),
      };
    })
    .sort((a, b) => rank(a) - rank(b) || a.runs - b.runs || compareText(a.name, b.name));
}

function darkness(runs: number, required: boolean): ProbeRow['state'] {
  if (runs > 0) return 'lit';
  return required ? 'missing' : 'dark';
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
