/** A stream and its name as the extended model keeps them: a value, shared by whatever did not change it. */

import type { Hash64 } from '../history.ts';
import type { StreamState } from '../models/stream.ts';
import { areEquallyOld, type Batch } from './batches.ts';
import type { StreamConfig } from './history.ts';
import { areEqual, type Stamps } from './stamps.ts';

export interface ExtendedState {
  /** `doomed`: deleted, its name not free as far as anybody was shown. */
  readonly phase: 'present' | 'doomed' | 'absent';
  /** Of the request that created it. */
  readonly creation: string | null;
  /** Tells lives apart. */
  readonly birth: number;
  readonly config: StreamConfig;
  /** The call of its creation. */
  readonly bornMs: number;
  readonly stream: StreamState;
  /** The latest batch, linked to those before it. */
  readonly last: Batch | null;
  /** Chains the content hashes of all batches that have any: states of equal bodies may differ in headers. */
  readonly content: Hash64;
  /** By position: the content that somebody was shown of a record whose writer told none. */
  readonly shownContents: ReadonlyMap<number, Hash64>;
  /** Somebody was shown that records below are gone. The trim point never falls. */
  readonly trimmed: number;
  /** The furthest that a trim command in the stream asks for: trimming may happen up to there, at any moment. */
  readonly trimAsked: number;
  readonly stamps: Stamps;
  /** By pipelined session: how many of its appends took effect in this life, which are the first ones. */
  readonly turns: ReadonlyMap<string, number>;
  /** By read: how many of its moments were, and in which life. */
  readonly reads: ReadonlyMap<string, ReadSoFar>;
  /** What the service did by itself can not have been earlier. */
  readonly clockMs: number;
}

interface ReadSoFar {
  readonly moments: number;
  /** Null while nothing of a stream was shown. */
  readonly birth: number | null;
}

/** The plain stream is compared by its own model. */
export function areEqualBesidesStream(a: ExtendedState, b: ExtendedState): boolean {
  return (
    a.phase === b.phase &&
    a.creation === b.creation &&
    a.birth === b.birth &&
    a.bornMs === b.bornMs &&
    a.clockMs === b.clockMs &&
    a.config.retentionAgeMs === b.config.retentionAgeMs &&
    a.config.emptyAgeMs === b.config.emptyAgeMs &&
    a.content === b.content &&
    haveEqualEntries(a.shownContents, b.shownContents, (one, other) => one === other) &&
    a.last?.calledMs === b.last?.calledMs &&
    // When records below the last batch may go depends on when they were asked for, which two orders of equal bodies may swap.
    (a.config.retentionAgeMs === null || areEquallyOld(a.last, b.last, Math.max(a.trimmed, a.trimAsked))) &&
    a.trimmed === b.trimmed &&
    a.trimAsked === b.trimAsked &&
    areEqual(a.stamps, b.stamps) &&
    haveEqualEntries(a.turns, b.turns, (one, other) => one === other) &&
    haveEqualEntries(a.reads, b.reads, (one, other) => one.moments === other.moments && one.birth === other.birth)
  );
}

function haveEqualEntries<K, V>(
  a: ReadonlyMap<K, V>,
  b: ReadonlyMap<K, V>,
  isEqual: (one: V, other: V) => boolean,
): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined || !isEqual(value, other)) return false;
  }
  return true;
}
