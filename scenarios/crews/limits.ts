/**
 * A client that goes to the limits of a batch (API contract §2.3): exactly at one is taken whole, however small the server's
 * own budgets are; one over it is refused as invalid and leaves nothing. On a stream of its own, because its records are large.
 *
 * A slow reader follows it, who has no window for more than an event: the largest batch comes while it is busy and is not all
 * that came, so it is overtaken. It has to get every record, and none twice.
 */

import type { HostPorts } from '../../sim/index.ts';
import { ProtocolViolation } from '../client.ts';
import { Follower } from '../sessions/follower.ts';
import { type Exchange, errorCode, field, streamPath, Wire } from '../wire.ts';
import type { Crew, Goal, Stage } from './crew.ts';

export const LIMIT_PROBES = {
  'limits.taken': 'a batch exactly at a limit was taken',
  'limits.refused': 'a batch one over a limit was refused',
} as const;

const STREAM = 'limits';
const RECORDS_MAX = 1_000;
const METERED_BYTES_MAX = 1_048_576;
/** What a record is metered beside its body. */
const RECORD_BYTES = 8;
const RETRY_MS = 500;
const TRIES = 20;
/** For so long the reader is busy with each event: longer than all batches take where nothing goes wrong. */
const READER_BUSY_MS = 3_000;
const READER_WINDOW_BYTES = 64;
/** How long the first record may take to get to the reader before nobody waits for that any more. */
const READER_LOOKS = 20;

/** By what it has over the limit, a batch of as many records as there may be, and one of as many bytes. */
const batches = {
  records: (over: number) => Array.from({ length: RECORDS_MAX + over }, () => ({ body: '' })),
  bytes: (over: number) => [{ body: 'x'.repeat(METERED_BYTES_MAX - RECORD_BYTES + over) }],
} as const;

export class LimitsCrew implements Crew {
  readonly #stage: Stage;
  #reader: Follower | null = null;
  /** Records that were acknowledged, up to the last of them. */
  #tail = 0;
  #isThrough = false;
  #isHealed = false;
  #hasReaderGone = true;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  start(): void {
    this.#stage.start('limits', async (ports) => {
      const wire = new Wire(this.#stage.transport(ports), ports.clock, this.#stage.wireOptions('limits', true));
      const rest = (): Promise<void> => ports.clock.sleep(RETRY_MS);
      const answered = async (ask: () => Promise<Exchange>): Promise<Exchange | null> => {
        for (let tries = 0; tries < TRIES; tries++, await rest()) {
          const exchange = await ask();
          if (exchange.kind === 'answer' && exchange.status < 500) return exchange;
        }
        return null;
      };
      const create = { stream: STREAM, config: { retention_policy: { infinite: {} } } };
      if ((await answered(() => wire.exchange('POST', '/v1/streams', create))) === null) return;
      const first = await answered(() =>
        wire.exchange('POST', streamPath(STREAM, '/records'), { records: [{ body: '' }] }),
      );
      if (first?.kind === 'answer' && first.status === 200) await this.#startReader(rest);
      for (const [limit, batch] of Object.entries(batches)) {
        for (const over of [0, 1]) {
          const records = batch(over);
          const exchange = await answered(() => wire.exchange('POST', streamPath(STREAM, '/records'), { records }));
          if (exchange !== null) this.#judge(limit, over, exchange);
        }
      }
      this.#isThrough = true;
    });
  }

  afterHealing(): readonly Goal[] {
    // Who takes its time has none left.
    this.#isHealed = true;
    const isReached = (): boolean => this.#hasReaderGone;
    return [{ name: 'the reader of the largest batches has every record, and has gone', isReached }];
  }

  /** Until it has what is there. */
  async #startReader(rest: () => Promise<void>): Promise<void> {
    const { basin, plan, servers, noted } = this.#stage;
    const options = {
      ...{ addresses: servers, basin, stream: STREAM, timeoutMs: plan.requestTimeoutMs, restMs: plan.restMs },
      resumesById: () => false,
      slowMs: () => (this.#isHealed ? 0 : READER_BUSY_MS),
      isOver: () => this.#isThrough && this.#reader !== null && this.#reader.tail >= this.#tail,
    };
    const work = async (ports: HostPorts): Promise<void> => {
      const ears = { asked: () => () => {}, heard: () => {}, noted };
      this.#reader = new Follower(this.#stage.transport(ports), ports.clock, options, ears);
      await this.#reader.run();
      this.#hasReaderGone = true;
    };
    this.#hasReaderGone = false;
    this.#stage.startApart('limits-reader', work, { windowBytes: READER_WINDOW_BYTES });
    for (let looks = 0; looks < READER_LOOKS && (this.#reader?.tail ?? 0) === 0; looks++) await rest();
  }

  #judge(limit: string, over: number, exchange: Exchange): void {
    if (exchange.kind === 'none') return;
    const { status, body } = exchange;
    const end = field(field(body, 'end'), 'seq_num');
    const isTaken = status === 200 && typeof end === 'number';
    if (isTaken) this.#tail = Math.max(this.#tail, end);
    const isRefused = status === 422 && errorCode(body) === 'invalid';
    if (over === 0 ? !isTaken : !isRefused) {
      throw new ProtocolViolation(`a batch ${over} over its limit of ${limit} was answered with ${status}`);
    }
    this.#stage.noted(over === 0 ? 'limits.taken' : 'limits.refused');
  }
}
