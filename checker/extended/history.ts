/**
 * What clients of a stream can see beyond S2's own format: why a condition failed, parts of the stream, positions that
 * are not written yet. And what a recorder knows of each event.
 */

import type { Call, EventNote, Hash64, Return } from '../history.ts';

export type ExtendedCall =
  | Call
  /** A read from `seqNum` on: some of what follows, or a delivery to somebody who follows. */
  | { kind: 'read-part'; seqNum: number };

export type ExtendedReturn =
  | Return
  /** A condition of the append did not hold, and the answer tells what is so: an observation, durable and current. */
  | { kind: 'append-rejected'; actual: { tail: number } | { fencingToken: string } }
  | {
      kind: 'read-part-success';
      /** One hash for each record from `seqNum` on. */
      recordHashes: readonly Hash64[];
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
