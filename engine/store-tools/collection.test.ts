/** What `gc --dry-run` names is what the owner then deletes, no more and no less. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { openFolderBlobStore } from '../adapters/folder-blob-store.ts';
import { MemoryBlobStore } from '../adapters/memory-blob-store.ts';
import { checkpointKey, pageKey, publicationKey, segmentKey } from '../core/object-names.ts';
import { slotKey } from '../log/format.ts';
import { PersistentStore } from '../log/persistent-store.ts';
import type { BlobStore } from '../ports.ts';
import { FlushingOwner } from '../testing/flushing-owner.ts';
import { PROMPT } from '../testing/log-bench.ts';
import { manualPorts } from '../testing/manual-ports.ts';
import { planGarbage } from './collection.ts';
import type { StoreLook } from './store-look.ts';

const OLD = new Uint8Array(200);

/** A store whose deletions wait while the gate is shut, and that remembers what they took away. */
class GatedStore {
  readonly blobs: BlobStore;
  readonly deleted = new Set<string>();
  #open: Promise<void> = Promise.resolve();
  #lift: () => void = () => {};
  #reached: () => void = () => {};

  constructor(inner: BlobStore) {
    this.blobs = {
      putIfAbsent: (key, parts) => inner.putIfAbsent(key, parts),
      put: (key, parts) => inner.put(key, parts),
      get: (key, range) => inner.get(key, range),
      list: (prefix, after, limit) => inner.list(prefix, after, limit),
      delete: async (keys) => {
        this.#reached();
        await this.#open;
        for (const key of keys) if ((await inner.get(key)).kind === 'found') this.deleted.add(key);
        return inner.delete(keys);
      },
    };
  }

  /** Resolves when something is about to be deleted, and will not be before `lift`. */
  shut(): Promise<void> {
    this.#open = new Promise((lift) => (this.#lift = lift));
    return new Promise((reached) => (this.#reached = reached));
  }

  lift(): void {
    this.#lift();
  }
}

function lookAt(blobs: BlobStore): StoreLook {
  const { compute, telemetry, clock, random } = manualPorts();
  return {
    store: new PersistentStore({ blobs, clock, random, telemetry }, PROMPT, 'store.retried'),
    compute,
    telemetry,
  };
}

async function ownerOn(gate: GatedStore, seed: number): Promise<FlushingOwner> {
  const ports = { ...manualPorts({ seed }), blobs: gate.blobs } as unknown as ReturnType<typeof manualPorts>;
  // Six streams write pages with each checkpoint, and do not begin one by themselves.
  return FlushingOwner.open({ ports, tunables: { overlayRowsMax: 4 } });
}

async function flushAfterAppend(owner: FlushingOwner): Promise<void> {
  for (let stream = 1; stream <= 6; stream++) await owner.append(stream);
  await owner.flusher.flushNow();
}

async function dropFirstSegment(owner: FlushingOwner): Promise<string> {
  const [first] = owner.committed.state.segments.all();
  if (first === undefined) throw new Error('expected a segment');
  await owner.submit({ type: 'edit', removed: [{ epoch: first.epoch, number: first.number }], added: [] });
  return segmentKey(first);
}

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const STORES: readonly [string, () => Promise<{ blobs: BlobStore; close: () => Promise<void> }>][] = [
  ['memory', async () => ({ blobs: new MemoryBlobStore(), close: async () => {} })],
  [
    'folder',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tailrace-gc-'));
      folders.push(folder);
      const blobs = await openFolderBlobStore(folder);
      return { blobs, close: () => blobs.close() };
    },
  ],
];

test.each(STORES)(
  'in %s, what it names is what the owner then deletes, whichever collection it is',
  async (_, open) => {
    const { blobs, close } = await open();
    const gate = new GatedStore(blobs);
    const first = await ownerOn(gate, 1);
    await first.createBasin();
    await first.createStreams(6);
    for (let i = 0; i < 3; i++) await flushAfterAppend(first);
    await first.die();

    const second = await ownerOn(gate, 2);
    const dead = { epoch: 1, number: 900 };
    const litter = [segmentKey(dead), pageKey(dead), checkpointKey({ slot: 66, ...dead }), slotKey(70)];
    const late = slotKey((second.committed.state.fences.at(-1) ?? 0) + 3);
    for (const key of [...litter, late]) await blobs.put(key, [OLD]);
    // The first collection of an owner looks everywhere, later ones for what its own checkpoints made unnecessary.
    const reasons = new Set<string>();
    for (let collection = 0; collection < 5; collection++) {
      if (collection === 2) await dropFirstSegment(second);
      const reached = gate.shut();
      gate.deleted.clear();
      const flushed = flushAfterAppend(second);
      await reached;
      const plan = await planGarbage(lookAt(blobs));
      expect(gate.deleted.size, 'nothing is deleted while somebody looks').toBe(0);
      gate.lift();
      await flushed;
      await second.collector.idle();
      expect(plan.blocked).toBeNull();
      expect(plan.garbage.map(({ key }) => key).toSorted(), `collection ${collection}`).toEqual(
        [...gate.deleted].toSorted(),
      );
      for (const { key, bytes, why } of plan.garbage) {
        expect(bytes, key).toBeGreaterThanOrEqual(0);
        reasons.add(why);
      }
    }
    expect([...reasons].toSorted()).toEqual([
      'late write of a fenced owner, in a slot that nobody reads',
      'log below the checkpoint',
      'log that landed behind an earlier collection',
      'old checkpoint',
      'old publication, below a milestone',
      'orphan of an owner that is gone',
      'page that no kept checkpoint names',
      'segment that compaction or deletion dropped',
    ]);
    await second.die();
    await close();
  },
);

test('nothing may go before the owner in force has published, and the answer says so', async () => {
  const blobs = new MemoryBlobStore();
  const gate = new GatedStore(blobs);
  const first = await ownerOn(gate, 1);
  await first.createBasin();
  await first.createStreams(2);
  expect(await planGarbage(lookAt(blobs))).toMatchObject({
    garbage: [],
    blocked: expect.stringContaining('no checkpoint'),
  });
  await first.append(1);
  await first.flusher.flushNow();
  await first.die();
  await ownerOn(gate, 2);
  expect(await planGarbage(lookAt(blobs))).toMatchObject({
    ...{ epoch: 2, garbage: [], published: expect.stringContaining('-0000000001-') },
    blocked: 'the owner of epoch 2 has published no checkpoint yet: until then it deletes nothing',
  });
});

test('what the present owner uploaded and has not named yet is told apart and stays', async () => {
  const blobs = new MemoryBlobStore();
  const owner = await ownerOn(new GatedStore(blobs), 1);
  await owner.createBasin();
  await owner.createStreams(6);
  await flushAfterAppend(owner);
  const unsettled = segmentKey({ epoch: 1, number: 900 });
  await blobs.put(unsettled, [OLD]);
  const stray = publicationKey({ slot: 1, epoch: 1, number: 1 }).replace('pub/', 'stranger/');
  await blobs.put(stray, [OLD]);
  const plan = await planGarbage(lookAt(blobs));
  expect(plan.garbage).toEqual([]);
  const why = 'of the present owner, which may be about to name it';
  expect(plan.kept).toEqual([{ key: unsettled, bytes: 200, why }]);
});

test('it reads and lists, and does nothing else', async () => {
  const blobs = new MemoryBlobStore();
  const owner = await ownerOn(new GatedStore(blobs), 1);
  await owner.createBasin();
  await owner.createStreams(6);
  await flushAfterAppend(owner);
  const writes: string[] = [];
  const refuse = (what: string) => (): never => {
    writes.push(what);
    throw new Error(`${what} by somebody who only looks`);
  };
  const readOnly = {
    ...{ putIfAbsent: refuse('putIfAbsent'), put: refuse('put'), delete: refuse('delete') },
    get: blobs.get.bind(blobs),
    list: blobs.list.bind(blobs),
  } as unknown as BlobStore;
  await planGarbage(lookAt(readOnly));
  expect(writes).toEqual([]);
});
