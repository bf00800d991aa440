/** The style and script of a page, as `npm run build` bundled them. */

import { readBuilt } from './built-files.ts';

export interface PageAssets {
  style: string;
  script: string;
}

/** Throws with the command to run when the bundles were not built. */
export function readPageAssets(page: 'history' | 'sweep'): PageAssets {
  return { style: readBuilt('page/page.css'), script: readBuilt(`page/${page}.js`) };
}
