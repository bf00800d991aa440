/**
 * A failure in words, for its card: what went wrong, the operations it names, or, where it names none, who owned the store at
 * that moment, what had just happened and what was under way. Pure.
 */

import type { RunFailure, TrackSpan } from '../scenarios/run.ts';
import type { Chart } from './chart.ts';
import { describeOperation, describePending } from './describe.ts';
import { floorsAtCall } from './envelope.ts';
import { formatNumber } from './figures.ts';
import type { Operation } from './operations.ts';

export interface GuiltyOperation {
  opId: number;
  /** What the client did, in words. */
  sentence: string;
  /** When, and where that lies against the floor, in words. */
  circumstances: string;
}

export interface FailureWords {
  kind: RunFailure['kind'];
  signature: string;
  message: string;
  guilty: readonly GuiltyOperation[];
  /** opIds the failure names that the history does not contain. */
  missingOpIds: readonly number[];
  /** Of a failure that stopped the run: who owned the store then, and what had just happened, the newest first. */
  owners: readonly string[];
  before: readonly string[];
  /** Of one that names no operations: what was under way then, as `guilty`. */
  underWay: readonly GuiltyOperation[];
  /** What the trace shows to be wrong by itself, in the order in which it happened. */
  evidence: readonly string[];
}

export function failureWords(failure: RunFailure, chart: Chart): FailureWords {
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
  // A history that no order explains speaks for itself; whoever stopped a run knows the moment, and only some operations.
  const words = failure.opIds.length > 0 && failure.kind === 'linearizability' ? null : chart.lastWords;
  const known = new Set(guilty.map(({ opId }) => opId));
  const { kind, signature, message } = failure;
  return {
    ...{ kind, signature, guilty, message: asSentence(shortNames(message)) },
    missingOpIds: failure.opIds.filter((opId) => !known.has(opId)),
    evidence: chart.evidence.map(shortNames),
    owners: words?.owners ?? chart.rivals,
    before: (words?.lines ?? []).map(shortNames),
    underWay: inWords((failure.opIds.length > 0 ? null : words)?.operations ?? []).map((each) =>
      pending(each, operations, words?.atMs ?? 0, timesMs),
    ),
  };
}

export function withShortName(span: TrackSpan): TrackSpan {
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
