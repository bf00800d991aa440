/**
 * One client that is metered, under faults, and its books: the figures agree with what was acknowledged at any time, never
 * fall over restarts and failovers, whatever clocks show, and begin with nothing when its basin is made again. After healing
 * what is stored is what is there, trims included, and every read that is answered is counted, if whoever answered lasts.
 */

import type { Engine } from '../../engine/index.ts';
import { defineSite, EPOCH_MS, type HostPorts } from '../../sim/index.ts';
import type { Crew, Goal, Stage } from '../crews/crew.ts';
import { provision } from '../crews/provision.ts';
import { errorCode, Wire } from '../wire.ts';
import { STREAM, UsageClient } from './client.ts';
import type { ServerClocks } from './figures.ts';
import type { UsagePlan } from './plan.ts';
import { readsAreCounted } from './reads-counted.ts';

const USAGE = defineSite('client.usage', 'what the metered client does and when it looks at its figures');

export const USAGE_PROBES = {
  'usage.compared': 'figures were told while faults went on, and agreed with what was acknowledged',
  'usage.audited': 'after healing what is stored was what is there',
  'usage.awaited-count': 'what a trim took away was not counted at once, and was later',
  'usage.reads-counted': 'every read was counted that an owner had answered who lasted',
  'usage.reborn': 'a basin was deleted and made again, and its figures began with nothing',
} as const;

const BASIN = 'usage-basin';
const NAME = 'usage-1';
const RETRY_MS = 500;
/** Behind `usageFlushMs`: what was counted of a former life would be told by then. */
const LEAKED_MS = 1_000;

/** A client with what it takes to be at work. */
interface AtWork {
  client: UsageClient;
  wire: Wire;
  below: (bound: number) => number;
}

export class UsageCrew implements Crew {
  readonly #plan: UsagePlan;
  readonly #stage: Stage;
  /** Null while there is nothing to be compared: no basin, or one that may end at any time. */
  #atWork: AtWork | null = null;
  #lives = 0;
  #audits = 0;
  /** Engines that began to serve. */
  #served = 0;

  constructor(plan: UsagePlan, stage: Stage) {
    this.#plan = plan;
    this.#stage = stage;
  }

  seen(engine: Engine): Engine {
    this.#served++;
    return engine;
  }

  start(): void {
    const options = { ...this.#stage.wireOptions(NAME), basin: BASIN };
    this.#stage.start(NAME, async (ports) => {
      const below = this.#stage.below(USAGE, NAME);
      const wire = new Wire(this.#stage.transport(ports), ports.clock, options);
      const client = new UsageClient(wire, BASIN, below, this.#clocks(), () =>
        this.#stage.world.probes.count('fault.net.duplicated'),
      );
      if (!(await this.#provision(wire, ports))) return;
      this.#atWork = { client, wire, below };
      for (let life = 1; this.#atWork !== null; life++) {
        await this.#work(this.#atWork, ports);
        if (life === this.#plan.lives) return;
        await this.#beginAnew(this.#atWork, ports);
      }
    });
  }

  /** The same client goes on: its account is the one that counts. */
  afterHealing(): readonly Goal[] {
    const goal = (name: string, reach: (atWork: AtWork, ports: HostPorts) => Promise<void>): Goal => ({
      name,
      begin: () => {
        const atWork = this.#atWork;
        if (atWork !== null) this.#stage.start(`usage-audit-${++this.#audits}`, (ports) => reach(atWork, ports));
      },
    });
    return [
      goal('what is stored is what is there', (atWork, ports) => this.#audit(atWork, ports)),
      goal('every read is counted', (atWork, ports) => this.#countReads(atWork, ports)),
      goal('a basin that is made again begins with nothing', (atWork, ports) => this.#reborn(atWork, ports)),
    ];
  }

  async #work({ client, below }: AtWork, ports: HostPorts): Promise<void> {
    const { appends, bodyBytesMax, trimEvery, thinkMsMax } = this.#plan;
    for (let i = 0; i < appends; i++) {
      if (below(trimEvery) === 1) await client.trim();
      else await client.append(below(bodyBytesMax + 1));
      if (below(3) === 1) await client.read();
      if (below(2) === 1 && (await client.compare()) !== null) this.#stage.noted('usage.compared');
      await ports.clock.sleep(below(thinkMsMax + 1));
    }
  }

  // --- after healing ---------------------------------------------------------------------------------------

  async #audit({ client }: AtWork, ports: HostPorts): Promise<void> {
    await this.#compared(client, ports);
    for (let isFirst = true; ; isFirst = false) {
      const isSame = await client.storesWhatIsThere();
      if (isSame === true) {
        if (!isFirst) this.#stage.noted('usage.awaited-count');
        return this.#stage.noted('usage.audited');
      }
      await ports.clock.sleep(RETRY_MS);
    }
  }

  async #countReads({ client }: AtWork, ports: HostPorts): Promise<void> {
    const { usageFlushMs } = this.#stage.plan.tunables;
    const areCounted = await readsAreCounted(client, ports.clock, { usageFlushMs, served: () => this.#served });
    if (areCounted) this.#stage.noted('usage.reads-counted');
  }

  /** What is not logged yet when its basin goes must not be told of the next one. */
  async #reborn(atWork: AtWork, ports: HostPorts): Promise<void> {
    const { client } = atWork;
    for (let reads = 0; reads < 2; reads++) await client.read();
    await this.#beginAnew(atWork, ports);
    if (this.#atWork === null) return;
    await this.#compared(client, ports);
    await ports.clock.sleep(this.#stage.plan.tunables.usageFlushMs + LEAKED_MS);
    await this.#compared(client, ports);
    this.#stage.noted('usage.reborn');
  }

  async #compared(client: UsageClient, ports: HostPorts): Promise<void> {
    while ((await client.compare()) === null) await ports.clock.sleep(RETRY_MS);
  }

  // --- lives -----------------------------------------------------------------------------------------------

  /** Deletes the basin and makes it again. The account ends where it is not certain that this took place once. */
  async #beginAnew({ client, wire }: AtWork, ports: HostPorts): Promise<void> {
    const atWork = this.#atWork;
    this.#atWork = null;
    if (!(await this.#deleted(wire, ports)) || !(await this.#provision(wire, ports))) return;
    client.beginAnew();
    this.#atWork = atWork;
  }

  /** False when a deletion may still come, and meet whatever has the name then. */
  async #deleted(wire: Wire, ports: HostPorts): Promise<boolean> {
    for (;;) {
      const exchange = await wire.exchange('DELETE', `/v1/basins/${BASIN}`, null);
      if (exchange.kind === 'answer' && exchange.status === 202) return true;
      const isRefused = exchange.kind === 'none' ? !exchange.sent : errorCode(exchange.body) === 'hot_server';
      if (!isRefused) return false;
      await ports.clock.sleep(RETRY_MS);
    }
  }

  #provision(wire: Wire, ports: HostPorts): Promise<boolean> {
    return provision(wire, ports.clock, { basin: BASIN, stream: STREAM, token: `usage-${++this.#lives}` });
  }

  #clocks(): ServerClocks {
    const { world } = this.#stage;
    return {
      wallMs: (server: string) => world.hosts.find(({ name }) => name === server)?.clocks.wallMs() ?? 0,
      trueMs: () => EPOCH_MS + world.nowMs,
      jumps: () => ({
        back: world.probes.count('fault.clock.step-back'),
        forward: world.probes.count('fault.clock.step-forward'),
      }),
    };
  }
}
