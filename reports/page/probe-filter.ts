/**
 * Shows only the probes whose row contains every word typed.
 */

import { requireElement } from './page-data.ts';

export function enableProbeFilter(): void {
  const field = requireElement('probe-filter');
  const rows = [...document.querySelectorAll<HTMLTableRowElement>('#probes tbody tr')];
  if (!(field instanceof HTMLInputElement)) return;
  field.addEventListener('input', () => {
    const words = field.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const row of rows) {
      const text = (row.textContent ?? '').toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown++;
    }
    requireElement('probe-filter-empty').hidden = shown > 0;
  });
}
