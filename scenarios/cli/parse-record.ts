/** The JSON records of runs and sweeps, as they were written by this program. */

import { InputError } from './input-error.ts';

/** Throws InputError unless `text` is JSON with that `format`; the rest is trusted. */
export function parseRecord<Kind>(file: string, text: string, format: string): Kind {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${file}: not whole JSON: ${(error as Error).message}`);
  }
  const found = (record as { format?: unknown } | null)?.format;
  if (found !== format) throw new InputError(`${file}: expected a record of format ${format}`);
  return record as Kind;
}
