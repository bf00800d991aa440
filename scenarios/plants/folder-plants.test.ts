/** Every planted folder store breaks a promise on a simulated disk, and how many walks that took is printed. */

import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { buildEdited } from './build.ts';
import { FOLDER_PLANTS } from './folder-plants.ts';

interface FolderWalk {
  huntFolder(seeds: number): Promise<{ seed: number; violation: string } | null>;
}

describe('a walk on a simulated disk catches', () => {
  for (const plant of FOLDER_PLANTS) {
    test(`${plant.name}: ${plant.lie}`, async () => {
      const program = await buildEdited('engine/testing/folder-walk.ts', plant);
      const walk = (await import(pathToFileURL(program).href)) as FolderWalk;
      const caught = await walk.huntFolder(plant.seedsMax);
      expect(caught, `${plant.name} survived ${plant.seedsMax} walks`).not.toBeNull();
      console.log(`${plant.name}: caught after ${caught!.seed + 1} walks: ${caught!.violation}`);
    });
  }
});
