/** Tries what is to be written before the work begins, and leaves nothing behind. */

import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { EXIT_USAGE, InputError, reasonOf } from './input-error.ts';

/** Throws an InputError that says `what` it was. */
export function mustBeWritable(what: string, file: string): void {
  tryTo(what, () => {
    const wasThere = existsSync(file);
    closeSync(openSync(file, 'a'));
    if (!wasThere) rmSync(file);
  });
}

/** An attempt that fails is an InputError that says `what` can not be written, and why. */
export function tryTo(what: string, attempt: () => void): void {
  try {
    attempt();
  } catch (error) {
    throw new InputError(
      `${what} can not be written: ${reasonOf(error)}; nothing has run yet, name a place that can`,
      EXIT_USAGE,
    );
  }
}
