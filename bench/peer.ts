/**
 * The other process of the server's benchmark. As `memory`, `bulk`, `folder` or `s3` (named by its store) it is the product: engine, API, metrics and
 * port put together as `tailrace serve` does it. As `raw` it is the floor: Node's own servers of the same protocols that
 * do nothing with what comes, and answer with bytes that were made before.
 *
 * Prints its port, and for every line it is sent the microseconds of processor time it has taken. Ends when its standard
 * input does, so that it can not outlive the benchmark.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import * as http from 'node:http';
import * as http2 from 'node:http2';
import type * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFolderBlobStore } from '../engine/adapters/folder-blob-store.ts';
import { splitProtocols } from '../engine/adapters/http-preface.ts';
import { measuredStore } from '../engine/adapters/measured-store.ts';
import { MemoryBlobStore } from '../engine/adapters/memory-blob-store.ts';
import { Metrics } from '../engine/adapters/metrics.ts';
import { serveHttp } from '../engine/adapters/node-http.ts';
import { openStore } from '../engine/adapters/open-store.ts';
import { systemClock } from '../engine/adapters/system-clock.ts';
import { systemCompression } from '../engine/adapters/system-compression.ts';
import { systemCompute } from '../engine/adapters/system-compute.ts';
import { systemEntropy } from '../engine/adapters/system-entropy.ts';
import { systemRandom } from '../engine/adapters/system-random.ts';
import { createApi } from '../engine/api/routes.ts';
import { AccessControl, type BlobStore, openEngine } from '../engine/index.ts';
import { withCors } from '../engine/server/cors.ts';
import { withOperatorRoutes } from '../engine/server/operator-routes.ts';
import { STORE_TUNABLES } from '../engine/tunables.ts';
import { ackFrame, BENCH_TOKEN, readFrame, UNARY_ACK } from './messages.ts';
import { bulkElsewhere, likeS3 } from './stores.ts';

const HOST = '127.0.0.1';
const MIB = 1024 * 1024;
const HEAD_BYTES = 4;

/** `guarded`: the store in memory, and every request needs a token. */
type StoreKind = 'memory' | 'guarded' | 'bulk' | 'folder' | 's3';
export type PeerKind = 'raw' | StoreKind;

/** Which of the product's settings each is served with. */
const SERVED_AS = { memory: 'memory', guarded: 'memory', bulk: 'memory', folder: 'file', s3: 's3' } as const;

async function product(kind: StoreKind): Promise<number> {
  const metrics = new Metrics(() => ({ connections: 0, requests: 0, bodyBytes: 0, unsentBytes: 0, engine: null }));
  const blobs = measuredStore(await storeOf(kind), (call) => metrics.storeCall(call));
  const system = { clock: systemClock, random: systemRandom, entropy: systemEntropy, compute: systemCompute };
  const engine = await openEngine({ ...system, blobs, telemetry: metrics }, STORE_TUNABLES[SERVED_AS[kind]]);
  const access = kind === 'guarded' ? { access: new AccessControl(systemClock) } : {};
  if (kind === 'guarded') await engine.ensureRootToken(BENCH_TOKEN);
  const api = createApi(() => engine, { compression: await systemCompression(), ...access });
  const routes = withOperatorRoutes(api, { isDraining: () => false, metrics: () => metrics.exposition() });
  const { port } = await serveHttp(withCors(routes), {
    host: HOST,
    port: 0,
    onError: (error) => process.stderr.write(`${String(error)}\n`),
    onEnd: (report) => metrics.request(report),
  });
  return port;
}

async function storeOf(kind: StoreKind): Promise<BlobStore> {
  if (kind === 'memory' || kind === 'guarded') return (await openStore('memory:')).blobs;
  if (kind === 'bulk') return bulkElsewhere();
  if (kind === 's3') return likeS3(new MemoryBlobStore());
  const folder = await mkdtemp(join(tmpdir(), 'tailrace-bench-'));
  process.stdin.on('end', () => void rm(folder, { recursive: true, force: true }).then(() => process.exit(0)));
  return openFolderBlobStore(folder);
}

/** HTTP/1.1 and HTTP/2 on one port, with the product's windows. */
async function raw(): Promise<number> {
  const http1 = http.createServer((request, response) => {
    request.on('data', () => undefined);
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': UNARY_ACK.length });
      response.end(UNARY_ACK);
    });
  });
  const h2 = http2.createServer({ maxSessionMemory: 256, settings: { initialWindowSize: MIB } });
  h2.on('session', (session: http2.ServerHttp2Session) => session.setLocalWindowSize(10 * MIB));
  h2.on('stream', (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
    stream.on('error', () => undefined);
    stream.respond({ ':status': 200, 'content-type': 's2s/proto' });
    if (headers[':method'] === 'POST') sink(stream);
    else source(stream);
  });
  splitProtocols(http1, { onHttp2: (socket) => h2.emit('connection', socket), decideMsMax: 10_000 });
  await new Promise<void>((resolve) => http1.listen(0, HOST, resolve));
  return (http1.address() as net.AddressInfo).port;
}

/** One acknowledgement for each frame, by its length alone. */
function sink(stream: http2.ServerHttp2Stream): void {
  const ack = ackFrame();
  let head = Buffer.alloc(0);
  let left = 0;
  stream.on('data', (chunk: Buffer) => {
    let at = 0;
    while (at < chunk.length) {
      if (left > 0) {
        const taken = Math.min(left, chunk.length - at);
        left -= taken;
        at += taken;
      } else {
        const part = chunk.subarray(at, at + HEAD_BYTES - head.length);
        head = Buffer.concat([head, part]);
        at += part.length;
        if (head.length < HEAD_BYTES) return;
        left = head.readUIntBE(0, 3) - 1;
        head = Buffer.alloc(0);
      }
      if (left === 0 && head.length === 0) stream.write(ack);
    }
  });
  stream.on('end', () => stream.end());
}

/** The same frame for ever, as fast as it is taken. */
function source(stream: http2.ServerHttp2Stream): void {
  const frame = readFrame();
  const more = (): void => {
    while (!stream.destroyed && stream.write(frame));
  };
  stream.on('drain', more);
  more();
}

const kind = process.argv[2] as PeerKind;
const port = await (kind === 'raw' ? raw() : product(kind));
process.stdin.on('data', () => {
  const { user, system } = process.cpuUsage();
  process.stdout.write(`${user + system}\n`);
});
process.stdin.on('end', () => kind === 'folder' || process.exit(0));
process.stdout.write(`${port}\n`);
