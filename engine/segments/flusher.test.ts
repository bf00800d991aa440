/** The checkpoint cycle: what begins it, in which order it works, how it ends, and what a crash anywhere leaves. */

import { describe, expect, test } from 'vitest';

import { parseCheckpointKey } from '../core/object-names.ts';
import { FlushingOwner } from '../testing/flushing-owner.ts';
import { DENIED, manualPorts, type ManualPorts, settled } from '../testing/manual-ports.ts';

async function ownerOf(streams: number, tunables = {}): Promise<FlushingOwner> {
  const owner = await FlushingOwner.open({ tunables: { overlayRowsMax: 1_000, ...tunables } });
  await owner.createBasin();
  await owner.createStreams(streams);
  await settled();
  return owner;
}

function keys({ ports }: { ports: ManualPorts }, prefix: string): string[] {
  return [...ports.blobs.objects.keys()].filter((key) => key.startsWith(prefix)).toSorted();
}

function slots(owner: { ports: ManualPorts }): number[] {
  return keys(owner, 'wal/').map((key) => Number(key.slice(4)));
}

describe('a flush begins', () => {
  test('when enough bytes are in no segment', async () => {
    const owner = await ownerOf(1, { flushBytes: 3_000 });
    for (let i = 0; i < 9; i++) await owner.append(1, 100);
    await settled();
    expect(owner.ports.telemetry.count('flush.by-bytes')).toBe(0);
    for (let i = 0; i < 9; i++) await owner.append(1, 100);
    await settled();
    expect(owner.ports.telemetry.count('flush.by-bytes')).toBe(1);
    expect(keys(owner, 'pub/').length).toBe(1);
  });

  test('when the log has grown long enough', async () => {
    const owner = await ownerOf(1, { flushSlots: 70 });
    for (let i = 0; i < 10; i++) await owner.append(1);
    await settled();
    expect(owner.ports.telemetry.count('flush.by-slots')).toBe(1);
  });

  test('when many streams have changed', async () => {
    const owner = await ownerOf(8, { overlayRowsMax: 4 });
    expect(owner.ports.telemetry.count('flush.by-rows')).toBe(1);
  });

  test('when something has been in no checkpoint for long enough, and never again while nothing changes', async () => {
    const owner = await ownerOf(1, { flushIntervalMs: 1_000 });
    await owner.ports.clock.advance(999);
    expect(keys(owner, 'pub/')).toEqual([]);
    await owner.ports.clock.advance(1);
    expect(owner.ports.telemetry.count('flush.by-age')).toBe(1);
    expect(keys(owner, 'pub/').length).toBe(1);
    expect(owner.ports.clock.sleepers).toBe(0);
    const calls = owner.ports.blobs.calls.length;
    await owner.ports.clock.advance(1_000_000);
    expect(owner.ports.blobs.calls.length).toBe(calls);
  });
});

test('every step waits for the one before: segments, root, INSTALL, publication, deletion', async () => {
  const owner = await ownerOf(2);
  await owner.append(1);
  owner.ports.blobs.holds = ({ operation }) => operation !== 'get' && operation !== 'list';
  const flushed = owner.flusher.flushNow();
  const order: string[] = [];
  for (let i = 0; i < 30; i++) {
    await settled();
    const held = owner.ports.blobs.held();
    if (held.length === 0) break;
    order.push(held.map(({ operation, key }) => `${operation} ${key.split('/')[0]}`).join(' + '));
    for (const call of held) await call.complete();
  }
  await flushed;
  expect(order).toEqual(['put seg', 'put ckpt', 'putIfAbsent wal', 'putIfAbsent pub', 'delete wal']);
});

test('nothing is deleted while the publication is not known to be done', async () => {
  const owner = await ownerOf(1);
  owner.ports.blobs.holds = ({ key }) => key.startsWith('pub/');
  void owner.flusher.flushNow();
  await settled();
  const [call] = owner.ports.blobs.held();
  call?.effect();
  await owner.ports.clock.advance(60_000);
  expect(owner.ports.blobs.calls.filter(({ operation }) => operation === 'delete')).toEqual([]);
});

test('a store that refuses an upload for good is reported, and nothing more is begun', async () => {
  const owner = await ownerOf(1);
  owner.ports.blobs.holds = ({ key }) => key.startsWith('ckpt/');
  const flushed = expect(owner.flusher.flushNow()).rejects.toThrow('the engine ended before the flush');
  await settled();
  await owner.ports.blobs.held('put')[0]?.reply({ kind: 'failed', fault: DENIED });
  await flushed;
  expect(owner.failures.map(String)).toEqual([expect.stringContaining('the store denies access')]);
  expect(owner.ports.telemetry.count('flush.abandoned')).toBe(1);
  expect(keys(owner, 'pub/')).toEqual([]);
});

test('records of deleted streams and trimmed ones are not written', async () => {
  const owner = await ownerOf(2);
  for (let i = 0; i < 3; i++) await owner.append(1);
  await owner.append(1, 100, { trimPoint: 3 });
  await owner.append(2);
  await owner.submit({ type: 'delete-stream', streamId: 2 });
  await owner.flusher.flushNow();
  const segments = [...owner.committed.state.segments.all()];
  expect(segments.map(({ only }) => only)).toEqual([{ streamId: 1, firstSeqNum: 3, nextSeqNum: 4 }]);
  expect(owner.ports.telemetry.count('flush.dead-skipped')).toBe(1);
  expect(await owner.readAll(1)).toEqual([3]);
});

test('what is collected is what the publication made unnecessary: fences, two checkpoints, milestones and what is above them stay', async () => {
  const owner = await ownerOf(3);
  for (let round = 0; round < 4; round++) {
    await owner.append(1 + (round % 3));
    await owner.flusher.flushNow();
  }
  const slotsOf = (prefix: string) => keys(owner, prefix).map((key) => parseCheckpointKey(key)?.slot ?? -1);
  const kept = slotsOf('ckpt/');
  expect(kept.length).toBe(2);
  // Every second publication is a milestone: the second and the fourth of four.
  expect(owner.ports.telemetry.count('publication.milestone')).toBe(2);
  expect(slotsOf('pub/')).toEqual([(kept[0] as number) - 2, kept[1]]);
  // The fence, and the INSTALL behind the newest checkpoint.
  expect(slots(owner)).toEqual([0, (kept[1] as number) + 1]);
});

/** Two flushes with appends around them, on the pages and segments of a predecessor. */
async function work(owner: FlushingOwner, acknowledged: Map<number, number>): Promise<void> {
  for (let round = 0; round < 2; round++) {
    for (let id = 1; id <= 5; id++) {
      if ((await owner.append(id, 300)) !== 'committed') continue;
      acknowledged.set(id, owner.committed.state.tables.stream(id)?.tail.seqNum ?? 0);
    }
    await owner.flusher.flushNow();
  }
}

async function predecessor(): Promise<FlushingOwner> {
  const owner = await FlushingOwner.open();
  await owner.createBasin();
  await owner.createStreams(5);
  await owner.append(1, 300);
  await owner.flusher.flushNow();
  await owner.append(2, 300);
  await owner.die();
  return owner;
}

/** Dies at its call number `at`: before it has an effect, or after that and before it is answered. */
async function dieAt(
  ports: ManualPorts,
  at: number,
  effect: boolean,
  acknowledged: Map<number, number>,
): Promise<boolean> {
  let calls = 0;
  ports.blobs.holds = () => ++calls > at;
  const owner = await FlushingOwner.open({ ports, tunables: { orphanSweepEvery: 1 } });
  const working = work(owner, acknowledged).then(
    () => true,
    () => true,
  );
  for (let turn = 0; turn < 200; turn++) {
    const done = await Promise.race([working, settled().then(() => false)]);
    if (done) return true;
    if (ports.blobs.held().length > 0) break;
  }
  if (effect) for (const call of ports.blobs.held().slice(0, 1)) call.effect();
  await owner.die();
  return false;
}

describe('a crash at any store call of two cycles', () => {
  test.each([
    ['before its effect', false],
    ['after its effect', true],
  ])('%s loses nothing, and the next owner leaves nothing over', { timeout: 30_000 }, async (_when, effect) => {
    const before = (await predecessor()).ports.blobs.objects;
    let crashes = 0;
    for (let at = 0; ; at++) {
      const ports = manualPorts({ objects: new Map(before), seed: 2 });
      const acknowledged = new Map([
        [1, 1],
        [2, 1],
      ]);
      const finished = await Promise.race([dieAt(ports, at, effect, acknowledged), hung(ports)]);
      if (finished) break;
      crashes++;
      const next = await FlushingOwner.open({ objects: ports.blobs.objects, seed: 3 });
      const rows = [1, 2, 3, 4, 5].map((id) => next.committed.state.tables.stream(id)?.tail.seqNum ?? 0);
      for (const [i, tail] of rows.entries()) {
        expect(await next.readAll(i + 1), `call ${at}, stream ${i + 1}`).toEqual(
          Array.from({ length: tail }, (_, n) => n),
        );
      }
      for (const [id, tail] of acknowledged) expect(rows[id - 1], `call ${at}`).toBeGreaterThanOrEqual(tail);
      await next.flusher.flushNow();
      const again = await FlushingOwner.open({ objects: ports.blobs.objects, seed: 4 });
      expect(again.committed.state.hash).toEqual(next.committed.state.hash);
      const listed = [...again.committed.state.segments.all()].length;
      expect(keys(again, 'seg/').length, `call ${at}`).toBe(listed);
      expect(keys(again, 'ckpt/').length, `call ${at}`).toBeLessThanOrEqual(2);
    }
    expect(crashes).toBeGreaterThan(30);
  });
});

/** A takeover that hangs on a held call never returns: the process died in it. */
async function hung(ports: ManualPorts): Promise<boolean> {
  for (let turn = 0; turn < 400; turn++) await settled();
  return ports.blobs.held().length === 0;
}
