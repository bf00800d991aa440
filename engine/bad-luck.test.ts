/**
 * Bad luck with a store, as the issue lists it: each time a message that names the object and the remedy, and nothing
 * lost. What folders and buckets themselves say is tested with their adapters; here an engine meets it.
 */

import { describe, expect, test } from 'vitest';

import { folderFault } from './adapters/folder-faults.ts';
import { misfortuneOf } from './adapters/s3-faults.ts';
import { FORMAT_VERSION } from './core/format-version.ts';
import { LogCorruption } from './log/corruption.ts';
import { decodeHeader, slotKey } from './log/format.ts';
import { PersistentStore, StoreRefused } from './log/persistent-store.ts';
import type { StoreFault } from './ports.ts';
import { SEGMENT_DEFAULTS } from './segments/tunables.ts';
import { encodeEntry } from './state/entries.ts';
import { verifyStore } from './store-tools/verify.ts';
import { BASIN, batch, engineBench, follow, record, STREAM } from './testing/engine-bench.ts';
import { dataObject, PROMPT } from './testing/log-bench.ts';
import { manualPorts, nativeCompute, settled, type StoredObjects } from './testing/manual-ports.ts';
import { chunk } from './testing/state-samples.ts';

const HOUR_MS = 3_600_000;
const copyOf = (objects: StoredObjects): StoredObjects => new Map([...objects].map(([key, b]) => [key, b.slice()]));

const onDisk = (errno: string) => (action: string) =>
  folderFault(action, '/data', Object.assign(new Error(errno), { code: errno }));
const inBucket = (name: string, httpStatusCode: number) => (action: string) =>
  misfortuneOf(Object.assign(new Error(name), { name, $metadata: { httpStatusCode } }), action, 's3://bucket/p').fault;

type Misfortune = [what: string, faultOf: (action: string) => StoreFault, remedy: string];

describe('a store that refuses for good', () => {
  const cases: Misfortune[] = [
    ['a full disk', onDisk('ENOSPC'), 'free space or raise the quota'],
    ['missing permission in a folder', onDisk('EACCES'), 'let this user read and write the folder'],
    ['a file system that turned read-only', onDisk('EROFS'), 'mount it writable'],
    ['missing permission in a bucket', inBucket('AccessDenied', 403), 'allow s3:GetObject, s3:PutObject'],
    ['a bucket that is gone', inBucket('NoSuchBucket', 404), 'create it, or correct its name'],
    ['a secret that is not valid any more', inBucket('InvalidAccessKeyId', 403), 'check AWS_ACCESS_KEY_ID'],
  ];

  test.each(cases)(
    '%s ends the owner with object and remedy, and what was acknowledged is there',
    async (_, faultOf, remedy) => {
      const bench = await engineBench();
      await bench.engine.append(BASIN, STREAM, batch('kept'));
      bench.holdPuts();
      const lost = follow(bench.engine.append(BASIN, STREAM, batch('refused')));
      await settled();
      const put = bench.oldestPut();
      await put.reply({ kind: 'failed', fault: faultOf(`write ${put.key}`) });
      const { end } = bench.engine;
      if (end?.kind !== 'store-refused') return expect.unreachable(`the engine ended ${end?.kind}`);
      expect(end.fault.message).toContain(`cannot write ${put.key} in `);
      expect(end.fault.message).toContain(remedy);
      expect(lost()?.kind).not.toBe('durable');
      const next = await engineBench({ objects: bench.blobs.objects, seed: 2, stream: false });
      expect(await next.bodies()).toEqual(['kept']);
    },
  );

  test.each(cases)('%s keeps a server from starting, and the object is named once', async (_, faultOf, remedy) => {
    const key = slotKey(64);
    const refused = new StoreRefused(`reading ${key}`, faultOf(`read ${key}`));
    expect(refused.message.split(key)).toHaveLength(2);
    expect(refused.message).toContain(remedy);
  });
});

describe('a store that may come back', () => {
  test.each<Misfortune>([
    ['credentials that expired', inBucket('ExpiredToken', 400), 'renew them'],
    ['a clock an hour off', inBucket('RequestTimeTooSkewed', 403), 'set the clock (NTP)'],
    ['a disk that reports an error', onDisk('EIO'), 'health of the disk'],
    ['an unmounted folder', onDisk('ENOENT'), 'check that the folder is mounted'],
  ])('%s is waited out, and the append under way becomes durable', async (_, faultOf, remedy) => {
    const bench = await engineBench({ tunables: { patienceMs: 60_000 } });
    bench.holdPuts();
    const appended = follow(bench.engine.append(BASIN, STREAM, batch('late')));
    await settled();
    for (let i = 0; i < 3; i++) {
      const put = bench.oldestPut();
      const fault = faultOf(`write ${put.key}`);
      expect(fault).toMatchObject({ retryable: true, message: expect.stringContaining(remedy) });
      await put.reply({ kind: 'failed', fault });
      await bench.clock.advance(PROMPT.retryMsMax);
    }
    await bench.oldestPut().complete();
    expect(appended()?.kind).toBe('durable');
    expect(await bench.bodies()).toEqual(['late']);
  });
});

test.each([-1, 1])(
  'a takeover by a machine whose clock is %i hour off loses nothing and turns no time back',
  async (hours) => {
    const first = await engineBench();
    await first.engine.append(BASIN, STREAM, batch('before'));
    const next = await engineBench({ objects: first.blobs.objects, seed: 2, stream: false });
    next.clock.stepWall(hours * HOUR_MS);
    for (const body of ['after', 'and on']) await next.engine.append(BASIN, STREAM, batch(body));
    expect(await next.bodies()).toEqual(['before', 'after', 'and on']);
    const { engine } = await engineBench({ objects: next.blobs.objects, seed: 3, stream: false });
    const tail = await engine.checkTail(BASIN, STREAM);
    expect(tail).toMatchObject({ kind: 'tail', tail: { seqNum: 3 } });
  },
);

/** Everything a store has: a checkpoint with pages and segments, a log behind it. */
async function filled(): Promise<StoredObjects> {
  const segments = { ...SEGMENT_DEFAULTS, overlayRowsMax: 1, pageRows: 2, ownSegmentBytes: 4_096 };
  const { engine, blobs } = await engineBench({ tunables: { segments } });
  for (let i = 0; i < 4; i++) await engine.createStream(BASIN, `other-${i}`, null);
  for (let i = 0; i < 4; i++) await engine.append(BASIN, STREAM, batch([record('z'.repeat(3_000))]));
  expect(await engine.flush()).toBe(true);
  await engine.append(BASIN, STREAM, batch([record('behind the checkpoint')]));
  await engine.stop();
  return copyOf(blobs.objects);
}

const newestOf = (objects: StoredObjects, prefix: string): string =>
  [...objects.keys()]
    .filter((key) => key.startsWith(prefix))
    .toSorted()
    .at(-1) ?? '';

const DAMAGE: readonly [what: string, damage: (objects: StoredObjects, key: string, bytes: Uint8Array) => void][] = [
  ['with a flipped bit', (_, __, bytes) => void (bytes[bytes.length - 1]! ^= 4)],
  ['cut short', (objects, key, bytes) => void objects.set(key, bytes.slice(0, bytes.length - 5))],
  ['emptied', (objects, key) => void objects.set(key, new Uint8Array(0))],
  ['of somebody else', (objects, key, bytes) => void objects.set(key, new Uint8Array(bytes.length).fill(7))],
  ['of a version of the future', (_, __, bytes) => void (bytes[4] = FORMAT_VERSION + 1)],
];

/** Object and byte, what is wrong, what to do; the object once. */
function expectComplaint(error: unknown, key: string): void {
  expect(error).toBeInstanceOf(LogCorruption);
  const { message } = error as LogCorruption;
  expect(message).toMatch(new RegExp(`^${key}, byte \\d+: [^.]+\\. (Put back |Use |Its checksums are sound)`));
  expect(message.split(key), message).toHaveLength(2);
}

describe.each(['wal/', 'ckpt/', 'meta/', 'seg/'])('an object of %s', (prefix) => {
  test.each(DAMAGE)('%s is named by verify with byte and remedy', async (_, damage) => {
    const objects = await filled();
    const key = newestOf(objects, prefix);
    damage(objects, key, objects.get(key) as Uint8Array);
    const ports = manualPorts({ objects });
    const look = { ...ports, store: new PersistentStore(ports, PROMPT, 'store.retried') };
    expectComplaint(await verifyStore(look).catch((error: unknown) => error), key);
  });

  // A server never reads the header of a segment: verify does.
  test.each(DAMAGE.filter(([what]) => prefix !== 'seg/' || !what.startsWith('of ')))(
    '%s ends a start or the read that needs it, and put back it is all there',
    async (_, damage) => {
      const sound = await filled();
      const objects = copyOf(sound);
      const key = newestOf(objects, prefix);
      damage(objects, key, objects.get(key) as Uint8Array);
      const before = copyOf(objects);
      const start = engineBench({ objects, seed: 2, stream: false });
      if (prefix === 'seg/') {
        expect(await (await start).bodies()).toBe('rejected');
      } else {
        expectComplaint(await start.catch((error: unknown) => error), key);
        expect(objects, 'nothing was changed').toEqual(before);
      }
      objects.set(key, sound.get(key) as Uint8Array);
      const bodies = await (await engineBench({ objects, seed: 3, stream: false })).bodies();
      expect(bodies).toHaveLength(5);
    },
  );
});

test('a payload cut short under sound checksums is named with its byte, and is no broken invariant', async () => {
  const sound = await engineBench();
  await sound.engine.append(BASIN, STREAM, batch('x'));
  const { engine, blobs } = sound;
  const key = slotKey(engine.state.slot);
  const { type, payload } = encodeEntry(chunk(1, 1));
  for (let length = 0; length < payload.length; length++) {
    const objects = copyOf(blobs.objects);
    const { epoch, identity } = decodeHeader(64, objects.get(slotKey(64)) ?? new Uint8Array(), nativeCompute);
    const short = { type, payload: payload.slice(0, length) };
    objects.set(key, dataObject({ slot: engine.state.slot, epoch, identity }, [short]));
    const refused = await engineBench({ objects, seed: 2, stream: false }).catch((error: unknown) => error);
    expectComplaint(refused, key);
    expect(refused).toMatchObject({ object: key, offset: 64 });
  }
});

test('an entry that contradicts the state before it is a bug, reported with its place', async () => {
  const { engine, blobs } = await engineBench();
  const { slot } = engine.state;
  const { epoch, identity } = decodeHeader(64, blobs.objects.get(slotKey(64)) ?? new Uint8Array(), nativeCompute);
  const ofNobody = encodeEntry(chunk(99, 0));
  blobs.objects.set(slotKey(slot), dataObject({ slot, epoch, identity }, [ofNobody]));
  await expect(engineBench({ objects: blobs.objects, seed: 2, stream: false })).rejects.toMatchObject({
    name: 'InvariantError',
    message: expect.stringMatching(
      new RegExp(`^${slotKey(slot)}, byte 64: the entry contradicts the state before it: a chunk belongs to a stream`),
    ),
  });
});
