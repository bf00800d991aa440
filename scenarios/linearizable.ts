/**
 * Asks: whatever happens to servers, store, network and clocks, is every stream linearizable for its clients, and
 * does it work again once things are healed?
 *
 * Clients against one to three hosts that want to own one store. Who the clients are and what they expect is for the crews of
 * the run to know (`crews/`, `side/`, `control/`); here are the phases: start under faults → safety
 * (clients and nemesis) → heal → liveness (a canary appends, reads and checks the tail in bounded time) → quiescence
 * (nothing pending, nothing held) → the history is judged by `judge.ts`.
 */

import type { BodyHasher, HistoryEvent } from '../checker/index.ts';
import type { Engine } from '../engine/index.ts';
import { type Program, World, type WorldOptions } from '../sim/index.ts';
import { BlackoutCrew } from './availability/blackout-crew.ts';
import { Excuses } from './availability/excuses.ts';
import { ControlCrew } from './control/crew.ts';
import type { Crew, Goal } from './crews/crew.ts';
import { Followers } from './crews/followers.ts';
import { JudgedStream } from './crews/judged-stream.ts';
import { LimitsCrew } from './crews/limits.ts';
import { SessionWriters } from './crews/session-writers.ts';
import { ClientStage } from './crews/stage.ts';
import { Workers } from './crews/workers.ts';
import { Invariants } from './invariants/crew.ts';
import type { Plan } from './plan.ts';
import { probeCatalogue } from './probes.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { Rests } from './rests.ts';
import type { RunFailure } from './run.ts';
import { SecretsCrew } from './secrets/crew.ts';
import { serverProgram } from './server.ts';
import { SideCrew } from './side/crew.ts';
import { StorageAudit } from './storage/audit.ts';
import { type ForeignObjects, foreignObjects } from './storage/foreign-store.ts';
import { StorageGhost } from './storage/ghost.ts';
import { Intruder } from './storage/intruder.ts';
import { onceTried } from './storage/tried.ts';
import { Supervisor } from './supervisor.ts';
import { GUARDED, TokensCrew } from './tokens/crew.ts';
import { UsageCrew } from './usage/crew.ts';
import { whoWaits } from './who-waits.ts';
import { WireClient } from './wire-client.ts';

/** Faults may keep the stream from being created for this long; then they have had their time. */
const PROVISION_MS_MAX = 600_000;
/** So do clients that are not answered: what they still have to do they do in a healed world. */
const SAFETY_MS_MAX = 600_000;
/** There they are answered, and need only the time that they take over it. */
const REMAINDER_MS_MAX = 3_600_000;
/** After healing everything must work within this. */
const LIVENESS_MS_MAX = 180_000;
/** Beyond the longest patience and the longest rest between two attempts: nothing may be under way then. */
const QUIESCENCE_MARGIN_MS = 10_000;
const PROVISION_REST_MS = 200;
const PROVISION_REST_MS_MAX = 5_000;

export interface ScenarioRun {
  world: World;
  history: HistoryEvent[];
  /** The same with all that was written down; empty unless recorded. */
  wholeHistory: RecordedEvent[];
  /** What crews found wrong. */
  verdicts: RunFailure[];
  /** What happened beside the judged stream, a line per operation; empty unless recorded. */
  lines: string[];
}

export interface ScenarioOptions {
  seed: string;
  plan: Plan;
  hashBody: BodyHasher;
  record: boolean;
  onTraceLine?: (line: string) => void;
  /** Choices from elsewhere than the generator, and who sees them. */
  worldOptions?: Pick<WorldOptions, 'choices' | 'onChoice' | 'onProbe' | 'eventsMax' | 'decisionsMax'>;
}

export async function runLinearizable(options: ScenarioOptions): Promise<ScenarioRun> {
  const { foreignObject } = options.plan.faults;
  const scenario = new Linearizable(options, foreignObject[0] === 0 ? null : await foreignObjects());
  await scenario.run();
  const { world, judged, crews } = scenario;
  return {
    world,
    history: judged.recorder.history(),
    wholeHistory: options.record ? judged.recorder.wholeHistory() : [],
    verdicts: crews.map((crew) => crew.verdict?.() ?? null).filter((failure) => failure !== null),
    lines: options.record ? crews.flatMap((crew) => crew.lines?.() ?? []) : [],
  };
}

/** Objects are not what was written, or a store ignores conditions: servers may be unavailable for that. */
function isDamaged({
  objectDamaged,
  foreignObject,
  conditionsIgnored,
  getTruncated,
  getSwapped,
}: Plan['faults']): boolean {
  return [objectDamaged, foreignObject, conditionsIgnored, getTruncated, getSwapped].some(([n]) => n > 0);
}

function quiescenceMs({ tunables, requestTimeoutMs }: Plan): number {
  return Math.max(tunables.patienceMs, requestTimeoutMs) + tunables.log.retryMsMax + QUIESCENCE_MARGIN_MS;
}

class Linearizable {
  readonly world: World;
  readonly judged: JudgedStream;
  readonly crews: readonly Crew[];
  readonly #plan: Plan;
  readonly #stage: ClientStage;
  readonly #supervisor: Supervisor;
  readonly #ghost: StorageGhost;
  readonly #intruder: Intruder | null;
  readonly #audit: StorageAudit;
  readonly #invariants: Invariants;
  /** The engines that serve now, by host. */
  readonly #engines = new Map<string, Engine>();

  constructor(
    { seed, plan, hashBody, record, onTraceLine, worldOptions }: ScenarioOptions,
    foreign: ForeignObjects | null,
  ) {
    this.#plan = plan;
    this.world = new World({
      seed,
      profile: plan.profile,
      faults: plan.faults,
      ...(plan.store !== null && { store: plan.store }),
      probes: probeCatalogue(),
      record,
      ...(onTraceLine !== undefined && { traceLine: onTraceLine }),
      ...worldOptions,
    });
    const { store, probes } = this.world;
    // The run ends at the event that proves a bug; the checker then judges the whole history and names it.
    this.judged = new JudgedStream(
      () => this.world.nowMs,
      hashBody,
      (violation) =>
        probes.always('always.linearizable', violation === null ? null : `${violation.code}: ${violation.message}`),
    );
    this.#supervisor = new Supervisor(this.world);
    const ghost = new StorageGhost((key) => store.peek(key), {
      violated: (message, never) => {
        if (never !== undefined) probes.reachable(never);
        probes.always('always.sound-store', message);
      },
      noted: (probe) => probes.reachable(probe),
    });
    store.onEffect((effect) => {
      ghost.saw(effect);
      probes.always('always.sound-store', null);
    });
    this.#ghost = ghost;
    this.#intruder = foreign === null ? null : new Intruder(this.world, ghost, foreign);
    this.#stage = new ClientStage(this.world, plan);
    this.#invariants = new Invariants(this.world, plan.faults);
    this.#audit = new StorageAudit({
      ...{ world: this.world, ghost, tunables: plan.tunables, basin: this.#stage.basin, older: plan.audited },
      inspect: (engine) => this.#invariants.inspect(engine),
    });
    this.crews = this.#draft();
  }

  /** Everybody who takes part, in the order in which they start. */
  #draft(): Crew[] {
    const { judged } = this;
    const { side, control, usage, secrets, tokens, blackouts } = this.#plan;
    const workers = new Workers(this.#stage, judged);
    return [
      // First, so that it hears what engines say and not what others make of it.
      this.#invariants,
      ...(isDamaged(this.#plan.faults) ? [] : [new Excuses(this.world, this.#plan.tunables)]),
      ...(blackouts.length === 0 ? [] : [new BlackoutCrew(blackouts, this.#stage, judged)]),
      workers,
      new SessionWriters(this.#stage, judged),
      new Followers(this.#stage, judged, () => workers.finalTail),
      ...(this.#plan.goesToLimits ? [new LimitsCrew(this.#stage)] : []),
      ...(side === null ? [] : [new SideCrew(side, this.#stage)]),
      ...(control === null ? [] : [new ControlCrew(control, this.#stage)]),
      ...(usage === null ? [] : [new UsageCrew(usage, this.#stage)]),
      ...(secrets === null ? [] : [new SecretsCrew(secrets, this.#stage)]),
      ...(tokens === null ? [] : [new TokensCrew(tokens, this.#stage)]),
    ];
  }

  async run(): Promise<void> {
    await this.#safety();
    if (this.world.failure === null) await this.#liveness();
    if (this.world.failure === null) await this.#quiescence();
  }

  // --- phases --------------------------------------------------------------------------------------------

  async #safety(): Promise<void> {
    for (const [at, name] of this.#stage.servers.entries()) {
      const server = this.#server(at);
      const isTried = this.#plan.faults.conditionsIgnored[0] > 0;
      this.#supervisor.run(this.world.host(name), isTried ? onceTried(server, this.world) : server);
    }
    await this.#provision();
    for (const crew of this.crews) await crew.start();
    const areThrough = (): boolean => this.#stage.working === 0;
    await this.world.run(areThrough, { untilMs: this.world.nowMs + SAFETY_MS_MAX });
    if (areThrough()) return;
    this.#heal();
    await this.#runUntil('all clients are through', REMAINDER_MS_MAX, areThrough);
  }

  /** Creates the judged stream. */
  async #provision(): Promise<void> {
    const { basin, stream } = this.#stage;
    let isDone = false;
    this.#stage.start('admin', async (ports) => {
      const options = { ...this.#stage.wireOptions('admin', true), basin, stream, pageRecords: null };
      const client = new WireClient(this.#stage.transport(ports), ports.clock, options);
      const rests = new Rests(PROVISION_REST_MS, PROVISION_REST_MS_MAX);
      while (!(await client.provision('admin-1'))) await ports.clock.sleep(rests.nextMs());
      isDone = true;
    });
    // Nothing promises that a server ever opens the store while crashes and cuts are dense enough.
    await this.world.run(() => isDone, { untilMs: PROVISION_MS_MAX });
    if (!isDone) this.#heal();
    await this.#runUntil('the stream is created', LIVENESS_MS_MAX, () => isDone);
  }

  async #liveness(): Promise<void> {
    this.#heal();
    this.#leaveDead();
    for (const goal of this.crews.flatMap((crew) => crew.afterHealing?.() ?? [])) await this.#reach(goal);
  }

  async #reach({ name, begin, isReached }: Goal): Promise<void> {
    if (this.world.failure !== null) return;
    begin?.();
    await this.#runUntil(name, LIVENESS_MS_MAX, () => this.#stage.working === 0 && (isReached?.() ?? true));
  }

  /** From here on nothing goes wrong any more; a second time nothing is left to heal. */
  #heal(): void {
    if (this.world.failure !== null) return;
    this.world.heal();
    this.#supervisor.healed();
  }

  /** Some of the servers are gone for good; nobody may depend on their coming back. */
  #leaveDead(): void {
    for (const name of this.#stage.servers.slice(0, this.#plan.leftDead)) {
      this.#supervisor.abandon(this.world.host(name));
      this.#engines.delete(name);
      this.world.probes.reachable('server.left-dead');
    }
  }

  async #quiescence(): Promise<void> {
    this.#supervisor.retire();
    const { world } = this;
    await world.run(() => false, { untilMs: world.nowMs + quiescenceMs(this.#plan) });
    for (const [host, engine] of this.#engines) {
      const { undurableBytes: bytes } = engine;
      world.probes.always('always.bytes-let-go', bytes === 0 ? null : `${host} holds ${bytes} bytes at rest`);
    }
    this.#ghost.walk();
    const [open] = world.network.openCalls();
    world.probes.always('always.calls-ended', open === undefined ? null : `a call is open at rest: ${open.label}`);
    for (const crew of this.crews) await crew.atRest?.();
    this.#intruder?.atRest();
    if (world.failure === null) await this.#audit.run(this.#engines.values());
  }

  // --- running -------------------------------------------------------------------------------------------

  #server(at: number): Program {
    const { tunables, othersOverlayRowsMax } = this.#plan;
    const isOther = at % 2 === 1 && othersOverlayRowsMax !== null;
    return serverProgram({
      tunables: isOther
        ? { ...tunables, segments: { ...tunables.segments, overlayRowsMax: othersOverlayRowsMax } }
        : tunables,
      running: this.#engines,
      seenBy: (engine, host) => this.crews.reduce((seen, crew) => crew.seen?.(seen, host) ?? seen, engine),
      noted: (probe) => this.world.probes.reachable(probe),
      restHeld: (words) => this.world.probes.always('always.rest-granted', words),
      guarded: this.#plan.tokens == null ? null : GUARDED,
    });
  }

  /** Runs until `done`; otherwise says who waits for what. */
  async #runUntil(goal: string, withinMs: number, done: () => boolean): Promise<void> {
    if (this.world.failure !== null) return;
    const end = await this.world.run(done, { untilMs: this.world.nowMs + withinMs });
    if (end === 'until' || end === 'failed') return;
    const why = end === 'idle' ? 'nothing is left to happen' : `${withinMs / 1000} s were not enough`;
    this.world.fail('liveness', `${goal}: not reached, ${why}\n${whoWaits(this.world)}`);
  }
}
