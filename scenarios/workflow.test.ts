/** What one client does in each workflow, against a stream that answers by script. */

import { describe, expect, test } from 'vitest';
import type { AppendResult, Batch, StreamClient } from './client.ts';
import { runWorkflow, type WorkflowOptions } from './workflow.ts';

const OPTIONS: WorkflowOptions = {
  workflow: 'regular',
  name: 'c1',
  operations: 6,
  batchRecordsMax: 3,
  bodyBytesMax: 0,
  fenceEvery: 3,
  retriesUnknown: true,
  thinkMsMax: 0,
  restMs: 100,
};
const DOWN: AppendResult = { kind: 'rejected', code: 'refused' };

/** Runs a client that only appends (every choice comes out 0) and whose appends end as `outcome` says. */
async function run(options: Partial<WorkflowOptions>, outcome: (index: number, batch: Batch) => AppendResult) {
  const seen = { batches: [] as Batch[], rests: [] as number[], probes: [] as string[] };
  const client: StreamClient = {
    append: async (batch) => outcome(seen.batches.push(batch) - 1, batch),
    read: async () => ({ kind: 'failed', code: 'refused' }),
    checkTail: async () => ({ kind: 'failed', code: 'refused' }),
  };
  await runWorkflow(
    client,
    { ...OPTIONS, ...options },
    {
      below: () => 0,
      sleep: async (ms) => void seen.rests.push(ms),
      noted: (probe) => seen.probes.push(probe),
    },
  );
  return seen;
}

const durable = (index: number, { bodies }: Batch): AppendResult => ({
  kind: 'durable',
  startSeqNum: index,
  endSeqNum: index + bodies.length,
});

describe('a client', () => {
  test('guards every append with the tail it knows in the match-seq-num workflow', async () => {
    const { batches } = await run({ workflow: 'match-seq-num' }, durable);
    expect(batches.map(({ matchSeqNum }) => matchSeqNum)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('tries to set its token before every n-th operation and sends it with the others', async () => {
    const { batches, probes } = await run({ workflow: 'fencing' }, durable);
    expect(batches.map(({ setFencingToken }) => setFencingToken)).toEqual(['c1', null, null, 'c1', null, null]);
    expect(batches.map(({ fencingToken }) => fencingToken)).toEqual([null, 'c1', 'c1', null, 'c1', 'c1']);
    expect(probes).toEqual(['client.fence-set', 'client.fence-set']);
  });

  test('lost the race for the token only if the stream said so', async () => {
    const lost = await run({ workflow: 'fencing', operations: 1 }, () => ({
      kind: 'rejected',
      code: 'seq_num_mismatch',
    }));
    expect(lost.probes).toEqual(['client.fence-not-set']);
    const down = await run({ workflow: 'fencing', operations: 1 }, () => DOWN);
    expect(down.probes).toEqual([]);
  });

  test('sends an append without a known outcome again, the same batch', async () => {
    const { batches, probes } = await run({ operations: 2 }, (index, batch) =>
      index === 0 ? { kind: 'unknown', code: 'timeout' } : durable(index, batch),
    );
    expect(batches[1]).toBe(batches[0]);
    expect(probes).toEqual(['client.append-unknown', 'client.retried-unknown']);
  });

  test('rests longer and longer while nobody answers, so that an outage does not use up its operations', async () => {
    expect((await run({ operations: 7 }, () => DOWN)).rests).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
    const { rests } = await run({ operations: 4 }, (index, batch) => (index === 2 ? durable(index, batch) : DOWN));
    expect(rests).toEqual([100, 200, 100]);
  });

  test('does not rest after a condition that did not hold: that is an answer', async () => {
    for (const code of ['seq_num_mismatch', 'fencing_token_mismatch']) {
      expect((await run({}, () => ({ kind: 'rejected', code }))).rests).toEqual([]);
    }
  });
});
