/** What a wrong engine makes of a case, in a process of its own: the program with that engine in it says so. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** `pass`, or the signature of the failure. Rejects when the program ends without an answer. */
export async function verdictBy(program: string, file: string): Promise<string> {
  const { stdout } = await run(process.execPath, [program, 'sim', 'verdict', file]);
  return (JSON.parse(stdout) as { verdict: string }).verdict;
}
