/** Sessions on the wire: which bytes come in and go out, without a socket (API contract §4.5, §5.7, §5.8, §6). */

import { describe, expect, test } from 'vitest';

import { BASIN, batch, type EngineBench, engineBench, STREAM, trimRecord } from '../testing/engine-bench.ts';
import { settled } from '../testing/manual-ports.ts';
import { encodeAppendInput } from '../testing/proto-inputs.ts';
import { Feed, listen } from '../testing/session-bench.ts';
import { createApi } from './routes.ts';
import { messageFrame, terminalFrame } from './s2s-frames.ts';

const RECORDS = `/v1/streams/${STREAM}/records`;
const S2S = { 'content-type': 's2s/proto' };

async function ask(
  { engine }: EngineBench,
  line: string,
  headers: Record<string, string>,
  body: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
) {
  const [method = '', target = ''] = line.split(' ');
  const all = new Map(Object.entries({ 's2-basin': BASIN, ...headers }));
  return createApi(() => engine)({ method, target, headers: all, body, ...(signal !== undefined && { signal }) });
}

const input = (body: string, conditions = {}) => messageFrame(encodeAppendInput(batch(body, conditions)));

async function appending(bench: EngineBench, signal?: AbortSignal) {
  const feed = new Feed();
  const response = await ask(bench, `POST ${RECORDS}`, S2S, feed, signal);
  return { feed, response, heard: listen(response) };
}

describe('an append session', () => {
  test('answers each input with an acknowledgement, wherever the frames are cut', async () => {
    const bench = await engineBench();
    const bytes = Buffer.concat(['a', 'b', 'c'].map((body) => input(body)));
    for (const cut of [1, 2, 3, 7, bytes.length]) {
      const { feed, heard } = await appending(bench);
      for (let at = 0; at < bytes.length; at += cut) feed.push(bytes.subarray(at, at + cut));
      feed.end();
      await settled();
      expect(heard.frames()).toHaveLength(3);
      expect(heard.ended()).toBe(true);
    }
    expect(await bench.bodies()).toEqual(Array.from({ length: 5 }, () => ['a', 'b', 'c']).flat());
  });

  test('without inputs is 200 and empty, and says that nobody may hold it back', async () => {
    const { feed, response, heard } = await appending(await engineBench());
    feed.end();
    await settled();
    expect([response.status, heard.text(), heard.ended()]).toEqual([200, '', true]);
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-type': 's2s/proto',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
  });

  test('tells a failed condition behind the acknowledgements, and drops what follows', async () => {
    const bench = await engineBench();
    const { feed, heard } = await appending(bench);
    for (const frame of [input('a'), input('b', { matchSeqNum: 9 }), input('c')]) feed.push(frame);
    await settled();
    expect(heard.frames().slice(1)).toEqual([[412, { seq_num_mismatch: 1 }]]);
    expect(heard.ended()).toBe(true);
    expect(await bench.bodies()).toEqual(['a']);
  });

  test.each<[string, Uint8Array, number, string]>([
    ['a frame of length zero', new Uint8Array([0, 0, 0]), 400, 'bad_frame'],
    ['a frame that is too long', new Uint8Array([0x20, 0, 1]), 400, 'bad_frame'],
    ['no protobuf', messageFrame(new Uint8Array([0xff])), 400, 'bad_frame'],
    ['a terminal frame', terminalFrame(200, new Uint8Array()), 400, 'bad_frame'],
    ['an empty batch', messageFrame(new Uint8Array()), 422, 'invalid'],
  ])('tells %s behind the acknowledgements', async (_, frame, status, code) => {
    const bench = await engineBench();
    const { feed, heard } = await appending(bench);
    bench.holdPuts();
    feed.push(input('a'));
    feed.push(frame);
    await settled();
    expect(heard.text()).toBe('');
    await bench.oldestPut().complete();
    await settled();
    expect(heard.frames().slice(1)).toEqual([[status, expect.objectContaining({ code })]]);
    expect(heard.ended()).toBe(true);
    expect(await bench.bodies()).toEqual(['a']);
  });

  test('whose body ends in the middle of a frame is told so', async () => {
    const { feed, heard } = await appending(await engineBench());
    feed.push(input('a').subarray(0, 5));
    feed.end();
    await settled();
    expect(heard.frames()).toEqual([[400, expect.objectContaining({ code: 'bad_frame' })]]);
  });

  test('on a missing stream is an ordinary response, before anything is read', async () => {
    const response = await ask(await engineBench({ stream: false }), `POST ${RECORDS}`, S2S, new Feed());
    expect(response.status).toBe(404);
  });

  test('whose request breaks off: what was admitted becomes durable, and the response never looks whole', async () => {
    const bench = await engineBench();
    const { feed, heard } = await appending(bench);
    bench.holdPuts();
    feed.push(Buffer.concat([input('a'), input('b').subarray(0, 6)]));
    await settled();
    feed.reset();
    await settled();
    expect(heard.ended()).toBe('broken');
    bench.blobs.holds = () => false;
    await bench.oldestPut().complete();
    expect(await bench.bodies()).toEqual(['a']);
  });

  test('that nobody listens to any more ends', async () => {
    const gone = new AbortController();
    const { heard } = await appending(await engineBench(), gone.signal);
    gone.abort();
    await settled();
    expect(heard.ended()).toBe(true);
  });

  test('whose client left before the first byte leaves nothing behind', async () => {
    const bench = await engineBench();
    const response = await ask(bench, `POST ${RECORDS}`, S2S, new Feed());
    if (response.body instanceof Uint8Array) throw new Error('no session');
    // What a server does that finds nobody to answer.
    await response.body[Symbol.asyncIterator]().return?.();
    bench.engine.drain();
    expect(bench.telemetry.count('append.session-refused')).toBe(0);
  });

  test('of a client that left before it was opened ends at once', async () => {
    const { heard } = await appending(await engineBench(), AbortSignal.abort());
    await settled();
    expect(heard.ended()).toBe(true);
  });

  test('is ended by a server that drains, with a status that says to try again', async () => {
    const bench = await engineBench();
    const { heard } = await appending(bench);
    bench.engine.drain();
    await settled();
    expect(heard.frames()).toEqual([[503, expect.objectContaining({ code: 'server_draining' })]]);
  });
});

describe('a read session', () => {
  const none = new Feed();
  const reading = async (bench: EngineBench, query: string, headers: Record<string, string> = S2S) =>
    listen(await ask(bench, `GET ${RECORDS}?${query}`, headers, none));

  test('in frames: a heartbeat is a batch without records, and the tail comes with what is live', async () => {
    const bench = await engineBench();
    const heard = await reading(bench, 'seq_num=0');
    await settled();
    // Appendix B: a heartbeat with tail (0, 0).
    expect(heard.text()).toBe(Buffer.from('000003001200', 'hex').toString());
    await bench.engine.append(BASIN, STREAM, batch('a'));
    await settled();
    expect(heard.frames()).toHaveLength(2);
    bench.engine.drain();
    await settled();
    expect(heard.frames()[2]).toEqual([503, expect.objectContaining({ code: 'server_draining' })]);
    expect(heard.ended()).toBe(true);
  });

  test('in frames ends without a terminal frame when its limit is reached', async () => {
    const bench = await engineBench();
    await bench.engine.append(BASIN, STREAM, batch('a'));
    const heard = await reading(bench, 'seq_num=0&count=1');
    await settled();
    expect(heard.frames()).toHaveLength(1);
    expect(heard.ended()).toBe(true);
  });

  const SSE = { accept: 'text/event-stream' };

  test('as events: batches with ids, pings with the time, and a mark of the end', async () => {
    const bench = await engineBench();
    await bench.engine.append(BASIN, STREAM, batch('a'));
    const now = bench.clock.wallMs();
    const heard = await reading(bench, 'seq_num=0&wait=1', SSE);
    await bench.clock.advance(1000);
    expect(heard.text()).toBe(
      [
        `event: batch\nid: 0,1,9\ndata: {"records":[{"seq_num":0,"timestamp":${now},"body":"a"}]}\n\n`,
        `event: ping\ndata: {"timestamp":${now},"tail":{"seq_num":1,"timestamp":${now}}}\n\n`,
        'data: [DONE]\n\n',
      ].join(''),
    );
  });

  test('as events has no mark of the end behind an error', async () => {
    const bench = await engineBench();
    const heard = await reading(bench, 'seq_num=0', SSE);
    bench.engine.drain();
    await settled();
    expect(heard.text()).toMatch(/event: error\ndata: \{"code":"server_draining",.*\}\n\n$/);
    expect(heard.ended()).toBe(true);
  });

  test('goes on behind the last event a client has, with what is left of its limits', async () => {
    const bench = await engineBench();
    for (const body of ['a', 'b', 'c', 'd']) await bench.engine.append(BASIN, STREAM, batch(body));
    const heard = await reading(bench, 'seq_num=0&count=3', { ...SSE, 'last-event-id': '1,2,18' });
    await settled();
    expect(heard.text()).toMatch(/^event: batch\nid: 2,1,9\n.*"body":"c"\}\]\}\n\ndata: \[DONE\]\n\n$/);
    const malformed = await ask(bench, `GET ${RECORDS}?seq_num=0`, { ...SSE, 'last-event-id': '1,2' }, none);
    expect(malformed.status).toBe(400);
  });

  test('that goes on behind the largest number there is, or behind its limits, ends and overflows nothing', async () => {
    const bench = await engineBench();
    for (const body of ['a', 'b']) await bench.engine.append(BASIN, STREAM, batch(body));
    const beyond = { ...SSE, 'last-event-id': '18446744073709551615,1,9' };
    expect((await ask(bench, `GET ${RECORDS}?seq_num=0`, beyond, none)).status).toBe(416);
    const spent = await reading(bench, 'seq_num=0&count=3&bytes=9', { ...SSE, 'last-event-id': '0,99,99' });
    await settled();
    expect(spent.text()).toBe('data: [DONE]\n\n');
  });

  test.each([
    ['events', SSE, 'data: [DONE]\n\n'],
    ['frames', S2S, ''],
  ])('in %s that reaches its wait at the tail of a stream that is trimmed whole ends cleanly', async (_, way, end) => {
    const bench = await engineBench();
    await bench.engine.append(BASIN, STREAM, batch('a'));
    await bench.engine.append(BASIN, STREAM, batch([trimRecord(9)]));
    const heard = await reading(bench, 'seq_num=0&wait=0', way);
    await settled();
    expect([heard.text(), heard.ended()]).toEqual([end, true]);
  });

  test.each(['append', 'read'])('to %s on a stream that is being deleted is an ordinary 409', async (what) => {
    const bench = await engineBench({ tunables: { tombstoneMs: 1000 } });
    await bench.engine.deleteStream(BASIN, STREAM);
    const line = what === 'append' ? `POST ${RECORDS}` : `GET ${RECORDS}?seq_num=0`;
    const { status, body } = await ask(bench, line, S2S, new Feed());
    expect([status, JSON.parse(Buffer.from(body as Uint8Array).toString())]).toEqual([
      409,
      expect.objectContaining({ code: 'stream_deletion_pending' }),
    ]);
  });

  test('under way on a stream that is deleted is told so, and neither it nor an append session comes to the next one', async () => {
    const bench = await engineBench();
    const reader = await reading(bench, 'seq_num=0');
    const writer = await appending(bench);
    await bench.engine.deleteStream(BASIN, STREAM);
    await settled();
    expect(reader.frames().slice(1)).toEqual([[404, expect.objectContaining({ code: 'stream_not_found' })]]);
    expect(reader.ended()).toBe(true);
    await bench.engine.createStream(BASIN, STREAM, null);
    writer.feed.push(input('a'));
    await settled();
    expect(writer.heard.frames()).toEqual([[404, expect.objectContaining({ code: 'stream_not_found' })]]);
    expect(await bench.bodies()).toBe('unwritten');
  });

  test('at the tail without wait is an ordinary 416', async () => {
    const response = await ask(await engineBench(), `GET ${RECORDS}?seq_num=0&count=1`, S2S, none);
    expect(response.status).toBe(416);
  });
});
