/**
 * The style and script of a page, as `npm run build` bundled them.
 *
 * This file runs from `dist/reports` in the built package and from `reports` in tests; the bundles are always
 * in `dist/reports/page`.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface PageAssets {
  style: string;
  script: string;
}

/** Throws with the command to run when the bundles were not built. */
export function readPageAssets(page: 'history' | 'sweep'): PageAssets {
  return { style: readAsset('page.css'), script: readAsset(`${page}.js`) };
}

function readAsset(name: string): string {
  const besideUs = new URL(`./page/${name}`, import.meta.url);
  const builtFromSources = new URL(`../dist/reports/page/${name}`, import.meta.url);
  const text = readIfPresent(besideUs) ?? readIfPresent(builtFromSources);
  if (text !== null) return text;
  throw new Error(`the report pages are not built (${name} is missing): run \`npm run build\``);
}

function readIfPresent(url: URL): string | null {
  try {
    return readFileSync(fileURLToPath(url), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
