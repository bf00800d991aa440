/**
 * The buttons above the charts: zoom, scale, linearization order. Switches that make no sense for this
 * history (no times, no order) are hidden.
 */

import { requireElement } from './page-data.ts';
import type { ScaleMode } from './time-scale.ts';
import type { Stage } from './stage.ts';
import type { ZoomControl } from './zoom-control.ts';

/** With more operations than this the order is a thicket until one zooms in. */
const ORDER_SHOWN_AT_MOST = 400;

export function bindToolbar(stage: Stage, zoomControl: ZoomControl): void {
  const charts = requireElement('charts');
  const actions: Readonly<Record<string, () => void>> = {
    'zoom-in': () => zoomControl.zoomIn(),
    'zoom-out': () => zoomControl.zoomOut(),
    fit: () => zoomControl.fit(),
  };
  for (const button of charts.querySelectorAll<HTMLButtonElement>('[data-action]')) {
    button.addEventListener('click', () => actions[button.dataset['action'] ?? '']?.());
  }
  bindScaleSwitch(stage, zoomControl, charts);
  bindOrderSwitch(stage, charts);
}

function bindScaleSwitch(stage: Stage, zoomControl: ZoomControl, charts: HTMLElement): void {
  charts.querySelector<HTMLElement>('[data-scale-switch]')?.toggleAttribute('hidden', stage.model.scales.ms === null);
  const buttons = [...charts.querySelectorAll<HTMLButtonElement>('[data-scale]')];
  for (const button of buttons) {
    button.addEventListener('click', () => {
      const mode: ScaleMode = button.dataset['scale'] === 'event' ? 'event' : 'ms';
      zoomControl.setMode(mode);
      for (const other of buttons) other.setAttribute('aria-pressed', String(other === button));
    });
  }
}

function bindOrderSwitch(stage: Stage, charts: HTMLElement): void {
  const { order } = stage.model;
  charts.querySelector('[data-order-switch]')?.toggleAttribute('hidden', order === null);
  const box = requireElement('show-order');
  if (order === null || !(box instanceof HTMLInputElement)) return;
  stage.showOrder = order.length <= ORDER_SHOWN_AT_MOST;
  box.checked = stage.showOrder;
  box.addEventListener('change', () => {
    stage.showOrder = box.checked;
    stage.requestDraw();
  });
}
