/** How long a recording waits for a server that has fallen silent. */

import { expect, test } from 'vitest';
import { ProtocolViolation, type StreamClient } from './client.ts';
import { ImpatientClient } from './impatient-client.ts';

const BATCH = { bodies: ['a'], setFencingToken: null, fencingToken: null, matchSeqNum: null };

function never(): Promise<never> {
  return new Promise(() => {});
}

test('what is not answered in time has no known outcome, and the third in a row is the last that is asked', async () => {
  const silent: StreamClient = { append: never, read: never, checkTail: never };
  const client = new ImpatientClient(silent, 5);
  expect(await client.append(BATCH)).toEqual({ kind: 'unknown', code: 'timeout' });
  expect(await client.read()).toEqual({ kind: 'failed', code: 'timeout' });
  expect(await client.checkTail()).toEqual({ kind: 'failed', code: 'timeout' });
  await expect(client.append(BATCH)).rejects.toThrow(ProtocolViolation);
  await expect(client.read()).rejects.toThrow('had no answer within 5 ms');
});

test('an answer of any kind is a sign of life', async () => {
  let asked = 0;
  const checkTail = () => (++asked % 3 === 0 ? Promise.resolve({ kind: 'failed', code: 'lost' } as const) : never());
  const client = new ImpatientClient({ append: never, read: never, checkTail }, 5);
  for (let i = 0; i < 9; i++) await client.checkTail();
  expect(asked).toBe(9);
});
