/** Listings cut down to what a token reaches: the engine is asked for no more than that, and pages stay whole. */

import { type NameSet, reaches } from '../core/access.ts';
import type { ListQuery, Page } from '../core/listing.ts';
import type { Rejection } from '../core/outcome.ts';

type Listing<Row> = { kind: 'page'; page: Page<Row> } | { kind: 'rejected'; reason: Rejection };

/** The page of `query` that `list` gives, of names in `set` only. */
export async function narrowed<Row extends { name: string }>(
  set: NameSet,
  query: ListQuery,
  list: (query: ListQuery) => Promise<Listing<Row>>,
): Promise<Listing<Row>> {
  const inner = within(set, query);
  // Where there is nothing to show, the answer still says whether there is something to list.
  const outcome = await list(inner ?? { ...query, limit: 1 });
  if (outcome.kind !== 'page') return outcome;
  const { rows, hasMore } = outcome.page;
  const shown = inner === null ? [] : rows.filter(({ name }) => reaches(set, name));
  return { kind: 'page', page: { rows: shown, hasMore: hasMore && shown.length === rows.length && !isOne(set) } };
}

/** Null when no name can be in the set and answer the query. */
function within(set: NameSet, query: ListQuery): ListQuery | null {
  if (set === null) return null;
  if ('exact' in set) {
    // The name itself comes before all that begin with it.
    return set.exact !== '' && set.exact.startsWith(query.prefix) ? { ...query, prefix: set.exact, limit: 1 } : null;
  }
  if (query.prefix.startsWith(set.prefix)) return query;
  return set.prefix.startsWith(query.prefix) ? { ...query, prefix: set.prefix } : null;
}

function isOne(set: NameSet): boolean {
  return set === null || 'exact' in set;
}
