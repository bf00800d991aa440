/**
 * What a refused history is accused of: a stable code, sentences for a tired person, and the two to four guilty ops.
 *
 * Codes group equal bugs and never change their meaning; docs/CHECKER.md has the table. Sentences name clients,
 * ops and positions, never internals.
 */

import type { Operation } from './operations.ts';

export type ViolationCode =
  /** A read missed what had been reported before it was called. */
  | 'stale-read'
  /** A check-tail missed what had been reported before it was called. */
  | 'stale-tail'
  /** An acknowledged append's positions were given away again to one called after it. */
  | 'lost-append'
  /** Two concurrent appends were acknowledged at the same positions. */
  | 'overlapping-acks'
  /** An append was acknowledged below one that had finished before it was called. */
  | 'reordered-acks'
  /** Records were observed before the append that wrote them was called. */
  | 'seen-before-written'
  /** An acknowledged tail below the number of records in the batch. */
  | 'impossible-ack'
  /** A reported tail lies inside a batch, which is appended as one or not at all. */
  | 'torn-batch'
  /** Two reads up to the same tail with different content. */
  | 'contradictory-reads'
  /** A read's content is not that of the appends acknowledged below its tail. */
  | 'wrong-content'
  /** An append took effect at another position than its match_seq_num. */
  | 'match-seq-num'
  /** An append took effect under another fencing token than its own. */
  | 'fencing-token'
  /** The records of one append are there twice. */
  | 'applied-twice'
  /** The records of an append that definitely failed are there. */
  | 'failed-append-visible'
  /** Part of the records of one append are there. */
  | 'partial-apply'
  /** An append of unknown outcome took effect only after it had returned. */
  | 'late-effect'
  /** Records were observed that nothing in the history explains. */
  | 'unexplained-records'
  /** The reason of a rejection, or a part of the stream that was read, is true at no moment of its operation. */
  | 'answer-without-place'
  /** A follower was shown a record again, or one before what it had. */
  | 'out-of-turn'
  /** Appends of one session took effect in another order than they were sent, or one did behind one that had none. */
  | 'session-order'
  /** A record has two timestamps, timestamps fall, or a read from a timestamp begins at another record. */
  | 'wrong-timestamp';

export interface Violation {
  readonly code: ViolationCode;
  /** One to three sentences. */
  readonly message: string;
  /** The guilty operations, most telling first: one to four. */
  readonly opIds: readonly number[];
}

export function violation(code: ViolationCode, message: string, guilty: readonly (Operation | null)[]): Violation {
  const known = guilty.filter((op) => op !== null);
  const witnesses = known.flatMap(({ shownTo }) => (shownTo === null ? [] : [shownTo]));
  const opIds = [...new Set([...known.map((op) => op.opId), ...witnesses])];
  return { code, message, opIds: opIds.slice(0, 4) };
}

/** "client 3's append of 2 records (op 17)". */
export function nameOf(op: Operation): string {
  const what = op.kind === 'append' ? `append of ${counted(op.recordCount, 'record')}` : op.kind;
  return `client ${op.clientId}'s ${what} (op ${op.opId})`;
}

/** "client 3's append of 2 records (op 17) was acknowledged at [3, 5)". */
export function claimOf(op: Operation): string {
  return op.kind === 'append' ? `${nameOf(op)} ${standsAt(op)}` : `${nameOf(op)} reported tail ${op.tail}`;
}

/** "was acknowledged at [3, 5)" or "was shown at [3, 5) to op 9", of an append whose place is known. */
export function standsAt(op: Operation): string {
  const where = range(op.tail - op.recordCount, op.tail);
  return op.shownTo === null ? `was acknowledged at ${where}` : `was shown at ${where} to op ${op.shownTo}`;
}

/** "client 3's check-tail (op 17) reported tail 5 and had finished before": who showed an append finished, not the append. */
export function finishedBefore(op: Operation): string {
  return `${claimOf(op)}${op.shownTo === null ? ' and' : ', which'} had finished before`;
}

export function range(start: number, end: number): string {
  return `[${start}, ${end})`;
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
