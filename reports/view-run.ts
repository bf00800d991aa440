/**
 * A run, or a bare history with its verdict, as what the history page shows: headline, facts, guilty
 * operations in words, and the packed data of the charts.
 *
 * Pure: equal input gives equal output, and nothing here knows HTML. A bare history is a run without a seed,
 * tracks and probes; one without times is drawn over event positions.
 */

import type { History } from '../checker/history.ts';
import type { RunCounts, RunFailure, RunRecord, TrackMessage, TrackSpan } from '../scenarios/run.ts';
import { type ChartData, packOperations, packOrder, packTimes } from './chart-data.ts';
import { packDeltas } from './columns.ts';
import { describeOperation, describePending } from './describe.ts';
import { floorsAtCall } from './envelope.ts';
import { formatCount, formatDuration, formatNumber } from './figures.ts';
import { hostSpansOf } from './host-spans.ts';
import { type LastWords, lastWordsOf } from './last-words.ts';
import { messagesOf, packMessages } from './messages.ts';
import { eventTimesOf, type Operation, operationsOf } from './operations.ts';
import { packRecordHashes } from './record-hashes.ts';
import { trackRowsOf } from './track-rows.ts';
import { windowOf } from './window.ts';

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

/** What is known of a run beyond its record. */
export interface RunExtras {
  /** How far orders of its history get, as opIds, longest first. */
  partialOrders?: readonly (readonly number[])[];
  shrunk?: ShrunkCase;
}

/** The smallest case with the same failure. */
export interface ShrunkCase {
  /** The file, to be saved as it is. */
  simcase: string;
  fileName: string;
  /** The command that replays it once it is saved. */
  repro: string;
  /** A sentence for every decision without which it does not happen. */
  causes: readonly string[];
  /** Decisions left in it that do not matter. */
  sceneryCount: number;
}

type VerdictTone = 'good' | 'bad' | 'undecided';

export interface GuiltyOperation {
  opId: number;
  /** What the client did, in words. */
  sentence: string;
  /** When, and where that lies against the floor, in words. */
  circumstances: string;
}

export interface HistoryView {
  title: string;
  verdict: { tone: VerdictTone; headline: string; explanation: string };
  /** Scenario, profile, seed and the like: what identifies the run. Monospace ones are for copying. */
  identity: readonly { name: string; value: string; mono: boolean }[];
  /** Command that replays the run, or null for a bare history. */
  repro: string | null;
  /** Figures worth a glance. */
  figures: readonly { name: string; value: string }[];
  failure: {
    kind: RunFailure['kind'];
    signature: string;
    message: string;
    guilty: readonly GuiltyOperation[];
    /** opIds the failure names that the history does not contain. */
    missingOpIds: readonly number[];
    /** Of a failure that names no operations: who owned the store then, and what had just happened, the newest first. */
    owners: readonly string[];
    before: readonly string[];
    /** What was under way then, as `guilty`. */
    underWay: readonly GuiltyOperation[];
  } | null;
  /** What is left of the run when everything is taken away that does not matter; null when nobody shrank it. */
  shrunk: ShrunkCase | null;
  /** What happened to streams beside the judged one, a line per operation; empty for most runs. */
  sideLines: readonly string[];
  drawn: readonly { name: string; value: string }[];
  probes: readonly { name: string; hits: number }[];
  chart: ChartData;
}

export function viewRun(run: RunRecord, history: History, extras: RunExtras = {}): HistoryView {
  const { failure, linearization, tracks } = run;
  const chart = chartOf({
    ...{ history, failure, linearization },
    partialOrders: extras.partialOrders ?? [],
    tracks: [...tracks.map(withShortName), ...hostSpansOf(run.marks ?? [], tracks, run.simulatedMs)],
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
    failure: failureOf(run.failure, chart),
    shrunk: extras.shrunk ?? null,
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
    messages: null,
  });
  const failure = judged.failure ?? undecided(judged.verdict);
  return {
    title: `${headlineOf(failure)} · ${judged.name}`,
    verdict: verdictOf(failure, chart.operations.length),
    identity: [{ name: 'history', value: judged.name, mono: true }],
    repro: null,
    figures: figuresOfCounts(countsOf(chart.operations)),
    failure: failureOf(failure, chart),
    shrunk: null,
    sideLines: [],
    drawn: [],
    probes: [],
    chart: chart.data,
  };
}

interface Chart {
  /** All of them, whatever part of them the page carries. */
  operations: readonly Operation[];
  eventCount: number;
  /** Indexes of the operations that the failure names, most telling first. */
  guilty: readonly number[];
  timesMs: readonly number[] | null;
  lastWords: LastWords | null;
  data: ChartData;
}

function chartOf(source: {
  history: History;
  failure: RunFailure | null;
  linearization: readonly number[] | null;
  partialOrders: readonly (readonly number[])[];
  tracks: readonly TrackSpan[];
  messages: readonly TrackMessage[] | null;
}): Chart {
  const { history } = source;
  const operations = operationsOf(history);
  const timesMs = eventTimesOf(history);
  const guilty = indexesOf(operations, source.failure?.opIds ?? []);
  const window = windowOf(operations, history.length, guilty);
  const carried = window?.operations ?? operations;
  const placeOf = (event: number): number => window?.events[event] ?? event;
  const times = window === null || timesMs === null ? timesMs : window.events.map((event) => timesMs[event] ?? 0);
  const data: ChartData = {
    ...packTimes(times),
    eventCount: window?.events.length ?? history.length,
    operations: packOperations(carried),
    linearization: source.linearization === null ? null : packOrder(indexesOf(carried, source.linearization)),
    guilty: indexesOf(carried, source.failure?.opIds ?? []),
    partialOrders: source.partialOrders.map((opIds) => packOrder(indexesOf(carried, opIds))),
    tracks: timesMs === null ? [] : trackRowsOf(source.tracks),
    messages: source.messages === null ? null : packMessages(messagesOf(source.messages, source.tracks)),
    recordHashes: packRecordHashes(history, carried, placeOf),
    window:
      window === null
        ? null
        : { baseline: window.baseline, overview: window.overview, events: packDeltas(window.events) },
  };
  const lastWords = lastWordsOf(operations, timesMs, source.tracks);
  return { operations, eventCount: history.length, guilty, timesMs, lastWords, data };
}

function indexesOf(operations: readonly Operation[], opIds: readonly number[]): number[] {
  const indexes = new Map(operations.map((operation, index) => [operation.opId, index]));
  return opIds.flatMap((opId) => indexes.get(opId) ?? []);
}

function failureOf(failure: RunFailure | null, chart: Chart): HistoryView['failure'] {
  if (failure === null) return null;
  const { operations, timesMs, eventCount } = chart;
  const floors = floorsAtCall(operations, eventCount);
  const inWords = (indexes: readonly number[]): GuiltyOperation[] =>
    indexes.flatMap((index) => {
      const operation = operations[index];
      if (operation === undefined) return [];
      return {
        opId: operation.opId,
        sentence: describeOperation(operation),
        circumstances: circumstancesOf(operation, floors[index] ?? 0, timesMs),
      };
    });
  const guilty = inWords(chart.guilty);
  const words = failure.opIds.length > 0 ? null : chart.lastWords;
  const known = new Set(guilty.map(({ opId }) => opId));
  const { kind, signature, message } = failure;
  return {
    ...{ kind, signature, guilty, message: asSentence(shortNames(message)) },
    missingOpIds: failure.opIds.filter((opId) => !known.has(opId)),
    owners: words?.owners ?? [],
    before: (words?.lines ?? []).map(shortNames),
    underWay: inWords(words?.operations ?? []).map((each) => pending(each, operations, words?.atMs ?? 0, timesMs)),
  };
}

function withShortName(span: TrackSpan): TrackSpan {
  return { ...span, label: shortNames(span.label) };
}

/** With a capital letter, unless it begins with a name such as `wal/7`. */
function asSentence(text: string): string {
  return text.replace(/^[a-z](?=[a-z]*(?:\s|$))/, (first) => first.toUpperCase());
}

/** An operation that was not over at the moment of a failure is told as it was then: most runs end with that moment. */
function pending(
  told: GuiltyOperation,
  operations: readonly Operation[],
  atMs: number,
  timesMs: readonly number[] | null,
): GuiltyOperation {
  const operation = operations.find(({ opId }) => opId === told.opId);
  if (operation === undefined || timesMs === null) return told;
  const { callEvent, returnEvent } = operation;
  const calledMs = timesMs[callEvent] ?? 0;
  if (returnEvent !== null && (timesMs[returnEvent] ?? 0) < atMs) return told;
  const circumstances = `called at ${formatNumber(calledMs)} ms, under way when it happened`;
  return { opId: told.opId, sentence: describePending(operation), circumstances };
}

/** `wal/672` for `wal/00000000000000000672`, and no name of a class before a sentence. */
function shortNames(text: string): string {
  return text.replaceAll(/(?<=[/-])0{4,}(?=\d)/g, '').replace(/^(?:[A-Z][a-z]+)+: (?=\S)/, '');
}

/** `called at 1,203 ms, returned at 1,250 ms; by then a tail of 37 had been reported`. */
function circumstancesOf(operation: Operation, floor: number, timesMs: readonly number[] | null): string {
  const at = (event: number): string =>
    timesMs === null ? `event ${formatNumber(event)}` : `${formatNumber(timesMs[event] ?? 0)} ms`;
  const called = `called at ${at(operation.callEvent)}`;
  const returned = operation.returnEvent === null ? 'never returned' : `returned at ${at(operation.returnEvent)}`;
  const stale = operation.startSeqNum !== null && operation.startSeqNum < floor;
  const floorWords = stale ? `; before the call a tail of ${formatNumber(floor)} had already been reported` : '';
  return `${called}, ${returned}${floorWords}`;
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
