/**
 * A store that says when it wants to be asked again, and a server that keeps to it: no put of a name whose last answer asked for
 * a rest comes before that is over, by the clock of the server itself.
 */

import type { BlobStore, Clock, PutOutcome } from '../../engine/index.ts';

/** `held` is told of every put that was to wait: what is wrong, or null. */
export function asAsked(blobs: BlobStore, clock: Clock, held: (words: string | null) => void): BlobStore {
  const restsUntilMs = new Map<string, number>();
  const watched = (key: string, put: () => Promise<PutOutcome>): Promise<PutOutcome> => {
    const untilMs = restsUntilMs.get(key);
    if (untilMs !== undefined) {
      restsUntilMs.delete(key);
      const earlyMs = untilMs - clock.monoMs();
      held(earlyMs > 0 ? `${key} was put again ${earlyMs} ms before the store wanted to be asked` : null);
    }
    const outcome = put();
    // Beside whoever awaits it, so that nothing is later than without this.
    void outcome.then((ended) => {
      const restMs = 'fault' in ended ? ended.fault.retryAfterMs : undefined;
      if (restMs !== undefined) restsUntilMs.set(key, clock.monoMs() + restMs);
    });
    return outcome;
  };
  return {
    ...blobs,
    put: (key, parts) => watched(key, () => blobs.put(key, parts)),
    putIfAbsent: (key, parts) => watched(key, () => blobs.putIfAbsent(key, parts)),
  };
}
