/**
 * The sweep page: its tables are already there; this draws the distributions and filters the probes. A page whose sweep goes
 * on listens for updates and puts each in the place of what it shows; what was typed, opened and scrolled to stays.
 */

import { formatDuration, formatNumber } from '../figures.ts';
import type { SweepPageData, SweepUpdate } from '../view-sweep.ts';
import { enableCopyButtons } from './copy-buttons.ts';
import { drawHistogram } from './histogram-chart.ts';
import { make, readPageData, requireElement } from './page-data.ts';
import { filterProbes, typedFilter } from './probe-filter.ts';

enableCopyButtons();
document.addEventListener('input', ({ target }) => {
  if (target instanceof HTMLInputElement && target.id === 'probe-filter') filterProbes(target.value);
});
const { distributions, isLive } = readPageData<SweepPageData>();
draw(distributions);
if (isLive) listen();

function draw(all: SweepPageData['distributions']): void {
  for (const { name, unit, histogram } of all) {
    drawHistogram(name, histogram, unit === 'ms' ? formatDuration : formatNumber);
  }
}

function listen(): void {
  const lost = make('p', { className: 'lost', text: 'The sweep can not be reached; trying again.' });
  lost.setAttribute('role', 'status');
  const events = new EventSource('events');
  events.addEventListener('open', () => lost.remove());
  events.addEventListener('error', () => document.body.prepend(lost));
  events.addEventListener('sweep', ({ data }: MessageEvent<string>) => {
    const update = JSON.parse(data) as SweepUpdate;
    show(update);
    if (update.isOver) events.close();
  });
}

function show({ title, body, distributions }: SweepUpdate): void {
  const filter = typedFilter();
  const isTyping = document.activeElement?.id === 'probe-filter';
  const opened = new Set(openDetails().map(titleOf));
  document.title = title;
  // Our own renderer's, escaped; a script in it would not run under the page's policy anyway.
  requireElement('sweep').innerHTML = body;
  for (const details of document.querySelectorAll('details')) details.open = opened.has(titleOf(details));
  const field = requireElement('probe-filter') as HTMLInputElement;
  field.value = filter;
  filterProbes(filter);
  if (isTyping) field.focus();
  draw(distributions);
}

function openDetails(): HTMLDetailsElement[] {
  return [...document.querySelectorAll('details')].filter(({ open }) => open);
}

/** What stays the same of a failure while more seeds fail like it. */
function titleOf(details: HTMLDetailsElement): string {
  return details.closest('article')?.querySelector('h3')?.textContent ?? '';
}
