/**
 * Buttons with `data-download` save the text of an element as a file of that name. The text is in the page already: nothing
 * is asked for.
 */

import { make, requireElement } from './page-data.ts';

export function enableDownloads(): void {
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    const button = event.target.closest<HTMLButtonElement>('button[data-download]');
    if (button === null) return;
    const text = requireElement(button.dataset['from'] ?? '').textContent ?? '';
    const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    const link = make('a', { parent: document.body });
    link.href = address;
    link.download = button.dataset['download'] ?? 'case.simcase';
    link.click();
    link.remove();
    URL.revokeObjectURL(address);
  });
}
