/**
 * The command that replays a run, ready to paste into a shell.
 */

/** Words made of these characters need no quotes in any shell we print for. */
const PLAIN_WORD = /^[A-Za-z0-9._@:+/-]+$/;

/** A run with a planted bug repeats only with the program that has the bug in it. */
export function reproLine(run: { seed: string; profile: string; plant?: string | null }): string {
  const program =
    run.plant === undefined || run.plant === null ? 'npx tailrace' : `node .plants/${shellWord(run.plant)}.mjs`;
  return `${program} sim repro --seed ${shellWord(run.seed)} --profile ${shellWord(run.profile)}`;
}

/** Single quotes keep everything but themselves; a quote inside is closed, escaped and opened again. */
function shellWord(word: string): string {
  return PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
