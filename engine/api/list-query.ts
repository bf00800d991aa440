/** The query of a listing (API contract §2.2). */

import { type ListQuery, listLimit } from '../core/listing.ts';
import { BadRequest } from './errors.ts';
import { queryU64, refuseRepeated } from './query.ts';

const NAMES = ['prefix', 'start_after', 'limit'];

/** Unknown parameters are ignored, any limit is good. Throws BadRequest `bad_query` for what is malformed. */
export function parseListQuery(query: URLSearchParams, problemOf: (name: string) => string | null): ListQuery {
  refuseRepeated(query, NAMES);
  const name = (parameter: 'prefix' | 'start_after'): string => {
    const text = query.get(parameter) ?? '';
    const problem = problemOf(text);
    if (problem !== null) throw new BadRequest('bad_query', `query parameter \`${parameter}\`: ${problem}`);
    return text;
  };
  return { prefix: name('prefix'), startAfter: name('start_after'), limit: listLimit(queryU64(query, 'limit')) };
}
