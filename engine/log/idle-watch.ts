/**
 * An owner that nobody asks anything notices by itself that it was taken over: when ownership has not been proved for a
 * while, it asks for a proof. So a fenced process ends in bounded time, and with it every session it still has.
 *
 * It adds nothing to safety: every answer waits for a proof of its own. Under traffic those proofs come anyway, and the
 * watch only looks at the clock. One proof at a time: a store that is away is not asked more often because of it.
 */

import type { Ports } from '../ports.ts';
import type { LogTunables } from './tunables.ts';

/** What the watch sees of the log. */
export interface WatchedLog {
  /** When ownership was proved last, or begun, on the monotonic clock. */
  readonly provedMs: number;
  proveOwnership(): Promise<boolean>;
}

/** Resolves when ownership is lost or `signal` aborts. */
export async function watchIdleOwner(
  ports: Pick<Ports, 'clock' | 'telemetry'>,
  { idleProofMs }: Pick<LogTunables, 'idleProofMs'>,
  log: WatchedLog,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const dueMs = log.provedMs + idleProofMs;
    const now = ports.clock.monoMs();
    if (now < dueMs) {
      await ports.clock.sleep(dueMs - now, signal);
      continue;
    }
    ports.telemetry.event('log.watch.asked');
    if (await log.proveOwnership()) continue;
    ports.telemetry.event('log.watch.lost');
    return;
  }
}
