/**
 * One world: hosts, a network, a blob store and a nemesis over one simulated time, all from one seed.
 *
 * Equal seed, profile and settings give an equal trace on any machine. A world owns everything it changes,
 * so worlds made one after another do not feel each other; only one may run at a time in a process.
 */

import type { HttpRequest } from '../engine/ports.ts';
import { SimBlobStore } from './blob-store.ts';
import { Choices, type ChoiceSource, type ChoiceWatch, KeyedSource, runKeys } from './choices.ts';
import { watchedCiphers } from './ciphers.ts';
import type { WorldContext } from './context.ts';
import { QUIET, type FaultSettings } from './faults.ts';
import { installGuard, NO_GUARD } from './guard.ts';
import { Host, type HostOptions } from './host.ts';
import { Kernel, type RunEnd, type RunLimits, type WorldFailure } from './kernel.ts';
import { STORE_LATENCIES, type StoreSpeed } from './latency.ts';
import { SimNetwork } from './network.ts';
import { Links } from './network/links.ts';
import { Nemesis } from './nemesis.ts';
import { Probes, type ProbeInfo } from './probes.ts';
import { asPromised, STORE_KINDS, type StoreKind } from './store-kinds.ts';
import { Trace } from './trace.ts';
import { Tracks } from './tracks.ts';

const NO_PROBES: readonly ProbeInfo[] = [];

/** Wall clocks begin at this instant: 2026-01-01T00:00:00Z. */
export const EPOCH_MS = 1_767_225_600_000;

/** The message of a run that took more events than it was given. */
export const OVERDUE = 'the run took more events than it was given';

export interface WorldOptions {
  /** A number, a word or a commit id. */
  seed: string;
  /** The other half of a run's name. */
  profile: string;
  /** Where choices come from, given the generator of this seed and profile; default: that. */
  choices?: (generator: ChoiceSource) => ChoiceSource;
  /** Sees every choice as it is made. */
  onChoice?: ChoiceWatch;
  /** Hears of each probe as it lights, and in whose event; `world`: in nobody's. */
  onProbe?: (name: string, host: string) => void;
  /** What may go wrong; default nothing. */
  faults?: FaultSettings;
  /** How fast the store is; default `express`. */
  storeSpeed?: StoreSpeed;
  /** A store by name: its speed, its listings and its promises; default: as fast as `storeSpeed`, and any fault may show. */
  store?: StoreKind;
  /** How long the store's client waits for one attempt; default 5,000. */
  storeTimeoutMs?: number;
  /** Requests that may be delivered twice; default: GET and HEAD. They must not need their body. */
  isReadOnly?: (request: HttpRequest) => boolean;
  /** Probes beyond the engine's events and the simulator's faults, or in their place. */
  probes?: readonly ProbeInfo[];
  /** Keep spans for the history page. */
  record?: boolean;
  /** What the store holds from the start, by key; default nothing. The bytes are not copied. */
  objects?: ReadonlyMap<string, Uint8Array>;
  /** A run that takes more events fails as one that does not end: for who knows how soon it has to fail. */
  eventsMax?: number;
  /** The same for a run that takes more choices that are not dull. */
  decisionsMax?: number;
  /** Receives the trace as text, line by line. */
  traceLine?: (text: string) => void;
  /** Make ambient clocks, dice, timers and I/O throw during events; default true. */
  guard?: boolean;
}

/** Somebody waits for something. */
export interface Waiting {
  host: string;
  /** `sleep`, `GET wal/7`, `POST /v1/… at node-1:80`. */
  what: string;
  /** When it began to wait, or null if unknown; milliseconds of simulated time. */
  sinceMs: number | null;
  /** When it is due, or null if nothing is scheduled that would end it. */
  dueMs: number | null;
}

export class World {
  readonly seed: string;
  readonly profile: string;
  readonly choices: Choices;
  readonly trace: Trace;
  readonly probes: Probes;
  readonly tracks: Tracks;
  readonly network: SimNetwork;
  readonly store: SimBlobStore;
  readonly nemesis: Nemesis;
  readonly #kernel: Kernel;
  readonly #context: WorldContext;
  readonly #hosts = new Map<string, Host>();
  readonly #eventsMax: number;

  constructor(options: WorldOptions) {
    this.seed = options.seed;
    this.profile = options.profile;
    this.#eventsMax = options.eventsMax ?? Infinity;
    this.trace = new Trace(options.traceLine === undefined ? {} : { line: options.traceLine });
    const trace = this.trace;
    // So that two seeds differ even where nothing is left to chance.
    trace.note('world', options.seed, options.profile);
    const generator = new KeyedSource(runKeys(options.seed, options.profile));
    const source = options.choices?.(generator) ?? generator;
    this.choices = new Choices(source, this.#sink(options.decisionsMax), options.onChoice);
    this.#kernel = new Kernel(trace, options.guard === false ? NO_GUARD : installGuard());
    const kernel = this.#kernel;
    const { onProbe } = options;
    const watch = onProbe === undefined ? null : (name: string) => onProbe(name, kernel.eventHost ?? 'world');
    this.probes = new Probes(options.probes ?? NO_PROBES, (message) => kernel.fail('invariant', message), watch);
    this.tracks = new Tracks(options.record === true, () => this.nowUs);
    this.#context = {
      kernel,
      choices: this.choices,
      trace,
      probes: this.probes,
      tracks: this.tracks,
      ciphers: watchedCiphers((message) => kernel.fail('invariant', message)),
      faults: faultsOf(options),
    };
    const context = this.#context;
    const links = new Links(context);
    this.network = new SimNetwork({
      context,
      links,
      hostNamed: (name) => this.#hosts.get(name) ?? null,
      isReadOnly: options.isReadOnly ?? (({ method }) => method === 'GET' || method === 'HEAD'),
    });
    this.store = new SimBlobStore({
      context,
      links,
      latency: STORE_LATENCIES[options.storeSpeed ?? 'express'],
      listing: 'snapshot',
      ...(options.store !== undefined && STORE_KINDS[options.store]),
      attemptTimeoutMs: options.storeTimeoutMs ?? 5000,
    });
    if (options.objects !== undefined) this.store.load(options.objects);
    this.nemesis = new Nemesis({ context, hosts: () => this.hosts, network: this.network, store: this.store });
  }

  /** Simulated milliseconds since the world began, an integer. */
  get nowMs(): number {
    return Math.floor(this.#kernel.nowUs / 1000);
  }

  get nowUs(): number {
    return this.#kernel.nowUs;
  }

  /** Events so far. */
  get events(): number {
    return this.trace.events;
  }

  get failure(): WorldFailure | null {
    return this.#kernel.failure;
  }

  get faults(): FaultSettings {
    return this.#context.faults;
  }

  /** In the order they were first asked for. */
  get hosts(): readonly Host[] {
    return [...this.#hosts.values()];
  }

  /** The host of that name, made when first asked for. */
  host(name: string, options: HostOptions = {}): Host {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = new Host(name, options, this.#context, this.#makers, EPOCH_MS);
      this.#hosts.set(name, host);
      this.nemesis.welcome(host);
    }
    return host;
  }

  /** Runs `run` as an event of the world itself, `delayMs` from now; returns a handle for `cancel`. */
  after(delayMs: number, label: string, run: () => void): number {
    return this.#kernel.after(delayMs * 1000, null, label, '', run);
  }

  cancel(handle: number): void {
    this.#kernel.cancel(handle);
  }

  /** Ends the run with a failure of the harness's finding; only the first one counts. */
  fail(kind: WorldFailure['kind'], message: string): void {
    this.#kernel.fail(kind, message);
  }

  /**
   * Runs until `until` holds (looked at before every event), a limit is met, nothing is left to do, or the
   * run failed. May be called again to go on. The nemesis begins with the first call.
   */
  async run(until: () => boolean, limits: RunLimits = {}): Promise<RunEnd> {
    this.nemesis.start();
    if (this.#eventsMax === Infinity) return this.#kernel.run(until, limits);
    const eventsMax = Math.max(0, this.#eventsMax - this.events);
    const end = await this.#kernel.run(until, { ...limits, eventsMax });
    if (end !== 'events') return end;
    this.fail('liveness', OVERDUE);
    return 'failed';
  }

  /**
   * Everything is restored and nothing goes wrong any more: links mended, hosts resumed and restarted, the
   * store honest and in service, wall clocks as far off as they are but steady. Late effects that are under
   * way still land. Call between two `run`s.
   */
  heal(): void {
    this.trace.note('world', 'heal');
    this.#context.faults = QUIET;
    this.nemesis.stop();
    this.store.setOutage(false);
    this.store.setRefusal(null);
    this.store.damage.mendAll();
    for (const host of this.hosts) {
      host.resume();
      if (host.wasCrashed) host.restart();
    }
    this.network.heal();
    this.tracks.point('faults', 'heal', 'good');
  }

  /** Who waits for what: open calls and store operations, then everything else that is scheduled. */
  waiting(): Waiting[] {
    const calls = this.network.openCalls().map(({ client, label, startedMs }) => waiting(client, label, startedMs));
    const attempts = this.store.openAttempts().map(({ host, label, startedMs }) => waiting(host, label, startedMs));
    const scheduled = this.#kernel.pending().map(({ host, kind, detail, atUs }) => ({
      host,
      what: detail === '' ? kind : `${kind} ${detail}`,
      sinceMs: null,
      dueMs: Math.floor(atUs / 1000),
    }));
    return [...calls, ...attempts, ...scheduled];
  }

  /** Folds every choice into the trace, and counts the decisions among them where somebody cares how many there are. */
  #sink(decisionsMax?: number): (outcome: number) => void {
    const { trace } = this;
    if (decisionsMax === undefined) return (outcome) => trace.mix(outcome);
    let decisions = 0;
    return (outcome) => {
      trace.mix(outcome);
      if (outcome !== 0 && ++decisions > decisionsMax) this.fail('liveness', OVERDUE);
    };
  }

  get #makers(): ConstructorParameters<typeof Host>[3] {
    return {
      network: (host, generation) => this.network.port(host, generation),
      blobs: (host, generation) => this.store.port(host, generation),
      died: (host) => {
        this.network.hostDied(host);
        this.store.hostDied(host);
      },
    };
  }
}

function faultsOf({ faults = QUIET, store }: WorldOptions): FaultSettings {
  return store === undefined ? faults : asPromised(faults, store);
}

function waiting(host: string, what: string, sinceMs: number): Waiting {
  return { host, what, sinceMs, dueMs: null };
}
