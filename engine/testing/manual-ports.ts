/**
 * Ports that do only what a test tells them: time stands still until it is advanced, every store call can be held
 * and then given any effect (now, later, never) and any reply, entropy and dice are fixed, telemetry is counted.
 *
 * Nothing here waits for real time. After the test has acted, `settled()` lets the engine run until it has
 * nothing left to do by itself; what it does then is the same on every machine.
 */

import { systemCompute } from '../adapters/system-compute.ts';
import type {
  BlobStore,
  ByteRange,
  Clock,
  Compute,
  DeleteOutcome,
  Entropy,
  GetOutcome,
  ListOutcome,
  Ports,
  PutOutcome,
  Random,
  StoreFault,
  Telemetry,
} from '../ports.ts';
import type { EngineEvent } from '../telemetry.ts';

/** Runs everything that is ready to run: the whole queue of promise reactions, as often as it refills. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Wall time starts at a fixed instant, monotonic time at zero; both move only by `advance` and `stepWall`. */
export class ManualClock implements Clock {
  #wallMs = 1_700_000_000_000;
  #monoMs = 0;
  #sleepers: { atMs: number; wake: () => void }[] = [];

  wallMs(): number {
    return this.#wallMs;
  }

  monoMs(): number {
    return this.#monoMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      // No time at all only gives the turn away, which tests have no use for.
      if (signal?.aborted === true || ms <= 0) return resolve();
      const wake = () => {
        signal?.removeEventListener('abort', wake);
        this.#sleepers = this.#sleepers.filter((s) => s !== sleeper);
        resolve();
      };
      const sleeper = { atMs: this.#monoMs + ms, wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', wake);
    });
  }

  /** How many sleep; zero when nothing waits for time. */
  get sleepers(): number {
    return this.#sleepers.length;
  }

  /** Moves both clocks on, waking each sleeper at its own instant and letting everything run in between. */
  async advance(ms: number): Promise<void> {
    await settled();
    const untilMs = this.#monoMs + ms;
    for (;;) {
      const next = this.#sleepers.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#moveTo(Math.max(next.atMs, this.#monoMs));
      next.wake();
      await settled();
    }
    this.#moveTo(untilMs);
    await settled();
  }

  /** Moves both clocks on at once, as for a process that stood still: everything that was due wakes at the end. */
  async jump(ms: number): Promise<void> {
    await settled();
    this.#moveTo(this.#monoMs + ms);
    await this.advance(0);
  }

  /** Moves the wall clock alone, either way. */
  stepWall(ms: number): void {
    this.#wallMs += ms;
  }

  #moveTo(monoMs: number): void {
    this.#wallMs += monoMs - this.#monoMs;
    this.#monoMs = monoMs;
  }
}

type StoreOperation = 'putIfAbsent' | 'put' | 'get' | 'list' | 'delete';
type AnyOutcome = PutOutcome | GetOutcome | ListOutcome | DeleteOutcome;

/** One call that reached the store. Effect and reply are two steps, each taken once, when the test says so. */
export class StoreCall<Outcome extends AnyOutcome = AnyOutcome> {
  readonly operation: StoreOperation;
  /** The key, the prefix of a listing, or the keys of a deletion joined by commas. */
  readonly key: string;
  /** The body of a put. */
  readonly bytes: Uint8Array | null;
  readonly range: ByteRange | null;
  readonly #act: () => Outcome;
  readonly #answer: (outcome: Outcome) => void;
  replied = false;

  constructor(
    what: { operation: StoreOperation; key: string; bytes?: Uint8Array; range?: ByteRange | undefined },
    act: () => Outcome,
    answer: (outcome: Outcome) => void,
  ) {
    this.operation = what.operation;
    this.key = what.key;
    this.bytes = what.bytes ?? null;
    this.range = what.range ?? null;
    this.#act = act;
    this.#answer = answer;
  }

  /** Does to the objects what was asked, now, and returns the reply an honest store would send. */
  effect(): Outcome {
    return this.#act();
  }

  /** Ends the call as the engine sees it, whatever happened to the objects. */
  async reply(outcome: Outcome): Promise<void> {
    this.replied = true;
    this.#answer(outcome);
    await settled();
  }

  /** Effect and honest reply at once. */
  complete(): Promise<void> {
    return this.reply(this.effect());
  }
}

/** The objects, which outlive every engine and may be looked at and changed by the test directly. */
export type StoredObjects = Map<string, Uint8Array>;

/** One process's way to the objects. Calls for which `holds` says true wait for the test. */
class ManualBlobs implements BlobStore {
  readonly objects: StoredObjects;
  /** Every call ever made through this handle, oldest first. */
  readonly calls: StoreCall[] = [];
  holds: (call: { operation: StoreOperation; key: string }) => boolean = () => false;

  constructor(objects: StoredObjects = new Map()) {
    this.objects = objects;
  }

  /** Held calls that were not replied to, oldest first. */
  held(operation?: StoreOperation): StoreCall[] {
    return this.calls.filter((c) => !c.replied && (operation === undefined || c.operation === operation));
  }

  /** The only held call of that kind on that key. */
  heldOn(operation: StoreOperation, key: string): StoreCall {
    const [call, ...more] = this.held(operation).filter((c) => c.key === key);
    if (call === undefined || more.length > 0) {
      const others = this.held().map((c) => `${c.operation} ${c.key}`);
      throw new Error(`expected one held ${operation} of ${key}, there are: ${others.join(', ')}`);
    }
    return call;
  }

  putIfAbsent(key: string, parts: readonly Uint8Array[]): Promise<PutOutcome> {
    const bytes = new Uint8Array(Buffer.concat(parts));
    return this.#call<PutOutcome>({ operation: 'putIfAbsent', key, bytes }, () => {
      if (this.objects.has(key)) return { kind: 'refused' };
      this.objects.set(key, bytes);
      return { kind: 'done' };
    });
  }

  put(key: string, parts: readonly Uint8Array[]): Promise<PutOutcome> {
    const bytes = new Uint8Array(Buffer.concat(parts));
    return this.#call<PutOutcome>({ operation: 'put', key, bytes }, () => {
      this.objects.set(key, bytes);
      return { kind: 'done' };
    });
  }

  get(key: string, range?: ByteRange): Promise<GetOutcome> {
    return this.#call<GetOutcome>({ operation: 'get', key, range }, () => {
      const object = this.objects.get(key);
      if (object === undefined) return { kind: 'absent' };
      return {
        kind: 'found',
        bytes: object.slice(range?.start ?? 0, range?.end ?? object.length),
        size: object.length,
      };
    });
  }

  list(prefix: string, after = '', limit = 1000): Promise<ListOutcome> {
    return this.#call<ListOutcome>({ operation: 'list', key: prefix }, () => {
      const keys = [...this.objects.keys()].filter((k) => k.startsWith(prefix) && k > after).toSorted();
      const page = keys.slice(0, limit);
      const blobs = page.map((key) => ({ key, size: this.objects.get(key)?.length ?? 0 }));
      return { kind: 'page', blobs, next: keys.length > limit ? (page.at(-1) ?? null) : null };
    });
  }

  delete(keys: readonly string[]): Promise<DeleteOutcome> {
    return this.#call<DeleteOutcome>({ operation: 'delete', key: keys.join(',') }, () => {
      for (const key of keys) this.objects.delete(key);
      return { kind: 'done' };
    });
  }

  #call<Outcome extends AnyOutcome>(
    what: { operation: StoreOperation; key: string; bytes?: Uint8Array; range?: ByteRange | undefined },
    act: () => Outcome,
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      const call = new StoreCall<Outcome>(what, act, resolve);
      this.calls.push(call as unknown as StoreCall);
      if (!this.holds(what)) {
        call.replied = true;
        resolve(act());
      }
    });
  }
}

/** Counts events by name and keeps their order. */
class CountingTelemetry implements Telemetry {
  readonly events: { name: EngineEvent; detail: string | number | undefined }[] = [];

  event(name: EngineEvent, detail?: string | number): void {
    this.events.push({ name, detail });
  }

  count(name: EngineEvent): number {
    return this.events.filter((e) => e.name === name).length;
  }
}

/** The same bytes for the same seed: byte 0 is the seed, byte 1 the number of the request, the rest zero. */
class FixedEntropy implements Entropy {
  readonly #seed: number;
  #requests = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    bytes.set([this.#seed, this.#requests++].slice(0, length));
    return bytes;
  }
}

/** Dice that always show their lowest side, so that every back-off has its shortest length. */
class LowestRandom implements Random {
  below(_bound: number): number {
    return 0;
  }
}

export const nativeCompute: Compute = systemCompute;

export interface ManualPorts extends Ports {
  clock: ManualClock;
  blobs: ManualBlobs;
  telemetry: CountingTelemetry;
}

/** Ports for one process. Processes that share `objects` share a store; `seed` tells their identities apart. */
export function manualPorts(options: { objects?: StoredObjects; seed?: number } = {}): ManualPorts {
  return {
    clock: new ManualClock(),
    random: new LowestRandom(),
    entropy: new FixedEntropy(options.seed ?? 1),
    compute: nativeCompute,
    blobs: new ManualBlobs(options.objects),
    telemetry: new CountingTelemetry(),
  };
}

export const TIMEOUT: StoreFault = { code: 'timeout', message: 'no reply in time', retryable: true };
export const DENIED: StoreFault = { code: 'denied', message: 'the store denies access', retryable: false };
