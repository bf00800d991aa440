/**
 * What the queries of all requests have in common: a parameter that is known comes once, numbers are unsigned, and what is
 * malformed is answered `bad_query` in one voice.
 */

import { BadRequest } from './errors.ts';
import { parseU64 } from './u64.ts';

/** Throws BadRequest `bad_query` for the first of `names` that is there more than once. Other parameters are ignored. */
export function refuseRepeated(query: URLSearchParams, names: readonly string[]): void {
  const twice = names.find((name) => query.getAll(name).length > 1);
  if (twice !== undefined) throw new BadRequest('bad_query', `query parameter \`${twice}\` is there more than once`);
}

/** Null when it is not there. Throws BadRequest `bad_query`. */
export function queryU64(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  if (text === null) return null;
  const value = parseU64(text);
  if (value === null) throw malformed(name, 'an unsigned 64-bit integer');
  return value;
}

/** What a parameter had to be and is not. */
export function malformed(name: string, expected: string): BadRequest {
  return new BadRequest('bad_query', `query parameter \`${name}\` must be ${expected}`);
}
