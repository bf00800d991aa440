/**
 * How a read ends, line by line as the API contract has it (§5.3), in every way to ask: a unary read, a session of events, a
 * session of frames. Each line says what comes at once, and what waits for how long.
 */

import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';

import type { HttpResponse } from '../ports.ts';
import { BASIN, batch, type EngineBench, engineBench, record, STREAM, trimRecord } from '../testing/engine-bench.ts';
import { settled } from '../testing/manual-ports.ts';
import { ReadBatchSchema } from './proto/s2_pb.ts';
import { createApi } from './routes.ts';
import { FrameDecoder } from './s2s-frames.ts';

const WAYS = {
  unary: {},
  events: { accept: 'text/event-stream' },
  frames: { 'content-type': 's2s/proto' },
} as const;
type Way = keyof typeof WAYS;
const SESSIONS = ['events', 'frames'] as const;
const ALL = ['unary', ...SESSIONS] as const;

const STREAMS = {
  empty: [],
  'of abc at 1, 2, 3': [record('a', 1), record('b', 2), record('c', 3)],
  'trimmed up to c': [record('a', 1), record('b', 2), record('c', 3), trimRecord(2)],
  'trimmed whole': [record('a', 1), trimRecord(9)],
} as const;

async function stream(kind: keyof typeof STREAMS) {
  const bench = await engineBench();
  // A second batch, so that whoever reads on after the trim reads what the trim left.
  for (const one of STREAMS[kind]) await bench.engine.append(BASIN, STREAM, batch([one]));
  await settled();
  return bench;
}

/** Asks, and says what becomes of it: a status, bodies, `… in N s`, or `… and follows` when it does not end. */
async function outcome(bench: EngineBench, way: Way, query: string): Promise<string> {
  let response: HttpResponse | null = null;
  const chunks: Uint8Array[] = [];
  let ended = false;
  void (async () => {
    response = await createApi(() => bench.engine)({
      method: 'GET',
      target: `/v1/streams/${STREAM}/records?${query}`,
      headers: new Map(Object.entries({ 's2-basin': BASIN, ...WAYS[way] })),
      body: (async function* () {})(),
    });
    if (response.body instanceof Uint8Array) chunks.push(response.body);
    else for await (const chunk of response.body) chunks.push(chunk);
    ended = true;
  })();
  await settled();
  let waitedS = 0;
  for (; !ended && waitedS < 100; waitedS++) await bench.clock.advance(1000);
  const { status } = (response ?? { status: 0 }) as HttpResponse;
  const bytes = new Uint8Array(Buffer.concat(chunks));
  if (status === 416)
    return `416 at ${(JSON.parse(Buffer.from(bytes).toString()) as { tail: { seq_num: number } }).tail.seq_num}`;
  const text = `${status} ${bodies(way, bytes)}`.trimEnd();
  if (!ended) return `${text} and follows`;
  return waitedS === 0 ? text : `${text} in ${waitedS} s`;
}

function bodies(way: Way, bytes: Uint8Array): string {
  if (way !== 'frames') {
    const found = Buffer.from(bytes)
      .toString()
      .matchAll(/"body":"(\w+)"/g);
    return [...found].map(([, body]) => body).join('');
  }
  const decoder = new FrameDecoder();
  decoder.push(bytes);
  let text = '';
  for (let frame = decoder.next(); frame !== null; frame = decoder.next()) {
    if (frame.kind === 'terminal') return `${text} then ${frame.status}`;
    for (const { body } of fromBinary(ReadBatchSchema, frame.payload).records) text += Buffer.from(body).toString();
  }
  return text;
}

describe.each<[keyof typeof STREAMS, readonly Way[], string, string]>([
  // An empty stream.
  ['empty', ['unary'], 'seq_num=0', '416 at 0'],
  ['empty', ['unary'], 'seq_num=0&wait=0', '416 at 0'],
  ['empty', ALL, 'seq_num=0&wait=5', '200 in 5 s'],
  ['empty', ALL, 'timestamp=0&count=1', '200'],
  ['empty', SESSIONS, 'seq_num=0&wait=0', '200'],
  // At the tail.
  ['of abc at 1, 2, 3', ['unary'], 'seq_num=3', '416 at 3'],
  ['of abc at 1, 2, 3', ['unary'], '', '416 at 3'],
  ['of abc at 1, 2, 3', ALL, 'seq_num=3&wait=5', '200 in 5 s'],
  ['of abc at 1, 2, 3', SESSIONS, 'seq_num=3&wait=0', '200'],
  ['of abc at 1, 2, 3', SESSIONS, 'seq_num=3', '200 and follows'],
  ['of abc at 1, 2, 3', SESSIONS, '', '200 and follows'],
  ['of abc at 1, 2, 3', ALL, 'tail_offset=0&count=1', '416 at 3'],
  ['of abc at 1, 2, 3', ALL, 'seq_num=3&count=1&wait=0', '416 at 3'],
  ['of abc at 1, 2, 3', ALL, 'seq_num=3&bytes=99', '416 at 3'],
  ['of abc at 1, 2, 3', ALL, 'seq_num=3&until=99', '416 at 3'],
  ['of abc at 1, 2, 3', ALL, 'seq_num=3&count=0', '416 at 3'],
  ['of abc at 1, 2, 3', ALL, 'seq_num=3&count=0&wait=5', '200 in 5 s'],
  ['of abc at 1, 2, 3', ALL, 'seq_num=3&count=1&wait=5', '200 in 5 s'],
  // Beyond the tail.
  ['of abc at 1, 2, 3', ALL, 'seq_num=4', '416 at 3'],
  ['of abc at 1, 2, 3', ALL, 'seq_num=4&wait=5', '416 at 3'],
  ['of abc at 1, 2, 3', ALL, 'timestamp=4', '416 at 3'],
  ['of abc at 1, 2, 3', ALL, 'timestamp=4&until=18446744073709551615', '416 at 3'],
  ['of abc at 1, 2, 3', ALL, 'timestamp=4&clamp=true&count=1', '416 at 3'],
  ['of abc at 1, 2, 3', ['unary'], 'seq_num=4&clamp=true', '416 at 3'],
  ['of abc at 1, 2, 3', ALL, 'seq_num=4&clamp=true&wait=5', '200 in 5 s'],
  ['of abc at 1, 2, 3', SESSIONS, 'seq_num=4&clamp=true&wait=0', '200'],
  ['of abc at 1, 2, 3', SESSIONS, 'seq_num=4&clamp=true', '200 and follows'],
  // In front of it, with a limit that lets nothing through: nothing is waited for.
  ...['count=0', 'bytes=0', 'bytes=8', 'until=1'].flatMap(
    (limit): [keyof typeof STREAMS, readonly Way[], string, string][] => [
      ['of abc at 1, 2, 3', ALL, `seq_num=0&${limit}`, '200'],
      ['of abc at 1, 2, 3', ALL, `seq_num=0&${limit}&wait=5`, '200'],
    ],
  ),
  // In front of it, with something to show.
  ['of abc at 1, 2, 3', ALL, 'tail_offset=99&wait=0', '200 abc'],
  ['of abc at 1, 2, 3', ALL, 'seq_num=1&count=1&wait=5', '200 b'],
  ['of abc at 1, 2, 3', ['unary'], 'seq_num=0&wait=5', '200 abc'],
  ['of abc at 1, 2, 3', SESSIONS, 'seq_num=0&wait=5', '200 abc in 5 s'],
  ['of abc at 1, 2, 3', SESSIONS, 'seq_num=0&until=3&wait=5', '200 ab'],
  ['of abc at 1, 2, 3', SESSIONS, 'seq_num=0&count=3&wait=5', '200 abc'],
  ['of abc at 1, 2, 3', SESSIONS, 'seq_num=0', '200 abc and follows'],
  // What was trimmed is passed over.
  ['trimmed up to c', ALL, 'seq_num=0&count=1', '200 c'],
  ['trimmed up to c', ALL, 'timestamp=0&count=1', '200 c'],
  ['trimmed whole', ALL, 'seq_num=0&count=1', '200'],
  ['trimmed whole', ALL, 'timestamp=1&count=1', '200'],
  ['trimmed whole', ALL, 'seq_num=0&wait=5', '200 in 5 s'],
  ['trimmed whole', SESSIONS, 'seq_num=0', '200 and follows'],
])('a stream %s, asked by %j for %j,', (kind, ways, query, expected) => {
  test.each(ways)(`by %s answers ${expected}`, async (way) => {
    expect(await outcome(await stream(kind), way, query)).toBe(expected);
  });
});

test.each(ALL)('with a limit of no records, by %s, ends empty as soon as a record comes', async (way) => {
  const bench = await stream('empty');
  const read = outcome(bench, way, 'seq_num=0&count=0&wait=5');
  void bench.clock.sleep(2000).then(() => bench.engine.append(BASIN, STREAM, batch('a')));
  expect(await read).toMatch(/^200 in [23] s$/);
});
