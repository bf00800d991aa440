/** `tailrace serve`: the engine as a stream server. The work is in `engine/main.ts`, loaded only here. */

import { Command, Option } from 'commander';
import type { ServeOptions } from '../../engine/main.ts';
import { millisecondsArgument, portArgument } from '../arguments.ts';

export function serveCommand(): Command {
  return new Command('serve')
    .description('run the stream server, on a store in memory, in a folder or in a bucket')
    .option('--port <n>', 'TCP port; 0 lets the system choose', portArgument, 8080)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(
      new Option('--log <detail>', 'engine events as JSON lines on standard error')
        .choices(['nothing', 'notable', 'everything'])
        .default('nothing'),
    )
    .option('--store <url>', 'where the data is: memory:, file:PATH or s3://BUCKET/PREFIX', 'memory:')
    .option('--flush-ms <n>', 'longest wait of an append for company (default: 1, on S3 50)', millisecondsArgument)
    .addHelpText(
      'after',
      '\nExit codes: 0 stopped, 2 could not start, 3 the store refused, 4 another server took over.',
    )
    .action(async (options: ServeOptions) => {
      const { serve } = await import('../../engine/main.ts');
      process.exitCode = await serve(options);
    });
}
