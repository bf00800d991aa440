/**
 * The regression corpus: shrunk cases, each of which a wrong engine failed once. All pass, and all still do what they were kept
 * for: a case whose faults do not take place any more is stale and is reported as that, not as green. `tailrace sim keep` writes one.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { replay } from '../cases/replay-check.ts';
import { parseSimcase } from '../cases/simcase.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.simcase'));

test('there is a corpus', () => expect(files.length).toBeGreaterThan(2));

test.each(files)('%s passes, and is not stale', async (file) => {
  const simcase = parseSimcase(readFileSync(FOLDER + file, 'utf8'));
  const { verdict, dark, moved } = await replay(simcase);
  expect(verdict, `${simcase.notes} (${moved ?? 'the same choices'})`).toBe(simcase.expect.verdict);
  const stale = dark.filter((probe) => probe.startsWith('fault.'));
  expect(stale, `stale: made by build ${simcase.build}, ${moved ?? 'and all choices line up'}`).toEqual([]);
});
