/** Histories of a side stream for tests, told in the order things happened; time goes on by a second with every event. */

import {
  contentOf,
  type SideCall,
  SideHistory,
  type SideOperation,
  type SideOutcome,
  type SideRecord,
  type SideSeen,
} from '../history.ts';

const STREAM = 's';
export const EVENT_MS = 1_000;

export const data = (body: string): SideRecord => ({ kind: 'data', body, timestamp: null });
export const trim = (point: number): SideRecord => ({ kind: 'trim', point, timestamp: null });
export const append = (records: readonly SideRecord[], matchSeqNum: number | null = null): SideCall => ({
  kind: 'append',
  records,
  matchSeqNum,
});
export const create = (
  token: string,
  retentionAgeMs: number | null = null,
  emptyAgeMs: number | null = null,
): SideCall => ({
  kind: 'create',
  token,
  retentionAgeMs,
  emptyAgeMs,
});
export const remove: SideCall = { kind: 'delete' };
export const readFrom = (seqNum: number): SideCall => ({ kind: 'read', from: { kind: 'seq-num', seqNum }, count: 100 });
export const readAt = (timestamp: number): SideCall => ({
  kind: 'read',
  from: { kind: 'timestamp', timestamp },
  count: 100,
});
export const created: SideOutcome = { kind: 'created' };
export const deleted: SideOutcome = { kind: 'deleted' };
export const absent: SideOutcome = { kind: 'absent' };
export const pending: SideOutcome = { kind: 'pending' };
export const unknown: SideOutcome = { kind: 'unknown', code: 'timeout' };

/** Records have their number times ten for timestamp. */
export const stampOf = (seqNum: number): number => 10 * seqNum;
const at = (seqNum: number) => ({ seqNum, timestamp: stampOf(seqNum) });

export const appended = (start: number, count: number): SideOutcome => ({
  kind: 'appended',
  start: at(start),
  end: { seqNum: start + count, timestamp: stampOf(start + count - 1) },
});
export const tailIs = (seqNum: number): SideOutcome => ({
  kind: 'tail',
  tail: { seqNum, timestamp: seqNum === 0 ? 0 : stampOf(seqNum - 1) },
});
export const atTail = (seqNum: number): SideOutcome => ({ ...tailIs(seqNum), kind: 'at-tail' }) as SideOutcome;
/** Consecutive records from `start` on. */
export const page = (start: number, ...contents: readonly (string | SideRecord)[]): SideOutcome => ({
  kind: 'page',
  records: contents.map((content, index) => seen(start + index, content)),
});
export const pageOf = (...records: readonly SideSeen[]): SideOutcome => ({ kind: 'page', records });
export const seen = (seqNum: number, content: string | SideRecord, timestamp = stampOf(seqNum)): SideSeen => ({
  seqNum,
  timestamp,
  content: typeof content === 'string' ? content : contentOf(content),
});

export class Story {
  #nowMs = 0;
  readonly #history = new SideHistory(() => (this.#nowMs += EVENT_MS));

  get operations(): readonly SideOperation[] {
    return this.#history.operations;
  }

  begins(call: SideCall): SideOperation {
    return this.#history.called({ stream: STREAM, client: 'c', call });
  }

  ends(operation: SideOperation, outcome: SideOutcome): this {
    this.#history.returned(operation, outcome);
    return this;
  }

  /** One operation from call to return. */
  does(call: SideCall, outcome: SideOutcome): this {
    return this.ends(this.begins(call), outcome);
  }

  /** Nothing happens for so long. */
  waits(ms: number): this {
    this.#nowMs += ms;
    return this;
  }
}
