/** Plants that are only hunted at night still have to fit the sources of today. */

import { describe, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fitPlant, sourcesOf } from './build.ts';
import { CONTROL_PLANTS } from './control-plants.ts';
import { INVARIANT_PLANTS } from './invariant-plants.ts';
import { PLANTS } from './plants.ts';
import { DIRECTED_SECRETS_PLANTS, SECRETS_PLANTS } from './secrets-plants.ts';
import { SIDE_PLANTS } from './side-plants.ts';
import { DIRECTED_SESSION_PLANTS, SESSION_PLANTS } from './session-plants.ts';
import { DIRECTED_PLANTS, STORAGE_PLANTS } from './storage-plants.ts';
import { USAGE_PLANTS } from './usage-plants.ts';

const DIRECTED = [...DIRECTED_PLANTS, ...DIRECTED_SESSION_PLANTS, ...DIRECTED_SECRETS_PLANTS];
const ALL = [
  ...PLANTS,
  ...STORAGE_PLANTS,
  ...SIDE_PLANTS,
  ...CONTROL_PLANTS,
  ...SESSION_PLANTS,
  ...INVARIANT_PLANTS,
  ...USAGE_PLANTS,
  ...SECRETS_PLANTS,
  ...DIRECTED,
];

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
  for (const { name, test: directed } of DIRECTED) {
    test(name, () => {
      const file = fileURLToPath(new URL(`../../${directed.file}`, import.meta.url));
      expect(readFileSync(file, 'utf8')).toContain(`test('${directed.claim}'`);
    });
  }
});
