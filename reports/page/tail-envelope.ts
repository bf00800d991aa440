/**
 * Tail over time: the band in which the tail must lie, and every operation at the position it reports.
 *
 * The lower curve is the largest tail any finished operation reported, the upper one how far the tail can
 * have been. A correct operation crosses the band; a stale one hangs below it. The height follows what is on
 * show, so that zooming in time zooms in position too.
 */

import { bisectRight, scaleLinear, type ScaleLinear } from 'd3';
import { formatNumber } from '../figures.ts';
import type { Operation } from '../operations.ts';
import { type Box, drawFrames, drawMark, extentOf } from './operation-marks.ts';
import { drawGutterLabel, drawTimeGrid, inPlot, makePanel, paint, type Panel } from './panel.ts';
import { TagLayout } from './tags.ts';
import type { Chart, Stage } from './stage.ts';

const HEIGHT_PX_MIN = 270;
const HEIGHT_PX_MAX = 420;
const HEIGHT_PER_WIDTH = 0.18;
const PADDING_PX = 18;
/** Reads and check-tails have no extent in position; these are their thickness. */
const READ_PX = 5;
const CHECK_TAIL_PX = 3;
/** Bars let the band and its curves shine through. */
const APPEND_OPACITY = 0.5;
const OBSERVER_OPACITY = 0.85;
/** How far from a bar the pointer may be and still mean it. */
const REACH_PX = 5;

export class TailEnvelope implements Chart {
  readonly #stage: Stage;
  readonly panel: Panel;

  constructor(stage: Stage, parent: Element) {
    this.#stage = stage;
    this.panel = makePanel(parent, {
      name: 'tail',
      label: 'Tail over time: the band in which the tail must lie, and each operation at its position',
      heightPx: HEIGHT_PX_MIN,
    });
    stage.add(this);
  }

  draw(): void {
    const stage = this.#stage;
    const heightPx = Math.round(stage.widthPx * HEIGHT_PER_WIDTH);
    this.panel.heightPx = Math.max(HEIGHT_PX_MIN, Math.min(heightPx, HEIGHT_PX_MAX));
    const y = this.#y();
    paint(stage, this.panel, (brush) => {
      drawTimeGrid(stage, this.panel, brush);
      drawPositionAxis(stage, this.panel, brush, y);
      inPlot(stage, this.panel, brush, () => {
        drawBand(stage, brush, y);
        stage.visitVisible((operation, index) => {
          const box = this.#boxOf(operation, index, y);
          if (box === null || stage.model.guilty.has(index)) return;
          brush.globalAlpha = operation.kind === 'append' ? APPEND_OPACITY : OBSERVER_OPACITY;
          drawMark(stage, brush, operation, box);
        });
        brush.globalAlpha = 1;
        drawCurves(stage, brush, y);
        this.#drawEmphasis(brush, y);
      });
    });
  }

  /** Index of the operation drawn nearest to the point, if one is near. */
  hit(pointX: number, pointY: number): number | null {
    const y = this.#y();
    let nearest: number | null = null;
    let nearestPx = REACH_PX;
    this.#stage.visitVisible((operation, index) => {
      const box = this.#boxOf(operation, index, y);
      if (box === null) return;
      const distancePx = Math.max(
        box.left - pointX,
        pointX - box.left - box.width,
        box.top - pointY,
        pointY - box.top - box.height,
      );
      // Guilty operations win ties: they lie on top.
      if (distancePx < nearestPx || (distancePx <= nearestPx && this.#stage.model.guilty.has(index))) {
        nearest = index;
        nearestPx = Math.max(0, distancePx);
      }
    });
    return nearest;
  }

  /** Guilty, selected and hovered operations again, above all others, the guilty with their number. */
  #drawEmphasis(brush: CanvasRenderingContext2D, y: ScaleLinear<number, number>): void {
    const stage = this.#stage;
    const tags = new TagLayout(stage, this.panel, brush);
    const emphasised = new Set(stage.model.guiltyInOrder);
    for (const index of [stage.hovered, stage.selected]) if (index !== null) emphasised.add(index);
    const marks = [...emphasised].flatMap((index) => {
      const operation = stage.model.operations[index];
      const box = operation === undefined ? null : this.#boxOf(operation, index, y);
      return operation === undefined || box === null ? [] : [{ index, operation, box }];
    });
    for (const { index, operation, box } of marks) {
      drawMark(stage, brush, operation, box);
      drawFrames(stage, brush, index, box);
      tags.keepClear(box);
    }
    for (const { index, operation, box } of marks) {
      drawStaleness(stage, brush, index, box, { y, tags });
      if (!stage.model.guilty.has(index)) continue;
      tags.place(`op ${operation.opId}`, { left: box.left + 4, middle: box.top + box.height + 13 });
    }
  }

  #boxOf(operation: Operation, index: number, y: ScaleLinear<number, number>): Box | null {
    const place = placeOf(this.#stage, operation, index);
    if (place === null) return null;
    const { left, right } = extentOf(this.#stage, operation);
    if (right < this.#stage.left || left > this.#stage.right) return null;
    const width = right - left;
    if (operation.kind === 'append') {
      const top = y(place.end);
      return { left, top, width, height: Math.max(2.5, y(place.start) - top) };
    }
    const height = operation.kind === 'read' ? READ_PX : CHECK_TAIL_PX;
    return { left, top: y(place.end) - height / 2, width, height };
  }

  #y(): ScaleLinear<number, number> {
    const stage = this.#stage;
    const x = stage.x;
    const { events, floor, ceiling } = stage.model.envelope;
    const first = stepAt(events, stage.time.toEvent(x.invert(stage.left)));
    const last = stepAt(events, stage.time.toEvent(x.invert(stage.right)));
    let low = floor[first] ?? 0;
    let high = ceiling[last] ?? 1;
    for (let step = first; step <= last; step++) high = Math.max(high, ceiling[step] ?? 0);
    stage.visitVisible((operation, index) => {
      const place = placeOf(stage, operation, index);
      if (place === null || extentOf(stage, operation).right < stage.left) return;
      low = Math.min(low, place.start);
      high = Math.max(high, place.end);
    });
    return scaleLinear([low, Math.max(high, low + 1)], [this.panel.heightPx - PADDING_PX, PADDING_PX]);
  }
}

/** Positions an operation covers: as reported, or as the checker's order implies; null when nobody knows. */
function placeOf(stage: Stage, operation: Operation, index: number): { start: number; end: number } | null {
  if (operation.startSeqNum !== null && operation.endSeqNum !== null) {
    return { start: operation.startSeqNum, end: operation.endSeqNum };
  }
  const start = stage.model.unknownPlaces.get(index);
  return start === undefined ? null : { start, end: start + operation.recordCount };
}

function drawPositionAxis(
  stage: Stage,
  panel: Panel,
  brush: CanvasRenderingContext2D,
  y: ScaleLinear<number, number>,
): void {
  brush.strokeStyle = stage.palette.grid;
  brush.lineWidth = 1;
  for (const tick of y.ticks(6).filter(Number.isInteger)) {
    const at = Math.round(y(tick)) + 0.5;
    brush.beginPath();
    brush.moveTo(stage.left, at);
    brush.lineTo(stage.right, at);
    brush.stroke();
    drawGutterLabel(stage, brush, formatNumber(tick), at);
  }
  brush.save();
  brush.translate(14, panel.heightPx / 2);
  brush.rotate(-Math.PI / 2);
  brush.textAlign = 'center';
  brush.fillStyle = stage.palette['ink-soft'];
  brush.fillText('tail (sequence number)', 0, 0);
  brush.restore();
}

function drawBand(stage: Stage, brush: CanvasRenderingContext2D, y: ScaleLinear<number, number>): void {
  const steps = visibleSteps(stage, y);
  brush.beginPath();
  for (const { left, right, ceilingY } of steps) {
    brush.lineTo(left, ceilingY);
    brush.lineTo(right, ceilingY);
  }
  for (const { left, right, floorY } of steps.toReversed()) {
    brush.lineTo(right, floorY);
    brush.lineTo(left, floorY);
  }
  brush.closePath();
  brush.fillStyle = stage.palette.band;
  brush.fill();
}

/** Floor and ceiling as lines, above the operations they bound. */
function drawCurves(stage: Stage, brush: CanvasRenderingContext2D, y: ScaleLinear<number, number>): void {
  const steps = visibleSteps(stage, y);
  brush.lineWidth = 1;
  strokeSteps(
    brush,
    steps.map(({ left, right, ceilingY }) => [left, right, ceilingY]),
    stage.palette.ceiling,
  );
  brush.lineWidth = 1.5;
  strokeSteps(
    brush,
    steps.map(({ left, right, floorY }) => [left, right, floorY]),
    stage.palette.floor,
  );
}

interface Step {
  left: number;
  right: number;
  floorY: number;
  ceilingY: number;
}

function visibleSteps(stage: Stage, y: ScaleLinear<number, number>): Step[] {
  const { events, floor, ceiling } = stage.model.envelope;
  const x = stage.x;
  const first = stepAt(events, stage.time.toEvent(x.invert(stage.left)));
  const last = stepAt(events, stage.time.toEvent(x.invert(stage.right)));
  const steps: Step[] = [];
  for (let step = first; step <= last; step++) {
    const left = x(stage.time.ofEvent(events[step] ?? 0));
    const right = step + 1 < events.length ? x(stage.time.ofEvent(events[step + 1] ?? 0)) : stage.right;
    steps.push({ left, right, floorY: y(floor[step] ?? 0), ceilingY: y(ceiling[step] ?? 0) });
  }
  return steps;
}

function strokeSteps(
  brush: CanvasRenderingContext2D,
  steps: readonly (readonly [number, number, number])[],
  colour: string,
): void {
  brush.strokeStyle = colour;
  brush.beginPath();
  for (const [left, right, at] of steps) {
    brush.lineTo(left, at);
    brush.lineTo(right, at);
  }
  brush.stroke();
}

/** From a stale operation up to the tail that was already known when it was called. */
function drawStaleness(
  stage: Stage,
  brush: CanvasRenderingContext2D,
  index: number,
  box: Box,
  { y, tags }: { y: ScaleLinear<number, number>; tags: TagLayout },
): void {
  const floor = stage.model.floors[index] ?? 0;
  const start = stage.model.operations[index]?.startSeqNum ?? floor;
  if (start >= floor) return;
  const floorY = y(floor);
  brush.strokeStyle = stage.palette.bad;
  brush.lineWidth = 1.5;
  brush.setLineDash([4, 3]);
  brush.beginPath();
  brush.moveTo(box.left, box.top);
  brush.lineTo(box.left, floorY);
  brush.stroke();
  brush.setLineDash([]);
  brush.beginPath();
  brush.arc(box.left, floorY, 3.5, 0, 2 * Math.PI);
  brush.fillStyle = stage.palette.bad;
  brush.fill();
  // The curve rises to the right, so there is room above it on the left.
  tags.place(`tail ${formatNumber(floor)} already reported`, { right: box.left - 8, middle: floorY - 13 });
}

function stepAt(events: readonly number[], event: number): number {
  return Math.max(0, bisectRight(events as number[], event) - 1);
}
