/** Which build this is, for records that outlive it. */

import { execFileSync } from 'node:child_process';

/** Commit of the working tree, if there is one. */
export function buildName(): string {
  try {
    const run = (...args: string[]) =>
      execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    const dirty = run('status', '--porcelain') === '' ? '' : ' with local changes';
    return run('rev-parse', '--short=12', 'HEAD') + dirty;
  } catch {
    return 'unknown';
  }
}
