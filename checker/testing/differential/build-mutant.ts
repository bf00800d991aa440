/** Builds the hunt of the differential test with a mutant's edits, which must each fit exactly once. */

import { readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type * as hunts from './hunt.ts';
import type { Mutant } from './mutant.ts';

const TOP = fileURLToPath(new URL('../../..', import.meta.url));

/** Rejects when an edit does not fit. */
export async function buildMutant(mutant: Mutant): Promise<typeof hunts> {
  const outfile = join(TOP, '.runs', 'mutants', `${mutant.breaks.replaceAll(' ', '-')}.mjs`);
  await build({
    entryPoints: [join(TOP, 'checker/testing/differential/hunt.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'silent',
    plugins: [withEdits(mutant)],
  });
  return import(pathToFileURL(outfile).href);
}

/** What does not fit, in words; null when every edit of a mutant does. */
export async function misfitOf({ edits }: Mutant): Promise<string | null> {
  for (const { file, find } of edits)
    if ((await readFile(join(TOP, file), 'utf8')).split(find).length !== 2)
      return `${file} does not hold once: ${find}`;
  return null;
}

function withEdits(mutant: Mutant): Plugin {
  return {
    name: 'mutant',
    setup: (bundler) =>
      bundler.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const file = relative(TOP, path).split(sep).join('/');
        let contents = await readFile(path, 'utf8');
        for (const { find, replace } of mutant.edits.filter((edit) => edit.file === file))
          contents = contents.replace(find, () => replace);
        return { contents, loader: 'ts' };
      }),
  };
}
