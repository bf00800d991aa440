/** The independent judge of witnesses: it accepts the true order and refuses every small change of it. */

import { describe, expect, test } from 'vitest';
import { chainAll } from '../chain-hash.ts';
import type { Call, History } from '../history.ts';
import { MalformedHistory } from '../malformed.ts';
import { refusalOfWitness } from './replay.ts';

const append = (recordHashes: bigint[], more: Partial<Call & { kind: 'append' }> = {}): Call => ({
  kind: 'append',
  recordHashes,
  setFencingToken: null,
  fencingToken: null,
  matchSeqNum: null,
  ...more,
});

/** Ops 1 (a fence), 2 (unknown, guarded) and 3 (a read of both); op 4 never returned, op 5 failed. */
const HISTORY: History = [
  { type: 'call', clientId: 1, opId: 1, call: append([5n], { setFencingToken: 't', fencingToken: '' }) },
  { type: 'return', clientId: 1, opId: 1, return: { kind: 'append-success', tail: 1 } },
  { type: 'call', clientId: 2, opId: 2, call: append([6n], { fencingToken: 't', matchSeqNum: 1 }) },
  { type: 'call', clientId: 3, opId: 3, call: { kind: 'read' } },
  { type: 'return', clientId: 3, opId: 3, return: { kind: 'read-success', tail: 2, streamHash: chainAll([5n, 6n]) } },
  { type: 'call', clientId: 3, opId: 4, call: append([7n]) },
  { type: 'call', clientId: 1, opId: 5, call: append([8n]) },
  { type: 'return', clientId: 1, opId: 5, return: { kind: 'append-definite-failure' } },
  { type: 'return', clientId: 2, opId: 2, return: { kind: 'append-indefinite-failure' } },
];

describe('the replay of a witness', () => {
  test('accepts the order in which it happened', () => {
    expect(refusalOfWitness(HISTORY, { linearization: [1, 2, 3, 5], withoutEffect: [4] })).toBe(null);
    expect(refusalOfWitness(HISTORY, { linearization: [1, 2, 3, 5, 4], withoutEffect: [] })).toBe(null);
  });

  test.each([
    ['an answered op left out', [1, 2, 3], [4], /op 5 has no place/],
    ['an append of unknown outcome left out', [1, 2, 3, 5], [], /op 4 has no place/],
    ['an op placed twice', [1, 2, 3, 3, 5], [4], /op 3 is not in the history, or placed twice/],
    ['an op that never was', [1, 2, 3, 5, 77], [4], /op 77/],
    ['an acknowledged append without effect', [2, 3, 5], [1, 4], /op 1 cannot be without effect/],
    ['a read before what it saw', [1, 3, 2, 5], [4], /op 3: the tail is 1/],
    ['real time turned round', [1, 2, 5, 3], [4], /op 3 stands behind an op that was called after it returned/],
    ['a guard that does not hold', [1, 4, 2, 3, 5], [], /op 2: the tail is 2|op 3/],
    ['an effect denied', [1, 3, 5], [2, 4], /op 3: the tail is 1/],
  ] as const)('refuses %s', (_name, linearization, withoutEffect, message) => {
    expect(refusalOfWitness(HISTORY, { linearization, withoutEffect })).toMatch(message);
  });

  test('takes a told content for what its hash stands for', () => {
    const told = (recordHashes: bigint[]): History =>
      HISTORY.map((event) =>
        event.type === 'return' && event.return.kind === 'read-success'
          ? { ...event, return: { ...event.return, recordHashes, streamHash: chainAll(recordHashes) } }
          : event,
      );
    const witness = { linearization: [1, 2, 3, 5], withoutEffect: [4] };
    expect(refusalOfWitness(told([5n, 6n]), witness)).toBe(null);
    expect(refusalOfWitness(told([5n, 7n]), witness)).toMatch(/op 3: the stream hash/);
    expect(() => refusalOfWitness(told([5n]), witness)).toThrow(MalformedHistory);
  });

  test('knows that S2 itself takes no empty token on a stream without one', () => {
    const witness = { linearization: [1, 2, 3, 5], withoutEffect: [4] };
    expect(refusalOfWitness(HISTORY, witness, { strictS2: true })).toMatch(/op 1: the fencing token is null/);
  });
});
