/** A run ends at the very event that proves a bug: what its clients would have done next is not in the history. */

import { expect, test } from 'vitest';
import { QUIET, World } from '../../sim/index.ts';
import type { CheckTailResult } from '../client.ts';
import { RecordedClient } from '../recorded-client.ts';
import { Supervisor } from '../supervisor.ts';
import { JudgedStream } from './judged-stream.ts';

/** A client asks for the tail every 10 ms and is told these. */
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
  const never = () => Promise.reject(new Error('nobody asks'));
  const checkTail = (): Promise<CheckTailResult> => Promise.resolve({ kind: 'tail', tail: told.shift()! });
  new Supervisor(world).run(world.host('client'), async ({ clock }) => {
    const client = new RecordedClient({ append: never, read: never, checkTail }, judged.recorder, judged.hashes);
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
  // The hole below 3 is for the end of a run; that 2 came after 3 is known at once.
  expect(failure?.message).toContain('stale-tail of 4 and 3');
  expect(history).toHaveLength(8);
  expect(history.at(-1)).toMatchObject({ opId: 4, return: { kind: 'check-tail-success', tail: 2 } });
});

test('a run in which it does not goes on to its end', async () => {
  const { failure, history, looks } = await runOf([0, 0, 3, 3, 3, 3, 3]);
  expect(failure).toBeNull();
  expect(history).toHaveLength(14);
  expect(looks).toBe(14);
});
