/** Where a read starts, what it may return and when it ends (API contract §5.1-§5.4). */

import { describe, expect, test } from 'vitest';

import { boundedRead, mayFollow, planStart, ReadAllowance, type ReadInput } from './read-plan.ts';
import type { SequencedRecord } from './record.ts';

const at = (seqNum: number) => ({ tail: { seqNum, timestamp: seqNum === 0 ? 0 : 9 } });

function from(seqNum: number, rest: Partial<ReadInput> = {}): ReadInput {
  const unlimited = { count: null, meteredBytes: null, untilTimestamp: null, waitMs: null };
  return { start: { kind: 'seq-num', seqNum }, clamp: false, ...unlimited, ...rest };
}

const fromEnd = (offset: number, rest = {}) => from(0, { start: { kind: 'tail-offset', offset }, ...rest });
const since = (timestamp: number, rest = {}) => from(0, { start: { kind: 'timestamp', timestamp }, ...rest });
/** Ends at the tail. */
const BOUNDED = { count: 5 };
const WAITING = { count: 5, waitMs: 1 };
const UNWRITTEN = { kind: 'unwritten' };

describe('following', () => {
  test('a read without any bound follows for ever, one with a bound only as long as it may wait', () => {
    expect(mayFollow(from(0))).toBe(true);
    expect(mayFollow(from(0, { waitMs: 0 }))).toBe(true);
    for (const bound of [{ count: 5 }, { meteredBytes: 5 }, { untilTimestamp: 5 }, { count: 0 }]) {
      expect(mayFollow(from(0, bound))).toBe(false);
      expect(mayFollow(from(0, { ...bound, waitMs: 0 }))).toBe(false);
      expect(mayFollow(from(0, { ...bound, waitMs: 1 }))).toBe(true);
    }
  });

  test('a unary read is bounded whatever was asked for, so it follows only if it waits', () => {
    expect(boundedRead(from(0))).toMatchObject({ count: 1000, meteredBytes: 1024 * 1024, waitMs: null });
    expect(boundedRead(from(0, { count: 7, meteredBytes: 70, waitMs: 5 }))).toMatchObject({
      count: 7,
      meteredBytes: 70,
      waitMs: 5,
    });
    expect(boundedRead(from(0, { count: 1001, meteredBytes: 2 ** 21, waitMs: 60_001 }))).toMatchObject({
      count: 1000,
      meteredBytes: 2 ** 20,
      waitMs: 60_000,
    });
  });
});

describe('start', () => {
  test('at the tail nothing is written for a read that ends there, with and without clamp', () => {
    for (const clamp of [false, true]) {
      expect(planStart(at(0), from(0, { clamp, ...BOUNDED }))).toEqual(UNWRITTEN);
      expect(planStart(at(5), from(5, { clamp, ...BOUNDED }))).toEqual(UNWRITTEN);
      expect(planStart(at(5), fromEnd(0, { clamp, ...BOUNDED }))).toEqual(UNWRITTEN);
    }
  });

  test('at the tail a read that follows waits', () => {
    for (const following of [WAITING, {}, { waitMs: 0 }]) {
      expect(planStart(at(0), from(0, following))).toEqual({ kind: 'from', seqNum: 0 });
      expect(planStart(at(5), fromEnd(0, following))).toEqual({ kind: 'from', seqNum: 5 });
    }
  });

  test('beyond the tail nothing is written, unless the start may be moved to the tail and the read follows', () => {
    for (const beyond of [6, 2 ** 64]) {
      expect(planStart(at(5), from(beyond, WAITING))).toEqual(UNWRITTEN);
      expect(planStart(at(5), from(beyond))).toEqual(UNWRITTEN);
      expect(planStart(at(5), from(beyond, { ...BOUNDED, clamp: true }))).toEqual(UNWRITTEN);
      expect(planStart(at(5), from(beyond, { ...WAITING, clamp: true }))).toEqual({ kind: 'from', seqNum: 5 });
    }
  });

  test('an offset counts from the tail and stops at the beginning', () => {
    expect(planStart(at(5), fromEnd(1, BOUNDED))).toEqual({ kind: 'from', seqNum: 4 });
    expect(planStart(at(5), fromEnd(99, BOUNDED))).toEqual({ kind: 'from', seqNum: 0 });
    expect(planStart(at(0), fromEnd(99, BOUNDED))).toEqual(UNWRITTEN);
  });

  test('a timestamp not later than the last record is looked for, a later one is beyond the tail', () => {
    expect(planStart(at(5), since(9, BOUNDED))).toEqual({ kind: 'seek', timestamp: 9 });
    expect(planStart(at(5), since(10, BOUNDED))).toEqual(UNWRITTEN);
    expect(planStart(at(5), since(10, WAITING))).toEqual(UNWRITTEN);
    expect(planStart(at(5), since(10, { ...BOUNDED, clamp: true }))).toEqual(UNWRITTEN);
    expect(planStart(at(5), since(10, { ...WAITING, clamp: true }))).toEqual({ kind: 'from', seqNum: 5 });
  });
});

describe('allowance', () => {
  const records = (...timestamps: number[]): SequencedRecord[] =>
    timestamps.map((timestamp, seqNum) => ({ seqNum, timestamp, headers: [], body: new Uint8Array(2) }));
  const spent = (input: Partial<ReadInput>, ...timestamps: number[]) => {
    const allowance = new ReadAllowance(from(0, input));
    const taken = allowance.take(records(...timestamps)).length;
    return [taken, allowance.isSpent];
  };

  test('a batch is at most 1,000 records and 1 MiB, and never more than is left', () => {
    expect(new ReadAllowance(from(0)).batch).toEqual({ recordsMax: 1000, meteredBytesMax: 1024 * 1024 });
    const allowance = new ReadAllowance(from(0, { count: 3, meteredBytes: 35 }));
    allowance.take(records(1, 2));
    expect(allowance.batch).toEqual({ recordsMax: 1, meteredBytesMax: 15 });
  });

  test('is spent by the last record or byte that was allowed, and by a limit of zero at once', () => {
    expect(spent({ count: 2 }, 1)).toEqual([1, false]);
    expect(spent({ count: 2 }, 1, 2)).toEqual([2, true]);
    expect(spent({ meteredBytes: 20 }, 1, 2)).toEqual([2, true]);
    expect(spent({ meteredBytes: 21 }, 1, 2)).toEqual([2, false]);
    expect(spent({ count: 0 })).toEqual([0, true]);
    expect(spent({ meteredBytes: 0 })).toEqual([0, true]);
  });

  test('ends in front of the first record that reaches the bound in time', () => {
    expect(spent({ untilTimestamp: 5 }, 3, 4)).toEqual([2, false]);
    expect(spent({ untilTimestamp: 5 }, 3, 5, 5)).toEqual([1, true]);
    expect(spent({ untilTimestamp: 5 }, 5)).toEqual([0, true]);
  });
});
