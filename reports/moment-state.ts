/**
 * The state of everything at one event of a run: the log, who owned it, what was in flight, what each client was doing.
 *
 * Pure; recomputed from what the page carries, at every step of the time slider. Where the checker found an order the state
 * of the log is exact, otherwise it is what was known from outside: a floor and a ceiling.
 */

import type { Envelope } from './envelope.ts';
import { shortNamesOf } from './describe.ts';
import { formatCount, formatNumber } from './figures.ts';
import type { Operation } from './operations.ts';
import type { StreamState } from './stream-states.ts';
import { describeState } from './stream-states.ts';
import { firstAbove } from './time-scale.ts';
import { TONES, type TrackRows } from './track-rows.ts';
import { type TrimStep, trimStepAt } from './trim-points.ts';

export interface MomentSource {
  operations: readonly Operation[];
  timesMs: readonly number[] | null;
  envelope: Envelope;
  /** Event coordinates at which the order takes effect, ascending, and the states between them: one more. */
  order: { events: readonly number[]; states: readonly StreamState[] } | null;
  tracks: readonly TrackRows[];
  trims: readonly TrimStep[];
}

export interface Moment {
  event: number;
  atMs: number | null;
  log: readonly string[];
  /** Owner, windows, faults: a line each. */
  hosts: readonly { name: string; line: string }[];
  clients: readonly { clientId: number; line: string; operation: number }[];
}

/** Of the log, the last so many batches. */
const BATCHES = 5;
/** Of what is in flight at the store or the like, so many are named. */
const NAMED_MAX = 6;

export function momentAt(source: MomentSource, event: number): Moment {
  const { timesMs } = source;
  const atMs = timesMs === null ? null : (timesMs[event] ?? null);
  return {
    event,
    atMs,
    log: [stateLine(source, event), ...trimLine(source, event), ...lastBatches(source.operations, event)],
    hosts: atMs === null ? [] : hostLines(source.tracks, atMs),
    clients: clientLines(source.operations, event),
  };
}

function trimLine({ trims }: MomentSource, event: number): string[] {
  const { point } = trimStepAt(trims, event);
  return point === 0 ? [] : [`trimmed below ${formatNumber(point)}`];
}

function stateLine({ order, envelope }: MomentSource, event: number): string {
  const state = order?.states[firstAbove(order.events, event)];
  if (state !== undefined) return describeState(state);
  const step = Math.max(0, firstAbove(envelope.events, event) - 1);
  const [floor, ceiling] = [envelope.floor[step] ?? 0, envelope.ceiling[step] ?? 0];
  return floor === ceiling
    ? `tail ${formatNumber(floor)}`
    : `tail between ${formatNumber(floor)} and ${formatNumber(ceiling)}`;
}

/** Acknowledged by then, the newest first. */
function lastBatches(operations: readonly Operation[], event: number): string[] {
  return operations
    .filter(({ outcome, returnEvent }) => outcome === 'durable' && (returnEvent ?? Infinity) <= event)
    .sort((a, b) => (b.endSeqNum ?? 0) - (a.endSeqNum ?? 0))
    .slice(0, BATCHES)
    .map(({ startSeqNum, endSeqNum, clientId, opId, setFencingToken }) => {
      const fence = setFencingToken === null ? '' : `, sets token “${setFencingToken}”`;
      const [first, last] = [startSeqNum ?? 0, (endSeqNum ?? 1) - 1];
      const positions = first >= last ? formatNumber(first) : `${formatNumber(first)}–${formatNumber(last)}`;
      return `${positions} by client ${clientId} (op ${opId})${fence}`;
    });
}

/** One line per track on which something lasts at that time; the owner first, as tracks come. */
function hostLines(tracks: readonly TrackRows[], atMs: number): Moment['hosts'] {
  return tracks.flatMap(({ name, spans }) => {
    const now = spans.filter(([startMs, endMs]) => startMs <= atMs && atMs < Math.max(endMs, startMs + 1));
    if (now.length === 0 || name.startsWith('probes')) return [];
    const worst = now.toSorted((a, b) => TONES.length - b[2] - (TONES.length - a[2]));
    const named = worst.slice(0, NAMED_MAX).map(([, , , , label]) => label);
    const more = now.length > NAMED_MAX ? ` and ${formatNumber(now.length - NAMED_MAX)} more` : '';
    const window = name.startsWith('slots') ? `${formatCount(now.length, 'slot')} in flight: ` : '';
    return [{ name, line: `${window}${named.join(', ')}${more}` }];
  });
}

/** What was called by then and had not returned. */
function clientLines(operations: readonly Operation[], event: number): Moment['clients'] {
  return operations
    .map((operation, index) => ({ operation, index }))
    .filter(({ operation: { callEvent, returnEvent, gaveUpAtMs } }) => {
      return callEvent <= event && (returnEvent ?? Infinity) > event && gaveUpAtMs === null;
    })
    .map(({ operation, index }) => {
      const name = shortNamesOf(operation)[0];
      return { clientId: operation.clientId, line: `${name} (op ${operation.opId})`, operation: index };
    })
    .sort((a, b) => a.clientId - b.clientId);
}
