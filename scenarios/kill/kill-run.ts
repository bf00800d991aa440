/**
 * Records a history from a real server while it is disturbed, over and over: its process is killed with SIGKILL and
 * started again, a second process takes the store over while the first one still serves, or every connection is cut.
 *
 * Clients speak to a relay that leads each new connection to any living server, so that during a takeover both the
 * old and the new owner are asked. Everything is started and stopped here, on 127.0.0.1; processes are ended by
 * their id.
 */

import { type Recording, recordHistory } from '../record.ts';
import type { SdkTransport } from '../sdk-client.ts';
import type { Workflow } from '../workflow.ts';
import { openRelay, type Relay } from './relay.ts';
import { ServerProcess } from './server-process.ts';

export interface KillRunOptions {
  /** The program to run: `node PROGRAM serve …`. */
  program: readonly string[];
  /** What `serve --store` gets. */
  store: string;
  /** Environment variables of the servers, besides those of this process. */
  env?: Readonly<Record<string, string>>;
  kills: number;
  /** How often a second process takes the store over. Default 0. */
  takeovers?: number;
  /** How often every connection is cut while the server lives on: all that a store in memory survives. Default 0. */
  cuts?: number;
  /** Default `fetch`. */
  transport?: SdkTransport;
  /** Whether clients append and follow in sessions. Default false. */
  inSessions?: boolean;
  clients: number;
  operationsPerClient: number;
  workflow: Workflow;
  /** The stream's name; a second recording on one store needs another one. Default `kill/WORKFLOW`. */
  stream?: string;
  /** Longest pause of a client between two operations; spreads the operations over the disturbances. */
  thinkMsMax: number;
}

export interface KillRun extends Recording {
  kills: number;
  takeovers: number;
  cuts: number;
}

const BASIN = 'kill-basin';

const UP_MS_MIN = 150;
const UP_MS_MAX = 700;

/** `tailrace serve` ends so when another server has taken over. */
const EXIT_FENCED = 4;

/** A server that was taken over notices at its next write or read, and then lets requests under way finish. */
const FENCED_MS_MAX = 20_000;

type Disturbance = 'kill' | 'takeover' | 'cut';

export async function recordUnderKills(options: KillRunOptions): Promise<KillRun> {
  const { stream = `kill/${options.workflow}`, clients, operationsPerClient, workflow, thinkMsMax } = options;
  const { transport = 'fetch', inSessions = false } = options;
  const relay = await openRelay();
  const cluster = new Cluster(options, relay);
  let recording = true;
  let disturbing: Promise<number> = Promise.resolve(0);
  try {
    await cluster.start();
    let begin = () => {};
    const begun = new Promise<void>((resolve) => (begin = resolve));
    // They wait for the clients: a server that loses what it acknowledged would lose the basin before anything is recorded.
    // If they end first the server stays up for the rest of the recording.
    disturbing = begun.then(() => disturb(cluster, planned(options), () => recording));
    const history = recordHistory({
      endpoint: `http://127.0.0.1:${relay.port}`,
      basin: BASIN,
      stream,
      accessToken: 'ignored',
      clients,
      operationsPerClient,
      workflow,
      transport,
      inSessions,
      thinkMsMax,
      onProgress: begin,
    }).finally(() => {
      recording = false;
      begin();
    });
    const [recorded] = await Promise.all([history, disturbing]);
    const { kills, takeovers, cuts } = cluster;
    return { ...recorded, violations: [...recorded.violations, ...cluster.violations], kills, takeovers, cuts };
  } finally {
    // Whatever failed: no server may be started behind the last one that is ended.
    recording = false;
    await disturbing.catch(() => {});
    await cluster.end();
    await relay.close();
  }
}

/** Kills, takeovers and cuts, evenly mixed. */
function planned({ kills, takeovers = 0, cuts = 0 }: KillRunOptions): Disturbance[] {
  const spread = (disturbance: Disturbance, count: number) =>
    Array.from({ length: count }, (_, i) => ({ disturbance, at: (i + 0.5) / count }));
  const all = [...spread('kill', kills), ...spread('takeover', takeovers), ...spread('cut', cuts)];
  return all.toSorted((a, b) => a.at - b.at).map(({ disturbance }) => disturbance);
}

async function disturb(cluster: Cluster, plan: readonly Disturbance[], goOn: () => boolean): Promise<number> {
  let done = 0;
  for (const disturbance of plan) {
    if (!goOn()) break;
    await sleep(UP_MS_MIN + Math.random() * (UP_MS_MAX - UP_MS_MIN));
    if (disturbance === 'kill') await cluster.kill();
    else if (disturbance === 'takeover') await cluster.takeOver();
    else cluster.cut();
    done += 1;
  }
  return done;
}

/** The owner of the store, and while it lasts the one before it. */
class Cluster {
  readonly violations: string[] = [];
  kills = 0;
  takeovers = 0;
  cuts = 0;
  readonly #args: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #relay: Relay;
  #owner: ServerProcess | null = null;
  /** Everything that was started and may be alive. */
  readonly #started: ServerProcess[] = [];

  constructor({ program, store, env = {} }: KillRunOptions, relay: Relay) {
    this.#args = [...program, 'serve', '--store', store, '--port', '0'];
    this.#env = env;
    this.#relay = relay;
  }

  async start(): Promise<void> {
    this.#owner = await this.#startServer();
  }

  async kill(): Promise<void> {
    await this.#owner?.kill();
    this.kills += 1;
    await this.start();
  }

  cut(): void {
    this.#relay.cut();
    this.cuts += 1;
  }

  /** Starts a second server on the store; the first one has to notice, and to end with its own code. */
  async takeOver(): Promise<void> {
    const former = this.#owner;
    await this.start();
    this.takeovers += 1;
    const code = await this.#fencedCode(former);
    if (code === EXIT_FENCED) return;
    this.violations.push(`a server that was taken over ended with ${code ?? 'nothing'}, not ${EXIT_FENCED}`);
    await former?.kill();
  }

  /** Asks the former owner something until it is gone: without clients it has no reason to look. */
  async #fencedCode(former: ServerProcess | null): Promise<number | null> {
    const deadline = performance.now() + FENCED_MS_MAX;
    while (former !== null && performance.now() < deadline) {
      void former.ask('/v1/streams/any/records/tail', { 's2-basin': BASIN });
      const code = await former.ended(250);
      if (code !== null) return code;
    }
    return null;
  }

  async end(): Promise<void> {
    await Promise.all(this.#started.map((server) => server.kill()));
  }

  async #startServer(): Promise<ServerProcess> {
    const server = new ServerProcess(this.#args, this.#env);
    this.#started.push(server);
    const port = await server.ready();
    this.#relay.add(port);
    void server.gone.then(() => this.#relay.remove(port));
    return server;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
