/**
 * The page of a sweep while it goes on, on 127.0.0.1: it is served once and told of what changes by server-sent events. A
 * failing seed's history page is made when somebody opens it.
 *
 * Nobody watching costs nothing: the page is only rendered for those who listen, and rendering takes a tenth of the time at most.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SweepRecord } from '../scenarios/run.ts';
import { renderLiveSweep, sweepUpdate } from './sweep-document.ts';
import type { SweepOptions } from './view-sweep.ts';

export interface LiveSweepSource {
  /** What there is so far. */
  sweep: () => SweepRecord;
  isOver: () => boolean;
  /** The history page of a failing run. */
  historyPage: (seed: string, profile: string) => Promise<string>;
  nights?: SweepOptions['nights'];
}

export interface LiveSweep {
  url: string;
  /** Tells everybody who watches at once, for what can not wait: the end. */
  tell: () => void;
  close: () => Promise<void>;
}

const EVERY_MS = 1_000;
/** Of the time between two updates that may go into rendering them. */
const RENDERING_SHARE = 0.1;

/** Rejects when the port is taken; port 0 takes any. */
export async function serveSweep(port: number, source: LiveSweepSource): Promise<LiveSweep> {
  const watchers = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | null = null;

  const tell = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (watchers.size === 0) return;
    const startedMs = performance.now();
    const update = sweepUpdate(source.sweep(), optionsOf(source));
    const event = `event: sweep\ndata: ${JSON.stringify(update)}\n\n`;
    for (const watcher of watchers) watcher.write(event);
    if (update.isOver) return;
    timer = setTimeout(tell, Math.max(EVERY_MS, (performance.now() - startedMs) / RENDERING_SHARE));
  };

  const watch = (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.on('close', () => watchers.delete(response));
    watchers.add(response);
    tell();
  };

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!isForUs(request)) return answer(response, 403, 'this page is for 127.0.0.1 only');
    if (request.method !== 'GET') return answer(response, 405, 'only GET');
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (pathname === '/') return page(response, renderLiveSweep(source.sweep(), optionsOf(source)));
    if (pathname === '/events') return watch(response);
    const run = failingRun(pathname, source.sweep());
    if (run === null) return answer(response, 404, 'no such page: only failing runs have a history here');
    return page(response, await source.historyPage(run.seed, run.profile));
  };

  // Whatever goes wrong with a page, the sweep goes on.
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) =>
      answer(response, 500, error instanceof Error ? error.message : String(error)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    tell,
    close: () => {
      if (timer !== null) clearTimeout(timer);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

function optionsOf(source: LiveSweepSource): SweepOptions {
  const failing = source.sweep().results.filter(({ failure }) => failure !== null);
  return {
    goesOn: !source.isOver(),
    runLinks: Object.fromEntries(failing.map((run) => [`${run.seed}/${run.profile}`, linkOf(run)])),
    ...(source.nights !== undefined && { nights: source.nights }),
  };
}

function linkOf({ seed, profile }: { seed: string; profile: string }): string {
  return `runs/${encodeURIComponent(profile)}/${encodeURIComponent(seed)}`;
}

function failingRun(pathname: string, { results }: SweepRecord): { seed: string; profile: string } | null {
  return results.find((run) => run.failure !== null && `/${linkOf(run)}` === pathname) ?? null;
}

/** A name that some other page made point here is not ours. */
function isForUs({ headers }: IncomingMessage): boolean {
  return /^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(headers.host ?? '');
}

function page(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(text);
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
