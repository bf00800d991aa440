/** Documents that would rot are held to the program: commands and flags of the README, reasons for dependencies, links. */

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const TOP = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(TOP, path), 'utf8');

/** Every `npx tailrace …` of the README, continuation lines joined, comments dropped. */
function readmeCommands(): string[][] {
  const joined = read('README.md').replaceAll(/\\\n\s*/g, ' ');
  return [...joined.matchAll(/^npx tailrace ([^#\n]+)/gm)].map((match) => (match[1] as string).trim().split(/\s+/));
}

test('every command and flag the README shows exists', async () => {
  const commands = readmeCommands();
  expect(commands.length).toBeGreaterThan(8);
  const helps = new Map<string, Promise<{ stdout: string }>>();
  for (const words of commands) {
    const subcommands = words.slice(0, words[0] === 'sim' || words[0] === 'store' ? 2 : 1);
    const program = join(TOP, 'dist/scenarios/main.js');
    const name = subcommands.join(' ');
    const asked = helps.get(name) ?? promisify(execFile)(process.execPath, [program, ...subcommands, '--help']);
    helps.set(name, asked);
    const { stdout } = await asked;
    expect(stdout).toContain(`Usage: tailrace ${subcommands.join(' ')}`);
    for (const flag of words.filter((word) => word.startsWith('-'))) {
      expect(stdout, `tailrace ${words.join(' ')}`).toMatch(new RegExp(`(^|[\\s,])${flag}[\\s,]`, 'm'));
    }
  }
});

test('every dependency has its reason', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const reasons = read('docs/DEPENDENCIES.md');
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    if (!name.startsWith('@types/')) expect(reasons).toContain(`\`${name}\``);
  }
});

test('relative links of the documents lead somewhere', () => {
  const documents = [
    'README.md',
    ...readdirSync(join(TOP, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name)),
  ];
  for (const document of documents.filter((name) => name.endsWith('.md'))) {
    for (const match of read(document).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      const target = join(TOP, document, '..', match[1] as string);
      expect(existsSync(target), `${document} links to ${match[1]}`).toBe(true);
    }
  }
});

test('the lockfile and the sources name no registry', () => {
  expect(read('package-lock.json')).not.toContain('"resolved": "http');
});

test('the example of the simulator in the docs is the one that is tested', () => {
  expect(read('docs/SIMULATION.md')).toContain(read('sim/example.test.ts'));
});
