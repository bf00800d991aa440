/**
 * The clients of the side streams of one run, from the first creation to the audit at the end: after healing every name
 * can be read from one end to the other, and what is older than its retention goes away.
 *
 * The judged stream's history says nothing about them, nor theirs about it: they share the servers and the store.
 */

import { defineSite, type HostPorts } from '../../sim/index.ts';
import type { Crew, Goal, Stage } from '../crews/crew.ts';
import type { RunFailure } from '../run.ts';
import { Wire } from '../wire.ts';
import { SideAppendSession } from './append-session.ts';
import { SideClient } from './client.ts';
import { sideFacts } from './facts.ts';
import { SideFollower } from './follower.ts';
import { SideHistory, type SideOutcome, type SideSeen } from './history.ts';
import { judgeSideStreams } from './judge.ts';
import type { SidePlan } from './plan.ts';
import type { SideProbe } from './probes.ts';
import { secondOpinion } from './second-judge.ts';
import { SideReader } from './reader.ts';
import { callWords, lineOf } from './words.ts';
import { SideWriter, type SideName } from './writer.ts';

const SIDE = defineSite('client.side', 'what a client of a side stream does next, and how large it is');

/** Appended to while everybody waits, since time has to be proven by arrivals (docs/decisions/0007). */
const PULSE = 'side-pulse.1';
const NO_CONFIG = { retentionAgeMs: null, emptyAgeMs: null };
const PAGE_RECORDS = 1_000;
const RETRY_MS = 200;
const LOOK_MS = 1_000;
const FOLLOWER_REST_MS = 300;

export class SideCrew implements Crew {
  readonly #plan: SidePlan;
  readonly #stage: Stage;
  readonly #history: SideHistory;
  readonly #writers: SideWriter[] = [];

  constructor(plan: SidePlan, stage: Stage) {
    this.#plan = plan;
    this.#stage = stage;
    this.#history = new SideHistory(() => stage.world.nowMs);
  }

  start(): void {
    for (let i = 1; i <= this.#plan.streams; i++) this.#startStream(`side-${i}`);
  }

  afterHealing(): readonly Goal[] {
    return [
      { name: 'side streams are read after healing', begin: () => this.#audit() },
      { name: 'records past their retention are removed', begin: () => this.#awaitExpiry() },
    ];
  }

  /** No operation of the judged history is to blame for what happened to a side stream: it names none. */
  verdict(): RunFailure | null {
    const { operations } = this.#history;
    for (const probe of sideFacts(operations)) this.#stage.noted(probe);
    const conviction = judgeSideStreams(operations, this.#plan);
    if (conviction === null) return this.#secondVerdict();
    const { code, text, operation, story } = conviction;
    const message = [`side stream ${operation.stream}, ${callWords(operation.call)}: ${text}`, ...story].join('\n  ');
    const kind = code === 'undecided' ? 'unknown' : 'linearizability';
    return { kind, signature: `side: ${code}`, message, opIds: [] };
  }

  /** What the first judge lets pass is judged again. */
  #secondVerdict(): RunFailure | null {
    const { operations } = this.#history;
    const opinion = secondOpinion(operations, this.#plan);
    if (opinion === null) return null;
    const { stream, violation } = opinion;
    if (violation === null) {
      const message = `side stream ${stream} is too hard for the second judge`;
      return { kind: 'unknown', signature: 'side again: undecided', message, opIds: [] };
    }
    const story = operations.filter((operation) => violation.opIds.includes(operation.id)).map(lineOf);
    const message = [`side stream ${stream}, by the second judge: ${violation.message}`, ...story].join('\n  ');
    return { kind: 'linearizability', signature: `side again: ${violation.code}`, message, opIds: [] };
  }

  lines(): readonly string[] {
    return this.#history.operations.map(lineOf);
  }

  /** Reads everything once all is healed; ends when it could. */
  #audit(): void {
    this.#start('side-audit', true, async (wire, ports) => {
      const client = new SideClient(wire, this.#history, 'audit');
      for (const { stream } of this.#names()) await this.#readAll(client, stream, ports);
    });
  }

  /** Waits until everything that was there is expired. Without streams that have a retention it has nothing to do. */
  #awaitExpiry(): void {
    const names = this.#names().filter(({ retentionAgeMs }) => retentionAgeMs !== null);
    if (names.length === 0 || !this.#plan.retentionIsJudged) return;
    this.#start('side-expiry', true, async (wire, ports) => {
      const client = new SideClient(wire, this.#history, 'expiry');
      const tails = new Map<string, number>();
      for (const { stream } of names) tails.set(stream, await this.#readAll(client, stream, ports));
      await client.create(PULSE, PULSE, NO_CONFIG);
      for (let beat = 0; ; beat++) {
        await client.append(PULSE, [{ kind: 'data', body: `pulse ${beat}`, timestamp: null }], null);
        let left = 0;
        for (const [stream, tail] of tails) if (!(await isExpired(client, stream, tail))) left++;
        if (left === 0) return this.#stage.noted('side.all-expired');
        await ports.clock.sleep(LOOK_MS);
      }
    });
  }

  #startStream(base: string): void {
    const world = (client: string, ports: HostPorts) => ({
      below: this.#stage.below(SIDE, client),
      sleep: (ms: number) => ports.clock.sleep(ms),
      wallMs: () => ports.clock.wallMs(),
      noted: (probe: SideProbe) => this.#stage.noted(probe),
    });
    let writer: SideWriter | null = null;
    const writes = `${base}-writer`;
    let follower: SideFollower | null = null;
    this.#start(writes, false, async (wire, ports) => {
      const client = new SideClient(wire, this.#history, writes);
      const open = this.#sessionsOf(writes, ports);
      writer = new SideWriter(client, open, base, this.#plan, world(writes, ports));
      this.#writers.push(writer);
      await writer.run();
      follower?.leave();
    });
    const present = (): SideName => writer?.name ?? { stream: `${base}.1`, ...NO_CONFIG };
    if (this.#plan.followers) {
      const follows = `${base}-follower`;
      this.#stage.start(follows, async (ports) => {
        const options = { ...this.#stage.wireOptions(follows), restMs: FOLLOWER_REST_MS };
        follower = new SideFollower(this.#stage.transport(ports), ports.clock, options, this.#history, follows, {
          present: () => present().stream,
          below: this.#stage.below(SIDE, follows),
          noted: (probe) => this.#stage.noted(probe),
        });
        await follower.run();
      });
    }
    for (let i = 1; i <= this.#plan.readersPerStream; i++) {
      const reads = `${base}-reader-${i}`;
      this.#start(reads, false, async (wire, ports) => {
        const client = new SideClient(wire, this.#history, reads);
        await new SideReader(client, present, this.#plan, world(reads, ports)).run();
      });
    }
  }

  /** Append sessions of a client, one after the other, each with another server. */
  #sessionsOf(client: string, ports: HostPorts): (stream: string) => SideAppendSession {
    const { addresses, basin, timeoutMs } = this.#stage.wireOptions(client);
    let sessions = 0;
    return (stream) => {
      const address = addresses[sessions++ % addresses.length] as string;
      const options = { address, basin, stream, client, timeoutMs };
      return new SideAppendSession(this.#stage.transport(ports), ports.clock, this.#history, options);
    };
  }

  /** Who `stays` asks one server as long as it answers. */
  #start(name: string, stays: boolean, work: (wire: Wire, ports: HostPorts) => Promise<void>): void {
    const options = this.#stage.wireOptions(name, stays);
    this.#stage.start(name, (ports) => work(new Wire(this.#stage.transport(ports), ports.clock, options), ports));
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
