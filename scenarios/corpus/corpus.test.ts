/**
 * The regression corpus: shrunk cases, each of which a wrong engine fails. All pass, all still do what they were kept for, and
 * the wrong engine still fails them: a case of which that is not true any more is stale and is reported as that, not as green.
 * `tailrace sim keep` writes one.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { replay } from '../cases/replay-check.ts';
import { parseSimcase, type Simcase } from '../cases/simcase.ts';
import { ALL_HUNTED } from '../plants/all-plants.ts';
import { buildPlant } from '../plants/build.ts';
import { verdictBy } from './wrong-engine.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.simcase'));

const read = (file: string): Simcase => parseSimcase(readFileSync(FOLDER + file, 'utf8'));

test('there is a corpus', () => expect(files.length).toBeGreaterThan(2));

test.each(files)('%s passes, and is not stale', async (file) => {
  const simcase = read(file);
  const { verdict, stale, moved } = await replay(simcase);
  expect(verdict, `${simcase.notes} (${moved ?? 'the same choices'})`).toBe(simcase.expect.verdict);
  expect(stale, `stale: made by build ${simcase.build}, ${moved ?? 'and all choices line up'}`).toEqual([]);
});

// All at once: it is other processes that work.
const verdicts = new Map<string, Promise<string>>();
beforeAll(() => {
  for (const file of files) verdicts.set(file, wrongVerdict(file));
});

test.each(files)('%s is failed by the wrong engine that it is kept for', async (file) => {
  const plant = read(file).catches?.plant;
  const anew =
    `npm run plants -- --only ${plant} --shrink 30s, then ` +
    `npx tailrace sim keep .plants/${plant}.simcase scenarios/corpus/${file} --notes TEXT`;
  expect(await verdicts.get(file), `stale: ${plant} passes it. To make it anew: ${anew}`).not.toBe('pass');
});

async function wrongVerdict(file: string): Promise<string> {
  const { catches } = read(file);
  const plant = ALL_HUNTED.find(({ name }) => name === catches?.plant);
  if (plant === undefined)
    throw new Error(`${file}: no wrong engine is called ${catches?.plant}: sim keep --plant NAME`);
  // By a name of its own: others build that one, too.
  const program = await buildPlant({ ...plant, name: `${plant.name}-of-the-corpus` });
  return verdictBy(program, FOLDER + file);
}
