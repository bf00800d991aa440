/** The name of a build says what it was made of, and nothing that merely lies about. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildName, nameOfSources, otherBuild } from './build-name.ts';

function folder(): string {
  const top = mkdtempSync(join(tmpdir(), 'tailrace-build-'));
  mkdirSync(join(top, 'engine'));
  writeFileSync(join(top, 'engine/a.ts'), 'first');
  return top;
}

function committed(top: string): string {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', top, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { encoding: 'utf8' });
  git('init', '-q');
  git('add', '.');
  git('commit', '-q', '-m', 'first');
  return git('rev-parse', '--short=12', 'HEAD').trim();
}

test('a checkout is named by its commit, also when results, notes and tests lie in it', () => {
  const top = folder();
  const commit = committed(top);
  expect(nameOfSources(top)).toBe(commit);
  writeFileSync(join(top, 'results.jsonl'), '{}');
  writeFileSync(join(top, 'engine/a.test.ts'), 'a claim');
  expect(nameOfSources(top)).toBe(commit);
});

test('two changes of one commit are two builds', () => {
  const top = folder();
  const commit = committed(top);
  const changed = ['second', 'third'].map((text) => {
    writeFileSync(join(top, 'engine/a.ts'), text);
    return nameOfSources(top);
  });
  expect(changed[0]).toMatch(new RegExp(`^${commit}\\+[0-9a-f]{12}$`));
  expect(changed[1]).not.toBe(changed[0]);
  writeFileSync(join(top, 'engine/a.ts'), 'first');
  writeFileSync(join(top, 'engine/b.ts'), 'a source nobody added');
  expect(nameOfSources(top)).toMatch(/\+/);
});

test('without a repository of its own a build is named by its files, equal for equal ones', () => {
  const [one, other, another] = [folder(), folder(), folder()];
  writeFileSync(join(another, 'engine/a.ts'), 'second');
  expect(nameOfSources(one)).toMatch(/^files-[0-9a-f]{12}$/);
  expect(nameOfSources(other)).toBe(nameOfSources(one));
  expect(nameOfSources(another)).not.toBe(nameOfSources(one));
});

test('the repository that a copy of the program lies in does not name it', () => {
  const foreign = folder();
  mkdirSync(join(foreign, 'copy/engine'), { recursive: true });
  writeFileSync(join(foreign, 'copy/engine/a.ts'), 'ours');
  committed(foreign);
  expect(nameOfSources(join(foreign, 'copy'))).toMatch(/^files-/);
});

test('a run of another build is told from one of this', () => {
  expect(otherBuild(buildName())).toBeNull();
  expect(otherBuild('d94873f6817f')).toContain(`of build d94873f6817f, this is ${buildName()}`);
});
