/**
 * All a stream is, apart from its records: one immutable row. The fold replaces rows, it never changes them,
 * so a speculative and a durable view can share them.
 */

import { ORIGIN, type StreamPosition } from './position.ts';

export interface StreamState {
  /** From a counter in the log: a re-created name is a new stream. */
  readonly id: number;
  readonly basin: string;
  readonly name: string;
  readonly createdAtMs: number;
  /** Token of the request that created it, so that a retry of that request succeeds again; null when none. */
  readonly requestToken: string | null;
  /** Number of the next record, and timestamp of the last. */
  readonly tail: StreamPosition;
  /** The token in force. A new stream has the empty one. */
  readonly fencingToken: string;
  /** Records below are trimmed. Never falls. */
  readonly trimPoint: number;
  /** Records older than this are trimmed, counted from their arrival; null keeps them for ever. */
  readonly retentionAgeMs: number | null;
  /**
   * Folded CRCs of all its chunks since creation: two owners that replayed the same chunks agree on it. Only the
   * durable row has the true one.
   */
  readonly digest: number;
}

export interface BasinState {
  readonly name: string;
  readonly createdAtMs: number;
  readonly requestToken: string | null;
}

type StreamIdentity = Pick<StreamState, 'id' | 'basin' | 'name' | 'createdAtMs' | 'requestToken' | 'retentionAgeMs'>;

export function newStream(stream: StreamIdentity): StreamState {
  const { id, basin, name, createdAtMs, requestToken, retentionAgeMs } = stream;
  return {
    ...{ id, basin, name, createdAtMs, requestToken, retentionAgeMs },
    ...{ tail: ORIGIN, fencingToken: '', trimPoint: 0, digest: 0 },
  };
}
