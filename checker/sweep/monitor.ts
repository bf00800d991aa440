/**
 * The sweep while the history is being made: says at the very event that proves a bug what it is.
 *
 * Everything but the choice of what fills holes is judged here, each event in about constant time: floors, conditions,
 * overlapping and torn batches, reads that contradict each other or what was acknowledged. Memory is proportional to
 * what is outstanding: behind the least floor of the open operations one chain value is kept, for nothing that may
 * still return can lie there without being stale. What is not convicted here may still be illegal: `checkStream` of
 * the whole history decides.
 */

import { ChainHash, highHalf, lowHalf } from '../chain-hash.ts';
import type { Hash64, HistoryEvent, Return } from '../history.ts';
import { violationOf } from './floors.ts';
import { lowOf, NEVER, type Operation } from './operations.ts';
import { firstAbove } from './order.ts';
import { disagreementOf, overlapOf, tearOf } from './tiling.ts';
import { claimOf, nameOf, range, type Violation, violation } from './violation.ts';

interface Batch {
  readonly op: Operation;
  readonly recordHashes: readonly Hash64[];
}

export class StreamMonitor {
  #count = 0;
  #floor = 0;
  #floorOp: Operation | null = null;
  readonly #open = new Map<number, Batch>();
  /** Acknowledged batches that end above the low-water mark, by position. */
  #batches: Batch[] = [];
  /** Observers at or above the low-water mark, by tail; of reads and of check-tails the first at each. */
  #observers: Operation[] = [];
  /** A position whose chain value is known, and who read it; null at the head. */
  #anchor: { position: number; hi: number; lo: number; read: Operation | null } = {
    position: 0,
    hi: 0,
    lo: 0,
    read: null,
  };

  /**
   * Takes the next event of a well-formed history. Answers with the bug it proves, or null. After the first violation
   * nothing more should be asked.
   */
  next(event: HistoryEvent): Violation | null {
    const at = this.#count++;
    if (event.type === 'call') {
      this.#open.set(event.opId, this.#begun(event, at));
      return null;
    }
    const batch = this.#open.get(event.opId);
    if (batch === undefined) return null;
    this.#open.delete(event.opId);
    if (!('tail' in event.return)) {
      this.#forget();
      return null;
    }
    const { op } = batch;
    op.returnedAt = at;
    op.tail = event.return.tail;
    op.outcome = 'success';
    const found =
      violationOf(op) ?? (op.kind === 'append' ? this.#acknowledge(batch) : this.#observe(op, event.return));
    // A finished operation keeps nothing older alive.
    op.floorOp = null;
    if (op.tail > this.#floor) {
      this.#floor = op.tail;
      this.#floorOp = op;
    }
    this.#forget();
    return found;
  }

  /** Operations and batches kept: what memory is proportional to. */
  get size(): number {
    return this.#open.size + this.#batches.length + this.#observers.length;
  }

  #begun({ opId, clientId, call }: HistoryEvent & { type: 'call' }, calledAt: number): Batch {
    const append = call.kind === 'append' ? call : null;
    const recordHashes = append?.recordHashes ?? [];
    const op: Operation = {
      index: -1,
      opId,
      clientId,
      kind: call.kind,
      outcome: append === null ? 'void' : 'unknown',
      calledAt,
      returnedAt: NEVER,
      tail: -1,
      hashHi: 0,
      hashLo: 0,
      content: null,
      recordStart: 0,
      recordCount: recordHashes.length,
      matchSeqNum: append?.matchSeqNum ?? null,
      fencingToken: append?.fencingToken ?? null,
      setFencingToken: append?.setFencingToken ?? null,
      floor: this.#floor,
      floorOp: this.#floorOp,
      shownTo: null,
    };
    return { op, recordHashes };
  }

  #acknowledge(batch: Batch): Violation | null {
    const { op } = batch;
    const at = firstAbove(this.#batches, (other) => lowOf(other.op), lowOf(op));
    for (const neighbour of [this.#batches[at - 1], this.#batches[at]])
      if (neighbour !== undefined && lowOf(neighbour.op) < op.tail && lowOf(op) < neighbour.op.tail)
        return overlapOf(neighbour.op, op).violation;
    this.#batches.splice(at, 0, batch);
    const inside = this.#observers[firstAbove(this.#observers, (observer) => observer.tail, lowOf(op))];
    if (inside !== undefined && inside.tail < op.tail) return tearOf(op, inside).violation;
    return this.#compare();
  }

  #observe(op: Operation, outcome: Return): Violation | null {
    const behind = this.#batches[firstAbove(this.#batches, (batch) => batch.op.tail, op.tail)];
    if (behind !== undefined && lowOf(behind.op) < op.tail) return tearOf(behind.op, op).violation;
    const at = firstAbove(this.#observers, (observer) => observer.tail, op.tail);
    if (outcome.kind !== 'read-success') {
      if (this.#observers[at - 1]?.tail !== op.tail) this.#observers.splice(at, 0, op);
      return null;
    }
    op.hashHi = highHalf(outcome.streamHash);
    op.hashLo = lowHalf(outcome.streamHash);
    for (let i = at - 1; i >= 0 && this.#observers[i]!.tail === op.tail; i--) {
      const other = this.#observers[i]!;
      if (other.kind !== 'read') continue;
      return other.hashHi === op.hashHi && other.hashLo === op.hashLo ? null : disagreementOf(other, op).violation;
    }
    this.#observers.splice(at, 0, op);
    return this.#compare();
  }

  /** Folds what is acknowledged behind the anchor, up to the first hole, and compares at every read on the way. */
  #compare(): Violation | null {
    const { position: start, read: before } = this.#anchor;
    let { hi, lo } = this.#anchor;
    let position = start;
    for (const { op, recordHashes } of this.#batches) {
      if (op.tail <= start) continue;
      if (lowOf(op) !== position) return null;
      ({ hi, lo } = folded({ hi, lo }, recordHashes));
      position = op.tail;
      const read = this.#readAt(position);
      if (read === undefined || (hi === read.hashHi && lo === read.hashLo)) continue;
      const since = before === null ? '' : ` Up to ${start} ${nameOf(before)} agrees with what was acknowledged.`;
      const message =
        `${nameOf(read)} reported tail ${read.tail}, but at ${range(start, read.tail)} not the content that was ` +
        `acknowledged there, last that of ${claimOf(op)}.${since}`;
      return violation('wrong-content', message, [read, op, before]);
    }
    return null;
  }

  #readAt(tail: number): Operation | undefined {
    const observers = this.#observers;
    for (let i = firstAbove(observers, (observer) => observer.tail, tail - 1); observers[i]?.tail === tail; i++)
      if (observers[i]!.kind === 'read') return observers[i];
    return undefined;
  }

  /**
   * Nothing that is open may still return below the least floor of all: what lies there is folded and forgotten, and
   * where a hole is left a read behind it is believed.
   */
  #forget(): void {
    let lowWater = this.#floor;
    for (const { op } of this.#open.values()) lowWater = Math.min(lowWater, op.floor);
    const passed = firstAbove(this.#observers, (observer) => observer.tail, lowWater);
    let first = firstAbove(this.#batches, (batch) => batch.op.tail, this.#anchor.position);
    for (let at = 0; ;) {
      const batch = this.#batches[first];
      const { position } = this.#anchor;
      if (batch !== undefined && lowOf(batch.op) === position && batch.op.tail <= lowWater) {
        this.#anchor = { ...this.#anchor, ...folded(this.#anchor, batch.recordHashes), position: batch.op.tail };
        first++;
        continue;
      }
      while (at < passed && (this.#observers[at]!.kind !== 'read' || this.#observers[at]!.tail <= position)) at++;
      if (at === passed) break;
      const read = this.#observers[at]!;
      this.#anchor = { position: read.tail, hi: read.hashHi, lo: read.hashLo, read };
      while (first < this.#batches.length && this.#batches[first]!.op.tail <= read.tail) first++;
    }
    this.#batches = this.#batches.slice(first);
    this.#observers = this.#observers.slice(firstAbove(this.#observers, (observer) => observer.tail, lowWater - 1));
  }
}

function folded({ hi, lo }: { hi: number; lo: number }, recordHashes: readonly Hash64[]): { hi: number; lo: number } {
  const chain = new ChainHash(hi, lo);
  for (const hash of recordHashes) chain.append(highHalf(hash), lowHalf(hash));
  return { hi: chain.hi, lo: chain.lo };
}
