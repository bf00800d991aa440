/**
 * What `npm run build` made for browsers, below `dist/reports`: found from the package's own name, so that it does not
 * matter whether this runs built, from the sources, or inside another bundle of the package.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Throws with the command to run when it was not built. */
export function readBuilt(name: string): string {
  const top = dirname(createRequire(import.meta.url).resolve('tailrace/package.json'));
  try {
    return readFileSync(join(top, 'dist', 'reports', name), 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new Error(`the pages are not built (${name} is missing): run \`npm run build\``, { cause: error });
  }
}
