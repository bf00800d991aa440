/**
 * A client that follows the judged stream through read sessions of the official SDK (server-sent events over fetch): the
 * SDK reconnects by itself, and this one opens another session when the SDK gives up.
 *
 * Records come dense and once, whatever the SDK went through. What sessions say of the tail is not judged here: the SDK
 * does not tell a heartbeat from the tail in a batch.
 */

import { ProtocolViolation, type SeenRecord } from '../client.ts';
import { assertOutcome, connect, sessionsOf } from '../sdk-client.ts';
import type { SdkProbe } from './sdk-probes.ts';
import type { SdkRoute } from './sdk-route.ts';

export interface SdkFollowerOptions {
  basin: string;
  stream: string;
  route: SdkRoute;
  /** Rest after a session that ended. */
  restMs: number;
  /** Looked at now and then: true lets the follower go. */
  isOver: () => boolean;
  heard: (records: readonly SeenRecord[]) => void;
  noted: (probe: SdkProbe) => void;
}

const LOOK_MS = 5_000;

export class SdkFollower {
  readonly #o: SdkFollowerOptions;
  #last: SeenRecord | null = null;

  constructor(options: SdkFollowerOptions) {
    this.#o = options;
  }

  /** Number of records held. */
  get tail(): number {
    return this.#last === null ? 0 : this.#last.seqNum + 1;
  }

  /** Follows until it is over; runs on a host with stand-ins. Rejects with ProtocolViolation. */
  async run(): Promise<void> {
    const { route, basin, stream, isOver, restMs } = this.#o;
    const target = { endpoint: route.endpoint, basin, stream, accessToken: 'none' };
    const handle = sessionsOf(connect(target), target);
    while (!isOver()) {
      await this.#follow(handle);
      route.moveOn();
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  }

  /** One session, until it ends. */
  async #follow(handle: ReturnType<typeof sessionsOf>): Promise<void> {
    const { route, isOver, noted } = this.#o;
    let look: ReturnType<typeof setInterval> | undefined;
    try {
      const session = await handle.readSession({ start: { from: { seqNum: this.tail } } });
      const records = session.getReader();
      look = setInterval(() => {
        if (isOver()) void records.cancel();
      }, LOOK_MS);
      let requests = route.requests;
      for (let next = await records.read(); !next.done; next = await records.read()) {
        if (route.requests > requests) noted('sdk.session-resumed');
        requests = route.requests;
        const { seqNum, timestamp, body } = next.value;
        this.#take({ seqNum, timestamp: Number(timestamp), body });
      }
    } catch (error) {
      assertOutcome(error, this.tail);
      noted('sdk.session-failed');
    } finally {
      clearInterval(look);
    }
  }

  #take(record: SeenRecord): void {
    if (record.seqNum !== this.tail) {
      throw new ProtocolViolation(`the SDK showed record ${record.seqNum} to one that has ${this.tail}`);
    }
    if (this.#last !== null && record.timestamp < this.#last.timestamp) {
      throw new ProtocolViolation(`timestamps run backwards at ${record.seqNum}`);
    }
    this.#last = record;
    this.#o.heard([record]);
  }
}
