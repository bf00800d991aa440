/** Shows only the probes whose row contains every word typed; a fold that has one opens, and closes again after. */

import { requireElement } from './page-data.ts';

export function typedFilter(): string {
  return (requireElement('probe-filter') as HTMLInputElement).value;
}

export function filterProbes(typed: string): void {
  const words = typed.toLowerCase().split(/\s+/);
  let shown = 0;
  for (const fold of document.querySelectorAll<HTMLDetailsElement>('#probes details')) {
    const shownHere = filterRows(fold, words);
    shown += shownHere;
    fold.hidden = shownHere === 0;
    openFor(fold, typed.trim() !== '');
  }
  requireElement('probe-filter-empty').hidden = shown > 0;
}

/** How many rows are left. */
function filterRows(fold: HTMLDetailsElement, words: readonly string[]): number {
  let shown = 0;
  for (const row of fold.querySelectorAll<HTMLTableRowElement>('tbody tr')) {
    const text = (row.textContent ?? '').toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    if (!row.hidden) shown++;
  }
  return shown;
}

/** What the reader opened stays open. */
function openFor(fold: HTMLDetailsElement, isSearched: boolean): void {
  if (isSearched && !fold.open) {
    fold.open = true;
    fold.dataset['searched'] = '';
  } else if (!isSearched && 'searched' in fold.dataset) {
    fold.open = false;
    delete fold.dataset['searched'];
  }
}
