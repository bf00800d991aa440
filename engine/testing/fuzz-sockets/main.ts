/**
 * `npm run fuzz-sockets -- --requests 1000000`: malformed requests over real sockets against a server process. Exit 1 with the
 * bytes at the first finding.
 */

import { Command, InvalidArgumentError } from 'commander';

import { ServerProgram } from '../server-program.ts';
import { fuzzSockets } from './fuzz-sockets.ts';

new Command('fuzz-sockets')
  .description('malformed requests over real sockets, against a server process that has to stay well')
  .option('--requests <n>', 'how many at least', count, 1_000_000)
  .option('--seed <n>', 'the same seed is the same requests', count, 1)
  .action(async ({ requests, seed }: { requests: number; seed: number }) => {
    const startMs = performance.now();
    const program = await ServerProgram.build();
    try {
      const figures = await fuzzSockets(program, seed, requests);
      const rows = [
        ...[...figures.ends].sort(([a], [b]) => (a < b ? -1 : 1)),
        ...[...figures.statuses]
          .sort(([a], [b]) => a - b)
          .map(([status, times]) => [`status ${status}`, times] as const),
      ];
      for (const [end, times] of rows) process.stdout.write(`${String(times).padStart(9)}  ${end}\n`);
      const seconds = Math.round((performance.now() - startMs) / 1000);
      const most = `${Math.round(figures.residentMibMax)} MiB at most`;
      process.stdout.write(`${figures.requests} requests, seed ${seed}: no finding in ${seconds} s, ${most}\n`);
    } finally {
      await program.remove();
    }
  })
  .parse();

function count(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('it is a whole number');
  return Number(text);
}
