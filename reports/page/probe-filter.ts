/** Shows only the probes whose row contains every word typed. */

import { requireElement } from './page-data.ts';

export function typedFilter(): string {
  return (requireElement('probe-filter') as HTMLInputElement).value;
}

export function filterProbes(typed: string): void {
  const words = typed.toLowerCase().split(/\s+/);
  let shown = 0;
  for (const row of document.querySelectorAll<HTMLTableRowElement>('#probes tbody tr')) {
    const text = (row.textContent ?? '').toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    if (!row.hidden) shown++;
  }
  requireElement('probe-filter-empty').hidden = shown > 0;
}
