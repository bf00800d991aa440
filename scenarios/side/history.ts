/**
 * What clients of side streams did and saw, in the order it happened: the input of the judge.
 *
 * An operation that is still open, or whose outcome is `unknown`, may take effect at any time after its call, or never;
 * one that was `refused` has no effect and says nothing about the stream. Every other outcome tells what was the case at
 * some moment between call and return. Types, and the book they are written into.
 */

import { CallLog, type Logged } from '../call-log.ts';

export interface Position {
  seqNum: number;
  /** Milliseconds since the epoch. */
  timestamp: number;
}

/** A record to be appended. Bodies of data are unique in a run; a trim is a command record. */
export type SideRecord = ({ kind: 'data'; body: string } | { kind: 'trim'; point: number }) & {
  /** What the client claims; null leaves it to the server. */
  timestamp: number | null;
};

export type ReadFrom = { kind: 'seq-num'; seqNum: number } | { kind: 'timestamp'; timestamp: number };

/** What a stream is created with; whole seconds in milliseconds, null for never. */
export interface SideConfig {
  /** Records older than this are removed. */
  retentionAgeMs: number | null;
  /** The stream is removed when it was empty for this long. */
  emptyAgeMs: number | null;
}

export type SideCall =
  | ({ kind: 'create'; token: string } & SideConfig)
  | { kind: 'delete' }
  /** Deletion on empty is switched off. */
  | { kind: 'keep-empty' }
  | { kind: 'append'; records: readonly SideRecord[]; matchSeqNum: number | null }
  /**
   * `follows`: an event of a read session, which shows what came while it followed, be it trimmed by now. `waits`: one that
   * waits at the tail for a record.
   */
  | { kind: 'read'; from: ReadFrom; count: number; follows?: true; waits?: true }
  | { kind: 'check-tail' };

/** A record as a reader got it; `content` as `contentOf` has it. */
export interface SideSeen extends Position {
  content: string;
}

export type SideOutcome =
  | { kind: 'created' }
  /** It exists, made by a request with the same token. */
  | { kind: 'noop' }
  | { kind: 'deleted' }
  | { kind: 'kept' }
  /** Nothing came while it waited. */
  | { kind: 'nothing' }
  | { kind: 'appended'; start: Position; end: Position }
  /** One page of records; an empty one says that nothing is left of what was asked for. */
  | { kind: 'page'; records: readonly SideSeen[] }
  /** The read began at the tail, or behind it. */
  | { kind: 'at-tail'; tail: Position }
  | { kind: 'tail'; tail: Position }
  /** There is no such stream. */
  | { kind: 'absent' }
  /** There is one, and it is being deleted. */
  | { kind: 'pending' }
  | { kind: 'exists' }
  | { kind: 'mismatch'; actual: number }
  | { kind: 'refused'; code: string }
  | { kind: 'unknown'; code: string };

interface SideAsked {
  readonly stream: string;
  readonly client: string;
  readonly call: SideCall;
}

export type SideOperation = SideAsked & Logged<SideOutcome>;

/** What a record is to whoever reads it. */
export function contentOf(record: SideRecord): string {
  return record.kind === 'data' ? record.body : trimContent(record.point);
}

export function trimContent(point: number): string {
  return `(trim ${point})`;
}

export class SideHistory extends CallLog<SideAsked, SideOutcome> {}
