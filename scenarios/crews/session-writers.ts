/** Clients that append to the judged stream through sessions, of the wire and of the official SDK. */

import { defineSite, type HostPorts } from '../../sim/index.ts';
import { SdkRoute } from '../sdk/sdk-route.ts';
import { SessionWriter } from '../sessions/session-writer.ts';
import type { Batch } from '../client.ts';
import type { Crew, Stage } from './crew.ts';
import type { JudgedStream } from './judged-stream.ts';

/** In one session of the official SDK. */
const SDK_BATCHES_MAX = 8;

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
    if (sessionWriters > 0) this.#startWriter('w1', sessionWriters);
    for (let i = 1; i <= sdkSessionWriters; i++) await this.#startSdkWriter(`sw${i}`);
  }

  /** One client that has so many sessions at once. */
  #startWriter(name: string, sessions: number): void {
    const { basin, stream, plan, servers } = this.#stage;
    const { requestTimeoutMs: timeoutMs, operationsPerClient: batches, batchRecordsMax, restMs } = plan;
    const open = { sessions: 0 };
    const write = (session: string, ports: HostPorts): Promise<void> => {
      const options = { addresses: servers, basin, stream, name: session, batches, batchRecordsMax, timeoutMs, restMs };
      const world = { ...this.#world(session), open };
      return new SessionWriter(this.#stage.transport(ports), ports.clock, options, world).run();
    };
    const names = Array.from({ length: sessions }, (_, i) => (i === 0 ? name : `${name}.${i + 1}`));
    this.#stage.start(name, async (ports) => {
      await Promise.all(names.map((session) => write(session, ports)));
    });
  }

  async #startSdkWriter(name: string): Promise<void> {
    const { SdkSessionWriter } = await import('../sdk/sdk-session-writer.ts');
    const { connect, sessionsOf } = await import('../sdk-client.ts');
    const { basin, stream, plan, servers } = this.#stage;
    const { operationsPerClient: batches, batchRecordsMax, restMs } = plan;
    const route = new SdkRoute({ servers, roam: null });
    const target = { endpoint: route.endpoint, basin, stream, accessToken: 'none' };
    const world = this.#world(name);
    const { below } = world;
    const batch = (number: number, acknowledged: number): Batch => {
      const bodies = Array.from({ length: 1 + below(batchRecordsMax) }, (_, i) => `${name}/${number}/${i}`);
      const matchSeqNum = below(4) === 0 ? acknowledged : null;
      return { bodies, setFencingToken: null, fencingToken: null, matchSeqNum };
    };
    const options = {
      batches,
      batchesPerSessionMax: SDK_BATCHES_MAX,
      underWayMax: SDK_BATCHES_MAX + 1,
      restMs,
      isNetworkReal: false,
    };
    const work = (): Promise<void> => {
      const handle = sessionsOf(connect(target), target);
      let [sessions, index] = [0, 0];
      const open = () => {
        sessions++;
        index = 0;
        return handle.appendSession();
      };
      const called = (sent: Batch) => world.called(sent, { session: `${name}/${sessions}`, index: index++ });
      return new SdkSessionWriter(route, options, {
        ...world,
        open,
        called,
        batch,
        pauseMs: () => below(4) * 10,
      }).run();
    };
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
