/** Builds the program with one plant in it: a single file that does everything `tailrace` does, wrongly in one way. */

import { readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { Edit, Plant } from './plants.ts';

/** The top of the repository: paths of edits begin there. */
export const TOP = fileURLToPath(new URL('../../', import.meta.url));

type Named = Pick<Plant, 'name' | 'edits'>;

/** Returns the path of the program. Throws when an edit does not fit the sources any more. */
export function buildPlant(plant: Named): Promise<string> {
  return buildEdited('scenarios/main.ts', withItsName(plant));
}

/** Builds it and keeps nothing: throws as `buildPlant` does. */
export async function fitPlant(plant: Named): Promise<void> {
  await bundle('scenarios/main.ts', withItsName(plant), false);
}

function withItsName(plant: Named): Named {
  const named: Edit = {
    file: 'scenarios/plant-name.ts',
    find: 'PLANT: string | null = null',
    replace: `PLANT: string | null = ${JSON.stringify(plant.name)}`,
  };
  return { ...plant, edits: [...plant.edits, named] };
}

/** As `buildPlant` for any module of ours, which is all of the program then. */
export async function buildEdited(entry: string, plant: Named): Promise<string> {
  return bundle(entry, plant, true);
}

async function bundle(entry: string, plant: Named, write: boolean): Promise<string> {
  const outfile = join(TOP, '.plants', `${plant.name}.mjs`);
  const unused = new Set(plant.edits);
  await build({
    entryPoints: [join(TOP, entry)],
    outfile,
    write,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
    plugins: [applyEdits(plant.edits, unused)],
  });
  const [left] = unused;
  if (left !== undefined) throw new Error(`plant ${plant.name}: ${left.file} is not part of the program`);
  return outfile;
}

function applyEdits(edits: readonly Edit[], unused: Set<Edit>): Plugin {
  return {
    name: 'plant',
    setup(bundler) {
      bundler.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const file = relative(TOP, path).split(sep).join('/');
        const here = edits.filter((candidate) => candidate.file === file);
        const contents = edited(await readFile(path, 'utf8'), here);
        for (const edit of here) unused.delete(edit);
        return { contents, loader: 'ts' };
      });
    },
  };
}

/** `source` with all of `edits`, which are of that file, in order. Throws when the text of one is not found exactly once. */
export function edited(source: string, edits: readonly Edit[]): string {
  return edits.reduce((contents, { file, find, replace }) => {
    const places = contents.split(find).length - 1;
    if (places !== 1) throw new Error(`${file}: expected once, found ${places} times: ${find}`);
    return contents.replace(find, () => replace);
  }, source);
}
