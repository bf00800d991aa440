/**
 * A client that waits for no answer for ever, and gives a server up: what took too long has no known outcome, and after
 * three such operations in a row it asks nothing more. So a recording of a server that has fallen silent ends.
 */

import {
  type AppendResult,
  type Batch,
  type CheckTailResult,
  ProtocolViolation,
  type ReadResult,
  type StreamClient,
} from './client.ts';

const UNANSWERED_MAX = 3;
const CODE = 'timeout';

export class ImpatientClient implements StreamClient {
  readonly #client: StreamClient;
  readonly #patienceMs: number;
  #unanswered = 0;

  /** `patienceMs`: for one operation, retries included. Each rejects with ProtocolViolation once the server is given up. */
  constructor(client: StreamClient, patienceMs: number) {
    this.#client = client;
    this.#patienceMs = patienceMs;
  }

  get asked(): string | undefined {
    return this.#client.asked;
  }

  append(batch: Batch): Promise<AppendResult> {
    return this.#inTime<AppendResult>(() => this.#client.append(batch), { kind: 'unknown', code: CODE });
  }

  read(): Promise<ReadResult> {
    return this.#inTime<ReadResult>(() => this.#client.read(), { kind: 'failed', code: CODE });
  }

  checkTail(): Promise<CheckTailResult> {
    return this.#inTime<CheckTailResult>(() => this.#client.checkTail(), { kind: 'failed', code: CODE });
  }

  async #inTime<Result>(ask: () => Promise<Result>, late: Result): Promise<Result> {
    if (this.#unanswered === UNANSWERED_MAX) {
      throw new ProtocolViolation(`${UNANSWERED_MAX} operations in a row had no answer within ${this.#patienceMs} ms`);
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<Result>((resolve) => (timer = setTimeout(() => resolve(late), this.#patienceMs)));
    const result = await Promise.race([ask(), patience]).finally(() => clearTimeout(timer));
    this.#unanswered = result === late ? this.#unanswered + 1 : 0;
    return result;
  }
}
