/** What several `tailrace sim` commands share: how large runs are, and exit codes. */

import { type Command, InvalidArgumentError } from 'commander';
import { countArgument } from '../arguments.ts';
import { isProfile, type Profile, PROFILES, type RunSize } from '../plan.ts';

export const EXIT_FAILED = 1;
export const EXIT_NONDETERMINISM = 2;
export const EXIT_HARNESS = 3;
export const EXIT_PROBES_DARK = 4;
export const EXIT_CODES =
  '\nExit codes: 0 pass, 1 a run failed, 2 wrongly called (arguments; a file that is not there or can not be\n' +
  'written) or nondeterminism (meta, repro of a case), 3 harness errors or a file that holds something else,\n' +
  '4 a required probe stayed dark (large sweeps over all profiles), 130 and 143 a sweep was interrupted.';

export interface SizeOptions {
  clients?: number;
  ops?: number;
}

export function sized(command: Command): Command {
  return command
    .option('--clients <n>', 'clients of the judged stream (default: drawn)', countArgument)
    .option('--ops <n>', 'operations per client (default: drawn)', countArgument);
}

export function sizeOf({ clients, ops }: SizeOptions): Partial<RunSize> {
  return { ...(clients !== undefined && { clients }), ...(ops !== undefined && { operationsPerClient: ops }) };
}

/** A number, a word, or a commit id: any text that is not the name of a run or of a case by mistake. */
export function seedArgument(text: string): string {
  const named = PROFILES.find((profile) => text.endsWith(`/${profile}`));
  if (named !== undefined) throw new InvalidArgumentError(`that names a run: --seed SEED --profile ${named}.`);
  if (text.endsWith('.simcase')) throw new InvalidArgumentError('that names a case, which needs no --seed.');
  return text;
}

export function profileArgument(text: string): Profile {
  if (isProfile(text)) return text;
  throw new InvalidArgumentError(`expected one of ${PROFILES.join(', ')}.`);
}
