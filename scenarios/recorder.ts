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

export class Recorder {
  readonly #nowMs: () => number;
  readonly #events: HistoryEvent[] = [];
  readonly #withheld: HistoryEvent[] = [];
  #nextOpId = 1;
  #nextClientId = 1;

  /** `nowMs` stamps the events; the verdict never depends on it. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Client ids are never used twice: after an indefinite failure the worker goes on under a fresh one. */
  newClientId(): number {
    return this.#nextClientId++;
  }

  call(clientId: number, call: Call, note: string): RecordedOperation {
    const operation = { clientId, opId: this.#nextOpId++ };
    this.#events.push({ type: 'call', ...operation, call, atMs: this.#nowMs(), note });
    return operation;
  }

  return(operation: RecordedOperation, outcome: Return, note: string): void {
    const { clientId, opId } = operation;
    const event: HistoryEvent = { type: 'return', clientId, opId, return: outcome, atMs: this.#nowMs(), note };
    if (outcome.kind === 'append-indefinite-failure') this.#withheld.push(event);
    else this.#events.push(event);
  }

  get operationCount(): number {
    return this.#nextOpId - 1;
  }

  /** Everything recorded so far, with the withheld finishes at the end. */
  history(): HistoryEvent[] {
    return [...this.#events, ...this.#withheld];
  }
}
