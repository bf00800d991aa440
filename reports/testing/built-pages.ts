/**
 * Bundles the page scripts, so that tests of whole pages see the sources as they are, not as they were at the
 * last build.
 */

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Throws with the compiler's words when a page script does not build. */
export function buildPages(): void {
  execFileSync(process.execPath, [fileURLToPath(new URL('../bundle.mjs', import.meta.url))], { stdio: 'pipe' });
}
