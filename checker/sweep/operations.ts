/**
 * A history in the shape the sweep works on: one object per operation, all record hashes in two flat arrays.
 *
 * Pending reads and check-tails are left out (they say nothing and change nothing); a pending append is one of
 * unknown outcome, open for ever. Event indices are the only clock.
 */

import type { Hash64, History, Return } from '../history.ts';
import { assertWellFormed } from '../formats/pairing.ts';

export interface Operation {
  readonly opId: number;
  readonly clientId: number;
  readonly kind: 'append' | 'read' | 'check-tail';
  /**
   * `success`: reported a tail. `unknown`: an append that may have taken effect. `void`: a definite failure, a failed
   * read or a failed check-tail, which changes nothing and says nothing.
   */
  outcome: 'success' | 'unknown' | 'void';
  /** Event index of the call. */
  readonly calledAt: number;
  /** Event index of the return, `Infinity` when there is none. */
  returnedAt: number;
  /** Successes: the tail reported. Otherwise -1. */
  tail: number;
  /** Successful reads: the chain hash reported, as signed halves. */
  hashHi: number;
  hashLo: number;
  /** Successful reads that tell what they saw: the hash of each record. */
  content: readonly Hash64[] | null;
  /** Appends: where its record hashes are, and how many. Otherwise 0. */
  readonly recordStart: number;
  readonly recordCount: number;
  readonly matchSeqNum: number | null;
  readonly fencingToken: string | null;
  readonly setFencingToken: string | null;
  /** Greatest tail reported by an operation that had finished before the call (see floors.ts), and which one. */
  floor: number;
  floorOp: Operation | null;
}

export interface Operations {
  /** In order of call. */
  readonly all: readonly Operation[];
  /** Halves of all record hashes of all appends. */
  readonly hi: Int32Array;
  readonly lo: Int32Array;
  /** The events in order, without those of pending reads and check-tails. */
  readonly events: readonly { readonly operation: Operation; readonly isReturn: boolean }[];
}

/** Throws `MalformedHistory`. */
export function readOperations(history: History): Operations {
  assertWellFormed(history);
  const answered = new Set<number>();
  let recordCount = 0;
  for (const event of history) {
    if (event.type === 'return') answered.add(event.opId);
    else if (event.call.kind === 'append') recordCount += event.call.recordHashes.length;
  }
  const records = new RecordHashes(recordCount);
  const byOpId = new Map<number, Operation>();
  const events: { operation: Operation; isReturn: boolean }[] = [];
  history.forEach((event, at) => {
    if (event.type === 'call') {
      const { call, opId, clientId } = event;
      if (call.kind !== 'append' && !answered.has(opId)) return;
      const append = call.kind === 'append' ? call : null;
      const operation: Operation = {
        opId,
        clientId,
        kind: call.kind,
        outcome: append === null ? 'void' : 'unknown',
        calledAt: at,
        returnedAt: Number.POSITIVE_INFINITY,
        tail: -1,
        hashHi: 0,
        hashLo: 0,
        content: null,
        recordStart: append === null ? 0 : records.add(append.recordHashes),
        recordCount: append === null ? 0 : append.recordHashes.length,
        matchSeqNum: append?.matchSeqNum ?? null,
        fencingToken: append?.fencingToken ?? null,
        setFencingToken: append?.setFencingToken ?? null,
        floor: 0,
        floorOp: null,
      };
      byOpId.set(opId, operation);
      events.push({ operation, isReturn: false });
    } else {
      const operation = byOpId.get(event.opId)!;
      operation.returnedAt = at;
      applyReturn(operation, event.return, records);
      events.push({ operation, isReturn: true });
    }
  });
  return { all: [...byOpId.values()], hi: records.hi, lo: records.lo, events };
}

/** Where an operation with a reported tail stands: an append's first record, an observer's tail. */
export function lowOf(operation: Operation): number {
  return operation.tail - operation.recordCount;
}

function applyReturn(operation: Operation, outcome: Return, records: RecordHashes): void {
  switch (outcome.kind) {
    case 'append-success':
    case 'check-tail-success':
    case 'read-success':
      operation.outcome = 'success';
      operation.tail = outcome.tail;
      if (outcome.kind !== 'read-success') return;
      [operation.hashHi, operation.hashLo] = records.halves(outcome.streamHash);
      operation.content = outcome.recordHashes ?? null;
      return;
    case 'append-indefinite-failure':
      operation.outcome = 'unknown';
      return;
    case 'append-definite-failure':
    case 'read-failure':
    case 'check-tail-failure':
      operation.outcome = 'void';
  }
}

/** Cuts 64-bit words into signed halves through a buffer, several times faster than shifting BigInts. */
export class RecordHashes {
  readonly hi: Int32Array;
  readonly lo: Int32Array;
  #count = 0;
  readonly #word = new DataView(new ArrayBuffer(8));

  constructor(size: number) {
    this.hi = new Int32Array(size);
    this.lo = new Int32Array(size);
  }

  add(hashes: readonly bigint[]): number {
    const start = this.#count;
    for (const hash of hashes) {
      [this.hi[this.#count], this.lo[this.#count]] = this.halves(hash);
      this.#count++;
    }
    return start;
  }

  halves(word: bigint): [number, number] {
    this.#word.setBigUint64(0, word);
    return [this.#word.getInt32(0), this.#word.getInt32(4)];
  }
}
