/**
 * Which kinds and outcomes of operations are shown: a box for each that the history has.
 */

import { KINDS, OUTCOMES } from '../chart-data.ts';
import { make, requireElement } from './page-data.ts';
import { styleOf } from './history-model.ts';
import type { Stage } from './stage.ts';

export interface Filters {
  /** Kinds and outcomes that are hidden now. */
  hidden(): string[];
  hide(names: readonly string[]): void;
}

export function bindFilters(stage: Stage): Filters {
  const parent = requireElement('filters');
  const present = new Set([...new Set(stage.model.styles)].flatMap((style) => Object.values(styleOf(style))));
  const boxes = [...KINDS, ...OUTCOMES]
    .filter((name) => present.has(name))
    .map((name) => {
      const label = make('label', { className: 'switch', parent });
      const box = make('input', { parent: label });
      box.type = 'checkbox';
      box.checked = true;
      box.dataset['filter'] = name;
      label.append(` ${name}`);
      return box;
    });
  const hidden = (): string[] => boxes.filter(({ checked }) => !checked).map(({ dataset }) => dataset['filter'] ?? '');
  const apply = (): void => {
    const names = new Set(hidden());
    for (let index = 0; index < stage.shown.length; index++) {
      const { kind, outcome } = styleOf(stage.model.styles[index] ?? 0);
      stage.shown[index] = names.has(kind) || names.has(outcome) ? 0 : 1;
    }
    stage.shownVersion++;
    stage.requestDraw();
  };
  for (const box of boxes) box.addEventListener('change', apply);
  return {
    hidden,
    hide: (names) => {
      for (const box of boxes) box.checked = !names.includes(box.dataset['filter'] ?? '');
      apply();
    },
  };
}
