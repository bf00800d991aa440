/**
 * The audit of a store at the end of a run, when nothing goes wrong any more: one more owner takes over, flushes and
 * collects until there is nothing left to do. Then every start there is comes to the same state, nothing is left that
 * nobody needs, and nothing that is in a segment is held in memory.
 *
 * Starts that must agree: from a publication, from the one before it with the log between the two, and, at the first
 * publication of the run, when nothing is deleted yet, from the very first slot. Each is the real engine on a copy of the
 * store, and the owner itself has come there by folding what it committed: three ways to one state.
 */

import { type Engine, type EngineTunables, openEngine } from '../../engine/index.ts';
import type { World } from '../../sim/index.ts';
import type { StorageGhost } from './ghost.ts';
import { whoWaits } from '../who-waits.ts';
import { recover, type Recovery } from './recovery.ts';

export const AUDIT_PROBES = {
  'audit.whole-log': 'a replay from the first slot was compared with a start from a publication',
  'audit.two-publications': 'starts from two publications that follow each other were compared',
  'audit.owner': 'the state of a running owner was compared with that of the next one',
  'audit.litter': 'at the end of a run there was something to collect, and it went away',
} as const;

const AUDITOR = 'auditor';
/** Within this everything there is to collect goes away: two publications for each kind, and the rarer sweeps. */
const ROUNDS_MAX = 16;
const STEP_MS_MAX = 120_000;
/** What finding one chunk may cost in memory. */
const CHUNK_OVERHEAD_BYTES_MAX = 128;

type Objects = ReadonlyMap<string, Uint8Array>;

/** The store right after its newest publication, or after the first of the run. */
export type OlderState = 'newest' | 'first';

export interface AuditOptions {
  world: World;
  ghost: StorageGhost;
  tunables: EngineTunables;
  /** A basin that exists; streams are created in it, to have something to publish. */
  basin: string;
  /** Which older states of the store are started from, too: each costs as much as the rest of the audit. */
  older: readonly OlderState[];
  /** Asks the auditing owner for what is durable; findings go to the world. */
  inspect?: (engine: Engine) => Promise<void>;
}

export class StorageAudit {
  readonly #o: AuditOptions;
  /** The store right after the first publication of the run, which is before the first deletion. */
  #first: Objects | null = null;
  /** The store right after the newest publication, before what it makes unnecessary is deleted; kept while auditing. */
  #newest: Objects | null = null;
  #isAuditing = false;

  constructor(options: AuditOptions) {
    this.#o = options;
    options.world.store.onEffect(({ kind, key }) => {
      if (kind !== 'put' || !key.startsWith('pub/')) return;
      if (this.#first === null || this.#isAuditing) this.#newest = options.world.store.objects();
      this.#first ??= this.#newest;
    });
  }

  /** `engines`: who serves now, if anyone; nothing but the audit may be under way. Fails the run at the first finding. */
  async run(engines: Iterable<Engine>): Promise<void> {
    const { world } = this.#o;
    this.#isAuditing = true;
    const owner = this.#ownerAmong(engines);
    if (owner !== null) {
      this.#atRest(owner);
      // Before it is fenced; it has in memory what another one would have to fetch.
      await this.#inspect(owner);
    }
    const engine = await this.#takeOver();
    if (engine === null) return;
    if (owner !== null) {
      world.probes.reachable('audit.owner');
      this.#same('the owner at the end of the run', owner.state, 'whoever replayed its log', engine.state);
    }
    if (owner === null) await this.#inspect(engine);
    if (world.failure === null) await this.#collectAll(engine);
    if (world.failure === null) this.#atRest(engine);
    if (world.failure === null) await this.#compareStarts(engine);
  }

  /** Of those that believe to be the owner, the one that is; a fenced one at rest does not know it yet. */
  #ownerAmong(engines: Iterable<Engine>): Engine | null {
    const { end, epoch } = this.#o.ghost.walk();
    return (
      [...engines].find(({ end: why, state }) => why === null && state.epoch === epoch && state.slot === end) ?? null
    );
  }

  async #takeOver(): Promise<Engine | null> {
    let engine: Engine | null = null;
    this.#o.world.host(AUDITOR).start(async (ports) => {
      engine = await openEngine(ports, this.#o.tunables);
    });
    await this.#until('one more process takes over', () => engine !== null);
    return engine;
  }

  async #inspect(engine: Engine): Promise<void> {
    const { inspect, world } = this.#o;
    if (inspect === undefined || world.failure !== null) return;
    let isDone = false;
    world.after(0, 'audit.inspect', () => {
      void inspect(engine).then(() => (isDone = true));
    });
    await this.#until('an owner nobody disturbs shows what it has', () => isDone);
  }

  // --- litter --------------------------------------------------------------------------------------------

  /** Publishes and collects until nothing is left that nobody needs. */
  async #collectAll(engine: Engine): Promise<void> {
    const { ghost, world } = this.#o;
    let litter = this.#litter();
    world.probes.sometimes('audit.litter', litter.length > 0);
    // Once at least: a checkpoint of the new owner is part of the audit.
    for (let round = 1; round === 1 || litter.length > 0; round++) {
      await this.#publish(engine, round);
      if (world.failure !== null) return;
      ghost.walk();
      litter = this.#litter();
      if (round === ROUNDS_MAX) break;
    }
    if (litter.length > 0) world.probes.reachable('never.litter');
    const some = litter.slice(0, 8).join(', ');
    world.probes.always(
      'always.litter-collected',
      litter.length === 0
        ? null
        : `${litter.length} objects stay that nobody needs, after ${ROUNDS_MAX} rounds: ${some}`,
    );
  }

  #litter(): string[] {
    return this.#o.ghost.litter(this.#o.world.store.objects().keys());
  }

  async #publish(engine: Engine, round: number): Promise<void> {
    let isDone = false;
    this.#o.world.after(0, 'audit.flush', () => {
      void (async () => {
        await engine.createStream(this.#o.basin, `audit-${round}`, `audit-${round}`);
        isDone = await engine.flush();
      })();
    });
    await this.#until('a flush of an owner nobody disturbs', () => isDone);
  }

  // --- memory --------------------------------------------------------------------------------------------

  /** What the index of chunks holds in memory is what the log holds in no segment, streams that were deleted apart. */
  #atRest({ undurableBytes, unflushedBytes }: Engine): void {
    const { ghost, world } = this.#o;
    const { chunks, bytes } = ghost.walk().unflushed;
    const held = undurableBytes === 0 ? null : `${undurableBytes} bytes are held for appends at rest`;
    world.probes.always('always.bytes-let-go', held);
    const isMore = unflushedBytes > bytes + chunks * CHUNK_OVERHEAD_BYTES_MAX;
    const more = isMore ? `${unflushedBytes} bytes of chunks are in memory, ${bytes} are in no segment` : null;
    world.probes.always('always.memory-accounted-for', more);
  }

  // --- state ---------------------------------------------------------------------------------------------

  async #compareStarts(engine: Engine): Promise<void> {
    const { older, tunables, world } = this.#o;
    await this.#until('all that is put is committed', () => this.#o.ghost.walk().end === engine.state.slot);
    if (world.failure !== null) return;
    const now = await recover(world.store.objects(), tunables);
    this.#recovered('the store at the end', now, (state) => this.#same('its owner', engine.state, 'a start', state));
    if (older.includes('newest') && this.#newest !== null) await this.#fromTwo(this.#newest, 'audit.two-publications');
    if (older.includes('first') && this.#first !== null) await this.#fromTwo(this.#first, 'audit.whole-log');
  }

  /** With its newest publication and without: nothing was deleted since that was written. */
  async #fromTwo(objects: Objects, probe: 'audit.two-publications' | 'audit.whole-log'): Promise<void> {
    const { tunables, world } = this.#o;
    if (world.failure !== null) return;
    const newest = [...objects.keys()].findLast((key) => key.startsWith('pub/'));
    const older = new Map(objects);
    older.delete(newest ?? '');
    const [a, b] = [await recover(objects, tunables), await recover(older, tunables)];
    this.#recovered(`the store with ${newest}`, a, (state) => {
      this.#recovered(`the store before ${newest}`, b, (before) => {
        world.probes.reachable(probe);
        this.#same(`a start from ${newest}`, state, 'a start from before it', before);
      });
    });
  }

  #recovered(what: string, recovery: Recovery, then: (state: Engine['state']) => void): void {
    const isRecovered = recovery.kind === 'recovered';
    const words = isRecovered ? null : `${what} can not be taken over: ${recovery.message}`;
    this.#o.world.probes.always('always.recoverable', words);
    if (isRecovered) then(recovery.state);
  }

  #same(whose: string, one: Engine['state'], others: string, other: Engine['state']): void {
    const at = (state: Engine['state']) => `${state.hash} at slot ${state.slot}`;
    const words = one.hash === other.hash ? null : `the state of ${whose} is ${at(one)}, of ${others} ${at(other)}`;
    this.#o.world.probes.always('always.one-state', words);
  }

  async #until(goal: string, done: () => boolean): Promise<void> {
    const { world } = this.#o;
    if (world.failure !== null) return;
    const end = await world.run(done, { untilMs: world.nowMs + STEP_MS_MAX });
    if (end === 'until' || end === 'failed') return;
    world.fail('liveness', `${goal}: not reached in ${STEP_MS_MAX / 1000} s\n${whoWaits(world)}`);
  }
}
