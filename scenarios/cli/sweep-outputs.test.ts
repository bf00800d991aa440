/** What a sweep is to write is tried before it runs, and what can not be written after all costs nothing else. */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { mergeResults } from '../sweep/merge.ts';
import { RESULTS_HEAD, seedResult } from '../sweep/testing/seed-result.ts';
import { exitOf, publish, toPublish } from './sweep-outputs.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'tailrace-outputs-'));

const record = mergeResults([
  {
    file: 'f',
    head: RESULTS_HEAD,
    results: [seedResult()],
    harnessErrors: [],
    wallMs: 10,
    jobs: 1,
  },
]);

test.each(['results', 'junit', 'summary', 'issues', 'history'] as const)(
  'a --%s in a folder that is not there is refused before anything runs',
  async (flag) => {
    const out = folder();
    const file = join(out, 'nowhere', 'x');
    await expect(toPublish({ out, [flag]: file })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(`--${flag} ${file} can not be written: no such file or folder`),
    });
  },
);

test('so is an --out below a file, a --plants that is not there, and a history that is none', async () => {
  const out = folder();
  writeFileSync(join(out, 'notes.md'), '# Notes\n');
  await expect(toPublish({ out: join(out, 'notes.md', 'x') })).rejects.toMatchObject({ exitCode: 2 });
  await expect(toPublish({ out, plants: join(out, 'none') })).rejects.toMatchObject({ exitCode: 2 });
  await expect(toPublish({ out, plants: join(out, 'notes.md') })).rejects.toMatchObject({ exitCode: 3 });
  await expect(toPublish({ out, history: join(out, 'notes.md') })).rejects.toMatchObject({ exitCode: 3 });
});

test('trying leaves nothing behind and changes nothing', async () => {
  const out = folder();
  writeFileSync(join(out, 'summary.md'), 'so far\n');
  await toPublish({ out, junit: join(out, 'junit.xml'), summary: join(out, 'summary.md') });
  expect(readdirSync(out)).toEqual(['summary.md']);
  expect(readFileSync(join(out, 'summary.md'), 'utf8')).toBe('so far\n');
});

test('what can not be written at the end is said, and everything else is there', async () => {
  const out = folder();
  const options = { out, junit: join(out, 'gone', 'junit.xml'), summary: join(out, 'summary.md') };
  mkdirSync(join(out, 'gone'));
  const given = await toPublish(options);
  rmSync(join(out, 'gone'), { recursive: true });
  const printed = vi.spyOn(console, 'log').mockImplementation(() => {});
  const complained = vi.spyOn(console, 'error').mockImplementation(() => {});
  try {
    expect(await publish(record, options, given, {})).toBe(3);
    expect(printed.mock.calls.join('\n')).toContain('ok  1 seed');
    expect(complained.mock.calls).toEqual([[`error: ${options.junit} was not written: no such file or folder`]]);
  } finally {
    printed.mockRestore();
    complained.mockRestore();
  }
  expect(existsSync(options.summary)).toBe(true);
  expect(existsSync(join(out, 'sweep-2026-01-01T00-00-00-000Z', 'index.html'))).toBe(true);
});

test('an interrupted sweep exits as a shell has it of the signal, one that found something as one that did', () => {
  expect(exitOf('interrupted', { interruptedBy: 'SIGINT' })).toBe(130);
  expect(exitOf('interrupted', { interruptedBy: 'SIGTERM' })).toBe(143);
  expect(exitOf('failed', { interruptedBy: 'SIGINT' })).toBe(1);
});
