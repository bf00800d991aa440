/**
 * Buttons with `data-copy` put that text on the clipboard and say so. Works from disk too, where some
 * browsers refuse the clipboard API and the old selection command is the only way.
 */

import { make } from './page-data.ts';

const CONFIRMATION_MS = 1500;

export function enableCopyButtons(): void {
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    const button = event.target.closest<HTMLButtonElement>('button[data-copy]');
    if (button !== null) void copyFrom(button);
  });
}

async function copyFrom(button: HTMLButtonElement): Promise<void> {
  const text = button.dataset['copy'] ?? '';
  const label = (button.dataset['label'] ??= button.textContent ?? '');
  const copied = (await copyByApi(text)) || copyBySelection(text);
  // The selection took the focus along.
  button.focus();
  const name = (button.dataset['name'] ??= button.ariaLabel ?? label);
  button.textContent = copied ? 'Copied' : 'Select and copy by hand';
  button.ariaLabel = null;
  setTimeout(() => {
    button.textContent = label;
    button.ariaLabel = name;
  }, CONFIRMATION_MS);
}

async function copyByApi(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // No permission, no secure context or no such API: the caller has another way.
  }
}

function copyBySelection(text: string): boolean {
  const area = make('textarea', { className: 'off-screen', parent: document.body });
  area.value = text;
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  return copied;
}
