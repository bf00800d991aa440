/**
 * What clients did and saw: the shared shape of a recorded history.
 *
 * A history is a list of calls and returns in the order one collector saw them; position in the list is
 * time. It is the vocabulary of S2's own verification tool (its JSONL files map onto it one to one), plus
 * optional fields that only our recorders fill.
 */

/** An unsigned 64-bit hash, exact. */
export type Hash64 = bigint;

export type Call =
  | {
      kind: 'append';
      /** One XXH3-64 per record body, in order; for a fence command the hash of the token's bytes. */
      recordHashes: readonly Hash64[];
      setFencingToken: string | null;
      fencingToken: string | null;
      matchSeqNum: number | null;
    }
  /** A read of the whole stream, from sequence number 0 to the tail. */
  | { kind: 'read' }
  | { kind: 'check-tail' };

export type Return =
  /** `tail` is the sequence number after the last record of the batch. */
  | { kind: 'append-success'; tail: number }
  /** Certainly no effect, now or later. */
  | { kind: 'append-definite-failure' }
  /** May have taken effect, may still, may never. */
  | { kind: 'append-indefinite-failure' }
  | {
      kind: 'read-success';
      tail: number;
      /** Chains the hashes of all records from 0 to `tail`. */
      streamHash: Hash64;
      /**
       * The content itself, where the recorder kept it: one hash per record from 0 to `tail`. Their chain must be
       * `streamHash`. Makes every record below `tail` known, so that no search is needed there.
       */
      recordHashes?: readonly Hash64[];
    }
  | { kind: 'read-failure' }
  | { kind: 'check-tail-success'; tail: number }
  | { kind: 'check-tail-failure' };

/** Facts about an event that the verdict does not depend on; the pages show them. */
export interface EventNote {
  /** Milliseconds on the recorder's clock; simulated time in the simulator. */
  atMs?: number;
  /** Which node answered, why it failed, how many records: anything worth a tooltip. */
  note?: string;
  /**
   * Of the call of an append: its batch holds the command to trim up to there. Of an answer: records below are gone, as it
   * showed. S2's format has neither; our own has (`plainHistory`).
   */
  trim?: number;
}

export type HistoryEvent =
  | ({ type: 'call'; clientId: number; opId: number; call: Call } & EventNote)
  | ({ type: 'return'; clientId: number; opId: number; return: Return } & EventNote);

export type History = readonly HistoryEvent[];
