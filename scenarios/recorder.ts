/**
 * Writes down calls and returns in the order they happen. The finish of an indefinite append is withheld to the
 * end, because the request may still take effect: a finish at the time of the error would make a correct system
 * look broken.
 */

import type { EventLabels, HistoryEvent } from '../checker/index.ts';
import { s2Event, s2History, type RecordedCall, type RecordedEvent, type RecordedReturn } from './recorded-event.ts';

export interface RecordedOperation {
  readonly clientId: number;
  readonly opId: number;
}

/** A place in the history, kept for calls that may turn out to be worth writing down. */
export interface Moment {
  readonly index: number;
  readonly atMs: number;
}

/** What is known of an event besides; on all but the last no verdict depends. */
export type Labels = Pick<EventLabels, 'session' | 'attempt' | 'node'> & { tailTimestamp?: number };

type CallLabels = Omit<Labels, 'tailTimestamp'>;

export class Recorder {
  readonly #nowMs: () => number;
  /** A list where a moment was kept: the calls that were made there, none at first. */
  readonly #events: (RecordedEvent | RecordedEvent[])[] = [];
  readonly #withheld: RecordedEvent[] = [];
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

  call(clientId: number, call: RecordedCall, note: string, labels: CallLabels = {}): RecordedOperation {
    const operation = { clientId, opId: this.#nextOpId++ };
    const event: RecordedEvent = { type: 'call', ...operation, call, ...labels, atMs: this.#nowMs(), note };
    this.#events.push(event);
    this.#tell(event);
    return operation;
  }

  /** Now, for calls whose ends will say whether there is anything to tell. */
  moment(): Moment {
    return { index: this.#events.push([]) - 1, atMs: this.#nowMs() };
  }

  /** An operation that was called at a moment kept before and returns now. Calls of one moment are of different clients. */
  happened(
    since: Moment,
    clientId: number,
    call: RecordedCall,
    outcome: RecordedReturn,
    note: string,
    labels: CallLabels = {},
  ): void {
    const operation = { clientId, opId: this.#nextOpId++ };
    const calls = this.#events[since.index] as RecordedEvent[];
    calls.push({ type: 'call', ...operation, call, ...labels, atMs: since.atMs, note });
    this.#end(operation, outcome, note, labels);
  }

  return(operation: RecordedOperation, outcome: RecordedReturn, note: string, labels: Labels = {}): void {
    this.#tell(this.#end(operation, outcome, note, labels));
  }

  #end({ clientId, opId }: RecordedOperation, outcome: RecordedReturn, note: string, labels: Labels): RecordedEvent {
    const event: RecordedEvent = {
      type: 'return',
      clientId,
      opId,
      return: outcome,
      ...labels,
      atMs: this.#nowMs(),
      note,
    };
    if (outcome.kind === 'append-indefinite-failure') this.#withheld.push(event);
    else this.#events.push(event);
    return event;
  }

  /** In the words of S2's format, which are those of whoever listens; an answer without a call is ignored there. */
  #tell(event: RecordedEvent): void {
    const plain = s2Event(event);
    if (plain !== null) this.#heard(plain);
  }

  get operationCount(): number {
    return this.#nextOpId - 1;
  }

  /** Everything recorded so far, with the withheld finishes at the end. */
  wholeHistory(): RecordedEvent[] {
    return [...this.#events.flat(), ...this.#withheld];
  }

  /** The same as far as S2's format can say it. */
  history(): HistoryEvent[] {
    return s2History(this.wholeHistory());
  }
}
