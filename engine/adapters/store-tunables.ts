/** How the engine is tuned for each kind of store it is served from: what a put costs there decides how long to wait for company. */

import { ENGINE_DEFAULTS, type EngineTunables } from '../tunables.ts';
import type { OpenedStore } from './open-store.ts';

const { log } = ENGINE_DEFAULTS;

export const STORE_TUNABLES: Readonly<Record<OpenedStore['kind'], EngineTunables>> = {
  /** A put costs no time: nobody waits for company when nothing is in flight, and slots stay in the processor's cache. */
  memory: { ...ENGINE_DEFAULTS, log: { ...log, issueIntervalMs: 0, lingerMs: 1, slotBytesMax: 256 * 1024 } },
  /** A put costs little time and no money. */
  file: { ...ENGINE_DEFAULTS, log: { ...log, issueIntervalMs: 0, lingerMs: 1 } },
  /**
   * A put costs money: with at most one every 50 ms a month of constant appends costs about 260 $ of requests, and a large
   * object costs no more than a small one. An append that comes alone does not wait.
   */
  s3: { ...ENGINE_DEFAULTS, log: { ...log, issueIntervalMs: 50, lingerMs: 50, slotBytesMax: 4 * 1024 * 1024 } },
};
