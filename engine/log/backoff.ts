/** Waiting before a repeated store call: doubled each time up to a limit, half of it jitter, and no shorter than the store asked for. */

import type { Clock, Random, StoreFault } from '../ports.ts';
import type { LogTunables } from './tunables.ts';

/** A store that asks for longer is asked again nevertheless: it may have got over it, and somebody waits here. */
const RETRY_AFTER_MS_MAX = 60_000;

/** `attempt` counts from 0; `fault` is how it ended. Resolves early when `signal` aborts. */
export function backOff(
  ports: { clock: Clock; random: Random },
  tunables: Pick<LogTunables, 'retryMsMin' | 'retryMsMax'>,
  attempt: number,
  { retryAfterMs = 0 }: StoreFault,
  signal?: AbortSignal,
): Promise<void> {
  const ceiling = Math.min(tunables.retryMsMax, tunables.retryMsMin * 2 ** Math.min(attempt, 20));
  const half = Math.ceil(ceiling / 2);
  const ours = half + ports.random.below(half + 1);
  return ports.clock.sleep(Math.max(ours, Math.min(retryAfterMs, RETRY_AFTER_MS_MAX)), signal);
}
