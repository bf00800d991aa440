/**
 * What runs on a server host of the simulation: the real engine with the real API in front of it, and the
 * supervisor that starts it again after it ends. The engine is built exactly as production builds it.
 */

import {
  AccessControl,
  type Clock,
  createApi,
  type Engine,
  type EngineTunables,
  type HttpHandler,
  openEngine,
  StoreRefused,
} from '../engine/index.ts';
import { pinnedCompression, type Program } from '../sim/index.ts';
import { asAsked } from './storage/as-asked.ts';
import { DamageMet } from './storage/damage.ts';

/** Exit codes of the server program, as in production. */
export const EXIT = { stopped: 0, storeRefused: 3, fenced: 4 } as const;

export const SERVER_PROBES = {
  'server.died-taking-over': 'a server died while it was taking over, and started again',
  'server.left-dead': 'a server stayed dead for ever, and the others went on without it',
} as const;

export interface ServerWorld {
  tunables: EngineTunables;
  /** Shows the harness the engine that serves on a host now. */
  running: Map<string, Engine>;
  /** The engine as its API sees it. */
  seenBy: (engine: Engine, host: string) => Engine;
  noted: (probe: 'server.died-taking-over') => void;
  /** Told whenever a server asks its store again that had asked for a rest: what is wrong, or null. */
  restHeld: (words: string | null) => void;
  /** Whose tokens are checked: those of requests about one basin; null where nobody has any. */
  guarded: Guarded | null;
}

interface Guarded {
  basin: string;
  rootSecret: string;
}

/** One program is for one host. */
export function serverProgram({ tunables, running, seenBy, noted, restHeld, guarded }: ServerWorld): Program {
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
      handlerOf(() => served, guarded?.basin ?? null, ports.clock),
    );
    takingOver = true;
    try {
      engine = await openEngine({ ...ports, blobs: asAsked(ports.blobs, ports.clock, restHeld) }, tunables);
      takingOver = false;
    } catch (error) {
      takingOver = false;
      // The store refused for good; a supervisor tries again later. Damage is the supervisor's to judge.
      if (error instanceof StoreRefused) return EXIT.storeRefused;
      throw error;
    }
    if (guarded !== null && !(await hasRoot(engine, guarded.rootSecret))) return EXIT.storeRefused;
    running.set(process.host, engine);
    served = seenBy(engine, process.host);
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

/** Other clients have no tokens, or ones that nobody looks at, and are served beside those that have. */
function handlerOf(engine: () => Engine | null, basin: string | null, clock: Clock): HttpHandler {
  const open = createApi(engine, { compression: pinnedCompression });
  if (basin === null) return open;
  const guarded = createApi(engine, { compression: pinnedCompression, access: new AccessControl(clock) });
  return (request) => {
    const { headers } = request;
    return headers.get('s2-basin') === basin && headers.has('authorization') ? guarded(request) : open(request);
  };
}

/** As the server program: it does not serve before its root token is there for certain. */
async function hasRoot(engine: Engine, secret: string): Promise<boolean> {
  const { kind } = await engine.ensureRootToken(secret);
  if (kind === 'there' || kind === 'issued') return true;
  await engine.stop();
  return false;
}
