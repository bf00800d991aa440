/**
 * A run spelled out as the history page offers it: the file to download, and, of one that was made small, a sentence for
 * each decision without which it does not happen.
 */

import { buildName } from '../build-name.ts';
import { drawPlan, type Profile, type RunSize } from '../plan.ts';
import { programLine, shellWord } from '../repro-line.ts';
import type { CaseFile } from '../run.ts';
import { type Case, type CaseRun, runCase } from './case.ts';
import { explain, explainedOf } from './explain.ts';
import type { Shrunk } from '../shrink/shrink.ts';
import { caseOf, type Simcase, simcaseOf } from './simcase.ts';

const FILE_NAME = 'case.simcase';
/** Of a case from disk. */
const DECISIONS_TRIED_MAX = 40;

/** Made small: runs the case once for each decision in it. */
export async function shrunkCaseFile({ case: made, run }: Pick<Shrunk, 'case' | 'run'>): Promise<CaseFile> {
  return { ...caseFileOf(made, run), explained: explainedOf(await explain(made)) };
}

/** As it is: does the run again. */
export async function wholeCaseFile(seed: string, profile: string, size: Partial<RunSize>): Promise<CaseFile> {
  const made: Case = { seed, plan: drawPlan(seed, profile as Profile, size), choices: { kind: 'generated' } };
  return caseFileOf(made, await runCase(made));
}

/** A case that fails, from disk. One of many decisions was not made small: which of them matter would take a run for each. */
export async function givenCaseFile(text: string, fileName: string, simcase: Simcase): Promise<CaseFile> {
  const given = { ...offered(text, fileName), explained: null };
  if (simcase.lively.length > DECISIONS_TRIED_MAX) return given;
  return { ...given, explained: explainedOf(await explain(caseOf(simcase))) };
}

function caseFileOf(made: Case, run: CaseRun): CaseFile {
  const simcase = `${JSON.stringify(simcaseOf({ case: made, run, build: buildName(), notes: '' }))}\n`;
  return { ...offered(simcase, FILE_NAME), explained: null };
}

function offered(simcase: string, fileName: string): Omit<CaseFile, 'explained'> {
  return { simcase, fileName, repro: `${programLine()} sim repro ${shellWord(fileName)}` };
}
