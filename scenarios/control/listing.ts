/**
 * Listings (API contract §2.2): one page shows one moment. What is being deleted is shown with the time of its deletion as
 * long as it is there; of what is there, nothing that belongs on the page is missing. Pure.
 */

import type { ListPage, Shown } from './history.ts';
import { type BasinLife, learned, type StreamLife } from './state.ts';

/** A page of a listing as it was shown. */
interface ShownPage {
  rows: readonly Shown[];
  hasMore: boolean;
}

/**
 * What there was in the moment of the page, with what it told; null when there is no such moment. `mayBeGone` says of which
 * lives that is possible.
 */
export function afterPage<Life extends BasinLife | StreamLife>(
  lives: ReadonlyMap<string, Life>,
  { prefix, startAfter, limit }: ListPage,
  { rows, hasMore }: ShownPage,
  mayBeGone: (life: Life) => boolean,
): ReadonlyMap<string, Life> | null {
  const matches = [...lives.keys()].filter((name) => name.startsWith(prefix) && name > startAfter).toSorted();
  const shown = new Map(rows.map((row) => [row.name, row]));
  if (shown.size !== rows.length || rows.some(({ name }) => !matches.includes(name))) return null;
  if (rows.length > limit || (hasMore && rows.length < limit)) return null;
  if (rows.some(({ name }, index) => index > 0 && name <= (rows[index - 1]?.name ?? ''))) return null;
  // Behind the last row of a full page somebody may stand of whom nothing was said.
  const end = hasMore ? rows.at(-1)?.name : undefined;
  const after = new Map(lives);
  for (const name of matches) {
    const life = lives.get(name) as Life;
    const row = shown.get(name);
    if (row !== undefined) {
      const known = learned(life, row);
      if (known === null) return null;
      after.set(name, known);
    } else if (end === undefined || name < end) {
      if (!mayBeGone(life)) return null;
      after.delete(name);
    }
  }
  return end !== undefined && !matches.some((name) => name > end) ? null : after;
}
