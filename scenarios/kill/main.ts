/**
 * The kill test at any size: `npm run kill -- --kills 20 --takeovers 5 --store s3`; with `--time 5m` it is repeated on
 * one store until the time is over, a soak. Exit 1 on a violation.
 */

import { fileURLToPath } from 'node:url';
import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { checkStream, describeVerdict, formatHistory } from '../../checker/index.ts';
import { countArgument, durationArgument } from '../arguments.ts';
import { buildPlant } from '../plants/build.ts';
import { PLANTS } from '../plants/plants.ts';
import { type Workflow, WORKFLOWS } from '../workflow.ts';
import { type KillRun, recordUnderKills } from './kill-run.ts';
import { type KillStore, openKillStore } from './stores.ts';

const PRODUCT = fileURLToPath(new URL('../../dist/scenarios/main.js', import.meta.url));

interface KillOptions {
  store: string;
  kills: number;
  takeovers: number;
  time?: number;
  clients: number;
  ops: number;
  think: number;
  workflow: Workflow;
  plant?: string;
  out?: string;
}

await new Command('kill')
  .description('record a history from `tailrace serve` while its process is killed and taken over, and check it')
  .option(
    '--store <where>',
    '`file` (a folder of its own), `s3` (a server started here), or the URL of a store',
    'file',
  )
  .option('--kills <n>', 'SIGKILLs', countOrNone, 20)
  .option('--takeovers <n>', 'takeovers by a second process while the first one serves', countOrNone, 0)
  .option('--time <duration>', 'repeat on the same store until this is over, such as 5m', durationArgument)
  .option('--clients <n>', 'concurrent clients', countArgument, 5)
  .option('--ops <n>', 'operations per client', countArgument, 100)
  .option('--think <ms>', 'longest pause of a client between two operations', countArgument, 200)
  .addOption(new Option('--workflow <name>').choices(WORKFLOWS).default('regular'))
  .addOption(new Option('--plant <name>', 'a planted bug').choices(PLANTS.map(({ name }) => name)))
  .option('-o, --out <file>', 'write the history there too')
  .action(async (options: KillOptions) => {
    const store = await openKillStore(options.store);
    try {
      const endMs = performance.now() + (options.time ?? 0);
      const run = Date.now().toString(36);
      let round = 0;
      do {
        round += 1;
        await recordAndCheck(options, store, `kill/${run}/${round}`);
      } while (process.exitCode !== 1 && performance.now() < endMs);
    } finally {
      await store.close();
    }
  })
  .parseAsync();

async function recordAndCheck(options: KillOptions, { url, env }: KillStore, stream: string): Promise<void> {
  const { kills, takeovers, clients, ops, think, workflow, plant, out } = options;
  const planted = PLANTS.find(({ name }) => name === plant);
  const run = await recordUnderKills({
    program: [planted === undefined ? PRODUCT : await buildPlant(planted)],
    store: url,
    env,
    stream,
    kills,
    takeovers,
    clients,
    operationsPerClient: ops,
    workflow,
    thinkMsMax: think,
  });
  if (out !== undefined) writeFileSync(out, formatHistory(run.history));
  tell(run, workflow);
}

/** Sets the exit code too. */
function tell(run: KillRun, workflow: Workflow): void {
  for (const violation of run.violations) console.log(`the server broke the protocol: ${violation}`);
  const verdict = checkStream(run.history);
  const count = (kind: string) => run.history.filter((e) => e.type === 'return' && e.return.kind === kind).length;
  console.log(
    `${run.kills} kills, ${run.takeovers} takeovers, ${workflow}: ` +
      `${run.history.filter((e) => e.type === 'call').length} operations, ${count('append-success')} appends durable, ` +
      `${count('append-definite-failure')} rejected, ${count('append-indefinite-failure')} unknown`,
  );
  console.log(describeVerdict(verdict));
  process.exitCode = verdict.verdict === 'ok' && run.violations.length === 0 ? 0 : 1;
}

/** A count that may be 0. */
function countOrNone(text: string): number {
  return text === '0' ? 0 : countArgument(text);
}
