/**
 * A run on disk: `run.json`, the history in S2's format and the page, in a folder named after the run. What a
 * person sends to a colleague.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHistory } from '../checker/index.ts';
import { renderRun } from '../reports/index.ts';
import type { RunRecord } from './run.ts';

export interface Bundle {
  folder: string;
  page: string;
}

export function writeBundle(parent: string, run: RunRecord): Bundle {
  const folder = join(parent, `${run.profile}-${run.seed.replaceAll(/[^\w.-]/g, '_')}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'run.json'), `${JSON.stringify(run)}\n`);
  writeFileSync(join(folder, 'history.jsonl'), run.historyLines.map((line) => `${line}\n`).join(''));
  const page = join(folder, 'history.html');
  writeFileSync(page, renderRunPage(run));
  return { folder, page };
}

export function renderRunPage(run: RunRecord): string {
  const parsed = parseHistory(run.historyLines.join('\n'));
  if (parsed.kind === 'malformed') throw new Error(`line ${parsed.line} of the run's history: ${parsed.message}`);
  return renderRun(run, parsed.history);
}
