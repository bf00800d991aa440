/**
 * A client as the workload sees it: three operations on one stream and what may be concluded from each.
 * Implemented over the simulated wire (`wire-client.ts`) and over the official SDK (`sdk-client.ts`).
 */

/** A batch about to be appended. A fence is a batch of one command record. */
export interface Batch {
  bodies: readonly string[];
  setFencingToken: string | null;
  fencingToken: string | null;
  matchSeqNum: number | null;
}

/** A record as an observer sees it: for a command record `body` is its payload. */
export interface SeenRecord {
  seqNum: number;
  timestamp: number;
  body: string;
  /** A command record that set the fencing token to `body`; only clients that look say so. */
  isFence?: boolean;
}

/** What an acknowledgement tells besides, from clients that look. */
export interface ToldByAck {
  tail: number;
  tailTimestamp: number;
  /** Of the first record and of the last. */
  timestamps: readonly [number, number];
}

/** `code` is S2's error code or the transport's word; it ends up in the history's notes. */
export type AppendResult =
  | { kind: 'durable'; startSeqNum: number; endSeqNum: number; told?: ToldByAck }
  /** `actual`: what the answer says is so instead, of a condition that did not hold. */
  | { kind: 'rejected'; code: string; actual?: { tail: number } | { fencingToken: string } }
  | { kind: 'unknown'; code: string };

/** `records` are all of [0, tail). */
export type ReadResult =
  | { kind: 'read'; tail: number; records: readonly SeenRecord[] }
  | { kind: 'failed'; code: string };

/** `timestamp`: of the last record, from clients that look. */
export type CheckTailResult = { kind: 'tail'; tail: number; timestamp?: number } | { kind: 'failed'; code: string };

export interface StreamClient {
  /** The server that was asked last, where the client knows. */
  readonly asked?: string | undefined;
  append(batch: Batch): Promise<AppendResult>;
  /** The whole stream from sequence number 0 to the tail, however many requests that takes. */
  read(): Promise<ReadResult>;
  checkTail(): Promise<CheckTailResult>;
}

/** The server broke the protocol or an invariant that every client can see. Fails the run at once. */
export class ProtocolViolation extends Error {
  override name = 'ProtocolViolation';
}
