/** Every planted bug is caught by a sweep of stated size, and how many seeds that took is printed. */

import { describe, expect, test } from 'vitest';
import { PLANTS } from './plants.ts';
import { huntPlant } from './run-hunt.ts';

describe.concurrent('a sweep catches', () => {
  for (const plant of PLANTS) {
    test(`${plant.name}: ${plant.lie}`, { timeout: 240_000 }, async () => {
      const { seeds, caught } = await huntPlant(plant, plant.seedsMax);
      expect(caught, `${plant.name} survived ${seeds} seeds`).not.toBeNull();
      console.log(
        `${plant.name}: caught after ${seeds} seeds by ${caught?.profile}: ${caught?.failure.message.split('\n')[0]}`,
      );
    });
  }
});
