/** `tailrace store …`: tools for whoever looks after a store. The work is in the engine, loaded only when needed. */

import { Command } from 'commander';
import type * as engineModule from '../../engine/main.ts';
import type { DryRun, StoredObject, StoreStatistics } from '../../engine/main.ts';
import { EXIT_USAGE, InputError } from './input-error.ts';
import { dryRunText, inventoryText, soundnessText, statisticsText } from './store-text.ts';

const EXIT_NOT_FIT = 1;
const EXIT_DAMAGED = 1;

type Engine = typeof engineModule;
type StoreLook = Parameters<Parameters<Engine['lookAtStore']>[1]>[0];

export function storeCommand(): Command {
  return new Command('store')
    .description('look after a store')
    .addCommand(probeCommand())
    .addCommand(lsCommand())
    .addCommand(statCommand())
    .addCommand(verifyCommand())
    .addCommand(gcCommand());
}

function probeCommand(): Command {
  return new Command('probe')
    .description('check that a store keeps the promises Tailrace needs, above all that a name is created once')
    .argument('<url>', 'memory:, file:PATH or s3://BUCKET/PREFIX')
    .addHelpText(
      'after',
      '\nExit codes: 0 fit, 1 not fit (the check is named), 2 no such place, 3 the store could not be asked.',
    )
    .action(async (url: string) => {
      const { ConformanceError, probeStore, StoreOpenError } = await import('../../engine/main.ts');
      try {
        const where = await probeStore(url, (check) => console.log(`  ok  ${check}`));
        console.log(`${where} keeps every promise that Tailrace needs`);
      } catch (error) {
        if (error instanceof StoreOpenError) throw notOpened(error);
        if (!(error instanceof ConformanceError)) throw error;
        console.error(`not fit: ${error.message}`);
        process.exitCode = EXIT_NOT_FIT;
      }
    });
}

function lsCommand(): Command {
  return lookingCommand('ls', 'list every object of a store with its kind and size; reads none of them', (engine) => ({
    work: engine.listStore,
    text: (_: string, objects: readonly StoredObject[]) => inventoryText(objects),
  }));
}

function statCommand(): Command {
  return lookingCommand('stat', 'owners, newest checkpoint, live and dead bytes, and what is left over', (engine) => ({
    work: engine.storeStatistics,
    text: (_: string, statistics: StoreStatistics) => statisticsText(statistics),
  }));
}

function verifyCommand(): Command {
  const what = 'read all that a server would ever read and check every byte; names the first bad one';
  return lookingCommand('verify', what, (engine) => ({ work: engine.verifyStore, text: soundnessText }));
}

function gcCommand(): Command {
  const what = 'name every object that a collection would delete now, and why';
  const command = lookingCommand('gc', what, (engine) => ({
    work: engine.planGarbage,
    text: (_: string, plan: DryRun) => dryRunText(plan),
  }));
  return command.option('--dry-run', 'delete nothing (required)').hook('preAction', () => {
    if (command.opts<{ dryRun?: boolean }>().dryRun === true) return;
    throw new InputError(
      'only the server that owns a store deletes from it, by itself after each checkpoint: nobody else knows what it is ' +
        'about to name or still reads. To see what it would delete now, add --dry-run',
      EXIT_USAGE,
    );
  });
}

interface Tool<Result> {
  work: (look: StoreLook) => Promise<Result>;
  text: (where: string, result: Result) => string;
}

/** A command that never owns or writes the store, so that it may run beside a server. */
function lookingCommand<Result>(name: string, what: string, toolOf: (engine: Engine) => Tool<Result>): Command {
  return new Command(name)
    .description(`${what} (changes nothing, may run beside a server)`)
    .argument('<url>', 'file:PATH or s3://BUCKET/PREFIX')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 damaged (object and byte are named), 2 no such place, 3 the store could not be asked.',
    )
    .action(async (url: string) => {
      if (url === 'memory:') {
        throw new InputError(
          'a store in memory is inside the process of its server, so nobody else can look at it: the server tells how it is at /health and /metrics',
          EXIT_USAGE,
        );
      }
      const engine = await import('../../engine/main.ts');
      const { work, text } = toolOf(engine);
      try {
        const { where, result } = await engine.lookAtStore(url, work);
        console.log(text(where, result));
      } catch (error) {
        if (!(error instanceof engine.LogCorruption)) throw couldNotAsk(engine, error);
        console.error(`damaged: ${error.message}`);
        process.exitCode = EXIT_DAMAGED;
      }
    });
}

/** What a person can do something about becomes one line. */
function couldNotAsk(engine: Engine, error: unknown): unknown {
  if (error instanceof engine.StoreAbandoned) return new InputError(`the store does not answer (${error.message})`);
  if (error instanceof engine.StoreOpenError) return notOpened(error);
  const known = [engine.NoStoreHere, engine.ForeignStore, engine.StoreRefused];
  return known.some((kind) => error instanceof kind) ? new InputError((error as Error).message) : error;
}

/** A place that was named wrongly is the caller's; a store that refused, or did not answer, is what was found there. */
function notOpened({ reason, message }: InstanceType<Engine['StoreOpenError']>): InputError {
  return reason === 'usage' ? new InputError(message, EXIT_USAGE) : new InputError(message);
}
