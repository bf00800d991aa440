/**
 * A case that was made small, as the history page shows it: the file to download, and a sentence for each decision without
 * which it does not happen.
 */

import type { ShrunkCase } from '../../reports/index.ts';
import { buildName } from '../build-name.ts';
import { explain, sentenceOf } from './explain.ts';
import type { Shrunk } from './shrink.ts';
import { simcaseOf } from './simcase.ts';

/** `name` without its ending. Runs the case once for each decision in it. */
export async function shrunkCaseOf(
  { case: made, run }: Pick<Shrunk, 'case' | 'run'>,
  name: string,
): Promise<ShrunkCase> {
  const { causes, scenery } = await explain(made);
  const fileName = `${name}.simcase`;
  return {
    simcase: `${JSON.stringify(simcaseOf({ case: made, run, build: buildName(), notes: '' }))}\n`,
    fileName,
    repro: `npx tailrace sim repro ${fileName}`,
    causes: causes.map(sentenceOf),
    sceneryCount: scenery.length,
  };
}
