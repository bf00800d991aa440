/** Work on a simulated disk goes on only when it is stepped: this steps until the work is over, or has had its steps. */

import { type ManualClock, settled } from './manual-ports.ts';

/**
 * Before each step `between` is called. When the disk has nothing to do, time passes. Returns how many steps were left, 0
 * when they did not suffice; rejects with what the work rejected with.
 */
export async function stepByStep(
  files: { step(): boolean },
  clocks: readonly ManualClock[],
  work: Promise<unknown>,
  stepsMax: number,
  between: () => void = () => {},
): Promise<number> {
  let running = true;
  let failure: unknown;
  work.then(
    () => (running = false),
    (error: unknown) => {
      running = false;
      failure = error;
    },
  );
  await settled();
  let left = stepsMax;
  for (; running && left > 0; left--) {
    between();
    if (files.step()) await settled();
    else for (const clock of clocks) await clock.advance(5);
  }
  if (failure !== undefined) throw failure as Error;
  return left;
}
