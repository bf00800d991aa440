/** Calls over the simulated network as its tests make them: a server that answers with what it was sent, and one call under given faults. */

import type { HttpHandler } from '../../engine/ports.ts';
import type { FaultSettings, World } from '../index.ts';
import { chunks, inHost, ok, outcomeOf, request, serve, textOf, worldWith } from './in-world.ts';

/** A server that counts what it was asked and answers with what it was sent. */
export async function echo(world: World, onRequest: (text: string) => void = () => {}): Promise<void> {
  await serve(world, 'node-1', async ({ target, body }) => {
    const text = await textOf(body);
    onRequest(`${target} ${text}`);
    return ok(`echo ${text}`);
  });
}

/** The outcome of one call under these faults, how often the handler ran, and the simulated time it took. */
export async function callUnder(
  faults: Partial<FaultSettings>,
  handler: HttpHandler = async ({ body }) => ok(`echo ${await textOf(body)}`),
): Promise<{ outcome: string; served: number; tookMs: number; world: World }> {
  const world = worldWith(faults);
  let served = 0;
  await serve(world, 'node-1', (incoming) => {
    served++;
    return handler(incoming);
  });
  const outcome = await inHost(world, 'client', ({ network }) =>
    outcomeOf(network.call('node-1:80', request('/a', { body: chunks('some ', 'text') }))),
  );
  const tookMs = world.nowMs;
  await world.run(() => false);
  return { outcome, served, tookMs, world };
}
