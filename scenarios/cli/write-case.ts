/** Writes a case to disk, as this build made it. */

import { writeFileSync } from 'node:fs';
import { buildName } from '../build-name.ts';
import type { Case, CaseRun } from '../cases/case.ts';
import type { Simcase } from '../cases/simcase.ts';

export async function writeCase(file: string, made: Case, run: CaseRun, more: Partial<Simcase> = {}): Promise<void> {
  const { simcaseOf } = await import('../cases/simcase.ts');
  const simcase = { ...simcaseOf({ case: made, run, build: buildName(), notes: '' }), ...more };
  writeFileSync(file, `${JSON.stringify(simcase)}\n`);
}
