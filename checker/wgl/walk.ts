/**
 * WGL+: the search of Wing & Gong with Lowe's cache of configurations, and what keeps it from exploding.
 *
 * 1. Read-only operations that are legal now are placed at once and never branched on: any order that has them later
 *    still holds with them moved here, unless an optional operation that returned before them would then be behind
 *    them. 2. Optional operations are placed only to take effect; the search ends when all
 *    required ones are placed. One with a return is out once something called after that return is placed. 3. A state
 *    leads nowhere that has come further than the position of a required operation still to be placed, or from which nothing
 *    leads to the answer of one. 4. Required before optional; of these what leads just to the next position first, then by
 *    call, latest first. 5. A configuration is explored once.
 *
 * docs/CHECKER.md proves each rule, `differential.test.ts` breaks each. Invariant of the walk: what is out of the
 * timeline's lists is exactly what is in `#placed` and in `#order`. Nothing depends on time or on iteration order.
 */

import { Configurations, Placed } from './configurations.ts';
import type { Model, Operation } from './model.ts';
import { DeadEnds } from './dead-ends.ts';
import { ILLEGAL, States } from './states.ts';
import { Timeline } from './timeline.ts';

export interface Walked {
  verdict: 'ok' | 'illegal' | 'unknown';
  /** Steps of the model asked for. */
  steps: number;
  configurations: number;
  orders: readonly (readonly number[])[];
}

export class Walk<S, I, O> {
  readonly #operations: readonly Operation<I, O>[];
  readonly #timeline: Timeline;
  readonly #states: States<S, I, O>;
  readonly #progress: ((state: S) => number) | null;
  readonly #isHopeless: ((state: S, input: I, output: O) => boolean) | null;
  readonly #placed: Placed;
  readonly #configurations = new Configurations();
  readonly #deadEnds: DeadEnds;
  /** By operation: what is tried first, or null for the order of calls. */
  readonly #preference: Float64Array | null;
  /** Optional operations that return, in order of return. */
  readonly #returningOptional: readonly number[];
  #steps = 0;
  /** Placed operations, in order. */
  readonly #order: Int32Array;
  #orderLength = 0;
  #state: number;
  /** Rank of the latest call among placed operations. */
  #latestCall = -1;
  // What may come next, one range per level of the search, in one array.
  #choices = new Int32Array(16);
  #choicesEnd = 0;
  /** Those in use are the first ones; the others are kept to be used again. */
  readonly #levels: Level[] = [];
  #depth = 0;

  constructor(model: Model<S, I, O>, operations: readonly Operation<I, O>[], keepsAllOrders: boolean) {
    const { position, progress, isHopeless, preference } = model;
    this.#operations = operations;
    this.#timeline = new Timeline(operations, model);
    this.#preference = preference
      ? Float64Array.from(operations, ({ input, output }) => preference(input, output))
      : null;
    this.#progress = progress !== undefined && position !== undefined ? progress : null;
    this.#isHopeless = isHopeless ?? null;
    this.#states = new States(model);
    this.#state = this.#states.idOf(model.init());
    this.#placed = new Placed(this.#timeline);
    this.#returningOptional = this.#timeline.optional
      .filter((operation) => operations[operation]!.return < Number.POSITIVE_INFINITY)
      .toSorted((a, b) => this.#timeline.rank[operations.length + a]! - this.#timeline.rank[operations.length + b]!);
    this.#order = new Int32Array(operations.length);
    this.#deadEnds = new DeadEnds(operations.length, keepsAllOrders);
  }

  /** Goes on until the search ends or so many steps were spent in all, give or take one level; null then. */
  run(stepsMax: number): Walked | null {
    if (this.#depth === 0) this.#open();
    while (this.#timeline.firstRequired !== -1) {
      if (this.#steps >= stepsMax) return null;
      if (this.#configurations.isFull) return this.#end('unknown');
      if (this.#tryNext()) this.#open();
      else {
        this.#deadEnds.note(this.#order, this.#orderLength);
        if (!this.#close()) return this.#end('illegal');
      }
    }
    return this.#end('ok');
  }

  /** What is known when no more steps may be spent. */
  giveUp(): Walked {
    return this.#end('unknown');
  }

  #end(verdict: Walked['verdict']): Walked {
    const orders =
      verdict === 'ok'
        ? [[...this.#order.subarray(0, this.#orderLength)]]
        : this.#deadEnds.finish(this.#order, this.#orderLength);
    return { verdict, steps: this.#steps, configurations: this.#configurations.size, orders };
  }

  /** Commits what is read-only and legal now, and lists what may come next. */
  #open(): void {
    const start = this.#choicesEnd;
    let entry = this.#timeline.firstRequired;
    for (; entry !== -1 && this.#timeline.isCall(entry); entry = this.#timeline.after(entry)) {
      if (this.#timeline.isReadOnly[entry] === 0 || !this.#mayCommit(entry)) this.#addChoice(entry);
      else if (this.#step(entry) !== ILLEGAL) this.#place(entry);
    }
    const boundary = entry === -1 ? Number.POSITIVE_INFINITY : this.#timeline.rank[entry]!;
    if (this.#preference !== null) this.#sortChoices(start, this.#preference);
    const optional = this.#timeline.optionalBefore(boundary);
    const level = (this.#levels[this.#depth++] ??= new Level());
    level.orderLength = this.#orderLength;
    level.state = this.#state;
    level.latestCall = this.#latestCall;
    level.choicesStart = start;
    level.choicesEnd = this.#choicesEnd;
    level.nextChoice = start;
    level.optional = optional;
    level.optionalPass = this.#progress === null ? 1 : 0;
    level.optionalsTried = 0;
  }

  /** Undoes the latest level and the operation that led to it. False when there is none before it. */
  #close(): boolean {
    this.#choicesEnd = this.#levels[--this.#depth]!.choicesStart;
    if (this.#depth === 0) return false;
    const parent = this.#levels[this.#depth - 1]!;
    this.#undoTo(parent.orderLength);
    this.#state = parent.state;
    this.#latestCall = parent.latestCall;
    return true;
  }

  /** Takes the next choice of the latest level that leads to a new configuration. */
  #tryNext(): boolean {
    const level = this.#levels[this.#depth - 1]!;
    while (level.nextChoice < level.choicesEnd) if (this.#take(this.#choices[level.nextChoice++]!)) return true;
    for (; level.optionalPass < 2; level.optionalPass++, level.optionalsTried = 0)
      while (level.optionalsTried < level.optional) {
        const operation = this.#timeline.optional[level.optional - ++level.optionalsTried]!;
        if (this.#placed.has(operation)) continue;
        if (this.#timeline.rank[this.#timeline.count + operation]! < this.#latestCall) continue;
        if (this.#fillsTheGap(operation) !== (level.optionalPass === 0)) continue;
        if (this.#take(operation)) return true;
      }
    return false;
  }

  /** Does the operation lead just to where the next required one belongs? */
  #fillsTheGap(operation: number): boolean {
    if (this.#progress === null) return false;
    const next = this.#step(operation);
    if (next === ILLEGAL) return false;
    const { leastPositioned } = this.#timeline;
    return this.#progress(this.#states.stateOf(next)) === this.#timeline.positionOf(leastPositioned);
  }

  #take(operation: number): boolean {
    const { state, latestCall } = this.#levels[this.#depth - 1]!;
    const next = this.#step(operation);
    if (next === ILLEGAL) return false;
    this.#place(operation);
    this.#state = next;
    const isDead = this.#isDead(next);
    if (!isDead && this.#configurations.add(this.#placed, next)) return true;
    // As far as that is an order too, which may be the longest.
    if (isDead) this.#deadEnds.note(this.#order, this.#orderLength);
    this.#undoTo(this.#orderLength - 1);
    this.#state = state;
    this.#latestCall = latestCall;
    return false;
  }

  /** Not when an optional operation that returned before the call could still take effect: that would come first. */
  #mayCommit(operation: number): boolean {
    const { rank, count } = this.#timeline;
    for (const optional of this.#returningOptional) {
      const end = rank[count + optional]!;
      if (end > rank[operation]!) return true;
      if (end > this.#latestCall && !this.#placed.has(optional)) return false;
    }
    return true;
  }

  #step(operation: number): number {
    this.#steps++;
    const { input, output } = this.#operations[operation]!;
    return this.#states.step(this.#state, operation, input, output);
  }

  #isDead(state: number): boolean {
    if (this.#progress === null)
      return this.#isHopeless !== null && this.#isUnreachable(this.#timeline.firstRead, state);
    const progress = this.#progress(this.#states.stateOf(state));
    let operation = this.#timeline.leastPositioned;
    if (this.#timeline.positionOf(operation) < progress) return true;
    if (this.#isHopeless === null) return false;
    for (; this.#timeline.positionOf(operation) === progress; operation = this.#timeline.nextPositioned(operation))
      if (this.#isUnreachable(operation, state)) return true;
    return false;
  }

  /** Is there nothing that could come before the operation and lead from here to what it answered? */
  #isUnreachable(operation: number, state: number): boolean {
    if (operation === -1) return false;
    const { rank, count, firstOverwriting } = this.#timeline;
    if (firstOverwriting < rank[count + operation]!) return false;
    const { input, output } = this.#operations[operation]!;
    return this.#isHopeless!(this.#states.stateOf(state), input, output);
  }

  #place(operation: number): void {
    this.#timeline.place(operation);
    this.#placed.flip(operation);
    this.#order[this.#orderLength++] = operation;
    this.#latestCall = Math.max(this.#latestCall, this.#timeline.rank[operation]!);
  }

  #undoTo(length: number): void {
    while (this.#orderLength > length) {
      const operation = this.#order[--this.#orderLength]!;
      this.#placed.flip(operation);
      this.#timeline.undo(operation);
    }
  }

  #addChoice(operation: number): void {
    if (this.#choicesEnd === this.#choices.length) {
      const larger = new Int32Array(this.#choices.length * 2);
      larger.set(this.#choices);
      this.#choices = larger;
    }
    this.#choices[this.#choicesEnd++] = operation;
  }

  /** Insertion sort: the ranges are as short as there are clients. */
  #sortChoices(start: number, preference: Float64Array): void {
    const choices = this.#choices;
    for (let end = start + 1; end < this.#choicesEnd; end++) {
      const operation = choices[end]!;
      let at = end;
      for (; at > start && preference[choices[at - 1]!]! > preference[operation]!; at--) choices[at] = choices[at - 1]!;
      choices[at] = operation;
    }
  }
}

/** A configuration on the way, after its commits. */
class Level {
  orderLength = 0;
  state = 0;
  latestCall = -1;
  choicesStart = 0;
  choicesEnd = 0;
  nextChoice = 0;
  /** So many optional operations have been called; those not placed are tried after the choices. */
  optional = 0;
  /** First those that fill the gap up to the next position, then the others; those called last first. */
  optionalPass = 0;
  optionalsTried = 0;
}
