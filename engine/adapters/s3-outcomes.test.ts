/** Every way a request to S3 can end, and what the store makes of it (storage reference §3.1). */

import { createServer, Socket } from 'node:net';
import { Agent } from 'node:http';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { DeleteOutcome, GetOutcome, ListOutcome, PutOutcome } from '../ports.ts';
import { type FakeAnswer, FakeS3 } from '../testing/s3-fake.ts';
import { openS3BlobStore, type S3BlobStore } from './s3-blob-store.ts';
import { loadS3Sdk, makeS3Client, type S3Options } from './s3-client.ts';
import { misfortuneOf } from './s3-faults.ts';

/** What is answered is answered in time, however busy the machine is. */
const PATIENT = { connectMs: 10_000, stallMs: 10_000 };
const IMPATIENT = { connectMs: 500, stallMs: 250 };

const BODY = [new TextEncoder().encode('0123456789')];

let fake: FakeS3;
let store: S3BlobStore;
const opened: S3BlobStore[] = [];

beforeAll(async () => {
  process.env['AWS_ACCESS_KEY_ID'] = 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'secret';
  fake = await FakeS3.start();
});

beforeEach(async () => {
  fake.answer = () => undefined;
  fake.onHeaders = () => {};
  fake.objects.clear();
  fake.requests.length = 0;
  store = await open();
});

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

afterAll(() => fake.close());

async function open(more: Partial<S3Options> = {}): Promise<S3BlobStore> {
  const options = { bucket: 'bucket', prefix: 'p/', endpoint: fake.endpoint, region: 'us-east-1', timeouts: PATIENT };
  const one = await openS3BlobStore({ ...options, ...more });
  opened.push(one);
  return one;
}

/** The outcome in a few words: kind, code, and whether it is worth another attempt. */
function brief(outcome: PutOutcome | GetOutcome | ListOutcome | DeleteOutcome): string {
  if (!('fault' in outcome)) return outcome.kind;
  const { code, retryable, message } = outcome.fault;
  expect(message).toMatch(/^cannot \w+ .* in s3:\/\/bucket\/p at http:\/\/127\.0\.0\.1:\d+: .*; /);
  return `${outcome.kind} ${code}${retryable ? ', again' : ''}`;
}

const error = (status: number, code?: string): FakeAnswer => ({ status, ...(code === undefined ? {} : { code }) });
const html = (status: number): FakeAnswer => ({ status, body: '<html><body>Bad gateway</body></html>' });

describe('an answer', () => {
  test.each<[string, FakeAnswer, put: string, get: string]>([
    ['412', error(412, 'PreconditionFailed'), 'refused', 'failed exists'],
    ['409', error(409, 'ConditionalRequestConflict'), 'unknown conflict, again', 'failed conflict, again'],
    ['500', error(500, 'InternalError'), 'unknown server-error, again', 'failed server-error, again'],
    ['500 without a body', error(500), 'unknown server-error, again', 'failed server-error, again'],
    ['502 of a proxy', html(502), 'unknown server-error, again', 'failed server-error, again'],
    ['503', error(503, 'SlowDown'), 'unknown slow-down, again', 'failed slow-down, again'],
    ['503 without a code', error(503), 'unknown slow-down, again', 'failed slow-down, again'],
    ['429', error(429, 'TooManyRequests'), 'unknown slow-down, again', 'failed slow-down, again'],
    ['403', error(403, 'AccessDenied'), 'failed denied', 'failed denied'],
    ['403 without a code', error(403), 'failed denied', 'failed denied'],
    ['a wrong secret', error(403, 'SignatureDoesNotMatch'), 'failed bad-credentials', 'failed bad-credentials'],
    ['an unknown key', error(403, 'InvalidAccessKeyId'), 'failed bad-credentials', 'failed bad-credentials'],
    [
      'an expired token',
      error(400, 'ExpiredToken'),
      'failed expired-credentials, again',
      'failed expired-credentials, again',
    ],
    [
      'an expired token as 403',
      error(403, 'ExpiredToken'),
      'failed expired-credentials, again',
      'failed expired-credentials, again',
    ],
    ['a clock an hour off', error(403, 'RequestTimeTooSkewed'), 'failed clock-skew, again', 'failed clock-skew, again'],
    ['no such bucket', error(404, 'NoSuchBucket'), 'failed no-bucket', 'failed no-bucket'],
    ['404 of something that is no S3', html(404), 'failed no-bucket', 'failed no-bucket'],
    ['another region', error(301, 'PermanentRedirect'), 'failed wrong-region', 'failed wrong-region'],
    ['a body that was cut off', error(400, 'IncompleteBody'), 'failed garbled, again', 'failed garbled, again'],
    ['a digest that does not fit', error(400, 'BadDigest'), 'failed garbled, again', 'failed garbled, again'],
    ['a bad request', error(400, 'InvalidRequest'), 'failed rejected', 'failed rejected'],
    ['a request it does not know', error(501, 'NotImplemented'), 'failed unsupported', 'failed unsupported'],
    ['an archived object', error(403, 'InvalidObjectState'), 'failed archived', 'failed archived'],
    ['a reset', 'reset', 'unknown reset, again', 'failed reset, again'],
    ['no answer in time', 'hang', 'unknown timeout, again', 'failed timeout, again'],
  ])('%s', async (_, answer, put, get) => {
    fake.answer = () => answer;
    if (answer === 'hang') store = await open({ timeouts: IMPATIENT });
    expect(brief(await store.putIfAbsent('wal/1', BODY))).toBe(put);
    expect(brief(await store.put('seg/1', BODY))).toBe(put);
    expect(brief(await store.get('wal/1'))).toBe(get);
    expect(brief(await store.get('wal/1', { start: 1, end: 3 }))).toBe(get);
    expect(brief(await store.list('wal/'))).toBe(get);
    const deletion = brief(await store.delete(['wal/1', 'wal/2']));
    expect(deletion).toBe(put === 'refused' ? 'failed exists' : put);
    expect(fake.requests, 'no attempt is repeated in here').toHaveLength(6);
  });

  test.each([
    ['seconds', '7', 7_000],
    ['a date, by the clock of the store', 'Wed, 21 Oct 2015 07:28:30 GMT', 30_000],
    ['a date that is over', 'Wed, 21 Oct 2015 07:27:00 GMT', undefined],
    ['something else', 'soon', undefined],
  ])('says how long the store wants to be left alone: %s', async (_, retryAfter, ms) => {
    const headers = { 'retry-after': retryAfter, date: 'Wed, 21 Oct 2015 07:28:00 GMT' };
    fake.answer = () => ({ status: 503, code: 'SlowDown', headers });
    expect(await store.put('seg/1', BODY)).toMatchObject({ kind: 'unknown' });
    const outcome = await store.put('seg/1', BODY);
    expect('fault' in outcome && outcome.fault.retryAfterMs).toBe(ms);
  });

  test('is never tried again by the SDK behind our back, and creates are conditional', async () => {
    fake.answer = () => error(503, 'SlowDown');
    await store.putIfAbsent('wal/1', BODY);
    await store.put('seg/1', BODY);
    expect(fake.requests.map(({ headers }) => headers['if-none-match'])).toEqual(['*', '*']);
  });
});

describe('a put', () => {
  test('whose connection breaks before the body was read is unknown: the store may have the whole body', async () => {
    fake.onHeaders = (_, message) => message.socket.destroy();
    expect(brief(await store.putIfAbsent('wal/1', BODY))).toBe('unknown reset, again');
    expect(brief(await store.putIfAbsent('wal/2', [new Uint8Array(4_000_000)]))).toBe('unknown reset, again');
  });

  test('whose reply is lost is unknown, and refused when it is repeated', async () => {
    let lost = 0;
    fake.answer = ({ key, method }) => {
      if (method !== 'PUT' || lost > 0) return undefined;
      lost += 1;
      fake.objects.set(key, Buffer.from('0123456789'));
      return 'reset';
    };
    expect(brief(await store.putIfAbsent('wal/1', BODY))).toBe('unknown reset, again');
    expect(brief(await store.putIfAbsent('wal/1', BODY))).toBe('refused');
  });

  test('that nobody listens for was certainly not sent', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    const nobody = await open({ endpoint: `http://127.0.0.1:${port}` });
    expect(brief(await nobody.putIfAbsent('wal/1', BODY))).toBe('failed unreachable, again');
    expect(brief(await nobody.get('wal/1'))).toBe('failed unreachable, again');
  });

  test('to a host with several addresses that all refuse was certainly not sent', () => {
    const refused = () => Object.assign(new Error('refused'), { code: 'ECONNREFUSED', syscall: 'connect' });
    const all = Object.assign(new AggregateError([refused(), refused()]), { code: 'ECONNREFUSED' });
    expect(misfortuneOf(all, 'write x', 's3://b')).toMatchObject({ effect: 'none', fault: { code: 'unreachable' } });
    const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET', syscall: 'read' });
    expect(misfortuneOf(reset, 'write x', 's3://b')).toMatchObject({ effect: 'possible', fault: { code: 'reset' } });
  });

  test('to a server that speaks no TLS was certainly not sent', async () => {
    const plain = await open({ endpoint: fake.endpoint.replace('http:', 'https:') });
    const outcome = await plain.putIfAbsent('wal/1', BODY);
    expect(outcome).toMatchObject({ kind: 'failed', fault: { code: 'unreachable', retryable: true } });
  });

  test("whose connection does not come about in time was certainly not sent, in the SDK's words of today", async () => {
    const never = new Agent();
    // A socket that was asked for and never connects.
    never.createConnection = (() => {
      const socket = new Socket();
      Object.defineProperty(socket, 'connecting', { value: true });
      return socket;
    }) as typeof never.createConnection;
    const sdk = await loadS3Sdk();
    const client = makeS3Client(
      sdk,
      {
        bucket: 'bucket',
        prefix: '',
        endpoint: fake.endpoint,
        region: 'us-east-1',
        timeouts: { connectMs: 50, stallMs: 500 },
      },
      { httpAgent: never, httpsAgent: never as never },
    );
    const failure: unknown = await client
      .send(new sdk.GetObjectCommand({ Bucket: 'bucket', Key: 'x' }))
      .catch((e: unknown) => e);
    expect(misfortuneOf(failure, 'read x', 's3://b')).toMatchObject({ effect: 'none', fault: { code: 'unreachable' } });
    client.destroy();
  });
});

describe('a read', () => {
  test('whose body ends early failed, and is no short object', async () => {
    fake.answer = () => ({ status: 200, body: 'x'.repeat(100_000), endAfterBytes: 40_000 });
    expect(brief(await store.get('seg/1'))).toBe('failed reset, again');
    fake.answer = () => ({
      status: 206,
      body: 'x'.repeat(1000),
      headers: { 'content-range': 'bytes 0-999/5000' },
      endAfterBytes: 400,
    });
    expect(brief(await store.get('seg/1', { start: 0, end: 1000 }))).toBe('failed reset, again');
  });

  test('that gets another part than it asked for failed', async () => {
    fake.answer = () => ({ status: 206, body: '23456', headers: { 'content-range': 'bytes 2-6/10' } });
    expect(brief(await store.get('seg/1', { start: 1, end: 6 }))).toBe('failed reset, again');
  });

  test('of a large body lasts as long as bytes keep coming, and fails when they stop', async () => {
    fake.answer = () => ({ status: 200, body: 'x'.repeat(10), headers: { 'content-length': '11' } });
    const impatient = await open({ timeouts: IMPATIENT });
    const began = performance.now();
    expect(brief(await impatient.get('seg/1'))).toBe('failed timeout, again');
    expect(performance.now() - began).toBeGreaterThan(IMPATIENT.stallMs - 20);
  });

  test('of a range works where a store ignores ranges', async () => {
    fake.objects.set('p/seg/1', Buffer.from('0123456789'));
    Object.assign(fake.habits, { ignoresRanges: true });
    const outcome = await store.get('seg/1', { start: 3, end: 6 });
    Object.assign(fake.habits, { ignoresRanges: false });
    expect(outcome).toEqual({ kind: 'found', bytes: new TextEncoder().encode('345'), size: 10 });
  });

  test('past the end finds the size also where a 416 does not say it', async () => {
    fake.objects.set('p/seg/1', Buffer.from('0123456789'));
    fake.answer = ({ headers }) => (headers.range === 'bytes=20-29' ? error(416, 'InvalidRange') : undefined);
    const outcome = await store.get('seg/1', { start: 20, end: 30 });
    expect(outcome).toEqual({ kind: 'found', bytes: new Uint8Array(0), size: 10 });
  });
});

describe('a listing', () => {
  test('out of order is refused, and the message says what to do', async () => {
    for (const key of ['wal/1', 'wal/2']) fake.objects.set(`p/${key}`, Buffer.from('x'));
    Object.assign(fake.habits, { listing: 'reversed' });
    const outcome = await store.list('wal/');
    Object.assign(fake.habits, { listing: 'sorted' });
    expect(outcome).toMatchObject({ kind: 'failed', fault: { code: 'unsorted-listing', retryable: false } });
    expect(brief(outcome)).toContain('unsorted-listing');
    expect((outcome as { fault: { message: string } }).fault.message).toContain('?listing=unsorted');
  });

  test('of an S3 Express bucket is sorted here without being told', async () => {
    const express = await open({ bucket: 'bucket--use1-az4--x-s3', prefix: '' });
    fake.answer = ({ query }) => {
      expect(query.get('start-after')).toBeNull();
      const contents = ['wal/2', 'wal/1', 'wal/3'].map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`);
      return { status: 200, body: `<ListBucketResult>${contents.join('')}</ListBucketResult>` };
    };
    const page = await express.list('wal/', 'wal/1');
    if (page.kind === 'page') expect(page.blobs.map(({ key }) => key)).toEqual(['wal/2', 'wal/3']);
    // Its sessions need AWS; what counts is that no request with start-after was made.
    else expect(page.fault.code).not.toBe('unsorted-listing');
  });

  test('leaves out the object that consoles make for a folder', async () => {
    fake.objects.set('p/', Buffer.alloc(0));
    fake.objects.set('p/wal/1', Buffer.from('x'));
    expect(await store.list('', undefined, 1)).toEqual({
      kind: 'page',
      blobs: [{ key: 'wal/1', size: 1 }],
      next: null,
    });
  });

  test('goes on behind an empty page that is not the last', async () => {
    fake.objects.set('p/wal/1', Buffer.from('x'));
    fake.answer = ({ query }) =>
      query.has('continuation-token')
        ? undefined
        : {
            status: 200,
            body: '<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>0</NextContinuationToken></ListBucketResult>',
          };
    expect(await store.list('wal/')).toEqual({ kind: 'page', blobs: [{ key: 'wal/1', size: 1 }], next: null });
  });
});

describe('a deletion', () => {
  const failing = (...failures: [key: string, code: string][]): FakeAnswer => ({
    status: 200,
    body: `<DeleteResult>${failures
      .map(([key, code]) => `<Error><Key>p/${key}</Key><Code>${code}</Code><Message>no</Message></Error>`)
      .join('')}</DeleteResult>`,
  });

  test.each<[string, FakeAnswer, string]>([
    ['of which one key was denied is unknown', failing(['b', 'AccessDenied']), 'unknown denied'],
    ['of which every key was denied failed', failing(['a', 'AccessDenied'], ['b', 'AccessDenied']), 'failed denied'],
    ['in which the store failed is unknown', failing(['a', 'InternalError']), 'unknown server-error, again'],
    ['of keys that do not exist is done', failing(['a', 'NoSuchKey'], ['b', 'NoSuchKey']), 'done'],
  ])('%s', async (_, answer, expected) => {
    fake.answer = () => answer;
    expect(brief(await store.delete(['a', 'b']))).toBe(expected);
  });

  test('carries the digest that old stores want, and a thousand keys at most', async () => {
    await store.delete(Array.from({ length: 1001 }, (_, index) => `wal/${index}`));
    expect(fake.requests).toHaveLength(2);
    for (const { headers } of fake.requests) expect(headers['content-md5']).toMatch(/^[\w+/]{22}==$/);
  });
});

describe('credentials', () => {
  test('that expired are asked for again, so that a renewed token works without a restart', async () => {
    fake.answer = ({ headers }) =>
      (headers.authorization ?? '').includes('Credential=renewed/') ? undefined : error(400, 'ExpiredToken');
    expect(brief(await store.putIfAbsent('wal/1', BODY))).toBe('failed expired-credentials, again');
    process.env['AWS_ACCESS_KEY_ID'] = 'renewed';
    expect(brief(await store.putIfAbsent('wal/1', BODY))).toBe('done');
    process.env['AWS_ACCESS_KEY_ID'] = 'test';
  });
});
