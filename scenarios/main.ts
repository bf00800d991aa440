#!/usr/bin/env -S node --max-semi-space-size=64 --initial-old-space-size=128
/**
 * The program `tailrace`: lists what it can do, then does it. Every command loads only what it needs.
 *
 * A young generation of 64 MB (V8's default is 16) keeps what waits to become durable from being copied over and over. An old
 * one that begins at 128 MB is not walked for every 25 MB of log that is written, because V8 counts those bytes as its own.
 * Both can only be set when the process starts.
 */

import { createRequire } from 'node:module';
import { Command } from 'commander';
import { checkCommand, EXIT_BAD_INPUT } from './cli/check.ts';
import { EXIT_USAGE, InputError } from './cli/input-error.ts';
import { clientCommands } from './cli/client/commands.ts';
import { recordCommand } from './cli/record.ts';
import { reportCommand } from './cli/report.ts';
import { serveCommand } from './cli/serve.ts';
import { simCommand } from './cli/sim.ts';
import { storeCommand } from './cli/store.ts';

const { version } = createRequire(import.meta.url)('tailrace/package.json') as { version: string };

const program = new Command('tailrace')
  .description('a durable stream store (S2 v1 API), and the simulator and checker that prove it right')
  .version(version)
  .addCommand(simCommand())
  .addCommand(checkCommand())
  .addCommand(reportCommand())
  .addCommand(serveCommand())
  .addCommand(recordCommand())
  .addCommand(storeCommand());
for (const command of clientCommands()) program.addCommand(command);

/** Commander says 1 for bad arguments, which means a violation or a failed run here. */
function honestExits(command: Command): void {
  command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE));
  for (const child of command.commands) honestExits(child);
}

honestExits(program);
try {
  await program.parseAsync();
} catch (error) {
  // What the system said (no space, no permission) and bad input need no stack; anything else is a bug.
  const isPlain = error instanceof InputError || (error instanceof Error && 'syscall' in error);
  console.error(isPlain ? `error: ${(error as Error).message}` : error);
  process.exit(error instanceof InputError ? error.exitCode : EXIT_BAD_INPUT);
}
