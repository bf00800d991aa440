/**
 * The door of reports/: what happened, as HTML.
 *
 * Every function returns one self-contained file that opens from disk without a network. Equal input gives
 * equal bytes; the size grows linearly with the operations of a history and not at all with the seeds of a
 * sweep. Whatever clients, hosts and humans wrote is text on the page, never markup.
 */

import type { History } from '../checker/history.ts';
import type { RunRecord } from '../scenarios/run.ts';
import { renderDocument } from './document.ts';
import { historyBody } from './history-page.ts';
import { readPageAssets } from './page-assets.ts';
import { type HistoryView, type JudgedHistory, viewHistory, viewRun } from './view-run.ts';

export type { JudgedHistory } from './view-run.ts';
export { type LiveSweep, serveSweep } from './live-sweep.ts';
export { renderSweep } from './sweep-document.ts';

/**
 * The history page of a simulated run. `history` is `run.historyLines` as the checker parsed them, hashes
 * exact. `partialOrders`: where it has no whole order, how far orders of it get, as opIds, longest first. Throws when the
 * history returns from an operation it never called.
 */
export function renderRun(
  run: RunRecord,
  history: History,
  partialOrders: readonly (readonly number[])[] = [],
): string {
  return renderHistoryView(viewRun(run, history, partialOrders));
}

/** The same page for a history that comes without a run: no seed, no tracks, event positions if it has no times. */
export function renderHistory(judged: JudgedHistory): string {
  return renderHistoryView(viewHistory(judged));
}

function renderHistoryView(view: HistoryView): string {
  return renderDocument({
    title: view.title,
    body: historyBody(view),
    data: view.chart,
    assets: readPageAssets('history'),
  });
}
