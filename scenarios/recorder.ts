/**
 * Writes down calls and returns in the order they happen. The finish of an indefinite append is withheld to the
 * end, because the request may still take effect: a finish at the time of the error would make a correct system
 * look broken.
 */

import type { Call, HistoryEvent, Return } from '../checker/index.ts';

export interface RecordedOperation {
  readonly clientId: number;
  readonly opId: number;
}

/** A place in the history, kept for a call that may turn out to be worth writing down. */
export interface Moment {
  readonly index: number;
  readonly atMs: number;
}

export class Recorder {
  readonly #nowMs: () => number;
  /** Null where a moment was kept and nothing came of it. */
  readonly #events: (HistoryEvent | null)[] = [];
  readonly #withheld: HistoryEvent[] = [];
  #nextOpId = 1;
  #nextClientId = 1;

  readonly #heard: (event: HistoryEvent) => void;

  /**
   * `nowMs` stamps the events; the verdict never depends on it. `heard` is told every event as it happens, withheld
   * finishes too, but not what was written down later than it happened.
   */
  constructor(nowMs: () => number, heard: (event: HistoryEvent) => void = () => {}) {
    this.#nowMs = nowMs;
    this.#heard = heard;
  }

  /** Client ids are never used twice: after an indefinite failure the worker goes on under a fresh one. */
  newClientId(): number {
    return this.#nextClientId++;
  }

  call(clientId: number, call: Call, note: string): RecordedOperation {
    const operation = { clientId, opId: this.#nextOpId++ };
    const event: HistoryEvent = { type: 'call', ...operation, call, atMs: this.#nowMs(), note };
    this.#events.push(event);
    this.#heard(event);
    return operation;
  }

  /** Now, for a call whose end will say whether there is anything to tell. */
  moment(): Moment {
    return { index: this.#events.push(null) - 1, atMs: this.#nowMs() };
  }

  /** An operation that was called at a moment kept before and returns now. Each moment serves once. */
  happened(since: Moment, clientId: number, call: Call, outcome: Return, note: string): void {
    const operation = { clientId, opId: this.#nextOpId++ };
    this.#events[since.index] = { type: 'call', ...operation, call, atMs: since.atMs, note };
    this.#end(operation, outcome, note);
  }

  return(operation: RecordedOperation, outcome: Return, note: string): void {
    this.#heard(this.#end(operation, outcome, note));
  }

  #end({ clientId, opId }: RecordedOperation, outcome: Return, note: string): HistoryEvent {
    const event: HistoryEvent = { type: 'return', clientId, opId, return: outcome, atMs: this.#nowMs(), note };
    if (outcome.kind === 'append-indefinite-failure') this.#withheld.push(event);
    else this.#events.push(event);
    return event;
  }

  get operationCount(): number {
    return this.#nextOpId - 1;
  }

  /** Everything recorded so far, with the withheld finishes at the end. */
  history(): HistoryEvent[] {
    return [...this.#events.filter((event) => event !== null), ...this.#withheld];
  }
}
