/** Plants that are only hunted at night still have to fit the sources of today. */

import { describe, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ALL_DIRECTED, ALL_HUNTED } from './all-plants.ts';
import { fitPlant, sourcesOf } from './build.ts';

const ALL = [...ALL_HUNTED, ...ALL_DIRECTED];

test('no two plants share a name', () => {
  expect(new Set(ALL.map(({ name }) => name)).size).toBe(ALL.length);
});

describe('the program as it is today can be made with', async () => {
  const sources = await sourcesOf('scenarios/main.ts');
  for (const plant of ALL) test(plant.name, () => fitPlant(plant, sources));
});

test('a plant that has gone stale is named, with the file', async () => {
  const file = 'scenarios/plant-name.ts';
  const edit = { file, find: 'export const PLANT', replace: '}' };
  const stale = (wrong: Partial<typeof edit>) =>
    fitPlant({ name: 'stale', edits: [{ ...edit, ...wrong }] }, new Set([file]));
  await expect(stale({ find: 'no such text' })).rejects.toThrow(`${file}: expected once, found 0 times: no such text`);
  await expect(stale({ file: 'gone.ts' })).rejects.toThrow('plant stale: gone.ts is not part of the program');
  await expect(stale({})).rejects.toThrow('Unexpected "}"');
});

describe('the test that is to catch it is there for', () => {
  for (const { name, test: directed } of ALL_DIRECTED) {
    test(name, () => {
      const file = fileURLToPath(new URL(`../../${directed.file}`, import.meta.url));
      expect(readFileSync(file, 'utf8')).toContain(`test('${directed.claim}'`);
    });
  }
});
