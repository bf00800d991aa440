/**
 * What clients of a stream can see beyond S2's own format: why a condition failed, parts of the stream, positions that
 * are not written yet. And what a recorder knows of each event.
 */

import type { Call, EventNote, Hash64, Return } from '../history.ts';

export type ExtendedCall =
  /** `trim`: the batch holds the command to trim the stream up to there, which happens some time after. */
  | (Call & { kind: 'append'; trim?: number })
  | Exclude<Call, { kind: 'append' }>
  /** Some of what is from a place on, or a delivery to somebody who follows. A timestamp means the first record at or after it. */
  | { kind: 'read-part'; from: { seqNum: number } | { timestamp: number } };

export type ExtendedReturn =
  | Return
  /** A condition of the append did not hold, and the answer tells what is so: an observation, durable and current. */
  | { kind: 'append-rejected'; actual: { tail: number } | { fencingToken: string } }
  | {
      kind: 'read-part-success';
      /** Where it began: as asked for, or at the trim point if that is higher. */
      start: number;
      /** One hash for each record from `start` on. */
      recordHashes: readonly Hash64[];
      /** One for each record, where the recorder kept them. */
      timestamps?: readonly number[];
      /** The tail, if the answer told it, or if the read ended because there were no more records. */
      tail: number | null;
    }
  /** There is no record at the position yet; the answer tells the tail. */
  | { kind: 'read-unwritten'; tail: number };

/** Beside an event; no verdict depends on it. */
export interface EventLabels extends EventNote {
  session?: string;
  /** Of the same operation, from 1. */
  attempt?: number;
  node?: string;
}

export type ExtendedEvent =
  | ({ type: 'call'; clientId: number; opId: number; call: ExtendedCall } & EventLabels)
  | ({ type: 'return'; clientId: number; opId: number; return: ExtendedReturn } & EventLabels);

export type ExtendedHistory = readonly ExtendedEvent[];
