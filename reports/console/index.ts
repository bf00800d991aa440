/**
 * The page a server shows at `/`, as `npm run build` made it: one self-contained document that talks to the v1 API of the
 * server it came from.
 */

import { readBuilt } from '../built-files.ts';

/** Throws with the command to run when the page was not built. */
export function consolePage(): string {
  return readBuilt('console/page.html');
}
