/**
 * The page a server shows at `/`, as `npm run build` made it: one self-contained document that talks to the v1 API of the
 * server it came from.
 *
 * This file runs from `dist/reports/console` in the built package and from `reports/console` in tests; the page is in the former.
 */

import { existsSync, readFileSync } from 'node:fs';

/** Throws with the command to run when the page was not built. */
export function consolePage(): string {
  const places = [
    new URL('./page.html', import.meta.url),
    new URL('../../dist/reports/console/page.html', import.meta.url),
  ];
  const built = places.find((place) => existsSync(place));
  if (built === undefined) throw new Error('the page is not built: run `npm run build`');
  return readFileSync(built, 'utf8');
}
