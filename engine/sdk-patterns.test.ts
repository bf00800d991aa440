/** What the official SDK builds on sessions: the Producer, typed messages in frames, deduplication behind retries. */

import { AppendRecord, BatchTransform, Producer, type S2, type S2Stream } from '@s2-dev/streamstore';
import { serialization } from '@s2-dev/streamstore-patterns';
import { describe, expect, test } from 'vitest';

import { terminalFrame } from './api/s2s-frames.ts';
import type { HttpHandler } from './ports.ts';
import { sdkBench } from './testing/sdk-bench.ts';

const BASIN = 'basin-sdk';
const MIB = 1024 * 1024;

const { serve } = sdkBench();

async function streamOn(s2: S2, transport: 's2s' | 'fetch'): Promise<S2Stream> {
  await s2.basins.create({ basin: BASIN });
  await s2.basin(BASIN).streams.create({ stream: 'stream' });
  return s2.basin(BASIN).stream('stream', { forceTransport: transport });
}

interface Message {
  name: string;
  bytes: Uint8Array;
}

/** A name, a zero byte, and the bytes. */
const encode = ({ name, bytes }: Message): Uint8Array => Buffer.concat([Buffer.from(`${name}\0`), bytes]);
const decode = (payload: Uint8Array): Message => {
  const end = payload.indexOf(0);
  return { name: Buffer.from(payload.subarray(0, end)).toString(), bytes: payload.subarray(end + 1) };
};

/** Bytes that tell when a piece is missing, twice there, or elsewhere. */
function patterned(length: number, seed: number): Uint8Array {
  const words = new Uint32Array(length / 4);
  for (let i = 0; i < words.length; i += 1) words[i] = Math.imul(i + seed, 2_654_435_761);
  return new Uint8Array(words.buffer);
}

/** Every message that is in the stream, deduplicated if asked for. */
async function messagesOf(stream: S2Stream, enableDedupe: boolean): Promise<Message[]> {
  const { tail } = await stream.checkTail();
  const all = { start: { from: { seqNum: 0 } }, stop: { limits: { count: tail.seqNum } } };
  const reading = await stream.readSession(all, { as: 'bytes' });
  const messages: Message[] = [];
  for await (const message of new serialization.DeserializingReadSession(reading, decode, { enableDedupe })) {
    messages.push(message);
  }
  return messages;
}

const UNAVAILABLE = Buffer.from('{"code":"unavailable","message":"planted: an acknowledgement is lost"}');

/** Ends append sessions in the place of an acknowledgement, `cuts` times; the server has done the append. */
function forgetfulNetwork(cuts: number, acksBefore: number): (api: HttpHandler) => HttpHandler {
  let left = cuts;
  return (api) => async (request) => {
    const response = await api(request);
    const isSession = request.method === 'POST' && request.headers.get('content-type') === 's2s/proto';
    const { body } = response;
    if (!isSession || body instanceof Uint8Array || left === 0) return response;
    left -= 1;
    async function* broken(frames: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      let acks = 0;
      for await (const frame of frames) {
        const isForgotten = acks++ === acksBefore;
        yield isForgotten ? terminalFrame(503, UNAVAILABLE) : frame;
        if (isForgotten) return;
      }
    }
    return { ...response, body: broken(body) };
  };
}

describe.each(['s2s', 'fetch'] as const)('over %s', (transport) => {
  test('a producer gives each of 3,000 records its own number, in the order they were submitted', async () => {
    const { s2 } = await serve();
    const stream = await streamOn(s2, transport);
    const batching = new BatchTransform({ lingerDurationMillis: 2, maxBatchRecords: 100, matchSeqNum: 0 });
    const producer = new Producer(batching, await stream.appendSession({ maxInflightBytes: MIB }));
    const tickets = [];
    for (let i = 0; i < 3_000; i += 1)
      tickets.push(await producer.submit(AppendRecord.string({ body: `record ${i}` })));
    const acks = await Promise.all(tickets.map((ticket) => ticket.ack()));
    await producer.close();
    expect(acks.map((ack) => ack.seqNum())).toEqual(tickets.map((_, i) => i));
    const reading = await stream.readSession({ start: { from: { seqNum: 0 } }, stop: { limits: { count: 3_000 } } });
    let next = 0;
    for await (const record of reading) expect(record.body).toBe(`record ${next++}`);
    expect(next).toBe(3_000);
  });

  test('typed messages of 5 MiB come back whole, framed over records, beside small and empty ones', async () => {
    const { s2 } = await serve();
    const stream = await streamOn(s2, transport);
    const sent: Message[] = [
      { name: 'small', bytes: patterned(16, 1) },
      { name: 'five', bytes: patterned(5 * MIB, 2) },
      { name: 'empty', bytes: new Uint8Array() },
      { name: 'again', bytes: patterned(5 * MIB, 3) },
    ];
    const writing = new serialization.SerializingAppendSession(await stream.appendSession(), encode, {
      matchSeqNum: 0,
      dedupeSeq: 0,
    });
    for (const message of sent) await writing.submit(message);
    const got = await messagesOf(stream, true);
    expect(got.map(({ name, bytes }) => `${name} ${bytes.length}`)).toEqual(
      sent.map(({ name, bytes }) => `${name} ${bytes.length}`),
    );
    for (const [i, { bytes }] of got.entries()) expect(Buffer.compare(bytes, sent[i]!.bytes), sent[i]!.name).toBe(0);
    expect((await stream.checkTail()).tail.seqNum, 'a 5 MiB message takes several records').toBeGreaterThan(12);
  });
});

describe('behind acknowledgements that were lost', () => {
  const RETRY = { maxAttempts: 5, minBaseDelayMillis: 5, maxBaseDelayMillis: 20, appendRetryPolicy: 'all' } as const;
  const sent = Array.from({ length: 8 }, (_, i) => ({ name: `message ${i}`, bytes: patterned(1_024, i) }));

  async function writeAll(stream: S2Stream, options: { dedupeSeq?: number; matchSeqNum?: number }): Promise<void> {
    const writing = new serialization.SerializingAppendSession(await stream.appendSession(), encode, options);
    await Promise.all(sent.map((message) => writing.submit(message)));
  }

  test('a writer that tries again writes records twice, and a reader that deduplicates reads every message once', async () => {
    const { s2 } = await serve({ between: forgetfulNetwork(2, 1), retry: RETRY });
    const stream = await streamOn(s2, 's2s');
    await writeAll(stream, { dedupeSeq: 0 });
    const { tail } = await stream.checkTail();
    expect(tail.seqNum, 'something was written twice').toBeGreaterThan(sent.length);
    expect((await messagesOf(stream, true)).map(({ name }) => name)).toEqual(sent.map(({ name }) => name));
    const raw = (await messagesOf(stream, false)).map(({ name }) => name);
    expect(new Set(raw)).toEqual(new Set(sent.map(({ name }) => name)));
  });

  test('a writer that says where its records belong is refused the second time, and nothing is there twice', async () => {
    const { s2 } = await serve({ between: forgetfulNetwork(1, 2), retry: RETRY });
    const stream = await streamOn(s2, 's2s');
    await expect(writeAll(stream, { matchSeqNum: 0 })).rejects.toThrow();
    const { tail } = await stream.checkTail();
    const got = (await messagesOf(stream, false)).map(({ name }) => name);
    expect(got).toEqual(sent.slice(0, tail.seqNum).map(({ name }) => name));
  });
});
