/**
 * A run on disk: `run.json`, the history in S2's format and in ours, and the page, in a folder named after the run. What
 * a person sends to a colleague.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHistory } from '../checker/index.ts';
import { renderRun, type ShrunkCase } from '../reports/index.ts';
import { partialOrders } from './partial-orders.ts';
import type { RunRecord } from './run.ts';

export interface Bundle {
  folder: string;
  page: string;
}

/** `shrunk`: the smallest case with the same failure, where somebody looked for it. */
export function writeBundle(parent: string, run: RunRecord, shrunk: ShrunkCase | null = null): Bundle {
  const folder = join(parent, `${run.profile}-${run.seed.replaceAll(/[^\w.-]/g, '_')}`);
  mkdirSync(folder, { recursive: true });
  const { extendedHistory, ...rest } = run;
  writeFileSync(join(folder, 'run.json'), `${JSON.stringify(rest)}\n`);
  if (extendedHistory !== undefined) writeFileSync(join(folder, 'history.ext.jsonl'), extendedHistory);
  writeFileSync(join(folder, 'history.jsonl'), run.historyLines.map((line) => `${line}\n`).join(''));
  const page = join(folder, 'history.html');
  writeFileSync(page, renderRunPage(run, shrunk));
  if (shrunk !== null) writeFileSync(join(folder, shrunk.fileName), shrunk.simcase);
  return { folder, page };
}

export function renderRunPage(run: RunRecord, shrunk: ShrunkCase | null = null): string {
  const parsed = parseHistory(run.historyLines.join('\n'));
  if (parsed.kind === 'malformed') throw new Error(`line ${parsed.line} of the run's history: ${parsed.message}`);
  const isOrdered = run.linearization !== null || run.failure === null;
  return renderRun(run, parsed.history, {
    partialOrders: isOrdered ? [] : partialOrders(parsed.history),
    ...(shrunk !== null && { shrunk }),
  });
}
