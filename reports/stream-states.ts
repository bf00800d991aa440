/**
 * The state of the stream along an order of operations, and why an operation can not come next: what Porcupine stores with
 * every step, recomputed here from the operations.
 *
 * State and rules are those of the checker's model of a stream: tail, chain hash of all records, fencing token; the fence is
 * tested before the sequence number. Where the records' hashes are not at hand the content stays unknown until a read
 * tells it. Pure; decides nothing, only explains.
 */

import { ChainHash } from '../checker/chain-hash.ts';
import { formatNumber } from './figures.ts';
import type { Operation } from './operations.ts';
import { hexOf, type RecordHashes } from './record-hashes.ts';
import type { Baseline } from './window.ts';

export interface StreamState {
  tail: number;
  /** 16 hex digits; null when nobody knows the content here. */
  hash: string | null;
  token: string;
}

export function startState({ floor }: Baseline): StreamState {
  return { tail: floor, hash: floor === 0 ? '0'.repeat(16) : null, token: '' };
}

/** Why the operation can not come next in this state; null when it can. */
export function refusalOf(state: StreamState, operation: Operation): string | null {
  const { kind, outcome, recordCount, startSeqNum, endSeqNum, fencingToken, matchSeqNum, streamHash } = operation;
  if (outcome === 'rejected' || outcome === 'failed' || outcome === 'open') return null;
  const tail = `the tail is ${formatNumber(state.tail)}`;
  if (kind === 'append') {
    if (fencingToken !== null && fencingToken !== state.token) return `the token in force is “${state.token}”`;
    if (matchSeqNum !== null && matchSeqNum !== state.tail) return `${tail}, not ${formatNumber(matchSeqNum)}`;
    const start = startSeqNum ?? state.tail;
    return start === state.tail ? null : `${tail}, and it was acknowledged from ${formatNumber(start)} on`;
  }
  if (endSeqNum !== null && endSeqNum !== state.tail) return `${tail}, not ${formatNumber(endSeqNum)}`;
  if (streamHash !== null && state.hash !== null && streamHash !== state.hash)
    return `the content has hash ${state.hash}, not ${streamHash}`;
  return recordCount === 0 ? null : tail;
}

/** The state after the operation took effect, fitting or not: an append adds its records behind the tail. */
function stateAfter(
  state: StreamState,
  operation: Operation,
  index: number,
  records: RecordHashes | null,
): StreamState {
  if (operation.kind !== 'append') return { ...state, hash: operation.streamHash ?? state.hash };
  if (operation.outcome === 'rejected') return state;
  return {
    tail: state.tail + operation.recordCount,
    hash: state.hash === null || records === null ? null : chained(state.hash, records, index),
    token: operation.setFencingToken ?? state.token,
  };
}

/** Entry i is the state before step i; one more than there are steps. */
export function statesAlong(
  operations: readonly Operation[],
  order: readonly number[],
  from: { state: StreamState; records: RecordHashes | null },
): StreamState[] {
  const states = [from.state];
  let state = from.state;
  for (const index of order) {
    const operation = operations[index];
    if (operation !== undefined) state = stateAfter(state, operation, index, from.records);
    states.push(state);
  }
  return states;
}

/** `tail 42 · token “a” · hash 0f3c…`. */
export function describeState({ tail, hash, token }: StreamState): string {
  const parts = [`tail ${formatNumber(tail)}`];
  if (token !== '') parts.push(`token “${token}”`);
  if (hash !== null && tail > 0) parts.push(`hash ${hash}`);
  return parts.join(' · ');
}

const chain = new ChainHash();

function chained(hash: string, { hi, lo, starts }: RecordHashes, index: number): string {
  chain.set(Number.parseInt(hash.slice(0, 8), 16) | 0, Number.parseInt(hash.slice(8), 16) | 0);
  chain.appendRange(hi, lo, starts[index] ?? 0, starts[index + 1] ?? 0);
  return hexOf(chain.hi, chain.lo);
}
