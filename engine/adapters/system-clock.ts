/** The clock of this machine. */

import { setMaxListeners } from 'node:events';
import type { Clock } from '../ports.ts';

/** A longer timer fires at once; a longer sleep is made of several. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monoMs,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const endMs = monoMs() + ms;
      let timer: NodeJS.Timeout | undefined;
      if (signal?.aborted) return resolve();
      // Many sleepers may share one signal; that is no leak to warn of.
      if (signal !== undefined) setMaxListeners(0, signal);
      signal?.addEventListener('abort', finish, { once: true });
      // No time at all still gives the turn away: whatever the loop has waiting comes first.
      if (ms <= 0) setImmediate(finish);
      else arm();

      function arm(): void {
        const leftMs = endMs - monoMs();
        // Timers may fire a little early by the clock that is promised here, so the time is looked at again.
        if (leftMs <= 0) finish();
        else timer = setTimeout(arm, Math.min(leftMs, TIMER_MS_MAX));
      }

      function finish(): void {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      }
    }),
};

function monoMs(): number {
  return Math.floor(performance.now());
}
