import { describe, expect, test } from 'vitest';
import { Trace } from './index.ts';

function traced(change: (trace: Trace) => void): string {
  const trace = new Trace();
  for (let i = 0; i < 100; i++) trace.event(i * 1000, `node-${i % 3}`, 'sleep', '');
  change(trace);
  for (let i = 0; i < 100; i++) trace.event(i * 1000, `node-${i % 3}`, 'sleep', '');
  return trace.hash();
}

describe('the trace hash', () => {
  test('is sixteen hex digits and tells apart every field of an event and every note', () => {
    const changes: ((trace: Trace) => void)[] = [
      () => {},
      (t) => t.event(5, 'node-1', 'sleep', ''),
      (t) => t.event(6, 'node-1', 'sleep', ''),
      (t) => t.event(5 + 2 ** 33, 'node-1', 'sleep', ''),
      (t) => t.event(5, 'node-2', 'sleep', ''),
      (t) => t.event(5, 'node-1', 'wake', ''),
      (t) => t.event(5, 'node-1', 'sleep', 'x'),
      (t) => t.note('node-1', 'what'),
      (t) => t.note('node-1', 'what', 1),
      (t) => t.note('node-1', 'what', 2 ** 40),
      (t) => t.note('node-1', 'what', 1.5),
      (t) => t.note('node-1', 'what', '1'),
      (t) => t.mix(0),
      (t) => t.mix(1),
    ];
    const hashes = changes.map(traced);
    expect(new Set(hashes).size).toBe(changes.length);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{16}$/);
  });

  test('depends on the order', () => {
    const both = (first: number, second: number): string =>
      traced((trace) => {
        trace.mix(first);
        trace.mix(second);
      });
    expect(both(1, 2)).not.toBe(both(2, 1));
  });

  test('has a checkpoint after every 1,024 events, equal up to where two traces part', () => {
    const run = (oddAt: number): string[] => {
      const trace = new Trace();
      for (let i = 0; i < 5000; i++) trace.event(i, 'node-1', i === oddAt ? 'odd' : 'even', '');
      return trace.checkpoints();
    };
    const [one, other] = [run(-1), run(3000)];
    expect(one).toHaveLength(4);
    expect(one.map((hash, index) => hash === other[index])).toEqual([true, true, false, false]);
  });
});
