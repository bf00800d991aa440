/**
 * Names that try to be paths: over real sockets, on a folder and on a bucket. Whatever clients call basins and streams, objects
 * have names of numbers, in the place the store was given and nowhere else.
 */

import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';

import { type OpenedStore, openStore } from './adapters/open-store.ts';
import type { HttpServer } from './adapters/node-http.ts';
import { systemClock } from './adapters/system-clock.ts';
import { systemCompute } from './adapters/system-compute.ts';
import { systemEntropy } from './adapters/system-entropy.ts';
import { systemRandom } from './adapters/system-random.ts';
import { createApi } from './api/routes.ts';
import { type Engine, openEngine } from './engine.ts';
import { httpBench, until, urlOf } from './testing/http-bench.ts';
import { FakeS3 } from './testing/s3-fake.ts';
import { STORE_TUNABLES } from './tunables.ts';

const { serve, connectRaw } = httpBench();
const BASIN = 'some-basin';

/** Every object there is, by the forms of `engine/core/object-names.ts`, of log slots, and of the two of the store itself. */
const OBJECT =
  /^(wal\/\d{20}|(ckpt|pub)\/\d{20}-\d{10}-\d{10}|(seg|meta)\/\d{10}-\d{10}|format|probe\/[A-Za-z0-9._/-]+)$/;

const NAMES = [
  '../../../../../../tmp/escaped',
  '../escaped',
  '..\\..\\escaped',
  '/etc/passwd',
  'C:\\escaped',
  'a/../../escaped',
  './.',
  '...',
  '%2e%2e%2fescaped',
  '..%2f',
  '\0',
  'escaped\0.blob',
  'a\r\nb',
  ' ',
  '/',
  '//',
  '~',
  '+tmp',
  'format',
  'wal/00000000000000000000',
  'seg/0000000001-0000000001.blob',
  '?x#y',
  '\u2024\u2024\u2215',
  '\uff0e\uff0e\uff0fescaped',
  '\u202egnp.exe',
  '\ufeffescaped',
  // The same for eyes, and for file systems that normalise.
  'caf\u00e9',
  'cafe\u0301',
  'x'.repeat(512),
];

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function servedFrom(store: OpenedStore): Promise<{ engine: Engine; server: HttpServer }> {
  const system = { clock: systemClock, compute: systemCompute, entropy: systemEntropy, random: systemRandom };
  const tunables = STORE_TUNABLES.file;
  const engine = await openEngine(
    { ...system, blobs: store.blobs, telemetry: { event: () => undefined } },
    { ...tunables, segments: { ...tunables.segments, flushSlots: 20 } },
  );
  closers.push(async () => {
    await engine.stop();
    await store.release();
  });
  return { engine, server: await serve(createApi(() => engine)) };
}

async function ask(server: HttpServer, method: string, path: string, body?: unknown): Promise<Response> {
  const headers = { 's2-basin': BASIN, 'content-type': 'application/json' };
  return fetch(urlOf(server, path), { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
}

/** Makes a stream of every name, appends to it, and waits until records have gone on into segments. */
async function useNames(server: HttpServer, keys: () => Promise<readonly string[]>): Promise<void> {
  expect((await ask(server, 'POST', '/v1/basins', { basin: BASIN })).status).toBe(201);
  for (const name of NAMES) {
    expect((await ask(server, 'POST', '/v1/streams', { stream: name })).status, name).toBe(201);
    const path = `/v1/streams/${encodeURIComponent(name)}/records`;
    expect((await ask(server, 'POST', path, { records: [{ body: 'x' }] })).status, name).toBe(200);
    const read = await ask(server, 'GET', `${path}?seq_num=0`);
    expect(await read.json(), name).toMatchObject({ records: [{ body: 'x' }] });
  }
  const listed = (await (await ask(server, 'GET', '/v1/streams')).json()) as { streams: { name: string }[] };
  expect(new Set(listed.streams.map(({ name }) => name))).toEqual(new Set(NAMES));
  let found: readonly string[] = [];
  const look = setInterval(() => void keys().then((now) => (found = now)), 20);
  try {
    for (const kind of ['wal/', 'seg/', 'ckpt/', 'pub/']) {
      await until(() => found.some((key) => key.startsWith(kind)), `there is an object of ${kind}`);
    }
  } finally {
    clearInterval(look);
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
}

test('in a folder no object and no file has a name of a client, and none is beside the folder', async () => {
  const outer = await mkdtemp(join(tmpdir(), 'tailrace-names-'));
  closers.push(() => rm(outer, { recursive: true }));
  const folder = join(outer, 'one', 'two');
  await mkdir(folder, { recursive: true });
  const { engine, server } = await servedFrom(await openStore(`file:${folder}`));
  const keys = async () => (await filesBelow(folder)).map((file) => file.replace(/\.blob$/, ''));
  await useNames(server, keys);
  await engine.stop();
  // The folder's own lock and directories of files without a name are no objects.
  const strange = (await keys()).filter((key) => !OBJECT.test(key) && !/^(\+tmp\/|\+?lock|\.)/.test(key));
  expect(strange).toEqual([]);
  expect((await filesBelow(outer)).filter((file) => !file.startsWith(join('one', 'two')))).toEqual([]);
});

test('in a bucket every request is for an object of the store, below its prefix', async () => {
  process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'secret';
  const fake = await FakeS3.start();
  closers.push(() => fake.close());
  const store = await openStore(`s3://bucket/some/place?endpoint=${fake.endpoint}&region=us-east-1`);
  const { server } = await servedFrom(store);
  const prefix = 'some/place/';
  await useNames(server, async () => [...fake.objects.keys()].map((key) => key.slice(prefix.length)));
  for (const { key, query } of fake.requests) {
    if (key === '') expect(query.get('prefix') ?? prefix).toMatch(new RegExp(`^${prefix}[a-z0-9/-]*$`));
    else expect(key).toMatch(new RegExp(`^${prefix}`));
  }
  const strange = [...fake.objects.keys()].filter((key) => !OBJECT.test(key.slice(prefix.length)));
  expect(strange).toEqual([]);
});

describe('names that are refused', () => {
  /** The status and code that this request line gets, as bytes: clients would mend the path. */
  async function answerTo(line: string, basin = BASIN): Promise<string> {
    const { server } = await servedFrom(await openStore('memory:'));
    expect((await ask(server, 'POST', '/v1/basins', { basin: BASIN })).status).toBe(201);
    const { socket, received } = await connectRaw(server);
    socket.write(
      `${line} HTTP/1.1\r\nhost: x\r\ns2-basin: ${basin}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
      'latin1',
    );
    await new Promise((resolve) => socket.on('end', resolve));
    const status = /^HTTP\/1\.1 (\d+)/.exec(received())?.[1] ?? '';
    return `${status} ${/"code":"([a-z_]+)"/.exec(received())?.[1] ?? ''}`.trim();
  }

  test.each([
    ['two dots', 'PUT /v1/streams/%2e%2e', '400 bad_path'],
    ['a dot', 'PUT /v1/streams/.', '400 bad_path'],
    ['dots as bytes too many', 'PUT /v1/streams/%c0%ae%c0%ae%c0%af', '400 bad_path'],
    ['half a pair of surrogates', 'PUT /v1/streams/%ed%a0%80', '400 bad_path'],
    ['a percent sign alone', 'PUT /v1/streams/%', '400 bad_path'],
    ['no byte', 'PUT /v1/streams/', '400 bad_path'],
    ['513 bytes', `PUT /v1/streams/${'x'.repeat(513)}`, '400 bad_path'],
    ['a path that goes up', 'PUT /v1/streams/../basins/other-basin', '404'],
    ['a path that goes up and is encoded', 'PUT /v1/streams/..%2fbasins%2fother-basin/../x', '404'],
    ['a basin that goes up', 'PUT /v1/basins/..%2f..%2fescaped', '400 bad_path'],
    ['a basin with a zero byte', 'PUT /v1/basins/some-bas%00in', '400 bad_path'],
    ['a basin of letters that look like ours', 'PUT /v1/basins/%d1%95ome-basin', '400 bad_path'],
    ['a basin with a line end', 'PUT /v1/basins/some-basin%0a', '400 bad_path'],
    ['an access token of dots', 'DELETE /v1/access-tokens/%2e%2e', '400 bad_path'],
  ])('%s', async (_, line, answer) => {
    expect(await answerTo(line)).toBe(answer);
  });

  test.each(['../some-basin', 'some-basin/..', 'some%2dbasin', '\u00f1ome-basin', 'SOME-BASIN', ''])(
    'the basin %j in a header',
    async (basin) => {
      expect(await answerTo('GET /v1/streams', basin)).toBe('400 bad_header');
    },
  );
});
