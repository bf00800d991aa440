/**
 * All a stream is, apart from its records, and all a basin is: immutable rows. The fold replaces rows, it never changes
 * them, so a speculative and a durable view can share them.
 */

import type { BasinConfig, Cipher, StreamConfig, StreamWish } from './config.ts';
import { ORIGIN, type StreamPosition } from './position.ts';

export interface StreamState {
  /** From a counter in the log: a re-created name is a new stream. */
  readonly id: number;
  readonly basin: string;
  readonly name: string;
  readonly createdAtMs: number;
  /** Token of the request that created it, so that a retry of that request succeeds again; null when none. */
  readonly requestToken: string | null;
  /** What that request asked for, as it asked; null without a token. */
  readonly requested: StreamWish | null;
  /** Of its basin when it was created; never changes. */
  readonly cipher: Cipher | null;
  readonly config: StreamConfig;
  /** When its deletion was asked for; null while it lives. Its name is free once the row is gone. */
  readonly deletedAtMs: number | null;
  /** Number of the next record, and timestamp of the last. */
  readonly tail: StreamPosition;
  /** The token in force. A new stream has the empty one. */
  readonly fencingToken: string;
  /** Records below are trimmed. Never falls. */
  readonly trimPoint: number;
  /** Metered bytes of all records ever appended. Never falls. */
  readonly appendedBytes: number;
  /**
   * …and of those below the trim point, as far as they were counted: exact when the stream is empty or was counted since
   * its last trim, else too small. What the stream stores is the difference.
   */
  readonly trimmedBytes: number;
  /**
   * When something last happened that keeps an empty stream from being deleted: its creation, a batch, the trim that
   * emptied it, deletion on empty switched on. Wall milliseconds of the owner of that time.
   */
  readonly idleSinceMs: number;
  /** Folded CRCs of all its chunks since creation: two owners that replayed the same chunks agree on it. */
  readonly digest: number;
}

export interface BasinState {
  readonly name: string;
  readonly createdAtMs: number;
  readonly requestToken: string | null;
  /** What the creating request asked for; null without a token. */
  readonly requested: BasinConfig | null;
  readonly config: BasinConfig;
  /** When its deletion was asked for; null while it lives. Its name is free once its streams and the row are gone. */
  readonly deletedAtMs: number | null;
}

/** What is decided of a stream when it is created. */
export type StreamBirth = Pick<
  StreamState,
  'id' | 'basin' | 'name' | 'createdAtMs' | 'requestToken' | 'requested' | 'cipher' | 'config'
>;

export function newStream(birth: StreamBirth): StreamState {
  const { id, basin, name, createdAtMs, requestToken, requested, cipher, config } = birth;
  return {
    ...{ id, basin, name, createdAtMs, requestToken, requested, cipher, config, deletedAtMs: null },
    ...{ tail: ORIGIN, fencingToken: '', trimPoint: 0, appendedBytes: 0, trimmedBytes: 0 },
    ...{ idleSinceMs: createdAtMs, digest: 0 },
  };
}
