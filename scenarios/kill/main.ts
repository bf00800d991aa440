/**
 * The kill test at any size: `npm run kill -- --kills 20 --takeovers 5 --store s3`; with `--time 5m` it is repeated on
 * one store until the time is over, a soak. `--size nightly` records every combination of store, transport, requests or
 * sessions and workflow. Exit 1 on a violation, 2 on wrong arguments.
 */

import { fileURLToPath } from 'node:url';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { checkExtendedStream, describeVerdict, formatExtended } from '../../checker/index.ts';
import { countArgument, durationArgument } from '../arguments.ts';
import { summary } from '../cli/record.ts';
import { buildPlant } from '../plants/build.ts';
import { PLANTS } from '../plants/plants.ts';
import { type SdkTransport, TRANSPORTS } from '../sdk-client.ts';
import { type Workflow, WORKFLOWS } from '../workflow.ts';
import { type KillRun, type KillRunOptions, recordUnderKills } from './kill-run.ts';
import { type Combination, combinations, sizeOn, SIZES, STORES } from './sizes.ts';
import { type KillStore, MEMORY, openKillStore } from './stores.ts';

const PRODUCT = fileURLToPath(new URL('../../dist/scenarios/main.js', import.meta.url));

interface KillOptions {
  store?: string;
  size?: keyof typeof SIZES;
  kills: number;
  takeovers: number;
  cuts: number;
  time?: number;
  clients: number;
  ops: number;
  think: number;
  workflow: Workflow;
  transport: SdkTransport;
  session?: true;
  plant?: string;
  out?: string;
}

const command = new Command('kill');
await command
  .description('record a history from `tailrace serve` while its process is killed and taken over, and check it')
  .option(
    '--store <where>',
    '`file` (a folder of its own), `s3` (a server started here), `memory:` (connections are cut only), or the URL of a store (default: file; with --size all three)',
  )
  .addOption(
    new Option('--size <name>', 'every combination of store, transport, requests or sessions, and workflow').choices(
      Object.keys(SIZES),
    ),
  )
  .option('--kills <n>', 'SIGKILLs', countOrNone, 20)
  .option('--takeovers <n>', 'takeovers by a second process while the first one serves', countOrNone, 0)
  .option('--cuts <n>', 'how often every connection is cut', countOrNone, 0)
  .option('--time <duration>', 'repeat on the same store until this is over, such as 5m', durationArgument)
  .option('--clients <n>', 'concurrent clients', countArgument, 5)
  .option('--ops <n>', 'operations per client', countArgument, 100)
  .option('--think <ms>', 'longest pause of a client between two operations', countArgument, 200)
  .addOption(new Option('--workflow <name>').choices(WORKFLOWS).default('regular'))
  .addOption(new Option('--transport <name>').choices(TRANSPORTS).default('fetch'))
  .option('--session', 'clients append and follow in sessions')
  .addOption(new Option('--plant <name>', 'a planted bug').choices(PLANTS.map(({ name }) => name)))
  .option('-o, --out <file>', 'write the history there too, in the extended format')
  .action(async (options: KillOptions) => {
    const isWell = await (options.size === undefined ? soak(options) : recordAll(options));
    // Not by itself: the SDK may wait for ever for acknowledgements of a session that was cut off.
    process.exit(isWell ? 0 : 1);
  })
  .parseAsync();

/** One combination, until the time is over. True when all is well. */
async function soak(options: KillOptions): Promise<boolean> {
  const { store: word = 'file', kills, takeovers, cuts, clients, ops, think, workflow, transport, session } = options;
  if (word === MEMORY && kills + takeovers > 0) {
    command.error(`error: ${MEMORY} loses everything with its process: give --kills 0 --cuts <n>`, { exitCode: 2 });
  }
  const store = await openKillStore(word);
  try {
    const endMs = performance.now() + (options.time ?? 0);
    do {
      const combination = { store: word, transport, inSessions: session === true, workflow };
      const size = { kills, takeovers, cuts, clients, operationsPerClient: ops, thinkMsMax: think };
      if (!(await recordAndCheck(combination, size, store, options))) return false;
    } while (performance.now() < endMs);
    return true;
  } finally {
    await store.close();
  }
}

/** All combinations, each on a store of its own. */
async function recordAll({ size = 'slice', store, ...options }: KillOptions): Promise<boolean> {
  let bad = 0;
  const all = combinations(store === undefined ? STORES : [store]);
  for (const combination of all) {
    const opened = await openKillStore(combination.store);
    try {
      const isWell = await recordAndCheck(combination, sizeOn(combination.store, SIZES[size]), opened, options);
      if (!isWell) bad += 1;
    } finally {
      await opened.close();
    }
  }
  console.log(bad === 0 ? `ok  ${all.length} recordings` : `${bad} of ${all.length} recordings are not linearizable`);
  return bad === 0;
}

async function recordAndCheck(
  { store, transport, inSessions, workflow }: Combination,
  size: Omit<KillRunOptions, 'program' | 'store' | 'workflow'>,
  { url, env }: KillStore,
  { plant, out }: Pick<KillOptions, 'plant' | 'out'>,
): Promise<boolean> {
  const planted = PLANTS.find(({ name }) => name === plant);
  const stream = `kill/${Date.now().toString(36)}`;
  const begunMs = performance.now();
  const run = await recordUnderKills({
    ...size,
    program: [planted === undefined ? PRODUCT : await buildPlant(planted)],
    store: url,
    env,
    stream,
    transport,
    inSessions,
    workflow,
  });
  const seconds = Math.round((performance.now() - begunMs) / 1000);
  const how = `${store} ${transport} ${inSessions ? 'sessions' : 'requests'} ${workflow}`;
  const isWell = tell(run, how, seconds);
  if (out !== undefined) writeFileSync(out, formatExtended({}, run.history));
  else if (!isWell) keep(run, how);
  return isWell;
}

/** True when the history is linearizable and the server broke no promise. */
function tell(run: KillRun, how: string, seconds: number): boolean {
  const { kills, takeovers, cuts, history, violations } = run;
  for (const violation of violations) console.log(`the server broke the protocol: ${violation}`);
  console.log(`${how}, ${seconds} s: ${kills} kills, ${takeovers} takeovers, ${cuts} cuts; ${summary(history)}`);
  const verdict = checkExtendedStream(history);
  console.log(describeVerdict(verdict));
  return verdict.verdict === 'ok' && violations.length === 0;
}

function keep({ history }: KillRun, how: string): void {
  mkdirSync('.runs', { recursive: true });
  const file = `.runs/kill-${how.replaceAll(/[^a-z0-9]+/g, '-')}.ext.jsonl`;
  writeFileSync(file, formatExtended({}, history));
  console.log(`history: ${file}`);
}

/** A count that may be 0. */
function countOrNone(text: string): number {
  return text === '0' ? 0 : countArgument(text);
}
