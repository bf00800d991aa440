/** What is asked of a listing, and what it answers (API contract §2.2). Names are in the order of their UTF-8 bytes. */

import { LIST_ROWS_MAX } from './limits.ts';

export interface ListQuery {
  /** Only names that begin with it. */
  prefix: string;
  /** Only names behind it; it may sort before the prefix. */
  startAfter: string;
  /** 1..LIST_ROWS_MAX rows at most. */
  limit: number;
}

export interface Page<Row> {
  rows: readonly Row[];
  /** There is at least one match beyond the page. */
  hasMore: boolean;
}

/** S2 takes no limit, 0, and more than the most for the most. */
export function listLimit(asked: number | null): number {
  return asked === null || asked === 0 || asked > LIST_ROWS_MAX ? LIST_ROWS_MAX : asked;
}

/** The first `limit` of `matches`, which are looked at as far as the page needs. */
export function pageOf<Row>(matches: Iterable<Row>, limit: number): Page<Row> {
  const rows: Row[] = [];
  for (const row of matches) {
    if (rows.length === limit) return { rows, hasMore: true };
    rows.push(row);
  }
  return { rows, hasMore: false };
}
