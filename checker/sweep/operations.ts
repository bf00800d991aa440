/**
 * A history in the shape the sweep works on: one object per operation, all record hashes in two flat arrays.
 *
 * Pending reads and check-tails are left out (they say nothing and change nothing); a pending append is one of
 * unknown outcome, open for ever. Event indices are the only clock. All numbers are small integers wherever they can
 * be, so that a million events fit into little memory.
 */

import type { Hash64, History, HistoryEvent, Return } from '../history.ts';
import { assertWellFormed } from '../formats/pairing.ts';

/** Later than every event. */
export const NEVER = 0x7fffffff;

export interface Operation {
  /** Place in `Operations.all`. */
  readonly index: number;
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
  /** Event index of the return, `NEVER` when there is none. */
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
  /** The op whose answer showed where an append of unknown outcome is: it counts as a success then. Otherwise null. */
  shownTo: number | null;
}

export interface Operations {
  /** In order of call. */
  readonly all: readonly Operation[];
  /** Halves of all record hashes of all appends. */
  readonly hi: Int32Array;
  readonly lo: Int32Array;
  /**
   * The events in order, without those of pending reads and check-tails: `index` for a call, `~index` for a return. Who goes
   * through a million of them does it by index: an iterator allocates at every step as long as the loop is new.
   */
  readonly events: Int32Array;
}

/** Throws `MalformedHistory`. */
export function readOperations(history: History): Operations {
  assertWellFormed(history);
  const builder = new OperationsBuilder();
  const open = new Map<number, Operation>();
  for (const event of history) {
    if (event.type === 'call') open.set(event.opId, addCall(builder, event));
    else builder.return(open.get(event.opId)!, event.return);
  }
  return builder.finish();
}

/** Adds one call in the order of the history. */
function addCall(builder: OperationsBuilder, { opId, clientId, call }: HistoryEvent & { type: 'call' }): Operation {
  if (call.kind !== 'append') return builder.observe(opId, clientId, call.kind);
  const start = builder.records.count;
  builder.records.add(call.recordHashes);
  return builder.append(opId, clientId, start, call);
}

interface Conditions {
  matchSeqNum: number | null;
  fencingToken: string | null;
  setFencingToken: string | null;
}

/** Takes the events of a well-formed history one by one. */
export class OperationsBuilder {
  readonly records = new RecordHashes();
  readonly #all: Operation[] = [];
  #events = new Int32Array(1 << 10);
  #count = 0;
  /** Reads and check-tails without a return so far. */
  #pending = 0;

  observe(opId: number, clientId: number, kind: 'read' | 'check-tail'): Operation {
    this.#pending++;
    return this.#add(opId, clientId, kind, 'void', 0, 0, NO_CONDITIONS);
  }

  /** The records from `recordStart` on, which were added to `records` before. */
  append(opId: number, clientId: number, recordStart: number, conditions: Conditions): Operation {
    const recordCount = this.records.count - recordStart;
    return this.#add(opId, clientId, 'append', 'unknown', recordStart, recordCount, conditions);
  }

  return(operation: Operation, outcome: Return): void {
    switch (outcome.kind) {
      case 'append-success':
      case 'check-tail-success':
        return this.succeed(operation, outcome.tail, 0, 0);
      case 'read-success': {
        const { streamHash } = outcome;
        this.succeed(operation, outcome.tail, this.records.highHalf(streamHash), this.records.lowHalf(streamHash));
        operation.content = outcome.recordHashes ?? null;
        return;
      }
      case 'append-indefinite-failure':
        return this.end(operation, 'unknown');
      case 'append-definite-failure':
      case 'read-failure':
      case 'check-tail-failure':
        return this.end(operation, 'void');
    }
  }

  succeed(operation: Operation, tail: number, hashHi: number, hashLo: number): void {
    operation.tail = tail;
    operation.hashHi = hashHi;
    operation.hashLo = hashLo;
    this.end(operation, 'success');
  }

  end(operation: Operation, outcome: Operation['outcome']): void {
    operation.outcome = outcome;
    operation.returnedAt = this.#count;
    if (operation.kind !== 'append') this.#pending--;
    this.#note(~operation.index);
  }

  finish(): Operations {
    const { hi, lo } = this.records.taken();
    const events = this.#events.slice(0, this.#count);
    if (this.#pending === 0) return { all: this.#all, hi, lo, events };
    const isKept = (operation: Operation): boolean => operation.kind === 'append' || operation.returnedAt < NEVER;
    const all = this.#all.filter(isKept).map((operation, index) => ({ ...operation, index }));
    const indexOf = new Int32Array(this.#all.length).fill(-1);
    let next = 0;
    for (const operation of this.#all) if (isKept(operation)) indexOf[operation.index] = next++;
    const kept = events
      .filter((event) => event < 0 || indexOf[event]! >= 0)
      .map((event) => (event < 0 ? ~indexOf[~event]! : indexOf[event]!));
    return { all, hi, lo, events: kept };
  }

  #add(
    opId: number,
    clientId: number,
    kind: Operation['kind'],
    outcome: Operation['outcome'],
    recordStart: number,
    recordCount: number,
    { matchSeqNum, fencingToken, setFencingToken }: Conditions,
  ): Operation {
    const operation: Operation = {
      index: this.#all.length,
      opId,
      clientId,
      kind,
      outcome,
      calledAt: this.#count,
      returnedAt: NEVER,
      tail: -1,
      hashHi: 0,
      hashLo: 0,
      content: null,
      recordStart,
      recordCount,
      matchSeqNum,
      fencingToken,
      setFencingToken,
      floor: 0,
      floorOp: null,
      shownTo: null,
    };
    this.#all.push(operation);
    this.#note(operation.index);
    return operation;
  }

  #note(event: number): void {
    if (this.#count === this.#events.length) {
      const larger = new Int32Array(this.#count * 2);
      larger.set(this.#events);
      this.#events = larger;
    }
    this.#events[this.#count++] = event;
  }
}

const NO_CONDITIONS: Conditions = { matchSeqNum: null, fencingToken: null, setFencingToken: null };

/** Where an operation with a reported tail stands: an append's first record, an observer's tail. */
export function lowOf(operation: Operation): number {
  return operation.tail - operation.recordCount;
}

/** Cuts 64-bit words into signed halves through a buffer, several times faster than shifting BigInts. */
export class RecordHashes {
  #hi = new Int32Array(1 << 10);
  #lo = new Int32Array(1 << 10);
  #count = 0;
  readonly #word = new DataView(new ArrayBuffer(8));

  get count(): number {
    return this.#count;
  }

  add(hashes: readonly bigint[]): void {
    for (const hash of hashes) {
      this.#word.setBigUint64(0, hash);
      this.push(this.#word.getInt32(0), this.#word.getInt32(4));
    }
  }

  push(hi: number, lo: number): void {
    if (this.#count === this.#hi.length) {
      const [olderHi, olderLo] = [this.#hi, this.#lo];
      this.#hi = new Int32Array(this.#count * 2);
      this.#lo = new Int32Array(this.#count * 2);
      this.#hi.set(olderHi);
      this.#lo.set(olderLo);
    }
    this.#hi[this.#count] = hi;
    this.#lo[this.#count++] = lo;
  }

  highHalf(word: bigint): number {
    this.#word.setBigUint64(0, word);
    return this.#word.getInt32(0);
  }

  lowHalf(word: bigint): number {
    this.#word.setBigUint64(0, word);
    return this.#word.getInt32(4);
  }

  /** All that was added. */
  taken(): { hi: Int32Array; lo: Int32Array } {
    return { hi: this.#hi.subarray(0, this.#count), lo: this.#lo.subarray(0, this.#count) };
  }
}
