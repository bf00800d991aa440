/** `tailrace record`: a concurrent history from a live server, through the official SDK, for `tailrace check`. */

import { accessSync, constants, existsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command, Option } from 'commander';
import { countArgument } from '../arguments.ts';
import { InputError } from './input-error.ts';
import { type Workflow, WORKFLOWS } from '../workflow.ts';

const EXIT_VIOLATION = 1;
const EXIT_NOT_RECORDED = 3;

interface RecordCommandOptions {
  endpoint: string;
  basin: string;
  stream: string;
  clients: number;
  ops: number;
  workflow: Workflow;
  think: number;
  out: string;
}

export function recordCommand(): Command {
  return new Command('record')
    .description('collect a concurrent history from a running S2 server through the official SDK')
    .requiredOption('--endpoint <url>', 'e.g. http://127.0.0.1:8080')
    .requiredOption('--basin <name>', 'created if it does not exist')
    .requiredOption('--stream <name>', 'created if it does not exist')
    .option('--clients <n>', 'concurrent clients', countArgument, 5)
    .option('--ops <n>', 'operations per client', countArgument, 100)
    .addOption(new Option('--workflow <name>', 'what clients do').choices(WORKFLOWS).default('regular'))
    .option('--think <ms>', 'longest pause of a client between two operations', countArgument, 1)
    .requiredOption('-o, --out <file>', 'where the history is written (JSON lines)')
    .addHelpText(
      'after',
      '\nThe access token is read from S2_ACCESS_TOKEN. Exit codes: 0 recorded, 1 recorded and the server broke the protocol, 3 not recorded.',
    )
    .action(async (options: RecordCommandOptions) => {
      process.exitCode = await record(options);
    });
}

async function record({ think, ops, out, ...options }: RecordCommandOptions): Promise<number> {
  const [{ recordHistory }, { formatHistory }] = await Promise.all([
    import('../record.ts'),
    import('../../checker/index.ts'),
  ]);
  mustBeWritable(out);
  const isTerminal = process.stderr.isTTY;
  try {
    const { history, violations } = await recordHistory({
      ...options,
      accessToken: process.env['S2_ACCESS_TOKEN'] ?? 'ignored',
      operationsPerClient: ops,
      thinkMsMax: think,
      onProgress: (begun) => {
        if (isTerminal) process.stderr.write(`\r${begun} operations`);
      },
    });
    if (isTerminal) process.stderr.write('\r\u001b[K');
    writeFileSync(out, formatHistory(history));
    const calls = history.filter((event) => event.type === 'call').length;
    const unanswered = history.filter(
      (e) => e.type === 'return' && /^(read|check-tail)-failure$/.test(e.return.kind),
    ).length;
    const kinds = (kind: string) =>
      history.filter((event) => event.type === 'return' && event.return.kind === kind).length;
    console.log(
      `${out}: ${calls} operations (${kinds('append-success')} appends durable, ${kinds('append-definite-failure')} rejected, ` +
        `${kinds('append-indefinite-failure')} unknown; ${unanswered} reads and check-tails failed). Next: tailrace check ${out}`,
    );
    for (const violation of violations) console.error(`the server broke the protocol: ${violation}`);
    return violations.length === 0 ? 0 : EXIT_VIOLATION;
  } catch (error) {
    console.error(`nothing was recorded from ${options.endpoint}: ${(error as Error).message}`);
    return EXIT_NOT_RECORDED;
  }
}

/** Found out before the recording, not after it; touches nothing. */
function mustBeWritable(out: string): void {
  try {
    accessSync(existsSync(out) ? out : dirname(out), constants.W_OK);
  } catch (error) {
    throw new InputError(`${out} can not be written: ${(error as Error).message}`);
  }
}
