/**
 * What a caller may conclude: **durable** (it happened), **rejected** (certainly no effect, now or later),
 * **unknown** (it may have happened, may happen later, may never). The three words are the same from the log to
 * the report. Reads and listings end `ok` or `rejected`: they have no effect to be unsure of.
 */

import type { ConditionFailure } from './admission.ts';
import type { StreamPosition } from './position.ts';
import type { SequencedRecord } from './record.ts';
import type { BasinState, StreamState } from './stream-state.ts';

/** Reasons that are the same for every operation. */
export type Rejection =
  | { kind: 'basin-not-found'; basin: string }
  | { kind: 'stream-not-found'; basin: string; stream: string }
  /** This process is not, or no longer, the owner of the store; another one answers. */
  | { kind: 'not-owner' }
  /** The server is stopping and took nothing on. */
  | { kind: 'draining' }
  /** The store did not let us prove ownership in time. */
  | { kind: 'unavailable'; message: string };

export interface AppendAck {
  /** Number and timestamp of the first record. */
  start: StreamPosition;
  /** One past the last record's number, and its timestamp. */
  end: StreamPosition;
  /** Durable tail when the acknowledgement was released; never below `end`. */
  tail: StreamPosition;
}

export type AppendOutcome =
  | { kind: 'durable'; ack: AppendAck }
  | { kind: 'rejected'; reason: Rejection | ConditionFailure }
  | { kind: 'unknown'; message: string };

export type ReadOutcome =
  | { kind: 'batch'; records: readonly SequencedRecord[] }
  | { kind: 'unwritten'; tail: StreamPosition }
  | { kind: 'rejected'; reason: Rejection };

export type CheckTailOutcome = { kind: 'tail'; tail: StreamPosition } | { kind: 'rejected'; reason: Rejection };

export type CreateOutcome<Row extends BasinState | StreamState> =
  | { kind: 'created'; row: Row }
  /** It exists, made by this very request (same request token). */
  | { kind: 'noop'; row: Row }
  | { kind: 'exists'; row: Row }
  | { kind: 'rejected'; reason: Rejection }
  | { kind: 'unknown'; message: string };

export type RemoveOutcome =
  | { kind: 'deleted' }
  | { kind: 'rejected'; reason: Rejection }
  | { kind: 'unknown'; message: string };
