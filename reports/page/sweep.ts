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
  // What only a search opened closes with it.
  const opened = new Set(openDetails().flatMap((each) => ('searched' in each.dataset ? [] : nameOf(each))));
  const scrolled = new Map(
    [...document.querySelectorAll('details')].map((each) => [nameOf(each), scrollerOf(each)?.scrollTop]),
  );
  document.title = title;
  // Our own renderer's, escaped; a script in it would not run under the page's policy anyway.
  requireElement('sweep').innerHTML = body;
  for (const details of document.querySelectorAll('details')) details.open = opened.has(nameOf(details));
  const field = requireElement('probe-filter') as HTMLInputElement;
  field.value = filter;
  filterProbes(filter);
  for (const details of openDetails()) scrollerOf(details)?.scrollTo(0, scrolled.get(nameOf(details)) ?? 0);
  if (isTyping) field.focus();
  draw(distributions);
}

function openDetails(): HTMLDetailsElement[] {
  return [...document.querySelectorAll('details')].filter(({ open }) => open);
}

function scrollerOf(details: HTMLDetailsElement): Element | null {
  return details.querySelector('.tall');
}

/** What stays the same of it while more seeds run. */
function nameOf(details: HTMLDetailsElement): string {
  return details.dataset['fold'] ?? '';
}
