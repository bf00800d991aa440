/** What a server says when it starts: where data is, what an acknowledgement is worth and costs, who can reach it. */

import type { EngineTunables } from '../tunables.ts';
import { type AccessOptions, checksTokens, isLoopback } from './options.ts';

type StoreKind = 'memory' | 'file' | 's3';

export interface BannerFacts extends AccessOptions {
  port: number;
  tls: 'none' | 'files' | 'self-signed';
  store: { kind: StoreKind; describe: string };
  tunables: EngineTunables;
  /** Whether there is something at `/` for a browser. */
  page?: string;
}

/** What S3 asks for a PUT in most of its regions, in dollars. */
const PUT_COST = 0.005 / 1_000;
const MONTH_MS = 30 * 24 * 3_600_000;

export function banner(facts: BannerFacts): string {
  const { store, tls } = facts;
  return [
    `tailrace serves the S2 v1 API on ${urlOf(facts)}`,
    `  data    in ${store.describe}: ${PROMISES[store.kind]}`,
    `  flush   ${flushing(facts)}`,
    ...access(facts),
    ...(tls === 'self-signed'
      ? ['  tls     self-signed: clients have to be told not to verify it (`tailrace` by S2_SSL_NO_VERIFY=1)']
      : []),
    ...(facts.page === undefined ? [] : [`  look    ${clientUrl(facts)}/ in a browser`]),
    `  client  export S2_ACCOUNT_ENDPOINT=${clientUrl(facts)} S2_BASIN_ENDPOINT=${clientUrl(facts)} S2_ACCESS_TOKEN=${checksTokens(facts) ? 'TOKEN' : 'ignored'}`,
  ].join('\n');
}

/** Who may do what. What is open to everybody is said so that it is not overlooked, with what to do about it. */
function access(facts: BannerFacts): string[] {
  const isLocal = isLoopback(facts.host);
  if (!checksTokens(facts)) {
    return isLocal
      ? [
          '  access  from this machine only, without tokens (--auth on asks for them, --host 0.0.0.0 opens it to the network)',
        ]
      : [
          '  ACCESS  EVERYBODY WHO REACHES THIS ADDRESS MAY READ, CHANGE AND DELETE EVERYTHING: --auth off was said.',
          '          Leave --auth off out and hand out access tokens, or listen on 127.0.0.1 behind something that checks who asks.',
        ];
  }
  const lines = ['  access  with an access token (`tailrace issue-access-token` makes more of them)'];
  if (isLocal || facts.tls !== 'none') return lines;
  return [
    ...lines,
    '          PLAIN TEXT: whoever is on the way reads the tokens. Give it --tls-cert and --tls-key, or put it behind a proxy with TLS.',
  ];
}

function urlOf({ host, port, tls }: BannerFacts): string {
  return `${tls === 'none' ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** An address that stands for all of them is none that a client can ask. */
function clientUrl(facts: BannerFacts): string {
  const isAll = facts.host === '0.0.0.0' || facts.host === '::';
  return urlOf(isAll ? { ...facts, host: 'localhost' } : facts);
}

const PROMISES: Readonly<Record<StoreKind, string>> = {
  memory: 'everything is lost when this process ends (--store file:PATH keeps it)',
  file: 'what is acknowledged is synced to this disk and survives crashes and power failures',
  s3: 'what is acknowledged is in the bucket, as durable as the bucket is, and survives the loss of this machine',
};

function flushing({ store, tunables: { log } }: BannerFacts): string {
  const waits = `an append waits at most ${log.lingerMs} ms for company`;
  if (store.kind !== 's3') return `${waits}; it costs nothing but time`;
  if (log.issueIntervalMs === 0)
    return `${waits}; every PUT costs, and nothing bounds their number (--flush-ms 50 does)`;
  const dollars = Math.ceil((MONTH_MS / log.issueIntervalMs) * PUT_COST);
  return `${waits}; never idle, that is at most about $${dollars} a month for PUTs ($0.005 per 1,000; --flush-ms changes it)`;
}
