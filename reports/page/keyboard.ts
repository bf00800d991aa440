/**
 * Keys of the history page. They work anywhere on the page except in fields, and leave every combination with
 * Ctrl, Alt or Meta to the browser. `[` `]` and the arrows up and down step through whatever the focused chart shows, and
 * through operations where no chart has the focus.
 */

import type { Find } from './find.ts';
import type { MomentControl } from './moment.ts';
import { stepAcrossLanes, stepInLane } from './selection.ts';
import type { Stage } from './stage.ts';
import type { Direction, ThingSource } from './things.ts';
import type { Toolbar } from './toolbar.ts';
import type { ZoomControl } from './zoom-control.ts';

export interface Controls {
  stage: Stage;
  zoomControl: ZoomControl;
  toolbar: Toolbar;
  find: Find;
  moment: MomentControl;
  sources: readonly ThingSource[];
}

export function bindKeys(controls: Controls): void {
  const { stage, zoomControl, toolbar, find, moment } = controls;
  const actions: Readonly<Record<string, () => void>> = {
    '+': () => zoomControl.zoomIn(),
    '=': () => zoomControl.zoomIn(),
    '-': () => zoomControl.zoomOut(),
    '0': () => zoomControl.fit(),
    ArrowLeft: () => zoomControl.pan(-1),
    ArrowRight: () => zoomControl.pan(1),
    '[': () => step(controls, 'previous'),
    ']': () => step(controls, 'next'),
    Enter: () => zoomToPinned(stage, zoomControl),
    Escape: () => (moment.at() === null ? stage.select(null) : moment.set(null)),
    v: () => toolbar.jump('next'),
    V: () => toolbar.jump('first'),
    s: () => toolbar.nextScale(),
    o: () => toolbar.toggleOrder(),
    '/': () => find.focus(),
    n: () => find.step(1),
    N: () => find.step(-1),
    ',': () => moment.step(-1),
    '.': () => moment.step(1),
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || isField(event.target)) return;
    const act = actions[event.key] ?? upDown(controls, event);
    if (act === undefined || (event.key === 'Enter' && isControl(event.target))) return;
    event.preventDefault();
    act();
  });
}

/** Up and down scroll the page, unless a chart has the focus. */
function upDown(controls: Controls, event: KeyboardEvent): (() => void) | undefined {
  if (!(event.target instanceof HTMLCanvasElement)) return undefined;
  if (event.key === 'ArrowUp') return () => step(controls, 'up');
  if (event.key === 'ArrowDown') return () => step(controls, 'down');
  return undefined;
}

function step({ stage, zoomControl, sources }: Controls, direction: Direction): void {
  const source = sources.find(({ canvas }) => canvas === document.activeElement);
  if (source !== undefined) {
    const thing = source.step(stage.pinned, direction);
    if (thing === null) return;
    stage.pin(thing);
    return zoomControl.revealMs(thing.fromMs, thing.untilMs);
  }
  if (direction === 'up' || direction === 'down') stepAcrossLanes(stage, direction === 'up' ? -1 : 1);
  else stepInLane(stage, direction === 'previous' ? -1 : 1);
  if (stage.selected !== null) zoomControl.reveal(stage.selected);
}

function zoomToPinned(stage: Stage, zoomControl: ZoomControl): void {
  if (stage.selected !== null) zoomControl.showOperation(stage.selected);
  else if (stage.pinned !== null) zoomControl.showMs(stage.pinned.fromMs, stage.pinned.untilMs);
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.type !== 'checkbox';
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('button, a, input, summary');
}
