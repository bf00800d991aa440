/**
 * The clients of the side streams of one run, from the first creation to the audit at the end: after healing every name
 * can be read from one end to the other, and what is older than its retention goes away.
 *
 * The judged stream's history says nothing about them, nor theirs about it: they share the servers and the store.
 */

import type { HostPorts } from '../../sim/index.ts';
import type { Wire } from '../wire.ts';
import { SideClient } from './client.ts';
import type { SideHistory, SideOutcome, SideSeen } from './history.ts';
import type { SidePlan } from './plan.ts';
import type { SideProbe } from './probes.ts';
import { SideReader } from './reader.ts';
import { SideWriter, type SideName } from './writer.ts';

/** Runs `work` on a client host of that name. */
type StartClient = (name: string, work: (wire: Wire, ports: HostPorts) => Promise<void>) => void;

export interface SideCrewWorld {
  start: StartClient;
  /** A uniform integer in [0, bound), drawn for that client. */
  below: (client: string, bound: number) => number;
  noted: (probe: SideProbe) => void;
}

/** Appended to while everybody waits, since time has to be proven by arrivals (docs/decisions/0007). */
const PULSE = 'side-pulse.1';
const NO_CONFIG = { retentionAgeMs: null, emptyAgeMs: null };
const PAGE_RECORDS = 1_000;
const RETRY_MS = 200;
const LOOK_MS = 1_000;

export class SideCrew {
  readonly #plan: SidePlan;
  readonly #history: SideHistory;
  readonly #world: SideCrewWorld;
  readonly #writers: SideWriter[] = [];

  constructor(plan: SidePlan, history: SideHistory, world: SideCrewWorld) {
    this.#plan = plan;
    this.#history = history;
    this.#world = world;
  }

  start(): void {
    for (let i = 1; i <= this.#plan.streams; i++) this.#startStream(`side-${i}`);
  }

  /** Reads everything once all is healed; ends when it could. */
  audit(): void {
    this.#world.start('side-audit', async (wire, ports) => {
      const client = new SideClient(wire, this.#history, 'audit');
      for (const { stream } of this.#names()) await this.#readAll(client, stream, ports);
    });
  }

  /** Waits until everything that was there is expired. Without streams that have a retention it has nothing to do. */
  awaitExpiry(): void {
    const names = this.#names().filter(({ retentionAgeMs }) => retentionAgeMs !== null);
    if (names.length === 0 || !this.#plan.retentionIsJudged) return;
    this.#world.start('side-expiry', async (wire, ports) => {
      const client = new SideClient(wire, this.#history, 'expiry');
      const tails = new Map<string, number>();
      for (const { stream } of names) tails.set(stream, await this.#readAll(client, stream, ports));
      await client.create(PULSE, PULSE, NO_CONFIG);
      for (let beat = 0; ; beat++) {
        await client.append(PULSE, [{ kind: 'data', body: `pulse ${beat}`, timestamp: null }], null);
        let left = 0;
        for (const [stream, tail] of tails) if (!(await isExpired(client, stream, tail))) left++;
        if (left === 0) return this.#world.noted('side.all-expired');
        await ports.clock.sleep(LOOK_MS);
      }
    });
  }

  #startStream(base: string): void {
    const world = (client: string, ports: HostPorts) => ({
      below: (bound: number) => this.#world.below(client, bound),
      sleep: (ms: number) => ports.clock.sleep(ms),
      wallMs: () => ports.clock.wallMs(),
      noted: this.#world.noted,
    });
    let writer: SideWriter | null = null;
    const writes = `${base}-writer`;
    this.#world.start(writes, async (wire, ports) => {
      const client = new SideClient(wire, this.#history, writes);
      writer = new SideWriter(client, base, this.#plan, world(writes, ports));
      this.#writers.push(writer);
      await writer.run();
    });
    const present = (): SideName => writer?.name ?? { stream: `${base}.1`, ...NO_CONFIG };
    for (let i = 1; i <= this.#plan.readersPerStream; i++) {
      const reads = `${base}-reader-${i}`;
      this.#world.start(reads, async (wire, ports) => {
        const client = new SideClient(wire, this.#history, reads);
        await new SideReader(client, present, this.#plan, world(reads, ports)).run();
      });
    }
  }

  #names(): SideName[] {
    return this.#writers.flatMap(({ names }) => names);
  }

  /** The number the next record would get; 0 when there is no such stream. */
  async #readAll(client: SideClient, stream: string, ports: HostPorts): Promise<number> {
    for (let seqNum = 0; ;) {
      const outcome = await client.read(stream, { kind: 'seq-num', seqNum }, PAGE_RECORDS);
      switch (outcome.kind) {
        case 'absent':
          return 0;
        case 'at-tail':
          return outcome.tail.seqNum;
        case 'page':
          seqNum = await this.#behind(client, stream, outcome.records.at(-1), seqNum);
          break;
        default:
          await ports.clock.sleep(RETRY_MS);
      }
    }
  }

  /** Where to read on: an empty page says that everything up to the tail is gone. */
  async #behind(client: SideClient, stream: string, last: SideSeen | undefined, from: number): Promise<number> {
    if (last !== undefined) return last.seqNum + 1;
    const outcome = await client.checkTail(stream);
    return outcome.kind === 'tail' ? outcome.tail.seqNum : from;
  }
}

/** Everything below `tail` is gone. */
async function isExpired(client: SideClient, stream: string, tail: number): Promise<boolean> {
  const outcome: SideOutcome = await client.read(stream, { kind: 'seq-num', seqNum: 0 }, 1);
  if (outcome.kind === 'absent' || outcome.kind === 'at-tail') return true;
  return outcome.kind === 'page' && (outcome.records[0]?.seqNum ?? tail) >= tail;
}
