/** Every planted bug is caught by a sweep of stated size, and how many seeds that took is printed. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Catch } from '../hunt.ts';
import { buildPlant } from './build.ts';
import { PLANTS } from './plants.ts';

const run = promisify(execFile);

describe.concurrent('a sweep catches', () => {
  for (const plant of PLANTS) {
    test(`${plant.name}: ${plant.lie}`, { timeout: 240_000 }, async () => {
      const program = await buildPlant(plant);
      const { stdout } = await run(process.execPath, [program, 'sim', 'hunt', '--seeds', `0..${plant.seedsMax}`]);
      const { seeds, caught } = JSON.parse(stdout) as Catch;
      expect(caught, `${plant.name} survived ${seeds} seeds`).not.toBeNull();
      console.log(
        `${plant.name}: caught after ${seeds} seeds by ${caught?.profile}: ${caught?.failure.message.split('\n')[0]}`,
      );
    });
  }
});
