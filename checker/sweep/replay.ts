/**
 * The independent judge of a witness: does this order really explain the history?
 *
 * Shares with the search what a history is, and nothing else: it walks the order once, with a chain hash of its own and
 * its own reading of the model, and accepts only if (1) every answered operation stands in the order exactly once, or
 * is an append of unknown outcome declared to be without effect, (2) no operation stands behind one that was called
 * after it returned, and (3) every answer is what the stream would have answered there, record by record where a read
 * tells its content. An append of unknown outcome that stands in the order has taken effect there.
 */

import type { History } from '../history.ts';
import { type Operations, readOperations } from './operations.ts';

export interface Witness {
  /** opIds in the order in which they took effect. */
  linearization: readonly number[];
  /** opIds of appends of unknown outcome that never took effect. */
  withoutEffect: readonly number[];
}

/** Null when the witness holds; otherwise what is wrong with it, in words. Throws `MalformedHistory`. */
export function refusalOfWitness(history: History, witness: Witness, rule: { strictS2?: boolean } = {}): string | null {
  return refusalOfOrder(readOperations(history), witness, rule);
}

/** The same for operations that have been read already. */
export function refusalOfOrder(operations: Operations, witness: Witness, rule: { strictS2?: boolean }): string | null {
  const { all, hi, lo } = operations;
  const indexOf = indexById(operations);
  const isOpen = new Uint8Array(all.length).fill(1);
  for (const opId of witness.withoutEffect) {
    const index = indexOf(opId);
    if (index === -1 || all[index]!.outcome !== 'unknown') return `op ${opId} cannot be without effect`;
    isOpen[index] = 0;
  }
  const log = new ReplayedLog(rule.strictS2 === true ? null : '');
  let latestCall = -1;
  for (let at = 0; at < witness.linearization.length; at++) {
    const opId = witness.linearization[at]!;
    const index = indexOf(opId);
    if (index === -1 || isOpen[index] === 0) return `op ${opId} is not in the history, or placed twice`;
    isOpen[index] = 0;
    const op = all[index]!;
    if (op.returnedAt < latestCall) return `op ${opId} stands behind an op that was called after it returned`;
    latestCall = Math.max(latestCall, op.calledAt);
    if (op.kind === 'append' && op.outcome !== 'void') {
      if (op.fencingToken !== null && op.fencingToken !== log.token)
        return `op ${opId}: the fencing token is ${log.token}`;
      if (op.matchSeqNum !== null && op.matchSeqNum !== log.tail) return `op ${opId}: the tail is ${log.tail}`;
      for (let record = op.recordStart; record < op.recordStart + op.recordCount; record++)
        log.append(hi[record]!, lo[record]!);
      log.token = op.setFencingToken ?? log.token;
    }
    if (op.outcome !== 'success') continue;
    if (op.tail !== log.tail) return `op ${opId}: the tail is ${log.tail}`;
    if (op.kind !== 'read') continue;
    if (!log.hasHash(op.hashHi, op.hashLo)) return `op ${opId}: the stream hash is another one`;
    const strange = op.content === null ? -1 : log.differenceFrom(op.content);
    if (strange !== -1) return `op ${opId}: record ${strange} is another one`;
  }
  const forgotten = isOpen.indexOf(1);
  return forgotten === -1 ? null : `op ${all[forgotten]!.opId} has no place`;
}

/** Answers -1 for an id that no operation has. Ids are mostly dense; others cost a map. */
function indexById({ all }: Operations): (opId: number) => number {
  const greatest = all.reduce((max, op) => Math.max(max, op.opId), 0);
  if (greatest > 4 * all.length || all.some(({ opId }) => opId < 0)) {
    const indexOf = new Map(all.map((op) => [op.opId, op.index]));
    return (opId) => indexOf.get(opId) ?? -1;
  }
  const indexOf = new Int32Array(greatest + 1).fill(-1);
  for (let i = 0; i < all.length; i++) indexOf[all[i]!.opId] = i;
  return (opId) => indexOf[opId] ?? -1;
}

/** A stream that is appended to record by record. */
class ReplayedLog {
  token: string | null;
  tail = 0;
  #hi = new Uint32Array(1 << 10);
  #lo = new Uint32Array(1 << 10);
  #hashHi = 0;
  #hashLo = 0;

  constructor(token: string | null) {
    this.token = token;
  }

  append(recordHi: number, recordLo: number): void {
    if (this.tail === this.#hi.length) {
      this.#hi = grown(this.#hi);
      this.#lo = grown(this.#lo);
    }
    this.#hi[this.tail] = recordHi;
    this.#lo[this.tail++] = recordLo;
    this.#chain(recordHi >>> 0, recordLo >>> 0);
  }

  hasHash(hi: number, lo: number): boolean {
    return this.#hashHi === hi >>> 0 && this.#hashLo === lo >>> 0;
  }

  /** Where the records differ from these, -1 if nowhere. */
  differenceFrom(content: readonly bigint[]): number {
    for (let i = 0; i < Math.max(this.tail, content.length); i++) {
      const word = content[i];
      if (i >= this.tail || word === undefined) return i;
      if (Number(word >> 32n) !== this.#hi[i] || Number(word & 0xffffffffn) !== this.#lo[i]) return i;
    }
    return -1;
  }

  /** XXH3-64 of the record's 8 bytes, seeded with the hash so far, after the xxHash specification. */
  #chain(recordHi: number, recordLo: number): void {
    const seedLo = this.#hashLo;
    const swapped = ((seedLo & 0xff) << 24) | ((seedLo & 0xff00) << 8) | ((seedLo >>> 8) & 0xff00) | (seedLo >>> 24);
    const seedHi = (this.#hashHi ^ swapped) >>> 0;
    // 0x1cad21f72c81017c xor 0xdb979083e96dd4de, minus the seed, with a borrow.
    const flipLo = 0xc5ecd5a2 - seedLo;
    const flipHi = 0xc73ab174 - seedHi - (flipLo < 0 ? 1 : 0);
    const x = (recordLo ^ flipHi) >>> 0;
    const y = (recordHi ^ flipLo) >>> 0;
    // h ^= rotl(h, 49) ^ rotl(h, 24); a rotation by 49 exchanges the halves and rotates by 17.
    this.#hashHi = (x ^ ((y << 17) | (x >>> 15)) ^ ((x << 24) | (y >>> 8))) >>> 0;
    this.#hashLo = (y ^ ((x << 17) | (y >>> 15)) ^ ((y << 24) | (x >>> 8))) >>> 0;
    this.#timesPrime();
    this.#hashLo = (this.#hashLo ^ ((this.#hashHi >>> 3) + 8)) >>> 0;
    this.#timesPrime();
    this.#hashLo = (this.#hashLo ^ ((this.#hashHi << 4) | (this.#hashLo >>> 28))) >>> 0;
    this.#hashHi = (this.#hashHi ^ (this.#hashHi >>> 28)) >>> 0;
  }

  /** Times 0x9fb21c651e98df25 modulo 2^64: schoolbook on four limbs of 16 bits, each sum below 2^36. */
  #timesPrime(): void {
    const a = this.#hashLo & 0xffff;
    const b = this.#hashLo >>> 16;
    const c = this.#hashHi & 0xffff;
    const d = this.#hashHi >>> 16;
    const p0 = a * 0xdf25;
    const p1 = a * 0x1e98 + b * 0xdf25 + (p0 >>> 16);
    const p2 = a * 0x1c65 + b * 0x1e98 + c * 0xdf25 + Math.floor(p1 / 0x10000);
    const p3 = a * 0x9fb2 + b * 0x1c65 + c * 0x1e98 + d * 0xdf25 + Math.floor(p2 / 0x10000);
    this.#hashLo = ((p1 << 16) | (p0 & 0xffff)) >>> 0;
    this.#hashHi = ((p3 << 16) | (p2 & 0xffff)) >>> 0;
  }
}

function grown(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(words.length * 2);
  larger.set(words);
  return larger;
}
