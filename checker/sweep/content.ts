/**
 * What the log is known to hold, record by record: the longest content that a read told.
 *
 * A log only grows, so every read of it must agree with that: another content below its tail, or another chain hash,
 * convicts the two reads. Reads that repeat the same stream are compared, not hashed.
 */

import { ChainHash } from '../chain-hash.ts';
import type { Proof } from './floors.ts';
import type { Hash64 } from '../history.ts';
import { type Operation, type Operations, RecordHashes } from './operations.ts';
import { nameOf, violation } from './violation.ts';

export interface Content {
  /** The records of [0, end) are known; 0 when no read told its content. */
  readonly end: number;
  /** Halves of the hash at each position. */
  readonly hi: Int32Array;
  readonly lo: Int32Array;
  /** The reads that told more than all that had returned before them: their tails ascend. */
  readonly readers: readonly Operation[];
  /** The first two reads that cannot both be right. */
  readonly proof: Proof | null;
}

export function learnContent({ all, events }: Operations): Content {
  let known: readonly Hash64[] = [];
  const readers: Operation[] = [];
  const reads: Operation[] = [];
  let proof: Proof | null = null;
  for (let at = 0; at < events.length; at++) {
    const event = events[at]!;
    if (event >= 0) continue;
    const read = all[~event]!;
    if (read.kind !== 'read' || read.outcome !== 'success') continue;
    reads.push(read);
    const { content } = read;
    if (content === null || proof !== null) continue;
    const record = firstDifference(known, content);
    if (record !== -1) proof = contradiction(read, readerOf(readers, record), `read record ${record}`);
    else if (content.length > known.length) {
      known = content;
      readers.push(read);
    }
  }
  const records = new RecordHashes();
  records.add(known);
  const { hi, lo } = records.taken();
  return { end: known.length, hi, lo, readers, proof: proof ?? findStrangeHash({ hi, lo }, readers, reads) };
}

/** The first read to return that told the record at `position`, which is known. */
export function readerOf(readers: readonly Operation[], position: number): Operation {
  return readers.find((read) => read.tail > position)!;
}

/** Does `op`, an append, hold just the records at `position`? Answers how many of its records agree, from the first. */
export function agreementAt(content: Content, { hi, lo }: Operations, op: Run, position: number): number {
  const most = Math.min(op.recordCount, content.end - position);
  for (let i = 0; i < most; i++) {
    const record = op.recordStart + i;
    if (hi[record] !== content.hi[position + i] || lo[record] !== content.lo[position + i]) return i;
  }
  return Math.max(most, 0);
}

interface Run {
  readonly recordStart: number;
  readonly recordCount: number;
}

/** Reads that tell only a chain hash, below what is known. */
function findStrangeHash(
  { hi, lo }: { hi: Int32Array; lo: Int32Array },
  readers: readonly Operation[],
  reads: readonly Operation[],
): Proof | null {
  const below = reads.filter((read) => read.content === null && read.tail > 0 && read.tail <= hi.length);
  const chain = new ChainHash();
  let position = 0;
  let first: Proof | null = null;
  for (const read of below.sort((a, b) => a.tail - b.tail)) {
    chain.appendRange(hi, lo, position, read.tail);
    position = read.tail;
    if (chain.hi === read.hashHi && chain.lo === read.hashLo) continue;
    const proof = contradiction(read, readerOf(readers, position - 1), `read the records below ${position}`);
    if (first === null || proof.at < first.at) first = proof;
  }
  return first;
}

function contradiction(read: Operation, other: Operation, what: string): Proof {
  const message = `${nameOf(other)} and ${nameOf(read)} both ${what}, but with different content.`;
  return {
    violation: violation('contradictory-reads', message, [read, other]),
    at: Math.max(read.returnedAt, other.returnedAt),
  };
}

/** Where two lists differ as far as both go, -1 if nowhere. */
function firstDifference(a: readonly Hash64[], b: readonly Hash64[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return -1;
}
