/**
 * A client's patience with its requests: one sleep watches over many of them, because most are answered long before their
 * time is up, and a sleep with a signal for each would cost more than the requests.
 */

import type { Clock } from '../engine/index.ts';

interface Watched {
  /** Monotonic. */
  readonly deadlineMs: number;
  /** Null once the request is over. */
  giveUp: (() => void) | null;
}

export class Patience {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** In the order of deadlines, since all have the same time. */
  readonly #watched: Watched[] = [];
  #isWatching = false;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Calls `giveUp` when the time is up, unless what is returned was called before. */
  within(giveUp: () => void): () => void {
    const watched: Watched = { deadlineMs: this.#clock.monoMs() + this.#timeoutMs, giveUp };
    this.#watched.push(watched);
    if (!this.#isWatching) void this.#watch();
    return () => {
      watched.giveUp = null;
    };
  }

  async #watch(): Promise<void> {
    this.#isWatching = true;
    for (let first = this.#next(); first !== undefined; first = this.#next()) {
      const restMs = first.deadlineMs - this.#clock.monoMs();
      if (restMs > 0) await this.#clock.sleep(restMs);
      else {
        first.giveUp?.();
        first.giveUp = null;
      }
    }
    this.#isWatching = false;
  }

  #next(): Watched | undefined {
    while (this.#watched[0]?.giveUp === null) this.#watched.shift();
    return this.#watched[0];
  }
}
