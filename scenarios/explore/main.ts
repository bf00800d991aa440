/**
 * What guidance is worth for finding bugs: `npm run gain -- --tries 3`. Builds one engine with several of the planted bugs that fresh
 * seeds need long for, and compares explorations of it with as many events of fresh seeds; it counts ways of servers, too.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Command } from 'commander';
import { countArgument } from '../arguments.ts';
import { ALL_HUNTED } from '../plants/all-plants.ts';
import { buildPlant } from '../plants/build.ts';

/** None hides another: three are about proofs of ownership, three about the control plane. All show in the profile `failover`. */
const HARD = [
  'probe-in-flight',
  'probe-covers-late-askers',
  'proof-by-any-commit',
  'deletion-told-early',
  'change-told-early',
  'config-of-a-former-owner',
] as const;
const PROFILE = 'failover';

interface Options {
  tries: number;
  events: number;
  seed: number;
}

await new Command('gain')
  .description('compare guided explorations with fresh seeds on an engine with several planted bugs')
  .option('--tries <n>', 'explorations of each kind', countArgument, 3)
  .option('--events <n>', 'how long each is', countArgument, 1_200_000)
  .option('--seed <n>', 'of the first one; the others count up', countArgument, 1)
  .action(async ({ tries, events, seed }: Options) => {
    const edits = ALL_HUNTED.filter(({ name }) => (HARD as readonly string[]).includes(name)).flatMap(
      (plant) => plant.edits,
    );
    const program = await buildPlant({ name: 'hard-ones', edits });
    const words = ['--compare', tries, '--events', events, '--seed', seed, '--profile', PROFILE].map(String);
    const child = spawn(process.execPath, [program, 'sim', 'explore', ...words], { stdio: 'inherit' });
    const [code] = (await once(child, 'exit')) as [number | null];
    process.exitCode = code ?? 1;
  })
  .parseAsync();
