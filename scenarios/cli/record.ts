/** `tailrace record`: a concurrent history from a live server, through the official SDK, for `tailrace check`. */

import { accessSync, constants, existsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command, Option } from 'commander';
import { countArgument } from '../arguments.ts';
import { InputError } from './input-error.ts';
import { s2History, type RecordedEvent } from '../recorded-event.ts';
import type { SdkTransport } from '../sdk-client.ts';
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
  transport: SdkTransport;
  session?: true;
  format?: Format;
  think: number;
  out: string;
}

/** `s2`: what S2's own tool reads. `extended`: ours, with what was refused and why, what followers were shown, sessions. */
const FORMATS = ['s2', 'extended'] as const;
type Format = (typeof FORMATS)[number];

/** Named here and not by the client, which is loaded only when it is needed. */
const TRANSPORTS: readonly SdkTransport[] = ['fetch', 's2s'];

export function recordCommand(): Command {
  return new Command('record')
    .description('collect a concurrent history from a running S2 server through the official SDK')
    .requiredOption('--endpoint <url>', 'e.g. http://127.0.0.1:8080')
    .requiredOption('--basin <name>', 'created if it does not exist')
    .requiredOption('--stream <name>', 'created if it does not exist')
    .option('--clients <n>', 'concurrent clients', countArgument, 5)
    .option('--ops <n>', 'operations per client', countArgument, 100)
    .addOption(new Option('--workflow <name>', 'what clients do').choices(WORKFLOWS).default('regular'))
    .addOption(
      new Option(
        '--transport <name>',
        'fetch: JSON and server-sent events; s2s: protobuf, and S2S sessions over HTTP/2',
      )
        .choices(TRANSPORTS)
        .default('fetch'),
    )
    .option('--session', 'clients append in pipelined sessions and follow the stream, beside single requests')
    .addOption(
      new Option(
        '--format <name>',
        "of the file: S2's, or ours, which says more (default by its name: *.ext.jsonl is ours)",
      ).choices(FORMATS),
    )
    .option('--think <ms>', 'longest pause of a client between two operations', countArgument, 1)
    .requiredOption('-o, --out <file>', 'where the history is written (JSON lines)')
    .addHelpText(
      'after',
      '\nThe access token is read from S2_ACCESS_TOKEN. Exit codes: 0 recorded, 1 recorded and the server broke the protocol, 3 not recorded.',
    )
    .action(async (options: RecordCommandOptions) => {
      // Not by itself: the SDK may wait for ever for acknowledgements of a session that was cut off.
      process.exit(await record(options));
    });
}

async function record({ think, ops, out, session, format, ...options }: RecordCommandOptions): Promise<number> {
  const { recordHistory } = await import('../record.ts');
  mustBeWritable(out);
  const isTerminal = process.stderr.isTTY;
  try {
    const { history, violations } = await recordHistory({
      ...options,
      accessToken: process.env['S2_ACCESS_TOKEN'] ?? 'ignored',
      operationsPerClient: ops,
      inSessions: session === true,
      thinkMsMax: think,
      onProgress: (begun) => {
        if (isTerminal) process.stderr.write(`\r${begun} operations`);
      },
    });
    if (isTerminal) process.stderr.write('\r\u001b[K');
    writeFileSync(out, await formatted(history, format ?? (out.endsWith('.ext.jsonl') ? 'extended' : 's2')));
    console.log(`${out}: ${summary(history)}. Next: tailrace check ${out}`);
    for (const violation of violations) console.error(`the server broke the protocol: ${violation}`);
    return violations.length === 0 ? 0 : EXIT_VIOLATION;
  } catch (error) {
    console.error(`nothing was recorded from ${options.endpoint}: ${(error as Error).message}`);
    return EXIT_NOT_RECORDED;
  }
}

async function formatted(history: readonly RecordedEvent[], format: Format): Promise<string> {
  const { formatExtended, formatHistory } = await import('../../checker/index.ts');
  return format === 'extended' ? formatExtended({}, history) : formatHistory(s2History(history));
}

/** What was recorded, in a line. */
export function summary(history: readonly RecordedEvent[]): string {
  const calls = history.filter((event) => event.type === 'call');
  const returns = history.flatMap((event) => (event.type === 'return' ? [event.return.kind] : []));
  const count = (kind: RegExp): number => returns.filter((other) => kind.test(other)).length;
  const shown = count(/^read-part-success$/);
  const waits = new Set(calls.flatMap(({ call, opId }) => (call.kind === 'follow' ? [opId] : [])));
  const failed = history.filter(
    (event) =>
      event.type === 'return' && /^(read|check-tail)-failure$/.test(event.return.kind) && !waits.has(event.opId),
  );
  return (
    `${calls.length} operations (${count(/^append-(success|acked)$/)} appends durable, ` +
    `${count(/^append-(rejected|definite-failure)$/)} rejected, ${count(/^append-indefinite-failure$/)} unknown; ` +
    `${shown === 0 ? '' : `${shown} parts shown to followers; `}` +
    `${failed.length} reads and check-tails failed)`
  );
}

/** Found out before the recording, not after it; touches nothing. */
function mustBeWritable(out: string): void {
  try {
    accessSync(existsSync(out) ? out : dirname(out), constants.W_OK);
  } catch (error) {
    throw new InputError(`${out} can not be written: ${(error as Error).message}`);
  }
}
