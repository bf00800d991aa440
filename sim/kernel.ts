/**
 * Simulated time and the loop that spends it: takes the next entry of the agenda, lets it run to the end of
 * all its promise reactions, and takes the next.
 *
 * Between two events nothing is half done. Whatever escapes an event (thrown, or a rejection nobody handled)
 * ends the run and is blamed on that event. Entries of a paused host wait; a crashed host has none.
 */

import { Agenda, type Owner, type PendingEntry } from './agenda.ts';
import { drive } from './drain.ts';
import type { StandIns } from './guard/stand-ins.ts';
import type { Trace } from './trace.ts';

/** A host as the guard sees it. */
export interface GuardedHost {
  /** What its process finds in place of ambient functions; null when it must not touch them. */
  readonly standIns: StandIns | null;
}

/** A host as the kernel sees it. */
export interface KernelOwner extends Owner, GuardedHost {
  readonly isPaused: boolean;
  /** The process that runs there now. */
  readonly generation: number;
  isAlive(generation: number): boolean;
}

/** Why a run failed; the first failure ends it. */
export interface WorldFailure {
  kind: 'invariant' | 'liveness';
  /** Equal for equal failures: numbers and quoted names are blanked. */
  signature: string;
  message: string;
  /** Host whose event it was, or null. */
  host: string | null;
  /** Number of the event, counted from 1; 0 before the first. */
  event: number;
  atMs: number;
  /** What was thrown, if anything was. */
  error: unknown;
}

export interface RunLimits {
  /** Stop before the first event later than this simulated time; milliseconds since the start of the world. */
  untilMs?: number;
  /** Stop after this many further events. */
  eventsMax?: number;
}

/** `until`: the predicate held. `idle`: nothing is left to happen. `time`, `events`: a limit. */
export type RunEnd = 'until' | 'idle' | 'time' | 'events' | 'failed';

/** Raised while an event runs; see guard.ts. */
export interface EventGuard {
  /** `host` is whose event it is; null: the world's own. */
  raise(host: GuardedHost | null): void;
  lower(): void;
}

export class Kernel {
  readonly agenda = new Agenda();
  readonly trace: Trace;
  readonly #guard: EventGuard;
  #nowUs = 0;
  #failure: WorldFailure | null = null;
  #isRunning = false;
  #isInEvent = false;
  #eventHost: string | null = null;
  #eventOwner: KernelOwner | null = null;
  #eventGeneration = 0;

  constructor(trace: Trace, guard: EventGuard) {
    this.trace = trace;
    this.#guard = guard;
  }

  /** Simulated microseconds since the start of the world, an integer. */
  get nowUs(): number {
    return this.#nowUs;
  }

  get failure(): WorldFailure | null {
    return this.#failure;
  }

  /**
   * Runs `run` as an event of its own, `delayUs` from now. `kind` is a constant, `detail` tells one from
   * another; both show in traces and in lists of what is pending.
   */
  after(delayUs: number, owner: Owner | null, kind: string, detail: string, run: () => void): number {
    if (!(delayUs >= 0)) throw new Error(`assertion: ${kind} is scheduled ${delayUs} us from now`);
    return this.agenda.add(this.#nowUs + Math.floor(delayUs), owner, kind, detail, run);
  }

  cancel(handle: number): void {
    this.agenda.cancel(handle);
  }

  /** Whose event runs now, or ran last; null before the first. */
  get eventHost(): string | null {
    return this.#eventHost;
  }

  /** Ends the run. Only the first failure counts; what follows it is fallout. */
  fail(kind: WorldFailure['kind'], message: string, error: unknown = null, host = this.#eventHost): void {
    if (this.#failure !== null) return;
    this.#failure = {
      kind,
      signature: signatureOf(message),
      message,
      host,
      event: this.trace.events,
      atMs: Math.floor(this.#nowUs / 1000),
      error,
    };
    this.trace.note(host ?? 'world', 'failure', kind);
  }

  pending(): PendingEntry[] {
    return this.agenda.pending();
  }

  /** Runs events until `until` holds (looked at before every event), nothing is left, or a limit is met. */
  async run(until: () => boolean, limits: RunLimits = {}): Promise<RunEnd> {
    if (this.#isRunning) throw new Error('assertion: the world is running already');
    this.#isRunning = true;
    const endUs = limits.untilMs === undefined ? Number.MAX_SAFE_INTEGER : limits.untilMs * 1000;
    let eventsLeft = limits.eventsMax ?? Number.MAX_SAFE_INTEGER;
    let end: RunEnd = 'idle';
    const stop = (reason: RunEnd): false => {
      end = reason;
      return false;
    };
    const step = (): boolean => {
      if (this.#failure !== null) return stop('failed');
      if (until()) return stop('until');
      if (eventsLeft === 0) return stop('events');
      const slot = this.#nextRunnable();
      if (slot < 0) return stop('idle');
      if (this.agenda.nextTimeUs() > endUs) {
        if (endUs > this.#nowUs) this.#nowUs = endUs;
        return stop('time');
      }
      eventsLeft--;
      this.#runEntry(slot);
      return true;
    };
    try {
      await drive({ step, settle: () => this.#settle(), escaped: (error) => this.#escaped(error) });
    } finally {
      this.#settle();
      this.#isRunning = false;
    }
    return end;
  }

  /** Parks entries of paused hosts until the next entry may run; negative when there is none. */
  #nextRunnable(): number {
    while (this.agenda.size > 0) {
      const slot = this.agenda.nextSlot();
      const owner = this.agenda.ownerOf(slot) as KernelOwner | null;
      if (owner === null || !owner.isPaused) return slot;
      this.agenda.park(slot);
    }
    return -1;
  }

  #runEntry(slot: number): void {
    const agenda = this.agenda;
    const owner = agenda.ownerOf(slot) as KernelOwner | null;
    const host = owner?.name ?? 'world';
    this.#nowUs = agenda.nextTimeUs();
    this.trace.event(this.#nowUs, host, agenda.kindOf(slot), agenda.detailOf(slot));
    const run = agenda.take(slot);
    this.#isInEvent = true;
    this.#eventHost = host;
    this.#eventOwner = owner;
    this.#eventGeneration = owner?.generation ?? 0;
    this.#guard.raise(owner);
    try {
      run();
    } catch (error) {
      this.#escaped(error);
    }
  }

  #settle(): void {
    if (!this.#isInEvent) return;
    this.#guard.lower();
    this.#isInEvent = false;
    this.#eventHost = null;
    this.#eventOwner = null;
  }

  #escaped(error: unknown): boolean {
    if (!this.#isInEvent) return false;
    // Node itself sets timers when it goes on after an error, so the guard is down for the rest of the event.
    this.#guard.lower();
    // A process that ended itself runs no further; what its last reactions throw nobody can have seen.
    if (this.#eventOwner?.isAlive(this.#eventGeneration) === false) return true;
    this.fail('invariant', describe(error), error);
    return true;
  }
}

/** An error's name and message; never its stack, which differs between machines. */
function describe(error: unknown): string {
  if (error instanceof Error)
    return error.message.startsWith('assertion') ? error.message : `${error.name}: ${error.message}`;
  return typeof error === 'string' ? error : `thrown: ${typeof error}`;
}

/** Blanks what differs between two occurrences of one failure. */
export function signatureOf(message: string): string {
  const firstLine = message.split('\n', 1)[0]!;
  return firstLine
    .replace(/"[^"]*"|'[^']*'|`[^`]*`/g, '…')
    .replace(/\b[A-Za-z_]+(?:[-/][A-Za-z_]*\d+[\w/.-]*)/g, '…')
    .replace(/\d+/g, '#');
}
