/**
 * Timers as JavaScript knows them, on the clock of one simulated host. A callback runs in an event of that host; a timer of
 * a process that died never fires.
 */

import type { Clock } from '../../engine/ports.ts';

/** As in Node: what is shorter, longer or no number at all is one millisecond. */
const MS_MAX = 2 ** 31 - 1;

type Callback = (...args: never[]) => void;

/** What setTimeout returns. Nothing keeps a simulated process alive, so `ref` and `unref` change nothing. */
class HostTimer {
  readonly stopped = new AbortController();

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }
}

export class HostTimers {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  setTimeout(callback: Callback, ms: number, ...args: never[]): HostTimer {
    const timer = new HostTimer();
    void this.#wait(timer, ms).then((isDue) => {
      if (isDue) callback(...args);
    });
    return timer;
  }

  setInterval(callback: Callback, ms: number, ...args: never[]): HostTimer {
    const timer = new HostTimer();
    const again = (): void =>
      void this.#wait(timer, ms).then((isDue) => {
        if (!isDue) return;
        again();
        callback(...args);
      });
    again();
    return timer;
  }

  /** Anything but a running timer is let be, as in JavaScript. */
  clear(timer: unknown): void {
    if (timer instanceof HostTimer) timer.stopped.abort('cleared');
  }

  async #wait({ stopped }: HostTimer, ms: number): Promise<boolean> {
    await this.#clock.sleep(ms >= 1 && ms <= MS_MAX ? Math.floor(ms) : 1, stopped.signal);
    return !stopped.signal.aborted;
  }
}
