/**
 * Builds everything of ours that a browser runs: checks its types, bundles scripts (with just the parts of d3 they use) and
 * styles. Reports take their bundles from dist/reports/page as they are rendered; the page a server shows at `/` is one
 * finished file, dist/reports/console/page.html. Run by `npm run build`.
 *
 * The bundles hold no paths, dates or hashes: equal sources give equal bytes.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const reportsDirectory = dirname(fileURLToPath(import.meta.url));
const outputDirectory = join(reportsDirectory, '..', 'dist', 'reports');
/** d3's licence asks for this in every copy, and every report is one. */
const D3_NOTICE =
  '/* Contains parts of D3, https://d3js.org, Copyright 2010-2026 Mike Bostock (ISC) and 2001 Robert Penner (BSD). */';

await buildReports();
await buildConsole();

async function buildReports() {
  const bundles = await bundled('page', ['history.ts', 'sweep.ts', 'page.css'], { banner: { js: D3_NOTICE } });
  for (const { path, contents } of bundles) replaceFile(path, contents);
}

/**
 * The content security policy admits exactly this script, by its hash, and requests to the page's own server only: even
 * markup that slipped through could neither run nor report elsewhere.
 */
async function buildConsole() {
  const bundles = await bundled('console/page', ['main.ts', 'page.css']);
  const text = (suffix) => bundles.find(({ path }) => path.endsWith(suffix)).text.trim();
  const [script, style] = [text('.js'), text('.css')];
  if (/<\/(script|style)/i.test(script + style)) throw new Error('the bundle would end its own block');
  const hash = createHash('sha256').update(script).digest('base64');
  const policy = `default-src 'none'; connect-src 'self'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`;
  const html = readFileSync(join(reportsDirectory, 'console/page/page.html'), 'utf8')
    .replace(
      'http-equiv="Content-Security-Policy" content=""',
      () => `http-equiv="Content-Security-Policy" content="${policy}"`,
    )
    .replace('<style></style>', () => `<style>${style}</style>`)
    .replace('<script></script>', () => `<script>${script}</script>`);
  if (!html.includes(script) || !html.includes(style) || !html.includes(policy))
    throw new Error('page.html lost a place');
  replaceFile(join(outputDirectory, 'console/page.html'), html);
}

/** The bundles of files of one folder, whose types are checked first. Writes nothing. */
async function bundled(folder, names, options = {}) {
  checkTypes(join(reportsDirectory, folder));
  const { outputFiles } = await build({
    entryPoints: names.map((name) => join(reportsDirectory, folder, name)),
    outdir: join(outputDirectory, folder),
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
    ...options,
  });
  return outputFiles;
}

/** By renaming, so that whoever reads it meanwhile gets the old file or the new one, never half of one. */
function replaceFile(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, contents);
  renameSync(unfinished, path);
}

function checkTypes(directory) {
  const packageFile = createRequire(import.meta.url).resolve('typescript/package.json');
  const compiler = join(dirname(packageFile), 'bin', 'tsc');
  const checked = spawnSync(process.execPath, [compiler, '-p', directory], { stdio: 'inherit' });
  if (checked.status !== 0) process.exit(checked.status ?? 1);
}
