/** A file that somebody names and that can not be read is a wrong call, 2, whichever command it was given to; one that holds something else is 3. */

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { simCommand } from './sim.ts';

const folder = mkdtempSync(join(tmpdir(), 'tailrace-named-'));
const called = (words: readonly string[]) => simCommand().parseAsync(words, { from: 'user' });
const RUN = ['--seed', '1', '--profile', 'quiet'];
const SWEEP = ['sweep', '--seeds', '0..1', '--out', folder];

test.each([
  ['repro'],
  ['shrink'],
  ['explain'],
  ['diff', '1/quiet'],
  ['probes'],
  ['merge', '--out', folder],
  [...SWEEP, '--plants'],
  ['meta', ...RUN, '--node'],
])('%s … of a file that is not there', async (...words) => {
  const file = join(folder, 'none.simcase');
  const told = expect.stringMatching(/none\.simcase: no such file/);
  await expect(called([...words, file])).rejects.toMatchObject({ exitCode: 2, message: told });
});

test('what can not be started, or is another program, is no Node.js and no other outcome of a run', async () => {
  const file = join(folder, 'text');
  writeFileSync(file, 'text');
  const meta = (node: string) => called(['meta', ...RUN, '--node', node]);
  await expect(meta(file)).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('no permission') });
  await expect(meta('/bin/echo')).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('no Node.js'),
  });
});

test.each([['probes'], ['merge', '--out', folder], [...SWEEP, '--history']])(
  '%s … of something else',
  async (...words) => {
    const file = join(folder, 'notes.md');
    writeFileSync(file, '# Notes\n');
    await expect(called([...words, file])).rejects.toMatchObject({ exitCode: 3 });
  },
);
