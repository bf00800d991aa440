import { exec } from 'node:child_process';
import { createHash, randomBytes, randomUUID, webcrypto } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFileSync, writeFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { cpus, hostname } from 'node:os';
import { performance as performanceOfHooks } from 'node:perf_hooks';
import { setTimeout as timeout } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel as ChannelOfThreads } from 'node:worker_threads';
import { crc32, deflate, deflateSync, gzip, inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { GuardError } from './index.ts';
import { inHost, worldWith } from './testing/in-world.ts';

/** Everything that must throw inside an event, and what must be said about it. */
const PROBES: [string, () => unknown, RegExp?][] = [
  ['Date.now', () => Date.now(), /clock\.wallMs/],
  ['new Date', () => new Date(), /clock\.wallMs/],
  ['new Date of an instance', () => new (new Date(0).constructor as DateConstructor)()],
  ['Date as a function', () => Date()],
  ['new Date of local parts', () => new Date(2020, 1, 1)],
  ['local hours', () => new Date(0).getHours(), /UTC/],
  ['time zone offset', () => new Date(0).getTimezoneOffset()],
  ['performance.now', () => performance.now(), /clock\.monoMs/],
  ['performance of perf_hooks', () => performanceOfHooks.now()],
  ['process.hrtime', () => process.hrtime()],
  ['process.hrtime.bigint', () => process.hrtime.bigint()],
  ['process.uptime', () => process.uptime()],
  ['console.time', () => console.time('x')],
  ['Math.random', () => Math.random(), /Random/],
  ['Math.pow', () => Math.pow(2, 0.5), /integer/],
  ['crypto.randomUUID', () => crypto.randomUUID(), /Entropy/],
  ['crypto.getRandomValues', () => crypto.getRandomValues(new Uint8Array(1))],
  ['randomBytes, imported', () => randomBytes(4)],
  ['randomUUID, imported', () => randomUUID()],
  ['crypto.subtle.digest', () => crypto.subtle.digest('SHA-256', new Uint8Array(1)), /synchronous/],
  ['webcrypto.subtle.digest, imported', () => webcrypto.subtle.digest('SHA-256', new Uint8Array(1))],
  ['setTimeout', () => setTimeout(() => {}, 1), /clock\.sleep/],
  ['setTimeout, imported', () => timeout(() => {}, 1)],
  ['setInterval', () => setInterval(() => {}, 1)],
  ['setImmediate', () => setImmediate(() => {})],
  ['timers/promises', () => sleep(1)],
  ['AbortSignal.timeout', () => AbortSignal.timeout(1)],
  ['Atomics.wait', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)],
  ['zlib.deflate, imported', () => deflate(new Uint8Array(1), () => {}), /thread pool/],
  ['zlib.gzip, imported', () => gzip(new Uint8Array(1), () => {})],
  ['CompressionStream', () => new CompressionStream('gzip')],
  ['fs.readFileSync, imported', () => readFileSync('package.json'), /port/],
  ['fs.writeFile, imported', () => writeFile('/dev/null', '', () => {})],
  ['fs/promises, imported', () => readFile('package.json')],
  ['fetch', () => fetch('http://127.0.0.1:1'), /Network/],
  ['http.request, imported', () => httpRequest('http://127.0.0.1:1')],
  ['net.connect, imported', () => connect(1)],
  ['dns, imported', () => lookup('localhost')],
  ['child_process, imported', () => exec('true')],
  ['os.hostname, imported', () => hostname(), /configuration/],
  ['os.cpus, imported', () => cpus()],
  ['process.memoryUsage', () => process.memoryUsage()],
  ['localeCompare', () => ['ä', 'z'].sort((x, y) => x.localeCompare(y)), /code units/],
  ['Intl.DateTimeFormat', () => new Intl.DateTimeFormat()],
  ['Intl.Collator', () => new Intl.Collator()],
  ['toLocaleString', () => (1234.5).toLocaleString()],
  ['WeakRef', () => new WeakRef({}), /garbage collector/],
  ['FinalizationRegistry', () => new FinalizationRegistry(() => {})],
  ['MessageChannel', () => new MessageChannel()],
  ['MessageChannel, imported', () => new ChannelOfThreads()],
];

describe('the guard', () => {
  for (const [name, probe, remedy] of PROBES) {
    test(`catches ${name}`, async () => {
      const caught = await inHost(worldWith(), 'node-1', async () => {
        await Promise.resolve();
        try {
          await probe();
        } catch (error) {
          return error;
        }
        return null;
      });
      expect(caught).toBeInstanceOf(GuardError);
      if (remedy !== undefined) expect((caught as Error).message).toMatch(remedy);
    });
  }

  test('lets pure things through', async () => {
    const seen = await inHost(worldWith(), 'node-1', async () => {
      const abort = new AbortController();
      abort.abort();
      const text = new TextDecoder().decode(new TextEncoder().encode('grüße'));
      const url = new URL('/a?b=c', 'http://node-1/');
      return [
        abort.signal.aborted,
        text,
        url.searchParams.get('b'),
        crc32(new Uint8Array(4)),
        inflateSync(deflateSync(new Uint8Array(9))).length,
        createHash('sha256').update('x').digest('hex').slice(0, 6),
        new Date(86_400_000).toISOString(),
        new Date('2026-01-01T00:00:00Z').getTime(),
        Date.UTC(2026, 0, 1),
        Math.max(1, Math.floor(2.5)),
        structuredClone({ a: [1] }),
        [3, 1, 2].toSorted((x, y) => x - y),
        2 ** 10,
        new Date(0) instanceof Date,
      ];
    });
    expect(seen).toEqual([
      true,
      'grüße',
      'c',
      crc32(new Uint8Array(4)),
      9,
      '2d7116',
      '1970-01-02T00:00:00.000Z',
      1_767_225_600_000,
      1_767_225_600_000,
      2,
      { a: [1] },
      [1, 2, 3],
      1024,
      true,
    ]);
  });

  test('is down between events and between runs, so that harness and test runner keep working', async () => {
    const world = worldWith();
    const between: number[] = [];
    world.after(1, 'tick', () => {});
    await world.run(() => {
      between.push(Date.now(), performance.now(), Math.random());
      return false;
    });
    expect(between.length).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(new Date().getTime()).toBeGreaterThan(0);
  });

  test('lets the real event loop have its turn during a long run', async () => {
    const world = worldWith();
    let ticks = 0;
    const timer = setInterval(() => (ticks += Date.now() > 0 ? 1 : 0), 1);
    const again = (): void => void world.after(1, 'again', again);
    again();
    const start = Date.now();
    await world.run(() => Date.now() - start > 100);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
  });

  test('turns a program that reaches for the real clock into a failed run', async () => {
    const world = worldWith();
    world.host('node-1').start(async ({ clock }) => {
      await clock.sleep(10);
      Date.now();
    });
    expect(await world.run(() => false)).toBe('failed');
    expect(world.failure).toMatchObject({
      host: 'node-1',
      signature: 'GuardError: Date.now inside a simulated event: take clock.wallMs() or clock.monoMs()',
    });
  });

  test('can be left out', async () => {
    const world = worldWith({}, { guard: false });
    expect(await inHost(world, 'node-1', async () => Date.now() > 0)).toBe(true);
  });
});
