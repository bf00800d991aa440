/** Checkpoints of a state: what is loaded is what was frozen, and what is written is what changed. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { ROOT_SCOPE } from '../core/access.ts';
import { checkpointKey, type CheckpointName } from '../core/object-names.ts';
import { LogCorruption } from '../log/corruption.ts';
import { PersistentStore } from '../log/persistent-store.ts';
import type { Entry } from '../state/entries.ts';
import { LogState } from '../state/log-state.ts';
import { manualPorts, type StoredObjects } from '../testing/manual-ports.ts';
import { createBasin, createStream } from '../testing/state-samples.ts';
import { decodeRoot } from './checkpoint-format.ts';
import { Checkpoints, type FrozenCheckpoint } from './checkpoint.ts';
import type { NewPage } from './checkpoint-writing.ts';
import { NameSource } from './names.ts';

const BASIN = 'basin-of-test';
const SIZES = { overlayRowsMax: 3, pageRows: 4 };

type WrittenCheckpoint = Omit<FrozenCheckpoint, 'written'> & { newPages: NewPage[] };

/** One owner's state, a slot per entry, checkpoints in a store, and no log. */
class World {
  readonly ports;
  readonly checkpoints: Checkpoints;
  readonly state = new LogState();
  readonly #names: NameSource;
  slot = 63;

  constructor(options: { epoch?: number; objects?: StoredObjects; sizes?: Partial<typeof SIZES> } = {}) {
    this.ports = manualPorts(options);
    this.#names = new NameSource(options.epoch ?? 1);
    const store = new PersistentStore(this.ports, { retryMsMin: 1, retryMsMax: 1 }, 'store.retried');
    this.checkpoints = new Checkpoints({ ...this.ports, store }, { ...SIZES, ...options.sizes });
  }

  apply(...entries: readonly Entry[]): this {
    for (const entry of entries) {
      this.state.apply(entry, 7);
      this.state.endOfSlot(++this.slot);
    }
    return this;
  }

  create(id: number): this {
    return this.apply(createStream(id, `s${id}`, { basin: `${BASIN}-${id % 2}` }));
  }

  append(streamId: number): this {
    const { seqNum, timestamp } = this.state.tables.stream(streamId)?.tail ?? { seqNum: 0, timestamp: 0 };
    const stamps = { firstTimestamp: timestamp + 1, lastTimestamp: timestamp + 1, arrivalMs: this.slot };
    const change = { fencingToken: seqNum % 3 === 0 ? `t${seqNum}` : null, trimPoint: null };
    const [records, appendedBytes] = [new Uint8Array(1), 8 * (seqNum + 1)];
    const facts = { type: 'chunk', streamId, firstSeqNum: seqNum, count: 1, appendedBytes } as const;
    return this.apply({ ...facts, ...stamps, ...change, records });
  }

  freeze(): WrittenCheckpoint {
    return this.write(this.checkpoints.freeze(this.state, this.slot, this.#names));
  }

  /** The objects of a frozen checkpoint; `between` is called whenever the turn would be given away. */
  write(frozen: FrozenCheckpoint, between: () => void = () => {}): WrittenCheckpoint {
    const newPages: NewPage[] = [];
    for (const page of frozen.written()) {
      if (page === null) between();
      else newPages.push(page);
    }
    for (const { key, bytes } of newPages) this.ports.blobs.objects.set(key, bytes);
    this.ports.blobs.objects.set(checkpointKey(frozen.name), frozen.root([]));
    const { name, pages, stateHash, retired } = frozen;
    return { name, pages, stateHash, retired, root: (segments) => frozen.root(segments), newPages };
  }

  /** A checkpoint, and its INSTALL. */
  checkpoint(): WrittenCheckpoint {
    const frozen = this.freeze();
    this.apply({ type: 'install', checkpoint: frozen.name, stateHash: frozen.stateHash, segments: [] });
    return frozen;
  }

  /** The next owner, from that checkpoint. */
  async successor(name: CheckpointName): Promise<World> {
    const next = new World({ epoch: name.epoch + 1, objects: this.ports.blobs.objects });
    expect(await next.checkpoints.load(name, next.state)).toEqual({ slot: name.slot, epoch: name.epoch });
    next.slot = this.slot;
    return next;
  }

  root(name: CheckpointName) {
    return decodeRoot(name, this.ports.blobs.objects.get(checkpointKey(name)) as Uint8Array, this.ports.compute);
  }
}

function basins(): Entry[] {
  return [0, 1].map((i) => createBasin(`${BASIN}-${i}`));
}

/** Streams 1..count, in both basins. */
function worldOf(count: number, sizes: Partial<typeof SIZES> = {}): World {
  const world = new World({ sizes }).apply(...basins());
  for (let id = 1; id <= count; id++) world.create(id);
  return world;
}

describe('what is loaded is what was frozen', () => {
  const operation = fc.oneof(
    { weight: 4, arbitrary: fc.record({ op: fc.constant('create' as const), of: fc.nat() }) },
    { weight: 8, arbitrary: fc.record({ op: fc.constant('append' as const), of: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('delete' as const), of: fc.nat() }) },
    { weight: 3, arbitrary: fc.record({ op: fc.constant('checkpoint' as const), of: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('succeed' as const), of: fc.nat() }) },
  );

  test('after any history of appends, deletions, checkpoints and owners', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 60 }), fc.nat(6), async (operations, overlayRowsMax) => {
        let world = new World({ sizes: { overlayRowsMax } }).apply(...basins());
        let newest: CheckpointName | null = null;
        for (const { op, of } of operations) {
          const { tables } = world.state;
          const ids = [...tables.streamsInRange(0, tables.nextStreamId)].map(({ id }) => id);
          const id = ids[of % Math.max(1, ids.length)];
          if (op === 'create') world.create(tables.nextStreamId);
          else if (op === 'checkpoint') newest = world.checkpoint().name;
          else if (op === 'append' && id !== undefined) world.append(id);
          else if (op === 'delete' && id !== undefined) world.apply({ type: 'delete-stream', streamId: id });
          else if (op === 'succeed' && newest !== null) {
            newest = world.checkpoint().name;
            const next = await world.successor(newest);
            expect(next.state.hash).toEqual(world.state.hash);
            expect(next.state.tables.nextStreamId).toBe(tables.nextStreamId);
            expect(next.state.lastArrivalMs).toBe(world.state.lastArrivalMs);
            expect([...next.state.tables.streamsInRange(0, 99)]).toEqual([...tables.streamsInRange(0, 99)]);
            world = next;
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('fences, basins, segments and where collection stands come with it', async () => {
    const world = worldOf(2);
    world.state.fences.push(0, 64);
    world.state.collectedTo = 33;
    const segment = {
      ...{ epoch: 1, number: 99, bytes: 100, indexOffset: 50, indexBytes: 10, indexCrc: 5 },
      ...{ streamCount: 2, only: null, firstArrivalMs: 1, lastArrivalMs: 2 },
    };
    const frozen = world.freeze();
    world.ports.blobs.objects.set(checkpointKey(frozen.name), frozen.root([segment]));
    world.apply({ type: 'install', checkpoint: frozen.name, stateHash: frozen.stateHash, segments: [segment] });
    const { state } = await world.successor(frozen.name);
    expect(state.fences).toEqual([0, 64]);
    expect(state.collectedTo).toBe(33);
    expect([...state.segments.all()]).toEqual([segment]);
    expect(state.segments.installed).toEqual(frozen.name);
    expect([...state.tables.basins()]).toEqual([...world.state.tables.basins()]);
    expect(state.hash).toEqual(world.state.hash);
  });

  test('the state goes on while a frozen one is written, and the frozen one does not notice', async () => {
    const world = worldOf(9);
    const { hash } = world.state;
    const frozen = world.checkpoints.freeze(world.state, world.slot, new NameSource(7));
    world.append(1).append(5).create(10).apply({ type: 'delete-stream', streamId: 9 });
    world.write(frozen);
    const { state } = await world.successor(frozen.name);
    expect(frozen.stateHash).toEqual(hash);
    expect(state.hash).toEqual(hash);
  });
});

describe('many rows are written over many turns', () => {
  const STREAMS = 9_000;

  test('and many access tokens take many turns, whichever of them are revoked meanwhile', async () => {
    const world = new World().apply(...basins());
    const token = (id: string, at: number): Entry => {
      const secretHash = new Uint8Array(32).fill(at % 251).fill(at >> 8, 16);
      const rest = { issuedAtMs: 5, expiresAtMs: null, autoPrefixStreams: false, namespace: '', scope: ROOT_SCOPE };
      return { type: 'issue-token', token: { id, secretHash, ...rest } };
    };
    for (let i = 0; i < 2_000; i++) world.apply(token(`token-${i}-${'x'.repeat(64)}`, i));
    const { hash } = world.state;
    let turns = 0;
    const frozen = world.checkpoints.freeze(world.state, world.slot, new NameSource(1));
    world.write(frozen, () => {
      const id = `token-${turns++}-${'x'.repeat(64)}`;
      world.apply({ type: 'revoke-token', id, atMs: 6 });
    });
    expect(turns).toBeGreaterThan(5);
    const next = await world.successor(frozen.name);
    expect(next.state.tables.tokens.size).toBe(2_000);
    expect(next.state.hash).toEqual(hash);
  });

  test('and what changes in between is not in this checkpoint, and is in the next', async () => {
    const world = worldOf(STREAMS, { pageRows: 4_000, overlayRowsMax: 5_000 });
    const { hash } = world.state;
    let turns = 0;
    // Near both ends, where rows were written already and where they were not.
    const change = () => {
      turns++;
      for (const id of [turns, STREAMS - turns]) world.append(id);
      world.create(world.state.tables.nextStreamId);
      world.apply({ type: 'delete-stream', streamId: STREAMS / 2 + turns });
    };
    const frozen = world.write(world.checkpoints.freeze(world.state, world.slot, new NameSource(7)), change);
    expect(turns).toBeGreaterThan(3);
    const { state } = await world.successor(frozen.name);
    expect(state.hash).toEqual(hash);
    world.apply({ type: 'install', checkpoint: frozen.name, stateHash: frozen.stateHash, segments: [] });
    const second = world.write(world.checkpoints.freeze(world.state, world.slot, new NameSource(8)), change);
    const after = await world.successor(second.name);
    expect(after.state.hash).toEqual(second.stateHash);
    expect(after.state.hash).not.toEqual(hash);
  });
});

describe('what is written is what changed', () => {
  // Ids 1 to 19 fill five pages, so that the first checkpoint leaves no row beside its page.
  test('few changed rows stand in the root, and no page is written', () => {
    const world = worldOf(19);
    world.checkpoint();
    const pages = world.append(1).append(9).append(17).checkpoint();
    expect(pages.newPages.length).toBe(0);
    expect(world.root(pages.name).overlay.map(({ id }) => id)).toEqual([1, 9, 17]);
  });

  test('when too many rows stand beside their pages, those with most of them are written anew', () => {
    const world = worldOf(19);
    const first = world.root(world.checkpoint().name);
    // Two rows of page 1 and one each of pages 2 and 3: one more than may stand aside.
    const second = world.append(4).append(5).append(8).append(12).checkpoint();
    expect(second.newPages.length).toBe(2);
    const root = world.root(second.name);
    const rewritten = root.pages.filter(({ number }, i) => number !== first.pages[i]?.number).map(({ page }) => page);
    expect(rewritten).toEqual([1, 2]);
    expect(root.overlay.map(({ id }) => id)).toEqual([12]);
  });

  test('nothing changed, nothing written but the root', () => {
    const world = worldOf(19);
    world.checkpoint();
    const again = world.checkpoint();
    expect(again.newPages.length).toBe(0);
    expect(world.root(again.name).overlay.length).toBeLessThanOrEqual(SIZES.overlayRowsMax);
  });

  test('a page whose streams are all deleted is not referred to any more', () => {
    const world = worldOf(8);
    world.checkpoint();
    for (const streamId of [4, 5, 6, 7]) world.apply({ type: 'delete-stream', streamId });
    expect(world.root(world.checkpoint().name).pages.map(({ page }) => page)).not.toContain(1);
  });

  test('a stream created and deleted between two checkpoints leaves no trace', () => {
    const world = worldOf(3);
    world.checkpoint();
    world.create(100).apply({ type: 'delete-stream', streamId: 100 });
    const root = world.root(world.checkpoint().name);
    expect(root.overlay.map(({ id }) => id)).not.toContain(100);
    expect(root.nextStreamId).toBe(101);
  });

  test('the pages keep the size they were begun with', async () => {
    const world = worldOf(9, { pageRows: 2 });
    const { name } = world.checkpoint();
    const next = await world.successor(name);
    next.append(1).append(3).append(5).append(7);
    const second = next.checkpoint();
    expect(next.root(second.name).pageRows).toBe(2);
    expect((await next.successor(second.name)).state.hash).toEqual(next.state.hash);
  });
});

test('after the INSTALL of a checkpoint that was not loaded, no page is reused', async () => {
  const world = worldOf(12);
  const first = world.checkpoint();
  world.append(1);
  const unpublished = world.freeze();
  // The successor begins at the first, and replays the INSTALL of the second.
  const next = await world.successor(first.name);
  next.append(1);
  const { name: checkpoint, stateHash } = unpublished;
  next.apply({ type: 'install', checkpoint, stateHash, segments: [] });
  const third = next.checkpoint();
  expect(next.ports.telemetry.count('checkpoint.pages-distrusted')).toBe(1);
  for (const key of first.pages) expect(third.pages).not.toContain(key);
  for (const key of first.pages) next.ports.blobs.objects.delete(key);
  expect((await next.successor(third.name)).state.hash).toEqual(next.state.hash);
});

describe('a checkpoint that can not be loaded', () => {
  test('is given up when any of its objects is gone', async () => {
    const world = worldOf(12);
    const { name, pages } = world.checkpoint();
    for (const key of [checkpointKey(name), ...pages]) {
      const objects = new Map(world.ports.blobs.objects);
      objects.delete(key);
      const next = new World({ epoch: 2, objects });
      expect(await next.checkpoints.load(name, next.state), key).toBeNull();
      expect(next.ports.telemetry.events.at(-1)).toEqual({ name: 'checkpoint.stale', detail: key });
    }
  });

  test('is named when one of its objects is damaged', async () => {
    const world = worldOf(12);
    const { name, pages } = world.checkpoint();
    for (const key of [checkpointKey(name), ...pages]) {
      const objects = new Map(world.ports.blobs.objects);
      const damaged = (objects.get(key) as Uint8Array).slice();
      damaged[damaged.length - 1] = (damaged.at(-1) as number) ^ 1;
      objects.set(key, damaged);
      const next = new World({ epoch: 2, objects });
      await expect(next.checkpoints.load(name, next.state)).rejects.toThrow(LogCorruption);
      await expect(next.checkpoints.load(name, new LogState())).rejects.toThrow(key);
    }
  });

  test('is loaded when the damage was on the way', async () => {
    const world = worldOf(12);
    const { name, pages } = world.checkpoint();
    const next = new World({ epoch: 2, objects: world.ports.blobs.objects });
    const [page] = pages;
    next.ports.blobs.holds = ({ key }) => key === page && next.ports.telemetry.count('checkpoint.damage-reread') === 0;
    const loading = next.checkpoints.load(name, next.state);
    await Promise.resolve();
    while (next.ports.blobs.held().length === 0) await new Promise((go) => setImmediate(go));
    await next.ports.blobs.heldOn('get', page as string).reply({ kind: 'found', bytes: new Uint8Array(40), size: 40 });
    expect(await loading).not.toBeNull();
    expect(next.state.hash).toEqual(world.state.hash);
  });

  test('is refused when its objects are sound one by one and not together', async () => {
    const world = worldOf(12);
    const { name } = world.checkpoint();
    const root = world.root(name);
    const { encodeRoot } = await import('./checkpoint-format.ts');
    const torn = encodeRoot({ ...root, pages: root.pages.slice(1) }, world.ports.compute);
    world.ports.blobs.objects.set(checkpointKey(name), torn);
    const next = new World({ epoch: 2, objects: world.ports.blobs.objects });
    await expect(next.checkpoints.load(name, next.state)).rejects.toThrow('sound one by one and not as a whole');
  });
});
