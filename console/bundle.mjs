/**
 * Builds the page at `/` into dist/console/page.html: checks the types of console/page, bundles script and style, and puts
 * both into the one file. Run by `npm run build`. Equal sources give equal bytes.
 *
 * The content security policy admits exactly this script, by its hash, and requests to the page's own server only: even
 * markup that slipped through could neither run nor report elsewhere.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const pageDirectory = join(here, 'page');

checkTypes();
const { outputFiles } = await build({
  entryPoints: ['main.ts', 'page.css'].map((name) => join(pageDirectory, name)),
  outdir: here,
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
  write: false,
});
const text = (suffix) => outputFiles.find(({ path }) => path.endsWith(suffix)).text.trim();
const [script, style] = [text('.js'), text('.css')];
if (/<\/(script|style)/i.test(script + style)) throw new Error('the bundle would end its own block');
const hash = createHash('sha256').update(script).digest('base64');
const policy = `default-src 'none'; connect-src 'self'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`;
const html = readFileSync(join(pageDirectory, 'page.html'), 'utf8')
  .replace(
    'http-equiv="Content-Security-Policy" content=""',
    () => `http-equiv="Content-Security-Policy" content="${policy}"`,
  )
  .replace('<style></style>', () => `<style>${style}</style>`)
  .replace('<script></script>', () => `<script>${script}</script>`);
if (!html.includes(script) || !html.includes(style) || !html.includes(policy))
  throw new Error('page.html lost a place');
writeWhole(join(here, '..', 'dist', 'console', 'page.html'), html);

/** By renaming, so that a server that starts meanwhile reads the old page or the new one, never half of one. */
function writeWhole(path, contents) {
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
