/**
 * The independent judge of an order: is it one in which every answer of an extended history is the truth?
 *
 * Shares with the search what an operation is, and nothing else: it goes the order once over a stream of its own, kept in
 * plain arrays, and accepts only if every operation stands in it once, none behind one that was called after it
 * returned, and each answer is what the stream would have said there. What was shown of trims and of free names is only
 * ever taken as a bound. Timestamps have no order and are judged by themselves (timestamps.ts).
 */

import { chain } from '../chain-hash.ts';
import type { ExtendedAppend, ExtendedReturn, StreamCall } from './history.ts';
import type { StreamOperation } from './operations.ts';

/** Null when the order holds; otherwise what is wrong with it, in words. */
export function refusalOfStreamOrder(
  operations: readonly StreamOperation[],
  order: readonly StreamOperation[],
  unused: readonly StreamOperation[],
  { strictS2 = false, initially = 'present' }: { strictS2?: boolean; initially?: 'present' | 'absent' },
): string | null {
  const open = new Set(operations.map(({ metadata }) => metadata.id));
  for (const { metadata, output } of unused)
    if (!MAY_BE_WITHOUT_EFFECT.has(output.kind) || !open.delete(metadata.id))
      return `op ${metadata.opId} cannot be without effect`;
  const stream = new ReplayedStream(strictS2 ? null : '', initially === 'present');
  let latestCall = Number.NEGATIVE_INFINITY;
  for (const { call, return: end, input, output, metadata } of order) {
    const { id, opId } = metadata;
    if (!open.delete(id)) return `op ${opId} is not in the history, or placed twice`;
    if (end < latestCall) return `op ${opId} stands behind an op that was called after it returned`;
    latestCall = Math.max(latestCall, call);
    if (!stream.answers(input, output)) return `op ${opId} is answered otherwise there`;
  }
  return open.size === 0 ? null : `${open.size} operations have no place`;
}

const MAY_BE_WITHOUT_EFFECT: ReadonlySet<string> = new Set(['append-indefinite-failure', 'change-unknown']);
const CERTAINLY_NOTHING: ReadonlySet<string> = new Set([
  'append-definite-failure',
  'read-failure',
  'check-tail-failure',
  'change-failure',
]);

interface Kept {
  hash: bigint;
  content: bigint | null;
}

class ReplayedStream {
  readonly #newToken: string | null;
  #exists: boolean;
  /** Deleted, and nobody was shown that its name is free. */
  #isGoing = false;
  #creation: string | null = null;
  #records: Kept[] = [];
  /** Chains their hashes. */
  #hash = 0n;
  #token: string | null;
  #goneBelow = 0;
  #mayBeGoneBelow = 0;
  readonly #sent = new Map<string, number>();

  constructor(newToken: string | null, exists: boolean) {
    this.#newToken = newToken;
    this.#token = newToken;
    this.#exists = exists;
  }

  /** Takes effect too. */
  answers(call: StreamCall, answer: ExtendedReturn): boolean {
    if (CERTAINLY_NOTHING.has(answer.kind)) return true;
    if (answer.kind === 'stream-pending') return this.#isGoing;
    if (answer.kind === 'stream-absent') {
      if (this.#exists) return false;
      this.#isGoing = false;
      return true;
    }
    if (call.kind === 'create') return this.#creates(call.token, answer.kind);
    if (call.kind === 'delete') return this.#deletes();
    if (!this.#exists) return false;
    switch (call.kind) {
      case 'append':
        return (
          this.#isDue(call) &&
          (answer.kind === 'append-rejected' ? this.#rejects(call, answer) : this.#appends(call, answer))
        );
      case 'check-tail':
        return answer.kind === 'check-tail-success' && answer.tail === this.#records.length;
      case 'read-part':
        return this.#shows(call, answer);
      case 'read':
        return answer.kind === 'read-success' && answer.tail === this.#records.length && this.#isWhole(answer);
    }
  }

  #isWhole({ streamHash, recordHashes }: ExtendedReturn & { kind: 'read-success' }): boolean {
    if (recordHashes?.some((hash, i) => hash !== this.#records[i]?.hash)) return false;
    return this.#hash === streamHash;
  }

  #creates(token: string | null, kind: ExtendedReturn['kind']): boolean {
    if (kind === 'create-noop') return this.#exists && token !== null && token === this.#creation;
    if (kind === 'stream-exists') return this.#exists && (token === null || token !== this.#creation);
    if (this.#exists) return false;
    this.#empty();
    this.#exists = true;
    this.#isGoing = false;
    this.#creation = token;
    return true;
  }

  #deletes(): boolean {
    if (!this.#exists && !this.#isGoing) return false;
    this.#empty();
    this.#exists = false;
    this.#isGoing = true;
    return true;
  }

  #empty(): void {
    this.#records = [];
    this.#hash = 0n;
    this.#token = this.#newToken;
    this.#goneBelow = 0;
    this.#mayBeGoneBelow = 0;
  }

  #isDue({ turn }: ExtendedAppend): boolean {
    return turn === undefined || (this.#sent.get(turn.session) ?? 0) === turn.index;
  }

  #rejects(call: ExtendedAppend, { actual }: ExtendedReturn & { kind: 'append-rejected' }): boolean {
    const tail = this.#records.length;
    if ('tail' in actual) return actual.tail === tail && call.matchSeqNum !== null && call.matchSeqNum !== tail;
    const isOther = call.fencingToken !== null && call.fencingToken !== this.#token;
    return isOther && actual.fencingToken === (this.#token ?? '');
  }

  #appends(call: ExtendedAppend, answer: ExtendedReturn): boolean {
    const start = this.#records.length;
    const end = start + call.recordHashes.length;
    if (call.fencingToken !== null && call.fencingToken !== this.#token) return false;
    if (call.matchSeqNum !== null && call.matchSeqNum !== start) return false;
    if (answer.kind === 'append-success' && answer.tail !== end) return false;
    if (answer.kind === 'append-acked' && (answer.start !== start || answer.end !== end)) return false;
    for (const [i, hash] of call.recordHashes.entries()) {
      this.#records.push({ hash, content: call.contentHashes?.[i] ?? null });
      this.#hash = chain(this.#hash, hash);
    }
    this.#token = call.setFencingToken ?? this.#token;
    this.#mayBeGoneBelow = Math.max(this.#mayBeGoneBelow, Math.min(call.trim ?? 0, end));
    if (call.turn !== undefined) this.#sent.set(call.turn.session, call.turn.index + 1);
    return true;
  }

  #shows({ from }: StreamCall & { kind: 'read-part' }, answer: ExtendedReturn): boolean {
    const tail = this.#records.length;
    const asked = 'seqNum' in from ? from.seqNum : null;
    if (answer.kind === 'read-unwritten') return answer.tail === tail && (asked === null || asked >= tail);
    if (answer.kind !== 'read-part-success') return false;
    const { start, recordHashes, contentHashes } = answer;
    if ((answer.tail !== null && answer.tail !== tail) || start < this.#goneBelow || start < (asked ?? 0)) return false;
    if (start + recordHashes.length > tail) return false;
    for (const [i, hash] of recordHashes.entries()) {
      const record = this.#records[start + i]!;
      const told = contentHashes?.[i] ?? null;
      if (record.hash !== hash || (told !== null && record.content !== null && told !== record.content)) return false;
    }
    if (asked === null || start === asked) return true;
    this.#goneBelow = start;
    return start <= this.#mayBeGoneBelow;
  }
}
