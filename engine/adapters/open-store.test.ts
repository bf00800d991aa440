/** The word that names a store, and everything that can be wrong with the word or the store. */

import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { FakeS3 } from '../testing/s3-fake.ts';
import { openStore, type OpenStoreOptions, probeStore } from './open-store.ts';
import { parseStoreUrl } from './store-url.ts';

describe('the word', () => {
  test('names memory, a folder or a prefix of a bucket', () => {
    expect(parseStoreUrl('memory:')).toEqual({ kind: 'memory' });
    expect(parseStoreUrl('file:data/x y')).toEqual({ kind: 'file', path: 'data/x y' });
    expect(parseStoreUrl('file:///a%20b')).toEqual({ kind: 'file', path: '/a b' });
    expect(parseStoreUrl('s3://bucket')).toEqual({ kind: 's3', options: { bucket: 'bucket', prefix: '' } });
    expect(
      parseStoreUrl(
        's3://my.bucket/a/b/?endpoint=http://h:9/&region=auto&path-style=false&checksums=when-supported&listing=unsorted',
      ),
    ).toEqual({
      kind: 's3',
      options: {
        bucket: 'my.bucket',
        prefix: 'a/b/',
        endpoint: 'http://h:9',
        region: 'auto',
        pathStyle: false,
        checksums: 'when-supported',
        listing: 'unsorted',
      },
    });
  });

  test.each([
    ['', /write memory:, file:PATH or s3:\/\/BUCKET\/PREFIX/],
    ['/data', /for a folder write file:\/data/],
    ['memory:x', /has no path/],
    ['file:', /path of a folder is missing/],
    ['file://host/data', /three slashes/],
    ['gs://bucket', /there is no gs: store/],
    ['s3:bucket', /write s3:\/\/BUCKET\/PREFIX/],
    ['s3://', /bucket is missing/],
    ['s3://b!d/x', /no name of a bucket/],
    ['s3://bucket/a//b', /prefix is made of/],
    ['s3://bucket/../b', /prefix is made of/],
    [`s3://bucket/${'x'.repeat(501)}`, /more than 500/],
    ['s3://bucket?colour=red', /the query knows endpoint, .*not colour/],
    ['s3://bucket?region=a&region=b', /region is the name/],
    ['s3://bucket?endpoint=localhost:9000', /endpoint is an http or https URL/],
    ['s3://bucket?path-style=yes', /path-style is true or false/],
  ])('%j is refused with the remedy', (word, message) => {
    expect(() => parseStoreUrl(word)).toThrow(message);
  });

  test('with credentials in it is refused and not repeated', () => {
    expect(() => parseStoreUrl('s3://key:secret@bucket/x')).toThrow(/AWS_ACCESS_KEY_ID/);
    expect(() => parseStoreUrl('s3://key:secret@bucket/x')).not.toThrow(/key:secret/);
  });
});

describe('opening', () => {
  let fake: FakeS3;

  beforeEach(async () => {
    process.env['AWS_ACCESS_KEY_ID'] = 'test';
    process.env['AWS_SECRET_ACCESS_KEY'] = 'secret';
    fake = await FakeS3.start();
  });

  afterEach(() => fake.close());

  async function opened(path: string, options: OpenStoreOptions = {}): Promise<string> {
    const store = await openStore(`s3://${path}?endpoint=${fake.endpoint}`, { patienceMs: 200, ...options });
    await store.release();
    return store.describe;
  }

  const holding = (...keys: string[]) => {
    for (const key of keys) fake.objects.set(key, Buffer.from('x'));
  };

  test('probes once, remembers it, and looking changes nothing', async () => {
    await opened('bucket/p', { access: 'look' });
    expect(fake.objects.size).toBe(0);
    await opened('bucket/p');
    expect([...fake.objects.keys()]).toEqual(['p/probe/result-v1']);
    fake.requests.length = 0;
    await opened('bucket/p');
    expect(fake.requests).toHaveLength(1);
  });

  test('refuses a store that ignores conditional writes, and forgets that it once did not', async () => {
    await opened('bucket/p');
    Object.assign(fake.habits, { conditions: 'ignored' });
    const url = `s3://bucket/p?endpoint=${fake.endpoint}`;
    await expect(probeStore(url, () => {})).rejects.toThrow(/"a name is created once"/);
    expect(fake.objects.size).toBe(0);
    await expect(opened('bucket/p')).rejects.toMatchObject({ name: 'StoreOpenError', reason: 'refused' });
  });

  test("writes nothing to somebody else's prefix", async () => {
    holding('p/holiday.jpg');
    await expect(opened('bucket/p')).rejects.toThrow(/holds holiday.jpg but no format object: .*Use an empty prefix/);
    expect([...fake.objects.keys()]).toEqual(['p/holiday.jpg']);
  });

  test('says which prefix was meant', async () => {
    holding('p/inner/format', 'p/inner/wal/1');
    await expect(opened('bucket/p')).rejects.toThrow(/there is one below inner\//);
  });

  test.each([
    ['other/p', {}, /there is no such bucket/],
    ['bucket/p', { status: 403, code: 'AccessDenied' }, /permission is missing .*s3:ListBucket/],
    ['bucket/p', { status: 400, code: 'ExpiredToken' }, /the credentials have expired.*renew them/],
    ['bucket/p', { status: 403, code: 'RequestTimeTooSkewed' }, /clock.*NTP/],
    ['bucket/p', { status: 503, code: 'SlowDown' }, /fewer requests/],
  ])('%s that answers %j says what to do', async (path, answer, message) => {
    if ('status' in answer) fake.answer = () => answer as { status: number; code: string };
    await expect(opened(path)).rejects.toMatchObject({ reason: 'refused', message: expect.stringMatching(message) });
  });

  test('an endpoint that nobody listens at is named', async () => {
    const url = 's3://bucket/p?endpoint=http://127.0.0.1:1';
    await expect(openStore(url, { patienceMs: 100 })).rejects.toThrow(
      /at http:\/\/127\.0\.0\.1:1: there is no connection/,
    );
  });

  test('to look, a folder that does not exist is not made', async () => {
    const url = `file:${join(tmpdir(), 'tailrace-no-such-folder')}`;
    await expect(openStore(url, { access: 'look' })).rejects.toMatchObject({ reason: 'usage' });
  });
});
