/**
 * The folder store on a simulated disk: what it said holds through every power failure. That these walks can see a
 * broken promise is shown by the wrong stores of `scenarios/plants/folder-plants.ts`, each caught within dozens.
 */

import { describe, expect, test } from 'vitest';

import { blobStoreSuite } from '../testing/blob-store-suite.ts';
import { walkFolder } from '../testing/folder-walk.ts';
import { settled } from '../testing/manual-ports.ts';
import { seededDice } from '../testing/seeded-dice.ts';
import { SimulatedFiles } from '../testing/simulated-files.ts';
import { openFolderBlobStore } from './folder-blob-store.ts';

const WALKS = 1500;

/** What must have happened in the walks, or their silence means nothing. */
const SEEN = [
  'opened, not opened, killed, power failed, promises checked, directory broken',
  'put done, put refused, put failed, put unknown, delete done, delete failed, delete unknown',
  'get found, get absent, get failed, list page, list failed',
].flatMap((line) => line.split(', '));

test(`${WALKS} walks of several processes through faults, kills and power failures break no promise`, async () => {
  const counts: Record<string, number> = {};
  for (let seed = 0; seed < WALKS; seed += 1) {
    const walk = await walkFolder(seed);
    expect(walk.violation, `seed ${seed}`).toBeNull();
    for (const [what, count] of Object.entries(walk.counts)) counts[what] = (counts[what] ?? 0) + count;
  }
  expect(SEEN.filter((what) => counts[what] === undefined)).toEqual([]);
  expect(counts['promises checked']).toBeGreaterThan(WALKS * 5);
});

test('the same seed is the same walk', async () => {
  for (const seed of [1, 2, 3]) expect(await walkFolder(seed)).toEqual(await walkFolder(seed));
});

describe('calls in every order', () => {
  let seed = 0;
  blobStoreSuite(
    'the folder store on a simulated disk',
    async () => {
      seed += 1;
      const files = new SimulatedFiles(seededDice(seed, 'suite'));
      files.shortTransfers = true;
      const drive = driver(files);
      const open = () => openFolderBlobStore('/store', files.process().files);
      return { store: await drive(open()), reopen: () => drive(open()), drive };
    },
    { bigObjectBytes: 64 * 1024 },
  );
});

/** Lets calls happen until the promise is settled. */
function driver(files: SimulatedFiles): <T>(promise: Promise<T>) => Promise<T> {
  return async (promise) => {
    let waiting = true;
    const done = (): void => void (waiting = false);
    promise.then(done, done);
    await settled();
    while (waiting) {
      if (!files.step()) throw new Error('the store waits for nothing');
      await settled();
    }
    return promise;
  };
}
