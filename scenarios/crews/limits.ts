/**
 * A client that goes to the limits of a batch (API contract §2.3): exactly at one is taken whole, however small the server's
 * own budgets are; one over it is refused as invalid and leaves nothing. On a stream of its own, because its records are large.
 */

import { type Exchange, errorCode, field, streamPath, Wire } from '../wire.ts';
import { ProtocolViolation } from '../client.ts';
import type { Crew, Stage } from './crew.ts';

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

/** By what it has over the limit, a batch of as many records as there may be, and one of as many bytes. */
const batches = {
  records: (over: number) => Array.from({ length: RECORDS_MAX + over }, () => ({ body: '' })),
  bytes: (over: number) => [{ body: 'x'.repeat(METERED_BYTES_MAX - RECORD_BYTES + over) }],
} as const;

export class LimitsCrew implements Crew {
  readonly #stage: Stage;

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
      for (const [limit, batch] of Object.entries(batches)) {
        for (const over of [0, 1]) {
          const records = batch(over);
          const exchange = await answered(() => wire.exchange('POST', streamPath(STREAM, '/records'), { records }));
          if (exchange !== null) this.#judge(limit, over, exchange);
        }
      }
    });
  }

  #judge(limit: string, over: number, exchange: Exchange): void {
    if (exchange.kind === 'none') return;
    const { status, body } = exchange;
    const isTaken = status === 200 && typeof field(field(body, 'end'), 'seq_num') === 'number';
    const isRefused = status === 422 && errorCode(body) === 'invalid';
    if (over === 0 ? !isTaken : !isRefused) {
      throw new ProtocolViolation(`a batch ${over} over its limit of ${limit} was answered with ${status}`);
    }
    this.#stage.noted(over === 0 ? 'limits.taken' : 'limits.refused');
  }
}
