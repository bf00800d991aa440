/** Every lie the oracle is there for, and the truth. */

import { expect, test } from 'vitest';
import type { AppendResult, Batch, SeenRecord, StreamClient } from './client.ts';
import { Oracle } from './oracle.ts';

const records = (...bodies: readonly string[]): SeenRecord[] =>
  bodies.map((body, seqNum) => ({ seqNum, timestamp: 10 * seqNum, body }));

/** An oracle that heard these appends and these reads of the whole stream. */
async function heard(appends: readonly [string[], AppendResult][], reads: readonly SeenRecord[][]) {
  const oracle = new Oracle();
  let append = 0;
  let read = 0;
  const client: StreamClient = oracle.watch({
    append: async () => appends[append++]![1],
    read: async () => ({ kind: 'read', tail: reads[read]!.length, records: reads[read++]! }),
    checkTail: async () => ({ kind: 'failed', code: 'reset' }),
  });
  for (const [bodies] of appends) {
    const batch: Batch = { bodies, setFencingToken: null, fencingToken: null, matchSeqNum: null };
    await client.append(batch);
  }
  for (const _ of reads) await client.read();
  return oracle;
}

const durable = (startSeqNum: number, endSeqNum: number): AppendResult => ({ kind: 'durable', startSeqNum, endSeqNum });

test('a stream that has everything acknowledged passes, whatever became of the rest', async () => {
  const oracle = await heard(
    [
      [['a', 'b'], durable(0, 2)],
      [['x'], { kind: 'unknown', code: 'reset' }],
      [['y'], { kind: 'rejected', code: 'refused' }],
      [['c'], durable(3, 4)],
    ],
    [records('a', 'b'), records('a', 'b', 'x', 'c')],
  );
  expect(() => oracle.audit(records('a', 'b', 'x', 'c'), 4)).not.toThrow();
});

test.each([
  ['lost at the end', records('a')],
  ['replaced', records('a', 'z', 'c')],
  ['moved', records('z', 'a', 'b')],
])('an acknowledged record that is %s is noticed', async (_, stream) => {
  const oracle = await heard([[['a', 'b'], durable(0, 2)]], []);
  expect(() => oracle.audit(stream, 0)).toThrow(/acknowledged/);
});

test('two batches acknowledged at the same numbers are noticed', async () => {
  const oracle = await heard(
    [
      [['a'], durable(0, 1)],
      [['b'], durable(0, 1)],
    ],
    [],
  );
  expect(() => oracle.audit(records('a'), 1)).toThrow(/acknowledged/);
});

test('a record whose body or timestamp changes between two reads is noticed', async () => {
  await expect(heard([], [records('a'), records('b')])).rejects.toThrow(/changed/);
  await expect(heard([], [records('a'), [{ seqNum: 0, timestamp: 1, body: 'a' }]])).rejects.toThrow(/changed/);
});

test('a record that was shown and is gone at the end is noticed', async () => {
  const oracle = await heard([], [records('a', 'b')]);
  const { shown } = oracle;
  expect(() => oracle.audit(records('a'), shown)).toThrow(/record 1 was shown and is not in the stream/);
  expect(() => oracle.audit(records('a', 'b'), shown)).not.toThrow();
});
