/** Encryption with the client's key over the API: every row of the contract's §8, in all three modes of reading. */

import { describe, expect, test } from 'vitest';

import type { EncryptionKey } from '../core/encryption-key.ts';
import type { Engine } from '../engine.ts';
import { type Answer, apiOf, engineThatAnswers } from '../testing/api-bench.ts';
import { BASIN, batch, engineBench } from '../testing/engine-bench.ts';
import { unchanged } from '../testing/unchanged.ts';
import { encodeAppendInput } from '../testing/proto-inputs.ts';
import { messageFrame } from './s2s-frames.ts';

const RECORDS = '/v1/streams/secret/records';
const KEY = keyOf('A');
const OTHER = keyOf('B');

/** 32 bytes in base64, told apart by the first character. */
function keyOf(letter: string): Record<string, string> {
  return { 's2-encryption-key': `${letter}${'x'.repeat(42)}=`.replace(/x=$/, 'A=') };
}

async function bench(cipher: 'aegis-256' | 'aes-256-gcm' | null = 'aegis-256') {
  const inner = await engineBench({ stream: false });
  const api = apiOf(inner.engine);
  const ask = (line: string, body?: unknown, headers: Record<string, string> = {}) =>
    api(line, { body, headers: { 's2-basin': BASIN, ...headers } });
  await ask(`PATCH /v1/basins/${BASIN}`, { stream_cipher: cipher });
  await ask('POST /v1/streams', { stream: 'secret' });
  return {
    ...inner,
    inner,
    ask,
    append: (body: string, headers: Record<string, string> = KEY) =>
      ask(`POST ${RECORDS}`, { records: [{ body }] }, headers),
    read: (headers: Record<string, string> = KEY, query = '?seq_num=0') =>
      ask(`GET ${RECORDS}${query}`, undefined, headers),
    events: (headers: Record<string, string>) =>
      ask(`GET ${RECORDS}?seq_num=0&wait=0`, undefined, { accept: 'text/event-stream', ...headers }),
    frames: async (headers: Record<string, string>) =>
      ask(`GET ${RECORDS}?seq_num=0&wait=0`, undefined, { 'content-type': 's2s/proto', ...headers }),
  };
}

function bodiesIn({ body }: Answer): unknown {
  return (body as { records: { body: string }[] }).records.map((record) => record.body);
}

function refusal(status: number, code: string, message: string) {
  return { status, body: { code, message } };
}

describe.each(['aegis-256', 'aes-256-gcm'] as const)('a stream with %s', (cipher) => {
  test('gives back what was appended, to who has the key, in every mode', async () => {
    const { ask, append, read, events, frames } = await bench(cipher);
    expect(await ask('GET /v1/streams')).toMatchObject({ body: { streams: [{ name: 'secret', cipher }] } });
    const records = [{ headers: [['name', 'value']], body: 'plain words' }, { body: '' }];
    expect((await ask(`POST ${RECORDS}`, { records }, KEY)).status).toBe(200);
    expect((await append('and more')).body).toMatchObject({ start: { seq_num: 2 }, end: { seq_num: 3 } });
    expect((await read()).body).toMatchObject({
      records: [
        { seq_num: 0, headers: [['name', 'value']], body: 'plain words' },
        { seq_num: 1 },
        { seq_num: 2, body: 'and more' },
      ],
    });
    expect((await events(KEY)).body).toContain('plain words');
    expect((await frames(KEY)).body).toContain('plain words');
  });

  test('stores nothing in plain, and never the key', async () => {
    const { append, blobs, engine } = await bench(cipher);
    await append('plain words');
    await engine.flush();
    const key = Buffer.from(KEY['s2-encryption-key'] as string, 'base64');
    expect([...blobs.objects.keys()].some((name) => name.startsWith('seg/'))).toBe(true);
    for (const [name, bytes] of blobs.objects) {
      for (const secret of ['plain words', key, KEY['s2-encryption-key'] as string]) {
        expect(Buffer.from(bytes).includes(secret), name).toBe(false);
      }
    }
  });

  test('is neither written nor read without a key, before anything is answered', async () => {
    const { append, read, events, frames, ask, inner } = await bench(cipher);
    await append('a');
    const missing = refusal(400, 'bad_header', `missing encryption key for stream cipher '${cipher}'`);
    const answers = await unchanged(inner, async () => [
      await append('b', {}),
      ...[await read({}), await events({}), await frames({}), await read({}, '?seq_num=9')],
      await ask(`POST ${RECORDS}`, new Uint8Array(0), { 'content-type': 's2s/proto' }),
    ]);
    for (const answer of answers) expect(answer).toMatchObject(missing);
  });

  test.each([
    ['no base64', 'not base64!', `invalid encryption key for stream cipher '${cipher}': invalid base64`],
    ['without its padding', 'A'.repeat(43), `invalid encryption key for stream cipher '${cipher}': invalid base64`],
    [
      'bits behind the end',
      `${'A'.repeat(42)}B=`,
      `invalid encryption key for stream cipher '${cipher}': invalid base64`,
    ],
    ['31 bytes', `${'A'.repeat(42)}==`, `invalid encryption key length for stream cipher '${cipher}': 31`],
    ['33 bytes', 'A'.repeat(44), `invalid encryption key length for stream cipher '${cipher}': 33`],
    ['3 bytes', 'AAAA', `invalid encryption key length for stream cipher '${cipher}': 3`],
  ])('refuses a key of %s', async (_, key, message) => {
    const { append, read, inner } = await bench(cipher);
    await append('a');
    const headers = { 's2-encryption-key': key };
    const answers = await unchanged(inner, async () => [await append('b', headers), await read(headers)]);
    for (const answer of answers) expect(answer).toMatchObject(refusal(400, 'bad_header', message));
  });

  test('tells a wrong key from everything else, behind what does open', async () => {
    const { append, read, events, frames, inner } = await bench(cipher);
    await append('first');
    await append('second', OTHER);
    await append('third');
    const failed = refusal(400, 'decryption_failed', 'record decryption failed');
    expect(await unchanged(inner, () => read(KEY))).toMatchObject(failed);
    expect(bodiesIn(await read(KEY, '?seq_num=0&count=1'))).toEqual(['first']);
    expect(bodiesIn(await read(OTHER, '?seq_num=1&count=1'))).toEqual(['second']);
    expect(bodiesIn(await read(KEY, '?seq_num=2'))).toEqual(['third']);

    const { body } = await events(KEY);
    expect(body).toContain('"body":"first"');
    expect(body).toMatch(/event: error\ndata: \{"code":"decryption_failed"[^\n]*\n\n$/);
    // The batch before, then a terminal frame, and nothing behind it.
    expect((await frames(KEY)).body).toMatch(/first[^]*\{"code":"decryption_failed","message":"[a-z ]*"\}$/);
  });

  test('a record that nobody asked for does not fail a read', async () => {
    const { ask, read } = await bench(cipher);
    const at = (timestamp: number, headers: Record<string, string>) =>
      ask(`POST ${RECORDS}`, { records: [{ body: `${timestamp}`, timestamp }] }, headers);
    await at(10, KEY);
    await at(20, OTHER);
    expect(bodiesIn(await read(KEY, '?seq_num=0&until=20'))).toEqual(['10']);
  });

  test('commands are never encrypted and need no key to be written', async () => {
    const { ask, append, read, blobs } = await bench(cipher);
    const fence = { records: [{ headers: [['', 'fence']], body: 'the owner' }] };
    expect((await ask(`POST ${RECORDS}`, fence)).status).toBe(200);
    expect((await append('a')).status).toBe(200);
    const mixed = { records: [...fence.records, { body: 'b' }] };
    expect((await ask(`POST ${RECORDS}`, mixed)).body).toMatchObject({ code: 'bad_header' });
    expect((await ask(`POST ${RECORDS}`, mixed, KEY)).status).toBe(200);
    expect(bodiesIn(await read())).toEqual(['the owner', 'a', 'the owner', 'b']);
    expect([...blobs.objects.values()].some((bytes) => Buffer.from(bytes).includes('the owner'))).toBe(true);
    expect((await ask('DELETE /v1/streams/secret')).status).toBe(202);
  });

  test('counts what the client sent, never what is stored', async () => {
    const { append, read, engine } = await bench(cipher);
    for (let i = 0; i < 4; i++) await append('12345678');
    const listed = await engine.listStreams(BASIN, { prefix: '', startAfter: '', limit: 10 });
    expect(listed).toMatchObject({ page: { rows: [{ appendedBytes: 64 }] } });
    for (const flushed of [false, true]) {
      if (flushed) await engine.flush();
      expect(bodiesIn(await read(KEY, '?seq_num=0&bytes=32'))).toEqual(['12345678', '12345678']);
      expect(bodiesIn(await read(KEY, '?seq_num=0&bytes=31'))).toEqual(['12345678']);
    }
  });

  test('an append session seals with the key it was opened with', async () => {
    const { ask, read } = await bench(cipher);
    const frames = ['one', 'two'].map((body) => messageFrame(encodeAppendInput(batch(body))));
    const body = new Uint8Array(Buffer.concat(frames));
    expect((await ask(`POST ${RECORDS}`, body, { 'content-type': 's2s/proto', ...OTHER })).status).toBe(200);
    expect(bodiesIn(await read(OTHER))).toEqual(['one', 'two']);
    expect((await read(KEY)).body).toMatchObject({ code: 'decryption_failed' });
  });

  test('a follower with another key does not disturb one with the right one', async () => {
    const { engine, append, ask } = await bench(cipher);
    await append('before');
    const follow = (headers: Record<string, string>) =>
      ask(`GET ${RECORDS}?seq_num=0&count=2&wait=60`, undefined, { accept: 'text/event-stream', ...headers });
    const [right, wrong] = [follow(KEY), follow(OTHER)];
    expect((await wrong).body).toMatch(/^event: error\ndata: \{"code":"decryption_failed"/);
    await append('after');
    expect((await right).body).toMatch(/before.*after.*\[DONE\]/s);
    expect(engine.end).toBeNull();
  });
});

test('a stream without a cipher does not look at a key', async () => {
  const { append, read } = await bench(null);
  for (const headers of [{}, KEY, OTHER, { 's2-encryption-key': 'no key' }]) {
    expect((await append('a', headers)).status).toBe(200);
    expect((await read(headers)).status).toBe(200);
  }
});

test('a stream keeps the cipher its basin had when it was created', async () => {
  const { ask, append, read } = await bench('aegis-256');
  await ask(`PATCH /v1/basins/${BASIN}`, { stream_cipher: 'aes-256-gcm' });
  await append('a');
  expect(bodiesIn(await read())).toEqual(['a']);
  const basin = { create_stream_on_append: true, stream_cipher: null };
  await ask(`PATCH /v1/basins/${BASIN}`, basin);
  expect((await ask('POST /v1/streams/new/records', { records: [{ body: 'b' }] })).status).toBe(200);
  expect((await ask('GET /v1/streams')).body).toMatchObject({
    streams: [
      { name: 'new', cipher: null },
      { name: 'secret', cipher: 'aegis-256' },
    ],
  });
});

test('a stream that was made for an append stays, though the append had no key', async () => {
  const { ask } = await bench('aes-256-gcm');
  await ask(`PATCH /v1/basins/${BASIN}`, { create_stream_on_append: true });
  const refused = await ask('POST /v1/streams/new/records', { records: [{ body: 'b' }] });
  expect(refused).toMatchObject({ status: 400, body: { code: 'bad_header' } });
  expect((await ask('GET /v1/streams/new/records/tail')).body).toMatchObject({ tail: { seq_num: 0 } });
});

describe('the key of a request is erased', () => {
  const s2s = { 'content-type': 's2s/proto' };
  const sse = { accept: 'text/event-stream' };
  const REQUESTS: readonly [string, string, Record<string, string>][] = [
    ['an append', `POST ${RECORDS}`, {}],
    ['a read', `GET ${RECORDS}?seq_num=0`, {}],
    ['an append session', `POST ${RECORDS}`, s2s],
    ['a read session in frames', `GET ${RECORDS}?seq_num=0`, s2s],
    ['a read session in events', `GET ${RECORDS}?seq_num=0`, sse],
  ];

  /** An engine that keeps the key it was handed and does `what`. */
  function keeping(what: () => unknown): { engine: Engine; key: () => Uint8Array | undefined } {
    let kept: EncryptionKey | undefined;
    const keep = (...passed: unknown[]) => {
      kept = passed.find((one) => typeof one === 'object' && one !== null && 'erase' in one) as EncryptionKey;
      return what() as never;
    };
    const engine = { ...engineThatAnswers(null), append: keep, read: keep, appendSession: keep, readSession: keep };
    return { engine, key: () => kept?.bytes };
  }

  const asked = (engine: Engine, line: string, headers: Record<string, string>) => {
    const body = line.startsWith('POST') && headers !== s2s ? { records: [{ body: 'x' }] } : undefined;
    return apiOf(engine)(line, { body, headers: { 's2-basin': BASIN, ...KEY, ...headers } });
  };

  test.each(REQUESTS)('of %s that the engine fails at, at once or later', async (_, line, headers) => {
    const failures = [
      () => {
        throw new Error('a bug');
      },
      () => Promise.reject(new Error('a bug')),
    ];
    for (const failure of failures) {
      const { engine, key } = keeping(failure);
      await asked(engine, line, headers).catch(() => undefined);
      expect(key).toThrow('a key is not used behind its request');
    }
  });

  test.each(REQUESTS)('of %s that is refused', async (_, line, headers) => {
    const reason = { kind: 'basin-not-found', basin: BASIN };
    const { engine, key } = keeping(() => Promise.resolve({ kind: 'rejected', reason }));
    expect((await asked(engine, line, headers)).status).toBe(404);
    expect(key).toThrow('a key is not used behind its request');
  });

  test.each(REQUESTS.slice(3))('of %s when it is over, and not before', async (_, line, headers) => {
    const whileRead: (() => void)[] = [];
    async function* events() {
      whileRead.push(() => key());
      whileRead.forEach((look) => look());
    }
    const { engine, key } = keeping(() => Promise.resolve({ kind: 'open', events: events() }));
    expect((await asked(engine, line, headers)).status).toBe(200);
    expect(whileRead).toHaveLength(1);
    expect(key).toThrow('a key is not used behind its request');
  });
});
