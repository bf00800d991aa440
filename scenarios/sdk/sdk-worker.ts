/**
 * A client of the judged stream that is the official SDK, unchanged, on a simulated host: its retries and its errors are
 * part of the tested system. It knows one name, as users do, and the name leads to one of the servers.
 */

import type { AppendResult, Batch, CheckTailResult, ReadResult, StreamClient } from '../client.ts';
import { connect, SdkClient } from '../sdk-client.ts';
import type { SdkProbe } from './sdk-probes.ts';
import type { SdkRoute } from './sdk-route.ts';

export interface SdkWorkerOptions {
  basin: string;
  stream: string;
  route: SdkRoute;
  /** Patience with one operation, retries included. */
  timeoutMs: number;
  noted: (probe: SdkProbe) => void;
}

export class SdkWorker implements StreamClient {
  readonly #client: StreamClient;
  readonly #route: SdkRoute;
  readonly #noted: (probe: SdkProbe) => void;

  constructor({ route, basin, stream, timeoutMs, noted }: SdkWorkerOptions) {
    const target = { endpoint: route.endpoint, basin, stream, accessToken: 'none' };
    this.#client = new SdkClient(connect(target), target, timeoutMs);
    this.#route = route;
    this.#noted = noted;
  }

  async append(batch: Batch): Promise<AppendResult> {
    const before = this.#route.requests;
    const result = await this.#client.append(batch);
    if (this.#route.requests > before + 1) this.#noted('sdk.append-retried');
    if (result.kind !== 'durable' && !CONDITIONS.has(result.code)) this.#failed(result.code);
    return result;
  }

  async read(): Promise<ReadResult> {
    const result = await this.#client.read();
    if (result.kind === 'failed') this.#failed(result.code);
    return result;
  }

  async checkTail(): Promise<CheckTailResult> {
    const before = this.#route.requests;
    const result = await this.#client.checkTail();
    if (this.#route.requests > before + 1) this.#noted('sdk.tail-retried');
    if (result.kind === 'failed') this.#failed(result.code);
    return result;
  }

  #failed(code: string): void {
    if (code === 'timeout') this.#noted('sdk.gave-up');
    this.#route.moveOn();
  }
}

/** The stream itself answered. */
const CONDITIONS: ReadonlySet<string> = new Set(['seq_num_mismatch', 'fencing_token_mismatch']);
