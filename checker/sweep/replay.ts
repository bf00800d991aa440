/**
 * The independent judge of a witness: does this order really explain the history?
 *
 * Shares no code with the search: it walks the order once, with its own BigInt chain hash and its own reading of the
 * model, and accepts only if (1) every answered operation stands in the order exactly once, or is an append of
 * unknown outcome declared to be without effect, (2) no operation stands behind one that was called after it
 * returned, and (3) every answer is what the stream would have answered there, record by record where a read tells its
 * content. An append of unknown outcome that stands in the order has taken effect there.
 */

import type { Call, History, Return } from '../history.ts';

export interface Witness {
  /** opIds in the order in which they took effect. */
  linearization: readonly number[];
  /** opIds of appends of unknown outcome that never took effect. */
  withoutEffect: readonly number[];
}

interface Replayed {
  call: Call;
  calledAt: number;
  answer: Return | null;
  answeredAt: number;
}

const WORD = (1n << 64n) - 1n;

/** Null when the witness holds; otherwise what is wrong with it, in words. */
export function refusalOfWitness(history: History, witness: Witness, rule: { strictS2?: boolean } = {}): string | null {
  const operations = collect(history);
  for (const opId of witness.withoutEffect) {
    const operation = operations.get(opId);
    if (operation === undefined || !isOfUnknownOutcome(operation)) return `op ${opId} cannot be without effect`;
    operations.delete(opId);
  }
  const records: bigint[] = [];
  let hash = 0n;
  let token = rule.strictS2 ? null : '';
  let latestCall = -1;
  for (const opId of witness.linearization) {
    const operation = operations.get(opId);
    if (operation === undefined) return `op ${opId} is not in the history, or placed twice`;
    operations.delete(opId);
    if (operation.answeredAt < latestCall) return `op ${opId} stands behind an op that was called after it returned`;
    latestCall = Math.max(latestCall, operation.calledAt);
    const { call, answer } = operation;
    const before = records.length;
    if (call.kind === 'append' && answer?.kind !== 'append-definite-failure') {
      if (call.fencingToken !== null && call.fencingToken !== token) return `op ${opId}: the fencing token is ${token}`;
      if (call.matchSeqNum !== null && call.matchSeqNum !== before) return `op ${opId}: the tail is ${before}`;
      for (const record of call.recordHashes) {
        records.push(record);
        hash = slowChain(hash, record);
      }
      token = call.setFencingToken ?? token;
    }
    if (answer === null && call.kind !== 'append') return `op ${opId} was never answered`;
    const tail = records.length;
    if (answer !== null && 'tail' in answer && answer.tail !== tail) return `op ${opId}: the tail is ${tail}`;
    if (answer?.kind === 'read-success' && answer.streamHash !== hash) return `op ${opId}: the stream hash is ${hash}`;
    const strange = answer?.kind === 'read-success' ? firstDifference(records, answer.recordHashes ?? records) : -1;
    if (strange !== -1) return `op ${opId}: record ${strange} is ${records[strange]}`;
  }
  for (const [opId, { call, answer }] of operations)
    if (call.kind === 'append' || answer !== null) return `op ${opId} has no place`;
  return null;
}

function collect(history: History): Map<number, Replayed> {
  const operations = new Map<number, Replayed>();
  history.forEach((event, at) => {
    if (event.type === 'call') {
      const open = { call: event.call, calledAt: at, answer: null, answeredAt: Number.POSITIVE_INFINITY };
      operations.set(event.opId, open);
    } else {
      const operation = operations.get(event.opId)!;
      operation.answer = event.return;
      operation.answeredAt = at;
    }
  });
  return operations;
}

/** Where two lists differ, -1 where they are equal. */
function firstDifference(a: readonly bigint[], b: readonly bigint[]): number {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return -1;
}

function isOfUnknownOutcome({ call, answer }: Replayed): boolean {
  return call.kind === 'append' && (answer === null || answer.kind === 'append-indefinite-failure');
}

/** XXH3-64 with seed `before` over the 8 bytes of `record`, written out in BigInt from the xxHash specification. */
function slowChain(before: bigint, record: bigint): bigint {
  const low = before & 0xffffffffn;
  const swapped = ((low & 0xffn) << 24n) | ((low & 0xff00n) << 8n) | ((low >> 8n) & 0xff00n) | (low >> 24n);
  const seed = before ^ (swapped << 32n);
  const flip = ((0x1cad21f72c81017cn ^ 0xdb979083e96dd4den) - seed) & WORD;
  let h = (((record & 0xffffffffn) << 32n) | (record >> 32n)) ^ flip;
  h ^= (((h << 49n) | (h >> 15n)) & WORD) ^ (((h << 24n) | (h >> 40n)) & WORD);
  h = (h * 0x9fb21c651e98df25n) & WORD;
  h ^= (h >> 35n) + 8n;
  h = (h * 0x9fb21c651e98df25n) & WORD;
  return h ^ (h >> 28n);
}
