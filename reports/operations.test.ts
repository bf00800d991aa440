import { describe, expect, test } from 'vitest';
import { eventTimesOf, operationsOf } from './operations.ts';
import { append, called, returned, timed } from './testing/events.ts';

describe('operations', () => {
  test('a durable append lies at the positions its tail implies', () => {
    const [operation] = operationsOf([called(1, append(3)), returned(1, { kind: 'append-success', tail: 10 })]);
    expect(operation).toMatchObject({
      outcome: 'durable',
      startSeqNum: 7,
      endSeqNum: 10,
      callEvent: 0,
      returnEvent: 1,
    });
  });

  test('an append that never returned is unknown, a read that never returned is open', () => {
    const outcomes = operationsOf([called(1, append(1)), called(2, { kind: 'read' }, 2)]).map((o) => o.outcome);
    expect(outcomes).toEqual(['unknown', 'open']);
  });

  test('a stream hash near 2^64 keeps all its digits', () => {
    const [operation] = operationsOf([
      called(1, { kind: 'read' }),
      returned(1, { kind: 'read-success', tail: 4, streamHash: 18_446_744_073_709_551_615n }),
    ]);
    expect(operation?.streamHash).toBe('ffffffffffffffff');
    const [small] = operationsOf([
      called(1, { kind: 'read' }),
      returned(1, { kind: 'read-success', tail: 0, streamHash: 10n }),
    ]);
    expect(small?.streamHash).toBe('000000000000000a');
  });

  test('failures keep no position', () => {
    const operations = operationsOf([
      called(1, append(2)),
      returned(1, { kind: 'append-definite-failure' }),
      called(2, { kind: 'check-tail' }),
      returned(2, { kind: 'check-tail-failure' }),
    ]);
    expect(operations.map((o) => [o.outcome, o.endSeqNum])).toEqual([
      ['rejected', null],
      ['failed', null],
    ]);
  });

  test('an unknown append whose return was written late remembers when its client gave up', () => {
    const [first] = operationsOf([
      { ...called(1, append(1)), atMs: 5 },
      { ...called(2, { kind: 'check-tail' }, 2), atMs: 90 },
      { ...returned(1, { kind: 'append-indefinite-failure' }), atMs: 40 },
    ]);
    expect(first).toMatchObject({ outcome: 'unknown', gaveUpAtMs: 40, returnEvent: 2 });
  });

  test('event times never run backwards and fill gaps from the left', () => {
    const events = [called(1, append(1)), called(2, append(1), 2), called(3, append(1), 3), called(4, append(1), 4)];
    const times = [5, undefined, 3, 9];
    const history = events.map((event, i) => (times[i] === undefined ? event : { ...event, atMs: times[i] }));
    expect(eventTimesOf(history)).toEqual([5, 5, 5, 9]);
    expect(eventTimesOf(events)).toBeNull();
    expect(eventTimesOf(timed(events))).toEqual([0, 10, 20, 30]);
  });

  test('a return without a call, a second return and a second call are refused with their place', () => {
    const done = returned(1, { kind: 'check-tail-success', tail: 0 });
    expect(() => operationsOf([done])).toThrow('event 0: operation 1 returns uncalled');
    expect(() => operationsOf([called(1, { kind: 'check-tail' }), done, done])).toThrow('event 2');
    expect(() => operationsOf([called(1, append(1)), called(1, append(1))])).toThrow('called twice');
  });
});
