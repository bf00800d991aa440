/**
 * What clients of a stream can see beyond S2's own format: why a condition failed, parts of the stream, positions that
 * are not written yet, what a session shows and how it goes on, the lives of a name, and what the service may do to them by
 * itself. And what a recorder knows of each event.
 */

import type { Call, EventNote, Hash64, Return } from '../history.ts';

/** Where reading begins. A timestamp means the first record at or after it. */
export type From = { seqNum: number } | { timestamp: number };

/** The append is the `index`-th (from 0) of a session that sends one behind the other without waiting for answers. */
interface Turn {
  session: string;
  index: number;
}

export type ExtendedAppend = Call & {
  kind: 'append';
  /** The batch holds the command to trim the stream up to there, which happens some time after. */
  trim?: number;
  /** One for each record, of all that a reader gets (headers and body, as the recorder encodes them), not of the body alone. */
  contentHashes?: readonly Hash64[];
  turn?: Turn;
};

/** What the service may do to a stream by itself; null for never. Ages are counted from when a record or stream was asked for. */
export interface StreamConfig {
  /** Records older than this may be removed, the oldest first. */
  retentionAgeMs: number | null;
  /** A stream that holds nothing may be removed when nobody has written to it for so long. */
  emptyAgeMs: number | null;
}

/** What kind of request creates the stream it is for, where there is none. */
export type CreatesOn = 'append' | 'read';

export type ExtendedCall =
  | ExtendedAppend
  | Exclude<Call, { kind: 'append' }>
  /** Some of what is from a place on. */
  | { kind: 'read-part'; from: From }
  /** `token`: a request with the same one is the same request. Without `config` the stream has the default of the history. */
  | { kind: 'create'; token: string | null; config?: StreamConfig }
  | { kind: 'delete' }
  /** Records of before are not concerned, so retention stays as it was. */
  | { kind: 'configure'; emptyAgeMs: number | null }
  /**
   * The wait for the next event of a session that follows the stream. Its first says where it begins: at a place, or
   * where another session (`after`) ended. Later ones have null: a session goes on where its last event ended.
   */
  | { kind: 'follow'; session: string; from: From | { after: string } | null };

export type ExtendedReturn =
  | Return
  /** An acknowledgement with all it tells. `tail` is durable when the answer is made, and at least `end`. */
  | {
      kind: 'append-acked';
      start: number;
      end: number;
      tail: number;
      /** Of the first record and of the last. */
      timestamps?: readonly [number, number];
    }
  /** A condition of the append did not hold, and the answer tells what is so: an observation, durable and current. */
  | { kind: 'append-rejected'; actual: { tail: number } | { fencingToken: string } }
  | {
      kind: 'read-part-success';
      /** Where it began: as asked for, or at the trim point if that is higher. Of a heartbeat: its tail. */
      start: number;
      /** One hash for each record from `start` on; none in a heartbeat. */
      recordHashes: readonly Hash64[];
      contentHashes?: readonly Hash64[];
      /** One for each record, where the recorder kept them. */
      timestamps?: readonly number[];
      /** The tail, if the answer told it, or if the read ended because there were no more records. */
      tail: number | null;
    }
  /** There is no record at the position yet; the answer tells the tail. */
  | { kind: 'read-unwritten'; tail: number }
  /** Nothing is left from there on; the answer tells no tail. */
  | { kind: 'read-nothing' }
  /** There is no such stream. */
  | { kind: 'stream-absent' }
  /** It is being deleted, and its name is not free yet. */
  | { kind: 'stream-pending' }
  | { kind: 'created' }
  /** It exists, made by a request with the same token. */
  | { kind: 'create-noop' }
  /** It exists, made by another request. */
  | { kind: 'stream-exists' }
  | { kind: 'deleted' }
  | { kind: 'configured' }
  /** A creation, deletion or configuration that certainly changed nothing, and one that may have, may yet, or never does. */
  | { kind: 'change-failure' }
  | { kind: 'change-unknown' };

/** Beside an event; no verdict depends on it. */
export interface EventLabels extends EventNote {
  session?: string;
  /** Of the same operation, from 1. */
  attempt?: number;
  node?: string;
}

export type ExtendedEvent =
  | ({ type: 'call'; clientId: number; opId: number; call: ExtendedCall } & EventLabels)
  | ({
      type: 'return';
      clientId: number;
      opId: number;
      return: ExtendedReturn;
      /** Where the answer tells a tail: the timestamp told with it, that of the last record. */
      tailTimestamp?: number;
    } & EventLabels);

export type ExtendedHistory = readonly ExtendedEvent[];
