/**
 * `npm run load -- --size slice|nightly|full`: the server under load and abuse, with what became of it. Exit 1 on a
 * violation. `full` is 1,000 followers and 100 appenders for 10 minutes.
 */

import { Command, Option } from 'commander';
import { countArgument } from '../arguments.ts';
import { type LoadResult, type LoadSize, runLoad, SIZES } from './load-run.ts';

type LoadOptions = { size: keyof typeof SIZES } & Partial<LoadSize>;

await new Command('load')
  .description('load `tailrace serve` with followers, appenders and clients that mean no good')
  .addOption(new Option('--size <name>').choices(Object.keys(SIZES)).default('slice'))
  .option('--followers <n>', 'instead of the size has', countArgument)
  .option('--appenders <n>', 'instead of the size has', countArgument)
  .option('--streams <n>', 'instead of the size has', countArgument)
  .option('--seconds <n>', 'instead of the size has', countArgument)
  .option('--rate <n>', 'records a second of one appender', countArgument)
  .option('--abusers <n>', 'of each kind', countArgument)
  .option('--bulk-mib <n>', 'of the stream that is not read', countArgument)
  .action(async ({ size, ...own }: LoadOptions) => {
    const result = await runLoad({ ...SIZES[size], ...own }, (line) => console.log(line));
    tell(result);
    process.exitCode = result.violations.length === 0 ? 0 : 1;
  })
  .parseAsync();

function tell({ violations, acked, delivered, ackMs, witness, memoryMib, abuse }: LoadResult): void {
  console.log(`${acked} records acknowledged (p50 ${ackMs.p50} ms, p99 ${ackMs.p99} ms), ${delivered} delivered`);
  const { asked, p50, p99, msMax } = witness;
  console.log(`others: ${asked} requests answered (p50 ${p50} ms, p99 ${p99} ms, the slowest ${Math.round(msMax)} ms)`);
  console.log(`memory: ${memoryMib.warm} MiB when warm, ${memoryMib.end} MiB at the end`);
  for (const [name, seen] of Object.entries(abuse)) console.log(`${name}: ${seen}`);
  for (const violation of violations.slice(0, 20)) console.log(`VIOLATION ${violation}`);
  console.log(violations.length === 0 ? 'ok' : `${violations.length} violations`);
}
