/**
 * The server program: flags become adapters, adapters become ports, an engine runs on them until it ends or the
 * process is told to stop. No logic of the product is here.
 *
 * The port is opened before the store is taken over: a second server started by mistake with the same flags
 * must fail on the port, and not fence the first one before it fails.
 */

import { LogTelemetry, type LogDetail } from './adapters/log-telemetry.ts';
import { serveHttp, type HttpServer } from './adapters/node-http.ts';
import { type OpenedStore, openStore, StoreOpenError } from './adapters/open-store.ts';
import { systemClock } from './adapters/system-clock.ts';
import { systemCompression } from './adapters/system-compression.ts';
import { systemCompute } from './adapters/system-compute.ts';
import { systemEntropy } from './adapters/system-entropy.ts';
import { systemRandom } from './adapters/system-random.ts';
import { createApi } from './api/routes.ts';
import { InvariantError } from './core/assert.ts';
import { openEngine, type Engine } from './engine.ts';
import { ForeignStore } from './log/format-object.ts';
import { LogCorruption } from './log/corruption.ts';
import type { LogEnd } from './log/slot-log.ts';
import { StoreRefused } from './log/persistent-store.ts';
import { type EngineTunables, STORE_TUNABLES } from './tunables.ts';

export { ConformanceError } from './adapters/conformance-probe.ts';
export { probeStore, StoreOpenError } from './adapters/open-store.ts';
export * from './look.ts';

/** How the program ends, for supervisors. A second signal ends it with 128 plus the signal's number instead. */
export const EXIT = {
  stopped: 0,
  bug: 1,
  couldNotStart: 2,
  storeRefused: 3,
  fenced: 4,
} as const;

export interface ServeOptions {
  /** 0 lets the system choose; the banner says which it chose. */
  port: number;
  host: string;
  /** Where the data is: `memory:`, `file:PATH` or `s3://bucket/prefix`. Default `memory:`. */
  store?: string;
  /** Longest wait of an append for company, in milliseconds, in place of the store's own default. */
  flushMs?: number;
  /** Engine events as JSON lines on standard error. Default `nothing`. */
  log?: LogDetail;
}

/** How long requests under way may take to finish once the server was told to stop. */
const DRAIN_MS = 10_000;

/** The same once it is not the owner any more: all that is left to say is that it is not. */
const FENCED_DRAIN_MS = 1_000;

const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

type StopSignal = keyof typeof SIGNAL_NUMBERS;

/** Something the operator has to mend before the server can start. One line. */
class StartError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.couldNotStart) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Serves until it is stopped by a signal, fenced by another server, or refused by the store. Returns the exit code. */
export async function serve(options: ServeOptions): Promise<number> {
  const stop = stopSignals();
  try {
    return await run(options, stop.first);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    complain(error.message);
    return error.exitCode;
  } finally {
    stop.dispose();
  }
}

async function run(options: ServeOptions, stopped: Promise<StopSignal>): Promise<number> {
  const store = await open(options);
  let engine: Engine | null = null;
  const compression = await systemCompression();
  const server = await listen(
    options,
    createApi(() => engine, { compression }),
  ).catch(async (error: unknown) => {
    await store.release();
    throw error;
  });
  say(banner(options, store, server.port));

  const taken = await Promise.race([takeOver(store, options), stopped]).catch(async (error: unknown) => {
    await server.close(0);
    await store.release();
    throw error;
  });
  // Nothing was promised to anybody yet, and a takeover that waits for its store would wait on.
  if (typeof taken === 'string') return process.exit(EXIT.stopped);
  engine = taken;
  say('ready');

  const end = await Promise.race([engine.ended, stopped]);
  const exitCode = typeof end === 'string' ? await shutDown(server, engine, end) : await giveUp(server, end);
  await store.release();
  return exitCode;
}

async function open({ store = 'memory:', flushMs = 0 }: ServeOptions): Promise<OpenedStore> {
  if (!Number.isInteger(flushMs) || flushMs < 0 || flushMs > 1000) {
    throw new StartError(`--flush-ms is a whole number from 0 to 1000, not ${flushMs}`);
  }
  try {
    return await openStore(store);
  } catch (error) {
    if (!(error instanceof StoreOpenError)) throw error;
    throw new StartError(error.message, error.reason === 'usage' ? EXIT.couldNotStart : EXIT.storeRefused);
  }
}

async function listen({ host, port }: ServeOptions, handler: ReturnType<typeof createApi>): Promise<HttpServer> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new StartError(`--port is a number from 0 to 65535, not ${port}`);
  }
  try {
    return await serveHttp(handler, { host, port, onError: report });
  } catch (error) {
    throw new StartError(portProblem(error as NodeJS.ErrnoException, host, port));
  }
}

function portProblem(error: NodeJS.ErrnoException, host: string, port: number): string {
  const where = `${host} port ${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return `${where} is in use; choose another with --port, or stop the program that has it`;
    case 'EACCES':
      return `this user may not open ${where}; choose a --port above 1023`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is not an address of this machine; choose one with --host, such as 127.0.0.1 or 0.0.0.0`;
    default:
      return `cannot listen on ${where}: ${error.message}`;
  }
}

async function takeOver({ blobs, kind }: OpenedStore, { log = 'nothing', flushMs }: ServeOptions): Promise<Engine> {
  try {
    const ports = {
      clock: systemClock,
      random: systemRandom,
      entropy: systemEntropy,
      compute: systemCompute,
      blobs,
      telemetry: new LogTelemetry({ log }),
    };
    return await openEngine(ports, tunablesFor(kind, flushMs));
  } catch (error) {
    const isStore = error instanceof StoreRefused || error instanceof ForeignStore || error instanceof LogCorruption;
    if (isStore) throw new StartError(error.message, EXIT.storeRefused);
    throw error;
  }
}

function tunablesFor(kind: OpenedStore['kind'], flushMs: number | undefined): EngineTunables {
  const tunables = STORE_TUNABLES[kind];
  if (flushMs === undefined) return tunables;
  return { ...tunables, log: { ...tunables.log, lingerMs: flushMs, issueIntervalMs: flushMs } };
}

/** Told to stop: lets the requests under way finish, then everything that was admitted. */
async function shutDown(server: HttpServer, engine: Engine, signal: StopSignal): Promise<number> {
  complain(`${signal}: finishing what is under way; a second signal ends it at once`);
  engine.drain();
  await server.close(DRAIN_MS);
  const awake = new AbortController();
  // A store that is away can not hold up the end: what is still open then was answered by nobody.
  await Promise.race([engine.stop(), systemClock.sleep(DRAIN_MS, awake.signal)]);
  awake.abort();
  return EXIT.stopped;
}

/** Not the owner any more, and never again. */
async function giveUp(server: HttpServer, end: LogEnd): Promise<number> {
  complain(reasonOf(end));
  await server.close(FENCED_DRAIN_MS);
  return end.kind === 'fenced' ? EXIT.fenced : EXIT.storeRefused;
}

function reasonOf(end: LogEnd): string {
  switch (end.kind) {
    case 'fenced':
      return `another server has taken over the store (epoch ${end.byEpoch}); this one stops`;
    case 'store-refused':
      return `the store refused for good, so this server stops: ${end.fault.message}`;
    case 'stopped':
      return 'the engine stopped';
  }
}

/** Where the data lives, what an acknowledgement is worth, and who can reach the server. */
function banner({ host }: ServeOptions, store: OpenedStore, port: number): string {
  const isLocal = host === 'localhost' || host === '::1' || host.startsWith('127.');
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return [
    `tailrace serves the S2 v1 API on ${url}`,
    `  data    in ${store.describe}: ${promiseOf(store.kind)}`,
    isLocal
      ? '  access  from this machine only (--host 0.0.0.0 opens it to the network)'
      : '  access  for everybody who can reach this address: tokens are not checked',
  ].join('\n');
}

function promiseOf(kind: OpenedStore['kind']): string {
  switch (kind) {
    case 'memory':
      return 'everything is lost when this process ends (--store file:PATH keeps it)';
    case 'file':
      return 'what is acknowledged is synced to this disk and survives crashes and power failures';
    case 's3':
      return 'what is acknowledged is in the bucket, as durable as the bucket is, and survives the loss of this machine';
  }
}

/** A handler's error is a bug. A broken invariant means that nothing this process believes can be trusted. */
function report(error: unknown, request: { method: string; target: string }): void {
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  complain(`error while answering ${request.method} ${request.target}: ${details}`);
  if (error instanceof InvariantError) process.exit(EXIT.bug);
}

/** The first signal is a promise; the second one ends the process at once. */
function stopSignals(): { first: Promise<StopSignal>; dispose: () => void } {
  let received = 0;
  let announce!: (signal: StopSignal) => void;
  const first = new Promise<StopSignal>((settle) => (announce = settle));
  const names = Object.keys(SIGNAL_NUMBERS) as StopSignal[];
  const listener = (signal: NodeJS.Signals): void => {
    received += 1;
    if (received > 1) process.exit(128 + SIGNAL_NUMBERS[signal as StopSignal]);
    announce(signal as StopSignal);
  };
  for (const name of names) process.on(name, listener);
  return {
    first,
    dispose: () => {
      for (const name of names) process.removeListener(name, listener);
    },
  };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(line: string): void {
  process.stderr.write(`tailrace: ${line}\n`);
}
