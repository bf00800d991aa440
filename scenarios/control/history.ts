/**
 * What clients of the control plane did and saw, in the order it happened: the input of its judge.
 *
 * An operation that is still open, or whose outcome is `unknown`, may take effect at any time after its call, or never;
 * one that was `refused` has no effect and says nothing. Every other outcome tells what was the case at one moment between
 * call and return. Types, and the book they are written into.
 */

import { CallLog, type Logged } from '../call-log.ts';
import type { BasinConfig, BasinPatch, BasinWish, Cipher, StreamConfig, StreamPatch, StreamWish } from './config.ts';

/** A page of names: those that begin with `prefix` and come after `startAfter`, `limit` of them at most. */
export interface ListPage {
  prefix: string;
  startAfter: string;
  limit: number;
}

/** `token` null: a creation that can not be repeated. `location`: where the basin is wished to be; null says nothing. */
export type BasinCall =
  | { kind: 'create-basin'; basin: string; token: string | null; wish: BasinWish; location: string | null }
  | { kind: 'ensure-basin'; basin: string; wish: BasinWish; location: string | null }
  | { kind: 'reconfigure-basin'; basin: string; patch: BasinPatch }
  | { kind: 'get-basin'; basin: string }
  | { kind: 'delete-basin'; basin: string };

export type StreamCall = { basin: string; stream: string } & (
  | { kind: 'create-stream'; token: string | null; wish: StreamWish }
  | { kind: 'ensure-stream'; wish: StreamWish }
  | { kind: 'reconfigure-stream'; patch: StreamPatch }
  | { kind: 'get-stream' }
  | { kind: 'delete-stream' }
  | Append
  /** Everything from number 0, with the key of the run or with none. */
  | { kind: 'read'; hasKey: boolean }
  | { kind: 'check-tail' }
);

/** One record: data, or a fence that sets a token. Bodies of data are unique in a run. */
export interface Append {
  kind: 'append';
  record: { kind: 'data'; body: string } | { kind: 'fence'; token: string };
  /** What the client claims: long past or far in the future (`stamps.ts`); null leaves it to the server. */
  timestamp: number | null;
  fencingToken: string | null;
  matchSeqNum: number | null;
  /** It comes with the key of the run, which only streams with a cipher ask for. */
  hasKey: boolean;
}

export type ListCall = ({ kind: 'list-basins' } | { kind: 'list-streams'; basin: string }) & ListPage;

export type ControlCall = BasinCall | StreamCall | ListCall;

/** What is shown of a basin or stream when it is created, changed or listed; times as they were written. */
export interface Shown {
  name: string;
  createdAt: string;
  deletedAt: string | null;
  /** Of a stream; null of a basin, which shows none. */
  cipher: Cipher | null;
}

export interface Position {
  seqNum: number;
  /** Milliseconds since the epoch. */
  timestamp: number;
}

export type ControlAnswer =
  | { kind: 'provisioned'; result: 'created' | 'updated' | 'noop'; shown: Shown }
  | { kind: 'config'; config: BasinConfig | StreamConfig }
  | { kind: 'listed'; rows: readonly Shown[]; hasMore: boolean }
  /** The deletion has begun for good. */
  | { kind: 'deleted' }
  /** Number and timestamp of the record. */
  | ({ kind: 'appended' } & Position)
  | { kind: 'page'; records: readonly (Position & { content: string })[] }
  /** Where the next record goes, and the timestamp of the last; a read is told so when there is no record. */
  | ({ kind: 'tail' } & Position)
  | { kind: 'no-basin' }
  | { kind: 'no-stream' }
  | { kind: 'basin-pending' }
  | { kind: 'stream-pending' }
  | { kind: 'exists' }
  | { kind: 'token-mismatch'; actual: string }
  | { kind: 'seq-num-mismatch'; actual: number }
  | { kind: 'timestamp-missing' }
  /** The stream is sealed with that cipher, and there was no key. */
  | { kind: 'key-missing'; actual: Cipher };

export type ControlOutcome = ControlAnswer | { kind: 'refused'; code: string } | { kind: 'unknown'; code: string };

interface ControlAsked {
  /** Basins of one group are judged together, because one listing shows them all; groups share nothing. */
  readonly group: number;
  readonly client: string;
  readonly call: ControlCall;
}

export type ControlOperation = ControlAsked & Logged<ControlOutcome>;

/** What a record is to whoever reads it. */
export function contentOf(record: Append['record']): string {
  return record.kind === 'data' ? record.body : fenceContent(record.token);
}

export function fenceContent(token: string): string {
  return `(fence ${token})`;
}

/** The answer, if there was one that says something. */
export function answerOf({ outcome }: ControlOperation): ControlAnswer | null {
  return outcome === null || outcome.kind === 'unknown' || outcome.kind === 'refused' ? null : outcome;
}

/** Whether its effect, if it has one, may still come or never come. */
export function isInDoubt({ outcome }: ControlOperation): boolean {
  return outcome === null || outcome.kind === 'unknown';
}

export class ControlHistory extends CallLog<ControlAsked, ControlOutcome> {}
