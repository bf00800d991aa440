/** The checker as a library: the built door alone, in a folder with nothing else, and the examples of the docs. */

import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const BUILT = fileURLToPath(new URL('../dist/checker', import.meta.url));
const DOCS = fileURLToPath(new URL('../docs/CHECKER.md', import.meta.url));
const TSC = fileURLToPath(new URL('../node_modules/.bin/tsc', import.meta.url));
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailrace-checker-'));
  cpSync(BUILT, join(folder, 'checker'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
});

afterAll(() => rmSync(folder, { recursive: true }));

async function run(code: string): Promise<string> {
  const file = join(folder, `example-${Math.abs(hash(code))}.mjs`);
  writeFileSync(file, code);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
  return stdout.trim();
}

function hash(text: string): number {
  let value = 0;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value;
}

test('works in a bare folder, without any package', async () => {
  const code = `import { checkStream, parseHistory } from './checker/index.js';
    console.log(checkStream(parseHistory('').history).verdict);`;
  expect(await run(code)).toBe('ok');
});

test('the package holds every page of docs that the README names, this one with its examples', async () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const pack = ['pack', '--dry-run', '--ignore-scripts', '--json'];
  const { stdout } = await promisify(execFile)('npm', pack, { cwd: root });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  const named = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/\]\((docs\/[^)#]+)/g)].map(
    (match) => match[1]!,
  );
  expect(named).toContain('docs/CHECKER.md');
  for (const page of named)
    expect(
      paths.some((path) => path.startsWith(page)),
      page,
    ).toBe(true);
  expect(paths.filter((path) => /\.test\./.test(path))).toEqual([]);
});

describe('an example of docs/CHECKER.md prints what it says', () => {
  const blocks = [...readFileSync(DOCS, 'utf8').matchAll(/```js\n([^]*?)```/g)].map((match) => match[1]!);

  test('there are some', () => expect(blocks.length).toBeGreaterThanOrEqual(3));

  test('they are TypeScript as well', async () => {
    const files = blocks.map((code, index) => {
      writeFileSync(join(folder, `example-${index}.ts`), code.replaceAll("'tailrace/checker'", "'./checker/index.js'"));
      return `example-${index}.ts`;
    });
    const compilerOptions = { strict: true, module: 'nodenext', target: 'es2022', types: [], noEmit: true };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    const { stdout } = await promisify(execFile)(TSC, ['-p', folder]).catch((error: { stdout: string }) => error);
    expect(stdout).toBe('');
  });

  test.each(blocks.map((code) => [code.split('\n')[0]!, code]))('%s', async (_, code) => {
    const expected = [...code.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].map((match) => match[1]!.trim());
    expect(expected.length).toBeGreaterThan(0);
    expect(await run(code.replaceAll("'tailrace/checker'", "'./checker/index.js'"))).toBe(expected.join('\n'));
  });
});
