/** Clients that append to the judged stream through sessions, of the wire and of the official SDK. */

import { defineSite } from '../../sim/index.ts';
import { SdkRoute } from '../sdk/sdk-route.ts';
import { SessionWriter } from '../sessions/session-writer.ts';
import type { Crew, Stage } from './crew.ts';
import type { JudgedStream } from './judged-stream.ts';

const WRITER = defineSite('client.session', 'what a client sends in an append session, and how it is cut');

export class SessionWriters implements Crew {
  readonly #stage: Stage;
  readonly #judged: JudgedStream;

  constructor(stage: Stage, judged: JudgedStream) {
    this.#stage = stage;
    this.#judged = judged;
  }

  async start(): Promise<void> {
    const { sessionWriters, sdkSessionWriters } = this.#stage.plan;
    for (let i = 1; i <= sessionWriters; i++) this.#startWriter(`w${i}`);
    for (let i = 1; i <= sdkSessionWriters; i++) await this.#startSdkWriter(`sw${i}`);
  }

  #startWriter(name: string): void {
    const { basin, stream, plan, servers } = this.#stage;
    const { requestTimeoutMs: timeoutMs, operationsPerClient: batches, batchRecordsMax, restMs } = plan;
    const options = { addresses: servers, basin, stream, name, batches, batchRecordsMax, timeoutMs, restMs };
    this.#stage.start(name, (ports) =>
      new SessionWriter(this.#stage.transport(ports), ports.clock, options, this.#world(name)).run(),
    );
  }

  async #startSdkWriter(name: string): Promise<void> {
    const { SdkSessionWriter } = await import('../sdk/sdk-session-writer.ts');
    const { basin, stream, plan, servers } = this.#stage;
    const { operationsPerClient: batches, batchRecordsMax, restMs } = plan;
    const route = new SdkRoute({ servers, roam: null });
    const options = { basin, stream, name, batches, batchRecordsMax, restMs };
    const work = (): Promise<void> => new SdkSessionWriter(route, options, this.#world(name)).run();
    this.#stage.start(name, work, { ambient: { resolve: route.resolve } });
  }

  #world(name: string) {
    return {
      below: this.#stage.below(WRITER, name),
      noted: this.#stage.noted,
      called: this.#judged.pipelined(),
    };
  }
}
