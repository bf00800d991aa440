/**
 * The sweep while the history is being made: says at the very event that proves a bug what it is.
 *
 * Everything but the choice of what fills holes is judged here: floors, conditions, tokens, overlapping and torn batches,
 * reads that contradict each other or what was acknowledged, records that nobody can have written. Memory is proportional
 * to what is outstanding, appends of unknown outcome included: below the least floor of the open operations one chain value
 * and one token are kept, for nothing that may still return can lie there without being stale. An event costs what it
 * changes of what is known behind it. What is not convicted here may still be illegal: `checkStream` of the whole history
 * decides.
 */

import { highHalf, lowHalf } from '../chain-hash.ts';
import type { HistoryEvent, Return } from '../history.ts';
import { violationOf } from './floors.ts';
import { type Batch, behind, type Frontier, headOf, isAlike, met, overHole, refusalOfToken } from './frontier.ts';
import { OpenHoles } from './open-holes.ts';
import { lowOf, NEVER, type Operation } from './operations.ts';
import { firstAbove } from './order.ts';
import { initialToken, type StreamCheckOptions } from './sweep.ts';
import { disagreementOf, overlapOf, tearOf } from './tiling.ts';
import type { Violation } from './violation.ts';

export class StreamMonitor {
  #count = 0;
  #floor = 0;
  #floorOp: Operation | null = null;
  readonly #open = new Map<number, Batch>();
  readonly #holes = new OpenHoles();
  /** Everything below is told, folded and forgotten. */
  #frontier: Frontier;
  /** Acknowledged batches behind the frontier, by position. */
  #batches: Batch[] = [];
  /** What is known behind each of these. */
  #reached: Frontier[] = [];
  /** Observers at or behind the frontier, by tail; of reads and of check-tails the first at each. */
  #observers: Operation[] = [];

  constructor(rule: Pick<StreamCheckOptions, 'strictS2'> = {}) {
    this.#frontier = headOf(initialToken(rule));
  }

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
    const found = this.#finish(batch, event.return, at) ?? this.#judgeHoles();
    // A finished operation keeps nothing older alive.
    batch.op.floorOp = null;
    if (found === null) this.#forget();
    return found;
  }

  /** Operations, batches and holes kept: what memory is proportional to. */
  get size(): number {
    return this.#open.size + this.#batches.length + this.#observers.length + this.#holes.size;
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

  #finish(batch: Batch, outcome: Return, at: number): Violation | null {
    const { op } = batch;
    op.returnedAt = at;
    if (op.kind === 'append') this.#holes.end(op, outcome.kind === 'append-indefinite-failure');
    if (!('tail' in outcome)) return null;
    op.tail = outcome.tail;
    op.outcome = 'success';
    const found = violationOf(op) ?? (op.kind === 'append' ? this.#acknowledge(batch) : this.#observe(op, outcome));
    if (found !== null) return found;
    if (op.tail > this.#floor) {
      this.#holes.add(this.#floor, lowOf(op), op);
      this.#floor = op.tail;
      this.#floorOp = op;
    } else this.#holes.take(lowOf(op), op.tail);
    return this.#goOn(op);
  }

  #acknowledge(batch: Batch): Violation | null {
    const { op } = batch;
    const at = firstAbove(this.#batches, (other) => lowOf(other.op), lowOf(op));
    for (const neighbour of [this.#batches[at - 1], this.#batches[at]])
      if (neighbour !== undefined && lowOf(neighbour.op) < op.tail && lowOf(op) < neighbour.op.tail)
        return overlapOf(neighbour.op, op).violation;
    this.#batches.splice(at, 0, batch);
    this.#reached.splice(at, 0, UNREACHED);
    const inside = this.#observers[firstAbove(this.#observers, (observer) => observer.tail, lowOf(op))];
    return inside !== undefined && inside.tail < op.tail ? tearOf(op, inside).violation : null;
  }

  #observe(op: Operation, outcome: Return): Violation | null {
    const above = this.#batches[firstAbove(this.#batches, (batch) => batch.op.tail, op.tail)];
    if (above !== undefined && lowOf(above.op) < op.tail) return tearOf(above.op, op).violation;
    const at = firstAbove(this.#observers, (observer) => observer.tail, op.tail);
    if (outcome.kind !== 'read-success') {
      if (this.#observers[at - 1]?.tail !== op.tail) this.#observers.splice(at, 0, op);
      return null;
    }
    op.hashHi = highHalf(outcome.streamHash);
    op.hashLo = lowHalf(outcome.streamHash);
    const other = this.#readAt(op.tail);
    if (other === undefined) this.#observers.splice(at, 0, op);
    else if (other.hashHi !== op.hashHi || other.hashLo !== op.hashLo) return disagreementOf(other, op).violation;
    return null;
  }

  /** Goes on from where an answer stands, as long as it makes a difference to what is known further on. */
  #goOn(answer: Operation): Violation | null {
    let at = firstAbove(this.#batches, (batch) => batch.op.tail, answer.tail - 1);
    let known: Frontier | Violation = at === 0 ? this.#met(this.#frontier) : this.#reached[at - 1]!;
    for (; at < this.#batches.length; at++) {
      known = this.#behind(known, this.#batches[at]!);
      if ('code' in known) return known;
      const before = this.#reached[at]!;
      this.#reached[at] = known;
      if (isAlike(before, known)) return null;
    }
    return 'code' in known ? known : null;
  }

  #judgeHoles(): Violation | null {
    if (this.#holes.isEmpty) return null;
    const appends = [...this.#open.values()].map(({ op }) => op).filter(({ kind }) => kind === 'append');
    return this.#holes.judge(appends, this.#floor);
  }

  /** What is known behind a batch, or what cannot be. */
  #behind(before: Frontier | Violation, batch: Batch): Frontier | Violation {
    let frontier = before;
    if ('code' in frontier) return frontier;
    if (lowOf(batch.op) > frontier.position) frontier = this.#met(overHole(lowOf(batch.op)));
    if ('code' in frontier) return frontier;
    return refusalOfToken(frontier, batch.op) ?? this.#met(behind(frontier, batch));
  }

  #met(frontier: Frontier): Frontier | Violation {
    const read = this.#readAt(frontier.position);
    return read === undefined ? frontier : met(frontier, read);
  }

  #readAt(tail: number): Operation | undefined {
    const observers = this.#observers;
    for (let i = firstAbove(observers, (observer) => observer.tail, tail - 1); observers[i]?.tail === tail; i++)
      if (observers[i]!.kind === 'read') return observers[i];
    return undefined;
  }

  /** Nothing that is open may still return below the least floor of all: what lies there is folded and forgotten. */
  #forget(): void {
    let lowWater = this.#floor;
    for (const { op } of this.#open.values()) lowWater = Math.min(lowWater, op.floor);
    const passed = firstAbove(this.#batches, (batch) => batch.op.tail, lowWater);
    if (passed > 0) {
      this.#frontier = this.#reached[passed - 1]!;
      this.#batches = this.#batches.slice(passed);
      this.#reached = this.#reached.slice(passed);
    }
    // Behind it there may be a hole up to the low-water mark, with a read at its end.
    const above = firstAbove(this.#observers, (observer) => observer.tail, lowWater);
    for (let i = above - 1; i >= 0 && this.#observers[i]!.tail > this.#frontier.position; i--)
      if (this.#observers[i]!.kind === 'read') {
        this.#frontier = met(overHole(this.#observers[i]!.tail), this.#observers[i]!) as Frontier;
        break;
      }
    const forgotten = firstAbove(this.#observers, (observer) => observer.tail, lowWater - 1);
    if (forgotten > 0) this.#observers = this.#observers.slice(forgotten);
  }
}

/** Of a batch that was just acknowledged. */
const UNREACHED: Frontier = overHole(-1);
