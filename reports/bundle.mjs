/**
 * Builds the browser side of the reports: type-checks reports/page, then bundles each page's script (with
 * just the parts of d3 it uses) and the style into dist/reports/page. Run by `npm run build`.
 *
 * The bundles hold no paths, dates or hashes: equal sources give equal bytes.
 */

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const reportsDirectory = dirname(fileURLToPath(import.meta.url));
const pageDirectory = join(reportsDirectory, 'page');

checkTypes();
await build({
  entryPoints: ['history.ts', 'sweep.ts', 'page.css'].map((name) => join(pageDirectory, name)),
  outdir: join(reportsDirectory, '..', 'dist', 'reports', 'page'),
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'inline',
  logLevel: 'warning',
});

function checkTypes() {
  const packageFile = createRequire(import.meta.url).resolve('typescript/package.json');
  const compiler = join(dirname(packageFile), 'bin', 'tsc');
  const checked = spawnSync(process.execPath, [compiler, '-p', pageDirectory], { stdio: 'inherit' });
  if (checked.status !== 0) process.exit(checked.status ?? 1);
}
