/**
 * The server program: flags become adapters, adapters become ports, an engine runs on them until it ends or the
 * process is told to stop. No logic of the product is here.
 *
 * The port is opened before the store is taken over: a second server started by mistake with the same flags
 * must fail on the port, and not fence the first one before it fails.
 */

import { readFile } from 'node:fs/promises';

import { measuredStore } from './adapters/measured-store.ts';
import { Metrics } from './adapters/metrics.ts';
import { type HttpServer, serveHttp } from './adapters/node-http.ts';
import { type OpenedStore, openStore, StoreOpenError } from './adapters/open-store.ts';
import { type ServedTls, servedTls } from './adapters/serve-tls.ts';
import { type StopSignal, stopSignals } from './adapters/stop-signals.ts';
import { systemClock } from './adapters/system-clock.ts';
import { systemCompression } from './adapters/system-compression.ts';
import { systemCompute } from './adapters/system-compute.ts';
import { systemEntropy } from './adapters/system-entropy.ts';
import { systemRandom } from './adapters/system-random.ts';
import { TlsFilesError } from './adapters/tls-files.ts';
import { Voice } from './adapters/voice.ts';
import { AccessControl } from './api/access-control.ts';
import { createApi } from './api/routes.ts';
import { InvariantError } from './core/assert.ts';
import { secretProblem } from './core/token-secret.ts';
import { openEngine, type Engine } from './engine.ts';
import { ForeignStore } from './log/format-object.ts';
import { LogCorruption } from './log/corruption.ts';
import type { LogEnd } from './log/slot-log.ts';
import { StoreRefused } from './log/persistent-store.ts';
import type { HttpHandler, HttpRequest, Telemetry } from './ports.ts';
import { banner } from './server/banner.ts';
import { withCors } from './server/cors.ts';
import { EXIT, portProblem, StartError } from './server/exit.ts';
import { applyInitFile, InitFileError, type InitStep, parseInitFile } from './server/init-file.ts';
import { withOperatorRoutes } from './server/operator-routes.ts';
import { checkOptions, checksTokens, type ServeOptions, tunedBy } from './server/options.ts';
import { rootToken } from './server/root-token.ts';
import { type EngineTunables, STORE_TUNABLES } from './tunables.ts';

export { ConformanceError } from './adapters/conformance-probe.ts';
export { probeStore, StoreOpenError } from './adapters/open-store.ts';
export * from './look.ts';
export { EXIT } from './server/exit.ts';
export type { ServeOptions } from './server/options.ts';

/** How long requests under way may take to finish once the server was told to stop. */
const DRAIN_MS = 10_000;

/** The same once it is not the owner any more: all that is left to say is that it is not. */
const FENCED_DRAIN_MS = 1_000;

/** Serves until it is stopped by a signal, fenced by another server, or refused by the store. Returns the exit code. */
export async function serve(options: ServeOptions): Promise<number> {
  const stop = stopSignals();
  const voice = new Voice(options);
  try {
    return await new Server(options, voice).run(stop.first);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    voice.complain(error.message);
    return error.exitCode;
  } finally {
    stop.dispose();
  }
}

/** One run of the server: what its parts have to know of each other. */
class Server {
  readonly #options: ServeOptions;
  readonly #voice: Voice;
  readonly #metrics: Metrics;
  #http: HttpServer | null = null;
  #engine: Engine | null = null;
  #isDraining = false;
  #unwatch: () => void = () => undefined;

  constructor(options: ServeOptions, voice: Voice) {
    this.#options = options;
    this.#voice = voice;
    this.#metrics = new Metrics(() => {
      const { connections = 0, requests = 0, bodyBytes = 0, unsentBytes = 0 } = this.#http ?? {};
      return { connections, requests, bodyBytes, unsentBytes, engine: this.#engineReading() };
    });
  }

  async run(stopped: Promise<StopSignal>): Promise<number> {
    checkOptions(this.#options);
    const tls = await tlsOf(this.#options);
    const steps = await initSteps(this.#options);
    const secret = await rootSecret(this.#options);
    const store = await open(this.#options);
    try {
      const tunables = tunedBy(this.#options, STORE_TUNABLES[store.kind]);
      const compression = await systemCompression();
      const access = accessControl(this.#options);
      const api = createApi(() => this.#engine, { compression, ...(access !== null && { access }) });
      const http = (this.#http = await this.#listen(api, access, tls));
      this.#voice.say(
        'banner',
        banner({ ...this.#options, port: http.port, tls: tls?.kind ?? 'none', store, tunables }),
      );
      const tell = {
        changed: (words: string) => this.#voice.say('tls', words),
        problem: (words: string) => this.#voice.complain(words),
      };
      if (tls !== null) this.#unwatch = tls.watch(http, tell);
      const prepare = (engine: Engine) => this.#prepare(steps, secret, engine);
      return await this.#serve(http, { store, tunables, stopped, prepare });
    } finally {
      this.#unwatch();
      this.#metrics.stop();
      await store.release();
    }
  }

  async #serve(http: HttpServer, start: Start): Promise<number> {
    const taken = await Promise.race([this.#takeOver(start), start.stopped]).catch(async (error: unknown) => {
      await http.close(0);
      throw error;
    });
    // Nothing was promised to anybody yet, and a takeover that waits for its store would wait on.
    if (typeof taken === 'string') return process.exit(EXIT.stopped);
    this.#voice.say('ready', 'ready');
    const end = await Promise.race([taken.ended, start.stopped]);
    return typeof end === 'string' ? this.#shutDown(http, taken, end) : this.#giveUp(http, end);
  }

  async #takeOver({ store, tunables, prepare }: Start): Promise<Engine> {
    try {
      const ports = {
        clock: systemClock,
        random: systemRandom,
        entropy: systemEntropy,
        compute: systemCompute,
        blobs: measuredStore(store.blobs, (call) => this.#metrics.storeCall(call)),
        telemetry: both(this.#metrics, this.#voice.telemetry),
      };
      const engine = await openEngine(ports, tunables);
      await prepare(engine);
      this.#engine = engine;
      return engine;
    } catch (error) {
      const isStore = error instanceof StoreRefused || error instanceof ForeignStore || error instanceof LogCorruption;
      if (isStore) throw new StartError(error.message, EXIT.storeRefused);
      throw error;
    }
  }

  /** Nobody else is served yet: who is told that the server is well finds everything in its place. */
  async #prepare(steps: readonly InitStep[], secret: string | null, engine: Engine): Promise<void> {
    try {
      const api = createApi(() => engine);
      await applyInitFile(steps, api, (line) => this.#voice.say('init', line));
      const told = checksTokens(this.#options) ? await rootToken(engine, secret) : null;
      if (told !== null) this.#voice.say('token', told);
    } catch (error) {
      if (!(error instanceof InitFileError || error instanceof StartError)) throw error;
      await engine.stop();
      if (error instanceof StartError) throw error;
      throw new StartError(`--init-file ${this.#options.initFile}: ${error.message}`);
    }
  }

  async #listen(api: HttpHandler, access: AccessControl | null, tls: ServedTls | null): Promise<HttpServer> {
    const { host, port, cors = true } = this.#options;
    const routes = withOperatorRoutes(api, {
      isDraining: () => this.#isDraining,
      metrics: () => this.#metrics.exposition(),
      ...(access !== null && { refusal: (request: HttpRequest) => access.metricsRefusal(this.#engine, request) }),
      page: this.#options.page,
    });
    try {
      return await serveHttp(cors ? withCors(routes) : routes, {
        ...timesAndLimits(this.#options),
        host,
        port,
        ...(tls === null ? {} : { tls: tls.rules }),
        // A supervisor that is told 429 would end a server that has much to do.
        alwaysServed: ['/health', '/ping'],
        onError: (error, request) => {
          this.#voice.report(error, request);
          // A broken invariant means that nothing this process believes can be trusted.
          if (error instanceof InvariantError) process.exit(EXIT.bug);
        },
        onEnd: (report) => {
          this.#metrics.request(report);
          this.#voice.telemetry.request(report);
        },
        onTurnedAway: (why) => this.#metrics.turnedAway(why),
      });
    } catch (error) {
      throw new StartError(portProblem(error as Error & { code?: string }, host, port));
    }
  }

  /** Told to stop: lets the requests under way finish, then everything that was admitted. */
  async #shutDown(http: HttpServer, engine: Engine, signal: StopSignal): Promise<number> {
    this.#voice.complain(`${signal}: finishing what is under way; a second signal ends it at once`);
    this.#isDraining = true;
    engine.drain();
    const { drainTimeoutMs = DRAIN_MS } = this.#options;
    await http.drain(drainTimeoutMs);
    await http.close(0);
    const awake = new AbortController();
    // A store that is away can not hold up the end: what is still open then was answered by nobody.
    await Promise.race([engine.stop(), systemClock.sleep(drainTimeoutMs, awake.signal)]);
    awake.abort();
    return EXIT.stopped;
  }

  /** Not the owner any more, and never again. */
  async #giveUp(http: HttpServer, end: LogEnd): Promise<number> {
    this.#voice.complain(reasonOf(end));
    await http.close(FENCED_DRAIN_MS);
    return end.kind === 'fenced' ? EXIT.fenced : EXIT.storeRefused;
  }

  #engineReading() {
    if (this.#engine === null || this.#engine.end !== null) return null;
    const { state, undurableBytes, unflushedBytes } = this.#engine;
    return { epoch: state.epoch, undurableBytes, unflushedBytes };
  }
}

interface Start {
  store: OpenedStore;
  tunables: EngineTunables;
  stopped: Promise<StopSignal>;
  /** What has to be there before the server is ready. */
  prepare: (engine: Engine) => Promise<void>;
}

function both(first: Telemetry, second: Telemetry): Telemetry {
  return {
    event: (name, detail) => {
      first.event(name, detail);
      second.event(name, detail);
    },
  };
}

async function open({ store = 'memory:' }: ServeOptions): Promise<OpenedStore> {
  try {
    return await openStore(store);
  } catch (error) {
    if (!(error instanceof StoreOpenError)) throw error;
    throw new StartError(error.message, error.reason === 'usage' ? EXIT.couldNotStart : EXIT.storeRefused);
  }
}

async function tlsOf(options: ServeOptions): Promise<ServedTls | null> {
  try {
    return await servedTls(options);
  } catch (error) {
    if (!(error instanceof TlsFilesError)) throw error;
    throw new StartError(error.message);
  }
}

function accessControl(options: ServeOptions): AccessControl | null {
  if (!checksTokens(options)) return null;
  const { tokenRequests, tokenBytes, tokenSessions } = options;
  return new AccessControl(systemClock, {
    requestsPerS: tokenRequests ?? null,
    bytesPerS: tokenBytes ?? null,
    sessions: tokenSessions ?? null,
  });
}

/** What the operator wants the root token to be; null to have one made. */
async function rootSecret({ rootToken: given, rootTokenFile }: ServeOptions): Promise<string | null> {
  if (given === undefined && rootTokenFile === undefined) return null;
  const from = rootTokenFile === undefined ? 'TAILRACE_ROOT_TOKEN' : `--root-token-file ${rootTokenFile}`;
  const secret = given ?? (await fileOf('--root-token-file', rootTokenFile ?? '')).toString();
  const problem = secretProblem(secret.trim());
  if (problem !== null) throw new StartError(`${from}: ${problem}`);
  return secret.trim();
}

async function initSteps({ initFile }: ServeOptions): Promise<InitStep[]> {
  if (initFile === undefined) return [];
  const text = (await fileOf('--init-file', initFile)).toString();
  try {
    return parseInitFile(text);
  } catch (error) {
    if (!(error instanceof InitFileError)) throw error;
    throw new StartError(`--init-file ${initFile}: ${error.message}`);
  }
}

async function fileOf(flag: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new StartError(`${flag} ${path} can not be read: ${(error as Error).message.split(',')[0]}`);
  }
}

/** What was not said keeps the port's own default. */
function timesAndLimits(options: ServeOptions) {
  const { headTimeoutMs, bodyTimeoutMs, sendTimeoutMs, idleTimeoutMs } = options;
  const { maxConnections, maxRequests, maxBodyBytes, maxUnsentBytes } = options;
  const said = {
    headMsMax: headTimeoutMs,
    bodyMsMax: bodyTimeoutMs,
    sendMsMax: sendTimeoutMs,
    idleMsMax: idleTimeoutMs,
    connectionsMax: maxConnections,
    requestsMax: maxRequests,
    bodyBytesMax: maxBodyBytes,
    unsentBytesMax: maxUnsentBytes,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
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
