/**
 * The independent judge of an order: is it one in which every answer of an extended history is the truth?
 *
 * Shares with the search what an operation is, and nothing else: it goes the order once over a stream of its own, kept in
 * plain arrays, and accepts only if every operation stands in it once, none behind one that was called after it
 * returned, and each answer is what the stream would have said there. What was shown of trims and of free names is only
 * ever taken as a bound. Of each life the timestamps are put together when all of it is known (replayed-stamps.ts); who may
 * create a stream is told by the requests of the history (replayed-creations.ts).
 */

import { chain } from '../chain-hash.ts';
import type { CreatesOn, ExtendedAppend, ExtendedReturn, StreamConfig } from './history.ts';
import { refusalOfCreations } from './replayed-creations.ts';
import { ReplayedStamps } from './replayed-stamps.ts';
import { FIRST_LIFE, type StreamCall } from './stream-call.ts';
import type { StreamOperation } from './operations.ts';

/** Null when the order holds; otherwise what is wrong with it, in words. */
export function refusalOfStreamOrder(
  operations: readonly StreamOperation[],
  order: readonly StreamOperation[],
  unused: readonly StreamOperation[],
  { strictS2 = false, initially = 'present', config = KEEPS, createsOn = [] }: ReplayRule,
): string | null {
  const open = new Set(operations.map(({ metadata }) => metadata.id));
  for (const { metadata, output } of unused)
    if (!MAY_BE_WITHOUT_EFFECT.has(output.kind) || !open.delete(metadata.id))
      return `op ${metadata.opId} cannot be without effect`;
  const stream = new ReplayedStream(strictS2 ? null : '', initially === 'present', config);
  const livesOfReads = new Map<number, number | null>();
  let latestCall = Number.NEGATIVE_INFINITY;
  for (const { call, return: end, input, output, metadata } of order) {
    const { id, opId } = metadata;
    if (!open.delete(id)) return `op ${opId} is not in the history, or placed twice`;
    if (end < latestCall) return `op ${opId} stands behind an op that was called after it returned`;
    latestCall = Math.max(latestCall, call);
    if (!stream.answers(input, output)) return `op ${opId} is answered otherwise there`;
    const isOfStream = !OF_NO_LIFE.has(output.kind);
    const before = metadata.behind === null ? null : livesOfReads.get(metadata.behind);
    if (before === undefined) return `op ${opId} shows what comes later in its read before the rest`;
    if (isOfStream && before !== null && before !== stream.life) return `op ${opId} is a read of two lives`;
    livesOfReads.set(id, isOfStream ? stream.life : before);
  }
  const created = refusalOfCreations(operations, order, createsOn);
  if (created !== null) return created;
  if (!stream.hasPossibleStamps()) return 'no timestamps are as everybody was told';
  return open.size === 0 ? null : `${open.size} operations have no place`;
}

const MAY_BE_WITHOUT_EFFECT: ReadonlySet<string> = new Set(['append-indefinite-failure', 'change-unknown']);
const CERTAINLY_NOTHING: ReadonlySet<string> = new Set([
  'append-definite-failure',
  'read-failure',
  'check-tail-failure',
  'change-failure',
]);
const OF_NO_LIFE: ReadonlySet<string> = new Set([...CERTAINLY_NOTHING, 'stream-absent', 'stream-pending']);

interface ReplayRule {
  strictS2?: boolean;
  initially?: 'present' | 'absent';
  config?: StreamConfig;
  createsOn?: readonly CreatesOn[];
}

const KEEPS: StreamConfig = { retentionAgeMs: null, emptyAgeMs: null };

interface Kept {
  hash: bigint;
  content: bigint | null;
  calledMs: number;
}

class ReplayedStream {
  readonly #newToken: string | null;
  #exists: boolean;
  /** Deleted, and nobody was shown that its name is free. */
  #isGoing = false;
  /** Undefined as long as nobody was told who made the stream that was there at first. */
  #creation: string | null | undefined;
  readonly #notMadeBy = new Set<string>();
  #records: Kept[] = [];
  /** Chains their hashes. */
  #hash = 0n;
  #token: string | null;
  #goneBelow = 0;
  #mayBeGoneBelow = 0;
  readonly #sent = new Map<string, number>();
  readonly #defaults: StreamConfig;
  #config: StreamConfig;
  /** Tells lives apart. */
  life = FIRST_LIFE;
  #bornMs = Number.NEGATIVE_INFINITY;
  /** It is at least as late. */
  #nowMs = Number.NEGATIVE_INFINITY;
  #stamps = new ReplayedStamps();
  #stampsWerePossible = true;

  constructor(newToken: string | null, exists: boolean, config: StreamConfig) {
    this.#newToken = newToken;
    this.#token = newToken;
    this.#exists = exists;
    this.#defaults = config;
    this.#config = config;
  }

  hasPossibleStamps(): boolean {
    this.#settleStamps();
    return this.#stampsWerePossible;
  }

  /** Takes effect too. */
  answers(call: StreamCall, answer: ExtendedReturn): boolean {
    if (CERTAINLY_NOTHING.has(answer.kind)) return true;
    const { returnedMs = Number.POSITIVE_INFINITY } = call.when ?? {};
    if (returnedMs < this.#nowMs) return false;
    this.#stamps.pass(returnedMs);
    return this.#answersByItself(call, answer);
  }

  #answersByItself(call: StreamCall, answer: ExtendedReturn): boolean {
    if (answer.kind === 'stream-pending') return this.#isGoing;
    if (answer.kind === 'stream-absent') {
      if (this.#exists) return false;
      this.#isGoing = false;
      return true;
    }
    if (call.kind === 'create') return this.#creates(call, answer.kind);
    if (call.kind === 'delete') return this.#deletes();
    return this.#exists && this.#says(call, answer);
  }

  /** Of the stream that exists. */
  #says(call: Exclude<StreamCall, { kind: 'create' | 'delete' }>, answer: ExtendedReturn): boolean {
    if (call.kind === 'vanish') return this.#vanishes(call.birth);
    const isTrue = this.#isTrue(call, answer);
    const goneSince = (start: number): number | null => (this.#canBeGone(start, call) ? this.#goneSince(start) : null);
    if (isTrue) this.#stamps.note(call, answer, goneSince);
    return isTrue;
  }

  #isTrue(call: Exclude<StreamCall, { kind: 'create' | 'delete' | 'vanish' }>, answer: ExtendedReturn): boolean {
    switch (call.kind) {
      case 'configure':
        this.#config = { ...this.#config, emptyAgeMs: call.emptyAgeMs };
        return true;
      case 'append':
        return (
          this.#isDue(call) &&
          (answer.kind === 'append-rejected' ? this.#rejects(call, answer) : this.#appends(call, answer))
        );
      case 'begin':
        return answer.kind === 'read-part-success' && this.#begins(call, answer.start);
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

  #creates(
    { token, birth = 0, when, config = this.#defaults }: StreamCall & { kind: 'create' },
    kind: ExtendedReturn['kind'],
  ): boolean {
    if (kind === 'create-noop') return this.#exists && token !== null && this.#isMadeBy(token);
    if (kind === 'stream-exists') return this.#exists && (token === null || !this.#isMadeBy(token, false));
    if (this.#exists) return false;
    this.#empty();
    this.#exists = true;
    this.#isGoing = false;
    this.#creation = token;
    this.life = birth;
    this.#config = config;
    this.#bornMs = when?.calledMs ?? Number.NEGATIVE_INFINITY;
    return true;
  }

  /** As somebody is told, or is not. */
  #isMadeBy(token: string, isTold = true): boolean {
    if (this.#creation !== undefined) return token === this.#creation;
    if (isTold && !this.#notMadeBy.has(token)) this.#creation = token;
    if (!isTold) this.#notMadeBy.add(token);
    return this.#creation === token;
  }

  /** Nothing is left in it, and nobody has written for long enough. */
  #vanishes(birth: number): boolean {
    const { emptyAgeMs } = this.#config;
    const emptyMs = this.#goneSince(this.#records.length);
    if (birth !== this.life || emptyAgeMs === null || emptyMs === null) return false;
    const writtenMs = this.#records.reduce((latest, { calledMs }) => Math.max(latest, calledMs), this.#bornMs);
    this.#nowMs = Math.max(this.#nowMs, emptyMs, writtenMs + emptyAgeMs);
    return this.#deletes();
  }

  #deletes(): boolean {
    if (!this.#exists && !this.#isGoing) return false;
    this.life = FIRST_LIFE;
    this.#config = this.#defaults;
    this.#bornMs = Number.NEGATIVE_INFINITY;
    this.#empty();
    this.#exists = false;
    this.#isGoing = true;
    return true;
  }

  #empty(): void {
    this.#records = [];
    this.#hash = 0n;
    this.#token = this.#newToken;
    this.#sent.clear();
    this.#goneBelow = 0;
    this.#mayBeGoneBelow = 0;
    this.#settleStamps();
    this.#stamps = new ReplayedStamps();
  }

  /** What the timestamps of a life show to have expired had done so by its end. */
  #settleStamps(): void {
    const goneMs = this.#stamps.settle();
    if (goneMs === null) this.#stampsWerePossible = false;
    else this.#nowMs = Math.max(this.#nowMs, goneMs);
  }

  #isDue({ turn }: ExtendedAppend): boolean {
    return turn === undefined || (this.#sent.get(turn.session) ?? 0) === turn.index;
  }

  #rejects(call: ExtendedAppend, { actual }: ExtendedReturn & { kind: 'append-rejected' }): boolean {
    const tail = this.#records.length;
    const isOther = call.fencingToken !== null && call.fencingToken !== this.#token;
    if ('tail' in actual)
      return !isOther && actual.tail === tail && call.matchSeqNum !== null && call.matchSeqNum !== tail;
    return isOther && actual.fencingToken === (this.#token ?? '');
  }

  #appends(call: ExtendedAppend & Pick<StreamCall, 'when'>, answer: ExtendedReturn): boolean {
    const start = this.#records.length;
    const end = start + call.recordHashes.length;
    if (call.fencingToken !== null && call.fencingToken !== this.#token) return false;
    if (call.matchSeqNum !== null && call.matchSeqNum !== start) return false;
    if (answer.kind === 'append-success' && answer.tail !== end) return false;
    if (answer.kind === 'append-acked' && (answer.start !== start || answer.end !== end)) return false;
    for (const [i, hash] of call.recordHashes.entries()) {
      const calledMs = call.when?.calledMs ?? Number.NEGATIVE_INFINITY;
      this.#records.push({ hash, content: call.contentHashes?.[i] ?? null, calledMs });
      this.#hash = chain(this.#hash, hash);
    }
    this.#token = call.setFencingToken ?? this.#token;
    this.#mayBeGoneBelow = Math.max(this.#mayBeGoneBelow, Math.min(call.trim ?? 0, end));
    if (call.turn !== undefined) this.#sent.set(call.turn.session, call.turn.index + 1);
    return true;
  }

  #shows(call: StreamCall & { kind: 'read-part' }, answer: ExtendedReturn): boolean {
    const tail = this.#records.length;
    const asked = 'seqNum' in call.from ? call.from.seqNum : null;
    if (answer.kind === 'read-nothing') return asked === null || asked >= tail || this.#isGone(tail, call);
    if (answer.kind === 'read-unwritten') return answer.tail === tail && (asked === null || asked >= tail);
    if (answer.kind !== 'read-part-success') return false;
    const { start, recordHashes, contentHashes } = answer;
    if ((answer.tail !== null && answer.tail !== tail) || start + recordHashes.length > tail) return false;
    for (const [i, hash] of recordHashes.entries()) {
      const record = this.#records[start + i]!;
      const told = contentHashes?.[i] ?? null;
      if (record.hash !== hash || (told !== null && record.content !== null && told !== record.content)) return false;
      // Where its writer told none, it has the one that is shown first.
      record.content ??= told;
    }
    return call.isGathered === true || this.#begins(call, start);
  }

  #begins(call: StreamCall & { kind: 'begin' | 'read-part' }, start: number): boolean {
    if (start < this.#goneBelow) return false;
    if ('timestamp' in call.from) return start <= this.#records.length;
    if (start === call.from.seqNum) return true;
    return start > call.from.seqNum && this.#isGone(start, call);
  }

  #isGone(position: number, call: StreamCall): boolean {
    if (position <= this.#goneBelow) return true;
    if (!this.#canBeGone(position, call)) return false;
    this.#nowMs = Math.max(this.#nowMs, this.#goneSince(position) ?? this.#nowMs);
    this.#goneBelow = position;
    return true;
  }

  #canBeGone(position: number, { when }: StreamCall): boolean {
    const sinceMs = this.#goneSince(position);
    return position <= this.#records.length && sinceMs !== null && sinceMs <= (when?.returnedMs ?? sinceMs);
  }

  /** Null for never. */
  #goneSince(position: number): number | null {
    if (position <= Math.max(this.#goneBelow, this.#mayBeGoneBelow)) return Number.NEGATIVE_INFINITY;
    const { retentionAgeMs } = this.#config;
    if (retentionAgeMs === null) return null;
    const written = this.#records.slice(0, position);
    return written.reduce((latest, { calledMs }) => Math.max(latest, calledMs), -Infinity) + retentionAgeMs;
  }
}
