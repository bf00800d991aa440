/** A run ends at the very event that proves a bug: what its clients would have done next is not in the history. */

import { expect, test } from 'vitest';
import { QUIET, World } from '../../sim/index.ts';
import type { CheckTailResult } from '../client.ts';
import { RecordedClient } from '../recorded-client.ts';
import { Supervisor } from '../supervisor.ts';
import { JudgedStream } from './judged-stream.ts';

/** One client appends three records and never hears of them; another asks for the tail every 10 ms and is told these. */
async function runOf(tails: readonly number[]) {
  const world = new World({ seed: '1', profile: 'test', faults: QUIET });
  let looks = 0;
  const judged = new JudgedStream(
    () => world.nowMs,
    () => 0n,
    (violation) => {
      looks++;
      if (violation !== null) world.fail('invariant', `${violation.code} of ${violation.opIds.join(' and ')}`);
    },
  );
  const told = [...tails];
  const never = () => new Promise<never>(() => {});
  const checkTail = (): Promise<CheckTailResult> => Promise.resolve({ kind: 'tail', tail: told.shift()! });
  new Supervisor(world).run(world.host('client'), async ({ clock }) => {
    const connection = { append: never, read: never, checkTail };
    const writer = new RecordedClient(connection, judged.recorder, judged.hashes);
    const client = new RecordedClient(connection, judged.recorder, judged.hashes);
    void writer.append({ bodies: ['a', 'b', 'c'], setFencingToken: null, fencingToken: null, matchSeqNum: null });
    while (told.length > 0) {
      await clock.sleep(10);
      await client.checkTail();
    }
    await clock.sleep(60_000);
  });
  await world.run(() => told.length === 0, { untilMs: 1_000 });
  return { failure: world.failure, history: judged.recorder.history(), looks };
}

test('a run in which a tail shrinks ends where it was told', async () => {
  const { failure, history } = await runOf([0, 0, 3, 2, 3, 3, 3]);
  expect(failure?.message).toContain('stale-tail of 5 and 4');
  expect(history).toHaveLength(9);
  expect(history.at(-1)).toMatchObject({ opId: 5, return: { kind: 'check-tail-success', tail: 2 } });
});

test('a run in which a tail tells of more than was ever appended ends where it does', async () => {
  const { failure, history } = await runOf([0, 3, 4, 4]);
  expect(failure?.message).toContain('unexplained-records of 4');
  expect(history).toHaveLength(7);
});

test('a run in which neither happens goes on to its end', async () => {
  const { failure, history, looks } = await runOf([0, 0, 3, 3, 3, 3, 3]);
  expect(failure).toBeNull();
  expect(history).toHaveLength(15);
  expect(looks).toBe(15);
});
