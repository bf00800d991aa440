/** Writes a case to disk, as this build made it. */

import { writeFileSync } from 'node:fs';
import { buildName } from '../build-name.ts';
import type { Case, CaseRun } from '../cases/case.ts';

export async function writeCase(file: string, made: Case, run: CaseRun, notes = ''): Promise<void> {
  const { simcaseOf } = await import('../cases/simcase.ts');
  writeFileSync(file, `${JSON.stringify(simcaseOf({ case: made, run, build: buildName(), notes }))}\n`);
}
