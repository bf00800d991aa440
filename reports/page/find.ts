/**
 * The search field: what it finds stays bright, the rest turns pale; Enter goes from one to the next.
 */

import { formatNumber } from '../figures.ts';
import { findOperations, parseQuery } from '../search.ts';
import { requireElement } from './page-data.ts';
import type { Stage } from './stage.ts';
import type { ZoomControl } from './zoom-control.ts';

export interface Find {
  text(): string;
  look(text: string): void;
  focus(): void;
  /** Pins the next or previous hit. */
  step(direction: -1 | 1): void;
}

export function bindFind(stage: Stage, zoomControl: ZoomControl): Find {
  const field = requireElement('find') as HTMLInputElement;
  const count = requireElement('found');
  let hits: readonly number[] = [];
  let current = -1;
  const tell = (): void => {
    const at = current < 0 ? '' : `${formatNumber(current + 1)} of `;
    const few = hits.length === 0 ? 'nothing found' : `${at}${formatNumber(hits.length)}`;
    count.textContent = stage.found === null ? '' : few;
  };
  const look = (): void => {
    const query = parseQuery(field.value);
    const { operations, records } = stage.model;
    hits = query === null ? [] : findOperations(operations, records, query);
    stage.found = query === null ? null : new Set(hits);
    current = -1;
    tell();
    stage.requestDraw();
  };
  const step = (direction: -1 | 1): void => {
    if (hits.length === 0) return;
    current = current < 0 && direction < 0 ? hits.length - 1 : (current + direction + hits.length) % hits.length;
    const index = hits[current] ?? 0;
    stage.select(index);
    zoomControl.reveal(index);
    tell();
  };
  field.addEventListener('input', look);
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') step(event.shiftKey ? -1 : 1);
    if (event.key !== 'Escape') return;
    if (field.value === '') field.blur();
    field.value = '';
    look();
  });
  return {
    text: () => field.value,
    look: (text) => {
      field.value = text;
      look();
    },
    focus: () => field.focus(),
    step,
  };
}
