/**
 * Listing `pub/`, whole or torn. The protocol assumes that one listing of a few names is a snapshot; where it is not
 * (a directory read entry by entry), names above some point are seen first and the rest later.
 */

import { type Task, insist } from './network.ts';
import type { Publication } from './objects.ts';
import type { World } from './owner.ts';

/** A torn listing reads on after any name there was, or (the worst case) after the newest. */
export type Listing = 'snapshot' | 'torn anywhere' | 'torn after the newest';

/** In ascending order, the newest last. */
export function* listPublications({ network, listing }: World): Task<Publication[]> {
  const name = 'pub/';
  if (listing === 'snapshot') return yield* insist({ verb: 'list', name, effect: (store) => store.listPublications() });
  const scanned = yield* insist({
    verb: 'list',
    name,
    effect: (store) => {
      const listed = store.listPublications();
      const last = listing === 'torn anywhere' && listed.length > 0 ? network.dice.pick(listed) : listed.at(-1);
      const point = last?.frozenAt ?? Infinity;
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
