/** Plants that are only hunted at night still have to fit the sources of today. */

import { describe, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fitPlant } from './build.ts';
import { PLANTS } from './plants.ts';
import { SIDE_PLANTS } from './side-plants.ts';
import { DIRECTED_SESSION_PLANTS, SESSION_PLANTS } from './session-plants.ts';
import { DIRECTED_PLANTS, STORAGE_PLANTS } from './storage-plants.ts';

const DIRECTED = [...DIRECTED_PLANTS, ...DIRECTED_SESSION_PLANTS];
const ALL = [...PLANTS, ...STORAGE_PLANTS, ...SIDE_PLANTS, ...SESSION_PLANTS, ...DIRECTED];

test('no two plants share a name', () => {
  expect(new Set(ALL.map(({ name }) => name)).size).toBe(ALL.length);
});

describe.concurrent('the program builds with', () => {
  for (const plant of ALL) test(plant.name, () => fitPlant(plant));
});

describe('the test that is to catch it is there for', () => {
  for (const { name, test: directed } of DIRECTED) {
    test(name, () => {
      const file = fileURLToPath(new URL(`../../${directed.file}`, import.meta.url));
      expect(readFileSync(file, 'utf8')).toContain(`test('${directed.claim}'`);
    });
  }
});
