/**
 * What a server can be told, with every default, and what of it can not be. The flags of `tailrace serve` are these names
 * in other letters; the ranges are checked here, once, for whoever starts a server.
 */

import type { EngineTunables } from '../tunables.ts';
import { StartError } from './exit.ts';

export interface ServeOptions {
  /** 0 lets the system choose; the banner says which it chose. */
  port: number;
  host: string;
  /** Where the data is: `memory:`, `file:PATH` or `s3://bucket/prefix`. Default `memory:`. */
  store?: string;
  /** Longest wait of an append for company, in milliseconds, in place of the store's own default. */
  flushMs?: number;
  /** Files of a certificate (chain) and its key in PEM: TLS instead of plain text. */
  tlsCert?: string;
  tlsKey?: string;
  /** TLS with a certificate made at the start. */
  tlsSelf?: boolean;
  /** Oldest TLS version that is spoken. Default `1.2`. */
  tlsMin?: '1.2' | '1.3';
  /** What clients get that speak plain text to a port under TLS. Default `refuse`. */
  tlsPlaintext?: 'refuse' | 'redirect';
  /** Whether requests need an access token. Default: off on an address of this machine alone, on everywhere else. */
  auth?: 'on' | 'off';
  /** File with the secret of the token that may do everything. Without it one is made at the first start, and told. */
  rootTokenFile?: string;
  /** The secret itself. */
  rootToken?: string;
  /** Of every access token: requests a second, bytes a second, sessions at once. No limits by default. */
  tokenRequests?: number;
  tokenBytes?: number;
  tokenSessions?: number;
  /** Whether scripts of every origin may ask. Default true. */
  cors?: boolean;
  /** File with basins and streams to ensure before the server is ready. */
  initFile?: string;
  /** HTML document for browsers that open `/`. Without it there is nothing there. */
  page?: string;
  /** What becomes a line on standard error. Default `nothing`. */
  log?: 'nothing' | 'notable' | 'requests' | 'everything';
  /** Default `text`. */
  logFormat?: 'text' | 'json';
  /** Metered bytes of appends that are admitted and not durable. Default 128 MiB. */
  appendInflightBytes?: number;
  /** Default 10,000. */
  maxConnections?: number;
  /** Requests and sessions under way. Default 20,000. */
  maxRequests?: number;
  /** Bytes of request bodies that are not whole yet. Default 256 MiB. */
  maxBodyBytes?: number;
  /** Bytes of answers that wait to be taken. Default 512 MiB. */
  maxUnsentBytes?: number;
  /** Times a client is given: for a head, for a body, for taking a chunk of an answer, for asking anything. */
  headTimeoutMs?: number;
  bodyTimeoutMs?: number;
  sendTimeoutMs?: number;
  idleTimeoutMs?: number;
  /** For what is under way when the server is told to stop. Default 10 s. */
  drainTimeoutMs?: number;
}

/** What decides whether tokens are checked. */
export type AccessOptions = Pick<ServeOptions, 'auth' | 'host' | 'rootToken' | 'rootTokenFile'>;

const KIB = 1024;
const GIB = 1024 ** 3;
const HOUR_MS = 3_600_000;

type NumberOption = {
  [Name in keyof ServeOptions]-?: NonNullable<ServeOptions[Name]> extends number ? Name : never;
}[keyof ServeOptions];

const RANGES: Readonly<Record<NumberOption, { flag: string; low: number; high: number }>> = {
  port: { flag: '--port', low: 0, high: 65_535 },
  flushMs: { flag: '--flush-ms', low: 0, high: 1000 },
  appendInflightBytes: { flag: '--append-inflight-bytes', low: 1024 * KIB, high: 4 * GIB },
  maxConnections: { flag: '--max-connections', low: 1, high: 1_000_000 },
  maxRequests: { flag: '--max-requests', low: 1, high: 1_000_000 },
  maxBodyBytes: { flag: '--max-body-bytes', low: 2 * 1024 * KIB, high: 64 * GIB },
  maxUnsentBytes: { flag: '--max-unsent-bytes', low: 2 * 1024 * KIB, high: 64 * GIB },
  tokenRequests: { flag: '--token-requests', low: 1, high: 1_000_000 },
  tokenBytes: { flag: '--token-bytes', low: KIB, high: 64 * GIB },
  tokenSessions: { flag: '--token-sessions', low: 1, high: 1_000_000 },
  headTimeoutMs: { flag: '--head-timeout', low: 100, high: HOUR_MS },
  bodyTimeoutMs: { flag: '--body-timeout', low: 100, high: HOUR_MS },
  sendTimeoutMs: { flag: '--send-timeout', low: 100, high: HOUR_MS },
  idleTimeoutMs: { flag: '--idle-timeout', low: 100, high: HOUR_MS },
  drainTimeoutMs: { flag: '--drain-timeout', low: 0, high: HOUR_MS },
};

/** Throws a StartError for the first that can not be. */
export function checkOptions(options: ServeOptions): void {
  for (const [name, { flag, low, high }] of Object.entries(RANGES)) {
    const value = options[name as NumberOption];
    if (value === undefined || (Number.isInteger(value) && value >= low && value <= high)) continue;
    throw new StartError(`${flag} is a whole number from ${low} to ${high}, not ${value}`);
  }
  const { tlsCert, tlsKey, tlsSelf, tlsPlaintext } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new StartError(`--tls-cert and --tls-key go together; ${tlsCert ? '--tls-key' : '--tls-cert'} is missing`);
  }
  if (options.rootToken !== undefined && options.rootTokenFile !== undefined) {
    throw new StartError('--root-token-file and TAILRACE_ROOT_TOKEN exclude each other');
  }
  if (options.auth === 'off' && (options.rootToken ?? options.rootTokenFile) !== undefined) {
    throw new StartError('a root token was given and --auth off was said: nobody would be asked for it');
  }
  if (tlsSelf === true && tlsCert !== undefined) throw new StartError('--tls-self and --tls-cert exclude each other');
  if (tlsPlaintext === 'redirect' && tlsSelf !== true && tlsCert === undefined) {
    throw new StartError('--tls-plaintext redirect leads nowhere without TLS: give --tls-cert and --tls-key');
  }
}

/** Whether only this machine can reach a server there. A name that begins like such an address may be one of the network. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Whether requests need an access token. */
export function checksTokens({ auth, host, rootToken, rootTokenFile }: AccessOptions): boolean {
  if (auth !== undefined) return auth === 'on';
  return !isLoopback(host) || rootToken !== undefined || rootTokenFile !== undefined;
}

/** The store's own tunables with what the operator said otherwise. */
export function tunedBy({ flushMs, appendInflightBytes }: ServeOptions, tunables: EngineTunables): EngineTunables {
  const log = flushMs === undefined ? tunables.log : { ...tunables.log, lingerMs: flushMs, issueIntervalMs: flushMs };
  return { ...tunables, log, undurableBytesMax: appendInflightBytes ?? tunables.undurableBytesMax };
}
