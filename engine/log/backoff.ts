/** Waiting before a repeated store call: doubled each time up to a limit, half of it jitter. */

import type { Clock, Random } from '../ports.ts';
import type { LogTunables } from './tunables.ts';

/** `attempt` counts from 0. Resolves early when `signal` aborts. */
export function backOff(
  ports: { clock: Clock; random: Random },
  tunables: Pick<LogTunables, 'retryMsMin' | 'retryMsMax'>,
  attempt: number,
  signal?: AbortSignal,
): Promise<void> {
  const ceiling = Math.min(tunables.retryMsMax, tunables.retryMsMin * 2 ** Math.min(attempt, 20));
  const half = Math.ceil(ceiling / 2);
  return ports.clock.sleep(half + ports.random.below(half + 1), signal);
}
