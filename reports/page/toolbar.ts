/**
 * The buttons above the charts: zoom, scale, violations, linearization order. Switches that make no sense for this
 * history (no times, no order, nothing wrong) are hidden.
 */

import type { ScaleMode } from '../time-scale.ts';
import { nextViolation } from '../violations.ts';
import { requireElement } from './page-data.ts';
import type { Stage } from './stage.ts';
import type { ZoomControl } from './zoom-control.ts';

/** With more operations than this the order is a thicket until one zooms in. */
const ORDER_SHOWN_AT_MOST = 400;

export interface Toolbar {
  /** Null for the one a page begins with. */
  setScale(mode: ScaleMode | null): void;
  isFirstScale(): boolean;
  nextScale(): void;
  toggleOrder(): void;
  /** Pins the most telling violation, or the next one behind what is pinned, and shows it. */
  jump(to: 'first' | 'next'): void;
}

export function bindToolbar(stage: Stage, zoomControl: ZoomControl): Toolbar {
  const charts = requireElement('charts');
  const jump = (to: 'first' | 'next'): void => {
    const { violations, guiltyInOrder } = stage.model;
    const index = nextViolation(violations, guiltyInOrder, to === 'first' ? null : stage.selected);
    if (index === null) return;
    stage.select(index);
    zoomControl.showOperation(index);
  };
  const actions: Readonly<Record<string, () => void>> = {
    'zoom-in': () => zoomControl.zoomIn(),
    'zoom-out': () => zoomControl.zoomOut(),
    fit: () => zoomControl.fit(),
    'first-violation': () => jump('first'),
    'next-violation': () => jump('next'),
  };
  for (const button of charts.querySelectorAll<HTMLButtonElement>('[data-action]')) {
    button.addEventListener('click', () => actions[button.dataset['action'] ?? '']?.());
  }
  charts
    .querySelector<HTMLElement>('[data-violations]')
    ?.toggleAttribute('hidden', stage.model.violations.length === 0);
  return { ...bindScales(stage, zoomControl, charts), toggleOrder: bindOrderSwitch(stage, charts), jump };
}

function bindScales(
  stage: Stage,
  zoomControl: ZoomControl,
  charts: HTMLElement,
): Pick<Toolbar, 'setScale' | 'isFirstScale' | 'nextScale'> {
  const first = stage.time.mode;
  charts.querySelector<HTMLElement>('[data-scale-switch]')?.toggleAttribute('hidden', stage.model.scales.ms === null);
  const buttons = [...charts.querySelectorAll<HTMLButtonElement>('[data-scale]')];
  const modes = buttons.map(({ dataset }) => dataset['scale'] as ScaleMode);
  const setScale = (mode: ScaleMode | null): void => {
    if (stage.time.mode !== (mode ?? first)) zoomControl.setMode(mode ?? first);
    for (const button of buttons) {
      button.setAttribute('aria-pressed', String(button.dataset['scale'] === stage.time.mode));
    }
  };
  setScale(null);
  for (const [i, button] of buttons.entries()) button.addEventListener('click', () => setScale(modes[i] ?? null));
  return {
    setScale,
    isFirstScale: () => stage.time.mode === first,
    nextScale: () => {
      if (stage.model.scales.ms !== null) setScale(modes[(modes.indexOf(stage.time.mode) + 1) % modes.length] ?? null);
    },
  };
}

/** The order, or how far it gets: drawn at once where it can be read. */
function bindOrderSwitch(stage: Stage, charts: HTMLElement): () => void {
  const { order, operations, partials } = stage.model;
  const hasOrder = order !== null || partials().length > 0;
  const label = charts.querySelector('[data-order-switch]');
  label?.toggleAttribute('hidden', !hasOrder);
  const box = requireElement('show-order');
  if (!hasOrder || !(box instanceof HTMLInputElement)) return () => {};
  if (order === null) requireElement('order-name').textContent = 'Partial orders';
  const set = (isShown: boolean): void => {
    stage.showOrder = isShown;
    box.checked = isShown;
    stage.requestDraw();
  };
  set(operations.length <= ORDER_SHOWN_AT_MOST);
  box.addEventListener('change', () => set(box.checked));
  return () => set(!stage.showOrder);
}
