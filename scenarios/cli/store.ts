/** `tailrace store …`: tools for whoever looks after a store. The work is in the engine, loaded only when needed. */

import { Command } from 'commander';
import { InputError } from './input-error.ts';

const EXIT_NOT_FIT = 1;

export function storeCommand(): Command {
  return new Command('store').description('look after a store').addCommand(probeCommand());
}

function probeCommand(): Command {
  return new Command('probe')
    .description('check that a store keeps the promises Tailrace needs, above all that a name is created once')
    .argument('<url>', 'memory:, file:PATH or s3://BUCKET/PREFIX')
    .addHelpText('after', '\nExit codes: 0 fit, 1 not fit (the check is named), 3 the store could not be asked.')
    .action(async (url: string) => {
      const { ConformanceError, probeStore, StoreOpenError } = await import('../../engine/main.ts');
      try {
        const where = await probeStore(url, (check) => console.log(`  ok  ${check}`));
        console.log(`${where} keeps every promise that Tailrace needs`);
      } catch (error) {
        if (error instanceof StoreOpenError) throw new InputError(error.message);
        if (!(error instanceof ConformanceError)) throw error;
        console.error(`not fit: ${error.message}`);
        process.exitCode = EXIT_NOT_FIT;
      }
    });
}
