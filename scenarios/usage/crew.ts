/**
 * One client that is metered, under faults, and its books: the figures agree with what was acknowledged at any time, never
 * fall over restarts and failovers, and after healing what is stored is what is there, trims included.
 */

import { defineSite, type HostPorts } from '../../sim/index.ts';
import type { Crew, Goal, Stage } from '../crews/crew.ts';
import { provision } from '../crews/provision.ts';
import { Wire } from '../wire.ts';
import { STREAM, UsageClient } from './client.ts';
import type { UsagePlan } from './plan.ts';

const USAGE = defineSite('client.usage', 'what the metered client appends and when it looks at its figures');

export const USAGE_PROBES = {
  'usage.compared': 'figures were told while faults went on, and agreed with what was acknowledged',
  'usage.audited': 'after healing what is stored was what is there',
  'usage.awaited-count': 'what a trim took away was not counted at once, and was later',
} as const;

const BASIN = 'usage-basin';
const RETRY_MS = 500;

export class UsageCrew implements Crew {
  readonly #plan: UsagePlan;
  readonly #stage: Stage;
  #client: UsageClient | null = null;

  constructor(plan: UsagePlan, stage: Stage) {
    this.#plan = plan;
    this.#stage = stage;
  }

  start(): void {
    const name = 'usage-1';
    const options = { ...this.#stage.wireOptions(name), basin: BASIN };
    this.#stage.start(name, async (ports) => {
      const below = this.#stage.below(USAGE, name);
      const wire = new Wire(this.#stage.transport(ports), ports.clock, options);
      const client = new UsageClient(wire, BASIN, { below, wallMs: () => ports.clock.wallMs() });
      if (!(await provision(wire, ports.clock, { basin: BASIN, stream: STREAM, token: 'usage' }))) return;
      this.#client = client;
      await this.#work(client, ports, below);
    });
  }

  /** The same client goes on: its account is the one that counts. */
  afterHealing(): readonly Goal[] {
    const begin = (): void => {
      const client = this.#client;
      if (client !== null) this.#stage.start('usage-audit', (ports) => this.#audit(client, ports));
    };
    return [{ name: 'what is stored is what is there', begin }];
  }

  async #work(client: UsageClient, ports: HostPorts, below: (bound: number) => number): Promise<void> {
    const { appends, bodyBytesMax, trimEvery, thinkMsMax } = this.#plan;
    for (let i = 0; i < appends; i++) {
      if (below(trimEvery) === 1) await client.trim();
      else await client.append(below(bodyBytesMax + 1));
      if (below(2) === 1 && (await client.compare())) this.#stage.noted('usage.compared');
      await ports.clock.sleep(below(thinkMsMax + 1));
    }
  }

  async #audit(client: UsageClient, ports: HostPorts): Promise<void> {
    while (!(await client.compare())) await ports.clock.sleep(RETRY_MS);
    for (let isFirst = true; ; isFirst = false) {
      const isSame = await client.storesWhatIsThere();
      if (isSame === true) {
        if (!isFirst) this.#stage.noted('usage.awaited-count');
        return this.#stage.noted('usage.audited');
      }
      await ports.clock.sleep(RETRY_MS);
    }
  }
}
