/**
 * One side stream as it may be, and what operations do to it: the S2 API contract in small, pure.
 *
 * A name has one life after the other: a deletion ends the life with all its records, and some time later the name is
 * free; the next creation begins at number 0. Within a life numbers are dense, records never change, and the trim point never falls.
 */

import { contentOf, type SideConfig, type SideOperation, type SideRecord } from './history.ts';

/** A record in its place. */
export interface Kept {
  content: string;
  /** By what its timestamp is known (`Stamps`). */
  stampKey: string;
  /** Simulated time at which its append was called: it can not have arrived before. */
  calledMs: number;
}

export interface Life extends SideConfig {
  /** Id of the operation that created the stream: no two lives share it. */
  birth: number;
  token: string;
  /** Simulated time at which its creation was called. */
  bornMs: number;
  /** All records there ever were in this life; the number of a record is its index. */
  records: readonly Kept[];
  /** Records below are gone. */
  trimPoint: number;
  /** It is deleted, nothing of it is shown any more, and its name is not free yet. */
  isDoomed: boolean;
  /** Equal for equal lives: what was appended, in order. */
  key: string;
}

export type StreamState = Life | null;

/** Key under which the timestamp of a record is known: the body of data is unique, a trim has only its place in its batch. */
export function stampKeyOf(record: SideRecord, operationId: number, index: number): string {
  return record.kind === 'data' ? record.body : `(trim of ${operationId}/${index})`;
}

/**
 * The state after a creation, deletion or append took effect; undefined when it can not have taken effect in `state`, or
 * not with the numbers that were acknowledged.
 */
export function stateAfter(state: StreamState, operation: SideOperation): StreamState | undefined {
  const { call, outcome, id } = operation;
  switch (call.kind) {
    case 'create': {
      if (state !== null) return undefined;
      const { token, retentionAgeMs, emptyAgeMs } = call;
      const identity = { birth: id, token, retentionAgeMs, emptyAgeMs, bornMs: operation.calledMs };
      return { ...identity, records: [], trimPoint: 0, isDoomed: false, key: String(id) };
    }
    case 'delete':
      return state === null ? undefined : { ...state, isDoomed: true };
    case 'keep-empty':
      if (state === null || state.isDoomed) return undefined;
      return { ...state, emptyAgeMs: null, key: `${state.key},${id}` };
    case 'append': {
      if (state === null || state.isDoomed) return undefined;
      const first = state.records.length;
      if (call.matchSeqNum !== null && call.matchSeqNum !== first) return undefined;
      if (outcome?.kind === 'appended' && outcome.start.seqNum !== first) return undefined;
      return appended(state, operation, call.records);
    }
    case 'read':
    case 'check-tail':
      return undefined;
  }
}

function appended(life: Life, operation: SideOperation, records: readonly SideRecord[]): Life {
  const { id, calledMs } = operation;
  const first = life.records.length;
  const added = records.map((record, index) => ({
    content: contentOf(record),
    stampKey: stampKeyOf(record, id, index),
    calledMs,
  }));
  return {
    ...life,
    records: [...life.records, ...added],
    trimPoint: trimPointAfter(life.trimPoint, records, first),
    key: `${life.key},${id}`,
  };
}

/** A trim only moves forward, and never past its own record. */
function trimPointAfter(before: number, records: readonly SideRecord[], first: number): number {
  let trimPoint = before;
  for (const [index, record] of records.entries()) {
    if (record.kind === 'trim') trimPoint = Math.max(trimPoint, Math.min(record.point, first + index + 1));
  }
  return trimPoint;
}

/** Equal for equal states. */
export function keyOfState(state: StreamState): string {
  return state === null ? '-' : `${state.key} ${state.trimPoint}${state.isDoomed ? ' doomed' : ''}`;
}

/** How many of the first records retention may have removed by `nowMs`. */
export function expirable(life: Life, nowMs: number): number {
  const { retentionAgeMs: ageMs, records } = life;
  if (ageMs === null) return 0;
  const young = records.findIndex(({ calledMs }) => calledMs + ageMs > nowMs);
  return young < 0 ? records.length : young;
}

/**
 * Whether the server may have removed the stream by itself by `nowMs`: nothing is left in it, by trims or by `expired` of
 * its first records, and nobody wrote to it for its age.
 */
export function mayVanish(life: Life, expired: number, nowMs: number): boolean {
  const { emptyAgeMs, records, trimPoint, bornMs } = life;
  if (emptyAgeMs === null || life.isDoomed || Math.max(trimPoint, expired) < records.length) return false;
  return (records.at(-1)?.calledMs ?? bornMs) + emptyAgeMs <= nowMs;
}
