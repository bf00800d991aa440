/**
 * What a caller may conclude: **durable** (it happened), **rejected** (certainly no effect, now or later),
 * **unknown** (it may have happened, may happen later, may never). The three words are the same from the log to
 * the report. Reads and listings end `ok` or `rejected`: they have no effect to be unsure of, but for a stream that is
 * made for a read, of which `creation-in-doubt` tells.
 */

import type { TokenState } from './access.ts';
import type { AppendFailure } from './admission.ts';
import type { BasinConfig, Cipher, StreamConfig } from './config.ts';
import type { KeyFlaw } from './encryption-key.ts';
import type { Page } from './listing.ts';
import type { Operation } from './operations.ts';
import type { StreamPosition } from './position.ts';
import type { SequencedRecord } from './record.ts';
import type { BasinState, StreamState } from './stream-state.ts';
import type { UsageFigure } from './usage.ts';

/** Reasons that are the same for every operation. */
export type Rejection =
  | { kind: 'basin-not-found'; basin: string }
  | { kind: 'stream-not-found'; basin: string; stream: string }
  /** The basin is being deleted: nothing is created or changed in it any more. */
  | { kind: 'basin-deletion-pending'; basin: string }
  | { kind: 'stream-deletion-pending' }
  /** This process is not, or no longer, the owner of the store; another one answers. */
  | { kind: 'not-owner' }
  /** The server is stopping and took nothing on. */
  | { kind: 'draining' }
  /** The store did not let us prove ownership in time. */
  | { kind: 'unavailable'; message: string }
  /** The stream has a cipher, and no key came, or one that is none. */
  | { kind: 'key-missing'; cipher: Cipher }
  | { kind: 'key-flawed'; cipher: Cipher; flaw: KeyFlaw }
  /** A record was sealed with another key, or is not what was stored. */
  | { kind: 'decryption-failed' }
  /** A record is stored in a way that no key can make sense of. */
  | { kind: 'record-damaged'; message: string }
  /** What was asked for is not told; the stream that was made for it may come to be, now or later. */
  | { kind: 'creation-in-doubt' }
  /** No access token has this secret: nobody's, or one that was revoked, or that expired. The difference is not told. */
  | { kind: 'token-invalid' }
  /** The access token does not permit this, here. Whether there is anything here is not told. */
  | { kind: 'not-permitted'; operation: Operation }
  | { kind: 'token-not-found'; id: string };

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
  | { kind: 'rejected'; reason: Rejection | AppendFailure }
  | { kind: 'unknown'; message: string };

/** What a reader at work is told (API contract §5.4, §5.5). */
export type ReadEvent =
  /** `tail` is there when the reader had caught up before, and is where the last record left the stream. */
  | { kind: 'batch'; records: readonly SequencedRecord[]; tail: StreamPosition | null }
  /** Caught up: at some moment after the event before, this was the tail. `atMs` is the server's wall clock. */
  | { kind: 'heartbeat'; tail: StreamPosition; atMs: number }
  /** The last event of a read that could not go on. */
  | { kind: 'failed'; reason: Rejection };

export type ReadOutcome =
  /** `tail` only when the read waited for these records. */
  | { kind: 'batch'; records: readonly SequencedRecord[]; tail: StreamPosition | null }
  | { kind: 'unwritten'; tail: StreamPosition }
  | { kind: 'rejected'; reason: Rejection };

export type ReadSessionOutcome =
  /** Ends by itself when a limit is reached. Nothing is fetched before it is asked for; one reader, once. */
  | { kind: 'open'; events: AsyncGenerator<ReadEvent, void> }
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

export type EnsureOutcome<Row extends BasinState | StreamState> =
  | { kind: 'created' | 'updated' | 'noop'; row: Row }
  | { kind: 'rejected'; reason: Rejection }
  | { kind: 'unknown'; message: string };

/** The configuration as it is, or as a change has left it. */
export type ConfigOutcome<Config extends BasinConfig | StreamConfig> =
  | { kind: 'config'; config: Config }
  | { kind: 'rejected'; reason: Rejection }
  | { kind: 'unknown'; message: string };

export type ListOutcome<Row extends BasinState | StreamState> =
  | { kind: 'page'; page: Page<Row> }
  | { kind: 'rejected'; reason: Rejection };

export type UsageOutcome =
  | { kind: 'usage'; figures: readonly UsageFigure[] }
  /** The question makes no sense. */
  | { kind: 'invalid'; message: string }
  | { kind: 'rejected'; reason: Rejection };

export type IssueOutcome =
  /** The secret is known to nobody but who is told now. */
  | { kind: 'issued'; secret: string }
  /** The id is taken. */
  | { kind: 'exists' }
  /** It would have expired before it was there. */
  | { kind: 'past' }
  /** There are `ACCESS_TOKENS_MAX` of them. */
  | { kind: 'full' }
  | { kind: 'rejected'; reason: Rejection }
  | { kind: 'unknown'; message: string };

export type RevokeOutcome =
  | { kind: 'revoked' }
  | { kind: 'rejected'; reason: Rejection }
  | { kind: 'unknown'; message: string };

export type TokenListOutcome = { kind: 'page'; page: Page<TokenState> } | { kind: 'rejected'; reason: Rejection };
