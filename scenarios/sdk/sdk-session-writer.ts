/**
 * A client that appends through append sessions of the official SDK, without waiting for the batches before. The SDK sends
 * again after a failure that certainly had no effect; over `fetch` it sends one batch at a time, over `s2s` all of them.
 *
 * Each batch is an operation of the judged history. Only the first failure of a session is taken at its word; of what is
 * behind it the SDK says the same, whatever became of it.
 */

import { type AppendSession, S2Error } from '@s2-dev/streamstore';
import { type AppendResult, type Batch, ProtocolViolation } from '../client.ts';
import { acknowledged, appendFailure, appendInput } from '../sdk-client.ts';
import type { SdkProbe } from './sdk-probes.ts';
import type { SdkRoute } from './sdk-route.ts';

/** Said of a batch that was submitted after the session had failed. */
const CLOSED = 'AppendSession is closed';

/** How the SDK begins when an answer of the server breaks a promise. */
const BROKEN_PROMISE = 'Invariant violation';

/** One append session, or what stands for it. */
export type SdkAppendSession = Pick<AppendSession, 'submit' | 'close'>;

export interface SdkSessionWriterOptions {
  batches: number;
  batchesPerSessionMax: number;
  /** How many batches may wait for their acknowledgements; what is under way when a server dies has no known outcome. */
  underWayMax: number;
  /** Between two sessions, in milliseconds. */
  restMs: number;
  /** On a real network any error may come without a status; in a simulated one that is a bug, and goes up. */
  isNetworkReal: boolean;
}

export interface SdkSessionWriterWorld {
  open: () => Promise<SdkAppendSession>;
  /** A uniform integer in [0, bound). */
  below: (bound: number) => number;
  /** The batch of this number; `ahead` records are under way before it, behind `acknowledged` ones. */
  batch: (number: number, acknowledged: number, ahead: number) => Batch;
  /** How long to wait before the next batch. */
  pauseMs: () => number;
  /** A batch is sent now. The answer is told how it ended. */
  called: (batch: Batch) => (result: AppendResult) => void;
  noted: (probe: SdkProbe) => void;
}

export class SdkSessionWriter {
  readonly #route: Pick<SdkRoute, 'requests' | 'moveOn'>;
  readonly #options: SdkSessionWriterOptions;
  readonly #world: SdkSessionWriterWorld;
  #sent = 0;
  /** Where the next batch lands if nobody else appends and nothing is under way. */
  #expected = 0;
  /** Records under way. */
  #ahead = 0;
  #hasFailed = false;

  constructor(
    route: Pick<SdkRoute, 'requests' | 'moveOn'>,
    options: SdkSessionWriterOptions,
    world: SdkSessionWriterWorld,
  ) {
    this.#route = route;
    this.#options = options;
    this.#world = world;
  }

  /** Appends all its batches, in as many sessions as it takes. Rejects with ProtocolViolation. */
  async run(): Promise<void> {
    while (this.#sent < this.#options.batches) {
      await this.#session();
      await pause(this.#options.restMs);
    }
  }

  async #session(): Promise<void> {
    this.#hasFailed = false;
    const session = await this.#world.open();
    const acks: Promise<void>[] = [];
    const { requests } = this.#route;
    const { batches, batchesPerSessionMax, underWayMax } = this.#options;
    const count = Math.min(1 + this.#world.below(batchesPerSessionMax), batches - this.#sent);
    try {
      for (let i = 0; i < count && !this.#hasFailed; i++) {
        const ack = this.#submit(session);
        // A broken promise is thrown below, once all is said.
        ack.catch(() => {});
        acks.push(ack);
        await pause(this.#world.pauseMs());
        if (i + 1 >= underWayMax) await acks[i + 1 - underWayMax];
      }
      await Promise.all(acks);
    } catch (error) {
      // One that is left open holds its connection open, and the SDK waits for the end of that without a limit.
      session.close().catch(() => {});
      throw error;
    }
    if (this.#route.requests > requests + acks.length) this.#world.noted('sdk.append-session-retried');
    if (this.#hasFailed) {
      this.#world.noted('sdk.append-session-failed');
      this.#route.moveOn();
    }
    // A session that failed says so again when it is closed.
    await session.close().catch((error: unknown) => void appendFailure(error));
  }

  async #submit(session: SdkAppendSession): Promise<void> {
    const batch = this.#world.batch(this.#sent++, this.#expected, this.#ahead);
    const ended = this.#world.called(batch);
    this.#ahead += batch.bodies.length;
    try {
      const ack = await (await session.submit(appendInput(batch))).ack();
      const { start, end } = ack;
      if (end.seqNum - start.seqNum !== batch.bodies.length || start.seqNum < this.#expected) {
        throw new ProtocolViolation(
          `a batch behind ${this.#expected} was acknowledged as ${start.seqNum}..${end.seqNum}`,
        );
      }
      this.#expected = end.seqNum;
      ended(acknowledged(ack));
    } catch (error) {
      this.#assertOutcome(error);
      const result = appendFailure(error);
      ended(this.#hasFailed ? { kind: 'unknown', code: result.code } : result);
      this.#hasFailed = true;
    } finally {
      this.#ahead -= batch.bodies.length;
    }
  }

  /** Throws what is no way in which a batch may end. */
  #assertOutcome(error: unknown): void {
    if (!(error instanceof S2Error) || error.status !== 0 || error.message === CLOSED) return;
    if (error.message.startsWith(BROKEN_PROMISE)) throw new ProtocolViolation(`the SDK says: ${error.message}`);
    if (!this.#options.isNetworkReal) throw error;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
