/** Calls that are repeated until the store answers: when, how often, and when not. */

import { describe, expect, test } from 'vitest';

import type { PutOutcome } from '../ports.ts';
import { DENIED, manualPorts, settled, TIMEOUT } from '../testing/manual-ports.ts';
import { PersistentStore, StoreAbandoned, StoreRefused } from './persistent-store.ts';

const TUNABLES = { retryMsMin: 100, retryMsMax: 1_000 };

/** A store whose puts end as told, and the waits between them. `dice` is the fraction of its bound a throw shows. */
function bench(outcomes: readonly PutOutcome[], dice: number) {
  const ports = manualPorts();
  const waits: number[] = [];
  let at = 0;
  const abort = new AbortController();
  const clock = {
    wallMs: () => 0,
    monoMs: () => 0,
    sleep: (ms: number) => {
      waits.push(ms);
      return Promise.resolve();
    },
  };
  const blobs = { put: () => Promise.resolve(outcomes[at++] ?? ({ kind: 'done' } as const)) };
  const random = { below: (bound: number) => Math.floor(dice * (bound - 1)) };
  const parts = { clock, random, blobs: blobs as never, telemetry: ports.telemetry };
  const store = new PersistentStore(parts, TUNABLES, 'store.retried', abort.signal);
  return { store, waits, abort, puts: () => at, telemetry: ports.telemetry };
}

const unknown: PutOutcome = { kind: 'unknown', fault: TIMEOUT };
const failed: PutOutcome = { kind: 'failed', fault: TIMEOUT };

describe('a call that ends in doubt or in vain', () => {
  test('is repeated after waits that double up to a limit, the second half of each by chance', async () => {
    const outcomes = [unknown, failed, unknown, failed, unknown, failed];
    const shortest = bench(outcomes, 0);
    await shortest.store.put('seg/1', []);
    expect(shortest.waits).toEqual([50, 100, 200, 400, 500, 500]);
    const longest = bench(outcomes, 1);
    await longest.store.put('seg/1', []);
    expect(longest.waits).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(longest.puts()).toBe(7);
    expect(longest.telemetry.count('store.retried')).toBe(6);
  });

  test('is not repeated where that can not help', async () => {
    const { store, waits, puts } = bench([{ kind: 'failed', fault: DENIED }], 0);
    await expect(store.put('seg/1', [])).rejects.toThrow(StoreRefused);
    expect([puts(), waits]).toEqual([1, []]);
  });

  test('is given up when whoever asked is gone', async () => {
    const { store, abort, puts } = bench(
      Array.from({ length: 99 }, () => unknown),
      0,
    );
    abort.abort();
    await expect(store.put('seg/1', [])).rejects.toThrow(StoreAbandoned);
    await settled();
    expect(puts()).toBe(0);
  });
});
