/** A server that is killed and taken over again and again keeps every promise; a planted bug is convicted in words. */

import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkStream } from '../../checker/index.ts';
import { buildPlant } from '../plants/build.ts';
import { PLANTS } from '../plants/plants.ts';
import { WORKFLOWS } from '../workflow.ts';
import { type KillRun, type KillRunOptions, recordUnderKills } from './kill-run.ts';
import { openKillStore } from './stores.ts';

const PRODUCT = fileURLToPath(new URL('../../dist/scenarios/main.js', import.meta.url));

const SIZE = { kills: 5, clients: 5, operationsPerClient: 100, thinkMsMax: 100 };

async function recordOn(word: string, options: Omit<KillRunOptions, 'store' | 'env'>): Promise<KillRun> {
  const store = await openKillStore(word);
  try {
    return await recordUnderKills({ ...options, store: store.url, env: store.env });
  } finally {
    await store.close();
  }
}

function expectLinearizable({ history, violations }: KillRun): void {
  expect(violations).toEqual([]);
  const durable = history.filter((event) => event.type === 'return' && event.return.kind === 'append-success');
  expect(durable.length).toBeGreaterThan(10);
  expect(checkStream(history)).toMatchObject({ verdict: 'ok' });
}

test.concurrent.each(WORKFLOWS)(
  'a server killed over and over under the %s workflow stays linearizable',
  async (workflow) => {
    const run = await recordOn('file', { ...SIZE, program: [PRODUCT], workflow });
    expectLinearizable(run);
    // On a slow machine the recording may end before the last kill.
    expect(run.kills).toBeGreaterThanOrEqual(3);
  },
);

test('a server that others take over ends with its own code, and nobody reads anything stale', async () => {
  const run = await recordOn('file', { ...SIZE, kills: 1, takeovers: 4, program: [PRODUCT], workflow: 'regular' });
  expectLinearizable(run);
  expect(run.takeovers).toBeGreaterThanOrEqual(2);
});

if (process.env['TAILRACE_NO_S3'] === '1') {
  test('no server was killed on a real S3 server, because TAILRACE_NO_S3 is set', () => {
    console.warn('WARNING: TAILRACE_NO_S3=1, so nothing has checked that a killed server keeps its promises on S3');
  });
} else {
  test('servers on a real S3 server, killed and taken over, stay linearizable', async () => {
    const size = { kills: 3, takeovers: 3, clients: 4, operationsPerClient: 60, thinkMsMax: 100 };
    const run = await recordOn('s3', { ...size, program: [PRODUCT], workflow: 'match-seq-num' });
    expectLinearizable(run);
    expect(run.kills + run.takeovers).toBeGreaterThanOrEqual(3);
  });
}

test(
  'a server that acknowledges before it has stored anything is convicted in words',
  { timeout: 120_000 },
  async () => {
    const plant = PLANTS.find(({ name }) => name === 'ack-before-put');
    if (plant === undefined) throw new Error('the plant is gone');
    const { history } = await recordOn('file', {
      ...SIZE,
      thinkMsMax: 5,
      operationsPerClient: 300,
      program: [await buildPlant(plant)],
      workflow: 'regular',
    });
    const verdict = checkStream(history);
    if (verdict.verdict !== 'illegal') return expect.unreachable(`the verdict was ${verdict.verdict}`);
    expect(verdict.violation.opIds.length).toBeGreaterThan(0);
    console.log(`ack-before-put under kills: ${verdict.violation.message}`);
  },
);
