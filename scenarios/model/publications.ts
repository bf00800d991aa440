/**
 * Listing `pub/`, and what may be concluded from it. No listing is a snapshot: names that come or go while it runs are
 * in it or not, one by one (a directory is read entry by entry, a long listing page by page). What was there before it
 * began and stays until it has ended is in it.
 *
 * So one listing can miss everything, when what it should show first is deleted before it gets there and what replaces
 * it appears behind it. Hence milestones, publications that are never deleted, and two listings: a publication that the
 * first one missed was deleted meanwhile, so a milestone above it was there by then, and the second one shows that.
 */

import { type Task, insist } from './network.ts';
import type { Publication } from './objects.ts';
import type { World } from './owner.ts';

/** What a listing shows of names in flux: it takes no time, each name as the dice fall, or (the worst case) none. */
export type Listing = 'snapshot' | 'loose' | 'blind';

/** One listing, in ascending order, the newest last. */
export function* listPublications({ network, listing, ghost }: World): Task<Publication[]> {
  const name = 'pub/';
  const before = yield* insist({ verb: 'list', name, effect: (store) => store.listPublications() });
  if (listing === 'snapshot') return before;
  return yield* insist({
    verb: 'list',
    name: 'pub/ (rest)',
    effect: (store) => {
      const after = store.listPublications();
      const isSteady = ({ checkpoint }: Publication): boolean =>
        store.publications.has(checkpoint) && before.some((other) => other.checkpoint === checkpoint);
      const all = [...before.filter((one) => !isSteady(one)), ...after];
      const shown = all.filter((one) => isSteady(one) || (listing === 'loose' && network.dice.chance(0.5)));
      shown.sort((one, other) => one.frozenAt - other.frozenAt);
      const newest = before.at(-1)?.frozenAt ?? -1;
      if ((shown.at(-1)?.frozenAt ?? -1) < newest) ghost.reach('listing that missed the newest publication');
      return shown;
    },
  });
}

/** Everything that was published before the call began, unless something newer is in it: two listings. */
export function* listAllPublications(world: World): Task<Publication[]> {
  const first = yield* listPublications(world);
  if (world.mutant === 'oneListing') return first;
  const again = yield* listPublications(world);
  const both = new Map([...first, ...again].map((one) => [one.checkpoint, one]));
  return [...both.values()].sort((one, other) => one.frozenAt - other.frozenAt);
}
