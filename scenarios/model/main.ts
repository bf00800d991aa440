/**
 * `npm run model -- --runs 2000`: walks the sound protocol, then every mutant, and prints what came of it. Exit 1 when
 * the sound protocol breaks a claim or a mutant gets away.
 */

import { Command, InvalidArgumentError } from 'commander';
import { SCHEDULES } from './directed.ts';
import { type Figures, measure } from './measure.ts';
import { type Mutant, MUTANTS } from './mutants.ts';
import { SITUATIONS } from './situations.ts';

interface ModelOptions {
  runs: number;
  seed: number;
  steps: number;
  soundOnly?: true;
}

new Command('model')
  .description('random walks through a small model of the storage protocol, sound and with one rule left out')
  .option('--runs <n>', 'walks of the sound protocol and of each mutant', countArgument, 1_000)
  .option('--seed <n>', 'seed of the first walk; the others count up', countArgument, 1)
  .option('--steps <n>', 'events of a walk before everybody dies and recovery begins', countArgument, 1_500)
  .option('--sound-only', 'no mutants')
  .action(({ runs, seed, steps, soundOnly }: ModelOptions) => {
    const search = { firstSeed: seed, runs, steps };
    const sound = measure(search);
    printSound(sound);
    let escaped = 0;
    for (const mutant of soundOnly ? [] : MUTANTS) {
      const figures = measure({ ...search, mutant: mutant.name });
      const directed = SCHEDULES[mutant.name]?.(mutant.name).violation?.claim;
      printMutant(mutant, figures, directed);
      if (directed === undefined && figures.violations === 0) escaped++;
    }
    process.exitCode = sound.violations + escaped > 0 ? 1 : 0;
  })
  .parse();

/** The model imports nothing of the product, not even its argument parsers: it must run while that is broken. */
function countArgument(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('must be a whole number above zero.');
  return Number(text);
}

function printSound(figures: Figures): void {
  const { runs, violations, acknowledged, definite, reads, fencesWon } = figures;
  print(`sound protocol: ${runs} walks, ${violations} violations`);
  print(
    `  ${acknowledged} appends acknowledged, ${definite} refused for certain, ${reads} reads, ${fencesWon} fences won`,
  );
  for (const { claim, runs: broken, example, detail } of figures.broken) {
    print(`  BROKEN in ${broken} walks: ${claim} (seed ${example}: ${detail})`);
  }
  for (const situation of SITUATIONS)
    print(`  ${String(figures.reached.get(situation) ?? 0).padStart(8)} × ${situation}`);
  print(`\n${'mutant'.padEnd(26)}${'caught after'.padStart(13)}${'per 1,000'.padStart(11)}  first broken, or directed`);
}

function printMutant(
  { name }: Mutant,
  { runs, violations, runsToDetection, broken }: Figures,
  directed?: string,
): void {
  const caughtAfter = runsToDetection === undefined ? 'never' : `${runsToDetection}`;
  const rate = ((violations * 1_000) / runs).toFixed(1);
  const how = directed === undefined ? (broken[0]?.claim ?? 'ESCAPED') : `directed: ${directed}`;
  print(`${name.padEnd(26)}${caughtAfter.padStart(13)}${rate.padStart(11)}  ${how}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
