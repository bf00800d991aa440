/**
 * A sweep as a page: whole, to be kept and opened from disk; or, while it goes on, the part of the page that changes.
 * Both come from one view and one text, so that a page that was watched ends as the one that is kept.
 */

import type { SweepRecord } from '../scenarios/run.ts';
import { renderDocument } from './document.ts';
import { html } from './html.ts';
import { readPageAssets } from './page-assets.ts';
import { sweepBody } from './sweep-page.ts';
import { type SweepOptions, type SweepPageData, type SweepUpdate, viewSweep } from './view-sweep.ts';

/** The sweep page. Give `runLinks` to link failing seeds to their history pages. */
export function renderSweep(sweep: SweepRecord, options: SweepOptions = {}): string {
  return sweepDocument(sweep, options, false);
}

/** The page of a sweep that goes on: it listens at `events`, beside its own address. */
export function renderLiveSweep(sweep: SweepRecord, options: SweepOptions): string {
  return sweepDocument(sweep, options, true);
}

export function sweepUpdate(sweep: SweepRecord, options: SweepOptions): SweepUpdate {
  const view = viewSweep(sweep, options);
  const { title, distributions } = view;
  return { title, body: sweepBody(view).markup, distributions, isOver: view.progress === null };
}

function sweepDocument(sweep: SweepRecord, options: SweepOptions, isLive: boolean): string {
  const view = viewSweep(sweep, options);
  const data: SweepPageData = { distributions: view.distributions, isLive };
  return renderDocument({
    title: view.title,
    body: html`<div id="sweep">${sweepBody(view)}</div>`,
    data,
    assets: readPageAssets('sweep'),
    asksItsServer: isLive,
  });
}
