/** The stage of one run: client hosts and how they reach the servers, for all crews; counts who is at work. */

import { defineSite, type HostOptions, type HostPorts, type Site, type World } from '../../sim/index.ts';
import type { Plan } from '../plan.ts';
import type { Transport, WireOptions } from '../wire.ts';
import type { WireCoding } from '../wire-coding.ts';
import type { Stage } from './crew.ts';

const CODING = defineSite('client.coding', 'how a client compresses bodies');
const SERVER = defineSite('client.server', 'which server a roaming client asks');

type Work = (ports: HostPorts) => Promise<void>;

export class ClientStage implements Stage {
  readonly world: World;
  readonly plan: Plan;
  readonly servers: readonly string[];
  readonly basin = 'sim-basin';
  readonly stream = 'stream-1';
  /** Clients at work that the phase under way waits for. */
  working = 0;

  constructor(world: World, plan: Plan) {
    this.world = world;
    this.plan = plan;
    this.servers = Array.from({ length: plan.servers }, (_, i) => `node-${i + 1}`);
  }

  readonly noted = (probe: string): void => this.world.probes.reachable(probe);

  start(name: string, work: Work, options: HostOptions = {}): void {
    this.working++;
    this.#host(name, work, options, () => this.working--);
  }

  startApart(name: string, work: Work, options: HostOptions = {}): void {
    this.#host(name, work, options, () => {});
  }

  transport(ports: HostPorts): Transport {
    return (address, request) => ports.network.call(address, request);
  }

  wireOptions(name: string, stays = false): WireOptions {
    const { requestTimeoutMs: timeoutMs, clientsRoam, servers } = this.plan;
    const below = this.below(SERVER, name);
    const roam = clientsRoam && !stays ? () => below(servers) : null;
    const moved = (): void => this.noted('client.moved');
    return { addresses: this.servers, roam, basin: this.basin, timeoutMs, coding: this.#codingOf(name), moved };
  }

  /** Most clients use none. */
  #codingOf(name: string): WireCoding | null {
    const coding = ([null, null, 'gzip', 'zstd'] as const)[this.below(CODING, name)(4)] ?? null;
    return coding === null ? null : { coding, noted: this.noted };
  }

  below(site: Site, name: string): (bound: number, means?: (outcome: number) => string) => number {
    return (bound, means) => this.world.choices.choose(site, name, bound, undefined, means);
  }

  #host(name: string, work: Work, options: HostOptions, ended: () => void): void {
    if (this.world.failure !== null) return;
    this.world.host(name, { ...options, role: 'client' }).start(async (ports) => {
      await work(ports);
      ended();
    });
  }
}
