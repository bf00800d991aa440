/**
 * `npm run fuzz -- --inputs 1000000`: mutated inputs for every decoder of the API. Exit 1 with the bytes at the first claim
 * that does not hold.
 */

import { Command, InvalidArgumentError } from 'commander';

import { fuzz } from './fuzz.ts';

new Command('fuzz')
  .description('mutated bytes for every decoder of the API')
  .option('--inputs <n>', 'how many, over all decoders', count, 1_000_000)
  .option('--seed <n>', 'the same seed is the same inputs', count, 1)
  .action(async ({ inputs, seed }: { inputs: number; seed: number }) => {
    const startMs = performance.now();
    const figures = await fuzz(seed, inputs);
    for (const [end, times] of [...figures.ends].sort(([a], [b]) => (a < b ? -1 : 1))) {
      process.stdout.write(`${String(times).padStart(9)}  ${end}\n`);
    }
    const seconds = Math.round((performance.now() - startMs) / 1000);
    process.stdout.write(
      `${figures.inputs} inputs, seed ${seed}: no finding in ${seconds} s, slowest ${Math.round(figures.slowestMs)} ms\n`,
    );
  })
  .parse();

function count(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('it is a whole number');
  return Number(text);
}
