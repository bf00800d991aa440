/** The official SDK's sessions against the engine on a real port: S2S over HTTP/2, and fetch with server-sent events. */

import { AppendInput, AppendRecord, type S2, type S2Stream } from '@s2-dev/streamstore';
import { describe, expect, test } from 'vitest';

import { sdkBench } from './testing/sdk-bench.ts';

const BASIN = 'basin-sdk';

const { serve } = sdkBench();

async function streamOn(s2: S2, transport: 's2s' | 'fetch'): Promise<S2Stream> {
  await s2.basins.create({ basin: BASIN });
  await s2.basin(BASIN).streams.create({ stream: 'stream' });
  return s2.basin(BASIN).stream('stream', { forceTransport: transport });
}

const inputOf = (body: string) => AppendInput.create([AppendRecord.string({ body })]);

describe.each(['s2s', 'fetch'] as const)('over %s', (transport) => {
  test('a follower gets every record of a pipelined append session once and in order', async () => {
    const { s2 } = await serve();
    const stream = await streamOn(s2, transport);
    const reading = await stream.readSession({ start: { from: { seqNum: 0 } } });
    const bodies: string[] = [];
    const read = (async () => {
      for await (const record of reading) {
        expect(record.seqNum).toBe(bodies.push(record.body) - 1);
        if (bodies.length === 60) return;
      }
    })();
    const session = await stream.appendSession();
    const sent = Array.from({ length: 60 }, (_, i) => `record ${i}`);
    const tickets = [];
    for (const body of sent) tickets.push(await session.submit(inputOf(body)));
    const acks = await Promise.all(tickets.map((ticket) => ticket.ack()));
    await session.close();
    expect(acks.map((ack) => ack.end.seqNum)).toEqual(sent.map((_, i) => i + 1));
    await read;
    expect(bodies).toEqual(sent);
  });

  test('a failed condition ends the append session behind its acknowledgements', async () => {
    const { s2 } = await serve();
    const stream = await streamOn(s2, transport);
    const session = await stream.appendSession();
    const good = await session.submit(AppendInput.create([AppendRecord.string({ body: 'a' })], { matchSeqNum: 0 }));
    const bad = await session.submit(AppendInput.create([AppendRecord.string({ body: 'b' })], { matchSeqNum: 7 }));
    expect((await good.ack()).end.seqNum).toBe(1);
    await expect(bad.ack()).rejects.toMatchObject({ expectedSeqNum: 1 });
    await expect(session.close()).rejects.toThrow();
    expect((await stream.checkTail()).tail.seqNum).toBe(1);
  });

  test('a read session that waits ends by itself', async () => {
    const { s2 } = await serve();
    const stream = await streamOn(s2, transport);
    const session = await stream.readSession({ start: { from: { tailOffset: 0 } }, stop: { waitSecs: 1 } });
    const records = [];
    for await (const record of session) records.push(record);
    expect(records).toEqual([]);
  });

  test('a takeover ends the sessions of the server that lost, and none of them ever tells a stale tail', async () => {
    const first = await serve();
    const stream = await streamOn(first.s2, transport);
    const reading = await stream.readSession({ start: { from: { seqNum: 0 } } });
    const read = (async () => {
      for await (const record of reading) expect(record.body).toBe('a');
    })();
    const appending = await stream.appendSession();
    const before = await appending.submit(inputOf('a'));
    await before.ack();
    const second = await serve({ blobs: first.blobs });
    const later = second.s2.basin(BASIN).stream('stream', { forceTransport: transport });
    expect((await later.append(inputOf('b'))).start.seqNum).toBe(1);
    const lost = await appending.submit(inputOf('c'));
    await expect(lost.ack()).rejects.toMatchObject({ status: 502 });
    await expect(read).rejects.toThrow();
    expect(first.engine.end?.kind).toBe('fenced');
    await expect(stream.checkTail()).rejects.toThrow();
    expect((await later.checkTail()).tail.seqNum).toBe(2);
    await appending.close().catch(() => undefined);
  });
});
