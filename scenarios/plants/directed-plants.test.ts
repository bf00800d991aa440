/** A wrong engine that no random search finds is caught by the one test that plays its story. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ALL_DIRECTED } from './all-plants.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

test('each story ends badly for its plant and well for the product', async () => {
  // A process of its own: the stories are tests themselves.
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', MAIN, '--directed']);
  const caught = stdout.split('\n').filter((line) => line.includes(' caught by '));
  expect(caught.map((line) => line.split(' ')[0])).toEqual(ALL_DIRECTED.map(({ name }) => name));
  expect(stdout).not.toContain('SURVIVED');
});
