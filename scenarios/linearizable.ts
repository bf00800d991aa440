/**
 * Asks: whatever happens to servers, store, network and clocks, is every stream linearizable for its clients, and
 * does it work again once things are healed?
 *
 * S2's three workflows against one or two hosts that want to own one store, in some runs with side streams beside them that
 * are trimmed, deleted and created again (`side/`). Phases: start under faults → safety
 * (clients and nemesis) → heal → liveness (a canary appends, reads and checks the tail in bounded time) → quiescence
 * (nothing pending, nothing held) → the history is judged by `judge.ts`.
 */

import type { BodyHasher, HistoryEvent } from '../checker/index.ts';
import type { Engine } from '../engine/index.ts';
import { defineSite, type HostOptions, type HostPorts, type Program, World } from '../sim/index.ts';
import { BodyHashes } from './body-hashes.ts';
import type { AppendResult, Batch, StreamClient } from './client.ts';
import { Oracle } from './oracle.ts';
import type { Plan } from './plan.ts';
import { probeCatalogue } from './probes.ts';
import { RecordedClient, recordedAppend, readSuccess } from './recorded-client.ts';
import { Recorder } from './recorder.ts';
import { SdkRoute } from './sdk/sdk-route.ts';
import { serverProgram } from './server.ts';
import { Follower } from './sessions/follower.ts';
import { SessionWriter } from './sessions/session-writer.ts';
import { witnessed } from './sessions/witness.ts';
import { SideCrew } from './side/crew.ts';
import { sideFacts } from './side/facts.ts';
import { SideHistory, type SideOperation } from './side/history.ts';
import type { SidePlan } from './side/plan.ts';
import { StorageAudit } from './storage/audit.ts';
import { StorageGhost } from './storage/ghost.ts';
import { Supervisor } from './supervisor.ts';
import { WireClient } from './wire-client.ts';
import { type Transport, Wire, type WireOptions } from './wire.ts';
import { runWorkflow } from './workflow.ts';

const SERVER = defineSite('client.server', 'which server a roaming client asks');
const CLIENT = defineSite('client.choice', 'what a client does next, and how large it is');
const FOLLOWER = defineSite('client.follower', 'how a follower goes on after a session');
const WRITER = defineSite('client.session', 'what a client sends in an append session, and how it is cut');
const SIDE = defineSite('client.side', 'what a client of a side stream does next, and how large it is');

const BASIN = 'sim-basin';
const STREAM = 'stream-1';
/** Faults may keep the stream from being created for this long; then they have had their time. */
const PROVISION_MS_MAX = 600_000;
/** Clients must be through by then, however hard the faults; every operation has a time-out of its own. */
const SAFETY_MS_MAX = 4 * 3_600_000;
/** After healing everything must work within this. */
const LIVENESS_MS_MAX = 180_000;
/** Longer than any patience or attempt under way at the end. */
const QUIESCENCE_MS = 90_000;
const PROVISION_RETRY_MS = 200;

export interface ScenarioRun {
  world: World;
  history: HistoryEvent[];
  /** What happened to side streams. */
  side: readonly SideOperation[];
}

export interface ScenarioOptions {
  seed: string;
  plan: Plan;
  hashBody: BodyHasher;
  record: boolean;
  onTraceLine?: (line: string) => void;
}

export async function runLinearizable(options: ScenarioOptions): Promise<ScenarioRun> {
  const scenario = new Linearizable(options);
  await scenario.run();
  return { world: scenario.world, history: scenario.recorder.history(), side: scenario.sideOperations() };
}

class Linearizable {
  readonly world: World;
  readonly recorder: Recorder;
  readonly #plan: Plan;
  readonly #hashes: BodyHashes;
  readonly #oracle = new Oracle();
  readonly #supervisor: Supervisor;
  readonly #ghost: StorageGhost;
  readonly #audit: StorageAudit;
  readonly #side: SideCrew | null;
  readonly #sideHistory: SideHistory;
  readonly #servers: string[];
  /** The engines that serve now, by host. */
  readonly #engines = new Map<string, Engine>();
  #working = 0;
  readonly #followers: { readonly tail: number }[] = [];
  #followersLeft = 0;
  /** Followers may go. */
  #isOver = false;
  /** Records of the stream at the end. */
  #finalTail = 0;

  constructor({ seed, plan, hashBody, record, onTraceLine }: ScenarioOptions) {
    this.#plan = plan;
    this.world = new World({
      seed,
      profile: plan.profile,
      faults: plan.faults,
      probes: probeCatalogue(),
      record,
      ...(onTraceLine !== undefined && { traceLine: onTraceLine }),
    });
    this.recorder = new Recorder(() => this.world.nowMs);
    this.#hashes = new BodyHashes(hashBody);
    this.#supervisor = new Supervisor(this.world);
    const { store, probes } = this.world;
    const ghost = new StorageGhost((key) => store.peek(key), {
      violated: (message, never) => {
        if (never !== undefined) probes.reachable(never);
        this.world.fail('invariant', message);
      },
      noted: (probe) => probes.reachable(probe),
    });
    store.onEffect((effect) => ghost.saw(effect));
    this.#ghost = ghost;
    this.#audit = new StorageAudit({ world: this.world, ghost, tunables: plan.tunables, basin: BASIN });
    this.#sideHistory = new SideHistory(() => this.world.nowMs);
    this.#side = plan.side === null ? null : this.#sideCrew(plan.side);
    this.#servers = Array.from({ length: plan.servers }, (_, i) => `node-${i + 1}`);
  }

  async run(): Promise<void> {
    await this.#safety();
    if (this.world.failure === null) await this.#liveness();
    if (this.world.failure === null) await this.#quiescence();
  }

  // --- phases --------------------------------------------------------------------------------------------

  async #safety(): Promise<void> {
    for (const name of this.#servers) {
      this.#supervisor.run(this.world.host(name), this.#server());
    }
    let provisioned = false;
    this.#startClient('admin', async (client, ports) => {
      while (!(await client.provision('admin-1'))) await ports.clock.sleep(PROVISION_RETRY_MS);
      provisioned = true;
    });
    // Nothing promises that a server ever opens the store while crashes and cuts are dense enough.
    await this.world.run(() => provisioned, { untilMs: PROVISION_MS_MAX });
    if (!provisioned) this.#heal();
    await this.#runUntil('the stream is created', LIVENESS_MS_MAX, () => provisioned);
    const { clients, sdkClients, sdkFollowers, sdkSessionWriters } = this.#plan;
    const wires = clients - sdkClients;
    for (let i = 1; i <= wires && this.world.failure === null; i++) this.#startWorker(`c${i}`);
    for (let i = wires + 1; i <= clients && this.world.failure === null; i++) await this.#startSdkWorker(`c${i}`);
    for (let i = 1; i <= this.#plan.sessionWriters && this.world.failure === null; i++)
      this.#startSessionWriter(`w${i}`);
    for (let i = 1; i <= sdkSessionWriters && this.world.failure === null; i++)
      await this.#startSdkSessionWriter(`sw${i}`);
    for (let i = 1; i <= this.#plan.followers && this.world.failure === null; i++) this.#startFollower(`f${i}`);
    for (let i = 1; i <= sdkFollowers && this.world.failure === null; i++) await this.#startSdkFollower(`s${i}`);
    if (this.world.failure === null) this.#side?.start();
    await this.#runUntil('all clients are through', SAFETY_MS_MAX, () => this.#working === 0);
  }

  async #liveness(): Promise<void> {
    this.#heal();
    this.#startClient('canary', (client, ports) => this.#canary(this.#recorded(client), ports));
    await this.#runUntil(
      'an append, a read and a check-tail succeed after healing',
      LIVENESS_MS_MAX,
      () => this.#working === 0,
    );
    await this.#runUntil('every follower has every record', LIVENESS_MS_MAX, () =>
      this.#followers.every(({ tail }) => tail >= this.#finalTail),
    );
    this.#isOver = true;
    await this.#runUntil('every follower has gone', LIVENESS_MS_MAX, () => this.#followersLeft === 0);
    await this.#sideLiveness();
  }

  async #sideLiveness(): Promise<void> {
    if (this.#side === null || this.world.failure !== null) return;
    this.#side.audit();
    await this.#runUntil('side streams are read after healing', LIVENESS_MS_MAX, () => this.#working === 0);
    if (this.world.failure !== null) return;
    this.#side.awaitExpiry();
    await this.#runUntil('records past their retention are removed', LIVENESS_MS_MAX, () => this.#working === 0);
  }

  /** From here on nothing goes wrong any more; a second time nothing is left to heal. */
  #heal(): void {
    if (this.world.failure !== null) return;
    this.world.heal();
    this.#supervisor.healed();
  }

  async #quiescence(): Promise<void> {
    this.#supervisor.retire();
    await this.world.run(() => false, { untilMs: this.world.nowMs + QUIESCENCE_MS });
    const { world } = this;
    for (const [host, engine] of this.#engines) {
      if (engine.undurableBytes !== 0) world.fail('invariant', `${host} holds ${engine.undurableBytes} bytes at rest`);
    }
    this.#ghost.walk();
    for (const call of world.network.openCalls()) world.fail('invariant', `a call is open at rest: ${call.label}`);
    if (world.failure === null) await this.#audit.run(this.#engines.values());
  }

  // --- clients and servers -------------------------------------------------------------------------------

  #server(): Program {
    return serverProgram(
      this.#plan.tunables,
      this.#engines,
      (engine) => witnessed(engine, STREAM, this.recorder),
      (probe) => this.world.probes.reachable(probe),
    );
  }

  #startWorker(name: string): void {
    this.#startClient(name, (wire, ports) => this.#work(name, wire, ports));
  }

  async #startSdkWorker(name: string): Promise<void> {
    const { SdkWorker } = await import('./sdk/sdk-worker.ts');
    const { addresses: servers, roam, basin, timeoutMs } = this.#wireOf(name);
    const route = new SdkRoute({ servers, roam });
    const noted = (probe: string): void => this.world.probes.reachable(probe);
    const work = (ports: HostPorts): Promise<void> =>
      this.#work(name, new SdkWorker({ route, basin, stream: STREAM, timeoutMs, noted }), ports);
    this.#startHost(name, work, { ambient: { resolve: route.resolve } });
  }

  #work(name: string, client: StreamClient, ports: HostPorts): Promise<void> {
    return runWorkflow(
      this.#recorded(client),
      { ...this.#plan, name, operations: this.#plan.operationsPerClient },
      {
        below: (bound) => this.world.choices.choose(CLIENT, name, bound),
        sleep: (ms) => ports.clock.sleep(ms),
        noted: (probe) => this.world.probes.reachable(probe),
      },
    );
  }

  #startSessionWriter(name: string): void {
    this.#startHost(name, (ports) => {
      const { requestTimeoutMs: timeoutMs, operationsPerClient: batches, batchRecordsMax, restMs } = this.#plan;
      const options = {
        addresses: this.#servers,
        basin: BASIN,
        stream: STREAM,
        name,
        batches,
        batchRecordsMax,
        timeoutMs,
      };
      const writer = new SessionWriter(
        this.#transportOf(ports),
        ports.clock,
        { ...options, restMs },
        {
          below: (bound) => this.world.choices.choose(WRITER, name, bound),
          noted: (probe) => this.world.probes.reachable(probe),
          called: this.#pipelined(),
        },
      );
      return writer.run();
    });
  }

  async #startSdkSessionWriter(name: string): Promise<void> {
    const { SdkSessionWriter } = await import('./sdk/sdk-session-writer.ts');
    const { operationsPerClient: batches, batchRecordsMax, restMs } = this.#plan;
    const { addresses: servers, basin } = this.#wireOf(name);
    const route = new SdkRoute({ servers, roam: null });
    const options = { basin, stream: STREAM, name, batches, batchRecordsMax, restMs };
    const world = {
      below: (bound: number) => this.world.choices.choose(WRITER, name, bound),
      noted: (probe: string) => this.world.probes.reachable(probe),
      called: this.#pipelined(),
    };
    const work = (): Promise<void> => new SdkSessionWriter(route, options, world).run();
    this.#startHost(name, work, { ambient: { resolve: route.resolve } });
  }

  /** Records the appends of one client that has several under way: each under an id that has no other open. */
  #pipelined(): (batch: Batch) => (result: AppendResult) => void {
    const freeIds: number[] = [];
    return (batch) => {
      const clientId = freeIds.pop() ?? this.recorder.newClientId();
      const conclude = recordedAppend(this.recorder, clientId, this.#hashes, batch);
      return (result) => {
        conclude(this.#oracle.heardAppend(batch, result));
        if (result.kind !== 'unknown') freeIds.push(clientId);
      };
    };
  }

  /** Follows the stream until the end of the run, and is judged by what it saw of it. */
  #startFollower(name: string): void {
    this.#followersLeft++;
    this.world.host(name, { role: 'client' }).start(async (ports) => {
      const clientId = this.recorder.newClientId();
      const options = {
        addresses: this.#servers,
        basin: BASIN,
        stream: STREAM,
        timeoutMs: this.#plan.requestTimeoutMs,
        restMs: this.#plan.restMs,
        resumesById: () => this.world.choices.choose(FOLLOWER, name, 2) === 1,
        isOver: () => this.#isOver,
      };
      const follower = new Follower(this.#transportOf(ports), ports.clock, options, {
        asked: () => {
          const since = this.recorder.moment();
          return (records) => {
            if (records === null) return;
            const outcome = readSuccess(records, records.length, this.#hashes);
            this.recorder.happened(since, clientId, { kind: 'read' }, outcome, `followed ${records.length} records`);
          };
        },
        heard: (records) => this.#oracle.saw(records),
        noted: (probe) => this.world.probes.reachable(probe),
      });
      this.#followers.push(follower);
      await follower.run();
      this.#followersLeft--;
    });
  }

  async #startSdkFollower(name: string): Promise<void> {
    const { SdkFollower } = await import('./sdk/sdk-follower.ts');
    const { addresses: servers, basin } = this.#wireOf(name);
    const route = new SdkRoute({ servers, roam: null });
    this.#followersLeft++;
    this.world.host(name, { role: 'client', ambient: { resolve: route.resolve } }).start(async () => {
      const follower = new SdkFollower({
        basin,
        route,
        stream: STREAM,
        restMs: this.#plan.restMs,
        isOver: () => this.#isOver,
        heard: (records) => this.#oracle.saw(records),
        noted: (probe) => this.world.probes.reachable(probe),
      });
      this.#followers.push(follower);
      await follower.run();
      this.#followersLeft--;
    });
  }

  #sideCrew(plan: SidePlan): SideCrew {
    return new SideCrew(plan, this.#sideHistory, {
      start: (name, work) =>
        this.#startHost(name, (ports) =>
          work(new Wire(this.#transportOf(ports), ports.clock, this.#wireOf(name)), ports),
        ),
      below: (client, bound) => this.world.choices.choose(SIDE, client, bound),
      noted: (probe) => this.world.probes.reachable(probe),
    });
  }

  /** Everything that happened to side streams so far; lights the probes that only the whole of it can light. */
  sideOperations(): readonly SideOperation[] {
    const { operations } = this.#sideHistory;
    for (const probe of sideFacts(operations)) this.world.probes.reachable(probe);
    return operations;
  }

  #startClient(name: string, work: (client: WireClient, ports: HostPorts) => Promise<void>): void {
    this.#startHost(name, (ports) => {
      const options = { ...this.#wireOf(name), stream: STREAM, pageRecords: this.#plan.pageRecords };
      return work(new WireClient(this.#transportOf(ports), ports.clock, options), ports);
    });
  }

  /** A client on a host of its own, which nobody crashes. What it throws fails the run. */
  #startHost(name: string, work: (ports: HostPorts) => Promise<void>, options: HostOptions = {}): void {
    this.#working++;
    this.world.host(name, { ...options, role: 'client' }).start(async (ports) => {
      await work(ports);
      this.#working--;
    });
  }

  #transportOf(ports: HostPorts): Transport {
    return (address, request) => ports.network.call(address, request);
  }

  #wireOf(name: string): WireOptions {
    const { requestTimeoutMs: timeoutMs, clientsRoam, servers } = this.#plan;
    return {
      addresses: this.#servers,
      roam: clientsRoam && this.#isWorker(name) ? () => this.world.choices.choose(SERVER, name, servers) : null,
      basin: BASIN,
      timeoutMs,
    };
  }

  /** Who works after healing stays with a server that answers. */
  #isWorker(name: string): boolean {
    return !['admin', 'canary', 'side-audit', 'side-expiry'].includes(name);
  }

  #recorded(client: StreamClient): RecordedClient {
    return new RecordedClient(this.#oracle.watch(client), this.recorder, this.#hashes);
  }

  /** Tries until each operation succeeds once; the read is compared with everything acknowledged. */
  async #canary(client: RecordedClient, ports: HostPorts): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const batch: Batch = {
        bodies: [`canary/${attempt}`],
        setFencingToken: null,
        fencingToken: null,
        matchSeqNum: null,
      };
      const appended = await client.append(batch);
      const { shown } = this.#oracle;
      const read = appended.kind === 'durable' ? await client.read() : null;
      const tail = read?.kind === 'read' ? await client.checkTail() : null;
      if (read?.kind === 'read' && tail?.kind === 'tail') {
        this.#finalTail = tail.tail;
        return this.#oracle.audit(read.records, shown);
      }
      await ports.clock.sleep(PROVISION_RETRY_MS);
    }
  }

  // --- running -------------------------------------------------------------------------------------------

  /** Runs until `done`; otherwise says who waits for what. */
  async #runUntil(goal: string, withinMs: number, done: () => boolean): Promise<void> {
    if (this.world.failure !== null) return;
    const end = await this.world.run(done, { untilMs: this.world.nowMs + withinMs });
    if (end === 'until' || end === 'failed') return;
    const waiting = this.world.waiting().slice(0, 12);
    const who = waiting.map(
      ({ host, what, dueMs }) => `  ${host} waits for ${what}${dueMs === null ? '' : ` until ${dueMs} ms`}`,
    );
    const why = end === 'idle' ? 'nothing is left to happen' : `${withinMs / 1000} s were not enough`;
    this.world.fail('liveness', `${goal}: not reached, ${why}\n${who.join('\n')}`);
  }
}
