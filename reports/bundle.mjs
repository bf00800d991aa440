/**
 * Builds the browser side of the reports: type-checks reports/page, then bundles each page's script (with
 * just the parts of d3 it uses) and the style into dist/reports/page. Run by `npm run build`.
 *
 * The bundles hold no paths, dates or hashes: equal sources give equal bytes.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const reportsDirectory = dirname(fileURLToPath(import.meta.url));
const pageDirectory = join(reportsDirectory, 'page');
/** d3's licence asks for this in every copy, and every report is one. */
const D3_NOTICE =
  '/* Contains parts of D3, https://d3js.org, Copyright 2010-2026 Mike Bostock (ISC) and 2001 Robert Penner (BSD). */';

checkTypes();
const { outputFiles } = await build({
  entryPoints: ['history.ts', 'sweep.ts', 'page.css'].map((name) => join(pageDirectory, name)),
  outdir: join(reportsDirectory, '..', 'dist', 'reports', 'page'),
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  banner: { js: D3_NOTICE },
  logLevel: 'warning',
  write: false,
});
for (const { path, contents } of outputFiles) replaceFile(path, contents);

/** By renaming, so that whoever renders a page meanwhile reads the old bundle or the new one, never half of one. */
function replaceFile(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, contents);
  renameSync(unfinished, path);
}

function checkTypes() {
  const packageFile = createRequire(import.meta.url).resolve('typescript/package.json');
  const compiler = join(dirname(packageFile), 'bin', 'tsc');
  const checked = spawnSync(process.execPath, [compiler, '-p', pageDirectory], { stdio: 'inherit' });
  if (checked.status !== 0) process.exit(checked.status ?? 1);
}
