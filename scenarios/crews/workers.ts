/**
 * Clients of the judged stream that do one operation at a time (S2's three workflows), some of them the official SDK, and
 * the canary that after healing must get an append, a read and a check-tail through.
 */

import { defineSite, type HostPorts } from '../../sim/index.ts';
import type { Batch, StreamClient } from '../client.ts';
import type { RecordedClient } from '../recorded-client.ts';
import { SdkRoute } from '../sdk/sdk-route.ts';
import { WireClient } from '../wire-client.ts';
import { runWorkflow } from '../workflow.ts';
import type { Crew, Goal, Stage } from './crew.ts';
import type { JudgedStream } from './judged-stream.ts';

const CLIENT = defineSite('client.choice', 'what a client does next, and how large it is');

const RETRY_MS = 200;

export class Workers implements Crew {
  readonly #stage: Stage;
  readonly #judged: JudgedStream;
  /** Records of the stream at the end, once the canary knows. */
  finalTail: number | null = null;

  constructor(stage: Stage, judged: JudgedStream) {
    this.#stage = stage;
    this.#judged = judged;
  }

  async start(): Promise<void> {
    const { clients, sdkClients } = this.#stage.plan;
    const wires = clients - sdkClients;
    for (let i = 1; i <= wires; i++) this.#startWorker(`c${i}`);
    for (let i = wires + 1; i <= clients; i++) await this.#startSdkWorker(`c${i}`);
  }

  afterHealing(): readonly Goal[] {
    return [
      {
        name: 'an append, a read and a check-tail succeed after healing',
        begin: () =>
          this.#stage.start('canary', (ports) =>
            this.#canary(this.#judged.recorded(this.#wireClient('canary', ports, true)), ports),
          ),
      },
    ];
  }

  #startWorker(name: string): void {
    this.#stage.start(name, (ports) => this.#work(name, this.#wireClient(name, ports), ports));
  }

  async #startSdkWorker(name: string): Promise<void> {
    const { SdkWorker } = await import('../sdk/sdk-worker.ts');
    const { basin, stream, noted } = this.#stage;
    const { addresses: servers, roam, timeoutMs } = this.#stage.wireOptions(name);
    const route = new SdkRoute({ servers, roam });
    const work = (ports: HostPorts): Promise<void> =>
      this.#work(name, new SdkWorker({ route, basin, stream, timeoutMs, noted }), ports);
    this.#stage.start(name, work, { ambient: { resolve: route.resolve } });
  }

  #work(name: string, client: StreamClient, ports: HostPorts): Promise<void> {
    const { plan, noted } = this.#stage;
    return runWorkflow(
      this.#judged.recorded(client),
      { ...plan, name, operations: plan.operationsPerClient },
      { below: this.#stage.below(CLIENT, name), sleep: (ms) => ports.clock.sleep(ms), noted },
    );
  }

  #wireClient(name: string, ports: HostPorts, stays = false): WireClient {
    const { plan, stream } = this.#stage;
    const options = { ...this.#stage.wireOptions(name, stays), stream, pageRecords: plan.pageRecords };
    return new WireClient(this.#stage.transport(ports), ports.clock, options);
  }

  /** Tries until each operation succeeds once; the read is compared with everything acknowledged. */
  async #canary(client: RecordedClient, ports: HostPorts): Promise<void> {
    const { oracle } = this.#judged;
    for (let attempt = 0; ; attempt++) {
      const batch: Batch = {
        bodies: [`canary/${attempt}`],
        setFencingToken: null,
        fencingToken: null,
        matchSeqNum: null,
      };
      const appended = await client.append(batch);
      const { shown } = oracle;
      const read = appended.kind === 'durable' ? await client.read() : null;
      const tail = read?.kind === 'read' ? await client.checkTail() : null;
      if (read?.kind === 'read' && tail?.kind === 'tail') {
        this.finalTail = tail.tail;
        return oracle.audit(read.records, shown);
      }
      await ports.clock.sleep(RETRY_MS);
    }
  }
}
