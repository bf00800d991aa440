import { describe, expect, test } from 'vitest';
import type { HistoryEvent } from '../checker/history.ts';
import { envelopeOf, floorsAtCall } from './envelope.ts';
import { operationsOf } from './operations.ts';
import { append, called, returned } from './testing/events.ts';
import { fakeRun } from './testing/fake-run.ts';

function bandOf(history: readonly HistoryEvent[]): [number, number, number][] {
  const { events, floor, ceiling } = envelopeOf(operationsOf(history), history.length);
  return events.map((event, i) => [event, floor[i] ?? -1, ceiling[i] ?? -1]);
}

describe('the envelope', () => {
  test('widens when an append is called and closes when it returns', () => {
    const history = [
      called(1, append(3)),
      returned(1, { kind: 'append-success', tail: 3 }),
      called(2, append(2)),
      returned(2, { kind: 'append-success', tail: 5 }),
    ];
    expect(bandOf(history)).toEqual([
      [0, 0, 3],
      [1, 3, 3],
      [2, 3, 5],
      [3, 5, 5],
    ]);
  });

  test('a rejected append never widens it', () => {
    const history = [called(1, append(3)), returned(1, { kind: 'append-definite-failure' })];
    expect(bandOf(history)).toEqual([[0, 0, 0]]);
  });

  test('an unknown append keeps it open until a later success shows that the records are not there', () => {
    const history = [
      called(1, append(4)),
      returned(1, { kind: 'append-indefinite-failure' }),
      called(2, { kind: 'check-tail' }, 2),
      returned(2, { kind: 'check-tail-success', tail: 0 }, 2),
      called(3, { kind: 'check-tail' }, 2),
      returned(3, { kind: 'check-tail-success', tail: 4 }, 2),
    ];
    expect(bandOf(history)).toEqual([
      // Called after event 1, the check-tail saw 0: until then nothing can have been there.
      [0, 0, 0],
      [2, 0, 4],
      [5, 4, 8],
    ]);
  });

  test('a stale answer pulls neither curve down', () => {
    const history = [
      called(1, append(5)),
      returned(1, { kind: 'append-success', tail: 5 }),
      called(2, { kind: 'check-tail' }, 2),
      returned(2, { kind: 'check-tail-success', tail: 1 }, 2),
    ];
    expect(bandOf(history)).toEqual([
      [0, 0, 5],
      [1, 5, 5],
    ]);
    expect(floorsAtCall(operationsOf(history), history.length)).toEqual([0, 5]);
  });

  test('every operation of a correct history crosses it', () => {
    const { history } = fakeRun({ operations: 400, clients: 5, stale: false });
    const operations = operationsOf(history);
    const { events, floor, ceiling } = envelopeOf(operations, history.length);
    const crossings = operations
      .filter(({ startSeqNum }) => startSeqNum !== null)
      .map((operation) =>
        events.some((event, i) => {
          const until = events[i + 1] ?? history.length;
          const overlaps = event < (operation.returnEvent ?? 0) && until > operation.callEvent;
          return (
            overlaps &&
            (floor[i] ?? 0) <= (operation.startSeqNum ?? 0) &&
            (ceiling[i] ?? 0) >= (operation.startSeqNum ?? 0)
          );
        }),
      );
    expect(crossings.length).toBeGreaterThan(300);
    expect(crossings).not.toContain(false);
  });

  test('the floor never falls and never rises above the ceiling', () => {
    const { history } = fakeRun({ operations: 400, clients: 5 });
    const { floor, ceiling } = envelopeOf(operationsOf(history), history.length);
    expect(floor).toEqual(floor.toSorted((a, b) => a - b));
    expect(floor.every((low, i) => low <= (ceiling[i] ?? 0))).toBe(true);
  });
});
