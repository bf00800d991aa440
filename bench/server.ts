/**
 * The server over the loopback interface, beside Node's own servers of the same protocols that do nothing: what of a
 * request is ours. Server and client are two processes; floor and product take turns, and the median turns are compared.
 */

import { MIB, mibPerSecond } from './load.ts';
import { appendFrame, FRAME_BODY_BYTES } from './messages.ts';
import type { PeerKind } from './peer.ts';
import { STREAM, withPeer } from './peer-process.ts';
import { median, type Row } from './table.ts';
import {
  appendFrames,
  connectHttp2,
  connectUnary,
  readBytes,
  unaryAppend,
  UnaryClient,
  unaryLoad,
} from './wire-clients.ts';

const TURNS = 7;
/** Of one turn of appends. Not more, because a store in memory keeps all turns. */
const APPEND_TURN_FRAMES = 128;
const PENDING_FRAMES = 16;
const READ_FRAMES = 128;
const READ_TURN_BYTES = 512 * MIB;
const UNARY_TURN = 20_000;
const UNARY_CONNECTIONS = 64;
const LIGHT_APPENDS = 300;
const LIGHT_PAUSE_MS = 5;

export async function s2sAppend(): Promise<Row[]> {
  const frame = appendFrame();
  const turn = async (port: number) => {
    const session = await connectHttp2(port);
    const startMs = performance.now();
    await appendFrames(session, STREAM, frame, { count: APPEND_TURN_FRAMES, pendingMax: PENDING_FRAMES });
    const elapsedMs = performance.now() - startMs;
    session.destroy();
    return mibPerSecond(APPEND_TURN_FRAMES * FRAME_BODY_BYTES, elapsedMs);
  };
  const [elsewhere, memory] = [await inTurns('bulk', turn), await inTurns('memory', turn)];
  const floor = (value: number) => ({ what: 'raw h2c sink, an answer a frame', value });
  return [
    {
      what: 'S2S append, 1,000 x 1 kB records, 16 pending, long bodies kept elsewhere',
      value: elsewhere.product,
      unit: 'MiB/s',
      floor: floor(elsewhere.floor),
      goal: eitherOf(elsewhere.product, { value: 500, ratio: 0.6 }),
    },
    { what: '- store in memory, log and segments', value: memory.product, unit: 'MiB/s', floor: floor(memory.floor) },
  ];
}

export async function s2sRead(): Promise<Row[]> {
  const { product, floor } = await inTurns(
    'memory',
    async (port) => {
      const session = await connectHttp2(port);
      const startMs = performance.now();
      let got = 0;
      while (got < READ_TURN_BYTES) got += await readBytes(session, STREAM, READ_FRAMES * FRAME_BODY_BYTES * 0.95);
      const elapsedMs = performance.now() - startMs;
      session.destroy();
      return mibPerSecond(got, elapsedMs);
    },
    async (port) => {
      const session = await connectHttp2(port);
      await appendFrames(session, STREAM, appendFrame(), { count: READ_FRAMES, pendingMax: PENDING_FRAMES });
      session.destroy();
    },
  );
  return [
    {
      what: 'S2S read, 1,000 x 1 kB records, from the start, store in memory',
      value: product,
      unit: 'MiB/s',
      floor: { what: 'raw h2c source, one frame again and again', value: floor },
      goal: eitherOf(product, { value: 800, ratio: 0.6 }),
    },
  ];
}

export async function unary(): Promise<Row[]> {
  const request = unaryAppend(STREAM);
  const { product, floor } = await inTurns('memory', async (port) => {
    const clients = await connectUnary(port, UNARY_CONNECTIONS);
    const elapsedMs = await unaryLoad(clients, request, UNARY_TURN);
    for (const client of clients) client.close();
    return UNARY_TURN / (elapsedMs / 1000);
  });
  return [
    {
      what: 'unary appends of 100 bytes, JSON, 64 connections, store in memory',
      value: product,
      unit: '/s',
      floor: { what: 'raw HTTP/1.1 sink', value: floor },
      goal: eitherOf(product, { value: 12_000, ratio: 0.65 }),
    },
  ];
}

/** The value itself, or the ratio to its floor: it is met when either of them is, and shown with the one that decides. */
function eitherOf(measured: number, goal: { value: number; ratio: number }): NonNullable<Row['goal']> {
  return measured >= goal.value
    ? { of: 'value', bound: 'at least', than: goal.value }
    : { of: 'ratio', bound: 'at least', than: goal.ratio };
}

export async function light(): Promise<Row[]> {
  const floor = await lightOn('raw');
  const rows: Row[] = [];
  for (const kind of ['memory', 'folder', 's3'] as const) {
    const { p50, p99 } = await lightOn(kind);
    const what = `one append of 100 bytes every ${LIGHT_PAUSE_MS} ms, ${PLACES[kind]}`;
    const raw = 'raw HTTP/1.1 sink';
    rows.push({ what: `${what}, median`, value: p50, unit: 'ms', floor: { what: raw, value: floor.p50 } });
    rows.push({ what: '- 99 % within', value: p99, unit: 'ms', floor: { what: raw, value: floor.p99 } });
  }
  return rows;
}

const PLACES = { memory: 'store in memory', folder: 'folder', s3: 'S3-like (40 ms a call)' } as const;

async function lightOn(kind: PeerKind): Promise<{ p50: number; p99: number }> {
  return withPeer(kind, async ({ port }) => {
    const client = await UnaryClient.connect(port);
    const request = unaryAppend(STREAM);
    const latenciesMs: number[] = [];
    for (let i = 0; i < LIGHT_APPENDS; i += 1) {
      const startMs = performance.now();
      await client.send(request);
      latenciesMs.push(performance.now() - startMs);
      await new Promise((resolve) => setTimeout(resolve, LIGHT_PAUSE_MS));
    }
    client.close();
    latenciesMs.sort((a, b) => a - b);
    return { p50: median(latenciesMs), p99: latenciesMs[Math.floor(LIGHT_APPENDS * 0.99)] as number };
  });
}

/** The median of each, in turns, behind one turn of each that warms it up. */
async function inTurns(
  kind: PeerKind,
  turn: (port: number) => Promise<number>,
  prepare: (port: number) => Promise<void> = async () => undefined,
): Promise<{ product: number; floor: number }> {
  return withPeer('raw', ({ port: raw }) =>
    withPeer(kind, async ({ port }) => {
      await prepare(port);
      const products: number[] = [];
      const floors: number[] = [];
      for (let i = 0; i <= TURNS; i += 1) {
        const [floor, product] = [await turn(raw), await turn(port)];
        if (i === 0) continue;
        floors.push(floor);
        products.push(product);
      }
      return { product: median(products), floor: median(floors) };
    }),
  );
}
