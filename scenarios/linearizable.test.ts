/** The phases of a run, at their edges. */

import { expect, test } from 'vitest';
import { createBodyHasher } from '../checker/index.ts';
import { type FaultSettings, QUIET } from '../sim/index.ts';
import { judge } from './judge.ts';
import { runLinearizable } from './linearizable.ts';
import { drawPlan } from './plan.ts';

const hashBody = await createBodyHasher();

async function runWith(faults: Partial<FaultSettings>) {
  // What becomes of batches behind a failed condition the SDK's append sessions do not say: it is unknown without a fault.
  const drawn = { ...drawPlan('1', 'quiet', { clients: 2, operationsPerClient: 10 }), sdkSessionWriters: 0 };
  const plan = { ...drawn, faults: { ...QUIET, ...faults } };
  const { world, history } = await runLinearizable({ seed: '1', plan, hashBody, record: false });
  return { world, history, failure: judge(world, history).failure };
}

test('faults under which no server ever opens the store fail nothing: they end, then everything works', async () => {
  const { world, history, failure } = await runWith({ nemesisTickMs: 100, crash: [1, 1], downMs: [95] });
  expect(failure).toBeNull();
  expect(world.nowMs).toBeGreaterThan(600_000);
  expect(history.filter((event) => event.type === 'return' && event.return.kind === 'append-success')).not.toEqual([]);
});

test('a run without faults ends soon, and every operation in it succeeds or meets a condition', async () => {
  const { world, history, failure } = await runWith({});
  expect(failure).toBeNull();
  expect(world.nowMs).toBeLessThan(200_000);
  const failed = history.filter((event) => event.type === 'return' && event.return.kind.includes('indefinite'));
  expect(failed).toEqual([]);
});
