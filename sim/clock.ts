/**
 * The clocks of one host: a monotonic one that drifts and may stop, a wall clock that is off and may jump.
 *
 * Both are functions of global simulated time, in integers. A sleep measures the host's own monotonic time,
 * whatever happens to its rate meanwhile; it is the only way time passes for code inside the world.
 */

import { setMaxListeners } from 'node:events';
import type { Clock } from '../engine/ports.ts';
import type { Kernel, KernelOwner } from './kernel.ts';

const MILLION = 1_000_000;
/** Longest span whose product with a million is exact; a longer sleep is corrected when it ends. */
const EXACT_US_MAX = 9_000_000_000;

/** The hardware: survives crashes and restarts of the process. */
export class HostClocks {
  readonly #kernel: Kernel;
  readonly #epochMs: number;
  /** Rate against global time: parts per million fast (positive) or slow. */
  #driftPpm = 0;
  #isStopped = false;
  /** Monotonic time at the last change of rate, and when that was. */
  #monoBaseUs = 0;
  #globalBaseUs = 0;
  /** Wall time minus monotonic time, beyond the epoch. */
  #wallOffsetUs = 0;

  constructor(kernel: Kernel, epochMs: number) {
    this.#kernel = kernel;
    this.#epochMs = epochMs;
  }

  get driftPpm(): number {
    return this.#driftPpm;
  }

  /** Monotonic microseconds; never decreases. */
  monoUs(): number {
    const globalUs = this.#kernel.nowUs - this.#globalBaseUs;
    return this.#isStopped ? this.#monoBaseUs : this.#monoBaseUs + globalUs + scaled(globalUs, this.#driftPpm);
  }

  wallMs(): number {
    return this.#epochMs + Math.floor((this.monoUs() + this.#wallOffsetUs) / 1000);
  }

  /** Milliseconds by which the wall clock is ahead of true time. */
  skewMs(): number {
    return Math.floor((this.monoUs() + this.#wallOffsetUs - this.#kernel.nowUs) / 1000);
  }

  /** The wall clock jumps, either way. */
  stepWall(byMs: number): void {
    this.#wallOffsetUs += byMs * 1000;
  }

  setDrift(ppm: number): void {
    this.#rebase();
    this.#driftPpm = ppm;
  }

  /** The monotonic clock stands still, as in a suspended machine. */
  stop(): void {
    this.#rebase();
    this.#isStopped = true;
  }

  /** It goes on where it stood; the wall clock is set forward by what it missed. */
  resume(): void {
    if (!this.#isStopped) return;
    this.#wallOffsetUs += this.#kernel.nowUs - this.#globalBaseUs;
    this.#globalBaseUs = this.#kernel.nowUs;
    this.#isStopped = false;
  }

  /** Global microseconds until the monotonic clock has advanced by `localUs`, if its rate stays as it is. */
  globalUsFor(localUs: number): number {
    if (this.#driftPpm === 0 || localUs > EXACT_US_MAX) return Math.max(0, localUs);
    return Math.max(0, Math.ceil((localUs * MILLION) / (MILLION + this.#driftPpm)) + 1);
  }

  #rebase(): void {
    this.#monoBaseUs = this.monoUs();
    this.#globalBaseUs = this.#kernel.nowUs;
  }
}

/** `us * ppm / 1e6`, rounded down; exact for the spans and rates a run can have. */
function scaled(us: number, ppm: number): number {
  return ppm === 0 ? 0 : Math.floor((us * ppm) / MILLION);
}

/** What the clock of one process is made of. */
export interface ProcessClockOptions {
  kernel: Kernel;
  clocks: HostClocks;
  owner: KernelOwner;
  /** False once the process is dead: then sleeps begun by its last reactions never end. */
  isAlive: () => boolean;
}

/** The Clock port of one process: its monotonic time starts at zero. */
export function processClock({ kernel, clocks, owner, isAlive }: ProcessClockOptions): Clock {
  const startUs = clocks.monoUs();
  return {
    wallMs: () => clocks.wallMs(),
    monoMs: () => Math.floor((clocks.monoUs() - startUs) / 1000),
    sleep: (ms, signal) => sleep(ms, signal),
  };

  function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (!(ms < Number.MAX_SAFE_INTEGER / 2000)) throw new Error(`assertion: nobody can sleep ${ms} ms`);
    if (signal?.aborted === true) return Promise.resolve();
    const untilUs = clocks.monoUs() + Math.ceil(Math.max(0, ms) * 1000);
    return new Promise((resolve) => {
      if (!isAlive()) return;
      if (signal === undefined) wakeAt(untilUs, resolve);
      else sleepUnlessAborted(untilUs, resolve, signal);
    });
  }

  /** Tells `scheduled` under which handle, each time it is scheduled. */
  function wakeAt(untilUs: number, wake: () => void, scheduled?: (handle: number) => void): void {
    const handle = kernel.after(clocks.globalUsFor(untilUs - clocks.monoUs()), owner, 'sleep', '', () => {
      // The rate may have changed or the clock stopped meanwhile: then the rest is slept too.
      if (clocks.monoUs() < untilUs) wakeAt(untilUs, wake, scheduled);
      else wake();
    });
    scheduled?.(handle);
  }

  function sleepUnlessAborted(untilUs: number, resolve: () => void, signal: AbortSignal): void {
    let handle = 0;
    const onAbort = (): void => {
      kernel.cancel(handle);
      resolve();
    };
    const wake = (): void => {
      stopListening(signal, onAbort);
      resolve();
    };
    wakeAt(untilUs, wake, (scheduled) => (handle = scheduled));
    listen(signal, onAbort);
  }
}

/** Who sleeps until each signal: one listener serves all of them, because adding and removing one for each sleep is slow. */
const SLEEPERS = new WeakMap<AbortSignal, Set<() => void>>();

function listen(signal: AbortSignal, onAbort: () => void): void {
  let sleepers = SLEEPERS.get(signal);
  if (sleepers === undefined) {
    const all = (sleepers = new Set<() => void>());
    SLEEPERS.set(signal, all);
    // Others may listen, too; that is no leak to warn of.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', () => {
      for (const sleeper of all) sleeper();
      all.clear();
    });
  }
  sleepers.add(onAbort);
}

function stopListening(signal: AbortSignal, onAbort: () => void): void {
  SLEEPERS.get(signal)?.delete(onAbort);
}
