/**
 * The server program in processes of its own, bundled as it is now: each is given its options, says where it serves, and ends
 * with the test that started it.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import type { ServeOptions } from '../main.ts';

export interface RunningServer {
  child: ChildProcess;
  url: string;
  /** 0 when it ended without one. */
  port: number;
  output: () => string;
  /** The first of it: a megabyte. */
  errors: () => string;
  /** The exit code, or the name of the signal. */
  exit: Promise<number | string | null>;
}

const ERRORS_MAX = 1_000_000;

export class ServerProgram {
  readonly #folder: string;
  readonly #file: string;
  readonly #running = new Set<RunningServer>();

  private constructor(folder: string, file: string) {
    this.#folder = folder;
    this.#file = file;
  }

  static async build(): Promise<ServerProgram> {
    // Below the packages it imports.
    const builds = fileURLToPath(new URL('../../.runs', import.meta.url));
    await mkdir(builds, { recursive: true });
    const folder = await mkdtemp(join(builds, 'serve-'));
    const file = join(folder, 'serve.mjs');
    await build({
      stdin: {
        contents: `import { serve } from './main.ts'; process.exitCode = await serve(JSON.parse(process.argv[2]));`,
        resolveDir: fileURLToPath(new URL('..', import.meta.url)),
        loader: 'ts',
      },
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      logLevel: 'warning',
      outfile: file,
    });
    return new ServerProgram(folder, file);
  }

  /** Resolves once it is ready or has ended. On 127.0.0.1, at any port, unless told otherwise. */
  async start(options: Partial<ServeOptions> = {}, env: Record<string, string> = {}): Promise<RunningServer> {
    const words = [this.#file, JSON.stringify({ host: '127.0.0.1', port: 0, ...options })];
    const child = spawn(process.execPath, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    let [output, errors] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors = (errors + chunk).slice(0, ERRORS_MAX)));
    let ended = false;
    const exit = (once(child, 'close') as Promise<[number | null, string | null]>).then(([code, signal]) => {
      ended = true;
      this.#running.delete(server);
      return code ?? signal;
    });
    const server = { child, port: 0, url: '', output: () => output, errors: () => errors, exit };
    this.#running.add(server);
    while (!ended && !/\bready\b/.test(output)) await sleep(5);
    server.port = Number(/https?:\/\/[^ ]*:(\d+)/.exec(output)?.[1] ?? 0);
    server.url = `http://127.0.0.1:${server.port}`;
    return server;
  }

  /** Ends whatever still runs, at once. */
  async endAll(): Promise<void> {
    const all = [...this.#running];
    for (const { child } of all) child.kill('SIGKILL');
    await Promise.all(all.map(({ exit }) => exit));
  }

  /** Takes the bundle away again, when nothing runs any more. */
  async remove(): Promise<void> {
    await this.endAll();
    await rm(this.#folder, { recursive: true });
  }
}

// --- what most tests ask of one ---------------------------------------------------------------------------------

export async function call(
  server: RunningServer,
  method: string,
  path: string,
  body?: unknown,
  more: Record<string, string> = {},
): Promise<Response> {
  return fetch(server.url + path, {
    method,
    headers: { 's2-basin': 'test-basin', 'content-type': 'application/json', ...more },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** The stream `log` in `test-basin`. */
export async function createStream(server: RunningServer): Promise<void> {
  await created(call(server, 'POST', '/v1/basins', { basin: 'test-basin' }));
  await created(call(server, 'POST', '/v1/streams', { stream: 'log' }));
}

export async function append(server: RunningServer, ...bodies: string[]): Promise<Response> {
  return call(server, 'POST', '/v1/streams/log/records', { records: bodies.map((body) => ({ body })) });
}

async function created(asked: Promise<Response>): Promise<void> {
  const response = await asked;
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
}
