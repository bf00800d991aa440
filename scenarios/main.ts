#!/usr/bin/env node
/** The program `tailrace`: lists what it can do, then does it. Every command loads only what it needs. */

import { createRequire } from 'node:module';
import { Command } from 'commander';
import { checkCommand } from './cli/check.ts';
import { recordCommand } from './cli/record.ts';
import { reportCommand } from './cli/report.ts';
import { serveCommand } from './cli/serve.ts';
import { simCommand } from './cli/sim.ts';

const { version } = createRequire(import.meta.url)('tailrace/package.json') as { version: string };

const program = new Command('tailrace')
  .description('a durable stream store (S2 v1 API), and the simulator and checker that prove it right')
  .version(version)
  .addCommand(simCommand())
  .addCommand(checkCommand())
  .addCommand(reportCommand())
  .addCommand(serveCommand())
  .addCommand(recordCommand());

await program.parseAsync();
