/**
 * The book that operations of clients are written into: who asked for what, when, and what came of it.
 *
 * Calls and returns have places in one order, and times beside them. An operation that never returns stays open, which is
 * to say at infinity. What `Asked` and `Outcome` are is for the judge who reads the book (`side/`, `control/`).
 */

/** What the book adds to what was asked. */
export interface Logged<Outcome> {
  /** Its place in the order of calls, from 0. */
  readonly id: number;
  /** Places in the order of all calls and returns, and milliseconds of simulated time. */
  readonly calledAt: number;
  readonly calledMs: number;
  outcome: Outcome | null;
  returnedAt: number;
  returnedMs: number;
}

/** A place in the order of all calls and returns, and milliseconds of simulated time. */
export interface Moment {
  at: number;
  ms: number;
}

export class CallLog<Asked extends object, Outcome> {
  readonly #nowMs: () => number;
  readonly #operations: (Asked & Logged<Outcome>)[] = [];
  #events = 0;

  /** `nowMs` is simulated time: judges may hold promises about time to it. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get operations(): readonly (Asked & Logged<Outcome>)[] {
    return this.#operations;
  }

  called(asked: Asked): Asked & Logged<Outcome> {
    return this.#write(asked, this.moment());
  }

  returned(operation: Logged<Outcome>, outcome: Outcome): void {
    const { at, ms } = this.moment();
    operation.outcome = outcome;
    operation.returnedAt = at;
    operation.returnedMs = ms;
  }

  /** Now, for what may be told of it later. */
  moment(): Moment {
    return { at: this.#events++, ms: this.#nowMs() };
  }

  /** Something is told now that was true at some moment since then. */
  told(since: Moment, asked: Asked, outcome: Outcome): void {
    this.returned(this.#write(asked, since), outcome);
  }

  #write(asked: Asked, { at, ms }: Moment): Asked & Logged<Outcome> {
    const id = this.#operations.length;
    const open = { id, calledAt: at, calledMs: ms, outcome: null, returnedAt: Infinity, returnedMs: Infinity };
    const operation: Asked & Logged<Outcome> = { ...asked, ...open };
    this.#operations.push(operation);
    return operation;
  }
}
