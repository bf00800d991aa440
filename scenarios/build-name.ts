/**
 * Which build this is, for records that outlive it: results of two builds must never pass for those of one.
 *
 * `npm run build` writes the name down beside the program, because only then is it known what the program is made of: the
 * commit; with a hash behind it when its sources were changed since; the hash alone where there is no repository of ours, as in
 * the image. A program that has no such file, run from its sources or bundled, names itself in the same way. Where the program
 * is called from plays no part.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Lies in `dist`. */
export const BUILD_NAME_FILE = 'build-name.txt';

/** What the program is made of, from the top of the repository. */
const PARTS = [
  'engine',
  'sim',
  'checker',
  'scenarios',
  'reports',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
] as const;

const TEST = '.test.ts';

/** `dist`, or the top of the repository for a program that was not built. */
const ABOVE = fileURLToPath(new URL('..', import.meta.url));

let name: string | null = null;

/** `d94873f6817f`, `d94873f6817f+5b0c2a9911e4` with changes, `files-5b0c2a9911e4` without a commit. */
export function buildName(): string {
  const written = join(ABOVE, BUILD_NAME_FILE);
  return (name ??= existsSync(written) ? readFileSync(written, 'utf8').trim() : nameOfSources(ABOVE));
}

/** What to tell whoever repeats a run of that build with this program; null when it is the same. */
export function otherBuild(build: string): string | null {
  if (build === buildName()) return null;
  return `the run was of build ${build}, this is ${buildName()}: what it does may differ`;
}

/** The name of what lies below `top`, which has a commit only when it is the top of a repository itself. */
export function nameOfSources(top: string): string {
  const commit = commitOf(top);
  if (commit === null) return `files-${hashOfFiles(top)}`;
  return commit.isChanged ? `${commit.hash}+${hashOfFiles(top)}` : commit.hash;
}

/** Results, pages and notes that lie about are no change: the program can not have been built from them. */
function commitOf(top: string): { hash: string; isChanged: boolean } | null {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', top, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    // Empty at the top of a repository. Anywhere below it is somebody else's, who keeps a copy of us in it.
    if (git('rev-parse', '--show-prefix').trim() !== '') return null;
    const hash = git('rev-parse', '--short=12', 'HEAD').trim();
    return { hash, isChanged: git('status', '--porcelain', '--', ...PARTS, `:(exclude)*${TEST}`) !== '' };
  } catch {
    return null;
  }
}

/** Of paths and contents; of this very file as well, so that a bundle that lies somewhere by itself has a name of its own. */
function hashOfFiles(top: string): string {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  for (const file of filesOf(top)) {
    hash.update(`\0${relative(top, file).split(sep).join('/')}\0`).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 12);
}

function filesOf(top: string): string[] {
  const parts = PARTS.map((part) => join(top, part)).filter((path) => existsSync(path));
  const below = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? below(path) : [path];
    });
  return parts
    .flatMap((part) => (statSync(part).isDirectory() ? below(part) : [part]))
    .filter((file) => !file.endsWith(TEST))
    .toSorted();
}
