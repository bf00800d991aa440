/**
 * A reader that takes the bytes of a body slowly, however fast they come: so many a second, and the sender learns of room
 * only as they are taken. What came before the end comes before the end; a break loses what was not taken yet.
 */

import type { WorldContext } from '../context.ts';
import type { Host } from '../host.ts';
import type { BodyReader } from './body.ts';

/** How far apart bytes are taken. */
const STEP_MS = 50;

/** What arrives goes here. */
export type Arrivals = Pick<BodyReader, 'push' | 'end'>;

export class SlowDrain implements Arrivals {
  readonly #reader: BodyReader;
  readonly #context: WorldContext;
  readonly #host: Host;
  readonly #stepBytes: number;
  #waiting: Uint8Array[] = [];
  #hasEnded = false;
  #isRunning = false;

  constructor(reader: BodyReader, context: WorldContext, host: Host, kibMs: number) {
    this.#reader = reader;
    this.#context = context;
    this.#host = host;
    this.#stepBytes = Math.max(1, Math.floor((1024 * STEP_MS) / kibMs));
  }

  push(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#run();
  }

  end(): void {
    this.#hasEnded = true;
    this.#run();
  }

  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#context.kernel.after(STEP_MS * 1000, this.#host, 'net.drain', '', () => {
      this.#isRunning = false;
      this.#take();
    });
  }

  #take(): void {
    const { faults, probes } = this.#context;
    // In a healed world everybody reads as fast as it comes.
    let room = faults.netSlowDrain[0] === 0 ? Infinity : this.#stepBytes;
    while (room > 0 && this.#waiting.length > 0) {
      const [first] = this.#waiting as [Uint8Array];
      const taken = first.subarray(0, room);
      room -= taken.length;
      if (taken.length === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(taken.length);
      this.#reader.push(taken);
    }
    if (this.#waiting.length > 0) {
      probes.reachable('fault.net.slow-drain');
      this.#run();
    } else if (this.#hasEnded) this.#reader.end();
  }
}
