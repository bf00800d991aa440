/**
 * `npm run differential -- [histories] [first seed] [extended histories]`: compares the engines on so many random small
 * histories (default one million, and a tenth of that of extended ones; some ten minutes), then lets every mutant of the checker
 * try to pass the same test, those of the extended model on the hand-made histories first.
 *
 * Exit 0: the engines agreed throughout, and on every mutant they did not. A disagreement is shrunk, printed and kept
 * as `.runs/disagreement-<seed>.jsonl`, ready for testdata/. An engine that throws disagrees with all others.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatHistory } from '../../formats/jsonl.ts';
import { buildMutant, misfitOf } from './build-mutant.ts';
import { handMadeHistories } from './hand-made.ts';
import { describeExtended } from './hunt-extended.ts';
import {
  describeFound,
  hunt,
  huntExtended,
  huntHandMade,
  huntKeyValues,
  huntRegisters,
  huntWithoutSearch,
} from './hunt.ts';
import type { Mutant } from './mutant.ts';
import { MUTANTS } from './mutants.ts';

const RUNS = fileURLToPath(new URL('../../../.runs/', import.meta.url));
const CHUNK = 50_000;
/** More than the most stubborn mutant needs. */
const MUTANT_HISTORIES = 100_000;
/** They are compared by their own oracle, with fewer engines. */
const EXTENDED_SHARE = 10;

const [histories = 1_000_000, first = 1, extendedHistories = histories / EXTENDED_SHARE] = process.argv
  .slice(2)
  .map(Number);
mkdirSync(RUNS, { recursive: true });
let hasFailed = false;
const total = { ok: 0, illegal: 0, unknown: 0 };
for (let from = first; from < first + histories && !hasFailed; from += CHUNK) {
  const { found, ok, illegal, unknown } = hunt({ from, to: Math.min(from + CHUNK, first + histories) });
  total.ok += ok;
  total.illegal += illegal;
  total.unknown += unknown;
  if (found === null) console.log(`seeds up to ${Math.min(from + CHUNK, first + histories) - 1}: agreed`, total);
  else {
    hasFailed = true;
    writeFileSync(join(RUNS, `disagreement-${found.seed}.jsonl`), formatHistory(found.history));
    console.log(describeFound(found));
  }
}
for (const [name, huntObjects] of Object.entries({ registers: huntRegisters, 'key-values': huntKeyValues })) {
  const strange = huntObjects({ from: first, to: first + histories / 10 });
  if (strange === null) continue;
  hasFailed = true;
  console.log(`${name}: disagreement at seed ${strange}`);
}
const extended = { ok: 0, illegal: 0 };
for (let from = first; from < first + extendedHistories && !hasFailed; from += CHUNK) {
  const to = Math.min(from + CHUNK, first + extendedHistories);
  const { found, ok, illegal } = huntExtended({ from, to });
  extended.ok += ok;
  extended.illegal += illegal;
  if (found === null) console.log(`extended, seeds up to ${to - 1}: agreed`, extended);
  else {
    hasFailed = true;
    const { said, file } = describeExtended(found);
    writeFileSync(join(RUNS, `disagreement-extended-${found.seed}.jsonl`), file);
    console.log(`${said}\n${file}`);
  }
}
const handMade = handMadeHistories();
const contradicted = huntHandMade(handMade) ?? huntWithoutSearch();
if (contradicted !== null) {
  hasFailed = true;
  console.log(`${contradicted.name}: ${contradicted.disagreement}`);
}
for (const mutant of MUTANTS) {
  const misfit = await misfitOf(mutant);
  const noticed = misfit === null ? whoNotices(mutant, await buildMutant(mutant)) : null;
  console.log(`without ${mutant.breaks}: ${misfit ?? noticed ?? 'SURVIVED'}`);
  if (noticed === null) hasFailed = true;
}
process.exit(hasFailed ? 1 : 0);

/** The first history on which the engines disagree, if there is one. */
function whoNotices({ on }: Mutant, mutated: Awaited<ReturnType<typeof buildMutant>>): string | null {
  const name = on === 'extended' ? (mutated.huntHandMade(handMade) ?? mutated.huntWithoutSearch())?.name : undefined;
  if (name !== undefined) return `${name} is judged otherwise`;
  const range = { from: 1, to: 1 + MUTANT_HISTORIES };
  const seed = {
    streams: () => mutated.hunt(range).found?.seed,
    extended: () => mutated.huntExtended(range).found?.seed,
    registers: () => mutated.huntRegisters(range),
    'key-values': () => mutated.huntKeyValues(range),
  }[on]();
  return seed == null ? null : `seed ${seed} disagrees`;
}
