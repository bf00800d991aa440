/**
 * One task that waits for a time or a call, whichever comes first, again and again. A time that moves back while nobody
 * waits leaves the old sleep alone, so that a busy follower starts no timer for each record: waking too early is allowed,
 * and the task looks at the clock.
 */

import type { Clock } from '../ports.ts';

export class Sleeper {
  readonly #clock: Clock;
  #abort: AbortController | null = null;
  /** When the sleep under way ends; Infinity when there is none. */
  #alarmAtMs = Infinity;
  #resume: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves at `atMs` of the monotonic clock, at a `wake`, or before. Infinity is allowed. One call at a time. */
  until(atMs: number): Promise<void> {
    return new Promise((resume) => {
      this.#resume = resume;
      if (atMs < this.#alarmAtMs) this.#setAlarm(atMs);
    });
  }

  /** Does nothing while nobody waits. */
  readonly wake = (): void => {
    const resume = this.#resume;
    this.#resume = null;
    resume?.();
  };

  /** No timer of this task is left behind. */
  close(): void {
    this.#abort?.abort('woken');
  }

  #setAlarm(atMs: number): void {
    this.#abort?.abort('woken');
    this.#abort = new AbortController();
    this.#alarmAtMs = atMs;
    const { signal } = this.#abort;
    void this.#clock.sleep(Math.max(1, atMs - this.#clock.monoMs()), signal).then(() => {
      if (signal.aborted) return;
      this.#alarmAtMs = Infinity;
      this.wake();
    });
  }
}
