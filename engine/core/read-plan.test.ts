/** Where a unary read starts and what it may return (API contract §5.1-§5.3). */

import { describe, expect, test } from 'vitest';

import { type NumberedStart, planRead, type ReadInput } from './read-plan.ts';
import { newStream, type StreamState } from './stream-state.ts';

function stream(tailSeqNum: number, trimPoint = 0): StreamState {
  const fresh = newStream({
    id: 1,
    basin: 'basin-01',
    name: 's',
    createdAtMs: 0,
    requestToken: null,
    retentionAgeMs: null,
  });
  return { ...fresh, tail: { seqNum: tailSeqNum, timestamp: 9 }, trimPoint };
}

type NumberedInput = ReadInput & { start: NumberedStart };

function from(seqNum: number, rest: Partial<NumberedInput> = {}): NumberedInput {
  return { start: { kind: 'seq-num', seqNum }, clamp: false, count: null, meteredBytes: null, ...rest };
}

const fromEnd = (offset: number): NumberedInput => ({ ...from(0), start: { kind: 'tail-offset', offset } });
const UNWRITTEN = { kind: 'unwritten' };

describe('start', () => {
  test('at the tail and beyond it nothing is written, with and without clamp', () => {
    for (const clamp of [false, true]) {
      expect(planRead(stream(0), from(0, { clamp }))).toEqual(UNWRITTEN);
      expect(planRead(stream(5), from(5, { clamp }))).toEqual(UNWRITTEN);
      expect(planRead(stream(5), from(6, { clamp }))).toEqual(UNWRITTEN);
      expect(planRead(stream(5), from(2 ** 64, { clamp }))).toEqual(UNWRITTEN);
    }
  });

  test('one below the tail is written', () => {
    expect(planRead(stream(5), from(4))).toMatchObject({ kind: 'records', fromSeqNum: 4, belowTrim: false });
  });

  test('an offset counts from the tail and stops at the beginning', () => {
    expect(planRead(stream(5), fromEnd(0))).toEqual(UNWRITTEN);
    expect(planRead(stream(5), fromEnd(1))).toMatchObject({ fromSeqNum: 4 });
    expect(planRead(stream(5), fromEnd(99))).toMatchObject({ fromSeqNum: 0 });
    expect(planRead(stream(0), fromEnd(99))).toEqual(UNWRITTEN);
  });

  test('a start below the trim point is moved up to it', () => {
    expect(planRead(stream(5, 3), from(2))).toMatchObject({ fromSeqNum: 3, belowTrim: true });
    expect(planRead(stream(5, 3), from(3))).toMatchObject({ fromSeqNum: 3, belowTrim: false });
  });

  test('a start below the tail of a stream that is trimmed whole reads nothing, successfully', () => {
    expect(planRead(stream(5, 5), from(0))).toMatchObject({ kind: 'records', fromSeqNum: 5 });
  });
});

describe('limits', () => {
  test('without limits a read returns at most 1000 records and 1 MiB', () => {
    expect(planRead(stream(5), from(0))).toMatchObject({ recordsMax: 1000, meteredBytesMax: 1024 * 1024 });
  });

  test('limits can be lowered, not raised, and zero is a limit', () => {
    const plan = (count: number, meteredBytes: number) => planRead(stream(5), from(0, { count, meteredBytes }));
    expect(plan(0, 0)).toMatchObject({ recordsMax: 0, meteredBytesMax: 0 });
    expect(plan(7, 70)).toMatchObject({ recordsMax: 7, meteredBytesMax: 70 });
    expect(plan(1001, 1024 * 1024 + 1)).toMatchObject({ recordsMax: 1000, meteredBytesMax: 1024 * 1024 });
  });

  test('a limit of zero at the tail is unwritten all the same', () => {
    expect(planRead(stream(5), from(5, { count: 0 }))).toEqual(UNWRITTEN);
  });
});
