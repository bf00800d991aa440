/** The operator's tools on a store with checkpoints, pages, segments, trims and deletions, and on a damaged copy of it. */

import { beforeAll, describe, expect, test } from 'vitest';

import { LogCorruption } from '../log/corruption.ts';
import { slotKey } from '../log/format.ts';
import { PersistentStore } from '../log/persistent-store.ts';
import { SEGMENT_DEFAULTS } from '../segments/tunables.ts';
import { BASIN, batch, engineBench, record, STREAM, trimRecord } from '../testing/engine-bench.ts';
import { type ManualPorts, manualPorts, settled, type StoredObjects } from '../testing/manual-ports.ts';
import { PROMPT } from '../testing/log-bench.ts';
import { listStore } from './inventory.ts';
import { storeStatistics } from './statistics.ts';
import { NoStoreHere, type StoreLook } from './store-look.ts';
import { verifyStore } from './verify.ts';

const SEGMENTS = { ...SEGMENT_DEFAULTS, overlayRowsMax: 1, pageRows: 2, ownSegmentBytes: 4_096 };
/** Does not begin a checkpoint by itself. */
const CALM = { ...SEGMENTS, overlayRowsMax: 1_000 };

function lookAt(objects: StoredObjects): { look: StoreLook; ports: ManualPorts } {
  const ports = manualPorts({ objects });
  const { compute, telemetry } = ports;
  return { look: { store: new PersistentStore(ports, PROMPT, 'store.retried'), compute, telemetry }, ports };
}

/** Two checkpoints and a log behind them: live, trimmed and deleted records, several streams, two owners. */
async function filled(): Promise<StoredObjects> {
  const objects: StoredObjects = new Map();
  const first = await engineBench({ objects, tunables: { segments: SEGMENTS } });
  for (let i = 0; i < 6; i++) await first.engine.createStream(BASIN, `other-${i}`, null);
  for (let i = 0; i < 6; i++) await first.engine.append(BASIN, `other-${i}`, batch([record('y'.repeat(300))]));
  for (let i = 0; i < 4; i++) await first.engine.append(BASIN, STREAM, batch([record('z'.repeat(3_000))]));
  expect(await first.engine.flush()).toBe(true);
  await first.engine.stop();
  const second = await engineBench({ objects, seed: 2, stream: false, tunables: { segments: CALM } });
  await second.engine.append(BASIN, 'other-1', batch([record('y'.repeat(300))]));
  expect(await second.engine.flush()).toBe(true);
  await second.engine.append(BASIN, STREAM, batch([trimRecord(3)]));
  await second.engine.deleteStream(BASIN, 'other-0');
  await second.engine.append(BASIN, 'other-2', batch([record('behind the checkpoint')]));
  await settled();
  return objects;
}

let sound: StoredObjects;
beforeAll(async () => void (sound = await filled()));

const copy = (): StoredObjects => new Map([...sound].map(([key, bytes]) => [key, bytes.slice()]));
const keysOf = (prefix: string): string[] => [...sound.keys()].filter((key) => key.startsWith(prefix)).toSorted();
const sizeOf = (key: string): number => sound.get(key)?.length ?? 0;

async function damageIn(objects: StoredObjects): Promise<{ object: string; offset: number }> {
  const error: unknown = await verifyStore(lookAt(objects).look).catch((reason: unknown) => reason);
  if (!(error instanceof LogCorruption)) throw new Error(`no damage was found: ${String(error)}`);
  return { object: error.object, offset: error.offset };
}

function flipped(key: string, at: number): StoredObjects {
  const objects = copy();
  const bytes = objects.get(key) as Uint8Array;
  bytes[at] = (bytes[at] as number) ^ 0x10;
  return objects;
}

describe('verify', () => {
  test('finds a store sound that an engine wrote, and says what it read', async () => {
    const found = await verifyStore(lookAt(copy()).look);
    expect(found).toMatchObject({ epoch: 2, fences: 2, slots: expect.any(Number) });
    expect(found.slots).toBeGreaterThanOrEqual(3);
    expect(found.pages).toBeGreaterThan(0);
    expect(found.segments).toBeGreaterThan(0);
    expect(found.frames).toBeGreaterThanOrEqual(11);
  });

  test('names the object for a flipped bit in any byte of what a server would read, at or before that byte', async () => {
    const published = keysOf('pub/').at(-1)?.slice('pub/'.length) as string;
    const behind = keysOf('wal/').filter((key) => key > slotKey(Number(published.slice(0, 20))));
    const kinds = ['format', `ckpt/${published}`, ...keysOf('seg/'), keysOf('wal/')[0] as string, ...behind];
    for (const key of kinds) {
      const step = Math.max(1, Math.floor(sizeOf(key) / 60));
      for (let at = 0; at < sizeOf(key); at += step) {
        const { object, offset } = await damageIn(flipped(key, at));
        expect(object, `byte ${at} of ${key}`).toBe(key);
        expect(offset, `byte ${at} of ${key}`).toBeLessThanOrEqual(at);
      }
    }
  });

  test('names a damaged page that the newest checkpoint refers to', async () => {
    const named: string[] = [];
    for (const key of keysOf('meta/')) {
      const objects = flipped(key, sizeOf(key) - 1);
      const error: unknown = await verifyStore(lookAt(objects).look).catch((reason: unknown) => reason);
      if (error instanceof LogCorruption) named.push(error.object);
      if (error instanceof LogCorruption) expect(error.object).toBe(key);
    }
    expect(named.length).toBeGreaterThan(0);
  });

  test('knows the exact byte in the fixed parts of a segment, and the frame between them', async () => {
    const key = keysOf('seg/')[0] as string;
    const size = sizeOf(key);
    for (const at of [0, 9, 31, size - 32, size - 1]) {
      expect(await damageIn(flipped(key, at))).toEqual({ object: key, offset: at });
    }
    expect(await damageIn(flipped(key, 32 + 14))).toEqual({ object: key, offset: 32 });
  });

  test('names a segment that is cut short or missing, and the last byte that is there', async () => {
    const key = keysOf('seg/')[0] as string;
    const short = copy();
    short.set(key, (sound.get(key) as Uint8Array).slice(0, 100));
    expect(await damageIn(short)).toEqual({ object: key, offset: 100 });
    short.delete(key);
    expect(await damageIn(short)).toEqual({ object: key, offset: 0 });
  });

  test('a slot that is gone while the log goes on far behind it is missed', async () => {
    const objects = copy();
    const last = Number((keysOf('wal/').at(-1) as string).slice(4));
    objects.set(slotKey(last + 1 + 64), new Uint8Array(80));
    expect(await damageIn(objects)).toEqual({ object: slotKey(last + 1), offset: 0 });
    objects.delete(slotKey(last + 1 + 64));
    objects.set(slotKey(last + 64), new Uint8Array(80));
    expect((await verifyStore(lookAt(objects).look)).epoch).toBe(2);
  });

  test('a fence that is gone is missed, also one below the checkpoint', async () => {
    const objects = copy();
    objects.delete(slotKey(0));
    expect(await damageIn(objects)).toEqual({ object: slotKey(0), offset: 0 });
  });

  test('damage on the way here is not damage in the store', async () => {
    const { look } = lookAt(copy());
    const seen = new Set<string>();
    const get: StoreLook['store']['get'] = async (key, range) => {
      const found = await look.store.get(key, range);
      if (found.kind === 'absent' || found.bytes.length === 0 || key.startsWith('wal/')) return found;
      if (!seen.has(key)) found.bytes[0] = 0;
      seen.add(key);
      return found;
    };
    expect((await verifyStore({ ...look, store: { get, list: look.store.list.bind(look.store) } })).epoch).toBe(2);
    expect(seen.size).toBeGreaterThan(1);
  });

  test('a marker of another version is damage with object, byte and remedy, each once', async () => {
    const objects = copy();
    objects.set('format', new TextEncoder().encode('{"store":"tailrace","version":9999,"windowSlots":64}'));
    await expect(verifyStore(lookAt(objects).look)).rejects.toThrow(
      /^format, byte 0: it says that the store has format version 9999; this build reads versions \d+ to \d+\. Use a newer build$/,
    );
  });

  test('an empty place is no store, and is left empty', async () => {
    const objects: StoredObjects = new Map();
    await expect(verifyStore(lookAt(objects).look)).rejects.toThrow(NoStoreHere);
    expect(objects.size).toBe(0);
  });
});

test('the tools only read', async () => {
  const { look, ports } = lookAt(copy());
  await verifyStore(look);
  await storeStatistics(look);
  await listStore(look);
  expect(new Set(ports.blobs.calls.map(({ operation }) => operation))).toEqual(new Set(['get', 'list']));
});

test('ls tells every kind of object with its size', async () => {
  const objects = copy();
  objects.set('probe/left', new Uint8Array(3));
  objects.set('photo.jpg', new Uint8Array(5));
  const listed = await listStore(lookAt(objects).look);
  expect(listed.map(({ key, bytes }) => [key, bytes])).toEqual(
    [...objects]
      .map(([key, bytes]) => [key, bytes.length])
      .toSorted(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
  );
  const kinds = ['checkpoint', 'fence', 'format', 'page', 'probe', 'publication', 'segment', 'slot', 'stranger'];
  expect([...new Set(listed.map(({ kind }) => kind))].toSorted()).toEqual(kinds);
  expect(listed.filter(({ kind }) => kind === 'fence').length).toBe(2);
});

test('stat counts live and dead bytes, the log behind, and what owners that are gone left', async () => {
  const objects = copy();
  const before = await storeStatistics(lookAt(objects).look);
  expect(before).toMatchObject({ epoch: 2, fences: 2, streams: 6, published: keysOf('pub/').at(-1) });
  expect(before.behind.objects).toBeGreaterThanOrEqual(3);
  // The deleted stream had 300 bytes; the trimmed frames of the other one lie below a point of the index.
  expect(before.deadBytes).toBeGreaterThanOrEqual(300);
  expect(before.liveBytes).toBeGreaterThan(5 * 300);
  expect(before.orphans.objects).toBe(0);

  objects.set('seg/0000000001-0000009999', new Uint8Array(11));
  objects.set('seg/0000000002-0000009999', new Uint8Array(13));
  objects.set(slotKey(1), new Uint8Array(70));
  const after = await storeStatistics(lookAt(objects).look);
  expect(after.orphans).toEqual({ objects: 1, bytes: 11 });
  expect(after.unsettled.bytes - before.unsettled.bytes).toBe(13);
  const slots = (stat: typeof after): number => stat.litter.objects + stat.collectable.objects;
  expect(slots(after) - slots(before)).toBe(1);
});
