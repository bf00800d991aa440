/**
 * A run on disk: `run.json`, the history in S2's format and in ours, and the page, in a folder named after the run. What
 * a person sends to a colleague.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHistory } from '../checker/index.ts';
import { renderRun } from '../reports/index.ts';
import { partialOrders } from './partial-orders.ts';
import type { RunRecord } from './run.ts';

export interface Bundle {
  folder: string;
  page: string;
}

/** `name`: of the folder, for a run that its seed does not name. */
export function writeBundle(parent: string, run: RunRecord, name = `${run.profile}-${run.seed}`): Bundle {
  const folder = join(parent, name.replaceAll(/[^\w.-]/g, '_'));
  mkdirSync(folder, { recursive: true });
  const { extendedHistory, ...rest } = run;
  writeFileSync(join(folder, 'run.json'), `${JSON.stringify(rest)}\n`);
  if (extendedHistory !== undefined) writeFileSync(join(folder, 'history.ext.jsonl'), extendedHistory);
  writeFileSync(join(folder, 'history.jsonl'), run.historyLines.map((line) => `${line}\n`).join(''));
  const page = join(folder, 'history.html');
  writeFileSync(page, renderRunPage(run));
  if (run.caseFile !== undefined) writeFileSync(join(folder, run.caseFile.fileName), run.caseFile.simcase);
  return { folder, page };
}

export function renderRunPage(run: RunRecord): string {
  const parsed = parseHistory(run.historyLines.join('\n'));
  if (parsed.kind === 'malformed') throw new Error(`line ${parsed.line} of the run's history: ${parsed.message}`);
  const isOrdered = run.linearization !== null || run.failure === null;
  return renderRun(run, parsed.history, isOrdered ? [] : partialOrders(parsed.history));
}
