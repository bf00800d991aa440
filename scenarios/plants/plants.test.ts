/** Every planted bug is caught by a sweep of stated size, and how many seeds that took is printed. */

import { assert, describe, test } from 'vitest';
import { reproLine } from '../repro-line.ts';
import { PLANTS } from './plants.ts';
import { huntPlant } from './run-hunt.ts';

describe.concurrent('a sweep catches', () => {
  for (const plant of PLANTS) {
    test(`${plant.name}: ${plant.lie}`, { timeout: 240_000 }, async () => {
      const { seeds, caught } = await huntPlant(plant, plant.seedsMax);
      assert(caught !== null, `${plant.name} survived ${seeds} seeds`);
      console.log(`${plant.name}: caught after ${seeds} seeds: ${caught.failure.message.split('\n')[0]}`);
      console.log(`  again: ${reproLine(caught, {}, plant.name)}`);
    });
  }
});
