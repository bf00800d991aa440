/**
 * Where the server is and how it is spoken to: through the official SDK, from flags and the variables that the `s2`
 * command knows. Without either it is the server that `tailrace serve` starts on this machine.
 *
 * An append is tried again only when it certainly had no effect: a tool must not write a line twice on its own.
 */

import { Command, Option } from 'commander';
import type { S2 } from '@s2-dev/streamstore';
import { EXIT_USAGE, InputError } from '../input-error.ts';
import { explained } from './explain.ts';

export interface ConnectionFlags {
  endpoint?: string;
}

export interface Endpoints {
  account: string;
  /** May hold `{basin}`. */
  basin: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_ENDPOINT = 'http://127.0.0.1:8080';
const CLOUD: Endpoints = { account: 'https://a.s2.dev', basin: 'https://{basin}.b.s2.dev' };

/** A stream that is followed outlives a server that starts again. */
const PATIENT_ATTEMPTS = 12;

const HELP = `
Where the server is: --endpoint, else S2_ACCOUNT_ENDPOINT and S2_BASIN_ENDPOINT, else ${DEFAULT_ENDPOINT}, where
\`tailrace serve\` is. S2's cloud: --endpoint https://a.s2.dev, with its token in S2_ACCESS_TOKEN.
Exit codes: 0 done, 1 the server said no or was not there, 2 wrong flags.`;

/** A command that talks to a server: `connect` takes its flags. */
export function clientCommand(nameAndArguments: string): Command {
  return new Command(nameAndArguments)
    .helpGroup('Talk to a server:')
    .addOption(new Option('--endpoint <url>', 'the server, basins and streams alike'))
    .addHelpText('after', HELP);
}

/** Runs `work` with a client; what fails is said in one line that ends the program with exit code 1. */
export async function withServer<Result>(
  { endpoint }: ConnectionFlags,
  work: (s2: S2) => Promise<Result>,
  { isPatient = false } = {},
): Promise<Result> {
  const { S2 } = await import('@s2-dev/streamstore');
  const endpoints = endpointsFrom(endpoint, process.env);
  if (process.env['S2_SSL_NO_VERIFY'] === '1') process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  const s2 = new S2({
    accessToken: tokenFor(endpoints, process.env),
    endpoints,
    compression: compressionFrom(process.env),
    retry: { maxAttempts: isPatient ? PATIENT_ATTEMPTS : 3, appendRetryPolicy: 'noSideEffects' },
  });
  return explained(endpoints, () => work(s2));
}

export function endpointsFrom(flag: string | undefined, env: Environment): Endpoints {
  if (flag !== undefined) return endpointsOf(flag, '--endpoint');
  const [account, basin] = [env['S2_ACCOUNT_ENDPOINT'], env['S2_BASIN_ENDPOINT']];
  if (!account && !basin) return { account: DEFAULT_ENDPOINT, basin: DEFAULT_ENDPOINT };
  if (!account || !basin) {
    const missing = account ? 'S2_BASIN_ENDPOINT' : 'S2_ACCOUNT_ENDPOINT';
    throw new InputError(`S2_ACCOUNT_ENDPOINT and S2_BASIN_ENDPOINT go together; ${missing} is not set`, EXIT_USAGE);
  }
  return {
    account: endpointsOf(account, 'S2_ACCOUNT_ENDPOINT').account,
    basin: endpointsOf(basin, 'S2_BASIN_ENDPOINT').basin,
  };
}

/** One address for both, except in S2's cloud, where each basin has its own. */
function endpointsOf(text: string, from: string): Endpoints {
  const url = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
  const plain = url.replaceAll('{basin}', 'basin');
  if (!URL.canParse(plain) || !/^https?:$/.test(new URL(plain).protocol)) {
    throw new InputError(`${from} is an address such as ${DEFAULT_ENDPOINT}, not ${text}`, EXIT_USAGE);
  }
  if (new URL(plain).hostname === new URL(CLOUD.account).hostname) return CLOUD;
  const trimmed = url.replace(/\/+$/, '');
  return { account: trimmed, basin: trimmed };
}

function tokenFor({ account }: Endpoints, env: Environment): string {
  const token = env['S2_ACCESS_TOKEN'];
  if (token) return token;
  if (account !== CLOUD.account) return 'ignored';
  throw new InputError("S2's cloud wants an access token in S2_ACCESS_TOKEN", EXIT_USAGE);
}

function compressionFrom(env: Environment): 'none' | 'gzip' | 'zstd' {
  const said = env['S2_COMPRESSION'] ?? 'none';
  if (said === 'none' || said === 'gzip' || said === 'zstd') return said;
  throw new InputError(`S2_COMPRESSION is none, gzip or zstd, not ${said}`, EXIT_USAGE);
}
