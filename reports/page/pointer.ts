/**
 * What the pointer does over the charts: crosshair, hover with tooltip, click or tap to pin.
 */

import { shortNamesOf } from '../describe.ts';
import { operationFacts, showFacts } from './facts.ts';
import { make, requireElement } from './page-data.ts';
import type { Stage } from './stage.ts';
import type { Thing } from './things.ts';

export interface HitTest {
  canvas: HTMLCanvasElement;
  operationAt?(x: number, y: number): number | null;
  thingAt?(x: number, y: number): Thing | null;
}

const OFFSET_PX = 14;

export function followPointer(stage: Stage, panels: HTMLElement, tests: readonly HitTest[]): void {
  const tooltip = requireElement('tooltip');
  const clear = (): void => {
    Object.assign(stage, { hovered: null, hoveredThing: null, pointerX: null });
    tooltip.hidden = true;
    stage.requestDraw();
  };
  panels.addEventListener('pointermove', (event) => {
    const inside = event.offsetX >= stage.left && event.offsetX <= stage.right;
    const test = tests.find(({ canvas }) => canvas === event.target);
    // A pressed button means a drag: a tooltip would only be in the way.
    if (test === undefined || !inside || event.buttons !== 0) return clear();
    stage.pointerX = event.offsetX;
    stage.hoveredThing = test.thingAt?.(event.offsetX, event.offsetY) ?? null;
    stage.hovered = test.operationAt?.(event.offsetX, event.offsetY) ?? stage.hoveredThing?.operation ?? null;
    panels.classList.toggle('over-mark', stage.hovered !== null || stage.hoveredThing !== null);
    showTooltip(stage, tooltip, event);
    stage.requestDraw();
  });
  panels.addEventListener('pointerleave', clear);
  panels.addEventListener('click', (event) => {
    const test = tests.find(({ canvas }) => canvas === event.target);
    if (test === undefined || event.offsetX < stage.left) return;
    const thing = test.thingAt?.(event.offsetX, event.offsetY) ?? null;
    const index = test.operationAt?.(event.offsetX, event.offsetY) ?? thing?.operation ?? null;
    if (index !== null) stage.select(index === stage.selected ? null : index);
    else stage.pin(thing?.id === stage.pinned?.id ? null : thing);
  });
}

function showTooltip(stage: Stage, tooltip: HTMLElement, event: PointerEvent): void {
  tooltip.replaceChildren();
  if (stage.hoveredThing !== null) describeThing(stage.hoveredThing, tooltip);
  else if (stage.hovered !== null) describeHovered(stage, stage.hovered, tooltip);
  tooltip.hidden = tooltip.childElementCount === 0;
  if (!tooltip.hidden) placeNear(tooltip, event.clientX, event.clientY);
}

function describeHovered(stage: Stage, index: number, tooltip: HTMLElement): void {
  const operation = stage.model.operations[index];
  if (operation === undefined) return;
  const title = `op ${operation.opId} · client ${operation.clientId} · ${shortNamesOf(operation)[0]}`;
  make('strong', { text: title, parent: tooltip });
  showFacts(tooltip, operationFacts(stage, index));
}

function describeThing({ title, facts }: Thing, tooltip: HTMLElement): void {
  make('strong', { text: title, parent: tooltip });
  showFacts(tooltip, facts);
}

/** Below and right of the pointer, or on its other side where the window ends. */
function placeNear(tooltip: HTMLElement, x: number, y: number): void {
  const { offsetWidth, offsetHeight } = tooltip;
  const left = x + OFFSET_PX + offsetWidth > innerWidth ? x - OFFSET_PX - offsetWidth : x + OFFSET_PX;
  const top = y + OFFSET_PX + offsetHeight > innerHeight ? y - OFFSET_PX - offsetHeight : y + OFFSET_PX;
  tooltip.style.left = `${Math.max(4, left)}px`;
  tooltip.style.top = `${Math.max(4, top)}px`;
}
