/**
 * Listing `pub/`, whole or torn. The protocol assumes that one listing of a few names is a snapshot; where it is not
 * (a directory read entry by entry), names above some point are seen first and the rest later.
 */

import { type Task, insist } from './network.ts';
import type { Publication } from './objects.ts';
import type { World } from './owner.ts';

/** In ascending order, the newest last. */
export function* listPublications({ network, tornListings }: World): Task<Publication[]> {
  const name = 'pub/';
  if (!tornListings) return yield* insist({ verb: 'list', name, effect: (store) => store.listPublications() });
  const scanned = yield* insist({
    verb: 'list',
    name,
    effect: (store) => {
      const listed = store.listPublications();
      const point = listed.length === 0 ? Infinity : network.dice.pick(listed).frozenAt;
      return { point, above: store.listPublications(point) };
    },
  });
  const rest = yield* insist({
    verb: 'list',
    name: 'pub/ (rest)',
    effect: (store) => store.listPublications(-1, scanned.point),
  });
  return [...rest, ...scanned.above];
}
