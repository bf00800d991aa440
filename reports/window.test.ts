import { describe, expect, test } from 'vitest';
import { unpackDeltas } from './columns.ts';
import { envelopeOf, floorsAtCall } from './envelope.ts';
import { operationsOf } from './operations.ts';
import { fakeRun } from './testing/fake-run.ts';
import { windowOf } from './window.ts';

const { history } = fakeRun({ operations: 2000, clients: 5, stale: false });
const operations = operationsOf(history);
const LIMITS = { whole: 500, window: 300 };

describe('the window of a long history', () => {
  test('a history that fits has none', () => {
    expect(windowOf(operations, history.length, [], { whole: 2000, window: 300 })).toBeNull();
  });

  test('holds the guilty and their neighbours, at the places they had', () => {
    const windowed = windowOf(operations, history.length, [1200, 1190], LIMITS);
    const opIds = windowed?.operations.map(({ opId }) => opId) ?? [];
    expect(opIds).toEqual(expect.arrayContaining([1190, 1200].map((index) => operations[index]?.opId)));
    expect(opIds.length).toBeGreaterThanOrEqual(300);
    expect(opIds.length).toBeLessThan(320);
    for (const operation of windowed?.operations ?? []) {
      const original = operations.find(({ opId }) => opId === operation.opId);
      expect(windowed?.events[operation.callEvent]).toBe(original?.callEvent);
    }
  });

  test('keeps a guilty operation however far away it is', () => {
    const windowed = windowOf(operations, history.length, [1900, 3], LIMITS);
    expect(windowed?.operations.map(({ opId }) => opId)).toContain(operations[3]?.opId);
    expect(windowed?.operations.at(-1)?.opId).toBe(operations[1999]?.opId);
  });

  test('knows as much at each call as the whole history does', () => {
    const windowed = windowOf(operations, history.length, [1000], LIMITS);
    if (windowed === null) throw new Error('there is a window');
    const floors = floorsAtCall(windowed.operations, windowed.events.length, windowed.baseline);
    const whole = new Map(floorsAtCall(operations, history.length).map((floor, i) => [operations[i]?.opId, floor]));
    // What was under way when the window began is called before the baseline is known.
    const inside = [...windowed.operations.entries()].filter(([, { opId }]) => opId >= (operations[850]?.opId ?? 0));
    for (const [i, { opId }] of inside) expect(floors[i]).toBe(whole.get(opId));
    const { floor, ceiling } = envelopeOf(windowed.operations, windowed.events.length, windowed.baseline);
    expect(floor.every((low, i) => low <= (ceiling[i] ?? 0))).toBe(true);
  });

  test('tells of the whole in figures of fixed size', () => {
    const overview = windowOf(operations, history.length, [1000], LIMITS)?.overview;
    const calls = unpackDeltas(overview?.calls ?? '', overview?.bucketCount ?? 0);
    expect(calls.reduce((sum, count) => sum + count, 0)).toBe(2000);
  });
});
