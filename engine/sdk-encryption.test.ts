/** Encrypted streams through the official SDK on a real port: S2S over HTTP/2, and fetch with server-sent events. */

import { AppendInput, AppendRecord, type S2, type S2Stream } from '@s2-dev/streamstore';
import { describe, expect, test } from 'vitest';

import { sdkBench } from './testing/sdk-bench.ts';

const BASIN = 'basin-sdk';
const KEY = new Uint8Array(32).fill(7);
const OTHER = new Uint8Array(32).fill(8);

const { serve } = sdkBench();

const inputOf = (...bodies: string[]) => AppendInput.create(bodies.map((body) => AppendRecord.string({ body })));

describe.each([
  ['s2s', 'aegis-256'],
  ['s2s', 'aes-256-gcm'],
  ['fetch', 'aegis-256'],
  ['fetch', 'aes-256-gcm'],
] as const)('over %s, %s', (transport, streamCipher) => {
  async function streamOn(s2: S2): Promise<S2Stream> {
    await s2.basins.create({ basin: BASIN, config: { streamCipher } });
    await s2.basin(BASIN).streams.create({ stream: 'stream' });
    return s2.basin(BASIN).stream('stream', { forceTransport: transport });
  }

  async function bodiesOf(stream: S2Stream): Promise<string[]> {
    const bodies: string[] = [];
    const session = await stream.readSession({ start: { from: { seqNum: 0 } }, stop: { limits: { count: 4 } } });
    for await (const record of session) bodies.push(record.body);
    return bodies;
  }

  test('what is appended with a key, alone and in a session, is read with it', async () => {
    const { s2 } = await serve();
    const plain = await streamOn(s2);
    expect(await s2.basin(BASIN).streams.list()).toMatchObject({ streams: [{ cipher: streamCipher }] });
    const stream = plain.withEncryptionKey(KEY);
    await stream.append(inputOf('a', 'b'));
    const session = await stream.appendSession();
    const ticket = await session.submit(inputOf('c', 'd'));
    expect((await ticket.ack()).end.seqNum).toBe(4);
    await session.close();
    expect(await bodiesOf(stream)).toEqual(['a', 'b', 'c', 'd']);
    expect((await stream.read({ start: { from: { seqNum: 3 } } })).records.map(({ body }) => body)).toEqual(['d']);
    expect((await plain.checkTail()).tail.seqNum).toBe(4);
  });

  test('a key that is missing or another one is told apart, and never tried again', async () => {
    const { s2 } = await serve();
    const plain = await streamOn(s2);
    await plain.withEncryptionKey(KEY).append(inputOf('a'));
    await expect(plain.append(inputOf('b'))).rejects.toMatchObject({ code: 'bad_header', status: 400 });
    await expect(bodiesOf(plain)).rejects.toMatchObject({ code: 'bad_header' });
    const other = plain.withEncryptionKey(OTHER);
    await expect(other.read({ start: { from: { seqNum: 0 } } })).rejects.toMatchObject({ code: 'decryption_failed' });
    await expect(bodiesOf(other)).rejects.toThrow(/decryption failed/);
  });
});
