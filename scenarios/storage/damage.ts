/**
 * Servers of a store whose objects are damaged now and then, and put back sound a while later. A server that meets one
 * may end, if it says which object it is; it is started again as after any other end. A server that calls a sound object
 * damaged, or does not say which, fails the run.
 */

import { ForeignStore, LogCorruption } from '../../engine/index.ts';
import type { Program, World } from '../../sim/index.ts';

export const DAMAGE_PROBES = {
  'damage.named': 'a server ended because of a damaged object, and named it',
} as const;

/** A server met damage at work, and says so in these words. */
export class DamageMet extends Error {
  override name = 'DamageMet';
}

/** Exit code of a server that found damage. */
const EXIT_DAMAGED = 5;
const OBJECT = /\b(?:wal|seg|ckpt|meta|pub)\/[\d-]*\d|\bformat\b/g;

export function endingAtDamage(program: Program, world: World): Program {
  return async (ports, process) => {
    try {
      return await program(ports, process);
    } catch (error) {
      if (!isAboutDamage(error)) throw error;
      // Where two contradict each other both are named.
      const named = error.message.match(OBJECT) ?? [];
      if (!named.some((object) => world.store.damage.wasDamaged(object))) throw error;
      world.probes.reachable('damage.named');
      return EXIT_DAMAGED;
    }
  };
}

function isAboutDamage(error: unknown): error is Error {
  return error instanceof LogCorruption || error instanceof ForeignStore || error instanceof DamageMet;
}
