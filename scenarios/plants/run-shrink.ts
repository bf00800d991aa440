/** Makes the run that a plant was caught in small, in a process of the program with the plant in it, as its user would. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Found } from './run-hunt.ts';

const run = promisify(execFile);

/** `5/storage: 112 → 2 decisions in …`; the case is left beside the program. Rejects when its program ends without one. */
export async function shrinkFound({ program, caught }: Found, budgetMs: number): Promise<string | null> {
  if (caught === null) return null;
  const name = `${caught.seed}/${caught.profile}`;
  const output = program.replace(/\.mjs$/, '.simcase');
  const args = [program, 'sim', 'shrink', name, '--budget', `${budgetMs}ms`, '--output', output];
  const { stdout } = await run(process.execPath, args);
  return `${name}: ${stdout.split('\n').find((line) => line.includes(' decisions in '))}`;
}
