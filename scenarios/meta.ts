/**
 * The determinism check: one run by name, repeated under circumstances that must not matter. Compared are the
 * trace hash, the history and the page, byte for byte.
 *
 * Circumstances: twice in this process and after other seeds; another process; GC and JIT flags that
 * move every collection; other time zone and locale; other Node.js binaries when given.
 */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { renderRunPage } from './bundle.ts';
import type { RunSize } from './plan.ts';
import { runSeed } from './run-seed.ts';
import type { RunRecord } from './run.ts';

/** A run by its name. */
interface Run {
  seed: string;
  profile: string;
  size: Partial<RunSize>;
}

export interface MetaOptions extends Run {
  /** Paths of further Node.js binaries. */
  nodes: readonly string[];
  /** How many other seeds one process runs before it runs this one again. */
  otherSeeds: number;
}

/** What must be equal everywhere. */
interface Fingerprint {
  trace: string;
  events: number;
  history: string;
  page: string;
}

/** Prints a line per circumstance; true when all agree. */
export async function metaCheck(options: MetaOptions, print: (line: string) => void): Promise<boolean> {
  const here = await fingerprint(options);
  print(`seed ${options.seed} profile ${options.profile}: trace ${here.trace}, ${here.events} events`);
  let equal = true;
  const compare = (circumstance: string, there: Fingerprint | Error) => {
    const difference = there instanceof Error ? there.message : differenceOf(here, there);
    print(
      `  ${difference === null ? 'equal    ' : 'DIFFERENT'}  ${circumstance}${difference === null ? '' : `: ${difference}`}`,
    );
    equal &&= difference === null;
  };

  compare('again in the same process', await fingerprint(options));
  for (let i = 0; i < options.otherSeeds; i++) {
    await runSeed({
      seed: `${options.seed}-other-${i}`,
      profile: 'swarm',
      size: { clients: 2, operationsPerClient: 10 },
    });
  }
  compare(`after ${options.otherSeeds} other seeds in the same process`, await fingerprint(options));
  for (const { circumstance, node, flags, env } of circumstances(options.nodes)) {
    compare(circumstance, await fingerprintElsewhere(options, node, flags, env));
  }
  return equal;
}

/** The fingerprint as one line of JSON, for the parent of another circumstance. */
export async function printFingerprint(options: Run): Promise<void> {
  console.log(JSON.stringify(await fingerprint(options)));
}

async function fingerprint({ seed, profile, size }: Run): Promise<Fingerprint> {
  const run: RunRecord = await runSeed({ seed, profile, size, record: true });
  return {
    trace: run.traceHash,
    events: run.events,
    history: sha256(run.historyLines.join('\n')),
    page: sha256(renderRunPage(run)),
  };
}

interface Circumstance {
  circumstance: string;
  node: string;
  flags: readonly string[];
  env: Readonly<Record<string, string>>;
}

function circumstances(nodes: readonly string[]): Circumstance[] {
  const here = (circumstance: string, flags: readonly string[], env: Readonly<Record<string, string>> = {}) => ({
    circumstance,
    node: process.execPath,
    flags,
    env,
  });
  return [
    here('in another process', []),
    here('with --stress-compaction', ['--stress-compaction']),
    here('with --gc-interval=300 --max-semi-space-size=1', ['--gc-interval=300', '--max-semi-space-size=1']),
    here('with --no-opt --always-sparkplug', ['--no-opt', '--always-sparkplug']),
    here('with TZ=Asia/Kathmandu LANG=sv_SE.UTF-8', [], {
      TZ: 'Asia/Kathmandu',
      LANG: 'sv_SE.UTF-8',
      LC_ALL: 'sv_SE.UTF-8',
    }),
    ...nodes.map((node) => ({ circumstance: `with ${node}`, node, flags: [], env: {} })),
  ];
}

async function fingerprintElsewhere(
  options: MetaOptions,
  node: string,
  flags: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Fingerprint | Error> {
  const { clients, operationsPerClient } = options.size;
  const args = [
    ...process.execArgv,
    ...flags,
    process.argv[1] as string,
    'sim',
    'fingerprint',
    '--seed',
    options.seed,
    '--profile',
    options.profile,
    ...(clients === undefined ? [] : ['--clients', String(clients)]),
    ...(operationsPerClient === undefined ? [] : ['--ops', String(operationsPerClient)]),
  ];
  try {
    const { stdout } = await promisify(execFile)(node, args, { env: { ...process.env, ...env }, maxBuffer: 1 << 26 });
    return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Fingerprint;
  } catch (error) {
    return error as Error;
  }
}

function differenceOf(a: Fingerprint, b: Fingerprint): string | null {
  if (a.trace !== b.trace) return `trace ${b.trace} after ${b.events} events`;
  if (a.history !== b.history) return 'the history differs, the trace does not';
  if (a.page !== b.page) return 'the page differs, the history does not';
  return null;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
