/**
 * What runs on a server host of the simulation: the real engine with the real API in front of it, and the
 * supervisor that starts it again after it ends. The engine is built exactly as production builds it.
 */

import { createApi, type EngineTunables, openEngine, type Engine, StoreRefused } from '../engine/index.ts';
import { pinnedCompression, type Program } from '../sim/index.ts';
import { DamageMet } from './storage/damage.ts';

/** Exit codes of the server program, as in production. */
const EXIT = { stopped: 0, storeRefused: 3, fenced: 4 } as const;

export const SERVER_PROBES = {
  'server.died-taking-over': 'a server died while it was taking over, and started again',
} as const;

/**
 * `running` shows the harness the engine that serves on a host now; `seenBy` is the engine as its API sees it. One program
 * is for one host.
 */
export function serverProgram(
  tunables: EngineTunables,
  running: Map<string, Engine>,
  seenBy: (engine: Engine) => Engine,
  noted: (probe: keyof typeof SERVER_PROBES) => void,
): Program {
  // Outlives the processes: what a killed one leaves behind is seen by the next.
  let takingOver = false;
  return async (ports, process) => {
    if (takingOver) noted('server.died-taking-over');
    let engine: Engine | null = null;
    let served: Engine | null = null;
    // The engine of a process that was killed serves no more.
    running.delete(process.host);
    await ports.network.serve(
      process.host,
      createApi(() => served, { compression: pinnedCompression }),
    );
    takingOver = true;
    try {
      engine = await openEngine(ports, tunables);
      takingOver = false;
    } catch (error) {
      takingOver = false;
      // The store refused for good; a supervisor tries again later. Damage is the supervisor's to judge.
      if (error instanceof StoreRefused) return EXIT.storeRefused;
      throw error;
    }
    running.set(process.host, engine);
    served = seenBy(engine);
    const end = await engine.ended;
    running.delete(process.host);
    switch (end.kind) {
      case 'fenced':
        return EXIT.fenced;
      case 'store-refused':
        if (end.fault.code === 'corruption') throw new DamageMet(end.fault.message);
        return EXIT.storeRefused;
      case 'stopped':
        return EXIT.stopped;
    }
  };
}
