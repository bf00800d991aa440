/**
 * Servers of a store that may not look at conditions: each tries the store out before it opens it, as production does with a
 * bucket, and refuses one that fails. No server may ever open such a store, and none may refuse one that keeps its promises.
 */

import { ConformanceError, probeConformance, ProbeInterrupted } from '../../engine/index.ts';
import type { Program, World } from '../../sim/index.ts';

export const TRIED_PROBES = {
  'store.refused-as-unfit': 'a server refused a store that ignores conditions, by the name of the check',
} as const;

/** As the server program ends when the store refuses. */
const EXIT_REFUSED = 3;

export function onceTried(program: Program, world: World): Program {
  return async (ports, process) => {
    const { store, probes } = world;
    try {
      await probeConformance(ports, 'the store');
    } catch (error) {
      if (error instanceof ProbeInterrupted) return EXIT_REFUSED;
      // The store may have come to its senses meanwhile; what was seen was seen.
      if (!(error instanceof ConformanceError) || probes.count('fault.put.overwrote') === 0) throw error;
      probes.reachable('store.refused-as-unfit');
      return EXIT_REFUSED;
    }
    probes.always(
      'always.unfit-store-unopened',
      store.keepsConditions ? null : 'a store that ignores conditions was found fit',
    );
    return program(ports, process);
  };
}
