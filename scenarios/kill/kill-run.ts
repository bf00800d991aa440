/**
 * Records a history from a real server on a folder while the server process is killed with SIGKILL and started
 * again, over and over. Everything is started and stopped here, on 127.0.0.1; processes are ended by their id.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HistoryEvent } from '../../checker/index.ts';
import { recordHistory } from '../record.ts';
import type { Workflow } from '../workflow.ts';

export interface KillRunOptions {
  /** The program to run: `node PROGRAM serve …`. */
  program: readonly string[];
  kills: number;
  clients: number;
  operationsPerClient: number;
  workflow: Workflow;
  /** Longest pause of a client between two operations; spreads the operations over the kills. */
  thinkMsMax: number;
}

export interface KillRun {
  history: HistoryEvent[];
  /** What no server may answer, in words. */
  violations: string[];
  kills: number;
}

const UP_MS_MIN = 150;
const UP_MS_MAX = 700;
const START_MS_MAX = 20_000;

export async function recordUnderKills(options: KillRunOptions): Promise<KillRun> {
  const dir = mkdtempSync(join(tmpdir(), 'tailrace-kill-'));
  const port = await freePort();
  const server = new KilledServer([...options.program, 'serve', '--dir', dir, '--port', String(port)], port);
  let recording = true;
  let killing: Promise<number> = Promise.resolve(0);
  try {
    await server.start();
    // If the kills end first the server stays up for the rest of the recording.
    killing = killRepeatedly(server, options.kills, () => recording);
    const history = recordHistory({
      endpoint: `http://127.0.0.1:${port}`,
      basin: 'kill-basin',
      stream: `kill/${options.workflow}`,
      accessToken: 'ignored',
      clients: options.clients,
      operationsPerClient: options.operationsPerClient,
      workflow: options.workflow,
      thinkMsMax: options.thinkMsMax,
      onProgress: () => {},
    }).finally(() => {
      recording = false;
    });
    const [recorded, kills] = await Promise.all([history, killing]);
    return { ...recorded, kills };
  } finally {
    // Whatever failed: no server may be started behind the last kill.
    recording = false;
    await killing.catch(() => {});
    await server.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function killRepeatedly(server: KilledServer, kills: number, goOn: () => boolean): Promise<number> {
  let done = 0;
  while (done < kills && goOn()) {
    await sleep(UP_MS_MIN + Math.random() * (UP_MS_MAX - UP_MS_MIN));
    await server.kill();
    done++;
    await server.start();
  }
  return done;
}

class KilledServer {
  readonly #args: readonly string[];
  readonly #port: number;
  #process: ChildProcess | null = null;
  #output = '';

  constructor(args: readonly string[], port: number) {
    this.#args = args;
    this.#port = port;
  }

  /** Resolves when the server is healthy. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, this.#args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    for (const pipe of [child.stdout, child.stderr]) {
      pipe?.on('data', (data: Buffer) => {
        this.#output = (this.#output + data.toString()).slice(-4000);
      });
    }
    const deadline = performance.now() + START_MS_MAX;
    while (!(await this.#isHealthy())) {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${this.#output}`);
      if (performance.now() > deadline) throw new Error(`the server did not come up:\n${this.#output}`);
      await sleep(10);
    }
  }

  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async #isHealthy(): Promise<boolean> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.#port}/health`);
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
