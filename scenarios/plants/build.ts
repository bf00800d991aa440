/** Builds the program with one plant in it: a single file that does everything `tailrace` does, wrongly in one way. */

import { readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin, transform } from 'esbuild';
import type { Edit, Plant } from './plants.ts';

/** The top of the repository: paths of edits begin there. */
export const TOP = fileURLToPath(new URL('../../', import.meta.url));

const BUNDLE = { bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'error' } as const;

type Named = Pick<Plant, 'name' | 'edits'>;

/** Returns the path of the program. Throws when an edit does not fit the sources any more. */
export function buildPlant(plant: Named): Promise<string> {
  return buildEdited('scenarios/main.ts', withItsName(plant));
}

/** What the program is made of: paths from the top. Nothing is kept. */
export async function sourcesOf(entry: string): Promise<ReadonlySet<string>> {
  const { metafile } = await build({
    ...BUNDLE,
    entryPoints: [entry],
    absWorkingDir: TOP,
    write: false,
    metafile: true,
  });
  return new Set(Object.keys(metafile.inputs));
}

/** Rejects when an edit does not fit its file, leaves no TypeScript behind, or is of a file that is not among `sources`. */
export async function fitPlant({ name, edits }: Named, sources: ReadonlySet<string>): Promise<void> {
  for (const file of new Set(edits.map((edit) => edit.file))) {
    if (!sources.has(file)) throw new Error(`plant ${name}: ${file} is not part of the program`);
    const here = edits.filter((edit) => edit.file === file);
    await transform(edited(await readFile(join(TOP, file), 'utf8'), here), { loader: 'ts', logLevel: 'silent' });
  }
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
  const outfile = join(TOP, '.plants', `${plant.name}.mjs`);
  const unused = new Set(plant.edits);
  await build({
    ...BUNDLE,
    entryPoints: [join(TOP, entry)],
    outfile,
    target: 'node20',
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
      bundler.onLoad({ filter: anyOf(edits.map(({ file }) => file)) }, async ({ path }) => {
        const file = relative(TOP, path).split(sep).join('/');
        const here = edits.filter((candidate) => candidate.file === file);
        const contents = edited(await readFile(path, 'utf8'), here);
        for (const edit of here) unused.delete(edit);
        return { contents, loader: 'ts' };
      });
    },
  };
}

/** Only what is edited comes here; the rest of the sources never leaves the bundler. */
function anyOf(files: readonly string[]): RegExp {
  const paths = files.map((file) => file.replaceAll('.', String.raw`\.`).replaceAll('/', String.raw`[/\\]`));
  return new RegExp(`(${paths.join('|')})$`);
}

/** `source` with all of `edits`, which are of that file, in order. Throws when the text of one is not found exactly once. */
export function edited(source: string, edits: readonly Edit[]): string {
  return edits.reduce((contents, { file, find, replace }) => {
    const places = contents.split(find).length - 1;
    if (places !== 1) throw new Error(`${file}: expected once, found ${places} times: ${find}`);
    return contents.replace(find, () => replace);
  }, source);
}
