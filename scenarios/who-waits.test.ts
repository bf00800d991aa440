/** A run that does not end says who waits for what: servers that wait for nothing scheduled, too. */

import { expect, test } from 'vitest';
import { World } from '../sim/index.ts';
import { whoWaits } from './who-waits.ts';

test('a server that hangs is there with its last word, and so is who waits for it', async () => {
  const world = new World({ seed: '1', profile: 'test' });
  world.host('node-1').start(async ({ network, telemetry }) => {
    await network.serve('node-1', () => new Promise<never>(() => {}));
    telemetry.event('takeover.started', '');
    await new Promise<never>(() => {});
  });
  world.host('client', { role: 'client' }).start(async ({ network, clock }) => {
    await clock.sleep(10);
    const request = { method: 'GET', target: '/tail', headers: new Map(), body: (async function* () {})() };
    await network.call('node-1', request);
  });
  world.host('patient', { role: 'client' }).start(async ({ clock }) => clock.sleep(5_000));
  await world.run(() => false, { untilMs: 1_000 });
  expect(whoWaits(world).split('\n')).toEqual([
    '  node-1 is running: its last word was takeover.started at 0 ms',
    '  client waits for GET /tail at node-1 since 10 ms',
    '  patient waits for sleep until 5000 ms',
  ]);
});
