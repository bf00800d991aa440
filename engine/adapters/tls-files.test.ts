/** Certificates that change while a server serves them: what works is taken over, what does not never is. */

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tls from 'node:tls';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { HOST, httpBench, mirror, until } from '../testing/http-bench.ts';
import type { HttpServer, TlsIdentity } from './node-http.ts';
import { selfSigned } from './self-signed.ts';
import { readTlsFiles, watchTlsFiles } from './tls-files.ts';

const { serve, closers } = httpBench();
const [first, second] = [selfSigned('one.example'), selfSigned('two.example')];

let folder: string;
let files: { cert: string; key: string };
let changes: number;
let problems: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailrace-tls-'));
  files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  changes = 0;
  problems = [];
});

afterEach(() => rm(folder, { recursive: true }));

/** A server on the files, which hold the first pair. */
async function serveFiles(): Promise<HttpServer> {
  await write(first);
  const identity = await readTlsFiles(files);
  const server = await serve(mirror, { tls: identity });
  const stop = watchTlsFiles(files, identity, {
    everyMs: 10,
    onChange: (renewed) => {
      changes += 1;
      server.renew(renewed);
    },
    onProblem: (message) => void problems.push(message),
  });
  closers.push(stop);
  return server;
}

async function write({ cert, key }: TlsIdentity): Promise<void> {
  await writeFile(files.cert, cert);
  await writeFile(files.key, key);
}

async function connected(server: HttpServer): Promise<tls.TLSSocket> {
  const socket = tls.connect({ host: HOST, port: server.port, rejectUnauthorized: false });
  closers.push(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

async function servedName(server: HttpServer): Promise<string | undefined> {
  return new X509Certificate((await connected(server)).getPeerCertificate().raw).subjectAltName;
}

test('a new pair is what new connections get, and the ones that are there go on', async () => {
  const server = await serveFiles();
  const before = await connected(server);
  expect(await servedName(server)).toContain('one.example');
  await write(second);
  await until(() => changes > 0, 'the change is seen');
  expect(await servedName(server)).toContain('two.example');
  before.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const [answer] = (await once(before, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
});

test('a link that is turned to another folder is a change, as secrets of Kubernetes are', async () => {
  const linked = { cert: join(folder, 'a.crt'), key: join(folder, 'a.key') };
  await write(first);
  await symlink(files.cert, linked.cert);
  await symlink(files.key, linked.key);
  const others = { cert: join(folder, 'b.crt'), key: join(folder, 'b.key') };
  await writeFile(others.cert, second.cert);
  await writeFile(others.key, second.key);
  const onProblem = (message: string): void => void problems.push(message);
  const onChange = (): void => void (changes += 1);
  closers.push(watchTlsFiles(linked, await readTlsFiles(linked), { everyMs: 10, onProblem, onChange }));
  for (const name of ['cert', 'key'] as const) {
    await unlink(linked[name]);
    await symlink(others[name], linked[name]);
  }
  await until(() => changes === 1, 'the change is seen');
});

test.each([
  ['is half written', () => writeFile(files.cert, String(second.cert).slice(0, 200)), /do not work/],
  ['is empty', () => writeFile(files.cert, ''), /do not work/],
  ['is of another key', () => writeFile(files.cert, second.cert), /do not work: .*mismatch/],
  ['is gone', () => unlink(files.cert), /tls\.crt can not be read: ENOENT/],
])('a certificate that %s is named once and never served, until the pair works', async (_, damage, message) => {
  const server = await serveFiles();
  await damage();
  await until(() => problems.length > 0, 'it is named');
  expect(problems.join()).toMatch(message);
  expect(problems.join()).not.toContain('BEGIN');
  const named = problems.length;
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(problems.length, 'not again').toBe(named);
  expect(await servedName(server)).toContain('one.example');
  expect(changes).toBe(0);
  await write(second);
  await until(() => changes === 1, 'the pair works');
  expect(await servedName(server)).toContain('two.example');
});
