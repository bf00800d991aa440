/**
 * The server that is fuzzed: the real program in a process of its own, on a store in memory, and what can be seen of it from
 * outside: whether it lives, what it complains of, its metrics, and whether it does right by somebody who means well.
 */

import { setTimeout as sleep } from 'node:timers/promises';

import type { ServeOptions } from '../../main.ts';
import type { RunningServer, ServerProgram } from '../server-program.ts';
import { BASIN } from './requests.ts';

/** Tokens that inputs carry: each may do everything, in basins that are none of those that must not be disturbed. */
const SCOPES = [
  { basins: { prefix: BASIN }, streams: { prefix: '' }, access_tokens: { prefix: 'some' } },
  { basins: { prefix: 'basin' }, streams: { prefix: '' }, access_tokens: { prefix: 'token' } },
  { basins: { prefix: 'other' }, streams: { prefix: '' }, access_tokens: null },
  { basins: { prefix: BASIN }, streams: { prefix: 'tenant/' }, access_tokens: { exact: 'some-token' } },
];

const ALL = { read: true, write: true };

/** What a look at a running server tells. */
export interface Look {
  isAlive: boolean;
  /** What it wrote to standard error; a server that is well writes nothing. */
  complaints: string;
  /** Requests that came to be answered, by status, since it started. */
  statuses: ReadonlyMap<number, number>;
  residentMib: number;
  requestsActive: number;
  connections: number;
  /** Null when the one who means well was served as if nothing were. */
  disservice: string | null;
}

/** Every client has gone, and every time-out below has passed long before; a write of one that ended its side is waited for 30 s. */
const REST_MS = 40_000;

/** Connections of whoever looks. */
export const OWN = 3;

/** A basin that no input is about. */
const WELL = 'well-basin';

const ROOT_TOKEN = `root-${'r'.repeat(40)}`;

const OPTIONS: ServeOptions = {
  host: '127.0.0.1',
  port: 0,
  auth: 'on',
  rootToken: ROOT_TOKEN,
  // Clients that mean no good leave soon here; the times are what a server has, made short.
  headTimeoutMs: 500,
  bodyTimeoutMs: 500,
  sendTimeoutMs: 500,
  idleTimeoutMs: 500,
};

export class FuzzedServer {
  readonly port: number;
  /** Good ones, of narrow scopes. */
  readonly tokens: string[] = [];
  readonly #server: RunningServer;
  #appended = 0;

  private constructor(server: RunningServer) {
    this.port = server.port;
    this.#server = server;
  }

  static async start(program: ServerProgram): Promise<FuzzedServer> {
    const running = await program.start(OPTIONS);
    if (running.port === 0) throw new Error(`the server did not start: ${running.errors()}`);
    const server = new FuzzedServer(running);
    const config = { create_stream_on_append: true, create_stream_on_read: true };
    for (const basin of [BASIN, WELL]) await server.#ask('PUT', `/v1/basins/${basin}`, basin, { config });
    for (const [n, names] of SCOPES.entries()) {
      const scope = { ...names, op_groups: { account: ALL, basin: ALL, stream: ALL } };
      const wish = { id: `fuzz-${n}`, auto_prefix_streams: names.streams.prefix !== '', scope };
      const issued = await server.#ask('POST', '/v1/access-tokens', WELL, wish);
      if (issued.status !== 201) throw new Error(`a token was refused: ${await issued.text()}`);
      server.tokens.push(((await issued.json()) as { access_token: string }).access_token);
    }
    return server;
  }

  async look(): Promise<Look> {
    const look = {
      statuses: new Map<number, number>(),
      residentMib: 0,
      requestsActive: 0,
      connections: 0,
      disservice: null,
    };
    if (!this.#isAlive()) return { ...look, isAlive: false, complaints: this.#server.errors() };
    try {
      const disservice = await this.#served();
      const text = await this.#metricsAtRest();
      const statuses = statusesIn(text);
      const residentMib = gauge(text, 'process_resident_memory_bytes') / 1024 / 1024;
      const requestsActive = gauge(text, 'tailrace_http_requests_active');
      const connections = gauge(text, 'tailrace_http_connections');
      const found = { statuses, residentMib, requestsActive, connections, disservice };
      return { isAlive: true, complaints: this.#server.errors(), ...found };
    } catch (error) {
      return { ...look, isAlive: this.#isAlive(), complaints: this.#server.errors(), disservice: String(error) };
    }
  }

  async stop(): Promise<void> {
    if (!this.#isAlive()) return;
    this.#server.child.kill('SIGKILL');
    await this.#server.exit;
  }

  /** Once everybody is gone but who asks; as they are when that takes too long. */
  async #metricsAtRest(): Promise<string> {
    for (let waitedMs = 0; ; waitedMs += 50) {
      const text = await (await this.#ask('GET', '/metrics', WELL)).text();
      const isAtRest =
        gauge(text, 'tailrace_http_requests_active') <= 1 && gauge(text, 'tailrace_http_connections') <= OWN;
      if (isAtRest || waitedMs >= REST_MS) return text;
      await sleep(50);
    }
  }

  #isAlive(): boolean {
    const { exitCode, signalCode } = this.#server.child;
    return exitCode === null && signalCode === null;
  }

  /** Appends one record to a stream of its own and reads it back, which must be the last of as many as were appended. */
  async #served(): Promise<string | null> {
    const path = '/v1/streams/well/records';
    const body = `record ${this.#appended}`;
    const appended = await this.#ask('POST', path, WELL, { records: [{ body }] });
    if (appended.status !== 200) return `an append was answered ${appended.status}: ${await appended.text()}`;
    const read = await this.#ask('GET', `${path}?seq_num=${this.#appended}`, WELL);
    const { records } = (await read.json()) as { records?: { seq_num: number; body: string }[] };
    const [last, ...more] = records ?? [];
    const isRight = last?.seq_num === this.#appended && last.body === body && more.length === 0;
    this.#appended += 1;
    return isRight ? null : `a read was answered ${JSON.stringify(records)} where ${body} is the last`;
  }

  #ask(method: string, path: string, basin: string, body?: unknown): Promise<Response> {
    const authorization = `Bearer ${ROOT_TOKEN}`;
    const headers = { authorization, 's2-basin': basin, 'content-type': 'application/json' };
    return fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(20_000),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }
}

function statusesIn(exposition: string): Map<number, number> {
  const statuses = new Map<number, number>();
  for (const match of exposition.matchAll(/^tailrace_http_requests_total\{[^}]*status="(\d+)"[^}]*\} (\d+)/gm)) {
    const status = Number(match[1]);
    statuses.set(status, (statuses.get(status) ?? 0) + Number(match[2]));
  }
  return statuses;
}

function gauge(exposition: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(exposition)?.[1] ?? 0);
}
