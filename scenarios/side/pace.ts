/**
 * How a client of side streams goes on: operations one after the other with pauses between them, and longer rests while
 * nobody answers, so that it does not spend itself on one takeover.
 */

import { Rests } from '../rests.ts';

const REST_MS_MIN = 200;
const REST_MS_MAX = 3_000;
/** Attempts for each operation that is to be answered. */
const ATTEMPTS = 3;

export interface PaceWorld {
  /** A uniform integer in [0, bound). */
  below: (bound: number) => number;
  sleep: (ms: number) => Promise<void>;
}

/** Until so many operations were answered, or three times as many were tried. `operation` says whether it was. */
export async function atPace(
  { operationsPerClient, thinkMsMax }: { operationsPerClient: number; thinkMsMax: number },
  { below, sleep }: PaceWorld,
  operation: () => Promise<boolean>,
): Promise<void> {
  const rests = new Rests(REST_MS_MIN, REST_MS_MAX);
  let answered = 0;
  for (let tried = 0; answered < operationsPerClient && tried < ATTEMPTS * operationsPerClient; tried++) {
    if (await operation()) {
      answered++;
      rests.answered();
      await sleep(below(thinkMsMax + 1));
    } else {
      await sleep(rests.nextMs());
    }
  }
}
