/** How S3 is spoken to: connections, checksums, and where credentials come from. Outcomes are in s3-outcomes.test.ts. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { FakeS3 } from '../testing/s3-fake.ts';
import { openS3BlobStore, type S3BlobStore } from './s3-blob-store.ts';
import { loadS3Sdk, makeS3Client, READS_MAX, s3Agents, type S3Options } from './s3-client.ts';

const BODY = [new TextEncoder().encode('0123456789')];
const SET_HERE = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CONFIG_FILE',
  'AWS_EC2_METADATA_DISABLED',
  'AWS_REQUEST_CHECKSUM_CALCULATION',
  'AWS_RESPONSE_CHECKSUM_VALIDATION',
];

let fake: FakeS3;
let before: (string | undefined)[];
const opened: S3BlobStore[] = [];

beforeEach(async () => {
  before = SET_HERE.map((name) => process.env[name]);
  for (const name of SET_HERE) delete process.env[name];
  process.env['AWS_ACCESS_KEY_ID'] = 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'secret';
  fake = await FakeS3.start();
});

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  await fake.close();
  SET_HERE.forEach((name, i) => {
    if (before[i] === undefined) delete process.env[name];
    else process.env[name] = before[i];
  });
});

async function open(more: Partial<S3Options> = {}): Promise<S3BlobStore> {
  const options = { bucket: 'bucket', prefix: '', endpoint: fake.endpoint, region: 'us-east-1' };
  const store = await openS3BlobStore({ ...options, ...more });
  opened.push(store);
  return store;
}

describe('connections', () => {
  const WINDOW_MAX = 64;
  const UPLOADS = 16;

  test('the widest window and a flush have one each, and use them again', async () => {
    const store = await open();
    const sockets = new Set<Socket>();
    fake.onHeaders = (_, { socket }) => void sockets.add(socket);
    let waiting: (() => void)[] = [];
    let arrived = 0;
    // Nobody is answered before all have arrived.
    fake.gate = () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        if (++arrived % (WINDOW_MAX + UPLOADS) !== 0) return;
        for (const go of waiting) go();
        waiting = [];
      });
    const round = (name: string) =>
      Promise.all(Array.from({ length: WINDOW_MAX + UPLOADS }, (_, i) => store.putIfAbsent(`${name}/${i}`, BODY)));
    for (const outcome of await round('wal')) expect(outcome.kind).toBe('done');
    expect(sockets.size).toBe(WINDOW_MAX + UPLOADS);
    await round('seg');
    expect(sockets.size).toBe(WINDOW_MAX + UPLOADS);
  });

  test('a put finds one while readers wait for theirs, whose patience begins with their turn', async () => {
    const store = await open({ timeouts: { connectMs: 2_000, stallMs: 1_500 } });
    let asked = 0;
    fake.answer = ({ method }) => {
      if (method !== 'GET') return undefined;
      asked += 1;
      return asked <= READS_MAX ? 'hang' : { status: 404, code: 'NoSuchKey' };
    };
    const reads = Array.from({ length: 3 * READS_MAX }, (_, i) => store.get(`seg/${i}`));
    expect(await store.putIfAbsent('wal/1', BODY)).toEqual({ kind: 'done' });
    expect(asked).toBeLessThanOrEqual(READS_MAX);
    const kinds = (await Promise.all(reads)).map(({ kind }) => kind);
    // Those that came first waited for nothing; on a busy machine a few more may be too late.
    expect(kinds.filter((kind) => kind === 'absent').length).toBeGreaterThan(READS_MAX);
  });
});

describe('the bucket', () => {
  /** Where a request for `wal/1` would go. */
  async function target(more: Partial<S3Options>): Promise<string> {
    const sdk = await loadS3Sdk();
    const options = { bucket: 'bucket', prefix: '', region: 'eu-west-1', ...more };
    const agents = s3Agents();
    const client = makeS3Client(sdk, options, agents);
    let seen = '';
    client.middlewareStack.add(
      () =>
        ({ request }) => {
          const { protocol, hostname, path } = request as { protocol: string; hostname: string; path: string };
          seen = `${protocol}//${hostname}${path}`;
          throw new Error('this is as far as it goes');
        },
      { step: 'finalizeRequest', priority: 'low' },
    );
    await client.send(new sdk.GetObjectCommand({ Bucket: 'bucket', Key: 'wal/1' })).catch(() => undefined);
    client.destroy();
    return seen;
  }

  test('is in the host name on AWS, in the path at an endpoint of its own, and where the URL says otherwise', async () => {
    const endpoint = 'https://s3.example:9000';
    expect(await target({})).toBe('https://bucket.s3.eu-west-1.amazonaws.com/wal/1');
    expect(await target({ pathStyle: true })).toBe('https://s3.eu-west-1.amazonaws.com/bucket/wal/1');
    expect(await target({ endpoint })).toBe('https://s3.example/bucket/wal/1');
    expect(await target({ endpoint, pathStyle: false })).toBe('https://bucket.s3.example/wal/1');
  });
});

describe('checksums of the SDK', () => {
  /** The headers of a put and of a get that speak of checksums. */
  async function seen(store: S3BlobStore): Promise<{ put: string[]; get: string[] }> {
    fake.requests.length = 0;
    await store.putIfAbsent(`wal/${Math.random()}`, BODY);
    await store.get('wal/none');
    const names = fake.requests.map(({ headers }) =>
      Object.keys(headers).filter((name) => /^x-amz-(checksum|sdk-checksum|trailer)/.test(name)),
    );
    return { put: names[0] ?? [], get: names[1] ?? [] };
  }

  test('are not used unless asked for: some stores do not know them', async () => {
    expect(await seen(await open())).toEqual({ put: [], get: [] });
  });

  test('are on puts and asked for by gets where the URL of the store says so', async () => {
    const { put, get } = await seen(await open({ checksums: 'when-supported' }));
    expect(put).toContain('x-amz-checksum-crc32');
    expect(get).toEqual(['x-amz-checksum-mode']);
  });

  test('follow the environment where the URL says nothing', async () => {
    process.env['AWS_REQUEST_CHECKSUM_CALCULATION'] = 'when_supported';
    process.env['AWS_RESPONSE_CHECKSUM_VALIDATION'] = 'when_supported';
    expect((await seen(await open())).put).toContain('x-amz-checksum-crc32');
    expect(await seen(await open({ checksums: 'when-required' }))).toEqual({ put: [], get: [] });
  });
});

describe('credentials', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tailrace-aws-'));
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(folder, 'credentials');
    process.env['AWS_CONFIG_FILE'] = join(folder, 'config');
    process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
  });

  afterEach(() => rm(folder, { recursive: true }));

  async function usedKey(): Promise<string | undefined> {
    await (await open()).get('wal/1');
    return /Credential=([^/]+)/.exec(fake.requests.at(-1)?.headers.authorization ?? '')?.[1];
  }

  test('come from the environment first, else from the profile that is named there', async () => {
    const profiles = '[default]\naws_access_key_id = d\naws_secret_access_key = d\n\n';
    await writeFile(
      join(folder, 'credentials'),
      `${profiles}[other]\naws_access_key_id = other\naws_secret_access_key = o\n`,
    );
    expect(await usedKey()).toBe('test');
    delete process.env['AWS_ACCESS_KEY_ID'];
    delete process.env['AWS_SECRET_ACCESS_KEY'];
    expect(await usedKey()).toBe('d');
    process.env['AWS_PROFILE'] = 'other';
    expect(await usedKey()).toBe('other');
  });

  test('with a session token are used with it, at the endpoint that the URL names', async () => {
    process.env['AWS_SESSION_TOKEN'] = 'for an hour';
    expect(await usedKey()).toBe('test');
    expect(fake.requests.at(-1)?.headers['x-amz-security-token']).toBe('for an hour');
  });

  test('that are nowhere are an error that says where they are looked for', async () => {
    delete process.env['AWS_ACCESS_KEY_ID'];
    delete process.env['AWS_SECRET_ACCESS_KEY'];
    const outcome = await (await open()).get('wal/1');
    expect(outcome).toMatchObject({ kind: 'failed', fault: { code: 'no-credentials', retryable: false } });
    expect((outcome as { fault: { message: string } }).fault.message).toContain('AWS_PROFILE');
    expect(fake.requests).toEqual([]);
  });
});
