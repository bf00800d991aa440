/**
 * What an answer says about the stream: whether it fits a state, in one moment. Pure.
 *
 * A page is judged in two moments, because the server gathers it in steps: where it begins is decided in one, and every
 * record it shows exists in that moment or a later one, in the same life.
 */

import type { SideOperation } from './history.ts';
import type { Life, StreamState } from './model.ts';
import type { Stamps } from './stamps.ts';

/** Whether an answer that is not a page fits the state. */
export function fits(operation: SideOperation, state: StreamState, stamps: Stamps): boolean {
  const { kind } = operation.outcome ?? {};
  if (state === null) return kind === 'absent';
  return state.isDoomed ? kind === 'pending' : fitsLife(operation, state, stamps);
}

function fitsLife({ call, outcome }: SideOperation, state: Life, stamps: Stamps): boolean {
  switch (outcome?.kind) {
    case 'exists':
      return call.kind !== 'create' || call.token !== state.token;
    case 'noop':
      return call.kind === 'create' && call.token === state.token;
    case 'mismatch':
      return state.records.length === outcome.actual;
    case 'tail':
      return isTail(state, outcome.tail, stamps);
    case 'nothing':
      return call.kind === 'read' && call.from.kind === 'seq-num' && isPast(state, call.from.seqNum);
    case 'at-tail': {
      if (call.kind !== 'read' || !isTail(state, outcome.tail, stamps)) return false;
      return call.from.kind === 'seq-num'
        ? call.from.seqNum >= state.records.length
        : firstAtOrAfter(state, call.from.timestamp, stamps) === null;
    }
    default:
      return false;
  }
}

/** Whether the page may begin where it does, when its read begins in `life`. */
export function mayBegin(operation: SideOperation, life: Life, stamps: Stamps): boolean {
  const { call, outcome } = operation;
  if (life.isDoomed || call.kind !== 'read' || outcome?.kind !== 'page') return false;
  const first = outcome.records[0];
  const start = first === undefined ? life.records.length : first.seqNum;
  const getsWhatCame = call.follows === true || call.waits === true;
  if (getsWhatCame && call.from.kind === 'seq-num' && start === call.from.seqNum) {
    return start < life.records.length;
  }
  if (start < life.trimPoint || start > life.records.length) return false;
  if (first === undefined && life.trimPoint < life.records.length) return false;
  if (call.from.kind === 'seq-num') return start === Math.max(call.from.seqNum, life.trimPoint);
  const due = firstAtOrAfter(life, call.from.timestamp, stamps);
  return first === undefined || due === null || due >= start;
}

/** Whether every record of the page is in `life`, in its place. */
export function holdsPage(operation: SideOperation, life: Life): boolean {
  const { outcome } = operation;
  if (outcome?.kind !== 'page') return false;
  return outcome.records.every(({ seqNum, content }) => life.records[seqNum]?.content === content);
}

/** Up to where retention must have trimmed before the read can have begun as it did; null when it need not have. */
export function neededTrim(operation: SideOperation, life: Life): number | null {
  const { call, outcome } = operation;
  if (call.kind !== 'read') return null;
  let start: number | null = null;
  if (outcome?.kind === 'page') start = outcome.records[0]?.seqNum ?? life.records.length;
  else if (outcome?.kind === 'nothing') start = life.records.length;
  else if (outcome?.kind === 'at-tail' && call.from.kind === 'timestamp') start = life.records.length;
  if (start === null || start <= life.trimPoint || start > life.records.length) return null;
  return call.from.kind === 'seq-num' && start === call.from.seqNum ? null : start;
}

/**
 * The first record that is not trimmed and whose timestamp is `timestamp` or later; null when there is none, or when too
 * little is known to say.
 */
export function firstAtOrAfter(life: Life, timestamp: number, stamps: Stamps): number | null {
  for (let seqNum = life.trimPoint; seqNum < life.records.length; seqNum++) {
    const record = life.records[seqNum];
    const stamp = record === undefined ? null : stamps.of(record);
    if (stamp !== null && stamp >= timestamp) return seqNum;
  }
  return null;
}

/** Nothing is left from there on. */
function isPast(life: Life, seqNum: number): boolean {
  return Math.max(seqNum, life.trimPoint) === life.records.length;
}

function isTail(life: Life, tail: { seqNum: number; timestamp: number }, stamps: Stamps): boolean {
  if (tail.seqNum !== life.records.length) return false;
  const last = life.records.at(-1);
  const stamp = last === undefined ? 0 : stamps.of(last);
  return stamp === null || stamp === tail.timestamp;
}
