/**
 * The operator's tools on a store that a URL names: opened to be looked at, never owned, never written. A store that
 * stays away is given up after a while, because somebody waits in front of a screen.
 */

import { openStore } from './adapters/open-store.ts';
import { systemClock } from './adapters/system-clock.ts';
import { systemCompute } from './adapters/system-compute.ts';
import { systemRandom } from './adapters/system-random.ts';
import { PersistentStore } from './log/persistent-store.ts';
import type { Telemetry } from './ports.ts';
import type { StoreLook } from './store-tools/store-look.ts';

export { LogCorruption } from './log/corruption.ts';
export { ForeignStore } from './log/format-object.ts';
export { StoreAbandoned, StoreRefused } from './log/persistent-store.ts';
export { type DryRun, type DryRunObject, planGarbage } from './store-tools/collection.ts';
export { listStore, type StoredObject } from './store-tools/inventory.ts';
export { type Amount, storeStatistics, type StoreStatistics } from './store-tools/statistics.ts';
export { NoStoreHere } from './store-tools/store-look.ts';
export { type Soundness, verifyStore } from './store-tools/verify.ts';

/** How often one call is repeated, with growing pauses, before the store counts as away: about ten seconds. */
const REPETITIONS_MAX = 10;
const RETRY_MS = { retryMsMin: 100, retryMsMax: 2_000 };

/**
 * What `use` makes of the store, and where the store is. Throws StoreOpenError, StoreRefused, and StoreAbandoned when
 * the store does not answer.
 */
export async function lookAtStore<Result>(
  url: string,
  use: (look: StoreLook) => Promise<Result>,
): Promise<{ where: string; result: Result }> {
  const opened = await openStore(url, { access: 'look' });
  try {
    const away = new AbortController();
    const telemetry = new Patience(() => away.abort());
    const ports = { clock: systemClock, random: systemRandom, blobs: opened.blobs, telemetry };
    const store = new PersistentStore(ports, RETRY_MS, 'store.retried', away.signal);
    const look: StoreLook = {
      store: { get: (key, range) => store.get(key, range), list: (prefix, after) => store.list(prefix, after) },
      compute: systemCompute,
      telemetry,
    };
    return { where: opened.describe, result: await use(look) };
  } finally {
    await opened.release();
  }
}

/** Counts repetitions of one call in a row. */
class Patience implements Telemetry {
  readonly #giveUp: () => void;
  #call: string | number | undefined;
  #repetitions = 0;

  constructor(giveUp: () => void) {
    this.#giveUp = giveUp;
  }

  event(name: string, detail?: string | number): void {
    if (name !== 'store.retried') return;
    this.#repetitions = detail === this.#call ? this.#repetitions + 1 : 1;
    this.#call = detail;
    if (this.#repetitions > REPETITIONS_MAX) this.#giveUp();
  }
}
