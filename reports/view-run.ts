/**
 * A run, or a bare history with its verdict, as what the history page shows: headline, facts, guilty
 * operations in words, and the packed data of the charts.
 *
 * Pure: equal input gives equal output, and nothing here knows HTML. A bare history is a run without a seed,
 * tracks and probes; one without times is drawn over event positions.
 */

import type { History } from '../checker/history.ts';
import type { CaseFile, RunCounts, RunFailure, RunRecord } from '../scenarios/run.ts';
import type { ChartData } from './chart-data.ts';
import { chartOf } from './chart.ts';
import { type FailureWords, failureWords, withShortName } from './failure-words.ts';
import { formatCount, formatDuration, formatNumber } from './figures.ts';
import { hostSpansOf } from './host-spans.ts';
import type { Operation } from './operations.ts';
import { inPlainWords } from './span-words.ts';

/** A history judged by the checker, without a simulated run around it. */
export interface JudgedHistory {
  /** What to call it, usually the file's name. */
  name: string;
  history: History;
  verdict: 'ok' | 'illegal' | 'unknown';
  /** What is wrong; null when the verdict is ok. */
  failure: RunFailure | null;
  /** opIds in the order the checker placed them, or null when it found none. */
  linearization: readonly number[] | null;
  /** Without one: how far orders get, as opIds, longest first. */
  partialOrders?: readonly (readonly number[])[];
}

type VerdictTone = 'good' | 'bad' | 'undecided';

export interface HistoryView {
  title: string;
  verdict: { tone: VerdictTone; headline: string; explanation: string };
  /** Scenario, profile, seed and the like: what identifies the run. Monospace ones are for copying. */
  identity: readonly { name: string; value: string; mono: boolean }[];
  /** Command that replays the run, or null for a bare history. */
  repro: string | null;
  /** Figures worth a glance. */
  figures: readonly { name: string; value: string }[];
  failure: FailureWords | null;
  /** The file that replays the failure elsewhere; null where there is none. */
  caseFile: CaseFile | null;
  /** What happened to streams beside the judged one, a line per operation; empty for most runs. */
  sideLines: readonly string[];
  drawn: readonly { name: string; value: string }[];
  probes: readonly { name: string; hits: number }[];
  chart: ChartData;
}

/** `partialOrders`: how far orders of its history get, as opIds, longest first; none where there is a whole one. */
export function viewRun(
  run: RunRecord,
  history: History,
  partialOrders: readonly (readonly number[])[] = [],
): HistoryView {
  const { failure, linearization, tracks } = run;
  const chart = chartOf({
    ...{ history, failure, linearization },
    partialOrders,
    tracks: [
      ...tracks.map((span) => inPlainWords(withShortName(span))),
      ...hostSpansOf(run.marks ?? [], tracks, run.simulatedMs),
    ],
    marks: run.marks ?? [],
    messages: run.messages ?? null,
  });
  const identity = [
    { name: 'scenario', value: run.scenario, mono: false },
    { name: 'profile', value: run.profile, mono: false },
    { name: 'seed', value: run.seed, mono: true },
    { name: 'trace', value: run.traceHash, mono: true },
  ];
  if (run.plant !== null) identity.push({ name: 'planted bug', value: run.plant, mono: false });
  return {
    title: `${headlineOf(run.failure)} · seed ${run.seed} · ${run.profile}`,
    verdict: verdictOf(run.failure, chart.operations.length),
    identity,
    repro: run.repro,
    figures: [
      ...figuresOfCounts(run.counts),
      { name: 'simulated', value: formatDuration(run.simulatedMs) },
      { name: 'events', value: formatNumber(run.events) },
    ],
    failure: run.failure === null ? null : failureWords(run.failure, chart),
    caseFile: run.caseFile ?? null,
    sideLines: run.sideLines ?? [],
    drawn: Object.entries(run.drawn)
      .sort(byName)
      .map(([name, value]) => ({ name, value: String(value) })),
    probes: Object.entries(run.probes)
      .sort(byName)
      .map(([name, hits]) => ({ name, hits })),
    chart: chart.data,
  };
}

export function viewHistory(judged: JudgedHistory): HistoryView {
  const chart = chartOf({
    ...judged,
    history: fromFirstEvent(judged.history),
    partialOrders: judged.partialOrders ?? [],
    tracks: [],
    marks: [],
    messages: null,
  });
  const failure = judged.failure ?? undecided(judged.verdict);
  return {
    title: `${headlineOf(failure)} · ${judged.name}`,
    verdict: verdictOf(failure, chart.operations.length),
    identity: [{ name: 'history', value: judged.name, mono: true }],
    repro: null,
    figures: figuresOfCounts(countsOf(chart.operations)),
    failure: failure === null ? null : failureWords(failure, chart),
    caseFile: null,
    sideLines: [],
    drawn: [],
    probes: [],
    chart: chart.data,
  };
}

function headlineOf(failure: RunFailure | null): string {
  switch (failure?.kind) {
    case undefined:
      return 'Linearizable';
    case 'linearizability':
      return 'Not linearizable';
    case 'invariant':
      return 'Invariant broken';
    case 'liveness':
      return 'Did not finish';
    case 'unknown':
      return 'Undecided';
  }
}

function verdictOf(failure: RunFailure | null, operationCount: number): HistoryView['verdict'] {
  const headline = headlineOf(failure);
  if (failure === null && operationCount === 0) {
    return { tone: 'undecided', headline: 'Nothing was checked', explanation: 'The history holds no operation.' };
  }
  if (failure === null) {
    const explanation = `One order explains ${operationCount === 1 ? 'the' : 'all'} ${formatCount(operationCount, 'operation')}.`;
    return { tone: 'good', headline, explanation };
  }
  return { tone: failure.kind === 'unknown' ? 'undecided' : 'bad', headline, explanation: failure.message };
}

/** A verdict that came without an explanation still needs one on the page. */
function undecided(verdict: JudgedHistory['verdict']): RunFailure | null {
  if (verdict === 'ok') return null;
  if (verdict === 'unknown') {
    const message = 'The checker ran out of its step budget before it could decide.';
    return { kind: 'unknown', signature: 'budget exhausted', message, opIds: [] };
  }
  const message = 'No order of the operations explains what the clients saw.';
  return { kind: 'linearizability', signature: 'not linearizable', message, opIds: [] };
}

function countsOf(operations: readonly Operation[]): Omit<RunCounts, 'faults'> {
  const count = (holds: (operation: Operation) => boolean): number => operations.filter(holds).length;
  return {
    operations: operations.length,
    appendsDurable: count(({ outcome }) => outcome === 'durable'),
    appendsRejected: count(({ outcome }) => outcome === 'rejected'),
    appendsUnknown: count(({ outcome }) => outcome === 'unknown'),
    reads: count(({ kind, outcome }) => kind === 'read' && outcome === 'answered'),
    checkTails: count(({ kind, outcome }) => kind === 'check-tail' && outcome === 'answered'),
  };
}

function figuresOfCounts(counts: Omit<RunCounts, 'faults'> & { faults?: number }): HistoryView['figures'] {
  const figures: [string, number][] = [
    ['operations', counts.operations],
    ['appends durable', counts.appendsDurable],
    ['rejected', counts.appendsRejected],
    ['unknown', counts.appendsUnknown],
    ['reads', counts.reads],
    ['check-tails', counts.checkTails],
  ];
  const counted = figures.slice(1).reduce((sum, [, value]) => sum + value, 0);
  // Reads and check-tails that failed or never returned, so that the figures add up.
  if (counts.operations > counted) figures.push(['unanswered', counts.operations - counted]);
  if (counts.faults !== undefined) figures.push(['faults', counts.faults]);
  return figures.map(([name, value]) => ({ name, value: formatNumber(value) }));
}

/** Recorders in the real world stamp wall time; the axis should start at nought. */
function fromFirstEvent(history: History): History {
  const originMs = history.find((event) => event.atMs !== undefined)?.atMs ?? 0;
  return history.map((event) => (event.atMs === undefined ? event : { ...event, atMs: event.atMs - originMs }));
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
