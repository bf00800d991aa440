/**
 * What the pointer does over the charts: crosshair, hover with tooltip, click to pin.
 */

import { shortNamesOf, factsOf } from '../describe.ts';
import { formatNumber } from '../figures.ts';
import type { PackedSpan } from '../track-rows.ts';
import { circumstanceFacts, showFacts } from './facts.ts';
import { make, requireElement } from './page-data.ts';
import type { Stage } from './stage.ts';

export interface HitTest {
  canvas: HTMLCanvasElement;
  operationAt?(x: number, y: number): number | null;
  spanAt?(x: number, y: number): PackedSpan | null;
}

const OFFSET_PX = 14;

export function followPointer(stage: Stage, panels: HTMLElement, tests: readonly HitTest[]): void {
  const tooltip = requireElement('tooltip');
  const clear = (): void => {
    Object.assign(stage, { hovered: null, hoveredSpan: null, pointerX: null });
    tooltip.hidden = true;
    stage.requestDraw();
  };
  panels.addEventListener('pointermove', (event) => {
    const inside = event.offsetX >= stage.left && event.offsetX <= stage.right;
    const test = tests.find(({ canvas }) => canvas === event.target);
    // A pressed button means a drag: a tooltip would only be in the way.
    if (test === undefined || !inside || event.buttons !== 0) return clear();
    stage.pointerX = event.offsetX;
    stage.hovered = test.operationAt?.(event.offsetX, event.offsetY) ?? null;
    stage.hoveredSpan = test.spanAt?.(event.offsetX, event.offsetY) ?? null;
    panels.classList.toggle('over-mark', stage.hovered !== null || stage.hoveredSpan !== null);
    showTooltip(stage, tooltip, event);
    stage.requestDraw();
  });
  panels.addEventListener('pointerleave', clear);
  panels.addEventListener('click', (event) => {
    const test = tests.find(({ canvas }) => canvas === event.target);
    if (test === undefined || event.offsetX < stage.left) return;
    const index = test.operationAt?.(event.offsetX, event.offsetY) ?? null;
    stage.select(index === stage.selected ? null : index);
  });
}

function showTooltip(stage: Stage, tooltip: HTMLElement, event: PointerEvent): void {
  tooltip.replaceChildren();
  if (stage.hovered !== null) describeHovered(stage, stage.hovered, tooltip);
  else if (stage.hoveredSpan !== null) describeSpan(stage.hoveredSpan, tooltip);
  tooltip.hidden = tooltip.childElementCount === 0;
  if (!tooltip.hidden) placeNear(tooltip, event.clientX, event.clientY);
}

function describeHovered(stage: Stage, index: number, tooltip: HTMLElement): void {
  const operation = stage.model.operations[index];
  if (operation === undefined) return;
  const title = `op ${operation.opId} · client ${operation.clientId} · ${shortNamesOf(operation)[0]}`;
  make('strong', { text: title, parent: tooltip });
  showFacts(tooltip, [...factsOf(operation), ...circumstanceFacts(stage, index)]);
}

function describeSpan([startMs, endMs, , , label, detail]: PackedSpan, tooltip: HTMLElement): void {
  make('strong', { text: label, parent: tooltip });
  const when =
    startMs === endMs
      ? `${formatNumber(startMs)} ms`
      : `${formatNumber(startMs)}–${formatNumber(endMs)} ms (${formatNumber(endMs - startMs)} ms)`;
  showFacts(
    tooltip,
    detail === ''
      ? [['when', when]]
      : [
          ['when', when],
          ['detail', detail],
        ],
  );
}

/** Below and right of the pointer, or on its other side where the window ends. */
function placeNear(tooltip: HTMLElement, x: number, y: number): void {
  const { offsetWidth, offsetHeight } = tooltip;
  const left = x + OFFSET_PX + offsetWidth > innerWidth ? x - OFFSET_PX - offsetWidth : x + OFFSET_PX;
  const top = y + OFFSET_PX + offsetHeight > innerHeight ? y - OFFSET_PX - offsetHeight : y + OFFSET_PX;
  tooltip.style.left = `${Math.max(4, left)}px`;
  tooltip.style.top = `${Math.max(4, top)}px`;
}
