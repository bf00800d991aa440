/**
 * A client that appends through append sessions of the official SDK, without waiting for the batches before. The SDK sends
 * one at a time here, and again after a failure that certainly had no effect.
 *
 * Each batch is an operation of the judged history. Only the first failure of a session is taken at its word; of what is
 * behind it the SDK says the same, whatever became of it.
 */

import { S2Error } from '@s2-dev/streamstore';
import { type Batch, ProtocolViolation } from '../client.ts';
import { appendFailure, appendInput, connect, sessionsOf } from '../sdk-client.ts';
import type { SessionWriterOptions, SessionWriterWorld } from '../sessions/session-writer.ts';
import type { SdkProbe } from './sdk-probes.ts';
import type { SdkRoute } from './sdk-route.ts';

const BATCHES_MAX = 8;
/** Said of a batch that was submitted after the session had failed. */
const CLOSED = 'AppendSession is closed';

export type SdkSessionWriterOptions = Pick<
  SessionWriterOptions,
  'basin' | 'stream' | 'name' | 'batches' | 'batchRecordsMax' | 'restMs'
>;

export interface SdkSessionWriterWorld extends Pick<SessionWriterWorld, 'below' | 'called'> {
  noted: (probe: SdkProbe) => void;
}

type Handle = ReturnType<typeof sessionsOf>;

export class SdkSessionWriter {
  readonly #route: SdkRoute;
  readonly #options: SdkSessionWriterOptions;
  readonly #world: SdkSessionWriterWorld;
  #sent = 0;
  /** Where the next batch lands if nobody else appends. */
  #expected = 0;
  #hasFailed = false;

  constructor(route: SdkRoute, options: SdkSessionWriterOptions, world: SdkSessionWriterWorld) {
    this.#route = route;
    this.#options = options;
    this.#world = world;
  }

  /** Appends all its batches, in as many sessions as it takes; runs on a host with stand-ins. */
  async run(): Promise<void> {
    const { basin, stream, batches, restMs } = this.#options;
    const target = { endpoint: this.#route.endpoint, basin, stream, accessToken: 'none' };
    const handle = sessionsOf(connect(target), target);
    while (this.#sent < batches) {
      await this.#session(handle);
      await pause(restMs);
    }
  }

  async #session(handle: Handle): Promise<void> {
    this.#hasFailed = false;
    const session = await handle.appendSession();
    const acks: Promise<void>[] = [];
    const { requests } = this.#route;
    const count = Math.min(1 + this.#world.below(BATCHES_MAX), this.#options.batches - this.#sent);
    for (let i = 0; i < count && !this.#hasFailed; i++) {
      acks.push(this.#submit(session));
      await pause(this.#world.below(4) * 10);
    }
    await Promise.all(acks);
    if (this.#route.requests > requests + acks.length) this.#world.noted('sdk.append-session-retried');
    if (this.#hasFailed) {
      this.#world.noted('sdk.append-session-failed');
      this.#route.moveOn();
    }
    // A session that failed says so again when it is closed.
    await session.close().catch((error: unknown) => void appendFailure(error));
  }

  async #submit(session: Awaited<ReturnType<Handle['appendSession']>>): Promise<void> {
    const batch = this.#nextBatch();
    const ended = this.#world.called(batch);
    try {
      const { start, end } = await (await session.submit(appendInput(batch))).ack();
      if (end.seqNum - start.seqNum !== batch.bodies.length || start.seqNum < this.#expected) {
        throw new ProtocolViolation(
          `a batch behind ${this.#expected} was acknowledged as ${start.seqNum}..${end.seqNum}`,
        );
      }
      this.#expected = end.seqNum;
      ended({ kind: 'durable', startSeqNum: start.seqNum, endSeqNum: end.seqNum });
    } catch (error) {
      // An error without a status that is not this one is a bug: the SDK's own, or one that it could not name.
      if (error instanceof S2Error && error.status === 0 && error.message !== CLOSED) throw error;
      const { kind, code } = appendFailure(error);
      ended({ kind: this.#hasFailed ? 'unknown' : kind, code });
      this.#hasFailed = true;
    }
  }

  #nextBatch(): Batch {
    const { name, batchRecordsMax } = this.#options;
    const number = this.#sent++;
    const bodies = Array.from({ length: 1 + this.#world.below(batchRecordsMax) }, (_, i) => `${name}/${number}/${i}`);
    const matchSeqNum = this.#world.below(4) === 0 ? this.#expected : null;
    return { bodies, setFencingToken: null, fencingToken: null, matchSeqNum };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
