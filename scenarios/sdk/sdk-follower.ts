/**
 * A client that follows the judged stream through read sessions of the official SDK: the SDK reconnects by itself, and
 * this one opens another session when the SDK gives up.
 *
 * Records come dense and once, whatever the SDK went through. Whoever wants to know what sessions say of the tail is told
 * whenever a follower has everything up to it.
 */

import type { ReadSession, S2Stream } from '@s2-dev/streamstore';
import { ProtocolViolation, type SeenRecord } from '../client.ts';
import { assertOutcome, seen } from '../sdk-client.ts';
import type { SdkProbe } from './sdk-probes.ts';
import type { SdkRoute } from './sdk-route.ts';

export interface SdkFollowerOptions {
  route: Pick<SdkRoute, 'requests' | 'moveOn'>;
  /** Rest after a session that ended. */
  restMs: number;
  /** How often it looks whether it is over, and whether the session has been long enough. */
  lookMs: number;
  /** True lets the follower go. */
  isOver: () => boolean;
  /** Whether to end a session of so many milliseconds and to open another one. Default never. */
  isEnough?: (ms: number) => boolean;
  /** On a real network a session may end in any way; in a simulated one what the SDK can not name is a bug. */
  isNetworkReal: boolean;
  /** A session is asked for now. Its ears are told of what it shows. */
  asked: () => SessionEars;
  noted: (probe: SdkProbe) => void;
}

export interface SessionEars {
  heard(record: SeenRecord): void;
  /** The session has shown everything there was when the tail was here. */
  caughtUp?(tail: number): void;
  ended?(): void;
}

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

  /** Follows until it is over. Rejects with ProtocolViolation. */
  async run(handle: Pick<S2Stream, 'readSession'>): Promise<void> {
    const { route, isOver, restMs } = this.#o;
    while (!isOver()) {
      await this.#follow(handle);
      route.moveOn();
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  }

  /** One session, until it ends. */
  async #follow(handle: Pick<S2Stream, 'readSession'>): Promise<void> {
    const { route, noted, isNetworkReal } = this.#o;
    const ears = this.#o.asked();
    let look: ReturnType<typeof setInterval> | undefined;
    try {
      const session = await handle.readSession({ start: { from: { seqNum: this.tail } } });
      const records = session.getReader();
      look = this.#lookOut(() => void records.cancel());
      if (ears.caughtUp !== undefined) void this.#awaitTail(session, ears);
      let requests = route.requests;
      for (let next = await records.read(); !next.done; next = await records.read()) {
        if (route.requests > requests) noted('sdk.session-resumed');
        requests = route.requests;
        const record = seen(next.value);
        this.#take(record);
        ears.heard(record);
        if (ears.caughtUp !== undefined && session.isCaughtUp()) await this.#tellTail(session, ears);
      }
    } catch (error) {
      assertOutcome(error, this.tail, isNetworkReal);
      noted('sdk.session-failed');
    } finally {
      clearInterval(look);
      ears.ended?.();
    }
  }

  #lookOut(end: () => void): ReturnType<typeof setInterval> {
    const { isOver, isEnough = () => false, lookMs } = this.#o;
    let ms = 0;
    return setInterval(() => {
      ms += lookMs;
      if (isOver() || isEnough(ms)) end();
    }, lookMs);
  }

  async #tellTail(session: ReadSession, ears: SessionEars): Promise<void> {
    const tail = await session.caughtUp().catch(() => null);
    if (tail === null) return;
    if (tail.seqNum < this.tail) {
      throw new ProtocolViolation(`with ${this.tail} records shown the tail is ${tail.seqNum}`);
    }
    ears.caughtUp?.(tail.seqNum);
  }

  /** A session with nothing to show yet tells the tail by a heartbeat, with which no record comes. */
  async #awaitTail(session: ReadSession, ears: SessionEars): Promise<void> {
    const held = this.tail;
    const tail = await session.caughtUp().catch(() => null);
    if (tail?.seqNum === held && this.tail === held) ears.caughtUp?.(held);
  }

  #take(record: SeenRecord): void {
    if (record.seqNum !== this.tail) {
      throw new ProtocolViolation(`the SDK showed record ${record.seqNum} to one that has ${this.tail}`);
    }
    if (this.#last !== null && record.timestamp < this.#last.timestamp) {
      throw new ProtocolViolation(`timestamps run backwards at ${record.seqNum}`);
    }
    this.#last = record;
  }
}
