/**
 * What the trace of a failed run shows to be wrong by itself, whichever check noticed first: an answer that the store does
 * not bear out, an owner without a fence. Sentences for the violation card, in the order in which it happened.
 *
 * Pure. Every rule holds in all runs of a right engine, whatever fails around it, so that a sentence is never a mere
 * coincidence: `scenarios/evidence.test.ts` looks for none in runs that pass.
 */

import type { TrackMark, TrackSpan } from '../scenarios/run.ts';
import { formatCount, formatNumber } from './figures.ts';
import { firstFrom, LogPuts, type Put, takeoversOf } from './log-puts.ts';
import type { Operation } from './operations.ts';

export interface Trace {
  operations: readonly Operation[];
  /** Of the events of the history; whole milliseconds, rounded down. */
  timesMs: readonly number[] | null;
  tracks: readonly TrackSpan[];
  marks: readonly TrackMark[];
  /** Operations that the failure names, most telling first. */
  guilty: readonly number[];
}

interface Finding {
  atMs: number;
  sentence: string;
}

/** More of them say nothing that the first did not. */
const FINDINGS_MAX = 3;

/** At most one sentence of each rule: the first time it was broken. */
export function evidenceOf(trace: Trace): string[] {
  const puts = new LogPuts(trace.tracks);
  // Nobody recorded what reached the store: nothing can be said of what did not.
  if (puts.isEmpty || trace.marks.length === 0) return [];
  const unstored = committedUnstored(trace, puts);
  return [
    unfenced(trace, puts),
    overlapping(trace, puts),
    unstored,
    admittedOtherwise(trace),
    // One that is committed too early is acknowledged too early, too.
    unstored === null ? acknowledgedUnstored(trace, puts) : null,
    toldUnstored(trace, puts),
    failedUnanswered(trace, puts),
  ]
    .filter((finding) => finding !== null)
    .sort((a, b) => a.atMs - b.atMs)
    .slice(0, FINDINGS_MAX)
    .map(({ sentence }) => sentence);
}

// --- the log in the store ----------------------------------------------------------------------------------------

/** A slot counts as durable on a host whose object is not in the store. */
function committedUnstored({ marks }: Trace, puts: LogPuts): Finding | null {
  for (const [atMs, host, name, detail] of marks) {
    if (name !== 'log.slot.committed') continue;
    const slot = Number(detail);
    const own = puts.of(slot).filter((put) => put.host === host && put.startMs <= atMs);
    if (own.some(({ effectsMs }) => effectsMs.some((effectMs) => effectMs <= atMs))) continue;
    const claim = `${host} took log slot ${slot} for durable at ${ms(atMs)}`;
    return { atMs, sentence: `${claim}, ${whatTheStoreHad(slot, host, atMs, puts)}` };
  }
  return null;
}

function whatTheStoreHad(slot: number, host: string, atMs: number, puts: LogPuts): string {
  const own = puts.of(slot).filter((put) => put.host === host);
  const refused = own.find(({ outcome, endMs }) => outcome === 'refused' && endMs <= atMs);
  const rival = puts.of(slot).find((put) => put.host !== host && put.effectsMs.some((effectMs) => effectMs <= atMs));
  if (refused !== undefined) {
    const holder = rival === undefined ? 'another object' : `an object of ${rival.host}`;
    return `though the store had refused its put: ${holder} stood there already. What it acknowledged with that slot is stored nowhere.`;
  }
  const late = own.flatMap(({ effectsMs }) => effectsMs).find((effectMs) => effectMs > atMs);
  const sent = own.some(({ startMs }) => startMs <= atMs)
    ? 'its put was still under way'
    : 'it had not even sent the put';
  const fate =
    late === undefined ? 'the store had not got it by the end of the run' : `the store got it at ${ms(late)}`;
  return `before it was: ${sent}, and ${fate}.`;
}

/** Whoever takes over puts a fence into the log, by which the owner before finds out. */
function unfenced({ marks }: Trace, puts: LogPuts): Finding | null {
  for (const { host, epoch, fromMs, atMs } of takeoversOf(marks)) {
    if (puts.by(host).some(({ effectsMs }) => effectsMs.some((at) => at >= fromMs && at <= atMs))) continue;
    const sentence =
      `${host} took over with epoch ${epoch} at ${ms(atMs)} without a fence: nothing of it went into the log since ` +
      `it began at ${ms(fromMs)}, so that an owner before it can not notice.`;
    return { atMs, sentence };
  }
  return null;
}

/** An owner goes on behind all slots in which its predecessor may still have puts under way. */
function overlapping({ marks }: Trace, puts: LogPuts): Finding | null {
  for (const { host, epoch, fromMs, firstSlot } of takeoversOf(marks)) {
    if (firstSlot === null) continue;
    for (const { slot, put } of puts.all()) {
      const effectMs = put.effectsMs.find((at) => at > fromMs);
      if (slot < firstSlot || put.startMs >= fromMs || effectMs === undefined) continue;
      const sentence =
        `${put.host}'s put of log slot ${slot}, sent at ${ms(put.startMs)}, took effect at ${ms(effectMs)} among the slots of ` +
        `${host}, which had taken over with epoch ${epoch} and goes on at slot ${firstSlot}: too close behind its predecessor.`;
      return { atMs: effectMs, sentence };
    }
  }
  return null;
}

// --- answers to clients ------------------------------------------------------------------------------------------

/** A server admits the batch it was asked for, not another one. */
function admittedOtherwise(trace: Trace): Finding | null {
  const admitted = trace.marks.filter(([, , name]) => name === 'append.admitted');
  const admittedMs = admitted.map(([atMs]) => atMs);
  if (admitted.length === 0) return null;
  for (const { operation, fromMs, untilMs } of answered(trace)) {
    const { outcome, recordCount, startSeqNum, endSeqNum } = operation;
    if (outcome !== 'durable' || startSeqNum === null || endSeqNum === null) continue;
    const meanwhile = admitted.slice(firstFrom(admittedMs, fromMs), firstFrom(admittedMs, untilMs));
    if (meanwhile.some(([, , , count]) => count === recordCount)) continue;
    const [other] = meanwhile;
    const counted =
      other === undefined
        ? 'no server had admitted any'
        : `${other[1]} had admitted ${other[3]} of them at ${ms(other[0])}`;
    const sentence =
      `Client ${operation.clientId} was told that all ${formatCount(recordCount, 'record')} of its append are durable ` +
      `(${formatNumber(startSeqNum)}–${formatNumber(endSeqNum - 1)}, op ${operation.opId}), but ${counted}: the acknowledgement covers records that were never taken.`;
    return { atMs: untilMs, sentence };
  }
  return null;
}

/** An append is acknowledged once it is in the store, which can not be before it was called. */
function acknowledgedUnstored(trace: Trace, puts: LogPuts): Finding | null {
  for (const { operation, fromMs, untilMs } of answered(trace)) {
    if (operation.outcome !== 'durable' || puts.hasEffect(fromMs, untilMs)) continue;
    const sentence =
      `Client ${operation.clientId}'s append (op ${operation.opId}) was acknowledged at ${ms(untilMs - 1)}, and nothing had ` +
      `reached the log in the store since it was called at ${ms(fromMs)}.`;
    return { atMs: untilMs, sentence };
  }
  return null;
}

/** A tail counts durable records only. */
function toldUnstored(trace: Trace, puts: LogPuts): Finding | null {
  const appends = [...answered(trace)]
    .filter(({ operation }) => operation.outcome === 'durable')
    .sort((a, b) => (a.operation.endSeqNum ?? 0) - (b.operation.endSeqNum ?? 0));
  const ends = appends.map(({ operation }) => operation.endSeqNum ?? 0);
  for (const { operation, untilMs } of answered(trace)) {
    const { kind, endSeqNum } = operation;
    if (kind === 'append' || endSeqNum === null) continue;
    const writer = appends[firstFrom(ends, endSeqNum)];
    if (
      writer === undefined ||
      (writer.operation.startSeqNum ?? Infinity) >= endSeqNum ||
      puts.hasEffect(writer.fromMs, untilMs)
    )
      continue;
    const sentence =
      `Client ${operation.clientId} was told the tail ${formatNumber(endSeqNum)} at ${ms(untilMs - 1)} (op ${operation.opId}), before the ` +
      `append that makes it so (op ${writer.operation.opId}, called at ${ms(writer.fromMs)}) had reached the store.`;
    return { atMs: untilMs, sentence };
  }
  return null;
}

/** Of a failed append whose records somebody saw: what had become of its put when it was told as failed. */
function failedUnanswered(trace: Trace, puts: LogPuts): Finding | null {
  for (const { operation, fromMs, untilMs } of answered(trace, trace.guilty)) {
    if (operation.outcome !== 'rejected') continue;
    const isMeanwhile = ([atMs]: TrackMark): boolean => atMs >= fromMs && atMs < untilMs;
    const admitted = trace.marks.findIndex(
      (mark) => isMeanwhile(mark) && mark[2] === 'append.admitted' && mark[3] === operation.recordCount,
    );
    const host = trace.marks[admitted]?.[1];
    const issued = trace.marks.slice(admitted).find(([, by, name]) => by === host && name === 'log.slot.issued');
    if (admitted === -1 || host === undefined || issued === undefined) continue;
    const put = puts.of(Number(issued[3])).find((each) => each.host === host);
    const sentence =
      `Client ${operation.clientId}'s append (op ${operation.opId}) was told at ${ms(untilMs - 1)} to have certainly failed, although ` +
      `${host} had admitted ${formatCount(operation.recordCount, 'record')} at ${ms(trace.marks[admitted]?.[0] ?? 0)} and put them into log slot ${issued[3]}: ` +
      putWords(put, untilMs);
    return { atMs: untilMs, sentence };
  }
  return null;
}

function putWords(put: Put | undefined, untilMs: number): string {
  const effectMs = put?.effectsMs[0];
  const effect = effectMs === undefined ? 'it never took effect' : `it took effect at ${ms(effectMs)}`;
  const answer =
    put !== undefined && put.endMs >= untilMs
      ? 'no answer had come to that put, so that its outcome was unknown; '
      : '';
  return `${answer}${effect}.`;
}

/** Operations that returned, with the moments between which it all happened: `[fromMs, untilMs)`. */
function* answered(
  { operations, timesMs }: Trace,
  indexes: readonly number[] = [...operations.keys()],
): Generator<{ operation: Operation; fromMs: number; untilMs: number }> {
  if (timesMs === null) return;
  for (const index of indexes) {
    const operation = operations[index];
    if (operation === undefined || operation.returnEvent === null) continue;
    const [fromMs, returnedMs] = [timesMs[operation.callEvent] ?? 0, timesMs[operation.returnEvent] ?? 0];
    yield { operation, fromMs, untilMs: Math.floor(returnedMs) + 1 };
  }
}

function ms(value: number): string {
  return `${formatNumber(Math.floor(value))} ms`;
}
