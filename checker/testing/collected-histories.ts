/**
 * Large histories in the shape that S2's collector records, from a pretended log, with a planted bug on request.
 *
 * N clients without think time, each op uniformly append, read or check-tail; mean latency 10 ms with the effect at a
 * uniform moment of the call; 1 % definite failures. An append of unknown outcome times out after 60 ms and takes
 * effect with probability one half, a third of those late; its finish stands at the end of the history and its
 * worker goes on under a new client id. Record bodies are unique. Used by tests and benches; equal options and seed
 * give equal histories.
 */

import { chain, chainAll } from '../chain-hash.ts';
import type { Call, History, HistoryEvent, Return } from '../history.ts';
import { type Dice, seededRandom } from './random.ts';

export type PlantedBug =
  | 'stale-read'
  | 'stale-tail'
  | 'lost-append'
  | 'phantom'
  | 'duplicate'
  | 'torn-read'
  | 'torn-batch'
  | 'corrupt'
  | 'low-bit-hash'
  | 'reorder'
  | 'flap'
  | 'match-seq-num'
  | 'fence';

export interface CollectorOptions {
  seed: number;
  clients: number;
  opsPerClient: number;
  /** Share of appends whose outcome stays unknown, in thousandths. */
  unknownPermille: number;
  workflow?: 'regular' | 'match-seq-num' | 'fencing';
  /** Happens once, in the middle of the run. */
  bug?: PlantedBug;
  /** Reads tell the hash of each record. */
  tells?: boolean;
  /** Every check-tail is a read. */
  onlyReads?: boolean;
  /** Default 16. */
  recordsMax?: number;
}

type Append = Call & { kind: 'append' };

interface Task {
  at: number;
  order: number;
  run: () => void;
}

interface Snapshot {
  tail: number;
  hash: bigint;
}

const LATENCY_US = 10_000;
const TIMEOUT_US = 60_000;
const REST_US = 200_000;

/** Deterministic; takes about a second for 50 clients of 1,000 ops. */
export function collectHistory(options: CollectorOptions): History {
  return new Collector(options).run();
}

class Collector {
  readonly #options: CollectorOptions;
  readonly #dice: Dice;
  readonly #agenda = new Agenda();
  readonly #events: HistoryEvent[] = [];
  readonly #deferred: HistoryEvent[] = [];
  readonly #snapshots: Snapshot[] = [{ tail: 0, hash: 0n }];
  readonly #records: bigint[] = [];
  #tail = 0;
  #hash = 0n;
  #token = '';
  #nextOpId = 0;
  #nextClientId: number;
  #nextBody = 1n;
  #bugLeft: PlantedBug | null;
  #ops = 0;
  /** The latest append that was acknowledged, for bugs that repeat or lose one. */
  #latest: Append | null = null;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#dice = seededRandom(options.seed);
    this.#nextClientId = options.clients + 1;
    this.#bugLeft = options.bug ?? null;
  }

  run(): History {
    for (let worker = 1; worker <= this.#options.clients; worker++)
      this.#agenda.at(this.#dice.below(LATENCY_US), () =>
        this.#next({ clientId: worker, token: `t${worker}`, knownTail: 0, left: this.#options.opsPerClient }),
      );
    this.#agenda.run();
    return [...this.#events, ...this.#deferred];
  }

  #next(worker: { clientId: number; token: string; knownTail: number; left: number }): void {
    if (worker.left-- === 0) return;
    this.#ops++;
    const opId = this.#nextOpId++;
    const { clientId } = worker;
    const call = this.#drawCall(worker);
    this.#events.push({ type: 'call', clientId, opId, call });
    const latency = 1 + this.#dice.below(2 * LATENCY_US);
    const effect = this.#dice.below(latency);
    if (call.kind === 'append' && this.#dice.chance(this.#options.unknownPermille, 1_000)) {
      this.#loseAnswer(worker, call, opId);
      return;
    }
    let outcome: Return | null = null;
    this.#agenda.in(effect, () => {
      outcome = this.#answer(call);
    });
    this.#agenda.in(latency, () => {
      const finished = outcome!;
      this.#events.push({ type: 'return', clientId, opId, return: finished });
      if ('tail' in finished) worker.knownTail = finished.tail;
      this.#next(worker);
    });
  }

  #loseAnswer(
    worker: { clientId: number; token: string; knownTail: number; left: number },
    call: Append,
    opId: number,
  ): void {
    if (this.#dice.chance(1, 2)) {
      const late = this.#dice.chance(3, 10) ? TIMEOUT_US + this.#dice.below(3_000_000) : 0;
      this.#agenda.in(late + this.#dice.below(TIMEOUT_US), () => this.#apply(call));
    }
    const failure: Return = { kind: 'append-indefinite-failure' };
    this.#deferred.push({ type: 'return', clientId: worker.clientId, opId, return: failure });
    const clientId = this.#nextClientId++;
    this.#agenda.in(TIMEOUT_US + REST_US, () => this.#next({ ...worker, clientId, token: `t${clientId}` }));
  }

  #drawCall(worker: { token: string; knownTail: number; left: number }): Call {
    const { workflow = 'regular', onlyReads = false, recordsMax = 16 } = this.#options;
    const kind = this.#dice.pick(['append', 'read', 'check-tail'] as const);
    if (kind !== 'append') return { kind: onlyReads ? 'read' : kind };
    const setsToken = workflow === 'fencing' && worker.left % 100 === 0;
    const count = setsToken ? 1 : 1 + this.#dice.below(this.#dice.between(1, recordsMax));
    return {
      kind,
      recordHashes: Array.from({ length: count }, () => chain(this.#nextBody, this.#nextBody++)),
      setFencingToken: setsToken ? worker.token : null,
      fencingToken:
        workflow === 'fencing' && !setsToken ? this.#dice.pick([this.#token, this.#token, worker.token, null]) : null,
      matchSeqNum: setsToken || workflow === 'match-seq-num' ? this.#guessTail(worker.knownTail) : null,
    };
  }

  /** Mostly what the client knows; sometimes what is so, or nothing would ever succeed with many clients. */
  #guessTail(knownTail: number): number {
    return this.#dice.chance(1, 3) ? this.#tail : knownTail;
  }

  #answer(call: Call): Return {
    if (call.kind === 'append') return this.#answerAppend(call);
    const isRead = call.kind === 'read';
    if (this.#dice.chance(1, 100)) return { kind: isRead ? 'read-failure' : 'check-tail-failure' };
    const { tail, hash } = this.#observe(isRead);
    return isRead ? this.#readReturn(tail, hash) : { kind: 'check-tail-success', tail };
  }

  /** A hash that the log never had is told as a content whose last record is another one. */
  #readReturn(tail: number, streamHash: bigint): Return {
    if (!this.#options.tells) return { kind: 'read-success', tail, streamHash };
    const recordHashes = this.#records.slice(0, tail);
    if (chainAll(recordHashes) !== streamHash) recordHashes[tail - 1]! ^= 1n;
    return { kind: 'read-success', tail, streamHash: chainAll(recordHashes), recordHashes };
  }

  #observe(isRead: boolean): Snapshot {
    const now = { tail: this.#tail, hash: this.#hash };
    const old = this.#snapshots.at(-200);
    if (isRead && old !== undefined && this.#strikes('stale-read')) return old;
    if (!isRead && old !== undefined && this.#strikes('stale-tail')) return old;
    if (isRead && this.#latest !== null && this.#latest.recordHashes.length > 1 && this.#strikes('torn-read')) {
      const before = this.#snapshots.at(-2)!;
      return { tail: before.tail + 1, hash: chain(before.hash, this.#latest.recordHashes[0]!) };
    }
    if (isRead && this.#strikes('low-bit-hash')) return { ...now, hash: now.hash ^ 1n };
    return now;
  }

  #answerAppend(call: Append): Return {
    const refused: Return = { kind: 'append-definite-failure' };
    if (this.#strikes('phantom')) {
      this.#apply({ ...call, fencingToken: null, matchSeqNum: null });
      return refused;
    }
    if (this.#dice.chance(1, 100)) return refused;
    if (call.matchSeqNum === this.#tail && this.#tail > 0 && this.#strikes('match-seq-num'))
      return this.#acknowledge({ ...call, matchSeqNum: null }, [1n]);
    if (call.fencingToken !== null && call.fencingToken !== this.#token && this.#strikes('fence'))
      return this.#acknowledge({ ...call, fencingToken: null }, []);
    if (this.#strikes('lost-append')) return { kind: 'append-success', tail: this.#tail + call.recordHashes.length };
    if (this.#strikes('corrupt'))
      return this.#acknowledge({ ...call, recordHashes: call.recordHashes.map((hash) => hash ^ 4n) }, []);
    if (!this.#holds(call)) return refused;
    return this.#acknowledge(call, []);
  }

  /** Applies, with so many strange records sneaked in before, and perhaps a bug right behind. */
  #acknowledge(call: Append, sneaked: readonly bigint[]): Return {
    if (sneaked.length > 0) this.#apply(nothingBut(sneaked));
    this.#apply(call);
    const { tail } = this;
    const earlier = this.#snapshots.at(-100);
    if (earlier !== undefined && this.#strikes('reorder')) return { kind: 'append-success', tail: earlier.tail };
    this.#latest = call;
    if (this.#strikes('duplicate')) this.#apply({ ...call, fencingToken: null, matchSeqNum: null });
    if (call.recordHashes.length > 1 && this.#strikes('torn-batch')) this.#tearUnknown();
    if (this.#strikes('flap')) this.#flap();
    return { kind: 'append-success', tail };
  }

  get tail(): number {
    return this.#tail;
  }

  /** An append of unknown outcome of which only the first record is stored. */
  #tearUnknown(): void {
    const opId = this.#nextOpId++;
    const clientId = this.#nextClientId++;
    const recordHashes = [this.#nextBody, this.#nextBody + 1n, this.#nextBody + 2n].map((body) => chain(7n, body));
    this.#nextBody += 3n;
    this.#events.push({ type: 'call', clientId, opId, call: nothingBut(recordHashes) });
    this.#deferred.push({ type: 'return', clientId, opId, return: { kind: 'append-indefinite-failure' } });
    this.#apply(nothingBut(recordHashes.slice(0, 1)));
  }

  /** An unknown append is seen by a check-tail and is gone again for the next one. */
  #flap(): void {
    const clientId = this.#nextClientId++;
    const unknown = this.#nextOpId++;
    const call = nothingBut([chain(9n, this.#nextBody++)]);
    this.#events.push({ type: 'call', clientId, opId: unknown, call });
    this.#deferred.push({ type: 'return', clientId, opId: unknown, return: { kind: 'append-indefinite-failure' } });
    for (const tail of [this.#tail + 1, this.#tail]) {
      const opId = this.#nextOpId++;
      const observer = this.#nextClientId;
      this.#events.push({ type: 'call', clientId: observer, opId, call: { kind: 'check-tail' } });
      this.#events.push({ type: 'return', clientId: observer, opId, return: { kind: 'check-tail-success', tail } });
    }
    this.#nextClientId++;
  }

  #holds(call: Append): boolean {
    if (call.fencingToken !== null && call.fencingToken !== this.#token) return false;
    return call.matchSeqNum === null || call.matchSeqNum === this.#tail;
  }

  #apply(call: Append): void {
    if (!this.#holds(call)) return;
    this.#tail += call.recordHashes.length;
    this.#records.push(...call.recordHashes);
    this.#hash = chainAll(call.recordHashes, this.#hash);
    this.#token = call.setFencingToken ?? this.#token;
    this.#snapshots.push({ tail: this.#tail, hash: this.#hash });
  }

  /** True once, at the first occasion in the second half of the run. */
  #strikes(bug: PlantedBug): boolean {
    if (this.#bugLeft !== bug) return false;
    if (this.#ops * 2 < this.#options.clients * this.#options.opsPerClient) return false;
    this.#bugLeft = null;
    return true;
  }
}

function nothingBut(recordHashes: readonly bigint[]): Append {
  return { kind: 'append', recordHashes, setFencingToken: null, fencingToken: null, matchSeqNum: null };
}

/** Tasks by time, then by order of arrival: a binary heap. */
class Agenda {
  readonly #heap: Task[] = [];
  #now = 0;
  #order = 0;

  at(at: number, run: () => void): void {
    const heap = this.#heap;
    heap.push({ at, order: this.#order++, run });
    for (let child = heap.length - 1; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!isBefore(heap[child]!, heap[parent]!)) return;
      [heap[child], heap[parent]] = [heap[parent]!, heap[child]!];
      child = parent;
    }
  }

  in(delay: number, run: () => void): void {
    this.at(this.#now + delay, run);
  }

  run(): void {
    for (let task = this.#take(); task !== undefined; task = this.#take()) {
      this.#now = task.at;
      task.run();
    }
  }

  #take(): Task | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return first;
    heap[0] = last;
    for (let parent = 0; ;) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2])
        if (child < heap.length && isBefore(heap[child]!, heap[least]!)) least = child;
      if (least === parent) return first;
      [heap[parent], heap[least]] = [heap[least]!, heap[parent]!];
      parent = least;
    }
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
