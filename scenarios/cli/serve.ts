/**
 * `tailrace serve`: the engine as a stream server. The work is in `engine/main.ts`, loaded only here.
 *
 * Every flag has an environment variable of the same name, `TAILRACE_` and capitals; what is typed counts more.
 */

import { Command, Option } from 'commander';
import type { ServeOptions } from '../../engine/main.ts';
import { bytesArgument, countArgument, durationArgument, millisecondsArgument, portArgument } from '../arguments.ts';

/** What `tailrace serve` understands, in the order of its help. */
interface Flags extends Omit<
  ServeOptions,
  'headTimeoutMs' | 'bodyTimeoutMs' | 'sendTimeoutMs' | 'idleTimeoutMs' | 'drainTimeoutMs' | 'page' | 'rootToken'
> {
  headTimeout: number;
  bodyTimeout: number;
  sendTimeout: number;
  idleTimeout: number;
  drainTimeout: number;
}

const MIB = 1024 * 1024;

function options(): Option[] {
  return [
    new Option('--port <n>', 'TCP port; 0 lets the system choose').argParser(portArgument).default(8080),
    new Option('--host <address>', 'address to listen on').default('127.0.0.1'),
    new Option('--store <url>', 'where the data is: memory:, file:PATH or s3://BUCKET/PREFIX').default('memory:'),
    new Option('--flush-ms <n>', 'longest wait of an append for company (default: 1, on S3 50)').argParser(
      millisecondsArgument,
    ),
    new Option('--init-file <file>', 'basins and streams to ensure before the server is ready (JSON)'),
    new Option('--tls-cert <file>', 'serve TLS with this certificate (PEM, with its chain)'),
    new Option('--tls-key <file>', 'the key of --tls-cert (PEM)'),
    new Option('--tls-self', 'serve TLS with a certificate made at the start, which nobody vouches for'),
    new Option('--tls-min <version>', 'oldest TLS version that is spoken').choices(['1.2', '1.3']).default('1.2'),
    new Option('--tls-plaintext <how>', 'what plain text gets at a port under TLS')
      .choices(['refuse', 'redirect'])
      .default('refuse'),
    new Option(
      '--auth <mode>',
      'whether requests need an access token (default: off on an address of this machine alone, else on)',
    ).choices(['on', 'off']),
    new Option(
      '--root-token-file <file>',
      'holds the secret of the token that may do everything, else TAILRACE_ROOT_TOKEN does, else one is made and told once',
    ),
    new Option('--token-requests <n>', 'requests a second of each access token').argParser(countArgument),
    new Option('--token-bytes <bytes>', 'bytes a second of each access token, both ways together').argParser(
      bytesArgument,
    ),
    new Option('--token-sessions <n>', 'sessions at once of each access token').argParser(countArgument),
    new Option('--no-cors', 'do not let scripts of other origins ask'),
    new Option('--log <detail>', 'what becomes a line on standard error')
      .choices(['nothing', 'notable', 'requests', 'everything'])
      .default('nothing'),
    new Option('--log-format <format>', 'how lines look').choices(['text', 'json']).default('text'),
    new Option('--append-inflight-bytes <bytes>', 'appends admitted and not durable, all streams together')
      .argParser(bytesArgument)
      .default(128 * MIB, '128MiB'),
    new Option('--max-connections <n>', 'connections at once').argParser(countArgument).default(10_000),
    new Option('--max-requests <n>', 'requests and sessions at once').argParser(countArgument).default(20_000),
    new Option('--max-body-bytes <bytes>', 'request bodies that are not whole yet, all together')
      .argParser(bytesArgument)
      .default(256 * MIB, '256MiB'),
    new Option('--max-unsent-bytes <bytes>', 'answers that wait for their readers, all together')
      .argParser(bytesArgument)
      .default(512 * MIB, '512MiB'),
    new Option('--head-timeout <time>', 'for the head of a request').argParser(durationArgument).default(15_000, '15s'),
    new Option('--body-timeout <time>', 'for the whole body of a request that is no session')
      .argParser(durationArgument)
      .default(60_000, '60s'),
    new Option('--send-timeout <time>', 'for a client to take a chunk of an answer, at most about 1 MiB')
      .argParser(durationArgument)
      .default(60_000, '60s'),
    new Option('--idle-timeout <time>', 'for a connection that asks for nothing')
      .argParser(durationArgument)
      .default(75_000, '75s'),
    new Option('--drain-timeout <time>', 'for what is under way when the server is told to stop')
      .argParser(durationArgument)
      .default(10_000, '10s'),
  ];
}

export function serveCommand(): Command {
  const command = new Command('serve').description(
    'run the stream server, on a store in memory, in a folder or in a bucket',
  );
  for (const option of options()) command.addOption(option.env(variableOf(option)));
  return command
    .addHelpText(
      'after',
      '\nExit codes: 0 stopped, 1 a bug, 2 could not start (flags, port, folder), 3 the store refused,\n' +
        '4 another server took over; 130 and 143 after a second signal.',
    )
    .action(async ({ headTimeout, bodyTimeout, sendTimeout, idleTimeout, drainTimeout, ...rest }: Flags) => {
      const [{ serve }, { consolePage }] = await Promise.all([
        import('../../engine/main.ts'),
        import('../../reports/console/index.ts'),
      ]);
      // No flag: what is typed stands in the list of processes.
      const rootToken = process.env['TAILRACE_ROOT_TOKEN'] || undefined;
      process.exitCode = await serve({
        ...rest,
        page: consolePage(),
        ...(rootToken !== undefined && { rootToken }),
        headTimeoutMs: headTimeout,
        bodyTimeoutMs: bodyTimeout,
        sendTimeoutMs: sendTimeout,
        idleTimeoutMs: idleTimeout,
        drainTimeoutMs: drainTimeout,
      });
    });
}

/** `--no-cors` is `TAILRACE_NO_CORS`: what is there, whatever it says, counts as said. */
function variableOf({ long }: Option): string {
  return `TAILRACE_${(long ?? '').slice('--'.length).replaceAll('-', '_').toUpperCase()}`;
}
