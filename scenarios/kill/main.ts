/** The kill test at any size: `npm run kill -- --kills 20 --clients 5 --ops 100`. Exit 1 on a violation. */

import { fileURLToPath } from 'node:url';
import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { checkStream, describeVerdict, formatHistory } from '../../checker/index.ts';
import { countArgument } from '../arguments.ts';
import { buildPlant } from '../plants/build.ts';
import { PLANTS } from '../plants/plants.ts';
import { type Workflow, WORKFLOWS } from '../workflow.ts';
import { recordUnderKills } from './kill-run.ts';

const PRODUCT = fileURLToPath(new URL('../../dist/scenarios/main.js', import.meta.url));

interface KillOptions {
  kills: number;
  clients: number;
  ops: number;
  think: number;
  workflow: Workflow;
  plant?: string;
  out?: string;
}

await new Command('kill')
  .description('record a history from `tailrace serve --dir` while the process is killed again and again, and check it')
  .option('--kills <n>', 'SIGKILLs', countArgument, 20)
  .option('--clients <n>', 'concurrent clients', countArgument, 5)
  .option('--ops <n>', 'operations per client', countArgument, 100)
  .option('--think <ms>', 'longest pause of a client between two operations', countArgument, 200)
  .addOption(new Option('--workflow <name>').choices(WORKFLOWS).default('regular'))
  .addOption(new Option('--plant <name>', 'a planted bug').choices(PLANTS.map(({ name }) => name)))
  .option('-o, --out <file>', 'write the history there too')
  .action(async ({ kills, clients, ops, think, workflow, plant, out }: KillOptions) => {
    const planted = PLANTS.find(({ name }) => name === plant);
    const program = [planted === undefined ? PRODUCT : await buildPlant(planted)];
    const run = await recordUnderKills({
      program,
      kills,
      clients,
      operationsPerClient: ops,
      workflow,
      thinkMsMax: think,
    });
    if (out !== undefined) writeFileSync(out, formatHistory(run.history));
    for (const violation of run.violations) console.log(`the server broke the protocol: ${violation}`);
    const verdict = checkStream(run.history);
    const count = (kind: string) => run.history.filter((e) => e.type === 'return' && e.return.kind === kind).length;
    console.log(
      `${run.kills} kills, ${workflow}: ${run.history.filter((e) => e.type === 'call').length} operations, ` +
        `${count('append-success')} appends durable, ${count('append-definite-failure')} rejected, ` +
        `${count('append-indefinite-failure')} unknown`,
    );
    console.log(describeVerdict(verdict));
    process.exitCode = verdict.verdict === 'ok' && run.violations.length === 0 ? 0 : 1;
  })
  .parseAsync();
