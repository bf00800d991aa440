/** Whether the store goes away in a healed world, and whether servers stay dead in it. */

import { type Draw, SITES } from '../plan-draw.ts';
import { type Blackout, BLACKOUTS } from './blackouts.ts';

/** One of them in one run of `oneIn`, mostly; sometimes two, one after the other. */
export function drawBlackouts(draw: Draw, oneIn: number): readonly Blackout[] {
  const count = draw.pick(
    SITES.phases,
    'blackouts',
    Array.from({ length: oneIn }, (_, i) => (i === oneIn - 1 ? 1 : 0)),
  );
  if (count === 0) return [];
  const first = draw.pick(SITES.phases, 'blackout', BLACKOUTS);
  const second = draw.pick(SITES.phases, 'another', [null, null, null, ...BLACKOUTS]);
  return second === null || second === first ? [first] : [first, second];
}

/** Servers that nobody starts again when the world heals; one is left at least. */
export function drawLeftDead(draw: Draw, servers: number): number {
  return Math.min(servers - 1, draw.pick(SITES.phases, 'left-dead', [0, 0, 0, 0, 0, 1, 0, 2]));
}
