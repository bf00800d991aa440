/** The command that repeats a run: made here and nowhere else, complete, ready to paste into a shell. */

import { buildName } from './build-name.ts';
import { PLANT } from './plant-name.ts';
import type { RunSize } from './plan.ts';

/** Words made of these characters need no quotes in any shell we print for. */
const PLAIN_WORD = /^[A-Za-z0-9._@:+/-]+$/;

/** A run with a planted bug repeats only with the program that has the bug in it. */
export function programLine(plant = PLANT): string {
  return plant === null ? 'npx tailrace' : `node .plants/${plant}.mjs`;
}

/** Complete: sizes are named when they were asked for. */
export function reproLine(run: { seed: string; profile: string }, size: Partial<RunSize>, plant = PLANT): string {
  return `${programLine(plant)} sim repro --seed ${shellWord(run.seed)} --profile ${run.profile}${sizeFlags(size)}`;
}

/** With the build that it is of added: another one may make something else of the seed, and `repro` says so then. */
export function withBuild<Run extends { repro: string }>(run: Run): Run {
  return { ...run, repro: `${run.repro} --build ${shellWord(buildName())}` };
}

/** ` --clients 2 --ops 30`, of what was asked for. */
export function sizeFlags({ clients, operationsPerClient }: Partial<RunSize>): string {
  const clientsFlag = clients === undefined ? '' : ` --clients ${clients}`;
  return operationsPerClient === undefined ? clientsFlag : `${clientsFlag} --ops ${operationsPerClient}`;
}

/** Single quotes keep everything but themselves; a quote inside is closed, escaped and opened again. */
export function shellWord(word: string): string {
  return PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
