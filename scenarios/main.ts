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
import { EXIT_BAD_INPUT, EXIT_BUG, EXIT_USAGE, InputError } from './cli/input-error.ts';

const { version } = createRequire(import.meta.url)('tailrace/package.json') as { version: string };

/** What begins with a word of its own; every other first word is one of the client's commands. */
const GROUPS: Readonly<Record<string, () => Promise<Command>>> = {
  sim: async () => (await import('./cli/sim.ts')).simCommand(),
  check: async () => (await import('./cli/check.ts')).checkCommand(),
  report: async () => (await import('./cli/report.ts')).reportCommand(),
  serve: async () => (await import('./cli/serve.ts')).serveCommand(),
  record: async () => (await import('./cli/record.ts')).recordCommand(),
  store: async () => (await import('./cli/store.ts')).storeCommand(),
};

/** The commands that the first word can mean: all of them when it is none, as for help and for hints at a word that was meant. */
async function commandsFor(word: string): Promise<Command[]> {
  const group = Object.hasOwn(GROUPS, word) ? GROUPS[word] : undefined;
  if (group !== undefined) return [await group()];
  const { clientCommands } = await import('./cli/client/commands.ts');
  const commands = clientCommands();
  if (commands.some((command) => command.name() === word || command.aliases().includes(word))) return commands;
  return [...(await Promise.all(Object.values(GROUPS).map((load) => load()))), ...commands];
}

const program = new Command('tailrace')
  .description('a durable stream store (S2 v1 API), and the simulator and checker that prove it right')
  .version(version);
for (const command of await commandsFor(process.argv[2] ?? '')) program.addCommand(command);

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
  process.exit(error instanceof InputError ? error.exitCode : isPlain ? EXIT_BAD_INPUT : EXIT_BUG);
}
