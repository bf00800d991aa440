/**
 * Keys of the history page. They work anywhere on the page except in fields, and leave every combination with
 * Ctrl, Alt or Meta to the browser.
 */

import { stepInLane } from './selection.ts';
import type { Stage } from './stage.ts';
import type { ZoomControl } from './zoom-control.ts';

export function bindKeys(stage: Stage, zoomControl: ZoomControl): void {
  const actions: Readonly<Record<string, () => void>> = {
    '+': () => zoomControl.zoomIn(),
    '=': () => zoomControl.zoomIn(),
    '-': () => zoomControl.zoomOut(),
    '0': () => zoomControl.fit(),
    ArrowLeft: () => zoomControl.pan(-1),
    ArrowRight: () => zoomControl.pan(1),
    '[': () => stepInLane(stage, -1),
    ']': () => stepInLane(stage, 1),
    Escape: () => stage.select(null),
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || isField(event.target)) return;
    const act = actions[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.type !== 'checkbox';
}
