/**
 * Nobody is unavailable without a reason. A server that says it can not answer, or can not know, has to have an excuse that the
 * harness knows of: its store failed it or kept it waiting, it stood still, or, where it says that it is not the owner, somebody
 * else wrote to the log. Without one the run fails as one that is stuck: clients repeat what is refused, and hide it.
 *
 * Judged where the engine answers, in the turn in which it does. Damage is an excuse of its own, so profiles whose store is not
 * what was written have none of this.
 */

import type { Engine, EngineTunables } from '../../engine/index.ts';
import type { World } from '../../sim/index.ts';
import type { Crew } from '../crews/crew.ts';
import { heardOf } from '../invariants/heard-steps.ts';

export const EXCUSE_PROBES = {
  'excuse.store': 'a server could not answer, and the store had failed it or kept it waiting',
  'excuse.rival': 'a server was not the owner any more, and somebody else had written to the log',
} as const;

/** What is asked once and answered once. */
const ASKED = [
  ...(['createBasin', 'ensureBasin', 'reconfigureBasin', 'basinConfig', 'listBasins', 'deleteBasin'] as const),
  ...(['createStream', 'ensureStream', 'reconfigureStream', 'streamConfig', 'listStreams', 'deleteStream'] as const),
  ...(['append', 'read', 'checkTail'] as const),
] as const;
type Asked = (typeof ASKED)[number];

/** Between two tries of the engine there may be its longest back-off, and what a try takes. */
const TRY_MS = 1_000;

/** As far as it matters here; all outcomes fit. */
interface Outcome {
  kind: string;
  message?: string;
  reason?: { kind: string; message?: string };
}

export class Excuses implements Crew {
  readonly #world: World;
  readonly #backOffMs: number;
  /** The process on each host that wrote to the log last, and whether another one has since its first word there. */
  readonly #writers = new Map<string, { generation: number; hasRival: boolean }>();

  constructor(world: World, { log }: EngineTunables) {
    this.#world = world;
    this.#backOffMs = log.retryMsMax + TRY_MS;
    world.store.onEffect(({ kind, key, host, generation }) => {
      if (kind === 'put' && key.startsWith('wal/')) this.#wrote(host, generation);
    });
  }

  /** It has no clients of its own. */
  start(): void {}

  seen(engine: Engine, host: string): Engine {
    const heard = Object.fromEntries(ASKED.map((method) => [method, this.#heard(engine, method, host)]));
    return Object.assign(Object.create(engine) as Engine, heard);
  }

  #heard(engine: Engine, method: Asked, host: string): (...asked: never[]) => Promise<Outcome> {
    return (...asked) => {
      const sinceMs = this.#world.nowMs;
      const ask = engine[method] as (...asked: never[]) => Promise<Outcome>;
      return heardOf(ask.apply(engine, asked), (outcome) => this.#judge(host, method, sinceMs, outcome));
    };
  }

  /** The first that a process writes is the fence it takes over with: whoever wrote before it is a rival no more. */
  #wrote(host: string, generation: number): void {
    const known = this.#writers.get(host);
    if (known === undefined || known.generation < generation) this.#writers.set(host, { generation, hasRival: false });
    for (const [name, writer] of this.#writers) {
      if (name !== host || writer.generation !== generation) writer.hasRival = true;
    }
  }

  #judge(host: string, method: Asked, sinceMs: number, { kind, reason, message }: Outcome): void {
    const said = kind === 'rejected' ? (reason?.kind ?? '') : kind;
    if (said !== 'unavailable' && said !== 'unknown' && said !== 'not-owner') return;
    const isRivalled = this.#writers.get(host)?.hasRival === true;
    if (isRivalled && said !== 'unavailable') return this.#world.probes.reachable('excuse.rival');
    const excusedMs = this.#world.store.troubledMs(host) ?? -Infinity;
    const stoodStillMs = this.#world.host(host).stoodStillMs ?? -Infinity;
    if (excusedMs >= sinceMs - this.#backOffMs) return this.#world.probes.reachable('excuse.store');
    if (stoodStillMs >= sinceMs) return;
    this.#world.fail(
      'liveness',
      `${host} answered ${method} with "${said}" after ${this.#world.nowMs - sinceMs} ms without a reason: ` +
        `its store had answered it all along, and nobody else wrote to the log (${reason?.message ?? message ?? ''})`,
    );
  }
}
