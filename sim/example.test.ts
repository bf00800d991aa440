/** Your code in the simulator: a counter that must count every request once, whatever the network does to it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type HostPorts, QUIET, simArbitrary, type World } from './index.ts';

const FAULTS = { ...QUIET, netResponseLost: [1, 20], netResetAfter: [1, 20] } as const;
const CALLS = 5;

/** Counts requests; with `isCareful`, each only once. */
const counter = (counted: string[], isCareful: boolean) => async (ports: HostPorts) => {
  await ports.network.serve('counter', async ({ target }) => {
    if (!isCareful || !counted.includes(target)) counted.push(target);
    return { status: 200, headers: new Map(), body: new Uint8Array() };
  });
  return new Promise<never>(() => {});
};

/** Asks until it is answered, and counts on being counted once. */
async function client({ network, clock }: HostPorts): Promise<void> {
  for (let call = 0; call < CALLS; call++) {
    const request = { method: 'POST', target: `/${call}`, headers: new Map(), body: (async function* () {})() };
    while ((await network.call('counter', { ...request }).catch(() => null)) === null) await clock.sleep(100);
  }
}

const counts = (isCareful: boolean) => async (world: World) => {
  const counted: string[] = [];
  let isDone = false;
  world.host('counter').start(counter(counted, isCareful));
  world.host('client', { role: 'client' }).start(async (ports) => client(ports).then(() => void (isDone = true)));
  await world.run(() => isDone, { untilMs: 3_600_000 });
  if (counted.length !== CALLS) world.fail('invariant', `${CALLS} calls were counted ${counted.length} times`);
};

const worlds = simArbitrary(fc, { profile: 'example', faults: FAULTS });
const property = (isCareful: boolean) => fc.asyncProperty(worlds, (world) => world.run(counts(isCareful)));

test('a counter that knows whom it counted counts right', () => fc.assert(property(true), { numRuns: 50 }));
test('one that does not is caught, and few decisions say why', async () => {
  const { failed, counterexample } = await fc.check(property(false), { seed: 1, numRuns: 50 });
  expect(failed).toBe(true);
  expect(String(counterexample?.[0])).toMatch(/, [1-3] decisions that are not dull/);
});
