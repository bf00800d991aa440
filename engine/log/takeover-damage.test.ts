/** What a takeover does with a log that is damaged or has a hole: it stops and names the object, and never ends early. */

import { describe, expect, test } from 'vitest';

import { dataObject, PROMPT, rawWord, WordFold } from '../testing/log-bench.ts';
import { manualPorts, settled } from '../testing/manual-ports.ts';
import { claimed, plant, taker } from '../testing/taker-bench.ts';
import { slotKey } from './format.ts';
import { takeOver } from './takeover.ts';

describe('corruption is never the end of the log', () => {
  test.each([
    ['data', 64],
    ['a fence', 0],
  ])('a flipped bit in %s stops the takeover with the name of the object, and nothing is fenced', async (_, slot) => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['a']] });
    plant(objects, { data: [65, 1, ['b']] });
    const damaged = (objects.get(slotKey(slot)) ?? new Uint8Array()).slice();
    damaged[30] = (damaged[30] ?? 0) ^ 1;
    objects.set(slotKey(slot), damaged);
    const before = [...objects.keys()];
    const a = taker(objects);
    await expect(a.ownership).rejects.toMatchObject({
      name: 'LogCorruption',
      message: expect.stringContaining(slotKey(slot)),
    });
    expect([...objects.keys()]).toEqual(before);
  });

  test('a short object stops it', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['a']] });
    objects.set(slotKey(64), (objects.get(slotKey(64)) ?? new Uint8Array()).slice(0, -1));
    await expect(taker(objects).ownership).rejects.toThrow(slotKey(64));
  });

  test.each([
    ['data of an epoch that is over', 1],
    ['data of an epoch that never began', 3],
  ])('%s stops it', async (_, epoch) => {
    const objects = claimed();
    plant(objects, { fence: [0, 2] });
    plant(objects, { data: [64, epoch, ['a']] });
    await expect(taker(objects).ownership).rejects.toThrow(
      `${slotKey(64)}, byte 16: a data slot of epoch ${epoch} stands where epoch 2 is in force. `,
    );
  });

  test('data of another writer in the same epoch stops it, as a copy that went to the wrong store would be', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['a']] });
    objects.set(slotKey(65), dataObject({ slot: 65, epoch: 1, identity: new Uint8Array(16) }, [rawWord('b')]));
    await expect(taker(objects).ownership).rejects.toThrow(
      `${slotKey(65)}, byte 24: it is by another writer than ${slotKey(0)}, and both are of epoch 1. `,
    );
  });

  test.each([
    ['data in the middle', 66, [65]],
    ['the first data of an owner', 64, [64]],
    ['several in a row', 64, [64, 65, 66, 67]],
  ])('%s deleted by hand is missed, and the log is not cut there', async (_, first, gone) => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    for (let slot = 64; slot < 140; slot++) plant(objects, { data: [slot, 1, [`${slot}`]] });
    for (const slot of [first, ...gone]) objects.delete(slotKey(slot));
    const [missing] = [first, ...gone].toSorted((a, b) => a - b);
    const before = [...objects.keys()];
    await expect(taker(objects).ownership).rejects.toThrow(
      `${slotKey(missing ?? 0)}, byte 0: the object is missing, and the log goes on with wal/`,
    );
    expect([...objects.keys()]).toEqual(before);
  });

  test('a fence deleted by hand is missed by the data of its owner', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['a']] });
    plant(objects, { fence: [65, 2] });
    plant(objects, { data: [129, 2, ['b']] });
    objects.delete(slotKey(65));
    await expect(taker(objects).ownership).rejects.toThrow(`${slotKey(65)}, byte 0: the object is missing`);
  });

  test('a fence far ahead of the log is no witness: takers with an old view follow stray fences over nothing', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['a']] });
    // Two takers began before a checkpoint was published; the second went on behind the fence of the first.
    for (const stray of [128, 192]) plant(objects, { fence: [stray, 2] });
    const a = taker(objects);
    expect(await a.ownership).toMatchObject({ epoch: 2, next: 65 + 64 });
    expect(a.fold.applied).toEqual(['a']);
  });

  test('objects within the window behind a gap are late puts, not proof that a slot is missing', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['kept']] });
    for (let slot = 66; slot < 65 + 64; slot++) plant(objects, { data: [slot, 1, ['lost']] });
    const a = taker(objects);
    expect(await a.ownership).toMatchObject({ next: 65 + 64 });
    expect(a.fold.applied).toEqual(['kept']);
  });

  test('a log that moved on past the window while a slot was looked at is no damage', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['early']] });
    const a = taker(objects, 1, ({ operation, key }) => operation === 'list' && key === 'wal/');
    await settled();
    for (let slot = 65; slot < 160; slot++) plant(objects, { data: [slot, 1, [`${slot}`]] });
    await a.blobs.heldOn('list', 'wal/').complete();
    await settled();
    await a.blobs.heldOn('list', 'wal/').complete();
    expect(await a.ownership).toMatchObject({ epoch: 2, next: 160 + 64 });
    expect(a.fold.applied).toHaveLength(96);
    expect(a.telemetry.count('takeover.log-moved')).toBe(1);
  });

  test('a fence that does not raise the epoch stops it', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 2] });
    plant(objects, { fence: [64, 2] });
    await expect(taker(objects).ownership).rejects.toThrow('epoch 2 is in force');
  });

  test('an entry of a type this build does not know stops it with the name of the object', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['a']] });
    const ports = manualPorts({ objects });
    const picky = Object.assign(new WordFold(), {
      decode: () => {
        throw new RangeError('there is no log entry of type 9');
      },
    });
    await expect(takeOver(ports, PROMPT, picky)).rejects.toMatchObject({
      name: 'LogCorruption',
      message: expect.stringContaining(`${slotKey(64)}, byte 64: there is no log entry of type 9. Its checksums`),
    });
  });
});

test('entries of one object are applied whole: a bad one among them leaves none behind', async () => {
  const objects = claimed();
  plant(objects, { fence: [0, 1] });
  const bytes = dataObject({ slot: 64, epoch: 1, identity: new Uint8Array(16) }, ['a', 'b'].map(rawWord));
  bytes[bytes.length - 1] = 0;
  objects.set(slotKey(64), bytes);
  const a = taker(objects);
  await expect(a.ownership).rejects.toThrow(slotKey(64));
  expect(a.fold.applied).toEqual([]);
});
