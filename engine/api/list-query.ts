/** The query of a listing (API contract §2.2). */

import { type ListQuery, listLimit } from '../core/listing.ts';
import { BadRequest } from './errors.ts';
import { parseU64 } from './u64.ts';

const NAMES = ['prefix', 'start_after', 'limit'];

/** Unknown parameters are ignored, any limit is good. Throws BadRequest `bad_query` for what is malformed. */
export function parseListQuery(query: URLSearchParams, problemOf: (name: string) => string | null): ListQuery {
  const twice = NAMES.find((name) => query.getAll(name).length > 1);
  if (twice !== undefined) throw new BadRequest('bad_query', `query parameter \`${twice}\` is there more than once`);
  const name = (parameter: 'prefix' | 'start_after'): string => {
    const text = query.get(parameter) ?? '';
    const problem = problemOf(text);
    if (problem !== null) throw new BadRequest('bad_query', `query parameter \`${parameter}\`: ${problem}`);
    return text;
  };
  return { prefix: name('prefix'), startAfter: name('start_after'), limit: limit(query.get('limit')) };
}

function limit(text: string | null): number {
  if (text === null) return listLimit(null);
  const value = parseU64(text);
  if (value === null) throw new BadRequest('bad_query', 'query parameter `limit` must be an unsigned 64-bit integer');
  return listLimit(value);
}
