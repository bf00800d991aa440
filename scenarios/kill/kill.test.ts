/** A server that is killed again and again keeps every promise; one with a planted bug is convicted in words. */

import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkStream } from '../../checker/index.ts';
import { buildPlant } from '../plants/build.ts';
import { PLANTS } from '../plants/plants.ts';
import { WORKFLOWS } from '../workflow.ts';
import { recordUnderKills } from './kill-run.ts';

const PRODUCT = fileURLToPath(new URL('../../dist/scenarios/main.js', import.meta.url));

const SIZE = { kills: 5, clients: 5, operationsPerClient: 100, thinkMsMax: 100 };

test.concurrent.each(WORKFLOWS)(
  'a server killed over and over under the %s workflow stays linearizable',
  async (workflow) => {
    const { history, violations, kills } = await recordUnderKills({ ...SIZE, program: [PRODUCT], workflow });
    expect(violations).toEqual([]);
    // On a slow machine the recording may end before the last kill.
    expect(kills).toBeGreaterThanOrEqual(3);
    const durable = history.filter((event) => event.type === 'return' && event.return.kind === 'append-success');
    expect(durable.length).toBeGreaterThan(10);
    expect(checkStream(history)).toMatchObject({ verdict: 'ok' });
  },
);

test(
  'a server that acknowledges before it has stored anything is convicted in words',
  { timeout: 120_000 },
  async () => {
    const plant = PLANTS.find(({ name }) => name === 'ack-before-put');
    if (plant === undefined) throw new Error('the plant is gone');
    const { history } = await recordUnderKills({
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
