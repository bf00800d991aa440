/** Claims of `tailrace check` about how it ends where there is no verdict: wrongly called, bad input, a bug of ours. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { checkCommand } from './check.ts';
import { judgeObject } from './check-object.ts';
import { judgeStream } from './check-stream.ts';

vi.mock('./check-object.ts', { spy: true });
vi.mock('./check-stream.ts', { spy: true });

const READ = '{"client_id":1,"call":0,"return":1,"input":{"op":"read"},"output":{"outcome":"ok","value":null}}';
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailrace-check-'));
  writeFileSync(join(folder, 'read.jsonl'), READ);
  writeFileSync(join(folder, 'empty.jsonl'), '');
});

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  rmSync(folder, { recursive: true });
});

async function check(file: string, ...args: string[]): Promise<{ code: unknown; said: string; printed: string }> {
  const lines = { error: [] as string[], log: [] as string[] };
  for (const level of ['error', 'log'] as const)
    vi.spyOn(console, level).mockImplementation((line: unknown) => void lines[level].push(String(line)));
  await checkCommand().parseAsync(['node', 'check', join(folder, file), ...args]);
  return { code: process.exitCode, said: lines.error.join('\n'), printed: lines.log.join('\n') };
}

test('a bug of ours is neither a verdict nor bad input: exit 70, with what to report', async () => {
  for (const judge of [judgeObject, judgeStream])
    vi.mocked(judge).mockImplementationOnce(() => {
      throw new TypeError('op 3 has no place');
    });
  const expected = {
    code: 70,
    said: expect.stringMatching(
      /op 3 has no place[^]*jsonl: this is a bug of tailrace.*please report it with the file$/,
    ),
    printed: '',
  };
  expect(await check('read.jsonl', '--model', 'register')).toEqual(expected);
  expect(await check('empty.jsonl')).toEqual(expected);
});

describe('wrong arguments exit 2, whatever the file holds', () => {
  test.each([
    [['--model', 'stack'], 'there is no model "stack"; known are stream, register'],
    [['--model', 'toString'], 'there is no model "toString"'],
    [['--model', 'register', '--initial', '1e3'], '--initial: the value 1e3 is no integer'],
    [['--model', 'queue', '--initial', '0'], '--initial is for registers'],
    [['--initial', '0'], '--initial is for registers'],
    [['--html', 'nowhere/page.html'], 'nowhere/page.html can not be written: no such file or folder'],
  ])('%s', async (args, reason) => {
    const placed = args.map((arg) => (arg.startsWith('nowhere') ? join(folder, arg) : arg));
    writeFileSync(join(folder, 'bad.jsonl'), 'gibberish');
    expect(await check('bad.jsonl', ...placed)).toEqual({
      code: 2,
      said: expect.stringContaining(reason),
      printed: '',
    });
  });
});

test('a page that is a folder is refused at once, and one that could be written is not made of bad input', async () => {
  expect(await check('read.jsonl', '--html', folder)).toMatchObject({
    code: 2,
    said: expect.stringContaining('can not be written: it is a folder'),
  });
  writeFileSync(join(folder, 'bad.jsonl'), 'gibberish');
  expect(await check('bad.jsonl', '--html', join(folder, 'page.html'))).toMatchObject({ code: 3 });
  expect(existsSync(join(folder, 'page.html'))).toBe(false);
  expect(await check('empty.jsonl', '--html', join(folder, 'page.html'))).toMatchObject({ code: 0 });
  expect(readFileSync(join(folder, 'page.html'), 'utf8')).toContain('<!doctype html>');
  expect(readdirSync(folder).toSorted()).toEqual(['bad.jsonl', 'empty.jsonl', 'page.html', 'read.jsonl']);
});
